/* test_synth.c : synthetic sets: the paper's uniform diagrams, and mixed sets. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "diagram/synth.h"
#include "pixel_merge.h"

/* --- uniform ------------------------------------------------------------------------------------------------------ */

static void synthetic_points_are_uniform_above_the_diagonal(void **state) {
    psh_diagrams *set = NULL;
    assert_int_equal(psh_diagrams_synth_uniform(100, 200, 5, &set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_count(set), 100);
    assert_int_equal(psh_diagrams_n_points(set), 20000);
    double mean_birth = 0, mean_death = 0;
    size_t n_corner = 0; /* persistence above 1/2: a quarter of the triangle */
    for (size_t i = 0; i < 20000; i++) {
        const double *point = psh_diagrams_points(set) + 2 * i;
        assert_true(point[0] >= 0 && point[0] <= point[1] && point[1] < 1);
        assert_int_equal(psh_diagrams_dims(set)[i], 0);
        mean_birth += point[0] / 20000, mean_death += point[1] / 20000;
        n_corner += point[1] - point[0] > 0.5;
    }
    /* Means 1/3 and 2/3, standard deviation sqrt(1/18 / 20000) = 0.0017; 5000 +- 61. Five deviations. */
    assert_true(fabs(mean_birth - 1. / 3) < 0.0085 && fabs(mean_death - 2. / 3) < 0.0085);
    assert_in_range(n_corner, 5000 - 306, 5000 + 306);
    psh_diagrams_free(set);
}

static void the_same_seed_gives_the_same_bytes_whatever_the_size_of_the_set(void **state) {
    psh_diagrams *small = NULL, *large = NULL, *other = NULL;
    assert_int_equal(psh_diagrams_synth_uniform(3, 50, 1, &small, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_synth_uniform(30, 50, 1, &large, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_synth_uniform(3, 50, 2, &other, NULL), PSH_OK);
    assert_memory_equal(psh_diagrams_points(small), psh_diagrams_points(large), 3 * 50 * 2 * sizeof(double));
    assert_memory_not_equal(psh_diagrams_points(small), psh_diagrams_points(other), 3 * 50 * 2 * sizeof(double));
    assert_true(psh__hash(PSH__HASH_START, psh_diagrams_points(small), 3 * 50 * 2 * sizeof(double)) ==
                0xa1e51c20b1864292u); /* on every machine */
    psh_diagrams_free(small);
    psh_diagrams_free(large);
    psh_diagrams_free(other);
}

static void odd_sizes_of_synthetic_sets_work_or_are_refused(void **state) {
    psh_diagrams *set = NULL;
    assert_int_equal(psh_diagrams_synth_uniform(0, 10, 1, &set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_count(set), 0);
    psh_diagrams_free(set);
    assert_int_equal(psh_diagrams_synth_uniform(10, 0, 1, &set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_count(set), 10);
    assert_int_equal(psh_diagrams_n_points(set), 0);
    psh_diagrams_free(set);
    assert_int_equal(psh_diagrams_synth_uniform(SIZE_MAX, 2, 1, &set, NULL), PSH_ERR_MEMORY);
    assert_int_equal(psh_diagrams_synth_uniform(SIZE_MAX / 2, 1, 1, &set, NULL), PSH_ERR_MEMORY);
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh_diagrams *partial = NULL;
        psh__alloc_fail_at(n);
        status = psh_diagrams_synth_uniform(20, 20, 1, &partial, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        psh_diagrams_free(partial);
    }
}

/* --- mixed -------------------------------------------------------------------------------------------------------- */

static psh_diagrams *draw(size_t n_diagrams, uint64_t seed, uint64_t i_set, psh_synth_family family,
                          size_t max_points) {
    psh_synth_params params = {.struct_bytes = sizeof params, .family = family, .max_points = max_points};
    psh_diagrams *set = NULL;
    assert_int_equal(psh_diagrams_synth_mixed(n_diagrams, seed, i_set, &params, &set, NULL), PSH_OK);
    return set;
}

static void expect_valid(const psh_diagrams *set, size_t n_diagrams, size_t max_points) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    assert_int_equal(psh_diagrams_count(set), n_diagrams);
    for (size_t i = 0; i < n_diagrams; i++) {
        assert_in_range(offsets[i + 1] - offsets[i], 1, max_points);
        assert_true(psh_diagrams_labels(set)[i] >= -1 && psh_diagrams_labels(set)[i] < 6);
    }
    for (size_t i = 0; i < psh_diagrams_n_points(set); i++) {
        const double *point = psh_diagrams_points(set) + 2 * i;
        assert_true(isfinite(point[0]) && isfinite(point[1]) && point[0] < point[1]);
        assert_true(!(point[0] == 0 && signbit(point[0])) && !(point[1] == 0 && signbit(point[1])));
        assert_in_range(psh_diagrams_dims(set)[i], 0, 1);
    }
}

static void every_mixed_set_is_valid(void **state) {
    for (uint64_t i = 0; i < 200; i++) {
        psh_diagrams *set = draw(40, 3, i, PSH_SYNTH_ANY, i % 5 ? 0 : 1 + i);
        expect_valid(set, 40, i % 5 ? 2000 : 1 + i);
        psh_diagrams_free(set);
    }
}

static uint64_t hash_of(const psh_diagrams *set) {
    uint64_t hash =
        psh__hash(PSH__HASH_START, psh_diagrams_points(set), 2 * psh_diagrams_n_points(set) * sizeof(double));
    hash = psh__hash(hash, psh_diagrams_dims(set), psh_diagrams_n_points(set) * sizeof(int32_t));
    hash = psh__hash(hash, psh_diagrams_labels(set), psh_diagrams_count(set) * sizeof(int64_t));
    return psh__hash(hash, psh_diagrams_offsets(set), (psh_diagrams_count(set) + 1) * sizeof(uint64_t));
}

static void the_same_numbers_draw_the_same_set(void **state) {
    for (int family = 0; family <= PSH_SYNTH_SERIES; family++) {
        psh_diagrams *sets[4] = {
            draw(30, 7, 1, (psh_synth_family)family, 0), draw(30, 7, 1, (psh_synth_family)family, 0),
            draw(30, 7, 2, (psh_synth_family)family, 0), draw(30, 8, 1, (psh_synth_family)family, 0)};
        assert_true(hash_of(sets[0]) == hash_of(sets[1]));
        assert_true(hash_of(sets[0]) != hash_of(sets[2]));
        assert_true(hash_of(sets[0]) != hash_of(sets[3]));
        for (int i = 0; i < 4; i++) psh_diagrams_free(sets[i]);
    }
}

/* Pinned: whoever changes the generator changes what models are trained on, and should know it. */
static void mixed_sets_are_the_same_on_every_machine(void **state) {
    static const uint64_t expected[] = {0xc8ec61f3ef1a3e0u,  0x24535aaab04748bau, 0x143cf65bd49d6347u,
                                        0x9ccabd53521a3db3u, 0x4d1e81a1473f805cu, 0x9fff3a15257bd1bbu};
    for (int family = 0; family <= PSH_SYNTH_SERIES; family++) {
        uint64_t hash = PSH__HASH_START;
        for (uint64_t i = 0; i < 4; i++) {
            psh_diagrams *set = draw(25, 1, i, (psh_synth_family)family, 0);
            uint64_t part = hash_of(set);
            hash = psh__hash(hash, &part, sizeof part);
            psh_diagrams_free(set);
        }
        if (hash != expected[family]) print_message("family %d: %#llx", family, (unsigned long long)hash);
    }
}

static void labels_are_types_of_which_there_are_some(void **state) {
    size_t n_with = 0, n_without = 0;
    for (uint64_t i = 0; i < 60; i++) {
        psh_diagrams *set = draw(30, 2, i, i % 2 ? PSH_SYNTH_BLOBS : PSH_SYNTH_CLOUDS, 0);
        const int64_t *labels = psh_diagrams_labels(set);
        bool has_first = labels[0] >= 0;
        for (size_t k = 0; k < 30; k++) assert_int_equal(labels[k] >= 0, has_first);
        has_first ? n_with++ : n_without++;
        psh_diagrams_free(set);
    }
    assert_true(n_with > 40 && n_without > 2); /* between types there are none */
}

/* --- what is drawn ------------------------------------------------------------------------------------------------ */

static void every_family_and_modifier_comes_up(void **state) {
    static const char *const modifiers[] = {"mirror",     "thinned",  "simplified", "background", "short",
                                            "duplicates", "outliers", "rounded",    "scaled"};
    size_t n_families[PSH_SYNTH_SERIES + 1] = {0}, n_modifiers[9] = {0}, n_plain = 0, n_two_dims = 0, n_large = 0;
    enum { N_SETS = 400 };
    for (uint64_t i = 0; i < N_SETS; i++) {
        psh_diagrams *set = draw(10, 4, i, PSH_SYNTH_ANY, 0);
        const char *name = psh_meta_text(psh_diagrams_meta(set), "family");
        char *meta = psh_meta_write_text(psh_diagrams_meta(set), 0), quoted[32];
        int32_t dims = 0;
        for (int f = 1; f <= PSH_SYNTH_SERIES; f++)
            n_families[f] += !strcmp(name, psh_synth_family_name((psh_synth_family)f));
        n_plain += strstr(meta, "\"modifiers\": []") != NULL;
        for (size_t k = 0; k < 9; k++) {
            snprintf(quoted, sizeof quoted, "\"%s\"", modifiers[k]);
            n_modifiers[k] += strstr(meta, quoted) != NULL;
        }
        for (size_t k = 0; k < psh_diagrams_n_points(set); k++) dims |= 1 << psh_diagrams_dims(set)[k];
        n_two_dims += dims == 3, n_large += psh_diagrams_n_points(set) > 3000;
        psh_text_free(meta);
        psh_diagrams_free(set);
    }
    for (int f = 1; f <= PSH_SYNTH_SERIES; f++) assert_in_range(n_families[f], 15, 220);
    for (size_t k = 0; k < 9; k++) assert_in_range(n_modifiers[k], 6, 320);
    assert_in_range(n_plain, 40, 200);
    assert_in_range(n_two_dims, 40, 200);
    assert_in_range(n_large, 2, 60);
}

static double mean_points_of_sets(uint64_t seed, size_t max_points) {
    double sum = 0;
    for (uint64_t i = 0; i < 150; i++) {
        psh_diagrams *set = draw(12, seed, i, PSH_SYNTH_ANY, max_points);
        sum += (double)psh_diagrams_n_points(set) / 12 / 150;
        psh_diagrams_free(set);
    }
    return sum;
}

static void diagrams_have_some_tens_of_points_on_average(void **state) {
    double mean = mean_points_of_sets(6, 0);
    if (mean < 50 || mean > 140) fail_msg("%g points a diagram; expected about 85", mean);
    assert_true(mean_points_of_sets(6, 20) <= 20);
}

static void rounded_sets_are_of_integers_and_repeat_themselves(void **state) {
    size_t n_rounded = 0;
    for (uint64_t i = 0; i < 1000 && n_rounded < 10; i++) {
        psh_diagrams *set = draw(30, 5, i, PSH_SYNTH_BLOBS, 0);
        char *meta = psh_meta_write_text(psh_diagrams_meta(set), 0);
        if (strstr(meta, "\"rounded\"")) {
            const double *points = psh_diagrams_points(set);
            for (size_t k = 0; k < 2 * psh_diagrams_n_points(set); k++)
                assert_true(points[k] == floor(points[k]) && points[k] >= 0 && points[k] <= 257);
            n_rounded++;
        }
        psh_text_free(meta);
        psh_diagrams_free(set);
    }
    assert_int_equal(n_rounded, 10);
}

static void sets_to_learn_from_are_neither_poor_nor_all_equal(void **state) {
    for (int family = 1; family <= PSH_SYNTH_SERIES; family++)
        for (uint64_t i = 0; i < 60; i++) {
            psh_diagrams *set = draw(16, 9, i, (psh_synth_family)family, 0);
            const uint64_t *offsets = psh_diagrams_offsets(set);
            bool differ = false;
            for (size_t k = 1; k < 16; k++)
                differ |= offsets[k + 1] - offsets[k] != offsets[1] ||
                          memcmp(psh_diagrams_points(set), psh_diagrams_points(set) + 2 * offsets[k],
                                 2 * offsets[1] * sizeof(double));
            assert_true(differ && psh_diagrams_n_points(set) >= 3 * 16);
            psh_diagrams_free(set);
        }
}

/* --- fields and clouds ----------------------------------------------------------------------------------------- */

static psh__synth *begin(uint64_t i_set) {
    psh__synth *s = calloc(1, sizeof *s);
    psh__random_init(&s->rng, 12, i_set);
    s->n_diagrams = 6, s->max_points = 2000;
    assert_int_equal(psh_diagrams_create(&s->set, NULL), PSH_OK);
    assert_int_equal(psh_meta_create(&s->notes, NULL), PSH_OK);
    return s;
}

static void end(psh__synth *s) {
    psh_diagrams_free(s->set);
    psh_meta_free(s->notes);
    free(s);
}

/* Diagram i of the set has these finite intervals, of the dimensions that were asked for, in any order. */
static void expect_intervals(const psh_diagrams *set, size_t i, const psh_interval *intervals, size_t n_intervals,
                             uint32_t dims_mask) {
    size_t start = set->offsets[i], n = set->offsets[i + 1] - start, n_expected = 0;
    bool *is_used = calloc(n + 1, sizeof *is_used);
    for (size_t k = 0; k < n_intervals; k++) {
        size_t at = 0;
        if (isinf(intervals[k].death) || !(dims_mask >> intervals[k].dim & 1)) continue;
        while (at < n && (is_used[at] || set->points[2 * (start + at)] != intervals[k].birth ||
                          set->points[2 * (start + at) + 1] != intervals[k].death))
            at++;
        if (at == n) fail_msg("diagram %zu: no [%g, %g)", i, intervals[k].birth, intervals[k].death);
        is_used[at] = true, n_expected++;
    }
    assert_int_equal(n, n_expected);
    free(is_used);
}

static void diagrams_of_fields_are_those_of_their_images(void **state) {
    size_t n_u8 = 0, n_checked = 0;
    for (uint64_t i_set = 0; i_set < 24; i_set++) {
        psh__synth *s = begin(i_set);
        psh__random rng = s->rng;
        psh__fields *fields = NULL;
        assert_int_equal(psh__synth_fields(s, NULL), PSH_OK);
        assert_int_equal(psh__fields_create(&rng, &fields, NULL), PSH_OK);
        for (size_t i = 0; i < 6; i++) {
            psh_image *image = NULL;
            psh_homology_params homology;
            int64_t label;
            size_t shape[3];
            assert_int_equal(psh__fields_draw(fields, &rng, (double)i / 6, &image, &homology, &label, NULL), PSH_OK);
            assert_int_equal(label, psh_diagrams_labels(s->set)[i]);
            psh_image_shape(image, shape);
            assert_true(shape[0] == 1 && shape[1] >= 16 && shape[1] <= 96 && shape[2] >= 16 && shape[2] <= 96);
            n_u8 += psh_image_dtype(image) == PSH_U8;
            if (homology.essential == PSH_ESSENTIAL_DROP) {
                size_t n_pixels = shape[1] * shape[2];
                double *values = malloc(n_pixels * sizeof *values);
                psh_interval *intervals = malloc(2 * n_pixels * sizeof *intervals);
                for (size_t k = 0; k < n_pixels; k++)
                    values[k] = psh_image_dtype(image) == PSH_U8 ? ((const uint8_t *)psh_image_pixels(image))[k]
                                                                 : ((const float *)psh_image_pixels(image))[k];
                size_t n = pixel_merge_intervals(values, shape[1], shape[2], homology.construction, intervals);
                expect_intervals(s->set, i, intervals, n, homology.dims_mask);
                n_checked++;
                free(values), free(intervals);
            }
            psh_image_free(image);
        }
        psh__fields_free(fields);
        end(s);
    }
    assert_true(n_u8 > 24 && n_u8 < 6 * 24 - 24 && n_checked > 48);
}

static void diagrams_of_clouds_are_those_of_their_points(void **state) {
    psh_rips *rips = NULL;
    assert_int_equal(psh_rips_create(&rips, NULL), PSH_OK);
    for (uint64_t i_set = 0; i_set < 12; i_set++) {
        psh__synth *s = begin(i_set);
        psh__random rng = s->rng;
        psh__clouds *clouds = NULL;
        assert_int_equal(psh__synth_clouds(s, NULL), PSH_OK);
        assert_int_equal(psh__clouds_create(&rng, &clouds, NULL), PSH_OK);
        for (size_t i = 0; i < 6; i++) {
            psh_cloud *cloud = NULL;
            psh_homology_params homology;
            const psh_interval *intervals;
            size_t n_intervals;
            int64_t label;
            assert_int_equal(psh__clouds_draw(clouds, &rng, &cloud, &homology, &label, NULL), PSH_OK);
            assert_int_equal(label, psh_diagrams_labels(s->set)[i]);
            assert_in_range(psh_cloud_n_points(cloud), 8, 200);
            assert_int_equal(psh_rips_compute_cloud(rips, cloud, &homology, &intervals, &n_intervals, NULL, NULL),
                             PSH_OK);
            expect_intervals(s->set, i, intervals, n_intervals, homology.dims_mask);
            psh_cloud_free(cloud);
        }
        psh__clouds_free(clouds);
        end(s);
    }
    psh_rips_free(rips);
}

/* Consecutive diagrams of a run have the same number of points but for those that come and go. */
static void series_move_slowly(void **state) {
    for (uint64_t i_set = 0; i_set < 20; i_set++) {
        psh__synth *s = begin(i_set);
        s->n_diagrams = 120;
        assert_int_equal(psh__synth_series(s, NULL), PSH_OK);
        size_t n_changes = 0;
        for (size_t i = 0; i < 120; i++) {
            size_t n = s->set->offsets[i + 1] - s->set->offsets[i];
            assert_in_range(n, 0, 25);
            if (i > 0)
                n_changes += (size_t)llabs((long long)n - (long long)(s->set->offsets[i] - s->set->offsets[i - 1]));
            if (i > 0) assert_true(s->set->labels[i] >= s->set->labels[i - 1]);
        }
        assert_true(n_changes < 5 * 120);
        end(s);
    }
}

/* --- edges -------------------------------------------------------------------------------------------------------- */

static void unknown_families_are_refused(void **state) {
    psh_synth_params params = {.struct_bytes = sizeof params, .family = (psh_synth_family)6};
    psh_diagrams *set = NULL;
    psh_error err = {0};
    assert_int_equal(psh_diagrams_synth_mixed(3, 1, 0, &params, &set, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "no family 6"));
    params.family = (psh_synth_family)-1;
    assert_int_equal(psh_diagrams_synth_mixed(3, 1, 0, &params, &set, &err), PSH_ERR_PARAMETER);
    assert_null(set);
    assert_string_equal(psh_synth_family_name(PSH_SYNTH_SERIES), "series");
    assert_null(psh_synth_family_name((psh_synth_family)6));
    assert_null(psh_synth_family_name((psh_synth_family)-1));
}

static void mixed_sets_of_no_or_one_diagram(void **state) {
    for (int family = 0; family <= PSH_SYNTH_SERIES; family++)
        for (uint64_t i = 0; i < 20; i++)
            for (size_t n = 0; n < 2; n++) {
                psh_diagrams *set = draw(n, i, 0, (psh_synth_family)family, 0);
                expect_valid(set, n, 2000);
                psh_diagrams_free(set);
            }
}

static void any_allocation_of_a_mixed_set_may_fail(void **state) {
    for (int family = 1; family <= PSH_SYNTH_SERIES; family++) {
        psh_synth_params params = {.struct_bytes = sizeof params, .family = (psh_synth_family)family};
        psh_status status = PSH_ERR_MEMORY;
        for (unsigned long n = 1; status != PSH_OK; n++) {
            psh_diagrams *set = NULL;
            psh__alloc_fail_at(n);
            status = psh_diagrams_synth_mixed(6, 11, 0, &params, &set, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            assert_true((status == PSH_OK) == (set != NULL));
            psh_diagrams_free(set);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synthetic_points_are_uniform_above_the_diagonal),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes_whatever_the_size_of_the_set),
        cmocka_unit_test(odd_sizes_of_synthetic_sets_work_or_are_refused),
        cmocka_unit_test(every_mixed_set_is_valid),
        cmocka_unit_test(the_same_numbers_draw_the_same_set),
        cmocka_unit_test(mixed_sets_are_the_same_on_every_machine),
        cmocka_unit_test(labels_are_types_of_which_there_are_some),
        cmocka_unit_test(every_family_and_modifier_comes_up),
        cmocka_unit_test(diagrams_have_some_tens_of_points_on_average),
        cmocka_unit_test(rounded_sets_are_of_integers_and_repeat_themselves),
        cmocka_unit_test(sets_to_learn_from_are_neither_poor_nor_all_equal),
        cmocka_unit_test(diagrams_of_fields_are_those_of_their_images),
        cmocka_unit_test(diagrams_of_clouds_are_those_of_their_points),
        cmocka_unit_test(series_move_slowly),
        cmocka_unit_test(unknown_families_are_refused),
        cmocka_unit_test(mixed_sets_of_no_or_one_diagram),
        cmocka_unit_test(any_allocation_of_a_mixed_set_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
