/* dense.h : the matrix product that training and encoding of linear codes rest on. */
#ifndef PSH_ENCODER_DENSE_H
#define PSH_ENCODER_DENSE_H

#include <stddef.h>

enum { PSH__DENSE_COLUMNS = 16 /* columns of b and c come in multiples of this */ };

/* c (m, n) = a (m, k) b (k, n), row-major without gaps; n is a multiple of PSH__DENSE_COLUMNS. Each element is the sum
 * of its products in the order of k, each operation rounded by itself: the same bits at every SIMD level and for any
 * number of threads (0: all). */
void psh__dense_multiply(const float *a, const float *b, size_t m, size_t n, size_t k, int n_threads, float *c);

/* The same of some rows on one thread, for each SIMD level. */
typedef void psh__dense_rows(const float *a, const float *b, size_t m, size_t n, size_t k, float *c);
psh__dense_rows psh__dense_rows_scalar; /* the oracle of the tests */
#if defined(__x86_64__)
psh__dense_rows psh__dense_rows_avx2, psh__dense_rows_avx512;
#endif
psh__dense_rows *psh__dense_rows_get(void); /* for psh_cpu_simd() */

/* dst (n, m) = the transpose of src (m, n). */
void psh__dense_transpose(const float *src, size_t m, size_t n, float *dst);

#endif
