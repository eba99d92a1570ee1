/* dense_body.h : the product for one SIMD level, in GCC's vector types. DENSE_NAME, DENSE_WIDTH (floats in a vector)
 * and DENSE_VECTORS (vectors of a row that a tile holds in registers) are the level's.
 *
 * A tile of 6 rows is kept in registers while k runs: per step one vector of b for each of its columns, one number of a
 * for each row. With 4 rows, b comes from the second level of cache half as often again: at 256 columns a tenth of the
 * speed is lost, at 1024 a third. No fused operations (the project forbids contraction), so every level adds the same
 * products in the same order. */
#include <string.h>

#include "encoder/dense.h"

typedef float lanes __attribute__((vector_size(DENSE_WIDTH * 4)));
typedef float lanes_in_memory __attribute__((vector_size(DENSE_WIDTH * 4), aligned(4), may_alias));
enum { ROWS = 6, FEW_ROWS = 2 };

static inline __attribute__((always_inline)) void tile(const float *a, const float *b, size_t n, size_t k, float *c,
                                                       size_t n_rows, size_t n_vectors) {
    lanes sums[ROWS][DENSE_VECTORS];
    for (size_t r = 0; r < n_rows; r++)
        for (size_t v = 0; v < n_vectors; v++) sums[r][v] = (lanes){0};
    for (size_t i = 0; i < k; i++) {
        lanes column[DENSE_VECTORS];
        for (size_t v = 0; v < n_vectors; v++) column[v] = *(const lanes_in_memory *)(b + i * n + v * DENSE_WIDTH);
        for (size_t r = 0; r < n_rows; r++)
            for (size_t v = 0; v < n_vectors; v++) sums[r][v] += a[r * k + i] * column[v];
    }
    for (size_t r = 0; r < n_rows; r++)
        for (size_t v = 0; v < n_vectors; v++) *(lanes_in_memory *)(c + r * n + v * DENSE_WIDTH) = sums[r][v];
}

static inline __attribute__((always_inline)) void strip(const float *a, const float *b, size_t m, size_t n, size_t k,
                                                        float *c, size_t n_vectors) {
    size_t i = 0;
    for (; i + ROWS <= m; i += ROWS) tile(a + i * k, b, n, k, c + i * n, ROWS, n_vectors);
    for (; i + FEW_ROWS <= m; i += FEW_ROWS) tile(a + i * k, b, n, k, c + i * n, FEW_ROWS, n_vectors);
    for (; i < m; i++) tile(a + i * k, b, n, k, c + i * n, 1, n_vectors);
}

void DENSE_NAME(const float *a, const float *b, size_t m, size_t n, size_t k, float *c) {
    enum { WIDE = DENSE_VECTORS * DENSE_WIDTH };
    size_t j = 0;
    for (; j + WIDE <= n; j += WIDE) strip(a, b + j, m, n, k, c + j, DENSE_VECTORS);
    for (; j < n; j += DENSE_WIDTH) strip(a, b + j, m, n, k, c + j, 1);
}
