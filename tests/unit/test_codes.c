/* test_codes.c : code sets in memory and as files: what is wrong is refused by name, what is right survives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/array.h"
#include "persihash/code.h"

static const uint8_t three_codes[3 * 2] = {0xff, 0x0f, 0x01, 0x00, 0x80, 0x08}; /* of 12 bits */

static psh_codes *make_set(const char *model_id, const char *frame_id) {
    psh_codes *set;
    assert_int_equal(psh_codes_create(three_codes, 3, 12, model_id, frame_id, &set, NULL), PSH_OK);
    return set;
}

static psh_codes *make_full_set(void) {
    psh_codes *set = make_set("0123456789abcdef", "fedcba9876543210");
    const int64_t labels[] = {1, -1, 0};
    const char *const classes[] = {"boot", "T-shirt"}, *const names[] = {"a.png", "", "gr\xc3\xbc\xc3\x9f.png"};
    const uint8_t model[] = {0, 1, 2, 0, 255};
    assert_int_equal(psh_codes_set_labels(set, labels, classes, 2, NULL), PSH_OK);
    assert_int_equal(psh_codes_set_names(set, names, NULL), PSH_OK);
    assert_int_equal(psh_codes_set_model(set, model, sizeof model, NULL), PSH_OK);
    assert_int_equal(psh_meta_set_integer(psh_codes_meta(set), "seed", 7), PSH_OK);
    return set;
}

static void check_full_set(psh_codes *set) {
    size_t n_model_bytes;
    assert_int_equal(psh_codes_count(set), 3);
    assert_int_equal(psh_codes_n_bits(set), 12), assert_int_equal(psh_codes_n_bytes(set), 2);
    assert_memory_equal(psh_codes_data(set), three_codes, sizeof three_codes);
    assert_int_equal(psh_codes_labels(set)[1], -1);
    assert_int_equal(psh_codes_n_classes(set), 2);
    assert_string_equal(psh_codes_label_name(set, 1), "T-shirt");
    assert_string_equal(psh_codes_name(set, 1), "");
    assert_string_equal(psh_codes_name(set, 2), "gr\xc3\xbc\xc3\x9f.png");
    const uint8_t *model = psh_codes_model(set, &n_model_bytes);
    assert_int_equal(n_model_bytes, 5), assert_int_equal(model[4], 255);
    assert_string_equal(psh_codes_model_id(set), "0123456789abcdef");
    assert_string_equal(psh_codes_frame_id(set), "fedcba9876543210");
    assert_true(psh_meta_number(psh_codes_meta_const(set), "seed", 0) == 7);
}

/* --- In memory ---------------------------------------------------------------------------------------------------- */

static void a_bare_set_has_no_companions(void **state) {
    psh_codes *set = make_set("", "");
    size_t n_model_bytes = 1;
    assert_null(psh_codes_labels(set)), assert_int_equal(psh_codes_n_classes(set), 0);
    assert_string_equal(psh_codes_name(set, 2), "");
    assert_null(psh_codes_model(set, &n_model_bytes)), assert_int_equal(n_model_bytes, 0);
    assert_string_equal(psh_codes_model_id(set), ""), assert_string_equal(psh_codes_frame_id(set), "");
    psh_codes_free(set);
    psh_codes_free(NULL);
}

static void a_set_of_no_codes_is_a_set(void **state) {
    psh_codes *set;
    assert_int_equal(psh_codes_create(NULL, 0, 64, "", "", &set, NULL), PSH_OK);
    assert_int_equal(psh_codes_set_labels(set, NULL, NULL, 0, NULL), PSH_OK);
    assert_int_equal(psh_codes_set_names(set, NULL, NULL), PSH_OK);
    assert_int_equal(psh_codes_write(set, "test_codes_none.npz", NULL), PSH_OK);
    psh_codes_free(set);
    assert_int_equal(psh_codes_read("test_codes_none.npz", &set, NULL), PSH_OK);
    assert_int_equal(psh_codes_count(set), 0), assert_int_equal(psh_codes_n_bits(set), 64);
    psh_codes_free(set);
    unlink("test_codes_none.npz");
}

static void widths_outside_1_to_1024_are_refused(void **state) {
    static const uint8_t code[129];
    psh_codes *set;
    psh_error err;
    assert_int_equal(psh_codes_create(code, 1, 0, "", "", &set, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_codes_create(code, 1, -8, "", "", &set, &err), PSH_ERR_PARAMETER);
    assert_int_equal(psh_codes_create(code, 1, 1025, "", "", &set, &err), PSH_ERR_PARAMETER);
    assert_string_equal(err.text, "codes of 1025 bits; expected 1 to 1024");
    for (int n_bits = 1; n_bits <= 1024; n_bits++) {
        assert_int_equal(psh_codes_create(code, 1, n_bits, "", "", &set, &err), PSH_OK);
        psh_codes_free(set);
    }
}

static void every_pad_bit_is_found(void **state) {
    psh_codes *set;
    psh_error err;
    for (int n_bits = 9; n_bits < 16; n_bits++)
        for (int i_bit = n_bits; i_bit < 16; i_bit++) {
            uint8_t codes[3 * 2] = {0};
            codes[3] = (uint8_t)(1 << (i_bit - 8));
            assert_int_equal(psh_codes_create(codes, 3, n_bits, "", "", &set, &err), PSH_ERR_DATA);
            assert_non_null(strstr(err.text, "code 1 "));
            codes[3] = 0, codes[2] = 0xff;
            assert_int_equal(psh_codes_create(codes, 3, n_bits, "", "", &set, &err), PSH_OK);
            psh_codes_free(set);
        }
}

static void impossible_labels_are_refused_and_change_nothing(void **state) {
    psh_codes *set = make_full_set();
    psh_error err;
    const int64_t too_low[] = {0, -2, 0}, too_high[] = {0, 0, 2}, unnamed[] = {99, -1, 5};
    const char *const classes[] = {"x", "y"};
    assert_int_equal(psh_codes_set_labels(set, too_low, classes, 2, &err), PSH_ERR_DATA);
    assert_non_null(strstr(err.text, "label -2 of code 1"));
    assert_int_equal(psh_codes_set_labels(set, too_high, classes, 2, &err), PSH_ERR_DATA);
    check_full_set(set);
    assert_int_equal(psh_codes_set_labels(set, unnamed, NULL, 0, &err), PSH_OK); /* no names: any class goes */
    assert_int_equal(psh_codes_n_classes(set), 0), assert_int_equal(psh_codes_labels(set)[0], 99);
    psh_codes_free(set);
}

static void codes_of_other_models_frames_or_widths_never_compare(void **state) {
    psh_error err;
    psh_codes *a = make_set("aaaaaaaaaaaaaaaa", "ffffffffffffffff"),
              *same = make_set("aaaaaaaaaaaaaaaa", "ffffffffffffffff");
    psh_codes *model = make_set("bbbbbbbbbbbbbbbb", "ffffffffffffffff"),
              *frame = make_set("aaaaaaaaaaaaaaaa", "eeeeeeeeeeeeeeee");
    psh_codes *unknown = make_set("", ""), *narrow;
    assert_int_equal(psh_codes_create(three_codes, 1, 13, "aaaaaaaaaaaaaaaa", "ffffffffffffffff", &narrow, NULL),
                     PSH_OK);
    assert_int_equal(psh_codes_check_same(a, same, &err), PSH_OK);
    assert_int_equal(psh_codes_check_same(unknown, unknown, &err), PSH_OK);
    assert_int_equal(psh_codes_check_same(a, model, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "aaaaaaaaaaaaaaaa")), assert_non_null(strstr(err.text, "bbbbbbbbbbbbbbbb"));
    assert_non_null(strstr(err.text, "--frame"));
    assert_int_equal(psh_codes_check_same(a, frame, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "ffffffffffffffff")), assert_non_null(strstr(err.text, "eeeeeeeeeeeeeeee"));
    assert_non_null(strstr(err.text, "--frame"));
    assert_int_equal(psh_codes_check_same(a, unknown, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "unknown"));
    assert_int_equal(psh_codes_check_same(a, narrow, &err), PSH_ERR_MODEL_MISMATCH);
    assert_non_null(strstr(err.text, "12 bits")), assert_non_null(strstr(err.text, "13 bits"));
    psh_codes_free(a), psh_codes_free(same), psh_codes_free(model), psh_codes_free(frame), psh_codes_free(unknown);
    psh_codes_free(narrow);
}

/* --- Files -------------------------------------------------------------------------------------------------------- */

static void everything_survives_the_round_trip(void **state) {
    const char *path = "test_codes_round.npz";
    psh_codes *set = make_full_set(), *again;
    assert_int_equal(psh_codes_write(set, path, NULL), PSH_OK);
    assert_int_equal(psh_codes_read(path, &again, NULL), PSH_OK);
    check_full_set(again);
    psh_codes_free(set), psh_codes_free(again);
    set = make_set("", "");
    assert_int_equal(psh_codes_write(set, path, NULL), PSH_OK);
    assert_int_equal(psh_codes_read(path, &again, NULL), PSH_OK);
    assert_null(psh_codes_labels(again)), assert_null(psh_codes_model(again, NULL));
    assert_string_equal(psh_codes_model_id(again), "");
    psh_codes_free(set), psh_codes_free(again);
    unlink(path);
}

/* An archive of up to six arrays, as a foreign tool might leave it. descr NULL ends the list. */
typedef struct foreign {
    const char *name, *descr;
    size_t n_axes, shape[2];
    const void *data;
    size_t n_bytes;
} foreign;

static psh_status read_foreign(const foreign *arrays, psh_error *err) {
    const char *path = "test_codes_foreign.npz";
    psh__npz_writer *npz;
    psh_codes *set = NULL;
    assert_int_equal(psh__npz_create(path, false, &npz, NULL), PSH_OK);
    for (; arrays->descr; arrays++)
        assert_int_equal(psh__npz_add(npz, arrays->name, arrays->descr, arrays->shape, arrays->n_axes, arrays->data,
                                      arrays->n_bytes, NULL),
                         PSH_OK);
    assert_int_equal(psh__npz_commit(npz, NULL), PSH_OK);
    psh_status status = psh_codes_read(path, &set, err);
    if (status == PSH_OK) assert_memory_equal(psh_codes_data(set), three_codes, sizeof three_codes);
    psh_codes_free(set);
    unlink(path);
    return status;
}

static const int64_t n_bits_12 = 12, n_bits_17 = 17, n_bits_0 = 0, n_bits_2000 = 2000, three_labels[] = {0, 1, -7};
static const int32_t wide_codes[] = {0xff, 0x0f, 0x01, 0x00, 0x80, 0x08}, too_wide_codes[] = {0xff, 0x100, 1, 0, 0, 0};
static const uint8_t padded_codes[] = {0, 0, 0, 0x10, 0, 0};

#define CODES                                                                                                          \
    { "codes", "|u1", 2, {3, 2}, three_codes, 6 }
#define N_BITS                                                                                                         \
    { "n_bits", "<i8", 0, {0}, &n_bits_12, 8 }

static void foreign_files_are_read_or_refused_by_name(void **state) {
    const struct {
        foreign arrays[4];
        psh_status status;
        const char *text; /* that the explanation holds */
    } cases[] = {
        {{CODES, N_BITS}, PSH_OK, NULL},
        {{CODES, {"n_bits", "<i8", 1, {1}, &n_bits_12, 8}}, PSH_OK, NULL}, /* np.array([12]) */
        {{{"codes", "<i4", 2, {3, 2}, wide_codes, 24}, N_BITS}, PSH_OK, NULL},
        {{{"codes", "<i4", 2, {3, 2}, too_wide_codes, 24}, N_BITS}, PSH_ERR_DATA, "codes: value 256"},
        {{CODES}, PSH_ERR_SHAPE, "n_bits"},
        {{N_BITS}, PSH_ERR_SHAPE, "no array 'codes'"},
        {{{"codes", "|u1", 1, {6}, three_codes, 6}, N_BITS}, PSH_ERR_SHAPE, "codes has 1 axes"},
        {{{"codes", "|u1", 2, {2, 3}, three_codes, 6}, N_BITS}, PSH_ERR_SHAPE, "3 columns"},
        {{CODES, {"n_bits", "<i8", 0, {0}, &n_bits_17, 8}}, PSH_ERR_SHAPE, "n_bits 17"},
        {{CODES, {"n_bits", "<i8", 0, {0}, &n_bits_0, 8}}, PSH_ERR_DATA, "n_bits is 0"},
        {{CODES, {"n_bits", "<i8", 0, {0}, &n_bits_2000, 8}}, PSH_ERR_DATA, "n_bits is 2000"},
        {{CODES, {"n_bits", "<i8", 1, {2}, three_labels, 16}}, PSH_ERR_SHAPE, "one number"},
        {{CODES, {"n_bits", "<U1", 0, {0}, "8\0\0", 4}}, PSH_ERR_FORMAT, "n_bits"},
        {{{"codes", "|u1", 2, {3, 2}, padded_codes, 6}, N_BITS}, PSH_ERR_DATA, "code 1 has a bit set"},
        {{CODES, N_BITS, {"labels", "<i8", 1, {2}, three_labels, 16}}, PSH_ERR_SHAPE, "labels"},
        {{CODES, N_BITS, {"labels", "<i8", 1, {3}, three_labels, 24}}, PSH_ERR_DATA, "label -7"},
        {{CODES, N_BITS, {"names", "<U1", 1, {1}, "a\0\0", 4}}, PSH_ERR_SHAPE, "names"},
        {{CODES, N_BITS, {"names", "<i8", 1, {3}, three_labels, 24}}, PSH_ERR_FORMAT, "names"},
        {{CODES, N_BITS, {"model", "<i8", 1, {3}, three_labels, 24}}, PSH_ERR_SHAPE, "model"},
        {{CODES, N_BITS, {"meta", "|S2", 0, {0}, "{}", 2}}, PSH_OK, NULL},
        {{CODES, N_BITS, {"meta", "|S2", 0, {0}, "[]", 2}}, PSH_ERR_CORRUPT, "meta"},
        {{CODES, N_BITS, {"meta", "|S2", 1, {1}, "{}", 2}}, PSH_ERR_SHAPE, "meta"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        psh_error err = {0};
        psh_status status = read_foreign(cases[i].arrays, &err);
        if (status != cases[i].status || (cases[i].text && !strstr(err.text, cases[i].text)))
            fail_msg("case %zu: %s: %s", i, psh_status_name(status), err.text);
        if (cases[i].text) assert_non_null(strstr(err.text, "test_codes_foreign.npz"));
    }
}

static void a_missing_or_foreign_file_says_so(void **state) {
    psh_codes *set;
    psh_error err;
    assert_int_equal(psh_codes_read("no_such_codes.npz", &set, &err), PSH_ERR_FILE_NOT_FOUND);
    assert_int_equal(psh_codes_read(".", &set, &err), PSH_ERR_FILE_READ);
    assert_int_equal(psh__file_replace("test_codes_text.npz", "hello", 5, NULL), PSH_OK);
    assert_int_equal(psh_codes_read("test_codes_text.npz", &set, &err), PSH_ERR_FORMAT);
    unlink("test_codes_text.npz");
    set = make_full_set();
    assert_int_equal(psh_codes_write(set, "no_such_folder/codes.npz", &err), PSH_ERR_FILE_WRITE);
    psh_codes_free(set);
}

static void every_prefix_of_a_file_fails_cleanly(void **state) {
    const char *whole = "test_codes_whole.npz", *part = "test_codes_part.npz";
    psh_codes *set = make_full_set();
    psh__bytes bytes;
    assert_int_equal(psh_codes_write(set, whole, NULL), PSH_OK);
    psh_codes_free(set);
    assert_int_equal(psh__bytes_read(whole, &bytes, NULL), PSH_OK);
    /* No commit for each prefix: it syncs, and a thousand syncs take seconds. */
    for (size_t n = 0; n < bytes.n_bytes; n++) {
        psh_error err = {0};
        FILE *file = fopen(part, "wb");
        assert_int_equal(fwrite(bytes.data, 1, n, file), n);
        assert_int_equal(fclose(file), 0);
        psh_status status = psh_codes_read(part, &set, &err);
        assert_true(status == PSH_ERR_CORRUPT || status == PSH_ERR_FORMAT);
        assert_non_null(strstr(err.text, part));
    }
    psh__bytes_free(&bytes);
    unlink(whole), unlink(part);
}

/* --- Memory ------------------------------------------------------------------------------------------------------- */

/* Creates, fills, writes and reads a set; the first failure ends it. */
static psh_status whole_life(const char *path) {
    const int64_t labels[] = {1, -1, 0};
    const char *const texts[] = {"a", "b", "c"};
    psh_codes *set = NULL, *again = NULL;
    psh_status status = psh_codes_create(three_codes, 3, 12, "m", "f", &set, NULL);
    if (status == PSH_OK) status = psh_codes_set_labels(set, labels, texts, 3, NULL);
    if (status == PSH_OK) status = psh_codes_set_names(set, texts, NULL);
    if (status == PSH_OK) status = psh_codes_set_model(set, three_codes, 6, NULL);
    if (status == PSH_OK) status = psh_codes_write(set, path, NULL);
    if (status == PSH_OK) status = psh_codes_read(path, &again, NULL);
    psh_codes_free(set), psh_codes_free(again);
    return status;
}

static void every_failing_allocation_is_a_status(void **state) {
    const char *path = "test_codes_memory.npz";
    psh_status status = PSH_ERR_MEMORY;
    unsigned long n = 0;
    while (status != PSH_OK) {
        assert_true(++n < 500);
        unlink(path);
        psh__alloc_fail_at(n);
        status = whole_life(path);
        psh__alloc_fail_at(0);
        if (status != PSH_OK) assert_int_equal(status, PSH_ERR_MEMORY);
    }
    assert_true(n > 20);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_set_has_no_companions),
        cmocka_unit_test(a_set_of_no_codes_is_a_set),
        cmocka_unit_test(widths_outside_1_to_1024_are_refused),
        cmocka_unit_test(every_pad_bit_is_found),
        cmocka_unit_test(impossible_labels_are_refused_and_change_nothing),
        cmocka_unit_test(codes_of_other_models_frames_or_widths_never_compare),
        cmocka_unit_test(everything_survives_the_round_trip),
        cmocka_unit_test(foreign_files_are_read_or_refused_by_name),
        cmocka_unit_test(a_missing_or_foreign_file_says_so),
        cmocka_unit_test(every_prefix_of_a_file_fails_cleanly),
        cmocka_unit_test(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
