/* test_distances.c : all pairs in memory and as files. */
#include <math.h>
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
#include "base/array.h"
#include "persihash/distance.h"

static const psh_distance_dtype dtypes[] = {PSH_DISTANCE_U8, PSH_DISTANCE_U16, PSH_DISTANCE_F32, PSH_DISTANCE_F64};

/* Pair k has the distance 1 + k % 251. */
static psh_distances *make_distances(psh_distance_dtype dtype, size_t n_items) {
    psh_distances *distances;
    assert_int_equal(psh_distances_create(dtype, n_items, &distances, NULL), PSH_OK);
    void *data = psh_distances_data(distances);
    for (size_t k = 0; n_items && k < n_items * (n_items - 1) / 2; k++) {
        unsigned value = 1 + k % 251;
        switch (dtype) {
        case PSH_DISTANCE_U8:
            ((uint8_t *)data)[k] = (uint8_t)value;
            break;
        case PSH_DISTANCE_U16:
            ((uint16_t *)data)[k] = (uint16_t)value;
            break;
        case PSH_DISTANCE_F32:
            ((float *)data)[k] = (float)value;
            break;
        case PSH_DISTANCE_F64:
            ((double *)data)[k] = value;
        }
    }
    assert_int_equal(psh_meta_set_text(psh_distances_meta(distances), "metric", "test"), PSH_OK);
    return distances;
}

static void check_distances(const psh_distances *distances, psh_distance_dtype dtype, size_t n_items) {
    assert_int_equal(psh_distances_n_items(distances), n_items);
    assert_int_equal(psh_distances_dtype(distances), dtype);
    size_t k = 0;
    for (size_t i = 0; i < n_items; i++) {
        assert_true(psh_distances_get(distances, i, i) == 0);
        for (size_t j = i + 1; j < n_items; j++, k++) {
            assert_true(psh_distances_get(distances, i, j) == (double)(1 + k % 251));
            assert_true(psh_distances_get(distances, j, i) == (double)(1 + k % 251));
        }
    }
}

/* --- In memory ---------------------------------------------------------------------------------------------------- */

static void pairs_stand_in_scipys_order(void **state) {
    for (size_t d = 0; d < 4; d++)
        for (size_t n_items = 0; n_items <= 40; n_items++) {
            psh_distances *distances = make_distances(dtypes[d], n_items);
            check_distances(distances, dtypes[d], n_items);
            psh_distances_free(distances);
        }
    psh_distances_free(NULL);
}

static void new_distances_are_zero(void **state) {
    psh_distances *distances;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, 5, &distances, NULL), PSH_OK);
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++) assert_true(psh_distances_get(distances, i, j) == 0);
    psh_distances_free(distances);
}

static void more_pairs_than_memory_are_a_status(void **state) {
    psh_distances *distances;
    psh_error err;
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, SIZE_MAX, &distances, &err), PSH_ERR_MEMORY);
    assert_int_equal(psh_distances_create(PSH_DISTANCE_F64, (size_t)1 << 32, &distances, &err), PSH_ERR_MEMORY);
}

/* --- Files -------------------------------------------------------------------------------------------------------- */

static void condensed_and_square_survive_the_round_trip(void **state) {
    static const size_t counts[] = {1, 2, 3, 63, 64, 65, 130};
    const char *path = "test_distances_round.npy";
    for (size_t d = 0; d < 4; d++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            for (int square = 0; square < 2; square++) {
                psh_distances *distances = make_distances(dtypes[d], counts[c]), *again;
                assert_int_equal(psh_distances_write(distances, path, square, NULL), PSH_OK);
                psh_distances_free(distances);
                assert_int_equal(psh_distances_read(path, &again, NULL), PSH_OK);
                check_distances(again, dtypes[d], counts[c]);
                assert_int_equal((uintptr_t)psh_distances_data_const(again) % 8, 0);
                assert_string_equal(psh_meta_text(psh_distances_meta_const(again), "metric"), "test");
                psh_distances_free(again);
            }
    unlink(path), unlink("test_distances_round.json");
}

static void the_file_is_a_plain_npy_of_the_right_shape(void **state) {
    const char *path = "test_distances_shape.npy";
    psh_distances *distances = make_distances(PSH_DISTANCE_U16, 5);
    for (int square = 0; square < 2; square++) {
        psh__bytes bytes;
        psh__array array;
        assert_int_equal(psh_distances_write(distances, path, square, NULL), PSH_OK);
        assert_int_equal(psh__npy_read(path, &bytes, &array, NULL), PSH_OK);
        assert_int_equal(array.kind, 'u'), assert_int_equal(array.item_bytes, 2);
        assert_int_equal(array.n_axes, square ? 2 : 1);
        assert_int_equal(array.shape[0], square ? 5 : 10);
        psh__array_free(&array), psh__bytes_free(&bytes);
    }
    psh_distances_free(distances);
    unlink(path), unlink("test_distances_shape.json");
}

static void no_items_come_back_from_a_square_and_as_one_from_condensed(void **state) {
    const char *path = "test_distances_none.npy";
    psh_distances *distances = make_distances(PSH_DISTANCE_F32, 0), *again;
    for (int square = 0; square < 2; square++) {
        assert_int_equal(psh_distances_write(distances, path, square, NULL), PSH_OK);
        assert_int_equal(psh_distances_read(path, &again, NULL), PSH_OK);
        assert_int_equal(psh_distances_n_items(again), square ? 0 : 1);
        psh_distances_free(again);
    }
    psh_distances_free(distances);
    unlink(path), unlink("test_distances_none.json");
}

static void a_path_that_does_not_end_in_npy_gets_json_added(void **state) {
    psh_distances *distances = make_distances(PSH_DISTANCE_U8, 3), *again;
    assert_int_equal(psh_distances_write(distances, "test_distances_plain.dat", false, NULL), PSH_OK);
    assert_int_equal(access("test_distances_plain.dat.json", R_OK), 0);
    unlink("test_distances_plain.dat.json"); /* metadata is optional */
    assert_int_equal(psh_distances_read("test_distances_plain.dat", &again, NULL), PSH_OK);
    assert_null(psh_meta_text(psh_distances_meta(again), "metric"));
    psh_distances_free(distances), psh_distances_free(again);
    unlink("test_distances_plain.dat");
}

static psh_status read_array(const char *descr, size_t n_axes, size_t rows, size_t columns, const void *data,
                             size_t n_bytes, psh_distances **dst, psh_error *err) {
    const char *path = "test_distances_foreign.npy";
    const size_t shape[2] = {rows, columns};
    assert_int_equal(psh__npy_write(path, descr, shape, n_axes, data, n_bytes, NULL), PSH_OK);
    psh_status status = psh_distances_read(path, dst, err);
    unlink(path);
    return status;
}

static void lengths_that_are_no_number_of_pairs_name_their_neighbours(void **state) {
    static const uint8_t zeros[200];
    psh_distances *distances;
    psh_error err;
    size_t n_items = 1, n_pairs = 0; /* the largest number of pairs so far */
    for (size_t length = 0; length < sizeof zeros; length++) {
        if (length == n_pairs + n_items) n_pairs += n_items++;
        psh_status status = read_array("|u1", 1, length, 0, zeros, length, &distances, &err);
        if (length == n_pairs) {
            assert_int_equal(status, PSH_OK);
            assert_int_equal(psh_distances_n_items(distances), n_items);
            psh_distances_free(distances);
        } else {
            char expected[96];
            snprintf(expected, sizeof expected, "next to it are %zu (%zu items) and %zu (%zu items)", n_pairs, n_items,
                     n_pairs + n_items, n_items + 1);
            assert_int_equal(status, PSH_ERR_SHAPE);
            assert_non_null(strstr(err.text, expected));
        }
    }
}

#define REFUSE(expected_status, expected_text, descr, n_axes, rows, columns, ...)                                      \
    do {                                                                                                               \
        psh_distances *refused = NULL;                                                                                 \
        psh_error err = {0};                                                                                           \
        assert_int_equal(read_array(descr, n_axes, rows, columns, __VA_ARGS__, sizeof(__VA_ARGS__), &refused, &err),   \
                         expected_status);                                                                             \
        assert_non_null(strstr(err.text, expected_text));                                                              \
        assert_non_null(strstr(err.text, "test_distances_foreign.npy"));                                               \
    } while (0)

static void what_is_no_distance_is_refused_by_name(void **state) {
    REFUSE(PSH_ERR_NOT_FINITE, "items 0 and 2 is NaN", "<f8", 1, 3, 0, ((double[]){1, NAN, 2}));
    REFUSE(PSH_ERR_NOT_FINITE, "items 1 and 2 is NaN", "<f4", 2, 3, 3, ((float[]){0, 1, 1, 1, 0, NAN, 1, NAN, 0}));
    REFUSE(PSH_ERR_DATA, "items 1 and 2 is -2", "<f4", 1, 3, 0, ((float[]){1, 0, -2}));
    REFUSE(PSH_ERR_DATA, "is -1", "<i8", 1, 1, 0, ((int64_t[]){-1}));
    REFUSE(PSH_ERR_DATA, "not symmetric: 0 to 1 is 2, but 1 to 0 is 3", "|u1", 2, 2, 2, ((uint8_t[]){0, 2, 3, 0}));
    REFUSE(PSH_ERR_DATA, "not symmetric", "<f8", 2, 2, 2, ((double[]){0, 2, 2.00001, 0}));
    REFUSE(PSH_ERR_DATA, "not symmetric", "<f8", 2, 2, 2, ((double[]){0, NAN, 2, 0}));
    REFUSE(PSH_ERR_DATA, "not symmetric", "<f8", 2, 2, 2, ((double[]){0, INFINITY, 2, 0}));
    REFUSE(PSH_ERR_DATA, "item 1 is at distance 5", "<u2", 2, 2, 2, ((uint16_t[]){0, 2, 2, 5}));
    REFUSE(PSH_ERR_SHAPE, "shape (2, 3)", "|u1", 2, 2, 3, ((uint8_t[]){0, 1, 2, 1, 0, 3}));
    REFUSE(PSH_ERR_SHAPE, "0 axes", "|u1", 0, 0, 0, ((uint8_t[]){3}));
    REFUSE(PSH_ERR_FORMAT, "text", "|S1", 1, 3, 0, ((char[]){'1', '2', '3'}));
}

static void other_numbers_become_float64(void **state) {
    psh_distances *distances;
    const int32_t i32[] = {7, 70000, 9};
    const uint64_t u64[] = {0, 3, 3, 0};
    const uint16_t half[] = {0x3c00, 0x7c00, 0}; /* 1, infinity, 0 */
    assert_int_equal(read_array("<i4", 1, 3, 0, i32, sizeof i32, &distances, NULL), PSH_OK);
    assert_int_equal(psh_distances_dtype(distances), PSH_DISTANCE_F64);
    assert_true(psh_distances_get(distances, 0, 2) == 70000);
    psh_distances_free(distances);
    assert_int_equal(read_array("<u8", 2, 2, 2, u64, sizeof u64, &distances, NULL), PSH_OK);
    assert_true(psh_distances_get(distances, 1, 0) == 3);
    psh_distances_free(distances);
    assert_int_equal(read_array("<f2", 1, 3, 0, half, sizeof half, &distances, NULL), PSH_OK);
    assert_true(isinf(psh_distances_get(distances, 0, 2)));
    psh_distances_free(distances);
}

static void big_endian_fortran_and_odd_headers_are_read(void **state) {
    psh_distances *distances;
    const uint8_t big[] = {0, 1, 0, 2, 1, 0};
    assert_int_equal(read_array(">u2", 1, 3, 0, big, sizeof big, &distances, NULL), PSH_OK);
    assert_int_equal(psh_distances_dtype(distances), PSH_DISTANCE_U16);
    assert_true(psh_distances_get(distances, 1, 2) == 256);
    psh_distances_free(distances);
    /* A header of 59 bytes: the float64 behind it lies at no multiple of 8. */
    uint8_t odd[10 + 59 + 8] = "\x93NUMPY\x01\x00\x3b\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n";
    const double value = 0.1;
    memcpy(odd + 10 + 59, &value, 8);
    assert_int_equal(psh__file_replace("test_distances_odd.npy", odd, sizeof odd, NULL), PSH_OK);
    assert_int_equal(psh_distances_read("test_distances_odd.npy", &distances, NULL), PSH_OK);
    assert_int_equal((uintptr_t)psh_distances_data_const(distances) % 8, 0);
    assert_true(psh_distances_get(distances, 1, 0) == 0.1);
    psh_distances_free(distances);
    unlink("test_distances_odd.npy");
}

static void rounding_across_the_diagonal_is_forgiven(void **state) {
    psh_distances *distances;
    const double square[] = {0, 1, 1 + 1e-9, 0};
    assert_int_equal(read_array("<f8", 2, 2, 2, square, sizeof square, &distances, NULL), PSH_OK);
    assert_true(psh_distances_get(distances, 1, 0) == 1);
    psh_distances_free(distances);
}

static void metadata_that_is_none_is_refused_with_its_path(void **state) {
    psh_distances *distances = make_distances(PSH_DISTANCE_U8, 3);
    psh_error err;
    assert_int_equal(psh_distances_write(distances, "test_distances_meta.npy", false, NULL), PSH_OK);
    psh_distances_free(distances);
    assert_int_equal(psh__file_replace("test_distances_meta.json", "[1, 2]", 6, NULL), PSH_OK);
    assert_int_equal(psh_distances_read("test_distances_meta.npy", &distances, &err), PSH_ERR_CORRUPT);
    assert_non_null(strstr(err.text, "test_distances_meta.json"));
    unlink("test_distances_meta.npy"), unlink("test_distances_meta.json");
}

static void a_missing_file_or_folder_says_so(void **state) {
    psh_distances *distances;
    psh_error err;
    assert_int_equal(psh_distances_read("no_such_distances.npy", &distances, &err), PSH_ERR_FILE_NOT_FOUND);
    assert_int_equal(psh_distances_read(".", &distances, &err), PSH_ERR_FILE_READ);
    distances = make_distances(PSH_DISTANCE_U8, 3);
    assert_int_equal(psh_distances_write(distances, "no_such_folder/d.npy", false, &err), PSH_ERR_FILE_WRITE);
    psh_distances_free(distances);
}

static void every_prefix_of_a_file_fails_cleanly(void **state) {
    const char *path = "test_distances_part.npy";
    psh__bytes bytes;
    psh_distances *distances = make_distances(PSH_DISTANCE_U16, 9);
    assert_int_equal(psh_distances_write(distances, "test_distances_whole.npy", false, NULL), PSH_OK);
    psh_distances_free(distances);
    assert_int_equal(psh__bytes_read("test_distances_whole.npy", &bytes, NULL), PSH_OK);
    for (size_t n = 0; n < bytes.n_bytes; n++) {
        psh_error err = {0};
        FILE *file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes.data, 1, n, file), n);
        assert_int_equal(fclose(file), 0);
        psh_status status = psh_distances_read(path, &distances, &err);
        assert_true(status == PSH_ERR_CORRUPT || status == PSH_ERR_FORMAT);
        assert_non_null(strstr(err.text, path));
    }
    psh__bytes_free(&bytes);
    unlink(path), unlink("test_distances_whole.npy"), unlink("test_distances_whole.json");
}

/* --- Memory ------------------------------------------------------------------------------------------------------- */

static psh_status whole_life(bool square) {
    const char *path = "test_distances_memory.npy";
    psh_distances *distances = NULL, *again = NULL;
    psh_status status = psh_distances_create(PSH_DISTANCE_F32, 6, &distances, NULL);
    if (status == PSH_OK) status = psh_distances_write(distances, path, square, NULL);
    if (status == PSH_OK) status = psh_distances_read(path, &again, NULL);
    psh_distances_free(distances), psh_distances_free(again);
    return status;
}

static void every_failing_allocation_is_a_status(void **state) {
    for (int square = 0; square < 2; square++) {
        psh_status status = PSH_ERR_MEMORY;
        unsigned long n = 0;
        while (status != PSH_OK) {
            assert_true(++n < 100);
            unlink("test_distances_memory.npy"), unlink("test_distances_memory.json");
            psh__alloc_fail_at(n);
            status = whole_life(square);
            psh__alloc_fail_at(0);
            if (status != PSH_OK) assert_int_equal(status, PSH_ERR_MEMORY);
        }
        assert_true(n > 10);
    }
    unlink("test_distances_memory.npy"), unlink("test_distances_memory.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_stand_in_scipys_order),
        cmocka_unit_test(new_distances_are_zero),
        cmocka_unit_test(more_pairs_than_memory_are_a_status),
        cmocka_unit_test(condensed_and_square_survive_the_round_trip),
        cmocka_unit_test(the_file_is_a_plain_npy_of_the_right_shape),
        cmocka_unit_test(no_items_come_back_from_a_square_and_as_one_from_condensed),
        cmocka_unit_test(a_path_that_does_not_end_in_npy_gets_json_added),
        cmocka_unit_test(lengths_that_are_no_number_of_pairs_name_their_neighbours),
        cmocka_unit_test(what_is_no_distance_is_refused_by_name),
        cmocka_unit_test(other_numbers_become_float64),
        cmocka_unit_test(big_endian_fortran_and_odd_headers_are_read),
        cmocka_unit_test(rounding_across_the_diagonal_is_forgiven),
        cmocka_unit_test(metadata_that_is_none_is_refused_with_its_path),
        cmocka_unit_test(a_missing_file_or_folder_says_so),
        cmocka_unit_test(every_prefix_of_a_file_fails_cleanly),
        cmocka_unit_test(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
