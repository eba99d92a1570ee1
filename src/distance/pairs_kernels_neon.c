/* pairs_kernels_neon.c : all pairs of vectors, four floats or two doubles a step. */
#include <arm_neon.h>

#include "distance/pairs_kernels.h"

#define TARGET
#define ROWS 4
#define VECS 4

#define SUFFIX f32
#define REAL float
#define VEC float32x4_t
#define LANES 4
#define V_SET1(x) vdupq_n_f32(x)
#define V_LOAD(p) vld1q_f32(p)
#define V_STORE(p, x) vst1q_f32(p, x)
#define V_ADD(a, b) vaddq_f32(a, b)
#define V_SUB(a, b) vsubq_f32(a, b)
#define V_MAX(a, b) vmaxq_f32(a, b)
#define V_FMA(a, b, c) vfmaq_f32(c, a, b)
#define V_ABS(x) vabsq_f32(x)
#include "distance/pairs_norms.h"

#define SUFFIX f64
#define REAL double
#define VEC float64x2_t
#define LANES 2
#define V_SET1(x) vdupq_n_f64(x)
#define V_LOAD(p) vld1q_f64(p)
#define V_STORE(p, x) vst1q_f64(p, x)
#define V_ADD(a, b) vaddq_f64(a, b)
#define V_SUB(a, b) vsubq_f64(a, b)
#define V_MAX(a, b) vmaxq_f64(a, b)
#define V_FMA(a, b, c) vfmaq_f64(c, a, b)
#define V_ABS(x) vabsq_f64(x)
#include "distance/pairs_norms.h"

const psh__pairs_kernels psh__pairs_kernels_neon = {
    .n_rows_f32 = ROWS,
    .n_columns_f32 = VECS * 4,
    .n_rows_f64 = ROWS,
    .n_columns_f64 = VECS * 2,
    .f32 = {l1_f32, l2_f32, linf_f32},
    .f64 = {l1_f64, l2_f64, linf_f64},
};
