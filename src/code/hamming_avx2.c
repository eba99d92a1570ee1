/* hamming_avx2.c : Hamming kernels for AVX2 (Haswell, Zen and later).
 *
 * There is no instruction that counts bits. The count of x ^ q, x and q of four bits, is looked up by PSHUFB at x in a
 * table of 16 bytes that belongs to q; a byte takes two look-ups and two adds. Parting the bytes of the codes into low
 * and high halves takes three instructions more, which four rows share: 4.75 instructions for 32 bytes of code, instead
 * of 8 with one table for all and a XOR before it (Mula, Kurz, Lemire: Faster population counts using AVX2, 2018). */
#include <immintrin.h>

#include "code/hamming.h"

#define INLINE static inline __attribute__((always_inline))
#define N_COLUMNS 64 /* of a tile, two registers */
#define MAX_R 4

/* tables[q][x] : number of bits of x ^ q. */
#define TABLE(q)                                                                                                       \
    {                                                                                                                  \
        N(q, 0), N(q, 1), N(q, 2), N(q, 3), N(q, 4), N(q, 5), N(q, 6), N(q, 7), N(q, 8), N(q, 9), N(q, 10), N(q, 11),  \
            N(q, 12), N(q, 13), N(q, 14), N(q, 15)                                                                     \
    }
#define N(q, x) ((((q) ^ (x)) & 1) + (((q) ^ (x)) >> 1 & 1) + (((q) ^ (x)) >> 2 & 1) + (((q) ^ (x)) >> 3 & 1))
static const _Alignas(64) uint8_t tables[16][16] = {TABLE(0),  TABLE(1),  TABLE(2),  TABLE(3), TABLE(4),  TABLE(5),
                                                    TABLE(6),  TABLE(7),  TABLE(8),  TABLE(9), TABLE(10), TABLE(11),
                                                    TABLE(12), TABLE(13), TABLE(14), TABLE(15)};

INLINE __m256i table(uint8_t four_bits) {
    return _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)tables[four_bits]));
}

/* Counts of R rows and 64 columns: bytes in [0] and [1], or 16-bit words in [0] to [3]. */
typedef struct tile {
    __m256i counts[MAX_R][4];
} tile;

/* sums = counts of n_planes planes, at most PSH__HAMMING_BYTE_PLANES. queries : (R, row_bytes) */
INLINE void count_bytes(const int R, const uint8_t *plane, size_t stride, size_t n_planes, const uint8_t *queries,
                        size_t row_bytes, __m256i sums[MAX_R][2]) {
    const __m256i low_bits = _mm256_set1_epi8(15);
    for (int r = 0; r < R; r++) sums[r][0] = sums[r][1] = _mm256_setzero_si256();
    for (size_t b = 0; b < n_planes; b++, plane += stride) {
        __m256i low[2], high[2];
        for (int c = 0; c < 2; c++) {
            __m256i x = _mm256_loadu_si256((const __m256i *)(plane + 32 * c));
            low[c] = _mm256_and_si256(x, low_bits), high[c] = _mm256_and_si256(_mm256_srli_epi16(x, 4), low_bits);
        }
        for (int r = 0; r < R; r++) {
            uint8_t query = queries[(size_t)r * row_bytes + b];
            __m256i low_table = table(query & 15), high_table = table(query >> 4);
            for (int c = 0; c < 2; c++) {
                sums[r][c] = _mm256_add_epi8(sums[r][c], _mm256_shuffle_epi8(low_table, low[c]));
                sums[r][c] = _mm256_add_epi8(sums[r][c], _mm256_shuffle_epi8(high_table, high[c]));
            }
        }
    }
}

/* Puts sums of bytes into a tile, or adds them to what is there. */
INLINE void take_sums(const int R, const bool is_u16, const bool is_first, __m256i sums[MAX_R][2], tile *t) {
    for (int r = 0; r < R; r++)
        for (int c = 0; c < 2; c++) {
            __m256i *total = t->counts[r] + (c << is_u16), bytes = sums[r][c];
            if (!is_u16) {
                total[0] = is_first ? bytes : _mm256_adds_epu8(total[0], bytes);
                continue;
            }
            __m256i low = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(bytes));
            __m256i high = _mm256_cvtepu8_epi16(_mm256_extracti128_si256(bytes, 1));
            total[0] = is_first ? low : _mm256_add_epi16(total[0], low);
            total[1] = is_first ? high : _mm256_add_epi16(total[1], high);
        }
}

INLINE void count(const int R, const bool is_u16, const uint8_t *plane, size_t stride, size_t n_planes,
                  const uint8_t *queries, tile *t) {
    const size_t row_bytes = n_planes;
    __m256i sums[MAX_R][2];
    size_t n = psh__hamming_byte_planes(n_planes);
    count_bytes(R, plane, stride, n, queries, row_bytes, sums);
    take_sums(R, is_u16, true, sums, t);
    while ((n_planes -= n) > 0) {
        plane += n * stride, queries += n;
        n = psh__hamming_byte_planes(n_planes);
        count_bytes(R, plane, stride, n, queries, row_bytes, sums);
        take_sums(R, is_u16, false, sums, t);
    }
}

/* Stores a row's 64 counts from `column` on, as far as they belong to it. (One loop of stores for both cases: with two,
 * the compiler keeps the counts in memory, at 1.6 times the time.) */
INLINE void store(const bool is_u16, const psh__hamming_rows *rows, size_t r, size_t column, const __m256i counts[4]) {
    const size_t first = rows->first[r], from = first > column ? first - column : 0;
    const size_t to = rows->end - column < N_COLUMNS ? rows->end - column : N_COLUMNS;
    if (from >= to) return;
    uint8_t part[2 * N_COLUMNS], *dst = (uint8_t *)rows->dst[r] + ((column + from - first) << is_u16);
    const bool is_whole = to - from == N_COLUMNS;
    uint8_t *place = is_whole ? dst : part;
    for (int i = 0; i < 2 << is_u16; i++) _mm256_storeu_si256((__m256i *)place + i, counts[i]);
    if (!is_whole) memcpy(dst, part + (from << is_u16), (to - from) << is_u16);
}

INLINE void some_rows(const int R, const bool is_u16, const psh__hamming_rows *rows, size_t r) {
    size_t start = rows->first[r];
    tile t;
    for (size_t i = 1; i < (size_t)R; i++) start = rows->first[r + i] < start ? rows->first[r + i] : start;
    for (size_t j = start; j < rows->end; j += N_COLUMNS) {
        count(R, is_u16, rows->planes + j, rows->stride, rows->n_planes, rows->queries + r * rows->n_planes, &t);
        for (size_t i = 0; i < (size_t)R; i++) store(is_u16, rows, r + i, j, t.counts[i]);
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

const psh__hamming_kernels psh__hamming_avx2 = {rows_u8, rows_u16};
