/* lower_star3d.h : persistence of a volume on TTK's tetrahedra; the engine behind psh_lower_star_compute_grid(). */
#ifndef PSH_HOMOLOGY_LOWER_STAR3D_H
#define PSH_HOMOLOGY_LOWER_STAR3D_H

#include "homology/lower_star3d_star.h"
#include "homology/morse3d.h"

typedef struct psh__lower_star3d {
    psh__morse3d m;        /* faces are triangles; directions are those of lower_star3d_star.h */
    psh__kuhn kuhn;        /* filled with `stars` */
    psh__kuhn_star *stars; /* (PSH__KUHN_LINKS) by link; NULL until the first volume comes */
    uint16_t *links;       /* (n_voxels) */
    size_t links_capacity;
} psh__lower_star3d;

void psh__lower_star3d_free(psh__lower_star3d *c);

/* Pairs into m.pairs[dim] as keys of value_key.h, essential classes as (key, dimension), in no particular order.
 * dims_mask : bits 0 .. 2; others may be filled too. Errors: PSH_ERR_UNSUPPORTED (too large), PSH_ERR_MEMORY. */
psh_status psh__lower_star3d_compute(psh__lower_star3d *c, const psh_image *image, bool is_superlevel,
                                     uint32_t dims_mask, psh_error *err);

/* As psh__cubical3d_reduce(). */
psh_status psh__lower_star3d_reduce(psh__lower_star3d *c, psh_error *err);

#endif
