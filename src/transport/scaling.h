/* scaling.h : the inner loops of Sinkhorn's iterations, on vectors of doubles and a sparse matrix.
 *
 * Plain C on the compiler's vector types (scaling_body.h), compiled once for each SIMD level: elements are computed by
 * themselves, and sums run along the loop in a fixed number of lanes, so the levels agree to the bit. All lengths are
 * multiples of PSH__SCALING_RUN, all arrays aligned to 64 bytes unless said. */
#ifndef PSH_TRANSPORT_SCALING_H
#define PSH_TRANSPORT_SCALING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/transport.h"

#define PSH__SCALING_RUN ((size_t)8)

/* Dense: values is (n_rows, n_runs * PSH__SCALING_RUN). Sparse: few runs of PSH__SCALING_RUN columns are not zero, and
 * they are stored by runs: those of the columns run * PSH__SCALING_RUN .. are entries starts[run] .. starts[run + 1] -
 * 1, entry e of row rows[e]. */
typedef struct psh__scaling_matrix {
    bool is_dense;
    size_t n_rows, n_runs; /* columns / PSH__SCALING_RUN */
    double *values;        // sparse: (n_entries, PSH__SCALING_RUN)
    uint32_t *rows;        // sparse: (n_entries)
    uint32_t *starts;      // sparse: (n_runs + 1)
} psh__scaling_matrix;

typedef struct psh__scaling {
    /* dst[j] = sum over i of weights[i] matrix[i, j]. */
    void (*multiply)(const psh__scaling_matrix *matrix, const double *weights, double *dst);
    /* u[i] *= (masses[i] / (u[i] (sums[i] + bias[i])))^power: power 1, or 1.75 if is_relaxed. */
    void (*scale)(const double *masses, const double *sums, const double *bias, int is_relaxed, size_t n, double *u);
    /* Of one row, the runs in which some x = (f + g[j] - costs[j]) scale is above `least`: their exp(x) into values
     * (room for n; 0 for x below -500, x at most 708), and their numbers into runs. Returns how many. */
    size_t (*kernel_row)(double f, const double *g, const double *costs, double scale, double least, size_t n,
                         double *values, uint32_t *runs);
    /* The least of costs[j] - g[j]. */
    double (*least)(const double *costs, const double *g, size_t n);
    /* dst[j] = cost of moving from (x, y) to (xs[j], ys[j]). Any length and alignment. */
    void (*costs)(psh_sinkhorn_ground ground, double x, double y, const double *xs, const double *ys, size_t n,
                  double *dst);
} psh__scaling;

const psh__scaling *psh__scaling_kernels(void);

extern const psh__scaling psh__scaling_scalar;
#if defined(__x86_64__)
extern const psh__scaling psh__scaling_avx2, psh__scaling_avx512;
#endif

#endif
