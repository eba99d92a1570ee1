/* smooth_avx512.c : see smooth_lanes.h. */
#define SMOOTH_LANES 8
#include "input/smooth_lanes.h"

void psh__smooth_sum_avx512(const double *const *rows, const double *weights, size_t radius, size_t n, double *dst) {
    sum_lanes(rows, weights, radius, n, dst);
}
