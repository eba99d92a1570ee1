/* test_diagram_set.c : the set itself: appending, selecting, sampling rows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "persihash/diagram.h"

static psh_diagrams *new_set(void) {
    psh_diagrams *set = NULL;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    return set;
}

/* Three diagrams: two points (dims 0, 1), none, one point of dim 2. */
static psh_diagrams *small_set(void) {
    psh_diagrams *set = new_set();
    const char *const names[] = {"cat", "dog"};
    assert_int_equal(psh_diagrams_set_label_names(set, names, 2, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, (double[]){0, 1, 2, INFINITY}, (int32_t[]){0, 1}, 2, "first", 1, NULL),
                     PSH_OK);
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, (double[]){-1, -0.5}, (int32_t[]){2}, 1, "third", 0, NULL), PSH_OK);
    assert_int_equal(psh_meta_set_text(psh_diagrams_meta(set), "command", "by hand"), PSH_OK);
    return set;
}

static void an_empty_set_has_no_null_arrays(void **state) {
    psh_diagrams *set = new_set();
    assert_int_equal(psh_diagrams_count(set), 0);
    assert_int_equal(psh_diagrams_n_points(set), 0);
    assert_non_null(psh_diagrams_points(set));
    assert_non_null(psh_diagrams_dims(set));
    assert_int_equal(psh_diagrams_offsets(set)[0], 0);
    assert_null(psh_diagrams_labels(set));
    assert_false(psh_diagrams_has_labels(set));
    assert_int_equal(psh_diagrams_n_classes(set), 0);
    assert_non_null(psh_diagrams_meta(set));
    assert_ptr_equal(psh_diagrams_meta_const(set), psh_diagrams_meta(set));
    psh_diagrams_free(set);
    psh_diagrams_free(NULL);
}

static void appended_diagrams_are_found_as_given(void **state) {
    psh_diagrams *set = small_set();
    const double points[] = {0, 1, 2, INFINITY, -1, -0.5};
    const int32_t dims[] = {0, 1, 2};
    const uint64_t offsets[] = {0, 2, 2, 3};
    const int64_t labels[] = {1, -1, 0};
    assert_int_equal(psh_diagrams_count(set), 3);
    assert_int_equal(psh_diagrams_n_points(set), 3);
    assert_memory_equal(psh_diagrams_points(set), points, sizeof points);
    assert_memory_equal(psh_diagrams_dims(set), dims, sizeof dims);
    assert_memory_equal(psh_diagrams_offsets(set), offsets, sizeof offsets);
    assert_memory_equal(psh_diagrams_labels(set), labels, sizeof labels);
    assert_true(psh_diagrams_has_labels(set));
    assert_int_equal(psh_diagrams_n_classes(set), 2);
    assert_string_equal(psh_diagrams_label_name(set, 1), "dog");
    assert_string_equal(psh_diagrams_name(set, 0), "first");
    assert_string_equal(psh_diagrams_name(set, 1), "");
    assert_string_equal(psh_diagrams_name(set, 2), "third");
    psh_diagrams_free(set);
}

static void intervals_are_appended_like_points(void **state) {
    psh_diagrams *set = new_set();
    const psh_interval intervals[] = {{.birth = 1, .death = 2, .dim = 1}, {.birth = 0, .death = INFINITY, .dim = 0}};
    const double points[] = {1, 2, 0, INFINITY};
    assert_int_equal(psh_diagrams_append_intervals(set, intervals, 2, "x", 7, NULL), PSH_OK);
    assert_memory_equal(psh_diagrams_points(set), points, sizeof points);
    assert_int_equal(psh_diagrams_dims(set)[0], 1);
    assert_int_equal(psh_diagrams_labels(set)[0], 7);
    psh_diagrams_free(set);
}

static void bad_points_are_refused_and_leave_the_set_as_it_was(void **state) {
    static const struct {
        double birth, death;
        int32_t dim;
        psh_status status;
        const char *text;
    } cases[] = {{NAN, 1, 0, PSH_ERR_NOT_FINITE, "birth is NaN"},
                 {0, NAN, 0, PSH_ERR_NOT_FINITE, "death is NaN"},
                 {-INFINITY, 1, 0, PSH_ERR_NOT_FINITE, "birth is -inf"},
                 {INFINITY, INFINITY, 0, PSH_ERR_NOT_FINITE, "birth is inf"},
                 {0, -INFINITY, 0, PSH_ERR_NOT_FINITE, "negate both columns"},
                 {2, 1, 0, PSH_ERR_DATA, "negate both columns"},
                 {1, 2, -1, PSH_ERR_DATA, "dimension -1"}};
    psh_diagrams *set = small_set();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        psh_error err = {0};
        const double points[] = {0, 1, cases[i].birth, cases[i].death};
        const int32_t dims[] = {0, cases[i].dim};
        const psh_interval intervals[] = {{0, 1, 0}, {cases[i].birth, cases[i].death, cases[i].dim}};
        assert_int_equal(psh_diagrams_append(set, points, dims, 2, "bad", -1, &err), cases[i].status);
        assert_non_null(strstr(err.text, cases[i].text));
        assert_non_null(strstr(err.text, "diagram 3, point 1"));
        assert_int_equal(psh_diagrams_append_intervals(set, intervals, 2, "bad", -1, &err), cases[i].status);
        assert_non_null(strstr(err.text, "diagram 3, interval 1"));
        assert_int_equal(psh_diagrams_count(set), 3);
        assert_int_equal(psh_diagrams_n_points(set), 3);
    }
    assert_int_equal(psh_diagrams_append(set, (double[]){5, 6}, NULL, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_offsets(set)[4], 4);
    assert_true(psh_diagrams_points(set)[6] == 5);
    assert_int_equal(psh_diagrams_dims(set)[3], 0);
    psh_diagrams_free(set);
}

static void labels_must_fit_their_names(void **state) {
    psh_diagrams *set = small_set();
    const char *const one[] = {"cat"}, *const three[] = {"cat", "dog", "emu"};
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, 2, NULL), PSH_ERR_DATA);
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, -2, NULL), PSH_ERR_DATA);
    assert_int_equal(psh_diagrams_set_label_names(set, one, 1, NULL), PSH_ERR_DATA);
    assert_int_equal(psh_diagrams_n_classes(set), 2);
    assert_int_equal(psh_diagrams_set_label_names(set, three, 3, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, 2, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_set_label_names(set, NULL, 0, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_n_classes(set), 0);
    psh_diagrams_free(set);
}

static void select_takes_rows_in_order_with_repeats(void **state) {
    psh_diagrams *set = small_set(), *part = NULL;
    const size_t rows[] = {2, 0, 2, 1};
    const uint64_t offsets[] = {0, 1, 3, 4, 4};
    const double points[] = {-1, -0.5, 0, 1, 2, INFINITY, -1, -0.5};
    assert_int_equal(psh_diagrams_select(set, rows, 4, 0, false, &part, NULL), PSH_OK);
    psh_diagrams_free(set);
    assert_memory_equal(psh_diagrams_offsets(part), offsets, sizeof offsets);
    assert_memory_equal(psh_diagrams_points(part), points, sizeof points);
    assert_int_equal(psh_diagrams_dims(part)[0], 2);
    assert_string_equal(psh_diagrams_name(part, 2), "third");
    assert_int_equal(psh_diagrams_labels(part)[1], 1);
    assert_string_equal(psh_diagrams_label_name(part, 0), "cat");
    assert_string_equal(psh_meta_text(psh_diagrams_meta(part), "command"), "by hand");
    psh_diagrams_free(part);
}

static void select_keeps_wanted_dimensions_and_pools(void **state) {
    psh_diagrams *set = small_set(), *part = NULL;
    const uint64_t offsets[] = {0, 1, 1, 2};
    const double points[] = {2, INFINITY, -1, -0.5};
    assert_int_equal(psh_diagrams_append(set, (double[]){3, 4}, (int32_t[]){40}, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_select(set, NULL, 0, 6, true, &part, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_count(part), 4);
    assert_memory_equal(psh_diagrams_offsets(part), offsets, sizeof offsets);
    assert_memory_equal(psh_diagrams_points(part), points, sizeof points);
    assert_int_equal(psh_diagrams_dims(part)[0], 0);
    assert_int_equal(psh_diagrams_dims(part)[1], 0);
    char *text = psh_meta_write_text(psh_diagrams_meta(part), 0);
    assert_non_null(strstr(text, "\"dims\": [1, 2]"));
    assert_non_null(strstr(text, "\"pool\": true"));
    psh_text_free(text);
    psh_diagrams_free(part);
    assert_int_equal(psh_diagrams_select(set, NULL, 0, 0, false, &part, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_dims(part)[3], 40);
    psh_diagrams_free(part);
    assert_int_equal(psh_diagrams_select(set, (size_t[]){0}, 0, 0, false, &part, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_count(part), 0);
    assert_int_equal(psh_diagrams_n_classes(part), 2);
    psh_diagrams_free(part);
    psh_diagrams_free(set);
}

static void sampled_rows_are_distinct_rising_and_seeded(void **state) {
    size_t rows[100], again[100];
    assert_int_equal(psh_rows_sample(1000, 100, 7, rows, NULL), PSH_OK);
    assert_int_equal(psh_rows_sample(1000, 100, 7, again, NULL), PSH_OK);
    assert_memory_equal(rows, again, sizeof rows);
    for (size_t i = 0; i < 100; i++) assert_true(rows[i] < 1000 && (i == 0 || rows[i] > rows[i - 1]));
    psh_rows_sample(1000, 100, 8, again, NULL);
    assert_memory_not_equal(rows, again, sizeof rows);
    psh_rows_sample(100, 100, 1, rows, NULL);
    for (size_t i = 0; i < 100; i++) assert_int_equal(rows[i], i);
    assert_int_equal(psh_rows_sample(0, 0, 1, NULL, NULL), PSH_OK);
    psh_rows_sample(1, 1, 1, rows, NULL);
    assert_int_equal(rows[0], 0);
}

/* 2 of 5 rows: ten subsets, each with probability 1/10. 20,000 draws: a standard deviation is 42. */
static void every_subset_is_equally_likely(void **state) {
    int count[5][5] = {0};
    for (uint64_t seed = 0; seed < 20000; seed++) {
        size_t rows[2];
        psh_rows_sample(5, 2, seed, rows, NULL);
        count[rows[0]][rows[1]]++;
    }
    for (int i = 0; i < 5; i++)
        for (int j = i + 1; j < 5; j++) assert_in_range(count[i][j], 2000 - 210, 2000 + 210);
}

static void each_failed_allocation_is_reported_and_leaves_the_set_unchanged(void **state) {
    psh_status status = PSH_ERR_MEMORY;
    unsigned long n;
    for (n = 1; status != PSH_OK; n++) {
        psh_diagrams *set = NULL;
        psh__alloc_fail_at(n);
        status = psh_diagrams_create(&set, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        psh_diagrams_free(set);
    }
    assert_true(n > 3);

    double points[2 * 40];
    for (int i = 0; i < 80; i++) points[i] = i;
    status = PSH_ERR_MEMORY;
    for (n = 1; status != PSH_OK; n++) {
        psh_diagrams *set = small_set();
        psh__alloc_fail_at(n);
        status = psh_diagrams_append(set, points, NULL, 40, "a name that is long enough for the text buffer to grow", 1,
                                     NULL);
        psh__alloc_fail_at(0);
        assert_int_equal(status == PSH_OK ? 43 : 3, psh_diagrams_n_points(set));
        assert_int_equal(status == PSH_OK ? 4 : 3, psh_diagrams_count(set));
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        psh_diagrams_free(set);
    }
    assert_true(n > 2);

    psh_diagrams *set = small_set();
    status = PSH_ERR_MEMORY;
    for (n = 1; status != PSH_OK; n++) {
        psh_diagrams *part = NULL;
        psh__alloc_fail_at(n);
        status = psh_diagrams_select(set, NULL, 0, 3, true, &part, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        psh_diagrams_free(part);
    }
    assert_true(n > 3);
    psh__alloc_fail_at(1);
    assert_int_equal(psh_diagrams_set_label_names(set, (const char *const[]){"a", "b", "c"}, 3, NULL), PSH_ERR_MEMORY);
    psh__alloc_fail_at(0);
    assert_int_equal(psh_diagrams_n_classes(set), 2);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_has_no_null_arrays),
        cmocka_unit_test(appended_diagrams_are_found_as_given),
        cmocka_unit_test(intervals_are_appended_like_points),
        cmocka_unit_test(bad_points_are_refused_and_leave_the_set_as_it_was),
        cmocka_unit_test(labels_must_fit_their_names),
        cmocka_unit_test(select_takes_rows_in_order_with_repeats),
        cmocka_unit_test(select_keeps_wanted_dimensions_and_pools),
        cmocka_unit_test(sampled_rows_are_distinct_rising_and_seeded),
        cmocka_unit_test(every_subset_is_equally_likely),
        cmocka_unit_test(each_failed_allocation_is_reported_and_leaves_the_set_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
