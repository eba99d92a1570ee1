/* test_rips.c : Vietoris-Rips persistence against the boundary matrix of all simplices, against diagrams that GUDHI
 * made of real clouds, and against what can be worked out by hand. */
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
#include "base/array.h"
#include "base/random.h"
#include "homology/rips.h"
#include "intervals.h"
#include "persihash/homology.h"
#include "rips_twin.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
enum { ALL_DIMS = 7, MAX_POINTS = RIPS_TWIN_MAX_POINTS };

/* --- Helpers ----------------------------------------------------------------------------------------------------- */

typedef struct found {
    const psh_interval *items;
    size_t n_items, n_essential;
} found;

static psh_rips *make_rips(void) {
    psh_rips *rips;
    assert_int_equal(psh_rips_create(&rips, NULL), PSH_OK);
    return rips;
}

static psh_homology_params keep_all(double threshold) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.essential = PSH_ESSENTIAL_KEEP, params.dims_mask = ALL_DIMS, params.threshold = threshold;
    return params;
}

static psh_cloud *make_cloud(const double *points, size_t n_points, size_t n_axes) {
    psh_cloud *cloud;
    assert_int_equal(psh_cloud_create(points, n_points, n_axes, &cloud, NULL), PSH_OK);
    return cloud;
}

static found run_cloud(psh_rips *rips, const double *points, size_t n_points, size_t n_axes,
                       const psh_homology_params *params) {
    psh_cloud *cloud = make_cloud(points, n_points, n_axes);
    psh_error err = {0};
    found f;
    if (psh_rips_compute_cloud(rips, cloud, params, &f.items, &f.n_items, &f.n_essential, &err) != PSH_OK)
        fail_msg("%s", err.text);
    psh_cloud_free(cloud);
    return f;
}

/* distances : (n_points, n_points); as a dense matrix, or as the list of the finite ones, from the last on. */
static found run_matrix(psh_rips *rips, const double *distances, size_t n_points, bool is_sparse,
                        const psh_homology_params *params) {
    double lower[MAX_POINTS * MAX_POINTS] = {0};
    psh_edge edges[MAX_POINTS * MAX_POINTS] = {{0}};
    size_t n_lower = 0, n_edges = 0;
    for (uint32_t i = 0; i < n_points; i++)
        for (uint32_t j = 0; j < i; j++) {
            double distance = lower[n_lower++] = distances[i * n_points + j];
            if (isfinite(distance)) edges[MAX_POINTS * MAX_POINTS - ++n_edges] = (psh_edge){i, j, distance};
        }
    const psh_edge *first = edges + MAX_POINTS * MAX_POINTS - n_edges;
    psh_matrix *matrix;
    if (is_sparse)
        assert_int_equal(psh_matrix_create_sparse(first, n_edges, n_points, &matrix, NULL), PSH_OK);
    else
        assert_int_equal(psh_matrix_create_dense(lower, n_points, &matrix, NULL), PSH_OK);
    found f;
    assert_int_equal(psh_rips_compute_matrix(rips, matrix, params, &f.items, &f.n_items, &f.n_essential, NULL), PSH_OK);
    psh_matrix_free(matrix);
    return f;
}

static void assert_same(found f, const psh_interval *expected, size_t n_expected, const char *what) {
    bool is_same = f.n_items == n_expected;
    for (size_t i = 0; is_same && i < n_expected; i++)
        is_same = f.items[i].dim == expected[i].dim && f.items[i].birth == expected[i].birth &&
                  f.items[i].death == expected[i].death;
    if (is_same) return;
    print_message("%s: found %zu intervals, expected %zu\n", what, f.n_items, n_expected);
    for (size_t i = 0; i < f.n_items || i < n_expected; i++) {
        if (i < f.n_items)
            print_message("  found H%d [%.17g, %.17g)", (int)f.items[i].dim, f.items[i].birth, f.items[i].death);
        if (i < n_expected)
            print_message("  expected H%d [%.17g, %.17g)", (int)expected[i].dim, expected[i].birth, expected[i].death);
        print_message("\n");
    }
    fail();
}

static psh_interval *copy(found f) {
    psh_interval *items = malloc((f.n_items + 1) * sizeof *items);
    assert_non_null(items);
    memcpy(items, f.items, f.n_items * sizeof *items);
    return items;
}

static double distance_of(const double *a, const double *b, size_t n_axes, psh_point_metric metric) {
    double sum = 0;
    for (size_t k = 0; k < n_axes; k++) {
        double difference = a[k] - b[k];
        sum = metric == PSH_POINT_EUCLIDEAN   ? sum + difference * difference
              : metric == PSH_POINT_MANHATTAN ? sum + fabs(difference)
                                              : fmax(sum, fabs(difference));
    }
    return metric == PSH_POINT_EUCLIDEAN ? sqrt(sum) : sum;
}

static void fill_distances(const double *points, size_t n_points, size_t n_axes, psh_point_metric metric,
                           double *distances) {
    for (size_t i = 0; i < n_points; i++)
        for (size_t j = 0; j < n_points; j++)
            distances[i * n_points + j] = distance_of(points + i * n_axes, points + j * n_axes, n_axes, metric);
}

static void fill_sphere(double *points, size_t n_points, uint64_t seed) {
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    for (size_t i = 0; i < n_points; i++) {
        double norm = 0, *p = points + 3 * i;
        do {
            norm = 0;
            for (int k = 0; k < 3; k++) p[k] = 2 * psh__random_unit(&rng) - 1, norm += p[k] * p[k];
        } while (norm > 1 || norm < 0.01);
        for (int k = 0; k < 3; k++) p[k] /= sqrt(norm);
    }
}

/* --- Against the twin -------------------------------------------------------------------------------------------- */

static psh_interval twins[4096];

static void check_against_twin(psh_rips *rips, const double *distances, size_t n_points, double threshold,
                               const char *what) {
    size_t n_twins = rips_twin_intervals(distances, n_points, threshold > 0 ? threshold : INFINITY, twins);
    psh_homology_params params = keep_all(threshold);
    assert_same(run_matrix(rips, distances, n_points, false, &params), twins, n_twins, what);
    assert_same(run_matrix(rips, distances, n_points, true, &params), twins, n_twins, what);
}

static void clouds_with_ties_and_duplicates_agree_with_twin(void **state) {
    double points[MAX_POINTS * 3], distances[MAX_POINTS * MAX_POINTS];
    psh_rips *rips = make_rips();
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (int repeat = 0; repeat < 150; repeat++) {
        size_t n_points = psh__random_below(&rng, 13), n_axes = 1 + psh__random_below(&rng, 3);
        psh_point_metric metric = (psh_point_metric)(repeat % 3);
        for (size_t i = 0; i < n_points * n_axes; i++)
            points[i] = repeat % 2 ? (double)psh__random_below(&rng, 4) : psh__random_unit(&rng);
        fill_distances(points, n_points, n_axes, metric, distances);
        double threshold = repeat % 5 ? 0 : (double)(1 + psh__random_below(&rng, 4)) / (repeat % 2 ? 1 : 4);
        size_t n_twins = rips_twin_intervals(distances, n_points, threshold > 0 ? threshold : INFINITY, twins);
        psh_homology_params params = keep_all(threshold);
        params.metric = metric;
        char what[64];
        snprintf(what, sizeof what, "cloud %d of %zu points", repeat, n_points);
        assert_same(run_cloud(rips, points, n_points, n_axes, &params), twins, n_twins, what);
        check_against_twin(rips, distances, n_points, threshold, what);
    }
    psh_rips_free(rips);
}

/* No triangle inequality, ties, infinite distances: the complexes of such matrices have much H1 and H2. */
static void fill_matrix(double *distances, size_t n_points, unsigned n_levels, unsigned n_infinite, psh__random *rng) {
    for (size_t i = 0; i < n_points; i++)
        for (size_t j = 0; j <= i; j++) {
            double distance = (double)psh__random_below(rng, n_levels);
            if (psh__random_below(rng, 10) < n_infinite) distance = INFINITY;
            distances[i * n_points + j] = distances[j * n_points + i] = i == j ? 0 : distance;
        }
}

static void any_matrices_agree_with_twin(void **state) {
    double distances[MAX_POINTS * MAX_POINTS];
    psh_rips *rips = make_rips();
    psh__random rng;
    psh__random_init(&rng, 2, 0);
    size_t n_shells = 0;
    for (int repeat = 0; repeat < 150; repeat++) {
        size_t n_points = 4 + psh__random_below(&rng, 9);
        fill_matrix(distances, n_points, repeat % 2 ? 6 : 1000, repeat % 4 * 2 % 5, &rng);
        char what[64];
        snprintf(what, sizeof what, "matrix %d of %zu points", repeat, n_points);
        check_against_twin(rips, distances, n_points, repeat % 3 ? 0 : 4, what);
        for (size_t n_twins = rips_twin_intervals(distances, n_points, INFINITY, twins), i = 0; i < n_twins; i++)
            n_shells += twins[i].dim == 2 && isfinite(twins[i].death);
    }
    assert_true(n_shells > 10);

    psh_rips_free(rips);
}

static void infinity_in_a_matrix_is_no_edge_in_a_list(void **state) {
    const double distances[9] = {0, INFINITY, 2, INFINITY, 0, INFINITY, 2, INFINITY, 0};
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    const psh_interval expected[] = {{0, 2, 0}, {0, INFINITY, 0}, {0, INFINITY, 0}};
    assert_same(run_matrix(rips, distances, 3, false, &params), expected, 3, "dense");
    assert_same(run_matrix(rips, distances, 3, true, &params), expected, 3, "sparse");
    psh_rips_free(rips);
}

/* --- The two kinds of graph, and of kernels ---------------------------------------------------------------------- */

typedef struct engine {
    psh__room room;
    psh__lengths lengths;
    psh__edges edges;
    psh__graph graph;
    psh__sweep sweep;
} engine;

static void run_engine(engine *e, const psh_cloud *cloud, double threshold, bool is_dense) {
    memset(e, 0, sizeof *e);
    e->room.max_bytes = UINT64_MAX;
    assert_int_equal(psh__lengths_of_cloud(&e->lengths, cloud, PSH_POINT_EUCLIDEAN, &e->room, NULL), PSH_OK);
    size_t n_edges = psh__edges_count(&e->lengths, threshold);
    assert_int_equal(psh__edges_sort(&e->edges, &e->lengths, threshold, n_edges, &e->room, NULL), PSH_OK);
    assert_int_equal(psh__graph_build(&e->graph, e->lengths.n_points, is_dense, &e->edges, &e->room, NULL), PSH_OK);
    assert_int_equal(psh__sweep_run(&e->sweep, &e->graph, true, true, &e->room, NULL), PSH_OK);
}

static void free_engine(engine *e) {
    psh__lengths_free(&e->lengths);
    psh__edges_free(&e->edges);
    psh__graph_free(&e->graph);
    psh__sweep_free(&e->sweep);
}

static void assert_same_columns(const psh__columns *a, const psh__columns *b) {
    assert_int_equal(a->n_births, b->n_births);
    for (size_t i = 0; i < a->n_births; i++) assert_int_equal(a->columns[i].death, b->columns[i].death);
}

static void dense_and_sparse_graphs_agree(void **state) {
    static double points[3 * 250];
    static const size_t sizes[] = {1, 5, 63, 64, 65, 130, 250};
    static const double thresholds[] = {0.1, 0.5, 1, 2.1};
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t k = 0; k < COUNT(thresholds); k++) {
            engine dense, sparse;
            fill_sphere(points, sizes[i], i);
            psh_cloud *cloud = make_cloud(points, sizes[i], 3);
            run_engine(&dense, cloud, thresholds[k], true);
            run_engine(&sparse, cloud, thresholds[k], false);
            assert_int_equal(dense.sweep.n_joins, sparse.sweep.n_joins);
            assert_same_columns(&dense.sweep.loops, &sparse.sweep.loops);
            assert_same_columns(&dense.sweep.shells, &sparse.sweep.shells);
            assert_memory_equal(dense.sweep.shell_births, sparse.sweep.shell_births,
                                dense.sweep.shells.n_births * sizeof *dense.sweep.shell_births);
            free_engine(&dense), free_engine(&sparse);
            psh_cloud_free(cloud);
        }
}

static void every_simd_level_gives_the_same_bits(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512", "neon"};
    static double points[7 * 300];
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    for (size_t i = 0; i < COUNT(points); i++) points[i] = psh__random_unit(&rng) - 0.5;
    psh_rips *rips = make_rips();
    for (int metric = 0; metric < 4; metric++) {
        psh_interval *expected = NULL;
        size_t n_expected = 0;
        for (size_t i = 0; i < COUNT(levels); i++) {
            assert_int_equal(setenv("PSH_SIMD", levels[i], 1), 0);
            psh_homology_params params = keep_all(0);
            params.metric = (psh_point_metric)metric, params.dims_mask = 3;
            found f = run_cloud(rips, points, 300, 7, &params);
            if (!expected) expected = copy(f), n_expected = f.n_items;
            assert_true(f.n_items > 300);
            assert_same(f, expected, n_expected, levels[i]);
        }
        free(expected);
    }
    unsetenv("PSH_SIMD");
    psh_rips_free(rips);
}

/* --- By hand ----------------------------------------------------------------------------------------------------- */

static void no_point_has_no_class(void **state) {
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    found f = run_cloud(rips, (double[1]){0}, 0, 3, &params);
    assert_int_equal(f.n_items, 0);
    assert_int_equal(f.n_essential, 0);
    f = run_matrix(rips, NULL, 0, false, &params);
    assert_int_equal(f.n_items, 0);
    f = run_matrix(rips, NULL, 0, true, &params);
    assert_int_equal(f.n_items, 0);
    psh_rips_free(rips);
}

static void one_point_is_one_essential_class(void **state) {
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    const psh_interval expected[] = {{0, INFINITY, 0}};
    assert_same(run_cloud(rips, (double[2]){5, 7}, 1, 2, &params), expected, 1, "cloud");
    assert_same(run_matrix(rips, (double[1]){0}, 1, false, &params), expected, 1, "dense");
    assert_same(run_matrix(rips, (double[1]){0}, 1, true, &params), expected, 1, "sparse");
    found f = run_cloud(rips, (double[2]){5, 7}, 1, 2, NULL);
    assert_int_equal(f.n_items, 0);
    assert_int_equal(f.n_essential, 1);
    psh_rips_free(rips);
}

static void two_points_join_at_their_distance(void **state) {
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    const double points[] = {0, 0, 3, 4};
    const psh_interval joined[] = {{0, 5, 0}, {0, INFINITY, 0}}, apart[] = {{0, INFINITY, 0}, {0, INFINITY, 0}};
    assert_same(run_cloud(rips, points, 2, 2, &params), joined, 2, "euclidean");
    params.threshold = 5;
    assert_same(run_cloud(rips, points, 2, 2, &params), joined, 2, "threshold");
    params.threshold = 4.999;
    assert_same(run_cloud(rips, points, 2, 2, &params), apart, 2, "lower threshold");
    psh_rips_free(rips);
}

static void equal_points_are_one_point(void **state) {
    double points[2 * 100];
    for (size_t i = 0; i < COUNT(points); i++) points[i] = 0.3;
    psh_rips *rips = make_rips();
    for (int metric = 0; metric < 4; metric++) {
        psh_homology_params params = keep_all(0);
        params.metric = (psh_point_metric)metric;
        const psh_interval expected[] = {{0, INFINITY, 0}};
        assert_same(run_cloud(rips, points, 100, 2, &params), expected, 1, "equal points");
    }
    psh_rips_free(rips);
}

static void a_square_has_a_loop_and_an_octahedron_a_shell(void **state) {
    const double square[] = {0, 0, 1, 0, 1, 1, 0, 1},
                 octahedron[] = {1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1};
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    const psh_interval loop[] = {{0, 1, 0}, {0, 1, 0}, {0, 1, 0}, {0, INFINITY, 0}, {1, sqrt(2), 1}};
    assert_same(run_cloud(rips, square, 4, 2, &params), loop, COUNT(loop), "square");
    double r = sqrt(2);
    const psh_interval shell[] = {{0, r, 0}, {0, r, 0}, {0, r, 0}, {0, r, 0}, {0, r, 0}, {0, INFINITY, 0}, {r, 2, 2}};
    assert_same(run_cloud(rips, octahedron, 6, 3, &params), shell, COUNT(shell), "octahedron");
    params.threshold = 1.9;
    found f = run_cloud(rips, octahedron, 6, 3, &params);
    assert_true(f.items[6].dim == 2 && f.items[6].birth == r && isinf(f.items[6].death));
    psh_rips_free(rips);
}

enum { N_RIM = 1500 };

/* A rim of short edges and a hub that long ones lead to: large enough for lists of neighbours, of very unlike lengths.
 */
static psh_matrix *make_wheel(void) {
    static psh_edge edges[2 * N_RIM];
    for (uint32_t i = 0; i < N_RIM; i++) {
        uint32_t next = i + 1 < N_RIM ? i + 1 : 0;
        edges[2 * i] = (psh_edge){i > next ? i : next, i > next ? next : i, 0.5};
        edges[2 * i + 1] = (psh_edge){N_RIM, i, 1};
    }
    psh_matrix *matrix;
    assert_int_equal(psh_matrix_create_sparse(edges, 2 * N_RIM, N_RIM + 1, &matrix, NULL), PSH_OK);
    return matrix;
}

static void a_large_wheel_has_one_loop(void **state) {
    psh_matrix *matrix = make_wheel();
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    found f;
    assert_int_equal(psh_rips_compute_matrix(rips, matrix, &params, &f.items, &f.n_items, &f.n_essential, NULL),
                     PSH_OK);
    assert_int_equal(f.n_items, N_RIM + 2);
    for (size_t i = 0; i < N_RIM + 2; i++) {
        psh_interval expected = {0, i + 1 < N_RIM ? 0.5 : i < N_RIM ? 1 : INFINITY, 0};
        if (i == N_RIM + 1) expected = (psh_interval){0.5, 1, 1};
        assert_same((found){f.items + i, 1, 0}, &expected, 1, "wheel");
    }
    psh_rips_free(rips);
    psh_matrix_free(matrix);
}

static void metrics_are_those_of_their_names(void **state) {
    const double points[] = {1, 0, 4, 4}, cosine = 1 - 1 / sqrt(2);
    const double expected[4] = {5, 7, 4, cosine};
    psh_rips *rips = make_rips();
    for (int metric = 0; metric < 4; metric++) {
        psh_homology_params params = keep_all(0);
        params.metric = (psh_point_metric)metric;
        found f = run_cloud(rips, points, 2, 2, &params);
        assert_int_equal(f.n_items, 2);
        assert_true(fabs(f.items[0].death - expected[metric]) <= 1e-15);
    }
    psh_rips_free(rips);
}

static void essential_classes_follow_the_policy(void **state) {
    const double points[] = {0, 1, 2, 10};
    psh_rips *rips = make_rips();
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.threshold = 3;
    found f = run_cloud(rips, points, 4, 1, &params);
    const psh_interval dropped[] = {{0, 1, 0}, {0, 1, 0}};
    assert_same(f, dropped, 2, "drop");
    assert_int_equal(f.n_essential, 2);
    params.essential = PSH_ESSENTIAL_CLAMP, params.essential_value = 0.5;
    f = run_cloud(rips, points, 4, 1, &params);
    const psh_interval clamped[] = {{0, 0.5, 0}, {0, 0.5, 0}, {0, 1, 0}, {0, 1, 0}};
    assert_same(f, clamped, 4, "clamp");
    params.essential = PSH_ESSENTIAL_KEEP, params.min_persistence = 1;
    f = run_cloud(rips, points, 4, 1, &params);
    const psh_interval kept[] = {{0, INFINITY, 0}, {0, INFINITY, 0}};
    assert_same(f, kept, 2, "keep");
    psh_rips_free(rips);
}

static void dims_mask_selects_dimensions(void **state) {
    static double points[3 * 60];
    fill_sphere(points, 60, 4);
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    found f = run_cloud(rips, points, 60, 3, &params);
    psh_interval *all = copy(f);
    size_t n_all = f.n_items;
    for (uint32_t mask = 0; mask < 8; mask++) {
        psh_interval expected[400];
        size_t n_expected = 0;
        params.dims_mask = mask;
        for (size_t i = 0; i < n_all; i++)
            if ((mask ? mask : 3) >> all[i].dim & 1) expected[n_expected++] = all[i];
        assert_same(run_cloud(rips, points, 60, 3, &params), expected, n_expected, "mask");
    }
    free(all);
    psh_rips_free(rips);
}

/* Scaling by a power of two scales the diagram, also where squares overflow or vanish. */
static void huge_and_tiny_coordinates_are_exact(void **state) {
    static double points[3 * 50], scaled[3 * 50];
    static const int exponents[] = {-1000, -600, -450, 450, 600, 1000};
    fill_sphere(points, 50, 5);
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    found f = run_cloud(rips, points, 50, 3, &params);
    size_t n_expected = f.n_items;
    psh_interval *expected = copy(f), *multiple = copy(f);
    for (size_t k = 0; k < COUNT(exponents); k++) {
        for (size_t i = 0; i < COUNT(points); i++) scaled[i] = ldexp(points[i], exponents[k]);
        for (size_t i = 0; i < n_expected; i++) {
            multiple[i].birth = ldexp(expected[i].birth, exponents[k]);
            multiple[i].death = ldexp(expected[i].death, exponents[k]);
        }
        assert_same(run_cloud(rips, scaled, 50, 3, &params), multiple, n_expected, "scaled");
    }
    free(expected), free(multiple);
    psh_rips_free(rips);
}

static void lengths_of_all_sizes_are_sorted(void **state) {
    static double points[2 * 600];
    psh_rips *rips = make_rips();
    for (int kind = 0; kind < 3; kind++) {
        psh__random rng;
        psh__random_init(&rng, 6, (uint64_t)kind);
        for (size_t i = 0; i < 600; i++) {
            double x = psh__random_unit(&rng), huge = i == 0 ? 1e200 : 1 + 1e-9 * x;
            points[i] = kind == 0 ? ldexp(x, -(int)psh__random_below(&rng, 300)) : kind == 1 ? huge : floor(8 * x);
        }
        engine e;
        psh_cloud *cloud = make_cloud(points, 600, 1);
        run_engine(&e, cloud, INFINITY, true);
        assert_int_equal(e.edges.n_items, 600 * 599 / 2);
        for (size_t i = 1; i < e.edges.n_items; i++) {
            assert_true(e.edges.items[i - 1].key <= e.edges.items[i].key);
            if (e.edges.items[i - 1].key == e.edges.items[i].key)
                assert_true(e.edges.items[i - 1].value < e.edges.items[i].value);
        }
        free_engine(&e);
        psh_cloud_free(cloud);
    }
    psh_rips_free(rips);
}

/* --- Faults ------------------------------------------------------------------------------------------------------ */

static void check_status(const double *points, size_t n_points, size_t n_axes, const psh_homology_params *params,
                         psh_status expected, const char *word) {
    psh_rips *rips = make_rips();
    psh_cloud *cloud = make_cloud(points, n_points, n_axes);
    psh_error err = {0};
    found f;
    assert_int_equal(psh_rips_compute_cloud(rips, cloud, params, &f.items, &f.n_items, NULL, &err), expected);
    if (!strstr(err.text, word)) fail_msg("\"%s\" does not speak of %s", err.text, word);
    psh_cloud_free(cloud);
    psh_rips_free(rips);
}

static void bad_parameters_are_refused(void **state) {
    const double points[] = {0, 1, 2};
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.threshold = -1;
    check_status(points, 3, 1, &params, PSH_ERR_PARAMETER, "threshold");
    params.threshold = NAN;
    check_status(points, 3, 1, &params, PSH_ERR_PARAMETER, "threshold");
    params.threshold = 0, params.dims_mask = 8;
    check_status(points, 3, 1, &params, PSH_ERR_PARAMETER, "dims_mask");
    params.dims_mask = 0, params.metric = (psh_point_metric)4;
    check_status(points, 3, 1, &params, PSH_ERR_PARAMETER, "metric");
    params.metric = PSH_POINT_EUCLIDEAN, params.filtration = PSH_SUPERLEVEL;
    check_status(points, 3, 1, &params, PSH_ERR_PARAMETER, "superlevel");
    params.filtration = PSH_SUBLEVEL, params.min_persistence = -1;
    check_status(points, 3, 1, &params, PSH_ERR_PARAMETER, "min_persistence");
}

static void unusable_points_are_refused(void **state) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    check_status((double[]){-DBL_MAX, DBL_MAX}, 2, 1, &params, PSH_ERR_NOT_FINITE, "overflows");
    params.metric = PSH_POINT_COSINE;
    check_status((double[]){1, 1, 0, 0}, 2, 2, &params, PSH_ERR_DATA, "point 1");
}

static void too_much_memory_is_refused_with_the_number(void **state) {
    static double points[3 * 500];
    fill_sphere(points, 500, 7);
    psh_homology_params params = keep_all(0);
    assert_true(psh_rips_memory(500, 100000) > 3000000);
    assert_true(psh_rips_memory(SIZE_MAX, UINT64_MAX) >= (uint64_t)1 << 63);
    params.max_bytes = 3000000;
    check_status(points, 500, 3, &params, PSH_ERR_MEMORY, "threshold");
    params.max_bytes = 1000;
    check_status(points, 500, 3, &params, PSH_ERR_MEMORY, "GB");
    psh_rips *rips = make_rips(); /* a workspace recovers */
    psh_cloud *cloud = make_cloud(points, 500, 3);
    found f;
    for (uint64_t max_bytes = 0; max_bytes < 6000000; max_bytes += 50000) {
        params.max_bytes = max_bytes ? max_bytes : 1, params.threshold = 1.2, params.dims_mask = 3;
        psh_status status = psh_rips_compute_cloud(rips, cloud, &params, &f.items, &f.n_items, NULL, NULL);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
    }
    params.max_bytes = 0;
    psh_rips *fresh = make_rips();
    found expected;
    assert_int_equal(psh_rips_compute_cloud(fresh, cloud, &params, &expected.items, &expected.n_items, NULL, NULL),
                     PSH_OK);
    assert_int_equal(psh_rips_compute_cloud(rips, cloud, &params, &f.items, &f.n_items, NULL, NULL), PSH_OK);
    assert_same(f, expected.items, expected.n_items, "after refusals");
    psh_cloud_free(cloud);
    psh_rips_free(rips), psh_rips_free(fresh);
}

/* What psh_rips_memory() says is enough, but for columns, and with little more lists of neighbours do. */
static void the_estimate_is_what_it_takes(void **state) {
    static double points[3 * 1200];
    static const size_t sizes[] = {10, 100, 500, 1200};
    fill_sphere(points, 1200, 10);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        size_t n_points = sizes[i];
        for (int is_small = 0; is_small < 2; is_small++) {
            psh_homology_params params = keep_all(1.2);
            params.dims_mask = 3;
            psh_rips *rips = make_rips();
            engine e;
            psh_cloud *cloud = make_cloud(points, n_points, 3);
            memset(&e, 0, sizeof e), e.room.max_bytes = UINT64_MAX;
            assert_int_equal(psh__lengths_of_cloud(&e.lengths, cloud, PSH_POINT_EUCLIDEAN, &e.room, NULL), PSH_OK);
            uint64_t n_edges = psh__edges_count(&e.lengths, 1.2), n_bytes = psh_rips_memory(n_points, n_edges);
            uint64_t n_list_bytes = 48 * n_edges + n_points * n_points * 4;
            params.max_bytes = (is_small ? n_list_bytes : n_bytes) + 400 * n_points + 10000;
            if (n_points == 1200) assert_true(n_list_bytes < n_bytes);
            found f;
            assert_int_equal(psh_rips_compute_cloud(rips, cloud, &params, &f.items, &f.n_items, NULL, NULL), PSH_OK);
            params.max_bytes = n_bytes / 4;
            assert_int_equal(psh_rips_compute_cloud(rips, cloud, &params, &f.items, &f.n_items, NULL, NULL),
                             PSH_ERR_MEMORY);
            free_engine(&e);
            psh_cloud_free(cloud);
            psh_rips_free(rips);
        }
    }
}

static void every_allocation_may_fail(void **state) {
    double distances[MAX_POINTS * MAX_POINTS], lower[MAX_POINTS * MAX_POINTS];
    psh__random rng;
    psh__random_init(&rng, 8, 0);
    size_t n_lower = 0;
    fill_matrix(distances, MAX_POINTS, 1000, 0, &rng);
    for (size_t i = 0; i < MAX_POINTS; i++)
        for (size_t j = 0; j < i; j++) lower[n_lower++] = distances[i * MAX_POINTS + j];
    psh_matrix *matrix, *wheel = make_wheel(); /* the latter by lists of neighbours */
    psh_cloud *cloud = make_cloud(distances, MAX_POINTS, MAX_POINTS);
    assert_int_equal(psh_matrix_create_dense(lower, MAX_POINTS, &matrix, NULL), PSH_OK);
    psh_homology_params params = keep_all(0);
    psh_status status = PSH_ERR_MEMORY;
    unsigned long n;
    for (n = 1; status != PSH_OK; n++) {
        psh_rips *rips = NULL;
        found f;
        psh__alloc_fail_at(n);
        status = psh_rips_create(&rips, NULL);
        if (status == PSH_OK) status = psh_rips_compute_matrix(rips, matrix, &params, &f.items, &f.n_items, NULL, NULL);
        if (status == PSH_OK) status = psh_rips_compute_cloud(rips, cloud, &params, &f.items, &f.n_items, NULL, NULL);
        if (status == PSH_OK) status = psh_rips_compute_matrix(rips, wheel, &params, &f.items, &f.n_items, NULL, NULL);
        psh__alloc_fail_at(0);
        psh_rips_free(rips);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
    }
    assert_true(n > 40);
    psh_cloud_free(cloud);
    psh_matrix_free(matrix), psh_matrix_free(wheel);
}

static void no_allocation_after_the_first_time(void **state) {
    static double points[3 * 200];
    fill_sphere(points, 200, 9);
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    psh_cloud *cloud = make_cloud(points, 200, 3), *smaller = make_cloud(points, 100, 3);
    found f;
    assert_int_equal(psh_rips_compute_cloud(rips, cloud, &params, &f.items, &f.n_items, NULL, NULL), PSH_OK);
    psh__alloc_fail_at(1);
    psh_status again = psh_rips_compute_cloud(rips, cloud, &params, &f.items, &f.n_items, NULL, NULL);
    psh_status less = psh_rips_compute_cloud(rips, smaller, &params, &f.items, &f.n_items, NULL, NULL);
    psh__alloc_fail_at(0);
    assert_int_equal(again, PSH_OK);
    assert_int_equal(less, PSH_OK);
    psh_cloud_free(cloud), psh_cloud_free(smaller);
    psh_rips_free(rips);
}

/* --- Real clouds ------------------------------------------------------------------------------------------------- */

static double *read_f64(psh__npz *npz, const char *name, size_t *n_items) {
    psh__array array = {0};
    double *values;
    assert_int_equal(psh__npz_read(npz, name, &array, NULL), PSH_OK);
    assert_int_equal(psh__array_to_f64(&array, name, &values, NULL), PSH_OK);
    *n_items = array.n_items;
    psh__array_free(&array);
    return values;
}

/* volatile: gcc 12 at -O3 drops the rounding in the rest of a vectorised loop. */
static double rounded_to_f32(double value) {
    volatile float rounded = (float)value;
    return rounded;
}

/* The file holds float32. */
static void diagrams_of_shape2_are_gudhis(void **state) {
    psh__npz *npz_clouds, *npz_diagrams;
    if (psh__npz_open(PSH_DATASETS "/shape2/clouds.npz", &npz_clouds, NULL) != PSH_OK) {
        print_message("skipped: no " PSH_DATASETS "/shape2/clouds.npz\n");
        skip();
    }
    assert_int_equal(psh__npz_open(PSH_DATASETS "/shape2/diagrams.npz", &npz_diagrams, NULL), PSH_OK);
    size_t n_coordinates, n_expected, n_offsets, n_points = 200;
    double *clouds = read_f64(npz_clouds, "clouds", &n_coordinates);
    double *expected = read_f64(npz_diagrams, "points", &n_expected);
    double *offsets = read_f64(npz_diagrams, "offsets", &n_offsets);
    psh_rips *rips = make_rips();
    psh_homology_params params = keep_all(0);
    params.dims_mask = 2;
    for (size_t i = 0; i + 1 < n_offsets; i++) {
        found f = run_cloud(rips, clouds + i * n_points * 3, n_points, 3, &params);
        size_t first = (size_t)offsets[i], n_items = (size_t)offsets[i + 1] - first;
        psh_interval rounded[400], theirs[400];
        assert_true(n_items <= COUNT(theirs) && f.n_items <= COUNT(rounded));
        for (size_t k = 0; k < f.n_items; k++)
            rounded[k] = (psh_interval){rounded_to_f32(f.items[k].birth), rounded_to_f32(f.items[k].death), 1};
        for (size_t k = 0; k < n_items; k++)
            theirs[k] = (psh_interval){expected[2 * (first + k)], expected[2 * (first + k) + 1], 1};
        qsort(rounded, f.n_items, sizeof *rounded, intervals_compare);
        qsort(theirs, n_items, sizeof *theirs, intervals_compare);
        assert_same((found){rounded, f.n_items, 0}, theirs, n_items, "shape2");
    }
    psh_rips_free(rips);
    psh__free(clouds), psh__free(expected), psh__free(offsets);
    psh__npz_free(npz_clouds), psh__npz_free(npz_diagrams);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clouds_with_ties_and_duplicates_agree_with_twin),
        cmocka_unit_test(any_matrices_agree_with_twin),
        cmocka_unit_test(infinity_in_a_matrix_is_no_edge_in_a_list),
        cmocka_unit_test(dense_and_sparse_graphs_agree),
        cmocka_unit_test(every_simd_level_gives_the_same_bits),
        cmocka_unit_test(no_point_has_no_class),
        cmocka_unit_test(one_point_is_one_essential_class),
        cmocka_unit_test(two_points_join_at_their_distance),
        cmocka_unit_test(equal_points_are_one_point),
        cmocka_unit_test(a_square_has_a_loop_and_an_octahedron_a_shell),
        cmocka_unit_test(a_large_wheel_has_one_loop),
        cmocka_unit_test(metrics_are_those_of_their_names),
        cmocka_unit_test(essential_classes_follow_the_policy),
        cmocka_unit_test(dims_mask_selects_dimensions),
        cmocka_unit_test(huge_and_tiny_coordinates_are_exact),
        cmocka_unit_test(lengths_of_all_sizes_are_sorted),
        cmocka_unit_test(bad_parameters_are_refused),
        cmocka_unit_test(unusable_points_are_refused),
        cmocka_unit_test(too_much_memory_is_refused_with_the_number),
        cmocka_unit_test(the_estimate_is_what_it_takes),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(no_allocation_after_the_first_time),
        cmocka_unit_test(diagrams_of_shape2_are_gudhis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
