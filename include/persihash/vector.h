/* SPDX-License-Identifier: MIT
 * vector.h : diagrams as vectors.
 *
 * Sliced Wasserstein (Carriere, Cuturi, Oudot 2017). For a direction theta and a position t
 *     F(t; theta) = #{p in D : <p, theta> <= t} - #{p in D : <pi(p), theta> <= t},    pi = orthogonal projection to the
 * diagonal. The W1 distance of the two projected measures D_a + pi(D_b) and D_b + pi(D_a) on the line is the L1
 * distance of F_a and F_b over t, so sliced Wasserstein is the L1 distance of these additive features, averaged over
 * directions. Points of different homology dimension have features of their own, and the sum over dimensions follows by
 * itself. */
#ifndef PERSIHASH_VECTOR_H
#define PERSIHASH_VECTOR_H

#include "diagram.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct psh_sliced_params {
    size_t struct_bytes;
    int n_directions;   /* 0: 16. Angles (k + 1/2) pi / n - pi/2: the half circle */
    int n_positions;    /* 0: 64. Spread evenly over the range that projections of the unit square can have */
    bool pool;          /* ignore homology dimensions */
    uint32_t dims_mask; /* 0: all */
} psh_sliced_params;

/* psh_sliced_n_features() : number of columns of psh_sliced_compute(): (dimensions present, or 1 if pooled) *
 * directions * positions. */
PSH_API size_t psh_sliced_n_features(const psh_diagrams *set, const psh_sliced_params *params);

/* psh_sliced_compute() :
 * dst : (N, n_features) float32, caller-allocated; feature order (dimension, direction, position). Scaled so that the
 * plain L1 distance of two rows is the sliced Wasserstein distance in units of the frame (mean over directions, summed
 * over dimensions). Essential points (infinite death) are not counted. Cost: O(points * directions + features).
 * Threads: parallel over diagrams, result independent of n_threads. */
PSH_API psh_status psh_sliced_compute(const psh_diagrams *set, const psh_frame *frame, const psh_sliced_params *params,
                                      int n_threads, float *dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
