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

/* --- What the paper compares with ----------------------------------------------------------------------------------
 *
 * The three below share their ways: `set` through `frame` into the unit square; features of each homology dimension
 * side by side, so dst : (N, n_features) float32 is laid out (dimension, ...) in C order; essential points (infinite
 * death) are not counted; _n_features() answers 0 for parameters that _compute() refuses or a size that overflows;
 * parallel over diagrams, the same bytes for any number of threads and any SIMD level.
 * Errors of each _compute(): PSH_ERR_PARAMETER, PSH_ERR_MEMORY. docs/math/vectors.md has the formulas. */

/* Histogram (the paper, section 3.1): counts on n_cells x n_cells cells of the unit square. Row = death, column =
 * birth, so the points lie on and above the main diagonal read upwards: at [row >= column]. Points outside the square
 * (later diagrams in an earlier frame) count in the nearest cell. */
typedef struct psh_histogram_params {
    size_t struct_bytes;
    int n_cells;        /* a side; 0: 50. At most 4096 */
    bool no_reflection; /* default: the counts of cells off the diagonal stand at [column, row], too */
    bool no_count;      /* default: one more cell at the end, the number of points */
    bool pool;          /* ignore homology dimensions */
    uint32_t dims_mask; /* 0: all */
} psh_histogram_params;
PSH_API size_t psh_histogram_n_features(const psh_diagrams *set, const psh_histogram_params *params);
PSH_API psh_status psh_histogram_compute(const psh_diagrams *set, const psh_frame *frame,
                                         const psh_histogram_params *params, int n_threads, float *dst, psh_error *err);

/* What a point of persistence p (in the frame) counts in a persistence image. */
typedef enum psh_weight {
    PSH_WEIGHT_LINEAR = 0,  /* p : Adams et al. 2017; points on the diagonal count nothing, so images are stable */
    PSH_WEIGHT_INVERSE = 1, /* 1 / p : the paper's text; points on the diagonal are left out. Not stable */
    PSH_WEIGHT_ONE = 2
} psh_weight;

/* Persistence image (Adams et al. 2017): sum over the points of weight * Gaussian, on axes birth (columns) and
 * persistence (rows), both [0, 1] in the frame. The density at the grid's n_cells x n_cells nodes i / (n_cells - 1), as
 * gudhi.representations has it, or with `integrate` its exact integral over cells of width 1 / n_cells. Gaussians are
 * cut where they fall below 1e-16 of their height. */
typedef struct psh_pimage_params {
    size_t struct_bytes;
    int n_cells;       /* a side; 0: 50. 2 to 4096 */
    double bandwidth;  /* standard deviation in the frame; 0: 0.02 (the paper's). At least 1e-6 */
    psh_weight weight; /* default: linear */
    bool integrate;
    bool pool;          /* ignore homology dimensions */
    uint32_t dims_mask; /* 0: all */
} psh_pimage_params;
PSH_API size_t psh_pimage_n_features(const psh_diagrams *set, const psh_pimage_params *params);
PSH_API psh_status psh_pimage_compute(const psh_diagrams *set, const psh_frame *frame, const psh_pimage_params *params,
                                      int n_threads, float *dst, psh_error *err);

/* Betti curve: the number of points with birth <= t < death, at n_samples values of t, spread evenly over [0, 1] with
 * both ends. */
typedef struct psh_betti_params {
    size_t struct_bytes;
    int n_samples;      /* 0: 2500, as many numbers as a 50 x 50 image has. 2 to 2^24 */
    bool pool;          /* ignore homology dimensions */
    uint32_t dims_mask; /* 0: all */
} psh_betti_params;
PSH_API size_t psh_betti_n_features(const psh_diagrams *set, const psh_betti_params *params);
PSH_API psh_status psh_betti_compute(const psh_diagrams *set, const psh_frame *frame, const psh_betti_params *params,
                                     int n_threads, float *dst, psh_error *err);

/* --- Step functions -------------------------------------------------------------------------------------------------
 *
 * Betti curves and the functions F of sliced Wasserstein are piecewise constant. Kept with all their breakpoints
 * instead of sampled, their distances are exact: no grid, no positions. */
typedef struct psh_steps psh_steps;

/* psh_betti_steps() : Betti curves over the whole line (n_samples is not looked at).
 * psh_sliced_steps() : F for each of n_directions (n_positions is not looked at).
 * Coordinates are those of the frame; essential points are not counted. Memory: 16 bytes a breakpoint; a point has two
 * in each direction. Threads: parallel over diagrams. Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY. */
PSH_API psh_status psh_betti_steps(const psh_diagrams *set, const psh_frame *frame, const psh_betti_params *params,
                                   int n_threads, psh_steps **dst, psh_error *err);
PSH_API psh_status psh_sliced_steps(const psh_diagrams *set, const psh_frame *frame, const psh_sliced_params *params,
                                    int n_threads, psh_steps **dst, psh_error *err);
PSH_API void psh_steps_free(psh_steps *steps); /* NULL is fine */

PSH_API size_t psh_steps_count(const psh_steps *steps);              /* diagrams */
PSH_API size_t psh_steps_n_breaks(const psh_steps *steps, size_t i); /* breakpoints of diagram i, all functions */
PSH_API uint64_t psh_steps_id(const psh_steps *steps);               /* 64-bit identity of all functions */

/* psh_steps_distance() :
 * The L_order distance of diagram i of `a` and j of `b` (which may be one), both of one kind and number of directions:
 * (sum over dimensions, mean over directions, of the integral of |f - g|^order) to the power 1 / order. For sliced
 * functions and order 1 that is the sliced Wasserstein distance, exact for these directions; INFINITY: the greatest
 * difference. order >= 1 (assert). Cost: some 1.5 ns a breakpoint. Threads: safe. */
PSH_API double psh_steps_distance(const psh_steps *a, size_t i, const psh_steps *b, size_t j, double order);

#ifdef __cplusplus
}
#endif
#endif
