#include <immintrin.h>

#include "homology/cubical2d_ring_list.h"

#define MASK_U8(op, a, b) _mm512_cmp##op##_epu8_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b))

#define LE_u8(a, b) _mm512_cmple_epu8_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b))
#define LT_u8(a, b) _mm512_cmplt_epu8_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b))
#define LE_u16(a, b) _mm512_cmple_epu16_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b))
#define LT_u16(a, b) _mm512_cmplt_epu16_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b))
#define LE_f32(a, b) _mm512_cmp_ps_mask(_mm512_loadu_ps(a), _mm512_loadu_ps(b), _CMP_LE_OQ)
#define LT_f32(a, b) _mm512_cmp_ps_mask(_mm512_loadu_ps(a), _mm512_loadu_ps(b), _CMP_LT_OQ)
#define LE_f64(a, b) _mm512_cmp_pd_mask(_mm512_loadu_pd(a), _mm512_loadu_pd(b), _CMP_LE_OQ)
#define LT_f64(a, b) _mm512_cmp_pd_mask(_mm512_loadu_pd(a), _mm512_loadu_pd(b), _CMP_LT_OQ)

#define LE64_u8(a, b) LE_u8(a, b)
#define LT64_u8(a, b) LT_u8(a, b)
#define JOIN(OP, a, b, n)                                                                                              \
    __extension__({                                                                                                    \
        __mmask64 m_ = 0;                                                                                              \
        for (int i_ = 0; i_ < 64; i_ += n) m_ |= (__mmask64)OP((a) + i_, (b) + i_) << i_;                              \
        m_;                                                                                                            \
    })
#define LE64_u16(a, b) JOIN(LE_u16, a, b, 32)
#define LT64_u16(a, b) JOIN(LT_u16, a, b, 32)
#define LE64_f32(a, b) JOIN(LE_f32, a, b, 16)
#define LT64_f32(a, b) JOIN(LT_f32, a, b, 16)
#define LE64_f64(a, b) JOIN(LE_f64, a, b, 8)
#define LT64_f64(a, b) JOIN(LT_f64, a, b, 8)

#define RING_ROW(name, type, tag)                                                                                      \
    static void name(const void *up_row, const void *mid_row, const void *down_row, size_t n_pixels, uint8_t flip,     \
                     uint8_t valid, uint8_t *dst) {                                                                    \
        const type *up = up_row, *mid = mid_row, *down = down_row;                                                     \
        const __m512i flips = _mm512_set1_epi8((char)flip), valids = _mm512_set1_epi8((char)valid);                    \
        for (size_t x = 0; x < n_pixels; x += 64, up += 64, mid += 64, down += 64) {                                   \
            __m512i ring = _mm512_maskz_set1_epi8(LE64_##tag(up - 1, mid), 0x01);                                      \
            ring = _mm512_mask_add_epi8(ring, LE64_##tag(up, mid), ring, _mm512_set1_epi8(0x02));                      \
            ring = _mm512_mask_add_epi8(ring, LE64_##tag(up + 1, mid), ring, _mm512_set1_epi8(0x04));                  \
            ring = _mm512_mask_add_epi8(ring, LT64_##tag(mid + 1, mid), ring, _mm512_set1_epi8(0x08));                 \
            ring = _mm512_mask_add_epi8(ring, LT64_##tag(down + 1, mid), ring, _mm512_set1_epi8(0x10));                \
            ring = _mm512_mask_add_epi8(ring, LT64_##tag(down, mid), ring, _mm512_set1_epi8(0x20));                    \
            ring = _mm512_mask_add_epi8(ring, LT64_##tag(down - 1, mid), ring, _mm512_set1_epi8(0x40));                \
            ring = _mm512_mask_add_epi8(ring, LE64_##tag(mid - 1, mid), ring, _mm512_set1_epi8((char)0x80));           \
            _mm512_storeu_si512(dst + x, _mm512_and_si512(_mm512_xor_si512(ring, flips), valids));                     \
        }                                                                                                              \
    }
RING_ROW(row_u8, uint8_t, u8)
RING_ROW(row_u16, uint16_t, u16)
RING_ROW(row_f32, float, f32)
RING_ROW(row_f64, double, f64)

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
