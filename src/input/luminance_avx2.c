/* luminance_avx2.c : see luminance.h. */
#include "input/luminance.h"

void psh__luminance_avx2(const uint8_t *src, size_t n, uint8_t *dst) {
    luminance_loop(src, n, dst);
}
