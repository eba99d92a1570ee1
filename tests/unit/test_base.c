/* test_base.c : the foundation: statuses, memory, random numbers, metadata, files. Arrays have test_array.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/params.h"
#include "base/random.h"
#include "base/size.h"
#include "persihash/base.h"

static void every_status_has_name_and_text(void **state) {
    assert_string_equal(psh_status_name(PSH_ERR_MODEL_MISMATCH), "PSH_ERR_MODEL_MISMATCH");
    assert_int_equal(PSH_ERR_MODEL_MISMATCH, 60);
    assert_string_equal(psh_status_text(PSH_OK), "success");
    assert_string_equal(psh_status_name((psh_status)9999), "PSH_ERR_?");
}

static void error_texts_are_one_bounded_line(void **state) {
    psh_error err;
    char long_text[2 * PSH_ERROR_BYTES];
    memset(long_text, 'x', sizeof long_text), long_text[sizeof long_text - 1] = 0, long_text[3] = '\n';
    assert_int_equal(psh__error(&err, PSH_ERR_DATA, "%s", long_text), PSH_ERR_DATA);
    assert_int_equal(strlen(err.text), PSH_ERROR_BYTES - 1);
    assert_null(strchr(err.text, '\n'));
    psh__error(&err, PSH_ERR_DATA, "inner");
    psh__error_prefix(&err, PSH_ERR_DATA, "file %d", 7);
    assert_string_equal(err.text, "file 7: inner");
    assert_int_equal(psh__error(NULL, PSH_ERR_DATA, "nobody listens"), PSH_ERR_DATA);
}

static void allocations_are_aligned_checked_and_can_be_made_to_fail(void **state) {
    assert_null(psh__malloc(SIZE_MAX / 2, 4));
    void *block = psh__calloc(3, 5);
    assert_int_equal((uintptr_t)block % 64, 0);
    psh__free(block);
    psh__alloc_fail_at(2);
    void *first = psh__malloc(1, 1), *second = psh__malloc(1, 1);
    psh__alloc_fail_at(0);
    assert_non_null(first);
    assert_null(second);
    psh__free(first);
    int *items = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(PSH_GROW(&items, &capacity, (size_t)i + 1));
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++) assert_int_equal(items[i], i);
    psh__free(items);
}

static void shorter_option_structs_leave_newer_members_at_zero(void **state) {
    struct options {
        size_t struct_bytes;
        int old, fresh;
    } ours, theirs = {.struct_bytes = offsetof(struct options, fresh), .old = 3, .fresh = 4};
    psh__params_copy(&ours, sizeof ours, &theirs);
    assert_int_equal(ours.old, 3);
    assert_int_equal(ours.fresh, 0);
    psh__params_copy(&ours, sizeof ours, NULL);
    assert_int_equal(ours.old, 0);
}

static void sizes_of_condensed_matrices_are_overflow_safe(void **state) {
    size_t n_pairs;
    assert_true(psh__size_pairs(0, &n_pairs) && n_pairs == 0);
    assert_true(psh__size_pairs(1, &n_pairs) && n_pairs == 0);
    assert_true(psh__size_pairs(10000, &n_pairs) && n_pairs == 49995000);
    assert_true(psh__size_pairs(5, &n_pairs) && n_pairs == 10);
    assert_false(psh__size_pairs(SIZE_MAX / 2, &n_pairs));
}

/* Fixed values: the generator is part of the promise "same seed, same bytes" and must never change. */
static void random_numbers_are_the_published_ones(void **state) {
    psh__random rng = {{1, 2, 3, 4}}, other;
    assert_int_equal(psh__random_u64(&rng), 11520);
    assert_int_equal(psh__random_u64(&rng), 0);
    assert_int_equal(psh__random_u64(&rng), 1509978240);
    psh__random_init(&rng, 42, 0), psh__random_init(&other, 42, 1);
    assert_true(psh__random_u64(&rng) != psh__random_u64(&other));
    size_t histogram[7] = {0};
    for (int i = 0; i < 70000; i++) histogram[psh__random_below(&rng, 7)]++;
    for (int i = 0; i < 7; i++) assert_in_range(histogram[i], 9600, 10400);
    for (int i = 0; i < 1000; i++) {
        double x = psh__random_unit(&rng);
        assert_true(x >= 0 && x < 1);
    }
}

static void hash_is_fnv1a(void **state) {
    char text[17];
    psh__hash_text(psh__hash(PSH__HASH_START, "a", 1), text);
    assert_string_equal(text, "af63dc4c8601ec8c");
}

static void unknown_simd_levels_are_reported(void **state) {
    psh_error err;
    setenv("PSH_SIMD", "scalar", 1);
    assert_int_equal(psh_cpu_simd(), PSH_SIMD_SCALAR);
    assert_int_equal(psh_cpu_check(&err), PSH_OK);
    setenv("PSH_SIMD", "mmx", 1);
    assert_int_equal(psh_cpu_check(&err), PSH_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "mmx"));
    unsetenv("PSH_SIMD");
}

static void metadata_round_trips_and_refuses_what_is_no_object(void **state) {
    psh_meta *meta, *copy;
    psh_error err;
    assert_int_equal(psh_meta_create(&meta, &err), PSH_OK);
    assert_int_equal(psh_meta_set_text(meta, "name", "\xff no utf-8"), PSH_OK);
    assert_int_equal(psh_meta_set_number(meta, "x", 0.1), PSH_OK);
    assert_int_equal(psh_meta_set_json(meta, "list", "[1, 2]"), PSH_OK);
    char *text = psh_meta_write_text(meta, 0);
    assert_int_equal(psh_meta_read_text(text, &copy, &err), PSH_OK);
    assert_true(psh_meta_number(copy, "x", 0) == 0.1);
    assert_string_equal(psh_meta_text(copy, "name"), "? no utf-8");
    assert_null(psh_meta_text(copy, "absent"));
    psh_text_free(text);
    psh_meta_free(meta), psh_meta_free(copy);
    assert_int_equal(psh_meta_read_text("[1]", &meta, &err), PSH_ERR_CORRUPT);
    assert_int_equal(psh_meta_read_text("{", &meta, &err), PSH_ERR_CORRUPT);
}

static void files_are_replaced_whole_or_not_at_all(void **state) {
    const char *path = "test_base_file";
    psh__file file;
    psh__bytes bytes;
    psh_error err;
    assert_int_equal(psh__file_replace(path, "old", 3, &err), PSH_OK);
    assert_int_equal(psh__file_create(path, &file, &err), PSH_OK);
    assert_int_equal(psh__file_write(&file, "new and long", 12, &err), PSH_OK);
    char *temporary = psh__strdup(file.temporary);
    psh__file_abort(&file);
    assert_int_equal(access(temporary, F_OK), -1);
    psh__free(temporary);
    assert_int_equal(psh__bytes_read(path, &bytes, &err), PSH_OK);
    assert_int_equal(bytes.n_bytes, 3);
    assert_memory_equal(bytes.data, "old", 3);
    psh__bytes_free(&bytes);
    unlink(path);
    assert_int_equal(psh__bytes_read(path, &bytes, &err), PSH_ERR_FILE_NOT_FOUND);
    assert_int_equal(psh__bytes_read(".", &bytes, &err), PSH_ERR_FILE_READ);
    assert_int_equal(psh__file_create("no/such/folder/x", &file, &err), PSH_ERR_FILE_WRITE);
    assert_int_equal(psh__file_create(".", &file, &err), PSH_ERR_FILE_WRITE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_name_and_text),
        cmocka_unit_test(error_texts_are_one_bounded_line),
        cmocka_unit_test(allocations_are_aligned_checked_and_can_be_made_to_fail),
        cmocka_unit_test(shorter_option_structs_leave_newer_members_at_zero),
        cmocka_unit_test(sizes_of_condensed_matrices_are_overflow_safe),
        cmocka_unit_test(random_numbers_are_the_published_ones),
        cmocka_unit_test(hash_is_fnv1a),
        cmocka_unit_test(unknown_simd_levels_are_reported),
        cmocka_unit_test(metadata_round_trips_and_refuses_what_is_no_object),
        cmocka_unit_test(files_are_replaced_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
