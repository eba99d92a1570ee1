/* safetensors.c : named arrays in one file, written and read.
 *
 * Reading trusts nothing: sizes go through overflow-safe arithmetic, every array must lie in the file and cover its
 * data in turn, and no byte may be unaccounted for. Files are little-endian; so are all machines that this is built for
 * (checked at compile time). */
#include "encoder/safetensors.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little-endian: add byte swaps here"
#endif

enum { MAX_HEADER = 1 << 20, MAX_ARRAYS = 4096 };

static const struct {
    const char *name;
    size_t item_bytes;
} types[] = {[PSH__STORED_F16] = {"F16", 2}, [PSH__STORED_BF16] = {"BF16", 2}, [PSH__STORED_F32] = {"F32", 4},
             [PSH__STORED_F64] = {"F64", 8}, [PSH__STORED_I32] = {"I32", 4},   [PSH__STORED_I64] = {"I64", 8}};

static const char metadata_key[] = "__metadata__";

size_t psh__stored_n_items(const psh__stored *array) {
    size_t n_items = 1;
    for (size_t i = 0; i < array->n_axes; i++) n_items *= array->shape[i];
    return n_items;
}

size_t psh__stored_n_bytes(const psh__stored *array) {
    return psh__stored_n_items(array) * types[array->type].item_bytes;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static json_t *array_json(const psh__stored *array, size_t begin) {
    json_t *shape = json_array();
    for (size_t i = 0; shape && i < array->n_axes; i++)
        json_array_append_new(shape, json_integer((json_int_t)array->shape[i]));
    return json_pack("{s:s, s:o, s:[I,I]}", "dtype", types[array->type].name, "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)(begin + psh__stored_n_bytes(array)));
}

/* The header's JSON text, freed by free(); NULL: no memory. */
static char *header_text(const psh__stored *arrays, size_t n_arrays, const psh__stored_text *texts, size_t n_texts) {
    json_t *header = json_object(), *metadata = json_object();
    bool good = header && metadata && json_object_set(header, metadata_key, metadata) == 0;
    for (size_t i = 0; good && i < n_texts; i++)
        good = json_object_set_new(metadata, texts[i].key, json_string(texts[i].text)) == 0;
    for (size_t i = 0, begin = 0; good && i < n_arrays; begin += psh__stored_n_bytes(&arrays[i]), i++)
        good = json_object_set_new(header, arrays[i].name, array_json(&arrays[i], begin)) == 0;
    char *text = good ? json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(metadata);
    json_decref(header);
    return text;
}

psh_status psh__safetensors_write(const psh__stored *arrays, size_t n_arrays, const psh__stored_text *texts,
                                  size_t n_texts, uint8_t **bytes, size_t *n_bytes, psh_error *err) {
    size_t data_bytes = 0;
    for (size_t i = 0; i < n_arrays; i++) data_bytes += psh__stored_n_bytes(&arrays[i]);
    char *text = header_text(arrays, n_arrays, texts, n_texts);
    if (!text) return psh__error_memory(err, "a model file", data_bytes);
    size_t text_bytes = strlen(text), header_bytes = (text_bytes + 7) / 8 * 8, total = 8 + header_bytes + data_bytes;
    uint8_t *file = psh__malloc(total, 1);
    if (file) {
        uint64_t stored = header_bytes;
        memcpy(file, &stored, 8);
        memcpy(file + 8, text, text_bytes);
        memset(file + 8 + text_bytes, ' ', header_bytes - text_bytes);
        uint8_t *at = file + 8 + header_bytes;
        for (size_t i = 0; i < n_arrays; at += psh__stored_n_bytes(&arrays[i]), i++)
            if (psh__stored_n_bytes(&arrays[i])) memcpy(at, arrays[i].data, psh__stored_n_bytes(&arrays[i]));
        *bytes = file;
        *n_bytes = total;
    }
    free(text);
    return file ? PSH_OK : psh__error_memory(err, "a model file", total);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

struct psh__safetensors {
    json_t *header;
    psh__stored *arrays; /* (n_arrays), in the order of their bytes; names belong to the header */
    size_t *begins;      /* (n_arrays) */
    size_t n_arrays;
};

static psh_status read_header(const uint8_t *bytes, size_t n_bytes, json_t **header, size_t *data_begin,
                              psh_error *err) {
    uint64_t header_bytes = 0;
    if (n_bytes < 8)
        return psh__error(err, PSH_ERR_FORMAT, "%zu bytes are no model: a .safetensors file has at least 10", n_bytes);
    memcpy(&header_bytes, bytes, 8);
    if (header_bytes < 2 || header_bytes > MAX_HEADER)
        return psh__error(err, PSH_ERR_FORMAT,
                          "no model: the first 8 bytes of a .safetensors file are its header's length, here %llu; "
                          "expected 2 to %d",
                          (unsigned long long)header_bytes, MAX_HEADER);
    if (n_bytes > 8 && bytes[8] != '{')
        return psh__error(err, PSH_ERR_FORMAT,
                          "no model: the header of a .safetensors file starts with {, found \\x%02x", bytes[8]);
    if (header_bytes > n_bytes - 8)
        return psh__error(err, PSH_ERR_CORRUPT, "model file is truncated: header of %llu bytes, %zu left",
                          (unsigned long long)header_bytes, n_bytes - 8);
    json_error_t fault;
    *header = json_loadb((const char *)bytes + 8, (size_t)header_bytes, JSON_REJECT_DUPLICATES, &fault);
    if (!*header) return psh__error(err, PSH_ERR_CORRUPT, "model file's header is no JSON: %s", fault.text);
    *data_begin = 8 + (size_t)header_bytes;
    return PSH_OK;
}

static bool read_size(const json_t *value, size_t *dst) {
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *dst = (size_t)json_integer_value(value);
    return true;
}

static psh_status read_array(const char *name, const json_t *entry, size_t data_bytes, psh__stored *dst, size_t *begin,
                             psh_error *err) {
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    const json_t *shape = json_object_get(entry, "shape"), *places = json_object_get(entry, "data_offsets");
    size_t end = 0, n_bytes = 1, i_type = 0, n_types = sizeof types / sizeof *types;
    if (!type || !json_is_array(shape) || json_array_size(places) != 2 ||
        !read_size(json_array_get(places, 0), begin) || !read_size(json_array_get(places, 1), &end))
        return psh__error(err, PSH_ERR_CORRUPT,
                          "model's array \"%.60s\" has no valid dtype, shape or data_offsets; get a fresh copy", name);
    while (i_type < n_types && strcmp(type, types[i_type].name) != 0) i_type++;
    if (i_type == n_types)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "model's array \"%.60s\" is of type %.20s; expected F16 to I64",
                          name, type);
    if (json_array_size(shape) > PSH__STORED_MAX_AXES)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "model's array \"%.60s\" has %zu axes; expected at most %d", name,
                          json_array_size(shape), PSH__STORED_MAX_AXES);
    *dst = (psh__stored){.name = name, .type = (psh__stored_type)i_type, .n_axes = json_array_size(shape)};
    bool good = true;
    for (size_t i = 0; i < dst->n_axes; i++)
        good = good && read_size(json_array_get(shape, i), &dst->shape[i]) &&
               psh__size_mul(n_bytes, dst->shape[i], &n_bytes);
    good = good && psh__size_mul(n_bytes, types[i_type].item_bytes, &n_bytes);
    if (!good || *begin > end || end > data_bytes || end - *begin != n_bytes)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "model's array \"%.60s\" of type %s says bytes %zu to %zu of %zu, which its shape does not "
                          "fit; get a fresh copy",
                          name, type, *begin, end, data_bytes);
    return PSH_OK;
}

/* Inserts array n_arrays into the sorted ones before it. Empty arrays stay before those that start where they do. */
static void sort_last(psh__safetensors *file) {
    size_t i = file->n_arrays, begin = file->begins[i];
    psh__stored array = file->arrays[i];
    bool is_empty = psh__stored_n_bytes(&array) == 0;
    for (; i > 0 && (file->begins[i - 1] > begin || (is_empty && file->begins[i - 1] == begin)); i--)
        file->arrays[i] = file->arrays[i - 1], file->begins[i] = file->begins[i - 1];
    file->arrays[i] = array, file->begins[i] = begin;
}

static psh_status check_cover(const psh__safetensors *file, size_t data_bytes, psh_error *err) {
    size_t end = 0;
    for (size_t i = 0; i < file->n_arrays; i++) {
        if (file->begins[i] != end)
            return psh__error(err, PSH_ERR_CORRUPT, "model's array \"%.60s\" starts at byte %zu; expected %zu",
                              file->arrays[i].name, file->begins[i], end);
        end += psh__stored_n_bytes(&file->arrays[i]);
    }
    if (end != data_bytes)
        return psh__error(err, PSH_ERR_CORRUPT, "model file has %zu bytes of arrays; expected %zu", data_bytes, end);
    return PSH_OK;
}

psh_status psh__safetensors_read(const uint8_t *bytes, size_t n_bytes, psh__safetensors **dst, psh_error *err) {
    psh_status status = PSH_OK;
    size_t data_begin = 0;
    const char *name;
    json_t *entry;
    psh__safetensors *file = psh__calloc(1, sizeof *file);
    if (!file) return psh__error_memory(err, "a model file", sizeof *file);
    PSH_TRY_GOTO(read_header(bytes, n_bytes, &file->header, &data_begin, err));
    size_t n_entries = json_object_size(file->header);
    if (n_entries > MAX_ARRAYS) {
        status = psh__error(err, PSH_ERR_UNSUPPORTED, "model file has %zu entries; expected at most %d", n_entries,
                            MAX_ARRAYS);
        goto done;
    }
    file->arrays = psh__calloc(n_entries + 1, sizeof *file->arrays);
    file->begins = psh__calloc(n_entries + 1, sizeof *file->begins);
    if (!file->arrays || !file->begins) {
        status = psh__error_memory(err, "a model file", n_entries * sizeof *file->arrays);
        goto done;
    }
    json_object_foreach(file->header, name, entry) {
        size_t i = file->n_arrays;
        if (strcmp(name, metadata_key) == 0) continue;
        PSH_TRY_GOTO(read_array(name, entry, n_bytes - data_begin, &file->arrays[i], &file->begins[i], err));
        file->arrays[i].data = bytes + data_begin + file->begins[i];
        sort_last(file);
        file->n_arrays++;
    }
    PSH_TRY_GOTO(check_cover(file, n_bytes - data_begin, err));
    *dst = file;
    file = NULL;
done:
    psh__safetensors_free(file);
    return status;
}

void psh__safetensors_free(psh__safetensors *file) {
    if (!file) return;
    json_decref(file->header);
    psh__free(file->arrays);
    psh__free(file->begins);
    psh__free(file);
}

size_t psh__safetensors_count(const psh__safetensors *file) {
    return file->n_arrays;
}

const psh__stored *psh__safetensors_array(const psh__safetensors *file, size_t i) {
    return &file->arrays[i];
}

const char *psh__safetensors_text(const psh__safetensors *file, const char *key) {
    return json_string_value(json_object_get(json_object_get(file->header, metadata_key), key));
}

psh_status psh__safetensors_expect(const psh__safetensors *file, const char *name, psh__stored_type type, size_t n_axes,
                                   const size_t *shape, const psh__stored **dst, psh_error *err) {
    for (size_t i = 0; i < file->n_arrays; i++) {
        const psh__stored *array = &file->arrays[i];
        if (strcmp(array->name, name) != 0) continue;
        if (array->type == type && array->n_axes == n_axes && !memcmp(array->shape, shape, n_axes * sizeof *shape))
            return *dst = array, PSH_OK;
        return psh__error(err, PSH_ERR_CORRUPT,
                          "model's array \"%s\" is %s of %zu axes (%zu x %zu); expected %s of %zu (%zu x %zu)", name,
                          types[array->type].name, array->n_axes, array->n_axes > 0 ? array->shape[0] : 1,
                          array->n_axes > 1 ? array->shape[1] : 1, types[type].name, n_axes, n_axes > 0 ? shape[0] : 1,
                          n_axes > 1 ? shape[1] : 1);
    }
    return psh__error(err, PSH_ERR_CORRUPT, "model's array \"%s\" is missing; get a fresh copy", name);
}

/* --- Halves ------------------------------------------------------------------------------------------------------- */

uint16_t psh__half_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000u, rest = bits & 0x7fffffffu;
    if (rest > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
    if (rest >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u); /* rounds beyond 65504 */
    uint32_t exponent = rest >> 23, shift = exponent < 113 ? 126 - exponent : 13;
    if (shift > 25) return (uint16_t)sign;
    uint32_t mantissa = exponent < 113 ? (rest & 0x7fffffu) | 0x800000u : rest - (112u << 23);
    uint32_t half = mantissa >> shift, left = mantissa & ((1u << shift) - 1), middle = 1u << (shift - 1);
    return (uint16_t)(sign | (half + (left > middle || (left == middle && (half & 1)))));
}

float psh__half_to_float(uint16_t half) {
    uint32_t exponent = half >> 10 & 31, mantissa = half & 0x3ffu, bits;
    float value;
    if (exponent == 0) {
        value = (float)mantissa * 0x1p-24f;
    } else {
        bits = (exponent == 31 ? 255u : exponent + 112) << 23 | mantissa << 13;
        memcpy(&value, &bits, sizeof value);
    }
    return half & 0x8000u ? -value : value;
}
