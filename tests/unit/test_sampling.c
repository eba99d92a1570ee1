/* test_sampling.c : farthest points, thinned clouds, and points of surfaces. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "input/shape.h"
#include "sample_twin.h"

/* --- Farthest points ------------------------------------------------------------------------------------------------
 */

enum { MAX_POINTS = 1200, MAX_AXES = 8 };

/* On a grid of `n_steps` a side, so that there are ties and points at one place; 0: anywhere. */
static void fill(double *points, size_t n_numbers, uint64_t seed, unsigned n_steps) {
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    for (size_t i = 0; i < n_numbers; i++)
        points[i] = n_steps ? (double)psh__random_below(&rng, n_steps) : psh__random_unit(&rng) - 0.5;
}

static void test_farthest_points_are_those_of_the_definition(void **state) {
    static const size_t sizes[] = {1, 2, 3, 7, 60, 511, 512, 513, 1100};
    static double points[MAX_POINTS * MAX_AXES];
    size_t expected[40], found[40];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t n_axes = 1; n_axes <= MAX_AXES; n_axes += n_axes < 3 ? 1 : 5)
            for (unsigned n_steps = 0; n_steps <= 3; n_steps += 3) {
                size_t n_points = sizes[s], n_chosen = n_points < 40 ? n_points : 40;
                fill(points, n_points * n_axes, 100 * s + n_axes, n_steps);
                expected[0] = n_points / 2;
                twin_farthest_points(points, n_points, n_axes, n_chosen, expected);
                assert_int_equal(psh__farthest_points(points, n_points, n_axes, n_points / 2, n_chosen, found, NULL),
                                 PSH_OK);
                assert_memory_equal(found, expected, n_chosen * sizeof *found);
            }
}

static void test_huge_and_tiny_coordinates_are_as_good_as_others(void **state) {
    double points[60], scaled[60];
    size_t expected[10], found[10];
    fill(points, 60, 7, 0);
    assert_int_equal(psh__farthest_points(points, 20, 3, 4, 10, expected, NULL), PSH_OK);
    static const int exponents[] = {1000, -1000, 1023, 0};
    for (int e = 0; e < 4; e++) {
        for (int i = 0; i < 60; i++) scaled[i] = ldexp(points[i], exponents[e]);
        assert_int_equal(psh__farthest_points(scaled, 20, 3, 4, 10, found, NULL), PSH_OK);
        assert_memory_equal(found, expected, sizeof found);
    }
}

static psh_cloud *make_cloud(const double *points, size_t n_points, size_t n_axes) {
    psh_cloud *cloud = NULL;
    assert_int_equal(psh_cloud_create(points, n_points, n_axes, &cloud, NULL), PSH_OK);
    return cloud;
}

static psh_cloud *thin(const psh_cloud *cloud, size_t n_points, uint64_t seed) {
    psh_cloud *thinned = NULL;
    assert_int_equal(psh__cloud_thin(cloud, n_points, seed, &thinned, NULL), PSH_OK);
    return thinned;
}

static void test_thinned_clouds_are_parts_and_their_beginnings_too(void **state) {
    double points[300];
    fill(points, 300, 3, 0);
    psh_cloud *cloud = make_cloud(points, 100, 3), *ten = thin(cloud, 10, 5), *forty = thin(cloud, 40, 5);
    psh_cloud *other = thin(cloud, 10, 6), *all = thin(cloud, 100, 5), *more = thin(cloud, 1000, 5);
    assert_true(ten->n_points == 10 && forty->n_points == 40 && ten->n_axes == 3);
    assert_memory_equal(ten->points, forty->points, 240);
    assert_memory_not_equal(ten->points, other->points, 240);
    assert_memory_equal(all->points, points, sizeof points); /* those that are not to be thinned stay as they are */
    assert_memory_equal(more->points, points, sizeof points);
    for (size_t k = 0; k < 40; k++) {
        size_t i = 0;
        while (i < 100 && memcmp(forty->points + 3 * k, points + 3 * i, 24) != 0) i++;
        assert_true(i < 100);
    }
    psh_cloud_free(cloud), psh_cloud_free(ten), psh_cloud_free(forty);
    psh_cloud_free(other), psh_cloud_free(all), psh_cloud_free(more);
}

/* Gonzalez: within twice the best radius; of a 2 x 2 grid's 4 clusters, 4 points take one each. */
static void test_every_cluster_gets_a_point(void **state) {
    double points[800];
    fill(points, 800, 11, 0);
    for (size_t i = 0; i < 400; i++) {
        points[2 * i] = 0.1 * points[2 * i] + (double)(i % 2) * 10;
        points[2 * i + 1] = 0.1 * points[2 * i + 1] + (double)(i / 2 % 2) * 10;
    }
    psh_cloud *cloud = make_cloud(points, 400, 2);
    for (uint64_t seed = 0; seed < 20; seed++) {
        psh_cloud *four = thin(cloud, 4, seed);
        assert_true(twin_covering_radius(points, 400, four->points, 4, 2) < 0.15);
        psh_cloud_free(four);
    }
    psh_cloud_free(cloud);
}

/* --- Surfaces -------------------------------------------------------------------------------------------------------
 */

/* Squares of side 1, 2 and 3 in the plane z = 0 at x = 0, 10, 20, the last cut into 2 triangles of 3 x 3 / 2 after a
 * triangle without area. */
static psh_mesh *make_squares(double scale) {
    double vertices[36];
    uint32_t triangles[21] = {0, 0, 1};
    psh_mesh *mesh = NULL;
    for (uint32_t s = 0; s < 3; s++) {
        double side = s + 1, x = 10 * s;
        const double square[12] = {x, 0, 0, x + side, 0, 0, x + side, side, 0, x, side, 0};
        const uint32_t halves[6] = {4 * s, 4 * s + 1, 4 * s + 2, 4 * s, 4 * s + 2, 4 * s + 3};
        for (int i = 0; i < 12; i++) vertices[12 * s + (uint32_t)i] = scale * square[i];
        memcpy(triangles + 3 + 6 * s, halves, sizeof halves);
    }
    assert_int_equal(psh_mesh_create(vertices, 12, triangles, 7, NULL, &mesh, NULL), PSH_OK);
    return mesh;
}

static void count_squares(const psh_cloud *cloud, double scale, size_t counts[3]) {
    memset(counts, 0, 3 * sizeof *counts);
    for (size_t i = 0; i < cloud->n_points; i++) {
        const double *p = cloud->points + 3 * i;
        size_t s = p[0] < 5 * scale ? 0 : p[0] < 15 * scale ? 1 : 2;
        double x = p[0] / scale - 10 * (double)s, y = p[1] / scale, side = (double)s + 1;
        assert_true(x >= 0 && x <= side && y >= 0 && y <= side && p[2] == 0);
        counts[s]++;
    }
}

static void test_points_are_drawn_by_area(void **state) {
    static const double scales[] = {1, 1e-150, 1e300};
    for (int k = 0; k < 3; k++) {
        psh_mesh *mesh = make_squares(scales[k]);
        psh_cloud *cloud = NULL;
        size_t counts[3];
        assert_int_equal(psh__mesh_draw(mesh, 14000, 1, &cloud, NULL), PSH_OK);
        count_squares(cloud, scales[k], counts);
        for (size_t s = 0; s < 3; s++) /* areas 1, 4, 9: drawn from equal parts of them, one more or less */
            assert_true(abs((int)counts[s] - (int)(1000 * (s + 1) * (s + 1))) <= 1);
        psh_cloud_free(cloud);
        psh_mesh_free(mesh);
    }
}

/* In a triangle the barycentric coordinates have mean 1/3 and mean square 1/6 each. */
static void test_points_are_uniform_in_a_triangle(void **state) {
    enum { N = 60000 };
    psh_mesh *mesh = NULL;
    psh_cloud *cloud = NULL;
    assert_int_equal(
        psh_mesh_create((double[]){0, 0, 0, 1, 0, 0, 0, 1, 0}, 3, (uint32_t[]){0, 1, 2}, 1, NULL, &mesh, NULL), PSH_OK);
    assert_int_equal(psh__mesh_draw(mesh, N, 2, &cloud, NULL), PSH_OK);
    double sums[3] = {0}, squares[3] = {0};
    for (size_t i = 0; i < N; i++) {
        const double *p = cloud->points + 3 * i, coordinates[3] = {p[0], p[1], 1 - p[0] - p[1]};
        for (int k = 0; k < 3; k++) {
            assert_true(coordinates[k] >= -1e-12);
            sums[k] += coordinates[k] / N, squares[k] += coordinates[k] * coordinates[k] / N;
        }
    }
    for (int k = 0; k < 3; k++) /* 5 standard deviations: 0.236 / sqrt N, 0.186 / sqrt N */
        assert_true(fabs(sums[k] - 1.0 / 3) < 0.005 && fabs(squares[k] - 1.0 / 6) < 0.004);
    psh_cloud_free(cloud);
    psh_mesh_free(mesh);
}

static void test_samples_spread_over_the_surface_by_area(void **state) {
    psh_mesh *mesh = make_squares(1);
    psh_cloud *cloud = NULL, *again = NULL, *other = NULL, *dense = NULL;
    size_t counts[3];
    assert_int_equal(psh_mesh_sample(mesh, 700, 3, &cloud, NULL), PSH_OK);
    assert_int_equal(psh_mesh_sample(mesh, 700, 3, &again, NULL), PSH_OK);
    assert_int_equal(psh_mesh_sample(mesh, 700, 4, &other, NULL), PSH_OK);
    assert_int_equal(cloud->n_points, 700);
    assert_memory_equal(cloud->points, again->points, 700 * 24);
    assert_memory_not_equal(cloud->points, other->points, 700 * 24);
    count_squares(cloud, 1, counts); /* 1 : 4 : 9, a little more to the small, whose border is longer */
    assert_in_range(counts[0], 50, 75);
    assert_in_range(counts[1], 190, 225);
    assert_in_range(counts[2], 410, 460);
    /* 700 discs of the covering radius cover the area 14, so r >= 0.0798; the best packing of discs has 0.0878. */
    assert_int_equal(psh__mesh_draw(mesh, 20000, 9, &dense, NULL), PSH_OK);
    double radius = twin_covering_radius(dense->points, 20000, cloud->points, 700, 3);
    assert_true(radius > 0.0798 && radius < 0.14);
    psh_cloud_free(cloud), psh_cloud_free(again), psh_cloud_free(other), psh_cloud_free(dense);
    psh_mesh_free(mesh);
}

static void test_meshes_without_area_are_sampled_from_their_vertices(void **state) {
    const double line[12] = {0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0};
    const uint32_t flat[6] = {0, 1, 2, 1, 2, 3};
    for (size_t n_triangles = 0; n_triangles <= 2; n_triangles += 2) {
        psh_mesh *mesh = NULL;
        psh_cloud *two = NULL, *many = NULL;
        assert_int_equal(psh_mesh_create(line, 4, flat, n_triangles, NULL, &mesh, NULL), PSH_OK);
        assert_int_equal(psh_mesh_sample(mesh, 2, 0, &two, NULL), PSH_OK);
        assert_int_equal(psh_mesh_sample(mesh, 9, 0, &many, NULL), PSH_OK);
        assert_int_equal(two->n_points, 2);
        assert_true(fabs(two->points[0] - two->points[3]) >= 2);
        assert_int_equal(many->n_points, 4); /* there are no more */
        assert_memory_equal(many->points, line, sizeof line);
        psh_cloud_free(two), psh_cloud_free(many);
        psh_mesh_free(mesh);
    }
}

static void test_samples_of_nothing_are_refused(void **state) {
    psh_mesh *mesh = NULL, *squares = make_squares(1);
    psh_cloud *cloud = NULL;
    psh_error err;
    assert_int_equal(psh_mesh_create(NULL, 0, NULL, 0, NULL, &mesh, NULL), PSH_OK);
    assert_int_equal(psh_mesh_sample(mesh, 1, 0, &cloud, &err), PSH_ERR_EMPTY);
    assert_int_equal(psh_mesh_sample(squares, 0, 0, &cloud, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_mesh_sample(squares, SIZE_MAX / 2, 0, &cloud, &err), PSH_ERR_MEMORY);
    assert_null(cloud);
    psh_mesh_free(mesh), psh_mesh_free(squares);
}

static void test_any_allocation_may_fail(void **state) {
    psh_mesh *mesh = make_squares(1);
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh_cloud *cloud = NULL;
        psh__alloc_fail_at(n);
        status = psh_mesh_sample(mesh, 20, 0, &cloud, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK ? cloud != NULL : status == PSH_ERR_MEMORY && !cloud);
        psh_cloud_free(cloud);
    }
    psh_mesh_free(mesh);
}

/* A real mesh. Its area is 1.77, so 200 discs that cover it have a radius of sqrt(1.77 / 200 pi) = 0.053 at least. */
static void test_a_human_is_covered(void **state) {
    static const char path[] = PSH_DATASETS "/formats/mesh_human.off";
    if (access(path, R_OK) != 0) {
        print_message("no %s: not tested\n", path);
        skip();
    }
    const char *paths[] = {path};
    psh_input_params params = PSH_PARAMS(psh_input_params);
    psh_input *input = NULL;
    psh_item mesh, sampled;
    psh_cloud *dense = NULL;
    assert_int_equal(psh_input_open(paths, 1, &params, &input, NULL), PSH_OK);
    assert_int_equal(psh_input_read_item(input, 0, &mesh, NULL), PSH_OK);
    assert_int_equal(mesh.kind, PSH_ITEM_MESH);
    psh_input_free(input);
    params.n_samples = 200, params.sample_seed = 1;
    assert_int_equal(psh_input_open(paths, 1, &params, &input, NULL), PSH_OK);
    assert_int_equal(psh_input_read_item(input, 0, &sampled, NULL), PSH_OK);
    assert_int_equal(sampled.kind, PSH_ITEM_CLOUD);
    assert_int_equal(sampled.cloud->n_points, 200);
    assert_int_equal(psh__mesh_draw(mesh.mesh, 50000, 9, &dense, NULL), PSH_OK);
    double radius = twin_covering_radius(dense->points, 50000, sampled.cloud->points, 200, 3);
    assert_true(radius > 0.053 && radius < 0.085); /* see src/input/mesh_sample.c */
    psh_cloud_free(dense);
    psh_item_free(&mesh), psh_item_free(&sampled);
    psh_input_free(input);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_farthest_points_are_those_of_the_definition),
        cmocka_unit_test(test_huge_and_tiny_coordinates_are_as_good_as_others),
        cmocka_unit_test(test_thinned_clouds_are_parts_and_their_beginnings_too),
        cmocka_unit_test(test_every_cluster_gets_a_point),
        cmocka_unit_test(test_points_are_drawn_by_area),
        cmocka_unit_test(test_points_are_uniform_in_a_triangle),
        cmocka_unit_test(test_samples_spread_over_the_surface_by_area),
        cmocka_unit_test(test_meshes_without_area_are_sampled_from_their_vertices),
        cmocka_unit_test(test_samples_of_nothing_are_refused),
        cmocka_unit_test(test_any_allocation_may_fail),
        cmocka_unit_test(test_a_human_is_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
