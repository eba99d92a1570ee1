/* codes_kernels.c : the scalar level, and the choice among the levels. */
#include "cluster/codes_kernels.h"

static uint64_t join(const psh__fringe *fringe, const uint64_t *query, uint32_t item, size_t begin, size_t end) {
    uint64_t least = PSH__EDGE_NONE;
    for (size_t slot = begin; slot < end; slot++) {
        uint64_t key = psh__slot_join(fringe, query, item, slot);
        least = key < least ? key : least;
    }
    return least;
}

static uint64_t least_key(const uint64_t *keys, size_t begin, size_t end) {
    uint64_t least = PSH__EDGE_NONE;
    for (size_t slot = begin; slot < end; slot++) least = keys[slot] < least ? keys[slot] : least;
    return least;
}

static uint64_t sum_squares(const psh__planes *planes, const uint64_t *query, size_t begin, size_t end) {
    uint64_t sum = 0;
    for (size_t slot = begin; slot < end; slot++) {
        uint64_t distance = psh__slot_distance(planes, query, slot);
        sum += distance * distance;
    }
    return sum;
}

const psh__codes_kernels psh__codes_kernels_scalar = {join, least_key, sum_squares};

const psh__codes_kernels *psh__codes_kernels_get(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX512:
        return &psh__codes_kernels_avx512;
    case PSH_SIMD_AVX2:
        return &psh__codes_kernels_avx2;
#elif defined(__aarch64__)
    case PSH_SIMD_NEON:
        return &psh__codes_kernels_neon;
#endif
    default:
        return &psh__codes_kernels_scalar;
    }
}
