/* SPDX-License-Identifier: MIT
 * transport.h : exact distances between diagrams.
 *
 * W_q(A, B)^q = min over partial matchings of  sum_matched c(a, b)^q + sum_unmatched d(x)^q,   c = ground metric, d(x)
 * = distance to the diagonal. Ground metric L-infinity: d = persistence / 2 (the paper's formula; GUDHI's and Hera's
 * default). Ground metric L2: d = persistence / sqrt 2 (persim's). q = infinity is the bottleneck distance, with the
 * greatest distance in place of the sum. Points of different homology dimension never match unless pooled: the distance
 * is the sum over dimensions (of W_q, not of W_q^q), the maximum for the bottleneck distance.
 *
 * Essential classes (infinite deaths) are matched among themselves by sorted births; if their numbers differ in some
 * dimension the distance is INFINITY. Points on the diagonal never change a distance. docs/math/wasserstein.md tells
 * how it is done. Results are the same bits for any number of threads, any SIMD level, any order of the points, and
 * with the two diagrams exchanged. */
#ifndef PERSIHASH_TRANSPORT_H
#define PERSIHASH_TRANSPORT_H

#include "diagram.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum psh_ground { PSH_GROUND_LINF = 0, PSH_GROUND_L2 = 1 } psh_ground;

typedef struct psh_wasserstein_params {
    size_t struct_bytes;
    double order;       /* q; 0: 1. At least 1; INFINITY: bottleneck */
    psh_ground ground;  /* default L-infinity */
    bool pool;          /* ignore homology dimensions (the paper) */
    uint32_t dims_mask; /* 0: all */
    /* 0: exact. Otherwise the result is W or more, at most (1 + relative_error) W (Hera's contract, one-sided), by
     * stopping as soon as the duals prove it. Ignored for the bottleneck distance, which is always exact. */
    double relative_error;
} psh_wasserstein_params;

/* psh_wasserstein_check() : PSH_OK, or PSH_ERR_PARAMETER and why. */
PSH_API psh_status psh_wasserstein_check(const psh_wasserstein_params *params, psh_error *err);

/* psh_wasserstein_pair() :
 * Distance of diagram i of `a` and j of `b` (which may be one set). Exact up to rounding of doubles.
 * Cost: for uniform points about 6 us (20 a side), 60 us (100), 1 ms (500), 200 ms (5000).
 * Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY. Threads: safe. */
PSH_API psh_status psh_wasserstein_pair(const psh_diagrams *a, size_t i, const psh_diagrams *b, size_t j,
                                        const psh_wasserstein_params *params, double *dst, psh_error *err);

/* psh_wasserstein_verify() :
 * The distance again, with its proof: *lower_bound is what the dual solution proves that no matching can be below,
 * after a check of all pairs of points. The distance is optimal if the two agree up to rounding (about 1e-13 of it), or
 * up to relative_error if that is set. PSH_ERR_UNSUPPORTED for the bottleneck distance. */
PSH_API psh_status psh_wasserstein_verify(const psh_diagrams *a, size_t i, const psh_diagrams *b, size_t j,
                                          const psh_wasserstein_params *params, double *distance, double *lower_bound,
                                          psh_error *err);

/* One pair of an optimal matching: points a of the first diagram and b of the second, as rows of their diagrams; -1
 * stands for the diagonal. cost: the ground distance between them, not its power. */
typedef struct psh_match {
    int64_t a, b;
    double cost;
} psh_match;

/* psh_wasserstein_match() :
 * The distance and a matching that attains it. matches : room for as many as the two diagrams have points; *n_matches:
 * how many there are. Each point of a chosen dimension occurs once: by rising a, then those of b that go to the
 * diagonal. If the numbers of essential classes differ, these are listed with -1 and cost INFINITY. For the bottleneck
 * distance any matching without a longer step will do. */
PSH_API psh_status psh_wasserstein_match(const psh_diagrams *a, size_t i, const psh_diagrams *b, size_t j,
                                         const psh_wasserstein_params *params, psh_match *matches, size_t *n_matches,
                                         double *distance, psh_error *err);

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

/* psh_wasserstein_cross() :
 * Distances of rows of `a` against rows of `b` (which may be one set): dst : (n_rows_a, n_rows_b). rows NULL: the first
 * n_rows. One against many is n_rows_a = 1. */
PSH_API psh_status psh_wasserstein_cross(const psh_diagrams *a, const size_t *rows_a, size_t n_rows_a,
                                         const psh_diagrams *b, const size_t *rows_b, size_t n_rows_b,
                                         const psh_wasserstein_params *params, int n_threads,
                                         const psh_progress *progress, double *dst, psh_error *err);

/* --- Pairs in the caller's own order and threads ------------------------------------------------------------------ */

/* One or two sets made ready once. Read-only: all threads share it. */
typedef struct psh_wasserstein_plan psh_wasserstein_plan;

/* psh_wasserstein_plan_create() :
 * For pairs (i of a, j of b); b NULL: of `a` and itself. What the plan needs of the sets is copied. Errors:
 * PSH_ERR_PARAMETER, PSH_ERR_MEMORY. */
PSH_API psh_status psh_wasserstein_plan_create(const psh_diagrams *a, const psh_diagrams *b,
                                               const psh_wasserstein_params *params, psh_wasserstein_plan **dst,
                                               psh_error *err);
PSH_API void psh_wasserstein_plan_free(psh_wasserstein_plan *plan); /* NULL is fine */

/* psh_wasserstein_plan_cost() :
 * How long a pair is going to take, in nanoseconds of a current core, predicted from numbers of distinct points (within
 * a factor of two or three; plan.c tells how). At least 1, the same number on every machine. Cost: some 10 ns. */
PSH_API uint64_t psh_wasserstein_plan_cost(const psh_wasserstein_plan *plan, size_t i, size_t j);

/* What one thread needs to work on a plan, which must outlive it. */
typedef struct psh_wasserstein_worker psh_wasserstein_worker;
PSH_API psh_status psh_wasserstein_worker_create(const psh_wasserstein_plan *plan, psh_wasserstein_worker **dst,
                                                 psh_error *err);
PSH_API void psh_wasserstein_worker_free(psh_wasserstein_worker *worker); /* NULL is fine */

/* psh_wasserstein_worker_pair() : as psh_wasserstein_pair(), the same bits. PSH_ERR_MEMORY. */
PSH_API psh_status psh_wasserstein_worker_pair(psh_wasserstein_worker *worker, size_t i, size_t j, double *dst,
                                               psh_error *err);
/* psh_wasserstein_worker_bound() : the lower bound alone, as psh_wasserstein_verify() proves it. PSH_ERR_UNSUPPORTED
 * for the bottleneck distance. */
PSH_API psh_status psh_wasserstein_worker_bound(psh_wasserstein_worker *worker, size_t i, size_t j, double *dst,
                                                psh_error *err);

/* --- Under a limit of time or of accuracy ---------------------------------------------------------------------------
 */

typedef struct psh_progressive_params {
    size_t struct_bytes;
    double order; /* as in psh_wasserstein_params, and so the next three */
    psh_ground ground;
    bool pool;
    uint32_t dims_mask;
    double time_limit; /* seconds; 0: none */
    /* Stop as soon as (upper - lower) / upper <= max_gap for every pair, 0 <= max_gap < 1; 0: until all are exact. */
    double max_gap;
} psh_progressive_params;

typedef struct psh_progressive_report {
    size_t n_pairs, n_exact;  /* pairs whose two bounds are the distance itself */
    double mean_gap, max_gap; /* of (upper - lower) / upper, 0 where both are equal */
    double seconds;
    bool is_finished; /* max_gap was reached; else the time was over, or the caller said stop */
} psh_progressive_report;

/* psh_progressive_condensed() :
 * A lower and an upper bound of every distance of a set, SciPy's pdist order, as near to each other as the limits
 * allow; lower, upper : (N (N - 1) / 2), caller-allocated. Bounds only ever shrink. Without a limit both end equal to
 * psh_wasserstein_condensed(), bit for bit. With max_gap alone the result is the same for any number of threads; a
 * time limit depends on the clock by its nature. The limit is looked at after every pair; what is done at least,
 * whatever the limit, is sorting each diagram and the bounds by norms. report may be NULL. docs/math/progressive.md
 * tells how it is done.
 * Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY; PSH_ERR_INTERRUPTED when the progress callback says stop: the bounds and
 * the report are then valid all the same. */
PSH_API psh_status psh_progressive_condensed(const psh_diagrams *set, const psh_progressive_params *params,
                                             int n_threads, const psh_progress *progress, double *lower, double *upper,
                                             psh_progressive_report *report, psh_error *err);

/* --- Entropic transport between histograms ------------------------------------------------------------------------
 *
 * The paper's HW (Lacombe, Cuturi, Oudot 2018): diagrams as counts on a grid over the frame's unit square, each with
 * one more cell, the diagonal, that holds the other's number of points, and optimal transport between the two with an
 * entropy term, solved by Sinkhorn's iterations. docs/math/sinkhorn.md has the problem and the algorithm. */

/* Cost of moving between the centres of two cells; to the diagonal: of the shortest way there. */
typedef enum psh_sinkhorn_ground {
    PSH_SINKHORN_L2_SQUARED = 0, /* Lacombe et al.'s. The distance is the square root of the cost: it tracks W2 */
    PSH_SINKHORN_LINF = 1,       /* the distance is the cost: it tracks W1 */
    PSH_SINKHORN_L2 = 2          /* the same */
} psh_sinkhorn_ground;

typedef struct psh_sinkhorn_params {
    size_t struct_bytes;
    int n_cells; /* a side; 0: 50. 1 to 1024 */
    double
        regularisation; /* weight of the entropy, in units of the cost; 0: 0.1 / mean number of points (the paper's) */
    double tolerance;   /* marginal error at which to stop: L1, over the mass. 0: 1e-3 */
    int max_iterations; /* 0: 10000 */
    psh_sinkhorn_ground ground;
    bool pool;          /* ignore homology dimensions; else the sum over them */
    uint32_t dims_mask; /* 0: all */
} psh_sinkhorn_params;

/* What became of the pairs. */
typedef struct psh_sinkhorn_report {
    size_t struct_bytes;      /* in: sizeof */
    double regularisation;    /* used */
    uint64_t n_failed;        /* pairs that did not reach the tolerance */
    double worst_error;       /* greatest marginal error of all */
    uint64_t n_iterations;    /* of all pairs together */
    uint64_t most_iterations; /* of one */
} psh_sinkhorn_report;

/* psh_sinkhorn_pairs() :
 * Distances of the listed pairs, pairs : (n_pairs, 2) rows of `set`; dst : (n_pairs). The cost is <P, C> without the
 * entropy; it is not 0 between a diagram and itself. Essential points are not counted. report may be NULL.
 * psh_sinkhorn_condensed() : all pairs, condensed.
 * Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED; PSH_ERR_NOT_CONVERGED if some pair did not reach the
 * tolerance: all of dst and the report are written then, too. Threads: parallel over pairs; the same bytes for any
 * number of threads and any SIMD level. */
PSH_API psh_status psh_sinkhorn_pairs(const psh_diagrams *set, const psh_frame *frame, const uint32_t *pairs,
                                      size_t n_pairs, const psh_sinkhorn_params *params, int n_threads,
                                      const psh_progress *progress, double *dst, psh_sinkhorn_report *report,
                                      psh_error *err);
PSH_API psh_status psh_sinkhorn_condensed(const psh_diagrams *set, const psh_frame *frame,
                                          const psh_sinkhorn_params *params, int n_threads,
                                          const psh_progress *progress, double *dst, psh_sinkhorn_report *report,
                                          psh_error *err);

/* Pairs in the caller's own order and threads, as psh_wasserstein_plan is for exact ones: sets made ready once,
 * read-only, shared by all threads. */
typedef struct psh_sinkhorn_plan psh_sinkhorn_plan;

/* psh_sinkhorn_plan_create() :
 * For pairs (i of a, j of b); b NULL: of `a` and itself. The default regularisation is that of both sets together. What
 * the plan needs of the sets is copied. Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY. */
PSH_API psh_status psh_sinkhorn_plan_create(const psh_diagrams *a, const psh_diagrams *b, const psh_frame *frame,
                                            const psh_sinkhorn_params *params, psh_sinkhorn_plan **dst, psh_error *err);
PSH_API void psh_sinkhorn_plan_free(psh_sinkhorn_plan *plan); /* NULL is fine */

/* psh_sinkhorn_plan_shape() : the numbers of diagrams; whether there are two sets. */
PSH_API bool psh_sinkhorn_plan_shape(const psh_sinkhorn_plan *plan, size_t *n_a, size_t *n_b);
/* psh_sinkhorn_plan_params() : as they are used, with every default filled in. */
PSH_API const psh_sinkhorn_params *psh_sinkhorn_plan_params(const psh_sinkhorn_plan *plan);
/* psh_sinkhorn_plan_id() : 64-bit identity of all that the distances depend on. */
PSH_API uint64_t psh_sinkhorn_plan_id(const psh_sinkhorn_plan *plan);
/* psh_sinkhorn_plan_cost() : as psh_wasserstein_plan_cost(), within a factor of ten. */
PSH_API uint64_t psh_sinkhorn_plan_cost(const psh_sinkhorn_plan *plan, size_t i, size_t j);

/* What one thread needs to work on a plan, which must outlive it. */
typedef struct psh_sinkhorn_worker psh_sinkhorn_worker;
PSH_API psh_status psh_sinkhorn_worker_create(const psh_sinkhorn_plan *plan, psh_sinkhorn_worker **dst, psh_error *err);
PSH_API void psh_sinkhorn_worker_free(psh_sinkhorn_worker *worker); /* NULL is fine */
/* psh_sinkhorn_worker_pair() : the same bits as psh_sinkhorn_pairs(). error (may be NULL): the marginal error.
 * PSH_ERR_NOT_CONVERGED if that is above the tolerance: *dst and *error are written then, too. */
PSH_API psh_status psh_sinkhorn_worker_pair(psh_sinkhorn_worker *worker, size_t i, size_t j, double *dst, double *error,
                                            psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
