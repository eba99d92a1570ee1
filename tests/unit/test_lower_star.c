/* test_lower_star.c : lower-star persistence of meshes and of triangulated grids against the boundary matrix, against
 * each other, and against what is known of surfaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "boundary_matrix.h"
#include "homology/lower_star3d_star.h"
#include "homology_checks.h"

enum { MAX_VERTICES = 2500 };

/* --- Helpers ----------------------------------------------------------------------------------------------------- */

static psh_lower_star *make_lower_star(void) {
    psh_lower_star *lower_star;
    assert_int_equal(psh_lower_star_create(&lower_star, NULL), PSH_OK);
    return lower_star;
}

static psh_homology_params keep_all(psh_filtration filtration) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.filtration = filtration, params.essential = PSH_ESSENTIAL_KEEP;
    return params;
}

/* Where the vertices lie does not matter. */
static psh_mesh *make_mesh(const double *values, size_t n_vertices, const uint32_t *triangles, size_t n_triangles) {
    static const double vertices[3 * MAX_VERTICES];
    psh_mesh *mesh;
    assert_true(n_vertices <= MAX_VERTICES);
    assert_int_equal(psh_mesh_create(vertices, n_vertices, triangles, n_triangles, values, &mesh, NULL), PSH_OK);
    return mesh;
}

static void check_mesh(const double *values, size_t n_vertices, const uint32_t *triangles, size_t n_triangles,
                       const psh_interval *expected, size_t n_expected) {
    psh_lower_star *lower_star = make_lower_star();
    psh_mesh *mesh = make_mesh(values, n_vertices, triangles, n_triangles);
    psh_homology_params params = keep_all(PSH_SUBLEVEL);
    const psh_interval *found;
    size_t n_found;
    assert_int_equal(psh_lower_star_compute_mesh(lower_star, mesh, &params, &found, &n_found, NULL, NULL), PSH_OK);
    assert_same_intervals(found, n_found, expected, n_expected, "mesh");
    psh_mesh_free(mesh);
    psh_lower_star_free(lower_star);
}

/* Both filtrations of a mesh against the boundary matrix. */
static void check_against_matrix(psh_lower_star *lower_star, const double *values, size_t n_vertices,
                                 const uint32_t *triangles, size_t n_triangles) {
    static double negated[MAX_VERTICES];
    psh_interval *expected = malloc((n_vertices + 4 * n_triangles + 1) * sizeof *expected);
    assert_non_null(expected);
    psh_mesh *mesh = make_mesh(values, n_vertices, triangles, n_triangles);
    for (size_t i = 0; i < n_vertices; i++) negated[i] = -values[i];
    for (int filtration = 0; filtration < 2; filtration++) {
        psh_homology_params params = keep_all((psh_filtration)filtration);
        const psh_interval *found;
        size_t n_found, n_expected = boundary_matrix_mesh(filtration == PSH_SUPERLEVEL ? negated : values, n_vertices,
                                                          triangles, n_triangles, expected);
        assert_int_equal(psh_lower_star_compute_mesh(lower_star, mesh, &params, &found, &n_found, NULL, NULL), PSH_OK);
        assert_same_intervals(found, n_found, expected, n_expected, filtration == PSH_SUBLEVEL ? "sub" : "super");
    }
    psh_mesh_free(mesh);
    free(expected);
}

/* The triangles of TTK's grid; of a row or a column of pixels its edges. dst : (2 height width, 3) */
static size_t triangulate(size_t height, size_t width, uint32_t *dst) {
    size_t n_triangles = 0;
    uint32_t w = (uint32_t)width;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < w; x++) {
            uint32_t p = y * w + x, *next = dst + 3 * n_triangles;
            bool has_right = x + 1 < w, has_lower = y + 1 < height;
            if (has_right && has_lower) {
                memcpy(next, (uint32_t[6]){p, p + 1, p + w, p + 1, p + w + 1, p + w}, 6 * sizeof *next);
                n_triangles += 2;
            } else if ((has_right && height == 1) || (has_lower && w == 1)) {
                memcpy(next, (uint32_t[3]){p, p, p + 1}, 3 * sizeof *next);
                n_triangles++;
            }
        }
    return n_triangles;
}

/* All types and filtrations of an image against the mesh of its triangles, by the boundary matrix or the library. */
static void check_grid(psh_lower_star *lower_star, const double *values, size_t height, size_t width, bool by_matrix) {
    static double negated[MAX_VERTICES];
    size_t n_vertices = height * width;
    uint32_t *triangles = malloc(6 * n_vertices * sizeof *triangles);
    psh_interval *matrix = malloc(9 * n_vertices * sizeof *matrix);
    assert_true(triangles && matrix && n_vertices <= MAX_VERTICES);
    size_t n_triangles = triangulate(height, width, triangles);
    psh_lower_star *other = make_lower_star();
    psh_mesh *mesh = make_mesh(values, n_vertices, triangles, n_triangles);
    for (size_t i = 0; i < n_vertices; i++) negated[i] = -values[i];
    for (int filtration = 0; filtration < 2; filtration++) {
        psh_homology_params params = keep_all((psh_filtration)filtration);
        const psh_interval *found, *expected = matrix;
        size_t n_found, n_expected;
        if (by_matrix)
            n_expected = boundary_matrix_mesh(filtration == PSH_SUPERLEVEL ? negated : values, n_vertices, triangles,
                                              n_triangles, matrix);
        else
            assert_int_equal(psh_lower_star_compute_mesh(other, mesh, &params, &expected, &n_expected, NULL, NULL),
                             PSH_OK);
        for (int dtype = 0; dtype < 4; dtype++) {
            psh_image *image = make_volume((psh_dtype)dtype, values, (size_t[3]){1, height, width});
            assert_int_equal(psh_lower_star_compute_grid(lower_star, image, &params, &found, &n_found, NULL, NULL),
                             PSH_OK);
            assert_same_intervals(found, n_found, expected, n_expected, "grid");
            psh_image_free(image);
        }
    }
    psh_mesh_free(mesh);
    psh_lower_star_free(other);
    free(triangles), free(matrix);
}

/* --- Grids ---------------------------------------------------------------------------------------------------------
 */

static void all_3x3_grids_of_3_levels_agree_with_boundary_matrix(void **state) {
    psh_lower_star *lower_star = make_lower_star();
    for (int number = 0; number < 19683; number += number % 9 == 0 ? 1 : 4) { /* every fourth, and then some */
        double values[9];
        for (int i = 0, rest = number; i < 9; i++, rest /= 3) values[i] = rest % 3;
        check_grid(lower_star, values, 3, 3, true);
    }
    psh_lower_star_free(lower_star);
}

static void grids_of_every_small_shape_agree_with_boundary_matrix(void **state) {
    double values[36];
    psh_lower_star *lower_star = make_lower_star();
    for (size_t height = 1; height <= 6; height++)
        for (size_t width = 1; width <= 6; width++)
            for (unsigned n_levels = 2; n_levels <= 50; n_levels *= 5) {
                fill_random(values, height * width, n_levels, height * 10 + width);
                check_grid(lower_star, values, height, width, true);
            }
    psh_lower_star_free(lower_star);
}

static void a_large_grid_agrees_with_its_mesh(void **state) {
    static double values[MAX_VERTICES];
    psh_lower_star *lower_star = make_lower_star();
    for (unsigned n_levels = 2; n_levels <= 256; n_levels *= 4) {
        fill_random(values, 40 * 61, n_levels, n_levels);
        check_grid(lower_star, values, 40, 61, false);
    }
    psh_lower_star_free(lower_star);
}

/* Two pixels touch across the square's upper right and lower left corner, not across the others. */
static void squares_are_cut_from_the_upper_right_to_the_lower_left(void **state) {
    const double rising[] = {9, 0, 0, 9}, falling[] = {0, 9, 9, 0};
    psh_lower_star *lower_star = make_lower_star();
    psh_homology_params params = keep_all(PSH_SUBLEVEL);
    const psh_interval *found;
    size_t n_found;
    psh_image *image = make_volume(PSH_U8, rising, (size_t[3]){1, 2, 2});
    assert_int_equal(psh_lower_star_compute_grid(lower_star, image, &params, &found, &n_found, NULL, NULL), PSH_OK);
    assert_same_intervals(found, n_found, (psh_interval[]){{0, INFINITY, 0}}, 1, "joined");
    psh_image_free(image);
    image = make_volume(PSH_U8, falling, (size_t[3]){1, 2, 2});
    assert_int_equal(psh_lower_star_compute_grid(lower_star, image, &params, &found, &n_found, NULL, NULL), PSH_OK);
    assert_same_intervals(found, n_found, (psh_interval[]){{0, 9, 0}, {0, INFINITY, 0}}, 2, "apart");
    psh_image_free(image);
    psh_lower_star_free(lower_star);
}

/* --- Volumes -------------------------------------------------------------------------------------------------------
 */

/* All types and filtrations of a volume against the boundary matrix. */
static void check_volume(psh_lower_star *lower_star, const double *values, const size_t shape[3], unsigned dtypes) {
    double negated[125];
    size_t n_voxels = shape[0] * shape[1] * shape[2];
    psh_interval *expected = malloc(27 * n_voxels * sizeof *expected);
    assert_true(expected && n_voxels <= COUNT(negated));
    for (size_t i = 0; i < n_voxels; i++) negated[i] = -values[i];
    for (int filtration = 0; filtration < 2; filtration++) {
        psh_homology_params params = keep_all((psh_filtration)filtration);
        size_t n_expected =
            boundary_matrix_tetrahedra(filtration == PSH_SUPERLEVEL ? negated : values, shape, expected);
        for (int dtype = 0; dtype < 4; dtype++) {
            if (!(dtypes >> dtype & 1)) continue;
            psh_image *image = make_volume((psh_dtype)dtype, values, shape);
            const psh_interval *found;
            size_t n_found;
            assert_int_equal(psh_lower_star_compute_grid(lower_star, image, &params, &found, &n_found, NULL, NULL),
                             PSH_OK);
            assert_same_intervals(found, n_found, expected, n_expected, "volume");
            psh_image_free(image);
        }
    }
    free(expected);
}

static void volumes_of_every_small_shape_agree_with_boundary_matrix(void **state) {
    double values[64];
    psh_lower_star *lower_star = make_lower_star();
    size_t shape[3];
    for (shape[0] = 1; shape[0] <= 4; shape[0]++)
        for (shape[1] = 1; shape[1] <= 4; shape[1]++)
            for (shape[2] = 1; shape[2] <= 4; shape[2]++) {
                size_t n_voxels = shape[0] * shape[1] * shape[2];
                if (shape[2] == 1 && shape[0] > 1 && shape[1] > 1)
                    continue; /* cut the other way: see flat_volumes_are_images */
                fill_random(values, n_voxels, n_voxels % 3 ? 4 : 50, n_voxels);
                check_volume(lower_star, values, shape, 0xf);
            }
    psh_lower_star_free(lower_star);
}

static void all_2x2x2_volumes_of_2_levels_and_some_of_3_agree_with_boundary_matrix(void **state) {
    psh_lower_star *lower_star = make_lower_star();
    for (int number = 0; number < 6561; number += number < 256 ? 1 : 7) {
        double values[8];
        for (int i = 0, rest = number; i < 8; i++, rest /= number < 256 ? 2 : 3)
            values[i] = rest % (number < 256 ? 2 : 3);
        check_volume(lower_star, values, (size_t[3]){2, 2, 2}, 1u << number % 4);
    }
    psh_lower_star_free(lower_star);
}

/* Every link there is: as many critical simplices as its Euler characteristic says. */
static void every_link_is_matched(void **state) {
    psh__kuhn kuhn;
    psh__kuhn_fill(&kuhn);
    for (unsigned link = 0; link < PSH__KUHN_LINKS; link++) {
        psh__kuhn_star star;
        uint8_t ways_up[PSH__KUHN_TRIANGLES][2];
        psh__kuhn_match(&kuhn, link, &star, ways_up);
        int characteristic = __builtin_popcount(link);
        for (unsigned i = 0; i < PSH__KUHN_TRIANGLES; i++)
            characteristic -= (int)(link >> kuhn.triangles[i][0] & link >> kuhn.triangles[i][1] & 1);
        for (unsigned i = 0; i < PSH__KUHN_TETRAHEDRA; i++) {
            const uint8_t *d = kuhn.tetrahedra[i];
            characteristic += (int)(link >> d[0] & link >> d[1] & link >> d[2] & 1);
        }
        bool is_full = link == PSH__KUHN_LINKS - 1;
        assert_int_equal(characteristic, (link != 0) + __builtin_popcount(star.critical_edges) -
                                             __builtin_popcountll(star.critical_triangles) + is_full);
        assert_int_equal(star.way_up == PSH__KUHN_STOP, is_full);
        assert_int_equal(psh__kuhn_way_down(&star) == PSH__KUHN_STOP, link == 0);
        for (unsigned d = 0; d < PSH__KUHN_DIRECTIONS; d++) {
            unsigned at = d, parent = psh__kuhn_parent(&star, d);
            assert_int_equal(parent == 15, !(link >> d & 1));
            assert_int_equal(parent == d, star.critical_edges >> d & 1);
            for (int n_steps = 0; parent < PSH__KUHN_STOP && parent != at; n_steps++) { /* ends at a root */
                assert_true(n_steps < PSH__KUHN_DIRECTIONS && kuhn.difference[at][parent] != PSH__KUHN_STOP);
                at = parent, parent = psh__kuhn_parent(&star, at);
            }
        }
        for (unsigned i = 0; i < PSH__KUHN_TRIANGLES; i++)
            for (int side = 0; side < 2; side++)
                if (star.critical_triangles >> i & 1) assert_false(link >> ways_up[i][side] & 1);
    }
}

static void a_constant_volume_has_one_class(void **state) {
    static double values[9 * 10 * 11];
    psh_lower_star *lower_star = make_lower_star();
    psh_image *image = make_volume(PSH_F32, values, (size_t[3]){9, 10, 11});
    psh_homology_params params = keep_all(PSH_SUPERLEVEL);
    const psh_interval *found;
    size_t n_found;
    assert_int_equal(psh_lower_star_compute_grid(lower_star, image, &params, &found, &n_found, NULL, NULL), PSH_OK);
    assert_same_intervals(found, n_found, (psh_interval[]){{0, INFINITY, 0}}, 1, "constant");
    psh_image_free(image);
    psh_lower_star_free(lower_star);
}

/* Flat in any axis, a volume is cut as an image is. */
static void flat_volumes_are_images(void **state) {
    static double values[30 * 31];
    psh_lower_star *lower_star = make_lower_star(), *other = make_lower_star();
    psh_homology_params params = keep_all(PSH_SUBLEVEL);
    for (unsigned n_levels = 2; n_levels <= 200; n_levels *= 10)
        for (int thin_axis = 1; thin_axis < 3; thin_axis++) {
            fill_random(values, COUNT(values), n_levels, n_levels);
            psh_image *image = make_volume(PSH_U16, values, (size_t[3]){1, 30, 31}),
                      *slab = make_volume(PSH_U16, values,
                                          (size_t[3]){30, thin_axis == 1 ? 1 : 31, thin_axis == 2 ? 1 : 31});
            const psh_interval *found, *expected;
            size_t n_found, n_expected;
            assert_int_equal(psh_lower_star_compute_grid(other, image, &params, &expected, &n_expected, NULL, NULL),
                             PSH_OK);
            assert_int_equal(psh_lower_star_compute_grid(lower_star, slab, &params, &found, &n_found, NULL, NULL),
                             PSH_OK);
            assert_same_intervals(found, n_found, expected, n_expected, "slab");
            psh_image_free(image), psh_image_free(slab);
        }
    psh_lower_star_free(lower_star), psh_lower_star_free(other);
}

static void each_dimension_of_a_volume_alone(void **state) {
    static double values[12 * 12 * 12];
    fill_random(values, COUNT(values), 100, 3);
    psh_lower_star *lower_star = make_lower_star(), *other = make_lower_star();
    psh_image *image = make_volume(PSH_U8, values, (size_t[3]){12, 12, 12});
    psh_homology_params params = keep_all(PSH_SUBLEVEL);
    const psh_interval *all, *some;
    size_t n_all, n_some, first = 0;
    assert_int_equal(psh_lower_star_compute_grid(lower_star, image, &params, &all, &n_all, NULL, NULL), PSH_OK);
    for (int dim = 0; dim < 4; dim++) {
        params.dims_mask = 1u << dim;
        assert_int_equal(psh_lower_star_compute_grid(other, image, &params, &some, &n_some, NULL, NULL), PSH_OK);
        assert_same_intervals(some, n_some, all + first, n_some, "one dimension");
        assert_true(dim < 3 ? n_some > 30 : n_some == 0);
        first += n_some;
    }
    assert_int_equal(first, n_all);
    psh_image_free(image);
    psh_lower_star_free(lower_star), psh_lower_star_free(other);
}

/* --- Meshes by hand ------------------------------------------------------------------------------------------------
 */

static const double heights[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

static void an_empty_mesh_has_no_class(void **state) {
    check_mesh(NULL, 0, NULL, 0, NULL, 0);
}

static void isolated_vertices_are_components(void **state) {
    check_mesh(heights, 3, NULL, 0, (psh_interval[]){{0, INFINITY, 0}, {1, INFINITY, 0}, {2, INFINITY, 0}}, 3);
    check_mesh(heights, 5, (uint32_t[]){0, 1, 2}, 1,
               (psh_interval[]){{0, INFINITY, 0}, {3, INFINITY, 0}, {4, INFINITY, 0}}, 3);
}

static void a_tetrahedron_is_a_sphere(void **state) {
    const uint32_t triangles[] = {0, 1, 2, 0, 3, 1, 0, 2, 3, 1, 3, 2};
    check_mesh(heights, 4, triangles, 4, (psh_interval[]){{0, INFINITY, 0}, {3, INFINITY, 2}}, 2);
    check_mesh(heights, 4, triangles, 3, (psh_interval[]){{0, INFINITY, 0}}, 1);
    check_mesh(heights, 4, triangles + 3, 3, (psh_interval[]){{0, INFINITY, 0}, {2, 3, 1}}, 2); /* a hat on a loop */
}

/* A torus of 3 x 3 squares, and the last vertex on top: its height function has more classes than a round one's. */
static void a_torus_has_two_loops_and_one_void(void **state) {
    uint32_t triangles[54];
    double values[9];
    size_t n = 0;
    for (uint32_t y = 0; y < 3; y++)
        for (uint32_t x = 0; x < 3; x++) {
            uint32_t a = y * 3 + x, b = y * 3 + (x + 1) % 3, c = (y + 1) % 3 * 3 + x, d = (y + 1) % 3 * 3 + (x + 1) % 3;
            memcpy(triangles + n, (uint32_t[6]){a, b, c, b, d, c}, 6 * sizeof *triangles);
            n += 6;
        }
    for (size_t i = 0; i < 9; i++) values[i] = 4;
    check_mesh(values, 9, triangles, 18,
               (psh_interval[]){{4, INFINITY, 0}, {4, INFINITY, 1}, {4, INFINITY, 1}, {4, INFINITY, 2}}, 4);
    psh_lower_star *lower_star = make_lower_star();
    for (unsigned seed = 0; seed < 50; seed++) {
        fill_random(values, 9, 2 + seed % 8, seed);
        check_against_matrix(lower_star, values, 9, triangles, 18);
    }
    psh_lower_star_free(lower_star);
}

static void a_moebius_band_has_one_loop_and_no_void(void **state) {
    const uint32_t triangles[] = {0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 0, 4, 0, 1};
    check_mesh(heights, 5, triangles, 5, (psh_interval[]){{0, INFINITY, 0}, {3, INFINITY, 1}}, 2);
}

static void a_projective_plane_has_a_loop_and_a_void_over_z2(void **state) {
    const uint32_t triangles[] = {0, 1, 2, 0, 2, 3, 0, 3, 4, 0, 4, 5, 0, 5, 1,
                                  1, 2, 4, 2, 3, 5, 3, 4, 1, 4, 5, 2, 5, 1, 3};
    double values[6] = {0};
    check_mesh(values, 6, triangles, 10, (psh_interval[]){{0, INFINITY, 0}, {0, INFINITY, 1}, {0, INFINITY, 2}}, 3);
}

static void repeated_triangles_count_once(void **state) {
    const uint32_t triangles[] = {0, 1, 2, 2, 1, 0, 1, 2, 0}; /* twice would be a sphere */
    check_mesh(heights, 3, triangles, 3, (psh_interval[]){{0, INFINITY, 0}}, 1);
}

static void triangles_that_repeat_a_vertex_are_edges_or_vertices(void **state) {
    const uint32_t triangles[] = {0, 0, 2, 2, 1, 1, 0, 1, 0, 3, 3, 3}; /* a loop of three edges, and a vertex */
    check_mesh(heights, 4, triangles, 4, (psh_interval[]){{0, INFINITY, 0}, {3, INFINITY, 0}, {2, INFINITY, 1}}, 3);
}

/* Three pages at an edge: no class. A page each on both sides of a disc: two voids, and either's last triangle. */
static void edges_of_more_than_two_triangles(void **state) {
    check_mesh(heights, 5, (uint32_t[]){0, 1, 2, 0, 1, 3, 0, 1, 4}, 3, (psh_interval[]){{0, INFINITY, 0}}, 1);
    const uint32_t two_voids[] = {0, 1, 2, 0, 1, 3, 1, 2, 3, 2, 0, 3, 0, 1, 4, 1, 2, 4, 2, 0, 4};
    check_mesh(heights, 5, two_voids, 7, (psh_interval[]){{0, INFINITY, 0}, {3, INFINITY, 2}, {4, INFINITY, 2}}, 3);
}

static void equal_values_of_all_vertices_leave_only_essential_classes(void **state) {
    const double values[6] = {7, 7, 7, 7, 7, 7};
    const uint32_t triangles[] = {0, 1, 2, 3, 4, 5};
    check_mesh(values, 6, triangles, 2, (psh_interval[]){{7, INFINITY, 0}, {7, INFINITY, 0}}, 2);
}

/* --- Meshes at random ----------------------------------------------------------------------------------------------
 */

/* Few vertices and many triangles: hardly an edge has two, so the sums grow long. */
static void random_complexes_agree_with_boundary_matrix(void **state) {
    psh_lower_star *lower_star = make_lower_star();
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    for (unsigned seed = 0; seed < 400; seed++) {
        double values[14];
        uint32_t triangles[3 * 90];
        size_t n_vertices = 1 + psh__random_below(&rng, 14), n_triangles = psh__random_below(&rng, 90);
        fill_random(values, n_vertices, 1 + seed % 20, seed);
        for (size_t i = 0; i < 3 * n_triangles; i++) triangles[i] = (uint32_t)psh__random_below(&rng, n_vertices);
        check_against_matrix(lower_star, values, n_vertices, triangles, n_triangles);
    }
    psh_lower_star_free(lower_star);
}

static void renumbered_vertices_have_the_same_intervals(void **state) {
    static double values[400], renumbered[400];
    static uint32_t triangles[6 * 400], numbers[400];
    psh_lower_star *lower_star = make_lower_star(), *other = make_lower_star();
    psh__random rng;
    psh__random_init(&rng, 4, 0);
    size_t n_triangles = triangulate(20, 20, triangles);
    fill_random(values, 400, 12, 1);
    for (uint32_t i = 0; i < 400; i++) {
        uint32_t j = (uint32_t)psh__random_below(&rng, i + 1);
        numbers[i] = numbers[j], numbers[j] = i;
    }
    psh_mesh *mesh = make_mesh(values, 400, triangles, n_triangles);
    for (size_t i = 0; i < 400; i++) renumbered[numbers[i]] = values[i];
    for (size_t i = 0; i < 3 * n_triangles; i++) triangles[i] = numbers[triangles[i]];
    psh_mesh *other_mesh = make_mesh(renumbered, 400, triangles, n_triangles);
    psh_homology_params params = keep_all(PSH_SUBLEVEL);
    const psh_interval *found, *expected;
    size_t n_found, n_expected;
    assert_int_equal(psh_lower_star_compute_mesh(lower_star, mesh, &params, &expected, &n_expected, NULL, NULL),
                     PSH_OK);
    assert_int_equal(psh_lower_star_compute_mesh(other, other_mesh, &params, &found, &n_found, NULL, NULL), PSH_OK);
    assert_same_intervals(found, n_found, expected, n_expected, "renumbered");
    assert_true(n_found > 30);
    psh_mesh_free(mesh), psh_mesh_free(other_mesh);
    psh_lower_star_free(lower_star), psh_lower_star_free(other);
}

/* --- Parameters and faults -----------------------------------------------------------------------------------------
 */

static void dims_mask_and_essential_policies_are_those_of_all_complexes(void **state) {
    const uint32_t triangles[] = {0, 1, 2, 0, 3, 1, 0, 2, 3, 1, 3, 2};
    psh_lower_star *lower_star = make_lower_star();
    psh_mesh *mesh = make_mesh(heights, 4, triangles, 4);
    const psh_interval *found;
    size_t n_found, n_essential;
    assert_int_equal(psh_lower_star_compute_mesh(lower_star, mesh, NULL, &found, &n_found, &n_essential, NULL), PSH_OK);
    assert_int_equal(n_found, 0);
    assert_int_equal(n_essential, 2);
    psh_homology_params params = keep_all(PSH_SUPERLEVEL);
    params.dims_mask = 4;
    assert_int_equal(psh_lower_star_compute_mesh(lower_star, mesh, &params, &found, &n_found, &n_essential, NULL),
                     PSH_OK);
    assert_same_intervals(found, n_found, (psh_interval[]){{0, INFINITY, 2}}, 1, "H2");
    assert_int_equal(n_essential, 0);
    params.essential = PSH_ESSENTIAL_CLAMP, params.essential_value = 10, params.dims_mask = 0;
    assert_int_equal(psh_lower_star_compute_mesh(lower_star, mesh, &params, &found, &n_found, &n_essential, NULL),
                     PSH_OK);
    assert_same_intervals(found, n_found, (psh_interval[]){{-3, 10, 0}, {0, 10, 2}}, 2, "clamped");
    psh_mesh_free(mesh);
    psh_lower_star_free(lower_star);
}

static void what_has_no_lower_star_is_refused(void **state) {
    psh_lower_star *lower_star = make_lower_star();
    psh_mesh *mesh = make_mesh(NULL, 3, (uint32_t[]){0, 1, 2}, 1);
    psh_image *image = make_volume(PSH_U8, heights, (size_t[3]){1, 2, 2});
    const psh_interval *found;
    size_t n_found;
    psh_error err;
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    assert_int_equal(psh_lower_star_compute_mesh(lower_star, mesh, NULL, &found, &n_found, NULL, &err), PSH_ERR_DATA);
    params.is_periodic = true;
    assert_int_equal(psh_lower_star_compute_grid(lower_star, image, &params, &found, &n_found, NULL, &err),
                     PSH_ERR_UNSUPPORTED);
    params.is_periodic = false, params.min_persistence = -1;
    assert_int_equal(psh_lower_star_compute_grid(lower_star, image, &params, &found, &n_found, NULL, &err),
                     PSH_ERR_PARAMETER);
    assert_int_equal(psh_lower_star_compute_mesh(lower_star, mesh, &params, &found, &n_found, NULL, &err),
                     PSH_ERR_PARAMETER);
    psh_mesh_free(mesh);
    psh_image_free(image);
    psh_lower_star_free(lower_star);
}

static void every_allocation_may_fail(void **state) {
    uint32_t triangles[3 * 200];
    double values[30];
    psh__random rng;
    psh__random_init(&rng, 5, 0);
    for (size_t i = 0; i < COUNT(triangles); i++) triangles[i] = (uint32_t)psh__random_below(&rng, COUNT(values));
    fill_random(values, COUNT(values), 100, 5);
    psh_mesh *mesh = make_mesh(values, COUNT(values), triangles, COUNT(triangles) / 3);
    psh_image *images[] = {make_volume(PSH_F64, values, (size_t[3]){1, 5, 6}),
                           make_volume(PSH_F64, values, (size_t[3]){5, 1, 6}),
                           make_volume(PSH_F64, values, (size_t[3]){3, 5, 2})};
    const int n_images = (int)COUNT(images);
    for (int i_item = 0; i_item <= n_images; i_item++) {
        psh_status status = PSH_ERR_MEMORY;
        unsigned long n = 1;
        for (; status != PSH_OK; n++) {
            psh_lower_star *lower_star = NULL;
            psh_homology_params params = keep_all(PSH_SUBLEVEL);
            const psh_interval *found;
            size_t n_found;
            psh__alloc_fail_at(n);
            status = psh_lower_star_create(&lower_star, NULL);
            if (status == PSH_OK)
                status = i_item == n_images
                             ? psh_lower_star_compute_mesh(lower_star, mesh, &params, &found, &n_found, NULL, NULL)
                             : psh_lower_star_compute_grid(lower_star, images[i_item], &params, &found, &n_found, NULL,
                                                           NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            psh_lower_star_free(lower_star);
        }
        assert_true(n > 10);
    }
    psh_mesh_free(mesh);
    for (int i = 0; i < n_images; i++) psh_image_free(images[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_3x3_grids_of_3_levels_agree_with_boundary_matrix),
        cmocka_unit_test(grids_of_every_small_shape_agree_with_boundary_matrix),
        cmocka_unit_test(a_large_grid_agrees_with_its_mesh),
        cmocka_unit_test(squares_are_cut_from_the_upper_right_to_the_lower_left),
        cmocka_unit_test(every_link_is_matched),
        cmocka_unit_test(volumes_of_every_small_shape_agree_with_boundary_matrix),
        cmocka_unit_test(all_2x2x2_volumes_of_2_levels_and_some_of_3_agree_with_boundary_matrix),
        cmocka_unit_test(a_constant_volume_has_one_class),
        cmocka_unit_test(flat_volumes_are_images),
        cmocka_unit_test(each_dimension_of_a_volume_alone),
        cmocka_unit_test(an_empty_mesh_has_no_class),
        cmocka_unit_test(isolated_vertices_are_components),
        cmocka_unit_test(a_tetrahedron_is_a_sphere),
        cmocka_unit_test(a_torus_has_two_loops_and_one_void),
        cmocka_unit_test(a_moebius_band_has_one_loop_and_no_void),
        cmocka_unit_test(a_projective_plane_has_a_loop_and_a_void_over_z2),
        cmocka_unit_test(repeated_triangles_count_once),
        cmocka_unit_test(triangles_that_repeat_a_vertex_are_edges_or_vertices),
        cmocka_unit_test(edges_of_more_than_two_triangles),
        cmocka_unit_test(equal_values_of_all_vertices_leave_only_essential_classes),
        cmocka_unit_test(random_complexes_agree_with_boundary_matrix),
        cmocka_unit_test(renumbered_vertices_have_the_same_intervals),
        cmocka_unit_test(dims_mask_and_essential_policies_are_those_of_all_complexes),
        cmocka_unit_test(what_has_no_lower_star_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
