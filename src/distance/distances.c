/* distances.c : all pairs of N items in memory. */
#include "distance/distances.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

psh_status psh_distances_create(psh_distance_dtype dtype, size_t n_items, psh_distances **dst, psh_error *err) {
    assert(dst && dtype >= PSH_DISTANCE_U8 && dtype <= PSH_DISTANCE_F64);
    size_t n_pairs;
    if (!psh__size_pairs(n_items, &n_pairs))
        return psh__error(err, PSH_ERR_MEMORY, "all pairs of %zu items fit in no memory; use a sample", n_items);
    psh_distances *distances = psh__calloc(1, sizeof *distances);
    if (!distances) return psh__error_memory(err, "distances", sizeof *distances);
    distances->dtype = dtype, distances->n_items = n_items, distances->n_pairs = n_pairs;
    distances->data = distances->owned = psh__calloc(n_pairs, psh__distance_bytes(dtype));
    psh_status status = distances->owned ? psh_meta_create(&distances->meta, err)
                                         : psh__error_memory(err, "all pairs", n_pairs * psh__distance_bytes(dtype));
    if (status == PSH_OK)
        *dst = distances;
    else
        psh_distances_free(distances);
    return status;
}

void psh_distances_free(psh_distances *distances) {
    if (!distances) return;
    psh_meta_free(distances->meta);
    psh__free(distances->owned);
    psh__bytes_free(&distances->mapped);
    psh__free(distances);
}

size_t psh_distances_n_items(const psh_distances *distances) {
    return distances->n_items;
}
psh_distance_dtype psh_distances_dtype(const psh_distances *distances) {
    return distances->dtype;
}
const void *psh_distances_data_const(const psh_distances *distances) {
    return distances->data;
}
void *psh_distances_data(psh_distances *distances) {
    assert(!distances->is_read);
    return distances->owned;
}
psh_meta *psh_distances_meta(psh_distances *distances) {
    return distances->meta;
}
const psh_meta *psh_distances_meta_const(const psh_distances *distances) {
    return distances->meta;
}

double psh_distances_get(const psh_distances *distances, size_t i, size_t j) {
    assert(i < distances->n_items && j < distances->n_items);
    if (i == j) return 0;
    size_t low = i < j ? i : j, high = i < j ? j : i;
    size_t k = psh__distance_row(distances->n_items, low) + (high - low - 1);
    return psh__distance_item(distances->data, distances->dtype, k);
}
