/* elementary.h : logarithm, sine and cosine, hyperbolic tangent: the same bits everywhere.
 *
 * The C library's functions round differently from one to the next; these are sums of a few products in a fixed order.
 * exp.h has the exponential. Each is right to a few units in the last place (tests/unit/test_random.c says how few),
 * and none branches on its argument but by a table of quarter turns, so that loops over them vectorise. */
#ifndef PSH_BASE_ELEMENTARY_H
#define PSH_BASE_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

#include "exp.h"

/* log(x) for finite x >= 2^-1022. x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh s with s = (m - 1) / (m +
 * 1), |s| < 0.172, by its series; the remainder is below 2^-57 of it. */
static inline double psh__log(double x) {
    const double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    const uint64_t root_half = 0x3fe6a09e667f3bcdu; // the bits of sqrt(1/2)
    uint64_t bits;
    double m;
    memcpy(&bits, &x, sizeof bits);
    int64_t k = (int64_t)(bits - root_half) >> 52;
    bits -= (uint64_t)k << 52;
    memcpy(&m, &bits, sizeof m);
    double s = (m - 1) / (m + 1), z = s * s;
    double p = 1.0 / 23;
    p = p * z + 1.0 / 21;
    p = p * z + 1.0 / 19;
    p = p * z + 1.0 / 17;
    p = p * z + 1.0 / 15;
    p = p * z + 1.0 / 13;
    p = p * z + 1.0 / 11;
    p = p * z + 1.0 / 9;
    p = p * z + 1.0 / 7;
    p = p * z + 1.0 / 5;
    p = p * z + 1.0 / 3;
    return (double)k * ln2_high + ((double)k * ln2_low + (2 * s + 2 * s * z * p));
}

/* Sine and cosine of `turns` full turns (2 pi turns radians), |turns| < 2^40. The nearest quarter turn is taken off
 * exactly; Taylor series on what is left, at most an eighth of a turn. */
static inline void psh__sin_cos(double turns, double *sine, double *cosine) {
    const double to_integer = 6755399441055744.0, two_pi = 6.283185307179586477;
    double shifted = turns * 4 + to_integer, quarters = shifted - to_integer;
    double x = (turns - quarters * 0.25) * two_pi, z = x * x;
    double s = 1.0 / 355687428096000.0, c = 1.0 / 20922789888000.0;
    s = s * z - 1.0 / 1307674368000.0;
    s = s * z + 1.0 / 6227020800.0;
    s = s * z - 1.0 / 39916800.0;
    s = s * z + 1.0 / 362880.0;
    s = s * z - 1.0 / 5040.0;
    s = s * z + 1.0 / 120.0;
    s = s * z - 1.0 / 6.0;
    s = x + x * (s * z);
    c = c * z - 1.0 / 87178291200.0;
    c = c * z + 1.0 / 479001600.0;
    c = c * z - 1.0 / 3628800.0;
    c = c * z + 1.0 / 40320.0;
    c = c * z - 1.0 / 720.0;
    c = c * z + 1.0 / 24.0;
    c = c * z - 0.5;
    c = c * z + 1;
    uint64_t quarter;
    memcpy(&quarter, &shifted, sizeof quarter);
    *sine = quarter & 1 ? c : s;
    *cosine = quarter & 1 ? s : c;
    if (quarter & 2) *sine = -*sine;
    if ((quarter + 1) & 2) *cosine = -*cosine;
}

/* tanh(x) for finite x. Near 0 the absolute error, not the relative one, is at the last place of 1. */
static inline double psh__tanh(double x) {
    double y = x < -20 ? -20 : x > 20 ? 20 : x;
    return 1 - 2 / (psh__exp(2 * y) + 1);
}

#endif
