/* finite.h : where is the first NaN or infinity? */
#ifndef PSH_INPUT_FINITE_H
#define PSH_INPUT_FINITE_H

#include <stddef.h>

/* The place of the first value of x : (n) that is not finite, or n. */
size_t psh__first_not_finite_f32(const float *x, size_t n);
size_t psh__first_not_finite_f64(const double *x, size_t n);

#endif
