/* png.c : PNG through libpng 1.6.
 *
 * Grey of 1, 2, 4 bits is spread to 0..255 (as every viewer does), 8 bits stay, 16 bits stay 16; palettes become RGB;
 * RGB becomes luminance; alpha and tRNS are ignored, as are gamma and colour profiles: pixels are taken as stored.
 *
 * libpng reports faults by longjmp(). Everything that must survive the jump lives in a struct of the caller's frame,
 * not in the frame of setjmp(), so that no variable is indeterminate after it (C17 7.13.2.1). libpng allocates through
 * our allocator, so memory that runs out inside it is told from damage. A file's claim is believed only as far as
 * deflate could compress: 1032 to 1. */
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/readers.h"

#define DEFLATE_RATIO 1032 /* bytes out per byte in, at most (zlib's technical note) */
#define IHDR_END 33        /* signature 8, length 4, "IHDR" 4, fields 13, CRC 4 */

typedef struct job {
    const uint8_t *at, *end; /* the bytes not read yet */
    png_structp png;
    png_infop info;
    uint8_t *rows; /* one row, or all of an interlaced image */
    psh_image *image;
    bool is_out_of_memory;
    char fault[128];
} job;

static void on_error(png_structp png, png_const_charp text) {
    job *j = png_get_error_ptr(png);
    snprintf(j->fault, sizeof j->fault, "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png, (void)text;
}

static void on_read(png_structp png, png_bytep dst, size_t n_bytes) {
    job *j = png_get_io_ptr(png);
    if (n_bytes > (size_t)(j->end - j->at)) png_error(png, "the file ends too early");
    memcpy(dst, j->at, n_bytes);
    j->at += n_bytes;
}

static png_voidp on_malloc(png_structp png, png_alloc_size_t n_bytes) {
    job *j = png_get_mem_ptr(png);
    void *ptr = psh__malloc(n_bytes, 1);
    if (!ptr) j->is_out_of_memory = true;
    return ptr;
}

static void on_free(png_structp png, png_voidp ptr) {
    (void)png;
    psh__free(ptr);
}

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The header's own words, before libpng allocates for them. */
static psh_status check_header(const uint8_t *bytes, size_t n_bytes, size_t shape[3], psh_error *err) {
    if (n_bytes < IHDR_END || memcmp(bytes + 12, "IHDR", 4) != 0)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "PNG of %zu bytes has no header (IHDR); the file is truncated or damaged", n_bytes);
    shape[0] = 1, shape[1] = big_endian(bytes + 20), shape[2] = big_endian(bytes + 16);
    size_t n_pixels = 0;
    PSH_TRY(psh__image_count(shape, &n_pixels, err));
    if (n_pixels / 8 / DEFLATE_RATIO > n_bytes) /* a pixel has a bit at least */
        return psh__error(err, PSH_ERR_CORRUPT, "PNG of %zu bytes cannot hold the %zu x %zu pixels of its header",
                          n_bytes, shape[1], shape[2]);
    return PSH_OK;
}

static void convert_row(const uint8_t *row, bool is_colour, psh_image *image, size_t y) {
    size_t width = image->shape[2];
    void *dst = (uint8_t *)image->pixels + y * width * psh__dtype_bytes(image->dtype);
    if (!is_colour)
        memcpy(dst, row, width * psh__dtype_bytes(image->dtype));
    else if (image->dtype == PSH_U8)
        psh__luminance_u8(row, width, dst);
    else
        psh__luminance_u16((const uint16_t *)row, width, dst);
}

/* All calls of libpng that may jump. Answers a status; after a jump, j->fault says what happened. */
static psh_status decode(job *j, const size_t shape[3], psh_error *err) {
    if (setjmp(png_jmpbuf(j->png))) return PSH_ERR_CORRUPT;
    png_structp png = j->png;
    png_set_read_fn(png, j, on_read);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);         /* ours are checked above */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); /* texts, profiles: nothing to us */
    png_read_info(png, j->info);

    int depth = png_get_bit_depth(png, j->info), colour = png_get_color_type(png, j->info);
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (depth == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) png_set_swap(png);
    bool is_colour = colour & PNG_COLOR_MASK_COLOR;
    if (is_colour)
        png_set_filler(png, 0, PNG_FILLER_AFTER); /* four channels in any case */
    else
        png_set_strip_alpha(png);
    int n_passes = png_set_interlace_handling(png);
    png_read_update_info(png, j->info);

    size_t height = shape[1], row_bytes = png_get_rowbytes(png, j->info);
    psh_status status = psh__image_new(depth == 16 ? PSH_U16 : PSH_U8, shape, &j->image, err);
    if (status != PSH_OK) return status;
    j->rows = psh__malloc(n_passes > 1 ? height : 1, row_bytes);
    if (!j->rows) return psh__error_memory(err, "the rows of a PNG", row_bytes);
    for (int pass = 0; pass < n_passes; pass++)
        for (size_t y = 0; y < height; y++) {
            uint8_t *row = j->rows + (n_passes > 1 ? y * row_bytes : 0);
            png_read_row(png, row, NULL);
            if (pass + 1 == n_passes) convert_row(row, is_colour, j->image, y);
        }
    png_read_end(png, NULL); /* a file cut after its last pixel is cut nevertheless */
    return PSH_OK;
}

psh_status psh__png_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err) {
    size_t shape[3];
    PSH_TRY(check_header(bytes, n_bytes, shape, err));
    job j = {.at = bytes, .end = bytes + n_bytes};
    psh_status status = PSH_ERR_CORRUPT;
    j.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning, &j, on_malloc, on_free);
    j.info = j.png ? png_create_info_struct(j.png) : NULL;
    if (j.info) status = decode(&j, shape, err);
    if (j.is_out_of_memory || !j.info) {
        status = psh__error_memory(err, "decoding a PNG", n_bytes);
    } else if (j.fault[0]) {
        status = psh__error(err, PSH_ERR_CORRUPT, "damaged PNG: %s", j.fault);
    } else if (status == PSH_OK) {
        *dst = j.image, j.image = NULL;
    }
    png_destroy_read_struct(&j.png, &j.info, NULL);
    psh__free(j.rows);
    psh_image_free(j.image);
    return status;
}
