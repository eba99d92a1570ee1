/* general_model.c : the general compact model and its place in a file. general_train.c learns it, general_adapt.c makes
 * a compact model of it for a set. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "encoder/compact_model.h"
#include "encoder/general.h"
#include "encoder/linear.h"

static void identify(psh__general *general) {
    uint64_t hash = psh__model_hash(&general->base);
    size_t n_bits = general->base.n_bits;
    hash = psh__hash(hash, general->halves, PSH__GENERAL_FEATURES * n_bits * sizeof *general->halves);
    hash = psh__hash(hash, general->offsets, n_bits * sizeof *general->offsets);
    hash = psh__hash(hash, general->estimate.network.weights, psh__estimate_n_weights() * sizeof(float));
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
    else
        status = psh__estimate_create(&general->estimate, err);
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
    for (size_t i = 0; i < psh__estimate_n_weights(); i++)
        if (!isfinite(general->estimate.network.weights[i]))
            return psh__error(err, PSH_ERR_CORRUPT, "model's estimate has a weight that is not finite (number %zu: %g)",
                              i, general->estimate.network.weights[i]);
    identify(general);
    return PSH_OK;
}

const psh__estimate *psh__general_estimate(const psh_model *general) {
    return &((const psh__general *)general)->estimate;
}

psh_status psh__general_create(const float *weights, const float *offsets, size_t n_bits, const psh__estimate *estimate,
                               const psh_meta *meta, psh_model **dst, psh_error *err) {
    psh_model head = {.n_bits = n_bits, .frame = {PSH_FRAME_SET, 0, 1}};
    psh__general *general;
    PSH_TRY(psh__model_check(n_bits, &head.frame, err));
    PSH_TRY(reserve(&head, meta, &general, err));
    size_t n_columns = psh__linear_columns(n_bits);
    for (size_t f = 0; f < PSH__GENERAL_FEATURES; f++)
        for (size_t i = 0; i < n_bits; i++)
            general->halves[f * n_bits + i] = psh__half_from_float(weights[f * n_columns + i]);
    memcpy(general->offsets, offsets, n_bits * sizeof *offsets);
    memcpy(general->estimate.network.weights, estimate->network.weights, psh__estimate_n_weights() * sizeof(float));
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
    psh__estimate_free(&((psh__general *)model)->estimate);
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

/* weights F16 (n_features, n_bits), offsets F32 (n_bits), estimate F32 (psh__estimate_n_weights()): perceptron.h. */
static psh_status describe(const psh_model *model, psh__model_parts *dst, psh_error *err) {
    const psh__general *general = (const psh__general *)model;
    dst->arrays[0] =
        (psh__stored){"estimate", PSH__STORED_F32, 1, {psh__estimate_n_weights()}, general->estimate.network.weights};
    dst->arrays[1] = (psh__stored){"offsets", PSH__STORED_F32, 1, {model->n_bits}, general->offsets};
    dst->arrays[2] =
        (psh__stored){"weights", PSH__STORED_F16, 2, {PSH__GENERAL_FEATURES, model->n_bits}, general->halves};
    dst->n_arrays = 3;
    return PSH_OK;
}

static psh_status read(const psh__safetensors *file, const psh_model *head, const psh_meta *meta, psh_model **dst,
                       psh_error *err) {
    size_t n_bits = head->n_bits, n_estimate = psh__estimate_n_weights();
    const psh__stored *weights, *offsets, *estimate;
    psh__general *general;
    if (head->pool || head->dims_mask || head->frame.kind != PSH_FRAME_SET || head->frame.lo != 0 ||
        head->frame.hi != 1)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "a general model with homology dimensions or a frame; expected neither before it is adapted");
    PSH_TRY(psh__safetensors_expect(file, "weights", PSH__STORED_F16, 2, (size_t[]){PSH__GENERAL_FEATURES, n_bits},
                                    &weights, err));
    PSH_TRY(psh__safetensors_expect(file, "offsets", PSH__STORED_F32, 1, &n_bits, &offsets, err));
    PSH_TRY(psh__safetensors_expect(file, "estimate", PSH__STORED_F32, 1, &n_estimate, &estimate, err));
    PSH_TRY(reserve(head, meta, &general, err));
    memcpy(general->halves, weights->data, PSH__GENERAL_FEATURES * n_bits * sizeof *general->halves);
    memcpy(general->offsets, offsets->data, n_bits * sizeof *general->offsets);
    memcpy(general->estimate.network.weights, estimate->data, n_estimate * sizeof(float));
    psh_status status = finish(general, err);
    if (status == PSH_OK)
        *dst = &general->base;
    else
        psh_model_free(&general->base);
    return status;
}

const psh__model_kind psh__general_kind = {.name = "general",
                                           .n_arrays = 3,
                                           .encode = encode,
                                           .bit_text = bit_text,
                                           .describe = describe,
                                           .read = read,
                                           .free_parts = free_parts,
                                           .adapt = psh__general_adapt};
