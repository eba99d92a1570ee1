/* pimage.c : persistence images (Adams et al. 2017).
 *
 * Point (b, p) of weight w adds w / (2 pi s^2) exp(-((x - b)^2 + (y - p)^2) / (2 s^2)) to pixel (x, y). The Gaussian is
 * the product of one along each axis, so a point costs 2 n exponentials and a rank-one update instead of n^2
 * exponentials. Both are cut to the window of 8.6 s around the point, outside of which the Gaussian is below 1e-16 of
 * its height: with the default 50 x 50 at s = 0.02, 24 of 50 cells a side (the window is rounded up to a whole number
 * of SIMD runs). Sums are doubles, in the order of the points; float32 at the end.
 *
 * Integrated pixels: the same with (erf((t + h - b) / (sqrt 2 s)) - erf((t - b) / (sqrt 2 s))) / 2 along each axis.
 *
 * What was considered: the points' factors collected into two matrices and multiplied by BLAS (one GEMM a diagram) does
 * four times the additions at the default bandwidth, since it cannot leave out what is zero. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/size.h"
#include "persihash/vector.h"
#include "vector/dims.h"
#include "vector/splat.h"

enum { DEFAULT_CELLS = 50, MAX_CELLS = 4096 };
#define DEFAULT_BANDWIDTH 0.02
#define LEAST_BANDWIDTH 1e-6
#define CUT 8.6 /* exp(-CUT^2 / 2) < 1e-16 */

typedef struct layout {
    psh_pimage_params params;
    psh__dims dims;
    size_t side, stride; /* pixels, and the same rounded up to whole runs */
    size_t window;       /* pixels a side that a point touches: whole runs, at most stride */
    double step;         /* between pixels */
    const psh__splat *kernels;
} layout;

static bool read_params(const psh_pimage_params *src, psh_pimage_params *dst) {
    psh__params_copy(dst, sizeof *dst, src);
    if (dst->n_cells == 0) dst->n_cells = DEFAULT_CELLS;
    if (dst->bandwidth == 0) dst->bandwidth = DEFAULT_BANDWIDTH;
    return dst->n_cells >= 2 && dst->n_cells <= MAX_CELLS && dst->bandwidth >= LEAST_BANDWIDTH &&
           dst->bandwidth < INFINITY && dst->weight >= PSH_WEIGHT_LINEAR && dst->weight <= PSH_WEIGHT_ONE;
}

size_t psh_pimage_n_features(const psh_diagrams *set, const psh_pimage_params *params) {
    psh_pimage_params p;
    size_t n_features;
    if (!read_params(params, &p)) return 0;
    size_t n_pixels = (size_t)p.n_cells * (size_t)p.n_cells;
    return psh__size_mul(psh__dims_count(set, p.pool, p.dims_mask), n_pixels, &n_features) ? n_features : 0;
}

static size_t whole_runs(size_t n) {
    return (n + PSH__SPLAT_RUN - 1) / PSH__SPLAT_RUN * PSH__SPLAT_RUN;
}

static psh_status layout_make(layout *plan, const psh_diagrams *set, const psh_pimage_params *params, psh_error *err) {
    memset(plan, 0, sizeof *plan);
    psh_pimage_params *p = &plan->params;
    if (!read_params(params, p))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "persistence image: %d cells a side (expected 2 to %d), bandwidth %g (at least %g, finite), "
                          "weight %d (0 to 2)",
                          p->n_cells, MAX_CELLS, p->bandwidth, LEAST_BANDWIDTH, (int)p->weight);
    plan->side = (size_t)p->n_cells, plan->stride = whole_runs(plan->side);
    plan->step = p->integrate ? 1.0 / p->n_cells : 1.0 / (p->n_cells - 1);
    double reach = 2 * CUT * p->bandwidth / plan->step + 2;
    plan->window = reach < (double)plan->stride ? whole_runs((size_t)reach) : plan->stride;
    plan->kernels = psh__splat_kernels();
    return psh__dims_make(set, p->pool, p->dims_mask, "persistence images", &plan->dims, err);
}

static double weight_of(psh_weight weight, double persistence) {
    switch (weight) {
    case PSH_WEIGHT_INVERSE:
        return persistence > 0 ? 1 / persistence : 0;
    case PSH_WEIGHT_ONE:
        return 1;
    default:
        return persistence;
    }
}

/* The Gaussian of a point at x along one axis: dst : (window). Returns the window's first pixel. */
static size_t along_axis(const layout *plan, double x, double *dst) {
    double s = plan->params.bandwidth, start = floor((x - CUT * s) / plan->step);
    size_t last = plan->stride - plan->window, first = start > 0 ? (size_t)start : 0;
    if (first > last) first = last;
    if (!plan->params.integrate) {
        plan->kernels->gauss(x, (double)first, plan->step, 1 / (2 * s * s), plan->window, dst);
        return first;
    }
    double below = erf(((double)first * plan->step - x) * (M_SQRT1_2 / s));
    for (size_t k = 0; k < plan->window; k++) {
        double above = erf(((double)(first + k + 1) * plan->step - x) * (M_SQRT1_2 / s));
        dst[k] = (above - below) / 2, below = above;
    }
    return first;
}

/* One diagram. room : scratch, (2, window), then (n_dims, stride, stride). */
static void compute_row(const layout *plan, const psh_diagrams *set, const psh_frame *frame, size_t i_diagram,
                        double *room, float *row) {
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const psh_pimage_params *p = &plan->params;
    size_t side = plan->side, stride = plan->stride, n_dims = plan->dims.n_dims;
    double *columns = room, *rows = columns + plan->window, *images = rows + plan->window;
    double lo, hi, reach = CUT * p->bandwidth, height = p->integrate ? 1 : 1 / (2 * M_PI * p->bandwidth * p->bandwidth);
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    memset(images, 0, n_dims * stride * stride * sizeof *images);
    for (uint64_t i = offsets[i_diagram]; i < offsets[i_diagram + 1]; i++) {
        if (!psh__dims_wants(p->dims_mask, dims[i]) || points[2 * i + 1] == INFINITY) continue;
        double birth = (points[2 * i] - lo) / (hi - lo), persistence = (points[2 * i + 1] - points[2 * i]) / (hi - lo);
        double weight = weight_of(p->weight, persistence) * height;
        if (weight == 0 || birth < -reach || birth > 1 + reach || persistence > 1 + reach) continue;
        size_t c = along_axis(plan, birth, columns), r = along_axis(plan, persistence, rows);
        for (size_t k = 0; k < plan->window; k++) rows[k] *= weight;
        double *image = images + psh__dims_index(&plan->dims, dims[i]) * stride * stride;
        plan->kernels->add(rows, plan->window, columns, plan->window, stride, image + r * stride + c);
    }
    for (size_t d = 0; d < n_dims; d++)
        for (size_t r = 0; r < side; r++)
            for (size_t c = 0; c < side; c++) *row++ = (float)images[(d * stride + r) * stride + c];
}

psh_status psh_pimage_compute(const psh_diagrams *set, const psh_frame *frame, const psh_pimage_params *params,
                              int n_threads, float *dst, psh_error *err) {
    layout plan;
    PSH_TRY(layout_make(&plan, set, params, err));
    size_t n_diagrams = psh_diagrams_count(set), n_features = plan.dims.n_dims * plan.side * plan.side;
    size_t n_room = 2 * plan.window + plan.dims.n_dims * plan.stride * plan.stride;
    int n_workers = psh_cpu_threads(n_threads);
    psh_status status = PSH_OK;
    double *room = psh__malloc((size_t)n_workers * n_room, sizeof *room);
    if (!room)
        status = psh__error_memory(err, "persistence images", (size_t)n_workers * n_room * sizeof *room);
    else {
#pragma omp parallel for schedule(dynamic, 4) num_threads(n_workers)
        for (size_t i = 0; i < n_diagrams; i++)
            compute_row(&plan, set, frame, i, room + (size_t)omp_get_thread_num() * n_room, dst + i * n_features);
    }
    psh__free(room);
    psh__dims_free(&plan.dims);
    return status;
}
