/* cubical3d.h : persistence of a volume, or of a periodic image, in terms of integer keys; the engine behind
 * psh_cubical_compute(). */
#ifndef PSH_HOMOLOGY_CUBICAL3D_H
#define PSH_HOMOLOGY_CUBICAL3D_H

#include "homology/cubical3d_star.h"
#include "homology/morse3d.h"

typedef struct psh__cubical3d {
    psh__morse3d m; /* faces are squares; directions are those of cubical3d_star.h */
    psh__star_cache cache;
    uint32_t *links; /* (width) of one row */
    uint32_t *edges; /* (n_voxels) psh__star.edges */
    uint8_t *exits;  /* (n_voxels) of the cube whose first voxel this is */
    size_t links_capacity, edges_capacity, exits_capacity;
} psh__cubical3d;

void psh__cubical3d_free(psh__cubical3d *c);

/* Pairs of the dimensions in `dims_mask` (bits 0 .. 3) and perhaps others, into m.pairs[dim] as keys of value_key.h,
 * and essential classes as (key, dimension), in no particular order. is_glued : per axis; a glued side has 2 voxels or
 * more. Errors: PSH_ERR_UNSUPPORTED (too large), PSH_ERR_MEMORY. */
psh_status psh__cubical3d_compute(psh__cubical3d *c, const psh_image *image, psh_construction construction,
                                  bool is_superlevel, const bool is_glued[3], uint32_t dims_mask, psh_error *err);

/* Pairs of the critical edges and squares that are left: m.edge_order and m.face_order, each sorted. Fills m.pairs[1];
 * what stays alone is appended to `essential`. PSH_ERR_MEMORY. */
psh_status psh__cubical3d_reduce(psh__cubical3d *c, psh_error *err);

#endif
