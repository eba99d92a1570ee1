/* array.h : n-dimensional arrays as NumPy stores them: .npy files and members of .npz archives. */
#ifndef PSH_BASE_ARRAY_H
#define PSH_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "persihash/status.h"

#define PSH__ARRAY_MAX_AXES 8

/* kind: 'b' bool, 'i' signed, 'u' unsigned, 'f' float (2, 4, 8 bytes), 'U' UCS-4 text, 'S' bytes text. Always
 * little-endian and C order once read. */
typedef struct psh__array {
    char kind;
    size_t item_bytes;
    size_t n_axes, shape[PSH__ARRAY_MAX_AXES];
    size_t n_items;   /* product of shape (1 for zero axes) */
    const void *data; /* (n_items) of item_bytes, aligned to 1 at least */
    void *owned;      /* what psh__array_free() frees, or NULL if data belongs to a mapping */
} psh__array;
void psh__array_free(psh__array *array); /* zeroed struct is fine */

/* Reading: `what` names the array in error texts ("set.npz: points"). The bytes are only borrowed when nothing had to
 * be swapped or transposed. Sizes are checked against n_bytes before anything is allocated. Errors: PSH_ERR_FORMAT (no
 * .npy), PSH_ERR_CORRUPT, PSH_ERR_UNSUPPORTED (object, complex), PSH_ERR_MEMORY. */
psh_status psh__npy_parse(const uint8_t *bytes, size_t n_bytes, const char *what, psh__array *dst, psh_error *err);

/* Conversions of any numeric array; dst allocated by psh__malloc. _i64: PSH_ERR_DATA for values that are no integers or
 * out of range. */
psh_status psh__array_to_f64(const psh__array *src, const char *what, double **dst, psh_error *err);
psh_status psh__array_to_i64(const psh__array *src, const char *what, int64_t **dst, psh_error *err);
/* Text array (N,) or () to UTF-8 strings, zero-terminated, in one block (*dst)[i]; the block is freed by one
 * psh__free(*dst). */
psh_status psh__array_to_texts(const psh__array *src, const char *what, char ***dst, psh_error *err);

/* A .npy header for (shape) of `descr` ("<f8"), padded so that data starts at a multiple of 64. Returns its length; dst
 * must have 256 bytes. */
size_t psh__npy_header(const char *descr, const size_t *shape, size_t n_axes, char dst[256]);

/* Whole .npy files. psh__npy_read(): `bytes` keeps the mapping that `dst` may borrow from; free both, the array first.
 */
psh_status psh__npy_read(const char *path, psh__bytes *bytes, psh__array *dst, psh_error *err);
psh_status psh__npy_write(const char *path, const char *descr, const size_t *shape, size_t n_axes, const void *data,
                          size_t n_bytes, psh_error *err);

/* .npz reading. Members stored plain in a regular file are borrowed from its mapping; deflated ones are inflated, at
 * most their declared size. */
typedef struct psh__npz psh__npz;
psh_status psh__npz_open(const char *path, psh__npz **dst, psh_error *err);
/* The same from bytes at hand (standard input can be read but once); takes them over, also when it fails. */
psh_status psh__npz_open_bytes(const char *path, psh__bytes *bytes, psh__npz **dst, psh_error *err);
bool psh__npz_has(const psh__npz *npz, const char *name); /* "points", without .npy */
/* Every member in turn: the name of the i-th, with its .npy if it is an array, or NULL behind the last. Valid until the
 * archive is freed. */
const char *psh__npz_member(const psh__npz *npz, size_t i_member);
/* PSH_ERR_SHAPE if there is no such member: the text lists those there are. The array may borrow from npz: free it
 * first. */
psh_status psh__npz_read(psh__npz *npz, const char *name, psh__array *dst, psh_error *err);
void psh__npz_free(psh__npz *npz);

/* .npz writing, to a temporary file that replaces `path` at the end; deflated if `compress`. Bytes do not depend on the
 * time of day. Members may be larger than 4 GB (zip64) and than the memory. After a failure: abort. Errors:
 * PSH_ERR_FILE_WRITE, PSH_ERR_MEMORY. */
typedef struct psh__npz_writer psh__npz_writer;
psh_status psh__npz_create(const char *path, bool compress, psh__npz_writer **dst, psh_error *err);
psh_status psh__npz_add(psh__npz_writer *npz, const char *name, const char *descr, const size_t *shape, size_t n_axes,
                        const void *data, size_t n_bytes, psh_error *err);
psh_status psh__npz_add_texts(psh__npz_writer *npz, const char *name, const char *const *texts, size_t n_texts,
                              bool is_scalar, psh_error *err); /* <U array */
/* A member piece by piece: begin, any number of pushes that together are the shape's items, end. Of texts: `width` is
 * the greatest psh__npz_text_width() of them, at least 1. */
psh_status psh__npz_begin(psh__npz_writer *npz, const char *name, const char *descr, const size_t *shape, size_t n_axes,
                          psh_error *err);
psh_status psh__npz_push(psh__npz_writer *npz, const void *bytes, size_t n_bytes, psh_error *err);
psh_status psh__npz_begin_texts(psh__npz_writer *npz, const char *name, const size_t *shape, size_t n_axes,
                                size_t width, psh_error *err);
psh_status psh__npz_push_text(psh__npz_writer *npz, const char *text, size_t width, psh_error *err);
size_t psh__npz_text_width(const char *text); /* characters of UTF-8 */
psh_status psh__npz_end(psh__npz_writer *npz, psh_error *err);
psh_status psh__npz_commit(psh__npz_writer *npz, psh_error *err); /* frees the writer in any case */
void psh__npz_abort(psh__npz_writer *npz);                        /* NULL is fine */

#endif
