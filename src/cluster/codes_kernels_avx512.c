/* codes_kernels_avx512.c : eight slots at a time; VPOPCNTQ counts a register's bits in one instruction.
 *
 * A step of Prim's algorithm is a load, XOR, popcount, and the making and comparing of keys: about 12 instructions for
 * eight codes of 64 bits, without a branch, so its time depends on no data. Tried and lost: to test first whether any
 * of the eight distances can lower a key (10 % slower on random codes, 80 % slower on codes with many ties). */
#include "cluster/codes_kernels.h"

#include <immintrin.h>

/* Bits in which slots slot..slot+7 differ from the query, one count a lane. */
static inline __m512i distances(const psh__planes *planes, size_t n_words, const uint64_t *query, size_t slot,
                                __mmask8 lanes) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t w = 0; w < n_words; w++) {
        __m512i codes = _mm512_maskz_loadu_epi64(lanes, planes->words + w * planes->stride + slot);
        __m512i differ = _mm512_xor_si512(codes, _mm512_set1_epi64((long long)query[w]));
        sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(differ));
    }
    return sum;
}

/* The lanes in use of the register that starts at `slot`. */
static inline __mmask8 lanes_before(size_t slot, size_t end) {
    return end - slot >= 8 ? 0xff : (__mmask8)((1u << (end - slot)) - 1);
}

static inline __attribute__((always_inline)) uint64_t
join_words(const psh__fringe *fringe, size_t n_words, const uint64_t *query, uint32_t item, size_t begin, size_t end) {
    __m512i joined = _mm512_set1_epi64(item), least = _mm512_set1_epi64((long long)PSH__EDGE_NONE);
    for (size_t slot = begin; slot < end; slot += 8) {
        __mmask8 lanes = lanes_before(slot, end);
        __m512i distance = distances(&fringe->codes, n_words, query, slot, lanes);
        __m512i items = _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(lanes, fringe->items + slot));
        __m512i i = _mm512_slli_epi64(_mm512_min_epu64(items, joined), PSH__EDGE_ITEM_BITS);
        __m512i j = _mm512_max_epu64(items, joined);
        __m512i key = _mm512_or_si512(_mm512_slli_epi64(distance, PSH__EDGE_DISTANCE_SHIFT), _mm512_or_si512(i, j));
        key = _mm512_min_epu64(key, _mm512_maskz_loadu_epi64(lanes, fringe->keys + slot));
        _mm512_mask_storeu_epi64(fringe->keys + slot, lanes, key);
        least = _mm512_mask_min_epu64(least, lanes, least, key);
    }
    return _mm512_reduce_min_epu64(least);
}

static uint64_t join(const psh__fringe *fringe, const uint64_t *query, uint32_t item, size_t begin, size_t end) {
    if (fringe->codes.n_words == 1) return join_words(fringe, 1, query, item, begin, end);
    return join_words(fringe, fringe->codes.n_words, query, item, begin, end);
}

static uint64_t least_key(const uint64_t *keys, size_t begin, size_t end) {
    __m512i least = _mm512_set1_epi64((long long)PSH__EDGE_NONE);
    for (size_t slot = begin; slot < end; slot += 8) {
        __mmask8 lanes = lanes_before(slot, end);
        least = _mm512_mask_min_epu64(least, lanes, least, _mm512_maskz_loadu_epi64(lanes, keys + slot));
    }
    return _mm512_reduce_min_epu64(least);
}

static inline __attribute__((always_inline)) uint64_t
sum_squares_words(const psh__planes *planes, size_t n_words, const uint64_t *query, size_t begin, size_t end) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t slot = begin; slot < end; slot += 8) {
        __mmask8 lanes = lanes_before(slot, end);
        __m512i distance = distances(planes, n_words, query, slot, lanes);
        sum = _mm512_mask_add_epi64(sum, lanes, sum, _mm512_mul_epu32(distance, distance));
    }
    return (uint64_t)_mm512_reduce_add_epi64(sum);
}

static uint64_t sum_squares(const psh__planes *planes, const uint64_t *query, size_t begin, size_t end) {
    if (planes->n_words == 1) return sum_squares_words(planes, 1, query, begin, end);
    return sum_squares_words(planes, planes->n_words, query, begin, end);
}

const psh__codes_kernels psh__codes_kernels_avx512 = {join, least_key, sum_squares};
