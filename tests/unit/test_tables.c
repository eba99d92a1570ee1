/* test_tables.c : numbers as text: point clouds, and distance matrices in every layout. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "item_scratch.h"

static const reader table = {NULL, psh__table_read_item, NULL};
static psh_input_params as_cloud = PSH_PARAMS(psh_input_params), as_matrix = PSH_PARAMS(psh_input_params);

#define TEXT(text) (text), sizeof(text) - 1

/* --- Clouds ---------------------------------------------------------------------------------------------------------
 */

static void assert_cloud(const psh_input_params *params, const char *text, const double *points, size_t n_points,
                         size_t n_axes) {
    psh_item item = read_good(&table, params, text, strlen(text));
    assert_int_equal(item.kind, PSH_ITEM_CLOUD);
    assert_int_equal(item.cloud->n_points, n_points);
    assert_int_equal(item.cloud->n_axes, n_axes);
    assert_memory_equal(item.cloud->points, points, n_points * n_axes * 8);
    psh_item_free(&item);
}

static void test_points_of_every_spelling(void **state) {
    static const double points[6] = {1, -2.5, 3e-3, 4, 5, 6};
    static const char *const texts[] = {"1 -2.5 .003\n4 5 6\n",
                                        "1,-2.5,3e-3\n4,5,6",
                                        "1; -2.5 ;0.003\n4;5;6\n",
                                        "1\t-2.5\t3E-3\r\n4\t5\t6\r\n",
                                        "x,y,z\n1,-2.5,.003\n4,5,6\n",
                                        "# c\n\n1 -2.5 .003 # d\n4 5 6\n\n",
                                        "\"x\" \"y\" \"z\"\n1 \"-2.5\" .003\r4 5 6",
                                        "\xef\xbb\xbf"
                                        "X;Y;Z\n+1;-2.5;.003;\n 4 ; 5;6 ;\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_cloud(NULL, texts[i], points, 2, 3);
        assert_cloud(&as_cloud, texts[i], points, 2, 3);
    }
    assert_cloud(NULL, "7", (double[]){7}, 1, 1);
    assert_cloud(NULL, "1\n2\n3\n", (double[]){1, 2, 3}, 3, 1);
}

static void test_tables_that_are_no_points_are_refused(void **state) {
    assert_bad(&table, NULL, TEXT(""), PSH_ERR_EMPTY, "without a row");
    assert_bad(&table, NULL, TEXT("x y\n"), PSH_ERR_EMPTY, "without a row");
    assert_bad(&table, NULL, TEXT("1 2\n3\n"), PSH_ERR_SHAPE, "line 2 has 1 columns, line 1 has 2");
    assert_bad(&table, NULL, TEXT("1 2\n3 x\n"), PSH_ERR_CORRUPT, "line 2: 'x' is no number");
    assert_bad(&table, NULL, TEXT("1 x\n"), PSH_ERR_CORRUPT, "line 1: 'x' is no number");
    assert_bad(&table, NULL, TEXT("1,,3\n"), PSH_ERR_CORRUPT, "line 1: '' is no number");
    assert_bad(&table, NULL, TEXT("1 2\nnan 3\n"), PSH_ERR_NOT_FINITE, "point 1, coordinate 0");
    assert_bad(&table, NULL, TEXT("1 1e400\n"), PSH_ERR_NOT_FINITE, "1e400");
    assert_bad(&table, NULL, TEXT("0 1 2\n1 0 3\n2 3 0\n"), PSH_ERR_FORMAT, "--as matrix or --as cloud");
    assert_bad(&table, NULL, TEXT("dim,birth,death\n0,1,2\n"), PSH_ERR_FORMAT, "diagrams already");
    assert_cloud(&as_cloud, "0 1\n1 0\n", (double[]){0, 1, 1, 0}, 2, 2); /* asked for */
    assert_cloud(NULL, "0 0\n0 0\n", (double[]){0, 0, 0, 0}, 2, 2);      /* no distances, nothing but zeros */
    assert_cloud(NULL, "0 -1\n-1 0\n", (double[]){0, -1, -1, 0}, 2, 2);
}

static void test_tables_are_told_by_a_row_of_numbers(void **state) {
    static const struct {
        const char *text;
        bool is_table;
    } heads[] = {{"1 2 3\n", true},       {"# a\n1,2", true},    {"x y\n1 2\n", true},
                 {"x y\n1 2 3\n", false}, {"two images", false}, {"", false},
                 {"a b\nc d\n", false},   {"1 two\n", false},    {"# nothing\n", false}};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        psh__head head = psh__head_of((const uint8_t *)heads[i].text, strlen(heads[i].text), PSH_ITEM_AUTO);
        assert_int_equal(psh__table_is(&head), heads[i].is_table);
    }
    char wide[PSH__HEAD_BYTES]; /* a line that is longer than a head, which cuts a number: "... 1.5 -" */
    for (size_t i = 0; i + 4 <= sizeof wide; i += 4) memcpy(wide + i, "1.5 ", 4);
    wide[sizeof wide - 1] = '-';
    psh__head head = psh__head_of((const uint8_t *)wide, sizeof wide, PSH_ITEM_AUTO);
    assert_true(psh__table_is(&head));
    memcpy(wide, "a.5 ", 4);
    assert_false(psh__table_is(&head));
    memcpy(wide, "x y z\n 1 ", 8); /* a header, and then a row that has too much */
    assert_false(psh__table_is(&head));
    memset(wide, ' ', sizeof wide);
    memcpy(wide, "x y z\n", 6);
    memcpy(wide + sizeof wide - 4, "1 2-", 4);
    assert_true(psh__table_is(&head));
}

/* --- Matrices -------------------------------------------------------------------------------------------------------
 */

static void assert_dense(const char *text, const double *lower, size_t n_points) {
    psh_item item = read_good(&table, &as_matrix, text, strlen(text));
    assert_int_equal(item.kind, PSH_ITEM_MATRIX);
    assert_false(psh_matrix_is_sparse(item.matrix));
    assert_int_equal(item.matrix->n_points, n_points);
    assert_memory_equal(item.matrix->lower, lower, n_points * (n_points - 1) / 2 * 8);
    psh_item_free(&item);
}

static void assert_sparse(const char *text, const psh_edge *edges, size_t n_edges, size_t n_points) {
    psh_item item = read_good(&table, &as_matrix, text, strlen(text));
    assert_int_equal(item.kind, PSH_ITEM_MATRIX);
    assert_true(psh_matrix_is_sparse(item.matrix));
    assert_int_equal(item.matrix->n_points, n_points);
    assert_int_equal(item.matrix->n_edges, n_edges);
    for (size_t e = 0; e < n_edges; e++)
        assert_true(item.matrix->edges[e].i == edges[e].i && item.matrix->edges[e].j == edges[e].j &&
                    item.matrix->edges[e].distance == edges[e].distance);
    psh_item_free(&item);
}

static void test_distances_in_every_layout_are_the_same(void **state) {
    static const double lower[6] = {1, 2, 3, 4, 5, 6}; /* d10 d20 d21 d30 d31 d32 */
    assert_dense("0 1 2 4\n1 0 3 5\n2 3 0 6\n4 5 6 0\n", lower, 4);
    assert_dense("1\n2 3\n4 5 6\n", lower, 4);
    assert_dense("\n1\n2,3\n4,5,6", lower, 4); /* as Ripser's examples begin: the row of the first point is empty */
    assert_dense("1;\n2;3;\n4;5;6;\n", lower, 4);
    assert_dense("0\n1 0\n2 3 0\n4 5 6 0\n", lower, 4);
    assert_dense("1 2 4\n3 5\n6\n", lower, 4);
    assert_dense("0 1 2 4\n0 3 5\n0 6\n0\n", lower, 4);
    assert_dense("5\n", (double[]){5}, 2);
    assert_dense("0 5\n5 0\n", (double[]){5}, 2);
    assert_dense("0 inf\ninf 0\n", (double[]){INFINITY}, 2);
    assert_dense("0 1 1\n1 0 1\n1 1 0\n", (double[]){1, 1, 1}, 3);
    assert_dense("1\n2 3\n", (double[]){1, 2, 3}, 3);
}

static void test_edges_come_in_any_order(void **state) {
    assert_sparse("0 1 2.5\n", (const psh_edge[]){{1, 0, 2.5}}, 1, 2);
    assert_sparse("3 1 5\n1 3 5\n0 1 2\n2 2 0\n", (const psh_edge[]){{1, 0, 2}, {3, 1, 5}}, 2, 4);
    assert_sparse("0 1 1\n1 2 1\n0 2 3\n", (const psh_edge[]){{1, 0, 1}, {2, 0, 3}, {2, 1, 1}}, 3, 3); /* 3 x 3 */
    assert_sparse("# Ripser\ni j d\n5 6 1e-3\n5 0 2\n", (const psh_edge[]){{5, 0, 2}, {6, 5, 1e-3}}, 2, 7);
}

static void test_rounding_is_no_asymmetry(void **state) {
    assert_dense("1e-9 1 2\n1.0000001 0 3\n2 3 -1e-9\n", (double[]){1.0000001, 2, 3}, 3);
}

static void test_tables_that_are_no_distances_are_refused(void **state) {
    assert_bad(&table, &as_matrix, TEXT("0 1\n2 0\n"), PSH_ERR_DATA, "row 1, column 0 (from 0) is 2, and mirrored 1");
    assert_bad(&table, &as_matrix, TEXT("1 2\n2 1\n"), PSH_ERR_DATA, "1 on the diagonal");
    assert_bad(&table, &as_matrix, TEXT("1\n2 3\n4\n"), PSH_ERR_SHAPE, "no distance matrix");
    assert_bad(&table, &as_matrix, TEXT("1 2 3 4\n5 6 7 8\n"), PSH_ERR_SHAPE, "2 rows, the first of 4");
    assert_bad(&table, &as_matrix, TEXT("0\n"), PSH_ERR_DATA, "2 points, or 1 and the diagonal");
    assert_bad(&table, &as_matrix, TEXT("0 0\n0\n"), PSH_ERR_DATA, "3 points, or 2 and the diagonal");
    assert_bad(&table, &as_matrix, TEXT("-1\n"), PSH_ERR_DATA, "points 1 and 0 is -1");
    assert_bad(&table, &as_matrix, TEXT("nan\n"), PSH_ERR_NOT_FINITE, "NaN");
    assert_bad(&table, &as_matrix, TEXT("0 1 2\n1 0.5 3\n"), PSH_ERR_DATA, "line 2: 1 0.5 3; expected an edge");
    assert_bad(&table, &as_matrix, TEXT("0 1 2\n1 0 3\n"), PSH_ERR_DATA, "two distances");
    assert_bad(&table, &as_matrix, TEXT("0 1 2\n1 1 3\n"), PSH_ERR_DATA, "to itself");
    assert_bad(&table, &as_matrix, TEXT("0 1 2\n-1 0 3\n"), PSH_ERR_DATA, "expected an edge");
}

static void test_tables_cut_anywhere_fail_or_are_shorter(void **state) {
    static const char text[] = "x y\n1.25 2\n3 4\n";
    assert_prefixes_fail(&table, NULL, TEXT(text), sizeof text);
    assert_prefixes_fail(&table, &as_matrix, TEXT("0 1 2 4\n1 0 3 5\n2 3 0 6\n4 5 6 0\n"), 40);
    assert_any_allocation_may_fail(&table, NULL, TEXT(text));
    assert_any_allocation_may_fail(&table, &as_matrix, TEXT("0 1 2 4\n1 0 3 5\n2 3 0 6\n4 5 6 0\n"));
    assert_any_allocation_may_fail(&table, &as_matrix, TEXT("1 2 4\n3 5\n6\n"));
    assert_any_allocation_may_fail(&table, &as_matrix, TEXT("1\n2 3\n"));
    assert_any_allocation_may_fail(&table, &as_matrix, TEXT("0 1 2\n1 3 3\n"));
}

static void test_pairs_tell_points(void **state) {
    size_t n_found = 0;
    for (size_t n = 1; n < 3000; n++) {
        size_t n_pairs = n * (n - 1) / 2;
        assert_int_equal(psh__points_of_pairs(n_pairs), n);
        n_found++;
        if (n > 2) assert_int_equal(psh__points_of_pairs(n_pairs + 1), 0);
    }
    assert_int_equal(n_found, 2999);
    assert_int_equal(psh__points_of_pairs((size_t)4294967295 * 2147483647), 4294967295);
    assert_int_equal(psh__points_of_pairs(SIZE_MAX), 0);
}

int main(void) {
    as_cloud.kind = PSH_ITEM_CLOUD;
    as_matrix.kind = PSH_ITEM_MATRIX;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_of_every_spelling),
        cmocka_unit_test(test_tables_that_are_no_points_are_refused),
        cmocka_unit_test(test_tables_are_told_by_a_row_of_numbers),
        cmocka_unit_test(test_distances_in_every_layout_are_the_same),
        cmocka_unit_test(test_edges_come_in_any_order),
        cmocka_unit_test(test_rounding_is_no_asymmetry),
        cmocka_unit_test(test_tables_that_are_no_distances_are_refused),
        cmocka_unit_test(test_tables_cut_anywhere_fail_or_are_shorter),
        cmocka_unit_test(test_pairs_tell_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
