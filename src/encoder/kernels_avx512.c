/* kernels_avx512.c : 16 floats or 8 words at a time, VPOPCNTDQ. */
#include <immintrin.h>

#include "encoder/kernels.h"

/* max(NaN, 0) = 0: the second operand. */
static __m512i share(__m512 x) {
    return _mm512_cvttps_epi32(_mm512_min_ps(_mm512_max_ps(x, _mm512_setzero_ps()), _mm512_set1_ps(PSH__ONE)));
}

static int32_t count_near(const float *births, const float *deaths, const float *middles, size_t n_padded,
                          psh__edge edge) {
    __m512 c = _mm512_set1_ps(edge.c), s = _mm512_set1_ps(edge.s), b = _mm512_set1_ps(edge.b);
    __m512 offset = _mm512_set1_ps(edge.offset);
    __m512i count = _mm512_setzero_si512();
    for (size_t i = 0; i < n_padded; i += 16) {
        __m512 x =
            _mm512_add_ps(_mm512_mul_ps(_mm512_loadu_ps(births + i), c), _mm512_mul_ps(_mm512_loadu_ps(deaths + i), s));
        __m512 y = _mm512_mul_ps(_mm512_loadu_ps(middles + i), b);
        count =
            _mm512_add_epi32(count, _mm512_sub_epi32(share(_mm512_sub_ps(offset, x)), share(_mm512_sub_ps(offset, y))));
    }
    return _mm512_reduce_add_epi32(count);
}

static void count_common(const uint64_t *blocks, size_t n_blocks, size_t n_words, const uint64_t *mask, uint32_t *dst) {
    for (size_t b = 0; b < n_blocks; b++, dst += PSH__BLOCK_BITSETS) {
        __m512i count = _mm512_setzero_si512();
        for (size_t w = 0; w < n_words; w++, blocks += PSH__BLOCK_BITSETS)
            count = _mm512_add_epi64(count, _mm512_popcnt_epi64(_mm512_and_si512(
                                                _mm512_loadu_si512(blocks), _mm512_set1_epi64((long long)mask[w]))));
        _mm256_storeu_si256((void *)dst, _mm512_cvtepi64_epi32(count));
    }
}

static void add_row(uint32_t *sums, const uint16_t *row, size_t n_padded) {
    for (size_t j = 0; j < n_padded; j += 16) {
        __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)(row + j)));
        _mm512_storeu_si512(sums + j, _mm512_add_epi32(wide, _mm512_loadu_si512(sums + j)));
    }
}

const psh__sketch_kernels psh__sketch_kernels_avx512 = {count_near, count_common, add_row};
