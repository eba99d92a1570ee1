/* SPDX-License-Identifier: MIT
 * input.h : from files to arrays. A list of items (images, slices of a stack) that are read one at a time.
 *
 * Accepted: PNG (8/16 bit; grey, RGB, alpha ignored), JPEG, PGM (P2, P5; 8/16 bit), IDX3 (plain or .gz), .npy (one
 * image (H,W), or a stack (N,H,W); any real dtype), folders (searched recursively, files in byte order of their path),
 * and globs. The type is told from the content, never from the name. */
#ifndef PERSIHASH_INPUT_H
#define PERSIHASH_INPUT_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Image: a grid of grey values --------------------------------------------------------------------------------- */

typedef enum psh_dtype { PSH_U8 = 0, PSH_U16 = 1, PSH_F32 = 2, PSH_F64 = 3 } psh_dtype;

/* A grid of values, row-major, (D, H, W) with D = 1 for a 2D image. Owned by the caller once created; values are
 * finite. */
typedef struct psh_image psh_image;

/* psh_image_create() :
 * A copy of `pixels` : (D, H, W), row-major, of type `dtype`.
 * Errors: PSH_ERR_SHAPE if any side is 0 (or the product overflows), PSH_ERR_NOT_FINITE with the position for NaN or
 * infinity, PSH_ERR_MEMORY. */
PSH_API psh_status psh_image_create(psh_dtype dtype, const size_t shape[3], const void *pixels, psh_image **dst,
                                    psh_error *err);
PSH_API void psh_image_free(psh_image *image); /* NULL is fine */
PSH_API psh_dtype psh_image_dtype(const psh_image *image);
PSH_API void psh_image_shape(const psh_image *image, size_t shape[3]); /* D, H, W */
PSH_API const void *psh_image_pixels(const psh_image *image);          /* (D, H, W), valid until freed */

/* psh_image_smooth() :
 * Gaussian smoothing with standard deviation `sigma` (pixels, > 0), truncated at 4 sigma, borders reflected (d c b a |
 * a b c d | d c b a: SciPy's "reflect"). Computed in float64; integer types are rounded to nearest (half to even) and
 * keep their type. Cost: O(pixels * sigma), separable. Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY. */
PSH_API psh_status psh_image_smooth(const psh_image *src, double sigma, psh_image **dst, psh_error *err);

/* psh_image_scale() :
 * Resampled to round(factor * side) pixels a side, at least 1. factor < 1: area average (no aliasing); factor > 1:
 * bilinear, pixel centres aligned as in align_corners = false. Integer types are rounded to nearest and keep their
 * type. Errors: PSH_ERR_PARAMETER (factor outside [1/64, 64]), PSH_ERR_MEMORY. */
PSH_API psh_status psh_image_scale(const psh_image *src, double factor, psh_image **dst, psh_error *err);

/* --- Input: a list of items --------------------------------------------------------------------------------------- */

typedef struct psh_input psh_input;

typedef struct psh_input_params {
    size_t struct_bytes;
    const char *labels_path; /* NULL: labels are the names of the files' parent folders when the inputs lie in two or
                                more, else none. Else an IDX1 file (plain or .gz), a .npy of integers, or a text file
                                with one label a line; one per item */
    double smooth_sigma;     /* 0: none. Applied by psh_input_read() after scaling */
    double scale_factor;     /* 0: none */
    uint64_t first, count;   /* items [first, first + count) of the whole list; count 0: all the rest */
} psh_input_params;

/* psh_input_open() :
 * Lists the items of `paths` : (n_paths) files, folders, globs ("tiles/ *.jpg"). Reads headers of stacks only; pixels
 * are read later. Errors: PSH_ERR_FILE_NOT_FOUND (also: a glob without match, a folder without any readable image),
 * PSH_ERR_FORMAT, PSH_ERR_CORRUPT, PSH_ERR_EMPTY (0 items), PSH_ERR_SHAPE (labels do not fit), PSH_ERR_MEMORY. */
PSH_API psh_status psh_input_open(const char *const *paths, size_t n_paths, const psh_input_params *params,
                                  psh_input **dst, psh_error *err);
PSH_API void psh_input_free(psh_input *input); /* NULL is fine */
PSH_API size_t psh_input_count(const psh_input *input);
PSH_API const char *psh_input_name(const psh_input *input, size_t i_item); /* "tiles/AC/a.jpg", "train.idx[17]" */

/* psh_input_label() : class of an item, in [0, psh_input_n_classes()), or -1 if there are no labels. */
PSH_API int64_t psh_input_label(const psh_input *input, size_t i_item);
PSH_API size_t psh_input_n_classes(const psh_input *input);
PSH_API const char *psh_input_label_name(const psh_input *input, size_t i_class);

/* psh_input_read() :
 * One item as a grey image, scaled and smoothed as the parameters say. RGB becomes luminance by ITU-R BT.601:
 * (299 R + 587 G + 114 B) / 1000, rounded to nearest. A colour JPEG is decoded to RGB first. Alpha is ignored.
 * int8..uint64 .npy pixels outside 8/16 bits become float64; booleans become 8-bit.
 * Errors: PSH_ERR_FILE_READ, PSH_ERR_FORMAT, PSH_ERR_CORRUPT, PSH_ERR_SHAPE (0 x 0), PSH_ERR_NOT_FINITE,
 * PSH_ERR_MEMORY; the text names the item. Threads: safe for several threads on one input. */
PSH_API psh_status psh_input_read(const psh_input *input, size_t i_item, psh_image **dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
