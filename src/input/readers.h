/* readers.h : one reader a format. Each turns the bytes of a file into a grey image or a stack of them.
 *
 * Every reader checks the sizes that a header claims against the bytes that are there, by overflow-safe arithmetic,
 * before it allocates anything; error texts say what was found and expected, and leave naming the file to the caller.
 * Errors of all: PSH_ERR_CORRUPT (truncated, damaged), PSH_ERR_SHAPE (0 pixels, or more than PSH__IMAGE_MAX_PIXELS),
 * PSH_ERR_UNSUPPORTED (a variant of the format that is not read), PSH_ERR_MEMORY. Threads: safe. */
#ifndef PSH_INPUT_READERS_H
#define PSH_INPUT_READERS_H

#include "base/array.h"
#include "input/image.h"

/* --- Which format? ------------------------------------------------------------------------------------------------ */

typedef enum psh__format {
    PSH__FORMAT_UNKNOWN = 0,
    PSH__FORMAT_PNG,
    PSH__FORMAT_JPEG,
    PSH__FORMAT_PGM,
    PSH__FORMAT_IDX,
    PSH__FORMAT_NPY,
    PSH__FORMAT_GZIP
} psh__format;

#define PSH__FORMAT_HEAD_BYTES                                                                                         \
    512 /* as much of a file's start as the two functions below want, if there is as much                              \
         */

/* By the first bytes of a file. */
psh__format psh__format_of(const uint8_t *head, size_t n_bytes);
/* What a file of unknown format looks like, for an error text: "plain text", "a TIFF image". Static storage. */
const char *psh__format_guess(const uint8_t *head, size_t n_bytes);
/* Does the name end like that of an image or a stack (".png", ".JPG", ".idx3-ubyte.gz")? */
bool psh__format_is_name_of_image(const char *path);

/* --- Images: one a file ------------------------------------------------------------------------------------------- */

psh_status psh__png_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);
psh_status psh__jpeg_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);
psh_status psh__pgm_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);

/* --- Stacks: many a file, read one at a time ---------------------------------------------------------------------- */

typedef struct psh__stack {
    psh__array array; /* (N, H, W), or (H, W) for one image; borrows from the file's bytes where it can */
    bool is_swapped;  /* items are big-endian */
    bool is_single;   /* (H, W): the item has the file's name, without an index */
    size_t n_images, n_axes;
} psh__stack;

/* format: IDX or NPY. `bytes` must outlive the stack. Also PSH_ERR_SHAPE for arrays of other than 2 or 3 axes, with
 * dst->n_axes set nevertheless, and PSH_ERR_EMPTY for N = 0. */
psh_status psh__stack_open(psh__format format, const uint8_t *bytes, size_t n_bytes, psh__stack *dst, psh_error *err);
/* Also PSH_ERR_NOT_FINITE. Threads: several may read from one stack. */
psh_status psh__stack_read(const psh__stack *stack, size_t i_image, psh_image **dst, psh_error *err);
void psh__stack_free(psh__stack *stack); /* zeroed struct is fine */

/* An IDX file of any number of axes, its items big-endian as they stand there. */
psh_status psh__idx_parse(const uint8_t *bytes, size_t n_bytes, psh__array *dst, psh_error *err);

/* --- Helpers ------------------------------------------------------------------------------------------------------ */

/* Inflates a gzip file, of several members too. *dst : psh__malloc'ed. */
psh_status psh__gzip_inflate(const uint8_t *bytes, size_t n_bytes, uint8_t **dst, size_t *dst_bytes, psh_error *err);
/* The first bytes alone, without a word on what is wrong: returns how many of dst_bytes there are. */
size_t psh__gzip_peek(const uint8_t *bytes, size_t n_bytes, uint8_t *dst, size_t dst_bytes);

/* Luminance by ITU-R BT.601, (299 R + 587 G + 114 B) / 1000 rounded to nearest, halves upwards.
 * src : (n, 4), R, G, B and one that is ignored. dst : (n), no overlap. */
void psh__luminance_u8(const uint8_t *src, size_t n, uint8_t *dst);
void psh__luminance_u16(const uint16_t *src, size_t n, uint16_t *dst);

#endif
