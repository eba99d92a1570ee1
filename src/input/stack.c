/* stack.c : images out of an array, (N, H, W) or (H, W): .npy and IDX files.
 *
 * An image is a copy of its slice. 8- and 16-bit unsigned integers, float32 and float64 keep their type, booleans
 * become 8-bit (0 or 1), everything else float64. Items of IDX files are turned to little-endian slice by slice. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/readers.h"

static psh_status check_images(psh__stack *stack, psh_error *err) {
    const psh__array *array = &stack->array;
    size_t n_axes = array->n_axes, n_pixels = 0;
    if (n_axes != 2 && n_axes != 3)
        return psh__error(err, PSH_ERR_SHAPE, "array of %zu %s; expected 2 (H, W) or 3 (N, H, W)", n_axes,
                          n_axes == 1 ? "axis (labels?)" : "axes");
    if (array->kind == 'U' || array->kind == 'S')
        return psh__error(err, PSH_ERR_FORMAT, "array of text; expected numbers");
    stack->is_single = n_axes == 2;
    stack->n_images = n_axes == 2 ? 1 : array->shape[0];
    if (stack->n_images == 0) return psh__error(err, PSH_ERR_EMPTY, "array of 0 images; expected at least 1");
    return psh__image_count((size_t[]){1, array->shape[n_axes - 2], array->shape[n_axes - 1]}, &n_pixels, err);
}

psh_status psh__stack_open(psh__format format, const uint8_t *bytes, size_t n_bytes, psh__stack *dst, psh_error *err) {
    *dst = (psh__stack){.is_swapped = format == PSH__FORMAT_IDX};
    if (format == PSH__FORMAT_IDX)
        PSH_TRY(psh__idx_parse(bytes, n_bytes, &dst->array, err));
    else
        PSH_TRY(psh__npy_parse(bytes, n_bytes, "array", &dst->array, err));
    dst->n_axes = dst->array.n_axes;
    psh_status status = check_images(dst, err);
    if (status != PSH_OK) psh__array_free(&dst->array);
    return status;
}

void psh__stack_free(psh__stack *stack) {
    psh__array_free(&stack->array);
    *stack = (psh__stack){0};
}

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

psh_status psh__stack_read(const psh__stack *stack, size_t i_image, psh_image **dst, psh_error *err) {
    const psh__array *array = &stack->array;
    size_t height = array->shape[array->n_axes - 2], width = array->shape[array->n_axes - 1];
    size_t n_pixels = height * width, n_bytes = n_pixels * array->item_bytes;
    const uint8_t *items = (const uint8_t *)array->data + i_image * n_bytes;
    uint8_t *swapped = NULL;
    double *values = NULL;
    psh_image *image = NULL;
    bool is_same;
    psh_status status;
    PSH_TRY_GOTO(psh__image_new(image_dtype(array, &is_same), (size_t[]){1, height, width}, &image, err));
    if (stack->is_swapped && array->item_bytes > 1) {
        if (!(swapped = psh__malloc(n_bytes, 1))) {
            status = psh__error_memory(err, "an image", n_bytes);
            goto done;
        }
        swap_items(items, n_pixels, array->item_bytes, swapped);
        items = swapped;
    }
    if (is_same) {
        memcpy(image->pixels, items, n_bytes);
    } else if (image->dtype == PSH_U8) {
        for (size_t i = 0; i < n_pixels; i++) ((uint8_t *)image->pixels)[i] = items[i] != 0;
    } else {
        psh__array slice = {.kind = array->kind, .item_bytes = array->item_bytes, .n_items = n_pixels, .data = items};
        PSH_TRY_GOTO(psh__array_to_f64(&slice, "an image", &values, err));
        memcpy(image->pixels, values, n_pixels * sizeof *values);
    }
    PSH_TRY_GOTO(psh__image_check_finite(image, "replace it by a number, or cut it out", err));
    *dst = image, image = NULL;
done:
    psh__free(swapped);
    psh__free(values);
    psh_image_free(image);
    return status;
}
