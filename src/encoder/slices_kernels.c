/* slices_kernels.c : the loops at the baseline level, and the choice of a level. On aarch64 the baseline has NEON. */
#include "encoder/slices_kernels_body.h"

#include "persihash/base.h"

const psh__slice_kernels psh__slice_kernels_scalar = {convert, add, measure, weigh};

const psh__slice_kernels *psh__slice_kernels_get(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX512:
        return &psh__slice_kernels_avx512;
    case PSH_SIMD_AVX2:
        return &psh__slice_kernels_avx2;
#endif
    default:
        return &psh__slice_kernels_scalar;
    }
}
