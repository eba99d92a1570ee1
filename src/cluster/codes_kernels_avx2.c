/* codes_kernels_avx2.c : four slots at a time; bits are counted by table look-up of half-bytes (Mula, Kurz, Lemire
 * 2018). AVX2 compares 64-bit lanes as signed numbers only, which is why keys keep their top bit clear. */
#include "cluster/codes_kernels.h"

#include <immintrin.h>

static inline __m256i load(const void *src) {
    return _mm256_loadu_si256((const __m256i *)src);
}

static inline __m256i popcount(__m256i bits) {
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                           2, 3, 2, 3, 3, 4);
    const __m256i low_half = _mm256_set1_epi8(15);
    __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(bits, low_half));
    __m256i high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(bits, 4), low_half));
    return _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
}

static inline __m256i distances(const psh__planes *planes, size_t n_words, const uint64_t *query, size_t slot) {
    __m256i sum = _mm256_setzero_si256();
    for (size_t w = 0; w < n_words; w++) {
        __m256i differ =
            _mm256_xor_si256(load(planes->words + w * planes->stride + slot), _mm256_set1_epi64x((long long)query[w]));
        sum = _mm256_add_epi64(sum, popcount(differ));
    }
    return sum;
}

static inline __m256i min_key(__m256i a, __m256i b) {
    return _mm256_blendv_epi8(a, b, _mm256_cmpgt_epi64(a, b));
}

static inline uint64_t least_lane(__m256i keys) {
    uint64_t lanes[4], least = PSH__EDGE_NONE;
    _mm256_storeu_si256((__m256i *)lanes, keys);
    for (int lane = 0; lane < 4; lane++) least = lanes[lane] < least ? lanes[lane] : least;
    return least;
}

static inline __attribute__((always_inline)) uint64_t
join_words(const psh__fringe *fringe, size_t n_words, const uint64_t *query, uint32_t item, size_t begin, size_t end) {
    const __m128i joined = _mm_set1_epi32((int)item);
    __m256i least = _mm256_set1_epi64x((long long)PSH__EDGE_NONE);
    size_t slot = begin;
    for (; slot + 4 <= end; slot += 4) {
        __m256i distance = distances(&fringe->codes, n_words, query, slot);
        __m128i items = _mm_loadu_si128((const __m128i *)(fringe->items + slot));
        __m256i i = _mm256_slli_epi64(_mm256_cvtepu32_epi64(_mm_min_epu32(items, joined)), PSH__EDGE_ITEM_BITS);
        __m256i j = _mm256_cvtepu32_epi64(_mm_max_epu32(items, joined));
        __m256i key = _mm256_or_si256(_mm256_slli_epi64(distance, PSH__EDGE_DISTANCE_SHIFT), _mm256_or_si256(i, j));
        key = min_key(key, load(fringe->keys + slot));
        _mm256_storeu_si256((__m256i *)(fringe->keys + slot), key);
        least = min_key(least, key);
    }
    uint64_t result = least_lane(least);
    for (; slot < end; slot++) {
        uint64_t key = psh__slot_join(fringe, query, item, slot);
        result = key < result ? key : result;
    }
    return result;
}

static uint64_t join(const psh__fringe *fringe, const uint64_t *query, uint32_t item, size_t begin, size_t end) {
    if (fringe->codes.n_words == 1) return join_words(fringe, 1, query, item, begin, end);
    return join_words(fringe, fringe->codes.n_words, query, item, begin, end);
}

static uint64_t least_key(const uint64_t *keys, size_t begin, size_t end) {
    __m256i least = _mm256_set1_epi64x((long long)PSH__EDGE_NONE);
    size_t slot = begin;
    for (; slot + 4 <= end; slot += 4) least = min_key(least, load(keys + slot));
    uint64_t result = least_lane(least);
    for (; slot < end; slot++) result = keys[slot] < result ? keys[slot] : result;
    return result;
}

static inline __attribute__((always_inline)) uint64_t
sum_squares_words(const psh__planes *planes, size_t n_words, const uint64_t *query, size_t begin, size_t end) {
    __m256i sum = _mm256_setzero_si256();
    size_t slot = begin;
    for (; slot + 4 <= end; slot += 4) {
        __m256i distance = distances(planes, n_words, query, slot);
        sum = _mm256_add_epi64(sum, _mm256_mul_epu32(distance, distance));
    }
    uint64_t lanes[4];
    _mm256_storeu_si256((__m256i *)lanes, sum);
    uint64_t result = lanes[0] + lanes[1] + lanes[2] + lanes[3];
    for (; slot < end; slot++) {
        uint64_t distance = psh__slot_distance(planes, query, slot);
        result += distance * distance;
    }
    return result;
}

static uint64_t sum_squares(const psh__planes *planes, const uint64_t *query, size_t begin, size_t end) {
    if (planes->n_words == 1) return sum_squares_words(planes, 1, query, begin, end);
    return sum_squares_words(planes, planes->n_words, query, begin, end);
}

const psh__codes_kernels psh__codes_kernels_avx2 = {join, least_key, sum_squares};
