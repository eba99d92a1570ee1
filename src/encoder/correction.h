/* correction.h : what an estimate of W1 misses on one set, learnt from exact distances of it. */
#ifndef PSH_ENCODER_CORRECTION_H
#define PSH_ENCODER_CORRECTION_H

#include <stdint.h>

#include "encoder/perceptron.h"

/* A function of a pair's patterns (pattern.h), of all homology dimensions. Zeroed: none. */
typedef struct psh__correction {
    float *inputs; // (2, n_inputs) input g is pattern[g] * inputs[0][g] - inputs[1][g]
    float unit;    /* the network's output is in units of this */
    psh__perceptron network;
} psh__correction;
void psh__correction_free(psh__correction *correction); /* zeroed struct is fine */

/* psh__correction_learn() :
 * table : (n_pairs, n_inputs) patterns; residues : (n_pairs) what is to be predicted; rows : (n_rows) of the pairs to
 * learn from, at least one. *dst : to be freed. The same for any number of threads and any SIMD level.
 * PSH_ERR_MEMORY. */
psh_status psh__correction_learn(const float *table, const double *residues, size_t n_inputs, const uint32_t *rows,
                                 size_t n_rows, int n_threads, psh__correction *dst, psh_error *err);

/* psh__correction_apply() :
 * dst : (n_pairs) for pairs with these patterns : (n_pairs, n_inputs), which are overwritten. desk :
 * psh__correction_desk(n_pairs) floats of scratch. One thread. */
size_t psh__correction_desk(size_t n_pairs);
void psh__correction_apply(const psh__correction *correction, float *patterns, size_t n_pairs, float *desk, float *dst);

#endif
