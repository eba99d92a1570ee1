/* exp.h : exp() for vectors, the same bits everywhere.
 *
 * x = n ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts (Cody, Waite 1980) so that n ln 2 is exact; exp(r) by its
 * Taylor series, remainder r^14 / 14! < 2^-57; n goes into the exponent by an integer addition. Error below 2 units in
 * the last place. No branches, no calls: loops over it vectorise, and since every element is computed by itself without
 * fused operations all SIMD levels agree. (The C library's exp is not vectorised, and rounds differently from one to
 * the next.) */
#ifndef PSH_BASE_EXP_H
#define PSH_BASE_EXP_H

#include <stdint.h>
#include <string.h>

/* exp(x) for -708 <= x <= 708. */
static inline double psh__exp(double x) {
    const double log2_e = 1.4426950408889634074, ln2_high = 6.93147180369123816490e-01,
                 ln2_low = 1.90821492927058770002e-10;
    const double to_integer = 6755399441055744.0; // 1.5 * 2^52: adding it rounds to an integer in the low bits
    double shifted = x * log2_e + to_integer, n = shifted - to_integer;
    double r = (x - n * ln2_high) - n * ln2_low;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    uint64_t power, bits;
    memcpy(&power, &shifted, sizeof power);
    memcpy(&bits, &p, sizeof bits);
    bits += power << 52;
    memcpy(&p, &bits, sizeof p);
    return p;
}

#endif
