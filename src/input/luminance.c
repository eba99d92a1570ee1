/* luminance.c : from colours to grey values.
 *
 * (299 R + 587 G + 114 B + 500) / 1000 in integers. For 8 bits the division is a multiplication: the sum is at most
 * 255,500; divided by 8 it has 15 bits, and floor(n / 125) = n * 33555 >> 22 for n < 2^15, because
 * 33555 * 125 - 2^22 = 71 and 71 * 2^15 < 2^22 (Granlund, Montgomery: Division by invariant integers, 1994). */
#include "input/luminance.h"

#include "input/readers.h"

void psh__luminance_u8(const uint8_t *src, size_t n, uint8_t *dst) {
#if defined(__x86_64__)
    if (psh_cpu_simd() >= PSH_SIMD_AVX2) {
        psh__luminance_avx2(src, n, dst);
        return;
    }
#endif
    luminance_loop(src, n, dst);
}

void psh__luminance_u16(const uint16_t *src, size_t n, uint16_t *dst) {
    for (size_t i = 0; i < n; i++, src += 4)
        dst[i] = (uint16_t)((299u * src[0] + 587u * src[1] + 114u * src[2] + 500) / 1000);
}
