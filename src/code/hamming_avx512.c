/* hamming_avx512.c : Hamming kernels for AVX-512 with BITALG (Ice Lake, Zen 4 and later).
 *
 * Three instructions serve 64 bytes of code: XOR with the query's byte, VPOPCNTB, add. Since the codes are transposed,
 * the counts of 64 codes lie in one register in the order of the output, and nothing is narrowed or shuffled. */
#include <immintrin.h>
#include <string.h>

#include "code/hamming.h"

/* BITALG is not among the flags of the AVX512 level; hamming.c asks the CPU for it by itself. */
#define TARGET __attribute__((target("avx512bitalg")))
#define INLINE static inline __attribute__((always_inline)) TARGET

/* A rectangle of R rows and C registers of 64 columns, whose counts stay in registers while the planes pass by. */
#define MAX_R PSH__HAMMING_ROWS
#define MAX_C 4
typedef struct tile {
    __m512i sums[MAX_R][MAX_C];
} tile;

INLINE void clear(const int R, const int C, tile *t) {
    for (int r = 0; r < R; r++)
        for (int c = 0; c < C; c++) t->sums[r][c] = _mm512_setzero_si512();
}

/* Adds the counts of planes first .. end - 1, at most PSH__HAMMING_BLOCK_PLANES. words : (R, n_planes), the queries'
 * bytes four times each, which set1 broadcasts from memory at no cost. */
INLINE void count_planes(const int R, const int C, const uint8_t *planes, size_t stride, size_t first, size_t end,
                         const uint32_t *words, size_t n_planes, tile *t) {
    for (size_t b = first; b < end; b++) {
        __m512i x[MAX_C];
#pragma GCC unroll 4
        for (int c = 0; c < C; c++) x[c] = _mm512_loadu_si512(planes + b * stride + 64 * (size_t)c);
#pragma GCC unroll 4
        for (int r = 0; r < R; r++) {
            __m512i query = _mm512_set1_epi32((int)words[(size_t)r * n_planes + b]);
#pragma GCC unroll 4
            for (int c = 0; c < C; c++)
                t->sums[r][c] = _mm512_add_epi8(t->sums[r][c], _mm512_popcnt_epi8(_mm512_xor_si512(x[c], query)));
        }
    }
}

static size_t block_end(size_t first, size_t n_planes) {
    return n_planes - first < PSH__HAMMING_BLOCK_PLANES ? n_planes : first + PSH__HAMMING_BLOCK_PLANES;
}

INLINE void tile_u8(const int R, const int C, const uint8_t *planes, size_t stride, size_t n_planes,
                    const uint32_t *words, uint8_t *dst, size_t dst_stride) {
    tile total, t;
    clear(R, C, &total);
    for (size_t first = 0; first < n_planes; first = block_end(first, n_planes)) {
        clear(R, C, &t);
        count_planes(R, C, planes, stride, first, block_end(first, n_planes), words, n_planes, &t);
#pragma GCC unroll 4
        for (int r = 0; r < R; r++)
#pragma GCC unroll 4
            for (int c = 0; c < C; c++) total.sums[r][c] = _mm512_adds_epu8(total.sums[r][c], t.sums[r][c]);
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
        for (int c = 0; c < C; c++)
            _mm512_storeu_si512(dst + (size_t)r * dst_stride + 64 * (size_t)c, total.sums[r][c]);
}

INLINE void tile_u16(const int R, const int C, const uint8_t *planes, size_t stride, size_t n_planes,
                     const uint32_t *words, uint16_t *dst, size_t dst_stride) {
    tile low, high, t;
    clear(R, C, &low), clear(R, C, &high);
    for (size_t first = 0; first < n_planes; first = block_end(first, n_planes)) {
        clear(R, C, &t);
        count_planes(R, C, planes, stride, first, block_end(first, n_planes), words, n_planes, &t);
#pragma GCC unroll 4
        for (int r = 0; r < R; r++)
#pragma GCC unroll 4
            for (int c = 0; c < C; c++) {
                __m512i sums = t.sums[r][c];
                low.sums[r][c] = _mm512_add_epi16(low.sums[r][c], _mm512_cvtepu8_epi16(_mm512_castsi512_si256(sums)));
                high.sums[r][c] =
                    _mm512_add_epi16(high.sums[r][c], _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(sums, 1)));
            }
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
        for (int c = 0; c < C; c++) {
            uint8_t *row = (uint8_t *)(dst + (size_t)r * dst_stride) + 128 * (size_t)c;
            _mm512_storeu_si512(row, low.sums[r][c]);
            _mm512_storeu_si512(row + 64, high.sums[r][c]);
        }
}

/* The queries' bytes, each four times. */
static void spread(const uint8_t *queries, size_t n_bytes, uint32_t *words) {
    for (size_t i = 0; i < n_bytes; i++) words[i] = 0x01010101u * queries[i];
}

/* Walks a rectangle of n_rows x n_columns by tiles: 4 rows x 2 registers, the rest row by row. */
#define DEFINE_COUNT(name, tile_name, type)                                                                            \
    TARGET static void name(const uint8_t *planes, size_t stride, size_t n_planes, const uint8_t *queries,             \
                            size_t n_rows, size_t n_columns, type *dst, size_t dst_stride) {                           \
        uint32_t words[MAX_R * PSH__HAMMING_MAX_BYTES];                                                                \
        size_t r = 0, j;                                                                                               \
        for (; r + MAX_R <= n_rows; r += MAX_R) {                                                                      \
            type *rows = dst + r * dst_stride;                                                                         \
            spread(queries + r * n_planes, MAX_R * n_planes, words);                                                   \
            for (j = 0; j + 128 <= n_columns; j += 128)                                                                \
                tile_name(MAX_R, 2, planes + j, stride, n_planes, words, rows + j, dst_stride);                        \
            if (j < n_columns) tile_name(MAX_R, 1, planes + j, stride, n_planes, words, rows + j, dst_stride);         \
        }                                                                                                              \
        for (; r < n_rows; r++) {                                                                                      \
            type *row = dst + r * dst_stride;                                                                          \
            spread(queries + r * n_planes, n_planes, words);                                                           \
            for (j = 0; j + 256 <= n_columns; j += 256)                                                                \
                tile_name(1, 4, planes + j, stride, n_planes, words, row + j, dst_stride);                             \
            for (; j < n_columns; j += 64) tile_name(1, 1, planes + j, stride, n_planes, words, row + j, dst_stride);  \
        }                                                                                                              \
    }
DEFINE_COUNT(count_u8, tile_u8, uint8_t)
DEFINE_COUNT(count_u16, tile_u16, uint16_t)

TARGET static void stream(void *dst, const void *src, size_t n_bytes) {
    uint8_t *d = dst;
    const uint8_t *s = src;
    size_t n_head = (size_t)(-(uintptr_t)d & 63);
    if (n_head > n_bytes) n_head = n_bytes;
    memcpy(d, s, n_head);
    d += n_head, s += n_head, n_bytes -= n_head;
    for (; n_bytes >= 64; d += 64, s += 64, n_bytes -= 64) _mm512_stream_si512((__m512i *)d, _mm512_loadu_si512(s));
    memcpy(d, s, n_bytes);
}

static void stream_end(void) {
    _mm_sfence();
}

const psh__hamming_kernels psh__hamming_avx512 = {count_u8, count_u16, stream, stream_end};
