/* finite.c : the search for NaN and infinity, at the speed of memory.
 *
 * x - x is 0 for finite x and NaN for the others; the plain sum of a block has no branch, and so becomes vector code.
 */
#include "input/finite.h"

#include <math.h>

#define FIRST_NOT_FINITE(type, name)                                                                                   \
    size_t name(const type *x, size_t n) {                                                                             \
        for (size_t start = 0; start < n; start += 1024) {                                                             \
            size_t end = n - start < 1024 ? n : start + 1024;                                                          \
            int n_bad = 0;                                                                                             \
            for (size_t i = start; i < end; i++) n_bad += !(x[i] - x[i] == 0);                                         \
            for (size_t i = start; n_bad && i < end; i++)                                                              \
                if (!isfinite(x[i])) return i;                                                                         \
        }                                                                                                              \
        return n;                                                                                                      \
    }
FIRST_NOT_FINITE(float, psh__first_not_finite_f32)
FIRST_NOT_FINITE(double, psh__first_not_finite_f64)
