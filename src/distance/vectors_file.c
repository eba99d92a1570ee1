/* vectors_file.c : distances of vectors as a file. A tile is a band of whole rows, computed by blocks of 192 columns
 * (pairs_block.c), so that memory beside the vectors is some ten megabytes a thread whatever the number of items.
 *
 * float64 results are summed in doubles from the float32 vectors: a band of rows and a block of columns are widened as
 * they come, never all vectors. */
#include <assert.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"
#include "base/size.h"
#include "distance/distances.h"
#include "distance/pairs_block.h"
#include "distance/source.h"

#define PICOSECONDS_A_FEATURE 16 /* float32, one core with AVX-512 */

typedef struct vectors {
    const float *a, *b; // (n_a, n_features), (n_b, n_features); b is a for all pairs
    size_t n_a, n_b, n_features;
    double order;
    bool is_condensed, is_f32;
} vectors;

/* One thread's own. float64: the rows and columns at work, widened. */
typedef struct hand {
    const vectors *of;
    void *packed, *block;   // (PSH__PAIRS_SIDE, n_features), (PSH__PAIRS_SIDE, PSH__PAIRS_SIDE) of the result's type
    double *rows, *columns; // (PSH__PAIRS_SIDE, n_features) each, or NULL
} hand;

static uint64_t hash_inputs(const void *plan) {
    const vectors *of = plan;
    const size_t shape[] = {of->n_a, of->n_b, of->n_features};
    uint64_t hash = psh__hash(PSH__HASH_START, shape, sizeof shape);
    hash = psh__hash(hash, of->a, of->n_a * of->n_features * sizeof *of->a);
    return of->is_condensed ? hash : psh__hash(hash, of->b, of->n_b * of->n_features * sizeof *of->b);
}

static void hand_free(void *src) {
    hand *by = src;
    if (!by) return;
    psh__free(by->packed);
    psh__free(by->block);
    psh__free(by->rows);
    psh__free(by->columns);
    psh__free(by);
}

static psh_status hand_create(const void *plan, void **dst, psh_error *err) {
    const vectors *of = plan;
    size_t item_bytes = of->is_f32 ? sizeof(float) : sizeof(double), n_values;
    bool is_good = psh__size_mul(of->n_features, PSH__PAIRS_SIDE, &n_values);
    hand *by = is_good ? psh__calloc(1, sizeof *by) : NULL;
    if (by) {
        by->of = of;
        by->packed = psh__malloc(n_values, item_bytes);
        by->block = psh__malloc(PSH__PAIRS_SIDE * PSH__PAIRS_SIDE, item_bytes);
        if (!of->is_f32) by->rows = psh__malloc(n_values, item_bytes), by->columns = psh__malloc(n_values, item_bytes);
        is_good = by->packed && by->block && (of->is_f32 || (by->rows && by->columns));
    }
    if (by && is_good) {
        *dst = by;
        return PSH_OK;
    }
    hand_free(by);
    return psh__error_memory(err, "blocks of vectors", of->n_features * PSH__PAIRS_SIDE * item_bytes);
}

static void widen(const float *src, size_t n, double *dst) {
    for (size_t k = 0; k < n; k++) dst[k] = (double)src[k];
}

/* Element (i of the band, others j .. j_end - 1 of the block) to where they stand in the file. */
static void copy_out(const hand *by, size_t i, size_t j, size_t j_end, size_t to, void *dst) {
    for (; j < j_end; j++, to++)
        if (by->of->is_f32)
            ((float *)dst)[to] = ((const float *)by->block)[j * PSH__PAIRS_SIDE + i];
        else
            ((double *)dst)[to] = ((const double *)by->block)[j * PSH__PAIRS_SIDE + i];
}

static psh_status rows(void *src, size_t first, size_t end, void *dst, psh_error *err) {
    hand *by = src;
    const vectors *of = by->of;
    const psh__grid grid = {of->n_a, of->n_b, of->is_condensed};
    size_t n = of->n_features, origin = psh__grid_row(&grid, first);
    psh__pairs_band band = {of->a + first * n, by->packed, end - first, n, of->order};
    if (of->is_f32) {
        psh__pairs_pack_f32(&band);
    } else {
        widen(of->a + first * n, (end - first) * n, by->rows);
        band.rows = by->rows;
        psh__pairs_pack_f64(&band);
    }
    for (size_t start = of->is_condensed ? first : 0; start < of->n_b; start += PSH__PAIRS_SIDE) {
        size_t stop = of->n_b - start < PSH__PAIRS_SIDE ? of->n_b : start + PSH__PAIRS_SIDE;
        if (of->is_f32) {
            psh__pairs_block_f32(&band, of->b + start * n, stop - start, by->block);
        } else {
            widen(of->b + start * n, (stop - start) * n, by->columns);
            psh__pairs_block_f64(&band, by->columns, stop - start, by->block);
        }
        for (size_t i = first; i < end; i++) {
            size_t left = of->is_condensed ? i + 1 : 0, j = start > left ? start : left;
            if (j < stop)
                copy_out(by, i - first, j - start, stop - start, psh__grid_row(&grid, i) - origin + (j - left), dst);
        }
    }
    return PSH_OK;
}

psh_status psh_distances_vectors(const float *a, size_t n_a, const float *b, size_t n_b, size_t n_features,
                                 double order, const psh_distances_params *params, const psh_meta *meta,
                                 const char *path, const psh_progress *progress, psh_distances_stats *stats,
                                 psh_error *err) {
    assert(path && (a || n_a * n_features == 0));
    psh_distances_params how;
    psh__params_copy(&how, sizeof how, params);
    if (stats) *stats = (psh_distances_stats){0};
    PSH_TRY(psh__pairs_check_order(order, err));
    if (how.is_verified)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "distances of vectors need no proof; leave out verify");
    const vectors of = {.a = a,
                        .b = b ? b : a,
                        .n_a = n_a,
                        .n_b = b ? n_b : n_a,
                        .n_features = n_features,
                        .order = order,
                        .is_condensed = !b,
                        .is_f32 = how.is_f32};
    const psh__source source = {.what = "distances",
                                .grid = {of.n_a, of.n_b, of.is_condensed},
                                .plan = &of,
                                .options = psh__hash(psh__hash(PSH__HASH_START, "vectors", 7), &order, sizeof order),
                                .hash_inputs = hash_inputs,
                                .hand_create = hand_create,
                                .hand_free = hand_free,
                                .rows = rows,
                                .picoseconds = (uint64_t)n_features * PICOSECONDS_A_FEATURE + 1000};
    return psh__distances_compute(&source, &how, meta, path, progress, stats, err);
}
