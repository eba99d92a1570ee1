/* isolated.c : a sample in which the most isolated diagrams come several times.
 *
 * Clusters of single linkage are the most isolated items and a rest. Whether codes find them is decided by the few
 * pairs of an outlier and its nearest neighbours, one in ten thousand: a correlation over all pairs does not see them,
 * and thresholds lie where the many are. On Fashion-MNIST far outliers lay at one corner of 64 bits, nearer to one
 * another than the bulk's neighbours are. A target that is raised there changes little; what counts is weight. An item
 * that comes m times weighs m times in every batch and sum, and pairs of two such items m^2 times, in learning and in
 * the choice of bits alike, with no change to either. docs/math/compact.md, "Isolated diagrams". */
#include "encoder/isolated.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

typedef struct isolation {
    double nearest; /* distance of the nearest neighbour */
    uint32_t item;
} isolation;

static int by_isolation(const void *a, const void *b) {
    const isolation *x = a, *y = b;
    if (x->nearest != y->nearest) return x->nearest > y->nearest ? -1 : 1;
    return x->item < y->item ? -1 : 1;
}

static void measure(const double *distances, size_t n_items, isolation *dst) {
    for (size_t i = 0; i < n_items; i++) dst[i] = (isolation){INFINITY, (uint32_t)i};
    for (size_t i = 0, k = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++, k++) {
            if (distances[k] < dst[i].nearest) dst[i].nearest = distances[k];
            if (distances[k] < dst[j].nearest) dst[j].nearest = distances[k];
        }
}

psh_status psh__repeats_create(const double *distances, size_t n_items, size_t n_isolated, size_t n_times,
                               psh__repeats *dst, psh_error *err) {
    size_t n_all = n_items + n_isolated * (n_times - 1);
    isolation *isolations = psh__malloc(n_items, sizeof *isolations);
    *dst = (psh__repeats){.n_items = n_all, .origins = psh__malloc(n_all, sizeof *dst->origins)};
    if (!isolations || !dst->origins) {
        psh__free(isolations);
        return psh__error_memory(err, "isolated diagrams", n_items * sizeof *isolations);
    }
    measure(distances, n_items, isolations);
    qsort(isolations, n_items, sizeof *isolations, by_isolation);
    for (size_t i = 0; i < n_items; i++) dst->origins[i] = (uint32_t)i;
    for (size_t k = n_items; k < n_all; k++) dst->origins[k] = isolations[(k - n_items) % n_isolated].item;
    psh__free(isolations);
    return PSH_OK;
}

psh_status psh__repeats_rows(const psh__repeats *repeats, size_t n_features, size_t n_sample, float **rows,
                             psh_error *err) {
    size_t n_bytes = n_features * sizeof **rows;
    float *longer = psh__realloc(*rows, n_sample * n_features, repeats->n_items * n_features, sizeof **rows);
    if (!longer) return psh__error_memory(err, "isolated diagrams", repeats->n_items * n_bytes);
    for (size_t i = n_sample; i < repeats->n_items; i++)
        memcpy(longer + i * n_features, longer + repeats->origins[i] * n_features, n_bytes);
    *rows = longer;
    return PSH_OK;
}

void psh__repeats_free(psh__repeats *repeats) {
    psh__free(repeats->origins);
    memset(repeats, 0, sizeof *repeats);
}
