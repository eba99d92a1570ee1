/* pdgan_file.c : trained encoder networks in files (docs/formats/models.md).
 *
 * The arrays are the network's, under torchvision's names, F32 or F16; __metadata__ says the rest. Numbers are written
 * with 17 digits, so they come back as they were. A file is refused unless every array has its shape. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/pdgan.h"

enum { NUMBER_BYTES = 32, N_NUMBERS = 5, N_BOOLS = 4 };

static const char *const number_keys[N_NUMBERS] = {"width", "mean_points", "trained_points", "scale", "unit"};
static const char *const bool_keys[N_BOOLS] = {"batch_norm", "code_norm", "raw_counts", "keeps_statistics"};
static const char *const layout_names[] = {"shallow", "vgg19"}, *const image_names[] = {"centred", "counts"};

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* owned: the numbers as text, then the weights as float16 where they are kept so. */
psh_status psh__pdgan_describe(const psh_model *model, psh__model_parts *dst, psh_error *err) {
    const psh__pdgan *p = (const psh__pdgan *)model;
    const double numbers[N_NUMBERS] = {p->shape.width, p->input.mean_points, p->trained_points, p->input.scale,
                                       p->input.unit};
    const bool bools[N_BOOLS] = {p->shape.has_norm, p->shape.has_code_norm, p->has_raw_counts, p->keeps_statistics};
    size_t n_bytes = N_NUMBERS * NUMBER_BYTES + (p->is_f16 ? p->n_values * sizeof(uint16_t) : 0), at = 0;
    assert(p->n_tensors <= PSH__MODEL_MAX_ARRAYS - 1);
    char *texts = dst->owned = psh__malloc(n_bytes, 1);
    if (!texts) return psh__error_memory(err, "a model file", n_bytes);
    for (int i = 0; i < N_NUMBERS; i++) {
        snprintf(texts + i * NUMBER_BYTES, NUMBER_BYTES, "%.17g", numbers[i]);
        dst->texts[dst->n_texts++] = (psh__stored_text){number_keys[i], texts + i * NUMBER_BYTES};
    }
    for (int i = 0; i < N_BOOLS; i++)
        dst->texts[dst->n_texts++] = (psh__stored_text){bool_keys[i], bools[i] ? "true" : "false"};
    dst->texts[dst->n_texts++] = (psh__stored_text){"layout", layout_names[p->shape.layout]};
    dst->texts[dst->n_texts++] = (psh__stored_text){"image", image_names[p->shape.image]};
    uint16_t *halves = (uint16_t *)(texts + N_NUMBERS * NUMBER_BYTES);
    for (size_t i = 0; p->is_f16 && i < p->n_values; i++) halves[i] = psh__half_from_float(p->values[i]);
    for (size_t i = 0; i < p->n_tensors; at += p->tensors[i++].n_values) {
        const psh__tensor *t = &p->tensors[i];
        psh__stored *array = &dst->arrays[dst->n_arrays++];
        *array = (psh__stored){.name = t->name,
                               .type = p->is_f16 ? PSH__STORED_F16 : PSH__STORED_F32,
                               .n_axes = t->n_axes,
                               .data = p->is_f16 ? (const void *)(halves + at) : (const void *)(p->values + at)};
        memcpy(array->shape, t->shape, t->n_axes * sizeof *t->shape);
    }
    return PSH_OK;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

const psh__stored *psh__stored_find(const psh__safetensors *file, const char *name) {
    for (size_t i = 0; i < psh__safetensors_count(file); i++)
        if (strcmp(psh__safetensors_array(file, i)->name, name) == 0) return psh__safetensors_array(file, i);
    return NULL;
}

psh_status psh__stored_floats(const psh__stored *array, float *dst, psh_error *err) {
    size_t n = psh__stored_n_items(array);
    if (array->type == PSH__STORED_F32) {
        memcpy(dst, array->data, n * sizeof *dst);
        return PSH_OK;
    }
    if (array->type != PSH__STORED_F16 && array->type != PSH__STORED_BF16)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "array \"%.60s\" is neither F16, BF16 nor F32", array->name);
    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        memcpy(&half, (const char *)array->data + i * sizeof half, sizeof half);
        uint32_t wide = (uint32_t)half << 16;
        if (array->type == PSH__STORED_F16)
            dst[i] = psh__half_to_float(half);
        else
            memcpy(&dst[i], &wide, sizeof wide);
    }
    return PSH_OK;
}

static psh_status get_number(const psh__safetensors *file, const char *key, double least, double most, double *dst,
                             psh_error *err) {
    const char *text = psh__safetensors_text(file, key);
    char *end = NULL;
    *dst = text ? strtod(text, &end) : NAN;
    if (text && *text && *end == 0 && *dst >= least && *dst <= most) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "model's %s is \"%.40s\"; expected a number from %g to %g", key,
                      text ? text : "(none)", least, most);
}

static psh_status get_bool(const psh__safetensors *file, const char *key, bool *dst, psh_error *err) {
    const char *text = psh__safetensors_text(file, key);
    if (text && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) return *dst = *text == 't', PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "model's %s is \"%.40s\"; expected true or false", key,
                      text ? text : "(none)");
}

static psh_status get_name(const psh__safetensors *file, const char *key, const char *const names[2], int *dst,
                           psh_error *err) {
    const char *text = psh__safetensors_text(file, key);
    for (*dst = 0; *dst < 2; ++*dst)
        if (text && strcmp(text, names[*dst]) == 0) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "model's %s is \"%.40s\"; expected %s or %s", key, text ? text : "(none)",
                      names[0], names[1]);
}

static psh_status get_weights(const psh__safetensors *file, psh__pdgan *pdgan, psh_error *err) {
    const psh__stored *array = psh__stored_find(file, pdgan->tensors[0].name);
    psh__stored_type type = array && array->type == PSH__STORED_F16 ? PSH__STORED_F16 : PSH__STORED_F32;
    float *next = pdgan->values;
    pdgan->is_f16 = type == PSH__STORED_F16;
    if (psh__safetensors_count(file) != pdgan->n_tensors + 1)
        return psh__error(err, PSH_ERR_CORRUPT, "model file has %zu arrays; this network has %zu",
                          psh__safetensors_count(file), pdgan->n_tensors + 1);
    for (size_t i = 0; i < pdgan->n_tensors; next += pdgan->tensors[i++].n_values) {
        const psh__tensor *t = &pdgan->tensors[i];
        PSH_TRY(psh__safetensors_expect(file, t->name, type, t->n_axes, t->shape, &array, err));
        PSH_TRY(psh__stored_floats(array, next, err));
        for (size_t k = 0; k < t->n_values; k++)
            if (!isfinite(next[k]))
                return psh__error(err, PSH_ERR_CORRUPT, "model's array \"%s\" holds a value that is not finite",
                                  t->name);
    }
    return PSH_OK;
}

/* All but the weights. */
static psh_status get_settings(const psh__safetensors *file, const psh_model *head, psh__pdgan *dst, psh_error *err) {
    static const double least[N_NUMBERS] = {1e-3, 1e-12, 1e-12, 1e-24, 1e-24};
    static const double most[N_NUMBERS] = {4, 1e12, 1e12, 1e24, 1e24};
    double *numbers[N_NUMBERS] = {&dst->shape.width, &dst->input.mean_points, &dst->trained_points, &dst->input.scale,
                                  &dst->input.unit};
    bool *bools[N_BOOLS] = {&dst->shape.has_norm, &dst->shape.has_code_norm, &dst->has_raw_counts,
                            &dst->keeps_statistics};
    int layout, image;
    for (int i = 0; i < N_NUMBERS; i++) PSH_TRY(get_number(file, number_keys[i], least[i], most[i], numbers[i], err));
    for (int i = 0; i < N_BOOLS; i++) PSH_TRY(get_bool(file, bool_keys[i], bools[i], err));
    PSH_TRY(get_name(file, "layout", layout_names, &layout, err));
    PSH_TRY(get_name(file, "image", image_names, &image, err));
    dst->shape.n_bits = (int)head->n_bits;
    dst->shape.layout = (psh_pdgan_layout)layout, dst->shape.image = dst->input.kind = (psh_pdgan_image)image;
    if (!head->pool) return psh__error(err, PSH_ERR_CORRUPT, "model's pool is false; a pdgan ignores dimensions");
    return PSH_OK;
}

psh_status psh__pdgan_read(const psh__safetensors *file, const psh_model *head, const psh_meta *meta, psh_model **dst,
                           psh_error *err) {
    psh__pdgan settings = {0}, *pdgan = NULL;
    size_t n_stored = 0;
    PSH_TRY(get_settings(file, head, &settings, err));
    /* No more memory than the file can fill. */
    for (size_t i = 0; i < psh__safetensors_count(file); i++)
        n_stored += psh__stored_n_items(psh__safetensors_array(file, i));
    if (psh__pdgan_n_values(&settings.shape) > n_stored)
        return psh__error(err, PSH_ERR_CORRUPT, "model's width is %g; %zu weights are too few for that",
                          settings.shape.width, n_stored);
    PSH_TRY(psh__pdgan_create(&settings.shape, &pdgan, err));
    settings.input.mean = pdgan->input.mean;
    pdgan->input = settings.input;
    pdgan->trained_points = settings.trained_points, pdgan->has_raw_counts = settings.has_raw_counts;
    pdgan->keeps_statistics = settings.keeps_statistics;
    psh_status status = get_weights(file, pdgan, err);
    if (status == PSH_OK) return psh__pdgan_finish(pdgan, &head->frame, head->dims_mask, meta, dst, err);
    psh__pdgan_free(pdgan);
    return status;
}
