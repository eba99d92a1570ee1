/* image.c : the grid of values: made from a copy, checked, converted to double and back. */
#include "input/image.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/finite.h"

#define HEAD_BYTES 64 /* of the struct, so that pixels start at a cache line */
_Static_assert(sizeof(psh_image) <= HEAD_BYTES, "the head of an image must fit its room");

psh_status psh__image_count(const size_t shape[3], size_t *n_pixels, psh_error *err) {
    if (!shape[0] || !shape[1] || !shape[2])
        return psh__error(err, PSH_ERR_SHAPE, "an image of %zu x %zu pixels is empty; expected at least 1 x 1",
                          shape[1], shape[2]);
    if (!psh__size_mul(shape[0], shape[1], n_pixels) || !psh__size_mul(*n_pixels, shape[2], n_pixels) ||
        *n_pixels > PSH__IMAGE_MAX_PIXELS)
        return psh__error(err, PSH_ERR_SHAPE,
                          "an image of %zu x %zu x %zu pixels is too large; at most 2^31 pixels are accepted; cut it "
                          "into tiles",
                          shape[0], shape[1], shape[2]);
    return PSH_OK;
}

psh_status psh__image_new(psh_dtype dtype, const size_t shape[3], psh_image **dst, psh_error *err) {
    size_t n_pixels = 0;
    PSH_TRY(psh__image_count(shape, &n_pixels, err));
    size_t n_bytes = n_pixels * psh__dtype_bytes(dtype);
    psh_image *image = psh__malloc(HEAD_BYTES + n_bytes, 1);
    if (!image) return psh__error_memory(err, "an image", n_bytes);
    *image = (psh_image){.dtype = dtype, .n_pixels = n_pixels, .pixels = (uint8_t *)image + HEAD_BYTES};
    memcpy(image->shape, shape, sizeof image->shape);
    *dst = image;
    return PSH_OK;
}

psh_status psh_image_create(psh_dtype dtype, const size_t shape[3], const void *pixels, psh_image **dst,
                            psh_error *err) {
    assert(dtype >= PSH_U8 && dtype <= PSH_F64 && shape && dst);
    psh_image *image = NULL;
    PSH_TRY(psh__image_new(dtype, shape, &image, err));
    assert(pixels);
    memcpy(image->pixels, pixels, image->n_pixels * psh__dtype_bytes(dtype));
    psh_status status = psh__image_check_finite(image, "replace it by a number, or cut it out", err);
    if (status == PSH_OK)
        *dst = image;
    else
        psh_image_free(image);
    return status;
}

void psh_image_free(psh_image *image) {
    psh__free(image);
}

psh_dtype psh_image_dtype(const psh_image *image) {
    return image->dtype;
}

void psh_image_shape(const psh_image *image, size_t shape[3]) {
    memcpy(shape, image->shape, sizeof image->shape);
}

const void *psh_image_pixels(const psh_image *image) {
    return image->pixels;
}

psh_status psh__image_check_finite(const psh_image *image, const char *cause, psh_error *err) {
    size_t i = image->n_pixels;
    double value = 0;
    if (image->dtype == PSH_F32) {
        const float *pixels = image->pixels;
        i = psh__first_not_finite_f32(pixels, image->n_pixels);
        if (i < image->n_pixels) value = pixels[i];
    } else if (image->dtype == PSH_F64) {
        const double *pixels = image->pixels;
        i = psh__first_not_finite_f64(pixels, image->n_pixels);
        if (i < image->n_pixels) value = pixels[i];
    }
    if (i == image->n_pixels) return PSH_OK;
    size_t height = image->shape[1], width = image->shape[2], row = i / width, plane = row / height;
    char place[64] = "";
    if (image->shape[0] > 1) snprintf(place, sizeof place, "slice %zu, ", plane);
    return psh__error(err, PSH_ERR_NOT_FINITE, "pixel is %s at %srow %zu, column %zu; %s",
                      isnan(value) ? "NaN" : "infinite", place, row % height, i % width, cause);
}

void psh__image_widen(const psh_image *image, size_t start, size_t n, double *dst) {
    switch (image->dtype) {
    case PSH_U8: {
        const uint8_t *src = (const uint8_t *)image->pixels + start;
        for (size_t i = 0; i < n; i++) dst[i] = src[i];
        break;
    }
    case PSH_U16: {
        const uint16_t *src = (const uint16_t *)image->pixels + start;
        for (size_t i = 0; i < n; i++) dst[i] = src[i];
        break;
    }
    case PSH_F32: {
        const float *src = (const float *)image->pixels + start;
        for (size_t i = 0; i < n; i++) dst[i] = src[i];
        break;
    }
    case PSH_F64:
        memcpy(dst, (const double *)image->pixels + start, n * sizeof *dst);
    }
}

/* Adding 1.5 * 2^52 leaves no bit for a fraction, so the hardware rounds it (to nearest, half to even), and the integer
 * stands in the low bits. Unlike lrint(), this becomes vector code at every SIMD level. */
static inline uint32_t round_even(double x) {
    double shifted = x + 0x1.8p52;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return (uint32_t)bits;
}

void psh__image_round(const double *src, size_t n, psh_image *image, size_t start) {
    switch (image->dtype) {
    case PSH_U8: {
        uint8_t *dst = (uint8_t *)image->pixels + start;
        for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)round_even(src[i]);
        break;
    }
    case PSH_U16: {
        uint16_t *dst = (uint16_t *)image->pixels + start;
        for (size_t i = 0; i < n; i++) dst[i] = (uint16_t)round_even(src[i]);
        break;
    }
    case PSH_F32: {
        float *dst = (float *)image->pixels + start;
        for (size_t i = 0; i < n; i++) dst[i] = (float)src[i];
        break;
    }
    case PSH_F64:
        memcpy((double *)image->pixels + start, src, n * sizeof *src);
    }
}
