/* distances.h : the inside of a set of distances, shared by the files of this stage. */
#ifndef PSH_DISTANCE_DISTANCES_H
#define PSH_DISTANCE_DISTANCES_H

#include <string.h>

#include "base/file.h"
#include "persihash/distance.h"

struct psh_distances {
    psh_distance_dtype dtype;
    size_t n_items, n_pairs;
    const void *data; /* (n_pairs): `owned`, or inside `mapped` */
    void *owned;
    psh__bytes mapped;
    bool is_read; /* from a file: not to be changed */
    psh_meta *meta;
};

/* Bytes of one item. */
static inline size_t psh__distance_bytes(psh_distance_dtype dtype) {
    static const size_t n_bytes[] = {
        [PSH_DISTANCE_U8] = 1, [PSH_DISTANCE_U16] = 2, [PSH_DISTANCE_F32] = 4, [PSH_DISTANCE_F64] = 8};
    return n_bytes[dtype];
}

/* Item k as double; data inside a file may be unaligned. */
static inline double psh__distance_item(const void *data, psh_distance_dtype dtype, size_t k) {
    const uint8_t *at = (const uint8_t *)data + k * psh__distance_bytes(dtype);
    uint16_t u16;
    float f32;
    double f64;
    switch (dtype) {
    case PSH_DISTANCE_U8:
        return *at;
    case PSH_DISTANCE_U16:
        memcpy(&u16, at, sizeof u16);
        return u16;
    case PSH_DISTANCE_F32:
        memcpy(&f32, at, sizeof f32);
        return (double)f32;
    case PSH_DISTANCE_F64:
        break;
    }
    memcpy(&f64, at, sizeof f64);
    return f64;
}

/* Where the pairs (i, i + 1), (i, i + 2), ... start. */
static inline size_t psh__distance_row(size_t n_items, size_t i) {
    return n_items * i - i * (i + 1) / 2;
}

/* NumPy's name of a dtype: "<f8". */
const char *psh__distance_descr(psh_distance_dtype dtype);

/* psh__distances_commit() : an array's file, written in full, becomes `path`, and `meta` (may be NULL) its JSON. */
psh_status psh__distances_commit(psh__file *array, const psh_meta *meta, const char *path, psh_error *err);

#endif
