/* cubical3d.c : H0, H1 and H2 of a volume from its critical cells alone.
 *
 * One engine serves both constructions. It builds the V complex, in which voxels are vertices: voxels are put into a
 * strict total order (value, then index) and added one by one, each with the edges, squares and cubes whose latest
 * voxel it is. All but a few of these cells are matched with a neighbour (cubical3d_star.c); the others, the critical
 * ones, have the same persistence as the whole (Forman 1998; Robins, Wood, Sheppard 2011).
 *
 * The T complex, in which voxels are cubes, is the dual of the V complex of the reverse order: its k-cells are the
 * (3 - k)-cells there, faces are cofaces, and what comes first comes last. A pair (k, k + 1) there is a pair (2 - k,
 * 3 - k) here, with birth and death exchanged. Cells at the outer boundary need cells that touch the outside in the
 * dual: the outside counts as voxels that come before all others, whose own cells do not count (homology of the volume
 * relative to the outside).
 *
 * Voxels and edges: Kruskal's algorithm over the critical edges, union-find over the minima. From both ends of an edge
 * a path leads down to a minimum, from voxel to voxel through matched edges.
 *
 * Squares and cubes: the same from the other end, since every square lies between two cubes (or a cube and the
 * outside): critical squares, the latest first, join maxima. From both sides a path leads up from cube to cube through
 * matched squares.
 *
 * Edges and squares: those that are left from both (loops3d_body.h).
 *
 * Periodic grids differ in two ways only: a step across a border is looked up, and classes may be left that nothing
 * ends. Of what is glued no Alexander duality is asked: union-find finds the top pairs of any closed manifold.
 *
 * Equal values: the order of equals adds pairs with birth = death, which are left out, and changes no other interval.
 *
 * Memory: 15 bytes a voxel, 19 for float64, and what the critical cells need. Cost: linear but for the sorting of
 * critical cells and for loops3d_body.h. 9 ms for the 125 x 125 x 25 float64 voxels of a smooth field on one Zen 5
 * core (bench_cubical3d), GUDHI 3.13 1,600 ms. No step of a path is taken twice: paths leave labels behind. */
#include "homology/cubical3d.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "homology/reserve.h"
#include "homology/value_key.h"

void psh__cubical3d_free(psh__cubical3d *c) {
    psh__morse3d_free(&c->m);
    psh__free(c->links);
    psh__free(c->edges);
    psh__free(c->exits);
    memset(c, 0, sizeof *c);
}

/* --- From voxels to critical cells ------------------------------------------------------------------------------- */

/* The link of one voxel of a glued grid, where raster order is that of the voxels behind the border. */
static uint32_t link_of(const psh__grid3d *grid, size_t voxel) {
    uint32_t corners = 0, squares = 0, cubes = 0;
    for (unsigned d = 0; d < PSH__N_DIRECTIONS; d++)
        corners |= (uint32_t)psh__grid_before(grid, psh__grid_step(grid, voxel, d), voxel) << d;
    for (unsigned i = 0; i < PSH__N_SQUARES; i++) {
        unsigned a = psh__square_directions[i][0], b = psh__square_directions[i][1];
        size_t far = psh__grid_step(grid, psh__grid_step(grid, voxel, a), b);
        squares |= (uint32_t)(corners >> a & corners >> b & 1 & psh__grid_before(grid, far, voxel)) << i;
    }
    for (unsigned octant = 0; octant < PSH__N_OCTANTS; octant++) {
        unsigned d[3];
        for (unsigned axis = 0; axis < 3; axis++) d[axis] = psh__direction(axis, octant & 4u >> axis);
        size_t far = psh__grid_step(grid, psh__grid_step(grid, psh__grid_step(grid, voxel, d[0]), d[1]), d[2]);
        bool has_all = psh__grid_before(grid, far, voxel);
        for (unsigned i = 0; i < PSH__N_SQUARES; i++) {
            unsigned a = psh__square_directions[i][0], b = psh__square_directions[i][1];
            if (d[psh__axis(a)] == a && d[psh__axis(b)] == b) has_all = has_all && squares >> i & 1;
        }
        cubes |= (uint32_t)has_all << octant;
    }
    return corners | squares << PSH__LINK_SQUARES | cubes << PSH__LINK_CUBES;
}

/* A cube is named by its first voxel: how far back that lies from the voxel in whose octant the cube is. */
static size_t way_to_cube(const psh__grid3d *grid, unsigned octant) {
    size_t way = 0;
    for (unsigned axis = 0; axis < 3; axis++) way += octant & 4u >> axis ? 0 : grid->stride[axis];
    return way;
}

static size_t cube_at(const psh__grid3d *grid, size_t voxel, unsigned octant) {
    size_t cube = voxel - way_to_cube(grid, octant);
    return grid->glue ? grid->glue[cube] : cube;
}

static void file_star(psh__cubical3d *c, size_t voxel, const psh__star *star) {
    psh__cells_add(&c->m.minima, voxel, star->link == 0);
    psh__cells_add(&c->m.edges, voxel, star->critical_edges);
    psh__cells_add(&c->m.faces, voxel, star->critical_squares);
    psh__cells_add(&c->m.maxima, voxel, psh__cube_exit(star->exits, 0) == PSH__STOP);
}

/* Stars of a row of voxels: their matches written down, their critical cells filed. */
static psh_status scan_row(psh__cubical3d *c, const psh__links_kernels *kernels, size_t first, psh_error *err) {
    const psh__grid3d *grid = &c->m.grid;
    size_t width = grid->shape[2], ways[PSH__N_OCTANTS];
    PSH_TRY(psh__morse3d_reserve_cells(&c->m, width, PSH__N_DIRECTIONS, PSH__N_SQUARES, err));
    if (!grid->glue)
        kernels->row[grid->is_wide](grid->keys + first * (grid->is_wide ? 8 : 4), (ptrdiff_t)grid->stride[1],
                                    (ptrdiff_t)grid->stride[0], width, c->links);
    for (unsigned octant = 0; octant < PSH__N_OCTANTS; octant++) ways[octant] = way_to_cube(grid, octant);
    for (size_t x = 0; x < width; x++) {
        size_t voxel = first + x;
        const psh__star *star = psh__star_of(&c->cache, grid->glue ? link_of(grid, voxel) : c->links[x]);
        c->edges[voxel] = star->edges;
        for (unsigned cubes = star->link >> PSH__LINK_CUBES; cubes; cubes &= cubes - 1) {
            unsigned octant = (unsigned)__builtin_ctz(cubes);
            size_t cube = grid->glue ? cube_at(grid, voxel, octant) : voxel - ways[octant];
            c->exits[cube] = (uint8_t)psh__cube_exit(star->exits, octant);
        }
        if (star->is_critical) file_star(c, voxel, star);
    }
    return PSH_OK;
}

static psh_status find_critical(psh__cubical3d *c, psh_error *err) {
    const psh__grid3d *grid = &c->m.grid;
    const psh__links_kernels *kernels = psh__links_best();
    RESERVE(c, links, grid->shape[2], "a row of a volume");
    RESERVE(c, edges, grid->n_voxels, "the edges of a volume");
    RESERVE(c, exits, grid->n_voxels, "the cubes of a volume");
    for (size_t z = 1; z <= grid->shape[0]; z++)
        for (size_t y = 1; y <= grid->shape[1]; y++)
            PSH_TRY(scan_row(c, kernels, z * grid->stride[0] + y * grid->stride[1] + 1, err));
    return PSH_OK;
}

/* --- Paths ------------------------------------------------------------------------------------------------------- */

static inline size_t next_on_path(const psh__cubical3d *c, size_t place, bool is_upward) {
    return psh__grid_step(&c->m.grid, place, is_upward ? c->exits[place] : psh__voxel_exit(c->edges[place]));
}

/* The label where the path from `start` ends: from voxel to voxel along edges downward, or from cube to cube through
 * squares upward. Everything on the path gets that label, so that no step is taken twice. */
static inline uint32_t follow(psh__cubical3d *c, size_t start, bool is_upward) {
    size_t place = start;
    while (c->m.labels[place] == PSH__NO_LABEL) place = next_on_path(c, place, is_upward);
    uint32_t label = c->m.labels[place];
    for (place = start; c->m.labels[place] != label; place = next_on_path(c, place, is_upward))
        c->m.labels[place] = label;
    return label;
}

/* --- Pairs by union-find ----------------------------------------------------------------------------------------- */

/* Voxels and edges: Kruskal's algorithm. Edges that join nothing are left in edge_order. */
static psh_status pair_edges(psh__cubical3d *c, psh_error *err) {
    psh__morse3d *m = &c->m;
    psh__pairs *order = &m->edge_order;
    size_t n_left = 0;
    PSH_TRY(psh__morse3d_sort(m, &m->edges, order, err));
    PSH_TRY(psh__morse3d_plant(m, &m->minima, false, &m->pairs[0], err));
    psh__morse3d_clear_labels(m, (size_t[3]){1, 1, 1}, m->grid.shape);
    for (size_t i = 0; i < m->minima.n_items; i++) m->labels[m->minima.items[i].voxel] = (uint32_t)(i + 1);
    for (size_t i = 0; i < order->n_items; i++) {
        psh__record edge = order->items[i];
        psh__cell cell = m->edges.items[edge.value];
        uint32_t a = follow(c, cell.voxel, false),
                 b = follow(c, psh__grid_step(&m->grid, cell.voxel, cell.place), false);
        if (!psh__morse3d_join(m, edge.key, a, b, false)) order->items[n_left++] = edge;
    }
    order->n_items = n_left;
    return psh__morse3d_add_roots(m, m->minima.n_items, false, 0, err);
}

/* The cube on the minus or plus side of a square. */
static size_t cube_beside(const psh__grid3d *grid, psh__cell square, bool is_plus) {
    const uint8_t *d = psh__square_directions[square.place];
    unsigned axis = 3 - psh__axis(d[0]) - psh__axis(d[1]), octant = is_plus ? 4u >> axis : 0;
    for (int i = 0; i < 2; i++) octant |= d[i] >= 3 ? 4u >> psh__axis(d[i]) : 0;
    return cube_at(grid, square.voxel, octant);
}

/* The cubes of the complex, by their first voxels: from one coordinate to another on each axis. */
static void box_of_cubes(const psh__grid3d *grid, bool is_outside_first, size_t first[3], size_t last[3]) {
    for (int axis = 0; axis < 3; axis++) {
        bool has_outer = is_outside_first && !grid->is_glued[axis]; /* cubes that touch the outside */
        first[axis] = has_outer ? 0 : 1;
        last[axis] = grid->shape[axis] - (has_outer || grid->is_glued[axis] ? 0 : 1);
    }
}

/* Squares and cubes: Kruskal's algorithm from the other end. Every square lies between two cubes, or a cube and the
 * outside. Squares that join nothing are left in face_order. */
static psh_status pair_squares(psh__cubical3d *c, bool is_outside_first, psh_error *err) {
    psh__morse3d *m = &c->m;
    const psh__grid3d *grid = &m->grid;
    psh__pairs *order = &m->face_order;
    size_t first[3], last[3], n_left = 0;
    PSH_TRY(psh__morse3d_sort(m, &m->faces, order, err));
    PSH_TRY(psh__morse3d_plant(m, &m->maxima, true, &m->pairs[2], err));
    box_of_cubes(grid, is_outside_first, first, last);
    psh__morse3d_clear_labels(m, first, last);
    for (size_t i = 0; i < m->maxima.n_items; i++) {
        psh__cell cell = m->maxima.items[i];
        m->labels[cube_at(grid, cell.voxel, cell.place)] = (uint32_t)(i + 1);
    }
    for (size_t i = order->n_items; i-- > 0;) {
        psh__record square = order->items[i];
        psh__cell cell = m->faces.items[square.value];
        uint32_t a = follow(c, cube_beside(grid, cell, false), true),
                 b = follow(c, cube_beside(grid, cell, true), true);
        if (!psh__morse3d_join(m, square.key, a, b, true)) order->items[order->n_items - ++n_left] = square;
    }
    memmove(order->items, order->items + (order->n_items - n_left), n_left * sizeof *order->items);
    order->n_items = n_left;
    return psh__morse3d_add_roots(m, m->maxima.n_items, true, 3, err);
}

/* --- All together ------------------------------------------------------------------------------------------------ */

psh_status psh__cubical3d_compute(psh__cubical3d *c, const psh_image *image, psh_construction construction,
                                  bool is_superlevel, const bool is_glued[3], uint32_t dims_mask, psh_error *err) {
    static const int8_t vectors[PSH__N_DIRECTIONS][3] = {{-1, 0, 0}, {0, -1, 0}, {0, 0, -1},
                                                         {0, 0, 1},  {0, 1, 0},  {1, 0, 0}};
    bool is_dual = construction == PSH_CONSTRUCTION_T, any_glued = is_glued[0] || is_glued[1] || is_glued[2];
    bool with_loops = any_glued || dims_mask & 2;
    bool with_edges = with_loops || dims_mask & (is_dual ? 4 : 1);
    bool with_squares = with_loops || dims_mask & (is_dual ? 1 : 4);
    PSH_TRY(psh__morse3d_start(&c->m, image, is_superlevel != is_dual, is_dual, is_glued, err));
    psh__grid3d_set_steps(&c->m.grid, vectors, PSH__N_DIRECTIONS);
    PSH_TRY(find_critical(c, err));
    if (with_edges) PSH_TRY(pair_edges(c, err));
    if (with_squares) PSH_TRY(pair_squares(c, is_dual, err));
    if (with_loops) PSH_TRY(psh__cubical3d_reduce(c, err));
    psh__morse3d_finish(&c->m, is_dual, psh__key_all(psh_image_dtype(image)));
    return PSH_OK;
}
