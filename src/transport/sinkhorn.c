/* sinkhorn.c : entropic transport between the histograms of a set: which cells hold points, what moving costs, and all
 * the pairs. The solver is in sinkhorn_solve.c.
 *
 * Every diagram and homology dimension becomes a sorted list of (cell, count) once. Costs between cells depend on the
 * differences of their columns and rows alone: a table of n_cells^2 numbers, made once. A diagram without points in
 * some dimension sends all of the other's to the diagonal; no iteration is needed. Pairs are independent and each has
 * one result whoever computes it, so threads need no order. */
#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/progress.h"
#include "base/size.h"
#include "persihash/transport.h"
#include "transport/item.h"
#include "transport/sinkhorn.h"

enum { DEFAULT_CELLS = 50, MAX_CELLS = 1024, DEFAULT_ITERATIONS = 10000 };
#define DEFAULT_TOLERANCE 1e-3
#define DEFAULT_FACTOR 0.1

typedef struct cell {
    int32_t dim;
    uint32_t row, column; /* death, birth */
} cell;

/* The set as histograms: cells of diagram i are starts[i] .. starts[i + 1] - 1, sorted by (dim, row, column). */
typedef struct histograms {
    psh_sinkhorn_params params;
    size_t n_items, n_max; /* cells of the largest diagram */
    size_t *starts;
    cell *cells;
    double *masses, *to_diagonal;
    double *costs; // (n_cells, n_cells): |difference of rows|, |difference of columns|
} histograms;

static psh_status read_params(const psh_sinkhorn_params *src, psh_sinkhorn_params *dst, psh_error *err) {
    psh__params_copy(dst, sizeof *dst, src);
    if (dst->n_cells == 0) dst->n_cells = DEFAULT_CELLS;
    if (dst->tolerance == 0) dst->tolerance = DEFAULT_TOLERANCE;
    if (dst->max_iterations == 0) dst->max_iterations = DEFAULT_ITERATIONS;
    if (dst->n_cells < 1 || dst->n_cells > MAX_CELLS)
        return psh__error(err, PSH_ERR_PARAMETER, "Sinkhorn: %d cells a side; expected 1 to %d (0: %d)", dst->n_cells,
                          MAX_CELLS, DEFAULT_CELLS);
    if (!(dst->regularisation >= 0 && dst->regularisation < INFINITY))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "Sinkhorn: regularisation %g; expected a positive number (0: 0.1 / mean number of points)",
                          dst->regularisation);
    if (!(dst->tolerance > 0 && dst->tolerance < 1) || dst->max_iterations < 1)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "Sinkhorn: tolerance %g, at most %d iterations; expected a tolerance below 1 and 1 or more "
                          "iterations",
                          dst->tolerance, dst->max_iterations);
    if (dst->ground < PSH_SINKHORN_L2_SQUARED || dst->ground > PSH_SINKHORN_L2)
        return psh__error(err, PSH_ERR_PARAMETER, "Sinkhorn: ground %d; expected 0, 1 or 2", (int)dst->ground);
    return PSH_OK;
}

static int compare_cells(const void *left, const void *right) {
    const cell *a = left, *b = right;
    if (a->dim != b->dim) return a->dim < b->dim ? -1 : 1;
    if (a->row != b->row) return a->row < b->row ? -1 : 1;
    return a->column < b->column ? -1 : a->column > b->column;
}

static uint32_t place(double x, int n_cells) {
    x *= n_cells;
    if (!(x > 0)) return 0;
    return x < n_cells ? (uint32_t)x : (uint32_t)n_cells - 1;
}

static double cost_of(psh_sinkhorn_ground ground, double dx, double dy) {
    switch (ground) {
    case PSH_SINKHORN_LINF:
        return fmax(fabs(dx), fabs(dy));
    case PSH_SINKHORN_L2:
        return sqrt(dx * dx + dy * dy);
    default:
        return dx * dx + dy * dy;
    }
}

/* The way to the diagonal's nearest point, half of the persistence along each axis. */
static double cost_to_diagonal(const psh_sinkhorn_params *p, const cell *at) {
    double half = ((double)at->row - (double)at->column) / p->n_cells / 2;
    return cost_of(p->ground, half, half);
}

static void histograms_free(histograms *h) {
    psh__free(h->starts);
    psh__free(h->cells);
    psh__free(h->masses);
    psh__free(h->to_diagonal);
    psh__free(h->costs);
}

/* Sorts the n cells (one a point) and merges equal ones; answers how many are left. */
static size_t merge(cell *cells, double *masses, size_t n) {
    size_t n_left = 0;
    qsort(cells, n, sizeof *cells, compare_cells);
    for (size_t k = 0; k < n; k++)
        if (n_left && compare_cells(&cells[n_left - 1], &cells[k]) == 0)
            masses[n_left - 1]++;
        else
            cells[n_left] = cells[k], masses[n_left++] = 1;
    return n_left;
}

static psh_status histograms_make(const psh_diagrams *set, const psh_frame *frame, const psh_sinkhorn_params *params,
                                  histograms *h, psh_error *err) {
    *h = (histograms){0};
    PSH_TRY(read_params(params, &h->params, err));
    psh_sinkhorn_params *p = &h->params;
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    size_t n_points = psh_diagrams_n_points(set), side = (size_t)p->n_cells, n_counted = 0;
    h->n_items = psh_diagrams_count(set);
    h->starts = psh__malloc(h->n_items + 1, sizeof *h->starts);
    h->cells = psh__malloc(n_points, sizeof *h->cells);
    h->masses = psh__malloc(n_points, sizeof *h->masses);
    h->to_diagonal = psh__malloc(n_points, sizeof *h->to_diagonal);
    h->costs = psh__malloc(side * side, sizeof *h->costs);
    if (!h->starts || !h->cells || !h->masses || !h->to_diagonal || !h->costs)
        return psh__error_memory(err, "histograms", n_points * (sizeof *h->cells + 16) + side * side * 8);
    size_t n_cells = 0;
    h->starts[0] = 0;
    for (size_t i = 0; i < h->n_items; i++) {
        double lo, hi;
        size_t n = 0;
        psh_frame_bounds(frame, set, i, &lo, &hi);
        for (uint64_t k = offsets[i]; k < offsets[i + 1]; k++) {
            bool is_wanted = p->dims_mask == 0 || (dims[k] < 32 && (p->dims_mask >> dims[k] & 1));
            if (!is_wanted || points[2 * k + 1] == INFINITY) continue;
            h->cells[n_cells + n++] =
                (cell){p->pool ? 0 : dims[k], place((points[2 * k + 1] - lo) / (hi - lo), p->n_cells),
                       place((points[2 * k] - lo) / (hi - lo), p->n_cells)};
        }
        n_counted += n;
        n_cells += merge(h->cells + n_cells, h->masses + n_cells, n);
        h->starts[i + 1] = n_cells;
        if (n_cells - h->starts[i] > h->n_max) h->n_max = n_cells - h->starts[i];
    }
    for (size_t k = 0; k < n_cells; k++) h->to_diagonal[k] = cost_to_diagonal(p, &h->cells[k]);
    for (size_t r = 0; r < side; r++)
        for (size_t c = 0; c < side; c++)
            h->costs[r * side + c] = cost_of(p->ground, (double)r / p->n_cells, (double)c / p->n_cells);
    if (p->regularisation == 0)
        p->regularisation = n_counted ? DEFAULT_FACTOR * (double)h->n_items / (double)n_counted : DEFAULT_FACTOR;
    return PSH_OK;
}

/* The cells of one dimension, from `first` on. */
static size_t dim_end(const histograms *h, size_t first, size_t end) {
    size_t k = first;
    while (k < end && h->cells[k].dim == h->cells[first].dim) k++;
    return k;
}

static double all_to_diagonal(const histograms *h, size_t first, size_t end) {
    double cost = 0;
    for (size_t k = first; k < end; k++) cost += h->masses[k] * h->to_diagonal[k];
    return cost;
}

static psh__sinkhorn_side side_of(const histograms *h, size_t first, size_t end) {
    psh__sinkhorn_side side = {h->masses + first, h->to_diagonal + first, end - first, 0};
    for (size_t k = first; k < end; k++) side.total += h->masses[k];
    return side;
}

static void fill_costs(const histograms *h, psh__sinkhorn_room *room, size_t a, size_t a_end, size_t b, size_t b_end) {
    size_t side = (size_t)h->params.n_cells;
    for (size_t i = a; i < a_end; i++) {
        double *row = psh__sinkhorn_cost_row(room, i - a, b_end - b);
        for (size_t j = b; j < b_end; j++) {
            uint32_t dr = h->cells[i].row > h->cells[j].row ? h->cells[i].row - h->cells[j].row
                                                            : h->cells[j].row - h->cells[i].row;
            uint32_t dc = h->cells[i].column > h->cells[j].column ? h->cells[i].column - h->cells[j].column
                                                                  : h->cells[j].column - h->cells[i].column;
            row[j - b] = h->costs[dr * side + dc];
        }
    }
}

/* The sum over dimensions of one pair. `error` is the worst of them, iterations are added up. */
static psh__sinkhorn_result pair_of(const histograms *h, psh__sinkhorn_room *room, size_t i, size_t j) {
    const psh_sinkhorn_params *p = &h->params;
    size_t a = h->starts[i], a_last = h->starts[i + 1], b = h->starts[j], b_last = h->starts[j + 1];
    psh__sinkhorn_result sum = {0};
    while (a < a_last || b < b_last) {
        int32_t dim =
            a == a_last || (b < b_last && h->cells[b].dim < h->cells[a].dim) ? h->cells[b].dim : h->cells[a].dim;
        size_t a_end = a < a_last && h->cells[a].dim == dim ? dim_end(h, a, a_last) : a;
        size_t b_end = b < b_last && h->cells[b].dim == dim ? dim_end(h, b, b_last) : b;
        psh__sinkhorn_result one = {0};
        if (a == a_end || b == b_end)
            one.cost = all_to_diagonal(h, a, a_end) + all_to_diagonal(h, b, b_end);
        else {
            psh__sinkhorn_side from = side_of(h, a, a_end), to = side_of(h, b, b_end);
            fill_costs(h, room, a, a_end, b, b_end);
            psh__sinkhorn_solve(room, &from, &to, p->regularisation, p->tolerance, (unsigned)p->max_iterations, &one);
        }
        sum.cost += p->ground == PSH_SINKHORN_L2_SQUARED ? sqrt(one.cost) : one.cost;
        sum.n_iterations += one.n_iterations;
        if (!(one.error <= sum.error)) sum.error = one.error;
        a = a_end, b = b_end;
    }
    return sum;
}

/* Adds what became of some pairs; sums of integers and a maximum do not depend on the order. */
static void report_add(psh_sinkhorn_report *dst, const psh__sinkhorn_result *one, double tolerance) {
    dst->n_failed += !(one->error <= tolerance);
    if (!(one->error <= dst->worst_error)) dst->worst_error = one->error;
    dst->n_iterations += one->n_iterations;
    if (one->n_iterations > dst->most_iterations) dst->most_iterations = one->n_iterations;
}

static psh_status report_finish(psh_sinkhorn_report *src, const histograms *h, size_t n_pairs, psh_sinkhorn_report *dst,
                                psh_error *err) {
    src->regularisation = h->params.regularisation;
    if (dst) {
        size_t room = dst->struct_bytes < sizeof *src ? dst->struct_bytes : sizeof *src;
        src->struct_bytes = dst->struct_bytes;
        memcpy(dst, src, room);
    }
    if (src->n_failed == 0) return PSH_OK;
    return psh__error(err, PSH_ERR_NOT_CONVERGED,
                      "Sinkhorn: %llu of %zu pairs stopped after %d iterations above the marginal error %g (worst %g); "
                      "allow more iterations, a larger tolerance or a larger regularisation than %g",
                      (unsigned long long)src->n_failed, n_pairs, h->params.max_iterations, h->params.tolerance,
                      src->worst_error, h->params.regularisation);
}

/* pairs NULL: all, condensed. */
static psh_status run(const psh_diagrams *set, const psh_frame *frame, const uint32_t *pairs, size_t n_pairs,
                      const psh_sinkhorn_params *params, int n_threads, const psh_progress *progress, double *dst,
                      psh_sinkhorn_report *report, psh_error *err) {
    histograms h;
    psh__ticker ticker;
    psh_sinkhorn_report total = {0};
    int has_failed = 0;
    psh_status status;
    PSH_TRY_GOTO(histograms_make(set, frame, params, &h, err));
    for (size_t k = 0; pairs && k < 2 * n_pairs; k++)
        if (pairs[k] >= h.n_items) {
            status = psh__error(err, PSH_ERR_PARAMETER, "pair %zu: row %u, but the set has %zu diagrams", k / 2,
                                pairs[k], h.n_items);
            goto done;
        }
    psh__ticker_start(&ticker, progress, "sinkhorn", n_pairs);
#pragma omp parallel num_threads(psh_cpu_threads(n_threads))
    {
        psh__sinkhorn_room *room = psh__sinkhorn_room_create(h.n_max);
        psh_sinkhorn_report mine = {0};
        if (!room) __atomic_store_n(&has_failed, 1, __ATOMIC_RELAXED);
#pragma omp for schedule(dynamic, 32)
        for (size_t k = 0; k < n_pairs; k++) {
            size_t i, j;
            if (!room || psh__ticker_stopped(&ticker)) continue;
            if (pairs)
                i = pairs[2 * k], j = pairs[2 * k + 1];
            else
                psh__item_condensed(k, h.n_items, &i, &j);
            psh__sinkhorn_result one = pair_of(&h, room, i, j);
            dst[k] = one.cost;
            report_add(&mine, &one, h.params.tolerance);
            psh__ticker_add(&ticker, 1);
        }
        psh__sinkhorn_room_free(room);
#pragma omp critical(psh_sinkhorn_report)
        {
            total.n_failed += mine.n_failed, total.n_iterations += mine.n_iterations;
            if (!(mine.worst_error <= total.worst_error)) total.worst_error = mine.worst_error;
            if (mine.most_iterations > total.most_iterations) total.most_iterations = mine.most_iterations;
        }
    }
    status = has_failed ? psh__error_memory(err, "Sinkhorn's kernel", 24ull * (h.n_max + 8) * (h.n_max + 8))
                        : psh__ticker_status(&ticker, err);
    if (status == PSH_OK) status = report_finish(&total, &h, n_pairs, report, err);
done:
    histograms_free(&h);
    return status;
}

psh_status psh_sinkhorn_pairs(const psh_diagrams *set, const psh_frame *frame, const uint32_t *pairs, size_t n_pairs,
                              const psh_sinkhorn_params *params, int n_threads, const psh_progress *progress,
                              double *dst, psh_sinkhorn_report *report, psh_error *err) {
    static const uint32_t none[2] = {0, 0};
    assert(pairs || !n_pairs);
    return run(set, frame, pairs ? pairs : none, n_pairs, params, n_threads, progress, dst, report, err);
}

psh_status psh_sinkhorn_condensed(const psh_diagrams *set, const psh_frame *frame, const psh_sinkhorn_params *params,
                                  int n_threads, const psh_progress *progress, double *dst, psh_sinkhorn_report *report,
                                  psh_error *err) {
    size_t n_pairs;
    if (!psh__size_pairs(psh_diagrams_count(set), &n_pairs))
        return psh__error(err, PSH_ERR_PARAMETER, "%zu diagrams have too many pairs to count", psh_diagrams_count(set));
    return run(set, frame, NULL, n_pairs, params, n_threads, progress, dst, report, err);
}
