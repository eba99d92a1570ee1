/* random.c : xoshiro256** (Blackman, Vigna: Scrambled linear pseudorandom number generators, 2018), seeded by
 * splitmix64. Integer arithmetic only, so the same seed gives the same numbers on every machine. */
#include "base/random.h"

static uint64_t rotate_left(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

static uint64_t splitmix64(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void psh__random_init(psh__random *rng, uint64_t seed, uint64_t stream) {
    uint64_t state = stream;
    state = seed ^ splitmix64(&state);
    for (int i = 0; i < 4; i++) rng->s[i] = splitmix64(&state);
}

uint64_t psh__random_u64(psh__random *rng) {
    uint64_t *s = rng->s, result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3];
    s[2] ^= t, s[3] = rotate_left(s[3], 45);
    return result;
}

double psh__random_unit(psh__random *rng) {
    return (double)(psh__random_u64(rng) >> 11) * 0x1p-53;
}

/* Rejection of the last, incomplete block of n values keeps the draw unbiased. */
uint64_t psh__random_below(psh__random *rng, uint64_t n) {
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, x;
    do x = psh__random_u64(rng);
    while (x >= limit);
    return x % n;
}

void psh__random_shuffle(psh__random *rng, uint32_t *items, size_t n_items) {
    for (size_t i = n_items; i > 1; i--) {
        size_t j = psh__random_below(rng, i);
        uint32_t item = items[i - 1];
        items[i - 1] = items[j], items[j] = item;
    }
}
