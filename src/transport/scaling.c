/* scaling.c : the baseline of Sinkhorn's inner loops, and the choice between levels. */
#include "persihash/base.h"

#define LANES 2
#include "transport/scaling_body.h"

const psh__scaling psh__scaling_scalar = SCALING_KERNELS;

const psh__scaling *psh__scaling_kernels(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX2:
        return &psh__scaling_avx2;
    case PSH_SIMD_AVX512:
        return &psh__scaling_avx512;
#endif
    default:
        return &psh__scaling_scalar;
    }
}
