/* sliced.c : the features of sliced Wasserstein, averaged exactly over each bin of positions.
 *
 * For a direction theta, F(t) counts the points with <p, theta> <= t minus those of their projections to the diagonal.
 * Feature (dimension, direction, position) is the mean of F over one bin of t, times bin width / number of directions,
 * so the plain L1 distance of two rows is the sliced Wasserstein distance of the frame.
 *
 * The mean over the bin, not a sample of F in it: by Jensen's inequality the L1 distance of the features can then only
 * be smaller than that of the functions, so the bound by W1 (docs/math/sketch.md) survives the binning, and a point
 * that moves a little changes its features a little. A point at x (in bins) adds j + 1 - x to bin j = floor(x) and 1 to
 * every later one: two additions into an array of differences, then one prefix sum.
 *
 * Sums are integers (2^20 a point), so the result does not depend on the order of the points, on threads or on SIMD.
 * The bins cover the projections of the triangle 0 <= birth <= death <= 1; points outside it (later diagrams in an
 * earlier frame) are counted in the first or after the last bin.
 *
 * Cost: 4 additions per point and direction, and one per feature. */
#include <limits.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/size.h"
#include "persihash/vector.h"
#include "vector/dims.h"
#include "vector/direction.h"

enum { DEFAULT_DIRECTIONS = 16, DEFAULT_POSITIONS = 64, MAX_SIDE = 1 << 14, ONE_BITS = 20 };

typedef struct direction {
    double cos, sin, start, inverse_step, weight;
} direction;

typedef struct layout {
    psh_sliced_params params;
    psh__dims dims;
    direction *directions; // (params.n_directions)
} layout;

static void read_params(const psh_sliced_params *src, psh_sliced_params *dst) {
    psh__params_copy(dst, sizeof *dst, src);
    if (dst->n_directions == 0) dst->n_directions = DEFAULT_DIRECTIONS;
    if (dst->n_positions == 0) dst->n_positions = DEFAULT_POSITIONS;
}

size_t psh_sliced_n_features(const psh_diagrams *set, const psh_sliced_params *params) {
    psh_sliced_params p;
    read_params(params, &p);
    size_t n_features;
    if (p.n_directions < 0 || p.n_positions < 0) return 0;
    if (!psh__size_mul(psh__dims_count(set, p.pool, p.dims_mask), (size_t)p.n_directions, &n_features) ||
        !psh__size_mul(n_features, (size_t)p.n_positions, &n_features))
        return 0;
    return n_features;
}

static void plan_free(layout *plan) {
    psh__dims_free(&plan->dims);
    psh__free(plan->directions);
}

static psh_status plan_make(layout *plan, const psh_diagrams *set, const psh_sliced_params *params, psh_error *err) {
    memset(plan, 0, sizeof *plan);
    read_params(params, &plan->params);
    const psh_sliced_params *p = &plan->params;
    if (p->n_directions < 1 || p->n_directions > MAX_SIDE || p->n_positions < 1 || p->n_positions > MAX_SIDE)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "sliced features: %d directions x %d positions; each must be 1 to %d (0: the default)",
                          p->n_directions, p->n_positions, MAX_SIDE);
    size_t n_directions = (size_t)p->n_directions;
    PSH_TRY(psh__dims_make(set, p->pool, p->dims_mask, "sliced features", &plan->dims, err));
    plan->directions = psh__malloc(n_directions, sizeof *plan->directions);
    if (!plan->directions) {
        plan_free(plan);
        return psh__error_memory(err, "sliced features", n_directions * sizeof *plan->directions);
    }
    for (size_t k = 0; k < n_directions; k++) {
        double c, s;
        psh__direction(k, n_directions, &c, &s);
        double start = fmin(0, fmin(s, c + s)), step = (fmax(0, fmax(s, c + s)) - start) / p->n_positions;
        plan->directions[k] =
            (direction){c, s, start, 1 / step, step / p->n_directions / (double)((int64_t)1 << ONE_BITS)};
    }
    return PSH_OK;
}

/* sums : (n_positions + 2) differences. `sign` points at position x, in bins. */
static void deposit(int64_t *sums, int n_positions, double x, int64_t sign) {
    if (!(x > 0)) x = 0;
    if (x > n_positions) x = n_positions;
    int64_t fixed = (int64_t)(x * (double)((int64_t)1 << ONE_BITS)), bin = fixed >> ONE_BITS;
    int64_t later = fixed - bin * ((int64_t)1 << ONE_BITS), one = (int64_t)1 << ONE_BITS;
    sums[bin] += sign * (one - later);
    sums[bin + 1] += sign * later;
}

/* One diagram. sums : scratch, (n_dims, n_directions, n_positions + 2); row : (n_dims, n_directions, n_positions). */
static void compute_row(const layout *plan, const psh_diagrams *set, const psh_frame *frame, size_t i_diagram,
                        int64_t *sums, float *row) {
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    size_t n_directions = (size_t)plan->params.n_directions, n_positions = (size_t)plan->params.n_positions;
    size_t stride = n_positions + 2;
    double lo, hi;
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    double inverse = 1 / (hi - lo);
    memset(sums, 0, plan->dims.n_dims * n_directions * stride * sizeof *sums);
    for (uint64_t i = offsets[i_diagram]; i < offsets[i_diagram + 1]; i++) {
        if (!psh__dims_wants(plan->params.dims_mask, dims[i]) || points[2 * i + 1] == INFINITY) continue;
        double u = (points[2 * i] - lo) * inverse, v = (points[2 * i + 1] - lo) * inverse, middle = (u + v) / 2;
        int64_t *base = sums + psh__dims_index(&plan->dims, dims[i]) * n_directions * stride;
        for (size_t k = 0; k < n_directions; k++, base += stride) {
            const direction *d = &plan->directions[k];
            deposit(base, (int)n_positions, (u * d->cos + v * d->sin - d->start) * d->inverse_step, 1);
            deposit(base, (int)n_positions, (middle * d->cos + middle * d->sin - d->start) * d->inverse_step, -1);
        }
    }
    for (size_t i = 0; i < plan->dims.n_dims * n_directions; i++) {
        int64_t count = 0;
        for (size_t j = 0; j < n_positions; j++) {
            count += sums[i * stride + j];
            row[i * n_positions + j] = (float)((double)count * plan->directions[i % n_directions].weight);
        }
    }
}

psh_status psh_sliced_compute(const psh_diagrams *set, const psh_frame *frame, const psh_sliced_params *params,
                              int n_threads, float *dst, psh_error *err) {
    layout plan;
    PSH_TRY(plan_make(&plan, set, params, err));
    size_t n_rows = plan.dims.n_dims * (size_t)plan.params.n_directions;
    size_t n_sums = n_rows * ((size_t)plan.params.n_positions + 2),
           n_features = n_rows * (size_t)plan.params.n_positions;
    size_t n_diagrams = psh_diagrams_count(set);
    int n_workers = psh_cpu_threads(n_threads);
    psh_status status = PSH_OK;
    int64_t *sums = psh__malloc((size_t)n_workers * n_sums, sizeof *sums);
    if (!sums)
        status = psh__error_memory(err, "sliced features", (size_t)n_workers * n_sums * sizeof *sums);
    else {
#pragma omp parallel for schedule(dynamic, 16) num_threads(n_workers)
        for (size_t i = 0; i < n_diagrams; i++)
            compute_row(&plan, set, frame, i, sums + (size_t)omp_get_thread_num() * n_sums, dst + i * n_features);
    }
    psh__free(sums);
    plan_free(&plan);
    return status;
}
