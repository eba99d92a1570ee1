/* wasserstein_file.c : exact distances as a file: transport's plan is the source, its workers are the hands. With
 * `is_verified` each distance is computed again by the general matching, whose duals prove a bound. */
#include <assert.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"
#include "distance/source.h"
#include "persihash/transport.h"

#define PROOF_TOLERANCE 1e-9 /* relative; bounds and distances agree to about 1e-13 */

typedef struct sets {
    const psh_diagrams *a, *b; /* b NULL: all pairs of a */
    psh_wasserstein_params metric;
    bool is_verified;
    psh_wasserstein_plan *plan;
} sets;

typedef struct hand {
    const sets *of;
    psh_wasserstein_worker *worker;
} hand;

static psh_status check(sets *of, psh_error *err) {
    PSH_TRY(psh_wasserstein_check(&of->metric, err));
    if (of->metric.order == 0) of->metric.order = 1;
    if (of->is_verified && isinf(of->metric.order))
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "the bottleneck distance has no certificate by duals; leave out verify");
    return PSH_OK;
}

static uint64_t hash_inputs(const void *plan) {
    const sets *of = plan;
    uint64_t hash = psh__hash_set(PSH__HASH_START, of->a);
    return of->b ? psh__hash_set(hash, of->b) : hash;
}

static uint64_t hash_options(const sets *of) {
    const double numbers[] = {of->metric.order, of->metric.relative_error};
    const uint64_t words[] = {(uint64_t)of->metric.ground, of->metric.pool, of->metric.dims_mask, of->is_verified,
                              of->b != NULL};
    return psh__hash(psh__hash(psh__hash(PSH__HASH_START, "wasserstein", 11), numbers, sizeof numbers), words,
                     sizeof words);
}

static void hand_free(void *src) {
    hand *by = src;
    if (by) psh_wasserstein_worker_free(by->worker);
    psh__free(by);
}

static psh_status hand_create(const void *plan, void **dst, psh_error *err) {
    hand *by = psh__calloc(1, sizeof *by);
    if (!by) return psh__error_memory(err, "a thread's own", sizeof *by);
    by->of = plan;
    psh_status status = psh_wasserstein_worker_create(by->of->plan, &by->worker, err);
    if (status == PSH_OK)
        *dst = by;
    else
        hand_free(by);
    return status;
}

static uint64_t cost(const void *plan, size_t i, size_t j) {
    return psh_wasserstein_plan_cost(((const sets *)plan)->plan, i, j);
}

/* Distance of (i, j) again by the general matching, with the bound that its duals prove. */
static psh_status prove(const hand *by, size_t i, size_t j, double distance, double *gap, psh_error *err) {
    double bound;
    PSH_TRY(psh_wasserstein_worker_bound(by->worker, i, j, &bound, err));
    if (distance == bound) return PSH_OK; /* infinity too */
    if (!(distance <= (1 + by->of->metric.relative_error) * bound + PROOF_TOLERANCE * distance))
        return psh__error(err, PSH_ERR_NOT_CONVERGED,
                          "distance of diagrams %zu and %zu: %.17g, but no more than %.17g is proven; please report it",
                          i, j, distance, bound);
    *gap = (distance - bound) / distance;
    return PSH_OK;
}

static psh_status element(void *src, size_t i, size_t j, double *dst, double *gap, psh_error *err) {
    hand *by = src;
    PSH_TRY(psh_wasserstein_worker_pair(by->worker, i, j, dst, err));
    return by->of->is_verified ? prove(by, i, j, *dst, gap, err) : PSH_OK;
}

psh_status psh_distances_wasserstein(const psh_diagrams *a, const psh_diagrams *b, const psh_wasserstein_params *metric,
                                     const psh_distances_params *params, const psh_meta *meta, const char *path,
                                     const psh_progress *progress, psh_distances_stats *stats, psh_error *err) {
    assert(a && path);
    psh_distances_params how;
    psh__params_copy(&how, sizeof how, params);
    sets of = {.a = a, .b = b, .is_verified = how.is_verified};
    psh__params_copy(&of.metric, sizeof of.metric, metric);
    if (stats) *stats = (psh_distances_stats){0};
    PSH_TRY(check(&of, err));
    PSH_TRY(psh_wasserstein_plan_create(a, b, &of.metric, &of.plan, err));
    const psh__source source = {.what = isinf(of.metric.order) ? "bottleneck" : "wasserstein",
                                .grid = {psh_diagrams_count(a), psh_diagrams_count(b ? b : a), !b},
                                .plan = &of,
                                .options = hash_options(&of),
                                .hash_inputs = hash_inputs,
                                .hand_create = hand_create,
                                .hand_free = hand_free,
                                .cost = cost,
                                .element = element};
    psh_status status = psh__distances_compute(&source, &how, meta, path, progress, stats, err);
    psh_wasserstein_plan_free(of.plan);
    return status;
}
