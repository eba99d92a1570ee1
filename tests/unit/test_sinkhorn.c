/* test_sinkhorn.c : entropic transport between histograms. tests/oracle/test_sinkhorn.py compares it with POT. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "persihash/transport.h"

static const psh_frame unit_frame = {PSH_FRAME_FIXED, 0, 1};

static void append(psh_diagrams *set, const double *points, const int32_t *dims, size_t n_points) {
    assert_int_equal(psh_diagrams_append(set, points, dims, n_points, NULL, -1, NULL), PSH_OK);
}

static psh_diagrams *random_set(size_t n_diagrams, size_t n_points) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n_diagrams; i++) {
        double points[100][2];
        int32_t dims[100];
        psh__random rng;
        psh__random_init(&rng, 9, i);
        for (size_t k = 0; k < n_points; k++) {
            points[k][0] = psh__random_unit(&rng);
            points[k][1] = points[k][0] + (1 - points[k][0]) * psh__random_unit(&rng);
            dims[k] = (int32_t)psh__random_below(&rng, 2);
        }
        append(set, points[0], dims, n_points);
    }
    return set;
}

/* Nothing to match: each point goes to the diagonal. 0.25 .. 0.75 on a grid of 4: centres 0.375 and 0.875. */
static void an_empty_diagram_sends_all_to_the_diagonal(void **state) {
    static const double costs[] = {0.3535533905932738, 0.25, 0.3535533905932738}; // sqrt(p^2 / 2), p / 2, p / sqrt 2
    const double points[] = {0.25, 0.75, 0.4, INFINITY};
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    append(set, points, NULL, 2), append(set, points, NULL, 0), append(set, points, NULL, 0);
    for (int ground = 0; ground < 3; ground++) {
        psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
        psh_sinkhorn_report report = {.struct_bytes = sizeof report};
        double found[3];
        params.n_cells = 4, params.ground = (psh_sinkhorn_ground)ground;
        assert_int_equal(psh_sinkhorn_condensed(set, &unit_frame, &params, 1, NULL, found, &report, NULL), PSH_OK);
        assert_true(fabs(found[0] - costs[ground]) < 1e-12 && fabs(found[1] - costs[ground]) < 1e-12 && found[2] == 0);
        assert_int_equal(report.n_iterations, 0);
    }
    psh_diagrams_free(set);
}

static void dimensions_never_match_unless_pooled(void **state) {
    const double points[] = {0.1, 0.9};
    const int32_t zero = 0, one = 1;
    psh_diagrams *set;
    psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
    double apart, pooled;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    append(set, points, &zero, 1), append(set, points, &one, 1);
    params.ground = PSH_SINKHORN_LINF, params.regularisation = 0.01;
    assert_int_equal(psh_sinkhorn_condensed(set, &unit_frame, &params, 1, NULL, &apart, NULL, NULL), PSH_OK);
    params.pool = true;
    assert_int_equal(psh_sinkhorn_condensed(set, &unit_frame, &params, 1, NULL, &pooled, NULL, NULL), PSH_OK);
    assert_true(fabs(apart - 0.8) < 0.03 && pooled < 0.01);
    psh_diagrams_free(set);
}

static void swapping_the_two_changes_little_and_listed_pairs_are_the_same(void **state) {
    psh_diagrams *set = random_set(6, 30);
    psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
    uint32_t pairs[30], back[30];
    double condensed[15], listed[15], swapped[15];
    size_t p = 0;
    params.tolerance = 1e-4;
    for (uint32_t i = 0; i < 6; i++)
        for (uint32_t j = i + 1; j < 6; j++, p++)
            pairs[2 * p] = back[2 * p + 1] = i, pairs[2 * p + 1] = back[2 * p] = j;
    assert_int_equal(psh_sinkhorn_condensed(set, &unit_frame, &params, 2, NULL, condensed, NULL, NULL), PSH_OK);
    assert_int_equal(psh_sinkhorn_pairs(set, &unit_frame, pairs, 15, &params, 1, NULL, listed, NULL, NULL), PSH_OK);
    assert_int_equal(psh_sinkhorn_pairs(set, &unit_frame, back, 15, &params, 1, NULL, swapped, NULL, NULL), PSH_OK);
    assert_memory_equal(condensed, listed, sizeof listed);
    for (int k = 0; k < 15; k++) assert_true(fabs(listed[k] - swapped[k]) < 2e-3);
    psh_diagrams_free(set);
}

static void same_bytes_for_any_threads_and_simd_level(void **state) {
    static const char *const levels[] = {"scalar", "neon", "avx2", "avx512"};
    enum { N = 12, N_PAIRS = N * (N - 1) / 2 };
    psh_diagrams *set = random_set(N, 45);
    double expected[N_PAIRS], found[N_PAIRS];
    for (int ground = 0; ground < 3; ground++) {
        psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
        params.ground = (psh_sinkhorn_ground)ground, params.pool = true;
        assert_int_equal(psh_sinkhorn_condensed(set, &unit_frame, &params, 1, NULL, expected, NULL, NULL), PSH_OK);
        for (int level = 0; level < 4; level++)
            for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
                setenv("PSH_SIMD", levels[level], 1);
                assert_int_equal(psh_sinkhorn_condensed(set, &unit_frame, &params, n_threads, NULL, found, NULL, NULL),
                                 PSH_OK);
                unsetenv("PSH_SIMD");
                assert_memory_equal(found, expected, sizeof found);
            }
    }
    psh_diagrams_free(set);
}

static void not_converged_is_a_status_with_numbers(void **state) {
    psh_diagrams *set = random_set(3, 40);
    psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
    psh_sinkhorn_report report = {.struct_bytes = sizeof report};
    psh_error err = {0};
    double found[3] = {-1, -1, -1};
    params.max_iterations = 1;
    assert_int_equal(psh_sinkhorn_condensed(set, &unit_frame, &params, 1, NULL, found, &report, &err),
                     PSH_ERR_NOT_CONVERGED);
    assert_true(report.n_failed == 3 && report.worst_error > 1e-3 && found[0] > 0 && found[2] > 0);
    assert_non_null(strstr(err.text, "3 of 3 pairs"));
    psh_diagrams_free(set);
}

static void bad_parameters_are_refused(void **state) {
    psh_diagrams *set = random_set(2, 5);
    const uint32_t pair[] = {0, 2};
    double found[1];
    psh_error err = {0};
    for (int k = 0; k < 6; k++) {
        psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
        if (k == 0) params.n_cells = 1025;
        if (k == 1) params.regularisation = -1;
        if (k == 2) params.regularisation = NAN;
        if (k == 3) params.tolerance = 1;
        if (k == 4) params.max_iterations = -1;
        if (k == 5) params.ground = (psh_sinkhorn_ground)3;
        assert_int_equal(psh_sinkhorn_condensed(set, &unit_frame, &params, 1, NULL, found, NULL, &err),
                         PSH_ERR_PARAMETER);
    }
    assert_int_equal(psh_sinkhorn_pairs(set, &unit_frame, pair, 1, NULL, 1, NULL, found, NULL, &err),
                     PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "row 2, but the set has 2 diagrams"));
    psh_diagrams_free(set);
}

static bool stop(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    return false;
}

static void stops_when_told_and_reports_failed_allocations(void **state) {
    psh_diagrams *set = random_set(4, 10);
    psh_progress progress = {.report = stop};
    double found[6];
    assert_int_equal(psh_sinkhorn_condensed(set, &unit_frame, NULL, 1, &progress, found, NULL, NULL),
                     PSH_ERR_INTERRUPTED);
    psh_status status = PSH_ERR_MEMORY;
    unsigned long n_failed = 0;
    for (unsigned long at = 1; status == PSH_ERR_MEMORY; at++) {
        psh__alloc_fail_at(at);
        status = psh_sinkhorn_condensed(set, &unit_frame, NULL, 1, NULL, found, NULL, NULL);
        psh__alloc_fail_at(0);
        n_failed += status == PSH_ERR_MEMORY;
    }
    assert_int_equal(status, PSH_OK);
    assert_true(n_failed >= 7);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_diagram_sends_all_to_the_diagonal),
        cmocka_unit_test(dimensions_never_match_unless_pooled),
        cmocka_unit_test(swapping_the_two_changes_little_and_listed_pairs_are_the_same),
        cmocka_unit_test(same_bytes_for_any_threads_and_simd_level),
        cmocka_unit_test(not_converged_is_a_status_with_numbers),
        cmocka_unit_test(bad_parameters_are_refused),
        cmocka_unit_test(stops_when_told_and_reports_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
