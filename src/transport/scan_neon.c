/* scan_neon.c : the scans with two doubles a step. */
#include <arm_neon.h>

#define LANES 2
typedef float64x2_t vec;
typedef uint64x2_t mask;
#define V_SET1(x) vdupq_n_f64(x)
#define V_LOAD(p) vld1q_f64(p)
#define V_STORE(p, v) vst1q_f64(p, v)
#define V_ADD(a, b) vaddq_f64(a, b)
#define V_SUB(a, b) vsubq_f64(a, b)
#define V_MUL(a, b) vmulq_f64(a, b)
#define V_ABS(a) vabsq_f64(a)
#define V_MAX(a, b) vmaxq_f64(a, b)
#define V_MIN(a, b) vminq_f64(a, b)
#define V_SQRT(a) vsqrtq_f64(a)
#define V_LESS(a, b) vcltq_f64(a, b)
#define V_EQUAL(a, b) vceqq_f64(a, b)
#define V_LEAST(a) vminvq_f64(a)
#define V_BLEND(m, if_false, if_true) vbslq_f64(m, if_true, if_false)

#include "transport/scan_body.h"

const psh__scan psh__scan_neon = {nearest, relax, relax_longest};
