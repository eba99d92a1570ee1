/* pairs_kernels_avx512.c : all pairs of vectors, sixteen floats or eight doubles a step. */
#include <immintrin.h>

#include "distance/pairs_kernels.h"

#define TARGET
#define ROWS 8
#define VECS 3

#define SUFFIX f32
#define REAL float
#define VEC __m512
#define LANES 16
#define V_SET1(x) _mm512_set1_ps(x)
#define V_LOAD(p) _mm512_load_ps(p)
#define V_STORE(p, x) _mm512_store_ps(p, x)
#define V_ADD(a, b) _mm512_add_ps(a, b)
#define V_SUB(a, b) _mm512_sub_ps(a, b)
#define V_MAX(a, b) _mm512_max_ps(a, b)
#define V_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define V_ABS(x) _mm512_abs_ps(x)
#include "distance/pairs_norms.h"

#define SUFFIX f64
#define REAL double
#define VEC __m512d
#define LANES 8
#define V_SET1(x) _mm512_set1_pd(x)
#define V_LOAD(p) _mm512_load_pd(p)
#define V_STORE(p, x) _mm512_store_pd(p, x)
#define V_ADD(a, b) _mm512_add_pd(a, b)
#define V_SUB(a, b) _mm512_sub_pd(a, b)
#define V_MAX(a, b) _mm512_max_pd(a, b)
#define V_FMA(a, b, c) _mm512_fmadd_pd(a, b, c)
#define V_ABS(x) _mm512_abs_pd(x)
#include "distance/pairs_norms.h"

const psh__pairs_kernels psh__pairs_kernels_avx512 = {
    .n_rows_f32 = ROWS,
    .n_columns_f32 = VECS * 16,
    .n_rows_f64 = ROWS,
    .n_columns_f64 = VECS * 8,
    .f32 = {l1_f32, l2_f32, linf_f32},
    .f64 = {l1_f64, l2_f64, linf_f64},
};
