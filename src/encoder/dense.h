/* dense.h : the matrix product that training and encoding of linear codes rest on. */
#ifndef PSH_ENCODER_DENSE_H
#define PSH_ENCODER_DENSE_H

#include <stddef.h>

enum { PSH__DENSE_COLUMNS = 16 /* columns of b and c come in multiples of this */ };

/* c (m, n) = a (m, k) b (k, n); n is a multiple of PSH__DENSE_COLUMNS. Element (i, s) of a lies at
 * a.values[i a.row + s a.step], so that a may be the transpose of what is stored; rows of b and c lie b.row and c.row
 * numbers apart. Each element is the sum of its products in the order of k, each operation rounded by itself: the same
 * bits at every SIMD level. */
typedef struct psh__product {
    size_t m, n, k;
    struct {
        const float *values;
        size_t row, step;
    } a;
    struct {
        const float *values;
        size_t row;
    } b;
    struct {
        float *values;
        size_t row;
    } c;
} psh__product;

/* One thread's work, for each SIMD level. */
typedef void psh__dense_rows(const psh__product *product);
psh__dense_rows psh__dense_rows_scalar; /* the oracle of the tests */
#if defined(__x86_64__)
psh__dense_rows psh__dense_rows_avx2, psh__dense_rows_avx512;
#endif
psh__dense_rows *psh__dense_rows_get(void); /* for psh_cpu_simd() */

/* The part of a product that makes rows [first, first + m) of c. */
psh__product psh__product_rows(psh__product whole, size_t first, size_t m);

/* The product of row-major matrices without gaps, by as many threads as it is worth; the same bits for any number of
 * them (0: all). */
void psh__dense_multiply(const float *a, const float *b, size_t m, size_t n, size_t k, int n_threads, float *c);

/* dst (n, m) = the transpose of src (m, n). */
void psh__dense_transpose(const float *src, size_t m, size_t n, float *dst);

#endif
