/* sample_twin.h : farthest-point sampling and the covering radius, each by its definition. */
#ifndef PSH_SAMPLE_TWIN_H
#define PSH_SAMPLE_TWIN_H

#include <stddef.h>

/* dst : (n_chosen), begun by dst[0]. points : (n_points, n_axes). O(n_chosen^2 n_points n_axes). */
void twin_farthest_points(const double *points, size_t n_points, size_t n_axes, size_t n_chosen, size_t *dst);

/* The largest distance of one of points : (n_points, n_axes) to the nearest of centres : (n_centres, n_axes). */
double twin_covering_radius(const double *points, size_t n_points, const double *centres, size_t n_centres,
                            size_t n_axes);

#endif
