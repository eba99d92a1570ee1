/* test_distances_compute.c : exact distances straight into a file: the same bytes by any tiles, threads and
 * interruptions. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/random.h"
#include "diagram_scratch.h"
#include "distance/journal.h"
#include "distance/tiles.h"
#include "persihash/distance.h"

/* Diagrams of 0 to 40 points in two dimensions, the first few of them with essential classes. */
static psh_diagrams *make_set(size_t n, uint64_t seed) {
    psh_diagrams *set;
    psh__random rng;
    double points[80];
    int32_t dims[40];
    psh__random_init(&rng, seed, 0);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n; i++) {
        size_t n_points = psh__random_below(&rng, 41);
        for (size_t k = 0; k < n_points; k++) {
            points[2 * k] = psh__random_unit(&rng);
            points[2 * k + 1] = i < 3 && k == 0 ? INFINITY : points[2 * k] + psh__random_unit(&rng);
            dims[k] = (int32_t)psh__random_below(&rng, 2);
        }
        assert_int_equal(psh_diagrams_append(set, points, dims, n_points, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

/* psh_distances_params with small tiles: about `n_pairs` pairs each. */
static psh_distances_params small_tiles(double n_pairs, bool is_resumable) {
    psh_distances_params params = PSH_PARAMS(psh_distances_params);
    params.n_threads = 2, params.tile_seconds = n_pairs * 5e-6, params.is_resumable = is_resumable;
    return params;
}

static void assert_same_bytes(const char *path, const char *expected) {
    psh__bytes a, b;
    assert_int_equal(psh__bytes_read(path, &a, NULL), PSH_OK);
    assert_int_equal(psh__bytes_read(expected, &b, NULL), PSH_OK);
    assert_int_equal(a.n_bytes, b.n_bytes);
    assert_memory_equal(a.data, b.data, a.n_bytes);
    psh__bytes_free(&a), psh__bytes_free(&b);
}

static bool is_there(const char *name) {
    return access(scratch(name), F_OK) == 0;
}

/* What the functions that work in memory write, to `name`. */
static void write_expected(const psh_diagrams *a, const psh_diagrams *b, const psh_wasserstein_params *metric,
                           bool square, const char *name) {
    size_t n_a = psh_diagrams_count(a), n_b = b ? psh_diagrams_count(b) : 0;
    if (b) {
        double *cross = malloc(n_a * n_b * sizeof *cross + 1);
        assert_int_equal(psh_wasserstein_cross(a, NULL, n_a, b, NULL, n_b, metric, 1, NULL, cross, NULL), PSH_OK);
        assert_int_equal(psh_distances_write_cross(PSH_DISTANCE_F64, cross, n_a, n_b, NULL, scratch(name), NULL),
                         PSH_OK);
        free(cross);
        return;
    }
    psh_distances *distances;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, n_a, &distances, NULL), PSH_OK);
    assert_int_equal(psh_wasserstein_condensed(a, metric, 1, NULL, psh_distances_data(distances), NULL), PSH_OK);
    assert_int_equal(psh_distances_write(distances, scratch(name), square, NULL), PSH_OK);
    psh_distances_free(distances);
}

/* --- tiles -------------------------------------------------------------------------------------------------------- */

static uint64_t predicted(const void *plan, size_t i, size_t j) {
    return psh_wasserstein_plan_cost(plan, i, j);
}

static void check_tiles(const psh__tiles *tiles, const psh__grid *grid) {
    size_t t = 0, k = 0, n_columns = grid->n_columns, greatest = 0;
    assert_int_equal(tiles->tiles[0].first, 0);
    for (size_t i = 0; i < grid->n_rows; i++)
        for (size_t j = grid->is_condensed ? i + 1 : 0; j < n_columns; j++, k++) {
            if (k != tiles->tiles[t].first) continue;
            assert_true(tiles->tiles[t].row == i && tiles->tiles[t].column == j);
            if (psh__tile_count(tiles, t) > greatest) greatest = psh__tile_count(tiles, t);
            t++;
        }
    assert_int_equal(k, tiles->n_elements);
    assert_int_equal(t, tiles->n_tiles);
    assert_int_equal(greatest, tiles->max_elements);
    assert_int_equal(tiles->tiles[t].first, k);
}

static void tiles_hold_each_element_once_and_tell_its_row(void **state) {
    static const size_t counts[] = {0, 1, 2, 3, 40};
    for (size_t c = 0; c < 5; c++)
        for (size_t d = 0; d < 6; d++)
            for (uint64_t cost = 1; cost < 10000000; cost *= 30) {
                psh_diagrams *a = make_set(counts[c], 1), *b = d < 5 ? make_set(counts[d], 2) : NULL;
                psh__grid grid = {counts[c], d < 5 ? counts[d] : counts[c], d == 5};
                psh_wasserstein_plan *plan;
                psh__tiles tiles = {0};
                assert_int_equal(psh_wasserstein_plan_create(a, b, NULL, &plan, NULL), PSH_OK);
                assert_int_equal(psh__tiles_cut(predicted, plan, &grid, cost, &tiles, NULL), PSH_OK);
                check_tiles(&tiles, &grid);
                if (cost == 1) assert_int_equal(tiles.n_tiles, tiles.n_elements);
                psh__tiles_free(&tiles);
                psh_wasserstein_plan_free(plan);
                psh_diagrams_free(a), psh_diagrams_free(b);
            }
}

static void tiles_that_one_large_pair_fills_go_first(void **state) {
    static const size_t sizes[] = {10, 10, 900, 10, 2000, 10};
    psh_diagrams *set, *one;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(psh_diagrams_synth_uniform(1, sizes[i], i, &one, NULL), PSH_OK);
        assert_int_equal(psh_diagrams_append(set, psh_diagrams_points(one), NULL, sizes[i], NULL, -1, NULL), PSH_OK);
        psh_diagrams_free(one);
    }
    psh_wasserstein_plan *plan;
    psh__grid grid = {6, 6, true};
    psh__tiles tiles = {0};
    assert_int_equal(psh_wasserstein_plan_create(set, NULL, NULL, &plan, NULL), PSH_OK);
    assert_int_equal(psh__tiles_cut(predicted, plan, &grid, 1000000, &tiles, NULL), PSH_OK);
    bool *seen = calloc(tiles.n_tiles, 1);
    for (size_t k = 0; k < tiles.n_tiles; k++) {
        assert_false(seen[tiles.order[k]]);
        seen[tiles.order[k]] = true;
        if (k) assert_true(tiles.tiles[tiles.order[0]].cost >= tiles.tiles[tiles.order[k]].cost);
    }
    psh__tile first = tiles.tiles[tiles.order[0]];
    assert_true(first.first <= 10 && 10 < tiles.tiles[tiles.order[0] + 1].first); /* element 10 is the pair (2, 4) */
    free(seen);
    psh__tiles_free(&tiles);
    psh_wasserstein_plan_free(plan);
    psh_diagrams_free(set);
}

static void a_plan_gives_the_distances_of_pairs_and_positive_costs(void **state) {
    psh_diagrams *a = make_set(12, 3), *b = make_set(9, 4);
    for (int two = 0; two < 2; two++) {
        psh_wasserstein_plan *plan;
        psh_wasserstein_worker *worker;
        const psh_diagrams *columns = two ? b : a;
        assert_int_equal(psh_wasserstein_plan_create(a, two ? b : NULL, NULL, &plan, NULL), PSH_OK);
        assert_int_equal(psh_wasserstein_worker_create(plan, &worker, NULL), PSH_OK);
        for (size_t i = 0; i < 12; i++)
            for (size_t j = 0; j < psh_diagrams_count(columns); j++) {
                double found, expected, bound;
                assert_true(psh_wasserstein_plan_cost(plan, i, j) > 0);
                assert_int_equal(psh_wasserstein_worker_pair(worker, i, j, &found, NULL), PSH_OK);
                assert_int_equal(psh_wasserstein_pair(a, i, columns, j, NULL, &expected, NULL), PSH_OK);
                assert_memory_equal(&found, &expected, sizeof found);
                assert_int_equal(psh_wasserstein_worker_bound(worker, i, j, &bound, NULL), PSH_OK);
                assert_true(bound == found || fabs(bound - found) <= 1e-12 * found);
            }
        psh_wasserstein_worker_free(worker);
        psh_wasserstein_plan_free(plan);
    }
    psh_diagrams_free(a), psh_diagrams_free(b);
}

/* --- whole files ----------------------------------------------------------------------------------------------------
 */

static void the_file_has_the_bytes_of_the_work_in_memory(void **state) {
    static const size_t counts[] = {0, 1, 2, 3, 40};
    static const double tiles[] = {1e-6, 1, 30, 1e6};
    for (size_t c = 0; c < 5; c++)
        for (int kind = 0; kind < 3; kind++) { /* condensed, square, two sets */
            psh_diagrams *a = make_set(counts[c], 1), *b = kind == 2 ? make_set(7, 2) : NULL;
            write_expected(a, b, NULL, kind == 1, "expected.npy");
            for (int t = 0; t < 4; t++)
                for (int threads = 1; threads <= 5; threads += 2)
                    for (int resumable = 0; resumable < 2; resumable++) {
                        psh_distances_params params = small_tiles(tiles[t], resumable);
                        psh_distances_stats stats;
                        params.n_threads = threads, params.is_square = kind == 1;
                        assert_int_equal(
                            psh_distances_wasserstein(a, b, NULL, &params, NULL, scratch("d.npy"), NULL, &stats, NULL),
                            PSH_OK);
                        assert_same_bytes(scratch("d.npy"), scratch("expected.npy"));
                        assert_int_equal(stats.n_tiles_resumed, 0);
                        assert_false(is_there("d.npy.partial") || is_there("d.npy.partial.journal"));
                    }
            psh_diagrams_free(a), psh_diagrams_free(b);
        }
}

static void float32_is_the_rounded_float64(void **state) {
    psh_diagrams *set = make_set(20, 5);
    psh_distances_params params = small_tiles(10, false);
    psh_distances *wide, *narrow;
    for (int f32 = 0; f32 < 2; f32++) {
        params.is_f32 = f32;
        assert_int_equal(psh_distances_wasserstein(set, NULL, NULL, &params, NULL, scratch(f32 ? "f32.npy" : "f64.npy"),
                                                   NULL, NULL, NULL),
                         PSH_OK);
    }
    assert_int_equal(psh_distances_read(scratch("f64.npy"), &wide, NULL), PSH_OK);
    assert_int_equal(psh_distances_read(scratch("f32.npy"), &narrow, NULL), PSH_OK);
    assert_int_equal(psh_distances_dtype(narrow), PSH_DISTANCE_F32);
    for (size_t i = 0; i < 20; i++)
        for (size_t j = 0; j < 20; j++)
            assert_true(psh_distances_get(narrow, i, j) == (double)(float)psh_distances_get(wide, i, j));
    psh_distances_free(wide), psh_distances_free(narrow);
    psh_diagrams_free(set);
}

static void metadata_stands_beside_the_file(void **state) {
    psh_diagrams *set = make_set(5, 6);
    psh_distances *distances;
    psh_meta *meta;
    assert_int_equal(psh_meta_create(&meta, NULL), PSH_OK);
    assert_int_equal(psh_meta_set_text(meta, "metric", "test"), PSH_OK);
    for (int square = 0; square < 2; square++) {
        psh_distances_params params = PSH_PARAMS(psh_distances_params);
        params.is_square = square;
        assert_int_equal(psh_distances_wasserstein(set, NULL, NULL, &params, meta, scratch("m.npy"), NULL, NULL, NULL),
                         PSH_OK);
        assert_int_equal(psh_distances_read(scratch("m.npy"), &distances, NULL), PSH_OK);
        assert_string_equal(psh_meta_text(psh_distances_meta_const(distances), "metric"), "test");
        assert_int_equal(psh_distances_n_items(distances), 5);
        psh_distances_free(distances);
        unlink(scratch("m.json"));
    }
    psh_meta_free(meta);
    psh_diagrams_free(set);
}

static void proven_distances_are_the_same_and_tell_their_gap(void **state) {
    psh_diagrams *set = make_set(20, 7);
    psh_distances_params params = small_tiles(10, false);
    psh_wasserstein_params metric = PSH_PARAMS(psh_wasserstein_params);
    psh_distances_stats stats;
    for (int bounded = 0; bounded < 2; bounded++) {
        metric.relative_error = bounded ? 0.1 : 0;
        write_expected(set, NULL, &metric, false, "expected.npy");
        params.is_verified = true;
        assert_int_equal(
            psh_distances_wasserstein(set, NULL, &metric, &params, NULL, scratch("v.npy"), NULL, &stats, NULL), PSH_OK);
        assert_same_bytes(scratch("v.npy"), scratch("expected.npy"));
        assert_true(stats.max_gap >= 0 && stats.max_gap <= (bounded ? 0.1 : 1e-12));
        if (bounded) assert_true(stats.max_gap > 1e-6);
    }
    metric.order = INFINITY;
    assert_int_equal(
        psh_distances_wasserstein(set, NULL, &metric, &params, NULL, scratch("v2.npy"), NULL, &stats, NULL),
        PSH_ERR_UNSUPPORTED);
    assert_false(is_there("v2.npy"));
    psh_diagrams_free(set);
}

static void impossible_options_are_refused(void **state) {
    psh_diagrams *set = make_set(3, 8);
    psh_wasserstein_params metric = PSH_PARAMS(psh_wasserstein_params);
    psh_distances_params params = PSH_PARAMS(psh_distances_params);
    psh_error err;
#define REFUSE(b, path)                                                                                                \
    assert_int_equal(psh_distances_wasserstein(set, b, &metric, &params, NULL, path, NULL, NULL, &err),                \
                     PSH_ERR_PARAMETER)
    metric.order = 0.5;
    REFUSE(NULL, scratch("no.npy"));
    metric.order = NAN;
    REFUSE(NULL, scratch("no.npy"));
    metric.order = 1, metric.relative_error = -0.1;
    REFUSE(NULL, scratch("no.npy"));
    metric.relative_error = 0, params.tile_seconds = NAN;
    REFUSE(NULL, scratch("no.npy"));
    params.tile_seconds = -1;
    REFUSE(NULL, scratch("no.npy"));
    params.tile_seconds = 0, params.is_square = true;
    REFUSE(set, scratch("no.npy"));
    params.is_square = false, params.is_resumable = true;
    REFUSE(NULL, "-");
#undef REFUSE
    assert_false(is_there("no.npy") || is_there("no.npy.partial.journal"));
    assert_int_equal(psh_distances_wasserstein(set, NULL, NULL, NULL, NULL, "no_such_folder/d.npy", NULL, NULL, &err),
                     PSH_ERR_FILE_WRITE);
    psh_diagrams_free(set);
}

/* --- stopping and going on
 * -------------------------------------------------------------------------------------------- */

/* Stops at the n-th report. */
typedef struct stopper {
    int n_left;
    uint64_t n_total, n_done;
} stopper;

static bool stop_later(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    stopper *s = user;
    assert_true(n_done <= n_total && n_done >= s->n_done);
    s->n_total = n_total, s->n_done = n_done;
    return --s->n_left > 0;
}

static psh_status run_until(const psh_diagrams *set, const psh_distances_params *params, const char *name,
                            int n_reports, psh_distances_stats *stats, psh_error *err) {
    stopper s = {.n_left = n_reports};
    const psh_progress progress = {stop_later, &s};
    psh_status status = psh_distances_wasserstein(set, NULL, NULL, params, NULL, scratch(name), &progress, stats, err);
    if (status == PSH_OK) assert_true(s.n_done == s.n_total);
    return status;
}

static void stopped_at_random_moments_the_bytes_are_the_same(void **state) {
    psh_diagrams *set = make_set(40, 9);
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    write_expected(set, NULL, NULL, false, "expected.npy");
    write_expected(set, NULL, NULL, true, "expected_square.npy");
    for (int turn = 0; turn < 40; turn++) {
        psh_distances_params params = small_tiles(1, true);
        psh_distances_stats stats;
        size_t n_known = 0;
        int n_stops = 0;
        params.is_square = turn % 2;
        for (psh_status status = PSH_ERR_INTERRUPTED; status != PSH_OK; n_stops++) {
            psh_error err;
            params.n_threads = 1 + (int)psh__random_below(&rng, 3);
            int n_reports = 1 + (int)psh__random_below(&rng, 60);
            status = run_until(set, &params, "r.npy", n_reports, &stats, &err);
            assert_true(stats.n_tiles > 100);
            assert_true(n_stops == 0 || stats.n_tiles_resumed > n_known); /* each run adds some, none is lost */
            n_known = stats.n_tiles_resumed;
            if (status == PSH_OK) break;
            assert_int_equal(status, PSH_ERR_INTERRUPTED);
            assert_non_null(strstr(err.text, "stopped"));
            assert_non_null(strstr(err.text, "r.npy.partial"));
            assert_true(is_there("r.npy.partial") && is_there("r.npy.partial.journal") && !is_there("r.npy"));
        }
        assert_true(n_stops > 0);
        assert_same_bytes(scratch("r.npy"), scratch(turn % 2 ? "expected_square.npy" : "expected.npy"));
        assert_false(is_there("r.npy.partial") || is_there("r.npy.partial.journal"));
        unlink(scratch("r.npy"));
    }
    psh_diagrams_free(set);
}

static void without_resume_a_stop_leaves_nothing(void **state) {
    psh_diagrams *set = make_set(30, 9);
    psh_distances_params params = small_tiles(4, false);
    psh_error err;
    assert_int_equal(run_until(set, &params, "s.npy", 5, NULL, &err), PSH_ERR_INTERRUPTED);
    assert_non_null(strstr(err.text, "stopped"));
    char command[256];
    snprintf(command, sizeof command, "test -z \"$(ls %s | grep s.npy)\"", scratch_folder);
    assert_int_equal(system(command), 0);
    psh_diagrams_free(set);
}

/* Leaves w.npy.partial with 20 tiles of set 10. */
static psh_diagrams *leave_partial(void) {
    psh_diagrams *set = make_set(30, 10);
    psh_distances_params params = small_tiles(4, true);
    params.n_threads = 1; /* another thread would finish its tile after the stop */
    unlink(scratch("w.npy")), unlink(scratch("w.npy.partial")), unlink(scratch("w.npy.partial.journal"));
    assert_int_equal(run_until(set, &params, "w.npy", 20, NULL, NULL), PSH_ERR_INTERRUPTED);
    write_expected(set, NULL, NULL, false, "expected.npy");
    return set;
}

static psh_distances_stats go_on(const psh_diagrams *set) {
    psh_distances_params params = small_tiles(4, true);
    psh_distances_stats stats;
    psh_error err;
    psh_status status = psh_distances_wasserstein(set, NULL, NULL, &params, NULL, scratch("w.npy"), NULL, &stats, &err);
    if (status != PSH_OK) fail_msg("%s", err.text);
    assert_same_bytes(scratch("w.npy"), scratch("expected.npy"));
    return stats;
}

static void work_that_is_not_wanted_is_refused_and_stays(void **state) {
    psh_diagrams *set = leave_partial(), *other = make_set(31, 11);
    psh_wasserstein_params metric = PSH_PARAMS(psh_wasserstein_params);
    psh_distances_params params = small_tiles(4, false);
    psh_error err;
    assert_int_equal(psh_distances_wasserstein(set, NULL, NULL, &params, NULL, scratch("w.npy"), NULL, NULL, &err),
                     PSH_ERR_FILE_WRITE);
    assert_non_null(strstr(err.text, "--resume"));
    params = small_tiles(4, true);
    assert_int_equal(psh_distances_wasserstein(other, NULL, NULL, &params, NULL, scratch("w.npy"), NULL, NULL, &err),
                     PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "other diagrams"));
    metric.order = 2;
    assert_int_equal(psh_distances_wasserstein(set, NULL, &metric, &params, NULL, scratch("w.npy"), NULL, NULL, &err),
                     PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "other options"));
    assert_int_equal(psh_distances_wasserstein(set, set, NULL, &params, NULL, scratch("w.npy"), NULL, NULL, &err),
                     PSH_ERR_MODEL_MISMATCH);
    params.is_f32 = true;
    assert_int_equal(psh_distances_wasserstein(set, NULL, NULL, &params, NULL, scratch("w.npy"), NULL, NULL, &err),
                     PSH_ERR_MODEL_MISMATCH);
    assert_true(go_on(set).n_tiles_resumed == 20);
    psh_diagrams_free(set), psh_diagrams_free(other);
}

static void two_processes_do_not_work_on_one_file(void **state) {
    const psh__identity identity = {1, 2};
    psh__journal_record records[4] = {{0}};
    psh__partial *journal, *again;
    psh_error err;
    unlink(scratch("lock.journal"));
    assert_int_equal(psh__journal_open(scratch("lock.journal"), identity, 4, &journal, records, NULL), PSH_OK);
    assert_int_equal(psh__journal_open(scratch("lock.journal"), identity, 4, &again, records, &err),
                     PSH_ERR_FILE_WRITE);
    assert_non_null(strstr(err.text, "another process"));
    psh__partial_close(journal, false);
    assert_int_equal(psh__journal_open(scratch("lock.journal"), identity, 4, &again, records, NULL), PSH_OK);
    psh__partial_close(again, true);
    assert_false(is_there("lock.journal"));
}

/* --- damage ---------------------------------------------------------------------------------------------------------
 */

static void damage(const char *name, size_t at, bool is_cut) {
    psh__bytes bytes;
    assert_int_equal(psh__bytes_read(scratch(name), &bytes, NULL), PSH_OK);
    assert_true(at < bytes.n_bytes);
    uint8_t *copy = malloc(bytes.n_bytes + 1);
    memcpy(copy, bytes.data, bytes.n_bytes);
    size_t n = is_cut ? at : bytes.n_bytes;
    copy[at] ^= 0x10;
    psh__bytes_free(&bytes);
    scratch_write(name, copy, n);
    free(copy);
}

static size_t size_of(const char *name) {
    struct stat facts;
    assert_int_equal(stat(scratch(name), &facts), 0);
    return (size_t)facts.st_size;
}

static void a_bad_record_or_bad_bytes_are_one_tile_to_do_again(void **state) {
    const char *journal = "w.npy.partial.journal";
    for (int turn = 0; turn < 12; turn++) {
        psh_diagrams *set = leave_partial();
        size_t n_head = 32, n_records = (size_of(journal) - n_head) / 32;
        assert_int_equal(size_of(journal), n_head + 32 * n_records);
        if (turn < 8) damage(journal, n_head + 32 * (size_t)turn + (size_t)turn * 4 % 32, false);
        if (turn == 8) damage(journal, size_of(journal) - 5, true); /* cut off inside the last record */
        if (turn == 9) damage("w.npy.partial", 128, false);         /* the first distance; tiles start in order */
        if (turn == 10) unlink(scratch(journal));
        if (turn == 11) damage("w.npy.partial", 500, true);
        size_t n_resumed = go_on(set).n_tiles_resumed;
        assert_int_equal(n_resumed, turn < 10 ? n_records - 1 : 0);
        psh_diagrams_free(set);
    }
}

static void a_journal_that_is_none_is_refused(void **state) {
    psh_diagrams *set = leave_partial();
    psh_distances_params params = small_tiles(4, true);
    psh_error err;
    size_t n_bytes = size_of("w.npy.partial");
    for (size_t at = 0; at < 32; at += 3) {
        damage("w.npy.partial.journal", at, false);
        assert_int_equal(psh_distances_wasserstein(set, NULL, NULL, &params, NULL, scratch("w.npy"), NULL, NULL, &err),
                         PSH_ERR_CORRUPT);
        assert_non_null(strstr(err.text, "w.npy.partial.journal"));
        damage("w.npy.partial.journal", at, false); /* and back */
    }
    assert_int_equal(size_of("w.npy.partial"), n_bytes);
    assert_true(go_on(set).n_tiles_resumed == 20);
    psh_diagrams_free(set);
}

static void a_journal_cut_off_anywhere_is_gone_on_with(void **state) {
    psh_diagrams *set = leave_partial();
    size_t n_bytes = size_of("w.npy.partial.journal");
    for (size_t n = 0; n < n_bytes; n += 37) {
        psh_diagrams_free(set);
        set = leave_partial();
        damage("w.npy.partial.journal", n, true);
        assert_int_equal(go_on(set).n_tiles_resumed, n < 32 ? 0 : (n - 32) / 32);
    }
    psh_diagrams_free(set);
}

static void a_full_disk_is_a_status_and_the_work_goes_on_later(void **state) {
    psh_diagrams *set = leave_partial();
    struct rlimit before, small;
    psh_error err;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    unlink(scratch("w.npy.partial")), unlink(scratch("w.npy.partial.journal"));
    psh_distances_params params = small_tiles(4, true);
    for (int resumable = 0; resumable < 2; resumable++) { /* no room for the array: known at once */
        params.is_resumable = resumable;
        small.rlim_cur = 1000;
        setrlimit(RLIMIT_FSIZE, &small);
        psh_status status =
            psh_distances_wasserstein(set, NULL, NULL, &params, NULL, scratch("w.npy"), NULL, NULL, &err);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(status, PSH_ERR_FILE_WRITE);
        assert_non_null(strstr(err.text, "w.npy"));
        assert_false(is_there("w.npy") || is_there("w.npy.partial") || is_there("w.npy.partial.journal"));
    }
    params = small_tiles(1e-6, true); /* one pair a tile: the journal outgrows the array */
    small.rlim_cur = 30 * 29 / 2 * 8 + 128 + 500;
    setrlimit(RLIMIT_FSIZE, &small);
    psh_distances_stats stats;
    psh_status status = psh_distances_wasserstein(set, NULL, NULL, &params, NULL, scratch("w.npy"), NULL, NULL, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, PSH_ERR_FILE_WRITE);
    assert_true(is_there("w.npy.partial"));
    assert_int_equal(psh_distances_wasserstein(set, NULL, NULL, &params, NULL, scratch("w.npy"), NULL, &stats, &err),
                     PSH_OK);
    assert_int_equal(stats.n_tiles_resumed, (small.rlim_cur - 32) / 32);
    assert_same_bytes(scratch("w.npy"), scratch("expected.npy"));
    psh_diagrams_free(set);
}

static void every_failing_allocation_is_a_status(void **state) {
    psh_diagrams *set = make_set(6, 12);
    for (int kind = 0; kind < 4; kind++) { /* resumable or not, condensed or square */
        psh_status status = PSH_ERR_MEMORY;
        psh_distances_params params = small_tiles(2, kind & 1);
        params.is_square = kind & 2, params.n_threads = 1;
        unsigned long n = 0;
        write_expected(set, NULL, NULL, params.is_square, "expected.npy");
        while (status != PSH_OK) {
            psh_error err;
            assert_true(++n < 300);
            unlink(scratch("n.npy"));
            psh__alloc_fail_at(n);
            status = psh_distances_wasserstein(set, NULL, NULL, &params, NULL, scratch("n.npy"), NULL, NULL, &err);
            psh__alloc_fail_at(0);
            if (status == PSH_OK) break;
            assert_int_equal(status, PSH_ERR_MEMORY);
            assert_false(is_there("n.npy"));
            if (!params.is_resumable) assert_false(is_there("n.npy.partial"));
        }
        assert_true(n > 20);
        assert_same_bytes(scratch("n.npy"), scratch("expected.npy"));
        assert_false(is_there("n.npy.partial") || is_there("n.npy.partial.journal"));
    }
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_hold_each_element_once_and_tell_its_row),
        cmocka_unit_test(tiles_that_one_large_pair_fills_go_first),
        cmocka_unit_test(a_plan_gives_the_distances_of_pairs_and_positive_costs),
        cmocka_unit_test(the_file_has_the_bytes_of_the_work_in_memory),
        cmocka_unit_test(float32_is_the_rounded_float64),
        cmocka_unit_test(metadata_stands_beside_the_file),
        cmocka_unit_test(proven_distances_are_the_same_and_tell_their_gap),
        cmocka_unit_test(impossible_options_are_refused),
        cmocka_unit_test(stopped_at_random_moments_the_bytes_are_the_same),
        cmocka_unit_test(without_resume_a_stop_leaves_nothing),
        cmocka_unit_test(work_that_is_not_wanted_is_refused_and_stays),
        cmocka_unit_test(two_processes_do_not_work_on_one_file),
        cmocka_unit_test(a_bad_record_or_bad_bytes_are_one_tile_to_do_again),
        cmocka_unit_test(a_journal_that_is_none_is_refused),
        cmocka_unit_test(a_journal_cut_off_anywhere_is_gone_on_with),
        cmocka_unit_test(a_full_disk_is_a_status_and_the_work_goes_on_later),
        cmocka_unit_test(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
