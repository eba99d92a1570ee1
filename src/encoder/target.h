/* target.h : the distances that Hamming should track. */
#ifndef PSH_ENCODER_TARGET_H
#define PSH_ENCODER_TARGET_H

#include "encoder/pool.h"

/* psh__target_sliced() : sliced Wasserstein distances of all pairs of a sample, condensed. distances : (n (n - 1) / 2)
 */
psh_status psh__target_sliced(const psh_diagrams *sample, const psh_frame *frame, bool pool_dims, int n_threads,
                              double *distances, psh_error *err);

/* psh__target_create() :
 * From condensed distances of n_items: t = rank / sd(rank) + distance / sd(distance), as integers. By rank alone the
 * largest distances are lost, by value alone the small ones. All distances equal: t = 1. */
psh_status psh__target_create(const double *distances, size_t n_items, psh__target *dst, psh_error *err);
void psh__target_free(psh__target *target); /* zeroed struct is fine */

#endif
