/* estimate_train.h : learning the estimate of W1. */
#ifndef PSH_ENCODER_ESTIMATE_TRAIN_H
#define PSH_ENCODER_ESTIMATE_TRAIN_H

#include "encoder/estimate.h"
#include "encoder/general_train.h"

/* psh__estimate_learn() :
 * From lessons that are not held out (psh__lesson_held_out()), for n_steps of a few lessons each. dst : created here.
 * *spearman : mean over the lessons held out, of all pairs of each; NaN if there are none. The same bytes for any
 * number of threads and any SIMD level. Cost: n_steps * 2,112 pairs, 3 ms a step on two cores. PSH_ERR_MEMORY,
 * PSH_ERR_INTERRUPTED. */
psh_status psh__estimate_learn(const psh__lesson *lessons, size_t n_lessons, size_t n_steps, uint64_t seed,
                               int n_threads, const psh_progress *progress, psh__estimate *dst, double *spearman,
                               psh_error *err);

#endif
