/* target.h : the distances that Hamming should track. */
#ifndef PSH_ENCODER_TARGET_H
#define PSH_ENCODER_TARGET_H

#include "encoder/correction.h"
#include "encoder/features.h"
#include "encoder/kriging.h"
#include "encoder/pool.h"

/* Exact distances of some pairs of items, i < j in each. */
typedef struct psh__exact {
    size_t n_pairs, capacity;
    uint32_t *pairs;   // (n_pairs, 2)
    double *distances; // (n_pairs)
} psh__exact;
void psh__exact_free(psh__exact *exact); /* zeroed struct is fine */

/* psh__target_distances() :
 * Distances of all pairs of the first n_items items, condensed: the estimate of W1 (NULL: sliced Wasserstein),
 * calibrated by those exact distances whose two items are among them; exact where that is known.
 * distances : (n_items (n_items - 1) / 2). PSH_ERR_MEMORY. */
psh_status psh__target_distances(const psh__features *features, size_t n_items, const psh__exact *exact,
                                 const psh__estimate *estimate, int n_threads, double *distances, psh_error *err);

/* psh__calibrate() :
 * scale * estimate + correction + kriging  is near the exact distances of the pairs among the first n_items. Correction
 * and kriging are zeroed where they would not help. With no exact pair: the estimate alone. */
typedef struct psh__calibration {
    double scale;
    psh__correction correction;
    psh__kriging kriging;
} psh__calibration;
psh_status psh__calibrate(const psh__features *features, size_t n_items, const psh__exact *exact,
                          const psh__estimate *estimate, int n_threads, psh__calibration *dst, psh_error *err);
void psh__calibration_free(psh__calibration *calibration); /* zeroed struct is fine */

/* psh__condensed_index() : where pair (i, j), i < j, of n_items lies among condensed distances. */
static inline size_t psh__condensed_index(size_t n_items, size_t i, size_t j) {
    return i * n_items - i * (i + 1) / 2 + j - i - 1;
}

/* psh__share_of_short() : what is left of 1 as codes grow beyond 64 bits. */
double psh__share_of_short(size_t n_bits);

/* What counts in a target, beside the size of distances, which has the weight 1. */
typedef struct psh__emphasis {
    double order, near, far; /* the order of all pairs, near neighbours, far outliers */
} psh__emphasis;
psh__emphasis psh__emphasis_plain(void); /* of a sketch, and of the general model's learning */
psh__emphasis psh__emphasis_of_picking(void);
psh__emphasis psh__emphasis_of_learning(size_t n_bits); /* functions for a set */
psh__emphasis psh__emphasis_of_exchange(size_t n_bits); /* of bits, when that is done */

/* psh__target_create() :
 * From condensed distances of n_items:  t = order rank / sd(rank) + distance / sd(distance) + near q / (q + 0.03) +
 * far (beyond the mean, in units of sd)^2,  q = rank as a share of all, in integers. By rank alone the largest
 * distances are lost, by value alone the small ones; the third term tells near neighbours apart, the last one raises
 * far outliers. All distances equal: t = 1. PSH_ERR_MEMORY. */
psh_status psh__target_create(const double *distances, size_t n_items, psh__emphasis emphasis, psh__target *dst,
                              psh_error *err);
/* psh__target_repeat() :
 * The target of items of which the i-th is item origins[i] of `src`; an item's distance to itself is 0. PSH_ERR_MEMORY.
 */
psh_status psh__target_repeat(const psh__target *src, const uint32_t *origins, size_t n_items, psh__target *dst,
                              psh_error *err);
void psh__target_free(psh__target *target); /* zeroed struct is fine */

#endif
