/* score_oracle.h : the scores as their definitions read, pair by pair. */
#ifndef SCORE_ORACLE_H
#define SCORE_ORACLE_H

#include <stddef.h>
#include <stdint.h>

double oracle_fms(const int64_t *a, const int64_t *b, size_t n_items);
double oracle_ari(const int64_t *a, const int64_t *b, size_t n_items);
/* The mean mutual information of random permutations is exact here: an average over all n_items! of them (<= 8 items).
 */
double oracle_ami(const int64_t *a, const int64_t *b, size_t n_items);
double oracle_pearson(const double *x, const double *y, size_t n_values);
double oracle_spearman(const double *x, const double *y, size_t n_values);
/* Mean recall over n_draws random orders of the ties. Distances : (n_items, n_items). */
double oracle_recall(const double *truth, const double *approx, size_t n_items, size_t k, size_t m, size_t n_draws,
                     uint64_t seed);

#endif
