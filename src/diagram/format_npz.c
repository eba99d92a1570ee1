/* format_npz.c : diagram sets as NumPy archives.
 *
 *   points (M, 2) any real dtype     dims (M,) integers, optional (all 0)     offsets (N + 1,) integers
 *   labels (N,) integers, optional   label_names (C,) text, optional          names (N,) text, optional
 *   meta () text, one JSON object, optional
 *
 * Written as float64, int32, int64, plain (not deflated), so that every reader can map the file instead of reading it.
 * Values are checked in one pass without branches; only when that pass finds a fault does a second one look for it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"
#include "diagram/format.h"

/* --- reading ------------------------------------------------------------------------------------------------------ */

typedef struct reader {
    const char *path;
    psh__npz *npz;
    psh_diagrams *set;
} reader;

static void describe_shape(const psh__array *array, char *text, size_t text_bytes) {
    size_t n = (size_t)snprintf(text, text_bytes, "(");
    for (size_t i = 0; i < array->n_axes && n < text_bytes; i++)
        n += (size_t)snprintf(text + n, text_bytes - n, "%s%zu", i ? ", " : "", array->shape[i]);
    if (n < text_bytes) snprintf(text + n, text_bytes - n, array->n_axes == 1 ? ",)" : ")");
}

static psh_status shape_fault(const reader *file, const char *name, const psh__array *array, const char *expected,
                              psh_error *err) {
    char shape[200];
    describe_shape(array, shape, sizeof shape);
    return psh__error(err, PSH_ERR_SHAPE, "%s: %s: shape %s; expected %s", file->path, name, shape, expected);
}

/* A vector of n_items integers; *dst by psh__malloc(). `expected` explains the length. */
static psh_status read_integers(const reader *file, const char *name, size_t n_items, const char *expected,
                                int64_t **dst, psh_error *err) {
    char what[PSH_ERROR_BYTES], shape[160];
    psh__array array;
    PSH_TRY(psh__npz_read(file->npz, name, &array, err));
    snprintf(what, sizeof what, "%s: %s", file->path, name);
    snprintf(shape, sizeof shape, "(%zu,), %s", n_items, expected);
    psh_status status = array.n_axes == 1 && array.shape[0] == n_items ? psh__array_to_i64(&array, what, dst, err)
                                                                       : shape_fault(file, name, &array, shape, err);
    psh__array_free(&array);
    return status;
}

/* n_axes 0: one text; 1: a vector. Its length is checked before the texts are unpacked (items of a dtype like <U0 take
 * no bytes in the file, so any length could be claimed); n_items SIZE_MAX: any length. */
static psh_status read_texts(const reader *file, const char *name, size_t n_axes, size_t n_items, char ***dst,
                             size_t *n_texts, psh_error *err) {
    char what[PSH_ERROR_BYTES];
    psh__array array;
    psh_status status;
    PSH_TRY(psh__npz_read(file->npz, name, &array, err));
    snprintf(what, sizeof what, "%s: %s", file->path, name);
    *n_texts = array.n_items;
    if (array.n_axes != n_axes)
        status = shape_fault(file, name, &array, n_axes ? "one axis" : "() (one text)", err);
    else if (n_items != SIZE_MAX && array.n_items != n_items)
        status =
            psh__error(err, PSH_ERR_SHAPE, "%s: %zu; expected %zu, one for each diagram", what, array.n_items, n_items);
    else if (n_items == SIZE_MAX && array.n_items && array.item_bytes == 0)
        status = psh__error(err, PSH_ERR_DATA, "%s: %zu empty names", what, array.n_items);
    else
        status = psh__array_to_texts(&array, what, dst, err);
    psh__array_free(&array);
    return status;
}

static psh_status read_points(reader *file, psh_error *err) {
    char what[PSH_ERROR_BYTES];
    double *points;
    psh__array array;
    psh_diagrams *set = file->set;
    PSH_TRY(psh__npz_read(file->npz, "points", &array, err));
    snprintf(what, sizeof what, "%s: points", file->path);
    psh_status status = array.n_axes == 2 && array.shape[1] == 2
                            ? psh__array_to_f64(&array, what, &points, err)
                            : shape_fault(file, "points", &array, "(M, 2), rows of birth, death", err);
    if (status == PSH_OK) {
        psh__free(set->points);
        set->points = points;
        set->n_points = array.shape[0];
        set->points_room = 2 * set->n_points;
        for (size_t i = 0; set->reads_negated && i < set->points_room; i++)
            points[i] = i % 2 && isinf(points[i]) ? INFINITY : 0 - points[i];
    }
    psh__array_free(&array);
    return status;
}

static psh_status read_dims(reader *file, psh_error *err) {
    psh_diagrams *set = file->set;
    int32_t *dims = psh__calloc(set->n_points, sizeof *dims);
    if (!dims) return psh__error_memory(err, "dims", set->n_points * sizeof *dims);
    psh__free(set->dims);
    set->dims = dims;
    set->dims_room = set->n_points;
    if (!psh__npz_has(file->npz, "dims")) return PSH_OK;

    int64_t *values;
    psh_status status = PSH_OK;
    PSH_TRY(read_integers(file, "dims", set->n_points, "one for each point", &values, err));
    int is_bad = 0;
    for (size_t i = 0; i < set->n_points; i++) {
        is_bad |= values[i] < 0 || values[i] > INT32_MAX;
        dims[i] = (int32_t)values[i];
    }
    for (size_t i = 0; is_bad; i++)
        if (values[i] < 0 || values[i] > INT32_MAX) {
            status =
                psh__error(err, PSH_ERR_DATA, "%s: dims: dims[%zu] = %lld; expected a homology dimension, 0 or more",
                           file->path, i, (long long)values[i]);
            break;
        }
    psh__free(values);
    return status;
}

static psh_status check_offsets(const reader *file, const int64_t *offsets, size_t n_offsets, psh_error *err) {
    if (offsets[0] != 0)
        return psh__error(err, PSH_ERR_DATA, "%s: offsets: offsets[0] = %lld; expected 0", file->path,
                          (long long)offsets[0]);
    for (size_t i = 1; i < n_offsets; i++)
        if (offsets[i] < offsets[i - 1])
            return psh__error(err, PSH_ERR_DATA,
                              "%s: offsets: offsets[%zu] = %lld is less than offsets[%zu] = %lld; offsets must rise",
                              file->path, i, (long long)offsets[i], i - 1, (long long)offsets[i - 1]);
    if ((uint64_t)offsets[n_offsets - 1] != file->set->n_points)
        return psh__error(err, PSH_ERR_SHAPE, "%s: offsets: the last is %lld; expected %zu, the number of points",
                          file->path, (long long)offsets[n_offsets - 1], file->set->n_points);
    return PSH_OK;
}

static psh_status read_offsets(reader *file, psh_error *err) {
    char what[PSH_ERROR_BYTES];
    psh__array array;
    int64_t *offsets = NULL;
    psh_status status = PSH_OK;
    psh_diagrams *set = file->set;
    PSH_TRY(psh__npz_read(file->npz, "offsets", &array, err));
    size_t n_offsets = array.n_items;
    snprintf(what, sizeof what, "%s: offsets", file->path);
    if (array.n_axes != 1 || n_offsets == 0) {
        status = shape_fault(file, "offsets", &array, "(N + 1,) for N diagrams", err);
        goto done;
    }
    PSH_TRY_GOTO(psh__array_to_i64(&array, what, &offsets, err));
    PSH_TRY_GOTO(check_offsets(file, offsets, n_offsets, err));
    size_t n_points = set->n_points;
    set->n_points = 0; /* keeps reserve() from asking for room beyond the points that are already there */
    PSH_TRY_GOTO(psh__set_reserve(set, n_offsets - 1, 0, n_offsets, err));
    set->n_points = n_points;
    for (size_t i = 0; i < n_offsets; i++) set->offsets[i] = (uint64_t)offsets[i];
    set->n_diagrams = n_offsets - 1;
done:
    psh__free(offsets);
    psh__array_free(&array);
    return status;
}

static psh_status check_points(const reader *file, psh_error *err) {
    const psh_diagrams *set = file->set;
    if (psh__points_are_good(set->points, set->n_points)) return PSH_OK;
    for (size_t i = 0; i < set->n_diagrams; i++)
        for (size_t j = set->offsets[i]; j < set->offsets[i + 1]; j++) {
            psh_status status = psh__point_check(set->points[2 * j], set->points[2 * j + 1], 0, err);
            if (status != PSH_OK)
                return psh__error_prefix(err, status, "%s: points: row %zu (diagram %zu)", file->path, j, i);
        }
    return PSH_OK; /* not reached: every row is in a diagram */
}

static psh_status read_names(reader *file, psh_error *err) {
    psh_diagrams *set = file->set;
    char **texts = NULL;
    size_t n_texts, n_bytes = set->n_diagrams;
    psh_status status = PSH_OK;
    if (psh__npz_has(file->npz, "names")) PSH_TRY(read_texts(file, "names", 1, set->n_diagrams, &texts, &n_texts, err));
    for (size_t i = 0; texts && i < set->n_diagrams; i++) n_bytes += strlen(texts[i]);
    if (PSH_GROW(&set->name_text, &set->name_text_room, n_bytes)) {
        for (size_t i = 0; i < set->n_diagrams; i++) {
            const char *text = texts ? texts[i] : "";
            size_t n = strlen(text) + 1;
            set->names[i] = set->n_name_bytes;
            memcpy(set->name_text + set->n_name_bytes, text, n);
            set->n_name_bytes += n;
        }
    } else {
        status = psh__error_memory(err, "names", n_bytes);
    }
    psh__free(texts);
    return status;
}

static psh_status read_labels(reader *file, psh_error *err) {
    psh_diagrams *set = file->set;
    for (size_t i = 0; i < set->n_diagrams; i++) set->labels[i] = -1;
    if (!psh__npz_has(file->npz, "labels")) return PSH_OK;
    int64_t *labels;
    psh_status status = PSH_OK;
    PSH_TRY(read_integers(file, "labels", set->n_diagrams, "one for each diagram", &labels, err));
    for (size_t i = 0; i < set->n_diagrams; i++) {
        if (labels[i] < -1) {
            status = psh__error(err, PSH_ERR_DATA,
                                "%s: labels: labels[%zu] = %lld; expected a class (0 or more), or -1 for none",
                                file->path, i, (long long)labels[i]);
            break;
        }
        set->labels[i] = labels[i];
        set->n_labelled += labels[i] != -1;
    }
    psh__free(labels);
    return status;
}

static psh_status read_label_names(reader *file, psh_error *err) {
    char **names;
    size_t n_classes;
    if (!psh__npz_has(file->npz, "label_names")) return PSH_OK;
    PSH_TRY(read_texts(file, "label_names", 1, SIZE_MAX, &names, &n_classes, err));
    psh_status status = psh__set_adopt_label_names(file->set, names, n_classes, err);
    if (status == PSH_OK) return PSH_OK;
    psh__free(names);
    return psh__error_prefix(err, status, "%s: labels", file->path);
}

static psh_status read_meta(reader *file, psh_error *err) {
    char **texts;
    size_t n_texts;
    psh_meta *meta;
    if (!psh__npz_has(file->npz, "meta")) return PSH_OK;
    PSH_TRY(read_texts(file, "meta", 0, 1, &texts, &n_texts, err));
    psh_status status = psh_meta_read_text(texts[0], &meta, err);
    psh__free(texts);
    if (status != PSH_OK) return psh__error_prefix(err, status, "%s: meta", file->path);
    psh_meta_free(file->set->meta);
    file->set->meta = meta;
    return PSH_OK;
}

psh_status psh__diagrams_read_npz(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    psh_status status = PSH_OK;
    reader file = {.path = path, .set = set};
    PSH_TRY(psh__npz_open_bytes(path, bytes, &file.npz, err));
    PSH_TRY_GOTO(read_points(&file, err));
    PSH_TRY_GOTO(read_dims(&file, err));
    PSH_TRY_GOTO(read_offsets(&file, err));
    PSH_TRY_GOTO(check_points(&file, err));
    PSH_TRY_GOTO(read_names(&file, err));
    PSH_TRY_GOTO(read_labels(&file, err));
    PSH_TRY_GOTO(read_label_names(&file, err));
    PSH_TRY_GOTO(read_meta(&file, err));
done:
    psh__npz_free(file.npz);
    return status;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static psh_status add_names(psh__npz_writer *npz, const psh_diagrams *set, psh_error *err) {
    if (set->n_name_bytes == set->n_diagrams) return PSH_OK; /* all empty */
    const char **names = psh__malloc(set->n_diagrams, sizeof *names);
    if (!names) return psh__error_memory(err, "names", set->n_diagrams * sizeof *names);
    for (size_t i = 0; i < set->n_diagrams; i++) names[i] = psh_diagrams_name(set, i);
    psh_status status = psh__npz_add_texts(npz, "names", names, set->n_diagrams, false, err);
    psh__free(names);
    return status;
}

static psh_status add_meta(psh__npz_writer *npz, const psh_diagrams *set, psh_error *err) {
    char *text = psh_meta_write_text(set->meta, 0);
    if (!text) return psh__error_memory(err, "metadata", 0);
    psh_status status = psh__npz_add_texts(npz, "meta", (const char *const[]){text}, 1, true, err);
    psh_text_free(text);
    return status;
}

psh_status psh__diagrams_write_npz(const psh_diagrams *set, const char *path, psh_error *err) {
    psh_status status = PSH_OK;
    psh__npz_writer *npz;
    size_t n = set->n_diagrams, m = set->n_points;
    PSH_TRY(psh__npz_create(path, false, &npz, err));
    PSH_TRY_GOTO(psh__npz_add(npz, "points", "<f8", (size_t[]){m, 2}, 2, set->points, 16 * m, err));
    PSH_TRY_GOTO(psh__npz_add(npz, "dims", "<i4", &m, 1, set->dims, 4 * m, err));
    PSH_TRY_GOTO(psh__npz_add(npz, "offsets", "<i8", (size_t[]){n + 1}, 1, set->offsets, 8 * (n + 1), err));
    if (set->n_labelled) PSH_TRY_GOTO(psh__npz_add(npz, "labels", "<i8", &n, 1, set->labels, 8 * n, err));
    if (set->n_classes)
        PSH_TRY_GOTO(
            psh__npz_add_texts(npz, "label_names", (const char *const *)set->label_names, set->n_classes, false, err));
    PSH_TRY_GOTO(add_names(npz, set, err));
    PSH_TRY_GOTO(add_meta(npz, set, err));
    return psh__npz_commit(npz, err);
done:
    psh__npz_abort(npz);
    return status;
}
