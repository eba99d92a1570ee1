/* dense.c : matrix products: the baseline, the choice of a SIMD level, and threads.
 *
 * Threads take blocks of rows: no element depends on how many there are. Small products stay on one thread: meeting
 * costs more than they do, above all on a machine that is busy with other work. */
#define DENSE_NAME psh__dense_rows_scalar
#define DENSE_WIDTH 4
#define DENSE_VECTORS 2
#include "encoder/dense_body.h"

#include <assert.h>

#include "persihash/base.h"

psh__dense_rows *psh__dense_rows_get(void) {
#if defined(__x86_64__)
    switch (psh_cpu_simd()) {
    case PSH_SIMD_AVX512:
        return psh__dense_rows_avx512;
    case PSH_SIMD_AVX2:
        return psh__dense_rows_avx2;
    default:
        break;
    }
#endif
    return psh__dense_rows_scalar;
}

psh__product psh__product_rows(psh__product whole, size_t first, size_t m) {
    psh__product part = whole;
    part.a.values += first * whole.a.row, part.c.values += first * whole.c.row, part.m = m;
    return part;
}

void psh__dense_multiply(const float *a, const float *b, size_t m, size_t n, size_t k, int n_threads, float *c) {
    enum { BLOCK = 48 }; /* rows: a whole number of tiles */
    assert(n % PSH__DENSE_COLUMNS == 0);
    psh__dense_rows *multiply = psh__dense_rows_get();
    const psh__product whole = {m, n, k, {a, k, 1}, {b, n}, {c, n}};
    size_t n_blocks = (m + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static) num_threads(psh_cpu_threads(n_threads)) if (m * n * k > (size_t)1 << 25)
    for (size_t i = 0; i < n_blocks; i++) {
        size_t first = i * BLOCK;
        psh__product part = psh__product_rows(whole, first, m - first < BLOCK ? m - first : BLOCK);
        multiply(&part);
    }
}

void psh__dense_transpose(const float *src, size_t m, size_t n, float *dst) {
    enum { BLOCK = 16 };
    for (size_t i0 = 0; i0 < m; i0 += BLOCK)
        for (size_t j0 = 0; j0 < n; j0 += BLOCK)
            for (size_t i = i0; i < m && i < i0 + BLOCK; i++)
                for (size_t j = j0; j < n && j < j0 + BLOCK; j++) dst[j * m + i] = src[i * n + j];
}
