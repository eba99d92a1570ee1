/* gather.h : what a page is about, gathered from the optional parts: items, names, labels, groups, and which items the
 * page keeps. */
#ifndef PSH_REPORT_GATHER_H
#define PSH_REPORT_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/report.h"
#include "report/training_log.h"

/* Items by group, the largest group first (ties: that of the least value). */
typedef struct psh__groups {
    size_t n_groups;   /* 0: there is no such grouping */
    int64_t *values;   /* (n_groups) cluster or class numbers as given */
    uint32_t *of;      /* (N) group of each item */
    size_t *first;     /* (n_groups + 1) members of g: members[first[g]] .. members[first[g + 1] - 1] */
    uint32_t *members; /* (N) rows, rising within a group */
} psh__groups;

/* values : (n_items). PSH_ERR_MEMORY. */
psh_status psh__groups_create(const int64_t *values, size_t n_items, psh__groups *dst, psh_error *err);
void psh__groups_free(psh__groups *groups);
static inline size_t psh__groups_size(const psh__groups *groups, size_t i_group) {
    return groups->first[i_group + 1] - groups->first[i_group];
}

typedef struct psh__gathered {
    psh_report_params params; /* a whole copy, whatever the caller's struct_bytes */
    size_t n_items;           /* N; 0 on a page of logs alone */
    psh__groups clusters, labels;
    psh__training_log *logs; /* (params.n_logs) */
} psh__gathered;

/* psh__gather() : checks that the parts fit together (errors: see psh_report_write()) and fills `dst`, which must be
 * freed in any case. */
psh_status psh__gather(const psh_report_params *params, psh__gathered *dst, psh_error *err);
void psh__gathered_free(psh__gathered *gathered);
const char *psh__item_name(const psh__gathered *gathered, size_t i_item); /* "" if it has none */
/* Name of a class number, or NULL if it has none. */
const char *psh__class_name(const psh__gathered *gathered, int64_t value);
/* Row of the i-th item of the exact sample. */
size_t psh__exact_row(const psh__gathered *gathered, size_t i_sample);

/* A list of rows without repeats, in the order in which they were added. */
typedef struct psh__chosen {
    uint32_t *rows; /* (n_rows), room for N */
    size_t n_rows;
    uint8_t *is_in; /* (N) */
} psh__chosen;
psh_status psh__chosen_create(size_t n_items, psh__chosen *dst, psh_error *err);
void psh__chosen_free(psh__chosen *chosen);
void psh__chosen_add(psh__chosen *chosen, size_t row); /* no effect if it is in */
/* Adds all other items: round after round one of each cluster (or class), in a random order within each, so that every
 * beginning of the list is spread over the groups. */
psh_status psh__chosen_add_spread(const psh__gathered *gathered, psh__chosen *chosen, psh_error *err);

#endif
