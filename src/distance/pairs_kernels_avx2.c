/* pairs_kernels_avx2.c : all pairs of vectors, eight floats or four doubles a step. */
#include <immintrin.h>

#include "distance/pairs_kernels.h"

/* Every processor with AVX2 but a few early ones has FMA; the chooser asks. */
#define TARGET __attribute__((target("avx2,fma")))
#define ROWS 4
#define VECS 2

#define SUFFIX f32
#define REAL float
#define VEC __m256
#define LANES 8
#define V_SET1(x) _mm256_set1_ps(x)
#define V_LOAD(p) _mm256_load_ps(p)
#define V_STORE(p, x) _mm256_store_ps(p, x)
#define V_ADD(a, b) _mm256_add_ps(a, b)
#define V_SUB(a, b) _mm256_sub_ps(a, b)
#define V_MAX(a, b) _mm256_max_ps(a, b)
#define V_FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define V_ABS(x) _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x)
#include "distance/pairs_norms.h"

#define SUFFIX f64
#define REAL double
#define VEC __m256d
#define LANES 4
#define V_SET1(x) _mm256_set1_pd(x)
#define V_LOAD(p) _mm256_load_pd(p)
#define V_STORE(p, x) _mm256_store_pd(p, x)
#define V_ADD(a, b) _mm256_add_pd(a, b)
#define V_SUB(a, b) _mm256_sub_pd(a, b)
#define V_MAX(a, b) _mm256_max_pd(a, b)
#define V_FMA(a, b, c) _mm256_fmadd_pd(a, b, c)
#define V_ABS(x) _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
#include "distance/pairs_norms.h"

const psh__pairs_kernels psh__pairs_kernels_avx2 = {
    .n_rows_f32 = ROWS,
    .n_columns_f32 = VECS * 8,
    .n_rows_f64 = ROWS,
    .n_columns_f64 = VECS * 4,
    .f32 = {l1_f32, l2_f32, linf_f32},
    .f64 = {l1_f64, l2_f64, linf_f64},
};
