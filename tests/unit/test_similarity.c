/* test_similarity.c : similarity matrices, by hand and by their laws. */
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

static psh_distances *distances_of(const double *values, size_t n) {
    psh_distances *d;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, n, &d, NULL), PSH_OK);
    if (n > 1) memcpy(psh_distances_data(d), values, n * (n - 1) / 2 * sizeof *values);
    return d;
}

static void expect(const psh_distances *d, const psh_similarity_params *params, const float *expected) {
    size_t n = psh_distances_n_items(d);
    float *found = malloc(n * n * sizeof *found);
    psh_error err = {0};
    if (psh_similarity_compute(d, params, 1, found, &err) != PSH_OK) fail_msg("%s", err.text);
    for (size_t k = 0; k < n * n; k++)
        if (found[k] != expected[k])
            fail_msg("[%zu, %zu] is %g, expected %g", k / n, k % n, (double)found[k], (double)expected[k]);
    free(found);
}

/* Items on a line at 0, 1, 3, 7. Means of the rows: 11/3, 3, 3, 17/3; they keep {1, 3} {1, 2} {3, 2} {4}, whose means
 * are 2, 1.5, 2.5, 4. */
static const double line[] = {1, 3, 7, 2, 6, 4};

static void two_passes_by_hand(void **state) {
    psh_distances *d = distances_of(line, 4);
    psh_similarity_params params = PSH_PARAMS(psh_similarity_params);
    params.kind = PSH_SIMILARITY_TWO_PASS;
    const float rows[] = {1, 1, -1, -1, 1, 1, -1, -1, -1, 1, 1, -1, -1, -1, 1, 1};
    const float either[] = {1, 1, -1, -1, 1, 1, 1, -1, -1, 1, 1, 1, -1, -1, 1, 1};
    const float both[] = {1, 1, -1, -1, 1, 1, -1, -1, -1, -1, 1, -1, -1, -1, -1, 1};
    expect(d, &params, rows);
    params.symmetry = PSH_SYMMETRY_EITHER;
    expect(d, &params, either);
    params.symmetry = PSH_SYMMETRY_BOTH;
    expect(d, &params, both);
    psh_distances_free(d);
}

static void the_other_kinds_by_hand(void **state) {
    psh_distances *d = distances_of(line, 4);
    psh_similarity_params params = PSH_PARAMS(psh_similarity_params);
    const float real[] = {1,
                          (float)(6 / 7.0),
                          (float)(4 / 7.0),
                          0,
                          (float)(6 / 7.0),
                          1,
                          (float)(5 / 7.0),
                          (float)(1 / 7.0),
                          (float)(4 / 7.0),
                          (float)(5 / 7.0),
                          1,
                          (float)(3 / 7.0),
                          0,
                          (float)(1 / 7.0),
                          (float)(3 / 7.0),
                          1};
    size_t n = 4;
    float found[16];
    assert_int_equal(psh_similarity_compute(d, &params, 2, found, NULL), PSH_OK);
    for (size_t k = 0; k < n * n; k++) assert_true(fabsf(found[k] - real[k]) < 1e-6f);
    const float nearest[] = {1, 1, -1, -1, 1, 1, -1, -1, -1, 1, 1, -1, -1, -1, 1, 1};
    params.kind = PSH_SIMILARITY_NEAREST;
    expect(d, &params, nearest); // share 0.25: k = 1
    const float global[] = {1, 1, 1, -1, 1, 1, 1, -1, 1, 1, 1, -1, -1, -1, -1, 1};
    params.kind = PSH_SIMILARITY_GLOBAL, params.share = 0.5; // three of six pairs: 1, 2, 3
    expect(d, &params, global);
    const int sixths[] = {6, 5, 1, -5, 5, 6, 3, -3, 1, 3, 6, -1, -5, -3, -1, 6};
    float rank[16];
    for (size_t k = 0; k < 16; k++) rank[k] = (float)(sixths[k] / 6.0);
    params.kind = PSH_SIMILARITY_RANK;
    assert_int_equal(psh_similarity_compute(d, &params, 2, found, NULL), PSH_OK);
    for (size_t k = 0; k < n * n; k++) assert_true(fabsf(found[k] - rank[k]) < 1e-6f);
    psh_distances_free(d);
}

/* Of equal distances a half counts as nearer, so the mean over all pairs is 0 however they lie. */
static void ranks_of_equal_distances_are_their_mean(void **state) {
    const double equal[] = {2, 2, 2}, tied[] = {1, 1, INFINITY};
    const float zero[] = {1, 0, 0, 0, 1, 0, 0, 0, 1},
                half[] = {1, 1 / 3.0f, 1 / 3.0f, 1 / 3.0f, 1, -1, 1 / 3.0f, -1, 1};
    psh_similarity_params params = PSH_PARAMS(psh_similarity_params);
    params.kind = PSH_SIMILARITY_RANK;
    psh_distances *d = distances_of(equal, 3), *e = distances_of(tied, 3);
    expect(d, &params, zero);
    expect(e, &params, half);
    psh_distances_free(d), psh_distances_free(e);
}

static void equal_items_are_similar_and_infinite_distances_are_not(void **state) {
    const double values[] = {0, INFINITY, INFINITY};
    psh_distances *d = distances_of(values, 3);
    psh_similarity_params params = PSH_PARAMS(psh_similarity_params);
    const float real[] = {1, 1, 0, 1, 1, 0, 0, 0, 1}, binary[] = {1, 1, -1, 1, 1, -1, -1, -1, 1};
    expect(d, &params, real);
    params.kind = PSH_SIMILARITY_TWO_PASS;
    expect(d, &params, binary);
    psh_distances_free(d);
}

/* A row keeps at least its nearest item, and what it keeps is nearer than what it rejects; at most half plus ties can
 * lie beyond both means. */
static void rows_keep_the_near_ones(void **state) {
    enum { N = 60 };
    double values[N * (N - 1) / 2];
    psh__random rng;
    psh__random_init(&rng, 5, 0);
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) values[k] = psh__random_unit(&rng);
    psh_distances *d = distances_of(values, N);
    float *matrix = malloc(sizeof(float) * N * N), *again = malloc(sizeof(float) * N * N);
    for (int kind = PSH_SIMILARITY_NEAREST; kind <= PSH_SIMILARITY_TWO_PASS; kind++) {
        psh_similarity_params params = PSH_PARAMS(psh_similarity_params);
        params.kind = (psh_similarity_kind)kind;
        assert_int_equal(psh_similarity_compute(d, &params, 1, matrix, NULL), PSH_OK);
        assert_int_equal(psh_similarity_compute(d, &params, 3, again, NULL), PSH_OK);
        assert_memory_equal(matrix, again, sizeof(float) * N * N);
        for (size_t i = 0; i < N; i++) {
            double farthest_kept = 0, nearest_rejected = INFINITY;
            int n_kept = 0;
            for (size_t j = 0; j < N; j++) {
                double distance = psh_distances_get(d, i, j);
                if (matrix[i * N + j] == 1)
                    farthest_kept = fmax(farthest_kept, distance), n_kept++;
                else
                    nearest_rejected = fmin(nearest_rejected, distance);
            }
            assert_true(farthest_kept < nearest_rejected);
            if (kind == PSH_SIMILARITY_NEAREST) assert_int_equal(n_kept, 1 + N / 4);
            if (kind == PSH_SIMILARITY_TWO_PASS) assert_true(n_kept > 5 && n_kept < 30);
        }
    }
    free(matrix), free(again), psh_distances_free(d);
}

static void none_and_one_item_are_fine(void **state) {
    for (size_t n = 0; n < 2; n++)
        for (int kind = 0; kind < 5; kind++) {
            psh_distances *d = distances_of(line, n);
            psh_similarity_params params = PSH_PARAMS(psh_similarity_params);
            float value = 7;
            params.kind = (psh_similarity_kind)kind;
            assert_int_equal(psh_similarity_compute(d, &params, 1, &value, NULL), PSH_OK);
            assert_true(value == (n ? 1 : 7));
            psh_distances_free(d);
        }
}

static void bad_parameters_and_failed_allocations(void **state) {
    psh_distances *d = distances_of(line, 4);
    psh_similarity_params params = PSH_PARAMS(psh_similarity_params);
    psh_error err = {0};
    float found[16];
    params.share = 1.5;
    assert_int_equal(psh_similarity_compute(d, &params, 1, found, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "share 1.5"));
    params.share = 0, params.kind = (psh_similarity_kind)5;
    assert_int_equal(psh_similarity_compute(d, &params, 1, found, &err), PSH_ERR_PARAMETER);
    for (int kind = PSH_SIMILARITY_REAL; kind <= PSH_SIMILARITY_RANK; kind++) {
        unsigned long n_allocations = kind == PSH_SIMILARITY_GLOBAL || kind == PSH_SIMILARITY_RANK ? 2 : 1;
        params.kind = (psh_similarity_kind)kind;
        for (unsigned long n = 1; n <= n_allocations; n++) {
            psh__alloc_fail_at(n);
            psh_status status = psh_similarity_compute(d, &params, 1, found, NULL);
            psh__alloc_fail_at(0);
            assert_int_equal(status, PSH_ERR_MEMORY);
        }
    }
    psh_distances_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_passes_by_hand),
        cmocka_unit_test(the_other_kinds_by_hand),
        cmocka_unit_test(ranks_of_equal_distances_are_their_mean),
        cmocka_unit_test(equal_items_are_similar_and_infinite_distances_are_not),
        cmocka_unit_test(rows_keep_the_near_ones),
        cmocka_unit_test(none_and_one_item_are_fine),
        cmocka_unit_test(bad_parameters_and_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
