/* luminance.c : from colours to grey values.
 *
 * (299 R + 587 G + 114 B + 500) / 1000 in integers. For 8 bits the division is a multiplication: the sum is at most
 * 255,500; divided by 8 it has 15 bits, and floor(n / 125) = n * 33555 >> 22 for n < 2^15, because
 * 33555 * 125 - 2^22 = 71 and 71 * 2^15 < 2^22 (Granlund, Montgomery: Division by invariant integers, 1994). */
#include "input/readers.h"

static inline uint8_t luminance_u8(uint32_t red, uint32_t green, uint32_t blue) {
    return (uint8_t)((((299 * red + 587 * green + 114 * blue + 500) >> 3) * 33555u) >> 22);
}

void psh__luminance_u8(const uint8_t *src, size_t n_channels, size_t n, uint8_t *dst) {
    if (n_channels == 4)
        for (size_t i = 0; i < n; i++) dst[i] = luminance_u8(src[4 * i], src[4 * i + 1], src[4 * i + 2]);
    else
        for (size_t i = 0; i < n; i++) dst[i] = luminance_u8(src[3 * i], src[3 * i + 1], src[3 * i + 2]);
}

void psh__luminance_u16(const uint16_t *src, size_t n_channels, size_t n, uint16_t *dst) {
    for (size_t i = 0; i < n; i++, src += n_channels)
        dst[i] = (uint16_t)((299u * src[0] + 587u * src[1] + 114u * src[2] + 500) / 1000);
}
