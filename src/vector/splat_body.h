/* splat_body.h : see splat.h. Included by splat.c and splat_<isa>.c, which differ in their compiler flags alone.
 *
 * exp(x) for -700 <= x <= 0: x = n ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts (Cody, Waite 1980) so that n ln 2
 * is exact; exp(r) by its Taylor series to r^13 / 13! < 2^-57; n goes into the exponent by an integer addition. Error
 * below 2 units in the last place. The C library's exp is not vectorised, and rounds differently from one to the next.
 */
#include <stdint.h>
#include <string.h>

#include "vector/splat.h"

static inline double exp_below_zero(double x) {
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

static void gauss(double x, double first, double step, double scale, size_t n_cells, double *restrict dst) {
    for (size_t start = 0; start < n_cells; start += PSH__SPLAT_RUN, first += (double)PSH__SPLAT_RUN)
        for (int k = 0; k < (int)PSH__SPLAT_RUN; k++) {
            double from = (first + k) * step - x, exponent = -(from * from) * scale;
            dst[start + (size_t)k] = exp_below_zero(exponent > -700 ? exponent : -700);
        }
}

static void add(const double *rows, size_t n_rows, const double *restrict columns, size_t n_columns, size_t stride,
                double *restrict image) {
    for (size_t r = 0; r < n_rows; r++) {
        double factor = rows[r], *row = image + r * stride;
        for (size_t start = 0; start < n_columns; start += PSH__SPLAT_RUN)
            for (size_t k = 0; k < PSH__SPLAT_RUN; k++) row[start + k] += factor * columns[start + k];
    }
}
