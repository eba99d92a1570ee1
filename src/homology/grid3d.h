/* grid3d.h : the voxels of a volume in the order in which they are added, with a border around them. */
#ifndef PSH_HOMOLOGY_GRID3D_H
#define PSH_HOMOLOGY_GRID3D_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/homology.h"

enum { PSH__GRID_MAX_STEPS = 14 };

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
    int64_t outside_key;                    /* of the border */
    int64_t steps[PSH__GRID_MAX_STEPS + 1]; /* to the neighbour in a direction of the complex; then 0, to stay */
    uint64_t flip, shift;                   /* order = (key of value_key.h ^ flip) + shift, never 0 */
    size_t keys_capacity, glue_room_capacity;
} psh__grid3d;

void psh__grid3d_free(psh__grid3d *grid);

/* The voxels of a grid of that shape with its border. PSH_ERR_UNSUPPORTED: 2^32 or more. */
psh_status psh__grid3d_size(const size_t shape[3], size_t *n_voxels, psh_error *err);

/* Fills all but the steps. is_reversed : great values first. is_glued : per axis, of 2 voxels or more.
 * PSH_ERR_UNSUPPORTED, PSH_ERR_MEMORY. */
psh_status psh__grid3d_fill(psh__grid3d *grid, const psh_image *image, bool is_reversed, bool is_outside_first,
                            const bool is_glued[3], psh_error *err);

/* vectors : (n_directions) z, y, x. steps[n_directions] stays. */
void psh__grid3d_set_steps(psh__grid3d *grid, const int8_t (*vectors)[3], size_t n_directions);

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

#endif
