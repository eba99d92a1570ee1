/* test_safetensors.c : named arrays in one file, and halves. (Damaged files: test_model_file.c.) */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "encoder/safetensors.h"

static const float floats[6] = {1, -2, 3.5f, 0, 1e30f, -0.0f};
static const uint16_t halves[2] = {0x3c00, 0xfbff};
static const psh__stored arrays[] = {{"weights", PSH__STORED_F32, 2, {2, 3}, floats},
                                     {"none", PSH__STORED_F64, 2, {0, 7}, NULL},
                                     {"halves", PSH__STORED_F16, 1, {2}, halves}};

static void arrays_come_back(void **state) {
    const psh__stored_text texts[] = {{"kind", "a \"test\""}, {"note", ""}};
    uint8_t *bytes;
    size_t n_bytes;
    psh__safetensors *file;
    const psh__stored *found;
    assert_int_equal(psh__safetensors_write(arrays, 3, texts, 2, &bytes, &n_bytes, NULL), PSH_OK);
    assert_int_equal(n_bytes % 4, 0);
    assert_int_equal(psh__safetensors_read(bytes, n_bytes, &file, NULL), PSH_OK);
    assert_int_equal(psh__safetensors_count(file), 3);
    assert_string_equal(psh__safetensors_text(file, "kind"), "a \"test\"");
    assert_string_equal(psh__safetensors_text(file, "note"), "");
    assert_null(psh__safetensors_text(file, "other"));
    assert_int_equal(psh__safetensors_expect(file, "weights", PSH__STORED_F32, 2, (size_t[]){2, 3}, &found, NULL),
                     PSH_OK);
    assert_memory_equal(found->data, floats, sizeof floats);
    assert_int_equal(psh__safetensors_expect(file, "none", PSH__STORED_F64, 2, (size_t[]){0, 7}, &found, NULL), PSH_OK);
    assert_int_equal(psh__safetensors_expect(file, "halves", PSH__STORED_F16, 1, (size_t[]){2}, &found, NULL), PSH_OK);
    assert_memory_equal(found->data, halves, sizeof halves);
    psh__safetensors_free(file);
    psh__free(bytes);
}

static void what_is_not_as_expected_is_named(void **state) {
    uint8_t *bytes;
    size_t n_bytes;
    psh__safetensors *file;
    const psh__stored *found;
    psh_error err;
    assert_int_equal(psh__safetensors_write(arrays, 3, NULL, 0, &bytes, &n_bytes, NULL), PSH_OK);
    assert_int_equal(psh__safetensors_read(bytes, n_bytes, &file, NULL), PSH_OK);
    assert_int_equal(psh__safetensors_expect(file, "weight", PSH__STORED_F32, 2, (size_t[]){2, 3}, &found, &err),
                     PSH_ERR_CORRUPT);
    assert_non_null(strstr(err.text, "missing"));
    assert_int_equal(psh__safetensors_expect(file, "weights", PSH__STORED_F32, 2, (size_t[]){3, 2}, &found, &err),
                     PSH_ERR_CORRUPT);
    assert_non_null(strstr(err.text, "(2 x 3); expected F32 of 2 (3 x 2)"));
    assert_int_equal(psh__safetensors_expect(file, "weights", PSH__STORED_F16, 2, (size_t[]){2, 3}, &found, &err),
                     PSH_ERR_CORRUPT);
    psh__safetensors_free(file);
    psh__free(bytes);
}

static void every_half_comes_back(void **state) {
    for (uint32_t half = 0; half < 65536; half++) {
        float value = psh__half_to_float((uint16_t)half);
        if (isnan(value))
            assert_true(isnan(psh__half_to_float(psh__half_from_float(value))));
        else
            assert_int_equal(psh__half_from_float(value), half);
    }
}

/* Between two neighbouring halves the nearer one is taken, in the middle the even one. */
static void floats_go_to_the_nearest_half(void **state) {
    for (uint32_t half = 0; half < 0x7bff; half++) {
        float low = psh__half_to_float((uint16_t)half), high = psh__half_to_float((uint16_t)(half + 1));
        float middle = low + (high - low) / 2;
        assert_int_equal(psh__half_from_float(nextafterf(middle, low)), half);
        assert_int_equal(psh__half_from_float(nextafterf(middle, high)), half + 1);
        assert_int_equal(psh__half_from_float(middle), half + (half & 1));
        assert_int_equal(psh__half_from_float(-middle), 0x8000 + half + (half & 1));
    }
    assert_int_equal(psh__half_from_float(65519.996f), 0x7bff);
    assert_int_equal(psh__half_from_float(65520), 0x7c00);
    assert_int_equal(psh__half_from_float(1e30f), 0x7c00);
    assert_int_equal(psh__half_from_float(-INFINITY), 0xfc00);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_come_back), cmocka_unit_test(what_is_not_as_expected_is_named),
        cmocka_unit_test(every_half_comes_back), cmocka_unit_test(floats_go_to_the_nearest_half)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
