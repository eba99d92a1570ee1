/* test_linkage_distances.c : single, average and complete linkage from all pairs. */
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
#include "cluster/rows.h"
#include "cluster_oracle.h"
#include "persihash/cluster.h"

static void store(psh_distances *distances, size_t k, double value) {
    void *data = psh_distances_data(distances);
    switch (psh_distances_dtype(distances)) {
    case PSH_DISTANCE_U8:
        ((uint8_t *)data)[k] = (uint8_t)value;
        return;
    case PSH_DISTANCE_U16:
        ((uint16_t *)data)[k] = (uint16_t)value;
        return;
    case PSH_DISTANCE_F32:
        ((float *)data)[k] = (float)value;
        return;
    case PSH_DISTANCE_F64:
        ((double *)data)[k] = value;
        return;
    }
}

/* Random distances, integers below `n_values` if that is not 0, and their square for the twin. */
static psh_distances *random_distances(psh_distance_dtype dtype, size_t n_items, uint64_t n_values, uint64_t seed,
                                       double *square) {
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    psh_distances *distances;
    assert_int_equal(psh_distances_create(dtype, n_items, &distances, NULL), PSH_OK);
    for (size_t k = 0; k < n_items * (n_items - 1) / 2; k++)
        store(distances, k, n_values ? (double)psh__random_below(&rng, n_values) : psh__random_unit(&rng));
    for (size_t i = 0; square && i < n_items; i++)
        for (size_t j = 0; j < n_items; j++) square[i * n_items + j] = psh_distances_get(distances, i, j);
    return distances;
}

static double *linkage_of(const psh_distances *distances, psh_linkage method, int n_threads) {
    double *linkage = malloc(4 * psh_distances_n_items(distances) * sizeof *linkage);
    psh_error err;
    assert_int_equal(psh_linkage_distances(distances, method, n_threads, NULL, linkage, &err), PSH_OK);
    return linkage;
}

static void single_equals_naive_twin_for_every_dtype_with_and_without_ties(void **state) {
    (void)state;
    for (int dtype = PSH_DISTANCE_U8; dtype <= PSH_DISTANCE_F64; dtype++)
        for (size_t n_items = 2; n_items <= 40; n_items += n_items < 12 ? 1 : 14)
            for (uint64_t n_values = 2; n_values <= 200; n_values += 99) {
                double *square = malloc(n_items * n_items * sizeof *square);
                double *naive = malloc(4 * n_items * sizeof *naive);
                psh_distances *d = random_distances((psh_distance_dtype)dtype, n_items, n_values, n_items, square);
                double *fast = linkage_of(d, PSH_LINKAGE_SINGLE, 1);
                oracle_linkage(square, n_items, PSH_LINKAGE_SINGLE, naive);
                assert_memory_equal(naive, fast, 4 * (n_items - 1) * sizeof *naive);
                psh_distances_free(d);
                free(square), free(naive), free(fast);
            }
}

static void average_and_complete_equal_naive_twin_without_ties(void **state) {
    (void)state;
    for (int method = PSH_LINKAGE_AVERAGE; method <= PSH_LINKAGE_COMPLETE; method++)
        for (int dtype = PSH_DISTANCE_F32; dtype <= PSH_DISTANCE_F64; dtype++)
            for (size_t n_items = 2; n_items <= 50; n_items += n_items < 12 ? 1 : 19) {
                double *square = malloc(n_items * n_items * sizeof *square);
                double *naive = malloc(4 * n_items * sizeof *naive);
                psh_distances *d = random_distances((psh_distance_dtype)dtype, n_items, 0, n_items, square);
                double *fast = linkage_of(d, (psh_linkage)method, 1);
                oracle_linkage(square, n_items, (psh_linkage)method, naive);
                for (size_t i = 0; i < 4 * (n_items - 1); i++) assert_near(fast[i], naive[i], 1e-12);
                psh_distances_free(d);
                free(square), free(naive), free(fast);
            }
}

/* With ties there are several right answers: each join must be one between two clusters nearest to each other. */
static void complete_linkage_with_ties_joins_nearest_clusters(void **state) {
    (void)state;
    enum { N_ITEMS = 60 };
    double square[N_ITEMS * N_ITEMS];
    psh_distances *d = random_distances(PSH_DISTANCE_U8, N_ITEMS, 5, 3, square);
    double *linkage = linkage_of(d, PSH_LINKAGE_COMPLETE, 1);
    int64_t before[N_ITEMS], after[N_ITEMS];
    for (size_t m = 0; m + 1 < N_ITEMS; m++) {
        double diameter = 0, least = INFINITY;
        oracle_cut(linkage, N_ITEMS, N_ITEMS - m, before);
        oracle_cut(linkage, N_ITEMS, N_ITEMS - m - 1, after);
        for (size_t i = 0; i < N_ITEMS; i++)
            for (size_t j = 0; j < N_ITEMS; j++) {
                if (before[i] == before[j]) continue;
                double most = 0; /* of the clusters of i and j */
                for (size_t a = 0; a < N_ITEMS; a++)
                    for (size_t b = 0; b < N_ITEMS; b++)
                        if (before[a] == before[i] && before[b] == before[j])
                            most = fmax(most, square[a * N_ITEMS + b]);
                least = fmin(least, most);
                if (after[i] == after[j]) diameter = fmax(diameter, square[i * N_ITEMS + j]);
            }
        assert_true(linkage[4 * m + 2] == least && diameter == least);
        if (m % 8) m += 6; /* the twin is slow: some rows are enough */
    }
    psh_distances_free(d);
    free(linkage);
}

static void integers_as_any_dtype_give_the_same_bytes(void **state) {
    (void)state;
    enum { N_ITEMS = 150 };
    for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++) {
        double *expected = NULL;
        for (int dtype = PSH_DISTANCE_U8; dtype <= PSH_DISTANCE_F64; dtype++) {
            psh_distances *d = random_distances((psh_distance_dtype)dtype, N_ITEMS, 20, 7, NULL);
            double *found = linkage_of(d, (psh_linkage)method, 1);
            if (expected) assert_memory_equal(expected, found, 4 * (N_ITEMS - 1) * sizeof *found);
            if (expected)
                free(found);
            else
                expected = found;
            psh_distances_free(d);
        }
        free(expected);
    }
}

static void codes_and_their_distances_give_the_same_bytes(void **state) {
    (void)state;
    enum { N_ITEMS = 500, N_BYTES = 4 };
    psh__random rng;
    psh__random_init(&rng, 8, 0);
    uint8_t codes[N_ITEMS * N_BYTES];
    for (size_t i = 0; i < sizeof codes; i++) codes[i] = psh__random_u64(&rng) & 0x33;
    psh_distances *d;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_U8, N_ITEMS, &d, NULL), PSH_OK);
    assert_int_equal(psh_hamming_condensed_u8(codes, N_ITEMS, N_BYTES, 1, psh_distances_data(d), NULL), PSH_OK);
    double *from_distances = linkage_of(d, PSH_LINKAGE_SINGLE, 1), from_codes[4 * N_ITEMS];
    assert_int_equal(psh_linkage_codes(codes, N_ITEMS, N_BYTES, 1, NULL, from_codes, NULL), PSH_OK);
    assert_memory_equal(from_codes, from_distances, 4 * (N_ITEMS - 1) * sizeof *from_codes);
    psh_distances_free(d);
    free(from_distances);
}

static void one_and_two_threads_give_the_same_bytes(void **state) {
    (void)state;
    enum { N_ITEMS = 300 };
    psh_distances *d = random_distances(PSH_DISTANCE_F64, N_ITEMS, 0, 7, NULL);
    for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++) {
        double *one = linkage_of(d, (psh_linkage)method, 1), *two = linkage_of(d, (psh_linkage)method, 2);
        assert_memory_equal(one, two, 4 * (N_ITEMS - 1) * sizeof *one);
        free(one), free(two);
    }
    psh_distances_free(d);
}

static void infinite_distances_join_last(void **state) {
    (void)state;
    psh_distances *d;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, 4, &d, NULL), PSH_OK);
    static const double values[6] = {1, INFINITY, INFINITY, INFINITY, INFINITY, 2}; /* 01 02 03 12 13 23 */
    memcpy(psh_distances_data(d), values, sizeof values);
    for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++) {
        static const double expected[12] = {0, 1, 1, 2, 2, 3, 2, 2, 4, 5, INFINITY, 4};
        double *linkage = linkage_of(d, (psh_linkage)method, 1);
        assert_memory_equal(linkage, expected, sizeof expected);
        free(linkage);
    }
    psh_distances_free(d);
}

static void all_infinite_distances_still_make_a_tree(void **state) {
    (void)state;
    psh_distances *d;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F32, 5, &d, NULL), PSH_OK);
    for (size_t k = 0; k < 10; k++) store(d, k, INFINITY);
    for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++) {
        int64_t labels[5];
        double *linkage = linkage_of(d, (psh_linkage)method, 1);
        assert_int_equal(psh_cluster_cut(linkage, 5, 2, labels, NULL), PSH_OK); /* it checks the tree */
        free(linkage);
    }
    psh_distances_free(d);
}

static void minus_zero_is_zero(void **state) {
    (void)state;
    psh_distances *d;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, 3, &d, NULL), PSH_OK);
    static const double values[3] = {1, -0.0, 0.5}, expected[8] = {0, 2, 0, 2, 1, 3, 0.5, 3};
    memcpy(psh_distances_data(d), values, sizeof values);
    double *linkage = linkage_of(d, PSH_LINKAGE_SINGLE, 1);
    assert_memory_equal(linkage, expected, sizeof expected);
    psh_distances_free(d);
    free(linkage);
}

static void bad_distances_are_named(void **state) {
    (void)state;
    psh_error err;
    double linkage[8];
    psh_distances *d;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, 3, &d, NULL), PSH_OK);
    for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++) {
        store(d, 1, NAN);
        assert_int_equal(psh_linkage_distances(d, (psh_linkage)method, 1, NULL, linkage, &err), PSH_ERR_NOT_FINITE);
        assert_non_null(strstr(err.text, "items 0 and 2 is nan"));
        store(d, 1, -3);
        assert_int_equal(psh_linkage_distances(d, (psh_linkage)method, 1, NULL, linkage, &err), PSH_ERR_DATA);
        assert_non_null(strstr(err.text, "is -3"));
    }
    assert_int_equal(psh_linkage_distances(d, (psh_linkage)7, 1, NULL, linkage, &err), PSH_ERR_PARAMETER);
    psh_distances_free(d);
}

static void fewer_than_two_items_are_refused(void **state) {
    (void)state;
    psh_distances *d;
    psh_error err;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, 1, &d, NULL), PSH_OK);
    for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++)
        assert_int_equal(psh_linkage_distances(d, (psh_linkage)method, 1, NULL, NULL, &err), PSH_ERR_EMPTY);
    psh_distances_free(d);
}

static void rows_of_every_dtype_are_what_get_says(void **state) {
    (void)state;
    enum { N_ITEMS = 9 };
    for (int dtype = PSH_DISTANCE_U8; dtype <= PSH_DISTANCE_F64; dtype++) {
        double square[N_ITEMS * N_ITEMS], row[N_ITEMS];
        psh_distances *d = random_distances((psh_distance_dtype)dtype, N_ITEMS, 99, 1, square);
        for (size_t i = 0; i < N_ITEMS; i++) {
            psh__full_row(d, i, row);
            assert_memory_equal(row, square + i * N_ITEMS, sizeof row);
        }
        psh_distances_free(d);
    }
}

static bool stop_at_once(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    (void)user;
    assert_string_equal(what, "linkage");
    assert_true(n_done <= n_total);
    return false;
}

static void caller_can_stop_it(void **state) {
    (void)state;
    psh_distances *d = random_distances(PSH_DISTANCE_F32, 50, 0, 1, NULL);
    psh_progress progress = {stop_at_once, NULL};
    double linkage[4 * 50];
    for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++)
        assert_int_equal(psh_linkage_distances(d, (psh_linkage)method, 1, &progress, linkage, NULL),
                         PSH_ERR_INTERRUPTED);
    psh_distances_free(d);
}

static void each_failed_allocation_is_reported(void **state) {
    (void)state;
    psh_distances *d = random_distances(PSH_DISTANCE_F32, 20, 0, 1, NULL);
    double linkage[4 * 20];
    for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++) {
        psh_status status = PSH_ERR_MEMORY;
        for (unsigned long n = 1; status != PSH_OK; n++) {
            psh__alloc_fail_at(n);
            status = psh_linkage_distances(d, (psh_linkage)method, 1, NULL, linkage, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            assert_true(n < 50);
        }
    }
    psh_distances_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_equals_naive_twin_for_every_dtype_with_and_without_ties),
        cmocka_unit_test(average_and_complete_equal_naive_twin_without_ties),
        cmocka_unit_test(complete_linkage_with_ties_joins_nearest_clusters),
        cmocka_unit_test(integers_as_any_dtype_give_the_same_bytes),
        cmocka_unit_test(codes_and_their_distances_give_the_same_bytes),
        cmocka_unit_test(one_and_two_threads_give_the_same_bytes),
        cmocka_unit_test(infinite_distances_join_last),
        cmocka_unit_test(all_infinite_distances_still_make_a_tree),
        cmocka_unit_test(minus_zero_is_zero),
        cmocka_unit_test(bad_distances_are_named),
        cmocka_unit_test(fewer_than_two_items_are_refused),
        cmocka_unit_test(rows_of_every_dtype_are_what_get_says),
        cmocka_unit_test(caller_can_stop_it),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
