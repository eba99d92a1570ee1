/* vectors_pairs.c : all pairs of vectors under L1, L2, L-infinity and any L_p.
 *
 * Blocked as a matrix product is: a task is a tile of 192 x 192 pairs; 128 features at a time, the columns' items are
 * packed into panels that fit in L1, and a micro-kernel (pairs_kernels.h) runs rows against a panel with all its sums
 * in registers. Tiles are independent, so threads need no order.
 *
 * L2 comes from the differences themselves, not from |a|^2 + |b|^2 - 2 a b with a matrix product: that form loses all
 * digits for vectors that are close to each other (the nearest neighbours, that is), and BLAS adds in an order that
 * changes with processor and threads, where this gives the same bits everywhere. It costs little: the subtraction runs
 * beside the multiply-add on processors that have separate adders (docs/benchmarks.md), and at worst halves the rate.
 *
 * A block's sum of 128 squares is rounded 128 times and then added to the others: relative error of a float32 distance
 * about 1e-6 for 2,500 features.
 *
 * Cost: N^2 / 2 * D multiply-adds; memory beside the result: 240 KB a thread (float32). Orders other than 1, 2 and
 * infinity take a pow() a feature, some hundred times as long. */
#include <assert.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/progress.h"
#include "distance/distances.h"
#include "distance/pairs_kernels.h"

enum { MAX_ROWS = 16 };

static psh_status check_order(double order, psh_error *err) {
    if (order >= 1) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER,
                      "distances of vectors: order %g; expected 1, 2, another number above 1, "
                      "or infinity",
                      order);
}

/* Tile number t of those on and above the diagonal, row by row. */
static void tile_of(size_t t, size_t n_tiles, size_t *i, size_t *j) {
    size_t row = 0;
    while (t >= n_tiles - row) t -= n_tiles - row, row++;
    *i = row, *j = row + t;
}

#define REAL float
#define PAIRS_KERNEL f32
#define N_ROWS n_rows_f32
#define N_COLUMNS n_columns_f32
#define CONDENSED psh_vectors_condensed_f32
#define TILE tile_f32
#define PACK pack_f32
#define GENERAL general_f32
#define SQRT sqrtf
#define WHAT "all pairs of float32 vectors"
#include "distance/pairs_real.h"

#define REAL double
#define PAIRS_KERNEL f64
#define N_ROWS n_rows_f64
#define N_COLUMNS n_columns_f64
#define CONDENSED psh_vectors_condensed_f64
#define TILE tile_f64
#define PACK pack_f64
#define GENERAL general_f64
#define SQRT sqrt
#define WHAT "all pairs of float64 vectors"
#include "distance/pairs_real.h"
