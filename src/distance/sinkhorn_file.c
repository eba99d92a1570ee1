/* sinkhorn_file.c : entropic transport as a file: transport's plan is the source, its workers are the hands. */
#include <assert.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"
#include "distance/source.h"

static uint64_t hash_inputs(const void *plan) {
    return psh_sinkhorn_plan_id(plan);
}

static psh_status hand_create(const void *plan, void **dst, psh_error *err) {
    psh_sinkhorn_worker *worker = NULL;
    psh_status status = psh_sinkhorn_worker_create(plan, &worker, err);
    *dst = worker;
    return status;
}

static void hand_free(void *hand) {
    psh_sinkhorn_worker_free(hand);
}

static uint64_t cost(const void *plan, size_t i, size_t j) {
    return psh_sinkhorn_plan_cost(plan, i, j);
}

static psh_status element(void *hand, size_t i, size_t j, double *dst, double *gap, psh_error *err) {
    return psh_sinkhorn_worker_pair(hand, i, j, dst, gap, err);
}

psh_status psh_distances_sinkhorn(const psh_sinkhorn_plan *plan, const psh_distances_params *params,
                                  const psh_meta *meta, const char *path, const psh_progress *progress,
                                  psh_distances_stats *stats, psh_error *err) {
    assert(plan && path);
    psh_distances_params how;
    psh__params_copy(&how, sizeof how, params);
    if (stats) *stats = (psh_distances_stats){0};
    if (how.is_verified)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "entropic transport has no certificate by duals; leave out verify");
    psh__source source = {.what = "sinkhorn",
                          .plan = plan,
                          .options = psh__hash(PSH__HASH_START, "sinkhorn", 8),
                          .hash_inputs = hash_inputs,
                          .hand_create = hand_create,
                          .hand_free = hand_free,
                          .cost = cost,
                          .element = element};
    source.grid.is_condensed = !psh_sinkhorn_plan_shape(plan, &source.grid.n_rows, &source.grid.n_columns);
    return psh__distances_compute(&source, &how, meta, path, progress, stats, err);
}
