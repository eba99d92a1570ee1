/* test_diagram_compute.c : a list of images becomes a set: in order, the same for any number of threads, and the first
 * fault in order is the one that is told. */
#include "base/array.h"
#include "base/random.h"
#include "diagram_scratch.h"

enum { N_ITEMS = 70, SIDE = 12 };

/* A stack of 8-bit noise. */
static const char *write_stack(const char *name, size_t n_items) {
    static uint8_t pixels[N_ITEMS * SIDE * SIDE];
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)psh__random_below(&rng, 256);
    const char *path = scratch(name);
    assert_int_equal(
        psh__npy_write(path, "|u1", (size_t[]){n_items, SIDE, SIDE}, 3, pixels, n_items * SIDE * SIDE, NULL), PSH_OK);
    return path;
}

static psh_input *open_input(const char *path, const psh_input_params *params) {
    psh_error err = {0};
    psh_input *input = NULL;
    if (psh_input_open(&path, 1, params, &input, &err) != PSH_OK) fail_msg("%s", err.text);
    return input;
}

static void the_set_is_that_of_one_item_after_the_other(void **state) {
    psh_input *input = open_input(write_stack("stack.npy", N_ITEMS), NULL);
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.min_persistence = 20;
    psh_diagrams *set = NULL, *expected = NULL;
    psh_cubical *cubical = NULL;
    size_t n_left_out, n_all_left_out = 0;
    assert_int_equal(psh_cubical_create(&cubical, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_create(&expected, NULL), PSH_OK);
    for (size_t i = 0; i < N_ITEMS; i++) {
        psh_image *image = NULL;
        const psh_interval *intervals;
        size_t n_intervals;
        assert_int_equal(psh_input_read(input, i, &image, NULL), PSH_OK);
        assert_int_equal(psh_cubical_compute(cubical, image, &params, &intervals, &n_intervals, &n_left_out, NULL),
                         PSH_OK);
        assert_int_equal(psh_diagrams_append_intervals(expected, intervals, n_intervals, psh_input_name(input, i),
                                                       psh_input_label(input, i), NULL),
                         PSH_OK);
        n_all_left_out += n_left_out;
        psh_image_free(image);
    }
    static const int threads[] = {1, 2, 3, 8, 0};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(psh_diagrams_compute(input, &params, threads[i], NULL, &set, NULL), PSH_OK);
        assert_same_points(set, expected);
        assert_same_facts(set, expected);
        assert_true(psh_meta_number(psh_diagrams_meta(set), "n_essential_left_out", -1) == (double)n_all_left_out);
        psh_diagrams_free(set);
    }
    assert_int_equal(n_all_left_out, N_ITEMS); /* H0 of each image */
    psh_cubical_free(cubical);
    psh_diagrams_free(expected);
    psh_input_free(input);
}

/* One large image and then more small ones than may wait for it: the other threads must pause, and go on. */
static void small_items_wait_for_a_large_one_before_them(void **state) {
    enum { LARGE = 1200, N_SMALL = 6000 };
    uint8_t *pixels = malloc(LARGE * LARGE);
    psh__random rng;
    psh__random_init(&rng, 4, 0);
    for (size_t i = 0; i < LARGE * LARGE; i++) pixels[i] = (uint8_t)psh__random_below(&rng, 256);
    const char *paths[] = {scratch("large.npy"), scratch("small.npy")};
    psh__npy_write(paths[0], "|u1", (size_t[]){LARGE, LARGE}, 2, pixels, LARGE * LARGE, NULL);
    psh__npy_write(paths[1], "|u1", (size_t[]){N_SMALL, 3, 3}, 3, pixels, N_SMALL * 9, NULL);
    free(pixels);
    psh_input *input = NULL;
    psh_diagrams *one = NULL, *three = NULL;
    assert_int_equal(psh_input_open(paths, 2, NULL, &input, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_compute(input, NULL, 1, NULL, &one, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_compute(input, NULL, 3, NULL, &three, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_count(three), 1 + N_SMALL);
    assert_same_points(one, three);
    assert_same_facts(one, three);
    psh_diagrams_free(one), psh_diagrams_free(three);
    psh_input_free(input);
}

static void labels_come_from_folders_with_their_names(void **state) {
    const char *folders[] = {scratch("dog"), scratch("cat")};
    char command[300];
    snprintf(command, sizeof command, "mkdir %s %s", folders[0], folders[1]);
    assert_int_equal(system(command), 0);
    scratch_text("dog/a.pgm", "P2 2 2 9 1 2 3 4\n");
    scratch_text("cat/b.pgm", "P2 2 2 9 1 5 5 2\n");
    psh_input *input = NULL;
    psh_diagrams *set = NULL;
    assert_int_equal(psh_input_open(folders, 2, NULL, &input, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_compute(input, NULL, 2, NULL, &set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_n_classes(set), 2);
    for (size_t i = 0; i < 2; i++) {
        const char *label = psh_diagrams_label_name(set, (size_t)psh_diagrams_labels(set)[i]);
        assert_non_null(strstr(psh_diagrams_name(set, i), label));
    }
    psh_diagrams_free(set);
    psh_input_free(input);
}

static void what_was_done_is_recorded(void **state) {
    psh_input_params input_params = PSH_PARAMS(psh_input_params);
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    psh_diagrams *set = NULL;
    input_params.smooth_sigma = 1.5, input_params.scale_factor = 0.5;
    params.construction = PSH_CONSTRUCTION_V, params.filtration = PSH_SUPERLEVEL,
    params.essential = PSH_ESSENTIAL_CLAMP;
    params.essential_value = 256, params.min_persistence = 3, params.dims_mask = 2;
    psh_input *input = open_input(write_stack("stack.npy", 3), &input_params);
    assert_int_equal(psh_diagrams_compute(input, &params, 1, NULL, &set, NULL), PSH_OK);
    char *text = psh_meta_write_text(psh_diagrams_meta(set), 0);
    assert_string_equal(text, "{\"tool\": \"persihash " PSH_VERSION_STRING
                              "\", \"kind\": \"image\", \"complex\": \"cubical\", \"construction\": \"V\", "
                              "\"filtration\": \"superlevel\", \"smooth_sigma\": 1.5, \"scale_factor\": 0.5, "
                              "\"essential\": \"clamp\", \"n_essential_left_out\": 0, \"min_persistence\": 3.0, "
                              "\"essential_value\": 256.0, \"dims\": [1]}");
    psh_text_free(text);
    psh_diagrams_free(set);
    psh_input_free(input);
}

/* NaN in items 5, 20 and 21 of 70. */
static void the_first_fault_in_order_is_told_whatever_the_threads(void **state) {
    static float pixels[N_ITEMS * SIDE * SIDE];
    for (size_t i = 0; i < N_ITEMS * SIDE * SIDE; i++) pixels[i] = (float)(i * 7 % 31);
    for (size_t i = 20; i < 22; i++) pixels[i * SIDE * SIDE + 3] = NAN;
    pixels[5 * SIDE * SIDE + SIDE * SIDE - 1] = NAN;
    const char *path = scratch("nan.npy");
    assert_int_equal(psh__npy_write(path, "<f4", (size_t[]){N_ITEMS, SIDE, SIDE}, 3, pixels, sizeof pixels, NULL),
                     PSH_OK);
    psh_input *input = open_input(path, NULL);
    for (int n_threads = 1; n_threads < 6; n_threads++)
        for (int repeat = 0; repeat < 10; repeat++) {
            psh_error err = {0};
            psh_diagrams *set = NULL;
            assert_int_equal(psh_diagrams_compute(input, NULL, n_threads, NULL, &set, &err), PSH_ERR_NOT_FINITE);
            assert_non_null(strstr(err.text, "nan.npy[5]"));
            assert_null(set);
        }
    assert_int_equal(psh_diagrams_compute(input, NULL, 2, NULL, &(psh_diagrams *){NULL}, NULL), PSH_ERR_NOT_FINITE);
    psh_input_free(input);
}

static void a_parameter_that_cannot_be_used_is_told(void **state) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    psh_diagrams *set = NULL;
    psh_error err = {0};
    params.min_persistence = -1;
    psh_input *input = open_input(write_stack("stack.npy", 3), NULL);
    assert_int_equal(psh_diagrams_compute(input, &params, 2, NULL, &set, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "stack.npy[0]"));
    psh_input_free(input);
}

typedef struct watch {
    uint64_t n_calls, last, total, stop_at;
} watch;

static bool watch_report(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    watch *seen = user;
    seen->n_calls++, seen->last = n_done, seen->total = n_total;
    return n_done < seen->stop_at;
}

static void progress_counts_every_item_and_can_stop(void **state) {
    psh_diagrams *set = NULL;
    watch seen = {.stop_at = 1000};
    psh_progress progress = {.report = watch_report, .user = &seen};
    psh_input *input = open_input(write_stack("stack.npy", N_ITEMS), NULL);
    assert_int_equal(psh_diagrams_compute(input, NULL, 2, &progress, &set, NULL), PSH_OK);
    assert_int_equal(seen.n_calls, N_ITEMS);
    assert_int_equal(seen.last, N_ITEMS);
    assert_int_equal(seen.total, N_ITEMS);
    psh_diagrams_free(set);
    set = NULL;
    for (uint64_t stop_at = 1; stop_at <= N_ITEMS; stop_at += 23) {
        psh_error err = {0};
        seen = (watch){.stop_at = stop_at};
        assert_int_equal(psh_diagrams_compute(input, NULL, 2, &progress, &set, &err), PSH_ERR_INTERRUPTED);
        assert_null(set);
        assert_true(seen.n_calls == stop_at); /* no report after the one that said stop */
    }
    psh_input_free(input);
}

static void each_failed_allocation_is_reported(void **state) {
    psh_input *input = open_input(write_stack("stack.npy", 20), NULL);
    for (int n_threads = 1; n_threads < 3; n_threads++) {
        unsigned long n = 1;
        for (psh_status status = PSH_ERR_MEMORY; status != PSH_OK; n++) {
            psh_diagrams *set = NULL;
            psh__alloc_fail_at(n);
            status = psh_diagrams_compute(input, NULL, n_threads, NULL, &set, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            psh_diagrams_free(set);
        }
        assert_true(n > 40);
    }
    psh_input_free(input);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_set_is_that_of_one_item_after_the_other),
        cmocka_unit_test(small_items_wait_for_a_large_one_before_them),
        cmocka_unit_test(labels_come_from_folders_with_their_names),
        cmocka_unit_test(what_was_done_is_recorded),
        cmocka_unit_test(the_first_fault_in_order_is_told_whatever_the_threads),
        cmocka_unit_test(a_parameter_that_cannot_be_used_is_told),
        cmocka_unit_test(progress_counts_every_item_and_can_stop),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
