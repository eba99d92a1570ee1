/* smooth_avx2.c : see smooth_lanes.h. */
#define SMOOTH_LANES 4
#include "input/smooth_lanes.h"

void psh__smooth_sum_avx2(const double *const *rows, const double *weights, size_t radius, size_t n, double *dst) {
    sum_lanes(rows, weights, radius, n, dst);
}
