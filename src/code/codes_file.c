/* codes_file.c : code sets as .npz (docs/formats/codes.md).
 *
 * What a file says about itself is believed only where it agrees with the arrays: width against n_bits, lengths against
 * the number of codes, pad bits against zero. */
#include "code/codes.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* One array of the archive, and how error texts call it. */
typedef struct member {
    psh__array array;
    char what[512]; /* "set.npz: codes" */
} member;

static psh_status read_member(psh__npz *npz, const char *path, const char *name, member *dst, psh_error *err) {
    snprintf(dst->what, sizeof dst->what, "%.400s: %.64s", path, name);
    return psh__npz_read(npz, name, &dst->array, err);
}

/* Shape (n_items,), or () where n_axes is 0. */
static psh_status check_shape(const member *m, size_t n_axes, size_t n_items, psh_error *err) {
    if (m->array.n_axes == n_axes && m->array.n_items == n_items) return PSH_OK;
    return psh__error(err, PSH_ERR_SHAPE, "%s has %zu axes and %zu items; expected %zu axes and %zu items", m->what,
                      m->array.n_axes, m->array.n_items, n_axes, n_items);
}

static psh_status read_n_bits(psh__npz *npz, const char *path, int *n_bits, psh_error *err) {
    member m = {0};
    int64_t *values = NULL;
    PSH_TRY(read_member(npz, path, "n_bits", &m, err));
    psh_status status;
    if (m.array.n_items != 1) {
        status = psh__error(err, PSH_ERR_SHAPE, "%s has %zu items; expected one number", m.what, m.array.n_items);
        goto done;
    }
    PSH_TRY_GOTO(psh__array_to_i64(&m.array, m.what, &values, err));
    if (values[0] < 1 || values[0] > PSH_CODE_MAX_BITS)
        status = psh__error(err, PSH_ERR_DATA, "%s is %lld; expected 1 to %d", m.what, (long long)values[0],
                            PSH_CODE_MAX_BITS);
    else
        *n_bits = (int)values[0];
done:
    psh__free(values);
    psh__array_free(&m.array);
    return status;
}

/* Bytes from codes of another dtype, if all values are bytes. */
static psh_status narrow(const member *m, uint8_t **dst, psh_error *err) {
    int64_t *values;
    PSH_TRY(psh__array_to_i64(&m->array, m->what, &values, err));
    psh_status status = PSH_OK;
    uint8_t *bytes = psh__malloc(m->array.n_items, 1);
    if (!bytes) status = psh__error_memory(err, "codes", m->array.n_items);
    for (size_t i = 0; status == PSH_OK && i < m->array.n_items; i++) {
        if (values[i] < 0 || values[i] > 255)
            status = psh__error(err, PSH_ERR_DATA, "%s: value %lld; expected bytes, 0 to 255", m->what,
                                (long long)values[i]);
        else
            bytes[i] = (uint8_t)values[i];
    }
    psh__free(values);
    if (status == PSH_OK)
        *dst = bytes;
    else
        psh__free(bytes);
    return status;
}

static psh_status read_codes(psh__npz *npz, const char *path, psh_codes **dst, psh_error *err) {
    member m = {0};
    int n_bits = 0;
    uint8_t *narrowed = NULL;
    PSH_TRY(read_n_bits(npz, path, &n_bits, err));
    PSH_TRY(read_member(npz, path, "codes", &m, err));
    psh_status status;
    size_t n_bytes = (size_t)(n_bits + 7) / 8;
    if (m.array.n_axes != 2) {
        status = psh__error(err, PSH_ERR_SHAPE, "%s has %zu axes; expected 2: (N, n_bytes)", m.what, m.array.n_axes);
        goto done;
    }
    if (m.array.shape[1] != n_bytes) {
        status = psh__error(err, PSH_ERR_SHAPE,
                            "%s has %zu columns, but n_bits %d makes %zu bytes a code; pack bits with "
                            "numpy.packbits(..., axis=1, bitorder=\"little\")",
                            m.what, m.array.shape[1], n_bits, n_bytes);
        goto done;
    }
    if (m.array.kind != 'u' || m.array.item_bytes != 1) PSH_TRY_GOTO(narrow(&m, &narrowed, err));
    status = psh_codes_create(narrowed ? narrowed : m.array.data, m.array.shape[0], n_bits, "", "", dst, err);
    if (status != PSH_OK) psh__error_prefix(err, status, "%s", m.what);
done:
    psh__free(narrowed);
    psh__array_free(&m.array);
    return status;
}

/* Label names may be any number: then n_texts is SIZE_MAX. */
static psh_status read_texts(psh__npz *npz, const char *path, const char *name, size_t n_texts, char ***texts,
                             size_t *n_read, psh_error *err) {
    member m = {0};
    PSH_TRY(read_member(npz, path, name, &m, err));
    psh_status status = check_shape(&m, 1, n_texts == SIZE_MAX ? m.array.n_items : n_texts, err);
    if (status == PSH_OK) status = psh__array_to_texts(&m.array, m.what, texts, err);
    *n_read = m.array.n_items;
    psh__array_free(&m.array);
    return status;
}

static psh_status read_labels(psh__npz *npz, const char *path, psh_codes *set, psh_error *err) {
    member m = {0};
    int64_t *labels = NULL;
    char **names = NULL;
    size_t n_classes = 0;
    if (!psh__npz_has(npz, "labels")) return PSH_OK;
    PSH_TRY(read_member(npz, path, "labels", &m, err));
    psh_status status;
    PSH_TRY_GOTO(check_shape(&m, 1, set->n_codes, err));
    PSH_TRY_GOTO(psh__array_to_i64(&m.array, m.what, &labels, err));
    if (psh__npz_has(npz, "label_names"))
        PSH_TRY_GOTO(read_texts(npz, path, "label_names", SIZE_MAX, &names, &n_classes, err));
    status = psh_codes_set_labels(set, labels, (const char *const *)names, n_classes, err);
    if (status != PSH_OK) psh__error_prefix(err, status, "%s", m.what);
done:
    psh__free(names);
    psh__free(labels);
    psh__array_free(&m.array);
    return status;
}

static psh_status read_names(psh__npz *npz, const char *path, psh_codes *set, psh_error *err) {
    size_t n_names;
    if (!psh__npz_has(npz, "names")) return PSH_OK;
    return read_texts(npz, path, "names", set->n_codes, &set->names, &n_names, err);
}

static psh_status read_model(psh__npz *npz, const char *path, psh_codes *set, psh_error *err) {
    member m = {0};
    if (!psh__npz_has(npz, "model")) return PSH_OK;
    PSH_TRY(read_member(npz, path, "model", &m, err));
    psh_status status;
    if (m.array.n_axes != 1 || m.array.kind != 'u' || m.array.item_bytes != 1)
        status = psh__error(err, PSH_ERR_SHAPE, "%s: %zu axes of items of %zu bytes; expected (n_bytes,) of uint8",
                            m.what, m.array.n_axes, m.array.item_bytes);
    else
        status = psh_codes_set_model(set, m.array.data, m.array.n_items, err);
    psh__array_free(&m.array);
    return status;
}

static psh_status read_scales(psh__npz *npz, const char *path, psh_codes *set, psh_error *err) {
    member m = {0};
    double *numbers = NULL;
    float scales[PSH_CODE_MAX_BITS];
    if (!psh__npz_has(npz, "scales")) return PSH_OK;
    PSH_TRY(read_member(npz, path, "scales", &m, err));
    psh_status status;
    PSH_TRY_GOTO(check_shape(&m, 1, (size_t)set->n_bits, err));
    PSH_TRY_GOTO(psh__array_to_f64(&m.array, m.what, &numbers, err));
    for (int b = 0; b < set->n_bits; b++) scales[b] = (float)numbers[b];
    status = psh_codes_set_scales(set, scales, err);
    if (status != PSH_OK) psh__error_prefix(err, status, "%s", m.what);
done:
    psh__free(numbers);
    psh__array_free(&m.array);
    return status;
}

static psh_status read_meta(psh__npz *npz, const char *path, psh_codes *set, psh_error *err) {
    member m = {0};
    char **json = NULL;
    psh_meta *meta;
    if (!psh__npz_has(npz, "meta")) return PSH_OK;
    PSH_TRY(read_member(npz, path, "meta", &m, err));
    psh_status status;
    PSH_TRY_GOTO(check_shape(&m, 0, 1, err));
    PSH_TRY_GOTO(psh__array_to_texts(&m.array, m.what, &json, err));
    status = psh_meta_read_text(json[0], &meta, err);
    if (status != PSH_OK) {
        psh__error_prefix(err, status, "%s", m.what);
        goto done;
    }
    psh_meta_free(set->meta);
    set->meta = meta;
done:
    psh__free(json);
    psh__array_free(&m.array);
    return status;
}

psh_status psh_codes_read(const char *path, psh_codes **dst, psh_error *err) {
    assert(path && dst);
    psh__npz *npz;
    psh_codes *set = NULL;
    PSH_TRY(psh__npz_open(path, &npz, err));
    psh_status status;
    PSH_TRY_GOTO(read_codes(npz, path, &set, err));
    PSH_TRY_GOTO(read_labels(npz, path, set, err));
    PSH_TRY_GOTO(read_names(npz, path, set, err));
    PSH_TRY_GOTO(read_model(npz, path, set, err));
    PSH_TRY_GOTO(read_scales(npz, path, set, err));
    PSH_TRY_GOTO(read_meta(npz, path, set, err));
    *dst = set;
    set = NULL;
done:
    psh_codes_free(set);
    psh__npz_free(npz);
    return status;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static psh_status add_arrays(const psh_codes *set, psh__npz_writer *npz, const char *json, psh_error *err) {
    const size_t shape[2] = {set->n_codes, set->n_bytes};
    const int64_t n_bits = set->n_bits;
    PSH_TRY(psh__npz_add(npz, "codes", "|u1", shape, 2, set->codes, set->n_codes * set->n_bytes, err));
    PSH_TRY(psh__npz_add(npz, "n_bits", "<i8", NULL, 0, &n_bits, sizeof n_bits, err));
    if (set->labels)
        PSH_TRY(psh__npz_add(npz, "labels", "<i8", shape, 1, set->labels, set->n_codes * sizeof *set->labels, err));
    if (set->label_names)
        PSH_TRY(
            psh__npz_add_texts(npz, "label_names", (const char *const *)set->label_names, set->n_classes, false, err));
    if (set->names)
        PSH_TRY(psh__npz_add_texts(npz, "names", (const char *const *)set->names, set->n_codes, false, err));
    if (set->model)
        PSH_TRY(psh__npz_add(npz, "model", "|u1", &set->n_model_bytes, 1, set->model, set->n_model_bytes, err));
    if (set->scales) {
        const size_t n_bits_axis = (size_t)set->n_bits;
        PSH_TRY(
            psh__npz_add(npz, "scales", "<f4", &n_bits_axis, 1, set->scales, n_bits_axis * sizeof *set->scales, err));
    }
    return psh__npz_add_texts(npz, "meta", &json, 1, true, err);
}

psh_status psh_codes_write(const psh_codes *set, const char *path, psh_error *err) {
    assert(set && path);
    psh__npz_writer *npz;
    char *json = psh_meta_write_text(set->meta, 0);
    if (!json) return psh__error_memory(err, "metadata", 0);
    psh_status status = psh__npz_create(path, true, &npz, err);
    if (status == PSH_OK) {
        status = add_arrays(set, npz, json, err);
        if (status == PSH_OK)
            status = psh__npz_commit(npz, err);
        else
            psh__npz_abort(npz);
    }
    psh_text_free(json);
    return status;
}
