/* test_wasserstein.c : exact Wasserstein distances against slow twins, laws and edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "persihash/transport.h"
#include "transport/matching.h"
#include "transport_twin.h"

#define MAX_POINTS 64

typedef struct options {
    double order;
    psh_ground ground;
} options;

static const options all_options[] = {{1, PSH_GROUND_LINF},        {1, PSH_GROUND_L2},       {2, PSH_GROUND_LINF},
                                      {2, PSH_GROUND_L2},          {3.5, PSH_GROUND_L2},     {1.25, PSH_GROUND_LINF},
                                      {INFINITY, PSH_GROUND_LINF}, {INFINITY, PSH_GROUND_L2}};
#define N_OPTIONS (sizeof all_options / sizeof *all_options)
#define N_FINITE (N_OPTIONS - 2) /* the others are bottleneck distances */

static psh_wasserstein_params params_of(options o) {
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    params.order = o.order, params.ground = o.ground;
    return params;
}

/* Shapes of random diagrams: uniform, on a coarse grid (ties, repeats), near the diagonal, all births equal. */
enum { UNIFORM, GRID, NEAR_DIAGONAL, ONE_BIRTH, N_SHAPES };

static void draw(psh__random *rng, int shape, double *points, size_t n_points) {
    for (size_t k = 0; k < n_points; k++) {
        double x = psh__random_unit(rng), y = psh__random_unit(rng);
        if (shape == GRID) x = floor(6 * x), y = floor(6 * y);
        if (shape == NEAR_DIAGONAL) y = x + 0.05 * y * y;
        if (shape == ONE_BIRTH) x = 0;
        points[2 * k] = fmin(x, y), points[2 * k + 1] = fmax(x, y);
    }
}

static psh_diagrams *set_of(const double *a, size_t n_a, const double *b, size_t n_b) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, a, NULL, n_a, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, b, NULL, n_b, NULL, -1, NULL), PSH_OK);
    return set;
}

static double distance(const double *a, size_t n_a, const double *b, size_t n_b, options o) {
    psh_diagrams *set = set_of(a, n_a, b, n_b);
    psh_wasserstein_params params = params_of(o);
    double found = NAN, back = NAN;
    assert_int_equal(psh_wasserstein_pair(set, 0, set, 1, &params, &found, NULL), PSH_OK);
    assert_int_equal(psh_wasserstein_pair(set, 1, set, 0, &params, &back, NULL), PSH_OK);
    assert_true(found == back);
    psh_diagrams_free(set);
    return found;
}

static void assert_close(double found, double expected, double tolerance) {
    if (fabs(found - expected) <= tolerance * fmax(fabs(expected), 1e-300) || found == expected) return;
    fail_msg("found %.17g, expected %.17g", found, expected);
}

static void test_equals_brute_force(void **state) {
    psh__random rng;
    double a[16], b[16];
    psh__random_init(&rng, 1, 0);
    for (int turn = 0; turn < 600; turn++) {
        size_t n_a = psh__random_below(&rng, 7), n_b = psh__random_below(&rng, 8);
        draw(&rng, turn % N_SHAPES, a, n_a), draw(&rng, turn / 2 % N_SHAPES, b, n_b);
        options o = all_options[turn % N_OPTIONS];
        assert_close(distance(a, n_a, b, n_b, o), twin_wasserstein_brute(a, n_a, b, n_b, o.order, o.ground), 1e-12);
    }
}

static double twin(const double *a, size_t n_a, const double *b, size_t n_b, options o) {
    return isinf(o.order) ? twin_bottleneck(a, n_a, b, n_b, o.ground)
                          : twin_wasserstein(a, n_a, b, n_b, o.order, o.ground);
}

static void test_equals_slow_twins(void **state) {
    psh__random rng;
    double a[2 * MAX_POINTS], b[2 * MAX_POINTS];
    psh__random_init(&rng, 2, 0);
    for (int turn = 0; turn < 640; turn++) {
        size_t n_a = psh__random_below(&rng, MAX_POINTS), n_b = psh__random_below(&rng, MAX_POINTS);
        draw(&rng, turn % N_SHAPES, a, n_a), draw(&rng, turn % N_SHAPES, b, n_b);
        options o = all_options[turn / N_SHAPES % N_OPTIONS];
        assert_close(distance(a, n_a, b, n_b, o), twin(a, n_a, b, n_b, o), 1e-11);
    }
}

static void test_empty_diagrams(void **state) {
    double a[] = {0, 2, 1, 4};
    options w1 = all_options[0];
    assert_true(distance(NULL, 0, NULL, 0, w1) == 0);
    assert_true(distance(a, 2, NULL, 0, w1) == 2.5);
    assert_true(distance(NULL, 0, a, 2, w1) == 2.5);
    assert_close(distance(a, 2, NULL, 0, (options){2, PSH_GROUND_L2}), sqrt(2 + 4.5), 1e-15);
}

static void test_diagonal_points_change_nothing(void **state) {
    psh__random rng;
    double a[2 * MAX_POINTS], b[2 * MAX_POINTS];
    psh__random_init(&rng, 3, 0);
    for (size_t k = 0; k < N_OPTIONS; k++) {
        draw(&rng, UNIFORM, a, 20), draw(&rng, UNIFORM, b, 25);
        double before = distance(a, 20, b, 25, all_options[k]);
        for (size_t i = 20; i < 30; i++) a[2 * i] = a[2 * i + 1] = psh__random_unit(&rng);
        assert_true(distance(a, 30, b, 25, all_options[k]) == before);
    }
}

static void test_order_of_points_leaves_no_trace(void **state) {
    psh__random rng;
    double a[2 * MAX_POINTS], b[2 * MAX_POINTS], swapped[2 * MAX_POINTS];
    uint32_t order[40];
    psh__random_init(&rng, 4, 0);
    for (size_t k = 0; k < 40; k++) order[k] = (uint32_t)k;
    for (int turn = 0; turn < 20; turn++) {
        draw(&rng, turn % N_SHAPES, a, 40), draw(&rng, turn % N_SHAPES, b, 30);
        psh__random_shuffle(&rng, order, 40);
        for (size_t k = 0; k < 40; k++) memcpy(swapped + 2 * k, a + 2 * order[k], 2 * sizeof *a);
        options o = all_options[(size_t)turn % N_OPTIONS];
        assert_true(distance(a, 40, b, 30, o) == distance(swapped, 40, b, 30, o));
    }
}

static void test_scaling_and_translation(void **state) {
    psh__random rng;
    double a[2 * MAX_POINTS], b[2 * MAX_POINTS], c[2 * MAX_POINTS], d[2 * MAX_POINTS];
    static const double factors[] = {1e-300, 1e-5, 0.25, 3, 1e10, 1e300};
    psh__random_init(&rng, 5, 0);
    for (size_t k = 0; k < N_OPTIONS; k++) {
        draw(&rng, UNIFORM, a, 30), draw(&rng, UNIFORM, b, 24);
        double expected = distance(a, 30, b, 24, all_options[k]);
        for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
            for (size_t i = 0; i < 60; i++) c[i] = a[i] * factors[f], d[i] = b[i] * factors[f];
            assert_close(distance(c, 30, d, 24, all_options[k]), factors[f] * expected, 1e-12);
        }
        for (size_t i = 0; i < 60; i++) c[i] = a[i] + 7.5, d[i] = b[i] + 7.5;
        assert_close(distance(c, 30, d, 24, all_options[k]), expected, 1e-12);
    }
}

static void test_metric_axioms(void **state) {
    psh__random rng;
    double x[3][2 * MAX_POINTS];
    size_t n[3];
    psh__random_init(&rng, 6, 0);
    for (int turn = 0; turn < 120; turn++) {
        options o = all_options[(size_t)turn % N_OPTIONS];
        for (int k = 0; k < 3; k++) {
            n[k] = psh__random_below(&rng, 30);
            draw(&rng, turn / 2 % N_SHAPES, x[k], n[k]);
        }
        double ab = distance(x[0], n[0], x[1], n[1], o), bc = distance(x[1], n[1], x[2], n[2], o);
        double ac = distance(x[0], n[0], x[2], n[2], o);
        assert_true(ab >= 0 && ac <= (ab + bc) * (1 + 1e-12));
        assert_true(distance(x[0], n[0], x[0], n[0], o) == 0);
    }
}

/* Integers of 1e16 are represented exactly (spacing 2), so the answer is that of the small problem. */
static void test_huge_coordinates(void **state) {
    psh__random rng;
    double a[2 * MAX_POINTS], b[2 * MAX_POINTS];
    psh__random_init(&rng, 7, 0);
    for (int turn = 0; turn < 30; turn++) {
        options o = all_options[(size_t)turn % N_OPTIONS];
        draw(&rng, UNIFORM, a, 20), draw(&rng, UNIFORM, b, 20);
        for (size_t k = 0; k < 40; k++) a[k] = 2 * floor(100 * a[k]), b[k] = 2 * floor(100 * b[k]);
        double expected = distance(a, 20, b, 20, o);
        for (size_t k = 0; k < 40; k++) a[k] += 1e16, b[k] += 1e16;
        assert_close(distance(a, 20, b, 20, o), expected, 1e-12);
    }
}

static void test_thousands_of_repeated_points(void **state) {
    enum { N = 30000, N_SMALL = 60 };
    double *a = malloc(2 * N * sizeof *a), *b = malloc(2 * N * sizeof *b);
    for (size_t k = 0; k < N; k++) {
        a[2 * k] = (double)(k % 3), a[2 * k + 1] = 10 + (double)(k % 5);
        b[2 * k] = (double)(k % 2), b[2 * k + 1] = 12 + (double)(k % 4);
    }
    for (size_t k = 0; k < N_OPTIONS; k++) {
        options o = all_options[k];
        double copies = N / N_SMALL; /* so many copies of a problem of 60 points, 15 of them distinct */
        assert_close(distance(a, N, b, N, o), pow(copies, 1 / o.order) * twin(a, N_SMALL, b, N_SMALL, o), 1e-12);
    }
    free(a), free(b);
}

/* The cost of a matching room and the lower bound that its duals prove. */
static void solve(const double *a, size_t n_a, const double *b, size_t n_b, options o, bool is_general, double *cost,
                  double *bound) {
    psh_diagrams *set = set_of(a, n_a, b, n_b);
    psh__measures measures;
    psh__matching_room *room;
    assert_int_equal(psh__measures_create(set, NULL, 2, NULL, false, 0, &measures, NULL), PSH_OK);
    assert_int_equal(psh__matching_room_create(measures.max_points, &room, NULL), PSH_OK);
    const psh__measure *first = measures.first[1] > 0 ? &measures.measures[0] : NULL;
    const psh__measure *second = measures.first[2] > measures.first[1] ? &measures.measures[measures.first[1]] : NULL;
    assert_int_equal(
        (is_general ? psh__matching_solve : psh__matching_cost)(room, first, second, o.order, o.ground, 0, cost, NULL),
        PSH_OK);
    *bound = is_general ? psh__matching_bound(room) : NAN;
    psh__matching_room_free(room);
    psh__measures_free(&measures);
    psh_diagrams_free(set);
}

static void test_duals_prove_optimality(void **state) {
    enum { N = 400 };
    static double a[2 * N], b[2 * N];
    psh__random rng;
    psh__random_init(&rng, 9, 0);
    for (int turn = 0; turn < 48; turn++) {
        size_t n_a = psh__random_below(&rng, N), n_b = psh__random_below(&rng, N);
        double cost, bound;
        draw(&rng, turn % N_SHAPES, a, n_a), draw(&rng, turn % N_SHAPES, b, n_b);
        solve(a, n_a, b, n_b, all_options[turn / N_SHAPES % N_FINITE], true, &cost, &bound);
        assert_true(bound <= cost * (1 + 1e-12));
        assert_close(bound, cost, 1e-12);
    }
}

static void test_line_equals_general_matching(void **state) {
    enum { N = 300 };
    static double a[2 * N], b[2 * N];
    psh__random rng;
    psh__random_init(&rng, 10, 0);
    for (int turn = 0; turn < 200; turn++) {
        size_t n_a = 1 + psh__random_below(&rng, turn < 150 ? 12 : N - 1),
               n_b = 1 + psh__random_below(&rng, turn < 150 ? 12 : N - 1);
        bool is_grid = turn % 3 == 0, is_mirrored = turn % 2;
        double cost, line, bound;
        for (int s = 0; s < 2; s++)
            for (size_t k = 0; k < (s ? n_b : n_a); k++) {
                double x = 0.01 + psh__random_unit(&rng), *point = (s ? b : a) + 2 * k;
                if (is_grid) x = 1 + floor(10 * x);
                point[0] = is_mirrored ? 20 - x : -3, point[1] = is_mirrored ? 20 : x - 3;
            }
        options o = {1, turn % 5 ? PSH_GROUND_LINF : PSH_GROUND_L2};
        solve(a, n_a, b, n_b, o, true, &cost, &bound);
        solve(a, n_a, b, n_b, o, false, &line, &bound);
        assert_close(line, cost, 1e-12);
    }
}

static void test_dimensions_are_summed_or_pooled(void **state) {
    double a[] = {0, 4, 1, 3, 0, 6}, b[] = {0, 5, 2, 3};
    int32_t dims_a[] = {0, 0, 1}, dims_b[] = {1, 40};
    psh_diagrams *set;
    double found;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, a, dims_a, 3, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, b, dims_b, 2, NULL, -1, NULL), PSH_OK);
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    assert_int_equal(psh_wasserstein_pair(set, 0, set, 1, NULL, &found, NULL), PSH_OK);
    assert_true(found == 2 + 1 + 1 + 0.5);
    params.dims_mask = 1u << 1;
    assert_int_equal(psh_wasserstein_pair(set, 0, set, 1, &params, &found, NULL), PSH_OK);
    assert_true(found == 1);
    params.dims_mask = 0, params.pool = true;
    assert_int_equal(psh_wasserstein_pair(set, 0, set, 1, &params, &found, NULL), PSH_OK);
    assert_close(found, twin_wasserstein(a, 3, b, 2, 1, PSH_GROUND_LINF), 1e-15);
    params.order = 2;
    params.pool = false; /* the sum of W_2, not of its squares */
    assert_int_equal(psh_wasserstein_pair(set, 0, set, 1, &params, &found, NULL), PSH_OK);
    assert_close(found, sqrt(4 + 1) + 1 + 0.5, 1e-15);
    psh_diagrams_free(set);
}

static void test_essential_classes_match_by_sorted_births(void **state) {
    double a[] = {3, INFINITY, 0, INFINITY, 1, 2}, b[] = {1, INFINITY, 5, INFINITY}, c[] = {1, INFINITY};
    options w1 = {1, PSH_GROUND_LINF}, w2 = {2, PSH_GROUND_LINF};
    assert_true(distance(a, 3, b, 2, w1) == 1 + 2 + 0.5);
    assert_close(distance(a, 3, b, 2, w2), sqrt(1 + 4 + 0.25), 1e-15);
    assert_true(isinf(distance(a, 3, c, 1, w1)));
    assert_true(isinf(distance(a, 3, NULL, 0, w1)));
    assert_true(distance(c, 1, c, 1, w1) == 0);
}

static psh_diagrams *mixed_set(size_t n_items) {
    psh_diagrams *set;
    psh__random rng;
    double points[2 * MAX_POINTS];
    int32_t dims[MAX_POINTS];
    psh__random_init(&rng, 8, 0);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n_items; i++) {
        size_t n = psh__random_below(&rng, MAX_POINTS);
        draw(&rng, (int)(i % N_SHAPES), points, n);
        for (size_t k = 0; k < n; k++) dims[k] = (int32_t)psh__random_below(&rng, 2);
        assert_int_equal(psh_diagrams_append(set, points, dims, n, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

static void test_all_pairs_equal_single_pairs_bit_for_bit(void **state) {
    enum { N = 23, N_PAIRS = N * (N - 1) / 2 };
    static const char *const levels[] = {"scalar", "neon", "avx2", "avx512"};
    psh_diagrams *set = mixed_set(N);
    double one[N_PAIRS], two[N_PAIRS], listed[N_PAIRS];
    uint32_t pairs[2 * N_PAIRS];
    for (size_t k = 0; k < N_OPTIONS; k++) {
        psh_wasserstein_params params = params_of(all_options[k]);
        assert_int_equal(psh_wasserstein_condensed(set, &params, 1, NULL, one, NULL), PSH_OK);
        assert_int_equal(psh_wasserstein_condensed(set, &params, 2, NULL, two, NULL), PSH_OK);
        assert_memory_equal(one, two, sizeof one);
        size_t p = 0;
        for (uint32_t i = 0; i < N; i++)
            for (uint32_t j = i + 1; j < N; j++, p++) {
                pairs[2 * p] = i, pairs[2 * p + 1] = j;
                assert_int_equal(psh_wasserstein_pair(set, i, set, j, &params, &listed[p], NULL), PSH_OK);
            }
        assert_memory_equal(one, listed, sizeof one);
        assert_int_equal(psh_wasserstein_pairs(set, pairs, N_PAIRS, &params, 2, NULL, two, NULL), PSH_OK);
        assert_memory_equal(one, two, sizeof one);
        for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
            setenv("PSH_SIMD", levels[l], 1);
            assert_int_equal(psh_wasserstein_condensed(set, &params, 2, NULL, two, NULL), PSH_OK);
            unsetenv("PSH_SIMD");
            assert_memory_equal(one, two, sizeof one);
        }
    }
    psh_diagrams_free(set);
}

static void test_bad_options_are_refused(void **state) {
    static const double orders[] = {0.5, -1, -INFINITY, NAN};
    psh_diagrams *set = mixed_set(2);
    psh_error err;
    double found;
    for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) {
        psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
        params.order = orders[k];
        assert_int_equal(psh_wasserstein_check(&params, &err), PSH_ERR_PARAMETER);
        assert_non_null(strstr(err.text, "order"));
        assert_int_equal(psh_wasserstein_pair(set, 0, set, 1, &params, &found, &err), PSH_ERR_PARAMETER);
        assert_int_equal(psh_wasserstein_condensed(set, &params, 1, NULL, &found, &err), PSH_ERR_PARAMETER);
    }
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    assert_int_equal(psh_wasserstein_check(&params, &err), PSH_OK);
    assert_int_equal(psh_wasserstein_check(NULL, &err), PSH_OK);
    params.ground = (psh_ground)7;
    assert_int_equal(psh_wasserstein_check(&params, &err), PSH_ERR_PARAMETER);
    uint32_t pair[] = {0, 2};
    assert_int_equal(psh_wasserstein_pairs(set, pair, 1, NULL, 1, NULL, &found, &err), PSH_ERR_PARAMETER);
    psh_diagrams_free(set);
}

static bool stop_at_once(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    return false;
}

static void test_verify_agrees_and_proves(void **state) {
    psh_diagrams *set = mixed_set(12);
    psh_error err;
    for (size_t k = 0; k < N_OPTIONS; k++) {
        psh_wasserstein_params params = params_of(all_options[k]);
        for (size_t j = 1; j < 12; j++) {
            double distance_found, verified, bound;
            psh_status status = psh_wasserstein_verify(set, 0, set, j, &params, &verified, &bound, &err);
            if (k >= N_FINITE) {
                assert_int_equal(status, PSH_ERR_UNSUPPORTED);
                continue;
            }
            assert_int_equal(status, PSH_OK);
            assert_int_equal(psh_wasserstein_pair(set, 0, set, j, &params, &distance_found, &err), PSH_OK);
            assert_close(verified, distance_found, 1e-12);
            assert_close(bound, verified, 1e-12);
        }
    }
    psh_diagrams_free(set);
}

/* Every point once, costs as they are, and their sum (or maximum) is the distance; in one dimension. */
static void check_matching(const double *a, size_t n_a, const double *b, size_t n_b, options o) {
    psh_diagrams *set = set_of(a, n_a, b, n_b);
    psh_wasserstein_params params = params_of(o);
    psh_match *matches = malloc((n_a + n_b + 1) * sizeof *matches);
    bool *is_seen = calloc(n_a + n_b + 1, sizeof *is_seen);
    size_t n_matches;
    double found, sum = 0, factor = o.ground == PSH_GROUND_LINF ? 0.5 : sqrt(0.5);
    assert_int_equal(psh_wasserstein_match(set, 0, set, 1, &params, matches, &n_matches, &found, NULL), PSH_OK);
    for (size_t k = 0; k < n_matches; k++) {
        int64_t i = matches[k].a, j = matches[k].b;
        assert_true(i >= 0 || j >= 0);
        if (i >= 0) assert_false(is_seen[i]), is_seen[i] = true;
        if (j >= 0) assert_false(is_seen[n_a + (size_t)j]), is_seen[n_a + (size_t)j] = true;
        double cost = i < 0 ? (b[2 * j + 1] - b[2 * j]) * factor : (a[2 * i + 1] - a[2 * i]) * factor;
        if (i >= 0 && j >= 0) {
            double dx = fabs(a[2 * i] - b[2 * j]), dy = fabs(a[2 * i + 1] - b[2 * j + 1]);
            cost = o.ground == PSH_GROUND_LINF ? fmax(dx, dy) : hypot(dx, dy);
        }
        assert_close(matches[k].cost, cost, 1e-14);
        sum = isinf(o.order) ? fmax(sum, cost) : sum + pow(cost, o.order);
    }
    for (size_t k = 0; k < n_a + n_b; k++) assert_true(is_seen[k]);
    assert_close(isinf(o.order) ? sum : pow(sum, 1 / o.order), found, 1e-11);
    assert_true(found == distance(a, n_a, b, n_b, o));
    psh_diagrams_free(set);
    free(matches), free(is_seen);
}

static void test_matching_attains_the_distance(void **state) {
    psh__random rng;
    double a[2 * MAX_POINTS], b[2 * MAX_POINTS];
    psh__random_init(&rng, 11, 0);
    for (int turn = 0; turn < 200; turn++) {
        size_t n_a = psh__random_below(&rng, MAX_POINTS), n_b = psh__random_below(&rng, MAX_POINTS);
        draw(&rng, turn % N_SHAPES, a, n_a), draw(&rng, turn % N_SHAPES, b, n_b);
        for (size_t k = 0; k < n_a && k < n_b && turn % 3 == 0; k += 2) /* some points in common */
            b[2 * k] = a[2 * k], b[2 * k + 1] = a[2 * k + 1];
        check_matching(a, n_a, b, n_b, all_options[turn / N_SHAPES % N_OPTIONS]);
    }
}

static void test_matching_lists_essential_classes(void **state) {
    double a[] = {3, INFINITY, 0, 2, 0, INFINITY, 5, 5}, b[] = {1, INFINITY, 5, INFINITY}, c[] = {1, INFINITY};
    psh_diagrams *set = set_of(a, 4, b, 2);
    psh_match matches[6];
    size_t n_matches;
    double found;
    assert_int_equal(psh_diagrams_append(set, c, NULL, 1, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_wasserstein_match(set, 0, set, 1, NULL, matches, &n_matches, &found, NULL), PSH_OK);
    assert_int_equal(n_matches, 4);
    assert_true(matches[0].a == 0 && matches[0].b == 1 && matches[0].cost == 2);
    assert_true(matches[1].a == 1 && matches[1].b == -1 && matches[1].cost == 1);
    assert_true(matches[2].a == 2 && matches[2].b == 0 && matches[2].cost == 1);
    assert_true(matches[3].a == 3 && matches[3].b == -1 && matches[3].cost == 0);
    assert_true(found == 4);
    assert_int_equal(psh_wasserstein_match(set, 0, set, 2, NULL, matches, &n_matches, &found, NULL), PSH_OK);
    assert_int_equal(n_matches, 5);
    assert_true(isinf(found) && isinf(matches[0].cost) && matches[4].b == 0 && isinf(matches[4].cost));
    psh_diagrams_free(set);
}

static void test_relative_error_is_kept(void **state) {
    static const double errors[] = {1e-6, 0.01, 0.1, 1};
    psh_diagrams *set = mixed_set(16);
    double exact[120], loose[120];
    for (size_t k = 0; k < N_FINITE; k++) {
        psh_wasserstein_params params = params_of(all_options[k]);
        assert_int_equal(psh_wasserstein_condensed(set, &params, 1, NULL, exact, NULL), PSH_OK);
        for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
            params.relative_error = errors[e];
            assert_int_equal(psh_wasserstein_condensed(set, &params, 1, NULL, loose, NULL), PSH_OK);
            for (size_t p = 0; p < 120; p++) {
                assert_true(loose[p] >= exact[p] * (1 - 1e-13));
                assert_true(loose[p] <= exact[p] * (1 + errors[e]) * (1 + 1e-13));
            }
        }
    }
    psh_diagrams_free(set);
}

static void test_cross_equals_pairs(void **state) {
    psh_diagrams *set = mixed_set(9), *other = mixed_set(5);
    size_t rows[] = {8, 0, 3};
    double found[3 * 5], expected;
    psh_error err;
    assert_int_equal(psh_wasserstein_cross(set, rows, 3, other, NULL, 5, NULL, 2, NULL, found, NULL), PSH_OK);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 5; j++) {
            assert_int_equal(psh_wasserstein_pair(set, rows[i], other, j, NULL, &expected, NULL), PSH_OK);
            assert_true(found[5 * i + j] == expected);
        }
    assert_int_equal(psh_wasserstein_cross(set, rows, 3, other, rows, 3, NULL, 2, NULL, found, &err),
                     PSH_ERR_PARAMETER);
    assert_int_equal(psh_wasserstein_cross(set, rows, 0, other, NULL, 5, NULL, 2, NULL, found, &err), PSH_OK);
    psh_diagrams_free(set), psh_diagrams_free(other);
}

static void test_progress_can_stop_the_work(void **state) {
    psh_diagrams *set = mixed_set(20);
    psh_progress progress = {stop_at_once, NULL};
    double found[190];
    psh_error err;
    assert_int_equal(psh_wasserstein_condensed(set, NULL, 1, &progress, found, &err), PSH_ERR_INTERRUPTED);
    psh_diagrams_free(set);
}

static void test_every_failed_allocation_is_reported(void **state) {
    psh_diagrams *set = mixed_set(6);
    double found[15];
    psh_error err;
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status == PSH_ERR_MEMORY && n < 1000; n++) {
        psh__alloc_fail_at(n);
        status = psh_wasserstein_condensed(set, NULL, 2, NULL, found, &err);
        psh__alloc_fail_at(0);
        if (status != PSH_OK) assert_int_equal(err.status, PSH_ERR_MEMORY);
    }
    assert_int_equal(status, PSH_OK);
    status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status == PSH_ERR_MEMORY && n < 1000; n++) {
        psh__alloc_fail_at(n);
        status = psh_wasserstein_pair(set, 0, set, 1, NULL, found, &err);
        psh__alloc_fail_at(0);
    }
    assert_int_equal(status, PSH_OK);
    psh_match matches[2 * MAX_POINTS];
    size_t n_matches;
    status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status == PSH_ERR_MEMORY && n < 1000; n++) {
        psh__alloc_fail_at(n);
        status = psh_wasserstein_match(set, 0, set, 1, NULL, matches, &n_matches, found, &err);
        psh__alloc_fail_at(0);
    }
    assert_int_equal(status, PSH_OK);
    psh_diagrams_free(set);
}

static void test_sets_of_no_or_one_diagram_have_no_pairs(void **state) {
    psh_diagrams *set;
    double untouched = 7;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_wasserstein_condensed(set, NULL, 0, NULL, &untouched, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, NULL, NULL, 0, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_wasserstein_condensed(set, NULL, 0, NULL, &untouched, NULL), PSH_OK);
    assert_int_equal(psh_wasserstein_pairs(set, NULL, 0, NULL, 0, NULL, &untouched, NULL), PSH_OK);
    assert_true(untouched == 7);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_brute_force),
        cmocka_unit_test(test_equals_slow_twins),
        cmocka_unit_test(test_empty_diagrams),
        cmocka_unit_test(test_diagonal_points_change_nothing),
        cmocka_unit_test(test_order_of_points_leaves_no_trace),
        cmocka_unit_test(test_scaling_and_translation),
        cmocka_unit_test(test_metric_axioms),
        cmocka_unit_test(test_huge_coordinates),
        cmocka_unit_test(test_thousands_of_repeated_points),
        cmocka_unit_test(test_duals_prove_optimality),
        cmocka_unit_test(test_line_equals_general_matching),
        cmocka_unit_test(test_dimensions_are_summed_or_pooled),
        cmocka_unit_test(test_essential_classes_match_by_sorted_births),
        cmocka_unit_test(test_all_pairs_equal_single_pairs_bit_for_bit),
        cmocka_unit_test(test_bad_options_are_refused),
        cmocka_unit_test(test_verify_agrees_and_proves),
        cmocka_unit_test(test_matching_attains_the_distance),
        cmocka_unit_test(test_matching_lists_essential_classes),
        cmocka_unit_test(test_relative_error_is_kept),
        cmocka_unit_test(test_cross_equals_pairs),
        cmocka_unit_test(test_progress_can_stop_the_work),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
        cmocka_unit_test(test_sets_of_no_or_one_diagram_have_no_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
