/* estimate.c : W1 of two diagrams from their slices.
 *
 * Sliced Wasserstein adds up how far two diagrams differ along each direction. W1 is a least cost over matchings, and
 * what the sum misses has a pattern (pattern.c): how much the differences of neighbouring cells cancel out, in which
 * directions they are large, where. That pattern means the same in any set, so it is learnt once, from pairs of
 * synthetic diagrams (estimate_train.c), by a network f of two hidden layers:
 *
 *     W1  ~  T exp(f(x)),   x = N pattern / T - 1,   T = the sliced Wasserstein distance, N = the pattern's numbers.
 *
 * So it is as homogeneous as W1: coordinates twice as large, or two copies of every point, double it.
 * How good it is on real sets: docs/math/estimate.md. */
#include "encoder/estimate.h"

#include <math.h>

static const size_t widths[] = {64, 32};
enum { N_HIDDEN = sizeof widths / sizeof *widths };
static const double furthest = 3; /* the exponent: no pair of any set is near it, nonsense becomes no infinity */

psh_status psh__estimate_create(psh__estimate *dst, psh_error *err) {
    return psh__perceptron_create(PSH__PATTERN, widths, N_HIDDEN, &dst->network, err);
}

void psh__estimate_free(psh__estimate *estimate) {
    psh__perceptron_free(&estimate->network);
}

size_t psh__estimate_n_weights(void) {
    psh__perceptron shape = {.n_inputs = PSH__PATTERN, .n_hidden = N_HIDDEN, .widths = {widths[0], widths[1]}};
    return psh__perceptron_n_weights(&shape);
}

void psh__estimate_inputs(const float *pattern, float total, float *dst) {
    float scale = PSH__PATTERN / total;
    for (size_t k = 0; k < PSH__PATTERN; k++) dst[k] = pattern[k] * scale - 1;
}

size_t psh__estimate_desk(size_t n_pairs) {
    return n_pairs * (PSH__PATTERN + 1 + widths[0] + widths[1]);
}

void psh__estimate_distances(const psh__estimate *estimate, const float *patterns, size_t stride, size_t n_pairs,
                             float *desk, float *dst) {
    float *totals = desk, *inputs = totals + n_pairs, *rest = inputs + n_pairs * PSH__PATTERN;
    for (size_t i = 0; i < n_pairs; i++) dst[i] = totals[i] = psh__pattern_total(patterns + i * stride);
    if (!estimate) return;
    for (size_t i = 0; i < n_pairs; i++)
        psh__estimate_inputs(patterns + i * stride, totals[i] > 0 ? totals[i] : 1, inputs + i * PSH__PATTERN);
    psh__perceptron_apply(&estimate->network, inputs, n_pairs, rest, dst);
    for (size_t i = 0; i < n_pairs; i++)
        dst[i] = totals[i] * (float)exp(fmax(-furthest, fmin(furthest, (double)dst[i])));
}
