/* sinkhorn_plan.c : sets as histograms, ready for entropic transport: which cells hold points, and what moving costs.
 * The solver is in sinkhorn_solve.c.
 *
 * Every diagram and homology dimension becomes a sorted list of (cell, count) once. A diagram without points in some
 * dimension sends all of the other's to the diagonal; no iteration is needed. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"
#include "transport/scaling.h"
#include "transport/sinkhorn.h"

enum { DEFAULT_CELLS = 50, MAX_CELLS = 1024, DEFAULT_ITERATIONS = 10000 };
#define DEFAULT_TOLERANCE 1e-3
#define DEFAULT_FACTOR 0.1

typedef struct cell {
    int32_t dim;
    uint32_t row, column; /* death, birth */
} cell;

/* A set as histograms: cells of diagram i are starts[i] .. starts[i + 1] - 1, sorted by (dim, row, column). */
typedef struct histograms {
    size_t n_items, n_counted, n_max; /* points that count; cells of the largest diagram */
    size_t *starts;
    cell *cells;
    double *births, *deaths; /* of the cells' lower corners, in the frame */
    double *masses, *to_diagonal;
} histograms;

struct psh_sinkhorn_plan {
    psh_sinkhorn_params params;
    histograms a, b; /* b is a, pointers and all, for pairs of one set */
    bool is_two;
};

struct psh_sinkhorn_worker {
    const psh_sinkhorn_plan *plan;
    const psh__scaling *kernels;
    psh__sinkhorn_room *room;
};

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

/* The way to the diagonal's nearest point, half of the persistence along each axis. */
static double cost_to_diagonal(psh_sinkhorn_ground ground, double persistence) {
    double half = persistence / 2;
    return ground == PSH_SINKHORN_LINF ? half : ground == PSH_SINKHORN_L2 ? half * M_SQRT2 : 2 * half * half;
}

static void histograms_free(histograms *h) {
    psh__free(h->starts);
    psh__free(h->cells);
    psh__free(h->births);
    psh__free(h->deaths);
    psh__free(h->masses);
    psh__free(h->to_diagonal);
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

/* Essential points, and those of dimensions not asked for, do not count. */
static size_t place_points(const psh_sinkhorn_params *p, const psh_diagrams *set, const psh_frame *frame, size_t i,
                           cell *dst) {
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    double lo, hi;
    size_t n = 0;
    psh_frame_bounds(frame, set, i, &lo, &hi);
    for (uint64_t k = offsets[i]; k < offsets[i + 1]; k++) {
        bool is_wanted = p->dims_mask == 0 || (dims[k] < 32 && (p->dims_mask >> dims[k] & 1));
        if (!is_wanted || points[2 * k + 1] == INFINITY) continue;
        dst[n++] = (cell){p->pool ? 0 : dims[k], place((points[2 * k + 1] - lo) / (hi - lo), p->n_cells),
                          place((points[2 * k] - lo) / (hi - lo), p->n_cells)};
    }
    return n;
}

static psh_status histograms_make(const psh_sinkhorn_params *p, const psh_diagrams *set, const psh_frame *frame,
                                  histograms *h, psh_error *err) {
    size_t n_points = psh_diagrams_n_points(set), n_cells = 0;
    h->n_items = psh_diagrams_count(set);
    h->starts = psh__malloc(h->n_items + 1, sizeof *h->starts);
    h->cells = psh__malloc(n_points, sizeof *h->cells);
    h->births = psh__malloc(n_points, sizeof *h->births);
    h->deaths = psh__malloc(n_points, sizeof *h->deaths);
    h->masses = psh__malloc(n_points, sizeof *h->masses);
    h->to_diagonal = psh__malloc(n_points, sizeof *h->to_diagonal);
    if (!h->starts || !h->cells || !h->births || !h->deaths || !h->masses || !h->to_diagonal)
        return psh__error_memory(err, "histograms", n_points * (sizeof *h->cells + 32));
    h->starts[0] = 0;
    for (size_t i = 0; i < h->n_items; i++) {
        size_t n = place_points(p, set, frame, i, h->cells + n_cells);
        h->n_counted += n;
        n_cells += merge(h->cells + n_cells, h->masses + n_cells, n);
        h->starts[i + 1] = n_cells;
        if (n_cells - h->starts[i] > h->n_max) h->n_max = n_cells - h->starts[i];
    }
    for (size_t k = 0; k < n_cells; k++) {
        h->births[k] = (double)h->cells[k].column / p->n_cells, h->deaths[k] = (double)h->cells[k].row / p->n_cells;
        h->to_diagonal[k] = cost_to_diagonal(p->ground, h->deaths[k] - h->births[k]);
    }
    return PSH_OK;
}

psh_status psh_sinkhorn_plan_create(const psh_diagrams *a, const psh_diagrams *b, const psh_frame *frame,
                                    const psh_sinkhorn_params *params, psh_sinkhorn_plan **dst, psh_error *err) {
    assert(a && frame && dst);
    psh_sinkhorn_plan *plan = psh__calloc(1, sizeof *plan);
    if (!plan) return psh__error_memory(err, "Sinkhorn's plan", sizeof *plan);
    psh_status status;
    plan->is_two = b != NULL;
    PSH_TRY_GOTO(read_params(params, &plan->params, err));
    PSH_TRY_GOTO(histograms_make(&plan->params, a, frame, &plan->a, err));
    if (b)
        PSH_TRY_GOTO(histograms_make(&plan->params, b, frame, &plan->b, err));
    else
        plan->b = plan->a;
    size_t n_items = plan->a.n_items + plan->b.n_items, n_counted = plan->a.n_counted + plan->b.n_counted;
    if (plan->params.regularisation == 0)
        plan->params.regularisation = n_counted ? DEFAULT_FACTOR * (double)n_items / (double)n_counted : DEFAULT_FACTOR;
done:
    if (status == PSH_OK)
        *dst = plan;
    else
        psh_sinkhorn_plan_free(plan);
    return status;
}

void psh_sinkhorn_plan_free(psh_sinkhorn_plan *plan) {
    if (!plan) return;
    histograms_free(&plan->a);
    if (plan->is_two) histograms_free(&plan->b);
    psh__free(plan);
}

bool psh_sinkhorn_plan_shape(const psh_sinkhorn_plan *plan, size_t *n_a, size_t *n_b) {
    *n_a = plan->a.n_items, *n_b = plan->b.n_items;
    return plan->is_two;
}

const psh_sinkhorn_params *psh_sinkhorn_plan_params(const psh_sinkhorn_plan *plan) {
    return &plan->params;
}

static uint64_t hash_histograms(uint64_t hash, const histograms *h) {
    size_t n_cells = h->starts[h->n_items];
    hash = psh__hash(hash, h->starts, (h->n_items + 1) * sizeof *h->starts);
    hash = psh__hash(hash, h->cells, n_cells * sizeof *h->cells);
    return psh__hash(hash, h->masses, n_cells * sizeof *h->masses);
}

uint64_t psh_sinkhorn_plan_id(const psh_sinkhorn_plan *plan) {
    const psh_sinkhorn_params *p = &plan->params;
    const double numbers[] = {p->regularisation, p->tolerance};
    const int64_t words[] = {p->n_cells, p->max_iterations, (int64_t)p->ground, plan->is_two};
    uint64_t hash = psh__hash(psh__hash(PSH__HASH_START, numbers, sizeof numbers), words, sizeof words);
    hash = hash_histograms(hash, &plan->a);
    return plan->is_two ? hash_histograms(hash, &plan->b) : hash;
}

/* Iterations differ tenfold from pair to pair; this is right on average for the paper's settings. */
uint64_t psh_sinkhorn_plan_cost(const psh_sinkhorn_plan *plan, size_t i, size_t j) {
    uint64_t n_a = plan->a.starts[i + 1] - plan->a.starts[i], n_b = plan->b.starts[j + 1] - plan->b.starts[j];
    return 500 + 20 * n_a * n_b;
}

/* --- one pair ----------------------------------------------------------------------------------------------------- */

psh_status psh_sinkhorn_worker_create(const psh_sinkhorn_plan *plan, psh_sinkhorn_worker **dst, psh_error *err) {
    size_t n_max = plan->a.n_max > plan->b.n_max ? plan->a.n_max : plan->b.n_max;
    psh_sinkhorn_worker *worker = psh__calloc(1, sizeof *worker);
    if (worker) {
        worker->plan = plan, worker->kernels = psh__scaling_kernels();
        worker->room = psh__sinkhorn_room_create(n_max);
    }
    if (worker && worker->room) {
        *dst = worker;
        return PSH_OK;
    }
    psh_sinkhorn_worker_free(worker);
    return psh__error_memory(err, "Sinkhorn's kernel", 44ull * (n_max + 8) * (n_max + 8));
}

void psh_sinkhorn_worker_free(psh_sinkhorn_worker *worker) {
    if (!worker) return;
    psh__sinkhorn_room_free(worker->room);
    psh__free(worker);
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

static void fill_costs(const psh_sinkhorn_worker *worker, size_t a, size_t a_end, size_t b, size_t b_end) {
    const histograms *from = &worker->plan->a, *to = &worker->plan->b;
    psh_sinkhorn_ground ground = worker->plan->params.ground;
    for (size_t i = a; i < a_end; i++)
        worker->kernels->costs(ground, from->births[i], from->deaths[i], to->births + b, to->deaths + b, b_end - b,
                               psh__sinkhorn_costs_to_b(worker->room, i - a, b_end - b));
    for (size_t j = b; j < b_end; j++)
        worker->kernels->costs(ground, to->births[j], to->deaths[j], from->births + a, from->deaths + a, a_end - a,
                               psh__sinkhorn_costs_to_a(worker->room, j - b, a_end - a));
}

psh__sinkhorn_result psh__sinkhorn_pair(psh_sinkhorn_worker *worker, size_t i, size_t j) {
    const psh_sinkhorn_params *p = &worker->plan->params;
    const histograms *from = &worker->plan->a, *to = &worker->plan->b;
    size_t a = from->starts[i], a_last = from->starts[i + 1], b = to->starts[j], b_last = to->starts[j + 1];
    psh__sinkhorn_result sum = {0};
    while (a < a_last || b < b_last) {
        int32_t dim = a == a_last || (b < b_last && to->cells[b].dim < from->cells[a].dim) ? to->cells[b].dim
                                                                                           : from->cells[a].dim;
        size_t a_end = a < a_last && from->cells[a].dim == dim ? dim_end(from, a, a_last) : a;
        size_t b_end = b < b_last && to->cells[b].dim == dim ? dim_end(to, b, b_last) : b;
        psh__sinkhorn_result one = {0};
        if (a == a_end || b == b_end)
            one.cost = all_to_diagonal(from, a, a_end) + all_to_diagonal(to, b, b_end);
        else {
            psh__sinkhorn_side left = side_of(from, a, a_end), right = side_of(to, b, b_end);
            fill_costs(worker, a, a_end, b, b_end);
            psh__sinkhorn_solve(worker->room, &left, &right, p->regularisation, p->tolerance,
                                (unsigned)p->max_iterations, &one);
        }
        sum.cost += p->ground == PSH_SINKHORN_L2_SQUARED ? sqrt(one.cost) : one.cost;
        sum.n_iterations += one.n_iterations;
        if (!(one.error <= sum.error)) sum.error = one.error;
        a = a_end, b = b_end;
    }
    return sum;
}

psh_status psh_sinkhorn_worker_pair(psh_sinkhorn_worker *worker, size_t i, size_t j, double *dst, double *error,
                                    psh_error *err) {
    const psh_sinkhorn_params *p = &worker->plan->params;
    psh__sinkhorn_result one = psh__sinkhorn_pair(worker, i, j);
    *dst = one.cost;
    if (error) *error = one.error;
    if (one.error <= p->tolerance) return PSH_OK;
    return psh__error(err, PSH_ERR_NOT_CONVERGED,
                      "Sinkhorn: diagrams %zu and %zu: marginal error %g after %u iterations, %g wanted; allow more "
                      "iterations, a larger tolerance or a larger regularisation than %g",
                      i, j, one.error, one.n_iterations, p->tolerance, p->regularisation);
}
