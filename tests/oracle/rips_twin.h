/* rips_twin.h : Vietoris-Rips persistence by the definition. */
#ifndef PSH_ORACLE_RIPS_TWIN_H
#define PSH_ORACLE_RIPS_TWIN_H

#include "persihash/homology.h"

enum { RIPS_TWIN_MAX_POINTS = 16 };

/* Persistence of dimensions 0, 1 and 2 of the Rips filtration of distances : (n_points, n_points), up to `threshold`;
 * essential classes with death = INFINITY, empty intervals left out, sorted by (dim, birth, death). Distances beyond
 * the threshold and infinite ones are no edges. dst : (rips_twin_n_simplices(n_points)). Cost: simplices^3 / 64. */
size_t rips_twin_intervals(const double *distances, size_t n_points, double threshold, psh_interval *dst);
size_t rips_twin_n_simplices(size_t n_points);

#endif
