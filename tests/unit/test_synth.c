/* test_synth.c : synthetic sets: the paper's uniform diagrams, and mixed sets. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "persihash/diagram.h"

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
        cmocka_unit_test(unknown_families_are_refused),
        cmocka_unit_test(mixed_sets_of_no_or_one_diagram),
        cmocka_unit_test(any_allocation_of_a_mixed_set_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
