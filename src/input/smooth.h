/* smooth.h : the one inner loop of smoothing, at each SIMD level. */
#ifndef PSH_INPUT_SMOOTH_H
#define PSH_INPUT_SMOOTH_H

#include <stddef.h>

/* dst[x] = w[0] c[x] + sum over k = radius..1 of w[k] (rows[radius-k][x] + rows[radius+k][x]), in this order, for
 * x < n, where c = rows[radius]. Row by row that is the vertical pass; with rows[j] = line + j the horizontal one.
 *   rows : (2 radius + 1) pointers to n rounded up to PSH__SMOOTH_BLOCK doubles each;  dst : as many; no overlap
 *   weights : (radius + 1), the centre first
 * Every level adds in the same order, with no fused operation, so all give the same bits. */
typedef void psh__smooth_sum(const double *const *rows, const double *weights, size_t radius, size_t n, double *dst);

#define PSH__SMOOTH_BLOCK 32 /* doubles; a multiple of what any level does at once */

psh__smooth_sum psh__smooth_sum_scalar, psh__smooth_sum_avx2, psh__smooth_sum_avx512, psh__smooth_sum_neon;

#endif
