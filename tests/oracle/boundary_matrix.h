/* boundary_matrix.h : persistent homology of a 2D image by the definition. */
#ifndef PSH_ORACLE_BOUNDARY_MATRIX_H
#define PSH_ORACLE_BOUNDARY_MATRIX_H

#include "persihash/homology.h"

/* Sublevel persistence of values : (height, width), dimensions 0 and 1, essential classes with death = INFINITY, empty
 * intervals left out, sorted by (dim, birth, death).
 *   dst : (boundary_matrix_n_cells(height, width)). Answers the number of intervals. Cost: cells^3 / 64. */
size_t boundary_matrix_intervals(const double *values, size_t height, size_t width, psh_construction construction,
                                 psh_interval *dst);
size_t boundary_matrix_n_cells(size_t height, size_t width);

/* Cells of dimension 0, 1, 2 (n_cells) with a value of at most `threshold`. */
void boundary_matrix_count(const double *values, size_t height, size_t width, psh_construction construction,
                           double threshold, size_t n_cells[3]);

#endif
