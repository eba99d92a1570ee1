/* steps.c : Betti curves and sliced Wasserstein as the step functions that they are, and their exact distances.
 *
 * A step function is its sorted breakpoints x_0 < x_1 < ... and the value before each; it is 0 before the first and
 * after the last. The distance of two walks through the breakpoints of both in order: between two neighbours both are
 * constant, so that the integral of |f - g|^q is a sum. No grid, no position is lost.
 *
 *     Betti curve     +1 at the birth of a point, -1 at its death; one function for each homology dimension
 *     sliced          +1 at <p, theta>, -1 at the projection of p to the diagonal; one for each dimension and
 * direction. The integral of |F_a - F_b| is W1 of D_a + pi(D_b) and D_b + pi(D_a) projected to the line: exact for each
 * direction, and the mean over n of them is the sliced Wasserstein distance.
 *
 * The walk has no branch that the data decide: each step takes the lesser breakpoint and advances by a comparison. What
 * limits it is the way from an index through memory and comparison to the next index, some eleven cycles; four
 * directions walk side by side, so that these overlap. Sums run along each function in order: the same bits in any
 * company. Coordinates of integers (8-bit images) meet often; equal breakpoints become one, which halves the work
 * there.
 *
 * Cost: building O(points log points) for each function; a distance O(breakpoints of both). Memory: 16 bytes a
 * breakpoint, of which a point has two in each direction. */
#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"
#include "persihash/vector.h"
#include "vector/dims.h"
#include "vector/direction.h"

enum { DEFAULT_DIRECTIONS = 16, MAX_DIRECTIONS = 1 << 14, SIDE_BY_SIDE = 4 };

/* A function steps here; it had the value `before` since the breakpoint before. */
typedef struct step {
    double at, before;
} step;

/* All functions of one diagram. Function l has the steps starts[l] .. starts[l + 1] - 2 and after them a sentinel at
 * infinity. */
typedef struct item {
    step *steps;      // (starts[n_lines])
    uint32_t *starts; // (n_lines + 1)
} item;

struct psh_steps {
    psh__dims dims;
    size_t n_items, n_directions; /* functions of a dimension: 1 for Betti curves */
    double weight;                /* of one function: 1 / n_directions */
    item *items;
};

typedef struct event {
    double at;
    int32_t jump;
} event;

/* --- building ----------------------------------------------------------------------------------------------------- */

/* A function of a point's coordinates in the frame: where it steps up, and where down. */
typedef struct line {
    bool is_sliced;
    double x, y; /* direction */
} line;

static int compare_events(const void *left, const void *right) {
    const event *a = left, *b = right;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* events : (2 n) of the points in dimension `dim` of the set. Returns 2 n. */
static size_t gather(const psh_steps *steps, const psh_diagrams *set, const psh_frame *frame, size_t i_diagram,
                     size_t i_dim, const line *along, event *events) {
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    size_t n = 0;
    double lo, hi;
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    for (uint64_t i = offsets[i_diagram]; i < offsets[i_diagram + 1]; i++) {
        if (!psh__dims_wants(steps->dims.mask, dims[i]) || points[2 * i + 1] == INFINITY) continue;
        if (psh__dims_index(&steps->dims, dims[i]) != i_dim) continue;
        double u = (points[2 * i] - lo) / (hi - lo), v = (points[2 * i + 1] - lo) / (hi - lo), middle = (u + v) / 2;
        events[n++] = (event){along->is_sliced ? u * along->x + v * along->y : u, 1};
        events[n++] = (event){along->is_sliced ? middle * along->x + middle * along->y : v, -1};
    }
    return n;
}

/* Sorts, and makes steps and the sentinel; returns how many. */
static size_t make_function(event *events, size_t n, step *dst) {
    size_t n_steps = 0;
    double value = 0;
    qsort(events, n, sizeof *events, compare_events);
    for (size_t k = 0; k < n;) {
        double here = events[k].at, jump = 0;
        for (; k < n && events[k].at == here; k++) jump += events[k].jump;
        if (jump == 0) continue;
        dst[n_steps++] = (step){here, value};
        value += jump;
    }
    dst[n_steps++] = (step){INFINITY, 0};
    return n_steps;
}

/* Scratch of a thread, for the largest diagram. */
typedef struct room {
    event *events;
    step *steps;
} room;

static bool build_item(const psh_steps *of, const psh_diagrams *set, const psh_frame *frame, const line *lines,
                       size_t i, const room *scratch) {
    size_t n_lines = of->dims.n_dims * of->n_directions, n_steps = 0;
    item *dst = &of->items[i];
    dst->starts = psh__malloc(n_lines + 1, sizeof *dst->starts);
    if (!dst->starts) return false;
    for (size_t l = 0; l < n_lines; l++) {
        size_t n = gather(of, set, frame, i, l / of->n_directions, &lines[l % of->n_directions], scratch->events);
        dst->starts[l] = (uint32_t)n_steps;
        n_steps += make_function(scratch->events, n, scratch->steps + n_steps);
    }
    dst->starts[n_lines] = (uint32_t)n_steps;
    dst->steps = psh__malloc(n_steps, sizeof *dst->steps);
    if (!dst->steps) return false;
    memcpy(dst->steps, scratch->steps, n_steps * sizeof *dst->steps);
    return true;
}

static size_t most_points(const psh_diagrams *set) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    size_t most = 0;
    for (size_t i = 0; i < psh_diagrams_count(set); i++)
        if (offsets[i + 1] - offsets[i] > most) most = (size_t)(offsets[i + 1] - offsets[i]);
    return most;
}

static psh_status build(psh_steps *steps, const psh_diagrams *set, const psh_frame *frame, const line *lines,
                        int n_threads, psh_error *err) {
    size_t n_lines = steps->dims.n_dims * steps->n_directions, n_points = most_points(set);
    int has_failed = 0;
    if (n_points > UINT32_MAX / 4 / (n_lines ? n_lines : 1))
        return psh__error(err, PSH_ERR_PARAMETER, "step functions: %zu points along %zu lines are too many", n_points,
                          n_lines);
    steps->items = psh__calloc(steps->n_items, sizeof *steps->items);
    if (!steps->items) return psh__error_memory(err, "step functions", steps->n_items * sizeof *steps->items);
#pragma omp parallel num_threads(psh_cpu_threads(n_threads))
    {
        room scratch = {.events = psh__malloc(2 * n_points, sizeof *scratch.events),
                        .steps = psh__malloc(n_lines * (2 * n_points + 1), sizeof *scratch.steps)};
        bool is_good = scratch.events && scratch.steps;
#pragma omp for schedule(dynamic, 4)
        for (size_t i = 0; i < steps->n_items; i++)
            is_good = is_good && build_item(steps, set, frame, lines, i, &scratch);
        if (!is_good) __atomic_store_n(&has_failed, 1, __ATOMIC_RELAXED);
        psh__free(scratch.events);
        psh__free(scratch.steps);
    }
    return has_failed ? psh__error_memory(err, "step functions", psh_diagrams_n_points(set) * n_lines * 24) : PSH_OK;
}

/* lines : (n_directions). */
static psh_status create(const psh_diagrams *set, const psh_frame *frame, bool pool, uint32_t dims_mask,
                         const line *lines, size_t n_directions, int n_threads, psh_steps **dst, psh_error *err) {
    psh_steps *steps = psh__calloc(1, sizeof *steps);
    if (!steps) return psh__error_memory(err, "step functions", sizeof *steps);
    steps->n_items = psh_diagrams_count(set), steps->n_directions = n_directions;
    steps->weight = 1 / (double)n_directions;
    psh_status status = psh__dims_make(set, pool, dims_mask, "step functions", &steps->dims, err);
    if (status == PSH_OK) status = build(steps, set, frame, lines, n_threads, err);
    if (status == PSH_OK)
        *dst = steps;
    else
        psh_steps_free(steps);
    return status;
}

psh_status psh_betti_steps(const psh_diagrams *set, const psh_frame *frame, const psh_betti_params *params,
                           int n_threads, psh_steps **dst, psh_error *err) {
    const line births_and_deaths = {0};
    psh_betti_params p;
    psh__params_copy(&p, sizeof p, params);
    return create(set, frame, p.pool, p.dims_mask, &births_and_deaths, 1, n_threads, dst, err);
}

psh_status psh_sliced_steps(const psh_diagrams *set, const psh_frame *frame, const psh_sliced_params *params,
                            int n_threads, psh_steps **dst, psh_error *err) {
    psh_sliced_params p;
    psh__params_copy(&p, sizeof p, params);
    if (p.n_directions == 0) p.n_directions = DEFAULT_DIRECTIONS;
    if (p.n_directions < 1 || p.n_directions > MAX_DIRECTIONS)
        return psh__error(err, PSH_ERR_PARAMETER, "sliced Wasserstein: %d directions; expected 1 to %d (0: %d)",
                          p.n_directions, MAX_DIRECTIONS, DEFAULT_DIRECTIONS);
    size_t n_directions = (size_t)p.n_directions;
    line *lines = psh__malloc(n_directions, sizeof *lines);
    if (!lines) return psh__error_memory(err, "directions", n_directions * sizeof *lines);
    for (size_t k = 0; k < n_directions; k++) {
        lines[k].is_sliced = true;
        psh__direction(k, n_directions, &lines[k].x, &lines[k].y);
    }
    psh_status status = create(set, frame, p.pool, p.dims_mask, lines, n_directions, n_threads, dst, err);
    psh__free(lines);
    return status;
}

void psh_steps_free(psh_steps *steps) {
    if (!steps) return;
    for (size_t i = 0; steps->items && i < steps->n_items; i++) {
        psh__free(steps->items[i].steps);
        psh__free(steps->items[i].starts);
    }
    psh__free(steps->items);
    psh__dims_free(&steps->dims);
    psh__free(steps);
}

size_t psh_steps_count(const psh_steps *steps) {
    return steps->n_items;
}

size_t psh_steps_n_breaks(const psh_steps *steps, size_t i) {
    return steps->items[i].starts[steps->dims.n_dims * steps->n_directions];
}

uint64_t psh_steps_id(const psh_steps *steps) {
    const size_t shape[] = {steps->n_items, steps->n_directions, steps->dims.n_dims};
    uint64_t hash = psh__hash(PSH__HASH_START, shape, sizeof shape);
    hash = psh__hash(hash, steps->dims.dims, steps->dims.n_dims * sizeof *steps->dims.dims);
    for (size_t i = 0; i < steps->n_items; i++) {
        const item *of = &steps->items[i];
        hash = psh__hash(hash, of->starts, (steps->dims.n_dims * steps->n_directions + 1) * sizeof *of->starts);
        hash = psh__hash(hash, of->steps, psh_steps_n_breaks(steps, i) * sizeof *of->steps);
    }
    return hash;
}

/* --- the integral ------------------------------------------------------------------------------------------------- */

/* Two functions being walked through: the next step of each, and how many are left of both. */
typedef struct walk {
    const step *a, *b;
    double last, sum;
    size_t n_left;
} walk;

static walk walk_start(const item *a, size_t line_a, const item *b, size_t line_b) {
    static const step nothing = {INFINITY, 0};
    walk w = {&nothing, &nothing, 0, 0, 0};
    if (a) w.a = a->steps + a->starts[line_a], w.n_left += a->starts[line_a + 1] - a->starts[line_a] - 1;
    if (b) w.b = b->steps + b->starts[line_b], w.n_left += b->starts[line_b + 1] - b->starts[line_b] - 1;
    w.last = w.a->at < w.b->at ? w.a->at : w.b->at;
    return w;
}

typedef enum norm { NORM_L1, NORM_L2, NORM_LINF, NORM_GENERAL } norm;

static inline __attribute__((always_inline)) void walk_step(walk *w, norm kind, double order) {
    double at_a = w->a->at, at_b = w->b->at, at = at_a < at_b ? at_a : at_b;
    double height = fabs(w->a->before - w->b->before), width = at - w->last;
    size_t is_a = at_a <= at_b;
    switch (kind) {
    case NORM_L1:
        w->sum += height * width;
        break;
    case NORM_L2:
        w->sum += height * height * width;
        break;
    case NORM_LINF:
        w->sum = width > 0 && height > w->sum ? height : w->sum;
        break;
    case NORM_GENERAL:
        w->sum += pow(height, order) * width;
    }
    w->last = at;
    w->a += is_a, w->b += 1 - is_a;
}

/* All the way, n_walks side by side as long as none has ended. */
static inline __attribute__((always_inline)) void walk_all(walk *walks, size_t n_walks, norm kind, double order) {
    size_t n = walks[0].n_left;
    for (size_t k = 1; k < n_walks; k++) n = walks[k].n_left < n ? walks[k].n_left : n;
    if (n_walks == SIDE_BY_SIDE) {
        walk w0 = walks[0], w1 = walks[1], w2 = walks[2], w3 = walks[3];
        for (size_t k = 0; k < n; k++) {
            walk_step(&w0, kind, order), walk_step(&w1, kind, order);
            walk_step(&w2, kind, order), walk_step(&w3, kind, order);
        }
        walks[0] = w0, walks[1] = w1, walks[2] = w2, walks[3] = w3;
        for (size_t k = 0; k < n_walks; k++) walks[k].n_left -= n;
    }
    for (size_t k = 0; k < n_walks; k++)
        for (; walks[k].n_left > 0; walks[k].n_left--) walk_step(&walks[k], kind, order);
}

static void walk_through(walk *walks, size_t n_walks, double order) {
    if (order == 1)
        walk_all(walks, n_walks, NORM_L1, order);
    else if (order == 2)
        walk_all(walks, n_walks, NORM_L2, order);
    else if (order == INFINITY)
        walk_all(walks, n_walks, NORM_LINF, order);
    else
        walk_all(walks, n_walks, NORM_GENERAL, order);
}

/* The functions of one dimension; NULL: it has no points there. */
static double of_dim(const psh_steps *steps, const item *a, size_t dim_a, const item *b, size_t dim_b, double order) {
    size_t n = steps->n_directions;
    double sum = 0;
    for (size_t first = 0; first < n; first += SIDE_BY_SIDE) {
        walk walks[SIDE_BY_SIDE];
        size_t n_walks = n - first < SIDE_BY_SIDE ? n - first : SIDE_BY_SIDE;
        for (size_t k = 0; k < n_walks; k++) walks[k] = walk_start(a, dim_a * n + first + k, b, dim_b * n + first + k);
        walk_through(walks, n_walks, order);
        for (size_t k = 0; k < n_walks; k++) sum = order == INFINITY ? fmax(sum, walks[k].sum) : sum + walks[k].sum;
    }
    return sum;
}

double psh_steps_distance(const psh_steps *a, size_t i, const psh_steps *b, size_t j, double order) {
    assert(i < a->n_items && j < b->n_items && a->n_directions == b->n_directions && order >= 1);
    double sum = 0;
    for (size_t p = 0, q = 0; p < a->dims.n_dims || q < b->dims.n_dims;) {
        bool has_a = q == b->dims.n_dims || (p < a->dims.n_dims && a->dims.dims[p] <= b->dims.dims[q]);
        bool has_b = p == a->dims.n_dims || (q < b->dims.n_dims && b->dims.dims[q] <= a->dims.dims[p]);
        double one = of_dim(a, has_a ? &a->items[i] : NULL, p, has_b ? &b->items[j] : NULL, q, order);
        sum = order == INFINITY ? fmax(sum, one) : sum + one;
        p += has_a, q += has_b;
    }
    if (order == INFINITY) return sum;
    return order == 1 ? sum * a->weight : order == 2 ? sqrt(sum * a->weight) : pow(sum * a->weight, 1 / order);
}
