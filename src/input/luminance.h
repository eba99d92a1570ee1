/* luminance.h : the inner loop of luminance, for each SIMD level to compile. */
#ifndef PSH_INPUT_LUMINANCE_H
#define PSH_INPUT_LUMINANCE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef void psh__luminance_loop(const uint8_t *src, size_t n, uint8_t *dst);

/* A pixel is taken as one 32-bit word, so that the loop becomes vector code without shuffling bytes. */
static inline void luminance_loop(const uint8_t *src, size_t n, uint8_t *dst) {
    const int is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, red = is_little ? 0 : 24;
    const int green = is_little ? 8 : 16, blue = is_little ? 16 : 8;
    for (size_t i = 0; i < n; i++) {
        uint32_t pixel;
        memcpy(&pixel, src + 4 * i, 4);
        uint32_t sum = 299 * (pixel >> red & 255) + 587 * (pixel >> green & 255) + 114 * (pixel >> blue & 255) + 500;
        dst[i] = (uint8_t)((sum >> 3) * 33555 >> 22);
    }
}

psh__luminance_loop psh__luminance_avx2;

#endif
