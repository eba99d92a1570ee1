/* dims.c : the homology dimensions of a set, in rising order: one pass over its points for each of the few there are.
 */
#include "vector/dims.h"

#include "base/alloc.h"
#include "base/error.h"

/* The next wanted dimension above `above`, or -1. */
static int32_t next_dim(const psh_diagrams *set, uint32_t mask, int32_t above) {
    const int32_t *dims = psh_diagrams_dims(set);
    size_t n_points = psh_diagrams_n_points(set);
    int32_t least = INT32_MAX;
    bool found = false;
    for (size_t i = 0; i < n_points; i++)
        if (dims[i] > above && dims[i] <= least && psh__dims_wants(mask, dims[i])) least = dims[i], found = true;
    return found ? least : -1;
}

size_t psh__dims_count(const psh_diagrams *set, bool pool, uint32_t mask) {
    if (pool) return 1;
    size_t n_dims = 0;
    for (int32_t dim = -1; (dim = next_dim(set, mask, dim)) >= 0;) n_dims++;
    return n_dims;
}

psh_status psh__dims_make(const psh_diagrams *set, bool pool, uint32_t mask, const char *what, psh__dims *dst,
                          psh_error *err) {
    *dst = (psh__dims){.pool = pool, .mask = mask, .n_dims = psh__dims_count(set, pool, mask)};
    dst->dims = psh__malloc(dst->n_dims, sizeof *dst->dims);
    if (!dst->dims) return psh__error_memory(err, what, dst->n_dims * sizeof *dst->dims);
    for (size_t i = 0; i < dst->n_dims; i++) dst->dims[i] = pool ? 0 : next_dim(set, mask, i ? dst->dims[i - 1] : -1);
    return PSH_OK;
}

void psh__dims_free(psh__dims *dims) {
    psh__free(dims->dims);
    dims->dims = NULL;
}
