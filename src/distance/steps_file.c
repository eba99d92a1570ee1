/* steps_file.c : exact distances of step functions as a file. */
#include <assert.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"
#include "distance/pairs_block.h"
#include "distance/source.h"

typedef struct functions {
    const psh_steps *a, *b; /* the same for all pairs */
    double order;
} functions;

static uint64_t hash_inputs(const void *plan) {
    const functions *of = plan;
    const uint64_t ids[] = {psh_steps_id(of->a), of->b == of->a ? 0 : psh_steps_id(of->b)};
    return psh__hash(PSH__HASH_START, ids, sizeof ids);
}

static uint64_t cost(const void *plan, size_t i, size_t j) {
    const functions *of = plan;
    return 50 + 2 * (psh_steps_n_breaks(of->a, i) + psh_steps_n_breaks(of->b, j));
}

static psh_status element(void *hand, size_t i, size_t j, double *dst, double *gap, psh_error *err) {
    const functions *of = hand;
    *dst = psh_steps_distance(of->a, i, of->b, j, of->order);
    return PSH_OK;
}

psh_status psh_distances_steps(const psh_steps *a, const psh_steps *b, double order, const psh_distances_params *params,
                               const psh_meta *meta, const char *path, const psh_progress *progress,
                               psh_distances_stats *stats, psh_error *err) {
    assert(a && path);
    psh_distances_params how;
    psh__params_copy(&how, sizeof how, params);
    if (stats) *stats = (psh_distances_stats){0};
    PSH_TRY(psh__pairs_check_order(order, err));
    if (how.is_verified)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "distances of step functions need no proof; leave out verify");
    const functions of = {a, b ? b : a, order};
    const psh__source source = {.what = "distances",
                                .grid = {psh_steps_count(a), psh_steps_count(of.b), !b},
                                .plan = &of,
                                .options = psh__hash(psh__hash(PSH__HASH_START, "steps", 5), &order, sizeof order),
                                .hash_inputs = hash_inputs,
                                .cost = cost,
                                .element = element};
    return psh__distances_compute(&source, &how, meta, path, progress, stats, err);
}
