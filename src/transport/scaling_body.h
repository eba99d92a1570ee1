/* scaling_body.h : see scaling.h. Included by scaling.c and scaling_<isa>.c, which differ in their compiler flags. */
#include <math.h>

#include "base/exp.h"
#include "transport/scaling.h"

/* A register of this level, from the file that includes this one. */
typedef double lanes __attribute__((vector_size(LANES * 8), may_alias));

enum { VECTORS = PSH__SCALING_RUN / LANES };

/* Entries take turns in two sums, which hides the latency of an addition. */
static void multiply(const psh__scaling_matrix *matrix, const double *weights, double *dst) {
    for (size_t run = 0; run < matrix->n_runs; run++) {
        lanes even[VECTORS] = {{0}}, odd[VECTORS] = {{0}};
        size_t e = matrix->starts[run], end = matrix->starts[run + 1];
        const lanes *value = (const lanes *)(matrix->values + e * PSH__SCALING_RUN);
        for (; e + 1 < end; e += 2, value += 2 * VECTORS)
            for (int v = 0; v < VECTORS; v++) {
                even[v] += value[v] * weights[matrix->rows[e]];
                odd[v] += value[VECTORS + v] * weights[matrix->rows[e + 1]];
            }
        for (int v = 0; v < VECTORS && e < end; v++) even[v] += value[v] * weights[matrix->rows[e]];
        for (int v = 0; v < VECTORS; v++) ((lanes *)(dst + run * PSH__SCALING_RUN))[v] = even[v] + odd[v];
    }
}

static void scale(const double *restrict masses, const double *restrict sums, const double *restrict bias,
                  int is_relaxed, size_t n, double *restrict u) {
    if (!is_relaxed) {
        for (size_t i = 0; i < n; i++) u[i] = masses[i] / (sums[i] + bias[i]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double ratio = masses[i] / (u[i] * (sums[i] + bias[i])), root = sqrt(ratio);
        u[i] *= ratio * root * sqrt(root);
    }
}

/* Is one of the PSH__SCALING_RUN numbers at x above `least`? The sign of least - x says so. */
static inline int is_above(const double *x, double least) {
    typedef int64_t bits __attribute__((vector_size(LANES * 8), may_alias));
    typedef int64_t four __attribute__((vector_size(32), may_alias));
    union {
        bits all[VECTORS];
        four halves[2];
    } of;
    for (int v = 0; v < VECTORS; v++) of.all[v] = (bits)(least - ((const lanes *)x)[v]);
    four half = of.halves[0] | of.halves[1];
    return ((half[0] | half[1]) | (half[2] | half[3])) < 0;
}

/* Exponents of the whole row first, then those kept side by side, then their exponentials: three plain loops. */
static size_t kernel_row(double f, const double *restrict g, const double *restrict costs, double factor, double least,
                         size_t n, double *restrict values, uint32_t *restrict runs) {
    size_t n_kept = 0;
    for (size_t j = 0; j < n; j++) {
        double x = (f + g[j] - costs[j]) * factor;
        x = x > -708 ? x : -708;
        values[j] = x < 708 ? x : 708;
    }
    for (size_t run = 0; run < n / PSH__SCALING_RUN; run++) {
        const lanes *from = (const lanes *)(values + run * PSH__SCALING_RUN);
        lanes *to = (lanes *)(values + n_kept * PSH__SCALING_RUN);
        if (!is_above((const double *)from, least)) continue;
        for (int v = 0; v < VECTORS; v++) to[v] = from[v];
        runs[n_kept++] = (uint32_t)run;
    }
    for (size_t k = 0; k < n_kept * PSH__SCALING_RUN; k++) values[k] = psh__exp(values[k]);
    return n_kept;
}

static double least(const double *costs, const double *g, size_t n) {
    double m[PSH__SCALING_RUN];
    for (size_t k = 0; k < PSH__SCALING_RUN; k++) m[k] = INFINITY;
    for (size_t start = 0; start < n; start += PSH__SCALING_RUN)
        for (size_t k = 0; k < PSH__SCALING_RUN; k++) {
            double value = costs[start + k] - g[start + k];
            m[k] = value < m[k] ? value : m[k];
        }
    for (size_t k = 1; k < PSH__SCALING_RUN; k++) m[0] = m[k] < m[0] ? m[k] : m[0];
    return m[0];
}

static void costs(psh_sinkhorn_ground ground, double x, double y, const double *restrict xs, const double *restrict ys,
                  size_t n, double *restrict dst) {
    if (ground == PSH_SINKHORN_LINF) {
        for (size_t j = 0; j < n; j++) {
            double dx = fabs(x - xs[j]), dy = fabs(y - ys[j]);
            dst[j] = dx > dy ? dx : dy;
        }
        return;
    }
    for (size_t j = 0; j < n; j++) dst[j] = (x - xs[j]) * (x - xs[j]) + (y - ys[j]) * (y - ys[j]);
    for (size_t j = 0; ground == PSH_SINKHORN_L2 && j < n; j++) dst[j] = sqrt(dst[j]);
}

#define SCALING_KERNELS                                                                                                \
    { multiply, scale, kernel_row, least, costs }
