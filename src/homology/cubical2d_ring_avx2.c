#include <immintrin.h>

#include "homology/cubical2d_ring_list.h"

/* 32 lanes */
typedef __m256i v;
static inline v load(const void *src) {
    return _mm256_loadu_si256(src);
}

static inline v le_u8(const uint8_t *a, const uint8_t *b) {
    v x = load(a), y = load(b);
    return _mm256_cmpeq_epi8(_mm256_max_epu8(x, y), y);
}
static inline v le16_u16(const uint16_t *a, const uint16_t *b) {
    v x = load(a), y = load(b);
    return _mm256_cmpeq_epi16(_mm256_max_epu16(x, y), y);
}
static inline v le8_f32(const float *a, const float *b) {
    return _mm256_castps_si256(_mm256_cmp_ps(_mm256_loadu_ps(a), _mm256_loadu_ps(b), _CMP_LE_OQ));
}
static inline v le4_f64(const double *a, const double *b) {
    return _mm256_castpd_si256(_mm256_cmp_pd(_mm256_loadu_pd(a), _mm256_loadu_pd(b), _CMP_LE_OQ));
}
/* packs work within 128-bit halves */
static inline v le_u16(const uint16_t *a, const uint16_t *b) {
    return _mm256_permute4x64_epi64(_mm256_packs_epi16(le16_u16(a, b), le16_u16(a + 16, b + 16)), 0xd8);
}
static inline v pack4(v a, v b, v c, v d) { /* 4 x 8 lanes of 32 bits -> 32 bytes in order */
    v bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
static inline v le_f32(const float *a, const float *b) {
    return pack4(le8_f32(a, b), le8_f32(a + 8, b + 8), le8_f32(a + 16, b + 16), le8_f32(a + 24, b + 24));
}
static inline v le8_f64(const double *a, const double *b) { /* 8 lanes of 32 bits */
    __m256 lo = _mm256_castsi256_ps(le4_f64(a, b)), hi = _mm256_castsi256_ps(le4_f64(a + 4, b + 4));
    return _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(lo, hi, 0x88)), 0xd8);
}
static inline v le_f64(const double *a, const double *b) {
    return pack4(le8_f64(a, b), le8_f64(a + 8, b + 8), le8_f64(a + 16, b + 16), le8_f64(a + 24, b + 24));
}

/* a < b is not (b <= a) */
#define RING_ROW(name, type, le)                                                                                       \
    static void name(const void *up_row, const void *mid_row, const void *down_row, size_t n_pixels, uint8_t flip,     \
                     uint8_t valid, uint8_t *dst) {                                                                    \
        const type *up = up_row, *mid = mid_row, *down = down_row;                                                     \
        const v flips = _mm256_set1_epi8((char)(flip ^ 0x78)), valids = _mm256_set1_epi8((char)valid);                 \
        for (size_t x = 0; x < n_pixels; x += 32, up += 32, mid += 32, down += 32) {                                   \
            v ring = _mm256_and_si256(le(up - 1, mid), _mm256_set1_epi8(0x01));                                        \
            ring = _mm256_or_si256(ring, _mm256_and_si256(le(up, mid), _mm256_set1_epi8(0x02)));                       \
            ring = _mm256_or_si256(ring, _mm256_and_si256(le(up + 1, mid), _mm256_set1_epi8(0x04)));                   \
            ring = _mm256_or_si256(ring, _mm256_and_si256(le(mid, mid + 1), _mm256_set1_epi8(0x08)));                  \
            ring = _mm256_or_si256(ring, _mm256_and_si256(le(mid, down + 1), _mm256_set1_epi8(0x10)));                 \
            ring = _mm256_or_si256(ring, _mm256_and_si256(le(mid, down), _mm256_set1_epi8(0x20)));                     \
            ring = _mm256_or_si256(ring, _mm256_and_si256(le(mid, down - 1), _mm256_set1_epi8(0x40)));                 \
            ring = _mm256_or_si256(ring, _mm256_and_si256(le(mid - 1, mid), _mm256_set1_epi8((char)0x80)));            \
            _mm256_storeu_si256((v *)(void *)(dst + x), _mm256_and_si256(_mm256_xor_si256(ring, flips), valids));      \
        }                                                                                                              \
    }
RING_ROW(row_u8, uint8_t, le_u8)
RING_ROW(row_u16, uint16_t, le_u16)
RING_ROW(row_f32, float, le_f32)
RING_ROW(row_f64, double, le_f64)

/* Bytes of `members` are looked up by r / 8, in two halves of 16 told apart by r's top bit, and bits in them by r % 8.
 */
static inline uint32_t members_of_32(v r, v low_half, v high_half) {
    v i_byte = _mm256_and_si256(_mm256_srli_epi16(r, 3), _mm256_set1_epi8(0x0f));
    v byte = _mm256_blendv_epi8(_mm256_shuffle_epi8(low_half, i_byte), _mm256_shuffle_epi8(high_half, i_byte), r);
    v bits = _mm256_set1_epi64x((long long)0x8040201008040201u);
    v bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(r, _mm256_set1_epi8(0x07)));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(byte, bit), bit));
}

static size_t find(const uint8_t *rings, size_t n_pixels, const uint8_t members[32], uint32_t *dst) {
    const v low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)members));
    const v high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(members + 16)));
    size_t n_found = 0;
    for (size_t x = 0; x < n_pixels; x += PSH__RING_BLOCK) {
        uint64_t word =
            members_of_32(load(rings + x), low, high) | (uint64_t)members_of_32(load(rings + x + 32), low, high) << 32;
        n_found = psh__ring_list_bits(word, x, n_pixels, dst, n_found);
    }
    return n_found;
}

const psh__ring_kernels psh__ring_kernels_avx2 = {{row_u8, row_u16, row_f32, row_f64}, find};
