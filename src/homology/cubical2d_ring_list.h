/* cubical2d_ring_list.h : the part of psh__ring_find that the SIMD files share. */
#ifndef PSH_HOMOLOGY_CUBICAL2D_RING_LIST_H
#define PSH_HOMOLOGY_CUBICAL2D_RING_LIST_H

#include "homology/cubical2d_ring.h"

/* Appends x + i for every set bit i of `word` with x + i < n_pixels to dst[0 .. n_found); answers the new n_found. Four
 * places are written whether needed or not: few blocks have more, and the branch is guessed right. */
static inline size_t psh__ring_list_bits(uint64_t word, size_t x, size_t n_pixels, uint32_t *dst, size_t n_found) {
    if (n_pixels - x < 64) word &= ((uint64_t)1 << (n_pixels - x)) - 1;
    size_t n_bits = (size_t)__builtin_popcountll(word);
    uint32_t *place = dst + n_found;
    for (int i = 0; i < 4; i++, word &= word - 1) place[i] = (uint32_t)x + (uint32_t)(word ? __builtin_ctzll(word) : 0);
    for (size_t i = 4; i < n_bits; i++, word &= word - 1) place[i] = (uint32_t)x + (uint32_t)__builtin_ctzll(word);
    return n_found + n_bits;
}

#endif
