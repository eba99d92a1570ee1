/* test_shapes.c : clouds, distance matrices, meshes and items: what is kept, and what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "input/shape.h"

#define assert_text(error, part)                                                                                       \
    do {                                                                                                               \
        if (!strstr((error).text, part)) print_error("found: %s\n", (error).text);                                     \
        assert_non_null(strstr((error).text, part));                                                                   \
    } while (0)

#define assert_fault(call, expected, part)                                                                             \
    do {                                                                                                               \
        psh_error err = {0};                                                                                           \
        assert_int_equal(call, expected);                                                                              \
        assert_int_equal(err.status, expected);                                                                        \
        assert_text(err, part);                                                                                        \
    } while (0)

/* Runs `call` with the n-th allocation failing, n = 1, 2, ..., until it succeeds. */
#define assert_any_allocation_may_fail(call)                                                                           \
    do {                                                                                                               \
        psh_status tried = PSH_ERR_MEMORY;                                                                             \
        unsigned long n_tries = 0;                                                                                     \
        while (tried != PSH_OK) {                                                                                      \
            psh__alloc_fail_at(++n_tries);                                                                             \
            tried = call;                                                                                              \
            psh__alloc_fail_at(0);                                                                                     \
            assert_true(tried == PSH_OK || tried == PSH_ERR_MEMORY);                                                   \
        }                                                                                                              \
        assert_true(n_tries > 1);                                                                                      \
    } while (0)

/* --- Clouds ---------------------------------------------------------------------------------------------------------
 */

static void test_a_cloud_holds_a_copy(void **state) {
    double points[6] = {1, 2, 3, 4, 5, 6};
    psh_cloud *cloud = NULL;
    assert_int_equal(psh_cloud_create(points, 2, 3, &cloud, NULL), PSH_OK);
    points[0] = 99;
    assert_int_equal(psh_cloud_n_points(cloud), 2);
    assert_int_equal(psh_cloud_n_axes(cloud), 3);
    assert_memory_equal(psh_cloud_points(cloud), ((double[]){1, 2, 3, 4, 5, 6}), sizeof points);
    psh_cloud_free(cloud);
    psh_cloud_free(NULL);
}

static void test_a_cloud_may_have_no_point(void **state) {
    psh_cloud *cloud = NULL;
    assert_int_equal(psh_cloud_create(NULL, 0, 7, &cloud, NULL), PSH_OK);
    assert_int_equal(psh_cloud_n_points(cloud), 0);
    assert_int_equal(psh_cloud_n_axes(cloud), 7);
    assert_non_null(psh_cloud_points(cloud));
    psh_cloud_free(cloud);
}

static void test_clouds_without_axes_too_large_or_not_finite_are_refused(void **state) {
    double points[4] = {0, 0, 0, NAN};
    psh_cloud *cloud = NULL;
    assert_fault(psh_cloud_create(points, 4, 0, &cloud, &err), PSH_ERR_SHAPE, "0 coordinates");
    assert_fault(psh_cloud_create(points, SIZE_MAX / 2, 3, &cloud, &err), PSH_ERR_SHAPE, "more than memory");
    assert_fault(psh_cloud_create(points, (size_t)1 << 60, 2, &cloud, &err), PSH_ERR_SHAPE, "more than memory");
    assert_fault(psh_cloud_create(points, 2, 2, &cloud, &err), PSH_ERR_NOT_FINITE, "point 1, coordinate 1");
    points[3] = -INFINITY;
    assert_fault(psh_cloud_create(points, 2, 2, &cloud, &err), PSH_ERR_NOT_FINITE, "infinite");
    assert_null(cloud);
}

/* --- Matrices -------------------------------------------------------------------------------------------------------
 */

static void test_a_dense_matrix_holds_its_triangle(void **state) {
    double lower[3] = {1, INFINITY, 0};
    psh_matrix *matrix = NULL;
    assert_int_equal(psh_matrix_create_dense(lower, 3, &matrix, NULL), PSH_OK);
    assert_int_equal(psh_matrix_n_points(matrix), 3);
    assert_false(psh_matrix_is_sparse(matrix));
    assert_memory_equal(psh_matrix_lower(matrix), lower, sizeof lower);
    assert_null(psh_matrix_edges(matrix));
    assert_int_equal(psh_matrix_n_edges(matrix), 0);
    psh_matrix_free(matrix);
    psh_matrix_free(NULL);
}

static void test_matrices_of_no_and_one_point_are_fine(void **state) {
    for (size_t n = 0; n < 2; n++) {
        psh_matrix *dense = NULL, *sparse = NULL;
        assert_int_equal(psh_matrix_create_dense(NULL, n, &dense, NULL), PSH_OK);
        assert_int_equal(psh_matrix_create_sparse(NULL, 0, n, &sparse, NULL), PSH_OK);
        assert_false(psh_matrix_is_sparse(dense));
        assert_true(psh_matrix_is_sparse(sparse));
        assert_true(psh_matrix_n_points(dense) == n && psh_matrix_n_points(sparse) == n);
        psh_matrix_free(dense);
        psh_matrix_free(sparse);
    }
}

static void test_minus_zero_becomes_zero(void **state) {
    psh_matrix *matrix = NULL;
    assert_int_equal(psh_matrix_create_dense((double[]){-0.0}, 2, &matrix, NULL), PSH_OK);
    assert_false(signbit(psh_matrix_lower(matrix)[0]));
    psh_matrix_free(matrix);
    assert_int_equal(psh_matrix_create_sparse((psh_edge[]){{1, 0, -0.0}}, 1, 2, &matrix, NULL), PSH_OK);
    assert_false(signbit(psh_matrix_edges(matrix)[0].distance));
    psh_matrix_free(matrix);
}

static void test_bad_distances_are_refused_with_their_place(void **state) {
    psh_matrix *matrix = NULL;
    assert_fault(psh_matrix_create_dense((double[]){1, 2, -3}, 3, &matrix, &err), PSH_ERR_DATA, "points 2 and 1 is -3");
    assert_fault(psh_matrix_create_dense((double[]){1, NAN, 3}, 3, &matrix, &err), PSH_ERR_NOT_FINITE,
                 "points 2 and 0 is NaN");
    assert_fault(psh_matrix_create_dense(&(double){0}, SIZE_MAX, &matrix, &err), PSH_ERR_SHAPE, "more than memory");
    assert_null(matrix);
}

static void test_edges_are_sorted_and_count_once(void **state) {
    const psh_edge edges[] = {{3, 1, 5}, {1, 0, 2}, {3, 0, 4}, {1, 0, 2}, {2, 0, INFINITY}};
    psh_matrix *matrix = NULL;
    assert_int_equal(psh_matrix_create_sparse(edges, 5, 4, &matrix, NULL), PSH_OK);
    assert_true(psh_matrix_is_sparse(matrix));
    assert_null(psh_matrix_lower(matrix));
    assert_int_equal(psh_matrix_n_edges(matrix), 3);
    const psh_edge *found = psh_matrix_edges(matrix), expected[] = {{1, 0, 2}, {3, 0, 4}, {3, 1, 5}};
    for (size_t e = 0; e < 3; e++)
        assert_true(found[e].i == expected[e].i && found[e].j == expected[e].j &&
                    found[e].distance == expected[e].distance);
    psh_matrix_free(matrix);
}

static psh_status sparse(psh_edge first, psh_edge second, size_t n_points, psh_error *err) {
    psh_matrix *matrix = NULL;
    psh_status status = psh_matrix_create_sparse((psh_edge[]){first, second}, 2, n_points, &matrix, err);
    assert_null(matrix);
    return status;
}

static void test_bad_edges_are_refused(void **state) {
    psh_edge good = {1, 0, 1};
    assert_fault(sparse(good, (psh_edge){1, 1, 1}, 3, &err), PSH_ERR_DATA, "point 1 to itself");
    assert_fault(sparse(good, (psh_edge){0, 1, 1}, 3, &err), PSH_ERR_DATA, "expected i > j");
    assert_fault(sparse(good, (psh_edge){3, 1, 1}, 3, &err), PSH_ERR_DATA, "only 3 points");
    assert_fault(sparse(good, (psh_edge){2, 1, -1}, 3, &err), PSH_ERR_DATA, "is -1");
    assert_fault(sparse(good, (psh_edge){2, 1, NAN}, 3, &err), PSH_ERR_NOT_FINITE, "NaN");
    assert_fault(sparse(good, (psh_edge){1, 0, 2}, 3, &err), PSH_ERR_DATA, "two distances, 1 and 2");
    assert_fault(sparse(good, (psh_edge){1, 0, 2}, SIZE_MAX, &err), PSH_ERR_SHAPE, "at most 2^32");
}

/* --- Meshes ---------------------------------------------------------------------------------------------------------
 */

static const double square[12] = {0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0};
static const uint32_t halves[6] = {0, 1, 2, 0, 2, 3};

static void test_a_mesh_holds_copies(void **state) {
    const double values[4] = {4, 3, 2, 1};
    psh_mesh *mesh = NULL;
    assert_int_equal(psh_mesh_create(square, 4, halves, 2, values, &mesh, NULL), PSH_OK);
    assert_int_equal(psh_mesh_n_vertices(mesh), 4);
    assert_int_equal(psh_mesh_n_triangles(mesh), 2);
    assert_memory_equal(psh_mesh_vertices(mesh), square, sizeof square);
    assert_memory_equal(psh_mesh_triangles(mesh), halves, sizeof halves);
    assert_memory_equal(psh_mesh_values(mesh), values, sizeof values);
    psh_mesh_free(mesh);
    assert_int_equal(psh_mesh_create(square, 4, halves, 2, NULL, &mesh, NULL), PSH_OK);
    assert_null(psh_mesh_values(mesh));
    psh_mesh_free(mesh);
    assert_int_equal(psh_mesh_create(NULL, 0, NULL, 0, NULL, &mesh, NULL), PSH_OK);
    psh_mesh_free(mesh);
    psh_mesh_free(NULL);
}

static void test_bad_meshes_are_refused_with_the_place(void **state) {
    psh_mesh *mesh = NULL;
    double bent[12], values[4] = {0, 0, INFINITY, 0};
    memcpy(bent, square, sizeof bent);
    bent[7] = NAN;
    assert_fault(psh_mesh_create(bent, 4, halves, 2, NULL, &mesh, &err), PSH_ERR_NOT_FINITE, "the y of vertex 2");
    assert_fault(psh_mesh_create(square, 3, halves, 2, NULL, &mesh, &err), PSH_ERR_DATA, "triangle 1 (from 0)");
    assert_fault(psh_mesh_create(square, 4, halves, 2, values, &mesh, &err), PSH_ERR_NOT_FINITE, "vertex 2");
    assert_fault(psh_mesh_create(square, (size_t)1 << 31, halves, 2, NULL, &mesh, &err), PSH_ERR_SHAPE, "2^31");
    assert_fault(psh_mesh_create(square, 4, halves, SIZE_MAX / 4, NULL, &mesh, &err), PSH_ERR_SHAPE, "memory");
    assert_null(mesh);
}

/* --- Items ----------------------------------------------------------------------------------------------------------
 */

static void test_an_item_is_freed_with_what_it_holds(void **state) {
    psh_item item = {.kind = PSH_ITEM_MESH};
    assert_int_equal(psh_mesh_create(square, 4, halves, 2, NULL, &item.mesh, NULL), PSH_OK);
    psh_item_free(&item);
    assert_true(item.kind == PSH_ITEM_AUTO && !item.mesh);
    psh_item_free(&item);
}

static void test_any_allocation_may_fail(void **state) {
    psh_item item = {0};
    assert_any_allocation_may_fail(psh_cloud_create(square, 4, 3, &item.cloud, NULL));
    assert_any_allocation_may_fail(psh_matrix_create_dense(square, 4, &item.matrix, NULL));
    psh_matrix_free(item.matrix);
    assert_any_allocation_may_fail(psh_matrix_create_sparse(&(psh_edge){1, 0, 1}, 1, 2, &item.matrix, NULL));
    assert_any_allocation_may_fail(psh_mesh_create(square, 4, halves, 2, square, &item.mesh, NULL));
    psh_item_free(&item);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cloud_holds_a_copy),
        cmocka_unit_test(test_a_cloud_may_have_no_point),
        cmocka_unit_test(test_clouds_without_axes_too_large_or_not_finite_are_refused),
        cmocka_unit_test(test_a_dense_matrix_holds_its_triangle),
        cmocka_unit_test(test_matrices_of_no_and_one_point_are_fine),
        cmocka_unit_test(test_minus_zero_becomes_zero),
        cmocka_unit_test(test_bad_distances_are_refused_with_their_place),
        cmocka_unit_test(test_edges_are_sorted_and_count_once),
        cmocka_unit_test(test_bad_edges_are_refused),
        cmocka_unit_test(test_a_mesh_holds_copies),
        cmocka_unit_test(test_bad_meshes_are_refused_with_the_place),
        cmocka_unit_test(test_an_item_is_freed_with_what_it_holds),
        cmocka_unit_test(test_any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
