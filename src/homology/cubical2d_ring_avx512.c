/* cubical2d_ring_avx512.c : rings of 64 pixels at a time. Comparisons of any type end in one 64-bit mask for each
 * neighbour, and masked additions gather the masks' bits into bytes. */
#include <immintrin.h>

#include "homology/cubical2d_ring_list.h"

/* name(a, b) : bit i is a[i] <= b[i], for 64 values. */
#define LESS_EQUAL(name, type, n_lanes, compare, load, ...)                                                            \
    static inline __mmask64 name(const type *a, const type *b) {                                                       \
        __mmask64 mask = 0;                                                                                            \
        for (int i = 0; i < 64; i += n_lanes) mask |= (__mmask64)compare(load(a + i), load(b + i) __VA_ARGS__) << i;   \
        return mask;                                                                                                   \
    }
LESS_EQUAL(le_u8, uint8_t, 64, _mm512_cmple_epu8_mask, _mm512_loadu_si512, )
LESS_EQUAL(le_u16, uint16_t, 32, _mm512_cmple_epu16_mask, _mm512_loadu_si512, )
LESS_EQUAL(le_f32, float, 16, _mm512_cmp_ps_mask, _mm512_loadu_ps, , _CMP_LE_OQ)
LESS_EQUAL(le_f64, double, 8, _mm512_cmp_pd_mask, _mm512_loadu_pd, , _CMP_LE_OQ)
#undef LESS_EQUAL

static inline __m512i add_bit(__m512i ring, __mmask64 mask, int bit) {
    return _mm512_mask_add_epi8(ring, mask, ring, _mm512_set1_epi8((char)(1 << bit)));
}

/* q < p for the four neighbours q behind p is not (p <= q): their bits are turned by `flips`. */
#define RING_ROW(name, type, le)                                                                                       \
    static void name(const void *up_row, const void *mid_row, const void *down_row, size_t n_pixels, uint8_t flip,     \
                     uint8_t valid, uint8_t *dst) {                                                                    \
        const type *up = up_row, *mid = mid_row, *down = down_row;                                                     \
        const __m512i flips = _mm512_set1_epi8((char)(flip ^ PSH__RING_BEHIND));                                       \
        const __m512i valids = _mm512_set1_epi8((char)valid);                                                          \
        for (size_t x = 0; x < n_pixels; x += 64) {                                                                    \
            __m512i ring = add_bit(_mm512_setzero_si512(), le(up + x - 1, mid + x), 0);                                \
            ring = add_bit(ring, le(up + x, mid + x), 1);                                                              \
            ring = add_bit(ring, le(up + x + 1, mid + x), 2);                                                          \
            ring = add_bit(ring, le(mid + x, mid + x + 1), 3);                                                         \
            ring = add_bit(ring, le(mid + x, down + x + 1), 4);                                                        \
            ring = add_bit(ring, le(mid + x, down + x), 5);                                                            \
            ring = add_bit(ring, le(mid + x, down + x - 1), 6);                                                        \
            ring = add_bit(ring, le(mid + x - 1, mid + x), 7);                                                         \
            _mm512_storeu_si512(dst + x, _mm512_and_si512(_mm512_xor_si512(ring, flips), valids));                     \
        }                                                                                                              \
    }
RING_ROW(row_u8, uint8_t, le_u8)
RING_ROW(row_u16, uint16_t, le_u16)
RING_ROW(row_f32, float, le_f32)
RING_ROW(row_f64, double, le_f64)
#undef RING_ROW

/* Bytes of `members` are looked up by r / 8, and bits in them by r % 8. */
static size_t find(const uint8_t *rings, size_t n_pixels, const uint8_t members[32], uint32_t *dst) {
    const __m512i table = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)members));
    const __m512i bits = _mm512_set1_epi64((long long)0x8040201008040201u);
    size_t n_found = 0;
    for (size_t x = 0; x < n_pixels; x += PSH__RING_BLOCK) {
        __m512i r = _mm512_loadu_si512(rings + x);
        __m512i i_byte = _mm512_and_si512(_mm512_srli_epi16(r, 3), _mm512_set1_epi8(0x1f));
        __m512i bit = _mm512_shuffle_epi8(bits, _mm512_and_si512(r, _mm512_set1_epi8(0x07)));
        uint64_t word = _mm512_test_epi8_mask(_mm512_permutexvar_epi8(i_byte, table), bit);
        n_found = psh__ring_list_bits(word, x, n_pixels, dst, n_found);
    }
    return n_found;
}

const psh__ring_kernels psh__ring_kernels_avx512 = {{row_u8, row_u16, row_f32, row_f64}, find};
