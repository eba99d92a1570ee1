/* test_asymmetric.c : the numbers behind the bits, their scales, and distances of queries that were not cut to bits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "persihash/code.h"

static psh_diagrams *make_set(size_t n, uint64_t seed) {
    psh_diagrams *set;
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) {
        double points[2 * 12], center = psh__random_unit(&rng);
        int32_t dims[12];
        for (int k = 0; k < 12; k++) {
            points[2 * k] = center + 0.2 * psh__random_unit(&rng);
            points[2 * k + 1] = points[2 * k] + 0.5 * psh__random_unit(&rng);
            dims[k] = k % 2;
        }
        assert_int_equal(psh_diagrams_append(set, points, dims, 12, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

static psh_model *fit(const psh_diagrams *set, bool is_compact, int n_bits) {
    psh_sketch_params sketch = PSH_PARAMS(psh_sketch_params);
    psh_compact_params compact = PSH_PARAMS(psh_compact_params);
    psh_model *model;
    sketch.n_bits = compact.n_bits = n_bits, sketch.random = true;
    sketch.target = compact.target = PSH_TARGET_SLICED, compact.n_steps = 20;
    if (is_compact)
        assert_int_equal(psh_compact_fit(set, &compact, NULL, &model, NULL, NULL), PSH_OK);
    else
        assert_int_equal(psh_sketch_fit(set, &sketch, NULL, &model, NULL, NULL), PSH_OK);
    return model;
}

static void bits_are_the_signs_of_the_numbers(void **state) {
    psh_diagrams *set = make_set(70, 1), *more = make_set(45, 2);
    for (int kind = 0; kind < 2; kind++)
        for (int n_bits = 5; n_bits <= 40; n_bits += 35) {
            psh_model *model = fit(set, kind, n_bits);
            size_t n_bytes = psh_model_n_bytes(model);
            uint8_t codes[45 * 5];
            static float values[45 * 40], again[45 * 40];
            assert_int_equal(psh_model_encode(model, more, 1, codes, NULL), PSH_OK);
            assert_int_equal(psh_model_project(model, more, 1, values, NULL), PSH_OK);
            assert_int_equal(psh_model_project(model, more, 3, again, NULL), PSH_OK);
            assert_memory_equal(values, again, 45 * (size_t)n_bits * sizeof *values);
            for (size_t i = 0; i < 45; i++)
                for (size_t b = 0; b < (size_t)n_bits; b++)
                    assert_int_equal(codes[i * n_bytes + b / 8] >> b % 8 & 1, values[i * (size_t)n_bits + b] > 0);
            psh_model_free(model);
        }
    psh_diagrams_free(set), psh_diagrams_free(more);
}

static void infinite_deaths_have_no_numbers(void **state) {
    psh_diagrams *set = make_set(20, 3);
    psh_model *model = fit(set, false, 8);
    const double point[] = {0, INFINITY};
    const int32_t dim = 0;
    float values[21 * 8];
    psh_error err;
    assert_int_equal(psh_diagrams_append(set, point, &dim, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_model_project(model, set, 1, values, &err), PSH_ERR_NOT_FINITE);
    psh_model_free(model);
    psh_diagrams_free(set);
}

/* Bit by bit, with the library's tanh. */
static double twin(const float *values, const uint8_t *code, const float *scales, int n_bits) {
    double sum = 0;
    for (int b = 0; b < n_bits; b++) {
        double sign = code[b / 8] >> b % 8 & 1 ? 1 : -1;
        sum += (1 - sign * tanh((double)values[b] / (0.3 * (double)scales[b]))) / 2;
    }
    return sum;
}

static void distances_are_expected_hamming_distances(void **state) {
    enum { N_A = 5, N_B = 13, MOST = 70 };
    float values[N_A * MOST], scales[MOST], one[N_A * N_B], three[N_A * N_B];
    uint8_t codes[N_B * 9];
    psh__random rng;
    psh__random_init(&rng, 4, 0);
    for (int n_bits = 1; n_bits <= MOST; n_bits++) {
        size_t n_bytes = ((size_t)n_bits + 7) / 8, n = (size_t)n_bits;
        for (size_t k = 0; k < N_A * n; k++) values[k] = (float)(psh__random_unit(&rng) * 4 - 2);
        for (size_t b = 0; b < n; b++) scales[b] = (float)(0.1 + psh__random_unit(&rng));
        for (size_t k = 0; k < N_B * n_bytes; k++) codes[k] = (uint8_t)psh__random_u64(&rng);
        for (size_t j = 0; j < N_B && n_bits % 8; j++)
            codes[j * n_bytes + n_bytes - 1] &= (uint8_t)((1 << n_bits % 8) - 1);
        assert_int_equal(psh_asymmetric_cross(values, N_A, codes, N_B, n_bits, scales, 1, one, NULL), PSH_OK);
        assert_int_equal(psh_asymmetric_cross(values, N_A, codes, N_B, n_bits, scales, 3, three, NULL), PSH_OK);
        assert_memory_equal(one, three, sizeof one);
        for (size_t i = 0; i < N_A; i++)
            for (size_t j = 0; j < N_B; j++)
                assert_true(fabs((double)one[i * N_B + j] - twin(values + i * n, codes + j * n_bytes, scales, n_bits)) <
                            1e-4);
        /* very sure queries: Hamming distances; no number at all: half of the bits */
        for (size_t k = 0; k < N_A * n; k++) values[k] *= 1e30f;
        uint8_t signs[N_A * 9] = {0};
        uint16_t hamming[N_A * N_B];
        for (size_t i = 0; i < N_A; i++)
            for (size_t b = 0; b < n; b++) signs[i * n_bytes + b / 8] |= (uint8_t)((values[i * n + b] > 0) << b % 8);
        assert_int_equal(psh_hamming_cross(signs, N_A, codes, N_B, n_bytes, 1, hamming, NULL), PSH_OK);
        assert_int_equal(psh_asymmetric_cross(values, N_A, codes, N_B, n_bits, scales, 1, one, NULL), PSH_OK);
        for (size_t k = 0; k < N_A * N_B; k++) assert_true(one[k] == hamming[k]);
        memset(values, 0, sizeof values);
        assert_int_equal(psh_asymmetric_cross(values, 1, codes, N_B, n_bits, scales, 1, one, NULL), PSH_OK);
        for (size_t j = 0; j < N_B; j++) assert_true(one[j] == (float)n_bits / 2);
    }
    assert_int_equal(psh_asymmetric_cross(NULL, 0, codes, N_B, 8, scales, 1, NULL, NULL), PSH_OK);
}

static void scales_are_root_mean_squares_and_travel(void **state) {
    psh_diagrams *set = make_set(60, 5);
    psh_model *model = fit(set, false, 24);
    uint8_t packed[60 * 3];
    float values[60 * 24], bad[24];
    psh_codes *codes, *again;
    psh_error err;
    assert_int_equal(psh_model_encode(model, set, 1, packed, NULL), PSH_OK);
    assert_int_equal(psh_model_project(model, set, 1, values, NULL), PSH_OK);
    assert_int_equal(psh_codes_create(packed, 60, 24, psh_model_id(model), "", &codes, NULL), PSH_OK);
    assert_null(psh_codes_scales(codes));
    assert_int_equal(psh_codes_fit_scales(codes, model, set, 2, NULL), PSH_OK);
    for (size_t b = 0; b < 24; b++) {
        double sum = 0;
        for (size_t i = 0; i < 60; i++) sum += (double)values[i * 24 + b] * (double)values[i * 24 + b];
        assert_true(fabs((double)psh_codes_scales(codes)[b] / sqrt(sum / 60) - 1) < 1e-6);
    }
    assert_int_equal(psh_codes_write(codes, "test_asymmetric.npz", NULL), PSH_OK);
    assert_int_equal(psh_codes_read("test_asymmetric.npz", &again, NULL), PSH_OK);
    assert_memory_equal(psh_codes_scales(codes), psh_codes_scales(again), 24 * sizeof(float));
    static const float wrong[] = {0, -1, NAN, INFINITY};
    for (size_t k = 0; k < 4; k++) {
        memcpy(bad, psh_codes_scales(codes), sizeof bad);
        bad[7] = wrong[k];
        assert_int_equal(psh_codes_set_scales(again, bad, &err), PSH_ERR_DATA);
        assert_non_null(strstr(err.text, "of bit 7"));
    }
    assert_memory_equal(psh_codes_scales(codes), psh_codes_scales(again), 24 * sizeof(float));
    unlink("test_asymmetric.npz");
    psh_codes_free(codes), psh_codes_free(again);
    psh_model_free(model);
    psh_diagrams_free(set);
}

static void no_diagrams_have_scales_too(void **state) {
    psh_diagrams *set = make_set(20, 6), *none;
    psh_model *model = fit(set, false, 8);
    psh_codes *codes;
    assert_int_equal(psh_diagrams_create(&none, NULL), PSH_OK);
    assert_int_equal(psh_codes_create(NULL, 0, 8, psh_model_id(model), "", &codes, NULL), PSH_OK);
    assert_int_equal(psh_codes_fit_scales(codes, model, none, 1, NULL), PSH_OK);
    for (size_t b = 0; b < 8; b++) assert_true(psh_codes_scales(codes)[b] == 1);
    psh_codes_free(codes);
    psh_model_free(model);
    psh_diagrams_free(set), psh_diagrams_free(none);
}

static void every_failed_allocation_is_an_answer(void **state) {
    psh_diagrams *set = make_set(20, 7);
    psh_model *model = fit(set, false, 8);
    uint8_t packed[20];
    float values[20 * 8], distances[20 * 20];
    psh_status status = PSH_ERR_MEMORY;
    unsigned long n = 1;
    assert_int_equal(psh_model_encode(model, set, 1, packed, NULL), PSH_OK);
    for (; status == PSH_ERR_MEMORY && n < 300; n++) {
        psh_codes *codes;
        assert_int_equal(psh_codes_create(packed, 20, 8, "", "", &codes, NULL), PSH_OK);
        psh__alloc_fail_at(n);
        status = psh_codes_fit_scales(codes, model, set, 1, NULL);
        if (status == PSH_OK) status = psh_model_project(model, set, 1, values, NULL);
        if (status == PSH_OK)
            status = psh_asymmetric_cross(values, 20, packed, 20, 8, psh_codes_scales(codes), 1, distances, NULL);
        psh__alloc_fail_at(0);
        psh_codes_free(codes);
    }
    assert_int_equal(status, PSH_OK);
    assert_true(n > 4);
    psh_model_free(model);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_the_signs_of_the_numbers),
        cmocka_unit_test(infinite_deaths_have_no_numbers),
        cmocka_unit_test(distances_are_expected_hamming_distances),
        cmocka_unit_test(scales_are_root_mean_squares_and_travel),
        cmocka_unit_test(no_diagrams_have_scales_too),
        cmocka_unit_test(every_failed_allocation_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
