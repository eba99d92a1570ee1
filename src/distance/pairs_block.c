/* pairs_block.c : distances between a band of vectors and others, under L1, L2, L-infinity and any L_p.
 *
 * Blocked as a matrix product is: the band's items are packed into panels once, 128 features of a panel fit in the
 * first cache, and a micro-kernel (pairs_kernels.h) runs the other vectors, as they are, against a panel with all its
 * sums in registers. An element depends on its two vectors alone: its bits are the same in whatever block it stands.
 * (Packing the others instead, once for every band, took a quarter of the time.)
 *
 * L2 comes from the differences themselves, not from |a|^2 + |b|^2 - 2 a b with a matrix product: that form loses all
 * digits for vectors that are close to each other (the nearest neighbours, that is), and BLAS adds in an order that
 * changes with processor and threads, where this gives the same bits everywhere. It costs little: the subtraction runs
 * beside the multiply-add on processors that have separate adders (docs/benchmarks.md), and at worst halves the rate.
 *
 * A block's sum of 128 squares is rounded 128 times and then added to the others: relative error of a float32 distance
 * about 1e-6 for 2,500 features.
 *
 * Cost: a multiply-add a feature and pair. Orders other than 1, 2 and infinity take a pow() a
 * feature, some hundred times as long. */
#include "distance/pairs_block.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/error.h"

enum { MAX_ROWS = 16 };

static size_t depth_from(size_t first, size_t n_features) {
    return n_features - first < PSH__PAIRS_DEPTH ? n_features - first : PSH__PAIRS_DEPTH;
}

psh_status psh__pairs_check_order(double order, psh_error *err) {
    if (order >= 1) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER,
                      "distances of vectors: order %g; expected 1, 2, another number above 1, or infinity", order);
}

#define REAL float
#define PAIRS_KERNEL f32
#define N_ROWS n_rows_f32
#define N_COLUMNS n_columns_f32
#define PACK psh__pairs_pack_f32
#define BLOCK psh__pairs_block_f32
#define SUM_UP sum_up_f32
#define GENERAL general_f32
#define ROOTS roots_f32
#define SQRT sqrtf
#include "distance/pairs_block_real.h"

#define REAL double
#define PAIRS_KERNEL f64
#define N_ROWS n_rows_f64
#define N_COLUMNS n_columns_f64
#define PACK psh__pairs_pack_f64
#define BLOCK psh__pairs_block_f64
#define SUM_UP sum_up_f64
#define GENERAL general_f64
#define ROOTS roots_f64
#define SQRT sqrt
#include "distance/pairs_block_real.h"
