/* test_general.c : general compact models: learnt on many sets, adapted to one without distances. */
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
#include "encoder/general.h"
#include "encoder/general_train.h"
#include "encoder/linear.h"
#include "model_checks.h"

enum { N_BITS = 24 };

static psh_diagrams *mixed_set(size_t n_diagrams, uint64_t i_set, psh_synth_family family) {
    psh_synth_params params = PSH_PARAMS(psh_synth_params);
    psh_diagrams *set;
    params.family = family, params.max_points = 60;
    assert_int_equal(psh_diagrams_synth_mixed(n_diagrams, 77, i_set, &params, &set, NULL), PSH_OK);
    return set;
}

/* Any weights: bits need not be good to be right. */
static psh_model *random_general(size_t n_bits) {
    psh__linear_params params = {.n_bits = n_bits, .n_features = PSH__GENERAL_FEATURES, .seed = 3};
    size_t n_columns = psh__linear_columns(n_bits);
    float *weights = malloc(PSH__GENERAL_FEATURES * n_columns * sizeof *weights), *offsets = malloc(n_columns * 4);
    psh__estimate estimate;
    psh__random rng;
    psh_model *model;
    psh__linear_draw(&params, weights, offsets);
    psh__random_init(&rng, 1, 0);
    assert_int_equal(psh__estimate_create(&estimate, NULL), PSH_OK);
    psh__perceptron_draw(&estimate.network, &rng);
    assert_int_equal(psh__general_create(weights, offsets, n_bits, &estimate, NULL, &model, NULL), PSH_OK);
    psh__estimate_free(&estimate);
    free(weights), free(offsets);
    return model;
}

/* As trained: what is picked for a set is in test_general_adapt.c. */
static psh_model *adapted(const psh_model *general, const psh_diagrams *set, int n_bits, bool pool) {
    psh_adapt_params params = PSH_PARAMS(psh_adapt_params);
    psh_error err = {0};
    psh_model *model = NULL;
    params.n_bits = n_bits, params.pool = pool, params.as_trained = true;
    if (psh_model_adapt(general, set, &params, &model, &err) != PSH_OK) fail_msg("%s", err.text);
    return model;
}

static uint8_t *encoded(const psh_model *model, const psh_diagrams *set) {
    uint8_t *codes = malloc(psh_diagrams_count(set) * psh_model_n_bytes(model));
    assert_int_equal(psh_model_encode(model, set, 1, codes, NULL), PSH_OK);
    return codes;
}

static bool bit_of(const uint8_t *codes, size_t n_bytes, size_t i, size_t b) {
    return codes[i * n_bytes + b / 8] >> b % 8 & 1;
}

/* --- Adapting ----------------------------------------------------------------------------------------------------- */

static void bits_are_shared_out_in_proportion_from_the_first_on(void **state) {
    const double norms[] = {5, 0, 3, 2};
    size_t owners[200], given[4] = {0};
    psh__general_share_bits(norms, 4, 200, owners);
    for (size_t i = 0; i < 200; i++) {
        given[owners[i]]++;
        for (size_t d = 0; d < 4; d++) assert_true(fabs((double)given[d] - norms[d] / 10 * (double)(i + 1)) < 2);
    }
    assert_int_equal(given[0], 100);
    assert_int_equal(given[1], 0);
    assert_int_equal(given[2], 60);
    const double none[] = {0, 0};
    psh__general_share_bits(none, 2, 10, owners); /* nothing tells: alike */
    for (size_t i = 0, first = 0; i < 10; i++) assert_true((first += owners[i] == 0) <= 5);
}

/* By the definition: rows minus their mean, scaled to a norm of 8, times weights, plus offset. */
static void codes_are_signs_of_standardised_sums(void **state) {
    psh_diagrams *set = mixed_set(50, 1, PSH_SYNTH_BLOBS);
    psh_model *general = random_general(N_BITS), *model = adapted(general, set, 0, true);
    const psh__general *g = (const psh__general *)general;
    const psh__compact *compact = (const psh__compact *)model;
    uint8_t *codes = encoded(model, set);
    size_t n = 50, n_features = PSH__GENERAL_FEATURES, n_far = 0;
    float *rows = malloc(n * n_features * sizeof *rows);
    double *mean = calloc(n_features, sizeof *mean), squares = 0;
    psh__slicer *slicer;
    const psh__slice_kernels *kernels = psh__slice_kernels_get();
    assert_int_equal(psh__slicer_create(&compact->slices, &slicer, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) {
        assert_true(psh__slicer_row(slicer, kernels, set, i, psh_model_frame(model), 0, rows + i * n_features));
        for (size_t f = 0; f < n_features; f++) mean[f] += rows[i * n_features + f] / (double)n;
    }
    for (size_t i = 0; i < n * n_features; i++) squares += pow(rows[i] - mean[i % n_features], 2);
    double scale = 8 / sqrt(squares / (double)n);
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < N_BITS; b++) {
            double z = g->offsets[b];
            for (size_t f = 0; f < n_features; f++)
                z += psh__half_to_float(g->halves[f * N_BITS + b]) * (rows[i * n_features + f] - mean[f]) * scale;
            if (fabs(z) < 1e-4) continue; /* rounding may go either way */
            assert_int_equal(bit_of(codes, N_BITS / 8, i, b), z > 0);
            n_far++;
        }
    assert_true(n_far > n * N_BITS * 9 / 10);
    psh__slicer_free(slicer);
    free(rows), free(mean), free(codes);
    psh_model_free(general), psh_model_free(model);
    psh_diagrams_free(set);
}

static void short_codes_are_the_start_of_long_ones(void **state) {
    psh_diagrams *set = mixed_set(30, 2, PSH_SYNTH_CLOUDS);
    psh_model *general = random_general(N_BITS);
    for (int pool = 0; pool < 2; pool++) {
        psh_model *many = adapted(general, set, 0, pool), *few = adapted(general, set, 16, pool);
        uint8_t *a = encoded(many, set), *b = encoded(few, set);
        assert_int_equal(psh_model_n_bits(many), N_BITS);
        for (size_t i = 0; i < 30; i++) assert_memory_equal(a + i * 3, b + i * 2, 2);
        free(a), free(b);
        psh_model_free(many), psh_model_free(few);
    }
    psh_model_free(general);
    psh_diagrams_free(set);
}

/* Where coordinates are scaled and moved, the frame goes with them: the same codes. */
static void units_do_not_matter(void **state) {
    psh_diagrams *set = mixed_set(30, 3, PSH_SYNTH_BLOBS), *moved;
    psh_model *general = random_general(N_BITS);
    assert_int_equal(psh_diagrams_create(&moved, NULL), PSH_OK);
    for (size_t i = 0; i < 30; i++) {
        uint64_t first = psh_diagrams_offsets(set)[i], n = psh_diagrams_offsets(set)[i + 1] - first;
        double *points = malloc(2 * n * sizeof *points);
        for (size_t k = 0; k < 2 * n; k++) points[k] = 4096 + 512 * psh_diagrams_points(set)[2 * first + k];
        assert_int_equal(psh_diagrams_append(moved, points, psh_diagrams_dims(set) + first, n, NULL, -1, NULL), PSH_OK);
        free(points);
    }
    psh_model *a = adapted(general, set, 0, true), *b = adapted(general, moved, 0, true);
    uint8_t *codes_a = encoded(a, set), *codes_b = encoded(b, moved);
    size_t n_different = 0;
    for (size_t i = 0; i < 30 * 3; i++) n_different += (size_t)__builtin_popcount(codes_a[i] ^ codes_b[i]);
    assert_true(n_different <= 2); /* rounding of coordinates may turn a sum near 0 */
    free(codes_a), free(codes_b);
    psh_model_free(a), psh_model_free(b), psh_model_free(general);
    psh_diagrams_free(set), psh_diagrams_free(moved);
}

static void one_diagram_is_enough(void **state) {
    psh_diagrams *set = mixed_set(1, 4, PSH_SYNTH_BLOBS);
    psh_model *general = random_general(N_BITS), *model = adapted(general, set, 0, false);
    free(encoded(model, set));
    assert_string_equal(psh_model_kind(model), "compact");
    psh_model_free(model), psh_model_free(general);
    psh_diagrams_free(set);
}

static void what_cannot_be_adapted_is_refused(void **state) {
    psh_model *general = random_general(N_BITS), *model = NULL;
    psh_adapt_params params = PSH_PARAMS(psh_adapt_params);
    psh_diagrams *set;
    psh_error err;
    double point[] = {0, 1}, essential[] = {0, INFINITY};
    uint8_t codes[N_BITS];
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_model_adapt(general, set, NULL, &model, &err), PSH_ERR_EMPTY); /* no diagram */
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_model_adapt(general, set, NULL, &model, &err), PSH_ERR_EMPTY); /* no point */
    assert_int_equal(psh_diagrams_append(set, point, NULL, 1, NULL, -1, NULL), PSH_OK);
    params.n_bits = N_BITS + 1; /* two diagrams: there is nothing to pick another bit by */
    assert_int_equal(psh_model_adapt(general, set, &params, &model, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "25 bits; this model was trained with 24"));
    params.as_trained = true;
    assert_int_equal(psh_model_adapt(general, set, &params, &model, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "as_trained"));
    params.n_bits = 1025;
    assert_int_equal(psh_model_adapt(general, set, &params, &model, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "1025 bits; a code has 1 to 1024"));
    params.as_trained = false;
    params.n_bits = 0, params.frame_kind = PSH_FRAME_FIXED, params.frame_lo = 1, params.frame_hi = 1;
    assert_int_equal(psh_model_adapt(general, set, &params, &model, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_model_encode(general, set, 1, codes, &err), PSH_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "adapted"));
    assert_int_equal(psh_diagrams_append(set, essential, NULL, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_model_adapt(general, set, NULL, &model, &err), PSH_ERR_NOT_FINITE);
    assert_null(model);
    psh_model_free(general);
    psh_diagrams_free(set);
}

/* --- Files -------------------------------------------------------------------------------------------------------- */

static void general_models_survive_the_round_trip(void **state) {
    psh_model *model = random_general(N_BITS), *again;
    uint8_t *bytes;
    size_t n_bytes;
    assert_int_equal(psh_model_write_bytes(model, &bytes, &n_bytes, NULL), PSH_OK);
    assert_int_equal(psh_model_read_bytes(bytes, n_bytes, &again, NULL), PSH_OK);
    assert_string_equal(psh_model_id(model), psh_model_id(again));
    assert_string_equal(psh_model_kind(again), "general");
    assert_true(psh_model_adapts(again));
    check_damaged_bytes(model, bytes, n_bytes);
    psh_bytes_free(bytes);
    psh_model_free(model), psh_model_free(again);
}

static void the_built_in_model_is_there(void **state) {
    psh_model *model = NULL;
    psh_error err;
    assert_string_equal(psh_model_builtin_name(0), "compact");
    assert_null(psh_model_builtin_name(1));
    assert_int_equal(psh_model_builtin("compact", &model, NULL), PSH_OK);
    assert_string_equal(psh_model_kind(model), "general");
    assert_true(psh_model_n_bits(model) >= 256);
    psh_model_free(model);
    assert_int_equal(psh_model_builtin("vgg19", &model, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "vgg19"));
}

/* --- Learning ----------------------------------------------------------------------------------------------------- */

static psh_model *train(size_t n_sets, size_t n_diagrams, size_t n_steps, int n_bits, int n_threads,
                        psh_compact_train_report *report) {
    psh_compact_train_params params = PSH_PARAMS(psh_compact_train_params);
    psh_model *model = NULL;
    psh_error err = {0};
    params.n_sets = n_sets, params.n_diagrams = n_diagrams, params.n_steps = n_steps, params.n_bits = n_bits;
    params.n_threads = n_threads, params.seed = 5;
    if (psh_compact_train(&params, NULL, &model, report, &err) != PSH_OK) fail_msg("%s", err.text);
    return model;
}

/* Sets that were never learnt from, and a family of them that was not left to chance. */
static void training_carries_over_to_other_sets(void **state) {
    psh_compact_train_report before = PSH_PARAMS(psh_compact_train_report), after = before;
    psh_model_free(train(32, 24, 1, 64, 0, &before));
    psh_model_free(train(32, 24, 200, 64, 0, &after));
    assert_int_equal(after.n_held_out, 2);
    assert_int_equal(after.n_sets, 32);
    assert_int_equal(after.n_pairs, 32 * 24 * 23 / 2);
    assert_true(after.spearman > 0.8);
    assert_true(after.spearman > before.spearman);
    assert_true(after.spearman_estimate > 0.95);
    assert_true(after.spearman_estimate > before.spearman_estimate);
}

static void training_gives_the_same_bytes_for_any_threads_and_simd(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    char first[17] = "";
    for (size_t l = 0; l < 3; l++)
        for (int n_threads = 1; n_threads <= 2; n_threads++) {
            setenv("PSH_SIMD", levels[l], 1);
            psh_model *model = train(16, 8, 3, 12, n_threads, NULL);
            if (!*first) strcpy(first, psh_model_id(model));
            assert_string_equal(psh_model_id(model), first);
            psh_model_free(model);
        }
    unsetenv("PSH_SIMD");
}

static void wrong_training_is_refused(void **state) {
    const psh_compact_train_params wrong[] = {{.n_bits = 1025},    {.n_bits = -1},    {.n_sets = 15},
                                              {.n_sets = 1 << 17}, {.n_diagrams = 7}, {.n_diagrams = 1025},
                                              {.n_steps = 1000001}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        psh_compact_train_params params = wrong[i];
        psh_model *model = NULL;
        params.struct_bytes = sizeof params;
        assert_int_equal(psh_compact_train(&params, NULL, &model, NULL, NULL), PSH_ERR_PARAMETER);
        assert_null(model);
    }
}

static bool stop_at_once(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    return n_done < *(uint64_t *)user;
}

static bool stop_estimating(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    return strcmp(what, "learning to estimate") != 0 || stop_at_once(user, what, n_done, n_total);
}

static void training_can_be_stopped(void **state) {
    psh_compact_train_params params = PSH_PARAMS(psh_compact_train_params);
    uint64_t limit = 3;
    psh_progress progress = {.report = stop_at_once, .user = &limit};
    psh_model *model = NULL;
    params.n_sets = 16, params.n_diagrams = 8, params.n_steps = 20, params.n_bits = 8;
    assert_int_equal(psh_compact_train(&params, &progress, &model, NULL, NULL), PSH_ERR_INTERRUPTED);
    limit = 17; /* the sets are there; learning stops */
    assert_int_equal(psh_compact_train(&params, &progress, &model, NULL, NULL), PSH_ERR_INTERRUPTED);
    params.n_steps = 100, limit = 30; /* of the estimate, with 42 steps, nearly all */
    progress.report = stop_estimating;
    assert_int_equal(psh_compact_train(&params, &progress, &model, NULL, NULL), PSH_ERR_INTERRUPTED);
    assert_null(model);
}

/* --- Fitting from the general model ------------------------------------------------------------------------------- */

static psh_model *fit(const psh_diagrams *set, const psh_model *start, bool from_scratch, psh_fit_report *report) {
    psh_compact_params params = PSH_PARAMS(psh_compact_params);
    psh_model *model = NULL;
    psh_error err = {0};
    params.n_steps = 200, params.n_bits = 64, params.start = start, params.from_scratch = from_scratch;
    if (psh_compact_fit(set, &params, NULL, &model, report, &err) != PSH_OK) fail_msg("%s", err.text);
    return model;
}

static void few_diagrams_are_fitted_better_from_the_general_model(void **state) {
    double mean_scratch = 0, mean_start = 0, mean_general = 0;
    for (uint64_t i = 0; i < 6; i++) {
        psh_diagrams *set = mixed_set(45, 900 + i, PSH_SYNTH_BLOBS);
        psh_fit_report scratch = PSH_PARAMS(psh_fit_report), general = PSH_PARAMS(psh_fit_report);
        psh_model_free(fit(set, NULL, true, &scratch));
        psh_model_free(fit(set, NULL, false, &general));
        assert_true(isnan(scratch.spearman_start));
        assert_int_equal(general.n_held_out_diagrams, 15);
        mean_scratch += scratch.spearman_held_out / 6, mean_general += general.spearman_held_out / 6;
        mean_start += general.spearman_start / 6;
        psh_diagrams_free(set);
    }
    print_message("scratch %.3f start %.3f fitted %.3f\n", mean_scratch, mean_start, mean_general);
    assert_true(mean_start > 0.6);
    assert_true(mean_general > mean_start);
    assert_true(mean_general > mean_scratch + 0.05);
}

static void more_bits_than_the_general_model_has_are_drawn(void **state) {
    psh_diagrams *set = mixed_set(20, 5, PSH_SYNTH_BLOBS);
    psh_model *general = random_general(N_BITS), *model = fit(set, general, false, NULL);
    assert_int_equal(psh_model_n_bits(model), 64);
    psh_model_free(model), psh_model_free(general);
    psh_diagrams_free(set);
}

static void a_start_that_is_not_general_is_refused(void **state) {
    psh_diagrams *set = mixed_set(20, 6, PSH_SYNTH_BLOBS);
    psh_compact_params params = PSH_PARAMS(psh_compact_params);
    psh_model *fitted = fit(set, NULL, false, NULL), *model = NULL;
    params.start = fitted;
    assert_int_equal(psh_compact_fit(set, &params, NULL, &model, NULL, NULL), PSH_ERR_PARAMETER);
    params.from_scratch = true;
    assert_int_equal(psh_compact_fit(set, &params, NULL, &model, NULL, NULL), PSH_ERR_PARAMETER);
    assert_null(model);
    psh_model_free(fitted);
    psh_diagrams_free(set);
}

static void failing_memory_is_reported(void **state) {
    psh_diagrams *set = mixed_set(6, 7, PSH_SYNTH_BLOBS);
    psh_model *general = random_general(N_BITS);
    psh_compact_train_params params = PSH_PARAMS(psh_compact_train_params);
    params.n_sets = 16, params.n_diagrams = 8, params.n_steps = 1, params.n_bits = 8, params.n_threads = 1;
    for (int what = 0; what < 2; what++)
        for (long n = 1;; n += what ? 1 + n / 8 : 1) { /* training allocates in every set: not each of them */
            psh_model *model = NULL;
            psh__alloc_fail_at(n);
            psh_status status = what ? psh_compact_train(&params, NULL, &model, NULL, NULL)
                                     : psh_model_adapt(general, set, NULL, &model, NULL);
            psh__alloc_fail_at(0);
            psh_model_free(model);
            if (status == PSH_OK) break;
            assert_int_equal(status, PSH_ERR_MEMORY);
            assert_true(n < 100000);
        }
    psh_model_free(general);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(bits_are_shared_out_in_proportion_from_the_first_on),
                                       cmocka_unit_test(codes_are_signs_of_standardised_sums),
                                       cmocka_unit_test(short_codes_are_the_start_of_long_ones),
                                       cmocka_unit_test(units_do_not_matter),
                                       cmocka_unit_test(one_diagram_is_enough),
                                       cmocka_unit_test(what_cannot_be_adapted_is_refused),
                                       cmocka_unit_test(general_models_survive_the_round_trip),
                                       cmocka_unit_test(the_built_in_model_is_there),
                                       cmocka_unit_test(training_carries_over_to_other_sets),
                                       cmocka_unit_test(training_gives_the_same_bytes_for_any_threads_and_simd),
                                       cmocka_unit_test(wrong_training_is_refused),
                                       cmocka_unit_test(training_can_be_stopped),
                                       cmocka_unit_test(few_diagrams_are_fitted_better_from_the_general_model),
                                       cmocka_unit_test(more_bits_than_the_general_model_has_are_drawn),
                                       cmocka_unit_test(a_start_that_is_not_general_is_refused),
                                       cmocka_unit_test(failing_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
