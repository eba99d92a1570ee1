/* test_linkage_codes.c : single linkage straight from codes, its rows, and cutting them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "cluster/codes_kernels.h"
#include "cluster/linkage.h"
#include "cluster_oracle.h"
#include "hamming_oracle.h"

/* Codes of which only the lowest n_free_bits of each byte differ: few of them make many ties and duplicates. */
static uint8_t *random_codes(size_t n_items, size_t n_bytes, int n_free_bits, uint64_t seed) {
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    uint8_t *codes = malloc(n_items * n_bytes + 1);
    for (size_t i = 0; i < n_items * n_bytes; i++)
        codes[i] = (uint8_t)(psh__random_below(&rng, 256) & ((1u << n_free_bits) - 1));
    return codes;
}

static double *square_distances(const uint8_t *codes, size_t n_items, size_t n_bytes) {
    double *distances = malloc(n_items * n_items * sizeof *distances);
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = 0; j < n_items; j++)
            distances[i * n_items + j] = oracle_hamming(codes + i * n_bytes, codes + j * n_bytes, n_bytes);
    return distances;
}

static double *linkage_of(const uint8_t *codes, size_t n_items, size_t n_bytes, int n_threads) {
    double *linkage = malloc(4 * n_items * sizeof *linkage);
    psh_error err;
    assert_int_equal(psh_linkage_codes(codes, n_items, n_bytes, n_threads, NULL, linkage, &err), PSH_OK);
    return linkage;
}

static void equals_naive_twin_at_every_width_and_count(void **state) {
    (void)state;
    static const size_t widths[] = {1, 3, 7, 8, 9, 16, 31, 32, 64, 127, 128};
    for (size_t i_width = 0; i_width < sizeof widths / sizeof *widths; i_width++)
        for (size_t n_items = 2; n_items < 40; n_items += n_items < 20 ? 1 : 7)
            for (int n_free_bits = 1; n_free_bits <= 8; n_free_bits += 7) {
                size_t n_bytes = widths[i_width];
                uint8_t *codes = random_codes(n_items, n_bytes, n_free_bits, n_items);
                double *distances = square_distances(codes, n_items, n_bytes);
                double *naive = malloc(4 * n_items * sizeof *naive), *fast = linkage_of(codes, n_items, n_bytes, 1);
                oracle_linkage(distances, n_items, PSH_LINKAGE_SINGLE, naive);
                assert_memory_equal(naive, fast, 4 * (n_items - 1) * sizeof *naive);
                free(codes), free(distances), free(naive), free(fast);
            }
}

static void simd_levels_agree(void **state) {
    (void)state;
    enum { N_ITEMS = 777, N_BYTES = 20 };
    uint8_t *codes = random_codes(N_ITEMS, N_BYTES, 2, 5);
    setenv("PSH_SIMD", "scalar", 1);
    double *expected = linkage_of(codes, N_ITEMS, N_BYTES, 1);
    static const char *const levels[] = {"neon", "avx2", "avx512"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        setenv("PSH_SIMD", levels[i], 1);
        double *found = linkage_of(codes, N_ITEMS, N_BYTES, 1);
        assert_memory_equal(expected, found, 4 * (N_ITEMS - 1) * sizeof *expected);
        free(found);
    }
    unsetenv("PSH_SIMD");
    free(codes), free(expected);
}

/* The kernels themselves, over every begin and end inside three registers. */
static void kernels_equal_scalar_at_every_range(void **state) {
    (void)state;
    enum { N_ITEMS = 29 };
    const psh__codes_kernels *kernels = psh__codes_kernels_get(), *scalar = &psh__codes_kernels_scalar;
    for (size_t n_bytes = 1; n_bytes <= 24; n_bytes += 7)
        for (size_t begin = 0; begin < N_ITEMS; begin++)
            for (size_t end = begin; end <= N_ITEMS; end++) {
                uint8_t *codes = random_codes(N_ITEMS, n_bytes, 8, begin * 64 + end);
                uint64_t keys_a[32], keys_b[32], query[PSH__CODE_MAX_WORDS];
                uint32_t items[32];
                psh__planes planes = {0};
                assert_int_equal(psh__planes_create(N_ITEMS, n_bytes, &planes, NULL), PSH_OK);
                psh__planes_fill(&planes, codes, N_ITEMS, n_bytes, NULL);
                psh__planes_copy_code(&planes, 11, query);
                for (uint32_t slot = 0; slot < 32; slot++) {
                    items[slot] = slot;
                    keys_a[slot] = keys_b[slot] = slot % 3 ? PSH__EDGE_NONE : psh__edge_key(4 * n_bytes, slot, 40);
                }
                psh__fringe a = {planes, keys_a, items}, b = {planes, keys_b, items};
                assert_true(kernels->join(&a, query, 35, begin, end) == scalar->join(&b, query, 35, begin, end));
                assert_memory_equal(keys_a, keys_b, sizeof keys_a);
                assert_true(kernels->least(keys_a, begin, end) == scalar->least(keys_b, begin, end));
                assert_true(kernels->sum_squares(&planes, query, begin, end) ==
                            scalar->sum_squares(&planes, query, begin, end));
                psh__planes_free(&planes);
                free(codes);
            }
}

/* The number of threads chooses that of the parts: 1, 4, 6 and 10 here; duplicates and ties everywhere. */
static void any_number_of_threads_and_parts_gives_the_same_bytes(void **state) {
    (void)state;
    enum { N_ITEMS = 10240, N_BYTES = 2 };
    uint8_t *codes = random_codes(N_ITEMS, N_BYTES, 7, 9);
    double *one = linkage_of(codes, N_ITEMS, N_BYTES, 1);
    for (int n_threads = 2; n_threads <= 5; n_threads += n_threads == 3 ? 2 : 1) {
        double *many = linkage_of(codes, N_ITEMS, N_BYTES, n_threads);
        assert_memory_equal(one, many, 4 * (N_ITEMS - 1) * sizeof *one);
        free(many);
    }
    free(codes), free(one);
}

static void the_same_mask_on_all_codes_changes_nothing(void **state) {
    (void)state;
    enum { N_ITEMS = 200, N_BYTES = 12 };
    uint8_t *codes = random_codes(N_ITEMS, N_BYTES, 3, 2);
    double *before = linkage_of(codes, N_ITEMS, N_BYTES, 1);
    for (size_t i = 0; i < N_ITEMS * N_BYTES; i++) codes[i] ^= (uint8_t)(0x5b + 31 * (i % N_BYTES));
    double *after = linkage_of(codes, N_ITEMS, N_BYTES, 1);
    assert_memory_equal(before, after, 4 * (N_ITEMS - 1) * sizeof *before);
    free(codes), free(before), free(after);
}

static void all_equal_codes_join_in_item_order(void **state) {
    (void)state;
    enum { N_ITEMS = 100 };
    uint8_t codes[N_ITEMS * 8];
    memset(codes, 0x5a, sizeof codes);
    double *linkage = linkage_of(codes, N_ITEMS, 8, 1);
    for (size_t m = 0; m < N_ITEMS - 1; m++) {
        double expected[4] = {m ? (double)m + 1 : 0, m ? (double)(N_ITEMS + m - 1) : 1, 0, (double)m + 2};
        assert_memory_equal(linkage + 4 * m, expected, sizeof expected);
    }
    free(linkage);
}

static void largest_distance_fits(void **state) {
    (void)state;
    uint8_t codes[2 * 128];
    memset(codes, 0, 128), memset(codes + 128, 255, 128);
    double *linkage = linkage_of(codes, 2, 128, 1), expected[4] = {0, 1, 1024, 2};
    assert_memory_equal(linkage, expected, sizeof expected);
    free(linkage);
}

static void fewer_than_two_items_are_refused(void **state) {
    (void)state;
    uint8_t code[8] = {0};
    double linkage[4];
    psh_error err;
    for (size_t n_items = 0; n_items < 2; n_items++) {
        assert_int_equal(psh_linkage_codes(code, n_items, 8, 1, NULL, linkage, &err), PSH_ERR_EMPTY);
        assert_non_null(strstr(err.text, "at least 2"));
    }
}

static void each_failed_allocation_is_reported(void **state) {
    (void)state;
    enum { N_ITEMS = 50 };
    uint8_t *codes = random_codes(N_ITEMS, 8, 8, 1);
    double linkage[4 * N_ITEMS];
    int64_t labels[N_ITEMS];
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh__alloc_fail_at(n);
        status = psh_linkage_codes(codes, N_ITEMS, 8, 1, NULL, linkage, NULL);
        if (status == PSH_OK) status = psh_cluster_cut(linkage, N_ITEMS, 3, labels, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        assert_true(n < 100);
    }
    free(codes);
}

static bool stop_at_half(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    *(uint64_t *)user += 1;
    assert_string_equal(what, "linkage");
    assert_true(n_done <= n_total);
    return n_done < n_total / 2;
}

static void caller_can_stop_it(void **state) {
    (void)state;
    enum { N_ITEMS = 3000 };
    uint8_t *codes = random_codes(N_ITEMS, 8, 8, 1);
    double *linkage = malloc(4 * N_ITEMS * sizeof *linkage);
    uint64_t n_reports = 0;
    psh_progress progress = {stop_at_half, &n_reports};
    assert_int_equal(psh_linkage_codes(codes, N_ITEMS, 8, 1, &progress, linkage, NULL), PSH_ERR_INTERRUPTED);
    assert_true(n_reports > 1 && n_reports < 12);
    free(codes), free(linkage);
}

/* --- cut --------------------------------------------------------------------------------------------------------- */

static void cut_equals_naive_twin_for_every_k(void **state) {
    (void)state;
    enum { N_ITEMS = 60 };
    uint8_t *codes = random_codes(N_ITEMS, 3, 3, 17);
    double *linkage = linkage_of(codes, N_ITEMS, 3, 1);
    for (size_t k = 1; k <= N_ITEMS; k++) {
        int64_t fast[N_ITEMS], naive[N_ITEMS];
        assert_int_equal(psh_cluster_cut(linkage, N_ITEMS, k, fast, NULL), PSH_OK);
        oracle_cut(linkage, N_ITEMS, k, naive);
        assert_memory_equal(fast, naive, sizeof fast);
    }
    free(codes), free(linkage);
}

static void cut_of_one_item_is_one_cluster(void **state) {
    (void)state;
    int64_t label = 7;
    assert_int_equal(psh_cluster_cut(NULL, 1, 1, &label, NULL), PSH_OK);
    assert_int_equal(label, 0);
}

static void cut_refuses_impossible_k(void **state) {
    (void)state;
    double linkage[4] = {0, 1, 2, 2};
    int64_t labels[2];
    psh_error err;
    assert_int_equal(psh_cluster_cut(linkage, 2, 0, labels, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_cluster_cut(linkage, 2, 3, labels, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "cut into 3 clusters; expected 1 to 2"));
    assert_int_equal(psh_cluster_cut(linkage, 0, 1, labels, &err), PSH_ERR_EMPTY);
}

static void damaged_linkage_is_refused(void **state) {
    (void)state;
    static const double good[12] = {0, 1, 1, 2, 2, 3, 1, 2, 4, 5, 2, 4};
    static const struct {
        size_t element;
        double value;
    } damages[] = {{0, -1},
                   {0, 1},
                   {0, 0.5},
                   {0, (double)NAN},
                   {0, 1e300},
                   {1, 4},
                   {4, 1},
                   {5, 6},
                   {8, 3},
                   {3, 3},
                   {7, 1},
                   {11, 5},
                   {2, -1},
                   {6, 0.5},
                   {10, (double)NAN},
                   {2, 3},
                   {9, 6},
                   {1, 0},
                   {8, (double)INFINITY}};
    int64_t labels[4];
    psh_error err;
    assert_int_equal(psh_cluster_cut(good, 4, 2, labels, &err), PSH_OK);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        double bad[12];
        memcpy(bad, good, sizeof bad);
        bad[damages[i].element] = damages[i].value;
        assert_int_equal(psh_cluster_cut(bad, 4, 2, labels, &err), PSH_ERR_DATA);
        assert_non_null(strstr(err.text, "linkage row"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_naive_twin_at_every_width_and_count),
        cmocka_unit_test(simd_levels_agree),
        cmocka_unit_test(kernels_equal_scalar_at_every_range),
        cmocka_unit_test(any_number_of_threads_and_parts_gives_the_same_bytes),
        cmocka_unit_test(the_same_mask_on_all_codes_changes_nothing),
        cmocka_unit_test(all_equal_codes_join_in_item_order),
        cmocka_unit_test(largest_distance_fits),
        cmocka_unit_test(fewer_than_two_items_are_refused),
        cmocka_unit_test(each_failed_allocation_is_reported),
        cmocka_unit_test(caller_can_stop_it),
        cmocka_unit_test(cut_equals_naive_twin_for_every_k),
        cmocka_unit_test(cut_of_one_item_is_one_cluster),
        cmocka_unit_test(cut_refuses_impossible_k),
        cmocka_unit_test(damaged_linkage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
