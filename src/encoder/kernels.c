/* kernels.c : the scalar twins, and the choice of a level. On aarch64 the compiler vectorises these loops by itself. */
#include "encoder/kernels.h"

#include <math.h>

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

static void pair_products(const uint64_t *blocks, size_t n_blocks, size_t n_words, const uint64_t *mask,
                          double ones_mask, const double *ones, double n_items, double *dst) {
    for (size_t c = 0; c < n_blocks * PSH__BLOCK_BITSETS; c++) {
        const uint64_t *words = blocks + c / PSH__BLOCK_BITSETS * n_words * PSH__BLOCK_BITSETS + c % PSH__BLOCK_BITSETS;
        int count = 0;
        for (size_t w = 0; w < n_words; w++) count += __builtin_popcountll(words[w * PSH__BLOCK_BITSETS] & mask[w]);
        double n11 = count, n10 = ones[c] - n11, n01 = ones_mask - n11, n00 = n_items - n11 - n10 - n01;
        dst[c] = n11 * n00 + n10 * n01;
    }
}

static size_t best_addition(const psh__additions *a, double *best_score) {
    size_t best = SIZE_MAX;
    *best_score = -INFINITY;
    for (size_t c = 0; c < a->n_blocks * PSH__BLOCK_BITSETS; c++) {
        double sum = a->sum + a->pairs[c], dot = a->dot + a->dots[c];
        double squares = a->squares + 2 * (a->shared[c] - a->removed[c]) + a->pairs[c];
        double score = dot * fabs(dot) / (squares - sum * sum * a->share + a->tiny) + a->blocked[c];
        if (score > *best_score) best = c, *best_score = score;
    }
    return best;
}

static void add_row(uint32_t *sums, const uint16_t *row, size_t n_padded) {
    for (size_t j = 0; j < n_padded; j++) sums[j] += row[j];
}

const psh__sketch_kernels psh__sketch_kernels_scalar = {count_near, pair_products, best_addition, add_row};

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
