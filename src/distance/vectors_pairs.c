/* vectors_pairs.c : all pairs of vectors in memory: bands of 96 rows, each against all that follow, by blocks
 * (pairs_block.c). Bands are independent, so threads need no order. */
#include <omp.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/size.h"
#include "distance/distances.h"
#include "distance/pairs_block.h"

#define BAND ((size_t)96)

/* Vectors of floats or doubles: item_bytes says which. */
typedef struct vectors {
    const char *rows; // (n_items, n_features)
    size_t n_items, n_features, item_bytes;
    double order;
} vectors;

/* Rows first .. of the condensed form. packed : (PSH__PAIRS_SIDE, n_features), block : (PSH__PAIRS_SIDE,
 * PSH__PAIRS_SIDE). */
static void compute_band(const vectors *of, size_t first, void *packed, void *block, void *dst) {
    size_t n = of->n_items, row_bytes = of->n_features * of->item_bytes, end = n - first < BAND ? n : first + BAND;
    bool is_f32 = of->item_bytes == sizeof(float);
    psh__pairs_band band = {of->rows + first * row_bytes, packed, end - first, of->n_features, of->order};
    is_f32 ? psh__pairs_pack_f32(&band) : psh__pairs_pack_f64(&band);
    for (size_t start = first; start < n; start += PSH__PAIRS_SIDE) {
        size_t stop = n - start < PSH__PAIRS_SIDE ? n : start + PSH__PAIRS_SIDE;
        const void *others = of->rows + start * row_bytes;
        is_f32 ? psh__pairs_block_f32(&band, others, stop - start, block)
               : psh__pairs_block_f64(&band, others, stop - start, block);
        for (size_t i = first; i < end; i++) {
            size_t to = psh__distance_row(n, i) - i - 1; // to + j for j > i
            for (size_t j = start > i ? start : i + 1; j < stop; j++) {
                size_t from = (j - start) * PSH__PAIRS_SIDE + (i - first);
                if (is_f32)
                    ((float *)dst)[to + j] = ((const float *)block)[from];
                else
                    ((double *)dst)[to + j] = ((const double *)block)[from];
            }
        }
    }
}

static psh_status condensed(const vectors *of, int n_threads, const psh_progress *progress, void *dst, psh_error *err) {
    PSH_TRY(psh__pairs_check_order(of->order, err));
    size_t n_bands = (of->n_items + BAND - 1) / BAND, n_room;
    int n_workers = psh_cpu_threads(n_threads);
    char *rooms = psh__size_mul(PSH__PAIRS_SIDE * of->item_bytes, of->n_features + PSH__PAIRS_SIDE, &n_room)
                      ? psh__malloc((size_t)n_workers, n_room)
                      : NULL;
    if (!rooms)
        return psh__error_memory(err, "all pairs of vectors", of->n_features * PSH__PAIRS_SIDE * of->item_bytes);
    psh__ticker ticker;
    psh__ticker_start(&ticker, progress, "distances", n_bands);
#pragma omp parallel for schedule(dynamic) num_threads(n_workers)
    for (size_t k = 0; k < n_bands; k++) {
        if (psh__ticker_stopped(&ticker)) continue;
        char *block = rooms + (size_t)omp_get_thread_num() * n_room;
        char *packed = block + PSH__PAIRS_SIDE * PSH__PAIRS_SIDE * of->item_bytes;
        compute_band(of, k * BAND, packed, block, dst);
        psh__ticker_add(&ticker, 1);
    }
    psh__free(rooms);
    return psh__ticker_status(&ticker, err);
}

psh_status psh_vectors_condensed_f32(const float *rows, size_t n_items, size_t n_features, double order, int n_threads,
                                     const psh_progress *progress, float *dst, psh_error *err) {
    const vectors of = {(const char *)rows, n_items, n_features, sizeof *rows, order};
    return condensed(&of, n_threads, progress, dst, err);
}

psh_status psh_vectors_condensed_f64(const double *rows, size_t n_items, size_t n_features, double order, int n_threads,
                                     const psh_progress *progress, double *dst, psh_error *err) {
    const vectors of = {(const char *)rows, n_items, n_features, sizeof *rows, order};
    return condensed(&of, n_threads, progress, dst, err);
}
