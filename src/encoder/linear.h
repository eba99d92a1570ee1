/* linear.h : learning linear functions whose signs make good codes. */
#ifndef PSH_ENCODER_LINEAR_H
#define PSH_ENCODER_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/base.h"

/* Diagrams to be compared with one another: their features, and what the distances of their codes should be in
 * proportion to. */
typedef struct psh__linear_set {
    size_t n_items;
    const float *rows;       // (n_items, n_features)
    const uint16_t *targets; // (n_items, target_stride), symmetric
    size_t target_stride;
} psh__linear_set;

typedef struct psh__linear_params {
    size_t n_bits, n_features;
    size_t n_batch; /* items of one set looked at in a step (all, if it has fewer) */
    size_t n_steps, sets_per_step;
    double rate;         /* greatest step of Adam */
    double dropout;      /* share of features hidden from a step */
    double decay;        /* of the weights, in a step of rate 1 */
    double prefix_share; /* of the loss: that of codes of the first bits (0: they need not make good codes) */
    uint64_t seed;
    int n_threads;
    const psh_progress *progress; /* of steps; may be NULL */
    const char *what;             /* that the progress is called */
    /* If not NULL: called n_judged times, evenly spread, the last time after the last step. How good the weights are;
     * the best ones are handed back. NaN counts as worst. */
    double (*judge)(void *user, const float *weights, const float *offsets);
    void *judge_user;
    size_t n_judged;
} psh__linear_params;

/* psh__linear_draw() : where learning starts: weights and offsets uniform in +-1 / sqrt(n_features).
 * weights : (n_features, n_columns), n_columns = n_bits rounded up to PSH__DENSE_COLUMNS, the rest zero. */
void psh__linear_draw(const psh__linear_params *params, float *weights, float *offsets);
size_t psh__linear_columns(size_t n_bits);

/* psh__linear_train() :
 * weights, offsets : as above, in and out: bit i of an item with features x is  sum_f x_f weights[f][i] + offsets[i] >
 * 0. Same bytes for any number of threads and any SIMD level. Errors: PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. */
psh_status psh__linear_train(const psh__linear_set *sets, size_t n_sets, const psh__linear_params *params,
                             float *weights, float *offsets, psh_error *err);

#endif
