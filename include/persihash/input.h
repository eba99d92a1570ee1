/* SPDX-License-Identifier: MIT
 * input.h : from files to arrays. A list of items (images, slices of a stack) that are read one at a time.
 *
 * Accepted: PNG (8/16 bit; grey, RGB, alpha ignored), JPEG, PGM (P2, P5; 8/16 bit), IDX3 (plain or .gz), .npy (one
 * image (H,W), or a stack (N,H,W); any real dtype), folders (searched recursively, files in byte order of their path),
 * and globs; "-" is standard input. Any of them may be gzipped. The type is told from the content, never from the name.
 *
 * Grey values are taken as stored: no gamma, no colour profile, no rotation by EXIF; a PGM is not stretched to its
 * maximum. Only PNGs of 1, 2 and 4 bits are spread to 0..255. Images of more than 2^31 pixels are refused. */
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
 * Errors: PSH_ERR_SHAPE if any side is 0 or there are more than 2^31 pixels, PSH_ERR_NOT_FINITE with the position for
 * NaN or infinity, PSH_ERR_MEMORY. */
PSH_API psh_status psh_image_create(psh_dtype dtype, const size_t shape[3], const void *pixels, psh_image **dst,
                                    psh_error *err);
PSH_API void psh_image_free(psh_image *image); /* NULL is fine */
PSH_API psh_dtype psh_image_dtype(const psh_image *image);
PSH_API void psh_image_shape(const psh_image *image, size_t shape[3]); /* D, H, W */
PSH_API const void *psh_image_pixels(const psh_image *image);          /* (D, H, W), valid until freed */

/* psh_image_smooth() :
 * Gaussian smoothing with standard deviation `sigma` (pixels, > 0), truncated at 4 sigma, borders reflected (d c b a |
 * a b c d | d c b a: SciPy's "reflect"). Computed in float64; integer types are rounded to nearest (half to even) and
 * keep their type. One volume of several slices is smoothed along all three axes. Cost: O(pixels * sigma), separable.
 * Same bits at every SIMD level. Errors: PSH_ERR_PARAMETER (sigma outside (0, 10000]), PSH_ERR_NOT_FINITE (float pixels
 * near the largest number overflow), PSH_ERR_MEMORY. */
PSH_API psh_status psh_image_smooth(const psh_image *src, double sigma, psh_image **dst, psh_error *err);

/* psh_image_scale() :
 * Resampled to round(factor * side) pixels a side, at least 1; D = 1 stays 1. factor < 1: area average (no aliasing);
 * factor > 1: bilinear, pixel centres aligned as in align_corners = false. The ratio is that of the sides, new to old.
 * Integer types keep their type: sums are exact, rounded once, half to even. Errors: PSH_ERR_PARAMETER (factor outside
 * [1/64, 64]), PSH_ERR_SHAPE (more than 2^31 pixels), PSH_ERR_NOT_FINITE (overflow), PSH_ERR_MEMORY. */
PSH_API psh_status psh_image_scale(const psh_image *src, double factor, psh_image **dst, psh_error *err);

/* --- Input: a list of items --------------------------------------------------------------------------------------- */

typedef struct psh_input psh_input;

typedef struct psh_input_params {
    size_t struct_bytes;
    const char *labels_path; /* NULL: labels are the names of the files' parent folders when the inputs lie in two or
                                more, else none. Else an IDX1 file (plain or .gz), a .npy of integers or text, or a
                                text file with one label a line; one per item of the whole list */
    double smooth_sigma;     /* 0: none. Applied by psh_input_read() after scaling */
    double scale_factor;     /* 0: none */
    uint64_t first, count;   /* items [first, first + count) of the whole list, fewer if it ends before; count 0: all
                                the rest. Classes are those of the whole list */
} psh_input_params;

/* psh_input_open() :
 * Lists the items of `paths` : (n_paths) files, folders, globs ("tiles/ *.jpg"). Reads the first bytes of each file and
 * the headers of stacks; pixels are read later (gzipped stacks are inflated here). In folders, names that start with a
 * dot are left out, links are followed, and files of other kinds are passed over and counted; but a file that is no
 * image and is named like one (.png, .jpg, .jpeg, .pgm, .idx, .npy, -ubyte, these with .gz) is an error.
 * Errors: PSH_ERR_FILE_NOT_FOUND (also: a glob without match, a folder without any readable image), PSH_ERR_FILE_READ,
 * PSH_ERR_FORMAT, PSH_ERR_CORRUPT (also: an empty file), PSH_ERR_EMPTY (0 items, or none from `first` on),
 * PSH_ERR_SHAPE (labels do not fit; slices of 0 pixels; an array of other than 2 or 3 axes), PSH_ERR_PARAMETER,
 * PSH_ERR_DATA (labels are no integers), PSH_ERR_UNSUPPORTED, PSH_ERR_MEMORY. */
PSH_API psh_status psh_input_open(const char *const *paths, size_t n_paths, const psh_input_params *params,
                                  psh_input **dst, psh_error *err);
PSH_API void psh_input_free(psh_input *input); /* NULL is fine */
PSH_API size_t psh_input_count(const psh_input *input);
PSH_API const char *psh_input_name(const psh_input *input, size_t i_item); /* "tiles/AC/a.jpg", "train.idx[17]" */
/* psh_input_smooth_sigma(), psh_input_scale_factor() : what psh_input_read() applies, for the record; 0: none. */
PSH_API double psh_input_smooth_sigma(const psh_input *input);
PSH_API double psh_input_scale_factor(const psh_input *input);

/* psh_input_n_skipped() : files in folders that were passed over since they are no images (a README, labels). */
PSH_API size_t psh_input_n_skipped(const psh_input *input);

/* psh_input_label() : class of an item, in [0, psh_input_n_classes()), or -1 if there are no labels. Classes are
 * numbered in the order of their names: by value if all are integers, else by bytes. */
PSH_API int64_t psh_input_label(const psh_input *input, size_t i_item);
PSH_API size_t psh_input_n_classes(const psh_input *input);
PSH_API const char *psh_input_label_name(const psh_input *input, size_t i_class);

/* psh_input_read() :
 * One item as a grey image, scaled and smoothed as the parameters say. RGB becomes luminance by ITU-R BT.601:
 * (299 R + 587 G + 114 B) / 1000, rounded to nearest (halves upwards). A colour JPEG is decoded to RGB first. Alpha is
 * ignored. int8..uint64 .npy pixels outside 8/16 bits become float64; booleans become 8-bit. Errors: PSH_ERR_FILE_READ,
 * PSH_ERR_FORMAT, PSH_ERR_CORRUPT, PSH_ERR_SHAPE (0 x 0), PSH_ERR_NOT_FINITE, PSH_ERR_UNSUPPORTED (CMYK, several images
 * in one PGM), PSH_ERR_MEMORY; the text names the item. A JPEG that libjpeg would only warn about (cut short, bad
 * codes) is PSH_ERR_CORRUPT. Threads: safe for several threads on one input. */
PSH_API psh_status psh_input_read(const psh_input *input, size_t i_item, psh_image **dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
