/* hamming_avx512.c : Hamming kernels for AVX-512 with BITALG (Ice Lake, Zen 4 and later).
 *
 * Counting. Three instructions serve 64 bytes of code: XOR with the query's byte, VPOPCNTB, add. Since the codes are
 * transposed, the counts of 64 codes lie in one register in the order of the output; nothing is narrowed or shuffled.
 *
 * Storing. A condensed row starts wherever the row before it ended, so loads of codes and stores of counts cannot both
 * be aligned. Codes of up to 64 bits are bound by stores: they go row by row, with aligned stores around the caches
 * and unaligned loads. Wider codes are bound by counting: they go four rows at a time, which share aligned loads.
 *
 * Tried and lost, 10,000 codes of 64 bits: four rows at a time, their counts turned to each row's alignment by
 * VPERMI2B (same time as row by row, twice the code; a third faster without the ends of rows, which wait for their
 * cache lines); counts to a buffer in the L1 cache and from there around the caches (1.4 times: the stores then wait in
 * bursts with nothing to compute meanwhile); plain stores (1.3 to 1.8 times); four registers of columns at a time with
 * the width a constant (2 times: the compiler spills registers, and those stores queue up behind the streaming ones).
 */
#include <immintrin.h>

#include "code/hamming.h"

/* BITALG is not among the flags of the AVX512 level; hamming.c asks the CPU for it by itself. */
#define TARGET __attribute__((target("avx512bitalg")))
#define INLINE static inline __attribute__((always_inline)) TARGET

/* Codes of more planes than this go four rows at a time. */
#define ROW_BY_ROW_PLANES 8
#define MAX_R 4
#define MAX_C 4

/* --- Counting ---------------------------------------------------------------------------------------------------- */

/* Counts of R rows and C registers of 64 columns, in registers: bytes in [0], or 16-bit words in [0] and [1]. */
typedef struct tile {
    __m512i counts[MAX_R][MAX_C][2];
} tile;

/* sums = counts of n_planes planes, at most PSH__HAMMING_BYTE_PLANES. words : (n_planes, R), the queries' bytes four
 * times each, which set1 broadcasts from memory at no cost. */
INLINE void count_bytes(const int R, const int C, const uint8_t *plane, size_t stride, size_t n_planes,
                        const uint32_t *words, __m512i sums[MAX_R][MAX_C]) {
    for (int r = 0; r < R; r++)
        for (int c = 0; c < C; c++) sums[r][c] = _mm512_setzero_si512();
    for (size_t b = 0; b < n_planes; b++, plane += stride) {
        __m512i x[MAX_C];
        for (int c = 0; c < C; c++) x[c] = _mm512_loadu_si512(plane + 64 * c);
        for (int r = 0; r < R; r++) {
            __m512i query = _mm512_set1_epi32((int)words[b * R + r]);
            for (int c = 0; c < C; c++)
                sums[r][c] = _mm512_add_epi8(sums[r][c], _mm512_popcnt_epi8(_mm512_xor_si512(x[c], query)));
        }
    }
}

/* Puts sums of bytes into a tile, or adds them to what is there. */
INLINE void take_sums(const int R, const int C, const bool is_u16, const bool is_first, __m512i sums[MAX_R][MAX_C],
                      tile *t) {
    for (int r = 0; r < R; r++)
        for (int c = 0; c < C; c++) {
            __m512i *total = t->counts[r][c], bytes = sums[r][c];
            if (!is_u16) {
                total[0] = is_first ? bytes : _mm512_adds_epu8(total[0], bytes);
                continue;
            }
            __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(bytes));
            __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(bytes, 1));
            total[0] = is_first ? low : _mm512_add_epi16(total[0], low);
            total[1] = is_first ? high : _mm512_add_epi16(total[1], high);
        }
}

INLINE void count(const int R, const int C, const bool is_u16, const uint8_t *plane, size_t stride, size_t n_planes,
                  const uint32_t *words, tile *t) {
    __m512i sums[MAX_R][MAX_C];
    size_t n = psh__hamming_byte_planes(n_planes);
    count_bytes(R, C, plane, stride, n, words, sums);
    take_sums(R, C, is_u16, true, sums, t);
    while ((n_planes -= n) > 0) {
        plane += n * stride, words += n * R;
        n = psh__hamming_byte_planes(n_planes);
        count_bytes(R, C, plane, stride, n, words, sums);
        take_sums(R, C, is_u16, false, sums, t);
    }
}

/* The words of rows r .. r + R - 1. */
INLINE void spread(const int R, const psh__hamming_rows *rows, size_t r, uint32_t *words) {
    const uint8_t *queries = rows->queries + r * rows->n_planes;
    for (size_t b = 0; b < rows->n_planes; b++)
        for (int i = 0; i < R; i++) words[b * R + i] = 0x01010101u * queries[i * rows->n_planes + b];
}

/* --- Storing ----------------------------------------------------------------------------------------------------- */

/* Bits 0 .. n - 1: none if n <= 0, all if n >= 64. */
INLINE __mmask64 first_bits(ptrdiff_t n) {
    return _bzhi_u64(UINT64_MAX, (unsigned)(n < 0 ? 0 : n > 64 ? 64 : n));
}

/* Of the bytes of 64 columns, whose first belongs at dst, those from n_before on and before n_bytes. */
INLINE void store_part(const bool is_u16, const __m512i counts[2], uintptr_t dst, ptrdiff_t n_before,
                       ptrdiff_t n_bytes) {
    for (int half = 0; half < 1 + is_u16; half++, dst += 64, n_before -= 64, n_bytes -= 64)
        _mm512_mask_storeu_epi8((void *)dst, first_bits(n_bytes) & ~first_bits(n_before), counts[half]);
}

INLINE void one_row(const bool is_u16, const int C, const size_t n_planes, const psh__hamming_rows *rows, size_t r) {
    const uint8_t *planes = rows->planes + rows->first[r];
    const size_t stride = rows->stride, n_columns = rows->end - rows->first[r];
    const uintptr_t dst = (uintptr_t)rows->dst[r];
    uint32_t words[PSH__HAMMING_MAX_BYTES];
    tile t;
    size_t n_head = (-dst & 63) >> is_u16, j = 0;
    spread(1, rows, r, words);
    if (n_head) {
        j = n_head < n_columns ? n_head : n_columns;
        count(1, 1, is_u16, planes, stride, n_planes, words, &t);
        store_part(is_u16, t.counts[0][0], dst, 0, (ptrdiff_t)(j << is_u16));
    }
    for (; n_columns - j >= (size_t)C * 64; j += (size_t)C * 64) {
        __m512i *line = (__m512i *)(dst + (j << is_u16));
        count(1, C, is_u16, planes + j, stride, n_planes, words, &t);
        for (int i = 0; i < C << is_u16; i++) {
            if (rows->is_streamed)
                _mm512_stream_si512(line + i, t.counts[0][i >> is_u16][i & is_u16]);
            else
                _mm512_store_si512(line + i, t.counts[0][i >> is_u16][i & is_u16]);
        }
    }
    for (; j < n_columns; j += 64) {
        count(1, 1, is_u16, planes + j, stride, n_planes, words, &t);
        store_part(is_u16, t.counts[0][0], dst + (j << is_u16), 0, (ptrdiff_t)((n_columns - j) << is_u16));
    }
}

INLINE void four_rows(const bool is_u16, const psh__hamming_rows *rows, size_t r) {
    uint32_t words[PSH__HAMMING_MAX_BYTES * 4];
    tile t;
    size_t start = rows->first[r];
    for (size_t i = r + 1; i < r + 4; i++) start = rows->first[i] < start ? rows->first[i] : start;
    spread(4, rows, r, words);
    for (size_t j = start / 64 * 64; j < rows->end; j += 64) {
        count(4, 1, is_u16, rows->planes + j, rows->stride, rows->n_planes, words, &t);
        for (size_t i = 0; i < 4; i++) {
            ptrdiff_t n_before = (ptrdiff_t)(rows->first[r + i] - j) * (1 + is_u16); /* negative in mid-row */
            ptrdiff_t n_bytes = (ptrdiff_t)(rows->end - j) * (1 + is_u16);
            uintptr_t dst = (uintptr_t)rows->dst[r + i] - (uintptr_t)n_before;
            if (n_before > 0 || n_bytes < 64 * (1 + is_u16)) {
                store_part(is_u16, t.counts[i][0], dst, n_before, n_bytes);
                continue;
            }
            _mm512_storeu_si512((void *)dst, t.counts[i][0][0]);
            if (is_u16) _mm512_storeu_si512((void *)(dst + 64), t.counts[i][0][1]);
        }
    }
}

INLINE void run(const bool is_u16, const psh__hamming_rows *rows) {
    size_t r = 0;
    if (rows->n_planes > ROW_BY_ROW_PLANES)
        for (; r + 4 <= rows->n_rows; r += 4) four_rows(is_u16, rows, r);
    for (; r < rows->n_rows; r++) {
        if (rows->n_planes == 8)
            one_row(is_u16, 1, 8, rows, r); /* a constant: the query's bytes stay in registers */
        else
            one_row(is_u16, 4, rows->n_planes, rows, r);
    }
    if (rows->is_streamed) _mm_sfence(); /* what went around the caches is seen by other threads from here on */
}

TARGET static void rows_u8(const psh__hamming_rows *rows) {
    run(false, rows);
}
TARGET static void rows_u16(const psh__hamming_rows *rows) {
    run(true, rows);
}

const psh__hamming_kernels psh__hamming_avx512 = {rows_u8, rows_u16};
