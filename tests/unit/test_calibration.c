/* test_calibration.c : Wasserstein distances from Hamming distances: the regression, what is drawn, what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "distance/calibration.h"
#include "distance/isotonic.h"
#include "persihash/encoder.h"

/* --- Isotonic regression ------------------------------------------------------------------------------------------ */

/* y[i] = max over a <= i of min over b >= i of the mean of a .. b. */
static double max_min(const double *values, const double *weights, size_t n, size_t i) {
    double best = -INFINITY;
    for (size_t a = 0; a <= i; a++) {
        double least = INFINITY, sum = 0, weight = 0;
        for (size_t b = a; b < n; b++) {
            sum += weights[b] * values[b], weight += weights[b];
            if (b >= i) least = fmin(least, sum / weight);
        }
        best = fmax(best, least);
    }
    return best;
}

static void pooling_agrees_with_the_max_min_formula(void **state) {
    enum { MOST = 40 };
    psh__isotonic_block blocks[MOST];
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    for (size_t n = 0; n <= MOST; n++)
        for (int round = 0; round < 5; round++) {
            double values[MOST], weights[MOST], fitted[MOST];
            for (size_t i = 0; i < n; i++) {
                values[i] = (double)psh__random_below(&rng, round + 2) + (round % 2 ? 0.3 * (double)i : 0);
                weights[i] = 0.1 + (double)psh__random_below(&rng, 5);
                fitted[i] = values[i];
            }
            psh__isotonic(fitted, weights, n, blocks);
            for (size_t i = 0; i < n; i++)
                assert_true(fabs(fitted[i] - max_min(values, weights, n, i)) < 1e-12 * (1 + fabs(fitted[i])));
        }
}

/* --- Tables from known pairs -------------------------------------------------------------------------------------- */

enum { N_BITS = 64, ALL = (1 << PSH__CALIBRATION_FOLDS) - 1 };

typedef struct known {
    uint16_t hamming[20000];
    double distances[20000], scratch[40000];
} known;

/* w = h + noise that grows with h; n_each pairs of each Hamming distance from first on, in steps. */
static psh__measured make_known(known *k, int first, int step, size_t n_each) {
    psh__random rng;
    size_t n = 0;
    psh__random_init(&rng, 5, 0);
    for (int h = first; h <= N_BITS; h += step)
        for (size_t i = 0; i < n_each; i++, n++) {
            k->hamming[n] = (uint16_t)h;
            k->distances[n] = h + (0.5 + 0.1 * h) * (psh__random_unit(&rng) - 0.5);
        }
    return (psh__measured){n, N_BITS, k->hamming, k->distances};
}

static void check_order(const psh_calibration_step *steps) {
    for (int h = 0; h <= N_BITS; h++) {
        assert_true(steps[h].low >= 0 && steps[h].low <= steps[h].estimate && steps[h].estimate <= steps[h].high);
        if (h == 0) continue;
        assert_true(steps[h].low >= steps[h - 1].low && steps[h].estimate >= steps[h - 1].estimate);
        assert_true(steps[h].high >= steps[h - 1].high);
    }
}

static void intervals_are_as_wide_as_the_noise(void **state) {
    static known k;
    psh_calibration_step steps[N_BITS + 1];
    psh__measured m = make_known(&k, 1, 1, 300);
    psh__calibration_table(&m, ALL, 0.9, k.scratch, steps);
    check_order(steps);
    for (int h = 5; h <= 60; h++) {
        double width = 0.9 * (0.5 + 0.1 * h);
        assert_true(fabs(steps[h].estimate - h) < 0.06 * (0.5 + 0.1 * h));
        assert_true(fabs((steps[h].high - steps[h].low) / width - 1) < 0.12);
        assert_int_equal(steps[h].n_pairs, 300);
    }
}

static void gaps_are_filled_and_ends_go_on_in_proportion(void **state) {
    static known k;
    psh_calibration_step steps[N_BITS + 1];
    psh__measured m = make_known(&k, 10, 20, 50); /* at 10, 30 and 50 */
    psh__calibration_table(&m, ALL, 0.9, k.scratch, steps);
    check_order(steps);
    assert_true(steps[0].estimate == 0 && steps[0].low == 0);
    assert_true(fabs(steps[5].estimate - steps[10].estimate / 2) < 1e-12);
    assert_true(fabs(steps[20].estimate - (steps[10].estimate + steps[30].estimate) / 2) < 1e-12);
    assert_true(fabs(steps[60].estimate - steps[50].estimate * 1.2) < 1e-12);
    assert_int_equal(steps[20].n_pairs, 0), assert_int_equal(steps[30].n_pairs, 50);
}

static void one_pair_is_a_table(void **state) {
    const uint16_t hamming[] = {7};
    const double distances[] = {3.5};
    double scratch[2];
    psh_calibration_step steps[N_BITS + 1];
    psh_calibration_report report;
    uint64_t populations[N_BITS + 1] = {[7] = 1};
    psh__measured m = {1, N_BITS, hamming, distances};
    psh__calibration_table(&m, ALL, 0.9, scratch, steps);
    check_order(steps);
    assert_true(steps[7].low == 3.5 && steps[7].estimate == 3.5 && steps[7].high == 3.5);
    psh__calibration_cross(&m, populations, 0.9, scratch, &report);
    assert_true(isnan(report.coverage) && report.n_pairs == 1);
}

/* Near pairs have the wider intervals for their distance: the report must follow how often they occur in the set, not
 * how often they were measured. */
static void the_report_is_weighted_as_the_set_is(void **state) {
    static known k;
    uint64_t populations[N_BITS + 1];
    psh_calibration_report near_heavy, far_heavy;
    psh__measured m = make_known(&k, 1, 1, 60);
    for (int h = 0; h <= N_BITS; h++) populations[h] = h < 32 ? 1000000 : 1;
    psh__calibration_cross(&m, populations, 0.9, k.scratch, &near_heavy);
    for (int h = 0; h <= N_BITS; h++) populations[h] = h < 32 ? 1 : 1000000;
    psh__calibration_cross(&m, populations, 0.9, k.scratch, &far_heavy);
    assert_true(near_heavy.coverage > 0.86 && near_heavy.coverage < 0.96);
    assert_true(far_heavy.coverage > 0.86 && far_heavy.coverage < 0.96);
    assert_true(near_heavy.mean_width > far_heavy.mean_width * 1.1); /* 0.5 + 0.1 h, over h */
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static psh_diagrams *make_set(size_t n, uint64_t seed) {
    psh_diagrams *set;
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) {
        double points[2 * 12];
        int32_t dims[12];
        double center = psh__random_unit(&rng);
        for (int k = 0; k < 12; k++) {
            points[2 * k] = center + 0.2 * psh__random_unit(&rng);
            points[2 * k + 1] = points[2 * k] + 0.5 * psh__random_unit(&rng);
            dims[k] = k % 2;
        }
        assert_int_equal(psh_diagrams_append(set, points, dims, 12, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

/* A small random sketch; with_model: it travels with the codes. */
static psh_codes *make_codes(const psh_diagrams *set, bool pool, bool with_model) {
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    psh_model *model;
    psh_codes *codes;
    uint8_t *bytes, *packed = psh__calloc(psh_diagrams_count(set), 4);
    size_t n_bytes;
    params.n_bits = 32, params.random = true, params.pool = pool, params.target = PSH_TARGET_SLICED;
    assert_int_equal(psh_sketch_fit(set, &params, NULL, &model, NULL, NULL), PSH_OK);
    assert_int_equal(psh_model_encode(model, set, 1, packed, NULL), PSH_OK);
    assert_int_equal(psh_codes_create(packed, psh_diagrams_count(set), 32, psh_model_id(model), "frame", &codes, NULL),
                     PSH_OK);
    assert_int_equal(psh_model_write_bytes(model, &bytes, &n_bytes, NULL), PSH_OK);
    if (with_model) assert_int_equal(psh_codes_set_model(codes, bytes, n_bytes, NULL), PSH_OK);
    psh_bytes_free(bytes);
    psh_model_free(model);
    psh__free(packed);
    return codes;
}

static void check_equal(const psh_calibration *a, const psh_calibration *b) {
    assert_int_equal(psh_calibration_n_bits(a), psh_calibration_n_bits(b));
    for (int h = 0; h <= psh_calibration_n_bits(a); h++) {
        psh_calibration_step x = psh_calibration_at(a, h), y = psh_calibration_at(b, h);
        assert_memory_equal(&x, &y, sizeof x);
    }
}

static void threads_change_nothing_and_seeds_do(void **state) {
    psh_diagrams *set = make_set(60, 1);
    psh_codes *codes = make_codes(set, true, true);
    psh_calibration_params params = PSH_PARAMS(psh_calibration_params);
    psh_calibration *one, *three, *other;
    params.n_pairs = 300, params.n_threads = 1;
    assert_int_equal(psh_calibration_fit(codes, set, &params, NULL, &one, NULL), PSH_OK);
    params.n_threads = 3;
    assert_int_equal(psh_calibration_fit(codes, set, &params, NULL, &three, NULL), PSH_OK);
    check_equal(one, three);
    params.seed = 1;
    assert_int_equal(psh_calibration_fit(codes, set, &params, NULL, &other, NULL), PSH_OK);
    bool differs = false;
    size_t n_pairs = 0;
    for (int h = 0; h <= 32; h++) {
        psh_calibration_step a = psh_calibration_at(one, h), b = psh_calibration_at(other, h);
        differs = differs || a.estimate != b.estimate, n_pairs += a.n_pairs;
    }
    assert_true(differs);
    assert_int_equal(n_pairs, 300);
    psh_calibration_free(one), psh_calibration_free(three), psh_calibration_free(other);
    psh_codes_free(codes);
    psh_diagrams_free(set);
}

/* Quotas: no Hamming distance gets more than one pair above another that has pairs left. */
static void hamming_distances_are_measured_alike(void **state) {
    psh_diagrams *set = make_set(60, 2);
    psh_codes *codes = make_codes(set, true, false);
    psh_calibration_params params = PSH_PARAMS(psh_calibration_params);
    psh_calibration *c;
    uint16_t hamming[60 * 59 / 2];
    size_t counts[33] = {0}, most = 0;
    params.n_pairs = 400, params.pool = true;
    assert_int_equal(psh_hamming_condensed_u16(psh_codes_data(codes), 60, 4, 1, hamming, NULL), PSH_OK);
    for (size_t k = 0; k < sizeof hamming / sizeof *hamming; k++) counts[hamming[k]]++;
    assert_int_equal(psh_calibration_fit(codes, set, &params, NULL, &c, NULL), PSH_OK);
    for (int h = 0; h <= 32; h++)
        if (psh_calibration_at(c, h).n_pairs > most) most = psh_calibration_at(c, h).n_pairs;
    for (int h = 0; h <= 32; h++) {
        size_t n = psh_calibration_at(c, h).n_pairs;
        assert_true(n <= counts[h] && (n == counts[h] || n + 1 >= most));
    }
    psh_calibration_free(c);
    psh_codes_free(codes);
    psh_diagrams_free(set);
}

/* All pairs measured: the mean at each Hamming distance is that of exact W1, where means rise; and dimensions are those
 * of the model, or of the options if there is none. */
static void the_model_says_which_distance(void **state) {
    psh_diagrams *set = make_set(25, 3);
    for (int pool = 0; pool < 2; pool++) {
        psh_codes *with = make_codes(set, pool, true), *without = make_codes(set, pool, false);
        psh_calibration_params params = PSH_PARAMS(psh_calibration_params);
        psh_calibration *a, *b, *c;
        params.n_pairs = 100000;
        assert_int_equal(psh_calibration_fit(with, set, &params, NULL, &a, NULL), PSH_OK);
        params.pool = pool;
        assert_int_equal(psh_calibration_fit(without, set, &params, NULL, &b, NULL), PSH_OK);
        params.pool = !pool;
        assert_int_equal(psh_calibration_fit(without, set, &params, NULL, &c, NULL), PSH_OK);
        check_equal(a, b);
        assert_true(psh_calibration_at(a, 16).estimate != psh_calibration_at(c, 16).estimate);
        psh_calibration_free(a), psh_calibration_free(b), psh_calibration_free(c);
        psh_codes_free(with), psh_codes_free(without);
    }
    psh_diagrams_free(set);
}

static void what_does_not_fit_together_is_refused(void **state) {
    psh_diagrams *set = make_set(20, 4), *other = make_set(20, 5), *fewer = make_set(19, 4), *one = make_set(1, 4);
    psh_codes *codes = make_codes(set, false, true), *others = make_codes(other, false, true), *single;
    psh_calibration_params params = PSH_PARAMS(psh_calibration_params);
    psh_calibration *c = NULL;
    psh_error err;
    assert_int_equal(psh_calibration_fit(codes, fewer, &params, NULL, &c, &err), PSH_ERR_SHAPE);
    assert_non_null(strstr(err.text, "20 codes and 19 diagrams"));
    assert_int_equal(psh_calibration_fit(codes, other, &params, NULL, &c, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "same order"));
    params.coverage = 0.995;
    assert_int_equal(psh_calibration_fit(codes, set, &params, NULL, &c, &err), PSH_ERR_PARAMETER);
    params.coverage = 0, params.order = 0.5;
    assert_int_equal(psh_calibration_fit(codes, set, &params, NULL, &c, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_codes_create(psh_codes_data(codes), 1, 32, "", "", &single, NULL), PSH_OK);
    assert_int_equal(psh_calibration_fit(single, one, NULL, NULL, &c, &err), PSH_ERR_EMPTY);
    assert_null(c);
    assert_int_equal(psh_calibration_fit(codes, set, NULL, NULL, &c, &err), PSH_OK);
    assert_int_equal(psh_calibration_check(c, codes, &err), PSH_OK);
    assert_int_equal(psh_calibration_check(c, others, &err), PSH_ERR_MODEL_MISMATCH);
    assert_int_equal(psh_calibration_check(c, single, &err), PSH_ERR_MODEL_MISMATCH);
    psh_calibration_free(c);
    psh_calibration_free(NULL);
    psh_codes_free(codes), psh_codes_free(others), psh_codes_free(single);
    psh_diagrams_free(set), psh_diagrams_free(other), psh_diagrams_free(fewer), psh_diagrams_free(one);
}

static void infinite_distances_are_refused(void **state) {
    psh_diagrams *set = make_set(10, 6), *infinite;
    psh_codes *codes = make_codes(set, true, false);
    const double point[] = {0.1, INFINITY};
    const int32_t dim = 0;
    psh_calibration *c;
    psh_error err;
    assert_int_equal(psh_diagrams_select(set, (size_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8}, 9, 0, false, &infinite, NULL),
                     PSH_OK);
    assert_int_equal(psh_diagrams_append(infinite, point, &dim, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_calibration_fit(codes, infinite, NULL, NULL, &c, &err), PSH_ERR_NOT_FINITE);
    assert_non_null(strstr(err.text, "and 9 are infinitely far apart"));
    psh_codes_free(codes);
    psh_diagrams_free(set), psh_diagrams_free(infinite);
}

/* --- Metadata ----------------------------------------------------------------------------------------------------- */

static void metadata_brings_all_of_it_back(void **state) {
    psh_diagrams *set = make_set(40, 7);
    psh_codes *codes = make_codes(set, true, true);
    psh_calibration *c, *again;
    psh_meta *meta, *reread;
    psh_calibration_report a = PSH_PARAMS(psh_calibration_report), b = PSH_PARAMS(psh_calibration_report);
    float estimate[2], low[2], high[2];
    const uint16_t hamming[] = {3, 32};
    assert_int_equal(psh_calibration_fit(codes, set, NULL, NULL, &c, NULL), PSH_OK);
    assert_int_equal(psh_meta_create(&meta, NULL), PSH_OK);
    assert_int_equal(psh_calibration_recall(meta, &again, NULL), PSH_ERR_FORMAT);
    assert_int_equal(psh_calibration_record(c, meta, NULL), PSH_OK);
    char *text = psh_meta_write_text(meta, 2), *text_again;
    assert_int_equal(psh_meta_read_text(text, &reread, NULL), PSH_OK);
    assert_int_equal(psh_calibration_recall(reread, &again, NULL), PSH_OK);
    check_equal(c, again);
    psh_calibration_judge(c, &a), psh_calibration_judge(again, &b);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(psh_calibration_check(again, codes, NULL), PSH_OK);
    psh_meta_free(meta);
    assert_int_equal(psh_meta_create(&meta, NULL), PSH_OK);
    assert_int_equal(psh_calibration_record(again, meta, NULL), PSH_OK);
    text_again = psh_meta_write_text(meta, 2);
    psh_meta *old_way, *new_way; /* keys may come in another order, values may not change */
    assert_int_equal(psh_meta_object(reread, "calibration", &old_way, NULL), PSH_OK);
    assert_int_equal(psh_meta_object(meta, "calibration", &new_way, NULL), PSH_OK);
    assert_true(psh_meta_number(old_way, "coverage", 0) == psh_meta_number(new_way, "coverage", 1));
    psh_calibration_apply(again, hamming, 2, estimate, low, high);
    assert_true(estimate[1] == (float)psh_calibration_at(c, 32).estimate);
    assert_true(low[0] == (float)psh_calibration_at(c, 3).low && high[0] == (float)psh_calibration_at(c, 3).high);
    psh_meta_free(old_way), psh_meta_free(new_way);
    psh_text_free(text), psh_text_free(text_again);
    psh_meta_free(meta), psh_meta_free(reread);
    psh_calibration_free(c), psh_calibration_free(again);
    psh_codes_free(codes);
    psh_diagrams_free(set);
}

static void damaged_metadata_is_refused(void **state) {
    static const char *const damaged[] = {
        "{\"calibration\": 3}",
        "{\"calibration\": {\"n_bits\": 1}}",
        "{\"calibration\": {\"n_bits\": 0, \"table\": {}}}",
        "{\"calibration\": {\"n_bits\": 2000, \"table\": {}}}",
        "{\"calibration\": {\"n_bits\": 1, \"table\": {\"estimate\": [0]}}}",
        "{\"calibration\": {\"n_bits\": 1, \"table\": {\"estimate\": [0, \"x\"]}}}",
        "{\"calibration\": {\"n_bits\": 1, \"table\": {\"estimate\": [0, 1], \"low\": [0, 1], \"high\": [0, -1]}}}",
        "{\"calibration\": {\"n_bits\": 1, \"table\": {\"estimate\": [0, 1], \"low\": [0, 1], \"high\": [0, 1]}}}",
        "{\"calibration\": {\"n_bits\": 1, \"table\": {\"estimate\": [1, 0], \"low\": [0, 0], \"high\": [1, 1], \"n\": "
        "[1, 1]}}}",
        "{\"calibration\": {\"n_bits\": 1, \"table\": {\"estimate\": [0, 1], \"low\": [0, 2], \"high\": [0, 3], \"n\": "
        "[1, 1]}}}"};
    static const char good[] = "{\"calibration\": {\"n_bits\": 1, \"table\": {\"estimate\": [0, 1], \"low\": [0, 1], "
                               "\"high\": [0, 1], \"n\": [1, 1]}}}";
    psh_calibration *c = NULL;
    psh_meta *meta;
    psh_error err;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        assert_int_equal(psh_meta_read_text(damaged[i], &meta, &err), PSH_OK);
        psh_status status = psh_calibration_recall(meta, &c, &err);
        assert_true(status == PSH_ERR_FORMAT || status == PSH_ERR_CORRUPT);
        assert_null(c);
        psh_meta_free(meta);
    }
    assert_int_equal(psh_meta_read_text(good, &meta, &err), PSH_OK);
    assert_int_equal(psh_calibration_recall(meta, &c, &err), PSH_OK);
    psh_meta_free(meta);
    psh_calibration_free(c);
}

static void every_failed_allocation_is_an_answer(void **state) {
    psh_diagrams *set = make_set(12, 8);
    psh_codes *codes = make_codes(set, true, true);
    psh_calibration_params params = PSH_PARAMS(psh_calibration_params);
    psh_status status = PSH_ERR_MEMORY;
    params.n_threads = 1;
    for (unsigned long n = 1; status == PSH_ERR_MEMORY && n < 2000; n++) {
        psh_calibration *c = NULL, *again = NULL;
        psh_meta *meta = NULL;
        psh__alloc_fail_at(n);
        status = psh_calibration_fit(codes, set, &params, NULL, &c, NULL);
        if (status == PSH_OK) status = psh_meta_create(&meta, NULL);
        if (status == PSH_OK) status = psh_calibration_record(c, meta, NULL);
        if (status == PSH_OK) status = psh_calibration_recall(meta, &again, NULL);
        psh__alloc_fail_at(0);
        psh_calibration_free(c), psh_calibration_free(again);
        psh_meta_free(meta);
    }
    assert_int_equal(status, PSH_OK);
    psh_codes_free(codes);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pooling_agrees_with_the_max_min_formula),
        cmocka_unit_test(intervals_are_as_wide_as_the_noise),
        cmocka_unit_test(gaps_are_filled_and_ends_go_on_in_proportion),
        cmocka_unit_test(one_pair_is_a_table),
        cmocka_unit_test(the_report_is_weighted_as_the_set_is),
        cmocka_unit_test(threads_change_nothing_and_seeds_do),
        cmocka_unit_test(hamming_distances_are_measured_alike),
        cmocka_unit_test(the_model_says_which_distance),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(infinite_distances_are_refused),
        cmocka_unit_test(metadata_brings_all_of_it_back),
        cmocka_unit_test(damaged_metadata_is_refused),
        cmocka_unit_test(every_failed_allocation_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
