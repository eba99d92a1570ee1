/* SPDX-License-Identifier: MIT
 * score.h : how well one partition or distance agrees with another. Single linkage makes one giant cluster and some
 * singletons, so that FMS is near 1 for almost anything; ARI and AMI are corrected for chance and belong beside it. */
#ifndef PERSIHASH_SCORE_H
#define PERSIHASH_SCORE_H

#include "distance.h"

#ifdef __cplusplus
extern "C" {
#endif

/* psh_score_fms(), _ari(), _ami() :
 * Fowlkes-Mallows score (geometric mean of pairwise precision and recall), adjusted Rand index, adjusted mutual
 * information (arithmetic mean normalisation), as scikit-learn defines them. a, b : (n_items) any integers. Trivial
 * partitions follow scikit-learn (1 for identical ones). Cost: O(N + cells), AMI also O(clusters_a clusters_b N) at
 * worst. Errors: PSH_ERR_EMPTY (n_items < 1), PSH_ERR_MEMORY. */
PSH_API psh_status psh_score_fms(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err);
PSH_API psh_status psh_score_ari(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err);
PSH_API psh_status psh_score_ami(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err);

/* psh_score_pearson(), psh_score_spearman() :
 * Correlation of x and y : (n_values) float64, finite. Spearman: Pearson of the ranks, ties get their mean rank. A
 * constant input has no correlation: PSH_ERR_DATA. */
PSH_API psh_status psh_score_pearson(const double *x, const double *y, size_t n_values, double *dst, psh_error *err);
PSH_API psh_status psh_score_spearman(const double *x, const double *y, size_t n_values, double *dst, psh_error *err);

/* psh_score_recall() :
 * Mean over items of the share of the truth's k nearest among the `m` nearest by `approx` (k <= m < N). Ties at the
 * m-th distance of `approx`, and at the k-th of `truth`, count by their expected value under random order, so no seed
 * is needed. */
PSH_API psh_status psh_score_recall(const psh_distances *truth, const psh_distances *approx, size_t k, size_t m,
                                    double *dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
