/* test_steps.c : step functions and their exact distances. tests/oracle/test_steps.py compares them with SciPy, POT and
 * GUDHI. */
#include "base/random.h"
#include "diagram_scratch.h"
#include "persihash/distance.h"

static const psh_frame unit_frame = {PSH_FRAME_FIXED, 0, 1};

/* Diagrams of 0 to 30 points in two dimensions; half of them on a coarse grid, so that coordinates meet. */
static psh_diagrams *make_set(size_t n, uint64_t seed) {
    psh_diagrams *set;
    psh__random rng;
    double points[60];
    int32_t dims[30];
    psh__random_init(&rng, seed, 0);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) {
        size_t n_points = psh__random_below(&rng, 31);
        for (size_t k = 0; k < n_points; k++) {
            double u = psh__random_unit(&rng), v = u + (1 - u) * psh__random_unit(&rng);
            points[2 * k] = i % 2 ? floor(8 * u) / 8 : u;
            points[2 * k + 1] = i % 2 ? ceil(8 * v) / 8 : v;
            dims[k] = (int32_t)psh__random_below(&rng, 2);
        }
        assert_int_equal(psh_diagrams_append(set, points, dims, n_points, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

/* The slow twin: value of a function at t, counted over all points. direction NULL: Betti curve. */
static double value_at(const psh_diagrams *set, size_t i, int32_t dim, const double *direction, double t) {
    const double *points = psh_diagrams_points(set);
    double value = 0;
    for (uint64_t k = psh_diagrams_offsets(set)[i]; k < psh_diagrams_offsets(set)[i + 1]; k++) {
        double u = points[2 * k], v = points[2 * k + 1], middle = (u + v) / 2;
        if (psh_diagrams_dims(set)[k] != dim) continue;
        if (direction)
            value += (u * direction[0] + v * direction[1] <= t) - (middle * direction[0] + middle * direction[1] <= t);
        else
            value += u <= t && t < v;
    }
    return value;
}

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* Integral of |f - g|^order of one function, at the middles between all breakpoints. */
static double twin_of_line(const psh_diagrams *set, size_t i, size_t j, int32_t dim, const double *direction,
                           double order) {
    double at[512], sum = 0;
    size_t n = 0;
    const size_t pair[] = {i, j};
    for (int side = 0; side < 2; side++)
        for (uint64_t k = psh_diagrams_offsets(set)[pair[side]]; k < psh_diagrams_offsets(set)[pair[side] + 1]; k++) {
            double u = psh_diagrams_points(set)[2 * k], v = psh_diagrams_points(set)[2 * k + 1], middle = (u + v) / 2;
            at[n++] = direction ? u * direction[0] + v * direction[1] : u;
            at[n++] = direction ? middle * direction[0] + middle * direction[1] : v;
        }
    qsort(at, n, sizeof *at, compare_doubles);
    for (size_t k = 1; k < n; k++) {
        double t = (at[k - 1] + at[k]) / 2, width = at[k] - at[k - 1];
        double height = fabs(value_at(set, i, dim, direction, t) - value_at(set, j, dim, direction, t));
        if (width > 1e-15) sum = order == INFINITY ? fmax(sum, height) : sum + pow(height, order) * width;
    }
    return sum;
}

static double twin(const psh_diagrams *set, size_t i, size_t j, int n_directions, double order) {
    double sum = 0;
    for (int32_t dim = 0; dim < 2; dim++)
        for (int k = 0; k < (n_directions ? n_directions : 1); k++) {
            double angle = (k + 0.5) * M_PI / (n_directions ? n_directions : 1) - M_PI / 2;
            const double direction[] = {cos(angle), sin(angle)};
            double one = twin_of_line(set, i, j, dim, n_directions ? direction : NULL, order);
            sum = order == INFINITY ? fmax(sum, one) : sum + one / (n_directions ? n_directions : 1);
        }
    return order == INFINITY ? sum : pow(sum, 1 / order);
}

static psh_steps *make_steps(const psh_diagrams *set, int n_directions, int n_threads) {
    psh_betti_params betti = PSH_PARAMS(psh_betti_params);
    psh_sliced_params sliced = PSH_PARAMS(psh_sliced_params);
    psh_steps *steps;
    sliced.n_directions = n_directions;
    assert_int_equal(n_directions ? psh_sliced_steps(set, &unit_frame, &sliced, n_threads, &steps, NULL)
                                  : psh_betti_steps(set, &unit_frame, &betti, n_threads, &steps, NULL),
                     PSH_OK);
    return steps;
}

static void distances_are_the_slow_twins(void **state) {
    static const double orders[] = {1, 2, INFINITY, 1.5};
    static const int directions[] = {0, 1, 4, 5, 9}; /* Betti curves; around four walks side by side */
    psh_diagrams *set = make_set(9, 1);
    for (size_t d = 0; d < sizeof directions / sizeof *directions; d++) {
        psh_steps *steps = make_steps(set, directions[d], 2);
        for (size_t o = 0; o < 4; o++)
            for (size_t i = 0; i < 9; i++)
                for (size_t j = 0; j < 9; j++) {
                    double found = psh_steps_distance(steps, i, steps, j, orders[o]);
                    double expected = twin(set, i, j, directions[d], orders[o]);
                    if (fabs(found - expected) > 1e-12 * (1 + expected))
                        fail_msg("%d directions, order %g, (%zu, %zu): %.17g, expected %.17g", directions[d], orders[o],
                                 i, j, found, expected);
                }
        psh_steps_free(steps);
    }
    psh_diagrams_free(set);
}

/* Symmetric to the bit: the walk takes the same breakpoints in the same order. */
static void it_is_a_metric(void **state) {
    enum { N = 20 };
    psh_diagrams *set = make_set(N, 2);
    for (int n_directions = 0; n_directions < 20; n_directions += 6) {
        psh_steps *steps = make_steps(set, n_directions, 1);
        double d[N][N];
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++) d[i][j] = psh_steps_distance(steps, i, steps, j, 1);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++) {
                assert_true(d[i][i] == 0 && d[i][j] == d[j][i]);
                for (size_t k = 0; k < N; k++) assert_true(d[i][j] <= (d[i][k] + d[k][j]) * (1 + 1e-14));
            }
        psh_steps_free(steps);
    }
    psh_diagrams_free(set);
}

/* Breakpoints that meet are one; a point on the diagonal has none in a Betti curve. */
static void equal_coordinates_become_one_breakpoint(void **state) {
    const double points[] = {0.25, 0.5, 0.25, 0.5, 0.5, 0.75, 0.3, 0.3, 0.1, INFINITY};
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, points, NULL, 5, NULL, -1, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, points, NULL, 0, NULL, -1, NULL), PSH_OK);
    psh_steps *steps = make_steps(set, 0, 1);
    assert_int_equal(psh_steps_count(steps), 2);
    assert_int_equal(psh_steps_n_breaks(steps, 0), 4); /* 0.25, 0.5, 0.75, and the end */
    assert_int_equal(psh_steps_n_breaks(steps, 1), 1);
    assert_true(psh_steps_distance(steps, 0, steps, 1, 1) == 0.75);
    assert_true(psh_steps_distance(steps, 0, steps, 1, 2) == sqrt(4 * 0.25 + 0.25));
    assert_true(psh_steps_distance(steps, 0, steps, 1, INFINITY) == 2);
    psh_steps_free(steps);
    psh_diagrams_free(set);
}

static void dimensions_of_two_sets_need_not_be_the_same(void **state) {
    const double point[] = {0.25, 0.75};
    const int32_t dims[] = {0, 2, 5};
    psh_steps *steps[3];
    for (int k = 0; k < 3; k++) {
        psh_diagrams *set;
        assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
        assert_int_equal(psh_diagrams_append(set, point, &dims[k], 1, NULL, -1, NULL), PSH_OK);
        steps[k] = make_steps(set, 0, 1);
        psh_diagrams_free(set);
    }
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) assert_true(psh_steps_distance(steps[a], 0, steps[b], 0, 1) == (a == b ? 0 : 1));
    for (int k = 0; k < 3; k++) psh_steps_free(steps[k]);
}

static void a_file_has_the_same_numbers_for_any_threads(void **state) {
    psh_diagrams *a = make_set(23, 3), *b = make_set(8, 4);
    for (int n_directions = 0; n_directions < 9; n_directions += 4)
        for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
            psh_steps *of_a = make_steps(a, n_directions, n_threads), *of_b = make_steps(b, n_directions, n_threads);
            psh_distances_params how = PSH_PARAMS(psh_distances_params);
            psh_distances *found;
            how.n_threads = n_threads, how.tile_seconds = n_threads == 1 ? 0 : 1e-5;
            assert_int_equal(psh_distances_steps(of_a, NULL, 2, &how, NULL, scratch("d.npy"), NULL, NULL, NULL),
                             PSH_OK);
            assert_int_equal(psh_distances_read(scratch("d.npy"), &found, NULL), PSH_OK);
            for (size_t i = 0; i < 23; i++)
                for (size_t j = i + 1; j < 23; j++)
                    assert_true(psh_distances_get(found, i, j) == psh_steps_distance(of_a, i, of_a, j, 2));
            psh_distances_free(found);
            double cross[23 * 8];
            for (size_t k = 0; k < 23 * 8; k++) cross[k] = psh_steps_distance(of_a, k / 8, of_b, k % 8, 2);
            assert_int_equal(psh_distances_write_cross(PSH_DISTANCE_F64, cross, 23, 8, NULL, scratch("e.npy"), NULL),
                             PSH_OK);
            assert_int_equal(psh_distances_steps(of_a, of_b, 2, &how, NULL, scratch("d.npy"), NULL, NULL, NULL),
                             PSH_OK);
            psh__bytes one, two;
            assert_int_equal(psh__bytes_read(scratch("d.npy"), &one, NULL), PSH_OK);
            assert_int_equal(psh__bytes_read(scratch("e.npy"), &two, NULL), PSH_OK);
            assert_int_equal(one.n_bytes, two.n_bytes);
            assert_memory_equal(one.data, two.data, one.n_bytes);
            psh__bytes_free(&one), psh__bytes_free(&two);
            psh_steps_free(of_a), psh_steps_free(of_b);
        }
    psh_diagrams_free(a), psh_diagrams_free(b);
}

static void ids_tell_functions_apart(void **state) {
    psh_diagrams *a = make_set(5, 5), *b = make_set(5, 6);
    psh_steps *steps[] = {make_steps(a, 0, 1), make_steps(a, 0, 3), make_steps(b, 0, 1), make_steps(a, 4, 1)};
    assert_true(psh_steps_id(steps[0]) == psh_steps_id(steps[1]));
    assert_true(psh_steps_id(steps[0]) != psh_steps_id(steps[2]) && psh_steps_id(steps[0]) != psh_steps_id(steps[3]));
    for (int k = 0; k < 4; k++) psh_steps_free(steps[k]);
    psh_diagrams_free(a), psh_diagrams_free(b);
}

static void bad_parameters_and_failed_allocations(void **state) {
    psh_diagrams *set = make_set(6, 7);
    psh_sliced_params params = PSH_PARAMS(psh_sliced_params);
    psh_distances_params how = PSH_PARAMS(psh_distances_params);
    psh_steps *steps = NULL;
    psh_error err = {0};
    params.n_directions = -1;
    assert_int_equal(psh_sliced_steps(set, &unit_frame, &params, 1, &steps, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "-1 directions"));
    psh_status status = PSH_ERR_MEMORY;
    unsigned long n_failed = 0;
    params.n_directions = 3;
    for (unsigned long at = 1; status == PSH_ERR_MEMORY; at++) {
        psh__alloc_fail_at(at);
        status = psh_sliced_steps(set, &unit_frame, &params, 2, &steps, NULL);
        psh__alloc_fail_at(0);
        n_failed += status == PSH_ERR_MEMORY;
    }
    assert_int_equal(status, PSH_OK);
    assert_true(n_failed > 10);
    assert_int_equal(psh_distances_steps(steps, NULL, 0.5, &how, NULL, scratch("n.npy"), NULL, NULL, NULL),
                     PSH_ERR_PARAMETER);
    how.is_verified = true;
    assert_int_equal(psh_distances_steps(steps, NULL, 1, &how, NULL, scratch("n.npy"), NULL, NULL, NULL),
                     PSH_ERR_UNSUPPORTED);
    psh_steps_free(steps);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_the_slow_twins),
        cmocka_unit_test(it_is_a_metric),
        cmocka_unit_test(equal_coordinates_become_one_breakpoint),
        cmocka_unit_test(dimensions_of_two_sets_need_not_be_the_same),
        cmocka_unit_test(a_file_has_the_same_numbers_for_any_threads),
        cmocka_unit_test(ids_tell_functions_apart),
        cmocka_unit_test(bad_parameters_and_failed_allocations),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
