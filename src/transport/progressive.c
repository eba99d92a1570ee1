/* progressive.c : bounds of all pairs that shrink as time passes, until they are the distances.
 *
 * After Vidal, Budin, Tierny (IEEE TVCG 2019), who stop one matching early; here the time goes to the pairs where it
 * pays. Stages, each over the pairs whose gap is still above the goal:
 *     norms      |W(A, 0) - W(B, 0)| and W(A, 0) + W(B, 0): the triangle through the empty diagram
 *     coarse     sliced lower bounds from cells, ranked upper bounds: half a percent of the exact matrix
 *     fine       sliced lower bounds from whole lines, greedy upper bounds: some percent
 *     pivots     exact rows of a few diagrams far from each other; triangles through them bound all other pairs. W_q
 *                is a metric.
 *     exact      rounds of pairs by falling (relative gap / predicted cost)
 * A pair's numbers depend on the stages that were run alone, not on threads or on the order within a stage. Memory
 * beyond the two matrices: what bounds.c says and N doubles a pivot.
 *
 * Tried: bracketing by matchings with a relative error instead of the fine stage: 0.64 of the exact time for an error
 * of 12 %, because bidding is most of the work. */
#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/size.h"
#include "transport/bounds.h"
#include "transport/item.h"

#define COARSE_UNIT 64 /* pairs a unit of psh__items_run() */
#define FINE_UNIT 16
#define EXACT_UNIT 2
#define MAX_PIVOTS 32
#define ITEMS_PER_PIVOT 64 /* rows of N / 64 pivots are 3 % of the matrix */
#define N_BUCKETS 512      /* of priorities: 8 to a factor of 2 */
#define BUCKETS_PER_OCTAVE 8
#define N_ROUNDS 64
#define LEAST_ROUND 4096 /* predicted cost, about 10 ms: threads meet after every round */
#define BEYOND_ROUNDING 1e-12

typedef struct work {
    const psh__measures *measures;
    const psh__bounds *bounds;
    psh_wasserstein_params params;
    double max_gap;
    size_t n_items, n_pairs;
    double *lower, *upper;
    psh__bound_room *rooms; /* (n_rooms) one a thread */
    int n_rooms;
    double *sizes;     /* (n_items) predicted cost of a pair is a product of two */
    size_t pivot;      /* whose row is being computed */
    uint8_t *is_pivot; /* (n_items) */
    double *rows;      /* (n_pivots, n_items) */
    size_t n_pivots;   /* rows that are complete */
    double priority;   /* exact round: pairs at or above it */
    /* the clock and the caller */
    double deadline;
    int is_late, is_stopped;
    const psh_progress *progress;
    uint64_t n_exact;
} work;

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool is_over(work *w) {
    if (__atomic_load_n(&w->is_late, __ATOMIC_RELAXED)) return true;
    if (now_seconds() < w->deadline) return false;
    __atomic_store_n(&w->is_late, 1, __ATOMIC_RELAXED);
    return true;
}

/* Between a stage and the caller: progress counts exact pairs, and the clock may say stop too. */
static bool pass_on(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    work *w = user;
    (void)what, (void)n_done, (void)n_total;
    if (w->progress && w->progress->report &&
        !w->progress->report(w->progress->user, "progressive", __atomic_load_n(&w->n_exact, __ATOMIC_RELAXED),
                             w->n_pairs))
        __atomic_store_n(&w->is_stopped, 1, __ATOMIC_RELAXED);
    return !w->is_stopped && !is_over(w);
}

static double gap_of(double lower, double upper) {
    return upper > lower ? (isinf(upper) ? 1 : (upper - lower) / upper) : 0;
}

/* Bounds never meet here, unless at infinity: where they are equal, they are the distance. */
static void shrink(work *w, size_t k, double lower, double upper) {
    if (isinf(lower)) w->lower[k] = w->upper[k] = INFINITY;
    if (lower > w->lower[k] && lower < w->upper[k]) w->lower[k] = lower;
    if (upper < w->upper[k] && upper > w->lower[k]) w->upper[k] = upper;
}

/* --- bounds of one pair ------------------------------------------------------------------------------------------ */

typedef enum stage { NORMS, COARSE, FINE } stage;

/* Joins bounds of the finite points of one dimension with the cost of its essential classes. */
static void join_essential(const psh__measure *a, const psh__measure *b, double order, double *lower, double *upper) {
    size_t n = a ? a->n_essential : 0;
    if (n != (b ? b->n_essential : 0)) {
        *lower = *upper = INFINITY;
        return;
    }
    for (size_t k = 0; k < n; k++) {
        double step = fabs(a->births[k] - b->births[k]), low[] = {*lower, step * (1 - BEYOND_ROUNDING)},
               high[] = {*upper, step * (1 + BEYOND_ROUNDING)};
        *lower = psh__bound_root_sum(low, 2, order) * (1 - BEYOND_ROUNDING);
        *upper = psh__bound_root_sum(high, 2, order) * (1 + BEYOND_ROUNDING);
    }
}

/* One dimension; a or b may be SIZE_MAX (no points there). */
static void bound_measures(work *w, stage at, psh__bound_room *room, size_t a, size_t b, double *lower, double *upper) {
    static const psh__bound_points none;
    const psh__bounds *bounds = w->bounds;
    *lower = 0, *upper = INFINITY;
    if (bounds->range > 0) {
        const psh__bound_points *of_a = a == SIZE_MAX ? &none : &bounds->points[a];
        const psh__bound_points *of_b = b == SIZE_MAX ? &none : &bounds->points[b];
        double margin = of_a->margin + of_b->margin, low = fabs(of_a->norm - of_b->norm) - margin;
        double ways[] = {of_a->norm, of_b->norm}, high = psh__bound_root_sum(ways, 2, bounds->order) + margin;
        double sliced = 0, matched = INFINITY;
        if (at == COARSE && of_a->n && of_b->n) {
            sliced = psh__bound_cells(bounds, of_a, of_b);
            matched = psh__bound_ranked(bounds, of_a, of_b, room);
        } else if (at == FINE && of_a->n && of_b->n) {
            if (bounds->order != 1) sliced = psh__bound_lines(bounds, of_a, of_b, room);
            matched = psh__bound_greedy(bounds, of_a, of_b, room);
        }
        low = sliced > low ? sliced : low, high = matched < high ? matched : high;
        *lower = (low > 0 ? low : 0) * bounds->range * (1 - BEYOND_ROUNDING);
        *upper = high * bounds->range * (1 + BEYOND_ROUNDING);
    }
    join_essential(a == SIZE_MAX ? NULL : &w->measures->measures[a], b == SIZE_MAX ? NULL : &w->measures->measures[b],
                   w->params.order, lower, upper);
}

static void bound_pair(work *w, stage at, size_t i, size_t j, size_t k_pair) {
    const psh__measures *of = w->measures;
    size_t k = of->first[i], k_end = of->first[i + 1], l = of->first[j], l_end = of->first[j + 1];
    double lower = 0, upper = 0, low, high, order = w->params.order;
    while (k < k_end || l < l_end) { /* a merge of two lists, sorted by dimension */
        bool has_a = k < k_end && (l == l_end || of->measures[k].dim <= of->measures[l].dim);
        bool has_b = l < l_end && (k == k_end || of->measures[l].dim <= of->measures[k].dim);
        bound_measures(w, at, &w->rooms[omp_get_thread_num()], has_a ? k : SIZE_MAX, has_b ? l : SIZE_MAX, &low, &high);
        lower = isinf(order) ? fmax(lower, low) : lower + low;
        upper = isinf(order) ? fmax(upper, high) : upper + high;
        k += has_a, l += has_b;
    }
    shrink(w, k_pair, lower, upper);
}

static psh_status refine(work *w, psh__matching_room *room, size_t i, size_t j, size_t k, psh_error *err) {
    psh__item_result result;
    PSH_TRY(psh__item_distance(room, w->measures, i, w->measures, j, &w->params, PSH__ITEM_DISTANCE, &result, err));
    w->lower[k] = w->upper[k] = result.distance;
    __atomic_fetch_add(&w->n_exact, 1, __ATOMIC_RELAXED);
    return PSH_OK;
}

/* --- stages ------------------------------------------------------------------------------------------------------- */

/* Walks over `n` pairs from element `first` of the condensed matrix. */
typedef struct walk {
    size_t i, j, k, end;
} walk;

static walk walk_start(const work *w, size_t first, size_t n) {
    walk at = {.k = first, .end = first + n < w->n_pairs ? first + n : w->n_pairs};
    psh__item_condensed(first, w->n_items, &at.i, &at.j);
    return at;
}

static void walk_on(const work *w, walk *at) {
    at->k++;
    if (++at->j == w->n_items) at->i++, at->j = at->i + 1;
}

static psh_status bound_unit(work *w, stage of, size_t first, size_t n) {
    if (is_over(w)) return PSH_OK;
    for (walk at = walk_start(w, first, n); at.k < at.end; walk_on(w, &at))
        if (gap_of(w->lower[at.k], w->upper[at.k]) > w->max_gap) bound_pair(w, of, at.i, at.j, at.k);
    return PSH_OK;
}

static psh_status norms_unit(void *user, psh__matching_room *room, size_t k, psh_error *err) {
    return bound_unit(user, NORMS, k * COARSE_UNIT, COARSE_UNIT);
}

static psh_status coarse_unit(void *user, psh__matching_room *room, size_t k, psh_error *err) {
    return bound_unit(user, COARSE, k * COARSE_UNIT, COARSE_UNIT);
}

static psh_status fine_unit(void *user, psh__matching_room *room, size_t k, psh_error *err) {
    return bound_unit(user, FINE, k * FINE_UNIT, FINE_UNIT);
}

static size_t pair_index(const work *w, size_t i, size_t j) {
    size_t low = i < j ? i : j, high = i < j ? j : i;
    return low * (2 * w->n_items - low - 1) / 2 + (high - low - 1);
}

/* Item j of the pivot's row. */
static psh_status pivot_unit(void *user, psh__matching_room *room, size_t j, psh_error *err) {
    work *w = user;
    double *at = &w->rows[w->n_pivots * w->n_items + j];
    if (j == w->pivot) return *at = 0, PSH_OK;
    size_t k = pair_index(w, w->pivot, j);
    if (is_over(w)) return PSH_OK;
    if (w->lower[k] != w->upper[k])
        PSH_TRY(refine(w, room, w->pivot < j ? w->pivot : j, w->pivot < j ? j : w->pivot, k, err));
    *at = w->lower[k];
    return PSH_OK;
}

static psh_status triangle_unit(void *user, psh__matching_room *room, size_t unit, psh_error *err) {
    work *w = user;
    for (walk at = walk_start(w, unit * COARSE_UNIT, COARSE_UNIT); at.k < at.end; walk_on(w, &at)) {
        if (w->lower[at.k] == w->upper[at.k]) continue;
        double lower = 0, upper = INFINITY;
        for (size_t p = 0; p < w->n_pivots; p++) {
            double x = w->rows[p * w->n_items + at.i], y = w->rows[p * w->n_items + at.j], sum = x + y;
            if (isinf(sum)) continue;
            lower = fmax(lower, fabs(x - y) - BEYOND_ROUNDING * sum);
            upper = fmin(upper, sum * (1 + BEYOND_ROUNDING));
        }
        shrink(w, at.k, lower, upper);
    }
    return PSH_OK;
}

/* 0 if there is nothing to refine. */
static double priority_of(const work *w, const walk *at) {
    double gap = gap_of(w->lower[at->k], w->upper[at->k]);
    return gap > w->max_gap ? gap / (1 + w->sizes[at->i] * w->sizes[at->j]) : 0;
}

static psh_status exact_unit(void *user, psh__matching_room *room, size_t unit, psh_error *err) {
    work *w = user;
    for (walk at = walk_start(w, unit * EXACT_UNIT, EXACT_UNIT); at.k < at.end; walk_on(w, &at)) {
        double priority = priority_of(w, &at);
        if (priority == 0 || priority < w->priority) continue;
        if (is_over(w)) return PSH_OK;
        PSH_TRY(refine(w, room, at.i, at.j, at.k, err));
    }
    return PSH_OK;
}

/* --- order of the work ---------------------------------------------------------------------------------------------
 */

/* False when the clock or the caller stopped it. */
static psh_status run(work *w, psh__item_work unit, size_t n_units, bool *goes_on, psh_error *err) {
    const psh_progress progress = {.report = pass_on, .user = w};
    psh_status status = psh__items_run(unit, w, n_units, w->measures->max_points, w->n_rooms, &progress, err);
    *goes_on = !w->is_late && !w->is_stopped;
    return status == PSH_ERR_INTERRUPTED ? PSH_OK : status;
}

/* The item whose nearest pivot is farthest, by what is known from below; the first pivot has the greatest norm. */
static size_t next_pivot(const work *w) {
    size_t best = SIZE_MAX;
    double farthest = -1;
    for (size_t i = 0; i < w->n_items; i++) {
        double nearest = INFINITY;
        if (w->is_pivot[i]) continue;
        for (size_t p = 0; p < w->n_pivots; p++) nearest = fmin(nearest, w->rows[p * w->n_items + i]);
        if (!w->n_pivots) nearest = w->sizes[i];
        if (nearest > farthest && !isinf(nearest)) farthest = nearest, best = i;
    }
    return best;
}

static psh_status run_pivots(work *w, bool *goes_on, psh_error *err) {
    size_t n_wanted = w->n_items / ITEMS_PER_PIVOT;
    if (n_wanted > MAX_PIVOTS) n_wanted = MAX_PIVOTS;
    *goes_on = true;
    if (n_wanted == 0) return PSH_OK;
    w->rows = psh__malloc(n_wanted * w->n_items, sizeof *w->rows);
    w->is_pivot = psh__calloc(w->n_items, 1);
    if (!w->rows || !w->is_pivot)
        return psh__error_memory(err, "rows of pivots", (unsigned long long)n_wanted * w->n_items * sizeof *w->rows);
    while (w->n_pivots < n_wanted && *goes_on) {
        w->pivot = next_pivot(w);
        if (w->pivot == SIZE_MAX) break;
        PSH_TRY(run(w, pivot_unit, w->n_items, goes_on, err));
        if (!*goes_on) return PSH_OK;
        w->is_pivot[w->pivot] = 1, w->n_pivots++;
    }
    return run(w, triangle_unit, (w->n_pairs + COARSE_UNIT - 1) / COARSE_UNIT, goes_on, err);
}

static size_t bucket_of(double priority) {
    double bucket = (log2(priority) + 48) * BUCKETS_PER_OCTAVE;
    return bucket < 0 ? 0 : (bucket >= N_BUCKETS ? N_BUCKETS - 1 : (size_t)bucket);
}

/* Rounds from the highest priority down, each of at least 1 / N_ROUNDS of the predicted work. */
static psh_status run_rounds(work *w, bool *goes_on, psh_error *err) {
    double costs[N_BUCKETS] = {0}, all = 0, collected = 0;
    *goes_on = true;
    for (walk at = walk_start(w, 0, w->n_pairs); at.k < at.end; walk_on(w, &at)) {
        double priority = priority_of(w, &at), cost = 1 + w->sizes[at.i] * w->sizes[at.j];
        if (priority > 0) costs[bucket_of(priority)] += cost, all += cost;
    }
    for (size_t b = N_BUCKETS; b-- > 0 && *goes_on;) {
        collected += costs[b];
        if (collected == 0 || (b > 0 && (collected < all / N_ROUNDS || collected < LEAST_ROUND))) continue;
        w->priority = b == 0 ? 0 : exp2((double)b / BUCKETS_PER_OCTAVE - 48), collected = 0;
        PSH_TRY(run(w, exact_unit, (w->n_pairs + EXACT_UNIT - 1) / EXACT_UNIT, goes_on, err));
    }
    return PSH_OK;
}

static double greatest_gap(const work *w) {
    double greatest = 0;
    for (size_t k = 0; k < w->n_pairs; k++) greatest = fmax(greatest, gap_of(w->lower[k], w->upper[k]));
    return greatest;
}

static psh_status run_stages(work *w, double deadline, psh_error *err) {
    size_t n_units = (w->n_pairs + COARSE_UNIT - 1) / COARSE_UNIT;
    bool goes_on = true;
    w->deadline = INFINITY; /* the norms are never left out */
    PSH_TRY(run(w, norms_unit, n_units, &goes_on, err));
    w->deadline = deadline;
    if (!goes_on || greatest_gap(w) <= w->max_gap) return PSH_OK;
    PSH_TRY(run(w, coarse_unit, n_units, &goes_on, err));
    if (!goes_on || greatest_gap(w) <= w->max_gap) return PSH_OK;
    PSH_TRY(run(w, fine_unit, (w->n_pairs + FINE_UNIT - 1) / FINE_UNIT, &goes_on, err));
    if (!goes_on || greatest_gap(w) <= w->max_gap) return PSH_OK;
    PSH_TRY(run_pivots(w, &goes_on, err));
    if (!goes_on) return PSH_OK;
    return run_rounds(w, &goes_on, err);
}

/* --- around it ---------------------------------------------------------------------------------------------------- */

static psh_status read_params(const psh_progressive_params *src, work *w, double *time_limit, psh_error *err) {
    psh_progressive_params read;
    psh__params_copy(&read, sizeof read, src);
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    params.order = read.order, params.ground = read.ground, params.pool = read.pool, params.dims_mask = read.dims_mask;
    PSH_TRY(psh__item_params(&params, &w->params, err));
    if (!(read.time_limit >= 0))
        return psh__error(err, PSH_ERR_PARAMETER, "time_limit = %g: expected seconds >= 0 (0: none)", read.time_limit);
    if (!(read.max_gap >= 0 && read.max_gap < 1))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "max_gap = %g: expected 0 <= max_gap < 1, a share of the upper bound (0: until exact)",
                          read.max_gap);
    w->max_gap = read.max_gap, *time_limit = read.time_limit;
    return PSH_OK;
}

/* Time of a matching grows like n^1.5 for tens and hundreds of points. */
static psh_status predict_costs(work *w, psh_error *err) {
    w->sizes = psh__calloc(w->n_items, sizeof *w->sizes);
    if (!w->sizes) return psh__error_memory(err, "sizes", (unsigned long long)w->n_items * sizeof *w->sizes);
    for (size_t i = 0; i < w->n_items; i++) {
        double n_points = 0;
        for (size_t m = w->measures->first[i]; m < w->measures->first[i + 1]; m++)
            n_points += (double)w->measures->measures[m].n_points;
        w->sizes[i] = pow(n_points / 16, 0.75);
    }
    return PSH_OK;
}

static psh_status create_rooms(work *w, int n_threads, psh_error *err) {
    size_t n_costs = 2 * (w->bounds->max_points + PSH__BOUND_WINDOW),
           n_taken = w->bounds->max_points + PSH__BOUND_WINDOW;
    w->n_rooms = psh_cpu_threads(n_threads);
    w->rooms = psh__calloc((size_t)w->n_rooms, sizeof *w->rooms);
    if (!w->rooms) return psh__error_memory(err, "rooms", (unsigned long long)w->n_rooms * sizeof *w->rooms);
    for (int t = 0; t < w->n_rooms; t++) {
        w->rooms[t].costs = psh__malloc(n_costs, sizeof *w->rooms[t].costs);
        w->rooms[t].taken = psh__malloc(n_taken, sizeof *w->rooms[t].taken);
        if (!w->rooms[t].costs || !w->rooms[t].taken)
            return psh__error_memory(err, "rooms", (unsigned long long)n_costs * sizeof *w->rooms[t].costs);
    }
    return PSH_OK;
}

static void free_work(work *w) {
    for (int t = 0; w->rooms && t < w->n_rooms; t++) psh__free(w->rooms[t].costs), psh__free(w->rooms[t].taken);
    psh__free(w->rooms);
    psh__free(w->sizes);
    psh__free(w->rows);
    psh__free(w->is_pivot);
}

static void fill_report(const work *w, double seconds, psh_progressive_report *dst) {
    double sum = 0;
    *dst = (psh_progressive_report){.n_pairs = w->n_pairs, .seconds = seconds};
    for (size_t k = 0; k < w->n_pairs; k++) {
        double gap = gap_of(w->lower[k], w->upper[k]);
        sum += gap, dst->max_gap = fmax(dst->max_gap, gap), dst->n_exact += gap == 0;
    }
    dst->mean_gap = w->n_pairs ? sum / (double)w->n_pairs : 0;
    dst->is_finished = dst->max_gap <= w->max_gap;
}

psh_status psh_progressive_condensed(const psh_diagrams *set, const psh_progressive_params *params, int n_threads,
                                     const psh_progress *progress, double *lower, double *upper,
                                     psh_progressive_report *report, psh_error *err) {
    double start = now_seconds(), time_limit = 0;
    psh__measures measures = {0};
    psh__bounds bounds = {0};
    work w = {.n_items = psh_diagrams_count(set), .lower = lower, .upper = upper, .progress = progress};
    psh_status status;
    if (!psh__size_pairs(w.n_items, &w.n_pairs))
        return psh__error(err, PSH_ERR_PARAMETER, "%zu diagrams have too many pairs to count", w.n_items);
    assert((lower && upper) || !w.n_pairs);
    PSH_TRY(read_params(params, &w, &time_limit, err));
    w.measures = &measures, w.bounds = &bounds;
    PSH_TRY_GOTO(psh__measures_create(set, NULL, w.n_items, NULL, w.params.pool, w.params.dims_mask, &measures, err));
    PSH_TRY_GOTO(psh__bounds_create(&measures, w.params.order, w.params.ground, &bounds, err));
    PSH_TRY_GOTO(create_rooms(&w, n_threads, err));
    PSH_TRY_GOTO(predict_costs(&w, err));
    for (size_t k = 0; k < w.n_pairs; k++) lower[k] = 0, upper[k] = INFINITY;
    PSH_TRY_GOTO(run_stages(&w, time_limit > 0 ? start + time_limit : INFINITY, err));
    if (report) fill_report(&w, now_seconds() - start, report);
    if (w.is_stopped)
        status = psh__error(err, PSH_ERR_INTERRUPTED, "progressive: stopped by the caller with %llu of %zu pairs exact",
                            (unsigned long long)w.n_exact, w.n_pairs);
done:
    free_work(&w);
    psh__bounds_free(&bounds);
    psh__measures_free(&measures);
    return status;
}
