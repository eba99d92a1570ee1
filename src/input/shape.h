/* shape.h : what clouds, matrices and meshes are inside, and making them of arrays at hand without a copy. */
#ifndef PSH_INPUT_SHAPE_H
#define PSH_INPUT_SHAPE_H

#include "persihash/input.h"

struct psh_cloud {
    size_t n_points, n_axes;
    double *points; /* (n_points, n_axes) */
};

struct psh_matrix {
    size_t n_points, n_edges;
    double *lower;   /* dense: the strict lower triangle by rows; else NULL */
    psh_edge *edges; /* sparse: (n_edges) by (i, j); else NULL */
};

struct psh_mesh {
    size_t n_vertices, n_triangles;
    double *vertices;    /* (n_vertices, 3) */
    uint32_t *triangles; /* (n_triangles, 3) */
    double *values;      /* (n_vertices) or NULL */
};

/* As psh_cloud_create() and its like, but the arrays, psh__malloc'ed, are taken over, also when the call fails. */
psh_status psh__cloud_take(double *points, size_t n_points, size_t n_axes, psh_cloud **dst, psh_error *err);
psh_status psh__matrix_take_dense(double *lower, size_t n_points, psh_matrix **dst, psh_error *err);
psh_status psh__matrix_take_sparse(psh_edge *edges, size_t n_edges, size_t n_points, psh_matrix **dst, psh_error *err);
psh_status psh__mesh_take(double *vertices, size_t n_vertices, uint32_t *triangles, size_t n_triangles, double *values,
                          psh_mesh **dst, psh_error *err);

/* Distances as other programs write them. square : (n_points, n_points), of which the lower triangle is taken;
 * PSH_ERR_DATA if it is not symmetric or the diagonal not zero, by more than rounding explains (SYMMETRY in square.c).
 * upper : (n_values), the upper triangle by rows, d(0,1) d(0,2) ..., as SciPy's pdist() gives it; PSH_ERR_SHAPE if
 * n_values is no N (N - 1) / 2. Both are borrowed. */
psh_status psh__matrix_of_square(const double *square, size_t n_points, psh_matrix **dst, psh_error *err);
psh_status psh__matrix_of_condensed(const double *upper, size_t n_values, psh_matrix **dst, psh_error *err);
/* The N with N (N - 1) / 2 = n_pairs; 0 if there is none. Of 0 pairs: 1. */
size_t psh__points_of_pairs(size_t n_pairs);

/* Farthest-point sampling: of points : (n_points, n_axes) the numbers of n_chosen, in the order of their choice, the
 * first given. dst : (n_chosen), n_chosen <= n_points. Ties go to the smaller number, so points that lie on a chosen
 * one come last. Cost: O(n_chosen n_points n_axes), 8 (n_axes + 2) n_points bytes. PSH_ERR_MEMORY. */
psh_status psh__farthest_points(const double *points, size_t n_points, size_t n_axes, size_t first, size_t n_chosen,
                                size_t *dst, psh_error *err);

/* A cloud of n_points of those of `cloud`, farthest-point sampled from one that the seed chooses; a copy of all if
 * there are no more. PSH_ERR_MEMORY. */
psh_status psh__cloud_thin(const psh_cloud *cloud, size_t n_points, uint64_t seed, psh_cloud **dst, psh_error *err);

/* n_points drawn from the surface, uniformly in area; the vertices if it has no area. PSH_ERR_MEMORY. */
psh_status psh__mesh_draw(const psh_mesh *mesh, size_t n_points, uint64_t seed, psh_cloud **dst, psh_error *err);

#endif
