/* SPDX-License-Identifier: MIT
 * homology.h : from arrays to persistence intervals.
 *
 * Coefficients are Z/2. A sublevel filtration adds cells by increasing value. A superlevel filtration of f is the
 * sublevel filtration of -f, and its intervals are reported as such, so that birth < death always holds downstream. */
#ifndef PERSIHASH_HOMOLOGY_H
#define PERSIHASH_HOMOLOGY_H

#include "input.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One class of homology dimension `dim`: born at `birth`, dead at `death` (INFINITY: essential). */
typedef struct psh_interval {
    double birth, death;
    int32_t dim;
} psh_interval;

/* Which cells carry the pixels' values. V: pixels are vertices, a cell appears with its last vertex (H0 sees 4
 * neighbours). T: pixels are top-dimensional cells, a cell appears with its first coface (H0 sees 8 neighbours; GUDHI's
 * top_dimensional_cells). */
typedef enum psh_construction { PSH_CONSTRUCTION_T = 0, PSH_CONSTRUCTION_V = 1 } psh_construction;

typedef enum psh_filtration {
    PSH_SUBLEVEL = 0,
    PSH_SUPERLEVEL = 1 /* of f = sublevel of -f: intervals are those of the negated image, so that birth < death */
} psh_filtration;

/* What becomes of essential classes (death = infinity). */
typedef enum psh_essential {
    PSH_ESSENTIAL_DROP = 0,  /* left out, counted (the paper's choice) */
    PSH_ESSENTIAL_CLAMP = 1, /* death = essential_value (left out if that is not above birth, and counted); a value of
                                the negated image for superlevel sets */
    PSH_ESSENTIAL_KEEP = 2   /* death = INFINITY */
} psh_essential;

/* Which complex an item becomes. */
typedef enum psh_complex {
    PSH_COMPLEX_AUTO = 0, /* images: cubical; clouds and matrices: Rips; meshes with a field: lower star */
    PSH_COMPLEX_CUBICAL = 1,
    PSH_COMPLEX_RIPS = 2,
    PSH_COMPLEX_LOWER_STAR = 3 /* of an image: on the triangulated grid, TTK's way */
} psh_complex;

/* The distance between two points of a cloud. */
typedef enum psh_point_metric {
    PSH_POINT_EUCLIDEAN = 0,
    PSH_POINT_MANHATTAN = 1,
    PSH_POINT_CHEBYSHEV = 2,
    PSH_POINT_COSINE = 3 /* 1 - cos of the angle, in [0, 2]; a point at the origin is PSH_ERR_DATA */
} psh_point_metric;

/* One struct for all complexes; each reads the common members and its own. */
typedef struct psh_homology_params {
    size_t struct_bytes;
    psh_construction construction; /* cubical; default T */
    psh_filtration filtration;     /* default sublevel; Rips has no other (PSH_ERR_PARAMETER) */
    psh_essential essential;       /* default drop */
    double essential_value;        /* for clamp; finite */
    double min_persistence;  /* >= 0; intervals with death - birth <= this are left out; 0 leaves out empty ones only */
    uint32_t dims_mask;      /* bit d: report dimension d; 0: all (Rips: H0 and H1; H2 on request) */
    psh_complex complex;     /* psh_homology_compute(); default by the item's kind */
    bool is_periodic;        /* cubical: the grid's opposite sides are glued; an image becomes a torus, with an
                                essential class of dimension 2, a volume one with a class of dimension 3 */
    double threshold;        /* Rips: greatest edge; 0: the enclosing radius, beyond which nothing is born or dies */
    psh_point_metric metric; /* Rips from clouds */
    uint64_t max_bytes;      /* Rips: refuse (PSH_ERR_MEMORY, with the number and a hint) beyond this estimate; 0: three
                                quarters of the machine's memory */
} psh_homology_params;

/* Working memory of one thread, reused from image to image: no allocation once it has seen the largest image. */
typedef struct psh_cubical psh_cubical;
PSH_API psh_status psh_cubical_create(psh_cubical **dst, psh_error *err);
PSH_API void psh_cubical_free(psh_cubical *cubical); /* NULL is fine */

/* psh_cubical_compute() :
 * Persistent homology of a 2D image (H0 by union-find over its minima, joined at its saddles; H1 by Alexander duality
 * as H0 of the complement with the other connectivity) or, with D > 1, of a volume (H0, H1, H2: discrete Morse theory,
 * union-find for the lowest and the highest pairs, reduction for those between). Births and deaths are pixel values,
 * exact as doubles; -0 is +0. intervals : (n_intervals), owned by `cubical`, valid until its next call; sorted by (dim,
 * birth, death), so the order does not depend on the algorithm. *n_essential (may be NULL): classes that the policy
 * left out. Cost: O(pixels) plus sorting the saddles; H1 of a volume also the area that its loops sweep. Memory:
 * volumes and periodic images 15 bytes a voxel (float64: 19). Errors: PSH_ERR_PARAMETER, PSH_ERR_UNSUPPORTED (2^31
 * pixels and more; volumes and periodic images: 2^32 voxels and more with a border of one voxel), PSH_ERR_MEMORY.
 * Threads: one `cubical` per thread; the image may be shared. */
PSH_API psh_status psh_cubical_compute(psh_cubical *cubical, const psh_image *image, const psh_homology_params *params,
                                       const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                                       psh_error *err);

/* Vietoris-Rips filtration: a simplex appears with its longest edge. Working memory of one thread, as above. */
typedef struct psh_rips psh_rips;
PSH_API psh_status psh_rips_create(psh_rips **dst, psh_error *err);
PSH_API void psh_rips_free(psh_rips *rips); /* NULL is fine */

/* psh_rips_compute_cloud(), psh_rips_compute_matrix() :
 * H0, H1 and, on request, H2 over Z/2. Edges are added by length; what an edge does is told by its lune, the common
 * neighbours of its ends: few edges do anything (Koyama, Memoli, Robins, Turner 2023; apparent pairs, Bauer 2021), and
 * these few are columns that are reduced. Births and deaths are the edges' lengths, exact as doubles. Results, order
 * and errors are those of psh_cubical_compute(), and PSH_ERR_MEMORY if the estimate of psh_rips_memory() is beyond
 * params->max_bytes, PSH_ERR_DATA (cosine of a point at the origin), PSH_ERR_NOT_FINITE (a distance overflows). 0
 * points give no interval, 1 point one essential class. */
PSH_API psh_status psh_rips_compute_cloud(psh_rips *rips, const psh_cloud *cloud, const psh_homology_params *params,
                                          const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                                          psh_error *err);
PSH_API psh_status psh_rips_compute_matrix(psh_rips *rips, const psh_matrix *matrix, const psh_homology_params *params,
                                           const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                                           psh_error *err);

/* psh_rips_memory() :
 * Bytes that Rips persistence takes for n_points and n_edges within the threshold (at most n_points (n_points - 1) /
 * 2), but for columns, which are usually far less; params->max_bytes limits the sum. About 24 n_points^2 for all edges,
 * 48 n_edges for few. Where the limit asks for it, a slower way with less memory is taken. */
PSH_API uint64_t psh_rips_memory(size_t n_points, uint64_t n_edges);

/* Lower-star filtration of a scalar field on a triangulated domain: a simplex appears with its last vertex. */
typedef struct psh_lower_star psh_lower_star;
PSH_API psh_status psh_lower_star_create(psh_lower_star **dst, psh_error *err);
PSH_API void psh_lower_star_free(psh_lower_star *lower_star); /* NULL is fine */

/* psh_lower_star_compute_mesh(), psh_lower_star_compute_grid() :
 * H0, H1 (and H2 of closed surfaces, essential) of a mesh with values; of an image on the triangulated grid of TTK
 * (each square of four pixels is cut from its upper right to its lower left corner), and H0, H1, H2 of a volume on its
 * tetrahedra (six a cube, around the diagonal from (z, y, x) = (0, 0, 1) to (1, 1, 0); a volume of one voxel along an
 * axis is an image). Any mesh will do: several pieces, boundaries, edges of three triangles and more; a triangle that
 * is given twice counts once, one that repeats a vertex is the edge or the vertex that it covers. Vertices without
 * triangles are components. Results, order and errors are those of psh_cubical_compute(), and PSH_ERR_DATA (a mesh
 * without values), PSH_ERR_UNSUPPORTED (2^31 triangles and more; is_periodic). Cost: O(triangles) and sorting where no
 * edge has more than two triangles; images and volumes as cubical ones. Memory: about 200 bytes a triangle, 12 bytes a
 * voxel (float64: 16). */
PSH_API psh_status psh_lower_star_compute_mesh(psh_lower_star *lower_star, const psh_mesh *mesh,
                                               const psh_homology_params *params, const psh_interval **intervals,
                                               size_t *n_intervals, size_t *n_essential, psh_error *err);
PSH_API psh_status psh_lower_star_compute_grid(psh_lower_star *lower_star, const psh_image *image,
                                               const psh_homology_params *params, const psh_interval **intervals,
                                               size_t *n_intervals, size_t *n_essential, psh_error *err);

/* Any item: the working memory of one thread for all complexes. */
typedef struct psh_homology psh_homology;
PSH_API psh_status psh_homology_create(psh_homology **dst, psh_error *err);
PSH_API void psh_homology_free(psh_homology *homology); /* NULL is fine */

/* psh_homology_check() :
 * *dst (may be NULL): the complex that an item of `kind` (not AUTO) becomes, never AUTO itself. PSH_ERR_PARAMETER if it
 * cannot become that of params->complex, or if a member is set that this complex does not read, such as a threshold for
 * a cubical one: nothing is ignored in silence. */
PSH_API psh_status psh_homology_check(psh_item_kind kind, const psh_homology_params *params, psh_complex *dst,
                                      psh_error *err);
/* psh_complex_name() : "auto", "cubical", "rips", "lower-star". Static storage. */
PSH_API const char *psh_complex_name(psh_complex complex);

/* psh_homology_compute() :
 * The item through the complex of psh_homology_check(). Results, order and errors are those of the function of that
 * complex, and PSH_ERR_PARAMETER of psh_homology_check(). */
PSH_API psh_status psh_homology_compute(psh_homology *homology, const psh_item *item, const psh_homology_params *params,
                                        const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                                        psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
