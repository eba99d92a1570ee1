/* random.h : seeded random numbers, the same on every machine. xoshiro256** (Blackman, Vigna 2018) seeded by
 * splitmix64. */
#ifndef PSH_BASE_RANDOM_H
#define PSH_BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct psh__random {
    uint64_t s[4];
} psh__random;

/* `stream` separates independent users of one seed (for example one stream a diagram, so that threads do not matter).
 */
void psh__random_init(psh__random *rng, uint64_t seed, uint64_t stream);
uint64_t psh__random_u64(psh__random *rng);
double psh__random_unit(psh__random *rng);                                   /* uniform in [0, 1), multiples of 2^-53 */
uint64_t psh__random_below(psh__random *rng, uint64_t n);                    /* uniform in [0, n), n > 0, unbiased */
void psh__random_shuffle(psh__random *rng, uint32_t *items, size_t n_items); /* Fisher-Yates */

/* Laws. Their elementary functions are our own (elementary.h), so the same bits come everywhere. */
bool psh__random_chance(psh__random *rng, double probability);          /* true with that probability */
double psh__random_between(psh__random *rng, double lo, double hi);     /* uniform in [lo, hi) */
double psh__random_log_between(psh__random *rng, double lo, double hi); /* its logarithm is uniform; 0 < lo <= hi */
double psh__random_normal(psh__random *rng);                            /* mean 0, variance 1 */
double psh__random_exponential(psh__random *rng);                       /* mean 1 */
double psh__random_pareto(psh__random *rng, double shape);              /* P(X > x) = (1 + x)^-shape, x >= 0 */
/* Poisson. Cost: O(1 + mean) draws, which is as many as the points that are usually counted so. 0 <= mean < 2^31. */
uint64_t psh__random_poisson(psh__random *rng, double mean);

#endif
