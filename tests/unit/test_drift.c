/* test_drift.c : new diagrams like the old ones pass, others are told apart, and the figures are what they say. */
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
#include "persihash/code.h"

/* n diagrams of 20 points, coordinates of one law, then scaled and shifted. */
static psh_diagrams *make_set(size_t n, uint64_t seed, double scale, double shift) {
    psh_diagrams *set;
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) {
        double points[2 * 20], center = psh__random_unit(&rng), spread = 0.1 + 0.4 * psh__random_unit(&rng);
        int32_t dims[20];
        for (int k = 0; k < 20; k++) {
            double birth = center + spread * psh__random_unit(&rng);
            points[2 * k] = scale * birth + shift;
            points[2 * k + 1] = scale * (birth + spread * psh__random_unit(&rng)) + shift;
            dims[k] = k % 2;
        }
        assert_int_equal(psh_diagrams_append(set, points, dims, 20, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

typedef struct fitted {
    psh_model *model;
    psh_codes *codes;
} fitted;

static uint8_t *encode(const psh_model *model, const psh_diagrams *set) {
    uint8_t *codes = psh__calloc(psh_diagrams_count(set) + 1, psh_model_n_bytes(model));
    assert_int_equal(psh_model_encode(model, set, 1, codes, NULL), PSH_OK);
    return codes;
}

static fitted fit(const psh_diagrams *set, psh_frame_kind kind, uint32_t dims_mask) {
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    fitted f;
    params.n_bits = 32, params.random = true, params.target = PSH_TARGET_SLICED, params.pool = true;
    params.frame_kind = kind, params.frame_lo = -1, params.frame_hi = 3, params.dims_mask = dims_mask;
    assert_int_equal(psh_sketch_fit(set, &params, NULL, &f.model, NULL, NULL), PSH_OK);
    uint8_t *codes = encode(f.model, set);
    assert_int_equal(psh_codes_create(codes, psh_diagrams_count(set), 32, psh_model_id(f.model), "", &f.codes, NULL),
                     PSH_OK);
    psh__free(codes);
    return f;
}

static void fitted_free(fitted *f) {
    psh_model_free(f->model);
    psh_codes_free(f->codes);
}

static psh_drift_report check(const fitted *f, psh_diagrams *set) {
    psh_drift_report report = PSH_PARAMS(psh_drift_report);
    uint8_t *codes = encode(f->model, set);
    assert_int_equal(psh_drift_check(f->model, f->codes, set, codes, &report, NULL), PSH_OK);
    psh__free(codes);
    psh_diagrams_free(set);
    return report;
}

static bool is_found(const psh_drift_report *r) {
    assert_int_equal(r->text[0] != 0, r->is_outside || r->is_shifted || r->is_far);
    return r->text[0] != 0;
}

/* 5 models, 13 sizes, 4 sets each: the rules allow a few in a thousand. */
static void more_of_the_same_passes(void **state) {
    static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, 300};
    size_t n_found = 0;
    for (uint64_t seed = 0; seed < 5; seed++) {
        psh_diagrams *set = make_set(150, seed, 1, 0);
        fitted f = fit(set, PSH_FRAME_SET, 0);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (uint64_t k = 0; k < 4; k++) {
                psh_drift_report r = check(&f, make_set(sizes[s], 1000 + 100 * seed + 10 * s + k, 1, 0));
                n_found += is_found(&r);
            }
        fitted_free(&f);
        psh_diagrams_free(set);
    }
    assert_true(n_found <= 1);
}

static void scaled_and_shifted_sets_are_found(void **state) {
    psh_diagrams *set = make_set(150, 1, 1, 0);
    fitted f = fit(set, PSH_FRAME_SET, 0);
    static const struct change { double scale, shift; } changes[] = {{2, 0}, {0.4, 0}, {1, 0.7}, {1, -0.7}, {1.5, 0.2}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        for (size_t n = 30; n <= 120; n *= 2) {
            psh_drift_report r = check(&f, make_set(n, 50 + i, changes[i].scale, changes[i].shift));
            assert_true(is_found(&r));
            assert_int_equal(r.n_old, 150), assert_int_equal(r.n_new, n);
        }
    /* one alone, far outside */
    psh_drift_report r = check(&f, make_set(1, 60, 1, 5));
    assert_true(r.is_outside && r.share_outside == 1 && r.n_above == 1 && r.n_below == 0);
    assert_non_null(strstr(r.text, "100 % of their points are outside"));
    assert_non_null(strstr(r.text, "fit again"));
    fitted_free(&f);
    psh_diagrams_free(set);
}

static void figures_are_counted_over(void **state) {
    psh_diagrams *set = make_set(40, 2, 1, 0), *more = make_set(30, 3, 1.6, 0);
    fitted f = fit(set, PSH_FRAME_SET, 0);
    uint8_t *codes = encode(f.model, more);
    const psh_frame *frame = psh_model_frame(f.model);
    psh_drift_report r = check(&f, more);
    more = make_set(30, 3, 1.6, 0); /* check() took the other one */
    size_t n_outside = 0, n_points = psh_diagrams_n_points(more), n_far = 0, n_far_old = 0;
    int most = -1, farthest = 0;
    double change = -1;
    for (size_t k = 0; k < n_points; k++) {
        const double *p = psh_diagrams_points(more) + 2 * k;
        n_outside += p[0] < frame->lo || p[1] < frame->lo || p[0] > frame->hi || p[1] > frame->hi;
    }
    for (int b = 0; b < 32; b++) {
        double old_mean = 0, new_mean = 0;
        for (size_t i = 0; i < 40; i++) old_mean += (psh_codes_data(f.codes)[4 * i + b / 8] >> b % 8 & 1) / 40.0;
        for (size_t i = 0; i < 30; i++) new_mean += (codes[4 * i + b / 8] >> b % 8 & 1) / 30.0;
        if (fabs(old_mean - new_mean) > change + 1e-12) change = fabs(old_mean - new_mean), most = b;
    }
    for (size_t i = 0; i < 70; i++) {
        const uint8_t *a = i < 40 ? psh_codes_data(f.codes) + 4 * i : codes + 4 * (i - 40);
        uint16_t row[40];
        int least = 99;
        assert_int_equal(psh_hamming_cross(a, 1, psh_codes_data(f.codes), 40, 4, 1, row, NULL), PSH_OK);
        for (size_t j = 0; j < 40; j++)
            if (j != i && row[j] < least) least = row[j];
        if (i < 40) n_far_old += least > r.far_distance;
        if (i >= 40) n_far += least > r.far_distance, farthest = least > farthest ? least : farthest;
    }
    assert_true(fabs(r.share_outside - (double)n_outside / (double)n_points) < 1e-15);
    assert_int_equal(r.i_bit, most);
    assert_true(fabs(fabs(r.old_mean - r.new_mean) - change) < 1e-12);
    assert_true(fabs(r.share_far - (double)n_far / 30) < 1e-15);
    assert_true(fabs(r.share_far_old - (double)n_far_old / 40) < 1e-15 && r.share_far_old < 0.05);
    assert_int_equal(r.farthest, farthest);
    psh__free(codes);
    fitted_free(&f);
    psh_diagrams_free(set), psh_diagrams_free(more);
}

static void frames_of_their_own_have_no_outside(void **state) {
    psh_diagrams *set = make_set(60, 4, 1, 0);
    fitted f = fit(set, PSH_FRAME_DIAGRAM, 0);
    psh_drift_report r = check(&f, make_set(60, 5, 1000, 77));
    assert_true(r.share_outside == 0 && !is_found(&r));
    fitted_free(&f);
    psh_diagrams_free(set);
}

static void a_given_frame_warns_for_a_fifth_of_the_points_alone(void **state) {
    psh_diagrams *set = make_set(60, 6, 1, 0);
    fitted f = fit(set, PSH_FRAME_FIXED, 0); /* [-1, 3] */
    psh_drift_report some = check(&f, make_set(30, 7, 1, 1.7)), all = check(&f, make_set(3, 7, 1, 9));
    assert_true(some.share_outside > 0 && some.share_outside < 0.2 && !some.is_outside);
    assert_true(all.is_outside);
    fitted_free(&f);
    psh_diagrams_free(set);
}

static void dimensions_that_do_not_count_are_not_looked_at(void **state) {
    psh_diagrams *set = make_set(60, 8, 1, 0), *strange = make_set(20, 9, 1, 0), *mixed;
    fitted f = fit(set, PSH_FRAME_SET, 1 << 0);
    assert_int_equal(psh_diagrams_create(&mixed, NULL), PSH_OK);
    for (size_t i = 0; i < 20; i++) {
        double points[2 * 20];
        memcpy(points, psh_diagrams_points(strange) + 40 * i, sizeof points);
        for (int k = 1; k < 20; k += 2) points[2 * k] = -500, points[2 * k + 1] = k % 4 == 1 ? 500 : INFINITY;
        assert_int_equal(psh_diagrams_append(mixed, points, psh_diagrams_dims(strange) + 20 * i, 20, NULL, -1, NULL),
                         PSH_OK);
    }
    psh_drift_report r = check(&f, mixed);
    assert_true(r.share_outside < 0.02 && !is_found(&r));
    fitted_free(&f);
    psh_diagrams_free(set), psh_diagrams_free(strange);
}

static void nothing_is_said_where_there_is_nothing_to_say(void **state) {
    psh_diagrams *set = make_set(30, 10, 1, 0), *none, *empty;
    fitted f = fit(set, PSH_FRAME_SET, 0), bare = f;
    psh_drift_report r;
    assert_int_equal(psh_diagrams_create(&none, NULL), PSH_OK);
    r = check(&f, none);
    assert_true(!is_found(&r) && r.n_new == 0);
    assert_int_equal(psh_diagrams_create(&empty, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(empty, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    r = check(&f, empty);
    assert_true(r.share_outside == 0);
    assert_int_equal(psh_codes_create(NULL, 0, 32, psh_model_id(f.model), "", &bare.codes, NULL), PSH_OK);
    r = check(&bare, make_set(30, 10, 9, 0));
    assert_true(!is_found(&r) && r.n_old == 0);
    psh_codes_free(bare.codes);
    fitted_free(&f);
    psh_diagrams_free(set);
}

static void codes_of_another_model_are_refused(void **state) {
    psh_diagrams *set = make_set(30, 11, 1, 0), *other = make_set(30, 12, 1, 0);
    fitted f = fit(set, PSH_FRAME_SET, 0), g = fit(other, PSH_FRAME_SET, 0);
    psh_drift_report r = PSH_PARAMS(psh_drift_report);
    psh_error err;
    assert_int_equal(psh_drift_check(f.model, g.codes, set, psh_codes_data(f.codes), &r, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, psh_model_id(f.model)));
    fitted_free(&f), fitted_free(&g);
    psh_diagrams_free(set), psh_diagrams_free(other);
}

static void every_failed_allocation_is_an_answer(void **state) {
    psh_diagrams *set = make_set(30, 13, 1, 0);
    fitted f = fit(set, PSH_FRAME_SET, 0);
    psh_status status = PSH_ERR_MEMORY;
    unsigned long n = 1;
    for (; status == PSH_ERR_MEMORY && n < 100; n++) {
        psh_drift_report r = PSH_PARAMS(psh_drift_report);
        psh__alloc_fail_at(n);
        status = psh_drift_check(f.model, f.codes, set, psh_codes_data(f.codes), &r, NULL);
        psh__alloc_fail_at(0);
    }
    assert_int_equal(status, PSH_OK);
    assert_true(n > 5);
    fitted_free(&f);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_of_the_same_passes),
        cmocka_unit_test(scaled_and_shifted_sets_are_found),
        cmocka_unit_test(figures_are_counted_over),
        cmocka_unit_test(frames_of_their_own_have_no_outside),
        cmocka_unit_test(a_given_frame_warns_for_a_fifth_of_the_points_alone),
        cmocka_unit_test(dimensions_that_do_not_count_are_not_looked_at),
        cmocka_unit_test(nothing_is_said_where_there_is_nothing_to_say),
        cmocka_unit_test(codes_of_another_model_are_refused),
        cmocka_unit_test(every_failed_allocation_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
