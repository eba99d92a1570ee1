/* SPDX-License-Identifier: MIT
 * distance.h : pairwise distances as files.
 *
 * Condensed upper triangle in SciPy's pdist order: the distance of items i < j of N is element N i - i (i + 1) / 2 + (j
 * - i - 1). */
#ifndef PERSIHASH_DISTANCE_H
#define PERSIHASH_DISTANCE_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum psh_distance_dtype {
    PSH_DISTANCE_U8 = 0,
    PSH_DISTANCE_U16 = 1,
    PSH_DISTANCE_F32 = 2,
    PSH_DISTANCE_F64 = 3
} psh_distance_dtype;

/* All pairs of N items. */
typedef struct psh_distances psh_distances;

/* psh_distances_create() : room for N items, all zero, to be filled through psh_distances_data(). PSH_ERR_MEMORY. */
PSH_API psh_status psh_distances_create(psh_distance_dtype dtype, size_t n_items, psh_distances **dst, psh_error *err);
PSH_API void psh_distances_free(psh_distances *distances); /* NULL is fine */
PSH_API size_t psh_distances_n_items(const psh_distances *distances);
PSH_API psh_distance_dtype psh_distances_dtype(const psh_distances *distances);
PSH_API const void *psh_distances_data_const(const psh_distances *distances); /* (N (N - 1) / 2) of dtype */
PSH_API void *psh_distances_data(psh_distances *distances); /* the same; not for those read from a file (assert) */
PSH_API double psh_distances_get(const psh_distances *distances, size_t i, size_t j); /* 0 for i = j */
PSH_API psh_meta *psh_distances_meta(psh_distances *distances);
PSH_API const psh_meta *psh_distances_meta_const(const psh_distances *distances);

/* psh_distances_write() :
 * .npy, condensed (or N x N with `square`); metadata as JSON beside it, at "<path minus .npy>.json". Both are written
 * in full before either replaces an old file. "-" is standard output, which gets no JSON. Errors: PSH_ERR_FILE_WRITE,
 * PSH_ERR_MEMORY. */
PSH_API psh_status psh_distances_write(const psh_distances *distances, const char *path, bool square, psh_error *err);

/* psh_distances_write_cross() :
 * Distances between two sets, data : (n_a, n_b) of dtype, as a .npy of that shape; meta (may be NULL) as JSON beside
 * it. */
PSH_API psh_status psh_distances_write_cross(psh_distance_dtype dtype, const void *data, size_t n_a, size_t n_b,
                                             const psh_meta *meta, const char *path, psh_error *err);

/* psh_distances_read() :
 * .npy of shape (N (N - 1) / 2,), or (N, N): symmetric (floats to six digits; the upper triangle is taken) with a zero
 * diagonal. A condensed file of uint8, uint16, float32 or float64 is memory-mapped and not copied; a square becomes a
 * condensed copy, other numbers become float64. No distance at all is one item. Metadata is read if the JSON is there.
 * Errors: PSH_ERR_FILE_*, PSH_ERR_FORMAT (no .npy; text), PSH_ERR_CORRUPT, PSH_ERR_UNSUPPORTED (complex, objects),
 * PSH_ERR_SHAPE (the length is no N (N - 1) / 2: says which are next to it), PSH_ERR_DATA (negative; not symmetric;
 * diagonal not zero), PSH_ERR_NOT_FINITE (NaN; infinity is a distance), PSH_ERR_MEMORY. */
PSH_API psh_status psh_distances_read(const char *path, psh_distances **dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
