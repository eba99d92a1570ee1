/* scaling.h : the inner loops of Sinkhorn's iterations, on vectors of doubles.
 *
 * Plain C on the compiler's vector types (scaling_body.h), compiled once for each SIMD level: elements are computed by
 * themselves and sums run along the loop, one lane a result, so the levels agree to the bit. All lengths are multiples
 * of PSH__SCALING_RUN, all arrays aligned to 64 bytes. */
#ifndef PSH_TRANSPORT_SCALING_H
#define PSH_TRANSPORT_SCALING_H

#include <stddef.h>

#define PSH__SCALING_RUN ((size_t)8)

typedef struct psh__scaling {
    /* dst[j] = sum over i < n_rows of weights[i] matrix[i, j], for j < n_columns; rows of n_columns doubles. */
    void (*multiply)(const double *matrix, const double *weights, size_t n_rows, size_t n_columns, double *dst);
    /* u[i] *= (masses[i] / (u[i] (sums[i] + bias[i])))^power: power 1, or 1.75 if is_relaxed. */
    void (*scale)(const double *masses, const double *sums, const double *bias, int is_relaxed, size_t n, double *u);
    /* dst[j] = exp((f + g[j] - costs[j]) scale), the exponent kept in -708 .. 708. */
    void (*kernel_row)(double f, const double *g, const double *costs, double scale, size_t n, double *dst);
} psh__scaling;

const psh__scaling *psh__scaling_kernels(void);

extern const psh__scaling psh__scaling_scalar;
#if defined(__x86_64__)
extern const psh__scaling psh__scaling_avx2, psh__scaling_avx512;
#endif

#endif
