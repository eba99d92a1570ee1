/* test_hamming_property.c : what holds for Hamming distances of any codes, at every SIMD level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "persihash/code.h"

#define N_CODES 90
#define N_PAIRS (N_CODES * (N_CODES - 1) / 2)
#define MAX_BYTES (PSH_CODE_MAX_BITS / 8)
#define N_ROUNDS 20

typedef struct world {
    psh__random rng;
    size_t n_bytes;
    uint8_t codes[N_CODES * MAX_BYTES]; /* (N_CODES, n_bytes) */
    uint16_t pairs[N_PAIRS];            /* all pairs of codes */
} world;

static void compute(const uint8_t *codes, size_t n_bytes, uint16_t *pairs) {
    assert_int_equal(psh_hamming_condensed_u16(codes, N_CODES, n_bytes, 2, pairs, NULL), PSH_OK);
}

static unsigned pair(const uint16_t *pairs, size_t i, size_t j) {
    if (i == j) return 0;
    size_t low = i < j ? i : j, high = i < j ? j : i;
    return pairs[N_CODES * low - low * (low + 1) / 2 + (high - low - 1)];
}

/* Codes of a random width, some near each other and some equal. */
static void draw(world *w) {
    w->n_bytes = 1 + psh__random_below(&w->rng, MAX_BYTES);
    for (size_t i = 0; i < N_CODES; i++) {
        uint8_t *code = w->codes + i * w->n_bytes;
        if (i && psh__random_below(&w->rng, 3) == 0) {
            memcpy(code, code - w->n_bytes, w->n_bytes);
            code[psh__random_below(&w->rng, w->n_bytes)] ^= (uint8_t)psh__random_u64(&w->rng);
        } else {
            for (size_t b = 0; b < w->n_bytes; b++) code[b] = (uint8_t)psh__random_u64(&w->rng);
        }
    }
    compute(w->codes, w->n_bytes, w->pairs);
}

static void for_all(void (*property)(world *w)) {
    static const char *const levels[] = {"scalar", "neon", "avx2", "avx512"};
    static world w;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        setenv("PSH_SIMD", levels[i], 1);
        if (psh_cpu_check(NULL) != PSH_OK) continue;
        psh__random_init(&w.rng, 2026, i);
        for (int round = 0; round < N_ROUNDS; round++) {
            draw(&w);
            property(&w);
        }
    }
    unsetenv("PSH_SIMD");
}

static void mask_changes_nothing(world *w) {
    uint8_t mask[MAX_BYTES], masked[sizeof w->codes];
    uint16_t pairs[N_PAIRS];
    for (size_t b = 0; b < w->n_bytes; b++) mask[b] = (uint8_t)psh__random_u64(&w->rng);
    for (size_t k = 0; k < N_CODES * w->n_bytes; k++) masked[k] = w->codes[k] ^ mask[k % w->n_bytes];
    compute(masked, w->n_bytes, pairs);
    assert_memory_equal(pairs, w->pairs, sizeof pairs);
}
static void flipping_the_same_bits_of_all_codes_changes_nothing(void **state) {
    for_all(mask_changes_nothing);
}

static void order_of_bytes_changes_nothing(world *w) {
    uint32_t order[MAX_BYTES];
    uint8_t shuffled[sizeof w->codes];
    uint16_t pairs[N_PAIRS];
    for (uint32_t b = 0; b < w->n_bytes; b++) order[b] = b;
    psh__random_shuffle(&w->rng, order, w->n_bytes);
    for (size_t i = 0; i < N_CODES; i++)
        for (size_t b = 0; b < w->n_bytes; b++) shuffled[i * w->n_bytes + b] = w->codes[i * w->n_bytes + order[b]];
    compute(shuffled, w->n_bytes, pairs);
    assert_memory_equal(pairs, w->pairs, sizeof pairs);
}
static void the_order_of_a_codes_bytes_changes_nothing(void **state) {
    for_all(order_of_bytes_changes_nothing);
}

static void permutation_permutes(world *w) {
    uint32_t order[N_CODES];
    uint8_t permuted[sizeof w->codes];
    uint16_t pairs[N_PAIRS];
    for (uint32_t i = 0; i < N_CODES; i++) order[i] = i;
    psh__random_shuffle(&w->rng, order, N_CODES);
    for (size_t i = 0; i < N_CODES; i++)
        memcpy(permuted + i * w->n_bytes, w->codes + order[i] * w->n_bytes, w->n_bytes);
    compute(permuted, w->n_bytes, pairs);
    for (size_t i = 0; i < N_CODES; i++)
        for (size_t j = 0; j < N_CODES; j++) assert_int_equal(pair(pairs, i, j), pair(w->pairs, order[i], order[j]));
}
static void permuting_codes_permutes_distances(void **state) {
    for_all(permutation_permutes);
}

static void is_metric(world *w) {
    for (size_t i = 0; i < N_CODES; i++)
        for (size_t j = i + 1; j < N_CODES; j++) {
            bool is_same = !memcmp(w->codes + i * w->n_bytes, w->codes + j * w->n_bytes, w->n_bytes);
            assert_int_equal(pair(w->pairs, i, j) == 0, is_same);
            assert_true(pair(w->pairs, i, j) <= 8 * w->n_bytes);
            size_t k = psh__random_below(&w->rng, N_CODES);
            unsigned detour = pair(w->pairs, i, k) + pair(w->pairs, k, j);
            assert_true(pair(w->pairs, i, j) <= detour);
            assert_int_equal((detour - pair(w->pairs, i, j)) % 2, 0); /* a detour flips bits there and back */
        }
}
static void distances_are_a_metric_with_even_detours(void **state) {
    for_all(is_metric);
}

static void parts_add_up(world *w) {
    size_t n_low = psh__random_below(&w->rng, w->n_bytes), n_high = w->n_bytes - n_low;
    if (n_low == 0) return;
    uint8_t low[sizeof w->codes], high[sizeof w->codes];
    uint16_t low_pairs[N_PAIRS], high_pairs[N_PAIRS];
    for (size_t i = 0; i < N_CODES; i++) {
        memcpy(low + i * n_low, w->codes + i * w->n_bytes, n_low);
        memcpy(high + i * n_high, w->codes + i * w->n_bytes + n_low, n_high);
    }
    compute(low, n_low, low_pairs), compute(high, n_high, high_pairs);
    for (size_t k = 0; k < N_PAIRS; k++) assert_int_equal(low_pairs[k] + high_pairs[k], w->pairs[k]);
}
static void distances_of_parts_add_up(void **state) {
    for_all(parts_add_up);
}

static void functions_agree(world *w) {
    static uint16_t cross[N_CODES * N_CODES], row_u16[N_CODES];
    static uint8_t pairs_u8[N_PAIRS], row_u8[N_CODES];
    psh_hamming_plan *plan;
    assert_int_equal(psh_hamming_cross(w->codes, N_CODES, w->codes, N_CODES, w->n_bytes, 2, cross, NULL), PSH_OK);
    assert_int_equal(psh_hamming_condensed_u8(w->codes, N_CODES, w->n_bytes, 2, pairs_u8, NULL), PSH_OK);
    assert_int_equal(psh_hamming_plan_create(w->codes, N_CODES, w->n_bytes, &plan, NULL), PSH_OK);
    for (size_t k = 0; k < N_PAIRS; k++) assert_int_equal(pairs_u8[k], w->pairs[k] < 255 ? w->pairs[k] : 255);
    for (size_t i = 0; i < N_CODES; i++) {
        psh_hamming_row_u8(plan, w->codes + i * w->n_bytes, 0, N_CODES, row_u8);
        psh_hamming_row_u16(plan, w->codes + i * w->n_bytes, 0, N_CODES, row_u16);
        for (size_t j = 0; j < N_CODES; j++) {
            unsigned expected = pair(w->pairs, i, j);
            assert_int_equal(cross[i * N_CODES + j], expected);
            assert_int_equal(row_u16[j], expected);
            assert_int_equal(row_u8[j], expected < 255 ? expected : 255);
        }
    }
    psh_hamming_plan_free(plan);
}
static void condensed_cross_and_rows_agree(void **state) {
    for_all(functions_agree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flipping_the_same_bits_of_all_codes_changes_nothing),
        cmocka_unit_test(the_order_of_a_codes_bytes_changes_nothing),
        cmocka_unit_test(permuting_codes_permutes_distances),
        cmocka_unit_test(distances_are_a_metric_with_even_detours),
        cmocka_unit_test(distances_of_parts_add_up),
        cmocka_unit_test(condensed_cross_and_rows_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
