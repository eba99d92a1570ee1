/* test_vectors_pairs.c : all pairs of vectors against the definition, at every SIMD level. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "persihash/distance.h"

static const char *const levels[] = {"scalar", "neon", "avx2", "avx512"};
static const double orders[] = {1, 2, INFINITY, 3.5};

static double *random_rows(size_t n_values, uint64_t seed) {
    double *rows = malloc((n_values + 1) * sizeof *rows);
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    for (size_t k = 0; k < n_values; k++) rows[k] = 10 * psh__random_unit(&rng) - 5;
    return rows;
}

static double by_definition(const double *a, const double *b, size_t n_features, double order) {
    double sum = 0, most = 0;
    for (size_t k = 0; k < n_features; k++) {
        double difference = fabs(a[k] - b[k]);
        most = fmax(most, difference), sum += pow(difference, order);
    }
    return order == INFINITY ? most : pow(sum, 1 / order);
}

/* Sizes around the kernels' rows, columns, depth and the tile. */
static void every_shape_agrees_with_the_definition(void **state) {
    static const size_t shapes[][2] = {{0, 3},   {1, 3},    {2, 0},   {2, 1},   {3, 127}, {9, 128},
                                       {9, 129}, {50, 257}, {191, 2}, {192, 3}, {193, 4}, {400, 5}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        size_t n = shapes[s][0], n_features = shapes[s][1], n_pairs = n ? n * (n - 1) / 2 : 0;
        double *rows = random_rows(n * n_features, s), *found = malloc((n_pairs + 1) * sizeof *found);
        float *rows_f32 = malloc((n * n_features + 1) * sizeof *rows_f32), *found_f32 = malloc((n_pairs + 1) * 4);
        for (size_t k = 0; k < n * n_features; k++) rows[k] = (double)(rows_f32[k] = (float)rows[k]);
        for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
            assert_int_equal(psh_vectors_condensed_f64(rows, n, n_features, orders[o], 2, NULL, found, NULL), PSH_OK);
            assert_int_equal(psh_vectors_condensed_f32(rows_f32, n, n_features, orders[o], 2, NULL, found_f32, NULL),
                             PSH_OK);
            size_t p = 0;
            for (size_t i = 0; i < n; i++)
                for (size_t j = i + 1; j < n; j++, p++) {
                    double expected =
                        by_definition(rows + i * n_features, rows + j * n_features, n_features, orders[o]);
                    assert_true(fabs(found[p] - expected) <= 1e-12 * expected);
                    assert_true(fabs((double)found_f32[p] - expected) <= 2e-6 * expected);
                }
        }
        free(rows), free(rows_f32), free(found), free(found_f32);
    }
}

static void same_bytes_for_any_threads_and_simd_level(void **state) {
    enum { N = 230, N_FEATURES = 150, N_PAIRS = N * (N - 1) / 2 };
    double *rows = random_rows((size_t)N * N_FEATURES, 3);
    float *rows_f32 = malloc((size_t)N * N_FEATURES * sizeof *rows_f32);
    for (size_t k = 0; k < (size_t)N * N_FEATURES; k++) rows_f32[k] = (float)rows[k];
    double *expected = malloc(N_PAIRS * sizeof *expected), *found = malloc(N_PAIRS * sizeof *found);
    float *expected_f32 = malloc(N_PAIRS * 4), *found_f32 = malloc(N_PAIRS * 4);
    for (size_t o = 0; o < 3; o++)
        for (int level = 0; level < 4; level++)
            for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
                bool is_first = level == 0 && n_threads == 1;
                setenv("PSH_SIMD", levels[level], 1);
                assert_int_equal(psh_vectors_condensed_f64(rows, N, N_FEATURES, orders[o], n_threads, NULL,
                                                           is_first ? expected : found, NULL),
                                 PSH_OK);
                assert_int_equal(psh_vectors_condensed_f32(rows_f32, N, N_FEATURES, orders[o], n_threads, NULL,
                                                           is_first ? expected_f32 : found_f32, NULL),
                                 PSH_OK);
                unsetenv("PSH_SIMD");
                if (is_first) continue;
                assert_memory_equal(found, expected, N_PAIRS * sizeof *found);
                assert_memory_equal(found_f32, expected_f32, N_PAIRS * sizeof *found_f32);
            }
    free(rows), free(rows_f32), free(expected), free(found), free(expected_f32), free(found_f32);
}

/* |a|^2 + |b|^2 - 2ab would give 0 or worse here. */
static void close_vectors_far_from_zero_keep_their_digits(void **state) {
    float rows[3][100], found[3];
    for (int k = 0; k < 100; k++) rows[0][k] = 1000, rows[1][k] = 1000.0625f, rows[2][k] = 1000;
    assert_int_equal(psh_vectors_condensed_f32(rows[0], 3, 100, 2, 1, NULL, found, NULL), PSH_OK);
    assert_true(found[0] == 0.625f && found[1] == 0 && found[2] == 0.625f);
}

static void bad_orders_are_refused(void **state) {
    static const double bad[] = {0, 0.5, -1, NAN, -INFINITY};
    float rows[2] = {0, 1}, found[1];
    psh_error err = {0};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_int_equal(psh_vectors_condensed_f32(rows, 2, 1, bad[k], 1, NULL, found, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "order -inf"));
}

static bool stop(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    return false;
}

static void stops_when_told_and_reports_failed_allocations(void **state) {
    float rows[400] = {0}, *found = malloc(400 * 399 / 2 * sizeof *found);
    psh_progress progress = {.report = stop};
    assert_int_equal(psh_vectors_condensed_f32(rows, 400, 1, 2, 1, &progress, found, NULL), PSH_ERR_INTERRUPTED);
    psh__alloc_fail_at(1);
    psh_status status = psh_vectors_condensed_f32(rows, 400, 1, 2, 1, NULL, found, NULL);
    psh__alloc_fail_at(0);
    assert_int_equal(status, PSH_ERR_MEMORY);
    free(found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_agrees_with_the_definition),
        cmocka_unit_test(same_bytes_for_any_threads_and_simd_level),
        cmocka_unit_test(close_vectors_far_from_zero_keep_their_digits),
        cmocka_unit_test(bad_orders_are_refused),
        cmocka_unit_test(stops_when_told_and_reports_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
