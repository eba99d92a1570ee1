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
 * information (arithmetic mean normalisation), as scikit-learn defines them. a, b : (n_items) any integers. Identical
 * partitions score 1, except that FMS is 0 where no two items share a cluster (scikit-learn's rule). Cost: O(N), AMI
 * also O(N^1.5) at worst. Errors: PSH_ERR_EMPTY (n_items < 1), PSH_ERR_PARAMETER (2^32 items or more), PSH_ERR_MEMORY.
 */
PSH_API psh_status psh_score_fms(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err);
PSH_API psh_status psh_score_ari(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err);
PSH_API psh_status psh_score_ami(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err);

/* psh_score_pearson(), psh_score_spearman() :
 * Correlation of x and y : (n_values) float64, finite. Spearman: Pearson of the ranks, ties get their mean rank; exact
 * up to the last division; O(N) time, 32 bytes a value (8 if both are integers below 65536). A constant input has no
 * correlation: PSH_ERR_DATA. Errors: also PSH_ERR_EMPTY (fewer than 2), PSH_ERR_NOT_FINITE, PSH_ERR_PARAMETER (Spearman
 * of 2^31 values or more), PSH_ERR_MEMORY. */
PSH_API psh_status psh_score_pearson(const double *x, const double *y, size_t n_values, double *dst, psh_error *err);
PSH_API psh_status psh_score_spearman(const double *x, const double *y, size_t n_values, double *dst, psh_error *err);

/* psh_score_spearman_near() :
 * Spearman over the pairs that `truth` calls nearest: the least ceil(share * n_values) of its values (at least 2), and
 * all that tie with the greatest of those. truth, approx : (n_values) float64. O(N) time, 60 bytes a value.
 * Errors: PSH_ERR_PARAMETER (share not in (0, 1]) and those of psh_score_spearman(), PSH_ERR_DATA also where the near
 * pairs alone are constant (duplicates may fill the share). */
PSH_API psh_status psh_score_spearman_near(const double *truth, const double *approx, size_t n_values, double share,
                                           double *dst, psh_error *err);

/* psh_score_recall() :
 * Mean over items of the share of the truth's k nearest among the `m` nearest by `approx` (1 <= k <= m < N). Ties at
 * the m-th distance of `approx`, and at the k-th of `truth`, count by their expected value under random order, so no
 * seed is needed. Runs on all threads; the same bytes for any number of them. Errors: PSH_ERR_SHAPE (not as many
 * items), PSH_ERR_PARAMETER (k or m), PSH_ERR_NOT_FINITE (NaN), PSH_ERR_MEMORY. */
PSH_API psh_status psh_score_recall(const psh_distances *truth, const psh_distances *approx, size_t k, size_t m,
                                    double *dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
