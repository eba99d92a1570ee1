/* splat.c : the baseline of the image kernels, and the choice between levels. */
#include "persihash/base.h"
#include "vector/splat_body.h"

const psh__splat psh__splat_scalar = {gauss, add};

const psh__splat *psh__splat_kernels(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX2:
        return &psh__splat_avx2;
    case PSH_SIMD_AVX512:
        return &psh__splat_avx512;
#endif
    default:
        return &psh__splat_scalar;
    }
}
