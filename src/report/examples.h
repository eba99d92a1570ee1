/* examples.h : a few telling members of each group of codes. */
#ifndef PSH_REPORT_EXAMPLES_H
#define PSH_REPORT_EXAMPLES_H

#include "report/gather.h"

#define PSH__EXAMPLES_MAX_GROUPS 24
#define PSH__EXAMPLES_MAX_EACH 8

typedef struct psh__example_group {
    size_t n_examples;
    uint32_t rows[PSH__EXAMPLES_MAX_EACH];      /* the medoid first, the member farthest from it last */
    uint16_t distances[PSH__EXAMPLES_MAX_EACH]; /* Hamming distance to the medoid; 0 without codes */
    double mean_distance;                       /* of all members to the medoid; NAN without codes */
} psh__example_group;

/* Of the largest groups, at most PSH__EXAMPLES_MAX_GROUPS. dst : (that many). Errors: PSH_ERR_MEMORY. */
psh_status psh__examples_choose(const psh__groups *groups, const psh_codes *codes, psh__example_group *dst,
                                size_t *n_groups, psh_error *err);

/* Number of different codes in a set. */
psh_status psh__codes_n_distinct(const psh_codes *codes, size_t *dst, psh_error *err);
/* Hamming distance of two codes of n_bytes. */
unsigned psh__codes_distance(const uint8_t *a, const uint8_t *b, size_t n_bytes);

#endif
