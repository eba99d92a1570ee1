/* hamming_neon.c : Hamming kernels for AArch64, where every processor has NEON.
 *
 * Three instructions serve 16 bytes of code: EOR with the query's byte, CNT, ADD. Four rows share the loads of 64
 * columns: 16 sums, 4 columns and a query are 21 of the 32 registers. */
#include <arm_neon.h>

#include "code/hamming.h"

#define INLINE static inline __attribute__((always_inline))
#define N_COLUMNS 64 /* of a tile, four registers */
#define MAX_R 4

/* sums = counts of n_planes planes, at most PSH__HAMMING_BYTE_PLANES. queries : (R, row_bytes) */
INLINE void count_bytes(const int R, const uint8_t *plane, size_t stride, size_t n_planes, const uint8_t *queries,
                        size_t row_bytes, uint8x16_t sums[MAX_R][4]) {
    for (int r = 0; r < R; r++)
        for (int c = 0; c < 4; c++) sums[r][c] = vdupq_n_u8(0);
    for (size_t b = 0; b < n_planes; b++, plane += stride) {
        uint8x16_t x[4];
        for (int c = 0; c < 4; c++) x[c] = vld1q_u8(plane + 16 * c);
        for (int r = 0; r < R; r++) {
            uint8x16_t query = vdupq_n_u8(queries[(size_t)r * row_bytes + b]);
            for (int c = 0; c < 4; c++) sums[r][c] = vaddq_u8(sums[r][c], vcntq_u8(veorq_u8(x[c], query)));
        }
    }
}

/* counts[r] : 64 bytes. */
INLINE void count_u8(const int R, const uint8_t *plane, size_t stride, size_t n_planes, const uint8_t *queries,
                     uint8_t counts[MAX_R][N_COLUMNS]) {
    uint8x16_t total[MAX_R][4], sums[MAX_R][4];
    count_bytes(R, plane, stride, psh__hamming_byte_planes(n_planes), queries, n_planes, total);
    for (size_t b = PSH__HAMMING_BYTE_PLANES; b < n_planes; b += PSH__HAMMING_BYTE_PLANES) {
        count_bytes(R, plane + b * stride, stride, psh__hamming_byte_planes(n_planes - b), queries + b, n_planes, sums);
        for (int r = 0; r < R; r++)
            for (int c = 0; c < 4; c++) total[r][c] = vqaddq_u8(total[r][c], sums[r][c]);
    }
    for (int r = 0; r < R; r++)
        for (int c = 0; c < 4; c++) vst1q_u8(counts[r] + 16 * c, total[r][c]);
}

/* counts[r] : 64 words. */
INLINE void count_u16(const int R, const uint8_t *plane, size_t stride, size_t n_planes, const uint8_t *queries,
                      uint16_t counts[MAX_R][N_COLUMNS]) {
    uint8x16_t sums[MAX_R][4];
    for (size_t b = 0; b < n_planes; b += PSH__HAMMING_BYTE_PLANES) {
        count_bytes(R, plane + b * stride, stride, psh__hamming_byte_planes(n_planes - b), queries + b, n_planes, sums);
        for (int r = 0; r < R; r++)
            for (int c = 0; c < 4; c++) {
                uint16_t *low = counts[r] + 16 * c, *high = low + 8;
                vst1q_u16(low, vaddw_u8(b ? vld1q_u16(low) : vdupq_n_u16(0), vget_low_u8(sums[r][c])));
                vst1q_u16(high, vaddw_u8(b ? vld1q_u16(high) : vdupq_n_u16(0), vget_high_u8(sums[r][c])));
            }
    }
}

INLINE void some_rows(const int R, const bool is_u16, const psh__hamming_rows *rows, size_t r) {
    const uint8_t *queries = rows->queries + r * rows->n_planes;
    uint16_t words[MAX_R][N_COLUMNS];
    uint8_t bytes[MAX_R][N_COLUMNS];
    size_t start = rows->first[r];
    for (size_t i = r + 1; i < r + (size_t)R; i++) start = rows->first[i] < start ? rows->first[i] : start;
    for (size_t j = start; j < rows->end; j += N_COLUMNS) {
        size_t end = rows->end - j < N_COLUMNS ? rows->end : j + N_COLUMNS;
        if (is_u16)
            count_u16(R, rows->planes + j, rows->stride, rows->n_planes, queries, words);
        else
            count_u8(R, rows->planes + j, rows->stride, rows->n_planes, queries, bytes);
        for (int i = 0; i < R; i++) {
            size_t first = rows->first[r + (size_t)i], from = first > j ? first : j;
            if (from >= end) continue;
            const void *src = is_u16 ? (const void *)(words[i] + (from - j)) : (const void *)(bytes[i] + (from - j));
            memcpy((uint8_t *)rows->dst[r + (size_t)i] + ((from - first) << is_u16), src, (end - from) << is_u16);
        }
    }
}

INLINE void run(const bool is_u16, const psh__hamming_rows *rows) {
    size_t r = 0;
    for (; r + MAX_R <= rows->n_rows; r += MAX_R) some_rows(MAX_R, is_u16, rows, r);
    for (; r < rows->n_rows; r++) some_rows(1, is_u16, rows, r);
}

static void rows_u8(const psh__hamming_rows *rows) {
    run(false, rows);
}
static void rows_u16(const psh__hamming_rows *rows) {
    run(true, rows);
}

const psh__hamming_kernels psh__hamming_neon = {rows_u8, rows_u16};
