/* test_progressive.c : bounds of all pairs always bracket the distance, shrink, and end as the distance itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "persihash/transport.h"
#include "transport/bounds.h"

static const double orders[] = {1, 2, 1.25, 3.5, INFINITY};
#define N_ORDERS (sizeof orders / sizeof *orders)

/* Shapes of diagrams: uniform, on a coarse grid (ties, repeats), near the diagonal, all births equal, empty. */
enum { UNIFORM, GRID, NEAR_DIAGONAL, ONE_BIRTH, EMPTY, N_SHAPES };

static psh_diagrams *draw_set(uint64_t seed, size_t n_items, size_t max_points, double scale, double offset,
                              bool has_essential) {
    psh_diagrams *set;
    psh__random rng;
    double *points = malloc(2 * max_points * sizeof *points + 1);
    int32_t *dims = malloc(max_points * sizeof *dims + 1);
    psh__random_init(&rng, seed, 0);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n_items; i++) {
        size_t n = psh__random_below(&rng, max_points + 1), shape = psh__random_below(&rng, N_SHAPES);
        if (shape == EMPTY) n = 0;
        for (size_t k = 0; k < n; k++) {
            double x = psh__random_unit(&rng), y = psh__random_unit(&rng);
            if (shape == GRID) x = floor(6 * x) / 4, y = floor(6 * y) / 4;
            if (shape == NEAR_DIAGONAL) y = x + 0.05 * y * y;
            if (shape == ONE_BIRTH) x = 0;
            points[2 * k] = offset + scale * fmin(x, y), points[2 * k + 1] = offset + scale * fmax(x, y);
            dims[k] = (int32_t)psh__random_below(&rng, 3);
            if (has_essential && k < 3) points[2 * k + 1] = INFINITY, dims[k] = (int32_t)k / 2;
        }
        assert_int_equal(psh_diagrams_append(set, points, dims, n, NULL, -1, NULL), PSH_OK);
    }
    free(points), free(dims);
    return set;
}

typedef struct fixture {
    psh_diagrams *set;
    psh_progressive_params params;
    size_t n_pairs;
    double *exact, *lower, *upper;
    psh_progressive_report report;
} fixture;

static double *new_doubles(size_t n) {
    double *x = malloc(n * sizeof *x + 1);
    for (size_t k = 0; k < n; k++) x[k] = NAN;
    return x;
}

static fixture start(psh_diagrams *set, double order, psh_ground ground, bool pool, uint32_t dims_mask) {
    size_t n = psh_diagrams_count(set), n_pairs = n ? n * (n - 1) / 2 : 0;
    fixture f = {.set = set, .params = PSH_PARAMS(psh_progressive_params), .n_pairs = n_pairs};
    f.params.order = order, f.params.ground = ground, f.params.pool = pool, f.params.dims_mask = dims_mask;
    f.exact = new_doubles(n_pairs), f.lower = new_doubles(n_pairs), f.upper = new_doubles(n_pairs);
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    params.order = order, params.ground = ground, params.pool = pool, params.dims_mask = dims_mask;
    assert_int_equal(psh_wasserstein_condensed(set, &params, 1, NULL, f.exact, NULL), PSH_OK);
    return f;
}

static void stop(fixture *f) {
    free(f->exact), free(f->lower), free(f->upper);
    psh_diagrams_free(f->set);
}

static void assert_bracket(const fixture *f) {
    for (size_t k = 0; k < f->n_pairs; k++)
        if (!(f->lower[k] <= f->exact[k] && f->exact[k] <= f->upper[k] && f->lower[k] >= 0))
            fail_msg("pair %zu, order %g, ground %d: %.17g is not in [%.17g, %.17g]", k, f->params.order,
                     (int)f->params.ground, f->exact[k], f->lower[k], f->upper[k]);
}

static void run(fixture *f, double max_gap, int n_threads) {
    f->params.max_gap = max_gap;
    assert_int_equal(
        psh_progressive_condensed(f->set, &f->params, n_threads, NULL, f->lower, f->upper, &f->report, NULL), PSH_OK);
    assert_bracket(f);
}

/* Ever smaller gaps: nested brackets, the goal is kept, and the end is the exact matrix. */
static void check_descent(fixture *f) {
    static const double gaps[] = {0.9999, 0.6, 0.3, 0.15, 0.05, 0.01, 0};
    double *lower = new_doubles(f->n_pairs), *upper = new_doubles(f->n_pairs);
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
        double greatest = 0, sum = 0;
        run(f, gaps[g], 1);
        for (size_t k = 0; k < f->n_pairs; k++) {
            double gap = f->upper[k] > f->lower[k] ? (f->upper[k] - f->lower[k]) / f->upper[k] : 0;
            greatest = fmax(greatest, gap), sum += gap;
            assert_true(g == 0 || (f->lower[k] >= lower[k] && f->upper[k] <= upper[k]));
        }
        assert_true(greatest <= gaps[g] && f->report.max_gap == greatest && f->report.is_finished);
        assert_true(f->n_pairs == 0 || fabs(f->report.mean_gap - sum / (double)f->n_pairs) < 1e-12);
        memcpy(lower, f->lower, f->n_pairs * sizeof *lower), memcpy(upper, f->upper, f->n_pairs * sizeof *upper);
    }
    assert_memory_equal(f->lower, f->exact, f->n_pairs * sizeof *f->exact);
    assert_memory_equal(f->upper, f->exact, f->n_pairs * sizeof *f->exact);
    assert_int_equal(f->report.n_exact, f->n_pairs);
    free(lower), free(upper);
}

static void test_bounds_bracket_shrink_and_end_exact(void **state) {
    for (size_t turn = 0; turn < 4 * N_ORDERS; turn++) {
        psh_diagrams *set = draw_set(turn, 26, turn % 3 ? 45 : 9, 1, 0, false);
        fixture f = start(set, orders[turn % N_ORDERS], turn / N_ORDERS % 2 ? PSH_GROUND_L2 : PSH_GROUND_LINF, turn % 2,
                          turn % 7 == 3 ? 5 : 0);
        check_descent(&f);
        stop(&f);
    }
}

static void test_pivots_and_many_rounds(void **state) {
    for (size_t turn = 0; turn < 3; turn++) {
        fixture f =
            start(draw_set(100 + turn, 130, 8, 1, 0, turn == 2), turn == 1 ? 2 : 1, PSH_GROUND_LINF, turn == 0, 0);
        check_descent(&f);
        stop(&f);
    }
}

static void test_essential_classes(void **state) {
    for (size_t turn = 0; turn < 2 * N_ORDERS; turn++) {
        fixture f = start(draw_set(200 + turn, 24, 12, 1, 0, true), orders[turn % N_ORDERS],
                          turn % 2 ? PSH_GROUND_L2 : PSH_GROUND_LINF, turn % 3 == 0, 0);
        check_descent(&f);
        stop(&f);
    }
}

static void test_scales_and_offsets(void **state) {
    static const double scales[] = {1e-300, 1e-12, 1e12, 1e300, 1024, 1e307},
                        offsets[] = {0, 3e-12, 1e13, 0, 1e16, -1e308};
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++)
        for (size_t o = 0; o < N_ORDERS; o++) {
            fixture f =
                start(draw_set(300 + s, 12, 20, scales[s], offsets[s], false), orders[o], PSH_GROUND_LINF, true, 0);
            run(&f, 0.5, 1);
            check_descent(&f);
            stop(&f);
        }
}

static void test_coordinates_beyond_double_precision(void **state) {
    psh_diagrams *set;
    double points[] = {-1.7e308, 1.7e308, -1.6e308, 1.5e308};
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t k = 0; k < 3; k++) assert_int_equal(psh_diagrams_append(set, points, NULL, k, NULL, -1, NULL), PSH_OK);
    fixture f = start(set, 1, PSH_GROUND_LINF, false, 0);
    run(&f, 0, 1);
    assert_memory_equal(f.lower, f.exact, 3 * sizeof *f.exact);
    stop(&f);
}

static void test_few_diagrams(void **state) {
    for (size_t n = 0; n < 3; n++) {
        fixture f = start(draw_set(400, n, 5, 1, 0, false), 1, PSH_GROUND_LINF, false, 0);
        check_descent(&f);
        assert_int_equal(f.report.n_pairs, f.n_pairs);
        stop(&f);
    }
}

static void test_equal_diagrams_are_at_zero(void **state) {
    psh_diagrams *one = draw_set(1, 1, 30, 1, 0, false), *set;
    size_t rows[20] = {0};
    assert_int_equal(psh_diagrams_select(one, rows, 20, 0, false, &set, NULL), PSH_OK);
    fixture f = start(set, 1, PSH_GROUND_LINF, false, 0);
    check_descent(&f);
    for (size_t k = 0; k < f.n_pairs; k++) assert_true(f.upper[k] == 0);
    stop(&f);
    psh_diagrams_free(one);
}

static void test_thousands_of_repeated_points(void **state) {
    enum { N = 20000 };
    psh_diagrams *set;
    double *points = malloc(2 * N * sizeof *points);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < N; k++) points[2 * k] = (double)(k % (2 + i)), points[2 * k + 1] = 10 + (double)(k % 3);
        assert_int_equal(psh_diagrams_append(set, points, NULL, N - 100 * i, NULL, -1, NULL), PSH_OK);
    }
    fixture f = start(set, 1, PSH_GROUND_L2, false, 0);
    check_descent(&f);
    stop(&f);
    free(points);
}

static void test_threads_leave_no_trace(void **state) {
    fixture one = start(draw_set(500, 140, 15, 1, 0, false), 1, PSH_GROUND_LINF, true, 0);
    fixture five = start(draw_set(500, 140, 15, 1, 0, false), 1, PSH_GROUND_LINF, true, 0);
    run(&one, 0.1, 1), run(&five, 0.1, 5);
    assert_memory_equal(one.lower, five.lower, one.n_pairs * sizeof *one.lower);
    assert_memory_equal(one.upper, five.upper, one.n_pairs * sizeof *one.upper);
    assert_int_equal(one.report.n_exact, five.report.n_exact);
    stop(&one), stop(&five);
}

/* Levels that the machine lacks fall back to what it has, and then agree all the more. */
static void test_simd_levels_agree_to_the_bit(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    const char *was = getenv("PSH_SIMD");
    char *before = was ? strdup(was) : NULL;
    for (size_t turn = 0; turn < 4; turn++) {
        fixture f = start(draw_set(550, 40, 60, 1, 0, false), turn % 2 ? 2 : 1,
                          turn / 2 ? PSH_GROUND_L2 : PSH_GROUND_LINF, true, 0);
        double *lower = new_doubles(f.n_pairs), *upper = new_doubles(f.n_pairs);
        for (size_t l = 0; l < 3; l++) {
            setenv("PSH_SIMD", levels[l], 1);
            run(&f, 0.25, 1);
            if (l) assert_memory_equal(lower, f.lower, f.n_pairs * sizeof *lower);
            if (l) assert_memory_equal(upper, f.upper, f.n_pairs * sizeof *upper);
            memcpy(lower, f.lower, f.n_pairs * sizeof *lower), memcpy(upper, f.upper, f.n_pairs * sizeof *upper);
        }
        free(lower), free(upper);
        stop(&f);
    }
    if (before)
        setenv("PSH_SIMD", before, 1);
    else
        unsetenv("PSH_SIMD");
    free(before);
}

static void test_time_limit_leaves_brackets(void **state) {
    static const double limits[] = {1e-9, 1e-3, 5e-3, 2e-2};
    fixture f = start(draw_set(600, 200, 60, 1, 0, false), 1, PSH_GROUND_LINF, true, 0);
    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
        f.params.time_limit = limits[l];
        run(&f, 0, 1);
        assert_true(f.report.mean_gap < 1 && f.report.seconds < 10);
        if (l == 0) assert_false(f.report.is_finished);
    }
    stop(&f);
}

static bool stop_after(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    assert_string_equal(what, "progressive");
    assert_true(n_done <= n_total);
    return --*(int *)user > 0;
}

static void test_interruption_leaves_brackets(void **state) {
    fixture f = start(draw_set(700, 130, 20, 1, 0, false), 1, PSH_GROUND_LINF, true, 0);
    double before = 2;
    for (int n_calls = 1; n_calls < 400; n_calls *= 3) {
        int left = n_calls;
        psh_progress progress = {.report = stop_after, .user = &left};
        psh_error err = {0};
        assert_int_equal(psh_progressive_condensed(f.set, &f.params, 1, &progress, f.lower, f.upper, &f.report, &err),
                         PSH_ERR_INTERRUPTED);
        assert_non_null(strstr(err.text, "stopped by the caller"));
        assert_bracket(&f);
        assert_true(f.report.mean_gap <= before && !f.report.is_finished);
        before = f.report.mean_gap;
    }
    stop(&f);
}

static void test_bad_parameters(void **state) {
    psh_diagrams *set = draw_set(1, 3, 5, 1, 0, false);
    double lower[3], upper[3];
    static const struct {
        double order, time_limit, max_gap;
        const char *says;
    } bad[] = {{0.5, 0, 0, "order"},    {NAN, 0, 0, "order"}, {1, -1, 0, "time_limit"}, {1, NAN, 0, "time_limit"},
               {1, 0, -0.1, "max_gap"}, {1, 0, 1, "max_gap"}, {1, 0, NAN, "max_gap"}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        psh_progressive_params params = PSH_PARAMS(psh_progressive_params);
        psh_error err = {0};
        params.order = bad[k].order, params.time_limit = bad[k].time_limit, params.max_gap = bad[k].max_gap;
        assert_int_equal(psh_progressive_condensed(set, &params, 1, NULL, lower, upper, NULL, &err), PSH_ERR_PARAMETER);
        assert_non_null(strstr(err.text, bad[k].says));
    }
    psh_diagrams_free(set);
}

static void test_every_allocation_may_fail(void **state) {
    fixture f = start(draw_set(800, 70, 6, 1, 0, false), 1, PSH_GROUND_LINF, true, 0);
    unsigned long n = 1;
    for (;; n++) {
        psh_error err = {0};
        psh__alloc_fail_at(n);
        psh_status status = psh_progressive_condensed(f.set, &f.params, 1, NULL, f.lower, f.upper, NULL, &err);
        psh__alloc_fail_at(0);
        if (status == PSH_OK) break;
        assert_int_equal(status, PSH_ERR_MEMORY);
    }
    assert_true(n > 10);
    stop(&f);
}

/* Each bound alone, against the exact distance: also those that a stage would not show. */
static void test_each_bound_holds(void **state) {
    for (size_t turn = 0; turn < 4 * N_ORDERS; turn++) {
        psh_ground ground = turn / N_ORDERS % 2 ? PSH_GROUND_L2 : PSH_GROUND_LINF;
        fixture f = start(draw_set(900 + turn, 20, 60, 1, 0, false), orders[turn % N_ORDERS], ground, true, 0);
        psh__measures measures;
        psh__bounds bounds;
        assert_int_equal(psh__measures_create(f.set, NULL, 20, NULL, true, 0, &measures, NULL), PSH_OK);
        assert_int_equal(psh__bounds_create(&measures, f.params.order, ground, &bounds, NULL), PSH_OK);
        double costs[2 * 60 + 2 * PSH__BOUND_WINDOW];
        float taken[60 + PSH__BOUND_WINDOW];
        psh__bound_room room = {costs, taken};
        for (size_t i = 0, k = 0; i < 20; i++)
            for (size_t j = i + 1; j < 20; j++, k++) {
                size_t m = measures.first[i], n = measures.first[j];
                if (m == measures.first[i + 1] || n == measures.first[j + 1]) continue;
                const psh__bound_points *a = &bounds.points[m], *b = &bounds.points[n];
                double exact = f.exact[k] / bounds.range;
                double norms = fabs(a->norm - b->norm);
                assert_true(psh__bound_cells(&bounds, a, b) <= exact);
                assert_true(psh__bound_greedy(&bounds, a, b, &room) >= exact);
                assert_true(psh__bound_ranked(&bounds, a, b, &room) >= exact);
                if (f.params.order == 1) continue;
                double lines = psh__bound_lines(&bounds, a, b, &room);
                assert_true(lines <= exact && lines >= norms - 1e-9); /* the third line knows the norms */
            }
        psh__bounds_free(&bounds);
        psh__measures_free(&measures);
        stop(&f);
    }
}

/* One point against one point, far from the diagonal: the sliced bound of order 1 is nearly tight along birth or death.
 */
static void test_sliced_bound_is_tight_for_a_shift(void **state) {
    psh_diagrams *set;
    double a[] = {0, 10}, b[] = {0, 11};
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, a, NULL, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, b, NULL, 1, NULL, -1, NULL), PSH_OK);
    fixture f = start(set, 1, PSH_GROUND_LINF, false, 0);
    run(&f, 0.01, 1);
    assert_true(f.report.n_exact == 0 && f.exact[0] == 1);
    stop(&f);
}

static void test_real_sets(void **state) {
    static const char *const files[] = {"vortex_street", "starting_vortex"};
    for (size_t k = 0; k < 2; k++) {
        char path[512];
        psh_diagrams *set;
        snprintf(path, sizeof path, PSH_DATASETS "/%s/diagrams.npz", files[k]);
        if (psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &set, NULL, NULL) != PSH_OK) skip();
        fixture f = start(set, 1, PSH_GROUND_LINF, k, 0);
        check_descent(&f);
        stop(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds_bracket_shrink_and_end_exact),
                                       cmocka_unit_test(test_pivots_and_many_rounds),
                                       cmocka_unit_test(test_essential_classes),
                                       cmocka_unit_test(test_scales_and_offsets),
                                       cmocka_unit_test(test_coordinates_beyond_double_precision),
                                       cmocka_unit_test(test_few_diagrams),
                                       cmocka_unit_test(test_equal_diagrams_are_at_zero),
                                       cmocka_unit_test(test_thousands_of_repeated_points),
                                       cmocka_unit_test(test_threads_leave_no_trace),
                                       cmocka_unit_test(test_simd_levels_agree_to_the_bit),
                                       cmocka_unit_test(test_time_limit_leaves_brackets),
                                       cmocka_unit_test(test_interruption_leaves_brackets),
                                       cmocka_unit_test(test_bad_parameters),
                                       cmocka_unit_test(test_every_allocation_may_fail),
                                       cmocka_unit_test(test_each_bound_holds),
                                       cmocka_unit_test(test_sliced_bound_is_tight_for_a_shift),
                                       cmocka_unit_test(test_real_sets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
