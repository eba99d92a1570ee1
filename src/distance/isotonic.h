/* isotonic.h : the rising sequence nearest to a given one. */
#ifndef PSH_DISTANCE_ISOTONIC_H
#define PSH_DISTANCE_ISOTONIC_H

#include <stddef.h>

/* Neighbours with one fitted value. */
typedef struct psh__isotonic_block {
    size_t end; /* behind the last of them */
    double weight, mean;
} psh__isotonic_block;

/* psh__isotonic() :
 * Replaces values : (n_values) by the y with y[0] <= y[1] <= ... that makes sum weights[i] (y[i] - values[i])^2 least.
 * weights : (n_values), positive. blocks : (n_values) of scratch. Cost: O(n_values). */
void psh__isotonic(double *values, const double *weights, size_t n_values, psh__isotonic_block *blocks);

#endif
