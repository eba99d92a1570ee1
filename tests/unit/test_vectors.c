/* test_vectors.c : histograms, persistence images and Betti curves. tests/oracle/test_vectors.py compares them with
 * GUDHI's. */
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

static const psh_frame unit_frame = {PSH_FRAME_FIXED, 0, 1};

typedef enum kind { HISTOGRAM, PIMAGE, INTEGRATED, BETTI, N_KINDS } kind;

static size_t n_features_of(kind k, const psh_diagrams *set, bool pool) {
    switch (k) {
    case HISTOGRAM:
        return psh_histogram_n_features(
            set, &(psh_histogram_params){.struct_bytes = sizeof(psh_histogram_params), .pool = pool});
    case BETTI:
        return psh_betti_n_features(set, &(psh_betti_params){.struct_bytes = sizeof(psh_betti_params), .pool = pool});
    default:
        return psh_pimage_n_features(set,
                                     &(psh_pimage_params){.struct_bytes = sizeof(psh_pimage_params), .pool = pool});
    }
}

static psh_status compute(kind k, const psh_diagrams *set, bool pool, int n_threads, float *dst) {
    psh_histogram_params histogram = PSH_PARAMS(psh_histogram_params);
    psh_pimage_params pimage = PSH_PARAMS(psh_pimage_params);
    psh_betti_params betti = PSH_PARAMS(psh_betti_params);
    histogram.pool = pimage.pool = betti.pool = pool;
    pimage.integrate = k == INTEGRATED;
    switch (k) {
    case HISTOGRAM:
        return psh_histogram_compute(set, &unit_frame, &histogram, n_threads, dst, NULL);
    case BETTI:
        return psh_betti_compute(set, &unit_frame, &betti, n_threads, dst, NULL);
    default:
        return psh_pimage_compute(set, &unit_frame, &pimage, n_threads, dst, NULL);
    }
}

/* The features of a set, (N, *n_features); to be freed. */
static float *features(kind k, const psh_diagrams *set, bool pool, int n_threads, size_t *n_features) {
    *n_features = n_features_of(k, set, pool);
    float *dst = psh__malloc(psh_diagrams_count(set) * *n_features, sizeof *dst);
    assert_non_null(dst);
    memset(dst, 0xff, psh_diagrams_count(set) * *n_features * sizeof *dst); // NaN where nothing is written
    assert_int_equal(compute(k, set, pool, n_threads, dst), PSH_OK);
    return dst;
}

static psh_diagrams *set_of(const double *points, const int32_t *dims, size_t n_points) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, points, dims, n_points, NULL, -1, NULL), PSH_OK);
    return set;
}

static psh_diagrams *random_set(size_t n_diagrams) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n_diagrams; i++) {
        double points[60][2];
        int32_t dims[60];
        psh__random rng;
        psh__random_init(&rng, 7, i);
        size_t n_points = psh__random_below(&rng, 60);
        for (size_t k = 0; k < n_points; k++) {
            points[k][0] = psh__random_unit(&rng);
            points[k][1] = points[k][0] + (1 - points[k][0]) * psh__random_unit(&rng);
            dims[k] = (int32_t)psh__random_below(&rng, 3);
        }
        assert_int_equal(psh_diagrams_append(set, points[0], dims, n_points, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

static void expect_same_rows(const float *a, const float *b, size_t n) {
    assert_memory_equal(a, b, n * sizeof *a);
}

static void histogram_counts_reflects_and_sums(void **state) {
    const double points[] = {0.10, 0.35, 0.12, 0.38, 0.30, 0.31, 0.9, 1.0};
    psh_diagrams *set = set_of(points, NULL, 4);
    psh_histogram_params params = PSH_PARAMS(psh_histogram_params);
    params.n_cells = 4;
    const float plain[] = {0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4};
    const float mirrored[] = {0, 2, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4};
    float row[17];
    assert_int_equal(psh_histogram_n_features(set, &params), 17);
    assert_int_equal(psh_histogram_compute(set, &unit_frame, &params, 1, row, NULL), PSH_OK);
    expect_same_rows(row, mirrored, 17);
    params.no_reflection = true;
    assert_int_equal(psh_histogram_compute(set, &unit_frame, &params, 1, row, NULL), PSH_OK);
    expect_same_rows(row, plain, 17);
    params.no_count = true;
    assert_int_equal(psh_histogram_n_features(set, &params), 16);
    psh_diagrams_free(set);
}

static void betti_counts_birth_and_not_death(void **state) {
    const double points[] = {0.25, 0.75, 0.5, 0.5, 0.1, 1.0, 0.3, 0.6};
    psh_diagrams *set = set_of(points, NULL, 4);
    psh_betti_params params = PSH_PARAMS(psh_betti_params);
    params.n_samples = 5;
    const float curve[] = {0, 2, 3, 1, 0};
    float row[5];
    assert_int_equal(psh_betti_compute(set, &unit_frame, &params, 1, row, NULL), PSH_OK);
    expect_same_rows(row, curve, 5);
    psh_diagrams_free(set);
}

static void image_weights_as_asked(void **state) {
    const double points[] = {0.2, 0.7};
    psh_diagrams *set = set_of(points, NULL, 1);
    psh_pimage_params params = PSH_PARAMS(psh_pimage_params);
    params.n_cells = 11, params.bandwidth = 0.1;
    const double weights[] = {0.5, 2, 1};
    float row[121];
    for (int weight = 0; weight < 3; weight++) {
        params.weight = (psh_weight)weight;
        assert_int_equal(psh_pimage_compute(set, &unit_frame, &params, 1, row, NULL), PSH_OK);
        double height = weights[weight] / (2 * M_PI * 0.01);
        assert_true(fabs((double)row[5 * 11 + 2] - height) < 1e-5 * height);
        assert_true(fabs((double)row[6 * 11 + 2] - height * exp(-0.5)) < 1e-5 * height);
    }
    psh_diagrams_free(set);
}

/* Points of no persistence must not change an image, a Betti curve, and must not become infinite under 1 / p. */
static void points_on_the_diagonal_are_harmless(void **state) {
    const double points[] = {0.2, 0.7, 0.4, 0.4};
    psh_diagrams *with = set_of(points, NULL, 2), *without = set_of(points, NULL, 1);
    for (int k = PIMAGE; k < N_KINDS; k++) {
        size_t n;
        float *a = features((kind)k, with, false, 1, &n), *b = features((kind)k, without, false, 1, &n);
        expect_same_rows(a, b, n);
        psh__free(a), psh__free(b);
    }
    psh_pimage_params params = PSH_PARAMS(psh_pimage_params);
    params.weight = PSH_WEIGHT_INVERSE, params.n_cells = 8;
    float row[64];
    assert_int_equal(psh_pimage_compute(with, &unit_frame, &params, 1, row, NULL), PSH_OK);
    for (int k = 0; k < 64; k++) assert_true(isfinite(row[k]));
    psh_diagrams_free(with), psh_diagrams_free(without);
}

static void essential_points_are_not_counted(void **state) {
    const double points[] = {0.2, 0.7, 0.1, INFINITY};
    psh_diagrams *with = set_of(points, NULL, 2), *without = set_of(points, NULL, 1);
    for (int k = 0; k < N_KINDS; k++) {
        size_t n;
        float *a = features((kind)k, with, false, 1, &n), *b = features((kind)k, without, false, 1, &n);
        expect_same_rows(a, b, n);
        psh__free(a), psh__free(b);
    }
    psh_diagrams_free(with), psh_diagrams_free(without);
}

static void points_outside_the_frame_stay_finite(void **state) {
    const double points[] = {-3, 0.5, -1e300, 1e300, 0.5, 7, 5, 6, -5, -4, 1.05, 1.1};
    psh_diagrams *set = set_of(points, NULL, 6);
    for (int k = 0; k < N_KINDS; k++) {
        size_t n;
        float *row = features((kind)k, set, false, 1, &n);
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += (double)row[i];
        assert_true(isfinite(sum) && sum > 0);
        psh__free(row);
    }
    psh_diagrams_free(set);
}

static void empty_sets_and_empty_diagrams_are_fine(void **state) {
    psh_diagrams *none;
    assert_int_equal(psh_diagrams_create(&none, NULL), PSH_OK);
    psh_diagrams *empty = set_of((double[]){0, 0}, NULL, 0);
    for (int k = 0; k < N_KINDS; k++) {
        size_t n;
        assert_int_equal(n_features_of((kind)k, none, false), 0); // no point, no dimension
        assert_int_equal(compute((kind)k, none, false, 0, NULL), PSH_OK);
        float *row = features((kind)k, empty, true, 0, &n);
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++) assert_true(row[i] == 0);
        psh__free(row);
    }
    psh_diagrams_free(none), psh_diagrams_free(empty);
}

/* (dimension, ...): each block is what that dimension has alone, and the blocks' sum is the pooled vector. */
static void dimensions_stand_side_by_side(void **state) {
    psh_diagrams *set = random_set(20);
    for (int k = 0; k < N_KINDS; k++) {
        size_t n_apart, n_pooled;
        float *apart = features((kind)k, set, false, 1, &n_apart), *pooled = features((kind)k, set, true, 1, &n_pooled);
        assert_int_equal(n_apart, 3 * n_pooled);
        for (size_t i = 0; i < 20; i++)
            for (size_t j = 0; j < n_pooled; j++) {
                const float *row = apart + i * n_apart + j;
                float sum = row[0] + row[n_pooled] + row[2 * n_pooled], whole = pooled[i * n_pooled + j];
                assert_true(fabsf(sum - whole) <= 1e-6f * (1 + fabsf(whole)));
            }
        for (uint32_t dim = 0; dim < 3; dim++) {
            psh_diagrams *alone;
            size_t n;
            assert_int_equal(psh_diagrams_select(set, NULL, 0, 1u << dim, false, &alone, NULL), PSH_OK);
            float *block = features((kind)k, alone, false, 1, &n);
            for (size_t i = 0; i < 20; i++) expect_same_rows(block + i * n, apart + i * n_apart + dim * n, n);
            psh__free(block), psh_diagrams_free(alone);
        }
        psh__free(apart), psh__free(pooled);
    }
    psh_diagrams_free(set);
}

static void same_bytes_for_any_threads_and_simd_level(void **state) {
    static const char *const levels[] = {"scalar", "neon", "avx2", "avx512"};
    psh_diagrams *set = random_set(70);
    for (int k = 0; k < N_KINDS; k++) {
        size_t n;
        float *expected = features((kind)k, set, false, 1, &n);
        for (int level = 0; level < 4; level++)
            for (int n_threads = 1; n_threads <= 5; n_threads += 2) {
                setenv("PSH_SIMD", levels[level], 1);
                float *found = features((kind)k, set, false, n_threads, &n);
                unsetenv("PSH_SIMD");
                expect_same_rows(found, expected, 70 * n);
                psh__free(found);
            }
        psh__free(expected);
    }
    psh_diagrams_free(set);
}

static void bad_parameters_are_refused(void **state) {
    psh_diagrams *set = set_of((double[]){0.1, 0.2}, NULL, 1);
    psh_histogram_params histogram = PSH_PARAMS(psh_histogram_params);
    psh_betti_params betti = PSH_PARAMS(psh_betti_params);
    psh_error err = {0};
    float row[1];
    histogram.n_cells = -1, betti.n_samples = 1;
    assert_int_equal(psh_histogram_n_features(set, &histogram), 0);
    assert_int_equal(psh_histogram_compute(set, &unit_frame, &histogram, 1, row, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "-1 cells a side; expected 1 to 4096"));
    assert_int_equal(psh_betti_compute(set, &unit_frame, &betti, 1, row, &err), PSH_ERR_PARAMETER);
    const double bandwidths[] = {-1, NAN, INFINITY, 1e-9};
    for (int k = 0; k < 6; k++) {
        psh_pimage_params pimage = PSH_PARAMS(psh_pimage_params);
        if (k < 4)
            pimage.bandwidth = bandwidths[k];
        else if (k == 4)
            pimage.n_cells = 1;
        else
            pimage.weight = (psh_weight)3;
        assert_int_equal(psh_pimage_n_features(set, &pimage), 0);
        assert_int_equal(psh_pimage_compute(set, &unit_frame, &pimage, 1, row, &err), PSH_ERR_PARAMETER);
    }
    psh_diagrams_free(set);
}

static void failed_allocations_are_reported(void **state) {
    psh_diagrams *set = random_set(3);
    for (int k = 0; k < N_KINDS; k++) {
        size_t n = n_features_of((kind)k, set, false);
        float *dst = malloc(3 * n * sizeof *dst);
        psh_status status = PSH_ERR_MEMORY;
        unsigned long n_failed = 0;
        for (unsigned long at = 1; status == PSH_ERR_MEMORY; at++) {
            psh__alloc_fail_at(at);
            status = compute((kind)k, set, false, 1, dst);
            psh__alloc_fail_at(0);
            n_failed += status == PSH_ERR_MEMORY;
        }
        assert_int_equal(status, PSH_OK);
        assert_true(n_failed >= 1);
        free(dst);
    }
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histogram_counts_reflects_and_sums),
        cmocka_unit_test(betti_counts_birth_and_not_death),
        cmocka_unit_test(image_weights_as_asked),
        cmocka_unit_test(points_on_the_diagonal_are_harmless),
        cmocka_unit_test(essential_points_are_not_counted),
        cmocka_unit_test(points_outside_the_frame_stay_finite),
        cmocka_unit_test(empty_sets_and_empty_diagrams_are_fine),
        cmocka_unit_test(dimensions_stand_side_by_side),
        cmocka_unit_test(same_bytes_for_any_threads_and_simd_level),
        cmocka_unit_test(bad_parameters_are_refused),
        cmocka_unit_test(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
