/* features.h : the slices of a sample, and what may be said of its pairs before any exact distance is known. */
#ifndef PSH_ENCODER_FEATURES_H
#define PSH_ENCODER_FEATURES_H

#include "encoder/estimate.h"

typedef struct psh__features {
    size_t n_items, n_dims;
    float *rows; // (n_items, n_dims, PSH__PATTERN_FEATURES) as laid out by psh__pattern_lay_out()
} psh__features;

/* psh__features_compute() : of a sample that lies in the unit frame. PSH_ERR_UNSUPPORTED, PSH_ERR_EMPTY (slices.h),
 * PSH_ERR_NOT_FINITE, PSH_ERR_MEMORY. */
psh_status psh__features_compute(const psh_diagrams *sample, bool pool_dims, int n_threads, psh__features *dst,
                                 psh_error *err);
/* psh__features_copy() : of slices : (n_items, n_dims, PSH__PATTERN_FEATURES) that are there. PSH_ERR_MEMORY. */
psh_status psh__features_copy(const float *slices, size_t n_items, size_t n_dims, psh__features *dst, psh_error *err);
void psh__features_free(psh__features *features); /* zeroed struct is fine */

/* psh__features_n_inputs() : numbers of a pair's patterns, n_dims * PSH__PATTERN. */
size_t psh__features_n_inputs(const psh__features *features);
/* psh__features_patterns() : of pair (i, j), dimension by dimension, dst : (n_inputs). */
void psh__features_patterns(const psh__features *features, size_t i, size_t j, float *dst);

/* psh__features_distances() :
 * dst : (n_pairs) estimates of W1 from patterns : (n_pairs, n_inputs), the sum over dimensions; with no estimate sliced
 * Wasserstein distances. desk : psh__features_desk(n_pairs) floats of scratch. One thread. */
size_t psh__features_desk(size_t n_pairs);
void psh__features_distances(const psh__features *features, const psh__estimate *estimate, const float *patterns,
                             size_t n_pairs, float *desk, float *dst);

#endif
