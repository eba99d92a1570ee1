/* kernels_avx512.c : 16 floats or 8 words at a time, VPOPCNTDQ. */
#include <immintrin.h>
#include <math.h>

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

static void pair_products(const uint64_t *blocks, size_t n_blocks, size_t n_words, const uint64_t *mask,
                          double ones_mask, const double *ones, double n_items, double *dst) {
    __m512d all = _mm512_set1_pd(n_items), in_mask = _mm512_set1_pd(ones_mask);
    for (size_t b = 0; b < n_blocks; b++, ones += PSH__BLOCK_BITSETS, dst += PSH__BLOCK_BITSETS) {
        __m512i count = _mm512_setzero_si512();
        for (size_t w = 0; w < n_words; w++, blocks += PSH__BLOCK_BITSETS)
            count = _mm512_add_epi64(count, _mm512_popcnt_epi64(_mm512_and_si512(
                                                _mm512_loadu_si512(blocks), _mm512_set1_epi64((long long)mask[w]))));
        __m512d n11 = _mm512_cvtepi64_pd(count), n10 = _mm512_sub_pd(_mm512_loadu_pd(ones), n11);
        __m512d n01 = _mm512_sub_pd(in_mask, n11);
        __m512d n00 = _mm512_sub_pd(_mm512_sub_pd(_mm512_sub_pd(all, n11), n10), n01);
        _mm512_storeu_pd(dst, _mm512_add_pd(_mm512_mul_pd(n11, n00), _mm512_mul_pd(n10, n01)));
    }
}

/* Each lane keeps the best of its own candidates, the first among equals; then the best of the lanes, by index where
 * they are equal. */
static size_t best_addition(const psh__additions *a, double *best_score) {
    const __m512d share = _mm512_set1_pd(a->share), tiny = _mm512_set1_pd(a->tiny), two = _mm512_set1_pd(2);
    __m512d best = _mm512_set1_pd(-INFINITY);
    __m512i at = _mm512_set1_epi64(-1), here = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    for (size_t c = 0; c < a->n_blocks * PSH__BLOCK_BITSETS; c += 8) {
        __m512d pairs = _mm512_loadu_pd(a->pairs + c);
        __m512d sum = _mm512_add_pd(_mm512_set1_pd(a->sum), pairs);
        __m512d dot = _mm512_add_pd(_mm512_set1_pd(a->dot), _mm512_loadu_pd(a->dots + c));
        __m512d shared = _mm512_sub_pd(_mm512_loadu_pd(a->shared + c), _mm512_loadu_pd(a->removed + c));
        __m512d squares = _mm512_add_pd(_mm512_add_pd(_mm512_set1_pd(a->squares), _mm512_mul_pd(two, shared)), pairs);
        __m512d spread = _mm512_add_pd(_mm512_sub_pd(squares, _mm512_mul_pd(_mm512_mul_pd(sum, sum), share)), tiny);
        __m512d score = _mm512_div_pd(_mm512_mul_pd(dot, _mm512_abs_pd(dot)), spread);
        score = _mm512_add_pd(score, _mm512_loadu_pd(a->blocked + c));
        __mmask8 better = _mm512_cmp_pd_mask(score, best, _CMP_GT_OQ);
        best = _mm512_mask_mov_pd(best, better, score);
        at = _mm512_mask_mov_epi64(at, better, here);
        here = _mm512_add_epi64(here, _mm512_set1_epi64(8));
    }
    *best_score = _mm512_reduce_max_pd(best);
    __mmask8 equal = _mm512_cmp_pd_mask(best, _mm512_set1_pd(*best_score), _CMP_EQ_OQ);
    return (size_t)_mm512_mask_reduce_min_epu64(equal, at);
}

static void add_row(uint32_t *sums, const uint16_t *row, size_t n_padded) {
    for (size_t j = 0; j < n_padded; j += 16) {
        __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)(row + j)));
        _mm512_storeu_si512(sums + j, _mm512_add_epi32(wide, _mm512_loadu_si512(sums + j)));
    }
}

const psh__sketch_kernels psh__sketch_kernels_avx512 = {count_near, pair_products, best_addition, add_row};
