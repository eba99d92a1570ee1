/* item.h : the distance of two items of prepared sets, and running many of them on many threads. */
#ifndef PSH_TRANSPORT_ITEM_H
#define PSH_TRANSPORT_ITEM_H

#include "transport/matching.h"
#include "transport/measure.h"

/* psh__item_params() : the caller's options, defaults filled in. PSH_ERR_PARAMETER. */
psh_status psh__item_params(const psh_wasserstein_params *src, psh_wasserstein_params *dst, psh_error *err);

/* What is wanted of one pair. */
typedef enum psh__item_goal {
    PSH__ITEM_DISTANCE, /* the distance, by whatever is fastest */
    PSH__ITEM_VERIFY    /* the distance by the general matching, and the lower bound that its duals prove */
} psh__item_goal;

typedef struct psh__item_result {
    double distance, lower_bound;
} psh__item_result;

/* psh__item_distance() : item i of a and item j of b. lower_bound is written for PSH__ITEM_VERIFY alone. */
psh_status psh__item_distance(psh__matching_room *room, const psh__measures *a, size_t i, const psh__measures *b,
                              size_t j, const psh_wasserstein_params *params, psh__item_goal goal,
                              psh__item_result *dst, psh_error *err);

/* psh__items_run() :
 * Calls work(user, room, k, err) for k = 0 .. n_units - 1, each once, on n_threads threads with a room of n_max points
 * each, in turns of some units, first come first served. The first failure stops the rest. */
typedef psh_status (*psh__item_work)(void *user, psh__matching_room *room, size_t k, psh_error *err);
psh_status psh__items_run(psh__item_work work, void *user, size_t n_units, size_t n_max, int n_threads,
                          const psh_progress *progress, psh_error *err);

/* The pair that is element `index` of a condensed matrix of n_items. */
void psh__item_condensed(size_t index, size_t n_items, size_t *i, size_t *j);

#endif
