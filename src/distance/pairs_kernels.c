/* pairs_kernels_scalar.c : all pairs of vectors, one value at a time, and the choice between levels. */
#include <math.h>

#include "distance/pairs_kernels.h"
#include "persihash/base.h"

#define TARGET
#define ROWS 2
#define VECS 4

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

#define NAME l1_f32
#define STEP(sum, difference) V_ADD(sum, V_ABS(difference))
#define JOIN(sum, block) V_ADD(sum, block)
#include "distance/pairs_body.h"

#define NAME l2_f32
#define STEP(sum, difference) V_FMA(difference, difference, sum)
#define JOIN(sum, block) V_ADD(sum, block)
#include "distance/pairs_body.h"

#define NAME linf_f32
#define STEP(sum, difference) V_MAX(sum, V_ABS(difference))
#define JOIN(sum, block) V_MAX(sum, block)
#include "distance/pairs_body.h"

#undef REAL
#undef VEC
#undef LANES
#undef V_SET1
#undef V_LOAD
#undef V_STORE
#undef V_ADD
#undef V_SUB
#undef V_MAX
#undef V_FMA
#undef V_ABS
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

#define NAME l1_f64
#define STEP(sum, difference) V_ADD(sum, V_ABS(difference))
#define JOIN(sum, block) V_ADD(sum, block)
#include "distance/pairs_body.h"

#define NAME l2_f64
#define STEP(sum, difference) V_FMA(difference, difference, sum)
#define JOIN(sum, block) V_ADD(sum, block)
#include "distance/pairs_body.h"

#define NAME linf_f64
#define STEP(sum, difference) V_MAX(sum, V_ABS(difference))
#define JOIN(sum, block) V_MAX(sum, block)
#include "distance/pairs_body.h"

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
