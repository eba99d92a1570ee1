/* rips_kernels.c : the inner loops of Rips persistence for every machine, and the choice among the SIMD levels. */
#define KERNELS psh__rips_kernels_scalar
#include "homology/rips_kernels_body.h"

const psh__rips_kernels *psh__rips_kernels_best(void) {
#if defined(__x86_64__)
    if (psh_cpu_simd() == PSH_SIMD_AVX512) return &psh__rips_kernels_avx512;
    if (psh_cpu_simd() == PSH_SIMD_AVX2) return &psh__rips_kernels_avx2;
#endif
    return &psh__rips_kernels_scalar;
}
