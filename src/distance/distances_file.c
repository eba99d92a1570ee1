/* distances_file.c : distances as .npy, with their metadata as JSON beside it (docs/formats/distances.md).
 *
 * A condensed file of one of our four dtypes is used as it lies in the page cache: nothing is copied. Everything else
 * (a square, another dtype) becomes a condensed copy. Values are looked at once in any case: a NaN or a negative
 * distance would end as a wrong cluster, far from its cause. */
#include <assert.h>
#include <math.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"
#include "base/size.h"
#include "distance/distances.h"

/* Squares of floats made by other tools differ across the diagonal in their last digits. */
#define SYMMETRY_TOLERANCE 1e-6

static const char *const descrs[] = {
    [PSH_DISTANCE_U8] = "|u1", [PSH_DISTANCE_U16] = "<u2", [PSH_DISTANCE_F32] = "<f4", [PSH_DISTANCE_F64] = "<f8"};

const char *psh__distance_descr(psh_distance_dtype dtype) {
    return descrs[dtype];
}

/* "d.npy" -> "d.json"; a path that does not end so gets ".json" added. NULL: no memory. */
static char *json_path(const char *path) {
    size_t n = strlen(path);
    char *json = psh__malloc(n + sizeof ".json", 1);
    if (!json) return NULL;
    memcpy(json, path, n);
    if (n > 4 && !memcmp(path + n - 4, ".npy", 4)) n -= 4;
    memcpy(json + n, ".json", sizeof ".json");
    return json;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* Rows first .. end - 1 of the N x N matrix. What lies below the diagonal stands in the condensed form by columns, so
 * the loop runs over columns: each finds the band's items side by side. */
static void fill_band(const psh_distances *distances, size_t first, size_t end, char *band) {
    size_t n = distances->n_items, item_bytes = psh__distance_bytes(distances->dtype);
    const char *data = distances->data;
    for (size_t j = 0; j < end; j++)
        for (size_t i = j < first ? first : j + 1; i < end; i++)
            memcpy(band + ((i - first) * n + j) * item_bytes,
                   data + (psh__distance_row(n, j) + (i - j - 1)) * item_bytes, item_bytes);
    for (size_t i = first; i < end; i++) {
        char *row = band + (i - first) * n * item_bytes;
        memset(row + i * item_bytes, 0, item_bytes);
        memcpy(row + (i + 1) * item_bytes, data + psh__distance_row(n, i) * item_bytes, (n - i - 1) * item_bytes);
    }
}

static psh_status write_square(const psh_distances *distances, psh__file *file, psh_error *err) {
    enum { BAND = 64 };
    size_t n = distances->n_items, row_bytes = n * psh__distance_bytes(distances->dtype);
    char *band = psh__malloc(BAND, row_bytes);
    if (!band) return psh__error_memory(err, "rows of a square", BAND * row_bytes);
    psh_status status = PSH_OK;
    for (size_t first = 0; first < n && status == PSH_OK; first += BAND) {
        size_t end = first + BAND < n ? first + BAND : n;
        fill_band(distances, first, end, band);
        status = psh__file_write(file, band, (end - first) * row_bytes, err);
    }
    psh__free(band);
    return status;
}

static psh_status write_array(const psh_distances *distances, psh__file *file, bool square, psh_error *err) {
    char head[256];
    const size_t n = distances->n_items, square_shape[2] = {n, n};
    size_t head_bytes =
        psh__npy_header(descrs[distances->dtype], square ? square_shape : &distances->n_pairs, square ? 2 : 1, head);
    PSH_TRY(psh__file_write(file, head, head_bytes, err));
    if (square) return write_square(distances, file, err);
    return psh__file_write(file, distances->data, distances->n_pairs * psh__distance_bytes(distances->dtype), err);
}

static psh_status write_meta(const psh_meta *meta, psh__file *file, psh_error *err) {
    char *json = psh_meta_write_text(meta, 2);
    if (!json) return psh__error_memory(err, "metadata", 0);
    psh_status status = psh__file_write(file, json, strlen(json), err);
    if (status == PSH_OK) status = psh__file_write(file, "\n", 1, err);
    psh_text_free(json);
    return status;
}

/* The metadata goes first: an array without its .json could not be told from one that never had any. */
psh_status psh__distances_commit(psh__file *array, const psh_meta *meta, const char *path, psh_error *err) {
    psh__file file = {0};
    char *meta_path = json_path(path);
    if (!meta_path) return psh__error_memory(err, "a path", strlen(path));
    psh_status status = PSH_OK;
    if (meta && strcmp(path, "-") != 0) { /* nothing stands beside standard output */
        PSH_TRY_GOTO(psh__file_create(meta_path, &file, err));
        PSH_TRY_GOTO(write_meta(meta, &file, err));
        PSH_TRY_GOTO(psh__file_commit(&file, err));
    }
    status = psh__file_commit(array, err);
done:
    psh__file_abort(&file);
    psh__free(meta_path);
    return status;
}

psh_status psh_distances_write(const psh_distances *distances, const char *path, bool square, psh_error *err) {
    assert(distances && path);
    psh__file array = {0};
    psh_status status;
    PSH_TRY_GOTO(psh__file_create(path, &array, err));
    PSH_TRY_GOTO(write_array(distances, &array, square, err));
    status = psh__distances_commit(&array, distances->meta, path, err);
done:
    psh__file_abort(&array);
    return status;
}

psh_status psh_distances_write_cross(psh_distance_dtype dtype, const void *data, size_t n_a, size_t n_b,
                                     const psh_meta *meta, const char *path, psh_error *err) {
    assert((data || n_a * n_b == 0) && path);
    psh__file array = {0};
    const size_t shape[2] = {n_a, n_b};
    char head[256];
    psh_status status;
    PSH_TRY_GOTO(psh__file_create(path, &array, err));
    PSH_TRY_GOTO(psh__file_write(&array, head, psh__npy_header(descrs[dtype], shape, 2, head), err));
    PSH_TRY_GOTO(psh__file_write(&array, data, n_a * n_b * psh__distance_bytes(dtype), err));
    status = psh__distances_commit(&array, meta, path, err);
done:
    psh__file_abort(&array);
    return status;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* The largest N of which all pairs are n_pairs at most. No pair at all is one item. */
static size_t items_of_pairs(size_t n_pairs) {
    size_t n_items = (size_t)((1 + sqrt(1 + 8 * (double)n_pairs)) / 2), n; /* right to within rounding */
    while (psh__size_pairs(n_items + 1, &n) && n <= n_pairs) n_items++;
    while (!psh__size_pairs(n_items, &n) || n > n_pairs) n_items--;
    return n_items;
}

static psh_status find_n_items(const psh__array *array, const char *path, size_t *n_items, psh_error *err) {
    if (array->n_axes == 2 && array->shape[0] == array->shape[1]) {
        *n_items = array->shape[0];
        return PSH_OK;
    }
    if (array->n_axes == 2)
        return psh__error(err, PSH_ERR_SHAPE, "%s: shape (%zu, %zu); expected (N, N) or condensed (N (N - 1) / 2,)",
                          path, array->shape[0], array->shape[1]);
    if (array->n_axes != 1)
        return psh__error(err, PSH_ERR_SHAPE, "%s: %zu axes; expected (N, N) or condensed (N (N - 1) / 2,)", path,
                          array->n_axes);
    size_t n = items_of_pairs(array->n_items), n_pairs = n * (n - 1) / 2;
    if (n_pairs != array->n_items)
        return psh__error(err, PSH_ERR_SHAPE,
                          "%s: %zu distances are not all pairs of any number of items; next to it are %zu (%zu items) "
                          "and %zu (%zu items)",
                          path, array->n_items, n_pairs, n, n_pairs + n, n + 1);
    *n_items = n;
    return PSH_OK;
}

static bool find_dtype(const psh__array *array, psh_distance_dtype *dtype) {
    for (int i = PSH_DISTANCE_U8; i <= PSH_DISTANCE_F64; i++) {
        *dtype = (psh_distance_dtype)i;
        if (array->kind == descrs[i][1] && array->item_bytes == psh__distance_bytes(*dtype)) return true;
    }
    return false;
}

static bool differ(double above, double below) {
    if (isnan(above) && isnan(below)) return false; /* check_values() has the better text */
    return above != below && !(fabs(above - below) <= SYMMETRY_TOLERANCE * fmin(fabs(above), fabs(below)));
}

/* Blocks of 64 x 64 keep the walk down the columns in the cache. */
static psh_status check_symmetric(const void *square, psh_distance_dtype dtype, size_t n, const char *path,
                                  psh_error *err) {
    enum { BLOCK = 64 };
    for (size_t i_block = 0; i_block < n; i_block += BLOCK)
        for (size_t j_block = i_block; j_block < n; j_block += BLOCK)
            for (size_t i = i_block; i < n && i < i_block + BLOCK; i++)
                for (size_t j = j_block > i ? j_block : i; j < n && j < j_block + BLOCK; j++) {
                    double above = psh__distance_item(square, dtype, i * n + j);
                    double below = psh__distance_item(square, dtype, j * n + i);
                    if (i == j && above != 0)
                        return psh__error(err, PSH_ERR_DATA,
                                          "%s: item %zu is at distance %g from itself; expected 0: use "
                                          "numpy.fill_diagonal(d, 0) if these are distances, not similarities",
                                          path, i, above);
                    if (differ(above, below))
                        return psh__error(err, PSH_ERR_DATA,
                                          "%s: not symmetric: %zu to %zu is %.9g, but %zu to %zu is %.9g; use "
                                          "(d + d.T) / 2 if that is meant",
                                          path, i, j, above, j, i, below);
                }
    return PSH_OK;
}

/* *dst : (n (n - 1) / 2), the upper triangle of a symmetric square. */
static psh_status condense(const void *square, psh_distance_dtype dtype, size_t n, const char *path, void **dst,
                           psh_error *err) {
    PSH_TRY(check_symmetric(square, dtype, n, path, err));
    size_t item_bytes = psh__distance_bytes(dtype), n_pairs = n ? n * (n - 1) / 2 : 0;
    char *condensed = psh__malloc(n_pairs, item_bytes);
    if (!condensed) return psh__error_memory(err, "distances", n_pairs * item_bytes);
    for (size_t i = 0; i < n; i++)
        memcpy(condensed + psh__distance_row(n, i) * item_bytes, (const char *)square + (i * n + i + 1) * item_bytes,
               (n - i - 1) * item_bytes);
    *dst = condensed;
    return PSH_OK;
}

/* Distances are >= 0. Infinite ones exist: diagrams with different numbers of infinite bars. */
static psh_status check_values(const psh_distances *distances, const char *path, psh_error *err) {
    if (distances->dtype == PSH_DISTANCE_U8 || distances->dtype == PSH_DISTANCE_U16) return PSH_OK;
    for (size_t i = 0, k = 0; i < distances->n_items; i++)
        for (size_t j = i + 1; j < distances->n_items; j++, k++) {
            double d = psh__distance_item(distances->data, distances->dtype, k);
            if (d >= 0) continue;
            if (isnan(d))
                return psh__error(err, PSH_ERR_NOT_FINITE,
                                  "%s: the distance of items %zu and %zu is NaN; expected 0 "
                                  "or more",
                                  path, i, j);
            return psh__error(err, PSH_ERR_DATA, "%s: the distance of items %zu and %zu is %g; expected 0 or more",
                              path, i, j, d);
        }
    return PSH_OK;
}

/* Fills dtype, n_items and data from an array that lies in distances->mapped or owns its bytes. */
static psh_status take_array(psh_distances *distances, psh__array *array, const char *path, psh_error *err) {
    double *converted = NULL;
    psh_status status = PSH_OK;
    PSH_TRY(find_n_items(array, path, &distances->n_items, err));
    distances->data = array->data;
    if (!find_dtype(array, &distances->dtype)) {
        PSH_TRY(psh__array_to_f64(array, path, &converted, err));
        distances->dtype = PSH_DISTANCE_F64, distances->data = converted;
    }
    size_t n = distances->n_items, item_bytes = psh__distance_bytes(distances->dtype);
    distances->n_pairs = n ? n * (n - 1) / 2 : 0;
    if (array->n_axes == 2) {
        status = condense(distances->data, distances->dtype, n, path, &distances->owned, err);
    } else if (converted) {
        distances->owned = converted, converted = NULL;
    } else if (array->owned) {
        distances->owned = array->owned, array->owned = NULL;
    } else if ((uintptr_t)array->data % item_bytes) { /* a foreign header of odd length: callers want alignment */
        distances->owned = psh__malloc(distances->n_pairs, item_bytes);
        if (!distances->owned)
            status = psh__error_memory(err, "distances", distances->n_pairs * item_bytes);
        else
            memcpy(distances->owned, array->data, distances->n_pairs * item_bytes);
    }
    psh__free(converted);
    if (distances->owned) {
        distances->data = distances->owned;
        psh__bytes_free(&distances->mapped);
    }
    return status;
}

static psh_status read_meta_file(const char *meta_path, psh_meta **dst, psh_error *err) {
    psh__bytes bytes = {0};
    psh_error fault;
    psh_status status = psh__bytes_read(meta_path, &bytes, &fault);
    if (status == PSH_ERR_FILE_NOT_FOUND) return psh_meta_create(dst, err);
    if (status != PSH_OK) return psh__error(err, status, "%s", fault.text);
    char *json = psh__malloc(bytes.n_bytes + 1, 1);
    if (json) {
        memcpy(json, bytes.data, bytes.n_bytes);
        json[bytes.n_bytes] = 0;
        status = psh_meta_read_text(json, dst, err);
        if (status != PSH_OK) psh__error_prefix(err, status, "%s", meta_path);
    } else {
        status = psh__error_memory(err, meta_path, bytes.n_bytes);
    }
    psh__free(json);
    psh__bytes_free(&bytes);
    return status;
}

static psh_status read_meta(const char *path, psh_meta **dst, psh_error *err) {
    if (!strcmp(path, "-")) return psh_meta_create(dst, err);
    char *meta_path = json_path(path);
    if (!meta_path) return psh__error_memory(err, "a path", strlen(path));
    psh_status status = read_meta_file(meta_path, dst, err);
    psh__free(meta_path);
    return status;
}

psh_status psh_distances_read(const char *path, psh_distances **dst, psh_error *err) {
    assert(path && dst);
    psh__array array = {0};
    psh_distances *distances = psh__calloc(1, sizeof *distances);
    if (!distances) return psh__error_memory(err, "distances", sizeof *distances);
    distances->is_read = true;
    psh_status status;
    PSH_TRY_GOTO(psh__npy_read(path, &distances->mapped, &array, err));
    PSH_TRY_GOTO(take_array(distances, &array, path, err));
    PSH_TRY_GOTO(check_values(distances, path, err));
    PSH_TRY_GOTO(read_meta(path, &distances->meta, err));
    *dst = distances;
    distances = NULL;
done:
    psh__array_free(&array);
    psh_distances_free(distances);
    return status;
}
