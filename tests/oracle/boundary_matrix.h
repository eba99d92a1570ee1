/* boundary_matrix.h : persistent homology of an image, a volume or a mesh by the definition. */
#ifndef PSH_ORACLE_BOUNDARY_MATRIX_H
#define PSH_ORACLE_BOUNDARY_MATRIX_H

#include "persihash/homology.h"

/* Sublevel persistence of values : (height, width), dimensions 0 and 1, essential classes with death = INFINITY, empty
 * intervals left out, sorted by (dim, birth, death).
 *   dst : (boundary_matrix_n_cells(height, width)). Answers the number of intervals. Cost: cells^3 / 64. */
size_t boundary_matrix_intervals(const double *values, size_t height, size_t width, psh_construction construction,
                                 psh_interval *dst);
size_t boundary_matrix_n_cells(size_t height, size_t width);

/* The same of values : (shape[0], shape[1], shape[2]), dimensions 0 to 3; is_periodic : per axis.
 *   dst : (boundary_matrix_n_volume_cells(shape)). */
size_t boundary_matrix_volume(const double *values, const size_t shape[3], const bool is_periodic[3],
                              psh_construction construction, psh_interval *dst);
size_t boundary_matrix_n_volume_cells(const size_t shape[3]);

/* The same of the lower-star filtration of a simplicial complex: its vertices, the triangles and their faces. Triangles
 * are sets of vertices: repeated ones count once, and {a, a, b} is an edge. values : (n_vertices); triangles :
 * (n_triangles, 3); dst : (n_vertices + 4 n_triangles). */
size_t boundary_matrix_mesh(const double *values, size_t n_vertices, const uint32_t *triangles, size_t n_triangles,
                            psh_interval *dst);

/* The same of a volume on TTK's tetrahedra: each cube is cut into six around the diagonal from (z, y, x) = (0, 0, 1) to
 * (1, 1, 0); an axis of one voxel is left out. dst : (27 voxels) is enough. */
size_t boundary_matrix_tetrahedra(const double *values, const size_t shape[3], psh_interval *dst);

/* Cells of dimension 0, 1, 2 (n_cells) with a value of at most `threshold`. */
void boundary_matrix_count(const double *values, size_t height, size_t width, psh_construction construction,
                           double threshold, size_t n_cells[3]);

#endif
