/* kernels_avx2.c : 8 floats or 4 words at a time. Popcount by nibble table (Mula, Kurz, Lemire 2018). */
#include <immintrin.h>
#include <math.h>

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

/* Four counts to double: they fit in the low half of each lane. */
static __m256d to_f64(__m256i x) {
    __m256i low = _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
    return _mm256_cvtepi32_pd(_mm256_castsi256_si128(low));
}

static void pair_products(const uint64_t *blocks, size_t n_blocks, size_t n_words, const uint64_t *mask,
                          double ones_mask, const double *ones, double n_items, double *dst) {
    __m256d all = _mm256_set1_pd(n_items), in_mask = _mm256_set1_pd(ones_mask);
    for (size_t b = 0; b < n_blocks; b++, blocks += n_words * PSH__BLOCK_BITSETS)
        for (size_t half = 0; half < PSH__BLOCK_BITSETS; half += 4, ones += 4, dst += 4) {
            __m256i count = _mm256_setzero_si256();
            for (size_t w = 0; w < n_words; w++)
                count = _mm256_add_epi64(
                    count, popcount_u64(_mm256_and_si256(
                               _mm256_set1_epi64x((long long)mask[w]),
                               _mm256_loadu_si256((const void *)(blocks + w * PSH__BLOCK_BITSETS + half)))));
            __m256d n11 = to_f64(count), n10 = _mm256_sub_pd(_mm256_loadu_pd(ones), n11);
            __m256d n01 = _mm256_sub_pd(in_mask, n11);
            __m256d n00 = _mm256_sub_pd(_mm256_sub_pd(_mm256_sub_pd(all, n11), n10), n01);
            _mm256_storeu_pd(dst, _mm256_add_pd(_mm256_mul_pd(n11, n00), _mm256_mul_pd(n10, n01)));
        }
}

/* Each lane keeps the best of its own candidates, the first among equals; then the best of the lanes, by index where
 * they are equal. */
static size_t best_addition(const psh__additions *a, double *best_score) {
    const __m256d share = _mm256_set1_pd(a->share), tiny = _mm256_set1_pd(a->tiny), two = _mm256_set1_pd(2);
    const __m256d no_sign = _mm256_castsi256_pd(_mm256_set1_epi64x(INT64_MAX));
    __m256d best = _mm256_set1_pd(-INFINITY);
    __m256i at = _mm256_set1_epi64x(-1), here = _mm256_setr_epi64x(0, 1, 2, 3);
    for (size_t c = 0; c < a->n_blocks * PSH__BLOCK_BITSETS; c += 4) {
        __m256d pairs = _mm256_loadu_pd(a->pairs + c);
        __m256d sum = _mm256_add_pd(_mm256_set1_pd(a->sum), pairs);
        __m256d dot = _mm256_add_pd(_mm256_set1_pd(a->dot), _mm256_loadu_pd(a->dots + c));
        __m256d shared = _mm256_sub_pd(_mm256_loadu_pd(a->shared + c), _mm256_loadu_pd(a->removed + c));
        __m256d squares = _mm256_add_pd(_mm256_add_pd(_mm256_set1_pd(a->squares), _mm256_mul_pd(two, shared)), pairs);
        __m256d spread = _mm256_add_pd(_mm256_sub_pd(squares, _mm256_mul_pd(_mm256_mul_pd(sum, sum), share)), tiny);
        __m256d score = _mm256_div_pd(_mm256_mul_pd(dot, _mm256_and_pd(dot, no_sign)), spread);
        score = _mm256_add_pd(score, _mm256_loadu_pd(a->blocked + c));
        __m256d better = _mm256_cmp_pd(score, best, _CMP_GT_OQ);
        best = _mm256_blendv_pd(best, score, better);
        at = _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(at), _mm256_castsi256_pd(here), better));
        here = _mm256_add_epi64(here, _mm256_set1_epi64x(4));
    }
    double scores[4];
    uint64_t indices[4];
    _mm256_storeu_pd(scores, best);
    _mm256_storeu_si256((void *)indices, at);
    size_t l = 0;
    for (size_t k = 1; k < 4; k++)
        if (scores[k] > scores[l] || (scores[k] == scores[l] && indices[k] < indices[l])) l = k;
    *best_score = scores[l];
    return indices[l];
}

static void add_row(uint32_t *sums, const uint16_t *row, size_t n_padded) {
    for (size_t j = 0; j < n_padded; j += 8) {
        __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)(row + j)));
        _mm256_storeu_si256((void *)(sums + j), _mm256_add_epi32(wide, _mm256_loadu_si256((const void *)(sums + j))));
    }
}

const psh__sketch_kernels psh__sketch_kernels_avx2 = {count_near, pair_products, best_addition, add_row};
