/* general_model.c : the general compact model: its place in a file, and how it is adapted to a set.
 *
 * A compact model's bit is the sign of <w, s (x - m)> + c, x the slices of a diagram, m and s the set's mean row and
 * scale (standard.c). In a fitted model w, c, m and s all come from one set. Here w and c were learnt on many synthetic
 * sets (general_train.c); the cells of the slices, m and s are the set's own, and need no distance:
 *
 *     <w, s (x - m)> + c > 0   <=>   <w, x> + (c / s - <w, m>) > 0,
 *
 * so that adapting changes offsets alone, and the result is a compact model like any other.
 *
 * Several homology dimensions: a Hamming distance should be the sum over dimensions, each counting as much as it weighs
 * in W1. The bits are therefore shared out in proportion to the root mean square norm of the centred features of each
 * dimension, and dimension d gets the first L_d functions. They were learnt such that any first ones make a good code;
 * and bits take turns, so that a short code is the start of a long one here, too. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"
#include "encoder/compact_model.h"
#include "encoder/general.h"
#include "encoder/linear.h"
#include "encoder/standard.h"

enum { SAMPLE = 1000 /* diagrams that cells, mean and scale are fitted to */ };

static void identify(psh__general *general) {
    uint64_t hash = psh__model_hash(&general->base);
    size_t n_bits = general->base.n_bits;
    hash = psh__hash(hash, general->halves, PSH__GENERAL_FEATURES * n_bits * sizeof *general->halves);
    hash = psh__hash(hash, general->offsets, n_bits * sizeof *general->offsets);
    psh__hash_text(hash, general->base.id);
}

static psh_status reserve(const psh_model *head, const psh_meta *meta, psh__general **dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh__general *general = psh__calloc(1, sizeof *general);
    if (!general) return psh__error_memory(err, "a model", sizeof *general);
    PSH_TRY_GOTO(psh__model_init(&general->base, &psh__general_kind, head, meta, err));
    general->halves = psh__malloc(PSH__GENERAL_FEATURES * head->n_bits, sizeof *general->halves);
    general->offsets = psh__malloc(head->n_bits, sizeof *general->offsets);
    if (!general->halves || !general->offsets)
        status = psh__error_memory(err, "a model", PSH__GENERAL_FEATURES * head->n_bits * sizeof *general->halves);
done:
    if (status == PSH_OK)
        *dst = general;
    else
        psh_model_free(&general->base);
    return status;
}

static psh_status finish(psh__general *general, psh_error *err) {
    size_t n_bits = general->base.n_bits;
    for (size_t i = 0; i < PSH__GENERAL_FEATURES * n_bits; i++)
        if (!isfinite(psh__half_to_float(general->halves[i])) || !isfinite(general->offsets[i % n_bits]))
            return psh__error(err, PSH_ERR_CORRUPT,
                              "model's bit %zu has a weight or an offset that is not finite (%g, %g)", i % n_bits,
                              psh__half_to_float(general->halves[i]), general->offsets[i % n_bits]);
    identify(general);
    return PSH_OK;
}

psh_status psh__general_create(const float *weights, const float *offsets, size_t n_bits, const psh_meta *meta,
                               psh_model **dst, psh_error *err) {
    psh_model head = {.n_bits = n_bits, .frame = {PSH_FRAME_SET, 0, 1}};
    psh__general *general;
    PSH_TRY(psh__model_check(n_bits, &head.frame, err));
    PSH_TRY(reserve(&head, meta, &general, err));
    size_t n_columns = psh__linear_columns(n_bits);
    for (size_t f = 0; f < PSH__GENERAL_FEATURES; f++)
        for (size_t i = 0; i < n_bits; i++)
            general->halves[f * n_bits + i] = psh__half_from_float(weights[f * n_columns + i]);
    memcpy(general->offsets, offsets, n_bits * sizeof *offsets);
    psh_status status = finish(general, err);
    if (status == PSH_OK)
        *dst = &general->base;
    else
        psh_model_free(&general->base);
    return status;
}

static void free_parts(psh_model *model) {
    psh__free(((psh__general *)model)->halves);
    psh__free(((psh__general *)model)->offsets);
}

static psh_status encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes, float *values,
                         psh_error *err) {
    return psh__error(
        err, PSH_ERR_UNSUPPORTED,
        "model %s is a general one: it makes codes once it is adapted to a set (psh_model_adapt(), encode "
        "--model)",
        model->id);
}

static void bit_text(const psh_model *model, int i_bit, char *text, size_t text_bytes) {
    snprintf(text, text_bytes, "a learned function of standardised slices, not adapted to a set yet, is above %.4g",
             -(double)((const psh__general *)model)->offsets[i_bit]);
}

/* --- File --------------------------------------------------------------------------------------------------------- */

/* weights F16 (n_features, n_bits), offsets F32 (n_bits). */
static psh_status describe(const psh_model *model, psh__model_parts *dst, psh_error *err) {
    const psh__general *general = (const psh__general *)model;
    dst->arrays[0] = (psh__stored){"offsets", PSH__STORED_F32, 1, {model->n_bits}, general->offsets};
    dst->arrays[1] =
        (psh__stored){"weights", PSH__STORED_F16, 2, {PSH__GENERAL_FEATURES, model->n_bits}, general->halves};
    dst->n_arrays = 2;
    return PSH_OK;
}

static psh_status read(const psh__safetensors *file, const psh_model *head, const psh_meta *meta, psh_model **dst,
                       psh_error *err) {
    size_t n_bits = head->n_bits;
    const psh__stored *weights, *offsets;
    psh__general *general;
    if (head->pool || head->dims_mask || head->frame.kind != PSH_FRAME_SET || head->frame.lo != 0 ||
        head->frame.hi != 1)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "a general model with homology dimensions or a frame; expected neither before it is adapted");
    PSH_TRY(psh__safetensors_expect(file, "weights", PSH__STORED_F16, 2, (size_t[]){PSH__GENERAL_FEATURES, n_bits},
                                    &weights, err));
    PSH_TRY(psh__safetensors_expect(file, "offsets", PSH__STORED_F32, 1, &n_bits, &offsets, err));
    PSH_TRY(reserve(head, meta, &general, err));
    memcpy(general->halves, weights->data, PSH__GENERAL_FEATURES * n_bits * sizeof *general->halves);
    memcpy(general->offsets, offsets->data, n_bits * sizeof *general->offsets);
    psh_status status = finish(general, err);
    if (status == PSH_OK)
        *dst = &general->base;
    else
        psh_model_free(&general->base);
    return status;
}

/* --- Adapting ----------------------------------------------------------------------------------------------------- */

void psh__general_share_bits(const double *norms, size_t n_dims, size_t n_bits, size_t *owners) {
    double total = 0, given[PSH__SLICE_MAX_DIMS] = {0};
    for (size_t d = 0; d < n_dims; d++) total += norms[d];
    for (size_t i = 0; i < n_bits; i++) {
        size_t most = 0;
        double most_owed = -INFINITY;
        for (size_t d = 0; d < n_dims; d++) {
            double share = total > 0 ? norms[d] / total : 1 / (double)n_dims;
            double owed = share * (double)(i + 1) - given[d];
            if (owed > most_owed) most = d, most_owed = owed;
        }
        owners[i] = most;
        given[most]++;
    }
}

/* What a set says of itself, without any distance. */
typedef struct acquaintance {
    psh_diagrams *sample;
    psh_frame frame;
    psh__slices slices;
    double *mean; // (n_features)
    double scales[PSH__SLICE_MAX_DIMS], norms[PSH__SLICE_MAX_DIMS];
} acquaintance;

static void acquaintance_free(acquaintance *a) {
    psh_diagrams_free(a->sample);
    psh__free(a->mean);
}

/* The diagrams of the set, or SAMPLE of them, in the wanted dimensions. */
static psh_status draw_sample(const psh_diagrams *set, const psh_adapt_params *params, psh_diagrams **dst,
                              psh_error *err) {
    size_t n = psh_diagrams_count(set), n_rows = n < SAMPLE ? n : SAMPLE;
    size_t *rows = psh__malloc(n_rows, sizeof *rows);
    if (!rows) return psh__error_memory(err, "a sample", n_rows * sizeof *rows);
    psh_status status = psh_rows_sample(n, n_rows, 0, rows, err);
    if (status == PSH_OK) status = psh_diagrams_select(set, rows, n_rows, params->dims_mask, false, dst, err);
    psh__free(rows);
    return status;
}

static psh_status fit_frame(const psh_diagrams *set, const psh_adapt_params *params, psh_frame *frame, psh_error *err) {
    *frame = (psh_frame){params->frame_kind, params->frame_lo, params->frame_hi};
    if (params->frame_kind == PSH_FRAME_FIXED) {
        if (isfinite(frame->lo) && isfinite(frame->hi) && frame->lo < frame->hi) return PSH_OK;
        return psh__error(err, PSH_ERR_PARAMETER, "frame [%g, %g]; expected finite bounds, the first smaller",
                          frame->lo, frame->hi);
    }
    if (params->dims_mask == 0) return psh_frame_fit(set, params->frame_kind, frame, err);
    psh_diagrams *part;
    PSH_TRY(psh_diagrams_select(set, NULL, 0, params->dims_mask, false, &part, err));
    psh_status status = psh_frame_fit(part, params->frame_kind, frame, err);
    psh_diagrams_free(part);
    return status;
}

/* Mean, scale and weight of each dimension. Where all rows are equal, which one diagram alone is, differences as large
 * as the row itself are assumed. */
static void standardise(acquaintance *a, float *rows) {
    size_t n_items = psh_diagrams_count(a->sample), n_features = psh__slices_n_features(&a->slices);
    for (size_t d = 0; d < a->slices.n_dims; d++) {
        size_t first = d * PSH__GENERAL_FEATURES;
        double *mean = a->mean + first, squares = 0;
        a->scales[d] = psh__standardise(rows, n_items, n_features, first, PSH__GENERAL_FEATURES, mean);
        a->norms[d] = a->scales[d] > 0 ? 1 / a->scales[d] : 0;
        for (size_t f = 0; f < PSH__GENERAL_FEATURES; f++) squares += mean[f] * mean[f];
        if (a->scales[d] == 0) a->scales[d] = squares > 0 ? PSH__STANDARD_NORM / sqrt(squares) : 1;
    }
}

static psh_status get_acquainted(const psh_diagrams *set, const psh_adapt_params *params, acquaintance *a,
                                 psh_error *err) {
    float *rows = NULL;
    psh_status status = PSH_OK;
    memset(a, 0, sizeof *a);
    if (psh_diagrams_count(set) == 0)
        return psh__error(err, PSH_ERR_EMPTY, "no diagram: a model is adapted to at least one (hundreds are better)");
    PSH_TRY(draw_sample(set, params, &a->sample, err));
    PSH_TRY_GOTO(fit_frame(set, params, &a->frame, err));
    PSH_TRY_GOTO(psh__slices_fit(a->sample, &a->frame, params->pool, 0, &a->slices, err));
    size_t n_items = psh_diagrams_count(a->sample), n_features = psh__slices_n_features(&a->slices);
    a->mean = psh__malloc(n_features, sizeof *a->mean);
    rows = psh__malloc(n_items * n_features, sizeof *rows);
    if (!rows || !a->mean) {
        status = psh__error_memory(err, "slices", n_items * n_features * sizeof *rows);
        goto done;
    }
    PSH_TRY_GOTO(psh__standard_rows(&a->slices, a->sample, n_items, &a->frame, 0, params->n_threads, rows, err));
    standardise(a, rows);
done:
    psh__free(rows);
    if (status != PSH_OK) acquaintance_free(a);
    return status;
}

/* weights : (n_features, n_columns) zeroed; offsets : (n_columns). */
static void lay_out(const psh__general *general, const acquaintance *a, size_t n_bits, const size_t *owners,
                    float *weights, float *offsets) {
    size_t n_columns = psh__linear_columns(n_bits), taken[PSH__SLICE_MAX_DIMS] = {0};
    for (size_t i = 0; i < n_bits; i++) {
        size_t d = owners[i], source = taken[d]++;
        double offset = general->offsets[source] / a->scales[d];
        for (size_t f = 0; f < PSH__GENERAL_FEATURES; f++) {
            float weight = psh__half_to_float(general->halves[f * general->base.n_bits + source]);
            weights[(d * PSH__GENERAL_FEATURES + f) * n_columns + i] = weight;
            offset -= a->mean[d * PSH__GENERAL_FEATURES + f] * weight;
        }
        offsets[i] = (float)offset;
    }
}

psh_status psh__general_start(const psh_model *model, const double *norms, size_t n_dims, size_t n_bits, float *weights,
                              float *offsets, psh_error *err) {
    const psh__general *general = (const psh__general *)model;
    size_t n_columns = psh__linear_columns(n_bits), taken[PSH__SLICE_MAX_DIMS] = {0};
    size_t *owners = psh__malloc(n_bits, sizeof *owners);
    if (!owners) return psh__error_memory(err, "fitting", n_bits * sizeof *owners);
    psh__general_share_bits(norms, n_dims, n_bits, owners);
    for (size_t i = 0; i < n_bits; i++) {
        size_t d = owners[i], source = taken[d]++;
        if (source >= model->n_bits) continue;
        for (size_t f = 0; f < n_dims * PSH__GENERAL_FEATURES; f++) {
            bool is_own = f / PSH__GENERAL_FEATURES == d && norms[d] > 0;
            uint16_t half = general->halves[f % PSH__GENERAL_FEATURES * model->n_bits + source];
            weights[f * n_columns + i] = is_own ? (float)(psh__half_to_float(half) * PSH__STANDARD_NORM / norms[d]) : 0;
        }
        offsets[i] = general->offsets[source];
    }
    psh__free(owners);
    return PSH_OK;
}

static psh_status adapt(const psh_model *model, const psh_diagrams *set, const psh_adapt_params *params,
                        psh_model **dst, psh_error *err) {
    const psh__general *general = (const psh__general *)model;
    size_t n_bits = params->n_bits ? (size_t)params->n_bits : model->n_bits;
    acquaintance a;
    psh_status status = PSH_OK;
    if (params->n_bits < 0 || n_bits > model->n_bits)
        return psh__error(err, PSH_ERR_PARAMETER, "%d bits; this model has 1 to %zu", params->n_bits, model->n_bits);
    PSH_TRY(get_acquainted(set, params, &a, err));
    size_t n_features = psh__slices_n_features(&a.slices), n_columns = psh__linear_columns(n_bits);
    float *weights = psh__calloc(n_features * n_columns, sizeof *weights);
    float *offsets = psh__calloc(n_columns, sizeof *offsets);
    size_t *owners = psh__malloc(n_bits, sizeof *owners);
    if (!weights || !offsets || !owners) {
        status = psh__error_memory(err, "a model", n_features * n_columns * sizeof *weights);
        goto done;
    }
    psh__general_share_bits(a.norms, a.slices.n_dims, n_bits, owners);
    lay_out(general, &a, n_bits, owners, weights, offsets);
    PSH_TRY_GOTO(psh__compact_create(&a.slices, weights, offsets, n_bits, &a.frame, params->pool, params->dims_mask,
                                     model->meta, dst, err));
done:
    psh__free(weights);
    psh__free(offsets);
    psh__free(owners);
    acquaintance_free(&a);
    return status;
}

const psh__model_kind psh__general_kind = {.name = "general",
                                           .n_arrays = 2,
                                           .encode = encode,
                                           .bit_text = bit_text,
                                           .describe = describe,
                                           .read = read,
                                           .free_parts = free_parts,
                                           .adapt = adapt};
