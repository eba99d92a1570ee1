/* hamming_scalar.c : the Hamming kernels in plain C: the fallback, and the twin that every SIMD level must equal. */
#include "code/hamming.h"

#define N_COLUMNS 64 /* at a time, so that the compiler can use what SIMD the baseline has */

static uint8_t count_bits(uint8_t x) {
    x = (uint8_t)(x - ((x >> 1) & 0x55));
    x = (uint8_t)((x & 0x33) + ((x >> 2) & 0x33));
    return (uint8_t)((x + (x >> 4)) & 0x0f);
}

/* sums[c] : the distance of query : (n_planes) to column c. */
static void count_columns(const uint8_t *plane, size_t stride, size_t n_planes, const uint8_t *query,
                          uint16_t sums[N_COLUMNS]) {
    memset(sums, 0, N_COLUMNS * sizeof *sums);
    for (size_t b = 0; b < n_planes; b++, plane += stride)
        for (size_t c = 0; c < N_COLUMNS; c++) sums[c] = (uint16_t)(sums[c] + count_bits(plane[c] ^ query[b]));
}

static void rows_u8(const psh__hamming_rows *rows) {
    for (size_t r = 0; r < rows->n_rows; r++) {
        uint8_t *dst = rows->dst[r];
        uint16_t sums[N_COLUMNS];
        for (size_t j = rows->first[r]; j < rows->end; j += N_COLUMNS) {
            size_t n = rows->end - j < N_COLUMNS ? rows->end - j : N_COLUMNS;
            count_columns(rows->planes + j, rows->stride, rows->n_planes, rows->queries + r * rows->n_planes, sums);
            for (size_t c = 0; c < n; c++) *dst++ = (uint8_t)(sums[c] < 255 ? sums[c] : 255);
        }
    }
}

static void rows_u16(const psh__hamming_rows *rows) {
    for (size_t r = 0; r < rows->n_rows; r++) {
        uint16_t *dst = rows->dst[r], sums[N_COLUMNS];
        for (size_t j = rows->first[r]; j < rows->end; j += N_COLUMNS) {
            size_t n = rows->end - j < N_COLUMNS ? rows->end - j : N_COLUMNS;
            count_columns(rows->planes + j, rows->stride, rows->n_planes, rows->queries + r * rows->n_planes, sums);
            memcpy(dst, sums, n * sizeof *dst);
            dst += n;
        }
    }
}

const psh__hamming_kernels psh__hamming_scalar = {rows_u8, rows_u16};
