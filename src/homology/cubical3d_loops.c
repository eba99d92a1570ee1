/* cubical3d_loops.c : critical edges and squares of a cubical complex are paired; the reduction is in loops3d_body.h.
 */
#include "homology/cubical3d.h"

typedef psh__cubical3d engine;
enum { N_DIRECTIONS = PSH__N_DIRECTIONS };

static inline unsigned parent_of(const engine *c, size_t voxel, unsigned direction) {
    return psh__edge_parent(c->edges[voxel], direction);
}

static inline size_t far_edges(const engine *c, size_t voxel, unsigned a, unsigned b, psh__edge_at dst[2]) {
    dst[0] = (psh__edge_at){.voxel = psh__grid_step(&c->m.grid, voxel, a), .direction = b};
    dst[1] = (psh__edge_at){.voxel = psh__grid_step(&c->m.grid, voxel, b), .direction = a};
    return 2;
}

static inline void face_directions(const engine *c, psh__cell square, unsigned dst[2]) {
    dst[0] = psh__square_directions[square.place][0], dst[1] = psh__square_directions[square.place][1];
}

#include "homology/loops3d_body.h"

psh_status psh__cubical3d_reduce(psh__cubical3d *c, psh_error *err) {
    return reduce_all(c, err);
}
