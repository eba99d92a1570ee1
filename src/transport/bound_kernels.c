/* bound_kernels.c : the bounds' inner loops at the baseline level, and the choice of a level. */
#define LANES 4
#include "transport/bound_kernels_body.h"

const psh__bound_kernels psh__bound_kernels_scalar = {.cells = cells, .ranked = ranked, .partner = partner};

const psh__bound_kernels *psh__bound_kernels_best(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX512:
        return &psh__bound_kernels_avx512;
    case PSH_SIMD_AVX2:
        return &psh__bound_kernels_avx2;
#endif
    default:
        return &psh__bound_kernels_scalar;
    }
}
