/* test_pick.c : choosing bits among learned functions and thresholds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "encoder/pick.h"
#include "encoder/target.h"

enum { N_CLUSTERS = 5, PER_CLUSTER = 8, N = N_CLUSTERS * PER_CLUSTER, N_FUNCTIONS = 3 };

/* Function 0 tells clusters apart, function 1 the items of a cluster, function 2 nothing. Distances are 100 between
 * neighbouring clusters, 1 between neighbours in a cluster. */
static void make_items(float values[N][N_FUNCTIONS], double *distances) {
    for (size_t i = 0; i < N; i++) {
        values[i][0] = (float)(i / PER_CLUSTER);
        values[i][1] = (float)(i % PER_CLUSTER) * 1e-3f;
        values[i][2] = 7;
    }
    for (size_t i = 0, k = 0; i < N; i++)
        for (size_t j = i + 1; j < N; j++, k++)
            distances[k] =
                100 * fabs((double)values[i][0] - values[j][0]) + 1000 * fabs((double)values[i][1] - values[j][1]);
}

static bool answer(const psh__pick *pick, float values[N][N_FUNCTIONS], size_t i) {
    return values[i][pick->function] > pick->threshold;
}

/* What gradients cannot do: all own thresholds lie between clusters, yet bits are found that look inside of them. */
static void bits_look_inside_tight_clusters(void **state) {
    float values[N][N_FUNCTIONS], own[N_FUNCTIONS] = {1.5f, 1, 0};
    double distances[N * (N - 1) / 2];
    psh__target target;
    psh__pick picks[8], again[8];
    make_items(values, distances);
    assert_int_equal(psh__target_create(distances, N, psh__emphasis_plain(), &target, NULL), PSH_OK);
    psh__offer functions = {N, N_FUNCTIONS, N_FUNCTIONS, values[0], own};
    assert_int_equal(psh__pick_bits(&functions, &target, 8, false, 1, picks, NULL), PSH_OK);
    assert_int_equal(psh__pick_bits(&functions, &target, 8, false, 2, again, NULL), PSH_OK);
    assert_memory_equal(picks, again, sizeof picks);
    size_t n_inside = 0, n_splits[N] = {0};
    for (size_t b = 0; b < 8; b++) {
        assert_int_not_equal(picks[b].function, 2); /* a constant is no bit */
        n_inside += picks[b].function == 1;
        size_t n_ones = 0;
        for (size_t i = 0; i < N; i++) n_ones += answer(&picks[b], values, i);
        assert_in_range(n_ones, 1, N - 1);
        n_splits[n_ones] += picks[b].function == 0;
    }
    assert_in_range(n_inside, 1, 4);
    for (size_t k = 1; k < N_CLUSTERS; k++) assert_true(n_splits[k * PER_CLUSTER] >= 1); /* every gap is used */
    psh__target_free(&target);
}

/* Thresholds that tell the items apart as they lie: none equals a value above it, and a function's own one is kept. */
static void own_thresholds_are_offered(void **state) {
    float values[4] = {1, 2, 3, 4}, own = 2.25f;
    double distances[6] = {1, 9, 9, 9, 9, 1}; /* {0, 1} and {2, 3} */
    psh__target target;
    psh__pick pick;
    assert_int_equal(psh__target_create(distances, 4, psh__emphasis_plain(), &target, NULL), PSH_OK);
    psh__offer functions = {4, 1, 1, values, &own};
    assert_int_equal(psh__pick_bits(&functions, &target, 1, false, 1, &pick, NULL), PSH_OK);
    assert_int_equal(pick.function, 0);
    assert_true(pick.threshold == 2.25f);
    psh__target_free(&target);
}

/* A code that no exchange improves comes back as it was, thresholds and all. */
static void a_good_code_is_kept(void **state) {
    float values[N][N_FUNCTIONS], own[N_FUNCTIONS] = {1.5f, 1, 0}, again_values[N][4], again_own[4];
    double distances[N * (N - 1) / 2];
    psh__target target;
    psh__pick picks[4], again[4];
    make_items(values, distances);
    assert_int_equal(psh__target_create(distances, N, psh__emphasis_plain(), &target, NULL), PSH_OK);
    psh__offer functions = {N, N_FUNCTIONS, N_FUNCTIONS, values[0], own};
    assert_int_equal(psh__pick_bits(&functions, &target, 4, false, 1, picks, NULL), PSH_OK);
    for (size_t b = 0; b < 4; b++) {
        again_own[b] = picks[b].threshold;
        for (size_t i = 0; i < N; i++) again_values[i][b] = values[i][picks[b].function];
    }
    psh__offer code = {N, 4, 4, again_values[0], again_own};
    assert_int_equal(psh__pick_bits(&code, &target, 4, true, 1, again, NULL), PSH_OK);
    for (size_t b = 0; b < 4; b++) assert_true(again[b].threshold == again_own[again[b].function]);
    psh__target_free(&target);
}

static void too_few_bits_are_refused(void **state) {
    float values[4] = {1, 1, 2, 2}, own = 5;
    double distances[6] = {1, 2, 3, 4, 5, 6};
    psh__target target;
    psh__pick picks[2];
    assert_int_equal(psh__target_create(distances, 4, psh__emphasis_plain(), &target, NULL), PSH_OK);
    psh__offer functions = {4, 1, 1, values, &own};
    assert_int_equal(psh__pick_bits(&functions, &target, 1, false, 1, picks, NULL), PSH_OK); /* one split, once */
    assert_int_equal(psh__pick_bits(&functions, &target, 2, false, 1, picks, NULL), PSH_ERR_DATA);
    psh__target_free(&target);
}

static void failing_memory_is_reported(void **state) {
    float values[N][N_FUNCTIONS], own[N_FUNCTIONS] = {1.5f, 1, 0};
    double distances[N * (N - 1) / 2];
    psh__target target;
    psh__pick picks[4];
    make_items(values, distances);
    assert_int_equal(psh__target_create(distances, N, psh__emphasis_plain(), &target, NULL), PSH_OK);
    psh__offer functions = {N, N_FUNCTIONS, N_FUNCTIONS, values[0], own};
    for (long n = 1;; n++) {
        psh__alloc_fail_at(n);
        psh_status status = psh__pick_bits(&functions, &target, 4, false, 1, picks, NULL);
        psh__alloc_fail_at(0);
        if (status == PSH_OK) break;
        assert_int_equal(status, PSH_ERR_MEMORY);
        assert_true(n < 1000);
    }
    psh__target_free(&target);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_look_inside_tight_clusters), cmocka_unit_test(own_thresholds_are_offered),
        cmocka_unit_test(a_good_code_is_kept), cmocka_unit_test(too_few_bits_are_refused),
        cmocka_unit_test(failing_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
