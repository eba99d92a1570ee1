/* estimate.h : W1 of two diagrams from their slices, by a network learnt on synthetic pairs. */
#ifndef PSH_ENCODER_ESTIMATE_H
#define PSH_ENCODER_ESTIMATE_H

#include "encoder/pattern.h"
#include "encoder/perceptron.h"

typedef struct psh__estimate {
    psh__perceptron network;
} psh__estimate;

/* psh__estimate_create() : of the one shape that there is, all weights 0. PSH_ERR_MEMORY. */
psh_status psh__estimate_create(psh__estimate *dst, psh_error *err);
void psh__estimate_free(psh__estimate *estimate); /* zeroed struct is fine */
size_t psh__estimate_n_weights(void);

/* psh__estimate_inputs() : dst : (PSH__PATTERN) what the network sees of a pattern whose total is above 0. */
void psh__estimate_inputs(const float *pattern, float total, float *dst);

/* psh__estimate_distances() :
 * dst : (n_pairs) W1 of pairs, in units of the slices' frame, one homology dimension: patterns : n_pairs of
 * PSH__PATTERN numbers, the next `stride` floats on. NULL: sliced Wasserstein. desk : psh__estimate_desk(n_pairs)
 * floats of scratch. One thread; the same at every SIMD level. Cost: 29,000 operations a pair, under a
 * microsecond. */
size_t psh__estimate_desk(size_t n_pairs);
void psh__estimate_distances(const psh__estimate *estimate, const float *patterns, size_t stride, size_t n_pairs,
                             float *desk, float *dst);

#endif
