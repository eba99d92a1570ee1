/* test_sketch.c : fitting a sketch and encoding with it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "encoder/model.h"

/* n_diagrams of up to 40 points, two dimensions, from a few kinds that drift slowly, so that distances vary. */
static psh_diagrams *make_set(size_t n_diagrams, uint64_t seed) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n_diagrams; i++) {
        double points[40][2];
        int32_t dims[40];
        psh__random rng;
        psh__random_init(&rng, seed, i);
        size_t n_points = 10 + psh__random_below(&rng, 30), kind = i % 3;
        for (size_t k = 0; k < n_points; k++) {
            points[k][0] = 10 * psh__random_unit(&rng) + 5 * (double)kind;
            points[k][1] = points[k][0] + (1 + (double)kind) * psh__random_unit(&rng) + 0.02 * (double)i;
            dims[k] = k % 3 == 0;
        }
        assert_int_equal(psh_diagrams_append(set, points[0], dims, n_points, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

static psh_model *fit(const psh_diagrams *set, const psh_sketch_params *params, psh_fit_report *report) {
    psh_model *model = NULL;
    psh_error err = {0};
    if (psh_sketch_fit(set, params, NULL, &model, report, &err) != PSH_OK) fail_msg("%s", err.text);
    return model;
}

static void encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes) {
    psh_error err = {0};
    if (psh_model_encode(model, set, n_threads, codes, &err) != PSH_OK) fail_msg("%s", err.text);
}

/* --- Fitting ------------------------------------------------------------------------------------------------------ */

static void fitted_hamming_tracks_sliced_wasserstein(void **state) {
    psh_diagrams *set = make_set(120, 1);
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    psh_fit_report report = {.struct_bytes = sizeof report};
    psh_model *model = fit(set, &params, &report);
    assert_int_equal(psh_model_n_bits(model), 64);
    assert_int_equal(report.n_diagrams, 120);
    assert_int_equal(report.n_pairs, 120 * 119 / 2);
    assert_int_equal(report.n_held_out_diagrams, 40);
    assert_true(report.n_candidates > 1000);
    assert_true(report.n_distinct_codes > 100);
    assert_true(report.spearman_fitted > 0.97);
    assert_true(report.spearman_held_out > 0.9 && report.pearson_held_out > 0.9);
    psh_model_free(model);

    params.random = true;
    psh_fit_report by_chance = {.struct_bytes = sizeof by_chance};
    model = fit(set, &params, &by_chance);
    assert_true(by_chance.spearman_fitted > 0.6);
    assert_true(by_chance.spearman_fitted < report.spearman_fitted);
    psh_model_free(model);
    psh_diagrams_free(set);
}

static void same_bytes_for_any_threads_and_simd(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512", "neon"};
    psh_diagrams *set = make_set(60, 2);
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    params.n_bits = 40;
    params.n_candidates = 3000;
    uint8_t *first = NULL, first_codes[60 * 5], codes[60 * 5];
    size_t n_first = 0;
    for (int random = 0; random < 2; random++) {
        for (int n_threads = 1; n_threads <= 3; n_threads++)
            for (size_t l = 0; l < 4; l++) {
                setenv("PSH_SIMD", levels[l], 1);
                if (psh_cpu_check(NULL) != PSH_OK) continue;
                uint8_t *bytes;
                size_t n_bytes;
                params.n_threads = n_threads;
                params.random = random;
                psh_model *model = fit(set, &params, NULL);
                encode(model, set, n_threads, codes);
                assert_int_equal(psh_model_write_bytes(model, &bytes, &n_bytes, NULL), PSH_OK);
                if (!first) {
                    first = bytes, n_first = n_bytes;
                    memcpy(first_codes, codes, sizeof codes);
                } else {
                    assert_int_equal(n_bytes, n_first);
                    assert_memory_equal(bytes, first, n_bytes);
                    assert_memory_equal(codes, first_codes, sizeof codes);
                    psh_bytes_free(bytes);
                }
                psh_model_free(model);
            }
        psh_bytes_free(first);
        first = NULL;
    }
    unsetenv("PSH_SIMD");
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fitted_hamming_tracks_sliced_wasserstein),
        cmocka_unit_test(same_bytes_for_any_threads_and_simd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
