/* dipha.c : DIPHA's images and distance matrices: binary, little-endian, integers of 64 bits and doubles after the head
 * of base/dipha.h.
 *
 *   image                   n, d, then d sides, then n values, the first axis fastest
 *   distance matrix         n, then n x n distances row by row
 *   sparse distance matrix  n, then the number of entries of each row, their columns row by row, their distances
 *
 * The rows of a sparse matrix may say an edge once or in both directions. */
#include <string.h>

#include "base/alloc.h"
#include "base/dipha.h"
#include "base/error.h"
#include "base/size.h"
#include "input/readers.h"
#include "input/stack.h"

#define HEAD_BYTES 24 /* magic, type, n */

bool psh__dipha_recognise(const psh__head *head) {
    return psh__dipha_is(head->bytes, head->n_bytes);
}

/* --- sizes -------------------------------------------------------------------------------------------------------- */

typedef struct reader {
    const uint8_t *at, *end;
} reader;

static psh_status short_fault(psh_error *err) {
    return psh__error(err, PSH_ERR_CORRUPT, "the file ends too early; it is truncated or its sizes are damaged");
}

/* A count: 0 or more, and no more than could be in the rest of the file at 8 bytes each. */
static psh_status read_count(reader *src, const char *what, size_t *dst, psh_error *err) {
    if (src->end - src->at < 8) return short_fault(err);
    int64_t value = psh__dipha_integer(src->at);
    src->at += 8;
    if (value < 0 || (uint64_t)value > (uint64_t)(src->end - src->at) / 8)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "%s is %lld, but only %zu bytes follow; the file is truncated or damaged", what,
                          (long long)value, (size_t)(src->end - src->at));
    *dst = (size_t)value;
    return PSH_OK;
}

/* n numbers of 8 bytes must be exactly what is left. */
static psh_status check_rest(const reader *src, size_t n, psh_error *err) {
    size_t n_bytes = 0, n_left = (size_t)(src->end - src->at);
    if (psh__size_mul(n, 8, &n_bytes) && n_bytes == n_left) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT,
                      "%zu bytes of values; expected %zu values of 8 bytes; the file is truncated or "
                      "damaged",
                      n_left, n);
}

/* --- images and dense matrices ------------------------------------------------------------------------------------ */

/* The rest of the file as an array of these sides. */
static psh_status read_array(const reader *src, const size_t *shape, size_t n_axes, psh_item_kind kind, psh_item *dst,
                             psh_error *err) {
    psh__stack stack;
    psh__array values = {.kind = 'f', .item_bytes = 8, .n_axes = n_axes, .data = src->at};
    memcpy(values.shape, shape, n_axes * sizeof *shape);
    values.n_items = (size_t)(src->end - src->at) / 8;
    PSH_TRY(psh__stack_open(&values, false, kind, n_axes == 3, &stack, err));
    psh_status status = psh__stack_read(&stack, 0, dst, err);
    psh__stack_free(&stack);
    return status;
}

static psh_status read_image(reader *src, size_t n_values, psh_item *dst, psh_error *err) {
    size_t n_axes = 0, shape[3] = {1, 1, 1}, n_product = 1;
    PSH_TRY(read_count(src, "the number of axes", &n_axes, err));
    if (n_axes < 1 || n_axes > 3)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "an image of %zu axes; expected 1, 2 or 3", n_axes);
    for (size_t i = 0; i < n_axes; i++) {
        size_t side = 0;
        PSH_TRY(read_count(src, "a side", &side, err));
        shape[2 - i] = side;
        if (!psh__size_mul(n_product, side, &n_product)) return short_fault(err);
    }
    if (n_product != n_values)
        return psh__error(err, PSH_ERR_CORRUPT, "%zu values, but sides of %zu x %zu x %zu", n_values, shape[2],
                          shape[1], shape[0]);
    PSH_TRY(check_rest(src, n_values, err));
    size_t n_dropped = n_axes == 3 ? 0 : 1;
    return read_array(src, shape + n_dropped, 3 - n_dropped, PSH_ITEM_IMAGE, dst, err);
}

static psh_status read_dense(reader *src, size_t n_points, psh_item *dst, psh_error *err) {
    size_t n_square = 0;
    if (!psh__size_mul(n_points, n_points, &n_square)) return short_fault(err);
    PSH_TRY(check_rest(src, n_square, err));
    return read_array(src, (size_t[]){n_points, n_points}, 2, PSH_ITEM_MATRIX, dst, err);
}

/* --- sparse matrices ---------------------------------------------------------------------------------------------- */

static psh_status add_row(const uint8_t *columns, const uint8_t *distances, size_t n_entries, size_t row,
                          size_t n_points, psh_edge *edges, size_t *n_edges, psh_error *err) {
    for (size_t i = 0; i < n_entries; i++) {
        int64_t column = psh__dipha_integer(columns + 8 * i);
        double distance = psh__dipha_double(distances + 8 * i);
        if (column < 0 || (uint64_t)column >= n_points)
            return psh__error(err, PSH_ERR_DATA, "row %zu (from 0) has column %lld; there are %zu points", row,
                              (long long)column, n_points);
        if ((size_t)column == row && distance == 0) continue;
        size_t other = (size_t)column;
        edges[(*n_edges)++] = (psh_edge){.i = (uint32_t)(row > other ? row : other),
                                         .j = (uint32_t)(row > other ? other : row),
                                         .distance = distance};
    }
    return PSH_OK;
}

static psh_status read_sparse(reader *src, size_t n_points, psh_item *dst, psh_error *err) {
    const uint8_t *counts = src->at;
    size_t n_entries = 0, n_words = 0, n_edges = 0, n_done = 0;
    if (n_points >= UINT32_MAX) return psh__error(err, PSH_ERR_SHAPE, "%zu points; fewer than 2^32 are read", n_points);
    for (size_t i = 0; i < n_points; i++) {
        size_t n_row = 0;
        PSH_TRY(read_count(src, "a row's number of entries", &n_row, err));
        if (!psh__size_add(n_entries, n_row, &n_entries)) return short_fault(err);
    }
    if (!psh__size_mul(n_entries, 2, &n_words)) return short_fault(err);
    PSH_TRY(check_rest(src, n_words, err));
    psh_edge *edges = psh__malloc(n_entries, sizeof *edges);
    if (!edges) return psh__error_memory(err, "a sparse matrix", n_entries * sizeof *edges);
    for (size_t i = 0; i < n_points; i++) {
        size_t n_row = (size_t)psh__dipha_integer(counts + 8 * i);
        psh_status status =
            add_row(src->at + 8 * n_done, src->at + 8 * (n_entries + n_done), n_row, i, n_points, edges, &n_edges, err);
        n_done += n_row;
        if (status == PSH_OK) continue;
        psh__free(edges);
        return status;
    }
    dst->kind = PSH_ITEM_MATRIX;
    return psh__matrix_take_sparse(edges, n_edges, n_points, &dst->matrix, err);
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

/* A diagram among complexes is no complex gone wrong. */
psh_status psh__dipha_open(psh__loaded *file, psh_error *err) {
    if (file->content.n_bytes < HEAD_BYTES) return short_fault(err);
    int64_t type = psh__dipha_integer(file->content.data + 8);
    if (type == PSH__DIPHA_IMAGE_DATA || type == PSH__DIPHA_DISTANCE_MATRIX ||
        type == PSH__DIPHA_SPARSE_DISTANCE_MATRIX)
        return PSH_OK;
    file->is_foreign = type == PSH__DIPHA_PERSISTENCE_DIAGRAM;
    if (file->is_foreign)
        return psh__error(
            err, PSH_ERR_FORMAT,
            "a persistence diagram of DIPHA, which needs no homology; give it to the other commands as it "
            "is");
    return psh__error(err, PSH_ERR_UNSUPPORTED,
                      "DIPHA file of type %lld, %s; expected an image (1) or a distance matrix (7, 8)", (long long)type,
                      psh__dipha_type_name(type));
}

psh_status psh__dipha_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    (void)i_item;
    const psh__content *content = &file->content;
    int64_t type = psh__dipha_integer(content->data + 8);
    reader src = {.at = content->data + 16, .end = content->data + content->n_bytes};
    size_t n = 0;
    PSH_TRY(read_count(&src, "the number of values or points", &n, err));
    if (type == PSH__DIPHA_IMAGE_DATA) return read_image(&src, n, dst, err);
    return type == PSH__DIPHA_DISTANCE_MATRIX ? read_dense(&src, n, dst, err) : read_sparse(&src, n, dst, err);
}
