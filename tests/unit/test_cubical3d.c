/* test_cubical3d.c : cubical persistence of volumes and of periodic grids against the boundary matrix, against the 2D
 * engine, and against what can be worked out by hand. */
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
#include "homology/cubical3d.h"
#include "homology_checks.h"

enum { MAX_VOXELS = 40 * 40 * 40 };

/* --- Helpers ----------------------------------------------------------------------------------------------------- */

static psh_cubical *make_cubical(void) {
    psh_cubical *cubical;
    assert_int_equal(psh_cubical_create(&cubical, NULL), PSH_OK);
    return cubical;
}

static psh_homology_params keep_all(psh_construction construction, psh_filtration filtration, bool is_periodic) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.construction = construction, params.filtration = filtration, params.essential = PSH_ESSENTIAL_KEEP;
    params.is_periodic = is_periodic;
    return params;
}

static void check_intervals(psh_dtype dtype, const double *values, const size_t shape[3],
                            const psh_homology_params *params, const psh_interval *expected, size_t n_expected) {
    psh_cubical *cubical = make_cubical();
    psh_image *image = make_volume(dtype, values, shape);
    const psh_interval *found;
    size_t n_found;
    assert_int_equal(psh_cubical_compute(cubical, image, params, &found, &n_found, NULL, NULL), PSH_OK);
    assert_same_intervals(found, n_found, expected, n_expected, "intervals");
    psh_image_free(image);
    psh_cubical_free(cubical);
}

/* All constructions, filtrations and the types in `dtypes` (bits) against the boundary matrix. A periodic image of one
 * slice is a periodic plane. */
static void check_against_matrix(psh_cubical *cubical, const double *values, const size_t shape[3], bool is_periodic,
                                 unsigned dtypes) {
    static double negated[MAX_VOXELS];
    size_t n_voxels = shape[0] * shape[1] * shape[2];
    const bool axes[3] = {is_periodic && shape[0] > 1, is_periodic, is_periodic};
    psh_interval *expected = malloc(boundary_matrix_n_volume_cells(shape) * sizeof *expected);
    assert_non_null(expected);
    for (size_t i = 0; i < n_voxels; i++) negated[i] = -values[i];
    for (int construction = 0; construction < 2; construction++)
        for (int filtration = 0; filtration < 2; filtration++) {
            psh_homology_params params =
                keep_all((psh_construction)construction, (psh_filtration)filtration, is_periodic);
            size_t n_expected = boundary_matrix_volume(filtration == PSH_SUPERLEVEL ? negated : values, shape, axes,
                                                       (psh_construction)construction, expected);
            for (int dtype = 0; dtype < 4; dtype++) {
                if (!(dtypes >> dtype & 1)) continue;
                psh_image *image = make_volume((psh_dtype)dtype, values, shape);
                const psh_interval *found;
                size_t n_found, n_essential;
                char what[128];
                assert_int_equal(psh_cubical_compute(cubical, image, &params, &found, &n_found, &n_essential, NULL),
                                 PSH_OK);
                snprintf(what, sizeof what, "type %d, %zu x %zu x %zu, construction %s, %s%s", dtype, shape[0],
                         shape[1], shape[2], construction == PSH_CONSTRUCTION_T ? "T" : "V",
                         filtration == PSH_SUBLEVEL ? "sub" : "super", is_periodic ? ", periodic" : "");
                assert_same_intervals(found, n_found, expected, n_expected, what);
                assert_int_equal(n_essential, 0);
                psh_image_free(image);
            }
        }
    free(expected);
}

/* --- Against the boundary matrix -----------------------------------------------------------------------------------
 */

static void volumes_of_every_small_shape_agree_with_boundary_matrix(void **state) {
    static const unsigned levels[] = {2, 4};
    double values[125];
    psh_cubical *cubical = make_cubical();
    size_t shape[3];
    for (shape[0] = 1; shape[0] <= 5; shape[0]++)
        for (shape[1] = 1; shape[1] <= 5; shape[1]++)
            for (shape[2] = 1; shape[2] <= 5; shape[2]++)
                for (size_t i = 0; i < COUNT(levels); i++) {
                    size_t n_voxels = shape[0] * shape[1] * shape[2];
                    if (n_voxels > 60 && i > 0) continue; /* the matrix is slow */
                    fill_random(values, n_voxels, levels[i], shape[0] * 100 + shape[1] * 10 + shape[2]);
                    check_against_matrix(cubical, values, shape, false, 0xf);
                }
    psh_cubical_free(cubical);
}

static void all_2x2x2_volumes_of_3_levels_agree_with_boundary_matrix(void **state) {
    psh_cubical *cubical = make_cubical();
    for (int number = 0; number < 6561; number++) {
        double values[8];
        for (int i = 0, rest = number; i < 8; i++, rest /= 3) values[i] = rest % 3;
        check_against_matrix(cubical, values, (size_t[3]){2, 2, 2}, false, 1u << number % 4);
    }
    psh_cubical_free(cubical);
}

static void many_random_volumes_of_few_levels_agree_with_boundary_matrix(void **state) {
    static const size_t shapes[][3] = {{3, 3, 3}, {4, 3, 3}, {2, 5, 3}, {3, 4, 4}, {2, 2, 7}};
    double values[64];
    psh_cubical *cubical = make_cubical();
    for (unsigned seed = 0; seed < 150; seed++) {
        const size_t *shape = shapes[seed % COUNT(shapes)];
        fill_random(values, shape[0] * shape[1] * shape[2], 2 + seed % 3 * 20, seed);
        check_against_matrix(cubical, values, shape, false, 1u << seed % 4);
    }
    psh_cubical_free(cubical);
}

static void periodic_grids_of_every_small_shape_agree_with_boundary_matrix(void **state) {
    double values[64];
    psh_cubical *cubical = make_cubical();
    size_t shape[3];
    for (shape[0] = 1; shape[0] <= 4; shape[0]++)
        for (shape[1] = 1; shape[1] <= 4; shape[1]++)
            for (shape[2] = 1; shape[2] <= 4; shape[2]++) {
                size_t n_voxels = shape[0] * shape[1] * shape[2];
                fill_random(values, n_voxels, 4, n_voxels);
                check_against_matrix(cubical, values, shape, true, 0xf);
            }
    psh_cubical_free(cubical);
}

/* The row kernels work on rows that fill registers, the matrix cannot: rows of every length against rows of the 2D
 * engine, and against the same volume turned. */
static void turned_volumes_have_the_same_intervals(void **state) {
    static double values[MAX_VOXELS], turned[MAX_VOXELS];
    psh_cubical *cubical = make_cubical(), *other = make_cubical();
    for (size_t width = 1; width <= 40; width++) {
        const size_t shape[3] = {3, 4, width}, turned_shape[3] = {width, 3, 4};
        fill_random(values, 12 * width, 6, width);
        for (size_t zy = 0; zy < 12; zy++)
            for (size_t x = 0; x < width; x++) turned[x * 12 + zy] = values[zy * width + x];
        for (int dtype = 0; dtype < 4; dtype++)
            for (int construction = 0; construction < 2; construction++) {
                psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL, false);
                psh_image *image = make_volume((psh_dtype)dtype, values, shape),
                          *turned_image = make_volume((psh_dtype)dtype, turned, turned_shape);
                const psh_interval *found, *expected;
                size_t n_found, n_expected;
                assert_int_equal(psh_cubical_compute(cubical, image, &params, &found, &n_found, NULL, NULL), PSH_OK);
                assert_int_equal(psh_cubical_compute(other, turned_image, &params, &expected, &n_expected, NULL, NULL),
                                 PSH_OK);
                assert_same_intervals(found, n_found, expected, n_expected, "turned");
                psh_image_free(image), psh_image_free(turned_image);
            }
    }
    psh_cubical_free(cubical), psh_cubical_free(other);
}

/* --- Against the 2D engine -----------------------------------------------------------------------------------------
 */

/* One voxel thick in z is an image; in y and x it takes the 3D engine, and must agree. */
static void volumes_one_voxel_thick_agree_with_the_2d_engine(void **state) {
    static double values[70 * 70];
    psh_cubical *plane = make_cubical(), *space = make_cubical();
    for (unsigned n_levels = 2; n_levels <= 200; n_levels *= 10)
        for (int dtype = 0; dtype < 4; dtype++)
            for (int construction = 0; construction < 2; construction++)
                for (int filtration = 0; filtration < 2; filtration++)
                    for (int thin_axis = 1; thin_axis < 3; thin_axis++) {
                        psh_homology_params params =
                            keep_all((psh_construction)construction, (psh_filtration)filtration, false);
                        fill_random(values, COUNT(values), n_levels, n_levels);
                        psh_image *image = make_volume((psh_dtype)dtype, values, (size_t[3]){1, 70, 70});
                        psh_image *slab =
                            make_volume((psh_dtype)dtype, values,
                                        (size_t[3]){70, thin_axis == 1 ? 1 : 70, thin_axis == 2 ? 1 : 70});
                        const psh_interval *found, *expected;
                        size_t n_found, n_expected;
                        assert_int_equal(psh_cubical_compute(plane, image, &params, &expected, &n_expected, NULL, NULL),
                                         PSH_OK);
                        assert_int_equal(psh_cubical_compute(space, slab, &params, &found, &n_found, NULL, NULL),
                                         PSH_OK);
                        assert_same_intervals(found, n_found, expected, n_expected, "slab");
                        psh_image_free(image), psh_image_free(slab);
                    }
    psh_cubical_free(plane), psh_cubical_free(space);
}

/* --- By hand -------------------------------------------------------------------------------------------------------
 */

static void one_voxel_thick_in_two_axes_has_components_only(void **state) {
    const double values[] = {3, 1, 4, 1, 5, 9, 2, 6}; /* minima 1, 1, 2; merged at 4 and 9 */
    const psh_interval expected[] = {{1, 4, 0}, {1, INFINITY, 0}, {2, 9, 0}};
    for (int construction = 0; construction < 2; construction++) {
        psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL, false);
        check_intervals(PSH_F32, values, (size_t[3]){8, 1, 1}, &params, expected, COUNT(expected));
    }
}

static void a_constant_volume_has_one_class(void **state) {
    static double values[17 * 18 * 19];
    for (size_t i = 0; i < COUNT(values); i++) values[i] = 42;
    for (int construction = 0; construction < 2; construction++)
        for (int dtype = 0; dtype < 4; dtype++) {
            psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL, false);
            check_intervals((psh_dtype)dtype, values, (size_t[3]){17, 18, 19}, &params,
                            (psh_interval[]){{42, INFINITY, 0}}, 1);
        }
}

static void a_constant_torus_has_the_classes_of_a_torus(void **state) {
    static double values[6 * 7 * 8];
    const psh_interval solid[] = {{0, INFINITY, 0}, {0, INFINITY, 1}, {0, INFINITY, 1}, {0, INFINITY, 1},
                                  {0, INFINITY, 2}, {0, INFINITY, 2}, {0, INFINITY, 2}, {0, INFINITY, 3}};
    const psh_interval flat[] = {{0, INFINITY, 0}, {0, INFINITY, 1}, {0, INFINITY, 1}, {0, INFINITY, 2}};
    for (int construction = 0; construction < 2; construction++) {
        psh_homology_params params = keep_all((psh_construction)construction, PSH_SUPERLEVEL, true);
        check_intervals(PSH_U16, values, (size_t[3]){6, 7, 8}, &params, solid, COUNT(solid));
        check_intervals(PSH_U16, values, (size_t[3]){6, 1, 8}, &params, solid,
                        COUNT(solid)); /* one voxel is a circle */
        check_intervals(PSH_U16, values, (size_t[3]){1, 6, 7}, &params, flat, COUNT(flat));
        check_intervals(PSH_U16, values, (size_t[3]){1, 1, 1}, &params, flat, COUNT(flat));
    }
}

static void a_shell_around_a_void_is_one_class_of_dimension_2(void **state) {
    double values[125];
    for (size_t i = 0; i < 125; i++) {
        size_t z = i / 25, y = i / 5 % 5, x = i % 5;
        bool is_inner = z % 4 && y % 4 && x % 4, is_middle = i == 62;
        values[i] = is_middle ? 9 : is_inner ? 1 : 5;
    }
    for (int construction = 0; construction < 2; construction++) {
        psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL, false);
        check_intervals(PSH_U8, values, (size_t[3]){5, 5, 5}, &params, (psh_interval[]){{1, INFINITY, 0}, {1, 9, 2}},
                        2);
        params.dims_mask = 4;
        check_intervals(PSH_U8, values, (size_t[3]){5, 5, 5}, &params, (psh_interval[]){{1, 9, 2}}, 1);
        params.dims_mask = 2;
        check_intervals(PSH_U8, values, (size_t[3]){5, 5, 5}, &params, NULL, 0);
    }
}

/* A ring of 1s around a column of 9s: the disc of 5s closes it. */
static void a_ring_around_a_column_is_one_loop(void **state) {
    double values[75];
    for (size_t i = 0; i < 75; i++) {
        size_t z = i / 25, y = i / 5 % 5, x = i % 5;
        bool is_ring = z == 1 && y % 4 && x % 4 && !(y == 2 && x == 2);
        values[i] = is_ring ? 1 : z == 1 && y == 2 && x == 2 ? 5 : 7;
    }
    for (int construction = 0; construction < 2; construction++) {
        psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL, false);
        check_intervals(PSH_F64, values, (size_t[3]){3, 5, 5}, &params, (psh_interval[]){{1, INFINITY, 0}, {1, 5, 1}},
                        2);
    }
}

/* --- Parameters ----------------------------------------------------------------------------------------------------
 */

static void dims_mask_chooses_dimensions(void **state) {
    static double values[20 * 20 * 20];
    fill_random(values, COUNT(values), 100, 3);
    psh_cubical *all_dims = make_cubical(), *one_dim = make_cubical();
    psh_image *image = make_volume(PSH_U8, values, (size_t[3]){20, 20, 20});
    for (int is_periodic = 0; is_periodic < 2; is_periodic++)
        for (int construction = 0; construction < 2; construction++) {
            const psh_interval *all, *some;
            size_t n_all, n_some, first = 0;
            psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL, is_periodic);
            assert_int_equal(psh_cubical_compute(all_dims, image, &params, &all, &n_all, NULL, NULL), PSH_OK);
            for (int dim = 0; dim < 5; dim++) {
                params.dims_mask = 1u << dim;
                assert_int_equal(psh_cubical_compute(one_dim, image, &params, &some, &n_some, NULL, NULL), PSH_OK);
                assert_same_intervals(some, n_some, all + first, n_some, "one dimension");
                assert_true(dim < 3 ? n_some > 100 : n_some == (size_t)(dim == 3 && is_periodic));
                first += n_some;
            }
            assert_int_equal(first, n_all);
        }
    psh_image_free(image);
    psh_cubical_free(all_dims), psh_cubical_free(one_dim);
}

static void essential_classes_are_counted(void **state) {
    static double values[5 * 5 * 5];
    fill_random(values, COUNT(values), 4, 1);
    psh_cubical *cubical = make_cubical();
    psh_image *image = make_volume(PSH_F32, values, (size_t[3]){5, 5, 5});
    for (int is_periodic = 0; is_periodic < 2; is_periodic++)
        for (int construction = 0; construction < 2; construction++) {
            psh_homology_params params = PSH_PARAMS(psh_homology_params);
            params.construction = (psh_construction)construction, params.is_periodic = is_periodic;
            const psh_interval *intervals;
            size_t n_intervals, n_essential;
            assert_int_equal(psh_cubical_compute(cubical, image, &params, &intervals, &n_intervals, &n_essential, NULL),
                             PSH_OK);
            assert_int_equal(n_essential, is_periodic ? 8 : 1);
            params.dims_mask = 2;
            assert_int_equal(psh_cubical_compute(cubical, image, &params, &intervals, &n_intervals, &n_essential, NULL),
                             PSH_OK);
            assert_int_equal(n_essential, is_periodic ? 3 : 0);
        }
    psh_image_free(image);
    psh_cubical_free(cubical);
}

/* --- Properties ----------------------------------------------------------------------------------------------------
 */

static void every_simd_level_gives_the_same_bytes(void **state) {
    static double values[9 * 30 * 41];
    static const char *const levels[] = {"scalar", "neon", "avx2", "avx512"};
    fill_random(values, COUNT(values), 9, 1);
    for (int dtype = 0; dtype < 4; dtype++) {
        psh_interval *expected = NULL;
        size_t n_expected = 0;
        for (size_t i = 0; i < COUNT(levels); i++) { /* a level that is missing here falls back to the best one */
            assert_int_equal(setenv("PSH_SIMD", levels[i], 1), 0);
            psh_cubical *cubical = make_cubical();
            psh_image *image = make_volume((psh_dtype)dtype, values, (size_t[3]){9, 30, 41});
            const psh_interval *found;
            size_t n_found;
            assert_int_equal(psh_cubical_compute(cubical, image, NULL, &found, &n_found, NULL, NULL), PSH_OK);
            if (!expected) {
                n_expected = n_found, expected = malloc(n_found * sizeof *found);
                assert_non_null(expected);
                memcpy(expected, found, n_found * sizeof *found);
            }
            assert_true(n_found > 1000);
            assert_same_intervals(found, n_found, expected, n_expected, levels[i]);
            psh_image_free(image);
            psh_cubical_free(cubical);
        }
        free(expected);
    }
    unsetenv("PSH_SIMD");
}

/* Every link there is: as many critical cells as its Betti numbers say, each cell matched once. */
static void every_link_is_matched(void **state) {
    size_t n_links = 0;
    for (uint32_t corners_and_squares = 0; corners_and_squares < 1u << 18; corners_and_squares++) {
        uint32_t corners = corners_and_squares & 0x3f, squares = corners_and_squares >> PSH__LINK_SQUARES, room = 0;
        bool is_closed = true;
        for (unsigned i = 0; i < PSH__N_SQUARES; i++)
            if (squares >> i & 1)
                is_closed = is_closed && corners >> psh__square_directions[i][0] & 1 &&
                            corners >> psh__square_directions[i][1] & 1;
        if (!is_closed) continue;
        for (unsigned octant = 0; octant < PSH__N_OCTANTS; octant++) { /* cubes whose three squares are there */
            unsigned n_squares = 0;
            for (unsigned i = 0; i < PSH__N_SQUARES; i++) {
                unsigned a = psh__square_directions[i][0], b = psh__square_directions[i][1];
                n_squares += squares >> i & 1 && psh__direction(psh__axis(a), octant & 4u >> psh__axis(a)) == a &&
                             psh__direction(psh__axis(b), octant & 4u >> psh__axis(b)) == b;
            }
            room |= (uint32_t)(n_squares == 3) << octant;
        }
        for (uint32_t cubes = room;; cubes = (cubes - 1) & room) {
            psh__star star;
            psh__star_match(corners_and_squares | cubes << PSH__LINK_CUBES, &star);
            n_links++;
            unsigned n_matched_cubes = 0, n_matched_edges = 0;
            bool is_full = false;
            for (unsigned octant = 0; octant < PSH__N_OCTANTS; octant++) {
                unsigned exit = psh__cube_exit(star.exits, octant);
                assert_int_equal(exit == PSH__ABSENT, !(cubes >> octant & 1));
                n_matched_cubes += exit < PSH__STOP;
                is_full = is_full || exit == PSH__STOP;
            }
            for (unsigned d = 0; d < PSH__N_DIRECTIONS; d++) {
                unsigned parent = psh__edge_parent(star.edges, d);
                assert_int_equal(parent == PSH__ABSENT, !(corners >> d & 1));
                assert_int_equal(parent == d, star.critical_edges >> d & 1);
                if (parent == d || parent >= PSH__STOP) continue;
                n_matched_edges++;
                for (unsigned n_steps = 0; parent != d && parent != PSH__STOP; n_steps++) { /* ends at a root */
                    assert_true(n_steps < PSH__N_DIRECTIONS);
                    unsigned next = psh__edge_parent(star.edges, parent);
                    if (next == parent) break;
                    parent = next;
                }
            }
            unsigned n_corners = (unsigned)__builtin_popcount(corners),
                     n_squares = (unsigned)__builtin_popcount(squares),
                     n_critical_squares = (unsigned)__builtin_popcount(star.critical_squares),
                     n_critical_edges = (unsigned)__builtin_popcount(star.critical_edges);
            assert_int_equal(is_full, cubes == 0xff);
            assert_int_equal(n_squares, n_matched_edges + n_matched_cubes + n_critical_squares);
            assert_int_equal(n_corners, n_matched_edges + n_critical_edges + (corners != 0));
            assert_int_equal(star.critical_squares & ~squares, 0);
            assert_int_equal(star.is_critical, !corners || n_critical_edges || n_critical_squares || is_full);
            if (cubes == 0) break;
        }
    }
    print_message("%zu links\n", n_links);
    assert_true(n_links > 10000);
}

/* --- Faults --------------------------------------------------------------------------------------------------------
 */

static void too_many_voxels_are_refused(void **state) {
    size_t n_voxels;
    psh_error err;
    assert_int_equal(psh__grid3d_size((size_t[3]){1290, 1290, 1290}, &n_voxels, &err), PSH_OK);
    assert_int_equal(n_voxels, (size_t)1292 * 1292 * 1292);
    assert_int_equal(psh__grid3d_size((size_t[3]){2, 1, 800000000}, &n_voxels, &err), PSH_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "2 x 1 x 800000000"));
    assert_int_equal(psh__grid3d_size((size_t[3]){SIZE_MAX / 4, 8, 8}, &n_voxels, &err), PSH_ERR_UNSUPPORTED);
}

static void every_allocation_may_fail(void **state) {
    static double values[6 * 7 * 8];
    fill_random(values, COUNT(values), 50, 1);
    psh_image *image = make_volume(PSH_F64, values, (size_t[3]){6, 7, 8});
    for (int is_periodic = 0; is_periodic < 2; is_periodic++) {
        psh_homology_params params = keep_all(PSH_CONSTRUCTION_V, PSH_SUBLEVEL, is_periodic);
        psh_status status = PSH_ERR_MEMORY;
        unsigned long n = 1;
        for (; status != PSH_OK; n++) {
            psh_cubical *cubical = NULL;
            const psh_interval *intervals;
            size_t n_intervals;
            psh__alloc_fail_at(n);
            status = psh_cubical_create(&cubical, NULL);
            if (status == PSH_OK)
                status = psh_cubical_compute(cubical, image, &params, &intervals, &n_intervals, NULL, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            if (status == PSH_OK) assert_true(n_intervals > 10);
            psh_cubical_free(cubical);
        }
        assert_true(n > 20);
    }
    psh_image_free(image);
}

/* After a failure in the middle of a reduction the same memory serves the next volume. */
static void a_failed_volume_does_not_spoil_the_next(void **state) {
    static double values[9 * 9 * 9];
    fill_random(values, COUNT(values), 200, 2);
    psh_image *image = make_volume(PSH_U8, values, (size_t[3]){9, 9, 9}),
              *small = make_volume(PSH_U8, values, (size_t[3]){2, 3, 4});
    psh_cubical *fresh = make_cubical();
    const psh_interval *expected, *found;
    size_t n_expected, n_found;
    assert_int_equal(psh_cubical_compute(fresh, image, NULL, &expected, &n_expected, NULL, NULL), PSH_OK);
    for (unsigned long n = 1; n < 40; n++) {
        psh_cubical *cubical = make_cubical();
        assert_int_equal(psh_cubical_compute(cubical, small, NULL, &found, &n_found, NULL, NULL), PSH_OK);
        psh__alloc_fail_at(n);
        psh_cubical_compute(cubical, image, NULL, &found, &n_found, NULL, NULL);
        psh__alloc_fail_at(0);
        assert_int_equal(psh_cubical_compute(cubical, image, NULL, &found, &n_found, NULL, NULL), PSH_OK);
        assert_same_intervals(found, n_found, expected, n_expected, "after a failure");
        psh_cubical_free(cubical);
    }
    psh_cubical_free(fresh);
    psh_image_free(image), psh_image_free(small);
}

static void no_allocation_after_the_largest_volume(void **state) {
    static double values[12 * 12 * 12];
    fill_random(values, COUNT(values), 200, 2);
    psh_image *image = make_volume(PSH_F64, values, (size_t[3]){12, 12, 12}),
              *small = make_volume(PSH_U8, values, (size_t[3]){5, 6, 7});
    psh_cubical *cubical = make_cubical();
    const psh_interval *found;
    size_t n_found;
    assert_int_equal(psh_cubical_compute(cubical, image, NULL, &found, &n_found, NULL, NULL), PSH_OK);
    psh__alloc_fail_at(1);
    assert_int_equal(psh_cubical_compute(cubical, small, NULL, &found, &n_found, NULL, NULL), PSH_OK);
    assert_int_equal(psh_cubical_compute(cubical, image, NULL, &found, &n_found, NULL, NULL), PSH_OK);
    psh__alloc_fail_at(0);
    psh_cubical_free(cubical);
    psh_image_free(image), psh_image_free(small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_is_matched),
        cmocka_unit_test(all_2x2x2_volumes_of_3_levels_agree_with_boundary_matrix),
        cmocka_unit_test(volumes_of_every_small_shape_agree_with_boundary_matrix),
        cmocka_unit_test(many_random_volumes_of_few_levels_agree_with_boundary_matrix),
        cmocka_unit_test(periodic_grids_of_every_small_shape_agree_with_boundary_matrix),
        cmocka_unit_test(turned_volumes_have_the_same_intervals),
        cmocka_unit_test(volumes_one_voxel_thick_agree_with_the_2d_engine),
        cmocka_unit_test(one_voxel_thick_in_two_axes_has_components_only),
        cmocka_unit_test(a_constant_volume_has_one_class),
        cmocka_unit_test(a_constant_torus_has_the_classes_of_a_torus),
        cmocka_unit_test(a_shell_around_a_void_is_one_class_of_dimension_2),
        cmocka_unit_test(a_ring_around_a_column_is_one_loop),
        cmocka_unit_test(dims_mask_chooses_dimensions),
        cmocka_unit_test(essential_classes_are_counted),
        cmocka_unit_test(every_simd_level_gives_the_same_bytes),
        cmocka_unit_test(too_many_voxels_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_failed_volume_does_not_spoil_the_next),
        cmocka_unit_test(no_allocation_after_the_largest_volume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
