/* codes.c : sets of packed codes and what travels with them. */
#include "code/codes.h"

#include <assert.h>
#include <float.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

/* Row of the first code with a bit set beyond n_bits, or n_codes. */
static size_t find_pad_bit(const uint8_t *codes, size_t n_codes, int n_bits) {
    size_t n_bytes = (size_t)(n_bits + 7) / 8, i = 0;
    if (n_bits % 8 == 0) return n_codes;
    while (i < n_codes && codes[(i + 1) * n_bytes - 1] >> (n_bits % 8) == 0) i++;
    return i;
}

psh_status psh_codes_create(const uint8_t *codes, size_t n_codes, int n_bits, const char *model_id,
                            const char *frame_id, psh_codes **dst, psh_error *err) {
    assert((codes || n_codes == 0) && model_id && frame_id && dst);
    if (n_bits < 1 || n_bits > PSH_CODE_MAX_BITS)
        return psh__error(err, PSH_ERR_PARAMETER, "codes of %d bits; expected 1 to %d", n_bits, PSH_CODE_MAX_BITS);
    size_t i_bad = find_pad_bit(codes, n_codes, n_bits), n_bytes = (size_t)(n_bits + 7) / 8;
    if (i_bad < n_codes)
        return psh__error(
            err, PSH_ERR_DATA,
            "code %zu has a bit set beyond its %d bits (last byte 0x%02x); pad bits must be zero, and bit "
            "i is bit i %% 8 of byte i / 8: pack with numpy.packbits(..., bitorder=\"little\")",
            i_bad, n_bits, codes[(i_bad + 1) * n_bytes - 1]);

    psh_status status = PSH_OK;
    psh_codes *set = psh__calloc(1, sizeof *set);
    if (!set) return psh__error_memory(err, "a code set", sizeof *set);
    set->n_codes = n_codes, set->n_bits = n_bits, set->n_bytes = n_bytes;
    set->codes = psh__malloc(n_codes, n_bytes);
    if (!set->codes) {
        status = psh__error_memory(err, "codes", (unsigned long long)n_codes * n_bytes);
        goto done;
    }
    if (n_codes) memcpy(set->codes, codes, n_codes * n_bytes);
    PSH_TRY_GOTO(psh_meta_create(&set->meta, err));
    if (psh_meta_set_text(set->meta, "model_id", model_id) != PSH_OK ||
        psh_meta_set_text(set->meta, "frame_id", frame_id) != PSH_OK)
        status = psh__error_memory(err, "metadata", 0);
done:
    if (status == PSH_OK)
        *dst = set;
    else
        psh_codes_free(set);
    return status;
}

void psh_codes_free(psh_codes *set) {
    if (!set) return;
    psh__free(set->codes);
    psh__free(set->labels);
    psh__free(set->label_names);
    psh__free(set->names);
    psh__free(set->model);
    psh__free(set->scales);
    psh_meta_free(set->meta);
    psh__free(set);
}

size_t psh_codes_count(const psh_codes *set) {
    return set->n_codes;
}
int psh_codes_n_bits(const psh_codes *set) {
    return set->n_bits;
}
size_t psh_codes_n_bytes(const psh_codes *set) {
    return set->n_bytes;
}
const uint8_t *psh_codes_data(const psh_codes *set) {
    return set->codes;
}
psh_meta *psh_codes_meta(psh_codes *set) {
    return set->meta;
}
const psh_meta *psh_codes_meta_const(const psh_codes *set) {
    return set->meta;
}

static const char *text_or_empty(const char *text) {
    return text ? text : "";
}
const char *psh_codes_model_id(const psh_codes *set) {
    return text_or_empty(psh_meta_text(set->meta, "model_id"));
}
const char *psh_codes_frame_id(const psh_codes *set) {
    return text_or_empty(psh_meta_text(set->meta, "frame_id"));
}

/* --- Companions --------------------------------------------------------------------------------------------------- */

/* Pointers and characters in one block. */
static psh_status copy_texts(const char *const *texts, size_t n_texts, const char *what, char ***dst, psh_error *err) {
    size_t n_bytes = 0;
    bool fits = psh__size_mul(n_texts, sizeof(char *), &n_bytes);
    for (size_t i = 0; fits && i < n_texts; i++) fits = psh__size_add(n_bytes, strlen(texts[i]) + 1, &n_bytes);
    char **copy = fits ? psh__malloc(n_bytes, 1) : NULL;
    if (!copy) return psh__error_memory(err, what, n_bytes);
    char *at = (char *)(copy + n_texts);
    for (size_t i = 0; i < n_texts; i++) {
        size_t text_bytes = strlen(texts[i]) + 1;
        copy[i] = memcpy(at, texts[i], text_bytes);
        at += text_bytes;
    }
    *dst = copy;
    return PSH_OK;
}

static psh_status check_labels(const int64_t *labels, size_t n_codes, size_t n_classes, psh_error *err) {
    for (size_t i = 0; i < n_codes; i++) {
        if (labels[i] < -1)
            return psh__error(err, PSH_ERR_DATA, "label %lld of code %zu; expected a class from 0, or -1 for none",
                              (long long)labels[i], i);
        if (n_classes && labels[i] >= (int64_t)n_classes)
            return psh__error(err, PSH_ERR_DATA, "label %lld of code %zu, but there are names for %zu classes",
                              (long long)labels[i], i, n_classes);
    }
    return PSH_OK;
}

psh_status psh_codes_set_labels(psh_codes *set, const int64_t *labels, const char *const *label_names, size_t n_classes,
                                psh_error *err) {
    assert((labels || set->n_codes == 0) && (label_names || n_classes == 0));
    char **names_copy = NULL;
    PSH_TRY(check_labels(labels, set->n_codes, n_classes, err));
    if (n_classes) PSH_TRY(copy_texts(label_names, n_classes, "label names", &names_copy, err));
    int64_t *labels_copy = psh__malloc(set->n_codes, sizeof *labels);
    if (!labels_copy) {
        psh__free(names_copy);
        return psh__error_memory(err, "labels", (unsigned long long)set->n_codes * sizeof *labels);
    }
    if (set->n_codes) memcpy(labels_copy, labels, set->n_codes * sizeof *labels);
    psh__free(set->labels);
    psh__free(set->label_names);
    set->labels = labels_copy, set->label_names = names_copy, set->n_classes = n_classes;
    return PSH_OK;
}

psh_status psh_codes_set_names(psh_codes *set, const char *const *names, psh_error *err) {
    assert(names || set->n_codes == 0);
    char **copy;
    PSH_TRY(copy_texts(names, set->n_codes, "names", &copy, err));
    psh__free(set->names);
    set->names = copy;
    return PSH_OK;
}

psh_status psh_codes_set_model(psh_codes *set, const uint8_t *model, size_t n_model_bytes, psh_error *err) {
    assert(model || n_model_bytes == 0);
    uint8_t *copy = NULL;
    if (n_model_bytes) {
        copy = psh__malloc(n_model_bytes, 1);
        if (!copy) return psh__error_memory(err, "a model", n_model_bytes);
        memcpy(copy, model, n_model_bytes);
    }
    psh__free(set->model);
    set->model = copy, set->n_model_bytes = n_model_bytes;
    return PSH_OK;
}

psh_status psh_codes_set_scales(psh_codes *set, const float *scales, psh_error *err) {
    assert(scales);
    size_t n_bits = (size_t)set->n_bits;
    for (size_t b = 0; b < n_bits; b++)
        if (!(scales[b] > 0 && scales[b] <= FLT_MAX))
            return psh__error(err, PSH_ERR_DATA, "scale %g of bit %zu; expected a finite number above 0", scales[b], b);
    float *copy = psh__malloc(n_bits, sizeof *copy);
    if (!copy) return psh__error_memory(err, "scales", n_bits * sizeof *copy);
    memcpy(copy, scales, n_bits * sizeof *copy);
    psh__free(set->scales);
    set->scales = copy;
    return PSH_OK;
}

const float *psh_codes_scales(const psh_codes *set) {
    return set->scales;
}
const int64_t *psh_codes_labels(const psh_codes *set) {
    return set->labels;
}
size_t psh_codes_n_classes(const psh_codes *set) {
    return set->n_classes;
}
const char *psh_codes_label_name(const psh_codes *set, size_t i_class) {
    assert(i_class < set->n_classes);
    return set->label_names[i_class];
}
const char *psh_codes_name(const psh_codes *set, size_t i_code) {
    assert(i_code < set->n_codes);
    return set->names ? set->names[i_code] : "";
}
const uint8_t *psh_codes_model(const psh_codes *set, size_t *n_model_bytes) {
    if (n_model_bytes) *n_model_bytes = set->n_model_bytes;
    return set->model;
}

/* --- May they be compared? ---------------------------------------------------------------------------------------- */

static const char *known(const char *id) {
    return *id ? id : "unknown";
}

psh_status psh_codes_check_same(const psh_codes *a, const psh_codes *b, psh_error *err) {
    const char *model_a = psh_codes_model_id(a), *model_b = psh_codes_model_id(b);
    const char *frame_a = psh_codes_frame_id(a), *frame_b = psh_codes_frame_id(b);
    if (a->n_bits != b->n_bits)
        return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                          "codes of %d bits (model %s) and of %d bits (model %s) cannot be compared; encode both with "
                          "one model: encode the second with --frame and the first's file",
                          a->n_bits, known(model_a), b->n_bits, known(model_b));
    if (strcmp(model_a, model_b) != 0)
        return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                          "codes of model %s and of model %s cannot be compared: their bits ask different questions; "
                          "encode the second with --frame and the first's file",
                          known(model_a), known(model_b));
    if (strcmp(frame_a, frame_b) != 0)
        return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                          "codes in frame %s and in frame %s cannot be compared: their coordinates are scaled "
                          "differently; encode the second with --frame and the first's file",
                          known(frame_a), known(frame_b));
    return PSH_OK;
}
