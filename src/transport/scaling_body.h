/* scaling_body.h : see scaling.h. Included by scaling.c and scaling_<isa>.c, which differ in their compiler flags. */
#include <math.h>

#include "base/exp.h"
#include "transport/scaling.h"

/* A register of this level, from the file that includes this one. */
typedef double lanes __attribute__((vector_size(LANES * 8), may_alias));

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

static void multiply(const double *matrix, const double *weights, size_t n_rows, size_t n_columns, double *dst) {
    size_t j = 0;
    for (; j + 8 * LANES <= n_columns; j += 8 * LANES)
        multiply_part(matrix + j, weights, n_rows, n_columns, 8, dst + j);
    for (; j + 4 * PSH__SCALING_RUN <= n_columns && 4 * (int)PSH__SCALING_RUN / LANES < 8; j += 4 * PSH__SCALING_RUN)
        multiply_part(matrix + j, weights, n_rows, n_columns, 4 * (int)PSH__SCALING_RUN / LANES, dst + j);
    for (; j < n_columns; j += PSH__SCALING_RUN)
        multiply_part(matrix + j, weights, n_rows, n_columns, (int)PSH__SCALING_RUN / LANES, dst + j);
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

static void kernel_row(double f, const double *restrict g, const double *restrict costs, double factor, size_t n,
                       double *restrict dst) {
    for (size_t j = 0; j < n; j++) {
        double x = (f + g[j] - costs[j]) * factor;
        x = x > -708 ? x : -708;
        dst[j] = psh__exp(x < 708 ? x : 708);
    }
}
