/* meta.c : metadata objects over jansson. */
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "persihash/base.h"

struct psh_meta {
    json_t *object;
};

static psh_status wrap(json_t *object, psh_meta **dst, psh_error *err) {
    psh_meta *meta = object ? psh__malloc(1, sizeof *meta) : NULL;
    if (!meta) {
        json_decref(object);
        return psh__error_memory(err, "metadata", sizeof *meta);
    }
    meta->object = object;
    *dst = meta;
    return PSH_OK;
}

psh_status psh_meta_create(psh_meta **dst, psh_error *err) {
    return wrap(json_object(), dst, err);
}

psh_status psh_meta_read_text(const char *json, psh_meta **dst, psh_error *err) {
    json_error_t fault;
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &fault);
    if (!object)
        return psh__error(err, PSH_ERR_CORRUPT, "metadata is no JSON: line %d: %s; expected one JSON object",
                          fault.line, fault.text);
    if (!json_is_object(object)) {
        json_decref(object);
        return psh__error(err, PSH_ERR_CORRUPT, "metadata is JSON but no object; expected {...}");
    }
    return wrap(object, dst, err);
}

psh_status psh_meta_copy(const psh_meta *src, psh_meta **dst, psh_error *err) {
    return wrap(src ? json_deep_copy(src->object) : json_object(), dst, err);
}

void psh_meta_free(psh_meta *meta) {
    if (!meta) return;
    json_decref(meta->object);
    psh__free(meta);
}

static psh_status set(psh_meta *meta, const char *key, json_t *value) {
    return json_object_set_new(meta->object, key, value) == 0 ? PSH_OK : PSH_ERR_MEMORY;
}

/* Names of files may hold bytes that are no UTF-8; JSON cannot. Such bytes are replaced by '?', so that recording them
 * never fails. */
psh_status psh_meta_set_text(psh_meta *meta, const char *key, const char *value) {
    json_t *text = json_string(value);
    if (text) return set(meta, key, text);
    char *ascii = psh__strdup(value);
    if (!ascii) return PSH_ERR_MEMORY;
    for (char *c = ascii; *c; c++)
        if (*c & 0x80) *c = '?';
    psh_status status = set(meta, key, json_string(ascii));
    psh__free(ascii);
    return status;
}

psh_status psh_meta_set_number(psh_meta *meta, const char *key, double value) {
    return set(meta, key, json_real(value));
}
psh_status psh_meta_set_integer(psh_meta *meta, const char *key, int64_t value) {
    return set(meta, key, json_integer(value));
}
psh_status psh_meta_set_bool(psh_meta *meta, const char *key, bool value) {
    return set(meta, key, json_boolean(value));
}

psh_status psh_meta_set_json(psh_meta *meta, const char *key, const char *json) {
    return set(meta, key, json_loads(json, JSON_DECODE_ANY, NULL));
}

psh_status psh_meta_set_numbers(psh_meta *meta, const char *key, const double *values, size_t n_values) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < n_values; i++)
        if (json_array_append_new(array, json_real(values[i])) != 0) {
            json_decref(array);
            array = NULL;
        }
    return set(meta, key, array);
}

psh_status psh_meta_set_object(psh_meta *meta, const char *key, const psh_meta *value) {
    return set(meta, key, json_deep_copy(value->object));
}

const char *psh_meta_text(const psh_meta *meta, const char *key) {
    return json_string_value(json_object_get(meta->object, key));
}

double psh_meta_number(const psh_meta *meta, const char *key, double fallback) {
    json_t *value = json_object_get(meta->object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

size_t psh_meta_integers(const psh_meta *meta, const char *key, int64_t *dst, size_t capacity) {
    json_t *array = json_object_get(meta->object, key);
    size_t n_items = json_array_size(array); /* 0 if it is no array */
    for (size_t i = 0; i < n_items; i++) {
        json_t *item = json_array_get(array, i);
        if (!json_is_integer(item)) return 0;
        if (i < capacity) dst[i] = json_integer_value(item);
    }
    return n_items;
}

size_t psh_meta_numbers(const psh_meta *meta, const char *key, double *dst, size_t capacity) {
    json_t *array = json_object_get(meta->object, key);
    size_t n_items = json_array_size(array); /* 0 if it is no array */
    for (size_t i = 0; i < n_items; i++) {
        json_t *item = json_array_get(array, i);
        if (!json_is_number(item)) return 0;
        if (i < capacity) dst[i] = json_number_value(item);
    }
    return n_items;
}

psh_status psh_meta_object(const psh_meta *meta, const char *key, psh_meta **dst, psh_error *err) {
    json_t *object = json_object_get(meta->object, key);
    *dst = NULL;
    return json_is_object(object) ? wrap(json_deep_copy(object), dst, err) : PSH_OK;
}

char *psh_meta_write_text(const psh_meta *meta, int indent) {
    char *json = json_dumps(meta->object, JSON_INDENT((size_t)indent) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17));
    if (!json) return NULL;
    char *text = psh__strdup(json);
    free(json);
    return text;
}

void psh_text_free(char *text) {
    psh__free(text);
}
