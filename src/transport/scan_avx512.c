/* scan_avx512.c : the scans with eight doubles a step. */
#include <immintrin.h>

#define LANES 8
typedef __m512d vec;
typedef __mmask8 mask;
#define V_SET1(x) _mm512_set1_pd(x)
#define V_LOAD(p) _mm512_load_pd(p)
#define V_STORE(p, v) _mm512_store_pd(p, v)
#define V_ADD(a, b) _mm512_add_pd(a, b)
#define V_SUB(a, b) _mm512_sub_pd(a, b)
#define V_MUL(a, b) _mm512_mul_pd(a, b)
#define V_ABS(a) _mm512_abs_pd(a)
#define V_MAX(a, b) _mm512_max_pd(a, b)
#define V_MIN(a, b) _mm512_min_pd(a, b)
#define V_SQRT(a) _mm512_sqrt_pd(a)
#define V_LESS(a, b) _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ)
#define V_EQUAL(a, b) _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ)
#define V_LEAST(a) _mm512_reduce_min_pd(a)
#define V_BLEND(m, if_false, if_true) _mm512_mask_mov_pd(if_false, m, if_true)

#include "transport/scan_body.h"

const psh__scan psh__scan_avx512 = {nearest, relax, relax_longest};
