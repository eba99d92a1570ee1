/* target.h : the distances that Hamming should track. */
#ifndef PSH_ENCODER_TARGET_H
#define PSH_ENCODER_TARGET_H

#include "encoder/correction.h"
#include "encoder/pool.h"

/* Sliced features of a sample, in rows, and the groups of them that a calibration may weight. */
typedef struct psh__features {
    size_t n_items, n_features, n_groups; /* a group: n_features / n_groups neighbours */
    float *rows;                          // (n_items, n_features)
} psh__features;
psh_status psh__features_compute(const psh_diagrams *sample, bool pool_dims, int n_threads, psh__features *dst,
                                 psh_error *err);
void psh__features_free(psh__features *features); /* zeroed struct is fine */

/* Sliced Wasserstein distance of two rows; the same at any vector width. */
double psh__distance_l1(const float *a, const float *b, size_t n_features);

/* Exact distances of some pairs of items, i < j in each. */
typedef struct psh__exact {
    size_t n_pairs, capacity;
    uint32_t *pairs;   // (n_pairs, 2)
    double *distances; // (n_pairs)
} psh__exact;
void psh__exact_free(psh__exact *exact); /* zeroed struct is fine */

/* psh__target_distances() :
 * Distances of all pairs of the first n_items items, condensed: sliced Wasserstein, calibrated by those exact distances
 * whose two items are among them (calibrate.c); exact where that is known. With no exact pair: sliced Wasserstein.
 * distances : (n_items (n_items - 1) / 2). */
psh_status psh__target_distances(const psh__features *features, size_t n_items, const psh__exact *exact, int n_threads,
                                 double *distances, psh_error *err);

/* psh__calibrate() :
 * weights : (n_groups), effects : (n_items) and a correction such that  sum_g weights[g] * (L1 distance of group g) +
 * correction + effects[i] + effects[j]  is near the exact distances of the pairs among the first n_items. The
 * correction is zeroed where it would not help; to be freed. */
psh_status psh__calibrate(const psh__features *features, size_t n_items, const psh__exact *exact, int n_threads,
                          double *weights, double *effects, psh__correction *correction, psh_error *err);

/* psh__target_create() :
 * From condensed distances of n_items:  t = rank / sd(rank) + distance / sd(distance) + 0.3 q / (q + 0.03) +
 * far_weight * (beyond the mean, in units of sd)^2,  q = rank as a share of all, in integers. By rank alone the largest
 * distances are lost, by value alone the small ones; the third term tells near neighbours apart, the last one raises
 * far outliers. All distances equal: t = 1. */
psh_status psh__target_create(const double *distances, size_t n_items, double far_weight, psh__target *dst,
                              psh_error *err);
/* The far_weight that bits of learned functions are picked with, and that functions are learnt with. */
double psh__target_far_picking(void);
double psh__target_far_learning(size_t n_bits);
void psh__target_free(psh__target *target); /* zeroed struct is fine */

#endif
