/* correction.h : what a weighted sliced Wasserstein distance misses of W1, learnt from exact distances. */
#ifndef PSH_ENCODER_CORRECTION_H
#define PSH_ENCODER_CORRECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/base.h"

enum { PSH__CORRECTION_UNITS = 32 /* hidden; a multiple of PSH__DENSE_COLUMNS */ };

/* A function of a pair's group distances (target.h). Zeroed: always 0. */
typedef struct psh__correction {
    size_t n_groups;
    float *inputs;  // (2, n_groups) input g is distance * inputs[0][g] - inputs[1][g]
    float *weights; // (n_groups, UNITS), then UNITS offsets, UNITS weights of the output, and its offset
    float unit;     /* the output is in units of this */
} psh__correction;
void psh__correction_free(psh__correction *correction); /* zeroed struct is fine */

/* psh__correction_learn() :
 * table : (n_pairs, n_groups) group distances; residues : (n_pairs) what is to be predicted; rows : (n_rows) of the
 * pairs to learn from. *dst : to be freed. The same for any number of threads and any SIMD level. PSH_ERR_MEMORY. */
psh_status psh__correction_learn(const double *table, const double *residues, size_t n_groups, const uint32_t *rows,
                                 size_t n_rows, int n_threads, psh__correction *dst, psh_error *err);

/* psh__correction_apply() :
 * dst : (n_pairs) for pairs with these distances : (n_pairs, n_groups), which are overwritten. desk : (n_pairs,
 * UNITS) scratch. One thread. */
void psh__correction_apply(const psh__correction *correction, float *distances, size_t n_pairs, float *desk,
                           float *dst);

#endif
