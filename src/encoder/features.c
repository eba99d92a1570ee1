/* features.c : the slices of a sample, and what may be said of its pairs before any exact distance is known.
 *
 * W1 is a sum over homology dimensions, so the estimate is: each dimension has slices, a pattern and an estimate of its
 * own. */
#include "encoder/features.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/standard.h"

static psh_status reserve(size_t n_items, size_t n_dims, psh__features *dst, psh_error *err) {
    *dst = (psh__features){.n_items = n_items, .n_dims = n_dims};
    dst->rows = psh__malloc(n_items * n_dims, PSH__PATTERN_FEATURES * sizeof *dst->rows);
    if (dst->rows) return PSH_OK;
    return psh__error_memory(err, "slices", n_items * n_dims * PSH__PATTERN_FEATURES * sizeof *dst->rows);
}

psh_status psh__features_copy(const float *slices, size_t n_items, size_t n_dims, psh__features *dst, psh_error *err) {
    PSH_TRY(reserve(n_items, n_dims, dst, err));
    psh__pattern_lay_out(slices, n_items * n_dims, dst->rows);
    return PSH_OK;
}

psh_status psh__features_compute(const psh_diagrams *sample, bool pool_dims, int n_threads, psh__features *dst,
                                 psh_error *err) {
    static const psh_frame unit = {PSH_FRAME_FIXED, 0, 1};
    size_t n_items = psh_diagrams_count(sample);
    psh__slices slices;
    memset(dst, 0, sizeof *dst);
    PSH_TRY(psh__slices_fit(sample, &unit, pool_dims, 0, &slices, err));
    float *rows = psh__malloc(n_items * slices.n_dims, PSH__PATTERN_FEATURES * sizeof *rows);
    if (!rows) return psh__error_memory(err, "slices", n_items * slices.n_dims * PSH__PATTERN_FEATURES * sizeof *rows);
    psh_status status = psh__standard_rows(&slices, sample, n_items, &unit, 0, n_threads, rows, err);
    if (status == PSH_OK) status = psh__features_copy(rows, n_items, slices.n_dims, dst, err);
    psh__free(rows);
    return status;
}

void psh__features_free(psh__features *features) {
    psh__free(features->rows);
    memset(features, 0, sizeof *features);
}

size_t psh__features_n_inputs(const psh__features *features) {
    return features->n_dims * PSH__PATTERN;
}

void psh__features_patterns(const psh__features *features, size_t i, size_t j, float *dst) {
    for (size_t d = 0; d < features->n_dims; d++)
        psh__pattern(features->rows + (i * features->n_dims + d) * PSH__PATTERN_FEATURES,
                     features->rows + (j * features->n_dims + d) * PSH__PATTERN_FEATURES, dst + d * PSH__PATTERN);
}

size_t psh__features_desk(size_t n_pairs) {
    return n_pairs + psh__estimate_desk(n_pairs);
}

void psh__features_distances(const psh__features *features, const psh__estimate *estimate, const float *patterns,
                             size_t n_pairs, float *desk, float *dst) {
    size_t n_inputs = psh__features_n_inputs(features);
    float *part = desk;
    memset(dst, 0, n_pairs * sizeof *dst);
    for (size_t d = 0; d < features->n_dims; d++) {
        psh__estimate_distances(estimate, patterns + d * PSH__PATTERN, n_inputs, n_pairs, desk + n_pairs, part);
        for (size_t i = 0; i < n_pairs; i++) dst[i] += part[i];
    }
}
