/* functions.h : linear functions of slices, whose signs are bits. */
#ifndef PSH_ENCODER_FUNCTIONS_H
#define PSH_ENCODER_FUNCTIONS_H

#include "encoder/pool.h"

/* Function i of an item with features x: sum over f of weights[f][i] x_f + offsets[i]. */
typedef struct psh__functions {
    size_t n_features, n_functions, n_columns; /* n_columns: psh__linear_columns(n_functions) */
    float *weights;                            // (n_features, n_columns)
    float *offsets;                            // (n_columns)
} psh__functions;

/* psh__functions_create() : all zero. PSH_ERR_MEMORY; *dst may then be freed all the same. */
psh_status psh__functions_create(size_t n_features, size_t n_functions, psh__functions *dst, psh_error *err);
void psh__functions_free(psh__functions *functions); /* zeroed struct is fine */

/* Function j of `dst` becomes function i of `src`; both have the same features. */
void psh__functions_set(psh__functions *dst, size_t j, const psh__functions *src, size_t i);

/* psh__functions_fold() :
 * From functions of standardised features, scale * (x - mean), to functions of x with the same signs, whose weights are
 * float16 numbers, as models store them. mean : (n_features). */
void psh__functions_fold(psh__functions *functions, const double *mean, double scale);

/* psh__functions_pick() :
 * The dst->n_functions functions, of all `sources` and of several thresholds each, whose signs together track the
 * target best (pick.c). rows : (n_items, n_features), n_items those of the target. goes_on: sources[0] has as many
 * functions as are wanted; they are where the exchange starts. dst : created, not one of the sources. PSH_ERR_DATA if
 * fewer bits tell any two items apart than are wanted; PSH_ERR_MEMORY. */
psh_status psh__functions_pick(const psh__functions *const *sources, size_t n_sources, bool goes_on, const float *rows,
                               const psh__target *target, int n_threads, psh__functions *dst, psh_error *err);

#endif
