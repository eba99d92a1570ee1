/* pairs_kernels.c : all pairs of vectors, one value at a time, and the choice between levels. */
#include <math.h>

#include "distance/pairs_kernels.h"
#include "persihash/base.h"

#define TARGET
#define ROWS 2
#define VECS 4

#define SUFFIX f32
#define REAL float
#define VEC float
#define LANES 1
#define V_SET1(x) (x)
#define V_LOAD(p) (*(p))
#define V_STORE(p, x) (*(p) = (x))
#define V_ADD(a, b) ((a) + (b))
#define V_SUB(a, b) ((a) - (b))
#define V_MAX(a, b) ((a) > (b) ? (a) : (b))
#define V_FMA(a, b, c) fmaf(a, b, c)
#define V_ABS(x) fabsf(x)
#include "distance/pairs_norms.h"

#define SUFFIX f64
#define REAL double
#define VEC double
#define LANES 1
#define V_SET1(x) (x)
#define V_LOAD(p) (*(p))
#define V_STORE(p, x) (*(p) = (x))
#define V_ADD(a, b) ((a) + (b))
#define V_SUB(a, b) ((a) - (b))
#define V_MAX(a, b) ((a) > (b) ? (a) : (b))
#define V_FMA(a, b, c) fma(a, b, c)
#define V_ABS(x) fabs(x)
#include "distance/pairs_norms.h"

const psh__pairs_kernels psh__pairs_kernels_scalar = {
    .n_rows_f32 = ROWS,
    .n_columns_f32 = VECS * 1,
    .n_rows_f64 = ROWS,
    .n_columns_f64 = VECS * 1,
    .f32 = {l1_f32, l2_f32, linf_f32},
    .f64 = {l1_f64, l2_f64, linf_f64},
};

const psh__pairs_kernels *psh__pairs_kernels_in_use(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX2:
        return __builtin_cpu_supports("fma") ? &psh__pairs_kernels_avx2 : &psh__pairs_kernels_scalar;
    case PSH_SIMD_AVX512:
        return &psh__pairs_kernels_avx512;
#elif defined(__aarch64__)
    case PSH_SIMD_NEON:
        return &psh__pairs_kernels_neon;
#endif
    default:
        return &psh__pairs_kernels_scalar;
    }
}
