/* test_distances_vectors.c : distances of vectors and entropic transport straight into a file: the bytes of the work in
 * memory, by any threads, tiles and interruptions. */
#include <sys/stat.h>

#include "base/random.h"
#include "diagram_scratch.h"
#include "distance/tiles.h"
#include "persihash/distance.h"

static const psh_frame unit_frame = {PSH_FRAME_FIXED, 0, 1};

static float *random_rows(size_t n_values, uint64_t seed) {
    float *rows = malloc((n_values + 1) * sizeof *rows);
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    for (size_t k = 0; k < n_values; k++) rows[k] = (float)(10 * psh__random_unit(&rng) - 5);
    return rows;
}

/* Diagrams of 0 to 20 points in two dimensions. */
static psh_diagrams *make_set(size_t n, uint64_t seed) {
    psh_diagrams *set;
    psh__random rng;
    double points[40];
    int32_t dims[20];
    psh__random_init(&rng, seed, 0);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) {
        size_t n_points = psh__random_below(&rng, 21);
        for (size_t k = 0; k < n_points; k++) {
            points[2 * k] = psh__random_unit(&rng);
            points[2 * k + 1] = points[2 * k] + (1 - points[2 * k]) * psh__random_unit(&rng);
            dims[k] = (int32_t)psh__random_below(&rng, 2);
        }
        assert_int_equal(psh_diagrams_append(set, points, dims, n_points, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

static void assert_same_bytes(const char *path, const char *expected) {
    psh__bytes a, b;
    assert_int_equal(psh__bytes_read(path, &a, NULL), PSH_OK);
    assert_int_equal(psh__bytes_read(expected, &b, NULL), PSH_OK);
    assert_int_equal(a.n_bytes, b.n_bytes);
    assert_memory_equal(a.data, b.data, a.n_bytes);
    psh__bytes_free(&a), psh__bytes_free(&b);
}

static psh_distances_params manner(bool is_f32, bool is_square, int n_threads) {
    psh_distances_params params = PSH_PARAMS(psh_distances_params);
    params.is_f32 = is_f32, params.is_square = is_square, params.n_threads = n_threads;
    return params;
}

/* What the functions that work in memory give for vectors. */
static psh_distances *vectors_in_memory(const float *rows, size_t n, size_t n_features, double order, bool is_f32) {
    psh_distances *expected;
    assert_int_equal(psh_distances_create(is_f32 ? PSH_DISTANCE_F32 : PSH_DISTANCE_F64, n, &expected, NULL), PSH_OK);
    if (is_f32) {
        assert_int_equal(
            psh_vectors_condensed_f32(rows, n, n_features, order, 1, NULL, psh_distances_data(expected), NULL), PSH_OK);
        return expected;
    }
    double *wide = malloc((n * n_features + 1) * sizeof *wide);
    for (size_t k = 0; k < n * n_features; k++) wide[k] = (double)rows[k];
    assert_int_equal(psh_vectors_condensed_f64(wide, n, n_features, order, 1, NULL, psh_distances_data(expected), NULL),
                     PSH_OK);
    free(wide);
    return expected;
}

static void tiles_of_rows_hold_each_element_once(void **state) {
    static const psh__grid grids[] = {{0, 0, true},     {1, 1, true},         {2, 2, true},       {500, 500, true},
                                      {193, 193, true}, {0, 7, false},        {7, 0, false},      {3, 5, false},
                                      {193, 1, false},  {10, 2000000, false}, {60, 50000, false}, {20000, 20000, true}};
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
        psh__tiles tiles = {0};
        size_t n_elements, next_row = 0, most = 0;
        assert_int_equal(psh__grid_count(&grids[g], &n_elements, NULL), PSH_OK);
        assert_int_equal(psh__tiles_cut_rows(1000, &grids[g], &tiles, NULL), PSH_OK);
        for (size_t t = 0; t < tiles.n_tiles; t++) {
            const psh__tile *tile = &tiles.tiles[t];
            size_t n = psh__tile_count(&tiles, t), n_rows = tiles.tiles[t + 1].row - tile->row;
            assert_true(n > 0 && tile->row == next_row && n_rows <= 192);
            assert_int_equal(tile->first, psh__grid_row(&grids[g], tile->row));
            assert_true(n <= (size_t)1 << 20 || n_rows <= 24);
            next_row = tiles.tiles[t + 1].row, most = n > most ? n : most;
        }
        assert_int_equal(tiles.tiles[tiles.n_tiles].first, n_elements);
        assert_int_equal(tiles.max_elements, most);
        psh__tiles_free(&tiles);
    }
}

static void a_file_of_vectors_has_the_bytes_of_the_work_in_memory(void **state) {
    static const size_t shapes[][2] = {{0, 3}, {1, 3}, {2, 0}, {3, 130}, {191, 2}, {192, 3}, {193, 5}, {400, 17}};
    static const double orders[] = {1, 2, INFINITY, 3.5};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t o = 0; o < 4; o++)
            for (int kind = 0; kind < 4; kind++) { /* float64 or float32, condensed or square */
                size_t n = shapes[s][0], n_features = shapes[s][1];
                if (o == 3 && n > 200) continue; /* pow() */
                float *rows = random_rows(n * n_features, s);
                psh_distances *expected = vectors_in_memory(rows, n, n_features, orders[o], kind % 2);
                assert_int_equal(psh_distances_write(expected, scratch("expected.npy"), kind / 2, NULL), PSH_OK);
                for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
                    psh_distances_params params = manner(kind % 2, kind / 2, n_threads);
                    assert_int_equal(psh_distances_vectors(rows, n, NULL, 0, n_features, orders[o], &params, NULL,
                                                           scratch("d.npy"), NULL, NULL, NULL),
                                     PSH_OK);
                    assert_same_bytes(scratch("d.npy"), scratch("expected.npy"));
                }
                psh_distances_free(expected);
                free(rows);
            }
}

/* Vectors a and b one after another are one set, whose matrix has the cross distances as a part. */
static void two_sets_of_vectors_are_a_part_of_the_matrix_of_both(void **state) {
    static const size_t counts[][2] = {{0, 4}, {4, 0}, {1, 300}, {300, 1}, {5, 200}, {250, 193}};
    enum { N_FEATURES = 21 };
    for (size_t s = 0; s < sizeof counts / sizeof *counts; s++)
        for (int is_f32 = 0; is_f32 < 2; is_f32++) {
            size_t n_a = counts[s][0], n_b = counts[s][1], item_bytes = is_f32 ? 4 : 8;
            float *rows = random_rows((n_a + n_b) * N_FEATURES, s);
            psh_distances *both = vectors_in_memory(rows, n_a + n_b, N_FEATURES, 2, is_f32);
            char *cross = malloc(n_a * n_b * item_bytes + 1);
            for (size_t i = 0; i < n_a; i++)
                for (size_t j = 0; j < n_b; j++) {
                    double distance = psh_distances_get(both, i, n_a + j);
                    float narrow = (float)distance;
                    memcpy(cross + (i * n_b + j) * item_bytes, is_f32 ? (void *)&narrow : (void *)&distance,
                           item_bytes);
                }
            assert_int_equal(psh_distances_write_cross(psh_distances_dtype(both), cross, n_a, n_b, NULL,
                                                       scratch("expected.npy"), NULL),
                             PSH_OK);
            psh_distances_params params = manner(is_f32, false, 2);
            assert_int_equal(psh_distances_vectors(rows, n_a, rows + n_a * N_FEATURES, n_b, N_FEATURES, 2, &params,
                                                   NULL, scratch("d.npy"), NULL, NULL, NULL),
                             PSH_OK);
            assert_same_bytes(scratch("d.npy"), scratch("expected.npy"));
            params.is_square = true;
            assert_int_equal(psh_distances_vectors(rows, n_a, rows + n_a * N_FEATURES, n_b, N_FEATURES, 2, &params,
                                                   NULL, scratch("d.npy"), NULL, NULL, NULL),
                             PSH_ERR_PARAMETER);
            free(cross), free(rows);
            psh_distances_free(both);
        }
}

static void a_file_of_entropic_distances_has_the_bytes_of_the_work_in_memory(void **state) {
    for (size_t n = 0; n < 40; n = 2 * n + 1) {
        psh_diagrams *set = make_set(n, n);
        psh_sinkhorn_plan *plan;
        psh_distances *expected;
        psh_distances_stats stats;
        assert_int_equal(psh_sinkhorn_plan_create(set, NULL, &unit_frame, NULL, &plan, NULL), PSH_OK);
        assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, n, &expected, NULL), PSH_OK);
        assert_int_equal(
            psh_sinkhorn_condensed(set, &unit_frame, NULL, 1, NULL, psh_distances_data(expected), NULL, NULL), PSH_OK);
        for (int kind = 0; kind < 4; kind++) {
            psh_distances_params params = manner(false, kind / 2, 1 + 2 * (kind % 2));
            params.tile_seconds = kind % 2 ? 1e-5 : 0;
            assert_int_equal(psh_distances_write(expected, scratch("expected.npy"), kind / 2, NULL), PSH_OK);
            assert_int_equal(psh_distances_sinkhorn(plan, &params, NULL, scratch("d.npy"), NULL, &stats, NULL), PSH_OK);
            assert_same_bytes(scratch("d.npy"), scratch("expected.npy"));
            assert_true(stats.max_gap <= 1e-3);
        }
        psh_distances_free(expected);
        psh_sinkhorn_plan_free(plan);
        psh_diagrams_free(set);
    }
}

static void entropic_distances_of_two_sets(void **state) {
    psh_diagrams *a = make_set(6, 1), *b = make_set(9, 2);
    psh_sinkhorn_plan *plan;
    psh_sinkhorn_worker *worker;
    psh_distances_params how = manner(false, false, 2);
    size_t n_a, n_b;
    double cross[54], found;
    assert_int_equal(psh_sinkhorn_plan_create(a, b, &unit_frame, NULL, &plan, NULL), PSH_OK);
    assert_true(psh_sinkhorn_plan_shape(plan, &n_a, &n_b) && n_a == 6 && n_b == 9);
    assert_int_equal(psh_sinkhorn_worker_create(plan, &worker, NULL), PSH_OK);
    for (size_t k = 0; k < 54; k++)
        assert_int_equal(psh_sinkhorn_worker_pair(worker, k / 9, k % 9, &cross[k], NULL, NULL), PSH_OK);
    assert_int_equal(psh_distances_write_cross(PSH_DISTANCE_F64, cross, 6, 9, NULL, scratch("expected.npy"), NULL),
                     PSH_OK);
    assert_int_equal(psh_distances_sinkhorn(plan, &how, NULL, scratch("d.npy"), NULL, NULL, NULL), PSH_OK);
    assert_same_bytes(scratch("d.npy"), scratch("expected.npy"));
    /* The same pair as one of a single set with the same regularisation. */
    psh_sinkhorn_params params = *psh_sinkhorn_plan_params(plan);
    const uint32_t pair[] = {0, 1};
    psh_diagrams *two;
    assert_int_equal(psh_diagrams_create(&two, NULL), PSH_OK);
    const psh_diagrams *const from[] = {a, b};
    for (int k = 0; k < 2; k++) {
        const uint64_t *offsets = psh_diagrams_offsets(from[k]);
        assert_int_equal(psh_diagrams_append(two, psh_diagrams_points(from[k]) + 2 * offsets[3],
                                             psh_diagrams_dims(from[k]) + offsets[3], (size_t)(offsets[4] - offsets[3]),
                                             NULL, -1, NULL),
                         PSH_OK);
    }
    assert_int_equal(psh_sinkhorn_pairs(two, &unit_frame, pair, 1, &params, 1, NULL, &found, NULL, NULL), PSH_OK);
    assert_true(found == cross[3 * 9 + 3]);
    psh_diagrams_free(two);
    psh_sinkhorn_worker_free(worker);
    psh_sinkhorn_plan_free(plan);
    psh_diagrams_free(a), psh_diagrams_free(b);
}

static void a_pair_that_does_not_converge_ends_the_work(void **state) {
    psh_diagrams *set = make_set(10, 3);
    psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
    psh_sinkhorn_plan *plan;
    psh_error err = {0};
    params.max_iterations = 1;
    assert_int_equal(psh_sinkhorn_plan_create(set, NULL, &unit_frame, &params, &plan, NULL), PSH_OK);
    assert_int_equal(psh_distances_sinkhorn(plan, NULL, NULL, scratch("n.npy"), NULL, NULL, &err),
                     PSH_ERR_NOT_CONVERGED);
    assert_non_null(strstr(err.text, "allow more iterations"));
    assert_int_equal(access(scratch("n.npy"), F_OK), -1);
    psh_sinkhorn_plan_free(plan);
    psh_diagrams_free(set);
}

static void what_makes_no_sense_is_refused(void **state) {
    psh_distances_params params = PSH_PARAMS(psh_distances_params);
    float rows[4] = {0, 1, 2, 3};
    psh_diagrams *set = make_set(3, 8);
    psh_sinkhorn_plan *plan;
    assert_int_equal(psh_sinkhorn_plan_create(set, NULL, &unit_frame, NULL, &plan, NULL), PSH_OK);
    assert_int_equal(psh_distances_vectors(rows, 2, NULL, 0, 2, 0.5, &params, NULL, scratch("n.npy"), NULL, NULL, NULL),
                     PSH_ERR_PARAMETER);
    params.is_verified = true;
    assert_int_equal(psh_distances_vectors(rows, 2, NULL, 0, 2, 2, &params, NULL, scratch("n.npy"), NULL, NULL, NULL),
                     PSH_ERR_UNSUPPORTED);
    assert_int_equal(psh_distances_sinkhorn(plan, &params, NULL, scratch("n.npy"), NULL, NULL, NULL),
                     PSH_ERR_UNSUPPORTED);
    assert_int_equal(access(scratch("n.npy"), F_OK), -1);
    psh_sinkhorn_plan_free(plan);
    psh_diagrams_free(set);
}

/* --- stopping and going on: work is a function that writes d.npy ----------------------------------------------------
 */

typedef struct job {
    float *rows;
    psh_sinkhorn_plan *plan; /* or NULL: vectors */
} job;

enum { N_VECTORS = 700, N_FEATURES = 5 };

static psh_status work(const job *of, const psh_distances_params *params, const psh_progress *progress,
                       psh_distances_stats *stats, psh_error *err) {
    if (of->plan) return psh_distances_sinkhorn(of->plan, params, NULL, scratch("d.npy"), progress, stats, err);
    return psh_distances_vectors(of->rows, N_VECTORS, NULL, 0, N_FEATURES, 2, params, NULL, scratch("d.npy"), progress,
                                 stats, err);
}

static bool stop_later(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    int *n_left = user;
    return --*n_left > 0;
}

static void stopped_work_goes_on(void **state) {
    psh_diagrams *set = make_set(40, 5);
    job jobs[] = {{.rows = random_rows((size_t)N_VECTORS * N_FEATURES, 1)}, {.rows = NULL}};
    assert_int_equal(psh_sinkhorn_plan_create(set, NULL, &unit_frame, NULL, &jobs[1].plan, NULL), PSH_OK);
    for (int k = 0; k < 4; k++) {
        psh_distances_params params = manner(k % 2, k % 2, 2);
        psh_distances_stats stats;
        int n_runs = 0;
        params.tile_seconds = 1e-4;
        assert_int_equal(work(&jobs[k / 2], &params, NULL, NULL, NULL), PSH_OK);
        assert_int_equal(rename(scratch("d.npy"), scratch("expected.npy")), 0);
        params.is_resumable = true;
        for (psh_status status = PSH_ERR_INTERRUPTED; status == PSH_ERR_INTERRUPTED; n_runs++) {
            int n_left = 2;
            const psh_progress progress = {stop_later, &n_left};
            psh_error err;
            status = work(&jobs[k / 2], &params, &progress, &stats, &err);
            if (status != PSH_OK) assert_non_null(strstr(err.text, "d.npy.partial"));
        }
        assert_true(n_runs > 1 && stats.n_tiles_resumed > 0);
        assert_same_bytes(scratch("d.npy"), scratch("expected.npy"));
        assert_int_equal(access(scratch("d.npy.partial"), F_OK), -1);
    }
    free(jobs[0].rows);
    psh_sinkhorn_plan_free(jobs[1].plan);
    psh_diagrams_free(set);
}

static void work_of_other_vectors_is_not_continued(void **state) {
    job one = {.rows = random_rows((size_t)N_VECTORS * N_FEATURES, 1)};
    psh_distances_params params = manner(true, false, 1);
    int n_left = 2;
    const psh_progress progress = {stop_later, &n_left};
    params.is_resumable = true;
    assert_int_equal(work(&one, &params, &progress, NULL, NULL), PSH_ERR_INTERRUPTED);
    one.rows[N_VECTORS * N_FEATURES - 1] += 1;
    assert_int_equal(work(&one, &params, NULL, NULL, NULL), PSH_ERR_MODEL_MISMATCH);
    one.rows[N_VECTORS * N_FEATURES - 1] -= 1;
    params.is_f32 = false;
    assert_int_equal(work(&one, &params, NULL, NULL, NULL), PSH_ERR_MODEL_MISMATCH);
    params.is_f32 = true;
    assert_int_equal(work(&one, &params, NULL, NULL, NULL), PSH_OK);
    free(one.rows);
}

static void every_failing_allocation_is_a_status(void **state) {
    psh_diagrams *set = make_set(5, 6);
    float *rows = random_rows(200, 2);
    for (int kind = 0; kind < 3; kind++) {
        psh_status status = PSH_ERR_MEMORY;
        unsigned long n_failed = 0;
        for (unsigned long at = 1; status == PSH_ERR_MEMORY; at++) {
            psh_distances_params params = manner(kind == 1, false, 2);
            psh_sinkhorn_plan *plan = NULL;
            params.is_resumable = true;
            psh__alloc_fail_at(at);
            if (kind < 2) {
                status =
                    psh_distances_vectors(rows, 40, NULL, 0, 5, 2, &params, NULL, scratch("a.npy"), NULL, NULL, NULL);
            } else {
                status = psh_sinkhorn_plan_create(set, set, &unit_frame, NULL, &plan, NULL);
                if (status == PSH_OK)
                    status = psh_distances_sinkhorn(plan, &params, NULL, scratch("a.npy"), NULL, NULL, NULL);
            }
            psh__alloc_fail_at(0);
            psh_sinkhorn_plan_free(plan);
            n_failed += status == PSH_ERR_MEMORY;
        }
        assert_int_equal(status, PSH_OK);
        assert_true(n_failed > 8);
    }
    free(rows);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_of_rows_hold_each_element_once),
        cmocka_unit_test(a_file_of_vectors_has_the_bytes_of_the_work_in_memory),
        cmocka_unit_test(two_sets_of_vectors_are_a_part_of_the_matrix_of_both),
        cmocka_unit_test(a_file_of_entropic_distances_has_the_bytes_of_the_work_in_memory),
        cmocka_unit_test(entropic_distances_of_two_sets),
        cmocka_unit_test(a_pair_that_does_not_converge_ends_the_work),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(stopped_work_goes_on),
        cmocka_unit_test(work_of_other_vectors_is_not_continued),
        cmocka_unit_test(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
