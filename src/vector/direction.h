/* direction.h : the directions of sliced Wasserstein. */
#ifndef PSH_VECTOR_DIRECTION_H
#define PSH_VECTOR_DIRECTION_H

#include <math.h>

/* Direction k of n: the half circle, in the middles of n equal parts. */
static inline void psh__direction(size_t k, size_t n, double *x, double *y) {
    double angle = ((double)k + 0.5) * M_PI / (double)n - M_PI / 2;
    *x = cos(angle), *y = sin(angle);
}

#endif
