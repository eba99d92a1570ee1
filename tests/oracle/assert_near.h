/* assert_near.h : equality of floating-point numbers up to an absolute tolerance; NaN is near nothing. */
#ifndef ASSERT_NEAR_H
#define ASSERT_NEAR_H

#include <math.h>

#define assert_near(a, b, tolerance)                                                                                   \
    do {                                                                                                               \
        double near_a = (a), near_b = (b);                                                                             \
        if (!(fabs(near_a - near_b) <= (tolerance))) fail_msg("%.17g is not near %.17g", near_a, near_b);              \
    } while (0)

#endif
