/* kernels.c : the scalar twins, and the choice of a level. On aarch64 the compiler vectorises these loops by itself. */
#include "encoder/kernels.h"

#include "persihash/base.h"

psh__edge psh__line_edge(psh__line line) {
    float scale = PSH__ONE / line.width;
    return (psh__edge){line.cos * scale, line.sin * scale, line.cos * scale + line.sin * scale,
                       line.position * scale + (float)(PSH__ONE / 2)};
}

/* NaN fails the first comparison and becomes 0. */
static int32_t share(float x) {
    x = x > 0 ? x : 0;
    x = x < PSH__ONE ? x : PSH__ONE;
    return (int32_t)x;
}

static int32_t count_near(const float *births, const float *deaths, const float *middles, size_t n_padded,
                          psh__edge edge) {
    int32_t count = 0;
    for (size_t i = 0; i < n_padded; i++)
        count +=
            share(edge.offset - (births[i] * edge.c + deaths[i] * edge.s)) - share(edge.offset - middles[i] * edge.b);
    return count;
}

static void count_common(const uint64_t *blocks, size_t n_blocks, size_t n_words, const uint64_t *mask, uint32_t *dst) {
    for (size_t b = 0; b < n_blocks; b++)
        for (size_t l = 0; l < PSH__BLOCK_BITSETS; l++) {
            uint32_t count = 0;
            for (size_t w = 0; w < n_words; w++)
                count += (uint32_t)__builtin_popcountll(blocks[(b * n_words + w) * PSH__BLOCK_BITSETS + l] & mask[w]);
            dst[b * PSH__BLOCK_BITSETS + l] = count;
        }
}

static void add_row(uint32_t *sums, const uint16_t *row, size_t n_padded) {
    for (size_t j = 0; j < n_padded; j++) sums[j] += row[j];
}

const psh__sketch_kernels psh__sketch_kernels_scalar = {count_near, count_common, add_row};

const psh__sketch_kernels *psh__sketch_kernels_get(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX512:
        return &psh__sketch_kernels_avx512;
    case PSH_SIMD_AVX2:
        return &psh__sketch_kernels_avx2;
#endif
    default:
        return &psh__sketch_kernels_scalar;
    }
}
