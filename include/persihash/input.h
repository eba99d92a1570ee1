/* SPDX-License-Identifier: MIT
 * input.h : from files to items. A list of images, volumes, point clouds, distance matrices and meshes that are read
 * one at a time.
 *
 * Accepted: files, folders (searched recursively, files in byte order of their path) and globs; "-" is standard input.
 * Any file may be gzipped. The format is told from the content, never from the name; docs/formats/inputs.md lists all,
 * with what is read of each and what is refused. Arrays (.npy, .npz, IDX) and TIFF may hold many items a file.
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

/* --- Cloud: points in space ----------------------------------------------------------------------------------------
 */

/* Points of one item, (n_points, n_axes) float64, finite. Immutable; safe for several threads. */
typedef struct psh_cloud psh_cloud;

/* psh_cloud_create() : a copy of points : (n_points, n_axes). No point at all is fine. Errors: PSH_ERR_SHAPE (n_axes 0,
 * or a size that overflows), PSH_ERR_NOT_FINITE with the place, PSH_ERR_MEMORY. */
PSH_API psh_status psh_cloud_create(const double *points, size_t n_points, size_t n_axes, psh_cloud **dst,
                                    psh_error *err);
PSH_API void psh_cloud_free(psh_cloud *cloud); /* NULL is fine */
PSH_API size_t psh_cloud_n_points(const psh_cloud *cloud);
PSH_API size_t psh_cloud_n_axes(const psh_cloud *cloud);
PSH_API const double *psh_cloud_points(const psh_cloud *cloud); /* (n_points, n_axes), valid until freed */

/* --- Matrix: the distances between the points of one item -----------------------------------------------------------
 */

/* Dense: the strict lower triangle by rows, d(1,0) d(2,0) d(2,1) d(3,0) ..., float64, INFINITY for "never joined".
 * Sparse: edges i > j with their distances; pairs that are not listed are infinitely far. Distances are >= 0, never
 * NaN; the triangle inequality is not asked for. Immutable; safe for several threads. */
typedef struct psh_matrix psh_matrix;

typedef struct psh_edge {
    uint32_t i, j; /* i > j */
    double distance;
} psh_edge;

/* psh_matrix_create_dense() : lower : (n_points (n_points - 1) / 2), copied. psh_matrix_create_sparse() : edges :
 * (n_edges), copied and sorted by (i, j); a pair given twice with the same distance counts once, one that is infinitely
 * far is left out. -0 becomes 0. Errors: PSH_ERR_SHAPE,
 * PSH_ERR_DATA (negative; i = j; i or j >= n_points; a pair with two distances), PSH_ERR_NOT_FINITE (NaN),
 * PSH_ERR_MEMORY. */
PSH_API psh_status psh_matrix_create_dense(const double *lower, size_t n_points, psh_matrix **dst, psh_error *err);
PSH_API psh_status psh_matrix_create_sparse(const psh_edge *edges, size_t n_edges, size_t n_points, psh_matrix **dst,
                                            psh_error *err);
PSH_API void psh_matrix_free(psh_matrix *matrix); /* NULL is fine */
PSH_API size_t psh_matrix_n_points(const psh_matrix *matrix);
PSH_API bool psh_matrix_is_sparse(const psh_matrix *matrix);
PSH_API const double *psh_matrix_lower(const psh_matrix *matrix);   /* dense: the triangle; else NULL */
PSH_API const psh_edge *psh_matrix_edges(const psh_matrix *matrix); /* sparse: (n_edges) by (i, j); else NULL */
PSH_API size_t psh_matrix_n_edges(const psh_matrix *matrix);        /* sparse; else 0 */

/* --- Mesh: a surface of triangles, perhaps with a scalar field ------------------------------------------------------
 */

/* vertices (n_vertices, 3) float64, triangles (n_triangles, 3) of vertex numbers, values (n_vertices) or none; all
 * finite. A triangle may name a vertex twice, and several triangles the same three: files do. Immutable; safe for
 * several threads. */
typedef struct psh_mesh psh_mesh;

/* psh_mesh_create() : copies; values NULL: no field. Errors: PSH_ERR_SHAPE (sizes overflow, 2^31 vertices and more),
 * PSH_ERR_DATA (a vertex number out of range), PSH_ERR_NOT_FINITE, PSH_ERR_MEMORY. */
PSH_API psh_status psh_mesh_create(const double *vertices, size_t n_vertices, const uint32_t *triangles,
                                   size_t n_triangles, const double *values, psh_mesh **dst, psh_error *err);
PSH_API void psh_mesh_free(psh_mesh *mesh); /* NULL is fine */
PSH_API size_t psh_mesh_n_vertices(const psh_mesh *mesh);
PSH_API size_t psh_mesh_n_triangles(const psh_mesh *mesh);
PSH_API const double *psh_mesh_vertices(const psh_mesh *mesh);
PSH_API const uint32_t *psh_mesh_triangles(const psh_mesh *mesh);
PSH_API const double *psh_mesh_values(const psh_mesh *mesh); /* NULL: none */

/* psh_mesh_sample() :
 * n_points of the surface, spread evenly: farthest-point sampling (Gonzalez 1985) of a sample that is uniform in area
 * (Osada et al. 2002), 16 times as large. The same seed gives the same points. A mesh without area (no triangles) is
 * sampled from its vertices, and gives no more points than there are. Errors: PSH_ERR_EMPTY (no vertex),
 * PSH_ERR_PARAMETER (0 points), PSH_ERR_MEMORY. */
PSH_API psh_status psh_mesh_sample(const psh_mesh *mesh, size_t n_points, uint64_t seed, psh_cloud **dst,
                                   psh_error *err);

/* --- Item: any of these ---------------------------------------------------------------------------------------------
 */

typedef enum psh_item_kind {
    PSH_ITEM_AUTO = 0,  /* as a request: what the file says, and an image where an array could be several things */
    PSH_ITEM_IMAGE = 1, /* 2D or, with D > 1, a volume */
    PSH_ITEM_CLOUD = 2,
    PSH_ITEM_MATRIX = 3,
    PSH_ITEM_MESH = 4
} psh_item_kind;

/* psh_item_kind_name() : "auto", "image", "cloud", "matrix", "mesh". Static storage. */
PSH_API const char *psh_item_kind_name(psh_item_kind kind);

/* One of the pointers is set, as `kind` says. */
typedef struct psh_item {
    psh_item_kind kind;
    psh_image *image;
    psh_cloud *cloud;
    psh_matrix *matrix;
    psh_mesh *mesh;
} psh_item;

PSH_API void psh_item_free(psh_item *item); /* what it holds; zeroes it; a zeroed struct is fine */

/* --- Input: a list of items --------------------------------------------------------------------------------------- */

typedef struct psh_input psh_input;

typedef struct psh_input_params {
    size_t struct_bytes;
    const char *labels_path; /* NULL: labels are those that the files bring (an .npz with `labels`) if all do, else the
                                names of the files' parent folders when the inputs lie in two or more, else none. Else
                                an IDX1 file (plain or .gz), a .npy of integers or text, or a text file with one label a
                                line; one per item of the whole list */
    double smooth_sigma;     /* 0: none. Applied by psh_input_read() after scaling */
    double scale_factor;     /* 0: none */
    uint64_t first, count;   /* items [first, first + count) of the whole list, fewer if it ends before; count 0: all
                                the rest. Classes are those of the whole list */
    psh_item_kind kind;      /* what an array of numbers is, where the format does not say: .npy and .npz of (H, W) or
                                (N, H, W), text tables. Default: images; text: clouds; an array that looks like
                                distances or points is refused. Else: a file that cannot be this is refused, or passed
                                over in folders; a mesh asked for as a cloud gives its vertices */
    bool is_volume;          /* an array of three axes, or a TIFF of several pages, is one volume, not a stack */
    const char *field;       /* which array of a .vti, .vtu or .npz; which property of a PLY's vertices; for any mesh
                                also "x", "y", "z": the height in that direction. NULL: the file's active scalars, or
                                its only array; a PLY's quality, value or scalar...; an OFF or OBJ has none. Files
                                without fields are then refused, or passed over in folders. Copied */
    size_t n_samples;        /* > 0: meshes become clouds of so many points, larger clouds are thinned to so many
                                (farthest points). 0: as they are */
    uint64_t sample_seed;
    bool keeps_faults; /* a file that cannot be recognised or opened, but is named, or in a folder named like an item,
                          is an item of which reading fails; without it psh_input_open() fails */
    int n_threads;     /* that look at the files while psh_input_open() makes the list; 0: 8, since they wait for the
                          disk most of the time. The list does not depend on it */
} psh_input_params;

/* psh_input_open() :
 * Lists the items of `paths` : (n_paths) files, folders, globs ("tiles/ *.jpg"). Reads the first bytes of each file and
 * the headers of those that may hold several items; the rest is read later (gzipped stacks are inflated here). In
 * folders, names that start with a dot are left out, links are followed, and files of other kinds are passed over and
 * counted, as are results (diagrams, codes) and text tables unless clouds or matrices are asked for; but a file that is
 * named like an item (.png, .npy, .off, -ubyte, ..., these with .gz) and is none is an error. Errors:
 * PSH_ERR_FILE_NOT_FOUND (also: a glob without match, a folder without any readable file), PSH_ERR_FILE_READ,
 * PSH_ERR_FORMAT (also: an array that could be several things), PSH_ERR_CORRUPT (also: an empty file), PSH_ERR_EMPTY
 * (0 items, or none from `first` on), PSH_ERR_SHAPE (labels do not fit; sides of 0; a wrong number of axes),
 * PSH_ERR_PARAMETER (also: a named file that is not of the kind asked for), PSH_ERR_DATA (labels are no integers),
 * PSH_ERR_UNSUPPORTED, PSH_ERR_MEMORY. */
PSH_API psh_status psh_input_open(const char *const *paths, size_t n_paths, const psh_input_params *params,
                                  psh_input **dst, psh_error *err);
PSH_API void psh_input_free(psh_input *input); /* NULL is fine */
PSH_API size_t psh_input_count(const psh_input *input);
PSH_API const char *psh_input_name(const psh_input *input, size_t i_item); /* "tiles/AC/a.jpg", "train.idx[17]" */
/* psh_input_smooth_sigma(), psh_input_scale_factor() : what psh_input_read() applies, for the record; 0: none. */
PSH_API double psh_input_smooth_sigma(const psh_input *input);
PSH_API double psh_input_scale_factor(const psh_input *input);

/* psh_input_options() : what the input was opened with, its labels_path NULL. Valid until it is freed. */
PSH_API const psh_input_params *psh_input_options(const psh_input *input);

/* psh_input_identify() :
 * *dst: 64 bits that tell an item from others, and from itself after a change: hash of its name and of its file's size
 * and time of last change. Cost: one stat(). Errors: PSH_ERR_PARAMETER (standard input has neither), PSH_ERR_FILE_READ
 * (the file is gone). */
PSH_API psh_status psh_input_identify(const psh_input *input, size_t i_item, uint64_t *dst, psh_error *err);

/* psh_input_n_skipped() : files in folders that were passed over since they are no items (a README, labels), or not of
 * the kind asked for. */
PSH_API size_t psh_input_n_skipped(const psh_input *input);

/* psh_input_label() : class of an item, in [0, psh_input_n_classes()), or -1 if there are no labels. Classes are
 * numbered in the order of their names: by value if all are integers, else by bytes. */
PSH_API int64_t psh_input_label(const psh_input *input, size_t i_item);
PSH_API size_t psh_input_n_classes(const psh_input *input);
PSH_API const char *psh_input_label_name(const psh_input *input, size_t i_class);

/* psh_input_read_item() :
 * One item, whatever it is; images as psh_input_read() gives them. The caller frees it by psh_item_free(). Errors:
 * those of psh_input_read(), PSH_ERR_DATA (a matrix that is not symmetric, a mesh whose faces point nowhere); the text
 * names the item. Threads: safe for several threads on one input. */
PSH_API psh_status psh_input_read_item(const psh_input *input, size_t i_item, psh_item *dst, psh_error *err);

/* psh_input_read_ahead() : asks the system to have the file of an item at hand soon. For items a few places ahead of
 * those being read; larger numbers than there are items are fine. Costs nothing for small files. Never fails. */
PSH_API void psh_input_read_ahead(const psh_input *input, size_t i_item);

/* psh_input_read_stored(), psh_input_prepare() :
 * The two steps of psh_input_read_item(), for whoever times them: what the file says; then what the parameters ask to
 * be done to it: scaling, smoothing, sampling. PSH_ERR_PARAMETER for those that are not for items of this kind. After a
 * failure there is nothing to free. */
PSH_API psh_status psh_input_read_stored(const psh_input *input, size_t i_item, psh_item *dst, psh_error *err);
PSH_API psh_status psh_input_prepare(const psh_input *input, size_t i_item, psh_item *item, psh_error *err);

/* psh_input_read() :
 * One item as a grey image (PSH_ERR_FORMAT if it is something else), scaled and smoothed as the parameters say. RGB
 * becomes luminance by ITU-R BT.601: (299 R + 587 G + 114 B) / 1000, rounded to nearest (halves upwards). A colour JPEG
 * is decoded to RGB first. Alpha is ignored. int8..uint64 .npy pixels outside 8/16 bits become float64; booleans become
 * 8-bit. Errors: PSH_ERR_FILE_READ, PSH_ERR_FORMAT, PSH_ERR_CORRUPT, PSH_ERR_SHAPE (0 x 0), PSH_ERR_NOT_FINITE,
 * PSH_ERR_UNSUPPORTED (CMYK, several images in one PGM), PSH_ERR_MEMORY; the text names the item. A JPEG that libjpeg
 * would only warn about (cut short, bad codes) is PSH_ERR_CORRUPT. Threads: safe for several threads on one input. */
PSH_API psh_status psh_input_read(const psh_input *input, size_t i_item, psh_image **dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
