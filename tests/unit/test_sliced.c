/* test_sliced.c : the features of sliced Wasserstein. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "persihash/vector.h"
#include "sketch_oracle.h"

static const psh_frame unit = {PSH_FRAME_FIXED, 0, 1};

static psh_diagrams *new_set(void) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    return set;
}

static void append(psh_diagrams *set, const double *points, const int32_t *dims, size_t n_points) {
    assert_int_equal(psh_diagrams_append(set, points, dims, n_points, NULL, -1, NULL), PSH_OK);
}

static void draw(psh__random *rng, double *points, size_t n_points) {
    for (size_t i = 0; i < n_points; i++) {
        double x = psh__random_unit(rng), y = psh__random_unit(rng);
        points[2 * i] = fmin(x, y), points[2 * i + 1] = fmax(x, y);
    }
}

/* (N, n_features), to be freed by free(). */
static float *compute(const psh_diagrams *set, const psh_frame *frame, const psh_sliced_params *params, int n_threads) {
    size_t n_features = psh_sliced_n_features(set, params);
    float *rows = malloc(psh_diagrams_count(set) * n_features * sizeof *rows + 1);
    psh_error err = {0};
    if (psh_sliced_compute(set, frame, params, n_threads, rows, &err) != PSH_OK) fail_msg("%s", err.text);
    return rows;
}

static double distance(const float *a, const float *b, size_t n_features) {
    double sum = 0;
    for (size_t i = 0; i < n_features; i++) sum += fabs((double)a[i] - b[i]);
    return sum;
}

static void features_are_bin_means(void **state) {
    enum { N_DIRECTIONS = 5, N_POSITIONS = 7, N_POINTS = 30 };
    double points[2 * N_POINTS];
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    draw(&rng, points, N_POINTS);
    psh_diagrams *set = new_set();
    append(set, points, NULL, N_POINTS);
    psh_sliced_params params = PSH_PARAMS(psh_sliced_params);
    params.n_directions = N_DIRECTIONS, params.n_positions = N_POSITIONS;
    float *row = compute(set, &unit, &params, 1);
    for (int k = 0; k < N_DIRECTIONS; k++) {
        double angle = (k + 0.5) * M_PI / N_DIRECTIONS - M_PI / 2, c = cos(angle), s = sin(angle);
        double from = fmin(0, fmin(s, c + s)), step = (fmax(0, fmax(s, c + s)) - from) / N_POSITIONS;
        for (int j = 0; j < N_POSITIONS; j++) {
            double mean = oracle_mean_feature(points, N_POINTS, c, s, from + j * step, from + (j + 1) * step);
            assert_float_equal(row[k * N_POSITIONS + j], mean * step / N_DIRECTIONS, 1e-5);
        }
    }
    free(row);
    psh_diagrams_free(set);
}

static void distance_converges_to_the_exact_integral_from_below(void **state) {
    double a[2 * 40], b[2 * 25];
    psh__random rng;
    psh__random_init(&rng, 2, 0);
    draw(&rng, a, 40);
    draw(&rng, b, 25);
    psh_diagrams *set = new_set();
    append(set, a, NULL, 40);
    append(set, b, NULL, 25);
    double exact = oracle_sliced_distance(a, 40, b, 25, 16), last = 0;
    for (int n_positions = 1; n_positions <= 4096; n_positions *= 4) {
        psh_sliced_params params = PSH_PARAMS(psh_sliced_params);
        params.n_positions = n_positions;
        float *rows = compute(set, &unit, &params, 1);
        double found = distance(rows, rows + 16 * n_positions, 16 * (size_t)n_positions);
        assert_true(found <= exact * (1 + 1e-4) && found >= last * (1 - 1e-4));
        last = found;
        free(rows);
    }
    assert_float_equal(last, exact, 0.005 * exact);
    psh_diagrams_free(set);
}

static void the_order_of_points_does_not_matter(void **state) {
    enum { N = 200 };
    double points[2 * N], turned[2 * N];
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    draw(&rng, points, N);
    for (size_t i = 0; i < N; i++) memcpy(turned + 2 * i, points + 2 * (N - 1 - i), 2 * sizeof *points);
    psh_diagrams *set = new_set();
    append(set, points, NULL, N);
    append(set, turned, NULL, N);
    size_t n_features = psh_sliced_n_features(set, NULL);
    float *rows = compute(set, &unit, NULL, 1);
    assert_memory_equal(rows, rows + n_features, n_features * sizeof *rows);
    free(rows);
    psh_diagrams_free(set);
}

static void points_on_the_diagonal_are_invisible(void **state) {
    const double points[] = {0.25, 0.5, 0.3, 0.3, 0, 0, 1, 1, 0.7, 0.7};
    psh_diagrams *set = new_set();
    append(set, points, NULL, 1);
    append(set, points, NULL, 5);
    size_t n_features = psh_sliced_n_features(set, NULL);
    float *rows = compute(set, &unit, NULL, 1);
    for (size_t i = 0; i < n_features; i++) assert_float_equal(rows[i], rows[n_features + i], 1e-7);
    free(rows);
    psh_diagrams_free(set);
}

static void dimensions_have_features_of_their_own_unless_pooled(void **state) {
    const double points[] = {0.1, 0.5, 0.2, 0.9, 0.4, 0.6};
    const int32_t dims[] = {3, 0, 3}, others[] = {0, 3, 40};
    psh_diagrams *set = new_set();
    append(set, points, dims, 3);
    append(set, points, others, 3);
    psh_sliced_params params = PSH_PARAMS(psh_sliced_params);
    params.n_directions = 4, params.n_positions = 8;
    assert_int_equal(psh_sliced_n_features(set, &params), 3 * 4 * 8);
    params.dims_mask = 1 << 3;
    assert_int_equal(psh_sliced_n_features(set, &params), 4 * 8);
    float *rows = compute(set, &unit, &params, 1);
    for (int k = 0; k < 4; k++) {
        double angle = (k + 0.5) * M_PI / 4 - M_PI / 2, c = cos(angle), s = sin(angle);
        double from = fmin(0, fmin(s, c + s)), step = (fmax(0, fmax(s, c + s)) - from) / 8;
        for (int j = 0; j < 8; j++) { /* points 0 and 2 of the first diagram, point 1 of the second */
            double t0 = from + j * step, t1 = t0 + step;
            double first =
                oracle_mean_feature(points, 1, c, s, t0, t1) + oracle_mean_feature(points + 4, 1, c, s, t0, t1);
            assert_float_equal(rows[k * 8 + j], first * step / 4, 1e-6);
            assert_float_equal(rows[32 + k * 8 + j], oracle_mean_feature(points + 2, 1, c, s, t0, t1) * step / 4, 1e-6);
        }
    }
    free(rows);
    params.dims_mask = 0, params.pool = true;
    assert_int_equal(psh_sliced_n_features(set, &params), 4 * 8);
    rows = compute(set, &unit, &params, 1);
    assert_memory_equal(rows, rows + 32, 32 * sizeof *rows);
    free(rows);
    psh_diagrams_free(set);
}

static void frames_and_infinite_deaths(void **state) {
    const double raw[] = {110, 150, 120, INFINITY, 130, 190}, moved[] = {0.1, 0.5, 0.3, 0.9};
    psh_diagrams *set = new_set(), *framed = new_set();
    append(set, raw, NULL, 3);
    append(framed, moved, NULL, 2);
    psh_frame frame = {PSH_FRAME_FIXED, 100, 200};
    float *a = compute(set, &frame, NULL, 1), *b = compute(framed, &unit, NULL, 1);
    for (size_t i = 0; i < 16 * 64; i++) assert_float_equal(a[i], b[i], 1e-6);
    free(a);
    free(b);
    psh_diagrams_free(set);
    psh_diagrams_free(framed);
}

static void points_far_outside_the_frame_do_no_harm(void **state) {
    const double points[] = {-1e300, 1e300, -1e308, -1e307, 5, 6, -5, -4, 1e17, 2e17};
    psh_diagrams *set = new_set();
    append(set, points, NULL, 5);
    float *row = compute(set, &unit, NULL, 1);
    for (size_t i = 0; i < 16 * 64; i++) assert_true(isfinite(row[i]) && fabsf(row[i]) < 6);
    free(row);
    psh_diagrams_free(set);
}

static void the_same_for_any_number_of_threads(void **state) {
    psh_diagrams *set = new_set();
    double points[2 * 50];
    for (size_t i = 0; i < 100; i++) {
        psh__random rng;
        psh__random_init(&rng, 4, i);
        draw(&rng, points, i % 50);
        append(set, points, NULL, i % 50);
    }
    size_t n_bytes = 100 * psh_sliced_n_features(set, NULL) * sizeof(float);
    float *one = compute(set, &unit, NULL, 1), *three = compute(set, &unit, NULL, 3);
    assert_memory_equal(one, three, n_bytes);
    free(one);
    free(three);
    psh_diagrams_free(set);
}

static void empty_sets_and_diagrams(void **state) {
    psh_diagrams *set = new_set();
    assert_int_equal(psh_sliced_n_features(set, NULL), 0);
    free(compute(set, &unit, NULL, 1));
    append(set, NULL, NULL, 0);
    assert_int_equal(psh_sliced_n_features(set, NULL), 0);
    free(compute(set, &unit, NULL, 1));
    const double point[] = {0.2, 0.4};
    append(set, point, NULL, 1);
    float *rows = compute(set, &unit, NULL, 1);
    for (size_t i = 0; i < 16 * 64; i++) assert_true(rows[i] == 0);
    free(rows);
    psh_diagrams_free(set);
}

static void bad_parameters_and_failing_memory_are_reported(void **state) {
    const double point[] = {0.2, 0.4};
    float rows[16 * 64];
    psh_error err = {0};
    psh_diagrams *set = new_set();
    append(set, point, NULL, 1);
    psh_sliced_params params = PSH_PARAMS(psh_sliced_params);
    params.n_directions = -1;
    assert_int_equal(psh_sliced_n_features(set, &params), 0);
    assert_int_equal(psh_sliced_compute(set, &unit, &params, 1, rows, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "-1"));
    params.n_directions = 16, params.n_positions = 1 << 20;
    assert_int_equal(psh_sliced_compute(set, &unit, &params, 1, rows, &err), PSH_ERR_PARAMETER);
    psh_status status;
    unsigned long n = 0;
    do {
        psh__alloc_fail_at(++n);
        status = psh_sliced_compute(set, &unit, NULL, 2, rows, &err);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
    } while (status != PSH_OK);
    assert_true(n > 3);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_bin_means),
        cmocka_unit_test(distance_converges_to_the_exact_integral_from_below),
        cmocka_unit_test(the_order_of_points_does_not_matter),
        cmocka_unit_test(points_on_the_diagonal_are_invisible),
        cmocka_unit_test(dimensions_have_features_of_their_own_unless_pooled),
        cmocka_unit_test(frames_and_infinite_deaths),
        cmocka_unit_test(points_far_outside_the_frame_do_no_harm),
        cmocka_unit_test(the_same_for_any_number_of_threads),
        cmocka_unit_test(empty_sets_and_diagrams),
        cmocka_unit_test(bad_parameters_and_failing_memory_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
