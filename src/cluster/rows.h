/* rows.h : rows of a condensed matrix as float64, whatever it is stored as. */
#ifndef PSH_CLUSTER_ROWS_H
#define PSH_CLUSTER_ROWS_H

#include "persihash/distance.h"

/* Element of the condensed matrix of n_items that holds the pair i < j. */
static inline size_t psh__pair_index(size_t n_items, size_t i, size_t j) {
    return n_items * i - i * (i + 1) / 2 + (j - i - 1);
}

/* Distances of item i to items i + 1 .. n_items - 1, which lie side by side. dst : (n_items - i - 1). */
void psh__condensed_row(const psh_distances *distances, size_t i, double *dst);

/* Distances of item i to all items, 0 to itself. The first i of them lie far apart. dst : (n_items). */
void psh__full_row(const psh_distances *distances, size_t i, double *dst);

/* PSH_OK if all of row : (n_values), the distances of item i to those from first_item on, are 0 or more; infinity is
 * allowed if `may_be_infinite`. Else PSH_ERR_DATA or PSH_ERR_NOT_FINITE, and which. */
psh_status psh__check_row(const double *row, size_t n_values, size_t i, size_t first_item, bool may_be_infinite,
                          psh_error *err);

#endif
