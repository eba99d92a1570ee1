/* test_compact.c : the matrix product, learning, and compact models. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "encoder/compact_model.h"
#include "encoder/dense.h"
#include "encoder/linear.h"
#include "encoder/sketch_model.h"
#include "model_checks.h"

/* n_diagrams of up to 40 points, two dimensions, of three kinds that drift slowly. */
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
            points[k][0] = 0.5 * psh__random_unit(&rng) + 0.1 * (double)kind;
            points[k][1] = points[k][0] + 0.1 * (1 + (double)kind) * psh__random_unit(&rng) + 0.0005 * (double)i;
            dims[k] = k % 3 == 0;
        }
        assert_int_equal(psh_diagrams_append(set, points[0], dims, n_points, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

/* --- Product ------------------------------------------------------------------------------------------------------ */

static void products_agree_at_every_level(void **state) {
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (size_t trial = 0; trial < 30; trial++) {
        size_t m = 1 + psh__random_below(&rng, 20), k = 1 + psh__random_below(&rng, 40);
        size_t n = PSH__DENSE_COLUMNS * (1 + psh__random_below(&rng, 6));
        float *a = malloc(m * k * sizeof *a), *b = malloc(n * k * sizeof *b), *c = malloc(m * n * sizeof *c);
        float *slow = malloc(m * n * sizeof *slow);
        for (size_t i = 0; i < m * k; i++) a[i] = (float)(psh__random_unit(&rng) - 0.5);
        for (size_t i = 0; i < n * k; i++) b[i] = (float)(psh__random_unit(&rng) - 0.5);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) {
                float sum = 0;
                for (size_t l = 0; l < k; l++) sum += a[i * k + l] * b[l * n + j];
                slow[i * n + j] = sum;
            }
        psh__product product = {m, n, k, {a, k, 1}, {b, n}, {c, n}};
        psh__dense_rows_scalar(&product);
        assert_memory_equal(c, slow, m * n * sizeof *c);
        psh__dense_multiply(a, b, m, n, k, 2, c); /* the level of this machine */
        assert_memory_equal(c, slow, m * n * sizeof *c);
#if defined(__x86_64__)
        if (psh_cpu_simd() >= PSH_SIMD_AVX2) {
            psh__dense_rows_avx2(&product);
            assert_memory_equal(c, slow, m * n * sizeof *c);
        }
#endif
        free(a), free(b), free(c), free(slow);
    }
}

/* A transposed first matrix, gaps between rows, and blocks of rows: each element is what it is without. Gaps stay. */
static void products_of_parts_are_those_of_the_whole(void **state) {
    enum { M = 13, N = 80, K = 9, B_ROW = N + 3, C_ROW = N + 16 };
    float a[M * K], turned[K * M], b[K * B_ROW], plain[K * N], wanted[M * N], c[M * C_ROW];
    psh__random rng;
    psh__random_init(&rng, 2, 0);
    for (size_t i = 0; i < K * B_ROW; i++) b[i] = (float)(psh__random_unit(&rng) - 0.5);
    for (size_t i = 0; i < M; i++)
        for (size_t s = 0; s < K; s++) a[i * K + s] = turned[s * M + i] = (float)(psh__random_unit(&rng) - 0.5);
    for (size_t s = 0; s < K; s++) memcpy(plain + s * N, b + s * B_ROW, N * sizeof *b);
    psh__dense_multiply(a, plain, M, N, K, 1, wanted);
    psh__dense_rows *levels[] = {psh__dense_rows_scalar, psh__dense_rows_get()};
    for (size_t level = 0; level < 2; level++) {
        for (size_t i = 0; i < M * C_ROW; i++) c[i] = -7;
        psh__product whole = {M, N, K, {turned, 1, M}, {b, B_ROW}, {c, C_ROW}};
        for (size_t first = 0; first < M; first += 5) {
            psh__product part = psh__product_rows(whole, first, M - first < 5 ? M - first : 5);
            levels[level](&part);
        }
        for (size_t i = 0; i < M; i++) {
            assert_memory_equal(c + i * C_ROW, wanted + i * N, N * sizeof *c);
            for (size_t j = N; j < C_ROW; j++) assert_true(c[i * C_ROW + j] == -7);
        }
    }
}

/* --- Learning ----------------------------------------------------------------------------------------------------- */

/* Items are points on a line, targets their distances: codes must follow, and so must their first 16 bits. */
static void learnt_codes_follow_the_target(void **state) {
    enum { N = 80, F = 8, L = 32 };
    float *rows = malloc(N * F * sizeof *rows), weights[F * L], offsets[L];
    uint16_t *targets = malloc(N * N * sizeof *targets);
    psh__random rng;
    psh__random_init(&rng, 5, 0);
    for (size_t i = 0; i < N; i++)
        for (size_t f = 0; f < F; f++)
            rows[i * F + f] = f == 2 ? (float)i / 8 - 5 : (float)(psh__random_unit(&rng) - 0.5);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) targets[i * N + j] = (uint16_t)(700 * (i > j ? i - j : j - i));
    psh__linear_set set = {N, rows, targets, N};
    psh__linear_params params = {.n_bits = L,
                                 .n_features = F,
                                 .n_batch = 64,
                                 .n_steps = 300,
                                 .sets_per_step = 1,
                                 .rate = 0.01,
                                 .prefix_share = 0.5};
    assert_int_equal(psh__linear_columns(L), L);
    psh__linear_draw(&params, weights, offsets);
    assert_int_equal(psh__linear_train(&set, 1, &params, weights, offsets, NULL), PSH_OK);
    for (size_t n_bits = 16; n_bits <= L; n_bits += 16) {
        double sums[5] = {0}, n_pairs = N * (N - 1) / 2;
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < i; j++) {
                double h = 0, t = targets[i * N + j];
                for (size_t b = 0; b < n_bits; b++) {
                    float zi = offsets[b], zj = offsets[b];
                    for (size_t f = 0; f < F; f++)
                        zi += rows[i * F + f] * weights[f * L + b], zj += rows[j * F + f] * weights[f * L + b];
                    h += (zi > 0) != (zj > 0);
                }
                sums[0] += h, sums[1] += h * h, sums[2] += t, sums[3] += t * t, sums[4] += h * t;
            }
        double covariance = sums[4] - sums[0] * sums[2] / n_pairs;
        double correlation =
            covariance / sqrt((sums[1] - sums[0] * sums[0] / n_pairs) * (sums[3] - sums[2] * sums[2] / n_pairs));
        assert_true(correlation > 0.97);
    }
    free(rows);
    free(targets);
}

/* --- Models ------------------------------------------------------------------------------------------------------- */

static psh_model *fit(const psh_diagrams *set, int n_bits, size_t n_steps, int n_threads, psh_fit_report *report) {
    psh_compact_params params = PSH_PARAMS(psh_compact_params);
    psh_model *model = NULL;
    psh_error err = {0};
    params.n_bits = n_bits, params.n_steps = n_steps, params.n_threads = n_threads;
    if (psh_compact_fit(set, &params, NULL, &model, report, &err) != PSH_OK) fail_msg("%s", err.text);
    return model;
}

static void fitted_hamming_tracks_wasserstein(void **state) {
    psh_diagrams *set = make_set(240, 1);
    psh_fit_report report = {.struct_bytes = sizeof report};
    psh_model *model = fit(set, 64, 300, 0, &report);
    assert_string_equal(psh_model_kind(model), "compact");
    assert_int_equal(psh_model_n_bits(model), 64);
    assert_int_equal(report.n_diagrams, 240);
    assert_int_equal(report.n_held_out_diagrams, 80);
    assert_true(report.spearman_fitted > 0.96);
    assert_true(report.spearman_held_out > 0.8);
    psh_model_free(model);
    psh_diagrams_free(set);
}

static void same_bytes_for_any_threads_and_simd(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    psh_diagrams *set = make_set(40, 2);
    uint8_t *first = NULL, *bytes, codes[40 * 5], first_codes[40 * 5];
    size_t n_first = 0, n_bytes;
    for (size_t l = 0; l < 3; l++)
        for (int n_threads = 1; n_threads <= 2; n_threads++) {
            setenv("PSH_SIMD", levels[l], 1);
            psh_model *model = fit(set, 40, 20, n_threads, NULL);
            assert_int_equal(psh_model_write_bytes(model, &bytes, &n_bytes, NULL), PSH_OK);
            assert_int_equal(psh_model_encode(model, set, n_threads, codes, NULL), PSH_OK);
            if (first) {
                assert_int_equal(n_bytes, n_first);
                assert_memory_equal(bytes, first, n_bytes);
                assert_memory_equal(codes, first_codes, sizeof codes);
                psh_bytes_free(bytes);
            } else
                first = bytes, n_first = n_bytes, memcpy(first_codes, codes, sizeof codes);
            psh_model_free(model);
        }
    unsetenv("PSH_SIMD");
    psh_bytes_free(first);
    psh_diagrams_free(set);
}

static void models_survive_the_round_trip(void **state) {
    psh_diagrams *set = make_set(30, 4);
    psh_model *model = fit(set, 20, 20, 0, NULL), *again;
    uint8_t *bytes, codes[90], codes_again[90];
    size_t n_bytes;
    char text[256];
    assert_int_equal(psh_model_write_bytes(model, &bytes, &n_bytes, NULL), PSH_OK);
    assert_int_equal(psh_model_read_bytes(bytes, n_bytes, &again, NULL), PSH_OK);
    assert_string_equal(psh_model_id(model), psh_model_id(again));
    assert_string_equal(psh_model_kind(again), "compact");
    assert_int_equal(psh_model_encode(model, set, 1, codes, NULL), PSH_OK);
    assert_int_equal(psh_model_encode(again, set, 2, codes_again, NULL), PSH_OK);
    assert_memory_equal(codes, codes_again, sizeof codes);
    psh_model_bit_text(again, 3, text, sizeof text);
    assert_non_null(strstr(text, "learned function"));
    check_damaged_bytes(model, bytes, n_bytes);
    psh_bytes_free(bytes);
    psh_model_free(model);
    psh_model_free(again);
    psh_diagrams_free(set);
}

static void sets_that_cannot_be_fitted_are_refused(void **state) {
    psh_diagrams *set = make_set(1, 1), *alike;
    psh_model *model = NULL;
    psh_compact_params params = PSH_PARAMS(psh_compact_params);
    double point[] = {0, 1}, essential[] = {0, INFINITY};
    psh_error err;
    assert_int_equal(psh_compact_fit(set, &params, NULL, &model, NULL, &err), PSH_ERR_EMPTY);
    assert_int_equal(psh_diagrams_create(&alike, NULL), PSH_OK);
    for (int i = 0; i < 5; i++) assert_int_equal(psh_diagrams_append(alike, point, NULL, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_compact_fit(alike, &params, NULL, &model, NULL, &err), PSH_ERR_DATA);
    assert_int_equal(psh_diagrams_append(alike, essential, NULL, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_compact_fit(alike, &params, NULL, &model, NULL, &err), PSH_ERR_NOT_FINITE);
    params.n_bits = 1025;
    assert_int_equal(psh_compact_fit(set, &params, NULL, &model, NULL, &err), PSH_ERR_PARAMETER);
    assert_null(model);
    psh_diagrams_free(set);
    psh_diagrams_free(alike);
}

/* Later diagrams may lie outside the frame, be empty, or have a dimension that was never seen; not be essential. */
static void later_diagrams_are_encoded_or_refused(void **state) {
    psh_diagrams *set = make_set(20, 6), *later;
    psh_model *model = fit(set, 16, 10, 0, NULL);
    double points[] = {-5, 9, 0.1, 0.2}, essential[] = {0, INFINITY};
    int32_t dims[] = {1, 7};
    uint8_t codes[6];
    psh_error err;
    assert_int_equal(psh_diagrams_create(&later, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(later, points, dims, 2, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(later, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_model_encode(model, later, 1, codes, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(later, essential, NULL, 1, "the third", -1, NULL), PSH_OK);
    assert_int_equal(psh_model_encode(model, later, 1, codes, &err), PSH_ERR_NOT_FINITE);
    assert_non_null(strstr(err.text, "diagram 2, the third"));
    psh_model_free(model);
    psh_diagrams_free(set);
    psh_diagrams_free(later);
}

static void failing_memory_is_reported(void **state) {
    psh_diagrams *set = make_set(14, 8);
    psh_compact_params params = PSH_PARAMS(psh_compact_params);
    params.n_bits = 8, params.n_steps = 2, params.n_threads = 1;
    for (long n = 1;; n++) {
        psh_model *model = NULL;
        psh__alloc_fail_at(n);
        psh_status status = psh_compact_fit(set, &params, NULL, &model, NULL, NULL);
        psh__alloc_fail_at(0);
        psh_model_free(model);
        if (status == PSH_OK) break;
        assert_int_equal(status, PSH_ERR_MEMORY);
        assert_true(n < 10000);
    }
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(products_agree_at_every_level),
                                       cmocka_unit_test(products_of_parts_are_those_of_the_whole),
                                       cmocka_unit_test(learnt_codes_follow_the_target),
                                       cmocka_unit_test(fitted_hamming_tracks_wasserstein),
                                       cmocka_unit_test(same_bytes_for_any_threads_and_simd),
                                       cmocka_unit_test(models_survive_the_round_trip),
                                       cmocka_unit_test(sets_that_cannot_be_fitted_are_refused),
                                       cmocka_unit_test(later_diagrams_are_encoded_or_refused),
                                       cmocka_unit_test(failing_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
