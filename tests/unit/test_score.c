/* test_score.c : agreement of partitions and of distances. */
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
#include "score/sort.h"
#include "score_oracle.h"

typedef psh_status (*partition_score)(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err);

static double score(partition_score function, const int64_t *a, const int64_t *b, size_t n_items) {
    double value = NAN;
    assert_int_equal(function(a, b, n_items, &value, NULL), PSH_OK);
    return value;
}

static void random_labels(psh__random *rng, size_t n_items, size_t n_clusters, int64_t *labels) {
    for (size_t i = 0; i < n_items; i++) labels[i] = (int64_t)psh__random_below(rng, n_clusters) - 3;
}

static void partitions_equal_naive_twins(void **state) {
    (void)state;
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (size_t n_items = 1; n_items <= 7; n_items++)
        for (int i_draw = 0; i_draw < 12; i_draw++) {
            int64_t a[8], b[8];
            random_labels(&rng, n_items, 1 + psh__random_below(&rng, n_items), a);
            random_labels(&rng, n_items, 1 + psh__random_below(&rng, n_items), b);
            assert_near(score(psh_score_fms, a, b, n_items), oracle_fms(a, b, n_items), 1e-14);
            assert_near(score(psh_score_ari, a, b, n_items), oracle_ari(a, b, n_items), 1e-14);
            assert_near(score(psh_score_ami, a, b, n_items), oracle_ami(a, b, n_items), 1e-12);
        }
}

static void larger_partitions_equal_naive_twins(void **state) {
    (void)state;
    enum { N_ITEMS = 500 };
    psh__random rng;
    psh__random_init(&rng, 2, 0);
    int64_t a[N_ITEMS], b[N_ITEMS];
    random_labels(&rng, N_ITEMS, 7, a);
    for (size_t i = 0; i < N_ITEMS; i++)
        b[i] = psh__random_below(&rng, 4) ? a[i] : (int64_t)psh__random_below(&rng, 30);
    assert_near(score(psh_score_fms, a, b, N_ITEMS), oracle_fms(a, b, N_ITEMS), 1e-14);
    assert_near(score(psh_score_ari, a, b, N_ITEMS), oracle_ari(a, b, N_ITEMS), 1e-14);
}

static void trivial_partitions_follow_scikit_learn(void **state) {
    (void)state;
    enum { N_ITEMS = 10 };
    int64_t one[N_ITEMS] = {0}, each[N_ITEMS];
    for (int i = 0; i < N_ITEMS; i++) each[i] = i;
    /*                                       FMS  ARI  AMI */
    static const double expected[4][3] = {{1, 1, 1},  /* one cluster, one cluster */
                                          {0, 0, 0},  /* one cluster, singletons */
                                          {0, 0, 0},  /* singletons, one cluster */
                                          {0, 1, 1}}; /* singletons, singletons */
    const int64_t *partitions[2] = {one, each};
    for (int i = 0; i < 4; i++) {
        const int64_t *a = partitions[i / 2], *b = partitions[i % 2];
        assert_true(score(psh_score_fms, a, b, N_ITEMS) == expected[i][0]);
        assert_true(score(psh_score_ari, a, b, N_ITEMS) == expected[i][1]);
        assert_true(score(psh_score_ami, a, b, N_ITEMS) == expected[i][2]);
    }
    assert_true(score(psh_score_fms, one, one, 1) == 0);
    assert_true(score(psh_score_ari, one, one, 1) == 1);
    assert_true(score(psh_score_ami, one, one, 1) == 1);
}

static void names_of_clusters_do_not_matter(void **state) {
    (void)state;
    int64_t a[6] = {0, 0, 1, 1, 2, 2}, b[6] = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN, -5, -5};
    assert_true(score(psh_score_fms, a, b, 6) == 1);
    assert_true(score(psh_score_ari, a, b, 6) == 1);
    assert_true(score(psh_score_ami, a, b, 6) == 1);
}

static void many_items_do_not_overflow(void **state) {
    (void)state;
    size_t n_items = 400000;
    int64_t *a = malloc(n_items * sizeof *a), *b = malloc(n_items * sizeof *b);
    for (size_t i = 0; i < n_items; i++) a[i] = (int64_t)(i % 2), b[i] = (int64_t)(i / 2 % 2);
    assert_near(score(psh_score_ari, a, b, n_items), -1.0 / ((double)n_items - 2) * 0.5 * 2, 1e-8);
    assert_near(score(psh_score_fms, a, b, n_items), 0.5, 1e-5);
    assert_near(score(psh_score_ami, a, b, n_items), 0, 1e-5);
    free(a), free(b);
}

static void no_items_are_refused(void **state) {
    (void)state;
    double value;
    psh_error err;
    assert_int_equal(psh_score_fms(NULL, NULL, 0, &value, &err), PSH_ERR_EMPTY);
    assert_int_equal(psh_score_ari(NULL, NULL, 0, &value, &err), PSH_ERR_EMPTY);
    assert_int_equal(psh_score_ami(NULL, NULL, 0, &value, &err), PSH_ERR_EMPTY);
}

/* --- correlation -------------------------------------------------------------------------------------------------- */

/* kind 0: uniform; 1: few small integers; 2: floats with ties and both signs; 3: huge; 4: tiny */
static void random_values(psh__random *rng, size_t n_values, int kind, double *values) {
    for (size_t i = 0; i < n_values; i++) {
        double unit = psh__random_unit(rng);
        values[i] = kind == 0   ? unit
                    : kind == 1 ? floor(10 * unit)
                    : kind == 2 ? floor(10 * unit) * 0.25 - 1
                    : kind == 3 ? unit * 1.5e308
                                : unit * 1e-300;
    }
}

static void correlations_equal_naive_twins(void **state) {
    (void)state;
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    for (int kind_x = 0; kind_x < 5; kind_x++)
        for (int kind_y = 0; kind_y < 5; kind_y++)
            for (size_t n_values = 20; n_values < 3000; n_values *= 11) {
                double *x = malloc(n_values * sizeof *x), *y = malloc(n_values * sizeof *y), r, rank_r;
                random_values(&rng, n_values, kind_x, x);
                random_values(&rng, n_values, kind_y, y);
                y[3] = x[3] = 0;
                assert_int_equal(psh_score_pearson(x, y, n_values, &r, NULL), PSH_OK);
                assert_int_equal(psh_score_spearman(x, y, n_values, &rank_r, NULL), PSH_OK);
                assert_near(r, oracle_pearson(x, y, n_values), 1e-14);
                assert_near(rank_r, oracle_spearman(x, y, n_values), 1e-14);
                free(x), free(y);
            }
}

static void correlation_is_one_of_a_line_and_minus_one_of_a_falling_one(void **state) {
    (void)state;
    double x[5] = {1, 2, 3, 4, 7}, rising[5], falling[5], curve[5], r;
    for (int i = 0; i < 5; i++) rising[i] = 3 * x[i] - 2, falling[i] = -x[i], curve[i] = exp(x[i]);
    assert_int_equal(psh_score_pearson(x, rising, 5, &r, NULL), PSH_OK);
    assert_near(r, 1, 3e-16);
    assert_int_equal(psh_score_spearman(x, falling, 5, &r, NULL), PSH_OK);
    assert_true(r == -1);
    assert_int_equal(psh_score_spearman(x, curve, 5, &r, NULL), PSH_OK);
    assert_true(r == 1);
}

static void minus_zero_ties_with_zero(void **state) {
    (void)state;
    double x[4] = {-0.0, 0.0, 0.5, -0.5}, y[4] = {0.0, 0.0, 0.5, -0.5}, r;
    assert_int_equal(psh_score_spearman(x, y, 4, &r, NULL), PSH_OK);
    assert_true(r == 1);
}

static void bad_values_are_named(void **state) {
    (void)state;
    double good[3] = {1, 2, 3}, constant[3] = {2, 2, 2}, nan[3] = {1, NAN, 3}, inf[3] = {1, 2, INFINITY}, r;
    psh_error err;
    assert_int_equal(psh_score_pearson(good, constant, 3, &r, &err), PSH_ERR_DATA);
    assert_non_null(strstr(err.text, "all 3 values of y are 2"));
    assert_int_equal(psh_score_spearman(constant, good, 3, &r, &err), PSH_ERR_DATA);
    assert_int_equal(psh_score_pearson(nan, good, 3, &r, &err), PSH_ERR_NOT_FINITE);
    assert_non_null(strstr(err.text, "x[1]"));
    assert_int_equal(psh_score_spearman(good, inf, 3, &r, &err), PSH_ERR_NOT_FINITE);
    assert_int_equal(psh_score_spearman(good, good, 1, &r, &err), PSH_ERR_EMPTY);
    assert_int_equal(psh_score_pearson(good, good, 0, &r, &err), PSH_ERR_EMPTY);
}

/* The near pairs picked by counting, for each, how many are below it. */
static double near_twin(const double *truth, const double *approx, size_t n_values, double share) {
    double *x = malloc(n_values * sizeof *x), *y = malloc(n_values * sizeof *y);
    size_t n_near = (size_t)fmax(2, ceil(share * (double)n_values)), n_kept = 0;
    for (size_t i = 0; i < n_values; i++) {
        size_t n_below = 0;
        for (size_t j = 0; j < n_values; j++) n_below += truth[j] < truth[i];
        if (n_below < n_near) x[n_kept] = truth[i], y[n_kept++] = approx[i];
    }
    double r = oracle_spearman(x, y, n_kept);
    free(x), free(y);
    return r;
}

static void spearman_of_near_pairs_equals_its_naive_twin(void **state) {
    (void)state;
    static const double shares[] = {0.004, 0.05, 0.5, 1};
    psh__random rng;
    psh__random_init(&rng, 5, 0);
    for (int kind_x = 0; kind_x < 5; kind_x++)
        for (int kind_y = 0; kind_y < 3; kind_y++)
            for (size_t i = 0; i < 4; i++) {
                double x[300], y[300], r;
                random_values(&rng, 300, kind_x, x);
                random_values(&rng, 300, kind_y, y);
                y[0] = 0, y[1] = 1, x[0] = x[1] = -7; /* so that even two near pairs differ in approx ... */
                x[2] = -6.5, y[2] = 2;                /* ... and three in truth */
                if (shares[i] * 300 < 2) x[1] = -6.9;
                assert_int_equal(psh_score_spearman_near(x, y, 300, shares[i], &r, NULL), PSH_OK);
                assert_near(r, near_twin(x, y, 300, shares[i]), 1e-14);
                assert_true(shares[i] < 0.01 ? r == 1 : r < 1);
            }
}

static void near_pairs_are_near_by_the_truth_and_ties_are_all_in(void **state) {
    (void)state;
    /*             near: three tied ones and two below | far: approx is the other way round there */
    double truth[8] = {1, 2, 3, 3, 3, 10, 20, 30}, approx[8] = {1, 2, 3, 4, 5, 0.3, 0.2, 0.1}, all, near, tied;
    assert_int_equal(psh_score_spearman(truth, approx, 8, &all, NULL), PSH_OK);
    assert_true(all < 0);
    assert_int_equal(psh_score_spearman_near(truth, approx, 8, 0.25, &near, NULL), PSH_OK);
    assert_true(near == 1);
    assert_int_equal(psh_score_spearman_near(truth, approx, 8, 0.375, &tied, NULL), PSH_OK);
    assert_near(tied, oracle_spearman(truth, approx, 5), 1e-15);
    assert_int_equal(psh_score_spearman_near(truth, approx, 8, 1, &near, NULL), PSH_OK);
    assert_true(near == all);
}

static void near_pairs_that_are_all_equal_have_no_correlation(void **state) {
    (void)state;
    double truth[6] = {0, 0, 0, 0, 1, 2}, approx[6] = {1, 2, 3, 4, 5, 6}, nan[6] = {0, 1, NAN, 3, 4, 5}, r;
    psh_error err;
    assert_int_equal(psh_score_spearman_near(truth, approx, 6, 0.5, &r, &err), PSH_ERR_DATA);
    assert_int_equal(psh_score_spearman_near(truth, approx, 6, 0.9, &r, &err), PSH_OK);
    assert_int_equal(psh_score_spearman_near(truth, approx, 6, 0, &r, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_score_spearman_near(truth, approx, 6, 1.01, &r, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_score_spearman_near(truth, approx, 6, NAN, &r, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_score_spearman_near(truth, approx, 1, 0.5, &r, &err), PSH_ERR_EMPTY);
    assert_int_equal(psh_score_spearman_near(nan, approx, 6, 0.5, &r, &err), PSH_ERR_NOT_FINITE);
    assert_non_null(strstr(err.text, "truth[2]"));
    assert_int_equal(psh_score_spearman_near(approx, nan, 6, 1, &r, &err), PSH_ERR_NOT_FINITE);
}

static void sort_is_stable_for_every_digit(void **state) {
    (void)state;
    enum { N_ITEMS = 3000 };
    psh__random rng;
    psh__random_init(&rng, 4, 0);
    for (int n_bits = 0; n_bits <= 64; n_bits += 8) {
        uint64_t keys[N_ITEMS], original[N_ITEMS];
        uint32_t items[N_ITEMS];
        for (uint32_t i = 0; i < N_ITEMS; i++) {
            keys[i] = n_bits ? psh__random_u64(&rng) >> (64 - n_bits) << (i % 2 ? 64 - n_bits : 0) : 7;
            original[i] = keys[i], items[i] = i;
        }
        assert_int_equal(psh__sort_pairs(keys, items, N_ITEMS, NULL), PSH_OK);
        for (size_t i = 0; i < N_ITEMS; i++) {
            assert_true(original[items[i]] == keys[i]);
            if (i > 0) assert_true(keys[i - 1] < keys[i] || (keys[i - 1] == keys[i] && items[i - 1] < items[i]));
        }
    }
}

static void keys_have_the_order_of_their_numbers(void **state) {
    (void)state;
    static const double values[] = {-INFINITY, -1e300, -1, -1e-310, 0, 1e-310, 1, 1e300, INFINITY};
    for (size_t i = 1; i < sizeof values / sizeof *values; i++)
        assert_true(psh__sort_key_f64(values[i - 1]) < psh__sort_key_f64(values[i]));
    assert_true(psh__sort_key_f64(-0.0) == psh__sort_key_f64(0.0));
    assert_true(psh__sort_key_i64(INT64_MIN) < psh__sort_key_i64(-1) && psh__sort_key_i64(-1) < psh__sort_key_i64(0));
}

static void each_failed_allocation_is_reported(void **state) {
    (void)state;
    int64_t a[6] = {0, 0, 1, 1, 2, 2}, b[6] = {0, 1, 1, 1, 2, 0};
    double x[4] = {0.5, 1, 2, 3}, y[4] = {1, 2, 4, 3}, value;
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh__alloc_fail_at(n);
        status = psh_score_fms(a, b, 6, &value, NULL);
        if (status == PSH_OK) status = psh_score_ari(a, b, 6, &value, NULL);
        if (status == PSH_OK) status = psh_score_ami(a, b, 6, &value, NULL);
        if (status == PSH_OK) status = psh_score_spearman(x, y, 4, &value, NULL);
        if (status == PSH_OK) status = psh_score_spearman_near(x, y, 4, 0.5, &value, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        assert_true(n < 200);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partitions_equal_naive_twins),
        cmocka_unit_test(larger_partitions_equal_naive_twins),
        cmocka_unit_test(trivial_partitions_follow_scikit_learn),
        cmocka_unit_test(names_of_clusters_do_not_matter),
        cmocka_unit_test(many_items_do_not_overflow),
        cmocka_unit_test(no_items_are_refused),
        cmocka_unit_test(correlations_equal_naive_twins),
        cmocka_unit_test(correlation_is_one_of_a_line_and_minus_one_of_a_falling_one),
        cmocka_unit_test(minus_zero_ties_with_zero),
        cmocka_unit_test(bad_values_are_named),
        cmocka_unit_test(spearman_of_near_pairs_equals_its_naive_twin),
        cmocka_unit_test(near_pairs_are_near_by_the_truth_and_ties_are_all_in),
        cmocka_unit_test(near_pairs_that_are_all_equal_have_no_correlation),
        cmocka_unit_test(sort_is_stable_for_every_digit),
        cmocka_unit_test(keys_have_the_order_of_their_numbers),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
