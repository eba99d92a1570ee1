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

static inline __attribute__((always_inline)) void tile(const psh__product *p, size_t row, size_t column, size_t n_rows,
                                                       size_t n_vectors) {
    lanes sums[ROWS][DENSE_VECTORS];
    const float *a = p->a.values + row * p->a.row, *b = p->b.values + column;
    float *c = p->c.values + row * p->c.row + column;
    for (size_t r = 0; r < n_rows; r++)
        for (size_t v = 0; v < n_vectors; v++) sums[r][v] = (lanes){0};
    for (size_t i = 0; i < p->k; i++, a += p->a.step, b += p->b.row) {
        lanes vectors[DENSE_VECTORS];
        for (size_t v = 0; v < n_vectors; v++) vectors[v] = *(const lanes_in_memory *)(b + v * DENSE_WIDTH);
        for (size_t r = 0; r < n_rows; r++)
            for (size_t v = 0; v < n_vectors; v++) sums[r][v] += a[r * p->a.row] * vectors[v];
    }
    for (size_t r = 0; r < n_rows; r++)
        for (size_t v = 0; v < n_vectors; v++) *(lanes_in_memory *)(c + r * p->c.row + v * DENSE_WIDTH) = sums[r][v];
}

static inline __attribute__((always_inline)) void strip(const psh__product *p, size_t column, size_t n_vectors) {
    size_t i = 0;
    for (; i + ROWS <= p->m; i += ROWS) tile(p, i, column, ROWS, n_vectors);
    for (; i + FEW_ROWS <= p->m; i += FEW_ROWS) tile(p, i, column, FEW_ROWS, n_vectors);
    for (; i < p->m; i++) tile(p, i, column, 1, n_vectors);
}

void DENSE_NAME(const psh__product *p) {
    enum { WIDE = DENSE_VECTORS * DENSE_WIDTH };
    size_t j = 0;
    for (; j + WIDE <= p->n; j += WIDE) strip(p, j, DENSE_VECTORS);
    for (; j < p->n; j += DENSE_WIDTH) strip(p, j, 1);
}
