/* scan_avx2.c : the scans with four doubles a step. */
#include <immintrin.h>

#define LANES 4
typedef __m256d vec;
typedef __m256d mask;
#define V_SET1(x) _mm256_set1_pd(x)
#define V_LOAD(p) _mm256_load_pd(p)
#define V_STORE(p, v) _mm256_store_pd(p, v)
#define V_ADD(a, b) _mm256_add_pd(a, b)
#define V_SUB(a, b) _mm256_sub_pd(a, b)
#define V_MUL(a, b) _mm256_mul_pd(a, b)
#define V_ABS(a) _mm256_andnot_pd(_mm256_set1_pd(-0.0), a)
#define V_MAX(a, b) _mm256_max_pd(a, b)
#define V_MIN(a, b) _mm256_min_pd(a, b)
#define V_SQRT(a) _mm256_sqrt_pd(a)
#define V_LESS(a, b) _mm256_cmp_pd(a, b, _CMP_LT_OQ)
#define V_EQUAL(a, b) _mm256_cmp_pd(a, b, _CMP_EQ_OQ)
#define V_LEAST(a) least_lane(a)
#define V_BLEND(m, if_false, if_true) _mm256_blendv_pd(if_false, if_true, m)

static inline double least_lane(__m256d a) {
    __m128d half = _mm_min_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_min_sd(half, _mm_unpackhi_pd(half, half)));
}

#include "transport/scan_body.h"

const psh__scan psh__scan_avx2 = {nearest, relax, relax_longest};
