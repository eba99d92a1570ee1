/* pairs_kernels.h : the inner loop of all pairs of vectors: a few rows against a packed panel of columns.
 *
 * Like the micro-kernel of a matrix product (Goto, van de Geijn 2008), with |a - b| or (a - b)^2 in the place of a b:
 * n_rows x n_columns sums stay in registers while `depth` features go by, one column in one SIMD lane. Every sum runs
 * over its features in order, with one fused multiply-add or one addition each, in every lane and at every level: the
 * same bits everywhere. */
#ifndef PSH_DISTANCE_PAIRS_KERNELS_H
#define PSH_DISTANCE_PAIRS_KERNELS_H

#include <stddef.h>

#define PSH__PAIRS_SIDE ((size_t)192)  /* most items of a block: a multiple of every kernel's n_rows and n_columns */
#define PSH__PAIRS_DEPTH ((size_t)128) /* features summed in registers before they are added to the block's sums */

typedef enum psh__pairs_norm { PSH__PAIRS_L1, PSH__PAIRS_L2, PSH__PAIRS_LINF, PSH__PAIRS_N_NORMS } psh__pairs_norm;

/* sums[r * stride + c] (+)= sum over k < depth of |rows[r][k] - panel[k * n_columns + c]|^p (L-infinity: the greatest),
 * for r < n_rows, c < n_columns. panel and sums are aligned to 64 bytes, stride too. */
typedef void psh__pairs_f32(const float *const *rows, const float *panel, size_t depth, float *sums, size_t stride);
typedef void psh__pairs_f64(const double *const *rows, const double *panel, size_t depth, double *sums, size_t stride);

typedef struct psh__pairs_kernels {
    size_t n_rows_f32, n_columns_f32, n_rows_f64, n_columns_f64;
    psh__pairs_f32 *f32[PSH__PAIRS_N_NORMS];
    psh__pairs_f64 *f64[PSH__PAIRS_N_NORMS];
} psh__pairs_kernels;

/* The kernels of the level in use (psh_cpu_simd()). */
const psh__pairs_kernels *psh__pairs_kernels_in_use(void);

extern const psh__pairs_kernels psh__pairs_kernels_scalar;
#if defined(__x86_64__)
extern const psh__pairs_kernels psh__pairs_kernels_avx2, psh__pairs_kernels_avx512;
#elif defined(__aarch64__)
extern const psh__pairs_kernels psh__pairs_kernels_neon;
#endif

#endif
