/* square.c : distance matrices from the layouts of other programs.
 *
 * A full matrix says everything twice, and programs that compute it by products of vectors leave rounding errors: a
 * diagonal of 1e-8, d(i,j) and d(j,i) that differ in the last digits. Those are accepted, up to SYMMETRY of the largest
 * distance, and the lower triangle is taken, as Ripser and GUDHI take it. More is a mistake that must be told. */
#include <assert.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/shape.h"

#define SYMMETRY 1e-6

static double largest_finite(const double *x, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i]) && x[i] > most) most = x[i];
    return most;
}

static bool are_near(double a, double b, double slack) {
    return a == b || fabs(a - b) <= slack; /* equal covers two infinities */
}

static psh_status check_symmetry(const double *square, size_t n, psh_error *err) {
    double slack = SYMMETRY * largest_finite(square, n * n);
    for (size_t i = 0; i < n; i++) {
        if (!are_near(square[i * n + i], 0, slack))
            return psh__error(err, PSH_ERR_DATA,
                              "no distance matrix: %g on the diagonal, at row %zu (from 0); expected 0",
                              square[i * n + i], i);
        for (size_t j = 0; j < i; j++)
            if (!are_near(square[i * n + j], square[j * n + i], slack) && !isnan(square[i * n + j]))
                return psh__error(err, PSH_ERR_DATA,
                                  "no distance matrix: row %zu, column %zu (from 0) is %g, and mirrored %g; expected a "
                                  "symmetric one",
                                  i, j, square[i * n + j], square[j * n + i]);
    }
    return PSH_OK;
}

psh_status psh__matrix_of_square(const double *square, size_t n_points, psh_matrix **dst, psh_error *err) {
    size_t n_pairs = 0;
    bool fits = psh__size_pairs(n_points, &n_pairs);
    assert(fits);
    (void)fits;
    PSH_TRY(check_symmetry(square, n_points, err));
    double *lower = psh__malloc(n_pairs, sizeof *lower), *at = lower;
    if (!lower) return psh__error_memory(err, "a distance matrix", n_pairs * sizeof *lower);
    for (size_t i = 1; i < n_points; i++)
        for (size_t j = 0; j < i; j++) *at++ = square[i * n_points + j];
    return psh__matrix_take_dense(lower, n_points, dst, err);
}

/* (2 N - 1)^2 = 8 n_pairs + 1. */
size_t psh__points_of_pairs(size_t n_pairs) {
    size_t n_points = (size_t)(0.5 + sqrt(2.0 * (double)n_pairs + 0.25)), n_found = 0;
    for (size_t n = n_points > 2 ? n_points - 1 : 1; n <= n_points + 1; n++)
        if (psh__size_pairs(n, &n_found) && n_found == n_pairs) return n;
    return 0;
}

psh_status psh__matrix_of_condensed(const double *upper, size_t n_values, psh_matrix **dst, psh_error *err) {
    size_t n = psh__points_of_pairs(n_values);
    if (n == 0)
        return psh__error(err, PSH_ERR_SHAPE, "%zu distances are those of no number of points; expected N (N - 1) / 2",
                          n_values);
    double *lower = psh__malloc(n_values, sizeof *lower);
    if (!lower) return psh__error_memory(err, "a distance matrix", n_values * sizeof *lower);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) lower[j * (j - 1) / 2 + i] = *upper++;
    return psh__matrix_take_dense(lower, n, dst, err);
}
