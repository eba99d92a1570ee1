/* random.c : xoshiro256** (Blackman, Vigna: Scrambled linear pseudorandom number generators, 2018), seeded by
 * splitmix64. Integer arithmetic only, so the same seed gives the same numbers on every machine. */
#include "base/random.h"

#include <math.h>

#include "base/elementary.h"

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

bool psh__random_chance(psh__random *rng, double probability) {
    return psh__random_unit(rng) < probability;
}

double psh__random_between(psh__random *rng, double lo, double hi) {
    return lo + (hi - lo) * psh__random_unit(rng);
}

double psh__random_log_between(psh__random *rng, double lo, double hi) {
    return psh__exp(psh__random_between(rng, psh__log(lo), psh__log(hi)));
}

/* Marsaglia's polar method (Marsaglia, Bray 1964): a point of the unit disc gives two independent normals, of which one
 * is kept, so that the state is the generator's alone. */
double psh__random_normal(psh__random *rng) {
    double x, y, square;
    do {
        x = 2 * psh__random_unit(rng) - 1, y = 2 * psh__random_unit(rng) - 1;
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    return x * sqrt(-2 * psh__log(square) / square);
}

double psh__random_exponential(psh__random *rng) {
    return -psh__log(1 - psh__random_unit(rng));
}

double psh__random_pareto(psh__random *rng, double shape) {
    return psh__exp(psh__random_exponential(rng) / shape) - 1;
}

/* How many uniform factors fit before their product falls to exp(-mean) (Knuth, volume 2, 3.4.1). Sums of Poisson
 * numbers are Poisson: large means come in pieces, so that the exponential stays a normal number. */
uint64_t psh__random_poisson(psh__random *rng, double mean) {
    uint64_t n = 0;
    for (double left = mean; left > 0; left -= 500) {
        double least = psh__exp(left < 500 ? -left : -500), product = 1 - psh__random_unit(rng);
        for (; product > least; n++) product *= 1 - psh__random_unit(rng);
    }
    return n;
}
