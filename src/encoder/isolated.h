/* isolated.h : a sample in which the most isolated diagrams come several times. */
#ifndef PSH_ENCODER_ISOLATED_H
#define PSH_ENCODER_ISOLATED_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Items 0 .. n_items - 1 of a sample, then the repeats of some of them. */
typedef struct psh__repeats {
    size_t n_items;
    uint32_t *origins; // (n_items) of the sample, ascending from 0 as far as they are no repeats
} psh__repeats;

/* psh__repeats_create() :
 * The n_isolated <= n_items items farthest from their nearest neighbour come n_times >= 1 times; of equally isolated
 * ones the first. distances : (n_items (n_items - 1) / 2), condensed. Cost: a pass over the pairs. PSH_ERR_MEMORY; *dst
 * may then be freed all the same. Targets: psh__target_repeat() with the origins. */
psh_status psh__repeats_create(const double *distances, size_t n_items, size_t n_isolated, size_t n_times,
                               psh__repeats *dst, psh_error *err);
void psh__repeats_free(psh__repeats *repeats); /* zeroed struct is fine */

/* psh__repeats_rows() :
 * *rows : (items of the sample, n_features) becomes (repeats->n_items, n_features); reallocated. PSH_ERR_MEMORY: *rows
 * is as it was. */
psh_status psh__repeats_rows(const psh__repeats *repeats, size_t n_features, size_t n_sample, float **rows,
                             psh_error *err);

#endif
