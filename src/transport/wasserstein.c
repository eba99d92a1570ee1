/* wasserstein.c : the distance of one pair, of listed pairs, of all pairs, of all pairs across two sets.
 *
 * A set is prepared once (measure.c); each thread has one room for matchings (matching.c), as large as the largest
 * diagram needs, so that no pair allocates. Every pair is a problem of its own whose result depends on its two diagrams
 * alone, so the numbers do not depend on threads or on which other pairs are asked for. */
#include <assert.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "transport/item.h"

psh_status psh_wasserstein_check(const psh_wasserstein_params *params, psh_error *err) {
    psh_wasserstein_params read;
    return psh__item_params(params, &read, err);
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* --- one pair --------------------------------------------------------------------------------------------------- */

static psh_status run_pair(const psh_diagrams *a, size_t i, const psh_diagrams *b, size_t j,
                           const psh_wasserstein_params *params, psh__item_goal goal, psh__item_result *dst,
                           psh_error *err) {
    assert(i < psh_diagrams_count(a) && j < psh_diagrams_count(b));
    psh__measures measures_a = {0}, measures_b = {0};
    psh__matching_room *room = NULL;
    psh_status status;
    PSH_TRY_GOTO(psh__measures_create(a, &i, 1, NULL, params->pool, params->dims_mask, &measures_a, err));
    PSH_TRY_GOTO(psh__measures_create(b, &j, 1, NULL, params->pool, params->dims_mask, &measures_b, err));
    PSH_TRY_GOTO(psh__matching_room_create(larger(measures_a.max_points, measures_b.max_points), &room, err));
    status = psh__item_distance(room, &measures_a, 0, &measures_b, 0, params, goal, dst, err);
done:
    psh__matching_room_free(room);
    psh__measures_free(&measures_a);
    psh__measures_free(&measures_b);
    return status;
}

psh_status psh_wasserstein_pair(const psh_diagrams *a, size_t i, const psh_diagrams *b, size_t j,
                                const psh_wasserstein_params *params, double *dst, psh_error *err) {
    psh_wasserstein_params read;
    psh__item_result result;
    PSH_TRY(psh__item_params(params, &read, err));
    PSH_TRY(run_pair(a, i, b, j, &read, PSH__ITEM_DISTANCE, &result, err));
    *dst = result.distance;
    return PSH_OK;
}

psh_status psh_wasserstein_verify(const psh_diagrams *a, size_t i, const psh_diagrams *b, size_t j,
                                  const psh_wasserstein_params *params, double *distance, double *lower_bound,
                                  psh_error *err) {
    psh_wasserstein_params read;
    psh__item_result result;
    PSH_TRY(psh__item_params(params, &read, err));
    if (read.order > 1e300)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "order = inf: the bottleneck distance has no certificate by duals");
    PSH_TRY(run_pair(a, i, b, j, &read, PSH__ITEM_VERIFY, &result, err));
    *distance = result.distance, *lower_bound = result.lower_bound;
    return PSH_OK;
}

/* --- many pairs ------------------------------------------------------------------------------------------------- */

/* Unit k is a listed pair, an element of the condensed matrix (pairs NULL), or an element of a (n_rows, n_columns)
 * matrix. */
typedef struct job {
    const psh__measures *a, *b;
    const psh_wasserstein_params *params;
    const uint32_t *pairs;
    size_t n_columns; /* 0: pairs or condensed */
    double *dst;
} job;

static psh_status work(void *user, psh__matching_room *room, size_t k, psh_error *err) {
    const job *of = user;
    size_t i, j;
    psh__item_result result;
    if (of->n_columns)
        i = k / of->n_columns, j = k % of->n_columns;
    else if (of->pairs)
        i = of->pairs[2 * k], j = of->pairs[2 * k + 1];
    else
        psh__item_condensed(k, of->a->n_items, &i, &j);
    PSH_TRY(psh__item_distance(room, of->a, i, of->b, j, of->params, PSH__ITEM_DISTANCE, &result, err));
    of->dst[k] = result.distance;
    return PSH_OK;
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
    bool *is_wanted = NULL;
    size_t n_items = psh_diagrams_count(set);
    psh_status status;
    PSH_TRY_GOTO(psh__item_params(params, &read, err));
    if (pairs) PSH_TRY_GOTO(mark_wanted(pairs, n_pairs, n_items, &is_wanted, err));
    PSH_TRY_GOTO(psh__measures_create(set, NULL, n_items, is_wanted, read.pool, read.dims_mask, &measures, err));
    job of = {.a = &measures, .b = &measures, .params = &read, .pairs = pairs, .dst = dst};
    status = psh__items_run(work, &of, n_pairs, measures.max_points, n_threads, progress, err);
done:
    psh__free(is_wanted);
    psh__measures_free(&measures);
    return status;
}

psh_status psh_wasserstein_pairs(const psh_diagrams *set, const uint32_t *pairs, size_t n_pairs,
                                 const psh_wasserstein_params *params, int n_threads, const psh_progress *progress,
                                 double *dst, psh_error *err) {
    assert(pairs || !n_pairs);
    return run_pairs(set, pairs, n_pairs, params, n_threads, progress, dst, err);
}

psh_status psh_wasserstein_condensed(const psh_diagrams *set, const psh_wasserstein_params *params, int n_threads,
                                     const psh_progress *progress, double *dst, psh_error *err) {
    size_t n_pairs;
    if (!psh__size_pairs(psh_diagrams_count(set), &n_pairs))
        return psh__error(err, PSH_ERR_PARAMETER, "%zu diagrams have too many pairs to count", psh_diagrams_count(set));
    return run_pairs(set, NULL, n_pairs, params, n_threads, progress, dst, err);
}

psh_status psh_wasserstein_cross(const psh_diagrams *a, const size_t *rows_a, size_t n_rows_a, const psh_diagrams *b,
                                 const size_t *rows_b, size_t n_rows_b, const psh_wasserstein_params *params,
                                 int n_threads, const psh_progress *progress, double *dst, psh_error *err) {
    psh_wasserstein_params read;
    psh__measures measures_a = {0}, measures_b = {0};
    size_t n_pairs;
    psh_status status;
    PSH_TRY_GOTO(psh__item_params(params, &read, err));
    for (int s = 0; s < 2; s++) {
        const size_t *rows = s ? rows_b : rows_a;
        size_t n_rows = s ? n_rows_b : n_rows_a, n_items = psh_diagrams_count(s ? b : a);
        for (size_t k = 0; k < n_rows; k++)
            if ((rows ? rows[k] : k) >= n_items) {
                status = psh__error(err, PSH_ERR_PARAMETER, "row %zu, but the %s set has %zu diagrams",
                                    rows ? rows[k] : k, s ? "second" : "first", n_items);
                goto done;
            }
    }
    if (!psh__size_mul(n_rows_a, n_rows_b, &n_pairs)) {
        status = psh__error(err, PSH_ERR_PARAMETER, "%zu x %zu pairs are too many to count", n_rows_a, n_rows_b);
        goto done;
    }
    PSH_TRY_GOTO(psh__measures_create(a, rows_a, n_rows_a, NULL, read.pool, read.dims_mask, &measures_a, err));
    PSH_TRY_GOTO(psh__measures_create(b, rows_b, n_rows_b, NULL, read.pool, read.dims_mask, &measures_b, err));
    job of = {.a = &measures_a, .b = &measures_b, .params = &read, .n_columns = n_rows_b, .dst = dst};
    status = psh__items_run(work, &of, n_pairs, larger(measures_a.max_points, measures_b.max_points), n_threads,
                            progress, err);
done:
    psh__measures_free(&measures_a);
    psh__measures_free(&measures_b);
    return status;
}
