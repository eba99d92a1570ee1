/* stack.c : arrays of numbers (IDX, .npy, members of .npz) as items: images, clouds or distance matrices.
 *
 * An array does not say what it is; the caller does, and else it holds images. The array is not copied: an item is cut
 * out when it is read. uint8, uint16, float32 and float64 pixels keep their type, booleans become 8-bit (0 or 1),
 * everything else float64. Items of IDX files are turned to little-endian one by one. */
#include "input/stack.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/readers.h"

/* --- what an array is --------------------------------------------------------------------------------------------- */

/* Axes of one item of the kind; a stack has one more. */
static size_t item_axes(psh_item_kind kind, bool is_volume) {
    return is_volume && kind <= PSH_ITEM_IMAGE ? 3 : 2;
}

bool psh__stack_has_axes(psh_item_kind kind, bool is_volume, size_t n_axes) {
    size_t n = item_axes(kind, is_volume);
    return n_axes == n || n_axes == n + 1 || (kind == PSH_ITEM_MATRIX && n_axes == 1);
}

static psh_status fault_axes(psh_item_kind kind, bool is_volume, size_t n_axes, psh_error *err) {
    const char *expected = kind == PSH_ITEM_CLOUD    ? "2 (points, coordinates) or 3 (N, points, coordinates)"
                           : kind == PSH_ITEM_MATRIX ? "1 (condensed), 2 (points, points) or 3 (N, points, points)"
                           : is_volume               ? "3 (D, H, W) or 4 (N, D, H, W)"
                                                     : "2 (H, W) or 3 (N, H, W)";
    return psh__error(err, PSH_ERR_SHAPE, "array of %zu %s; expected %s", n_axes,
                      n_axes == 1 ? "axis (labels?)" : "axes", expected);
}

/* The first (n, n) of an array of floats or of integers longer than pixels: symmetric, zero on the diagonal, not zero
 * everywhere, never negative? Told from the bytes, little-endian: a zero is all zeros, the sign is the highest bit of
 * the last. */
static bool are_distances(const psh__array *array, size_t n) {
    static const uint8_t zero[8] = {0};
    const uint8_t *items = array->data;
    size_t item_bytes = array->item_bytes, n_nonzero = 0;
    if (array->kind != 'f' && item_bytes < 4) return false;
    for (size_t i = 0; i < n; i++) /* most images end here, at the first pixel */
        if (memcmp(items + i * (n + 1) * item_bytes, zero, item_bytes) != 0) return false;
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            const uint8_t *here = items + (i * n + j) * item_bytes, *there = items + (j * n + i) * item_bytes;
            if (here[item_bytes - 1] & 0x80 || memcmp(here, there, item_bytes) != 0) return false;
            n_nonzero += memcmp(here, zero, item_bytes) != 0;
        }
    return n_nonzero > 0;
}

#define POINTS_AXES 4 /* an array so narrow, and so much longer, is no image but points, or a colour image */
#define POINTS_LEAST 16

static psh_status refuse_to_guess(const psh__stack *stack, psh_error *err) {
    const psh__array *array = &stack->array;
    size_t height = stack->shape[1], width = stack->shape[2];
    if (stack->is_swapped || stack->shape[0] != 1) return PSH_OK; /* IDX files hold images; volumes were asked for */
    if (height == width && are_distances(array, width))
        return psh__error(err, PSH_ERR_FORMAT,
                          "array of %zu x %zu, symmetric with a zero diagonal: distances or an image? Say which: --as "
                          "matrix or --as image",
                          height, width);
    if (width <= POINTS_AXES && height >= POINTS_LEAST)
        return psh__error(err, PSH_ERR_FORMAT,
                          "array of %zu x %zu: that many points%s, or an image? Say which: --as cloud or --as image",
                          height, width, stack->is_single ? "" : ", a colour image (make it grey first)");
    return PSH_OK;
}

static psh_status check_shape(const psh__stack *stack, psh_error *err) {
    size_t n_pixels = 0, rows = stack->shape[0], columns = stack->shape[1];
    switch (stack->kind) {
    case PSH_ITEM_CLOUD:
        if (columns > 0) return PSH_OK;
        return psh__error(err, PSH_ERR_SHAPE, "points of 0 coordinates each; expected at least 1");
    case PSH_ITEM_MATRIX:
        if (stack->array.n_axes == 1 ? psh__points_of_pairs(rows) > 0 : rows == columns) return PSH_OK;
        if (stack->array.n_axes == 1)
            return psh__error(err, PSH_ERR_SHAPE,
                              "array of %zu numbers: no condensed distances, which are N (N - 1) / 2 (labels?)", rows);
        return psh__error(err, PSH_ERR_SHAPE, "array of %zu x %zu; expected a distance matrix, as many rows as columns",
                          rows, columns);
    default:
        return psh__image_count(stack->shape, &n_pixels, err);
    }
}

static psh_status plan(psh__stack *stack, bool is_volume, psh_error *err) {
    const psh__array *array = &stack->array;
    bool is_auto = stack->kind == PSH_ITEM_AUTO;
    if (stack->kind == PSH_ITEM_MESH)
        return psh__error(err, PSH_ERR_PARAMETER, "an array of numbers is no mesh; expected OFF, OBJ or PLY");
    if (!psh__stack_has_axes(stack->kind, is_volume, array->n_axes))
        return fault_axes(stack->kind, is_volume, array->n_axes, err);
    if (array->kind == 'U' || array->kind == 'S')
        return psh__error(err, PSH_ERR_FORMAT, "array of text; expected numbers");
    size_t n_item_axes = array->n_axes == 1 ? 1 : item_axes(stack->kind, is_volume);
    stack->is_single = array->n_axes == n_item_axes;
    stack->n_items = stack->is_single ? 1 : array->shape[0];
    if (is_auto) stack->kind = PSH_ITEM_IMAGE;
    if (stack->n_items == 0)
        return psh__error(err, PSH_ERR_EMPTY, "array of 0 %s; expected at least 1",
                          stack->kind == PSH_ITEM_CLOUD    ? "clouds"
                          : stack->kind == PSH_ITEM_MATRIX ? "matrices"
                                                           : "images");
    const size_t *sides = array->shape + (stack->is_single ? 0 : 1);
    size_t at = stack->kind == PSH_ITEM_IMAGE ? 3 - n_item_axes : 0; /* images: D first, 1 if there is none */
    for (size_t i = 0; i < 3; i++) stack->shape[i] = i >= at && i < at + n_item_axes ? sides[i - at] : 1;
    PSH_TRY(check_shape(stack, err));
    return is_auto ? refuse_to_guess(stack, err) : PSH_OK;
}

psh_status psh__stack_open(psh__array *array, bool is_swapped, psh_item_kind kind, bool is_volume, psh__stack *dst,
                           psh_error *err) {
    *dst = (psh__stack){.array = *array, .is_swapped = is_swapped, .kind = kind};
    *array = (psh__array){0};
    psh_status status = plan(dst, is_volume, err);
    if (status != PSH_OK) psh__stack_free(dst);
    return status;
}

void psh__stack_free(psh__stack *stack) {
    psh__array_free(&stack->array);
    *stack = (psh__stack){0};
}

/* --- reading an item ---------------------------------------------------------------------------------------------- */

static void swap_items(const uint8_t *src, size_t n_items, size_t item_bytes, uint8_t *dst) {
    for (size_t i = 0; i < n_items; i++, src += item_bytes, dst += item_bytes)
        for (size_t j = 0; j < item_bytes; j++) dst[j] = src[item_bytes - 1 - j];
}

/* The image's type; *is_same tells whether items can be copied as they are. */
static psh_dtype image_dtype(const psh__array *array, bool *is_same) {
    *is_same = true;
    switch (array->kind * 16 + (int)array->item_bytes) {
    case 'u' * 16 + 1:
        return PSH_U8;
    case 'u' * 16 + 2:
        return PSH_U16;
    case 'f' * 16 + 4:
        return PSH_F32;
    case 'f' * 16 + 8:
        return PSH_F64;
    default:
        *is_same = false;
        return array->kind == 'b' ? PSH_U8 : PSH_F64;
    }
}

static psh_status read_image(const psh__stack *stack, const psh__array *slice, psh_image **dst, psh_error *err) {
    size_t n_bytes = slice->n_items * slice->item_bytes;
    const uint8_t *items = slice->data;
    uint8_t *swapped = NULL;
    double *values = NULL;
    psh_image *image = NULL;
    bool is_same;
    psh_status status;
    PSH_TRY_GOTO(psh__image_new(image_dtype(slice, &is_same), stack->shape, &image, err));
    psh__array ordered = *slice;
    if (stack->is_swapped && slice->item_bytes > 1) {
        if (!(swapped = psh__malloc(n_bytes, 1))) {
            status = psh__error_memory(err, "an image", n_bytes);
            goto done;
        }
        swap_items(items, slice->n_items, slice->item_bytes, swapped);
        ordered.data = items = swapped;
    }
    if (is_same) {
        memcpy(image->pixels, items, n_bytes);
    } else if (image->dtype == PSH_U8) {
        for (size_t i = 0; i < slice->n_items; i++) ((uint8_t *)image->pixels)[i] = items[i] != 0;
    } else {
        PSH_TRY_GOTO(psh__array_to_f64(&ordered, "an image", &values, err));
        memcpy(image->pixels, values, slice->n_items * sizeof *values);
    }
    PSH_TRY_GOTO(psh__image_check_finite(image, "replace it by a number, or cut it out", err));
    *dst = image, image = NULL;
done:
    psh__free(swapped);
    psh__free(values);
    psh_image_free(image);
    return status;
}

static psh_status read_cloud(const psh__stack *stack, const psh__array *slice, psh_cloud **dst, psh_error *err) {
    double *points;
    PSH_TRY(psh__array_to_f64(slice, "a point cloud", &points, err));
    return psh__cloud_take(points, stack->shape[0], stack->shape[1], dst, err);
}

static psh_status read_matrix(const psh__stack *stack, const psh__array *slice, psh_matrix **dst, psh_error *err) {
    double *distances;
    PSH_TRY(psh__array_to_f64(slice, "a distance matrix", &distances, err));
    psh_status status = stack->array.n_axes == 1 ? psh__matrix_of_condensed(distances, slice->n_items, dst, err)
                                                 : psh__matrix_of_square(distances, stack->shape[0], dst, err);
    psh__free(distances);
    return status;
}

psh_status psh__stack_read(const psh__stack *stack, size_t i_item, psh_item *dst, psh_error *err) {
    assert(i_item < stack->n_items);
    const psh__array *array = &stack->array;
    size_t n_items = stack->shape[0] * stack->shape[1] * stack->shape[2], item_bytes = array->item_bytes;
    psh__array slice = {.kind = array->kind,
                        .item_bytes = item_bytes,
                        .n_items = n_items,
                        .data = (const uint8_t *)array->data + i_item * n_items * item_bytes};
    dst->kind = stack->kind;
    if (stack->kind == PSH_ITEM_CLOUD) return read_cloud(stack, &slice, &dst->cloud, err);
    if (stack->kind == PSH_ITEM_MATRIX) return read_matrix(stack, &slice, &dst->matrix, err);
    return read_image(stack, &slice, &dst->image, err);
}

/* --- the formats IDX and .npy ------------------------------------------------------------------------------------- */

static psh_status open_array(psh__loaded *file, psh__array *array, bool is_swapped, psh_error *err) {
    const psh_input_params *params = file->params;
    psh__stack *stack = psh__malloc(1, sizeof *stack);
    if (!stack) {
        psh__array_free(array);
        return psh__error_memory(err, "an array", sizeof *stack);
    }
    file->is_foreign = array->n_axes == 1 || !psh__stack_has_axes(params->kind, params->is_volume, array->n_axes);
    psh_status status = psh__stack_open(array, is_swapped, params->kind, params->is_volume, stack, err);
    if (status != PSH_OK) {
        psh__free(stack);
        return status;
    }
    file->n_items = stack->n_items;
    file->is_indexed = !stack->is_single;
    file->state = stack;
    return PSH_OK;
}

psh_status psh__idx_open(psh__loaded *file, psh_error *err) {
    psh__array array;
    PSH_TRY(psh__idx_parse(file->content.data, file->content.n_bytes, &array, err));
    return open_array(file, &array, true, err);
}

bool psh__npy_is(const psh__head *head) {
    return head->n_bytes >= 6 && !memcmp(head->bytes, "\x93NUMPY", 6);
}

psh_status psh__npy_open(psh__loaded *file, psh_error *err) {
    psh__array array;
    PSH_TRY(psh__npy_parse(file->content.data, file->content.n_bytes, "array", &array, err));
    return open_array(file, &array, false, err);
}

psh_status psh__stack_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    return psh__stack_read(file->state, i_item, dst, err);
}

void psh__stack_close(psh__loaded *file) {
    psh__stack_free(file->state);
    psh__free(file->state);
    file->state = NULL;
}
