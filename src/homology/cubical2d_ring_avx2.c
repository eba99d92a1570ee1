/* cubical2d_ring_avx2.c : rings of 32 pixels at a time. Comparisons of wider types are packed down to 32 bytes of 0x00
 * or 0xff for each neighbour; packing works within halves of a register, so a permutation follows. */
#include <immintrin.h>

#include "homology/cubical2d_ring_list.h"

typedef __m256i bytes;

static inline bytes load(const void *src) {
    return _mm256_loadu_si256(src);
}

/* Comparisons a[i] <= b[i] of one register, as all ones or all zeros in lanes of 8, 16, 32 and 64 bits. */
static inline bytes le_lanes_u8(const uint8_t *a, const uint8_t *b) {
    return _mm256_cmpeq_epi8(_mm256_max_epu8(load(a), load(b)), load(b));
}
static inline bytes le_lanes_u16(const uint16_t *a, const uint16_t *b) {
    return _mm256_cmpeq_epi16(_mm256_max_epu16(load(a), load(b)), load(b));
}
static inline bytes le_lanes_f32(const float *a, const float *b) {
    return _mm256_castps_si256(_mm256_cmp_ps(_mm256_loadu_ps(a), _mm256_loadu_ps(b), _CMP_LE_OQ));
}
static inline bytes le_lanes_f64(const double *a, const double *b) {
    return _mm256_castpd_si256(_mm256_cmp_pd(_mm256_loadu_pd(a), _mm256_loadu_pd(b), _CMP_LE_OQ));
}

/* Four registers of 8 lanes to one of 32. */
static inline bytes pack_32(bytes r0, bytes r1, bytes r2, bytes r3) {
    bytes packed = _mm256_packs_epi16(_mm256_packs_epi32(r0, r1), _mm256_packs_epi32(r2, r3));
    return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/* Two registers of 4 lanes to one of 8: the low halves of the lanes. */
static inline bytes le_8_f64(const double *a, const double *b) {
    __m256 low = _mm256_castsi256_ps(le_lanes_f64(a, b)), high = _mm256_castsi256_ps(le_lanes_f64(a + 4, b + 4));
    return _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(low, high, 0x88)), 0xd8);
}

/* The same comparisons of 32 values, a byte each. */
static inline bytes le_u8(const uint8_t *a, const uint8_t *b) {
    return le_lanes_u8(a, b);
}
static inline bytes le_u16(const uint16_t *a, const uint16_t *b) {
    return _mm256_permute4x64_epi64(_mm256_packs_epi16(le_lanes_u16(a, b), le_lanes_u16(a + 16, b + 16)), 0xd8);
}
static inline bytes le_f32(const float *a, const float *b) {
    return pack_32(le_lanes_f32(a, b), le_lanes_f32(a + 8, b + 8), le_lanes_f32(a + 16, b + 16),
                   le_lanes_f32(a + 24, b + 24));
}
static inline bytes le_f64(const double *a, const double *b) {
    return pack_32(le_8_f64(a, b), le_8_f64(a + 8, b + 8), le_8_f64(a + 16, b + 16), le_8_f64(a + 24, b + 24));
}

static inline bytes add_bit(bytes ring, bytes is_set, int bit) {
    return _mm256_or_si256(ring, _mm256_and_si256(is_set, _mm256_set1_epi8((char)(1 << bit))));
}

/* q < p for the four neighbours q behind p is not (p <= q): their bits are turned by `flips`. */
#define RING_ROW(name, type, le)                                                                                       \
    static void name(const void *up_row, const void *mid_row, const void *down_row, size_t n_pixels, uint8_t flip,     \
                     uint8_t valid, uint8_t *dst) {                                                                    \
        const type *up = up_row, *mid = mid_row, *down = down_row;                                                     \
        const bytes flips = _mm256_set1_epi8((char)(flip ^ PSH__RING_BEHIND));                                         \
        const bytes valids = _mm256_set1_epi8((char)valid);                                                            \
        for (size_t x = 0; x < n_pixels; x += 32) {                                                                    \
            bytes ring = add_bit(_mm256_setzero_si256(), le(up + x - 1, mid + x), 0);                                  \
            ring = add_bit(ring, le(up + x, mid + x), 1);                                                              \
            ring = add_bit(ring, le(up + x + 1, mid + x), 2);                                                          \
            ring = add_bit(ring, le(mid + x, mid + x + 1), 3);                                                         \
            ring = add_bit(ring, le(mid + x, down + x + 1), 4);                                                        \
            ring = add_bit(ring, le(mid + x, down + x), 5);                                                            \
            ring = add_bit(ring, le(mid + x, down + x - 1), 6);                                                        \
            ring = add_bit(ring, le(mid + x - 1, mid + x), 7);                                                         \
            _mm256_storeu_si256((bytes *)(void *)(dst + x), _mm256_and_si256(_mm256_xor_si256(ring, flips), valids));  \
        }                                                                                                              \
    }
RING_ROW(row_u8, uint8_t, le_u8)
RING_ROW(row_u16, uint16_t, le_u16)
RING_ROW(row_f32, float, le_f32)
RING_ROW(row_f64, double, le_f64)
#undef RING_ROW

/* Bytes of `members` are looked up by r / 8, in halves of 16 told apart by r's top bit, and bits in them by r % 8. */
static inline uint32_t members_of_32(bytes r, bytes low_half, bytes high_half) {
    bytes i_byte = _mm256_and_si256(_mm256_srli_epi16(r, 3), _mm256_set1_epi8(0x0f));
    bytes byte = _mm256_blendv_epi8(_mm256_shuffle_epi8(low_half, i_byte), _mm256_shuffle_epi8(high_half, i_byte), r);
    bytes bits = _mm256_set1_epi64x((long long)0x8040201008040201u);
    bytes bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(r, _mm256_set1_epi8(0x07)));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(byte, bit), bit));
}

static size_t find(const uint8_t *rings, size_t n_pixels, const uint8_t members[32], uint32_t *dst) {
    const bytes low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)members));
    const bytes high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(members + 16)));
    size_t n_found = 0;
    for (size_t x = 0; x < n_pixels; x += PSH__RING_BLOCK) {
        uint64_t word =
            members_of_32(load(rings + x), low, high) | (uint64_t)members_of_32(load(rings + x + 32), low, high) << 32;
        n_found = psh__ring_list_bits(word, x, n_pixels, dst, n_found);
    }
    return n_found;
}

const psh__ring_kernels psh__ring_kernels_avx2 = {{row_u8, row_u16, row_f32, row_f64}, find};
