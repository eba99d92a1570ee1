/* lower_star3d_loops.c : critical edges and triangles are paired; the reduction is in loops3d_body.h. */
#include "homology/lower_star3d.h"

typedef psh__lower_star3d engine;
enum { N_DIRECTIONS = PSH__KUHN_DIRECTIONS };

static inline unsigned parent_of(const engine *c, size_t voxel, unsigned direction) {
    return psh__kuhn_parent(&c->stars[c->links[voxel]], direction);
}

static inline size_t far_edges(const engine *c, size_t voxel, unsigned a, unsigned b, psh__edge_at dst[2]) {
    dst[0] = (psh__edge_at){.voxel = psh__grid_step(&c->m.grid, voxel, a), .direction = c->kuhn.difference[a][b]};
    return 1;
}

static inline void face_directions(const engine *c, psh__cell triangle, unsigned dst[2]) {
    dst[0] = c->kuhn.triangles[triangle.place][0], dst[1] = c->kuhn.triangles[triangle.place][1];
}

#include "homology/loops3d_body.h"

psh_status psh__lower_star3d_reduce(psh__lower_star3d *c, psh_error *err) {
    return reduce_all(c, err);
}
