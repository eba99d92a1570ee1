/* kernels.h : the two inner loops of the sketch, for each SIMD level. Results are integers, the same at every level. */
#ifndef PSH_ENCODER_KERNELS_H
#define PSH_ENCODER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum {
    PSH__LANES = 16,       /* arrays of points are padded to a multiple of this */
    PSH__BLOCK_BITSETS = 8 /* bit sets are stored in blocks of 8, word by word: (n_blocks, n_words, 8) */
};

/* The line  birth cos + death sin = position  in the frame, with a soft edge: a point within width / 2 of it counts in
 * part, so that the count is a continuous function of the points: the mean of the hard count over a window of
 * positions. width > 0. */
typedef struct psh__line {
    float cos, sin, position, width;
} psh__line;

enum { PSH__ONE = 256 }; /* a whole point; counts are integers in units of 1 / PSH__ONE point */

/* A line as the kernels want it: a point's share is offset - birth c - death s, cut to [0, PSH__ONE], and truncated to
 * an integer; its projection to the diagonal has offset - middle b. */
typedef struct psh__edge {
    float c, s, b, offset;
} psh__edge;
psh__edge psh__line_edge(psh__line line);

/* Adding candidate c to bits whose distances have these sums gives
 *     sum' = sum + pairs[c],   dot' = dot + dots[c],   squares' = squares + 2 (shared[c] - removed[c]) + pairs[c],
 *     score = dot' |dot'| / (squares' - sum'^2 share + tiny) + blocked[c]
 * in this order of operations; share is 1 / number of pairs. */
typedef struct psh__additions {
    size_t n_blocks;
    const double *pairs, *dots, *shared, *removed, *blocked; // (n_blocks, 8)
    double sum, dot, squares, share, tiny;
} psh__additions;

typedef struct psh__sketch_kernels {
    /* How many points lie on the near side of a line, minus how many of their projections to the diagonal do. In
     * float32, every operation rounded by itself. births, deaths, middles : (n_padded), padded with NaN, which is on no
     * side. */
    int32_t (*count_near)(const float *births, const float *deaths, const float *middles, size_t n_padded,
                          psh__edge edge);
    /* For each candidate c, with n11 the number of diagrams that answer yes to it and to `mask`, and so on:
     *     dst[c] = n11 n00 + n10 n01.
     * blocks : (n_blocks, n_words, 8); mask : (n_words), its number of ones ones_mask; ones : (n_blocks, 8) of the
     * candidates; dst : (n_blocks, 8). All exact. */
    void (*pair_products)(const uint64_t *blocks, size_t n_blocks, size_t n_words, const uint64_t *mask,
                          double ones_mask, const double *ones, double n_items, double *dst);
    /* The candidate that makes the score highest, the first among equals. */
    size_t (*best_addition)(const psh__additions *additions, double *best_score);
    /* sums[j] += row[j] for j < n_padded, a multiple of PSH__LANES. */
    void (*add_row)(uint32_t *sums, const uint16_t *row, size_t n_padded);
} psh__sketch_kernels;

/* Those for psh_cpu_simd(). Static storage. */
const psh__sketch_kernels *psh__sketch_kernels_get(void);

/* The levels, for psh__sketch_kernels_get(); the scalar one is the oracle of the tests. */
extern const psh__sketch_kernels psh__sketch_kernels_scalar;
#if defined(__x86_64__)
extern const psh__sketch_kernels psh__sketch_kernels_avx2, psh__sketch_kernels_avx512;
#endif

#endif
