/* test_isolated.c : the diagrams that count several times are those farthest from their nearest neighbour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "encoder/isolated.h"
#include "encoder/target.h"

enum { N = 60, TIMES = 8 };

/* Points of a line in random order: 2, 3, ... and, at rows[0] and rows[1], one far from them on either side. */
static void place(double *places, uint32_t *rows) {
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    for (uint32_t i = 0; i < N; i++) rows[i] = i;
    psh__random_shuffle(&rng, rows, N);
    for (size_t k = 0; k < N; k++) places[rows[k]] = k == 0 ? -300 : k == 1 ? 500 : (double)k;
}

static double between(double a, double b) {
    return a > b ? a - b : b - a;
}

static double *measure(const double *places, size_t n_items) {
    double *distances = malloc((n_items * n_items / 2 + 1) * sizeof *distances);
    for (size_t i = 0, k = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++) distances[k++] = between(places[i], places[j]);
    return distances;
}

static void test_repeats_the_most_isolated(void **unused) {
    (void)unused;
    double places[N];
    uint32_t rows[N];
    psh_error err;
    psh__repeats repeats;
    place(places, rows);
    double *distances = measure(places, N);
    assert_int_equal(psh__repeats_create(distances, N, 2, TIMES, &repeats, &err), PSH_OK);
    assert_int_equal(repeats.n_items, N + 2 * (TIMES - 1));
    size_t times[N] = {0};
    for (size_t i = 0; i < repeats.n_items; i++) {
        if (i < N) assert_int_equal(repeats.origins[i], i);
        times[repeats.origins[i]]++;
    }
    for (size_t k = 0; k < N; k++) assert_int_equal(times[rows[k]], k < 2 ? TIMES : 1);
    float *values = psh__malloc(N, 2 * sizeof *values);
    for (size_t i = 0; i < N; i++) values[2 * i] = (float)places[i], values[2 * i + 1] = (float)i;
    assert_int_equal(psh__repeats_rows(&repeats, 2, N, &values, &err), PSH_OK);
    for (size_t i = 0; i < repeats.n_items; i++) {
        assert_true(values[2 * i] == (float)places[repeats.origins[i]]);
        assert_true(values[2 * i + 1] == (float)repeats.origins[i]);
    }
    psh__free(values);
    psh__repeats_free(&repeats);
    free(distances);
}

/* An outlier with a twin is not isolated; equally isolated items go by their order. */
static void test_twins_and_ties(void **unused) {
    (void)unused;
    const double places[] = {900, 900.5, 0, 10, 20, 30};
    psh_error err;
    psh__repeats repeats;
    double *distances = measure(places, 6);
    assert_int_equal(psh__repeats_create(distances, 6, 1, TIMES, &repeats, &err), PSH_OK);
    assert_int_equal(repeats.n_items, 6 + TIMES - 1);
    for (size_t i = 6; i < repeats.n_items; i++) assert_int_equal(repeats.origins[i], 2);
    psh__repeats_free(&repeats);
    free(distances);
}

static void test_none(void **unused) {
    (void)unused;
    const double places[] = {1, 5, 7};
    psh_error err;
    psh__repeats repeats;
    double *distances = measure(places, 3);
    assert_int_equal(psh__repeats_create(distances, 3, 0, TIMES, &repeats, &err), PSH_OK);
    assert_int_equal(repeats.n_items, 3);
    for (size_t k = 0; k < 3; k++) assert_int_equal(repeats.origins[k], k);
    psh__repeats_free(&repeats);
    free(distances);
}

/* A target of repeated items has the values of the items, and the sums of what it has. */
static void test_a_target_is_repeated(void **unused) {
    (void)unused;
    enum { N_ALL = 7 };
    const double places[] = {1, 5, 7, 40};
    const uint32_t origins[N_ALL] = {0, 1, 2, 3, 3, 3, 0};
    psh__target once, all;
    double *distances = measure(places, 4), sum = 0, squares = 0;
    assert_int_equal(psh__target_create(distances, 4, psh__emphasis_plain(), &once, NULL), PSH_OK);
    assert_int_equal(psh__target_repeat(&once, origins, N_ALL, &all, NULL), PSH_OK);
    for (size_t i = 0; i < N_ALL; i++) {
        double row = 0;
        for (size_t j = 0; j < N_ALL; j++) {
            uint16_t value = all.values[i * all.stride + j];
            assert_int_equal(value, once.values[origins[i] * once.stride + origins[j]]);
            row += value;
            if (i < j) sum += value, squares += (double)value * value;
        }
        assert_true(all.row_sums[i] == row);
    }
    assert_true(all.sum == sum && all.sum_squares == squares && sum > 0);
    psh__target_free(&once);
    psh__target_free(&all);
    free(distances);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_repeats_the_most_isolated),
                                       cmocka_unit_test(test_twins_and_ties), cmocka_unit_test(test_none),
                                       cmocka_unit_test(test_a_target_is_repeated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
