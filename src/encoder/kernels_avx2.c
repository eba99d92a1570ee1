/* kernels_avx2.c : 8 floats or 4 words at a time. Popcount by nibble table (Mula, Kurz, Lemire 2018). */
#include <immintrin.h>

#include "encoder/kernels.h"

static int32_t sum_lanes_i32(__m256i x) {
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1));
    return _mm_cvtsi128_si32(s);
}

/* max(NaN, 0) = 0: the second operand. */
static __m256i share(__m256 x) {
    return _mm256_cvttps_epi32(_mm256_min_ps(_mm256_max_ps(x, _mm256_setzero_ps()), _mm256_set1_ps(PSH__ONE)));
}

static int32_t count_near(const float *births, const float *deaths, const float *middles, size_t n_padded,
                          psh__edge edge) {
    __m256 c = _mm256_set1_ps(edge.c), s = _mm256_set1_ps(edge.s), b = _mm256_set1_ps(edge.b);
    __m256 offset = _mm256_set1_ps(edge.offset);
    __m256i count = _mm256_setzero_si256();
    for (size_t i = 0; i < n_padded; i += 8) {
        __m256 x =
            _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(births + i), c), _mm256_mul_ps(_mm256_loadu_ps(deaths + i), s));
        __m256 y = _mm256_mul_ps(_mm256_loadu_ps(middles + i), b);
        count =
            _mm256_add_epi32(count, _mm256_sub_epi32(share(_mm256_sub_ps(offset, x)), share(_mm256_sub_ps(offset, y))));
    }
    return sum_lanes_i32(count);
}

static __m256i popcount_u64(__m256i x) {
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                           2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    __m256i a = _mm256_shuffle_epi8(table, _mm256_and_si256(x, low));
    __m256i b = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low));
    return _mm256_sad_epu8(_mm256_add_epi8(a, b), _mm256_setzero_si256());
}

static __m128i narrow_u64(__m256i x) {
    return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6)));
}

static void count_common(const uint64_t *blocks, size_t n_blocks, size_t n_words, const uint64_t *mask, uint32_t *dst) {
    for (size_t b = 0; b < n_blocks; b++, dst += PSH__BLOCK_BITSETS) {
        __m256i low = _mm256_setzero_si256(), high = low;
        for (size_t w = 0; w < n_words; w++, blocks += PSH__BLOCK_BITSETS) {
            __m256i m = _mm256_set1_epi64x((long long)mask[w]);
            low = _mm256_add_epi64(low, popcount_u64(_mm256_and_si256(m, _mm256_loadu_si256((const void *)blocks))));
            high = _mm256_add_epi64(high,
                                    popcount_u64(_mm256_and_si256(m, _mm256_loadu_si256((const void *)(blocks + 4)))));
        }
        _mm_storeu_si128((void *)dst, narrow_u64(low));
        _mm_storeu_si128((void *)(dst + 4), narrow_u64(high));
    }
}

static void add_row(uint32_t *sums, const uint16_t *row, size_t n_padded) {
    for (size_t j = 0; j < n_padded; j += 8) {
        __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)(row + j)));
        _mm256_storeu_si256((void *)(sums + j), _mm256_add_epi32(wide, _mm256_loadu_si256((const void *)(sums + j))));
    }
}

const psh__sketch_kernels psh__sketch_kernels_avx2 = {count_near, count_common, add_row};
