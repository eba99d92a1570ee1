/* sketch_encode.c : from diagrams to the codes of a sketch.
 *
 * Each diagram's points are gathered by homology dimension into float32 arrays in the frame, and each bit counts the
 * points near its line with one branch-free pass (kernels.h). Grouping bits by direction, so as to project once for
 * several of them, is not worth it: a fitted model rarely asks twice along one direction, and projecting is a third of
 * the arithmetic.
 *
 * Cost: points * bits, 16 points at a time. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/sketch_model.h"

size_t psh__max_points(const psh_diagrams *set) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    size_t n_diagrams = psh_diagrams_count(set);
    uint64_t most = 0;
    for (size_t i = 0; i < n_diagrams; i++)
        if (offsets[i + 1] - offsets[i] > most) most = offsets[i + 1] - offsets[i];
    return (size_t)most;
}

psh_status psh__cloud_create(size_t max_points, psh__cloud *cloud, psh_error *err) {
    memset(cloud, 0, sizeof *cloud);
    size_t capacity = (max_points / PSH__LANES + 1) * PSH__LANES;
    cloud->births = capacity < SIZE_MAX / 3 ? psh__malloc(3 * capacity, sizeof *cloud->births) : NULL;
    if (!cloud->births) return psh__error_memory(err, "a diagram's points", 3 * capacity * sizeof *cloud->births);
    cloud->capacity = capacity;
    cloud->deaths = cloud->births + capacity;
    cloud->middles = cloud->deaths + capacity;
    return PSH_OK;
}

void psh__cloud_free(psh__cloud *cloud) {
    psh__free(cloud->births);
    memset(cloud, 0, sizeof *cloud);
}

size_t psh__cloud_gather(psh__cloud *cloud, const psh_diagrams *set, size_t i_diagram, const psh_frame *frame,
                         int32_t dim, uint32_t dims_mask) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    double lo, hi;
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    double inverse = 1 / (hi - lo);
    size_t n = 0, n_infinite = 0;
    for (uint64_t i = offsets[i_diagram]; i < offsets[i_diagram + 1]; i++) {
        if (dim == PSH__ANY_DIM ? !psh__wants_dim(dims_mask, dims[i]) : dims[i] != dim) continue;
        if (points[2 * i + 1] == INFINITY) {
            n_infinite++;
            continue;
        }
        cloud->births[n] = (float)((points[2 * i] - lo) * inverse);
        cloud->deaths[n] = (float)((points[2 * i + 1] - lo) * inverse);
        n++;
    }
    for (size_t i = 0; i < n; i++) cloud->middles[i] = (cloud->births[i] + cloud->deaths[i]) * 0.5f;
    for (; n % PSH__LANES; n++) cloud->births[n] = cloud->deaths[n] = cloud->middles[n] = NAN;
    cloud->n_padded = n;
    return n_infinite;
}

/* False if a point that the model asks about has an infinite death. */
static bool encode_one(const psh__sketch *sketch, const psh__sketch_kernels *kernels, const psh_diagrams *set,
                       size_t i_diagram, psh__cloud *cloud, uint8_t *code, float *values) {
    const psh_model *model = &sketch->base;
    if (code) memset(code, 0, psh_model_n_bytes(model));
    for (size_t k = 0; k < model->n_bits; k++) {
        uint32_t i_bit = sketch->by_dim[k];
        const psh__question *q = &sketch->questions[i_bit];
        if ((k == 0 || q->dim != sketch->questions[sketch->by_dim[k - 1]].dim) &&
            psh__cloud_gather(cloud, set, i_diagram, &model->frame, q->dim, model->dims_mask) > 0)
            return false;
        int32_t count =
            kernels->count_near(cloud->births, cloud->deaths, cloud->middles, cloud->n_padded, psh__line_edge(q->line));
        if (code) code[i_bit / 8] |= (uint8_t)((count >= q->at_least) << i_bit % 8);
        if (values) values[i_bit] = ((float)(count - q->at_least) + 0.5f) / PSH__ONE; /* in points; never 0 */
    }
    return true;
}

psh_status psh__sketch_encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes,
                              float *values, psh_error *err) {
    size_t n_diagrams = psh_diagrams_count(set), n_bytes = psh_model_n_bytes(model), first_bad = SIZE_MAX;
    int n_workers = psh_cpu_threads(n_threads);
    const psh__sketch_kernels *kernels = psh__sketch_kernels_get();
    psh_status status = PSH_OK;
    size_t max_points = psh__max_points(set);
    psh__cloud *clouds = psh__calloc((size_t)n_workers, sizeof *clouds);
    if (!clouds) return psh__error_memory(err, "encoding", (size_t)n_workers * sizeof *clouds);
    for (int i = 0; i < n_workers; i++) PSH_TRY_GOTO(psh__cloud_create(max_points, &clouds[i], err));
#pragma omp parallel for schedule(dynamic, 16) num_threads(n_workers) reduction(min : first_bad)
    for (size_t i = 0; i < n_diagrams; i++)
        if (!encode_one((const psh__sketch *)model, kernels, set, i, &clouds[omp_get_thread_num()],
                        codes ? codes + i * n_bytes : NULL, values ? values + i * model->n_bits : NULL) &&
            i < first_bad)
            first_bad = i;
    if (first_bad != SIZE_MAX) status = psh__model_refuse_infinite(set, first_bad, err);
done:
    for (int i = 0; i < n_workers; i++) psh__cloud_free(&clouds[i]);
    psh__free(clouds);
    return status;
}
