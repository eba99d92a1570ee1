/* test_slices.c : rows against the integral of the signed count, at every SIMD level; the edges. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assert_near.h"
#include "base/alloc.h"
#include "base/random.h"
#include "encoder/slices_kernels.h"
#include "sketch_oracle.h"

enum { DIRECTIONS = PSH__SLICE_DIRECTIONS, CELLS = PSH__SLICE_CELLS, ROW = DIRECTIONS * CELLS, MAX_POINTS = 600 };

static const psh_frame unit = {PSH_FRAME_FIXED, 0, 1};

static psh_diagrams *new_set(void) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    return set;
}

static void append(psh_diagrams *set, const double *points, const int32_t *dims, size_t n_points) {
    assert_int_equal(psh_diagrams_append(set, points, dims, n_points, NULL, -1, NULL), PSH_OK);
}

/* Up to MAX_POINTS points in three dimensions, coordinates in [lo, lo + length]; some persist much, most little. */
static psh_diagrams *make_set(size_t n_diagrams, size_t max_points, double lo, double length, uint64_t seed) {
    psh_diagrams *set = new_set();
    for (size_t i = 0; i < n_diagrams; i++) {
        static double points[MAX_POINTS][2];
        static int32_t dims[MAX_POINTS];
        psh__random rng;
        psh__random_init(&rng, seed, i);
        size_t n_points = psh__random_below(&rng, max_points + 1);
        for (size_t k = 0; k < n_points; k++) {
            double birth = psh__random_unit(&rng), u = psh__random_unit(&rng);
            double death = birth + (1 - birth) * (k % 5 ? u * u * u : u);
            points[k][0] = lo + birth * length, points[k][1] = lo + fmin(death, 1) * length;
            dims[k] = (int32_t)psh__random_below(&rng, 3);
        }
        append(set, points[0], dims, n_points);
    }
    return set;
}

static psh__slices fit(const psh_diagrams *set, const psh_frame *frame, bool pool) {
    psh__slices slices;
    assert_int_equal(psh__slices_fit(set, frame, pool, 0, &slices, NULL), PSH_OK);
    psh_error err = {0};
    if (psh__slices_check(&slices, &err) != PSH_OK) fail_msg("%s", err.text);
    return slices;
}

static psh__slicer *new_slicer(const psh__slices *slices) {
    psh__slicer *slicer;
    assert_int_equal(psh__slicer_create(slices, &slicer, NULL), PSH_OK);
    return slicer;
}

/* The levels of this machine; answers how many. */
static size_t list_levels(const psh__slice_kernels *levels[3]) {
    size_t n = 0;
    levels[n++] = &psh__slice_kernels_scalar;
#if defined(__x86_64__)
    if (psh_cpu_simd() >= PSH_SIMD_AVX2) levels[n++] = &psh__slice_kernels_avx2;
    if (psh_cpu_simd() >= PSH_SIMD_AVX512) levels[n++] = &psh__slice_kernels_avx512;
#endif
    return n;
}

/* Diagram i at the best level, having seen that all levels agree. */
static void compute_row(const psh__slicer *slicer, size_t n_features, const psh_diagrams *set, size_t i,
                        const psh_frame *frame, float *row) {
    const psh__slice_kernels *levels[3];
    float *other = malloc(n_features * sizeof *other);
    size_t n_levels = list_levels(levels);
    assert_true(psh__slicer_row(slicer, levels[n_levels - 1], set, i, frame, 0, row));
    for (size_t l = 0; l + 1 < n_levels; l++) {
        memset(other, 255, n_features * sizeof *other);
        assert_true(psh__slicer_row(slicer, levels[l], set, i, frame, 0, other));
        assert_memory_equal(row, other, n_features * sizeof *row);
    }
    for (size_t f = 0; f < n_features; f++) assert_true(isfinite(row[f]));
    free(other);
}

/* The feature by its definition: the integral of F over the cell, over the number of directions. */
static double slow_feature(const psh__slices *slices, size_t f, const psh_diagrams *set, size_t i, double lo,
                           double hi) {
    const psh__slice *slice = &slices->slices[f / CELLS];
    int32_t dim = slices->dims[f / ROW];
    double angle = ((double)(f / CELLS % DIRECTIONS) + 0.5) * M_PI / DIRECTIONS - M_PI / 2, c = cos(angle),
           s = sin(angle);
    double from = (c + s) * (slice->start + (double)slice->step * slice->edges[f % CELLS]);
    double to = (c + s) * (slice->start + (double)slice->step * slice->edges[f % CELLS + 1]);
    static double points[MAX_POINTS][2];
    size_t n = 0;
    if (from == to) return 0;
    for (uint64_t j = psh_diagrams_offsets(set)[i]; j < psh_diagrams_offsets(set)[i + 1]; j++) {
        if (dim != PSH__SLICE_ANY && psh_diagrams_dims(set)[j] != dim) continue;
        for (int a = 0; a < 2; a++) points[n][a] = (psh_diagrams_points(set)[2 * j + (size_t)a] - lo) / (hi - lo);
        n++;
    }
    assert_true(from < to);
    return oracle_mean_feature(points[0], n, c, s, from, to) * (to - from) / DIRECTIONS;
}

static void check_rows(const psh__slices *slices, const psh_diagrams *set, const psh_frame *frame, double tolerance) {
    psh__slicer *slicer = new_slicer(slices);
    size_t n_features = psh__slices_n_features(slices);
    float *row = malloc(n_features * sizeof *row);
    for (size_t i = 0; i < psh_diagrams_count(set); i++) {
        double lo, hi;
        psh_frame_bounds(frame, set, i, &lo, &hi);
        compute_row(slicer, n_features, set, i, frame, row);
        for (size_t f = 0; f < n_features; f++) assert_near(row[f], slow_feature(slices, f, set, i, lo, hi), tolerance);
    }
    free(row);
    psh__slicer_free(slicer);
}

/* --- Rows --------------------------------------------------------------------------------------------------------- */

static void rows_are_integrals_of_the_signed_count(void **state) {
    for (uint64_t seed = 0; seed < 4; seed++) {
        psh_diagrams *set = make_set(12, seed % 2 ? 40 : MAX_POINTS, 0, 1, seed);
        psh__slices slices = fit(set, &unit, seed < 2);
        assert_int_equal(slices.n_dims, seed < 2 ? 1 : 3);
        check_rows(&slices, set, &unit, 3e-6);
        psh_diagrams_free(set);
    }
}

static void rows_follow_the_frame(void **state) {
    static const double ranges[][2] = {{-3, 7}, {1e6, 1}, {0, 1e-9}, {-1e200, 2e200}};
    for (size_t r = 0; r < 4; r++)
        for (int kind = 0; kind < 2; kind++) {
            psh_diagrams *set = make_set(5, 50, ranges[r][0], ranges[r][1], r);
            psh_frame frame = {0};
            assert_int_equal(psh_frame_fit(set, kind ? PSH_FRAME_SET : PSH_FRAME_DIAGRAM, &frame, NULL), PSH_OK);
            psh__slices slices = fit(set, &frame, true);
            check_rows(&slices, set, &frame, 1e-6);
            psh_diagrams_free(set);
        }
}

/* A fixed frame may be far too wide, or far off. */
static void data_may_fill_a_corner_of_the_frame(void **state) {
    static const double ranges[][2] = {{0.5, 1e-4}, {0, 255}, {1e4, 10}};
    for (size_t r = 0; r < 3; r++) {
        psh_diagrams *set = make_set(5, 50, ranges[r][0], ranges[r][1], r);
        psh__slices slices = fit(set, &unit, true);
        check_rows(&slices, set, &unit, 1e-6 * fmax(ranges[r][1], 1e-2 * ranges[r][0]));
        psh_diagrams_free(set);
    }
}

static void later_points_may_lie_beyond_the_cells(void **state) {
    psh_diagrams *set = make_set(10, 50, 0.3, 0.2, 1), *later = make_set(10, 50, -2, 5, 2);
    psh__slices slices = fit(set, &unit, true);
    check_rows(&slices, later, &unit, 1e-6);
    psh_diagrams_free(set);
    psh_diagrams_free(later);
}

static void extreme_diagrams_have_finite_rows(void **state) {
    static const double extremes[][4] = {{-DBL_MAX, DBL_MAX, 0, 1},    {DBL_MAX, DBL_MAX, 0, 0},
                                         {-1e300, -1e300, 0.5, 1e300}, {0, DBL_TRUE_MIN, -DBL_TRUE_MIN, 0},
                                         {1e38, 1e39, -1e39, -1e38},   {DBL_MIN, DBL_MIN, 0.1, 0.2}};
    psh_diagrams *set = make_set(10, 50, 0, 1, 3), *later = new_set(), *alone;
    psh__slices slices = fit(set, &unit, true);
    psh__slicer *slicer = new_slicer(&slices);
    float row[ROW];
    append(later, NULL, NULL, 0);
    compute_row(slicer, ROW, later, 0, &unit, row);
    for (size_t f = 0; f < ROW; f++) assert_true(row[f] == 0);
    for (size_t e = 0; e < sizeof extremes / sizeof *extremes; e++) {
        append(later, extremes[e], NULL, 2);
        compute_row(slicer, ROW, later, e + 1, &unit, row);
    }
    psh__slicer_free(slicer);
    for (size_t e = 0; e < sizeof extremes / sizeof *extremes; e++) { /* cells fitted to such points */
        alone = new_set();
        append(alone, extremes[e], NULL, 2);
        slices = fit(alone, &unit, true);
        slicer = new_slicer(&slices);
        compute_row(slicer, ROW, alone, 0, &unit, row);
        psh__slicer_free(slicer);
        psh_diagrams_free(alone);
    }
    psh_diagrams_free(set);
    psh_diagrams_free(later);
}

static void one_point_is_enough(void **state) {
    static const double points[][2] = {{0, 1}, {0.25, 0.26}, {0.5, 0.5}, {0, 0}, {1, 1}};
    for (size_t p = 0; p < 5; p++) {
        psh_diagrams *set = new_set();
        append(set, points[p], NULL, 1);
        psh__slices slices = fit(set, &unit, true);
        check_rows(&slices, set, &unit, 1e-6);
        psh_diagrams_free(set);
    }
}

static void order_of_points_does_not_matter(void **state) {
    psh_diagrams *set = make_set(3, MAX_POINTS, 0, 1, 5), *turned = new_set();
    for (size_t i = 0; i < 3; i++) {
        size_t first = psh_diagrams_offsets(set)[i], n = psh_diagrams_offsets(set)[i + 1] - first;
        static double points[MAX_POINTS][2];
        static int32_t dims[MAX_POINTS];
        for (size_t k = 0; k < n; k++) {
            size_t from = first + (k * 389 + 7) % n; /* 389 is prime and n is no multiple of it */
            memcpy(points[k], psh_diagrams_points(set) + 2 * from, sizeof *points);
            dims[k] = psh_diagrams_dims(set)[from];
        }
        assert_true(n % 389 != 0);
        append(turned, points[0], dims, n);
    }
    psh__slices slices = fit(set, &unit, false);
    psh__slicer *slicer = new_slicer(&slices);
    float row[3 * ROW], other[3 * ROW];
    for (size_t i = 0; i < 3; i++) {
        compute_row(slicer, 3 * ROW, set, i, &unit, row);
        compute_row(slicer, 3 * ROW, turned, i, &unit, other);
        assert_memory_equal(row, other, sizeof row);
    }
    psh__slicer_free(slicer);
    psh_diagrams_free(set);
    psh_diagrams_free(turned);
}

static void points_on_the_diagonal_add_nothing(void **state) {
    psh_diagrams *set = make_set(1, MAX_POINTS, 0, 1, 6), *more = new_set();
    size_t n = psh_diagrams_n_points(set);
    double *points = malloc((n + 100) * 2 * sizeof *points);
    memcpy(points, psh_diagrams_points(set), n * 2 * sizeof *points);
    for (size_t k = 0; k < 100; k++) points[2 * (n + k)] = points[2 * (n + k) + 1] = -0.2 + 0.0143 * (double)k;
    append(more, points, NULL, n + 100);
    psh__slices slices = fit(set, &unit, true);
    psh__slicer *slicer = new_slicer(&slices);
    float row[ROW], other[ROW];
    compute_row(slicer, ROW, set, 0, &unit, row);
    compute_row(slicer, ROW, more, 0, &unit, other);
    assert_memory_equal(row, other, sizeof row);
    psh__slicer_free(slicer);
    psh_diagrams_free(set);
    psh_diagrams_free(more);
    free(points);
}

/* More points than the sums hold at once: twice one kind and then the other, or in turns. */
static void sums_of_a_million_points_do_not_overflow(void **state) {
    static const double kinds[2][2] = {{0.1, 0.9}, {0.62, 0.63}};
    enum { MANY = 4 * PSH__SPOT_MOST };
    psh_diagrams *set = new_set();
    double *points = malloc((size_t)MANY * 2 * sizeof *points);
    for (int k = 0; k < 2; k++) append(set, kinds[k], NULL, 1);
    for (size_t i = 0; i < MANY; i++) memcpy(points + 2 * i, kinds[i >= MANY / 2], sizeof *kinds);
    append(set, points, NULL, MANY);
    for (size_t i = 0; i < MANY; i++) memcpy(points + 2 * i, kinds[i % 2], sizeof *kinds);
    append(set, points, NULL, MANY);
    psh__slices slices = fit(set, &unit, true);
    psh__slicer *slicer = new_slicer(&slices);
    float rows[4][ROW];
    for (size_t i = 0; i < 4; i++) compute_row(slicer, ROW, set, i, &unit, rows[i]);
    assert_memory_equal(rows[2], rows[3], sizeof rows[2]);
    for (size_t f = 0; f < ROW; f++)
        assert_near(rows[2][f] / MANY, ((double)rows[0][f] + rows[1][f]) / 2, 1e-7 * fabs((double)rows[0][f]) + 1e-12);
    psh__slicer_free(slicer);
    psh_diagrams_free(set);
    free(points);
}

static void distances_are_at_most_sliced_wasserstein(void **state) {
    psh_diagrams *set = make_set(8, 60, 0, 1, 9);
    const double *points = psh_diagrams_points(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    psh__slices slices = fit(set, &unit, true);
    psh__slicer *slicer = new_slicer(&slices);
    float rows[8][ROW];
    for (size_t i = 0; i < 8; i++) compute_row(slicer, ROW, set, i, &unit, rows[i]);
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < i; j++) {
            double sum = 0,
                   sliced = oracle_sliced_distance(points + 2 * offsets[i], offsets[i + 1] - offsets[i],
                                                   points + 2 * offsets[j], offsets[j + 1] - offsets[j], DIRECTIONS);
            for (size_t f = 0; f < ROW; f++) sum += fabs((double)rows[i][f] - rows[j][f]);
            assert_true(sum <= sliced * 1.0001);
            assert_true(sum >= sliced * 0.7);
        }
    psh__slicer_free(slicer);
    psh_diagrams_free(set);
}

static void infinite_deaths_are_told_where_they_count(void **state) {
    static const double points[] = {0.1, 0.4, 0.2, INFINITY};
    static const int32_t dims[] = {0, 2};
    psh_diagrams *set = make_set(4, 30, 0, 1, 4);
    append(set, points, dims, 2);
    psh__slices slices = fit(set, &unit, true);
    psh__slicer *slicer = new_slicer(&slices);
    const psh__slice_kernels *kernels = psh__slice_kernels_get();
    float row[ROW];
    assert_false(psh__slicer_row(slicer, kernels, set, 4, &unit, 0, row));
    assert_false(psh__slicer_row(slicer, kernels, set, 4, &unit, 4, row));
    assert_true(psh__slicer_row(slicer, kernels, set, 4, &unit, 3, row));
    assert_true(psh__slicer_row(slicer, kernels, set, 3, &unit, 0, row));
    psh__slicer_free(slicer);
    psh_diagrams_free(set);
}

/* --- Cells -------------------------------------------------------------------------------------------------------- */

/* Half of the cells lie where the mass is. */
static void cells_follow_the_mass(void **state) {
    static const double points[] = {0.5, 0.502, 0.5, 0.502, 0.5, 0.502, 0, 0.001, 0.999, 1};
    psh_diagrams *set = new_set();
    append(set, points, NULL, 5);
    psh__slices slices = fit(set, &unit, false);
    const psh__slice *slice = &slices.slices[DIRECTIONS / 2 + 3];
    size_t n_near = 0;
    for (size_t c = 0; c < CELLS; c++)
        n_near += fabs(slice->start + slice->step * (slice->edges[c] + slice->edges[c + 1]) / 2 - 0.501) < 0.01;
    assert_true(n_near >= 12);
    psh_diagrams_free(set);
}

static void ranges_have_a_thousand_fine_steps(void **state) {
    psh_diagrams *set = make_set(20, MAX_POINTS, 0, 1, 8);
    psh__slices slices = fit(set, &unit, true);
    for (size_t k = 0; k < DIRECTIONS; k++) assert_true(slices.slices[k].edges[CELLS] >= 1023);
    psh_diagrams_free(set);
}

static void sets_without_slices_are_refused(void **state) {
    psh_diagrams *set = new_set();
    psh__slices slices;
    psh_error err;
    double essential[] = {0, INFINITY}, points[18];
    int32_t dims[9];
    assert_int_equal(psh__slices_fit(set, &unit, false, 0, &slices, &err), PSH_ERR_EMPTY);
    append(set, essential, NULL, 1);
    assert_int_equal(psh__slices_fit(set, &unit, false, 0, &slices, &err), PSH_ERR_EMPTY);
    for (int i = 0; i < 9; i++) points[2 * i] = i, points[2 * i + 1] = i + 1, dims[i] = i;
    append(set, points, dims, 9);
    assert_int_equal(psh__slices_fit(set, &unit, false, 0, &slices, &err), PSH_ERR_UNSUPPORTED);
    assert_int_equal(psh__slices_fit(set, &unit, true, 0, &slices, &err), PSH_OK);
    psh_diagrams_free(set);
}

static void what_is_no_slices_is_refused(void **state) {
    psh_diagrams *set = make_set(5, 50, 0, 1, 2);
    const psh__slices good = fit(set, &unit, false);
    for (int fault = 0; fault < 14; fault++) {
        psh__slices bad = good;
        psh__slice *slice = &bad.slices[DIRECTIONS + 9];
        switch (fault) {
        case 0:
            bad.n_dims = 0;
            break;
        case 1:
            bad.n_dims = PSH__SLICE_MAX_DIMS + 1;
            break;
        case 2:
            bad.dims[1] = bad.dims[0];
            break;
        case 3:
            bad.dims[0] = PSH__SLICE_ANY;
            break;
        case 4:
            slice->start = NAN;
            break;
        case 5:
            slice->step *= 1.5f;
            break;
        case 6:
            slice->step = -slice->step;
            break;
        case 7:
            slice->step = 0;
            break;
        case 8:
            slice->step *= 0x1p-10f;
            break;
        case 9:
            slice->start += slice->step / 2;
            break;
        case 10:
            slice->start += 0x1p20f * slice->step;
            break;
        case 11:
            slice->edges[0] = 1;
            break;
        case 12:
            slice->edges[30] = slice->edges[40] + 1;
            break;
        case 13:
            slice->edges[CELLS] = PSH__SLICE_FINE + 1;
            break;
        }
        assert_int_equal(psh__slices_check(&bad, NULL), PSH_ERR_CORRUPT);
    }
    psh_diagrams_free(set);
}

static void failing_memory_is_reported(void **state) {
    psh_diagrams *set = make_set(5, 50, 0, 1, 2);
    psh__slices slices = fit(set, &unit, false);
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh__slicer *slicer = NULL;
        psh__alloc_fail_at(n);
        status = psh__slices_fit(set, &unit, false, 0, &slices, NULL);
        if (status == PSH_OK) status = psh__slicer_create(&slices, &slicer, NULL);
        psh__alloc_fail_at(0);
        psh__slicer_free(slicer);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        assert_true(n < 20);
    }
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_integrals_of_the_signed_count),
                                       cmocka_unit_test(rows_follow_the_frame),
                                       cmocka_unit_test(data_may_fill_a_corner_of_the_frame),
                                       cmocka_unit_test(later_points_may_lie_beyond_the_cells),
                                       cmocka_unit_test(extreme_diagrams_have_finite_rows),
                                       cmocka_unit_test(one_point_is_enough),
                                       cmocka_unit_test(order_of_points_does_not_matter),
                                       cmocka_unit_test(points_on_the_diagonal_add_nothing),
                                       cmocka_unit_test(sums_of_a_million_points_do_not_overflow),
                                       cmocka_unit_test(distances_are_at_most_sliced_wasserstein),
                                       cmocka_unit_test(infinite_deaths_are_told_where_they_count),
                                       cmocka_unit_test(cells_follow_the_mass),
                                       cmocka_unit_test(ranges_have_a_thousand_fine_steps),
                                       cmocka_unit_test(sets_without_slices_are_refused),
                                       cmocka_unit_test(what_is_no_slices_is_refused),
                                       cmocka_unit_test(failing_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
