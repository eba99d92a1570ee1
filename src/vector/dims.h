/* dims.h : which homology dimensions a representation has, shared by all of them.
 *
 * Points of different dimension have features of their own, side by side; a set's dimensions are those of its points
 * that the mask wants, rising. Pooled: one dimension that takes every wanted point. */
#ifndef PSH_VECTOR_DIMS_H
#define PSH_VECTOR_DIMS_H

#include "persihash/diagram.h"

typedef struct psh__dims {
    bool pool;
    uint32_t mask; /* 0: all */
    size_t n_dims;
    int32_t *dims; /* (n_dims), rising; {0} if pooled */
} psh__dims;

static inline bool psh__dims_wants(uint32_t mask, int32_t dim) {
    return mask == 0 || (dim < 32 && (mask >> dim & 1));
}

/* The number of dimensions alone: 1 if pooled. */
size_t psh__dims_count(const psh_diagrams *set, bool pool, uint32_t mask);

/* psh__dims_make() : PSH_ERR_MEMORY with `what` in the text. psh__dims_free() takes a zeroed struct. */
psh_status psh__dims_make(const psh_diagrams *set, bool pool, uint32_t mask, const char *what, psh__dims *dst,
                          psh_error *err);
void psh__dims_free(psh__dims *dims);

/* The place of a wanted point's dimension, 0 to n_dims - 1. */
static inline size_t psh__dims_index(const psh__dims *dims, int32_t dim) {
    size_t i = 0;
    if (!dims->pool)
        while (dims->dims[i] != dim) i++; // every wanted dimension of the set is listed
    return i;
}

#endif
