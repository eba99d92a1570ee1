/* progressive.c : all pairs under a limit of time or accuracy, with bounds that only shrink.
 *
 *   level 0    the triangle inequality with the empty diagram: |P_i - P_j| <= W <= P_i + P_j, P = distance to it
 *   level k    diagrams simplified on a grid of 2^k cells (snap.c): exact distance of the images, plus and minus what
 *              the simplification moved
 *   last       the exact distance: both bounds meet
 *
 * Bounds of a level are joined with those from before, so they never widen. Levels whose images have nearly as many
 * points as the diagrams are left out. Each level visits all pairs in condensed order; when time is up the rest keep
 * what they have. Without a time limit the result does not depend on threads. The idea of a time-limited W_1 is that of
 * Vidal, Budin, Tierny, "Progressive Wasserstein barycenters of persistence diagrams", IEEE TVCG 26 (2020). */
#include <math.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "transport/item.h"
#include "transport/snap.h"

#define N_LEVELS 6
#define BOUND_SLACK 1e-12 /* relative: what rounding may have done to a bound */

typedef struct sweep {
    const psh__measures *measures;
    const double *shifts; /* (n_items), NULL: exact */
    const psh_wasserstein_params *params;
    double relative_gap, deadline; /* seconds; INFINITY: none */
    double *lower, *upper, *estimate;
    size_t n_exact;
} sweep;

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void narrow(const sweep *of, size_t k, double lower, double upper, double estimate) {
    of->lower[k] = fmax(of->lower[k], lower);
    of->upper[k] = fmax(of->lower[k], fmin(of->upper[k], upper));
    if (of->estimate) of->estimate[k] = fmin(fmax(estimate, of->lower[k]), of->upper[k]);
}

static psh_status refine(void *user, psh__matching_room *room, size_t k, psh_error *err) {
    sweep *of = user;
    size_t i, j;
    psh__item_result result;
    bool is_met = of->upper[k] - of->lower[k] <= of->relative_gap * of->lower[k];
    if (is_met && (of->shifts || of->relative_gap > 0)) return PSH_OK; /* gap 0: the last level computes every pair */
    if (now_seconds() > of->deadline) return PSH_OK;
    psh__item_condensed(k, of->measures->n_items, &i, &j);
    PSH_TRY(psh__item_distance(room, of->measures, i, of->measures, j, of->params, PSH__ITEM_DISTANCE, &result, err));
    double distance = result.distance;
    if (!of->shifts || isinf(distance)) {
        of->lower[k] = of->upper[k] = distance;
        if (of->estimate) of->estimate[k] = distance;
        if (!of->shifts) __atomic_fetch_add(&of->n_exact, 1, __ATOMIC_RELAXED);
        return PSH_OK;
    }
    double shift = of->shifts[i] + of->shifts[j], slack = BOUND_SLACK * (distance + shift);
    narrow(of, k, distance - shift - slack, distance + shift + slack, distance);
    return PSH_OK;
}

/* Level 0. Pairs whose essential classes differ in number get INFINITY for both bounds at once. */
static psh_status first_bounds(sweep *of, psh_error *err) {
    size_t n_items = of->measures->n_items, k = 0;
    psh__matching_room *room = NULL;
    psh_status status = PSH_OK;
    double *persistence = psh__malloc(n_items, sizeof *persistence);
    psh__measures empty = {.n_items = 1, .first = (size_t[]){0, 0}};
    if (!persistence) return psh__error_memory(err, "total persistence", n_items * sizeof *persistence);
    PSH_TRY_GOTO(psh__matching_room_create(of->measures->max_points, &room, err));
    for (size_t i = 0; i < n_items; i++) {
        psh__item_result result;
        PSH_TRY_GOTO(
            psh__item_distance(room, of->measures, i, &empty, 0, of->params, PSH__ITEM_DISTANCE, &result, err));
        persistence[i] = result.distance; /* INFINITY with essential classes: then it bounds nothing */
    }
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++, k++) {
            of->lower[k] = 0, of->upper[k] = INFINITY;
            if (of->estimate) of->estimate[k] = 0;
            if (isinf(persistence[i]) || isinf(persistence[j])) continue;
            double upper = persistence[i] + persistence[j], slack = BOUND_SLACK * upper;
            double lower = fmax(0, fabs(persistence[i] - persistence[j]) - slack);
            narrow(of, k, lower, upper + slack, 0.5 * (lower + upper));
        }
done:
    psh__matching_room_free(room);
    psh__free(persistence);
    return status;
}

static void extent(const psh__measures *measures, double *lo, double *hi, double *n_mean) {
    size_t n_measures = measures->first[measures->n_items], n_points = 0;
    *lo = INFINITY, *hi = -INFINITY;
    for (size_t m = 0; m < n_measures; m++) {
        const psh__measure *one = &measures->measures[m];
        n_points += one->n_points;
        if (one->n_points) *lo = fmin(*lo, one->birth_lo), *hi = fmax(*hi, one->death_hi);
    }
    *n_mean = n_measures ? (double)n_points / (double)n_measures : 0;
}

psh_status psh_wasserstein_progressive(const psh_diagrams *set, const psh_wasserstein_params *params,
                                       double time_limit_seconds, double relative_gap, int n_threads,
                                       const psh_progress *progress, double *lower, double *upper, double *estimate,
                                       size_t *n_exact, psh_error *err) {
    psh_wasserstein_params read;
    psh__measures exact = {0}, images = {0};
    double *shifts = NULL, start = now_seconds(), lo, hi, n_mean, n_image_mean, unused_lo, unused_hi;
    size_t n_items = psh_diagrams_count(set), n_pairs;
    psh_status status;
    PSH_TRY_GOTO(psh__item_params(params, &read, err));
    if (!(time_limit_seconds >= 0) || !(relative_gap >= 0)) {
        status = psh__error(err, PSH_ERR_PARAMETER,
                            "time limit %g s, relative gap %g: expected numbers >= 0 (0: no limit; 0: exact)",
                            time_limit_seconds, relative_gap);
        goto done;
    }
    if (!psh__size_pairs(n_items, &n_pairs)) {
        status = psh__error(err, PSH_ERR_PARAMETER, "%zu diagrams have too many pairs to count", n_items);
        goto done;
    }
    read.relative_error = 0;
    PSH_TRY_GOTO(psh__measures_create(set, NULL, n_items, NULL, read.pool, read.dims_mask, &exact, err));
    shifts = psh__malloc(n_items, sizeof *shifts);
    if (!shifts) {
        status = psh__error_memory(err, "shifts", n_items * sizeof *shifts);
        goto done;
    }
    sweep of = {.measures = &exact,
                .params = &read,
                .relative_gap = relative_gap,
                .deadline = time_limit_seconds > 0 ? start + time_limit_seconds : INFINITY,
                .lower = lower,
                .upper = upper,
                .estimate = estimate};
    PSH_TRY_GOTO(first_bounds(&of, err));
    extent(&exact, &lo, &hi, &n_mean);
    of.measures = &images, of.shifts = shifts;
    for (int level = 1; level <= N_LEVELS && hi - lo > 0 && isfinite(hi - lo) && now_seconds() < of.deadline; level++) {
        PSH_TRY_GOTO(
            psh__measures_snap(&exact, lo, ldexp(hi - lo, -level), read.order, read.ground, &images, shifts, err));
        extent(&images, &unused_lo, &unused_hi, &n_image_mean);
        if (n_image_mean > 0.5 * n_mean) break;
        PSH_TRY_GOTO(psh__items_run(refine, &of, n_pairs, images.max_points, n_threads, progress, err));
        psh__measures_snap_free(&images);
    }
    of.measures = &exact, of.shifts = NULL;
    PSH_TRY_GOTO(psh__items_run(refine, &of, n_pairs, exact.max_points, n_threads, progress, err));
    if (n_exact) *n_exact = of.n_exact;
done:
    psh__free(shifts);
    psh__measures_snap_free(&images);
    psh__measures_free(&exact);
    return status;
}
