/* SPDX-License-Identifier: MIT
 * transport.h : exact distances between diagrams.
 *
 * W_q(A, B)^q = min over partial matchings of  sum_matched c(a, b)^q + sum_unmatched d(x)^q,   c = ground metric, d(x)
 * = distance to the diagonal. Ground metric L-infinity: d = persistence / 2 (the paper's formula; GUDHI's and Hera's
 * default). Ground metric L2: d = persistence / sqrt 2 (persim's). Points of different homology dimension never match
 * unless pooled: the distance is the sum over dimensions (of W_q, not of W_q^q). */
#ifndef PERSIHASH_TRANSPORT_H
#define PERSIHASH_TRANSPORT_H

#include "diagram.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum psh_ground { PSH_GROUND_LINF = 0, PSH_GROUND_L2 = 1 } psh_ground;

typedef struct psh_wasserstein_params {
    size_t struct_bytes;
    double order;       /* q; 0: 1. At least 1, finite */
    psh_ground ground;  /* default L-infinity */
    bool pool;          /* ignore homology dimensions (the paper) */
    uint32_t dims_mask; /* 0: all */
} psh_wasserstein_params;

/* psh_wasserstein_check() : PSH_OK, or PSH_ERR_PARAMETER and why. */
PSH_API psh_status psh_wasserstein_check(const psh_wasserstein_params *params, psh_error *err);

/* psh_wasserstein_pair() :
 * Distance of diagram i of `a` and j of `b` (which may be one set). Essential classes are matched among themselves by
 * sorted births; if their numbers differ in some dimension the distance is INFINITY. Exact up to rounding of doubles.
 * Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY. Threads: safe. */
PSH_API psh_status psh_wasserstein_pair(const psh_diagrams *a, size_t i, const psh_diagrams *b, size_t j,
                                        const psh_wasserstein_params *params, double *dst, psh_error *err);

/* psh_wasserstein_condensed() :
 * All pairs of a set, SciPy's pdist order. dst : (N (N - 1) / 2), caller-allocated. Threads: parallel over pairs; the
 * result does not depend on their number. PSH_ERR_INTERRUPTED when the progress callback says stop. */
PSH_API psh_status psh_wasserstein_condensed(const psh_diagrams *set, const psh_wasserstein_params *params,
                                             int n_threads, const psh_progress *progress, double *dst, psh_error *err);

/* psh_wasserstein_pairs() :
 * Distances of the listed pairs: pairs : (n_pairs, 2) rows of `set`; dst : (n_pairs). */
PSH_API psh_status psh_wasserstein_pairs(const psh_diagrams *set, const uint32_t *pairs, size_t n_pairs,
                                         const psh_wasserstein_params *params, int n_threads,
                                         const psh_progress *progress, double *dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
