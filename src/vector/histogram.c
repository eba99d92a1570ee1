/* histogram.c : points counted on a grid, reflected over the diagonal, with a cell for their number.
 *
 * The paper's section 3.1 and Fig. 4: cell [r, c] of the frame's unit square holds the number of points with death in
 * row r and birth in column c. A diagram leaves the half below its diagonal empty; reflection fills it with the mirror
 * image, which network layers that look at neighbourhoods can use. Cells that the diagonal itself cuts are their own
 * mirror images and stay as they are. Counts are exact in float32 up to 2^24.
 *
 * Cost: O(points + cells). */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/params.h"
#include "base/size.h"
#include "persihash/vector.h"
#include "vector/dims.h"

enum { DEFAULT_CELLS = 50, MAX_CELLS = 4096 };

static bool read_params(const psh_histogram_params *src, psh_histogram_params *dst) {
    psh__params_copy(dst, sizeof *dst, src);
    if (dst->n_cells == 0) dst->n_cells = DEFAULT_CELLS;
    return dst->n_cells >= 1 && dst->n_cells <= MAX_CELLS;
}

static size_t features_of_dim(const psh_histogram_params *params) {
    return (size_t)params->n_cells * (size_t)params->n_cells + !params->no_count;
}

size_t psh_histogram_n_features(const psh_diagrams *set, const psh_histogram_params *params) {
    psh_histogram_params p;
    size_t n_features;
    if (!read_params(params, &p)) return 0;
    return psh__size_mul(psh__dims_count(set, p.pool, p.dims_mask), features_of_dim(&p), &n_features) ? n_features : 0;
}

static size_t cell_of(double x, int n_cells) {
    x *= n_cells;
    if (!(x > 0)) return 0;
    return x < n_cells ? (size_t)x : (size_t)n_cells - 1;
}

static void compute_row(const psh_diagrams *set, const psh_frame *frame, const psh_histogram_params *p,
                        const psh__dims *dims, size_t i_diagram, float *row) {
    const double *points = psh_diagrams_points(set);
    const int32_t *point_dims = psh_diagrams_dims(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    size_t side = (size_t)p->n_cells, n_of_dim = features_of_dim(p);
    double lo, hi;
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    memset(row, 0, dims->n_dims * n_of_dim * sizeof *row);
    for (uint64_t i = offsets[i_diagram]; i < offsets[i_diagram + 1]; i++) {
        if (!psh__dims_wants(p->dims_mask, point_dims[i]) || points[2 * i + 1] == INFINITY) continue;
        float *grid = row + psh__dims_index(dims, point_dims[i]) * n_of_dim;
        size_t c = cell_of((points[2 * i] - lo) / (hi - lo), p->n_cells);
        size_t r = cell_of((points[2 * i + 1] - lo) / (hi - lo), p->n_cells);
        grid[r * side + c] += 1;
        if (!p->no_reflection && r != c) grid[c * side + r] += 1;
        if (!p->no_count) grid[side * side] += 1;
    }
}

psh_status psh_histogram_compute(const psh_diagrams *set, const psh_frame *frame, const psh_histogram_params *params,
                                 int n_threads, float *dst, psh_error *err) {
    psh_histogram_params p;
    psh__dims dims;
    if (!read_params(params, &p))
        return psh__error(err, PSH_ERR_PARAMETER, "histogram: %d cells a side; expected 1 to %d (0: the default, %d)",
                          p.n_cells, MAX_CELLS, DEFAULT_CELLS);
    PSH_TRY(psh__dims_make(set, p.pool, p.dims_mask, "histogram", &dims, err));
    size_t n_diagrams = psh_diagrams_count(set), n_features = dims.n_dims * features_of_dim(&p);
#pragma omp parallel for schedule(dynamic, 16) num_threads(psh_cpu_threads(n_threads))
    for (size_t i = 0; i < n_diagrams; i++) compute_row(set, frame, &p, &dims, i, dst + i * n_features);
    psh__dims_free(&dims);
    return PSH_OK;
}
