/* test_hamming.c : every SIMD level against the definition, at every width, count and alignment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "hamming_oracle.h"
#include "persihash/code.h"

#define N_MAX 70 /* one block of 64 columns and a tail */
#define MAX_BYTES (PSH_CODE_MAX_BITS / 8)
#define GUARD 0xa5

static const char *const levels[] = {"scalar", "neon", "avx2", "avx512"};
#define N_LEVELS (sizeof levels / sizeof *levels)

/* Runs `check` once for each level that this machine has, through the environment, as a user would choose it. */
static void at_every_level(void (*check)(void)) {
    size_t n_run = 0;
    for (size_t i = 0; i < N_LEVELS; i++) {
        setenv("PSH_SIMD", levels[i], 1);
        if (psh_cpu_check(NULL) != PSH_OK) continue;
        assert_string_equal(psh_simd_name(psh_cpu_simd()), levels[i]);
        check();
        n_run++;
    }
    unsetenv("PSH_SIMD");
    assert_true(n_run >= 1);
}

/* (n_codes, n_bytes) random bits, pad bits zero. */
static void fill_codes(uint8_t *codes, size_t n_codes, int n_bits, uint64_t seed) {
    size_t n_bytes = (size_t)(n_bits + 7) / 8;
    psh__random rng;
    psh__random_init(&rng, seed, (uint64_t)n_bits);
    for (size_t i = 0; i < n_codes * n_bytes; i++) codes[i] = (uint8_t)psh__random_u64(&rng);
    if (n_bits % 8)
        for (size_t i = 0; i < n_codes; i++) codes[(i + 1) * n_bytes - 1] &= (uint8_t)((1 << (n_bits % 8)) - 1);
}

static uint8_t saturated(unsigned distance) {
    return (uint8_t)(distance < 255 ? distance : 255);
}

static void check_rows_of_every_width_and_count(void) {
    static uint8_t codes[(N_MAX + 1) * MAX_BYTES];
    for (int n_bits = 1; n_bits <= PSH_CODE_MAX_BITS; n_bits++) {
        size_t n_bytes = (size_t)(n_bits + 7) / 8;
        fill_codes(codes, N_MAX + 1, n_bits, 1);
        const uint8_t *query = codes + N_MAX * n_bytes;
        unsigned expected[N_MAX];
        for (size_t j = 0; j < N_MAX; j++) expected[j] = oracle_hamming(codes + j * n_bytes, query, n_bytes);
        psh_hamming_plan *plan;
        assert_int_equal(psh_hamming_plan_create(codes, N_MAX, n_bytes, &plan, NULL), PSH_OK);
        for (size_t n_columns = 0; n_columns <= N_MAX; n_columns++) {
            size_t first = (N_MAX - n_columns) * (size_t)n_bits % (N_MAX - n_columns + 1);
            uint8_t row_u8[N_MAX + 2];
            uint16_t row_u16[N_MAX + 2];
            memset(row_u8, GUARD, sizeof row_u8), memset(row_u16, GUARD, sizeof row_u16);
            psh_hamming_row_u8(plan, query, first, n_columns, row_u8 + 1);
            psh_hamming_row_u16(plan, query, first, n_columns, row_u16 + 1);
            for (size_t j = 0; j < n_columns; j++) {
                assert_int_equal(row_u8[1 + j], saturated(expected[first + j]));
                assert_int_equal(row_u16[1 + j], expected[first + j]);
            }
            assert_int_equal(row_u8[0], GUARD), assert_int_equal(row_u8[1 + n_columns], GUARD);
            assert_int_equal(row_u16[0], GUARD * 257), assert_int_equal(row_u16[1 + n_columns], GUARD * 257);
        }
        psh_hamming_plan_free(plan);
    }
}
static void rows_of_every_width_and_count_match_the_definition(void **state) {
    at_every_level(check_rows_of_every_width_and_count);
}

/* Widths around the block of 31 planes, powers of two and both ends. */
static const int widths[] = {1, 8, 24, 64, 65, 128, 247, 248, 249, 255, 256, 496, 497, 512, 1023, 1024};
#define N_WIDTHS (sizeof widths / sizeof *widths)

static void check_condensed(const uint8_t *codes, size_t n_codes, size_t n_bytes, size_t offset) {
    size_t n_pairs = n_codes ? n_codes * (n_codes - 1) / 2 : 0, i_pair = 0;
    uint8_t *dst_u8 = malloc(offset + n_pairs + 1);
    uint16_t *dst_u16 = malloc((offset + n_pairs + 1) * sizeof *dst_u16);
    memset(dst_u8, GUARD, offset + n_pairs + 1), memset(dst_u16, GUARD, (offset + n_pairs + 1) * sizeof *dst_u16);
    assert_int_equal(psh_hamming_condensed_u8(codes, n_codes, n_bytes, 1, dst_u8 + offset, NULL), PSH_OK);
    assert_int_equal(psh_hamming_condensed_u16(codes, n_codes, n_bytes, 1, dst_u16 + offset, NULL), PSH_OK);
    for (size_t i = 0; i < n_codes; i++)
        for (size_t j = i + 1; j < n_codes; j++, i_pair++) {
            unsigned expected = oracle_hamming(codes + i * n_bytes, codes + j * n_bytes, n_bytes);
            assert_int_equal(dst_u8[offset + i_pair], saturated(expected));
            assert_int_equal(dst_u16[offset + i_pair], expected);
        }
    for (size_t k = 0; k < offset; k++) assert_int_equal(dst_u8[k], GUARD), assert_int_equal(dst_u16[k], GUARD * 257);
    assert_int_equal(dst_u8[offset + n_pairs], GUARD), assert_int_equal(dst_u16[offset + n_pairs], GUARD * 257);
    free(dst_u8), free(dst_u16);
}

static void check_condensed_of_every_count(void) {
    static uint8_t codes[N_MAX * MAX_BYTES];
    for (size_t w = 0; w < N_WIDTHS; w++) {
        size_t n_bytes = (size_t)(widths[w] + 7) / 8;
        fill_codes(codes, N_MAX, widths[w], 2);
        for (size_t n_codes = 0; n_codes <= N_MAX; n_codes += n_bytes > 32 && n_codes < 64 ? 7 : 1)
            check_condensed(codes, n_codes, n_bytes, 0);
    }
}
static void condensed_of_every_count_matches_the_definition(void **state) {
    at_every_level(check_condensed_of_every_count);
}

static void check_condensed_at_every_alignment(void) {
    uint8_t codes[N_MAX * 9];
    fill_codes(codes, N_MAX, 65, 3);
    for (size_t offset = 0; offset < 64; offset++) check_condensed(codes, N_MAX, 9, offset);
}
static void condensed_is_right_at_every_alignment_of_the_output(void **state) {
    at_every_level(check_condensed_at_every_alignment);
}

static void check_cross(void) {
    uint8_t a[5 * 33], b[N_MAX * 33];
    uint16_t dst[5 * N_MAX];
    fill_codes(a, 5, 259, 4), fill_codes(b, N_MAX, 259, 5);
    for (size_t n_b = 0; n_b <= N_MAX; n_b++) {
        memset(dst, GUARD, sizeof dst);
        assert_int_equal(psh_hamming_cross(a, 5, b, n_b, 33, 1, dst, NULL), PSH_OK);
        for (size_t i = 0; i < 5; i++)
            for (size_t j = 0; j < n_b; j++)
                assert_int_equal(dst[i * n_b + j], oracle_hamming(a + i * 33, b + j * 33, 33));
        if (n_b < N_MAX) assert_int_equal(dst[5 * n_b], GUARD * 257);
    }
    assert_int_equal(psh_hamming_cross(a, 0, b, N_MAX, 33, 1, dst, NULL), PSH_OK);
}
static void cross_matches_the_definition(void **state) {
    at_every_level(check_cross);
}

static void check_complement(void) {
    uint8_t codes[3 * MAX_BYTES], row_u8[3];
    uint16_t row_u16[3];
    for (size_t n_bytes = 1; n_bytes <= MAX_BYTES; n_bytes++) {
        memset(codes, 0, n_bytes), memset(codes + n_bytes, 0xff, n_bytes), memset(codes + 2 * n_bytes, 0xff, n_bytes);
        codes[2 * n_bytes] = 0xfe; /* one bit short */
        psh_hamming_plan *plan;
        assert_int_equal(psh_hamming_plan_create(codes, 3, n_bytes, &plan, NULL), PSH_OK);
        psh_hamming_row_u8(plan, codes, 0, 3, row_u8), psh_hamming_row_u16(plan, codes, 0, 3, row_u16);
        assert_int_equal(row_u8[0], 0), assert_int_equal(row_u8[1], saturated((unsigned)n_bytes * 8));
        assert_int_equal(row_u8[2], saturated((unsigned)n_bytes * 8 - 1));
        assert_int_equal(row_u16[0], 0), assert_int_equal(row_u16[1], n_bytes * 8);
        assert_int_equal(row_u16[2], n_bytes * 8 - 1);
        psh_hamming_plan_free(plan);
    }
}
static void the_farthest_pair_saturates_a_byte_and_not_a_word(void **state) {
    at_every_level(check_complement);
}

static void no_code_and_one_code_have_no_pairs(void **state) {
    uint8_t code[8] = {1}, guard = GUARD;
    for (size_t n_codes = 0; n_codes <= 1; n_codes++)
        assert_int_equal(psh_hamming_condensed_u8(code, n_codes, 8, 0, &guard, NULL), PSH_OK);
    assert_int_equal(psh_hamming_condensed_u8(NULL, 0, 8, 0, &guard, NULL), PSH_OK);
    assert_int_equal(guard, GUARD);
}

/* All pairs at every level and with 1 to 3 threads against one thread of plain C. */
static void check_same_bytes(size_t n_codes, size_t n_bytes) {
    size_t n_pairs = n_codes * (n_codes - 1) / 2;
    uint8_t *codes = malloc(n_codes * n_bytes), *narrow = malloc(n_pairs), *other_narrow = malloc(n_pairs);
    uint16_t *wide = malloc(n_pairs * sizeof *wide), *other_wide = malloc(n_pairs * sizeof *wide);
    fill_codes(codes, n_codes, (int)n_bytes * 8, 6);
    setenv("PSH_SIMD", "scalar", 1);
    assert_int_equal(psh_hamming_condensed_u8(codes, n_codes, n_bytes, 1, narrow, NULL), PSH_OK);
    assert_int_equal(psh_hamming_condensed_u16(codes, n_codes, n_bytes, 1, wide, NULL), PSH_OK);
    for (size_t i = 0; i < N_LEVELS; i++) {
        setenv("PSH_SIMD", levels[i], 1);
        if (psh_cpu_check(NULL) != PSH_OK) continue;
        for (int n_threads = 1; n_threads <= 3; n_threads++) {
            memset(other_narrow, GUARD, n_pairs), memset(other_wide, GUARD, n_pairs * sizeof *wide);
            assert_int_equal(psh_hamming_condensed_u8(codes, n_codes, n_bytes, n_threads, other_narrow, NULL), PSH_OK);
            assert_int_equal(psh_hamming_condensed_u16(codes, n_codes, n_bytes, n_threads, other_wide, NULL), PSH_OK);
            assert_memory_equal(narrow, other_narrow, n_pairs);
            assert_memory_equal(wide, other_wide, n_pairs * sizeof *wide);
        }
    }
    unsetenv("PSH_SIMD");
    free(codes), free(narrow), free(other_narrow), free(wide), free(other_wide);
}

static void threads_and_levels_do_not_change_a_byte(void **state) {
    check_same_bytes(1500, 8);
    check_same_bytes(700, 33);
    check_same_bytes(600, 128); /* several tiles of columns */
}

/* Above 8 MB kernels write around the caches. */
static void large_results_are_the_same_bytes_too(void **state) {
    check_same_bytes(4150, 8);
    check_same_bytes(4150, 3);
}

static void out_of_memory_is_a_status(void **state) {
    uint8_t codes[16] = {0}, dst_u8;
    uint16_t dst_u16[4];
    psh_error err;
    psh__alloc_fail_at(1);
    assert_int_equal(psh_hamming_condensed_u8(codes, 2, 8, 1, &dst_u8, &err), PSH_ERR_MEMORY);
    assert_int_equal(psh_hamming_condensed_u16(codes, 2, 8, 1, dst_u16, NULL), PSH_ERR_MEMORY);
    assert_int_equal(psh_hamming_cross(codes, 2, codes, 2, 8, 1, dst_u16, NULL), PSH_ERR_MEMORY);
    psh__alloc_fail_at(0);
    psh_hamming_plan *plan;
    assert_int_equal(psh_hamming_plan_create(codes, SIZE_MAX / 4, 8, &plan, &err), PSH_ERR_MEMORY);
    assert_non_null(strstr(err.text, "transposed codes"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_every_width_and_count_match_the_definition),
        cmocka_unit_test(condensed_of_every_count_matches_the_definition),
        cmocka_unit_test(condensed_is_right_at_every_alignment_of_the_output),
        cmocka_unit_test(cross_matches_the_definition),
        cmocka_unit_test(the_farthest_pair_saturates_a_byte_and_not_a_word),
        cmocka_unit_test(no_code_and_one_code_have_no_pairs),
        cmocka_unit_test(threads_and_levels_do_not_change_a_byte),
        cmocka_unit_test(large_results_are_the_same_bytes_too),
        cmocka_unit_test(out_of_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
