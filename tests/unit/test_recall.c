/* test_recall.c : recall of the true nearest among the approximate ones. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assert_near.h"
#include "base/alloc.h"
#include "base/random.h"
#include "persihash/score.h"
#include "score_oracle.h"

/* Integers below n_values in any dtype, and the square of them. */
static psh_distances *random_distances(psh_distance_dtype dtype, size_t n_items, uint64_t n_values, uint64_t seed,
                                       double *square) {
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    psh_distances *distances;
    assert_int_equal(psh_distances_create(dtype, n_items, &distances, NULL), PSH_OK);
    void *data = psh_distances_data(distances);
    for (size_t k = 0; k < n_items * (n_items - 1) / 2; k++) {
        uint64_t value = psh__random_below(&rng, n_values);
        if (dtype == PSH_DISTANCE_U8) ((uint8_t *)data)[k] = (uint8_t)value;
        if (dtype == PSH_DISTANCE_U16) ((uint16_t *)data)[k] = (uint16_t)value;
        if (dtype == PSH_DISTANCE_F32) ((float *)data)[k] = (float)value;
        if (dtype == PSH_DISTANCE_F64) ((double *)data)[k] = (double)value;
    }
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = 0; j < n_items; j++) square[i * n_items + j] = psh_distances_get(distances, i, j);
    return distances;
}

static void without_ties_it_equals_the_naive_twin(void **state) {
    (void)state;
    enum { N_ITEMS = 25 };
    double truth[N_ITEMS * N_ITEMS], approx[N_ITEMS * N_ITEMS], recall;
    psh_distances *t = random_distances(PSH_DISTANCE_F64, N_ITEMS, UINT64_C(1) << 50, 1, truth);
    psh_distances *a = random_distances(PSH_DISTANCE_F64, N_ITEMS, UINT64_C(1) << 50, 2, approx);
    for (size_t k = 1; k < N_ITEMS; k += 3)
        for (size_t m = k; m < N_ITEMS; m += 5) {
            assert_int_equal(psh_score_recall(t, a, k, m, &recall, NULL), PSH_OK);
            assert_near(recall, oracle_recall(truth, approx, N_ITEMS, k, m, 1, 0), 1e-12);
        }
    psh_distances_free(t), psh_distances_free(a);
}

static void with_ties_it_is_the_mean_over_random_orders(void **state) {
    (void)state;
    enum { N_ITEMS = 12, N_DRAWS = 20000 };
    double truth[N_ITEMS * N_ITEMS], approx[N_ITEMS * N_ITEMS], recall;
    psh_distances *t = random_distances(PSH_DISTANCE_U16, N_ITEMS, 5, 1, truth);
    psh_distances *a = random_distances(PSH_DISTANCE_U8, N_ITEMS, 3, 2, approx);
    static const size_t cases[3][2] = {{1, 1}, {3, 3}, {2, 7}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(psh_score_recall(t, a, cases[i][0], cases[i][1], &recall, NULL), PSH_OK);
        assert_near(recall, oracle_recall(truth, approx, N_ITEMS, cases[i][0], cases[i][1], N_DRAWS, 9), 0.005);
    }
    psh_distances_free(t), psh_distances_free(a);
}

static void extremes_are_as_they_must_be(void **state) {
    (void)state;
    enum { N_ITEMS = 30 };
    double square[N_ITEMS * N_ITEMS], recall;
    psh_distances *t = random_distances(PSH_DISTANCE_F32, N_ITEMS, 1 << 24, 1, square);
    psh_distances *constant = random_distances(PSH_DISTANCE_U8, N_ITEMS, 1, 1, square);
    assert_int_equal(psh_score_recall(t, t, 5, 5, &recall, NULL), PSH_OK);
    assert_true(recall == 1);
    assert_int_equal(psh_score_recall(t, constant, 5, N_ITEMS - 1, &recall, NULL), PSH_OK);
    assert_true(recall == 1); /* all others are among all others */
    assert_int_equal(psh_score_recall(t, constant, 5, 10, &recall, NULL), PSH_OK);
    assert_near(recall, 10.0 / (N_ITEMS - 1), 1e-12); /* a constant approximation draws at random */
    psh_distances_free(t), psh_distances_free(constant);
}

static void infinite_distances_are_far(void **state) {
    (void)state;
    psh_distances *d;
    double recall;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, 4, &d, NULL), PSH_OK);
    for (int k = 0; k < 6; k++) ((double *)psh_distances_data(d))[k] = k % 2 ? 1 + k : INFINITY;
    assert_int_equal(psh_score_recall(d, d, 2, 3, &recall, NULL), PSH_OK);
    assert_true(recall == 1);
    psh_distances_free(d);
}

static void bad_arguments_are_explained(void **state) {
    (void)state;
    double square[25], recall;
    psh_error err;
    psh_distances *four = random_distances(PSH_DISTANCE_F64, 4, 9, 1, square);
    psh_distances *five = random_distances(PSH_DISTANCE_F64, 5, 9, 1, square);
    assert_int_equal(psh_score_recall(four, five, 1, 1, &recall, &err), PSH_ERR_SHAPE);
    assert_non_null(strstr(err.text, "4 items and approx has 5"));
    assert_int_equal(psh_score_recall(five, five, 0, 1, &recall, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_score_recall(five, five, 3, 2, &recall, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_score_recall(five, five, 3, 5, &recall, &err), PSH_ERR_PARAMETER);
    ((double *)psh_distances_data(five))[7] = NAN;
    assert_int_equal(psh_score_recall(five, five, 1, 2, &recall, &err), PSH_ERR_NOT_FINITE);
    psh_distances_free(four), psh_distances_free(five);
}

static void each_failed_allocation_is_reported(void **state) {
    (void)state;
    double square[25], recall;
    psh_distances *five = random_distances(PSH_DISTANCE_F64, 5, 9, 1, square);
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh__alloc_fail_at(n);
        status = psh_score_recall(five, five, 1, 2, &recall, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        assert_true(n < 10);
    }
    psh_distances_free(five);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_ties_it_equals_the_naive_twin),
        cmocka_unit_test(with_ties_it_is_the_mean_over_random_orders),
        cmocka_unit_test(extremes_are_as_they_must_be),
        cmocka_unit_test(infinite_distances_are_far),
        cmocka_unit_test(bad_arguments_are_explained),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
