/* test_sliced_bound.c : sliced Wasserstein is a pseudometric and at most twice W1 (docs/math/sketch.md), on random
 * diagrams of every kind: few and many points, near the diagonal, repeated, empty. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "encoder/standard.h"
#include "persihash/transport.h"
#include "persihash/vector.h"
#include "sketch_oracle.h"

enum { N_DIAGRAMS = 60, MAX_POINTS = 40 };

static psh_diagrams *random_set(uint64_t seed) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < N_DIAGRAMS; i++) {
        psh__random rng;
        psh__random_init(&rng, seed, i);
        double points[2 * MAX_POINTS], height = i % 3 == 0 ? 1e-3 : i % 3 == 1 ? 0.1 : 1;
        int32_t dims[MAX_POINTS];
        size_t n_points = i % 10 == 0 ? 0 : psh__random_below(&rng, MAX_POINTS);
        for (size_t k = 0; k < n_points; k++) {
            double birth = psh__random_unit(&rng);
            if (i % 4 == 0) birth = floor(birth * 4) / 4;
            points[2 * k] = birth;
            points[2 * k + 1] = birth + (1 - birth) * height * psh__random_unit(&rng);
            dims[k] = (int32_t)psh__random_below(&rng, 2);
        }
        assert_int_equal(psh_diagrams_append(set, points, dims, n_points, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

static double distance(const float *a, const float *b, size_t n_features) {
    double sum = 0;
    for (size_t i = 0; i < n_features; i++) sum += fabs((double)a[i] - b[i]);
    return sum;
}

static void at_most_twice_w1_and_a_pseudometric(void **state) {
    psh_frame unit = {PSH_FRAME_FIXED, 0, 1};
    for (uint64_t seed = 0; seed < 4; seed++) {
        psh_diagrams *set = random_set(seed);
        psh_sliced_params sliced = PSH_PARAMS(psh_sliced_params);
        psh_wasserstein_params exact = PSH_PARAMS(psh_wasserstein_params);
        sliced.pool = exact.pool = seed % 2;
        size_t n_features = psh_sliced_n_features(set, &sliced);
        float *rows = malloc(N_DIAGRAMS * n_features * sizeof *rows);
        double *w1 = malloc(N_DIAGRAMS * (N_DIAGRAMS - 1) / 2 * sizeof *w1), largest_ratio = 0;
        assert_int_equal(psh_sliced_compute(set, &unit, &sliced, 0, rows, NULL), PSH_OK);
        assert_int_equal(psh_wasserstein_condensed(set, &exact, 0, NULL, w1, NULL), PSH_OK);
        for (size_t i = 0, k = 0; i < N_DIAGRAMS; i++)
            for (size_t j = i + 1; j < N_DIAGRAMS; j++, k++) {
                double d = distance(rows + i * n_features, rows + j * n_features, n_features);
                assert_true(d <= 2 * w1[k] + 1e-4);
                if (w1[k] > 0.01) largest_ratio = fmax(largest_ratio, d / w1[k]);
                size_t m = (i + 7 * j) % N_DIAGRAMS;
                assert_true(d <= distance(rows + i * n_features, rows + m * n_features, n_features) +
                                     distance(rows + m * n_features, rows + j * n_features, n_features) + 1e-5);
            }
        assert_true(largest_ratio > 0.5); /* the bound is not met by features that vanish */
        free(rows);
        free(w1);
        psh_diagrams_free(set);
    }
}

/* Means of F over cells of any width differ by no more than F itself: docs/math/compact.md. */
static void slices_at_most_twice_w1(void **state) {
    enum { N_PAIRS = N_DIAGRAMS * (N_DIAGRAMS - 1) / 2 };
    psh_frame unit = {PSH_FRAME_FIXED, 0, 1};
    for (uint64_t seed = 0; seed < 4; seed++) {
        psh_diagrams *set = random_set(seed);
        psh_wasserstein_params exact = PSH_PARAMS(psh_wasserstein_params);
        psh__slices slices;
        exact.pool = seed % 2;
        assert_int_equal(psh__slices_fit(set, &unit, exact.pool, 0, &slices, NULL), PSH_OK);
        size_t n_features = psh__slices_n_features(&slices);
        float *rows = malloc(N_DIAGRAMS * n_features * sizeof *rows);
        double *w1 = malloc(N_PAIRS * sizeof *w1), largest_ratio = 0;
        assert_int_equal(psh__standard_rows(&slices, set, N_DIAGRAMS, &unit, 0, 0, rows, NULL), PSH_OK);
        assert_int_equal(psh_wasserstein_condensed(set, &exact, 0, NULL, w1, NULL), PSH_OK);
        for (size_t i = 0, k = 0; i < N_DIAGRAMS; i++)
            for (size_t j = i + 1; j < N_DIAGRAMS; j++, k++) {
                double d = distance(rows + i * n_features, rows + j * n_features, n_features);
                assert_true(d <= 2 * w1[k] + 1e-4);
                if (w1[k] > 0.01 && d / w1[k] > largest_ratio) largest_ratio = d / w1[k];
            }
        assert_true(largest_ratio > 0.5);
        free(rows);
        free(w1);
        psh_diagrams_free(set);
    }
}

/* One point moved a little along the diagonal is the worst case: the ratio tends to 4 sqrt 2 / pi = 1.80. */
static void the_worst_case_is_a_move_along_the_diagonal(void **state) {
    const double a[] = {0.2, 0.7}, b[] = {0.2 + 1e-5, 0.7 + 1e-5};
    assert_float_equal(oracle_sliced_distance(a, 1, b, 1, 1024) / 1e-5, 4 * sqrt(2) / M_PI, 0.001);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_most_twice_w1_and_a_pseudometric),
        cmocka_unit_test(slices_at_most_twice_w1),
        cmocka_unit_test(the_worst_case_is_a_move_along_the_diagonal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
