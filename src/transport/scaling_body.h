/* scaling_body.h : see scaling.h. Included by scaling.c and scaling_<isa>.c, which differ in their compiler flags. */
#include <math.h>

#include "base/exp.h"
#include "transport/scaling.h"

/* A register of this level, from the file that includes this one. */
typedef double lanes __attribute__((vector_size(LANES * 8), may_alias));

enum { VECTORS = PSH__SCALING_RUN / LANES };

/* Columns first .. first + n_vectors * LANES - 1, whose sums stay in registers. */
static inline __attribute__((always_inline)) void multiply_part(const double *matrix, const double *weights,
                                                                size_t n_rows, size_t n_columns, int n_vectors,
                                                                double *dst) {
    lanes sums[8] = {{0}};
    for (size_t i = 0; i < n_rows; i++) {
        const lanes *row = (const lanes *)(matrix + i * n_columns);
        /* cppcheck-suppress arrayIndexOutOfBounds ; callers with more than 8 vectors are dead branches */
        for (int v = 0; v < n_vectors; v++) sums[v] += row[v] * weights[i];
    }
    /* cppcheck-suppress arrayIndexOutOfBounds */
    for (int v = 0; v < n_vectors; v++) ((lanes *)dst)[v] = sums[v];
}

static void multiply_dense(const psh__scaling_matrix *matrix, const double *weights, double *dst) {
    const double *values = matrix->values;
    size_t j = 0, n_rows = matrix->n_rows, n_columns = matrix->n_runs * PSH__SCALING_RUN;
    for (; j + 8 * LANES <= n_columns; j += 8 * LANES)
        multiply_part(values + j, weights, n_rows, n_columns, 8, dst + j);
    for (; j + 4 * PSH__SCALING_RUN <= n_columns && 4 * VECTORS < 8; j += 4 * PSH__SCALING_RUN)
        multiply_part(values + j, weights, n_rows, n_columns, 4 * VECTORS, dst + j);
    for (; j < n_columns; j += PSH__SCALING_RUN)
        multiply_part(values + j, weights, n_rows, n_columns, VECTORS, dst + j);
}

/* Entries take turns in two sums, which hides the latency of an addition. */
static void multiply(const psh__scaling_matrix *matrix, const double *weights, double *dst) {
    if (matrix->is_dense) {
        multiply_dense(matrix, weights, dst);
        return;
    }
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

/* Exponents from here on down make no entry: times a scaling they could be denormal numbers, which are slow. */
#define LOWEST (-500.0)

/* Exponents of the whole row first, then those kept side by side, then their exponentials: three plain loops. */
static size_t kernel_row(double f, const double *restrict g, const double *restrict costs, double factor, double least,
                         size_t n, double *restrict values, uint32_t *restrict runs) {
    size_t n_kept = 0;
    for (size_t j = 0; j < n; j++) {
        double x = (f + g[j] - costs[j]) * factor;
        x = x > LOWEST ? x : LOWEST;
        values[j] = x < 708 ? x : 708;
    }
    for (size_t run = 0; run < n / PSH__SCALING_RUN; run++) {
        const lanes *from = (const lanes *)(values + run * PSH__SCALING_RUN);
        lanes *to = (lanes *)(values + n_kept * PSH__SCALING_RUN);
        if (!is_above((const double *)from, least)) continue;
        for (int v = 0; v < VECTORS; v++) to[v] = from[v];
        runs[n_kept++] = (uint32_t)run;
    }
    for (size_t k = 0; k < n_kept * PSH__SCALING_RUN; k++) {
        double value = psh__exp(values[k]);
        values[k] = values[k] > LOWEST ? value : 0;
    }
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
