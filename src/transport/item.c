/* item.c : one pair of diagrams: its dimensions, its essential classes; and many pairs on many threads.
 *
 * W_q of diagrams with several dimensions is the sum of W_q over the dimensions, for the bottleneck distance the
 * greatest. Essential classes of a dimension are matched among themselves: births on a line, where sorted against
 * sorted is optimal for every q >= 1; their cost joins that of the finite points under the root. */
#include "transport/item.h"

#include <math.h>
#include <omp.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/progress.h"

#define UNITS_PER_TURN 16 /* what a thread takes at once: pairs differ in cost, so little */

psh_status psh__item_params(const psh_wasserstein_params *src, psh_wasserstein_params *dst, psh_error *err) {
    psh__params_copy(dst, sizeof *dst, src);
    if (dst->order == 0) dst->order = 1;
    if (!(dst->order >= 1))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "order = %g: expected q >= 1, or INFINITY for the bottleneck distance", dst->order);
    if (dst->ground != PSH_GROUND_LINF && dst->ground != PSH_GROUND_L2)
        return psh__error(err, PSH_ERR_PARAMETER, "ground = %d: expected PSH_GROUND_LINF (0) or PSH_GROUND_L2 (1)",
                          (int)dst->ground);
    if (!(dst->relative_error >= 0) || isinf(dst->relative_error))
        return psh__error(err, PSH_ERR_PARAMETER, "relative_error = %g: expected a number >= 0 (0: exact)",
                          dst->relative_error);
    return PSH_OK;
}

static double root(double x, double order) {
    return order == 1 ? x : (order == 2 ? sqrt(x) : pow(x, 1 / order));
}

/* The cost of the essential classes, in units of scale^q, joined with that of the finite points. */
static double join_essential(double finite, const psh__measure *a, const psh__measure *b, double order, double scale) {
    double cost = finite;
    for (size_t k = 0; a && k < a->n_essential; k++) {
        double x = fabs(a->births[k] / scale - b->births[k] / scale);
        if (isinf(order))
            cost = fmax(cost, x);
        else
            cost += order == 1 ? x : pow(x, order);
    }
    return cost;
}

/* One dimension; a or b may be NULL (no points there). */
static psh_status measure_distance(psh__matching_room *room, const psh__measure *a, const psh__measure *b,
                                   const psh_wasserstein_params *params, psh__item_goal goal, psh__item_result *dst,
                                   psh_error *err) {
    double cost, bound, order = params->order;
    if ((a ? a->n_essential : 0) != (b ? b->n_essential : 0)) {
        *dst = (psh__item_result){INFINITY, INFINITY};
        return PSH_OK;
    }
    if (isinf(order)) {
        PSH_TRY(psh__matching_bottleneck(room, a, b, params->ground, &cost, err));
        dst->distance = room->scale * join_essential(cost, a, b, order, room->scale);
        return PSH_OK;
    }
    double slack = params->relative_error > 0 ? pow(1 + params->relative_error, order) - 1 : 0;
    PSH_TRY((goal == PSH__ITEM_VERIFY ? psh__matching_solve : psh__matching_cost)(room, a, b, order, params->ground,
                                                                                  slack, &cost, err));
    dst->distance = room->scale * root(join_essential(cost, a, b, order, room->scale), order);
    if (goal != PSH__ITEM_VERIFY) return PSH_OK;
    bound = fmax(0, psh__matching_bound(room));
    dst->lower_bound = room->scale * root(join_essential(bound, a, b, order, room->scale), order);
    return PSH_OK;
}

psh_status psh__item_distance(psh__matching_room *room, const psh__measures *a, size_t i, const psh__measures *b,
                              size_t j, const psh_wasserstein_params *params, psh__item_goal goal,
                              psh__item_result *dst, psh_error *err) {
    size_t k = a->first[i], k_end = a->first[i + 1], l = b->first[j], l_end = b->first[j + 1];
    *dst = (psh__item_result){0};
    while (k < k_end || l < l_end) { /* a merge of two lists, sorted by dimension */
        bool has_a = k < k_end && (l == l_end || a->measures[k].dim <= b->measures[l].dim);
        bool has_b = l < l_end && (k == k_end || b->measures[l].dim <= a->measures[k].dim);
        psh__item_result one = {0};
        PSH_TRY(measure_distance(room, has_a ? &a->measures[k] : NULL, has_b ? &b->measures[l] : NULL, params, goal,
                                 &one, err));
        dst->distance = isinf(params->order) ? fmax(dst->distance, one.distance) : dst->distance + one.distance;
        dst->lower_bound += one.lower_bound;
        k += has_a, l += has_b;
    }
    return PSH_OK;
}

psh_status psh__items_run(psh__item_work work, void *user, size_t n_units, size_t n_max, int n_threads,
                          const psh_progress *progress, psh_error *err) {
    size_t n_turns = (n_units + UNITS_PER_TURN - 1) / UNITS_PER_TURN;
    int n_workers = psh_cpu_threads(n_threads), has_failed = 0;
    if ((size_t)n_workers > n_turns) n_workers = n_turns ? (int)n_turns : 1;
    psh_status status = PSH_OK;
    psh__ticker ticker;
    psh__matching_room **rooms = psh__calloc((size_t)n_workers, sizeof *rooms);
    if (!rooms) return psh__error_memory(err, "matching", (unsigned long long)n_workers * sizeof *rooms);
    for (int t = 0; t < n_workers; t++) PSH_TRY_GOTO(psh__matching_room_create(n_max, &rooms[t], err));
    psh__ticker_start(&ticker, progress, "wasserstein", n_units);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_workers)
    for (size_t turn = 0; turn < n_turns; turn++) {
        size_t first = turn * UNITS_PER_TURN,
               last = first + UNITS_PER_TURN < n_units ? first + UNITS_PER_TURN : n_units;
        psh_error fault;
        psh_status turn_status = PSH_OK;
        if (psh__ticker_stopped(&ticker) || __atomic_load_n(&has_failed, __ATOMIC_RELAXED)) continue;
        for (size_t k = first; k < last && turn_status == PSH_OK; k++)
            turn_status = work(user, rooms[omp_get_thread_num()], k, &fault);
        if (turn_status != PSH_OK) {
#pragma omp critical(psh_items)
            if (!has_failed) {
                if (err) *err = fault;
                status = turn_status;
                __atomic_store_n(&has_failed, 1, __ATOMIC_RELAXED);
            }
        }
        psh__ticker_add(&ticker, last - first);
    }
    if (!has_failed) status = psh__ticker_status(&ticker, err);
done:
    for (int t = 0; t < n_workers; t++) psh__matching_room_free(rooms[t]);
    psh__free(rooms);
    return status;
}

/* Row i of the condensed matrix starts at element i (2 n - i - 1) / 2. */
void psh__item_condensed(size_t index, size_t n_items, size_t *i, size_t *j) {
    double n = (double)n_items - 0.5;
    size_t row = (size_t)fmax(0, n - sqrt(fmax(0, n * n - 2 * (double)index)));
    while (row > 0 && row * (2 * n_items - row - 1) / 2 > index) row--;
    while ((row + 1) * (2 * n_items - row - 2) / 2 <= index) row++;
    *i = row, *j = index - row * (2 * n_items - row - 1) / 2 + row + 1;
}
