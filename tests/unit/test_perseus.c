/* test_perseus.c : cubical grids as text, as Perseus and GUDHI have them. */
#include <locale.h>
#include <stdbool.h>

#include "input/readers.h"
#include "reader_checks.h"

static bool perseus_matches(const uint8_t *data, size_t n_bytes) {
    psh__head head = psh__head_of(data, n_bytes, PSH_ITEM_AUTO);
    return psh__perseus_is(&head);
}

static psh_image *read_text(const char *text) {
    assert_true(perseus_matches((const uint8_t *)text, strlen(text)));
    return read_good(psh__perseus_read, text, strlen(text));
}

static void assert_refused(const char *text, psh_status expected, const char *part) {
    assert_bad(psh__perseus_read, text, strlen(text), expected, part);
}

static void the_first_axis_runs_fastest(void **state) {
    psh_image *image = read_text("2\n3\n2\n1\n4\n6\n8\n20\n4.5\n");
    assert_shape(image, PSH_F64, 1, 2, 3);
    static const double expected[] = {1, 4, 6, 8, 20, 4.5};
    assert_memory_equal(image->pixels, expected, sizeof expected);
    psh_image_free(image);
    image = read_text("3\n3\n2\n1\n1\n4\n6\n8\n20\n-1\n");
    assert_shape(image, PSH_F64, 1, 2, 3);
    assert_true(pixel(image, 5) == -1); /* a number like others */
    psh_image_free(image);
    image = read_text("1\n2\n7\n8");
    assert_shape(image, PSH_F64, 1, 1, 2);
    psh_image_free(image);
    image = read_text("3\n2\n3\n4\n1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24");
    assert_shape(image, PSH_F64, 4, 3, 2);
    psh_image_free(image);
}

static void comments_blanks_and_line_ends_of_any_kind(void **state) {
    psh_image *image = read_text("# a grid\n2\r\n2\r\n#sides\n1\r\n\n  1e-3\t\n\n.5 \n#the end");
    assert_shape(image, PSH_F64, 1, 1, 2);
    assert_true(pixel(image, 0) == 1e-3 && pixel(image, 1) == 0.5);
    psh_image_free(image);
}

static void numbers_have_a_point_in_every_locale(void **state) {
    const char *found = setlocale(LC_NUMERIC, "de_DE.UTF-8");
    psh_image *image = read_text("1\n1\n0.1234567890123456789\n");
    assert_true(pixel(image, 0) == 0.1234567890123456789);
    psh_image_free(image);
    if (found) setlocale(LC_NUMERIC, "C");
}

static void what_is_bad_is_named_with_its_line(void **state) {
    assert_refused("", PSH_ERR_CORRUPT, "number of axes");
    assert_refused("two\n", PSH_ERR_CORRUPT, "line 1: 'two'");
    assert_refused("4\n1\n1\n1\n1\n5\n", PSH_ERR_UNSUPPORTED, "4 axes");
    assert_refused("0\n", PSH_ERR_UNSUPPORTED, "0 axes");
    assert_refused("2\n3\n", PSH_ERR_CORRUPT, "side of an axis");
    assert_refused("2\n3\n1.5\n", PSH_ERR_CORRUPT, "line 3: '1.5'");
    assert_refused("2\n0\n2\n", PSH_ERR_SHAPE, "empty");
    assert_refused("2\n-2\n2\n1\n2\n3\n4\n", PSH_ERR_UNSUPPORTED, "periodic");
    assert_refused("2\n2\n2\n1\n2\n3\n", PSH_ERR_CORRUPT, "ends after 3 values; expected 4");
    assert_refused("2\n2\n1\n1\n2\n3\n", PSH_ERR_CORRUPT, "line 6: '3' after the last");
    assert_refused("2\n2\n1\n1\nx\n", PSH_ERR_CORRUPT, "line 5: 'x'");
    assert_refused("2\n2\n1\n1\ninf\n", PSH_ERR_NOT_FINITE, "line 5: value inf");
    assert_refused("2\n2\n1\n1\n1e999\n", PSH_ERR_NOT_FINITE, "line 5: value 1e999");
}

static void hostile_sides_fail_before_anything_is_allocated(void **state) {
    psh__alloc_fail_at(1);
    assert_refused("2\n1000000\n1000000\n1\n", PSH_ERR_SHAPE, "2^31");
    assert_refused("3\n9223372036854775807\n9223372036854775807\n9\n1\n", PSH_ERR_SHAPE, "2^31");
    assert_refused("2\n40000\n40000\n1\n", PSH_ERR_CORRUPT, "cannot hold");
    psh__alloc_fail_at(0);
}

static void every_prefix_is_refused_or_a_grid(void **state) {
    static const char text[] = "2\n3\n2\n1\n4\n6\n8\n20\n45"; /* cut in its last number it is still a number */
    assert_every_prefix_fails(psh__perseus_read, (const uint8_t *)text, sizeof text - 3);
    assert_any_allocation_may_fail(psh__perseus_read, (const uint8_t *)text, sizeof text - 1);
}

static void other_texts_are_not_taken_for_grids(void **state) {
    static const char *const others[] = {"",           "1",           "2\n3",          "2 3\n4 5\n",
                                         "0\n1\n2\n",  "1.5\n2\n3\n", "x,y\n",         "2\n3\n4.5\n",
                                         "11\n1\n1\n", "-2\n3\n3\n",  "2\n3\n2 1 4\n", "\n\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (perseus_matches((const uint8_t *)others[i], strlen(others[i]))) fail_msg("'%s'", others[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_axis_runs_fastest),
        cmocka_unit_test(comments_blanks_and_line_ends_of_any_kind),
        cmocka_unit_test(numbers_have_a_point_in_every_locale),
        cmocka_unit_test(what_is_bad_is_named_with_its_line),
        cmocka_unit_test(hostile_sides_fail_before_anything_is_allocated),
        cmocka_unit_test(every_prefix_is_refused_or_a_grid),
        cmocka_unit_test(other_texts_are_not_taken_for_grids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
