/* wasserstein.c : the exact distance of one pair, of listed pairs and of all pairs.
 *
 * A set is prepared once (measure.c); each thread has one room for matchings (matching.c), as large as the largest
 * diagram needs, so that no pair allocates. Every pair is a problem of its own whose result depends on its two diagrams
 * alone, so the numbers do not depend on threads or on which other pairs are asked for. */
#include <math.h>
#include <omp.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/progress.h"
#include "base/size.h"
#include "persihash/transport.h"
#include "transport/matching.h"
#include "transport/measure.h"

#define PAIRS_PER_TURN 16 /* what a thread takes at once: pairs differ in cost, so little */

static psh_status read_params(const psh_wasserstein_params *src, psh_wasserstein_params *dst, psh_error *err) {
    psh__params_copy(dst, sizeof *dst, src);
    if (dst->order == 0) dst->order = 1;
    if (!(dst->order >= 1) || isinf(dst->order))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "order = %g: expected a finite number q >= 1; for q = infinity use the bottleneck distance",
                          dst->order);
    if (dst->ground != PSH_GROUND_LINF && dst->ground != PSH_GROUND_L2)
        return psh__error(err, PSH_ERR_PARAMETER, "ground = %d: expected PSH_GROUND_LINF (0) or PSH_GROUND_L2 (1)",
                          (int)dst->ground);
    return PSH_OK;
}

psh_status psh_wasserstein_check(const psh_wasserstein_params *params, psh_error *err) {
    psh_wasserstein_params read;
    return read_params(params, &read, err);
}

static double root(double x, double order) {
    return order == 1 ? x : (order == 2 ? sqrt(x) : pow(x, 1 / order));
}

/* W_q^q, in units of scale^q, of the essential classes: on a line, sorted against sorted is optimal for q >= 1. */
static double essential_cost(const psh__measure *a, const psh__measure *b, double order, double scale) {
    double cost = 0;
    for (size_t k = 0; a && k < a->n_essential; k++) {
        double x = fabs(a->births[k] / scale - b->births[k] / scale);
        cost += order == 1 ? x : pow(x, order);
    }
    return cost;
}

/* Adds W_q in one dimension to *sum; a or b may be NULL (no points in this dimension). */
static psh_status add_distance(psh__matching_room *room, const psh__measure *a, const psh__measure *b,
                               const psh_wasserstein_params *params, double *sum, psh_error *err) {
    if ((a ? a->n_essential : 0) != (b ? b->n_essential : 0)) {
        *sum = INFINITY;
        return PSH_OK;
    }
    double finite;
    PSH_TRY(psh__matching_cost(room, a, b, params->order, params->ground, &finite, err));
    *sum += room->scale * root(finite + essential_cost(a, b, params->order, room->scale), params->order);
    return PSH_OK;
}

/* Sum over the dimensions that occur in item i of a or item j of b: a merge of two sorted lists. */
static psh_status item_distance(psh__matching_room *room, const psh__measures *a, size_t i, const psh__measures *b,
                                size_t j, const psh_wasserstein_params *params, double *dst, psh_error *err) {
    size_t k = a->first[i], k_end = a->first[i + 1], l = b->first[j], l_end = b->first[j + 1];
    double sum = 0;
    while (k < k_end || l < l_end) {
        bool has_a = k < k_end && (l == l_end || a->measures[k].dim <= b->measures[l].dim);
        bool has_b = l < l_end && (k == k_end || b->measures[l].dim <= a->measures[k].dim);
        PSH_TRY(add_distance(room, has_a ? &a->measures[k] : NULL, has_b ? &b->measures[l] : NULL, params, &sum, err));
        k += has_a, l += has_b;
    }
    *dst = sum;
    return PSH_OK;
}

psh_status psh_wasserstein_pair(const psh_diagrams *a, size_t i, const psh_diagrams *b, size_t j,
                                const psh_wasserstein_params *params, double *dst, psh_error *err) {
    psh_wasserstein_params read;
    psh__measures measures_a = {0}, measures_b = {0};
    psh__matching_room *room = NULL;
    psh_status status;
    PSH_TRY_GOTO(read_params(params, &read, err));
    PSH_TRY_GOTO(psh__measures_create(a, &i, 1, NULL, read.pool, read.dims_mask, &measures_a, err));
    PSH_TRY_GOTO(psh__measures_create(b, &j, 1, NULL, read.pool, read.dims_mask, &measures_b, err));
    size_t n_max = measures_a.max_points > measures_b.max_points ? measures_a.max_points : measures_b.max_points;
    PSH_TRY_GOTO(psh__matching_room_create(n_max, &room, err));
    status = item_distance(room, &measures_a, 0, &measures_b, 0, &read, dst, err);
done:
    psh__matching_room_free(room);
    psh__measures_free(&measures_a);
    psh__measures_free(&measures_b);
    return status;
}

/* --- many pairs ------------------------------------------------------------------------------------------------- */

/* Row i of the condensed matrix starts at element i (2 n - i - 1) / 2; the pair that is element `index`. */
static void condensed_pair(size_t index, size_t n_items, size_t *i, size_t *j) {
    double n = (double)n_items - 0.5;
    size_t row = (size_t)fmax(0, n - sqrt(fmax(0, n * n - 2 * (double)index)));
    while (row > 0 && row * (2 * n_items - row - 1) / 2 > index) row--;
    while ((row + 1) * (2 * n_items - row - 2) / 2 <= index) row++;
    *i = row, *j = index - row * (2 * n_items - row - 1) / 2 + row + 1;
}

/* Which rows occur in the pairs. */
static psh_status mark_wanted(const uint32_t *pairs, size_t n_pairs, size_t n_items, bool **dst, psh_error *err) {
    bool *is_wanted = psh__calloc(n_items, sizeof *is_wanted);
    if (!is_wanted) return psh__error_memory(err, "list of rows", n_items);
    *dst = is_wanted;
    for (size_t p = 0; p < 2 * n_pairs; p++) {
        if (pairs[p] >= n_items)
            return psh__error(err, PSH_ERR_PARAMETER, "pair %zu: row %u, but the set has %zu diagrams", p / 2, pairs[p],
                              n_items);
        is_wanted[pairs[p]] = true;
    }
    return PSH_OK;
}

/* pairs NULL: all pairs, condensed. */
static psh_status run_pairs(const psh_diagrams *set, const uint32_t *pairs, size_t n_pairs,
                            const psh_wasserstein_params *params, int n_threads, const psh_progress *progress,
                            double *dst, psh_error *err) {
    psh_wasserstein_params read;
    psh__measures measures = {0};
    psh__matching_room **rooms = NULL;
    bool *is_wanted = NULL;
    psh__ticker ticker;
    size_t n_items = psh_diagrams_count(set), n_turns = (n_pairs + PAIRS_PER_TURN - 1) / PAIRS_PER_TURN;
    int n_workers = psh_cpu_threads(n_threads);
    int has_failed = 0;
    psh_status status;
    if ((size_t)n_workers > n_turns) n_workers = n_turns ? (int)n_turns : 1;
    PSH_TRY_GOTO(read_params(params, &read, err));
    if (pairs) PSH_TRY_GOTO(mark_wanted(pairs, n_pairs, n_items, &is_wanted, err));
    PSH_TRY_GOTO(psh__measures_create(set, NULL, n_items, is_wanted, read.pool, read.dims_mask, &measures, err));
    rooms = psh__calloc((size_t)n_workers, sizeof *rooms);
    if (!rooms) {
        status = psh__error_memory(err, "matching", sizeof *rooms);
        goto done;
    }
    for (int t = 0; t < n_workers; t++) PSH_TRY_GOTO(psh__matching_room_create(measures.max_points, &rooms[t], err));
    psh__ticker_start(&ticker, progress, "wasserstein", n_pairs);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_workers)
    for (size_t turn = 0; turn < n_turns; turn++) {
        size_t first = turn * PAIRS_PER_TURN,
               last = first + PAIRS_PER_TURN < n_pairs ? first + PAIRS_PER_TURN : n_pairs;
        psh_error fault;
        psh_status turn_status = PSH_OK;
        if (psh__ticker_stopped(&ticker) || __atomic_load_n(&has_failed, __ATOMIC_RELAXED)) continue;
        for (size_t p = first; p < last && turn_status == PSH_OK; p++) {
            size_t i, j;
            if (pairs)
                i = pairs[2 * p], j = pairs[2 * p + 1];
            else
                condensed_pair(p, n_items, &i, &j);
            turn_status =
                item_distance(rooms[omp_get_thread_num()], &measures, i, &measures, j, &read, &dst[p], &fault);
        }
        if (turn_status != PSH_OK) {
#pragma omp critical(psh_wasserstein)
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
    for (int t = 0; rooms && t < n_workers; t++) psh__matching_room_free(rooms[t]);
    psh__free(rooms);
    psh__free(is_wanted);
    psh__measures_free(&measures);
    return status;
}

psh_status psh_wasserstein_pairs(const psh_diagrams *set, const uint32_t *pairs, size_t n_pairs,
                                 const psh_wasserstein_params *params, int n_threads, const psh_progress *progress,
                                 double *dst, psh_error *err) {
    return run_pairs(set, pairs, pairs ? n_pairs : 0, params, n_threads, progress, dst, err);
}

psh_status psh_wasserstein_condensed(const psh_diagrams *set, const psh_wasserstein_params *params, int n_threads,
                                     const psh_progress *progress, double *dst, psh_error *err) {
    size_t n_pairs;
    if (!psh__size_pairs(psh_diagrams_count(set), &n_pairs))
        return psh__error(err, PSH_ERR_PARAMETER, "%zu diagrams have too many pairs to count", psh_diagrams_count(set));
    return run_pairs(set, NULL, n_pairs, params, n_threads, progress, dst, err);
}
