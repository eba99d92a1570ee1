/* test_cubical.c : 2D cubical persistence against the boundary matrix, against a sorted union-find over all pixels, and
 * against what can be worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "base/alloc.h"
#include "base/random.h"
#include "boundary_matrix.h"
#include "homology_checks.h"
#include "persihash/homology.h"
#include "pixel_merge.h"

enum { N_CONSTRUCTIONS = 2, N_FILTRATIONS = 2, MAX_SIDE = 300, MAX_PIXELS = 70000 };
static const char *const dtype_names[] = {"uint8", "uint16", "float32", "float64"};

/* --- Helpers ----------------------------------------------------------------------------------------------------- */

static psh_cubical *make_cubical(void) {
    psh_cubical *cubical;
    assert_int_equal(psh_cubical_create(&cubical, NULL), PSH_OK);
    return cubical;
}

/* values : (height, width), each of which the type can hold. */
static psh_image *make_image(psh_dtype dtype, const double *values, size_t height, size_t width) {
    return make_volume(dtype, values, (size_t[]){1, height, width});
}

static psh_homology_params keep_all(psh_construction construction, psh_filtration filtration) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.construction = construction, params.filtration = filtration, params.essential = PSH_ESSENTIAL_KEEP;
    return params;
}

/* The library's intervals of `values` as `dtype` are those that an oracle finds in `values` (negated for superlevel).
 */
static void check_against(size_t (*oracle)(const double *, size_t, size_t, psh_construction, psh_interval *),
                          psh_cubical *cubical, psh_dtype dtype, const double *values, size_t height, size_t width) {
    static double negated[MAX_PIXELS];
    static psh_interval expected[4 * MAX_PIXELS];
    assert_true(height * width <= MAX_PIXELS);
    psh_image *image = make_image(dtype, values, height, width);
    for (size_t i = 0; i < height * width; i++) negated[i] = -values[i];
    for (int construction = 0; construction < N_CONSTRUCTIONS; construction++)
        for (int filtration = 0; filtration < N_FILTRATIONS; filtration++) {
            const psh_interval *found;
            size_t n_found, n_essential;
            psh_homology_params params = keep_all((psh_construction)construction, (psh_filtration)filtration);
            assert_int_equal(psh_cubical_compute(cubical, image, &params, &found, &n_found, &n_essential, NULL),
                             PSH_OK);
            size_t n_expected = oracle(filtration == PSH_SUPERLEVEL ? negated : values, height, width,
                                       (psh_construction)construction, expected);
            char what[96];
            snprintf(what, sizeof what, "%s %zu x %zu, construction %s, %s", dtype_names[dtype], height, width,
                     construction == PSH_CONSTRUCTION_T ? "T" : "V", filtration == PSH_SUBLEVEL ? "sub" : "super");
            assert_same_intervals(found, n_found, expected, n_expected, what);
            assert_int_equal(n_essential, 0);
        }
    psh_image_free(image);
}

/* One image with parameters, its intervals checked. NULL params: defaults. */
static void check_intervals(const double *values, size_t height, size_t width, const psh_homology_params *params,
                            const psh_interval *expected, size_t n_expected, size_t n_essential_expected) {
    psh_cubical *cubical = make_cubical();
    psh_image *image = make_image(PSH_F64, values, height, width);
    const psh_interval *found;
    size_t n_found, n_essential;
    assert_int_equal(psh_cubical_compute(cubical, image, params, &found, &n_found, &n_essential, NULL), PSH_OK);
    assert_same_intervals(found, n_found, expected, n_expected, "intervals");
    assert_int_equal(n_essential, n_essential_expected);
    psh_image_free(image);
    psh_cubical_free(cubical);
}
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- Against the oracles ----------------------------------------------------------------------------------------- */

static void all_3x3_images_of_3_levels_agree_with_boundary_matrix(void **state) {
    psh_cubical *cubical = make_cubical();
    for (int number = 0; number < 19683; number++) {
        double values[9];
        for (int i = 0, rest = number; i < 9; i++, rest /= 3) values[i] = rest % 3;
        check_against(boundary_matrix_intervals, cubical, PSH_U8, values, 3, 3);
    }
    psh_cubical_free(cubical);
}

static void small_random_images_of_every_shape_agree_with_boundary_matrix(void **state) {
    psh_cubical *cubical = make_cubical();
    for (size_t height = 1; height <= 6; height++)
        for (size_t width = 1; width <= 6; width++)
            for (unsigned n_levels = 1; n_levels <= 40; n_levels += 13) {
                double values[36];
                fill_random(values, height * width, n_levels, height * 1000 + width * 100 + n_levels);
                for (int dtype = 0; dtype < 4; dtype++)
                    check_against(boundary_matrix_intervals, cubical, (psh_dtype)dtype, values, height, width);
            }
    psh_cubical_free(cubical);
}

static void random_64x64_images_of_every_type_agree_with_pixel_merge(void **state) {
    static double values[64 * 64];
    static const unsigned n_levels[] = {2, 3, 10, 256, 65536, 1u << 24};
    static const unsigned n_representable[] = {256, 65536, 1u << 24, 1u << 31};
    psh_cubical *cubical = make_cubical();
    for (size_t i = 0; i < COUNT(n_levels); i++) {
        fill_random(values, COUNT(values), n_levels[i], i);
        for (int dtype = 0; dtype < 4; dtype++)
            if (n_levels[i] <= n_representable[dtype])
                check_against(pixel_merge_intervals, cubical, (psh_dtype)dtype, values, 64, 64);
    }
    psh_cubical_free(cubical);
}

static void floats_with_ties_and_both_signs_agree_with_pixel_merge(void **state) {
    static double values[64 * 64];
    psh_cubical *cubical = make_cubical();
    psh__random rng;
    psh__random_init(&rng, 5, 0);
    for (size_t i = 0; i < COUNT(values); i++) {
        values[i] = ldexp((double)psh__random_below(&rng, 64) - 32, (int)psh__random_below(&rng, 4)); /* some are -0 */
        if (values[i] == 0 && psh__random_below(&rng, 2)) values[i] = -0.0;
    }
    check_against(pixel_merge_intervals, cubical, PSH_F32, values, 64, 64);
    check_against(pixel_merge_intervals, cubical, PSH_F64, values, 64, 64);
    for (size_t i = 0; i < COUNT(values); i++) values[i] = psh__random_unit(&rng) * 2 - 1; /* all distinct */
    check_against(pixel_merge_intervals, cubical, PSH_F64, values, 64, 64);
    psh_cubical_free(cubical);
}

static void every_width_around_the_block_size_agrees_with_pixel_merge(void **state) {
    static double values[5 * 200];
    static const size_t widths[] = {1, 2, 3, 15, 16, 17, 31, 32, 33, 62, 63, 64, 65, 66, 127, 128, 129, 191, 192, 193};
    psh_cubical *cubical = make_cubical();
    for (size_t i = 0; i < COUNT(widths); i++)
        for (size_t height = 1; height <= 5; height += 2) {
            fill_random(values, height * widths[i], 7, i);
            for (int dtype = 0; dtype < 4; dtype++)
                check_against(pixel_merge_intervals, cubical, (psh_dtype)dtype, values, height, widths[i]);
            check_against(pixel_merge_intervals, cubical, PSH_U8, values, widths[i], height);
        }
    psh_cubical_free(cubical);
}

/* Long paths: nothing else makes the engine lay stations. Sparse specks on a plain, a comb of valleys, a long spiral.
 */
static void images_with_long_paths_agree_with_pixel_merge(void **state) {
    static double values[MAX_PIXELS];
    const size_t side = 250;
    psh_cubical *cubical = make_cubical();
    psh__random rng;
    psh__random_init(&rng, 9, 0);
    for (size_t i = 0; i < side * side; i++) values[i] = psh__random_below(&rng, 50) == 0 ? 1 : 0;
    check_against(pixel_merge_intervals, cubical, PSH_U8, values, side, side);
    for (size_t i = 0; i < side * side; i++) /* a slope with valleys and specks */
        values[i] = (double)(i / side) + (i % side % 7 == 0 ? 30 : 0) + (psh__random_below(&rng, 97) == 0 ? 60 : 0);
    check_against(pixel_merge_intervals, cubical, PSH_F32, values, side, side);
    for (size_t i = 0; i < side * side; i++) values[i] = 9;
    size_t y = 0, x = 0, length = side - 1; /* a groove that winds inward, deeper and deeper */
    double depth = 8;
    for (int turn = 0; length > 2; turn++) {
        static const int dy[] = {0, 1, 0, -1}, dx[] = {1, 0, -1, 0};
        for (size_t i = 0; i < length; i++, depth -= 1e-4) {
            values[y * side + x] = depth;
            y = (size_t)((long)y + dy[turn % 4]), x = (size_t)((long)x + dx[turn % 4]);
        }
        if (turn >= 2 && turn % 2 == 0) length -= 2;
    }
    check_against(pixel_merge_intervals, cubical, PSH_F64, values, side, side);
    psh_cubical_free(cubical);
}

static void every_simd_level_gives_the_same_bytes(void **state) {
    static double values[100 * 130];
    static const char *const levels[] = {"scalar", "neon", "avx2", "avx512"};
    fill_random(values, COUNT(values), 9, 1);
    psh_interval *expected = NULL;
    size_t n_expected = 0;
    for (int dtype = 0; dtype < 4; dtype++)
        for (size_t i = 0; i < COUNT(levels); i++) { /* a level that is missing here falls back to the best one */
            assert_int_equal(setenv("PSH_SIMD", levels[i], 1), 0);
            psh_cubical *cubical = make_cubical();
            psh_image *image = make_image((psh_dtype)dtype, values, 100, 130);
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
    unsetenv("PSH_SIMD");
}

/* --- By hand ----------------------------------------------------------------------------------------------------- */

static void one_pixel_is_one_essential_class(void **state) {
    const double value = 7;
    for (int construction = 0; construction < N_CONSTRUCTIONS; construction++) {
        psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL);
        check_intervals(&value, 1, 1, &params, (psh_interval[]){{7, INFINITY, 0}}, 1, 0);
        params.filtration = PSH_SUPERLEVEL;
        check_intervals(&value, 1, 1, &params, (psh_interval[]){{-7, INFINITY, 0}}, 1, 0);
    }
    check_intervals(&value, 1, 1, NULL, NULL, 0, 1);
}

static void a_row_and_a_column_have_components_only(void **state) {
    const double values[] = {3, 1, 4, 1, 5, 9, 2, 6}; /* minima 1, 1, 2; merged at 4 and 9 */
    const psh_interval expected[] = {{1, 4, 0}, {1, INFINITY, 0}, {2, 9, 0}};
    for (int construction = 0; construction < N_CONSTRUCTIONS; construction++) {
        psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL);
        check_intervals(values, 1, 8, &params, expected, COUNT(expected), 0);
        check_intervals(values, 8, 1, &params, expected, COUNT(expected), 0);
    }
}

static void a_constant_image_has_no_finite_class(void **state) {
    static double values[100 * 100];
    for (size_t i = 0; i < COUNT(values); i++) values[i] = 42;
    for (int construction = 0; construction < N_CONSTRUCTIONS; construction++) {
        psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL);
        check_intervals(values, 100, 100, &params, (psh_interval[]){{42, INFINITY, 0}}, 1, 0);
    }
}

/* 5 x 5 with 13 black squares (0) and 12 white (1). T: black ones touch at corners, and enclose the 4 inner white ones
 * that are not at the border. V: black ones are 13 components that merge at 1. */
static void a_checkerboard_tells_the_constructions_apart(void **state) {
    double values[25];
    psh_interval t[5] = {{0, INFINITY, 0}}, v[13];
    for (int i = 0; i < 25; i++) values[i] = i % 2;
    for (int i = 0; i < 4; i++) t[i + 1] = (psh_interval){0, 1, 1};
    for (int i = 0; i < 13; i++) v[i] = (psh_interval){0, i == 12 ? INFINITY : 1, 0};
    psh_homology_params params = keep_all(PSH_CONSTRUCTION_T, PSH_SUBLEVEL);
    check_intervals(values, 5, 5, &params, t, 5, 0);
    params.construction = PSH_CONSTRUCTION_V;
    check_intervals(values, 5, 5, &params, v, 13, 0);
}

static void a_ring_around_a_peak_is_one_loop(void **state) {
    const double values[] = {5, 5, 5, 5, 5,  /* */
                             5, 1, 2, 1, 5,  /* */
                             5, 2, 9, 3, 5,  /* */
                             5, 1, 2, 1, 5,  /* */
                             5, 5, 5, 5, 5}; /* T: the four corners of the ring touch at 2, 2, 2; V: closed by 3 */
    psh_homology_params params = keep_all(PSH_CONSTRUCTION_V, PSH_SUBLEVEL);
    params.dims_mask = 2;
    check_intervals(values, 5, 5, &params, (psh_interval[]){{3, 9, 1}}, 1, 0);
    params.construction = PSH_CONSTRUCTION_T; /* 2, 3 and 2 touch at corners with the 1s: the loop is as late */
    check_intervals(values, 5, 5, &params, (psh_interval[]){{3, 9, 1}}, 1, 0);
}

static void huge_values_and_zeros_of_both_signs_are_exact(void **state) {
    const double values[] = {-DBL_MAX, DBL_MAX, -0.0, DBL_MIN, 0.0, 5e-324, -5e-324};
    /* minima: -DBL_MAX, -0, +0, -5e-324; -0 and +0 are equal */
    const psh_interval expected[] = {{-DBL_MAX, INFINITY, 0}, {-5e-324, DBL_MAX, 0}, {0, DBL_MIN, 0}, {0, 5e-324, 0}};
    psh_interval sorted[] = {expected[0], expected[1], expected[3], expected[2]};
    sorted[2] = (psh_interval){0, 5e-324, 0}, sorted[3] = (psh_interval){0, DBL_MIN, 0};
    psh_homology_params params = keep_all(PSH_CONSTRUCTION_T, PSH_SUBLEVEL);
    check_intervals(values, 1, 7, &params, sorted, 4, 0);
}

/* --- Parameters -------------------------------------------------------------------------------------------------- */

static const double valley_and_pit[] = {0, 10, 4, 6, 5}; /* [0, inf), [4, 10), [5, 6) */

static void essential_policies(void **state) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    check_intervals(valley_and_pit, 1, 5, NULL, (psh_interval[]){{4, 10, 0}, {5, 6, 0}}, 2, 1);
    check_intervals(valley_and_pit, 1, 5, &params, (psh_interval[]){{4, 10, 0}, {5, 6, 0}}, 2, 1);
    params.essential = PSH_ESSENTIAL_KEEP;
    check_intervals(valley_and_pit, 1, 5, &params, (psh_interval[]){{0, INFINITY, 0}, {4, 10, 0}, {5, 6, 0}}, 3, 0);
    params.essential = PSH_ESSENTIAL_CLAMP, params.essential_value = 255;
    check_intervals(valley_and_pit, 1, 5, &params, (psh_interval[]){{0, 255, 0}, {4, 10, 0}, {5, 6, 0}}, 3, 0);
    params.essential_value = 0; /* not above its birth */
    check_intervals(valley_and_pit, 1, 5, &params, (psh_interval[]){{4, 10, 0}, {5, 6, 0}}, 2, 1);
    params.dims_mask = 2; /* another dimension: nothing was left out */
    check_intervals(valley_and_pit, 1, 5, &params, NULL, 0, 0);
}

static void a_clamped_class_is_sorted_among_equal_births(void **state) {
    const double values[] = {0, 9, 0, 3, 0};
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.essential = PSH_ESSENTIAL_CLAMP, params.essential_value = 5;
    check_intervals(values, 1, 5, &params, (psh_interval[]){{0, 3, 0}, {0, 5, 0}, {0, 9, 0}}, 3, 0);
}

static void min_persistence_leaves_out_short_intervals(void **state) {
    psh_homology_params params = keep_all(PSH_CONSTRUCTION_T, PSH_SUBLEVEL);
    params.min_persistence = 1; /* [5, 6) is exactly as long: left out */
    check_intervals(valley_and_pit, 1, 5, &params, (psh_interval[]){{0, INFINITY, 0}, {4, 10, 0}}, 2, 0);
    params.min_persistence = 0.999;
    check_intervals(valley_and_pit, 1, 5, &params, (psh_interval[]){{0, INFINITY, 0}, {4, 10, 0}, {5, 6, 0}}, 3, 0);
    params.min_persistence = 6;
    check_intervals(valley_and_pit, 1, 5, &params, (psh_interval[]){{0, INFINITY, 0}}, 1, 0);
}

static void dims_mask_chooses_dimensions(void **state) {
    static double values[64 * 64];
    fill_random(values, COUNT(values), 100, 3);
    psh_cubical *both = make_cubical(), *one = make_cubical();
    psh_image *image = make_image(PSH_U8, values, 64, 64);
    const psh_interval *all, *some;
    size_t n_all, n_some, n_essential, first = 0;
    assert_int_equal(psh_cubical_compute(both, image, NULL, &all, &n_all, NULL, NULL), PSH_OK);
    for (int dim = 0; dim < 3; dim++) {
        psh_homology_params params = PSH_PARAMS(psh_homology_params);
        params.dims_mask = 1u << dim;
        assert_int_equal(psh_cubical_compute(one, image, &params, &some, &n_some, &n_essential, NULL), PSH_OK);
        assert_same_intervals(some, n_some, all + first, n_some, "one dimension");
        assert_true(dim == 2 ? n_some == 0 : n_some > 100);
        assert_int_equal(n_essential, dim == 0);
        first += n_some;
    }
    assert_int_equal(first, n_all);
    psh_image_free(image);
    psh_cubical_free(both), psh_cubical_free(one);
}

static void bad_parameters_are_refused(void **state) {
    const double value = 1;
    psh_cubical *cubical = make_cubical();
    psh_image *image = make_image(PSH_F64, &value, 1, 1);
    const psh_interval *intervals;
    size_t n_intervals;
    psh_error err;
    psh_homology_params bad[6];
    for (size_t i = 0; i < COUNT(bad); i++) bad[i] = PSH_PARAMS(psh_homology_params);
    bad[0].construction = (psh_construction)2;
    bad[1].filtration = (psh_filtration)-1;
    bad[2].essential = (psh_essential)3;
    bad[3].essential = PSH_ESSENTIAL_CLAMP, bad[3].essential_value = INFINITY;
    bad[4].min_persistence = -1;
    bad[5].min_persistence = NAN;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(psh_cubical_compute(cubical, image, &bad[i], &intervals, &n_intervals, NULL, &err),
                         PSH_ERR_PARAMETER);
    psh_image_free(image);
    psh_cubical_free(cubical);
}

/* --- Properties -------------------------------------------------------------------------------------------------- */

/* V - E + F of a sublevel set is the number of components minus that of holes. */
static void betti_numbers_add_up_to_the_euler_characteristic(void **state) {
    double values[12 * 9];
    fill_random(values, COUNT(values), 6, 77);
    psh_image *image = make_image(PSH_U16, values, 12, 9);
    psh_cubical *cubical = make_cubical();
    for (int construction = 0; construction < N_CONSTRUCTIONS; construction++) {
        const psh_interval *intervals;
        size_t n_intervals, n_cells[3];
        psh_homology_params params = keep_all((psh_construction)construction, PSH_SUBLEVEL);
        assert_int_equal(psh_cubical_compute(cubical, image, &params, &intervals, &n_intervals, NULL, NULL), PSH_OK);
        for (double threshold = -1; threshold < 7; threshold++) {
            long euler = 0;
            for (size_t i = 0; i < n_intervals; i++)
                if (intervals[i].birth <= threshold && threshold < intervals[i].death)
                    euler += intervals[i].dim == 0 ? 1 : -1;
            boundary_matrix_count(values, 12, 9, (psh_construction)construction, threshold, n_cells);
            assert_int_equal(euler, (long)n_cells[0] - (long)n_cells[1] + (long)n_cells[2]);
        }
    }
    psh_image_free(image);
    psh_cubical_free(cubical);
}

/* --- Memory ------------------------------------------------------------------------------------------------------ */

static void every_allocation_may_fail(void **state) {
    static double values[90 * 90];
    fill_random(values, COUNT(values), 2, 8);
    for (size_t i = 0; i < COUNT(values) / 2; i++) values[i] = i % 41 == 0; /* with long paths */
    psh_image *image = make_image(PSH_F32, values, 90, 90);
    psh_status status = PSH_ERR_MEMORY;
    unsigned long n;
    for (n = 1; status != PSH_OK; n++) {
        psh_cubical *cubical = NULL;
        const psh_interval *intervals;
        size_t n_intervals;
        psh__alloc_fail_at(n);
        status = psh_cubical_create(&cubical, NULL);
        if (status == PSH_OK) status = psh_cubical_compute(cubical, image, NULL, &intervals, &n_intervals, NULL, NULL);
        psh__alloc_fail_at(0);
        psh_cubical_free(cubical);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
    }
    assert_true(n > 15);
    psh_image_free(image);
}

static void no_allocation_after_the_largest_image(void **state) {
    static double values[200 * 200];
    fill_random(values, COUNT(values), 200, 8);
    psh_image *large = make_image(PSH_U8, values, 200, 200), *small = make_image(PSH_U8, values, 50, 70);
    psh_cubical *cubical = make_cubical();
    const psh_interval *intervals;
    size_t n_intervals;
    assert_int_equal(psh_cubical_compute(cubical, large, NULL, &intervals, &n_intervals, NULL, NULL), PSH_OK);
    psh__alloc_fail_at(0);
    assert_int_equal(psh_cubical_compute(cubical, small, NULL, &intervals, &n_intervals, NULL, NULL), PSH_OK);
    assert_int_equal(psh_cubical_compute(cubical, large, NULL, &intervals, &n_intervals, NULL, NULL), PSH_OK);
    assert_int_equal(psh__alloc_count(), 0);
    psh_image_free(large), psh_image_free(small);
    psh_cubical_free(cubical);
    psh_cubical_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_3x3_images_of_3_levels_agree_with_boundary_matrix),
        cmocka_unit_test(small_random_images_of_every_shape_agree_with_boundary_matrix),
        cmocka_unit_test(random_64x64_images_of_every_type_agree_with_pixel_merge),
        cmocka_unit_test(floats_with_ties_and_both_signs_agree_with_pixel_merge),
        cmocka_unit_test(every_width_around_the_block_size_agrees_with_pixel_merge),
        cmocka_unit_test(images_with_long_paths_agree_with_pixel_merge),
        cmocka_unit_test(every_simd_level_gives_the_same_bytes),
        cmocka_unit_test(one_pixel_is_one_essential_class),
        cmocka_unit_test(a_row_and_a_column_have_components_only),
        cmocka_unit_test(a_constant_image_has_no_finite_class),
        cmocka_unit_test(a_checkerboard_tells_the_constructions_apart),
        cmocka_unit_test(a_ring_around_a_peak_is_one_loop),
        cmocka_unit_test(huge_values_and_zeros_of_both_signs_are_exact),
        cmocka_unit_test(essential_policies),
        cmocka_unit_test(a_clamped_class_is_sorted_among_equal_births),
        cmocka_unit_test(min_persistence_leaves_out_short_intervals),
        cmocka_unit_test(dims_mask_chooses_dimensions),
        cmocka_unit_test(bad_parameters_are_refused),
        cmocka_unit_test(betti_numbers_add_up_to_the_euler_characteristic),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(no_allocation_after_the_largest_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
