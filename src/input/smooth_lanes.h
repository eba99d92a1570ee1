/* smooth_lanes.h : the body of psh__smooth_sum for vectors of SMOOTH_LANES doubles, written once in the compiler's
 * vector types and compiled by each smooth_<isa>.c. Four sums at a time hide the latency of additions, and stay in
 * registers over all taps: a tap costs two loads, two additions and a multiplication a vector, and no store. */
#include <assert.h>

#include "input/smooth.h"

typedef double lanes __attribute__((vector_size(8 * SMOOTH_LANES), aligned(8), may_alias)); /* any address */

static inline void sum_lanes(const double *const *rows, const double *weights, size_t radius, size_t n, double *dst) {
    enum { STEP = 4 * SMOOTH_LANES };
    _Static_assert(PSH__SMOOTH_BLOCK % STEP == 0, "a block is a whole number of steps");
    for (size_t x = 0; x < n; x += STEP) {
        lanes sums[4];
        const lanes *centre = (const lanes *)(rows[radius] + x);
        for (int i = 0; i < 4; i++) sums[i] = centre[i] * weights[0];
        for (size_t k = radius; k > 0; k--) {
            const lanes *above = (const lanes *)(rows[radius - k] + x), *below = (const lanes *)(rows[radius + k] + x);
            for (int i = 0; i < 4; i++) sums[i] += (above[i] + below[i]) * weights[k];
        }
        for (int i = 0; i < 4; i++) ((lanes *)(dst + x))[i] = sums[i];
    }
}
