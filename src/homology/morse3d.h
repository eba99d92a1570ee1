/* morse3d.h : critical cells of a complex on a grid and their pairs, as far as they do not depend on the shape of the
 * cells. */
#ifndef PSH_HOMOLOGY_MORSE3D_H
#define PSH_HOMOLOGY_MORSE3D_H

#include "homology/elder_forest.h"
#include "homology/grid3d.h"
#include "homology/record_sort.h"

#define PSH__NO_LABEL UINT32_MAX

/* A critical cell: the voxel that brings it along, and which of the voxel's edges, faces or solids it is. */
typedef struct psh__cell {
    uint32_t voxel;
    uint32_t place;
} psh__cell;

typedef struct psh__cells {
    psh__cell *items; /* (n_items) in raster order, then by place */
    size_t n_items, items_capacity;
} psh__cells;

/* An edge from a voxel in a direction. */
typedef struct psh__edge_at {
    size_t voxel;
    unsigned direction;
} psh__edge_at;

/* Working memory of the reduction (loops3d_body.h). */
typedef struct psh__loops {
    struct psh__loop_voxel *heap;   /* (n_heap) voxels of the loop at hand, latest first */
    struct psh__loop_edges *chains; /* (n_chains) loops that were filed, end to end */
    struct psh__loop_end *ends;     /* (critical edges) the loop that ends with it */
    uint16_t *active;               /* (n_voxels) directions of the edges of the loop at hand */
    size_t n_heap, n_chains;
    size_t heap_capacity, chains_capacity, ends_capacity, active_capacity;
} psh__loops;

typedef struct psh__morse3d {
    psh__grid3d grid;
    uint32_t *labels; /* (n_voxels) nodes where paths end; then critical edges by voxel */
    psh__cells minima, edges, faces, maxima;
    psh__pairs edge_order, face_order; /* key, index of cell: sorted, of all; then of those without a partner yet */
    psh__node *nodes;
    psh__record *scratch;
    psh__loops loops;
    psh__pairs pairs[3];  /* of cells of dimensions (k, k + 1) */
    psh__pairs essential; /* key, dimension */
    size_t labels_capacity, nodes_capacity, scratch_capacity;
} psh__morse3d;

void psh__morse3d_free(psh__morse3d *m);

/* Grid and labels for a volume, no cells and no pairs. Errors: those of psh__grid3d_fill(). */
psh_status psh__morse3d_start(psh__morse3d *m, const psh_image *image, bool is_reversed, bool is_outside_first,
                              const bool is_glued[3], psh_error *err);

/* Room for the critical cells of `n_more` voxels of so many edges and faces. PSH_ERR_MEMORY. */
psh_status psh__morse3d_reserve_cells(psh__morse3d *m, size_t n_more, size_t n_edges, size_t n_faces, psh_error *err);

/* Appends a cell for each bit of `places`. Room for them was made before. */
static inline void psh__cells_add(psh__cells *cells, size_t voxel, uint64_t places) {
    for (; places; places &= places - 1)
        cells->items[cells->n_items++] =
            (psh__cell){.voxel = (uint32_t)voxel, .place = (uint32_t)__builtin_ctzll(places)};
}

/* No label in the box [first, last] of coordinates, label 0, the outside, elsewhere. */
void psh__morse3d_clear_labels(psh__morse3d *m, const size_t first[3], const size_t last[3]);

/* The cells in the order of the filtration. PSH_ERR_MEMORY. */
psh_status psh__morse3d_sort(psh__morse3d *m, const psh__cells *cells, psh__pairs *dst, psh_error *err);

/* A forest of minima or maxima (is_upward: the latest is the oldest), and room for their pairs. Node 0 is the outside,
 * the oldest of all; node 1 + i is cell i. PSH_ERR_MEMORY. */
psh_status psh__morse3d_plant(psh__morse3d *m, const psh__cells *cells, bool is_upward, psh__pairs *pairs,
                              psh_error *err);

/* An edge or a face joins the components of nodes a and b; false if they are one already. The pair, if it is not empty,
 * is added to pairs[0] or, upward, pairs[2]. */
bool psh__morse3d_join(psh__morse3d *m, uint64_t key, uint32_t a, uint32_t b, bool is_upward);

/* Components that nothing has ended are essential classes of dimension `dim`. PSH_ERR_MEMORY. */
psh_status psh__morse3d_add_roots(psh__morse3d *m, size_t n_cells, bool is_upward, uint64_t dim, psh_error *err);

/* Keys of pairs and essential classes become those of value_key.h, of the complex itself or of its dual, which is the
 * complex of the reverse order: its pair (2 - k, 3 - k) is the pair (k, k + 1) here. */
void psh__morse3d_finish(psh__morse3d *m, bool is_dual, uint64_t key_all);

#endif
