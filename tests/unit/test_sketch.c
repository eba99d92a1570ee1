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
#include "encoder/sketch_model.h"
#include "sketch_oracle.h"

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

/* params NULL: the defaults, but with few candidates, to be quick. */
static psh_model *fit(const psh_diagrams *set, const psh_sketch_params *params, psh_fit_report *report) {
    psh_sketch_params quick = PSH_PARAMS(psh_sketch_params);
    quick.n_candidates = 1000;
    if (!params) params = &quick;
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

static void fitted_hamming_tracks_wasserstein(void **state) {
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
    params.n_candidates = 1000;
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

static void seeds_matter_and_bits_are_balanced(void **state) {
    psh_diagrams *set = make_set(90, 3);
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    params.n_candidates = 1000;
    psh_model *first = fit(set, &params, NULL);
    params.seed = 1;
    psh_model *second = fit(set, &params, NULL);
    assert_string_not_equal(psh_model_id(first), psh_model_id(second));
    uint8_t codes[90 * 8];
    encode(first, set, 1, codes);
    for (size_t k = 0; k < 64; k++) {
        int ones = 0;
        for (size_t i = 0; i < 90; i++) ones += codes[8 * i + k / 8] >> k % 8 & 1;
        assert_true(ones > 0 && ones < 90); /* no bit is constant */
    }
    psh_model_free(first);
    psh_model_free(second);
    psh_diagrams_free(set);
}

static void every_width_has_zero_pad_bits(void **state) {
    static const int widths[] = {1, 2, 7, 8, 9, 24, 63, 65, 255, 1000, 1024};
    psh_diagrams *set = make_set(30, 4);
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
        params.n_bits = widths[w], params.n_candidates = 1500;
        psh_model *model = fit(set, &params, NULL);
        size_t n_bytes = psh_model_n_bytes(model);
        assert_int_equal(n_bytes, (widths[w] + 7) / 8);
        uint8_t codes[30 * 128];
        memset(codes, 0xff, sizeof codes);
        encode(model, set, 2, codes);
        for (size_t i = 0; i < 30 && widths[w] % 8; i++)
            assert_int_equal(codes[(i + 1) * n_bytes - 1] >> widths[w] % 8, 0);
        psh_model_free(model);
    }
    psh_diagrams_free(set);
}

static void tiny_sets_get_a_model(void **state) {
    for (size_t n = 2; n <= 13; n++) {
        psh_diagrams *set = make_set(n, 5);
        psh_fit_report report = {.struct_bytes = sizeof report};
        psh_model *model = fit(set, NULL, &report);
        assert_int_equal(report.n_diagrams, n);
        assert_int_equal(report.n_pairs, n * (n - 1) / 2);
        assert_int_equal(report.n_exact_pairs, report.n_pairs); /* small: every distance is exact */
        assert_int_equal(report.n_distinct_codes, n);
        assert_true(n >= 12 || (isnan(report.spearman_held_out) && report.n_held_out_pairs == 0));
        assert_true(n < 12 || report.n_held_out_pairs == 6);
        if (n >= 4) assert_true(report.spearman_fitted > 0.9);
        psh_model_free(model);
        psh_diagrams_free(set);
    }
}

static void large_sets_are_sampled_and_checked_on_others(void **state) {
    psh_diagrams *set = make_set(300, 6);
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    params.n_sample = 80, params.n_pairs = 500, params.n_candidates = 2000;
    psh_fit_report report = {.struct_bytes = sizeof report};
    psh_model *model = fit(set, &params, &report);
    assert_int_equal(report.n_diagrams, 80);
    assert_int_equal(report.n_pairs, 80 * 79 / 2);
    assert_int_equal(report.n_exact_pairs, 500);
    assert_int_equal(report.n_held_out_diagrams, 200);
    assert_int_equal(report.n_held_out_pairs, 500 / 8);
    assert_true(report.spearman_held_out > 0.85);
    psh_model_free(model);

    params.target = PSH_TARGET_SLICED;
    model = fit(set, &params, &report);
    assert_int_equal(report.n_exact_pairs, 0);
    assert_int_equal(report.n_held_out_pairs, 200 * 199 / 2);
    psh_model_free(model);

    params.target = PSH_TARGET_WASSERSTEIN;
    model = fit(set, &params, &report);
    assert_true(report.n_exact_pairs <= 500 && report.n_exact_pairs > 450); /* the exact part shrinks to n_pairs */
    assert_int_equal(report.n_diagrams, 300);
    assert_int_equal(report.n_pairs, 300 * 299 / 2); /* the others are calibrated */
    assert_int_equal(report.n_held_out_diagrams, 100);
    assert_int_equal(report.n_held_out_pairs, 1000); /* of their own */
    assert_true(report.spearman_held_out > 0.85);
    psh_model_free(model);
    psh_diagrams_free(set);
}

static void reports_of_older_callers_are_not_overrun(void **state) {
    psh_diagrams *set = make_set(20, 7);
    psh_fit_report report;
    memset(&report, 0x55, sizeof report);
    report.struct_bytes = offsetof(psh_fit_report, n_exact_pairs);
    psh_model_free(fit(set, NULL, &report));
    assert_int_equal(report.n_diagrams, 20);
    assert_int_equal(report.n_exact_pairs, 0x5555555555555555);
    psh_diagrams_free(set);
}

/* --- Encoding ----------------------------------------------------------------------------------------------------- */

static void codes_agree_with_counting_by_hand(void **state) {
    psh_diagrams *set = make_set(50, 8);
    psh_model *model = fit(set, NULL, NULL);
    uint8_t codes[50 * 8];
    encode(model, set, 1, codes);
    const psh_frame *frame = psh_model_frame(model);
    size_t n_near = 0;
    for (size_t i = 0; i < 50; i++)
        for (size_t k = 0; k < 64; k++) {
            const psh__question *q = &((const psh__sketch *)model)->questions[k];
            const uint64_t *offsets = psh_diagrams_offsets(set);
            double points[80];
            size_t n = 0;
            for (uint64_t p = offsets[i]; p < offsets[i + 1]; p++)
                if (psh_diagrams_dims(set)[p] == q->dim)
                    memcpy(points + 2 * n++, psh_diagrams_points(set) + 2 * p, 2 * sizeof *points);
            const float line[4] = {q->line.cos, q->line.sin, q->line.position, q->line.width};
            int32_t count = oracle_count_near(points, n, frame->lo, frame->hi, line);
            if (abs(count - q->at_least) <= (int)n)
                n_near++; /* rounding may decide */
            else
                assert_int_equal(codes[8 * i + k / 8] >> k % 8 & 1, count >= q->at_least);
        }
    assert_true(n_near < 50 * 64 / 10);
    psh_model_free(model);
    psh_diagrams_free(set);
}

static void the_order_of_points_does_not_matter(void **state) {
    psh_diagrams *set = make_set(40, 9), *turned;
    assert_int_equal(psh_diagrams_create(&turned, NULL), PSH_OK);
    for (size_t i = 0; i < 40; i++) {
        uint64_t first = psh_diagrams_offsets(set)[i], end = psh_diagrams_offsets(set)[i + 1];
        double points[80];
        int32_t dims[40];
        for (uint64_t p = first; p < end; p++) {
            memcpy(points + 2 * (end - 1 - p), psh_diagrams_points(set) + 2 * p, 2 * sizeof *points);
            dims[end - 1 - p] = psh_diagrams_dims(set)[p];
        }
        assert_int_equal(psh_diagrams_append(turned, points, dims, end - first, NULL, -1, NULL), PSH_OK);
    }
    psh_model *model = fit(set, NULL, NULL);
    uint8_t codes[40 * 8], again[40 * 8];
    encode(model, set, 1, codes);
    encode(model, turned, 1, again);
    assert_memory_equal(codes, again, sizeof codes);
    psh_model_free(model);
    psh_diagrams_free(set);
    psh_diagrams_free(turned);
}

static void a_code_does_not_depend_on_the_rest_of_the_set(void **state) {
    psh_diagrams *set = make_set(40, 10), *one;
    const size_t row = 17;
    uint8_t codes[40 * 8], code[8];
    psh_model *model = fit(set, NULL, NULL);
    encode(model, set, 1, codes);
    assert_int_equal(psh_diagrams_select(set, &row, 1, 0, false, &one, NULL), PSH_OK);
    encode(model, one, 1, code);
    assert_memory_equal(code, codes + 8 * row, 8);
    psh_model_free(model);
    psh_diagrams_free(set);
    psh_diagrams_free(one);
}

static void dimensions_outside_the_mask_are_not_seen(void **state) {
    psh_diagrams *set = make_set(40, 11), *only;
    uint8_t codes[40 * 8], again[40 * 8];
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    assert_int_equal(psh_diagrams_select(set, NULL, 0, 2, false, &only, NULL), PSH_OK);
    for (int pool = 0; pool < 2; pool++) {
        params.dims_mask = 2, params.pool = pool, params.n_candidates = 1000;
        psh_model *model = fit(set, &params, NULL), *same = fit(only, &params, NULL);
        assert_string_equal(psh_model_id(model), psh_model_id(same));
        encode(model, set, 1, codes);
        encode(model, only, 1, again);
        assert_memory_equal(codes, again, sizeof codes);
        psh_model_free(model);
        psh_model_free(same);
    }
    psh_diagrams_free(set);
    psh_diagrams_free(only);
}

static void pooling_ignores_dimensions(void **state) {
    psh_diagrams *set = make_set(40, 12), *pooled;
    uint8_t codes[40 * 8], again[40 * 8];
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    params.pool = true, params.n_candidates = 1000;
    assert_int_equal(psh_diagrams_select(set, NULL, 0, 0, true, &pooled, NULL), PSH_OK);
    psh_model *model = fit(set, &params, NULL);
    encode(model, set, 1, codes);
    encode(model, pooled, 1, again);
    assert_memory_equal(codes, again, sizeof codes);
    psh_model_free(model);
    psh_diagrams_free(set);
    psh_diagrams_free(pooled);
}

/* points x scale + shift: a frame of the set, or of each diagram, takes it away. */
static psh_diagrams *transformed(const psh_diagrams *set, double scale, double shift) {
    psh_diagrams *made;
    assert_int_equal(psh_diagrams_create(&made, NULL), PSH_OK);
    for (size_t i = 0; i < psh_diagrams_count(set); i++) {
        uint64_t first = psh_diagrams_offsets(set)[i], n = psh_diagrams_offsets(set)[i + 1] - first;
        double points[80];
        for (size_t k = 0; k < 2 * n; k++) points[k] = psh_diagrams_points(set)[2 * first + k] * scale + shift;
        assert_int_equal(psh_diagrams_append(made, points, psh_diagrams_dims(set) + first, n, NULL, -1, NULL), PSH_OK);
    }
    return made;
}

static void frames_take_scale_and_shift_away(void **state) {
    psh_diagrams *set = make_set(40, 13), *moved = transformed(set, 256, 1024); /* exact in binary, almost */
    uint8_t codes[40 * 8], again[40 * 8];
    for (int kind = 0; kind < 2; kind++) {
        psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
        params.frame_kind = kind == 0 ? PSH_FRAME_SET : PSH_FRAME_DIAGRAM, params.n_candidates = 1000;
        psh_model *a = fit(set, &params, NULL), *b = fit(moved, &params, NULL);
        encode(a, set, 1, codes);
        encode(b, moved, 1, again);
        int n_different = 0;
        for (size_t i = 0; i < sizeof codes; i++) n_different += __builtin_popcount(codes[i] ^ again[i]);
        assert_true(n_different < 40); /* of 2560 bits */
        if (kind == 1) {               /* one model serves any scale */
            encode(a, moved, 1, again);
            n_different = 0;
            for (size_t i = 0; i < sizeof codes; i++) n_different += __builtin_popcount(codes[i] ^ again[i]);
            assert_true(n_different < 10);
        }
        psh_model_free(a);
        psh_model_free(b);
    }
    psh_diagrams_free(set);
    psh_diagrams_free(moved);
}

static void empty_diagrams_and_no_diagrams_have_codes_too(void **state) {
    psh_diagrams *set = make_set(20, 14), *empty;
    uint8_t codes[22 * 8], none[1] = {7};
    for (int k = 0; k < 2; k++) assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    psh_model *model = fit(set, NULL, NULL);
    encode(model, set, 1, codes);
    assert_memory_equal(codes + 20 * 8, codes + 21 * 8, 8);
    assert_int_equal(psh_diagrams_create(&empty, NULL), PSH_OK);
    encode(model, empty, 1, none);
    assert_int_equal(none[0], 7);
    psh_model_free(model);
    psh_diagrams_free(set);
    psh_diagrams_free(empty);
}

static void bits_speak_the_datas_own_language(void **state) {
    psh_diagrams *set = make_set(60, 15);
    char text[256], small[10];
    psh_model *model = fit(set, NULL, NULL);
    for (int i = 0; i < 64; i++) {
        psh_model_bit_text(model, i, text, sizeof text);
        assert_true(strncmp(text, "H0 points with ", 15) == 0 || strncmp(text, "H1 points with ", 15) == 0);
        assert_non_null(strstr(text, "at least"));
        assert_null(strstr(text, "nan"));
    }
    psh_model_bit_text(model, 0, small, sizeof small);
    assert_int_equal(strlen(small), sizeof small - 1);
    psh_model_free(model);
    /* birth <= 0.25 of the frame [100, 300] is birth <= 150, the edge 5 to either side */
    psh_frame frame = {PSH_FRAME_FIXED, 100, 300};
    psh__question q[] = {{{1, 0, 0.25f, 0.05f}, 1, 640}, {{0.6f, -0.8f, 0, 0.1f}, 1, 256}};
    assert_int_equal(psh__sketch_create(q, 2, &frame, false, 0, NULL, &model, NULL), PSH_OK);
    psh_model_bit_text(model, 0, text, sizeof text);
    assert_string_equal(
        text, "H1 points with birth <= 150 +- 5, minus their projections to the diagonal there: at least 2.5");
    psh_model_bit_text(model, 1, text, sizeof text);
    assert_string_equal(
        text,
        "H1 points with death - 0.75 birth >= 25 +- 12, minus their projections to the diagonal there: at least 1");
    psh_model_free(model);
    psh_diagrams_free(set);
}

/* --- What can go wrong -------------------------------------------------------------------------------------------- */

static void refuse(const psh_diagrams *set, const psh_sketch_params *params, psh_status expected, const char *word) {
    psh_model *model = NULL;
    psh_error err = {0};
    assert_int_equal(psh_sketch_fit(set, params, NULL, &model, NULL, &err), expected);
    assert_null(model);
    if (!strstr(err.text, word)) fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

static void sets_that_cannot_be_fitted_are_refused(void **state) {
    const double points[] = {1, 2, 3, 5}, infinite[] = {1, 2, 3, INFINITY};
    const int32_t dims[] = {0, 1};
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    refuse(set, NULL, PSH_ERR_EMPTY, "0 diagrams");
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    refuse(set, NULL, PSH_ERR_EMPTY, "1 diagram");
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    refuse(set, NULL, PSH_ERR_EMPTY, "point");
    for (int k = 0; k < 3; k++) assert_int_equal(psh_diagrams_append(set, points, dims, 2, NULL, -1, NULL), PSH_OK);
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    params.dims_mask = 4;
    refuse(set, &params, PSH_ERR_EMPTY, "chosen dimensions");
    psh_diagrams_free(set);

    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (int k = 0; k < 30; k++) assert_int_equal(psh_diagrams_append(set, points, dims, 2, NULL, -1, NULL), PSH_OK);
    params.dims_mask = 0;
    for (int random = 0; random < 2; random++) {
        params.random = random;
        refuse(set, &params, PSH_ERR_DATA, "equal");
    }
    assert_int_equal(psh_diagrams_append(set, infinite, dims, 2, "bad", -1, NULL), PSH_OK);
    refuse(set, NULL, PSH_ERR_NOT_FINITE, "drop or clamp");
    params.random = false, params.dims_mask = 1; /* the infinite point is in H1 */
    refuse(set, &params, PSH_ERR_DATA, "equal");
    psh_diagrams_free(set);
}

static void bad_parameters_are_refused(void **state) {
    psh_diagrams *set = make_set(5, 16);
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    params.n_bits = 1025;
    refuse(set, &params, PSH_ERR_PARAMETER, "1025");
    params.n_bits = -1;
    refuse(set, &params, PSH_ERR_PARAMETER, "-1");
    params.n_bits = 0, params.n_sample = 1;
    refuse(set, &params, PSH_ERR_PARAMETER, "sample of 1");
    params.n_sample = 100000;
    refuse(set, &params, PSH_ERR_PARAMETER, "100000");
    params.n_sample = 0, params.target = (psh_sketch_target)7;
    refuse(set, &params, PSH_ERR_PARAMETER, "7");
    params.target = 0, params.n_candidates = (size_t)1 << 40;
    refuse(set, &params, PSH_ERR_PARAMETER, "candidates");
    params.n_candidates = 0, params.frame_kind = PSH_FRAME_FIXED, params.frame_lo = 2, params.frame_hi = 1;
    refuse(set, &params, PSH_ERR_PARAMETER, "[2, 1]");
    psh_diagrams_free(set);
}

static void infinite_deaths_cannot_be_encoded(void **state) {
    const double points[] = {1, 2, 3, INFINITY};
    psh_diagrams *set = make_set(20, 17);
    psh_model *model = fit(set, NULL, NULL);
    uint8_t codes[22 * 8];
    psh_error err = {0};
    for (int k = 0; k < 2; k++)
        assert_int_equal(psh_diagrams_append(set, points, NULL, 2, k ? "second" : "first", -1, NULL), PSH_OK);
    for (int n_threads = 1; n_threads < 4; n_threads++) {
        assert_int_equal(psh_model_encode(model, set, n_threads, codes, &err), PSH_ERR_NOT_FINITE);
        assert_non_null(strstr(err.text, "diagram 20, first"));
    }
    psh_model_free(model);
    psh_diagrams_free(set);
}

static void failing_memory_is_reported(void **state) {
    psh_diagrams *set = make_set(14, 18);
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    params.n_candidates = 40, params.n_bits = 10, params.n_threads = 1;
    psh_model *model = NULL;
    for (int kind = 0; kind < 3; kind++) { /* with exact distances, which allocate often, every third allocation */
        unsigned long n = 0, step = kind == 0 ? 3 : 1;
        psh_status status;
        params.target = kind == 0 ? PSH_TARGET_CALIBRATED : PSH_TARGET_SLICED;
        params.random = kind == 2;
        psh_model_free(model);
        model = NULL;
        do {
            psh__alloc_fail_at(n += step);
            status = psh_sketch_fit(set, &params, NULL, &model, NULL, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        } while (status != PSH_OK);
        assert_true(n > 20);
    }
    psh_status status;
    uint8_t codes[14 * 2];
    unsigned long n = 0;
    do {
        psh__alloc_fail_at(++n);
        status = psh_model_encode(model, set, 2, codes, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
    } while (status != PSH_OK);
    assert_true(n > 2);
    psh_model_free(model);
    psh_diagrams_free(set);
}

static bool stop_after(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    assert_true(n_done <= n_total);
    return (*(int *)user)-- > 0;
}

static void the_caller_can_stop_it(void **state) {
    psh_diagrams *set = make_set(30, 19);
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    params.n_candidates = 200, params.n_bits = 8;
    psh_model *model = NULL;
    psh_error err = {0};
    psh_status status;
    int n_calls = 0;
    do {
        int calls_left = n_calls++;
        psh_progress progress = {stop_after, &calls_left};
        status = psh_sketch_fit(set, &params, &progress, &model, NULL, &err);
        assert_true(status == PSH_OK || (status == PSH_ERR_INTERRUPTED && model == NULL));
    } while (status != PSH_OK);
    assert_true(n_calls > 3);
    psh_model_free(model);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fitted_hamming_tracks_wasserstein),
        cmocka_unit_test(same_bytes_for_any_threads_and_simd),
        cmocka_unit_test(seeds_matter_and_bits_are_balanced),
        cmocka_unit_test(every_width_has_zero_pad_bits),
        cmocka_unit_test(tiny_sets_get_a_model),
        cmocka_unit_test(large_sets_are_sampled_and_checked_on_others),
        cmocka_unit_test(reports_of_older_callers_are_not_overrun),
        cmocka_unit_test(codes_agree_with_counting_by_hand),
        cmocka_unit_test(the_order_of_points_does_not_matter),
        cmocka_unit_test(a_code_does_not_depend_on_the_rest_of_the_set),
        cmocka_unit_test(dimensions_outside_the_mask_are_not_seen),
        cmocka_unit_test(pooling_ignores_dimensions),
        cmocka_unit_test(frames_take_scale_and_shift_away),
        cmocka_unit_test(empty_diagrams_and_no_diagrams_have_codes_too),
        cmocka_unit_test(bits_speak_the_datas_own_language),
        cmocka_unit_test(sets_that_cannot_be_fitted_are_refused),
        cmocka_unit_test(bad_parameters_are_refused),
        cmocka_unit_test(infinite_deaths_cannot_be_encoded),
        cmocka_unit_test(failing_memory_is_reported),
        cmocka_unit_test(the_caller_can_stop_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
