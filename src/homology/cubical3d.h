/* cubical3d.h : persistence of a volume, or of a periodic image, in terms of integer keys; the engine behind
 * psh_cubical_compute(). */
#ifndef PSH_HOMOLOGY_CUBICAL3D_H
#define PSH_HOMOLOGY_CUBICAL3D_H

#include <stdbool.h>

#include "homology/cubical3d_star.h"
#include "homology/elder_forest.h"
#include "homology/record_sort.h"
#include "persihash/homology.h"

/* The volume with a border one voxel wide on every side: a voxel is an index into it. Keys are ordered as the voxels
 * are added; equal ones by index. */
typedef struct psh__grid3d {
    size_t shape[3]; /* D, H, W without the border */
    size_t stride[3];
    size_t n_voxels; /* with the border */
    bool is_glued[3];
    bool is_wide;  /* keys are int64_t, else int32_t */
    uint8_t *keys; /* (n_voxels) the border: least if the outside comes first, else greatest; glued: the other side's */
    uint32_t *glue; /* (n_voxels) the voxel that a border voxel stands for, itself elsewhere; NULL: no axis is glued */
    uint32_t *glue_room;
    int64_t outside_key;          /* of the border */
    int64_t steps[PSH__STOP + 1]; /* to the neighbour in a direction; 0 for PSH__STOP */
    size_t keys_capacity, glue_room_capacity;
} psh__grid3d;

/* The voxels of a grid of that shape with its border. PSH_ERR_UNSUPPORTED: 2^32 or more. */
psh_status psh__grid3d_size(const size_t shape[3], size_t *n_voxels, psh_error *err);

static inline int64_t psh__grid_key(const psh__grid3d *grid, size_t voxel) {
    return grid->is_wide ? ((const int64_t *)(const void *)grid->keys)[voxel]
                         : ((const int32_t *)(const void *)grid->keys)[voxel];
}
static inline size_t psh__grid_step(const psh__grid3d *grid, size_t voxel, unsigned direction) {
    voxel = (size_t)((int64_t)voxel + grid->steps[direction]);
    return grid->glue ? grid->glue[voxel] : voxel;
}
/* The same order as unsigned numbers; 0 and the greatest are free. */
static inline uint64_t psh__grid_order(const psh__grid3d *grid, size_t voxel) {
    int64_t key = psh__grid_key(grid, voxel);
    return grid->is_wide ? (uint64_t)key ^ (uint64_t)1 << 63 : (uint32_t)key ^ (uint32_t)1 << 31;
}
static inline bool psh__grid_before(const psh__grid3d *grid, size_t a, size_t b) {
    int64_t key_a = psh__grid_key(grid, a), key_b = psh__grid_key(grid, b);
    return key_a < key_b || (key_a == key_b && a < b);
}

/* A critical cell: the voxel that brings it along, and its direction, square or octant there. */
typedef struct psh__cell {
    uint32_t voxel;
    uint32_t place;
} psh__cell;

typedef struct psh__cells {
    psh__cell *items; /* (n_items) in raster order, then by place */
    size_t n_items, items_capacity;
} psh__cells;

typedef struct psh__records {
    psh__record *items; /* (n_items) */
    size_t n_items, items_capacity;
} psh__records;

/* Working memory of the reduction (cubical3d_loops.c). */
typedef struct psh__loops {
    struct psh__loop_voxel *heap;   /* (n_heap) voxels of the loop at hand, latest first */
    struct psh__loop_edges *chains; /* (n_chains) loops that were filed, end to end */
    struct psh__loop_end *ends;     /* (critical edges) the loop that ends with it */
    uint8_t *active;                /* (n_voxels) directions of the edges of the loop at hand */
    size_t n_heap, n_chains;
    size_t heap_capacity, chains_capacity, ends_capacity, active_capacity;
} psh__loops;

typedef struct psh__cubical3d {
    psh__grid3d grid;
    psh__star_cache cache;
    uint32_t *links;  /* (width) of one row */
    uint32_t *edges;  /* (n_voxels) psh__star.edges */
    uint8_t *exits;   /* (n_voxels) of the cube whose first voxel this is */
    uint32_t *labels; /* (n_voxels) nodes where paths end, by voxel or cube; then critical edges by voxel */
    psh__cells minima, edge_cells, square_cells, maxima;
    psh__records edge_order, square_order; /* key, index of cell: sorted, of all; then of those without a partner yet */
    psh__node *nodes;
    psh__record *scratch;
    psh__loops loops;
    psh__pairs pairs[3];    /* (k, k + 1)-cells */
    psh__records essential; /* key, dimension */
    size_t links_capacity, edges_capacity, exits_capacity, labels_capacity, nodes_capacity, scratch_capacity;
} psh__cubical3d;

void psh__cubical3d_free(psh__cubical3d *c);

/* Pairs of the dimensions in `dims_mask` (bits 0 .. 3) and perhaps others, into pairs[dim] as keys of value_key.h, and
 * essential classes as (key, dimension), in no particular order. is_glued : per axis; a glued side has 2 voxels or
 * more. Errors: PSH_ERR_UNSUPPORTED (too large), PSH_ERR_MEMORY. */
psh_status psh__cubical3d_compute(psh__cubical3d *c, const psh_image *image, psh_construction construction,
                                  bool is_superlevel, const bool is_glued[3], uint32_t dims_mask, psh_error *err);

/* psh__loops_reduce() : pairs of the critical edges and squares that are left: c->edge_order and c->square_order, each
 * sorted. Fills pairs[1]; what stays alone is appended to `essential`. PSH_ERR_MEMORY. */
psh_status psh__loops_reduce(psh__cubical3d *c, psh_error *err);

#endif
