/* tiff.h : TIFF files, one page or many: tiff.c finds and decodes the pages, tiff_pixels.c makes grey values of them.
 */
#ifndef PSH_INPUT_TIFF_H
#define PSH_INPUT_TIFF_H

#include "input/image.h"

/* --- Files -------------------------------------------------------------------------------------------------------- */

typedef struct psh__tiff {
    const uint8_t *bytes; /* borrowed: the whole file */
    size_t n_bytes;
    uint64_t *pages; // (n_pages) where the directory of each begins
    size_t n_pages;  /* 1 at least; thumbnails, pyramid levels and masks do not count */
} psh__tiff;

/* psh__tiff_open() : finds the pages, without decoding any. `bytes` must outlive it. Errors: PSH_ERR_CORRUPT,
 * PSH_ERR_EMPTY (no page), PSH_ERR_MEMORY. On failure nothing is left to free. */
psh_status psh__tiff_open(const uint8_t *bytes, size_t n_bytes, psh__tiff *dst, psh_error *err);
void psh__tiff_close(psh__tiff *tiff); /* zeroed struct is fine */

/* psh__tiff_read() : one page, (1, H, W). psh__tiff_read_volume() : all of them, (n_pages, H, W): PSH_ERR_SHAPE if they
 * differ in sides or type. Errors: those of readers.h, PSH_ERR_NOT_FINITE. Cost: the pixels; no page is looked for by
 * going through those before it. Threads: several may read from one file. */
psh_status psh__tiff_read(const psh__tiff *tiff, size_t i_page, psh_image **dst, psh_error *err);
psh_status psh__tiff_read_volume(const psh__tiff *tiff, psh_image **dst, psh_error *err);

/* --- Pixels ------------------------------------------------------------------------------------------------------- */

typedef enum psh__tiff_colour {
    PSH__TIFF_GREY,
    PSH__TIFF_GREY_INVERTED, /* white is 0 */
    PSH__TIFF_RGB,
    PSH__TIFF_PALETTE
} psh__tiff_colour;

/* What decoded samples are: `n_bits` wide, in the machine's byte order, those of less than a byte packed from the
 * highest bit on; a row begins at a whole byte. */
typedef struct psh__tiff_samples {
    psh__tiff_colour colour;
    char kind; /* 'u' unsigned, 'i' signed, 'f' float */
    unsigned n_bits;
    size_t n_channels;          /* samples from one pixel to the next, in one row of a block */
    const uint16_t *palette[3]; // (2^n_bits) 16-bit red, green, blue
} psh__tiff_samples;

/* The image's type for such samples; PSH_ERR_UNSUPPORTED for widths that are not read. */
psh_status psh__tiff_dtype(const psh__tiff_samples *samples, psh_dtype *dst, psh_error *err);

/* n pixels, from the row that holds each channel (the same one three times if channels are interleaved), into pixels
 * [start, start + n) of an image of that type. channels : where in its row each channel begins, in samples.
 * scratch : (n, 4) of 16 bits. */
void psh__tiff_convert(const psh__tiff_samples *samples, const uint8_t *const rows[3], const size_t channels[3],
                       size_t n, uint16_t *scratch, psh_image *image, size_t start);

#endif
