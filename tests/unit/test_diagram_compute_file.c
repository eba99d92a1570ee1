/* test_diagram_compute_file.c : many files into one: the bytes are those of the set in memory, whatever the threads,
 * however often the work was stopped; faults are told or listed; what is on the disk is never lost without a word. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utime.h>

#include "base/array.h"
#include "base/random.h"
#include "diagram_scratch.h"

enum { N_IMAGES = 60 };

static char folder[100], out[120], partial[140], skipped[140];

/* "images/a/00.pgm" ... in two folders, which are classes, of all sizes. */
static void write_image(int i, const char *text) {
    char name[64];
    snprintf(name, sizeof name, "images/%c/%02d.pgm", "ba"[i % 2], i);
    if (text) {
        scratch_text(name, text);
        return;
    }
    uint8_t bytes[20 + 40 * 40];
    int side = 3 + i % 37;
    size_t n = (size_t)snprintf((char *)bytes, sizeof bytes, "P5\n%d %d\n255\n", side, side);
    psh__random rng;
    psh__random_init(&rng, (uint64_t)i, 0);
    for (int k = 0; k < side * side; k++) bytes[n++] = (uint8_t)psh__random_below(&rng, 256);
    scratch_write(name, bytes, n);
}

static int open_all(void **state) {
    if (scratch_open(state) != 0) return -1;
    snprintf(folder, sizeof folder, "%s/images", scratch_folder);
    snprintf(out, sizeof out, "%s/set.npz", scratch_folder);
    snprintf(partial, sizeof partial, "%s.partial", out);
    snprintf(skipped, sizeof skipped, "%s.skipped.txt", out);
    char command[300];
    snprintf(command, sizeof command, "mkdir -p %s/a %s/b", folder, folder);
    if (system(command) != 0) return -1;
    for (int i = 0; i < N_IMAGES; i++) write_image(i, NULL);
    return 0;
}

static psh_input *open_images(bool keeps_faults) {
    psh_error err = {0};
    psh_input *input = NULL;
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.keeps_faults = keeps_faults;
    if (psh_input_open(&(const char *){folder}, 1, &params, &input, &err) != PSH_OK) fail_msg("%s", err.text);
    return input;
}

static bool is_there(const char *path) {
    return access(path, F_OK) == 0;
}

static psh__bytes bytes_of(const char *path) {
    psh__bytes bytes = {0};
    psh_error err = {0};
    if (psh__bytes_read(path, &bytes, &err) != PSH_OK) fail_msg("%s", err.text);
    return bytes;
}

static void assert_same_bytes(const char *path, const psh__bytes *expected) {
    psh__bytes found = bytes_of(path);
    assert_int_equal(found.n_bytes, expected->n_bytes);
    assert_memory_equal(found.data, expected->data, found.n_bytes);
    psh__bytes_free(&found);
}

/* The set in memory, written: what every other way must give. A copy, since `path` is going to be written over. */
static psh__bytes expect(const psh_input *input, const char *path) {
    psh_diagrams *set = NULL;
    assert_int_equal(psh_diagrams_compute(input, NULL, 1, NULL, &set, NULL), PSH_OK);
    write_set(set, path, NULL);
    psh_diagrams_free(set);
    psh__bytes bytes = bytes_of(path), copy = {.n_bytes = bytes.n_bytes};
    copy.data = memcpy(psh__malloc(bytes.n_bytes, 1), bytes.data, bytes.n_bytes);
    psh__bytes_free(&bytes);
    unlink(path);
    return copy;
}

static psh_compute_params manner(int n_threads, bool is_resumable) {
    psh_compute_params how = PSH_PARAMS(psh_compute_params);
    how.n_threads = n_threads, how.is_resumable = is_resumable;
    return how;
}

/* Stops the work after so many items. */
static bool stop_at(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    (void)what;
    assert_int_equal(n_total, N_IMAGES);
    return n_done < *(uint64_t *)user;
}

static psh_status compute(const psh_input *input, psh_compute_params how, uint64_t n_until_stop,
                          psh_compute_stats *stats, psh_error *err) {
    psh_progress progress = {.report = stop_at, .user = &n_until_stop};
    return psh_diagrams_compute_file(input, NULL, &how, NULL, out, n_until_stop ? &progress : NULL, stats, err);
}

/* --- the bytes ---------------------------------------------------------------------------------------------------- */

static void the_file_is_that_of_the_set_in_memory(void **state) {
    psh_input *input = open_images(false);
    psh__bytes expected = expect(input, out);
    psh_compute_stats stats;
    psh_error err = {0};
    for (int n_threads = 1; n_threads <= 4; n_threads++)
        for (int is_resumable = 0; is_resumable < 2; is_resumable++) {
            if (compute(input, manner(n_threads, is_resumable), 0, &stats, &err) != PSH_OK) fail_msg("%s", err.text);
            assert_same_bytes(out, &expected);
            assert_false(is_there(partial) || is_there(skipped));
            assert_int_equal(stats.n_diagrams, N_IMAGES);
            assert_int_equal(stats.n_essential, N_IMAGES);
            assert_true(stats.n_skipped == 0 && stats.n_resumed == 0 && stats.n_points > N_IMAGES);
            assert_true(stats.kind == PSH_ITEM_IMAGE && stats.complex == PSH_COMPLEX_CUBICAL);
            assert_true(stats.read_seconds > 0 && stats.homology_seconds > 0 && stats.write_seconds > 0);
        }
    psh__free((void *)expected.data);
    psh_input_free(input);
}

static void other_formats_are_written_too(void **state) {
    const char *path = scratch("set.csv");
    psh_compute_stats stats;
    psh_input *input = open_images(false);
    psh__bytes expected = expect(input, path);
    assert_int_equal(psh_diagrams_compute_file(input, NULL, NULL, NULL, path, NULL, &stats, NULL), PSH_OK);
    assert_same_bytes(path, &expected);
    assert_non_null(strstr(stats.lost, "metadata"));
    psh_error err = {0};
    assert_int_equal(psh_diagrams_compute_file(input, NULL, NULL, NULL, scratch("set.docx"), NULL, NULL, &err),
                     PSH_ERR_FORMAT);
    assert_int_equal(psh_diagrams_compute_file(input, NULL, NULL, NULL, scratch("set.pers"), NULL, NULL, &err),
                     PSH_ERR_SHAPE); /* 60 diagrams: known before the first is computed */
    unlink(path);
    psh__free((void *)expected.data);
    psh_input_free(input);
}

static void metadata_of_the_caller_come_first(void **state) {
    psh_input *input = open_images(false);
    psh_meta *meta = NULL;
    assert_int_equal(psh_meta_create(&meta, NULL), PSH_OK);
    psh_meta_set_text(meta, "command", "mine");
    assert_int_equal(psh_diagrams_compute_file(input, NULL, NULL, meta, out, NULL, NULL, NULL), PSH_OK);
    psh_diagrams *set = read_set(out, PSH_DIAGRAM_NPZ);
    assert_string_equal(psh_meta_text(psh_diagrams_meta(set), "command"), "mine");
    assert_string_equal(psh_meta_text(psh_diagrams_meta(set), "complex"), "cubical");
    psh_diagrams_free(set);
    psh_meta_free(meta);
    psh_input_free(input);
    unlink(out);
}

/* --- stopped and continued ---------------------------------------------------------------------------------------- */

static void stopped_work_goes_on_to_the_same_bytes(void **state) {
    psh_input *input = open_images(false);
    psh__bytes expected = expect(input, out);
    for (int n_threads = 1; n_threads <= 3; n_threads++)
        for (uint64_t step = 1; step < N_IMAGES; step = 3 * step + 1) {
            psh_error err = {0};
            psh_compute_stats stats;
            uint64_t n_before = 0;
            for (uint64_t n = step; n < N_IMAGES; n += step) {
                psh_status status = compute(input, manner(n_threads, true), n, NULL, &err);
                if (status == PSH_OK) break; /* several threads were all but done */
                assert_int_equal(status, PSH_ERR_INTERRUPTED);
                if (n_threads == 1) assert_non_null(strstr(err.text, "the same again goes on"));
                assert_false(is_there(out));
                n_before = n;
            }
            if (compute(input, manner(n_threads, true), 0, &stats, &err) != PSH_OK) fail_msg("%s", err.text);
            if (n_threads == 1) assert_int_equal(stats.n_resumed, n_before);
            assert_int_equal(stats.n_diagrams, N_IMAGES);
            assert_same_bytes(out, &expected);
            assert_false(is_there(partial));
            unlink(out);
        }
    psh__free((void *)expected.data);
    psh_input_free(input);
}

static void without_resume_nothing_is_left_behind(void **state) {
    psh_input *input = open_images(false);
    psh_error err = {0};
    assert_int_equal(compute(input, manner(2, false), 20, NULL, &err), PSH_ERR_INTERRUPTED);
    assert_false(is_there(partial) || is_there(out));
    psh_input_free(input);
}

/* What a kill, a crash or a full disk may leave: the file cut anywhere, or torn. */
static void any_beginning_of_the_unfinished_work_is_good(void **state) {
    psh_input *input = open_images(false);
    psh__bytes expected = expect(input, out);
    psh_compute_stats stats;
    psh_error err = {0};
    assert_int_equal(compute(input, manner(1, true), N_IMAGES / 2, NULL, NULL), PSH_ERR_INTERRUPTED);
    psh__bytes whole = bytes_of(partial);
    psh__bytes copy = {.data = memcpy(psh__malloc(whole.n_bytes, 1), whole.data, whole.n_bytes),
                       .n_bytes = whole.n_bytes};
    psh__bytes_free(&whole);
    size_t n_last = 0;
    for (size_t n = 0; n <= copy.n_bytes; n += n < 300 ? 1 : 997) {
        psh__file_replace(partial, copy.data, n, NULL);
        if (compute(input, manner(1, true), 0, &stats, &err) != PSH_OK) fail_msg("cut at %zu: %s", n, err.text);
        assert_true(stats.n_resumed >= n_last && (n > 32 || stats.n_resumed == 0));
        n_last = stats.n_resumed;
        assert_same_bytes(out, &expected);
    }
    for (size_t at = 32; at < copy.n_bytes; at += 1009) {
        ((uint8_t *)copy.data)[at] ^= 1;
        psh__file_replace(partial, copy.data, copy.n_bytes, NULL);
        ((uint8_t *)copy.data)[at] ^= 1;
        if (compute(input, manner(1, true), 0, &stats, &err) != PSH_OK) fail_msg("flipped %zu: %s", at, err.text);
        assert_true(stats.n_resumed < N_IMAGES / 2);
        assert_same_bytes(out, &expected);
    }
    psh__free((void *)copy.data);
    psh__free((void *)expected.data);
    psh_input_free(input);
    unlink(out);
}

static void unfinished_work_of_others_is_refused_and_kept(void **state) {
    psh_input *input = open_images(false);
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    psh_compute_params how = manner(1, true);
    psh_error err = {0};
    assert_int_equal(compute(input, manner(1, true), 20, NULL, NULL), PSH_ERR_INTERRUPTED);
    psh__bytes kept = bytes_of(partial);

    assert_int_equal(compute(input, manner(1, false), 0, NULL, &err), PSH_ERR_FILE_WRITE);
    assert_non_null(strstr(err.text, "not finished"));

    params.min_persistence = 3;
    assert_int_equal(psh_diagrams_compute_file(input, &params, &how, NULL, out, NULL, NULL, &err),
                     PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "other options"));

    psh_input_params input_params = PSH_PARAMS(psh_input_params);
    psh_input *other = NULL;
    input_params.first = 1; /* another item is the first */
    assert_int_equal(psh_input_open(&(const char *){folder}, 1, &input_params, &other, NULL), PSH_OK);
    assert_int_equal(compute(other, how, 0, NULL, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "other items"));
    psh_input_free(other);
    input_params = PSH_PARAMS(psh_input_params);
    input_params.count = 10; /* fewer items than are done */
    assert_int_equal(psh_input_open(&(const char *){folder}, 1, &input_params, &other, NULL), PSH_OK);
    assert_int_equal(compute(other, how, 0, NULL, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "number 10"));
    psh_input_free(other);

    assert_int_equal(utime(psh_input_name(input, 5), &(struct utimbuf){.modtime = 1000000}), 0); /* changed since */
    assert_int_equal(compute(input, how, 0, NULL, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, psh_input_name(input, 5)));

    psh__bytes now = bytes_of(partial);
    assert_int_equal(now.n_bytes, kept.n_bytes);
    assert_memory_equal(now.data, kept.data, kept.n_bytes);
    psh__bytes_free(&now), psh__bytes_free(&kept);

    psh__file_replace(partial, "something else, longer than a head of 32 bytes", 46, NULL);
    assert_int_equal(compute(input, how, 0, NULL, &err), PSH_ERR_CORRUPT);
    assert_true(is_there(partial) && !is_there(out));
    unlink(partial);
    psh_input_free(input);
}

static void a_bad_file_is_repaired_and_the_work_goes_on(void **state) {
    psh_error err = {0};
    psh_compute_stats stats;
    write_image(40, "P5\n9 9\n255\ncut short");
    psh_input *input = open_images(false);
    assert_int_equal(compute(input, manner(2, true), 0, NULL, &err), PSH_ERR_CORRUPT);
    assert_non_null(strstr(err.text, "b/40.pgm"));
    psh_input_free(input);
    write_image(40, NULL);
    input = open_images(false);
    if (compute(input, manner(2, true), 0, &stats, &err) != PSH_OK) fail_msg("%s", err.text);
    assert_int_equal(stats.n_resumed, 50); /* 30 of a, 20 of b: all that come before it */
    psh__bytes expected = expect(input, scratch("expected.npz"));
    assert_same_bytes(out, &expected);
    psh__free((void *)expected.data);
    psh_input_free(input);
    unlink(out);
}

/* --- skipped ------------------------------------------------------------------------------------------------------ */

static void bad_items_are_skipped_and_listed(void **state) {
    static const char *const bad[] = {"", "no image", "P5\n9 9\n255\ncut short", "P5\n0 0\n255\n",
                                      "P5\n999999 999999\n255\nhuge"};
    psh_compute_params how = manner(1, true);
    psh_compute_stats stats;
    psh_error err = {0};
    how.on_error = PSH_ON_ERROR_SKIP;
    psh_input *input = open_images(false);
    psh__bytes expected = {0}, list = {0};
    psh_input_free(input);
    for (int i = 0; i < 5; i++) write_image(4 + 7 * i, bad[i]);
    assert_int_equal(psh_input_open(&(const char *){folder}, 1, NULL, &input, &err), PSH_ERR_FORMAT); /* a/11.pgm */
    input = open_images(true);
    assert_int_equal(psh_input_count(input), N_IMAGES);
    for (how.n_threads = 1; how.n_threads <= 3; how.n_threads++) {
        for (uint64_t n = 7; n < N_IMAGES; n += 20) compute(input, how, n, NULL, NULL);
        if (compute(input, how, 0, &stats, &err) != PSH_OK) fail_msg("%s", err.text);
        assert_int_equal(stats.n_skipped, 5);
        assert_int_equal(stats.n_diagrams, N_IMAGES - 5);
        if (how.n_threads > 1) {
            assert_same_bytes(out, &expected);
            assert_same_bytes(skipped, &list);
            psh__bytes_free(&expected), psh__bytes_free(&list);
        }
        expected = bytes_of(out), list = bytes_of(skipped);
    }
    psh__bytes_free(&expected), psh__bytes_free(&list);

    FILE *lines = fopen(skipped, "r");
    char line[600];
    int n_lines = 0;
    for (; fgets(line, sizeof line, lines); n_lines++) {
        char *tab = strchr(line, '\t');
        assert_non_null(tab);
        assert_true(tab[1] && tab[1] != '\n' && !strstr(tab, ".pgm")); /* a reason, without the name again */
        *tab = 0;
        assert_true(is_there(line));
    }
    assert_int_equal(n_lines, 5);
    fclose(lines);

    psh_diagrams *set = read_set(out, PSH_DIAGRAM_NPZ);
    assert_true(psh_meta_number(psh_diagrams_meta(set), "n_skipped", -1) == 5);
    char *text = psh_meta_write_text(psh_diagrams_meta(set), 0);
    assert_non_null(strstr(text, "\"skipped\": [{\"name\": "));
    assert_non_null(strstr(text, "a/25.pgm"));
    psh_text_free(text);
    for (size_t i = 0; i < psh_diagrams_count(set); i++) { /* labels and names went with their diagrams */
        const char *name = psh_diagrams_name(set, i),
                   *class = psh_diagrams_label_name(set, (size_t)psh_diagrams_labels(set)[i]);
        assert_int_equal(name[strlen(folder) + 1], class[0]);
        assert_null(strstr(name, "/04.pgm"));
    }
    psh_diagrams_free(set);

    compute(input, how, 40, NULL, NULL); /* a partial with skipped items is not continued by work that stops at them */
    assert_true(is_there(partial));
    assert_int_equal(compute(input, manner(1, true), 0, NULL, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "skip"));
    unlink(partial);
    psh_input_free(input);

    for (int i = 0; i < 5; i++) write_image(4 + 7 * i, NULL);
    input = open_images(true);
    assert_int_equal(compute(input, how, 0, &stats, NULL), PSH_OK);
    assert_int_equal(stats.n_skipped, 0);
    assert_false(is_there(skipped)); /* a list that is not true any more */
    psh_input_free(input);
    unlink(out);
}

static void nothing_but_bad_items_is_a_fault(void **state) {
    psh_compute_params how = manner(2, false);
    psh_input_params params = PSH_PARAMS(psh_input_params);
    psh_error err = {0};
    psh_input *input = NULL;
    how.on_error = PSH_ON_ERROR_SKIP;
    params.keeps_faults = true;
    const char *paths[] = {scratch_text("bad.pgm", "P5\n9 9\n255\ncut"), scratch_text("worse.pgm", "P5\n-")};
    assert_int_equal(psh_input_open(paths, 2, &params, &input, NULL), PSH_OK);
    assert_int_equal(compute(input, how, 0, NULL, &err), PSH_ERR_EMPTY);
    assert_non_null(strstr(err.text, "not one of 2"));
    assert_non_null(strstr(err.text, "bad.pgm"));
    assert_false(is_there(out) || is_there(skipped));
    psh_input_free(input);
}

static void options_that_do_not_fit_are_never_skipped(void **state) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    psh_compute_params how = manner(2, false);
    psh_input *input = open_images(true);
    psh_error err = {0};
    how.on_error = PSH_ON_ERROR_SKIP;
    params.threshold = 3; /* of Rips */
    assert_int_equal(psh_diagrams_compute_file(input, &params, &how, NULL, out, NULL, NULL, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "threshold"));
    how.on_error = (psh_on_error)7;
    assert_int_equal(compute(input, how, 0, NULL, &err), PSH_ERR_PARAMETER);
    psh_input_free(input);
}

/* --- the disk and the memory -------------------------------------------------------------------------------------- */

/* A limit on the size of files is a disk that is full after so many bytes: first in the unfinished work, then, twice
 * as large, in the result. Each time the work goes on where it can. */
static void a_full_disk_is_told_and_nothing_is_lost(void **state) {
    psh_input *input = open_images(false);
    psh__bytes expected = expect(input, out);
    struct rlimit old, limit;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    for (int is_resumable = 0; is_resumable < 2; is_resumable++) {
        size_t n_failed = 0;
        psh_status status = PSH_ERR_FILE_WRITE;
        for (rlim_t most = 10; status != PSH_OK; most += 9973, n_failed++) {
            psh_error err = {0};
            limit = (struct rlimit){.rlim_cur = most, .rlim_max = old.rlim_max};
            setrlimit(RLIMIT_FSIZE, &limit);
            status = compute(input, manner(2, is_resumable), 0, NULL, &err);
            setrlimit(RLIMIT_FSIZE, &old);
            assert_true(status == PSH_OK || status == PSH_ERR_FILE_WRITE);
            if (status != PSH_OK) assert_non_null(strstr(err.text, "set.npz"));
            assert_true(is_there(out) == (status == PSH_OK));
            if (!is_resumable) assert_false(is_there(partial));
        }
        assert_true(n_failed > 5);
        assert_same_bytes(out, &expected);
        assert_false(is_there(partial));
        unlink(out);
    }
    signal(SIGXFSZ, SIG_DFL);
    psh__free((void *)expected.data);
    psh_input_free(input);
}

static void each_failed_allocation_is_reported(void **state) {
    for (int mode = 0; mode < 4; mode++) {
        psh_compute_params how = manner(1, mode & 1);
        how.on_error = mode & 2 ? PSH_ON_ERROR_SKIP : PSH_ON_ERROR_STOP;
        if (mode == 3) write_image(11, "no image");
        psh_input *input = open_images(true);
        psh_status status = PSH_ERR_MEMORY;
        for (unsigned long n = 1; status != PSH_OK; n += n < 60 || n > 1100 ? 1 : 17) {
            psh__alloc_fail_at(n);
            status = compute(input, how, 0, NULL, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY || (mode & 2 && status == PSH_ERR_EMPTY));
            unlink(partial), unlink(out);
        }
        psh_input_free(input);
        if (mode == 3) write_image(11, NULL);
    }
    unlink(skipped);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_that_of_the_set_in_memory),
        cmocka_unit_test(other_formats_are_written_too),
        cmocka_unit_test(metadata_of_the_caller_come_first),
        cmocka_unit_test(stopped_work_goes_on_to_the_same_bytes),
        cmocka_unit_test(without_resume_nothing_is_left_behind),
        cmocka_unit_test(any_beginning_of_the_unfinished_work_is_good),
        cmocka_unit_test(unfinished_work_of_others_is_refused_and_kept),
        cmocka_unit_test(a_bad_file_is_repaired_and_the_work_goes_on),
        cmocka_unit_test(bad_items_are_skipped_and_listed),
        cmocka_unit_test(nothing_but_bad_items_is_a_fault),
        cmocka_unit_test(options_that_do_not_fit_are_never_skipped),
        cmocka_unit_test(a_full_disk_is_told_and_nothing_is_lost),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, open_all, scratch_close);
}
