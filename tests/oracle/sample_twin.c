/* sample_twin.c : each step asks every point for its distance to every chosen one. */
#include "sample_twin.h"

#include <math.h>
#include <stdbool.h>

static double square_distance(const double *a, const double *b, size_t n_axes) {
    double sum = 0;
    for (size_t axis = 0; axis < n_axes; axis++) sum += (a[axis] - b[axis]) * (a[axis] - b[axis]);
    return sum;
}

void twin_farthest_points(const double *points, size_t n_points, size_t n_axes, size_t n_chosen, size_t *dst) {
    for (size_t k = 1; k < n_chosen; k++) {
        double farthest = -1;
        for (size_t i = 0; i < n_points; i++) {
            double nearest = INFINITY;
            bool is_chosen = false;
            for (size_t c = 0; c < k; c++) {
                double distance = square_distance(points + i * n_axes, points + dst[c] * n_axes, n_axes);
                nearest = distance < nearest ? distance : nearest;
                is_chosen = is_chosen || dst[c] == i;
            }
            if (!is_chosen && nearest > farthest) farthest = nearest, dst[k] = i;
        }
    }
}

double twin_covering_radius(const double *points, size_t n_points, const double *centres, size_t n_centres,
                            size_t n_axes) {
    double farthest = 0;
    for (size_t i = 0; i < n_points; i++) {
        double nearest = INFINITY;
        for (size_t c = 0; c < n_centres; c++)
            nearest = fmin(nearest, square_distance(points + i * n_axes, centres + c * n_axes, n_axes));
        farthest = fmax(farthest, nearest);
    }
    return sqrt(farthest);
}
