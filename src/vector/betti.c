/* betti.c : Betti curves, sampled.
 *
 * beta(t) = number of points with birth <= t < death. A point adds 1 at the first sample that is not below its birth
 * and takes it away at the first that is not below its death; a running sum does the rest. Samples are t_k = k / (n -
 * 1), the doubles that NumPy's linspace(0, 1, n) gives, and the first sample not below x is found by rounding and then
 * put right against those very doubles: births on a sample count there, as the definition says.
 *
 * Cost: O(points + samples). Counts are exact in float32 up to 2^24. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/size.h"
#include "persihash/vector.h"
#include "vector/dims.h"

enum { DEFAULT_SAMPLES = 2500, MAX_SAMPLES = 1 << 24 };

static bool read_params(const psh_betti_params *src, psh_betti_params *dst) {
    psh__params_copy(dst, sizeof *dst, src);
    if (dst->n_samples == 0) dst->n_samples = DEFAULT_SAMPLES;
    return dst->n_samples >= 2 && dst->n_samples <= MAX_SAMPLES;
}

size_t psh_betti_n_features(const psh_diagrams *set, const psh_betti_params *params) {
    psh_betti_params p;
    size_t n_features;
    if (!read_params(params, &p)) return 0;
    return psh__size_mul(psh__dims_count(set, p.pool, p.dims_mask), (size_t)p.n_samples, &n_features) ? n_features : 0;
}

static double sample_at(int k, int n_samples, double step) {
    return k == n_samples - 1 ? 1 : k * step;
}

/* The least k with t_k >= x; n_samples if there is none. */
static int first_sample(double x, int n_samples, double step) {
    if (!(x > 0)) return 0;
    if (x > 1) return n_samples;
    int k = (int)ceil(x * (n_samples - 1));
    while (k > 0 && sample_at(k - 1, n_samples, step) >= x) k--;
    while (k < n_samples && sample_at(k, n_samples, step) < x) k++;
    return k;
}

/* jumps : scratch, (n_dims, n_samples + 1). */
static void compute_row(const psh_diagrams *set, const psh_frame *frame, const psh_betti_params *p,
                        const psh__dims *dims, size_t i_diagram, int32_t *jumps, float *row) {
    const double *points = psh_diagrams_points(set);
    const int32_t *point_dims = psh_diagrams_dims(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    size_t n_samples = (size_t)p->n_samples, stride = n_samples + 1;
    double lo, hi, step = 1.0 / (p->n_samples - 1);
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    memset(jumps, 0, dims->n_dims * stride * sizeof *jumps);
    for (uint64_t i = offsets[i_diagram]; i < offsets[i_diagram + 1]; i++) {
        if (!psh__dims_wants(p->dims_mask, point_dims[i]) || points[2 * i + 1] == INFINITY) continue;
        int32_t *of_dim = jumps + psh__dims_index(dims, point_dims[i]) * stride;
        of_dim[first_sample((points[2 * i] - lo) / (hi - lo), p->n_samples, step)]++;
        of_dim[first_sample((points[2 * i + 1] - lo) / (hi - lo), p->n_samples, step)]--;
    }
    for (size_t d = 0; d < dims->n_dims; d++) {
        int32_t count = 0;
        for (size_t k = 0; k < n_samples; k++) {
            count += jumps[d * stride + k];
            row[d * n_samples + k] = (float)count;
        }
    }
}

psh_status psh_betti_compute(const psh_diagrams *set, const psh_frame *frame, const psh_betti_params *params,
                             int n_threads, float *dst, psh_error *err) {
    psh_betti_params p;
    psh__dims dims;
    if (!read_params(params, &p))
        return psh__error(err, PSH_ERR_PARAMETER, "Betti curve: %d samples; expected 2 to %d (0: the default, %d)",
                          p.n_samples, MAX_SAMPLES, DEFAULT_SAMPLES);
    PSH_TRY(psh__dims_make(set, p.pool, p.dims_mask, "Betti curves", &dims, err));
    size_t n_diagrams = psh_diagrams_count(set), n_features = dims.n_dims * (size_t)p.n_samples;
    size_t n_jumps = dims.n_dims * ((size_t)p.n_samples + 1);
    int n_workers = psh_cpu_threads(n_threads);
    psh_status status = PSH_OK;
    int32_t *jumps = psh__malloc((size_t)n_workers * n_jumps, sizeof *jumps);
    if (!jumps)
        status = psh__error_memory(err, "Betti curves", (size_t)n_workers * n_jumps * sizeof *jumps);
    else {
#pragma omp parallel for schedule(dynamic, 16) num_threads(n_workers)
        for (size_t i = 0; i < n_diagrams; i++)
            compute_row(set, frame, &p, &dims, i, jumps + (size_t)omp_get_thread_num() * n_jumps, dst + i * n_features);
    }
    psh__free(jumps);
    psh__dims_free(&dims);
    return status;
}
