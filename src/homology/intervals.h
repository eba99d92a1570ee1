/* intervals.h : what every complex does with the pairs that its engine found: options checked, essential classes
 * dropped, clamped or kept, short intervals left out, the rest sorted. */
#ifndef PSH_HOMOLOGY_INTERVALS_H
#define PSH_HOMOLOGY_INTERVALS_H

#include <assert.h>
#include <math.h>

#include "persihash/homology.h"

/* The intervals of one item; zeroed: empty. Memory is kept from item to item. */
typedef struct psh__intervals {
    psh_interval *items, *scratch; /* (n_items) of capacity */
    size_t n_items, capacity, scratch_capacity;
    size_t n_essential; /* essential classes that the policy left out */
} psh__intervals;

void psh__intervals_free(psh__intervals *intervals);

/* The members that all complexes share: filtration, essential, essential_value, min_persistence.
 * PSH_ERR_PARAMETER. */
psh_status psh__intervals_check(const psh_homology_params *params, psh_error *err);

/* Is dimension `dim` to be reported? default_mask: those that dims_mask = 0 stands for. */
static inline bool psh__intervals_wants(const psh_homology_params *params, int dim, uint32_t default_mask) {
    return (params->dims_mask ? params->dims_mask : default_mask) >> dim & 1;
}

/* Empties the list. */
void psh__intervals_start(psh__intervals *intervals);
/* Room for `n_more` additions. PSH_ERR_MEMORY. */
psh_status psh__intervals_reserve(psh__intervals *intervals, size_t n_more, psh_error *err);

/* Adds one class; death INFINITY: essential, treated as the policy says. Values are those of the filtration (of the
 * negated image for superlevel sets). Room for it was made before. */
static inline void psh__intervals_add(psh__intervals *intervals, const psh_homology_params *params, int dim,
                                      double birth, double death) {
    assert(intervals->n_items < intervals->capacity);
    if (death == INFINITY && params->essential != PSH_ESSENTIAL_KEEP) {
        if (params->essential == PSH_ESSENTIAL_DROP || params->essential_value <= birth) {
            intervals->n_essential++;
            return;
        }
        death = params->essential_value;
    }
    psh_interval interval = {.birth = birth, .death = death, .dim = dim};
    intervals->items[intervals->n_items] = interval;
    intervals->n_items += death - birth > params->min_persistence;
}

/* Sorts by (dim, birth, death). Cost: linear in what was added in order, n log(number of ordered runs) in all.
 * PSH_ERR_MEMORY. */
psh_status psh__intervals_sort(psh__intervals *intervals, psh_error *err);

#endif
