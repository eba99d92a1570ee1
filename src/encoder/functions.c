/* functions.c : linear functions of slices: made, folded into those of rows as they come, and chosen among. */
#include "encoder/functions.h"

#include <assert.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/dense.h"
#include "encoder/linear.h"
#include "encoder/pick.h"

psh_status psh__functions_create(size_t n_features, size_t n_functions, psh__functions *dst, psh_error *err) {
    size_t n_columns = psh__linear_columns(n_functions);
    *dst = (psh__functions){n_features, n_functions, n_columns, NULL, NULL};
    dst->weights = psh__calloc(n_features * n_columns, sizeof *dst->weights);
    dst->offsets = psh__calloc(n_columns, sizeof *dst->offsets);
    if (dst->weights && dst->offsets) return PSH_OK;
    return psh__error_memory(err, "linear functions", n_features * n_columns * sizeof *dst->weights);
}

void psh__functions_free(psh__functions *functions) {
    psh__free(functions->weights);
    psh__free(functions->offsets);
    *functions = (psh__functions){0};
}

void psh__functions_set(psh__functions *dst, size_t j, const psh__functions *src, size_t i) {
    assert(dst->n_features == src->n_features && j < dst->n_functions && i < src->n_functions);
    for (size_t f = 0; f < src->n_features; f++)
        dst->weights[f * dst->n_columns + j] = src->weights[f * src->n_columns + i];
    dst->offsets[j] = src->offsets[i];
}

/* What brings the heaviest weight of function i, times `scale`, into the range of float16: a power of two, which
 * changes no sign and no digit. */
static double shrink_of(const psh__functions *functions, size_t i, double scale) {
    const double largest = 16384;
    double heaviest = 0, shrink = 1;
    for (size_t f = 0; f < functions->n_features; f++)
        heaviest = fmax(heaviest, fabs(functions->weights[f * functions->n_columns + i] * scale));
    if (!isfinite(heaviest)) return 1;
    while (heaviest * shrink > largest) shrink /= 2;
    return shrink;
}

void psh__functions_fold(psh__functions *functions, const double *mean, double scale) {
    size_t n_columns = functions->n_columns;
    for (size_t i = 0; i < functions->n_functions; i++) {
        double shrink = shrink_of(functions, i, scale), offset = functions->offsets[i] * shrink;
        for (size_t f = 0; f < functions->n_features; f++) {
            float *weight = &functions->weights[f * n_columns + i];
            *weight = psh__half_to_float(psh__half_from_float((float)(*weight * scale * shrink)));
            offset -= mean[f] * *weight;
        }
        functions->offsets[i] = (float)offset;
    }
}

psh_status psh__functions_pick(const psh__functions *const *sources, size_t n_sources, bool goes_on, const float *rows,
                               const psh__target *target, int n_threads, psh__functions *dst, psh_error *err) {
    size_t n_items = target->n_items, n_all = 0, n_widest = 0, n_bits = dst->n_functions;
    for (size_t k = 0; k < n_sources; k++) {
        n_all += sources[k]->n_functions;
        if (sources[k]->n_columns > n_widest) n_widest = sources[k]->n_columns;
    }
    float *values = psh__malloc(n_items * n_all, sizeof *values), *thresholds = psh__malloc(n_all, sizeof *thresholds);
    float *product = psh__malloc(n_items * n_widest, sizeof *product);
    psh__pick *picks = psh__malloc(n_bits, sizeof *picks);
    psh_status status = PSH_OK;
    if (!values || !thresholds || !product || !picks) {
        status = psh__error_memory(err, "choosing bits", n_items * (n_all + n_widest) * sizeof *values);
        goto done;
    }
    assert(!goes_on || sources[0]->n_functions == n_bits);
    for (size_t k = 0, first = 0; k < n_sources; first += sources[k++]->n_functions) {
        const psh__functions *s = sources[k];
        psh__dense_multiply(rows, s->weights, n_items, s->n_columns, s->n_features, n_threads, product);
        for (size_t i = 0; i < n_items; i++)
            for (size_t b = 0; b < s->n_functions; b++) values[i * n_all + first + b] = product[i * s->n_columns + b];
        for (size_t b = 0; b < s->n_functions; b++) thresholds[first + b] = -s->offsets[b];
    }
    psh__offer offer = {n_items, n_all, n_all, values, thresholds};
    PSH_TRY_GOTO(psh__pick_bits(&offer, target, n_bits, goes_on, n_threads, picks, err));
    for (size_t b = 0; b < n_bits; b++) {
        size_t k = 0, from = picks[b].function;
        while (from >= sources[k]->n_functions) from -= sources[k++]->n_functions;
        psh__functions_set(dst, b, sources[k], from);
        dst->offsets[b] = -picks[b].threshold;
    }
done:
    psh__free(values);
    psh__free(thresholds);
    psh__free(product);
    psh__free(picks);
    return status;
}
