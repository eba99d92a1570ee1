/* readers.h : one reader a format. Each turns the bytes of a file into items; the table of format.c names them.
 *
 * Every reader checks the sizes that a header claims against the bytes that are there, by overflow-safe arithmetic,
 * before it allocates anything; error texts say what was found and expected, and leave naming the file to the caller.
 * Errors of all: PSH_ERR_CORRUPT (truncated, damaged), PSH_ERR_SHAPE (0 pixels, more than PSH__IMAGE_MAX_PIXELS, sizes
 * that do not fit), PSH_ERR_UNSUPPORTED (a variant of the format that is not read), PSH_ERR_NOT_FINITE, PSH_ERR_MEMORY.
 * Threads: safe. */
#ifndef PSH_INPUT_READERS_H
#define PSH_INPUT_READERS_H

#include "base/array.h"
#include "input/format.h"
#include "input/image.h"

typedef bool psh__recognise(const psh__head *head);
typedef psh_status psh__open(psh__loaded *file, psh_error *err);
typedef void psh__close(psh__loaded *file);
typedef psh_status psh__read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err);

/* --- Images: one a file ------------------------------------------------------------------------------------------- */

psh__recognise psh__pgm_is;
psh_status psh__png_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);
psh_status psh__jpeg_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);
psh_status psh__pgm_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);

/* Dense cubical grids as text, by Perseus and GUDHI: (D, H, W) float64; the file's first axis, which runs fastest, is
 * W. The first 512 bytes are enough to recognise it. Also PSH_ERR_UNSUPPORTED for other than 1 to 3 axes, and for a
 * negative side, which is GUDHI's mark of a periodic axis. */
psh__recognise psh__perseus_is;
psh_status psh__perseus_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);

/* --- Pages and volumes: perhaps several a file: tiff.h, nifti.h --------------------------------------------------- */

/* A page is an item, or, if params->is_volume, a slice of the one item. */
psh__open psh__tiff_open_item;
psh__read_item psh__tiff_read_item;
psh__close psh__tiff_close_item;

/* A volume is an item. */
psh__recognise psh__nifti_is, psh__nifti_is_single;
psh__open psh__nifti_open_item;
psh__read_item psh__nifti_read_item;
psh__close psh__nifti_close_item;

/* --- VTK and DIPHA: one item a file, of a kind that the file says ------------------------------------------------- */

/* Images and volumes of a field of points or cells. Also PSH_ERR_PARAMETER: the field must be chosen, or is none. */
psh__recognise psh__vti_is;
psh__read_item psh__vti_read_item;

/* Meshes with a field of points; clouds if there are no polygons. */
psh__recognise psh__vtu_is;
psh__open psh__vtu_open;
psh__read_item psh__vtu_read_item;
psh__close psh__vtu_close;

/* Images, distance matrices. */
psh__recognise psh__dipha_recognise;
psh__open psh__dipha_open;
psh__read_item psh__dipha_read_item;

/* --- Arrays: many items a file, read one at a time: stack.c ------------------------------------------------------- */

psh__recognise psh__idx_is, psh__npy_is;
psh__open psh__idx_open, psh__npy_open;
psh__read_item psh__stack_read_item;
psh__close psh__stack_close;

/* An archive of arrays: the one that holds items, and labels. */
psh__open psh__bundle_open;
psh__read_item psh__bundle_read_item;
psh__close psh__bundle_close;

/* An IDX file of any number of axes, its items big-endian as they stand there. */
psh_status psh__idx_parse(const uint8_t *bytes, size_t n_bytes, psh__array *dst, psh_error *err);

/* --- Meshes and tables: text, or begun by text -------------------------------------------------------------------- */

psh__recognise psh__off_is, psh__obj_is, psh__ply_is, psh__table_is;
psh__read_item psh__off_read_item, psh__obj_read_item, psh__ply_read_item, psh__table_read_item;

/* --- Helpers ------------------------------------------------------------------------------------------------------ */

/* Luminance by ITU-R BT.601, (299 R + 587 G + 114 B) / 1000 rounded to nearest, halves upwards.
 * src : (n, 4), R, G, B and one that is ignored. dst : (n), no overlap. */
void psh__luminance_u8(const uint8_t *src, size_t n, uint8_t *dst);
void psh__luminance_u16(const uint16_t *src, size_t n, uint16_t *dst);

#endif
