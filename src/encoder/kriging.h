/* kriging.h : what is known of some pairs of a sample, carried over to all others by alike diagrams. */
#ifndef PSH_ENCODER_KRIGING_H
#define PSH_ENCODER_KRIGING_H

#include "encoder/features.h"

/* Of residues r of pairs among the first n_known of n_items. Zeroed: none. */
typedef struct psh__kriging {
    size_t n_items, n_known, stride;
    float *kernel; // (n_known, stride) K: how alike two items are, 1 for equal ones; columns beyond n_items are 0
    float *loads;  // (n_known, stride) S K, so that the residue of pair (i, j) is sum_a K[a][i] (S K)[a][j]
} psh__kriging;
void psh__kriging_free(psh__kriging *kriging); /* zeroed struct is fine */

/* psh__kriging_create() : the kernel, and no residue so far. n_known <= n_items, at least 2. PSH_ERR_MEMORY. */
psh_status psh__kriging_create(const psh__features *features, size_t n_items, size_t n_known, int n_threads,
                               psh__kriging *dst, psh_error *err);

/* psh__kriging_learn() :
 * pairs : (-, 2) different items below n_known; residues : (-); rows : (n_rows) of the pairs to learn from, each pair
 * of items at most once. Replaces what was learnt before. The same for any number of threads. PSH_ERR_MEMORY. */
psh_status psh__kriging_learn(psh__kriging *kriging, const uint32_t *pairs, const double *residues,
                              const uint32_t *rows, size_t n_rows, int n_threads, psh_error *err);

/* psh__kriging_at() : the residue of one pair. */
double psh__kriging_at(const psh__kriging *kriging, size_t i, size_t j);

/* psh__kriging_rows() :
 * Residues of items [first, first + n_rows) with all items from column `from` on, a multiple of PSH__DENSE_COLUMNS.
 * dst : (n_rows, stride), columns before `from` untouched. One thread. */
void psh__kriging_rows(const psh__kriging *kriging, size_t first, size_t n_rows, size_t from, float *dst);

#endif
