/* kriging_twin.c : kriging of pairs written down plainly: all covariances in one matrix, solved by elimination. */
#include "kriging_twin.h"

#include <math.h>
#include <stdlib.h>

/* x, in place of b, with matrix x = b; the matrix is symmetric and positive definite. */
static void eliminate(double *matrix, size_t n, double *b) {
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            double factor = matrix[k * n + i] / matrix[i * n + i];
            for (size_t j = i; j < n; j++) matrix[k * n + j] -= factor * matrix[i * n + j];
            b[k] -= factor * b[i];
        }
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++) b[i] -= matrix[i * n + j] * b[j];
        b[i] /= matrix[i * n + i];
    }
}

static double l1(const float *rows, size_t n_features, size_t i, size_t j) {
    double sum = 0;
    for (size_t f = 0; f < n_features; f++) sum += fabs((double)rows[i * n_features + f] - rows[j * n_features + f]);
    return sum;
}

static double covariance(const double *kernel, size_t n, size_t i, size_t j, const uint32_t *pair) {
    return kernel[i * n + pair[0]] * kernel[j * n + pair[1]] + kernel[i * n + pair[1]] * kernel[j * n + pair[0]];
}

void kriging_twin(const float *rows, size_t n_items, size_t n_known, size_t n_features, const uint32_t *pairs,
                  const double *residues, size_t n_pairs, double *dst) {
    const double length_in_means = 0.5, noise = 1;
    double *kernel = malloc(n_items * n_items * sizeof *kernel), *matrix = malloc(n_pairs * n_pairs * sizeof *matrix),
           *weights = malloc(n_pairs * sizeof *weights), mean = 0;
    for (size_t i = 0; i < n_known; i++)
        for (size_t j = i + 1; j < n_known; j++)
            mean += l1(rows, n_features, i, j) * 2 / ((double)n_known * (double)(n_known - 1));
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = 0; j < n_items; j++)
            kernel[i * n_items + j] = exp(-l1(rows, n_features, i, j) / (length_in_means * mean));
    for (size_t k = 0; k < n_pairs; k++) {
        for (size_t l = 0; l < n_pairs; l++)
            matrix[k * n_pairs + l] = covariance(kernel, n_items, pairs[2 * k], pairs[2 * k + 1], pairs + 2 * l);
        matrix[k * n_pairs + k] += noise;
        weights[k] = residues[k];
    }
    eliminate(matrix, n_pairs, weights);
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = 0; j < n_items; j++) {
            dst[i * n_items + j] = 0;
            for (size_t k = 0; k < n_pairs; k++)
                dst[i * n_items + j] += weights[k] * covariance(kernel, n_items, i, j, pairs + 2 * k);
        }
    free(kernel);
    free(matrix);
    free(weights);
}
