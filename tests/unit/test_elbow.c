/* test_elbow.c : within-cluster sums of squares and their elbow, from codes and from distances. */
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
#include "cluster_oracle.h"
#include "persihash/cluster.h"

typedef struct fixture {
    size_t n_items, n_bytes;
    uint8_t *codes;           // (n_items, n_bytes)
    psh_distances *distances; /* uint16 */
    double *square;           // (n_items, n_items)
    double *linkage;          // (n_items - 1, 4)
} fixture;

/* mask: which bits of a byte may be set; few of them make ties and duplicates. */
static fixture make_fixture(size_t n_items, size_t n_bytes, uint8_t mask, psh_linkage method) {
    fixture f = {.n_items = n_items, .n_bytes = n_bytes, .codes = malloc(n_items * n_bytes)};
    f.square = malloc(n_items * n_items * sizeof(double)), f.linkage = malloc(4 * n_items * sizeof(double));
    psh__random rng;
    psh__random_init(&rng, n_items, 0);
    for (size_t i = 0; i < n_items * n_bytes; i++) f.codes[i] = psh__random_u64(&rng) & mask;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_U16, n_items, &f.distances, NULL), PSH_OK);
    assert_int_equal(psh_hamming_condensed_u16(f.codes, n_items, n_bytes, 1, psh_distances_data(f.distances), NULL),
                     PSH_OK);
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = 0; j < n_items; j++) f.square[i * n_items + j] = psh_distances_get(f.distances, i, j);
    assert_int_equal(psh_linkage_distances(f.distances, method, 1, NULL, f.linkage, NULL), PSH_OK);
    return f;
}

static void free_fixture(fixture *f) {
    psh_distances_free(f->distances);
    free(f->codes), free(f->square), free(f->linkage);
}

static void codes_and_distances_equal_naive_twin_for_every_k_max(void **state) {
    (void)state;
    for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++)
        for (size_t n_items = 2; n_items <= 60; n_items += n_items < 8 ? 1 : 13) {
            fixture f = make_fixture(n_items, 9, n_items % 2 ? 0x11 : 0xff, (psh_linkage)method);
            for (size_t k_max = 2; k_max <= n_items; k_max++) {
                double naive[64], from_codes[64], from_distances[64];
                size_t elbow_a, elbow_b;
                oracle_wcss(f.square, f.linkage, n_items, k_max, naive);
                assert_int_equal(
                    psh_cluster_elbow_codes(f.codes, n_items, 9, f.linkage, k_max, 1, from_codes, &elbow_a, NULL),
                    PSH_OK);
                assert_int_equal(
                    psh_cluster_elbow_distances(f.distances, f.linkage, k_max, 1, from_distances, &elbow_b, NULL),
                    PSH_OK);
                for (size_t k = 0; k < k_max; k++) assert_near(from_codes[k], naive[k], 1e-11 * (1 + naive[0]));
                assert_memory_equal(from_codes, from_distances, k_max * sizeof *naive); /* integers: exact sums */
                assert_int_equal(elbow_a, elbow_b);
            }
            free_fixture(&f);
        }
}

static void one_and_two_threads_give_the_same_bytes(void **state) {
    (void)state;
    enum { N_ITEMS = 400, K_MAX = 30 };
    fixture f = make_fixture(N_ITEMS, 8, 0xff, PSH_LINKAGE_AVERAGE);
    psh_distances *reals;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, N_ITEMS, &reals, NULL), PSH_OK);
    double *data = psh_distances_data(reals), wcss[4][K_MAX];
    for (size_t k = 0; k < N_ITEMS * (N_ITEMS - 1) / 2; k++) data[k] = sqrt((double)k);
    size_t k_elbow;
    for (int n_threads = 1; n_threads <= 2; n_threads++) {
        assert_int_equal(psh_cluster_elbow_codes(f.codes, N_ITEMS, 8, f.linkage, K_MAX, n_threads, wcss[n_threads - 1],
                                                 &k_elbow, NULL),
                         PSH_OK);
        assert_int_equal(
            psh_cluster_elbow_distances(reals, f.linkage, K_MAX, n_threads, wcss[n_threads + 1], &k_elbow, NULL),
            PSH_OK);
    }
    assert_memory_equal(wcss[0], wcss[1], sizeof wcss[0]);
    assert_memory_equal(wcss[2], wcss[3], sizeof wcss[2]);
    psh_distances_free(reals);
    free_fixture(&f);
}

/* Groups of equal codes far from each other: nothing is left inside the clusters from k = n_groups on. */
static void elbow_is_the_number_of_tight_groups(void **state) {
    (void)state;
    enum { N_ITEMS = 60, K_MAX = 12 };
    for (size_t n_groups = 2; n_groups <= 6; n_groups++) {
        uint8_t codes[N_ITEMS * 8] = {0};
        double linkage[4 * N_ITEMS], wcss[K_MAX];
        size_t k_elbow = 0;
        for (size_t i = 0; i < N_ITEMS; i++) codes[8 * i + i % n_groups] = 0xff, codes[8 * i + 7] = i % 3 == 0;
        assert_int_equal(psh_linkage_codes(codes, N_ITEMS, 8, 1, NULL, linkage, NULL), PSH_OK);
        assert_int_equal(psh_cluster_elbow_codes(codes, N_ITEMS, 8, linkage, K_MAX, 1, wcss, &k_elbow, NULL), PSH_OK);
        assert_int_equal(k_elbow, n_groups);
    }
}

static void flat_curve_has_its_elbow_at_one(void **state) {
    (void)state;
    uint8_t codes[8 * 8] = {0};
    double linkage[4 * 8], wcss[8];
    size_t k_elbow = 0;
    assert_int_equal(psh_linkage_codes(codes, 8, 8, 1, NULL, linkage, NULL), PSH_OK);
    assert_int_equal(psh_cluster_elbow_codes(codes, 8, 8, linkage, 8, 1, wcss, &k_elbow, NULL), PSH_OK);
    assert_int_equal(k_elbow, 1);
    for (size_t k = 0; k < 8; k++) assert_true(wcss[k] == 0);
}

static void bad_arguments_are_explained(void **state) {
    (void)state;
    fixture f = make_fixture(10, 8, 0xff, PSH_LINKAGE_SINGLE);
    double wcss[16];
    psh_error err;
    assert_int_equal(psh_cluster_elbow_codes(f.codes, 10, 8, f.linkage, 1, 1, wcss, NULL, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_cluster_elbow_codes(f.codes, 10, 8, f.linkage, 11, 1, wcss, NULL, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "k = 11; expected 2 to 10"));
    assert_int_equal(psh_cluster_elbow_codes(f.codes, 1, 8, f.linkage, 2, 1, wcss, NULL, &err), PSH_ERR_EMPTY);
    f.linkage[3] = 5;
    assert_int_equal(psh_cluster_elbow_distances(f.distances, f.linkage, 4, 1, wcss, NULL, &err), PSH_ERR_DATA);
    free_fixture(&f);
}

static void infinite_and_huge_distances_have_no_elbow(void **state) {
    (void)state;
    static const double bad[2] = {INFINITY, 1e200};
    for (int i = 0; i < 2; i++) {
        psh_distances *d;
        double linkage[8], wcss[3];
        psh_error err;
        assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, 3, &d, NULL), PSH_OK);
        ((double *)psh_distances_data(d))[2] = bad[i];
        assert_int_equal(psh_linkage_distances(d, PSH_LINKAGE_COMPLETE, 1, NULL, linkage, NULL), PSH_OK);
        assert_int_equal(psh_cluster_elbow_distances(d, linkage, 3, 1, wcss, NULL, &err), PSH_ERR_NOT_FINITE);
        psh_distances_free(d);
    }
}

static void each_failed_allocation_is_reported(void **state) {
    (void)state;
    fixture f = make_fixture(20, 8, 0xff, PSH_LINKAGE_SINGLE);
    double wcss[20];
    for (int from_codes = 0; from_codes < 2; from_codes++) {
        psh_status status = PSH_ERR_MEMORY;
        for (unsigned long n = 1; status != PSH_OK; n++) {
            psh__alloc_fail_at(n);
            status = from_codes ? psh_cluster_elbow_codes(f.codes, 20, 8, f.linkage, 5, 1, wcss, NULL, NULL)
                                : psh_cluster_elbow_distances(f.distances, f.linkage, 5, 1, wcss, NULL, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            assert_true(n < 300);
        }
    }
    free_fixture(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_and_distances_equal_naive_twin_for_every_k_max),
        cmocka_unit_test(one_and_two_threads_give_the_same_bytes),
        cmocka_unit_test(elbow_is_the_number_of_tight_groups),
        cmocka_unit_test(flat_curve_has_its_elbow_at_one),
        cmocka_unit_test(bad_arguments_are_explained),
        cmocka_unit_test(infinite_and_huge_distances_have_no_elbow),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
