/* standard.c : slices of diagrams, centred and scaled.
 *
 * Centre and scale remove from a set what all of its diagrams have in common, and how much they differ: after that
 * functions learnt on one set say something about another one. Sums have a fixed order. */
#include "encoder/standard.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "encoder/model.h"

psh_status psh__standard_rows(const psh__slices *slices, const psh_diagrams *set, size_t n_items,
                              const psh_frame *frame, uint32_t dims_mask, int n_threads, float *rows, psh_error *err) {
    size_t n_features = psh__slices_n_features(slices), first_bad = SIZE_MAX;
    const psh__slice_kernels *kernels = psh__slice_kernels_get();
    psh__slicer *slicer;
    PSH_TRY(psh__slicer_create(slices, &slicer, err));
#pragma omp parallel for schedule(dynamic, 8) num_threads(psh_cpu_threads(n_threads)) reduction(min : first_bad)
    for (size_t i = 0; i < n_items; i++)
        if (!psh__slicer_row(slicer, kernels, set, i, frame, dims_mask, rows + i * n_features) && i < first_bad)
            first_bad = i;
    psh__slicer_free(slicer);
    return first_bad == SIZE_MAX ? PSH_OK : psh__model_refuse_infinite(set, first_bad, err);
}

double psh__standardise(float *rows, size_t n_items, size_t n_features, size_t first, size_t n, double *mean) {
    double squares = 0;
    memset(mean, 0, n * sizeof *mean);
    for (size_t i = 0; i < n_items; i++)
        for (size_t f = 0; f < n; f++) mean[f] += rows[i * n_features + first + f];
    for (size_t f = 0; f < n; f++) mean[f] /= (double)n_items;
    for (size_t i = 0; i < n_items; i++)
        for (size_t f = 0; f < n; f++) {
            double x = rows[i * n_features + first + f] - mean[f];
            squares += x * x;
        }
    double scale = squares > 0 ? PSH__STANDARD_NORM / sqrt(squares / (double)n_items) : 0;
    if (scale == 0 || !isfinite(scale)) return 0;
    for (size_t i = 0; i < n_items; i++)
        for (size_t f = 0; f < n; f++) {
            float *x = &rows[i * n_features + first + f];
            *x = (float)((*x - mean[f]) * scale);
        }
    return scale;
}
