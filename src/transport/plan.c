/* plan.c : sets prepared once, for callers that hand out the pairs themselves (distance/compute.c does it by tiles),
 * and a prediction of what each pair costs.
 *
 * The prediction: pairs of diagrams with n and m distinct points in a dimension, n <= m, take about
 *
 *     200 ns + f (70 ns (n + m) + 3.2 ns n m (1 + n / 4000)),   f = 1 (q = 1), 2 (q = 2 or infinity), 4 (other q),
 *
 * by exact matching: nodes are built, then bids and searches scan rows, the more searches the larger the problem. All
 * on one line (line.c): linear. Against measured means that is 0.7 to 1.4 times the truth on uniform diagrams of 5 to
 * 2,000 points, on Fashion-MNIST and shape2, 1.2 to 2.9 times on the other real sets, and worst on pooled six_shapes
 * (0.4, q = 2: 0.3). What it is for, cutting the work in pieces of about equal length and an honest bar, needs only
 * ratios. Integers, so that every machine cuts alike and one can continue what another began. */
#include <assert.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "transport/item.h"

struct psh_wasserstein_plan {
    psh_wasserstein_params params;
    psh__measures a, b; /* b is empty if there is one set */
    bool has_b;
};

struct psh_wasserstein_worker {
    const psh_wasserstein_plan *plan;
    psh__matching_room *room;
};

static const psh__measures *columns_of(const psh_wasserstein_plan *plan) {
    return plan->has_b ? &plan->b : &plan->a;
}

psh_status psh_wasserstein_plan_create(const psh_diagrams *a, const psh_diagrams *b,
                                       const psh_wasserstein_params *params, psh_wasserstein_plan **dst,
                                       psh_error *err) {
    assert(a && dst);
    psh_wasserstein_plan *plan = psh__calloc(1, sizeof *plan);
    psh_status status;
    if (!plan) return psh__error_memory(err, "prepared diagrams", sizeof *plan);
    PSH_TRY_GOTO(psh__item_params(params, &plan->params, err));
    bool pool = plan->params.pool;
    uint32_t dims_mask = plan->params.dims_mask;
    PSH_TRY_GOTO(psh__measures_create(a, NULL, psh_diagrams_count(a), NULL, pool, dims_mask, &plan->a, err));
    plan->has_b = b != NULL;
    if (b) PSH_TRY_GOTO(psh__measures_create(b, NULL, psh_diagrams_count(b), NULL, pool, dims_mask, &plan->b, err));
    *dst = plan;
    return PSH_OK;
done:
    psh_wasserstein_plan_free(plan);
    return status;
}

void psh_wasserstein_plan_free(psh_wasserstein_plan *plan) {
    if (!plan) return;
    psh__measures_free(&plan->a);
    psh__measures_free(&plan->b);
    psh__free(plan);
}

/* --- prediction ------------------------------------------------------------------------------------------------- */

/* Larger orders have fewer near ties to end a search early, and powers to compute. */
static uint64_t order_factor(double order) {
    return order == 1 ? 1 : (order == 2 || isinf(order) ? 2 : 4);
}

/* One dimension, both with points there. */
static uint64_t measure_cost(const psh__measure *a, const psh__measure *b, double order) {
    uint64_t n = a->n_points < b->n_points ? a->n_points : b->n_points, m = a->n_points + b->n_points - n;
    uint64_t linear = 70 * (n + m), square = 3 * n * m + n * m / 5;
    if (n == 0) return 10 * m;
    if (order == 1 && psh__line_applies(a, b)) return linear;
    return order_factor(order) * (linear + square + square / 4000 * n);
}

uint64_t psh_wasserstein_plan_cost(const psh_wasserstein_plan *plan, size_t i, size_t j) {
    const psh__measures *a = &plan->a, *b = columns_of(plan);
    assert(i < a->n_items && j < b->n_items);
    size_t k = a->first[i], k_end = a->first[i + 1], l = b->first[j], l_end = b->first[j + 1];
    uint64_t cost = 200;
    while (k < k_end && l < l_end) { /* points without partners cost next to nothing */
        const psh__measure *one = &a->measures[k], *other = &b->measures[l];
        if (one->dim == other->dim) cost += measure_cost(one, other, plan->params.order);
        k += one->dim <= other->dim, l += other->dim <= one->dim;
    }
    return cost;
}

/* --- work ------------------------------------------------------------------------------------------------------- */

psh_status psh_wasserstein_worker_create(const psh_wasserstein_plan *plan, psh_wasserstein_worker **dst,
                                         psh_error *err) {
    assert(plan && dst);
    size_t max_a = plan->a.max_points, max_b = columns_of(plan)->max_points;
    psh_wasserstein_worker *worker = psh__calloc(1, sizeof *worker);
    if (!worker) return psh__error_memory(err, "matching", sizeof *worker);
    worker->plan = plan;
    psh_status status = psh__matching_room_create(max_a > max_b ? max_a : max_b, &worker->room, err);
    if (status == PSH_OK)
        *dst = worker;
    else
        psh__free(worker);
    return status;
}

void psh_wasserstein_worker_free(psh_wasserstein_worker *worker) {
    if (!worker) return;
    psh__matching_room_free(worker->room);
    psh__free(worker);
}

psh_status psh_wasserstein_worker_pair(psh_wasserstein_worker *worker, size_t i, size_t j, double *dst,
                                       psh_error *err) {
    const psh_wasserstein_plan *plan = worker->plan;
    psh__item_result result;
    assert(i < plan->a.n_items && j < columns_of(plan)->n_items);
    PSH_TRY(psh__item_distance(worker->room, &plan->a, i, columns_of(plan), j, &plan->params, PSH__ITEM_DISTANCE,
                               &result, err));
    *dst = result.distance;
    return PSH_OK;
}

psh_status psh_wasserstein_worker_bound(psh_wasserstein_worker *worker, size_t i, size_t j, double *dst,
                                        psh_error *err) {
    const psh_wasserstein_plan *plan = worker->plan;
    psh__item_result result;
    assert(i < plan->a.n_items && j < columns_of(plan)->n_items);
    if (isinf(plan->params.order))
        return psh__error(err, PSH_ERR_UNSUPPORTED, "order = inf: the bottleneck distance has no certificate by duals");
    PSH_TRY(psh__item_distance(worker->room, &plan->a, i, columns_of(plan), j, &plan->params, PSH__ITEM_VERIFY, &result,
                               err));
    *dst = result.lower_bound;
    return PSH_OK;
}
