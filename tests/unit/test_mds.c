/* test_mds.c : classical and landmark maps, and the eigenproblem under them. */
#define _GNU_SOURCE /* memmem() */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "assert_near.h"
#include "base/alloc.h"
#include "base/array.h"
#include "base/random.h"
#include "cluster/eigen.h"
#include "persihash/cluster.h"

/* Random points in n_axes dimensions and their Euclidean distances. */
static psh_distances *random_points(size_t n_items, size_t n_axes, uint64_t seed, double *points) {
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    for (size_t i = 0; i < n_items * n_axes; i++) points[i] = psh__random_unit(&rng) * (double)(1 + i % n_axes);
    psh_distances *distances;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, n_items, &distances, NULL), PSH_OK);
    double *data = psh_distances_data(distances);
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++) {
            double sum = 0;
            for (size_t a = 0; a < n_axes; a++) sum += pow(points[i * n_axes + a] - points[j * n_axes + a], 2);
            *data++ = sqrt(sum);
        }
    return distances;
}

static void assert_map_keeps_distances(const psh_distances *distances, const double *xy, int n_axes, double tolerance) {
    size_t n_items = psh_distances_n_items(distances);
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = 0; j < n_items; j++) {
            double sum = 0;
            for (int a = 0; a < n_axes; a++) sum += pow(xy[i * (size_t)n_axes + a] - xy[j * (size_t)n_axes + a], 2);
            assert_near(sqrt(sum), psh_distances_get(distances, i, j), tolerance);
        }
}

static void classical_map_of_points_in_the_plane_is_exact(void **state) {
    (void)state;
    for (size_t n_items = 2; n_items <= 100; n_items += n_items < 10 ? 1 : 45) {
        double points[2 * 100], xy[2 * 100], explained;
        psh_distances *d = random_points(n_items, 2, n_items, points);
        assert_int_equal(psh_mds_distances(d, 2, 0, 1, 1, xy, &explained, NULL), PSH_OK);
        assert_map_keeps_distances(d, xy, 2, 1e-6); /* square roots of rounding errors where points nearly coincide */
        assert_near(explained, 1, 1e-10);
        psh_distances_free(d);
    }
}

static void landmark_map_of_points_in_space_is_exact(void **state) {
    (void)state;
    enum { N_ITEMS = 300 };
    double points[3 * N_ITEMS], xy[3 * N_ITEMS], explained;
    psh_distances *d = random_points(N_ITEMS, 3, 4, points);
    for (size_t n_landmarks = 5; n_landmarks <= 100; n_landmarks += 19) {
        assert_int_equal(psh_mds_distances(d, 3, n_landmarks, 7, 1, xy, &explained, NULL), PSH_OK);
        assert_map_keeps_distances(d, xy, 3, 1e-6);
        assert_near(explained, 1, 1e-10);
    }
    psh_distances_free(d);
}

static void axes_fall_and_their_largest_entry_is_positive(void **state) {
    (void)state;
    enum { N_ITEMS = 120, N_AXES = 5 };
    double points[8 * N_ITEMS], xy[N_AXES * N_ITEMS];
    psh_distances *d = random_points(N_ITEMS, 8, 5, points);
    for (size_t n_landmarks = 40; n_landmarks <= 200; n_landmarks += 160) {
        assert_int_equal(psh_mds_distances(d, N_AXES, n_landmarks, 3, 1, xy, NULL, NULL), PSH_OK);
        double last = INFINITY;
        for (size_t a = 0; a < N_AXES; a++) {
            double largest = 0, sum = 0;
            for (size_t i = 0; i < N_ITEMS; i++) {
                sum += xy[i * N_AXES + a] * xy[i * N_AXES + a];
                if (fabs(xy[i * N_AXES + a]) > fabs(largest)) largest = xy[i * N_AXES + a];
            }
            assert_true(largest > 0);
            if (n_landmarks > N_ITEMS) assert_true(sum <= last);
            last = sum;
        }
    }
    psh_distances_free(d);
}

static void explained_is_the_share_of_the_variance_kept(void **state) {
    (void)state;
    enum { N_ITEMS = 50 };
    double points[4 * N_ITEMS], xy[4 * N_ITEMS], xy2[2 * N_ITEMS], explained, all = 0, kept = 0;
    psh_distances *d = random_points(N_ITEMS, 4, 5, points);
    assert_int_equal(psh_mds_distances(d, 4, 0, 1, 1, xy, &explained, NULL), PSH_OK);
    assert_near(explained, 1, 1e-10);
    for (size_t i = 0; i < 4 * N_ITEMS; i++) all += xy[i] * xy[i], kept += i % 4 < 2 ? xy[i] * xy[i] : 0;
    assert_int_equal(psh_mds_distances(d, 2, 0, 1, 1, xy2, &explained, NULL), PSH_OK);
    assert_near(explained, kept / all, 1e-10);
    psh_distances_free(d);
}

static void codes_and_their_distances_give_the_same_bytes(void **state) {
    (void)state;
    enum { N_ITEMS = 200, N_BYTES = 8 };
    psh__random rng;
    psh__random_init(&rng, 6, 0);
    uint8_t codes[N_ITEMS * N_BYTES];
    for (size_t i = 0; i < sizeof codes; i++) codes[i] = (uint8_t)psh__random_u64(&rng);
    psh_distances *d;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_U8, N_ITEMS, &d, NULL), PSH_OK);
    assert_int_equal(psh_hamming_condensed_u8(codes, N_ITEMS, N_BYTES, 1, psh_distances_data(d), NULL), PSH_OK);
    for (size_t n_landmarks = 50; n_landmarks <= 200; n_landmarks += 150) {
        double from_codes[2 * N_ITEMS], from_distances[2 * N_ITEMS], two[2 * N_ITEMS];
        assert_int_equal(psh_mds_codes(codes, N_ITEMS, N_BYTES, 2, n_landmarks, 1, 1, from_codes, NULL, NULL), PSH_OK);
        assert_int_equal(psh_mds_codes(codes, N_ITEMS, N_BYTES, 2, n_landmarks, 1, 2, two, NULL, NULL), PSH_OK);
        assert_int_equal(psh_mds_distances(d, 2, n_landmarks, 1, 2, from_distances, NULL, NULL), PSH_OK);
        assert_memory_equal(from_codes, from_distances, sizeof from_codes);
        assert_memory_equal(from_codes, two, sizeof from_codes);
    }
    psh_distances_free(d);
}

static void duplicates_need_no_more_landmarks_than_there_are_places(void **state) {
    (void)state;
    enum { N_ITEMS = 40 };
    uint8_t codes[N_ITEMS];
    double xy[2 * N_ITEMS], explained;
    for (size_t i = 0; i < N_ITEMS; i++) codes[i] = (uint8_t)(i % 4 ? 0x0f << (i % 4) : 0); /* 4 different codes */
    assert_int_equal(psh_mds_codes(codes, N_ITEMS, 1, 2, 20, 1, 1, xy, &explained, NULL), PSH_OK);
    for (size_t i = 4; i < N_ITEMS; i++) assert_memory_equal(xy + 2 * i, xy + 2 * (i % 4), 2 * sizeof *xy);
    assert_true(explained > 0.5 && explained <= 1);
}

static void one_place_maps_to_the_origin(void **state) {
    (void)state;
    uint8_t codes[5 * 8];
    double xy[10], explained = 0, zero[10] = {0};
    memset(codes, 0x77, sizeof codes);
    for (size_t n_items = 1; n_items <= 5; n_items++) {
        assert_int_equal(psh_mds_codes(codes, n_items, 8, 2, 0, 1, 1, xy, &explained, NULL), PSH_OK);
        assert_memory_equal(xy, zero, 2 * n_items * sizeof *xy);
        assert_true(explained == 1);
    }
}

static void axes_beyond_the_data_are_zero(void **state) {
    (void)state;
    uint8_t codes[2] = {0, 15};
    double xy[6], explained;
    assert_int_equal(psh_mds_codes(codes, 2, 1, 3, 0, 1, 1, xy, &explained, NULL), PSH_OK);
    assert_near(fabs(xy[0]), 2, 1e-12);
    assert_near(xy[0] + xy[3], 0, 1e-12);
    assert_true(xy[1] == 0 && xy[2] == 0 && xy[4] == 0 && xy[5] == 0);
}

static void seed_chooses_other_landmarks(void **state) {
    (void)state;
    enum { N_ITEMS = 100 };
    double points[8 * N_ITEMS], a[2 * N_ITEMS], b[2 * N_ITEMS], again[2 * N_ITEMS];
    psh_distances *d = random_points(N_ITEMS, 8, 5, points);
    assert_int_equal(psh_mds_distances(d, 2, 10, 1, 1, a, NULL, NULL), PSH_OK);
    assert_int_equal(psh_mds_distances(d, 2, 10, 2, 1, b, NULL, NULL), PSH_OK);
    assert_int_equal(psh_mds_distances(d, 2, 10, 1, 1, again, NULL, NULL), PSH_OK);
    assert_memory_equal(a, again, sizeof a);
    assert_true(memcmp(a, b, sizeof a) != 0);
    psh_distances_free(d);
}

static void bad_arguments_are_explained(void **state) {
    (void)state;
    uint8_t codes[4] = {1, 2, 3, 4};
    double xy[12];
    psh_error err;
    assert_int_equal(psh_mds_codes(codes, 0, 1, 2, 0, 1, 1, xy, NULL, &err), PSH_ERR_EMPTY);
    assert_int_equal(psh_mds_codes(codes, 4, 1, 0, 0, 1, 1, xy, NULL, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_mds_codes(codes, 4, 1, 3, 3, 1, 1, xy, NULL, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "3 axes from 3 landmarks; expected at least 4"));
    psh_distances *d;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F32, 3, &d, NULL), PSH_OK);
    ((float *)psh_distances_data(d))[1] = INFINITY;
    assert_int_equal(psh_mds_distances(d, 2, 0, 1, 1, xy, NULL, &err), PSH_ERR_NOT_FINITE);
    psh_distances_free(d);
}

static void eigenpairs_are_eigenpairs(void **state) {
    (void)state;
    enum { N = 40, N_TOP = 6 };
    double matrix[N * N], work[N * N], values[N], vectors[N_TOP * N], trace = 0, sum = 0;
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j <= i; j++) matrix[i * N + j] = matrix[j * N + i] = psh__random_unit(&rng) - 0.5;
    memcpy(work, matrix, sizeof work);
    assert_int_equal(psh__eigen_top(work, N, N_TOP, values, vectors, NULL), PSH_OK);
    for (size_t i = 0; i < N; i++) {
        trace += matrix[i * N + i], sum += values[i];
        if (i > 0) assert_true(values[i] <= values[i - 1]);
    }
    assert_near(trace, sum, 1e-12);
    for (size_t a = 0; a < N_TOP; a++)
        for (size_t i = 0; i < N; i++) {
            double product = 0;
            for (size_t j = 0; j < N; j++) product += matrix[i * N + j] * vectors[a * N + j];
            assert_near(product, values[a] * vectors[a * N + i], 1e-12);
        }
}

static void file_holds_the_map_and_its_metadata(void **state) {
    (void)state;
    static const double xy[6] = {1, 2, 3, 4, 5, 6};
    psh_meta *meta;
    psh__bytes bytes;
    psh__array array;
    assert_int_equal(psh_meta_create(&meta, NULL), PSH_OK);
    assert_int_equal(psh_meta_set_text(meta, "command", "embed"), PSH_OK);
    assert_int_equal(psh_mds_write(xy, 3, 2, meta, "test_mds_map.npy", NULL), PSH_OK);
    assert_int_equal(psh__npy_read("test_mds_map.npy", &bytes, &array, NULL), PSH_OK);
    assert_true(array.n_axes == 2 && array.shape[0] == 3 && array.shape[1] == 2);
    assert_memory_equal(array.data, xy, sizeof xy);
    psh__array_free(&array);
    psh__bytes_free(&bytes);
    assert_int_equal(psh__bytes_read("test_mds_map.json", &bytes, NULL), PSH_OK);
    assert_true(bytes.n_bytes > 0 && memmem(bytes.data, bytes.n_bytes, "embed", 5));
    psh__bytes_free(&bytes);
    psh_meta_free(meta);
    unlink("test_mds_map.npy"), unlink("test_mds_map.json");
}

static void each_failed_allocation_is_reported(void **state) {
    (void)state;
    uint8_t codes[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    double xy[20];
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh__alloc_fail_at(n);
        status = psh_mds_codes(codes, 10, 1, 2, 5, 1, 1, xy, NULL, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        assert_true(n < 50);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classical_map_of_points_in_the_plane_is_exact),
        cmocka_unit_test(landmark_map_of_points_in_space_is_exact),
        cmocka_unit_test(axes_fall_and_their_largest_entry_is_positive),
        cmocka_unit_test(explained_is_the_share_of_the_variance_kept),
        cmocka_unit_test(codes_and_their_distances_give_the_same_bytes),
        cmocka_unit_test(duplicates_need_no_more_landmarks_than_there_are_places),
        cmocka_unit_test(one_place_maps_to_the_origin),
        cmocka_unit_test(axes_beyond_the_data_are_zero),
        cmocka_unit_test(seed_chooses_other_landmarks),
        cmocka_unit_test(bad_arguments_are_explained),
        cmocka_unit_test(eigenpairs_are_eigenpairs),
        cmocka_unit_test(file_holds_the_map_and_its_metadata),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
