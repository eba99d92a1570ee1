/* pictures.c : images -> thumbnails -> one PNG.
 *
 * One picture with many cells instead of many pictures: no header and dictionary for each of two thousand, one element
 * to decode. Images whose own pixels fit into OWN_PIXELS all together are kept as they are; else 2,000 of them (or as
 * many as asked for) share PIXELS, averaged down, so that few items have large thumbnails and the page's size stays
 * bounded. Greys are rounded to 64 levels, which the eye does not see and which makes the PNG a quarter smaller:
 *     10,000 images of Fashion-MNIST, 28 x 28      8 bits 4.07 MB    6 bits 3.19    4 bits 1.91    JPEG 75 2.52
 *     2,000 histology tiles, 47 x 47               8 bits 3.57 MB    6 bits 2.79    4 bits 1.56    JPEG 75 1.36
 * JPEG is smaller, but blurs over the borders of cells and shows what is not there in small drawings. */
#include "report/pictures.h"

#include <assert.h>
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/progress.h"

#define OWN_PIXELS 8000000.0
#define PIXELS 4500000.0
#define LEAST_SIDE 24
#define GREATEST_SIDE 128
#define DEFAULT_PICTURES 2000

typedef struct thumbnail {
    uint8_t *pixels; /* (height, width) */
    size_t width, height, image_width, image_height;
    bool is_stretched;
} thumbnail;

static size_t side_for(size_t n_pictures) {
    double side = floor(sqrt(PIXELS / (double)n_pictures));
    return side < LEAST_SIDE ? LEAST_SIDE : side > GREATEST_SIDE ? GREATEST_SIDE : (size_t)side;
}

psh_status psh__sprite_plan(const psh_input *input, size_t n_items, size_t n_wanted, size_t *n_pictures, size_t *side,
                            psh_error *err) {
    psh_image *image;
    size_t shape[3];
    PSH_TRY(psh_input_read(input, 0, &image, err));
    psh_image_shape(image, shape);
    psh_image_free(image);
    const size_t longest = shape[1] > shape[2] ? shape[1] : shape[2];
    const size_t n_most = n_wanted ? n_wanted : n_items;
    const size_t n_all = n_items < n_most ? n_items : n_most;
    if (longest <= GREATEST_SIDE && (double)n_all * (double)shape[1] * (double)shape[2] <= OWN_PIXELS) {
        *n_pictures = n_all;
        *side = longest > LEAST_SIDE ? longest : LEAST_SIDE;
        return PSH_OK;
    }
    *n_pictures = n_wanted ? n_all : n_all < DEFAULT_PICTURES ? n_all : DEFAULT_PICTURES;
    *side = side_for(*n_pictures);
    return PSH_OK;
}

static double pixel(const void *pixels, psh_dtype dtype, size_t i) {
    switch (dtype) {
    case PSH_U8:
        return ((const uint8_t *)pixels)[i];
    case PSH_U16:
        return ((const uint16_t *)pixels)[i];
    case PSH_F32:
        return ((const float *)pixels)[i];
    case PSH_F64:
        return ((const double *)pixels)[i];
    }
    return 0;
}

/* The middle slice of `src` as an 8-bit image. 8-bit greys stay; others are stretched, since 12-bit data in 16-bit
 * files, or fields around 10^5, would be black or white otherwise. */
static psh_status to_u8(const psh_image *src, psh_image **dst, psh_error *err) {
    size_t shape[3];
    psh_image_shape(src, shape);
    const size_t n_pixels = shape[1] * shape[2], first = shape[0] / 2 * n_pixels;
    const psh_dtype dtype = psh_image_dtype(src);
    const void *values = psh_image_pixels(src);
    double lo = 0, hi = 255;
    if (dtype != PSH_U8) {
        lo = hi = pixel(values, dtype, first);
        for (size_t i = 0; i < n_pixels; i++) {
            double value = pixel(values, dtype, first + i);
            if (value < lo) lo = value;
            if (value > hi) hi = value;
        }
    }
    uint8_t *grey = psh__malloc(n_pixels, 1);
    if (!grey) return psh__error_memory(err, "a thumbnail", n_pixels);
    const double half_span = hi / 2 - lo / 2; /* halves: hi - lo may overflow */
    for (size_t i = 0; i < n_pixels; i++) {
        double share = half_span > 0 ? (pixel(values, dtype, first + i) / 2 - lo / 2) / half_span : 0;
        grey[i] = (uint8_t)(share * 255 + 0.5);
    }
    psh_status status = psh_image_create(PSH_U8, (const size_t[3]){1, shape[1], shape[2]}, grey, dst, err);
    psh__free(grey);
    return status;
}

static psh_status make_thumbnail(const psh_input *input, size_t row, size_t side, thumbnail *dst, psh_error *err) {
    psh_image *image = NULL, *other = NULL;
    psh_status status;
    size_t shape[3];
    PSH_TRY_GOTO(psh_input_read(input, row, &image, err));
    psh_image_shape(image, shape);
    dst->image_height = shape[1];
    dst->image_width = shape[2];
    dst->is_stretched = psh_image_dtype(image) != PSH_U8;
    PSH_TRY_GOTO(to_u8(image, &other, err));
    for (;;) { /* more than once only for images 64 times larger than their thumbnails */
        psh_image_free(image);
        image = other;
        other = NULL;
        psh_image_shape(image, shape);
        size_t longest = shape[1] > shape[2] ? shape[1] : shape[2];
        if (longest <= side) break;
        double factor = (double)side / (double)longest;
        PSH_TRY_GOTO(psh_image_scale(image, factor < 1.0 / 64 ? 1.0 / 64 : factor, &other, err));
    }
    dst->height = shape[1];
    dst->width = shape[2];
    dst->pixels = psh__malloc(shape[1] * shape[2], 1);
    if (!dst->pixels) {
        status = psh__error_memory(err, "a thumbnail", shape[1] * shape[2]);
        goto done;
    }
    memcpy(dst->pixels, psh_image_pixels(image), shape[1] * shape[2]);
done:
    psh_image_free(image);
    psh_image_free(other);
    return status;
}

/* libpng's simplified writer: no setjmp. It allocates by itself, which our allocator's test hook does not see. */
static psh_status write_png(const uint8_t *pixels, size_t width, size_t height, psh__sprite *dst, psh_error *err) {
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)width,
                     .height = (png_uint_32)height,
                     .format = PNG_FORMAT_GRAY};
    png_alloc_size_t n_bytes = PNG_IMAGE_PNG_SIZE_MAX(png);
    dst->png = psh__malloc(n_bytes, 1);
    if (!dst->png) return psh__error_memory(err, "the thumbnails as PNG", n_bytes);
    if (!png_image_write_to_memory(&png, dst->png, &n_bytes, 0, pixels, 0, NULL))
        return psh__error(err, PSH_ERR_MEMORY, "the thumbnails could not be written as a PNG of %zu x %zu: %s", width,
                          height, png.message);
    dst->n_bytes = n_bytes;
    return PSH_OK;
}

static uint8_t to_64_levels(uint8_t grey) {
    return (uint8_t)((grey * 63 + 127) / 255 * 255 / 63);
}

static psh_status pack(const thumbnail *thumbnails, size_t n_pictures, psh__sprite *dst, psh_error *err) {
    dst->cell_width = dst->cell_height = 1;
    for (size_t i = 0; i < n_pictures; i++) {
        if (thumbnails[i].width > dst->cell_width) dst->cell_width = thumbnails[i].width;
        if (thumbnails[i].height > dst->cell_height) dst->cell_height = thumbnails[i].height;
    }
    dst->n_columns = (size_t)ceil(sqrt((double)n_pictures));
    const size_t n_rows = (n_pictures + dst->n_columns - 1) / dst->n_columns;
    const size_t width = dst->n_columns * dst->cell_width, height = n_rows * dst->cell_height;
    uint8_t *pixels = psh__calloc(width, height);
    dst->sides = psh__malloc(n_pictures, 2);
    if (!pixels || !dst->sides) {
        psh__free(pixels);
        return psh__error_memory(err, "the sheet of thumbnails", width * height);
    }
    for (size_t i = 0; i < n_pictures; i++) {
        const thumbnail *t = &thumbnails[i];
        uint8_t *cell = pixels + i / dst->n_columns * dst->cell_height * width + i % dst->n_columns * dst->cell_width;
        for (size_t y = 0; y < t->height; y++)
            for (size_t x = 0; x < t->width; x++) cell[y * width + x] = to_64_levels(t->pixels[y * t->width + x]);
        dst->sides[2 * i] = (uint8_t)t->width;
        dst->sides[2 * i + 1] = (uint8_t)t->height;
    }
    psh_status status = write_png(pixels, width, height, dst, err);
    psh__free(pixels);
    return status;
}

static void note_shapes(const thumbnail *thumbnails, size_t n_pictures, psh__sprite *dst) {
    for (size_t i = 0; i < n_pictures; i++) {
        const size_t shape[2] = {thumbnails[i].image_height, thumbnails[i].image_width};
        for (int axis = 0; axis < 2; axis++) {
            if (i == 0 || shape[axis] < dst->least_shape[axis]) dst->least_shape[axis] = shape[axis];
            if (i == 0 || shape[axis] > dst->greatest_shape[axis]) dst->greatest_shape[axis] = shape[axis];
        }
        if (thumbnails[i].is_stretched) dst->is_stretched = true;
    }
}

psh_status psh__sprite_create(const psh_input *input, const uint32_t *rows, size_t n_rows, size_t side, int n_threads,
                              const psh_progress *progress, psh__sprite *dst, psh_error *err) {
    assert(n_rows > 0);
    psh_status status = PSH_OK;
    size_t i_failed = n_rows; /* the first in order that failed, whatever the threads did */
    *dst = (psh__sprite){0};
    thumbnail *thumbnails = psh__calloc(n_rows, sizeof *thumbnails);
    if (!thumbnails) return psh__error_memory(err, "thumbnails", n_rows * sizeof *thumbnails);

    psh__ticker ticker;
    psh__ticker_start(&ticker, progress, "thumbnails", n_rows);
#pragma omp parallel for schedule(dynamic, 8) num_threads(psh_cpu_threads(n_threads))
    for (size_t i = 0; i < n_rows; i++) {
        if (psh__ticker_stopped(&ticker)) continue;
        psh_error own = {0};
        psh_status own_status = make_thumbnail(input, rows[i], side, &thumbnails[i], &own);
        psh__ticker_add(&ticker, 1);
        if (own_status == PSH_OK) continue;
#pragma omp critical(psh_report_thumbnail)
        if (i < i_failed) {
            i_failed = i;
            status = own_status;
            if (err) *err = own;
        }
    }
    if (status == PSH_OK) status = psh__ticker_status(&ticker, err);
    if (status == PSH_OK) {
        note_shapes(thumbnails, n_rows, dst);
        status = pack(thumbnails, n_rows, dst, err);
    }
    for (size_t i = 0; i < n_rows; i++) psh__free(thumbnails[i].pixels);
    psh__free(thumbnails);
    if (status != PSH_OK) psh__sprite_free(dst);
    return status;
}

void psh__sprite_free(psh__sprite *sprite) {
    psh__free(sprite->png);
    psh__free(sprite->sides);
    *sprite = (psh__sprite){0};
}
