/* test_general_adapt.c : bits picked for a set, without an exact distance. */
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
#include "encoder/functions.h"
#include "encoder/general.h"
#include "encoder/linear.h"
#include "encoder/rank.h"

static psh_diagrams *mixed_set(size_t n_diagrams, uint64_t i_set, psh_synth_family family) {
    psh_synth_params params = PSH_PARAMS(psh_synth_params);
    psh_diagrams *set;
    params.family = family, params.max_points = 60;
    assert_int_equal(psh_diagrams_synth_mixed(n_diagrams, 78, i_set, &params, &set, NULL), PSH_OK);
    return set;
}

static psh_model *builtin(void) {
    psh_model *model;
    assert_int_equal(psh_model_builtin("compact", &model, NULL), PSH_OK);
    return model;
}

static psh_model *adapt(const psh_diagrams *set, psh_adapt_params params) {
    psh_model *general = builtin(), *model = NULL;
    psh_error err = {0};
    params.struct_bytes = sizeof params;
    if (psh_model_adapt(general, set, &params, &model, &err) != PSH_OK) fail_msg("%s", err.text);
    psh_model_free(general);
    return model;
}

/* Spearman of the model's codes with exact W1. */
static double spearman_of(const psh_model *model, const psh_diagrams *set, bool pool) {
    size_t n = psh_diagrams_count(set), n_pairs = n * (n - 1) / 2, n_bytes = psh_model_n_bytes(model);
    uint8_t *codes = malloc(n * n_bytes);
    double *found = malloc(n_pairs * sizeof *found), *wanted = malloc(n_pairs * sizeof *wanted);
    double *ranks = malloc(2 * n_pairs * sizeof *ranks);
    uint64_t *work = malloc(2 * n_pairs * sizeof *work);
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    params.pool = pool;
    assert_int_equal(psh_model_encode(model, set, 1, codes, NULL), PSH_OK);
    assert_int_equal(psh_wasserstein_condensed(set, &params, 1, NULL, wanted, NULL), PSH_OK);
    for (size_t i = 0, k = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++, k++) {
            int distance = 0;
            for (size_t b = 0; b < n_bytes; b++)
                distance += __builtin_popcount(codes[i * n_bytes + b] ^ codes[j * n_bytes + b]);
            found[k] = distance;
        }
    psh__rank(found, n_pairs, work, ranks);
    psh__rank(wanted, n_pairs, work, ranks + n_pairs);
    double spearman = psh__pearson(ranks, ranks + n_pairs, n_pairs);
    free(codes), free(found), free(wanted), free(ranks), free(work);
    return spearman;
}

static const char *bits_of(const psh_model *model) {
    return psh_meta_text(psh_model_meta(model), "bits");
}

static void picked_bits_track_w1_better_than_trained_ones(void **state) {
    static const psh_synth_family families[] = {PSH_SYNTH_BLOBS, PSH_SYNTH_FIELDS, PSH_SYNTH_CLOUDS, PSH_SYNTH_SERIES};
    double picked = 0, trained = 0;
    for (uint64_t i = 0; i < 8; i++) {
        psh_diagrams *set = mixed_set(60, 300 + i, families[i % 4]);
        psh_model *a = adapt(set, (psh_adapt_params){.n_bits = 64, .pool = true});
        psh_model *b = adapt(set, (psh_adapt_params){.n_bits = 64, .pool = true, .as_trained = true});
        assert_string_equal(bits_of(a), "picked");
        assert_string_equal(bits_of(b), "as trained");
        picked += spearman_of(a, set, true) / 8, trained += spearman_of(b, set, true) / 8;
        psh_model_free(a), psh_model_free(b);
        psh_diagrams_free(set);
    }
    print_message("picked %.3f, as trained %.3f\n", picked, trained);
    assert_true(picked > trained + 0.01);
    assert_true(picked > 0.93);
}

/* Few diagrams get the bits as trained; every code can be as long as codes are. */
static void sets_of_every_size_and_codes_of_every_length(void **state) {
    static const size_t sizes[] = {1, 2, 11, 12, 31, 40};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        psh_diagrams *set = mixed_set(sizes[i], 40, PSH_SYNTH_BLOBS);
        psh_model *model = adapt(set, (psh_adapt_params){.n_bits = 64});
        assert_string_equal(bits_of(model), sizes[i] >= 12 ? "picked" : "as trained");
        psh_model_free(model);
        if (sizes[i] >= 31)
            for (int n_bits = 32; n_bits <= 1024; n_bits *= 2) {
                model = adapt(set, (psh_adapt_params){.n_bits = n_bits});
                assert_int_equal(psh_model_n_bits(model), n_bits);
                if (n_bits > 256) assert_true(spearman_of(model, set, false) > 0.9);
                psh_model_free(model);
            }
        psh_diagrams_free(set);
    }
}

/* Weights are the general model's own, to the bit; only offsets and the choice are the set's. */
static void weights_stay_as_they_were_trained(void **state) {
    psh_diagrams *set = mixed_set(50, 41, PSH_SYNTH_FIELDS);
    psh_model *model = adapt(set, (psh_adapt_params){.n_bits = 32, .pool = true}), *general = builtin();
    const psh__compact *compact = (const psh__compact *)model;
    const psh__general *g = (const psh__general *)general;
    for (size_t b = 0; b < 32; b++) {
        size_t n_equal = 0;
        for (size_t i = 0; i < general->n_bits; i++) {
            bool is_equal = true;
            for (size_t f = 0; f < PSH__GENERAL_FEATURES && is_equal; f++)
                is_equal = compact->halves[f * 32 + b] == g->halves[f * general->n_bits + i];
            n_equal += is_equal;
        }
        assert_int_equal(n_equal, 1);
    }
    psh_model_free(model), psh_model_free(general);
    psh_diagrams_free(set);
}

static void same_bits_for_any_threads_and_simd(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    psh_diagrams *set = mixed_set(70, 42, PSH_SYNTH_BLOBS);
    char first[17] = "";
    for (size_t l = 0; l < 3; l++)
        for (int n_threads = 1; n_threads <= 2; n_threads++) {
            setenv("PSH_SIMD", levels[l], 1);
            psh_model *model = adapt(set, (psh_adapt_params){.n_bits = 64, .n_threads = n_threads});
            if (!*first) strcpy(first, psh_model_id(model));
            assert_string_equal(psh_model_id(model), first);
            psh_model_free(model);
        }
    unsetenv("PSH_SIMD");
    psh_diagrams_free(set);
}

/* Diagrams that nothing, or next to nothing, tells apart. */
static void equal_diagrams_get_the_bits_as_trained(void **state) {
    double points[] = {0, 1, 0.25, 0.5}, other[] = {0, 1, 0.25, 0.75};
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < 40; i++) assert_int_equal(psh_diagrams_append(set, points, NULL, 2, NULL, -1, NULL), PSH_OK);
    psh_model *model = adapt(set, (psh_adapt_params){.n_bits = 64});
    assert_string_equal(bits_of(model), "as trained");
    psh_model_free(model);
    assert_int_equal(psh_diagrams_append(set, other, NULL, 2, NULL, -1, NULL), PSH_OK);
    model = adapt(set, (psh_adapt_params){.n_bits = 64});
    uint8_t codes[41][8];
    assert_int_equal(psh_model_encode(model, set, 1, codes[0], NULL), PSH_OK);
    assert_memory_equal(codes[0], codes[39], 8);
    assert_memory_not_equal(codes[0], codes[40], 8);
    psh_model_free(model);
    psh_diagrams_free(set);
}

/* Weights that would not fit into float16 are scaled down with their offsets: the same signs. */
static void folding_keeps_signs_at_any_scale(void **state) {
    enum { N_FEATURES = 20, N_FUNCTIONS = 6, N_ROWS = 40 };
    for (double scale = 1e-2; scale < 1e9; scale *= 100) {
        psh__functions f;
        psh__random rng;
        double mean[N_FEATURES], rows[N_ROWS][N_FEATURES], wanted[N_ROWS][N_FUNCTIONS];
        psh__random_init(&rng, 5, 0);
        assert_int_equal(psh__functions_create(N_FEATURES, N_FUNCTIONS, &f, NULL), PSH_OK);
        for (size_t k = 0; k < N_FEATURES; k++) {
            mean[k] = psh__random_unit(&rng) / scale;
            for (size_t i = 0; i < N_FUNCTIONS; i++)
                f.weights[k * f.n_columns + i] = (float)(2 * psh__random_unit(&rng) - 1);
        }
        for (size_t i = 0; i < N_FUNCTIONS; i++) f.offsets[i] = (float)(2 * psh__random_unit(&rng) - 1);
        for (size_t r = 0; r < N_ROWS; r++)
            for (size_t k = 0; k < N_FEATURES; k++) rows[r][k] = (3 * psh__random_unit(&rng) - 1) / scale;
        for (size_t r = 0; r < N_ROWS; r++)
            for (size_t i = 0; i < N_FUNCTIONS; i++) {
                wanted[r][i] = f.offsets[i];
                for (size_t k = 0; k < N_FEATURES; k++)
                    wanted[r][i] += f.weights[k * f.n_columns + i] * scale * (rows[r][k] - mean[k]);
            }
        psh__functions_fold(&f, mean, scale);
        for (size_t r = 0; r < N_ROWS; r++)
            for (size_t i = 0; i < N_FUNCTIONS; i++) {
                double found = f.offsets[i];
                for (size_t k = 0; k < N_FEATURES; k++) {
                    assert_true(isfinite(f.weights[k * f.n_columns + i]));
                    found += f.weights[k * f.n_columns + i] * rows[r][k];
                }
                if (fabs(wanted[r][i]) > 0.02) assert_true((found > 0) == (wanted[r][i] > 0)); /* float16: 3 digits */
            }
        psh__functions_free(&f);
    }
}

static void failing_memory_is_reported(void **state) {
    psh_diagrams *set = mixed_set(32, 43, PSH_SYNTH_BLOBS);
    psh__linear_params params = {.n_bits = 16, .n_features = PSH__GENERAL_FEATURES, .seed = 3};
    float *weights = malloc(PSH__GENERAL_FEATURES * 16 * sizeof *weights), offsets[16];
    psh__estimate estimate;
    psh_model *general;
    psh__linear_draw(&params, weights, offsets);
    assert_int_equal(psh__estimate_create(&estimate, NULL), PSH_OK);
    assert_int_equal(psh__general_create(weights, offsets, 16, &estimate, NULL, &general, NULL), PSH_OK);
    psh_adapt_params adapting = {.struct_bytes = sizeof adapting, .n_threads = 1};
    for (long n = 1;; n++) {
        psh_model *model = NULL;
        psh__alloc_fail_at(n);
        psh_status status = psh_model_adapt(general, set, &adapting, &model, NULL);
        psh__alloc_fail_at(0);
        psh_model_free(model);
        if (status == PSH_OK) break;
        assert_int_equal(status, PSH_ERR_MEMORY);
        assert_true(n < 10000);
    }
    free(weights);
    psh__estimate_free(&estimate);
    psh_model_free(general);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(picked_bits_track_w1_better_than_trained_ones),
                                       cmocka_unit_test(sets_of_every_size_and_codes_of_every_length),
                                       cmocka_unit_test(weights_stay_as_they_were_trained),
                                       cmocka_unit_test(same_bits_for_any_threads_and_simd),
                                       cmocka_unit_test(equal_diagrams_get_the_bits_as_trained),
                                       cmocka_unit_test(folding_keeps_signs_at_any_scale),
                                       cmocka_unit_test(failing_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
