/* hamming_scalar.c : the Hamming kernels in plain C: the fallback, and the twin that every SIMD level must equal. */
#include <string.h>

#include "code/hamming.h"

static uint8_t count_bits(uint8_t x) {
    x = (uint8_t)(x - ((x >> 1) & 0x55));
    x = (uint8_t)((x & 0x33) + ((x >> 2) & 0x33));
    return (uint8_t)((x + (x >> 4)) & 0x0f);
}

/* sums[c] : the distance of `query` to column c of 64. */
static void count_columns(const uint8_t *planes, size_t stride, size_t n_planes, const uint8_t *query,
                          uint16_t sums[PSH__HAMMING_COLUMNS]) {
    memset(sums, 0, PSH__HAMMING_COLUMNS * sizeof *sums);
    for (size_t b = 0; b < n_planes; b++)
        for (size_t c = 0; c < PSH__HAMMING_COLUMNS; c++)
            sums[c] = (uint16_t)(sums[c] + count_bits(planes[b * stride + c] ^ query[b]));
}

static void count_u8(const uint8_t *planes, size_t stride, size_t n_planes, const uint8_t *queries, size_t n_rows,
                     size_t n_columns, uint8_t *dst, size_t dst_stride) {
    for (size_t j = 0; j < n_columns; j += PSH__HAMMING_COLUMNS)
        for (size_t r = 0; r < n_rows; r++) {
            uint16_t sums[PSH__HAMMING_COLUMNS];
            count_columns(planes + j, stride, n_planes, queries + r * n_planes, sums);
            uint8_t *row = dst + r * dst_stride + j;
            for (size_t c = 0; c < PSH__HAMMING_COLUMNS; c++) row[c] = (uint8_t)(sums[c] < 255 ? sums[c] : 255);
        }
}

static void count_u16(const uint8_t *planes, size_t stride, size_t n_planes, const uint8_t *queries, size_t n_rows,
                      size_t n_columns, uint16_t *dst, size_t dst_stride) {
    for (size_t j = 0; j < n_columns; j += PSH__HAMMING_COLUMNS)
        for (size_t r = 0; r < n_rows; r++) {
            uint16_t sums[PSH__HAMMING_COLUMNS];
            count_columns(planes + j, stride, n_planes, queries + r * n_planes, sums);
            memcpy(dst + r * dst_stride + j, sums, sizeof sums); /* a caller's uint16_t row may be unaligned */
        }
}

static void stream(void *dst, const void *src, size_t n_bytes) {
    memcpy(dst, src, n_bytes);
}

static void stream_end(void) {}

const psh__hamming_kernels psh__hamming_scalar = {count_u8, count_u16, stream, stream_end};
