/* lower_star_mesh.h : persistence of a scalar field on a triangle mesh in terms of integer keys. */
#ifndef PSH_HOMOLOGY_LOWER_STAR_MESH_H
#define PSH_HOMOLOGY_LOWER_STAR_MESH_H

#include <stdbool.h>

#include "homology/record_sort.h"
#include "persihash/homology.h"

/* Working memory, grown when a mesh needs more and kept for the next one. Vertices go by their rank in the order of
 * values (equal ones by number), triangles by their place in the filtration. */
typedef struct psh__mesh_stars {
    uint64_t *keys;         /* (n_vertices) of value_key.h, by rank */
    uint32_t *ranks;        /* (n_vertices) by number */
    uint32_t *latest;       /* (n_triangles) rank of the latest vertex */
    uint32_t *parents;      /* union-find: ranks, then triangles and the outside */
    psh__record *triangles; /* (n_triangles) sorted */
    psh__record *sides;     /* (n_sides) edges of the triangles, sorted: those of one edge are neighbours */
    psh__record *scratch;
    uint32_t *heap;            /* (n_heap) triangles of the edge at hand, the earliest first */
    uint32_t *rests;           /* (n_rests) what triangles are equal to, end to end */
    struct psh__rest *rest_of; /* (n_triangles) where in `rests` */
    size_t n_vertices, n_triangles, n_sides, n_heap, n_rests;
    psh__pairs pairs[2];  /* of dimensions 0 and 1 */
    psh__pairs essential; /* key, dimension */
    size_t keys_capacity, ranks_capacity, latest_capacity, parents_capacity, triangles_capacity, sides_capacity,
        scratch_capacity, heap_capacity, rests_capacity, rest_of_capacity;
} psh__mesh_stars;

void psh__mesh_stars_free(psh__mesh_stars *m);

/* Fills pairs and essential classes, in no particular order. The mesh has values.
 * Errors: PSH_ERR_UNSUPPORTED (2^31 triangles and more), PSH_ERR_MEMORY. */
psh_status psh__mesh_stars_compute(psh__mesh_stars *m, const psh_mesh *mesh, bool is_superlevel, psh_error *err);

#endif
