/* test_stack.c : what arrays hold: images, volumes, clouds and distance matrices, from .npy and .npz. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/file.h"
#include "item_scratch.h"

static const reader npy = {psh__npy_open, psh__stack_read_item, psh__stack_close},
                    idx = {psh__idx_open, psh__stack_read_item, psh__stack_close},
                    npz = {psh__bundle_open, psh__bundle_read_item, psh__bundle_close};

typedef struct bytes {
    uint8_t data[32768];
    size_t n_bytes;
} bytes;

/* A .npy of float64 : (shape), value i at place i, or `values`. */
static const bytes *make_npy(const size_t *shape, size_t n_axes, const double *values) {
    static bytes file;
    size_t n_values = 1;
    for (size_t i = 0; i < n_axes; i++) n_values *= shape[i];
    file.n_bytes = psh__npy_header("<f8", shape, n_axes, (char *)file.data);
    assert_true(file.n_bytes + n_values * 8 <= sizeof file.data);
    for (size_t i = 0; i < n_values; i++) {
        double value = values ? values[i] : (double)i;
        memcpy(file.data + file.n_bytes + 8 * i, &value, 8);
    }
    file.n_bytes += n_values * 8;
    return &file;
}
#define SHAPE(...) ((const size_t[]){__VA_ARGS__}), sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t)

static psh_input_params params_of(psh_item_kind kind, bool is_volume) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.kind = kind;
    params.is_volume = is_volume;
    return params;
}

static void assert_refused(const reader *format, const bytes *file, psh_item_kind kind, bool is_volume,
                           psh_status expected, const char *part) {
    psh_input_params params = params_of(kind, is_volume);
    assert_bad(format, &params, file->data, file->n_bytes, expected, part);
}

/* Item i of the file, whose first value is expected to be `first`. */
static void assert_item(const reader *format, const bytes *file, psh_item_kind kind, bool is_volume, size_t i_item,
                        psh_item_kind expected, const size_t shape[3], double first) {
    psh_input_params params = params_of(kind, is_volume);
    psh_item item;
    psh_error err = {0};
    if (read_item(format, &params, file->data, file->n_bytes, i_item, &item, &err) != PSH_OK)
        print_error("%s\n", err.text);
    assert_int_equal(item.kind, expected);
    if (item.kind == PSH_ITEM_IMAGE) {
        assert_memory_equal(item.image->shape, shape, 3 * sizeof *shape);
        assert_true(*(const double *)item.image->pixels == first);
    } else if (item.kind == PSH_ITEM_CLOUD) {
        assert_true(item.cloud->n_points == shape[0] && item.cloud->n_axes == shape[1]);
        assert_true(shape[0] == 0 || item.cloud->points[0] == first);
    } else {
        assert_true(item.matrix->n_points == shape[0]);
        assert_true(item.matrix->lower[0] == first);
    }
    psh_item_free(&item);
}
#define SIDES(...) ((const size_t[3]){__VA_ARGS__})

/* --- .npy -----------------------------------------------------------------------------------------------------------
 */

static void test_arrays_are_what_is_asked_for(void **state) {
    assert_item(&npy, make_npy(SHAPE(5, 6), NULL), PSH_ITEM_AUTO, false, 0, PSH_ITEM_IMAGE, SIDES(1, 5, 6), 0);
    assert_item(&npy, make_npy(SHAPE(3, 5, 6), NULL), PSH_ITEM_IMAGE, false, 2, PSH_ITEM_IMAGE, SIDES(1, 5, 6), 60);
    assert_item(&npy, make_npy(SHAPE(3, 5, 6), NULL), PSH_ITEM_AUTO, true, 0, PSH_ITEM_IMAGE, SIDES(3, 5, 6), 0);
    assert_item(&npy, make_npy(SHAPE(2, 3, 5, 6), NULL), PSH_ITEM_IMAGE, true, 1, PSH_ITEM_IMAGE, SIDES(3, 5, 6), 90);
    assert_item(&npy, make_npy(SHAPE(20, 3), NULL), PSH_ITEM_CLOUD, false, 0, PSH_ITEM_CLOUD, SIDES(20, 3), 0);
    assert_item(&npy, make_npy(SHAPE(4, 20, 3), NULL), PSH_ITEM_CLOUD, true, 3, PSH_ITEM_CLOUD, SIDES(20, 3), 180);
    assert_item(&npy, make_npy(SHAPE(6), NULL), PSH_ITEM_MATRIX, false, 0, PSH_ITEM_MATRIX, SIDES(4), 0);
    static const double squares[18] = {0, 1, 2, 1, 0, 3, 2, 3, 0, 0, 4, 5, 4, 0, 6, 5, 6, 0};
    assert_item(&npy, make_npy(SHAPE(3, 3), squares), PSH_ITEM_MATRIX, false, 0, PSH_ITEM_MATRIX, SIDES(3), 1);
    assert_item(&npy, make_npy(SHAPE(2, 3, 3), squares), PSH_ITEM_MATRIX, false, 1, PSH_ITEM_MATRIX, SIDES(3), 4);
}

static void test_condensed_distances_are_turned_to_the_lower_triangle(void **state) {
    psh_input_params params = params_of(PSH_ITEM_MATRIX, false);
    const bytes *file = make_npy(SHAPE(6), (const double[]){1, 2, 4, 3, 5, 6}); /* d01 d02 d03 d12 d13 d23 */
    psh_item item = read_good(&npy, &params, file->data, file->n_bytes);
    assert_memory_equal(item.matrix->lower, ((double[]){1, 2, 3, 4, 5, 6}), 48);
    psh_item_free(&item);
}

static void test_arrays_that_could_be_several_things_are_not_guessed(void **state) {
    static const double distances[9] = {0, 1, 2, 1, 0, 3, 2, 3, 0}, zeros[9] = {0},
                        negative[9] = {0, -1, 2, -1, 0, 3, 2, 3, 0}, askew[9] = {0, 1, 2, 1, 0, 3, 2, 4, 0};
    assert_refused(&npy, make_npy(SHAPE(3, 3), distances), PSH_ITEM_AUTO, false, PSH_ERR_FORMAT,
                   "--as matrix or --as image");
    assert_refused(&npy, make_npy(SHAPE(1, 3, 3), distances), PSH_ITEM_AUTO, false, PSH_ERR_FORMAT, "--as matrix");
    assert_item(&npy, make_npy(SHAPE(3, 3), distances), PSH_ITEM_IMAGE, false, 0, PSH_ITEM_IMAGE, SIDES(1, 3, 3), 0);
    static const double *const images[] = {zeros, negative, askew};
    for (int i = 0; i < 3; i++)
        assert_item(&npy, make_npy(SHAPE(3, 3), images[i]), PSH_ITEM_AUTO, false, 0, PSH_ITEM_IMAGE, SIDES(1, 3, 3), 0);
    assert_refused(&npy, make_npy(SHAPE(16, 3), NULL), PSH_ITEM_AUTO, false, PSH_ERR_FORMAT,
                   "--as cloud or --as image");
    assert_refused(&npy, make_npy(SHAPE(2, 16, 3), NULL), PSH_ITEM_AUTO, false, PSH_ERR_FORMAT, "colour image");
    assert_item(&npy, make_npy(SHAPE(16, 3), NULL), PSH_ITEM_IMAGE, false, 0, PSH_ITEM_IMAGE, SIDES(1, 16, 3), 0);
    assert_item(&npy, make_npy(SHAPE(15, 3), NULL), PSH_ITEM_AUTO, false, 0, PSH_ITEM_IMAGE, SIDES(1, 15, 3), 0);
    assert_item(&npy, make_npy(SHAPE(16, 5), NULL), PSH_ITEM_AUTO, false, 0, PSH_ITEM_IMAGE, SIDES(1, 16, 5), 0);
}

static void test_arrays_that_do_not_fit_are_refused(void **state) {
    assert_refused(&npy, make_npy(SHAPE(6), NULL), PSH_ITEM_AUTO, false, PSH_ERR_SHAPE, "1 axis (labels?)");
    assert_refused(&npy, make_npy(SHAPE(6), NULL), PSH_ITEM_CLOUD, false, PSH_ERR_SHAPE, "2 (points, coordinates)");
    assert_refused(&npy, make_npy(SHAPE(1, 2, 3, 4), NULL), PSH_ITEM_AUTO, false, PSH_ERR_SHAPE, "4 axes");
    assert_refused(&npy, make_npy(SHAPE(2, 3), NULL), PSH_ITEM_AUTO, true, PSH_ERR_SHAPE, "3 (D, H, W)");
    assert_refused(&npy, make_npy(SHAPE(2, 3), NULL), PSH_ITEM_MATRIX, false, PSH_ERR_SHAPE,
                   "2 x 3; expected a distance");
    assert_refused(&npy, make_npy(SHAPE(5), NULL), PSH_ITEM_MATRIX, false, PSH_ERR_SHAPE, "array of 5 numbers");
    assert_refused(&npy, make_npy(SHAPE(2, 2), NULL), PSH_ITEM_MATRIX, false, PSH_ERR_DATA, "3 on the diagonal");
    assert_refused(&npy, make_npy(SHAPE(2, 3), NULL), PSH_ITEM_MESH, false, PSH_ERR_PARAMETER, "no mesh");
    assert_refused(&npy, make_npy(SHAPE(2, 0), NULL), PSH_ITEM_CLOUD, false, PSH_ERR_SHAPE, "0 coordinates");
    assert_refused(&npy, make_npy(SHAPE(0, 2, 3), NULL), PSH_ITEM_CLOUD, false, PSH_ERR_EMPTY, "0 clouds");
    assert_refused(&npy, make_npy(SHAPE(0, 2, 2), NULL), PSH_ITEM_MATRIX, false, PSH_ERR_EMPTY, "0 matrices");
    assert_refused(&npy, make_npy(SHAPE(1, 2), (const double[]){1, NAN}), PSH_ITEM_CLOUD, false, PSH_ERR_NOT_FINITE,
                   "point 0, coordinate 1");
    assert_item(&npy, make_npy(SHAPE(1, 0, 3), NULL), PSH_ITEM_CLOUD, false, 0, PSH_ITEM_CLOUD, SIDES(0, 3), 0);
}

static void test_idx_of_squares_is_images(void **state) {
    bytes file = {.data = "\0\0\x08\3\0\0\0\1\0\0\0\2\0\0\0\2\0\1\1\0", .n_bytes = 20};
    psh_item item = read_good(&idx, NULL, file.data, file.n_bytes);
    assert_int_equal(item.kind, PSH_ITEM_IMAGE);
    psh_item_free(&item);
}

static void test_any_allocation_may_fail(void **state) {
    for (int kind = PSH_ITEM_AUTO; kind <= PSH_ITEM_MATRIX; kind++) {
        psh_input_params params = params_of((psh_item_kind)kind, false);
        const bytes *file = make_npy(SHAPE(2, 2), (const double[]){0, 1, 1, kind == PSH_ITEM_AUTO});
        assert_any_allocation_may_fail(&npy, &params, file->data, file->n_bytes);
        assert_prefixes_fail(&npy, &params, file->data, file->n_bytes, 0);
    }
}

/* --- .npz -----------------------------------------------------------------------------------------------------------
 */

typedef struct member {
    const char *name, *descr;
    size_t shape[3], n_axes;
    const void *data;
    size_t n_bytes;
} member;

static const double ramp[64] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static const bytes *make_npz(const member *members, size_t n_members) {
    static bytes file;
    psh__npz_writer *writer;
    psh__bytes read;
    psh_error err;
    assert_int_equal(psh__npz_create("test_stack.npz", true, &writer, &err), PSH_OK);
    for (size_t i = 0; i < n_members; i++)
        assert_int_equal(psh__npz_add(writer, members[i].name, members[i].descr, members[i].shape, members[i].n_axes,
                                      members[i].data, members[i].n_bytes, &err),
                         PSH_OK);
    assert_int_equal(psh__npz_commit(writer, &err), PSH_OK);
    assert_int_equal(psh__bytes_read("test_stack.npz", &read, &err), PSH_OK);
    assert_true(read.n_bytes <= sizeof file.data);
    memcpy(file.data, read.data, file.n_bytes = read.n_bytes);
    psh__bytes_free(&read);
    unlink("test_stack.npz");
    return &file;
}
#define NPZ(...) make_npz((const member[]){__VA_ARGS__}, sizeof((const member[]){__VA_ARGS__}) / sizeof(member))

#define CLOUDS                                                                                                         \
    { "clouds", "<f8", {2, 3, 2}, 3, ramp, 96 }
#define IMAGES                                                                                                         \
    { "images", "<f8", {2, 2, 3}, 3, ramp + 1, 96 }
#define STACK(name)                                                                                                    \
    { name, "<f8", {2, 2, 3}, 3, ramp + 2, 96 }

static void test_archives_give_the_array_that_is_meant(void **state) {
    assert_item(&npz, NPZ(CLOUDS), PSH_ITEM_AUTO, false, 1, PSH_ITEM_CLOUD, SIDES(3, 2), 7);
    assert_item(&npz, NPZ(STACK("a"), CLOUDS), PSH_ITEM_AUTO, false, 0, PSH_ITEM_CLOUD, SIDES(3, 2), 1);
    assert_refused(&npz, NPZ(CLOUDS, IMAGES), PSH_ITEM_AUTO, false, PSH_ERR_FORMAT, "clouds, images; choose");
    assert_item(&npz, NPZ(STACK("a"), {"z", "<c8", {2}, 1, ramp, 16}), PSH_ITEM_AUTO, false, 0, PSH_ITEM_IMAGE,
                SIDES(1, 2, 3), 3);
    assert_item(&npz, NPZ(STACK("a"), CLOUDS, IMAGES), PSH_ITEM_IMAGE, false, 0, PSH_ITEM_IMAGE, SIDES(1, 2, 3), 2);
    assert_item(&npz, NPZ(STACK("arr_0")), PSH_ITEM_AUTO, false, 1, PSH_ITEM_IMAGE, SIDES(1, 2, 3), 9);
    assert_item(&npz, NPZ(STACK("arr_0")), PSH_ITEM_CLOUD, false, 1, PSH_ITEM_CLOUD, SIDES(2, 3), 9);
    assert_item(&npz, NPZ(STACK("volumes")), PSH_ITEM_AUTO, false, 0, PSH_ITEM_IMAGE, SIDES(2, 2, 3), 3);
    assert_item(&npz, NPZ({"y", "<f8", {4}, 1, ramp, 32}, STACK("x")), PSH_ITEM_AUTO, false, 0, PSH_ITEM_IMAGE,
                SIDES(1, 2, 3), 3);
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.field = "b";
    const bytes *file = NPZ(STACK("a"), {"b", "<f8", {3, 2}, 2, ramp, 48});
    psh_item item = read_good(&npz, &params, file->data, file->n_bytes);
    assert_true(item.kind == PSH_ITEM_IMAGE && item.image->shape[1] == 3);
    psh_item_free(&item);
    params.field = "c";
    assert_bad(&npz, &params, file->data, file->n_bytes, PSH_ERR_SHAPE, "no array 'c'; the file has: a.npy, b.npy");
}

static void test_archives_of_results_or_of_several_arrays_are_refused(void **state) {
    assert_refused(&npz, NPZ(STACK("a"), STACK("b")), PSH_ITEM_AUTO, false, PSH_ERR_FORMAT,
                   "a, b; choose with --field");
    assert_refused(&npz, NPZ({"y", "<f8", {4}, 1, ramp, 32}), PSH_ITEM_AUTO, false, PSH_ERR_FORMAT, "no array that");
    assert_refused(&npz, NPZ({"points", "<f8", {2, 2}, 2, ramp, 32}, {"offsets", "<f8", {2}, 1, ramp, 16}),
                   PSH_ITEM_AUTO, false, PSH_ERR_FORMAT, "holds diagrams already");
    assert_refused(&npz, NPZ({"codes", "|u1", {2, 8}, 2, ramp, 16}), PSH_ITEM_AUTO, false, PSH_ERR_FORMAT, "codes");
    assert_refused(&npz, NPZ(CLOUDS), PSH_ITEM_MATRIX, false, PSH_ERR_SHAPE, "3 x 2");
}

static const int64_t numbers[2] = {1, 0}, beyond[2] = {0, 2};
static const uint32_t names[4] = {'b', 'b', 'a', 0};

static void assert_labels(const bytes *file, const char *first, const char *second) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    psh__loaded loaded = {.content.data = psh__malloc(file->n_bytes, 1), .params = &params, .n_items = 1};
    psh_error err = {0};
    assert_non_null(loaded.content.data);
    memcpy((uint8_t *)loaded.content.data, file->data, file->n_bytes);
    loaded.content.inflated = (uint8_t *)loaded.content.data, loaded.content.n_bytes = file->n_bytes;
    if (psh__bundle_open(&loaded, &err) != PSH_OK) print_error("%s\n", err.text);
    assert_int_equal(err.status, PSH_OK);
    assert_int_equal(loaded.n_items, 2);
    assert_string_equal(loaded.labels[0], first);
    assert_string_equal(loaded.labels[1], second);
    psh__bundle_close(&loaded);
    psh__free(loaded.labels);
}

static void test_archives_bring_labels(void **state) {
    assert_labels(NPZ(CLOUDS, {"labels", "<i8", {2}, 1, numbers, 16}), "1", "0");
    assert_labels(NPZ(CLOUDS, {"labels", "<i8", {2}, 1, numbers, 16}, {"label_names", "<U2", {2}, 1, names, 16}), "a",
                  "bb");
    assert_labels(NPZ(CLOUDS, {"labels", "<U2", {2}, 1, names, 16}), "bb", "a");
    assert_refused(&npz, NPZ(CLOUDS, {"labels", "<i8", {1}, 1, numbers, 8}), PSH_ITEM_AUTO, false, PSH_ERR_SHAPE,
                   "1 labels (1 axes) for 2 items");
    assert_refused(&npz, NPZ(CLOUDS, {"labels", "<i8", {2}, 1, beyond, 16}, {"label_names", "<U2", {2}, 1, names, 16}),
                   PSH_ITEM_AUTO, false, PSH_ERR_DATA, "label 2 of item 1");
}

static void test_archives_cut_anywhere_or_without_memory_fail(void **state) {
    const bytes *file = NPZ(CLOUDS, {"labels", "<i8", {2}, 1, numbers, 16}, {"label_names", "<U2", {2}, 1, names, 16});
    assert_prefixes_fail(&npz, NULL, file->data, file->n_bytes, 0);
    assert_any_allocation_may_fail(&npz, NULL, file->data, file->n_bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrays_are_what_is_asked_for),
        cmocka_unit_test(test_condensed_distances_are_turned_to_the_lower_triangle),
        cmocka_unit_test(test_arrays_that_could_be_several_things_are_not_guessed),
        cmocka_unit_test(test_arrays_that_do_not_fit_are_refused),
        cmocka_unit_test(test_idx_of_squares_is_images),
        cmocka_unit_test(test_any_allocation_may_fail),
        cmocka_unit_test(test_archives_give_the_array_that_is_meant),
        cmocka_unit_test(test_archives_of_results_or_of_several_arrays_are_refused),
        cmocka_unit_test(test_archives_bring_labels),
        cmocka_unit_test(test_archives_cut_anywhere_or_without_memory_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
