/* test_estimate.c : patterns of pairs, the estimate of W1 made from them, and its calibration by exact distances. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "encoder/estimate_train.h"
#include "encoder/general.h"
#include "encoder/rank.h"
#include "encoder/standard.h"
#include "encoder/target.h"

enum { N_ITEMS = 60, N_PAIRS = N_ITEMS * (N_ITEMS - 1) / 2, FEATURES = PSH__PATTERN_FEATURES };
static const psh_frame unit_frame = {PSH_FRAME_FIXED, 0, 1};

static size_t index_of(size_t i, size_t j) {
    return i * N_ITEMS - i * (i + 1) / 2 + j - i - 1;
}

/* Diagrams in the unit frame, unlike those of the training. */
static psh_diagrams *make_set(int n_dims) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < N_ITEMS; i++) {
        double points[40][2];
        int32_t dims[40];
        psh__random rng;
        psh__random_init(&rng, 21, i);
        size_t n_points = 5 + psh__random_below(&rng, 35);
        for (size_t k = 0; k < n_points; k++) {
            points[k][0] = 0.5 * psh__random_unit(&rng);
            points[k][1] = points[k][0] + (0.1 + 0.4 * (double)i / N_ITEMS) * psh__random_unit(&rng);
            dims[k] = (int32_t)k % n_dims;
        }
        assert_int_equal(psh_diagrams_append(set, points[0], dims, n_points, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

/* --- Patterns ----------------------------------------------------------------------------------------------------- */

static void random_rows(float *rows, size_t n) {
    psh__random rng;
    psh__random_init(&rng, 22, 0);
    for (size_t i = 0; i < n * FEATURES; i++)
        rows[i] = psh__random_below(&rng, 3) ? (float)(psh__random_unit(&rng) - 0.5) : 0;
}

static void patterns_are_sums_over_bands_at_three_scales(void **state) {
    float rows[2 * FEATURES], laid_out[2 * FEATURES], pattern[PSH__PATTERN];
    double total = 0;
    random_rows(rows, 2);
    psh__pattern_lay_out(rows, 2, laid_out);
    psh__pattern(laid_out, laid_out + FEATURES, pattern);
    for (size_t band = 0; band < 64; band++) {
        double cells = 0, groups = 0, whole = 0;
        for (size_t first = band * 16; first < band * 16 + 16; first += 4) {
            double group = 0;
            for (size_t f = first; f < first + 4; f++) {
                double difference = (double)rows[f] - rows[FEATURES + f];
                cells += fabs(difference), group += difference;
            }
            groups += fabs(group), whole += group;
        }
        assert_true(fabs(pattern[band] - cells) < 1e-5);
        assert_true(fabs(pattern[64 + band] - groups) < 1e-5);
        assert_true(fabs(pattern[128 + band] - fabs(whole)) < 1e-5);
        total += cells;
    }
    assert_true(fabs(psh__pattern_total(pattern) - total) < 1e-4);
}

/* A set that holds every diagram's reflection, too, has cells that are reflections of one another: the pattern of two
 * reflected diagrams is the reflected pattern, up to the rounding of cells to fine steps. */
static void reflected_diagrams_have_reflected_patterns(void **state) {
    psh_diagrams *half = make_set(1), *set;
    const uint64_t *offsets = psh_diagrams_offsets(half);
    psh__features features;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < 2 * N_ITEMS; i++) {
        size_t from = i % N_ITEMS, n = offsets[from + 1] - offsets[from];
        double points[40][2];
        for (size_t k = 0; k < n; k++) {
            const double *p = psh_diagrams_points(half) + 2 * (offsets[from] + k);
            points[k][0] = i < N_ITEMS ? p[0] : 1 - p[1];
            points[k][1] = i < N_ITEMS ? p[1] : 1 - p[0];
        }
        assert_int_equal(psh_diagrams_append(set, points[0], NULL, n, NULL, -1, NULL), PSH_OK);
    }
    assert_int_equal(psh__features_compute(set, true, 1, &features, NULL), PSH_OK);
    double error = 0, unreflected = 0, size = 0;
    for (size_t i = 0; i + 1 < N_ITEMS; i++) {
        float plain[PSH__PATTERN], other[PSH__PATTERN], reflected[PSH__PATTERN];
        psh__features_patterns(&features, i, i + 1, plain);
        psh__features_patterns(&features, N_ITEMS + i, N_ITEMS + i + 1, other);
        psh__pattern_reflect(plain, reflected);
        for (size_t k = 0; k < PSH__PATTERN; k++) {
            error += fabs(reflected[k] - other[k]), unreflected += fabs(plain[k] - other[k]);
            size += plain[k];
        }
    }
    assert_true(error < 0.05 * size);
    assert_true(unreflected > 0.3 * size);
    psh__features_free(&features);
    psh_diagrams_free(half), psh_diagrams_free(set);
}

/* --- The estimate ------------------------------------------------------------------------------------------------- */

static const psh__estimate *builtin_estimate(psh_model **model) {
    assert_int_equal(psh_model_builtin("compact", model, NULL), PSH_OK);
    return psh__general_estimate(*model);
}

static void with_no_network_it_is_sliced_wasserstein(void **state) {
    psh_diagrams *set = make_set(2);
    psh__features features;
    psh__exact none = {0};
    double found[N_PAIRS];
    psh__slices slices;
    assert_int_equal(psh__features_compute(set, false, 1, &features, NULL), PSH_OK);
    assert_int_equal(psh__slices_fit(set, &unit_frame, false, 0, &slices, NULL), PSH_OK);
    assert_int_equal(features.n_dims, 2);
    float *rows = malloc(N_ITEMS * 2 * FEATURES * sizeof *rows);
    assert_int_equal(psh__standard_rows(&slices, set, N_ITEMS, &unit_frame, 0, 1, rows, NULL), PSH_OK);
    assert_int_equal(psh__target_distances(&features, N_ITEMS, &none, NULL, 2, found, NULL), PSH_OK);
    for (size_t i = 0; i < N_ITEMS; i++)
        for (size_t j = i + 1; j < N_ITEMS; j++) {
            double wanted = 0;
            for (size_t f = 0; f < 2 * FEATURES; f++)
                wanted += fabs((double)rows[i * 2 * FEATURES + f] - rows[j * 2 * FEATURES + f]);
            assert_true(fabs(found[index_of(i, j)] - wanted) < 1e-5 * (1 + wanted));
        }
    free(rows);
    psh__features_free(&features);
    psh_diagrams_free(set);
}

/* T exp(f(192 pattern / T - 1)), a dimension; rows twice as large double it. */
static void it_is_the_formula_and_homogeneous(void **state) {
    psh_diagrams *set = make_set(2);
    psh_model *model;
    const psh__estimate *estimate = builtin_estimate(&model);
    psh__features features;
    psh__exact none = {0};
    double found[N_PAIRS], twice[N_PAIRS];
    assert_int_equal(psh__features_compute(set, false, 1, &features, NULL), PSH_OK);
    assert_int_equal(psh__target_distances(&features, N_ITEMS, &none, estimate, 1, found, NULL), PSH_OK);
    float *desk = malloc(psh__perceptron_desk(&estimate->network, 1) * sizeof *desk);
    for (size_t i = 0; i + 7 < N_ITEMS; i++) {
        float patterns[2 * PSH__PATTERN], inputs[PSH__PATTERN], output;
        double wanted = 0;
        psh__features_patterns(&features, i, i + 7, patterns);
        for (size_t d = 0; d < 2; d++) {
            double total = 0;
            for (size_t k = 0; k < 64; k++) total += patterns[d * PSH__PATTERN + k];
            for (size_t k = 0; k < PSH__PATTERN; k++)
                inputs[k] = (float)(PSH__PATTERN * patterns[d * PSH__PATTERN + k] / total - 1);
            psh__perceptron_apply(&estimate->network, inputs, 1, desk, &output);
            wanted += total * exp(output);
        }
        assert_true(fabs(found[index_of(i, i + 7)] - wanted) < 1e-4 * wanted);
    }
    for (size_t f = 0; f < N_ITEMS * 2 * FEATURES; f++) features.rows[f] *= 2;
    assert_int_equal(psh__target_distances(&features, N_ITEMS, &none, estimate, 2, twice, NULL), PSH_OK);
    for (size_t k = 0; k < N_PAIRS; k++) assert_true(twice[k] == 2 * found[k]);
    free(desk);
    psh__features_free(&features);
    psh_model_free(model);
    psh_diagrams_free(set);
}

static double spearman(const double *a, const double *b, size_t n) {
    double *ranks = malloc(2 * n * sizeof *ranks);
    uint64_t *work = malloc(2 * n * sizeof *work);
    psh__rank(a, n, work, ranks);
    psh__rank(b, n, work, ranks + n);
    double correlation = psh__pearson(ranks, ranks + n, n);
    free(ranks), free(work);
    return correlation;
}

/* The built-in one, on sets of a seed that it never saw. */
static void it_is_nearer_to_w1_than_sliced_wasserstein(void **state) {
    psh_model *model;
    const psh__estimate *estimate = builtin_estimate(&model);
    double mean_plain = 0, mean_found = 0, mean_error = 0;
    enum { N_SETS = 12 };
    for (uint64_t i = 0; i < N_SETS; i++) {
        psh_synth_params params = PSH_PARAMS(psh_synth_params);
        psh_wasserstein_params pooled = PSH_PARAMS(psh_wasserstein_params);
        psh_diagrams *set;
        psh_frame frame;
        psh__slices slices;
        psh__features features;
        psh__exact none = {0};
        double plain[N_PAIRS], found[N_PAIRS], w1[N_PAIRS], error = 0, size = 0;
        params.max_points = 80, pooled.pool = true;
        assert_int_equal(psh_diagrams_synth_mixed(N_ITEMS, 4321, i, &params, &set, NULL), PSH_OK);
        assert_int_equal(psh_frame_fit(set, PSH_FRAME_SET, &frame, NULL), PSH_OK);
        assert_int_equal(psh__slices_fit(set, &frame, true, 0, &slices, NULL), PSH_OK);
        float *rows = malloc(N_ITEMS * FEATURES * sizeof *rows);
        assert_int_equal(psh__standard_rows(&slices, set, N_ITEMS, &frame, 0, 1, rows, NULL), PSH_OK);
        assert_int_equal(psh__features_copy(rows, N_ITEMS, 1, &features, NULL), PSH_OK);
        assert_int_equal(psh__target_distances(&features, N_ITEMS, &none, NULL, 1, plain, NULL), PSH_OK);
        assert_int_equal(psh__target_distances(&features, N_ITEMS, &none, estimate, 1, found, NULL), PSH_OK);
        assert_int_equal(psh_wasserstein_condensed(set, &pooled, 1, NULL, w1, NULL), PSH_OK);
        mean_plain += spearman(plain, w1, N_PAIRS) / N_SETS, mean_found += spearman(found, w1, N_PAIRS) / N_SETS;
        for (size_t k = 0; k < N_PAIRS; k++) {
            error += fabs(found[k] * (frame.hi - frame.lo) - w1[k]), size += w1[k];
        }
        mean_error += error / size / N_SETS;
        free(rows);
        psh__features_free(&features);
        psh_diagrams_free(set);
    }
    print_message("sliced %.4f, estimate %.4f; mean error %.3f of W1\n", mean_plain, mean_found, mean_error);
    assert_true(1 - mean_found < 0.75 * (1 - mean_plain));
    assert_true(mean_error < 0.1); /* in units of W1, not only in order */
    psh_model_free(model);
}

static void learning_brings_it_nearer(void **state) {
    enum { N_LESSONS = 40, N_DIAGRAMS = 30 };
    psh__lesson lessons[N_LESSONS];
    psh__estimate early, late, again;
    double before, after, same;
    for (uint64_t i = 0; i < N_LESSONS; i++) {
        psh_synth_params params = PSH_PARAMS(psh_synth_params);
        psh_diagrams *set;
        params.max_points = 60;
        assert_int_equal(psh_diagrams_synth_mixed(N_DIAGRAMS, 6, i, &params, &set, NULL), PSH_OK);
        assert_int_equal(psh__lesson_create(set, 1, &lessons[i], NULL), PSH_OK);
        psh_diagrams_free(set);
    }
    assert_true(psh__lesson_distance(&lessons[0], 3, 3) == 0);
    assert_true(psh__lesson_distance(&lessons[0], 3, 5) == psh__lesson_distance(&lessons[0], 5, 3));
    assert_true(psh__lesson_distance(&lessons[0], 0, 1) == lessons[0].unit * lessons[0].distances[0]);
    assert_int_equal(psh__estimate_learn(lessons, N_LESSONS, 1, 1, 1, NULL, &early, &before, NULL), PSH_OK);
    assert_int_equal(psh__estimate_learn(lessons, N_LESSONS, 300, 1, 1, NULL, &late, &after, NULL), PSH_OK);
    assert_int_equal(psh__estimate_learn(lessons, N_LESSONS, 300, 1, 2, NULL, &again, &same, NULL), PSH_OK);
    print_message("Spearman on sets held out: %.4f, learnt %.4f\n", before, after);
    assert_true(1 - after < 0.8 * (1 - before));
    assert_memory_equal(late.network.weights, again.network.weights, psh__estimate_n_weights() * sizeof(float));
    psh__estimate_free(&early), psh__estimate_free(&late), psh__estimate_free(&again);
    for (size_t i = 0; i < N_LESSONS; i++) psh__lesson_free(&lessons[i]);
}

static void failing_memory_is_reported(void **state) {
    psh_synth_params params = PSH_PARAMS(psh_synth_params);
    psh_diagrams *set;
    psh__lesson lessons[16];
    params.max_points = 20;
    for (uint64_t i = 0; i < 16; i++) {
        assert_int_equal(psh_diagrams_synth_mixed(8, 6, i, &params, &set, NULL), PSH_OK);
        assert_int_equal(psh__lesson_create(set, 1, &lessons[i], NULL), PSH_OK);
        if (i < 15) psh_diagrams_free(set);
    }
    for (long n = 1;; n++) {
        psh__estimate estimate = {0};
        psh__features features = {0};
        double found;
        psh__alloc_fail_at(n);
        psh_status status = psh__estimate_learn(lessons, 16, 2, 1, 1, NULL, &estimate, &found, NULL);
        if (status == PSH_OK) status = psh__features_compute(set, true, 1, &features, NULL);
        psh__alloc_fail_at(0);
        psh__estimate_free(&estimate);
        psh__features_free(&features);
        if (status == PSH_OK) break;
        assert_int_equal(status, PSH_ERR_MEMORY);
        assert_true(n < 500);
    }
    for (size_t i = 0; i < 16; i++) psh__lesson_free(&lessons[i]);
    psh_diagrams_free(set);
}

/* --- Calibration -------------------------------------------------------------------------------------------------- */

static double mean_error(const double *found, const double *wanted) {
    double error = 0, scale = 0;
    for (size_t k = 0; k < N_PAIRS; k++) error += fabs(found[k] - wanted[k]), scale += wanted[k];
    return error / scale;
}

static void calibration_brings_estimates_nearer_to_w1(void **state) {
    enum { N_KNOWN = 500 };
    psh_diagrams *set = make_set(2);
    psh_model *model;
    const psh__estimate *estimate = builtin_estimate(&model);
    psh__features features;
    psh__exact none = {0};
    double w1[N_PAIRS], plain[N_PAIRS], found[N_PAIRS], known[N_KNOWN];
    uint32_t pairs[2 * N_KNOWN];
    assert_int_equal(psh__features_compute(set, false, 1, &features, NULL), PSH_OK);
    assert_int_equal(psh_wasserstein_condensed(set, NULL, 1, NULL, w1, NULL), PSH_OK);
    for (size_t k = 0; k < N_KNOWN; k++) {
        size_t i = k % (N_ITEMS - 10), j = i + 1 + k / (N_ITEMS - 10);
        pairs[2 * k] = (uint32_t)i, pairs[2 * k + 1] = (uint32_t)j;
        known[k] = w1[index_of(i, j)];
    }
    psh__exact exact = {.n_pairs = N_KNOWN, .pairs = pairs, .distances = known};
    const psh__estimate *const bases[] = {NULL, estimate};
    for (size_t b = 0; b < 2; b++) {
        double dot = 0, square = 0;
        assert_int_equal(psh__target_distances(&features, N_ITEMS, &none, bases[b], 1, plain, NULL), PSH_OK);
        assert_int_equal(psh__target_distances(&features, N_ITEMS, &exact, bases[b], 1, found, NULL), PSH_OK);
        for (size_t k = 0; k < N_KNOWN; k++) /* known pairs are exact */
            assert_true(found[index_of(pairs[2 * k], pairs[2 * k + 1])] == known[k]);
        for (size_t k = 0; k < N_PAIRS; k++) dot += plain[k] * w1[k], square += plain[k] * plain[k];
        for (size_t k = 0; k < N_PAIRS; k++) plain[k] *= dot / square; /* the best common scale */
        print_message("mean error %.4f, calibrated %.4f\n", mean_error(plain, w1), mean_error(found, w1));
        assert_true(mean_error(found, w1) < 0.8 * mean_error(plain, w1));
    }
    psh__features_free(&features);
    psh_model_free(model);
    psh_diagrams_free(set);
}

static void calibration_finds_a_scale_and_what_diagrams_add(void **state) {
    psh_diagrams *set = make_set(1);
    psh__features features;
    psh__calibration calibration;
    psh__exact none = {0}, exact = {0};
    double plain[N_PAIRS], effects[N_ITEMS], distances[N_PAIRS], error = 0, scale = 0;
    uint32_t pairs[2 * N_PAIRS];
    psh__random rng;
    psh__random_init(&rng, 9, 0);
    assert_int_equal(psh__features_compute(set, true, 1, &features, NULL), PSH_OK);
    assert_int_equal(psh__target_distances(&features, N_ITEMS, &none, NULL, 1, plain, NULL), PSH_OK);
    for (size_t i = 0; i < N_ITEMS; i++) effects[i] = 0.05 * (psh__random_unit(&rng) - 0.5);
    for (size_t i = 0; i < N_ITEMS; i++)
        for (size_t j = i + 1; j < N_ITEMS; j++) {
            size_t k = index_of(i, j);
            pairs[2 * k] = (uint32_t)i, pairs[2 * k + 1] = (uint32_t)j;
            distances[k] = 1.7 * plain[k] + effects[i] + effects[j];
        }
    exact = (psh__exact){.n_pairs = N_PAIRS, .pairs = pairs, .distances = distances};
    assert_int_equal(psh__calibrate(&features, N_ITEMS, &exact, NULL, 2, &calibration, NULL), PSH_OK);
    for (size_t k = 0; k < N_PAIRS; k++) {
        double found =
            calibration.scale * plain[k] + psh__kriging_at(&calibration.kriging, pairs[2 * k], pairs[2 * k + 1]);
        error += fabs(found - distances[k]), scale += distances[k];
    }
    assert_true(error < 0.01 * scale);
    assert_null(calibration.correction.inputs); /* there is nothing that scale and kriging cannot say */
    psh__calibration_free(&calibration);
    psh__features_free(&features);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(patterns_are_sums_over_bands_at_three_scales),
                                       cmocka_unit_test(reflected_diagrams_have_reflected_patterns),
                                       cmocka_unit_test(with_no_network_it_is_sliced_wasserstein),
                                       cmocka_unit_test(it_is_the_formula_and_homogeneous),
                                       cmocka_unit_test(it_is_nearer_to_w1_than_sliced_wasserstein),
                                       cmocka_unit_test(learning_brings_it_nearer),
                                       cmocka_unit_test(calibration_brings_estimates_nearer_to_w1),
                                       cmocka_unit_test(calibration_finds_a_scale_and_what_diagrams_add),
                                       cmocka_unit_test(failing_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
