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
 * Edges and squares: those that are left from both (cubical3d_loops.c).
 *
 * Periodic grids differ in two ways only: a step across a border is looked up, and classes may be left that nothing
 * ends. Of what is glued no Alexander duality is asked: union-find finds the top pairs of any closed manifold.
 *
 * Equal values: the order of equals adds pairs with birth = death, which are left out, and changes no other interval.
 *
 * Memory: 14 bytes a voxel, 18 for float64, and what the critical cells need. Cost: linear but for the sorting of
 * critical cells and for cubical3d_loops.c. 13 ms for the 125 x 125 x 25 float64 voxels of a smooth field on one Zen 5
 * core (bench_cubical3d), GUDHI 3.13 1,430 ms. No step of a path is taken twice: paths leave labels behind. */
#include "homology/cubical3d.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "homology/value_key.h"

#define NO_LABEL UINT32_MAX

#define RESERVE(owner, member, need, what)                                                                             \
    do {                                                                                                               \
        if (!PSH_GROW(&(owner)->member, &(owner)->member##_capacity, (need)))                                          \
            return psh__error_memory(err, what, (unsigned long long)(need) * sizeof *(owner)->member);                 \
    } while (0)

void psh__cubical3d_free(psh__cubical3d *c) {
    void *const blocks[] = {c->grid.keys,
                            c->grid.glue_room,
                            c->links,
                            c->edges,
                            c->exits,
                            c->labels,
                            c->minima.items,
                            c->edge_cells.items,
                            c->square_cells.items,
                            c->maxima.items,
                            c->edge_order.items,
                            c->square_order.items,
                            c->nodes,
                            c->scratch,
                            c->loops.heap,
                            c->loops.chains,
                            c->loops.ends,
                            c->loops.active,
                            c->pairs[0].items,
                            c->pairs[1].items,
                            c->pairs[2].items,
                            c->essential.items};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) psh__free(blocks[i]);
    memset(c, 0, sizeof *c);
}

/* --- The grid ---------------------------------------------------------------------------------------------------- */

/* What turns keys of value_key.h into the order of voxels and back. */
typedef struct key_order {
    uint64_t flip;  /* keys are xored by this */
    uint64_t shift; /* and this is added: no key is 0 */
} key_order;

static key_order order_of(psh_dtype dtype, bool is_reversed) {
    return (key_order){.flip = is_reversed ? psh__key_all(dtype) : 0, .shift = dtype == PSH_U8 || dtype == PSH_U16};
}

psh_status psh__grid3d_size(const size_t shape[3], size_t *n_voxels, psh_error *err) {
    bool fits = true;
    *n_voxels = 1;
    for (int axis = 0; axis < 3; axis++) fits = fits && psh__size_mul(*n_voxels, shape[axis] + 2, n_voxels);
    if (fits && *n_voxels <= UINT32_MAX) return PSH_OK;
    return psh__error(err, PSH_ERR_UNSUPPORTED,
                      "volume of %zu x %zu x %zu voxels: with a border of one voxel it must have less than 2^32; "
                      "scale it down, or cut it into blocks",
                      shape[0], shape[1], shape[2]);
}

static psh_status reserve_grid(psh__grid3d *grid, const psh_image *image, const bool is_glued[3], psh_error *err) {
    size_t n_voxels;
    psh_image_shape(image, grid->shape);
    PSH_TRY(psh__grid3d_size(grid->shape, &n_voxels, err));
    grid->n_voxels = n_voxels;
    grid->stride[2] = 1, grid->stride[1] = grid->shape[2] + 2, grid->stride[0] = grid->stride[1] * (grid->shape[1] + 2);
    memcpy(grid->is_glued, is_glued, sizeof grid->is_glued);
    for (unsigned axis = 0; axis < 3; axis++) {
        grid->steps[psh__direction(axis, false)] = -(int64_t)grid->stride[axis];
        grid->steps[psh__direction(axis, true)] = (int64_t)grid->stride[axis];
    }
    grid->steps[PSH__STOP] = 0;
    psh_dtype dtype = psh_image_dtype(image);
    grid->is_wide = dtype == PSH_F64;
    RESERVE(grid, keys, n_voxels * (grid->is_wide ? 8 : 4), "the values of a volume");
    grid->glue = NULL;
    if (is_glued[0] || is_glued[1] || is_glued[2]) {
        RESERVE(grid, glue_room, n_voxels, "the gluing of a volume");
        grid->glue = grid->glue_room;
    }
    return PSH_OK;
}

static void fill_row(psh_dtype dtype, const void *src, size_t n_voxels, key_order order, void *dst) {
    int32_t *narrow = dst;
    int64_t *wide = dst;
    const uint32_t flip = (uint32_t)order.flip, top = (uint32_t)1 << 31;
    for (size_t x = 0; x < n_voxels; x++) switch (dtype) {
        case PSH_U8:
            narrow[x] = (int32_t)(((((const uint8_t *)src)[x] ^ flip) + 1) ^ top);
            break;
        case PSH_U16:
            narrow[x] = (int32_t)(((((const uint16_t *)src)[x] ^ flip) + 1) ^ top);
            break;
        case PSH_F32:
            narrow[x] = (int32_t)(psh__key_from_f32(((const float *)src)[x]) ^ flip ^ top);
            break;
        case PSH_F64:
            wide[x] = (int64_t)(psh__key_from_f64(((const double *)src)[x]) ^ order.flip ^ (uint64_t)1 << 63);
            break;
        }
}

/* Coordinate 0 .. n + 1 of a glued axis as one of 1 .. n. */
static size_t glued(const psh__grid3d *grid, unsigned axis, size_t i) {
    size_t n = grid->shape[axis];
    return !grid->is_glued[axis] ? i : i == 0 ? n : i == n + 1 ? 1 : i;
}

static void glue_border(psh__grid3d *grid) {
    size_t key_bytes = grid->is_wide ? 8 : 4, voxel = 0;
    for (size_t z = 0; z < grid->shape[0] + 2; z++)
        for (size_t y = 0; y < grid->shape[1] + 2; y++)
            for (size_t x = 0; x < grid->shape[2] + 2; x++, voxel++) {
                size_t origin =
                    glued(grid, 0, z) * grid->stride[0] + glued(grid, 1, y) * grid->stride[1] + glued(grid, 2, x);
                grid->glue_room[voxel] = (uint32_t)origin;
                if (origin != voxel) memcpy(grid->keys + voxel * key_bytes, grid->keys + origin * key_bytes, key_bytes);
            }
}

static void fill_grid(psh__grid3d *grid, const psh_image *image, key_order order, bool is_outside_first) {
    psh_dtype dtype = psh_image_dtype(image);
    size_t item_bytes = psh__key_bytes(dtype), key_bytes = grid->is_wide ? 8 : 4;
    const uint8_t *src = psh_image_pixels(image);
    if (grid->is_wide) {
        int64_t *keys = (int64_t *)(void *)grid->keys;
        grid->outside_key = is_outside_first ? INT64_MIN : INT64_MAX;
        for (size_t i = 0; i < grid->n_voxels; i++) keys[i] = grid->outside_key;
    } else {
        int32_t *keys = (int32_t *)(void *)grid->keys;
        grid->outside_key = is_outside_first ? INT32_MIN : INT32_MAX;
        for (size_t i = 0; i < grid->n_voxels; i++) keys[i] = (int32_t)grid->outside_key;
    }
    for (size_t z = 1; z <= grid->shape[0]; z++)
        for (size_t y = 1; y <= grid->shape[1]; y++, src += grid->shape[2] * item_bytes) {
            size_t first = z * grid->stride[0] + y * grid->stride[1] + 1;
            fill_row(dtype, src, grid->shape[2], order, grid->keys + first * key_bytes);
        }
    if (grid->glue) glue_border(grid);
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

static void file_cells(psh__cells *cells, size_t voxel, unsigned places) {
    for (; places; places &= places - 1)
        cells->items[cells->n_items++] =
            (psh__cell){.voxel = (uint32_t)voxel, .place = (uint32_t)__builtin_ctz(places)};
}

static void file_star(psh__cubical3d *c, size_t voxel, const psh__star *star) {
    file_cells(&c->minima, voxel, star->link == 0);
    file_cells(&c->edge_cells, voxel, star->critical_edges);
    file_cells(&c->square_cells, voxel, star->critical_squares);
    file_cells(&c->maxima, voxel, psh__cube_exit(star->exits, 0) == PSH__STOP);
}

static psh_status reserve_cells(psh__cells *cells, size_t n_more, psh_error *err) {
    RESERVE(cells, items, cells->n_items + n_more, "the critical cells of a volume");
    return PSH_OK;
}

/* Stars of a row of voxels: their matches written down, their critical cells filed. */
static psh_status scan_row(psh__cubical3d *c, const psh__links_kernels *kernels, size_t first, psh_error *err) {
    const psh__grid3d *grid = &c->grid;
    size_t width = grid->shape[2], ways[PSH__N_OCTANTS];
    PSH_TRY(reserve_cells(&c->minima, width, err));
    PSH_TRY(reserve_cells(&c->edge_cells, width * PSH__N_DIRECTIONS, err));
    PSH_TRY(reserve_cells(&c->square_cells, width * PSH__N_SQUARES, err));
    PSH_TRY(reserve_cells(&c->maxima, width, err));
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
    const psh__grid3d *grid = &c->grid;
    const psh__links_kernels *kernels = psh__links_best();
    RESERVE(c, links, grid->shape[2], "a row of a volume");
    RESERVE(c, edges, grid->n_voxels, "the edges of a volume");
    RESERVE(c, exits, grid->n_voxels, "the cubes of a volume");
    RESERVE(c, labels, grid->n_voxels, "the labels of a volume");
    c->minima.n_items = c->edge_cells.n_items = c->square_cells.n_items = c->maxima.n_items = 0;
    for (size_t z = 1; z <= grid->shape[0]; z++)
        for (size_t y = 1; y <= grid->shape[1]; y++)
            PSH_TRY(scan_row(c, kernels, z * grid->stride[0] + y * grid->stride[1] + 1, err));
    return PSH_OK;
}

/* --- Paths ------------------------------------------------------------------------------------------------------- */

/* No label in the box [first, last] of coordinates, label 0, the outside, elsewhere. */
static void clear_labels(psh__cubical3d *c, const size_t first[3], const size_t last[3]) {
    const psh__grid3d *grid = &c->grid;
    memset(c->labels, 0, grid->n_voxels * sizeof *c->labels);
    for (size_t z = first[0]; z <= last[0]; z++)
        for (size_t y = first[1]; y <= last[1]; y++)
            for (size_t x = first[2]; x <= last[2]; x++)
                c->labels[z * grid->stride[0] + y * grid->stride[1] + x] = NO_LABEL;
}

static inline size_t next_on_path(const psh__cubical3d *c, size_t place, bool is_upward) {
    return psh__grid_step(&c->grid, place, is_upward ? c->exits[place] : psh__voxel_exit(c->edges[place]));
}

/* The label where the path from `start` ends: from voxel to voxel along edges downward, or from cube to cube through
 * squares upward. Everything on the path gets that label, so that no step is taken twice. */
static inline uint32_t follow(psh__cubical3d *c, size_t start, bool is_upward) {
    size_t place = start;
    while (c->labels[place] == NO_LABEL) place = next_on_path(c, place, is_upward);
    uint32_t label = c->labels[place];
    for (place = start; c->labels[place] != label; place = next_on_path(c, place, is_upward)) c->labels[place] = label;
    return label;
}

/* --- Pairs by union-find ----------------------------------------------------------------------------------------- */

static psh_status sort_cells(psh__cubical3d *c, const psh__cells *cells, psh__records *dst, psh_error *err) {
    RESERVE(dst, items, cells->n_items + 1, "sorting critical cells");
    RESERVE(c, scratch, cells->n_items, "sorting critical cells");
    for (size_t i = 0; i < cells->n_items; i++)
        dst->items[i] = (psh__record){.key = psh__grid_order(&c->grid, cells->items[i].voxel), .value = i};
    dst->n_items = cells->n_items;
    psh__record_sort(dst->items, c->scratch, dst->n_items, c->grid.is_wide ? 8 : 4);
    return PSH_OK;
}

static psh_status add_essential(psh__cubical3d *c, uint64_t key, uint64_t dim, psh_error *err) {
    RESERVE(&c->essential, items, c->essential.n_items + 1, "essential classes");
    c->essential.items[c->essential.n_items++] = (psh__record){.key = key, .value = dim};
    return PSH_OK;
}

/* Node 0 is the outside, the oldest of all; node 1 + i is cell i, its key xored by `flip`. */
static psh_status plant_forest(psh__cubical3d *c, const psh__cells *cells, uint64_t flip, bool is_upward,
                               psh_error *err) {
    RESERVE(c, nodes, cells->n_items + 1, "the components of a volume");
    c->nodes[0] = (psh__node){.key = 0, .parent = 0};
    for (size_t i = 0; i < cells->n_items; i++) {
        size_t voxel = cells->items[i].voxel;
        c->nodes[i + 1] = (psh__node){.key = psh__grid_order(&c->grid, voxel) ^ flip, .parent = (uint32_t)(i + 1)};
        c->labels[is_upward ? cube_at(&c->grid, voxel, cells->items[i].place) : voxel] = (uint32_t)(i + 1);
    }
    return PSH_OK;
}

/* Components that nothing has ended are essential. */
static psh_status add_roots(psh__cubical3d *c, size_t n_cells, uint64_t flip, uint64_t dim, psh_error *err) {
    for (size_t i = 1; i <= n_cells; i++)
        if (c->nodes[i].parent == i) PSH_TRY(add_essential(c, c->nodes[i].key ^ flip, dim, err));
    return PSH_OK;
}

/* Voxels and edges: Kruskal's algorithm. Edges that join nothing are left in edge_order. */
static psh_status pair_edges(psh__cubical3d *c, psh_error *err) {
    const psh__grid3d *grid = &c->grid;
    psh__pairs *pairs = &c->pairs[0];
    psh__records *order = &c->edge_order;
    PSH_TRY(sort_cells(c, &c->edge_cells, order, err));
    RESERVE(pairs, items, c->minima.n_items, "the intervals of a volume");
    clear_labels(c, (size_t[3]){1, 1, 1}, grid->shape);
    PSH_TRY(plant_forest(c, &c->minima, 0, false, err));
    size_t n_left = 0;
    for (size_t i = 0; i < order->n_items; i++) {
        psh__record edge = order->items[i];
        psh__cell cell = c->edge_cells.items[edge.value];
        uint64_t birth;
        uint32_t a = follow(c, cell.voxel, false), b = follow(c, psh__grid_step(grid, cell.voxel, cell.place), false);
        if (!psh__forest_join(c->nodes, a, b, &birth))
            order->items[n_left++] = edge;
        else if (birth != edge.key)
            pairs->items[pairs->n_items++] = (psh__record){.key = birth, .value = edge.key};
    }
    order->n_items = n_left;
    return add_roots(c, c->minima.n_items, 0, 0, err);
}

/* The cube on the minus or plus side of a square. */
static size_t cube_beside(const psh__grid3d *grid, psh__cell square, bool is_plus) {
    const uint8_t *d = psh__square_directions[square.place];
    unsigned axis = 3 - psh__axis(d[0]) - psh__axis(d[1]), octant = is_plus ? 4u >> axis : 0;
    for (int i = 0; i < 2; i++) octant |= d[i] >= 3 ? 4u >> psh__axis(d[i]) : 0;
    return cube_at(grid, square.voxel, octant);
}

/* Squares and cubes: Kruskal's algorithm from the other end. Every square lies between two cubes, or a cube and the
 * outside. Squares that join nothing are left in square_order. */
static psh_status pair_squares(psh__cubical3d *c, bool is_outside_first, psh_error *err) {
    const psh__grid3d *grid = &c->grid;
    psh__pairs *pairs = &c->pairs[2];
    psh__records *order = &c->square_order;
    size_t first[3], last[3], n_kept = 0;
    for (int axis = 0; axis < 3; axis++) {
        bool has_outer = is_outside_first && !grid->is_glued[axis];
        first[axis] = has_outer ? 0 : 1;
        last[axis] = grid->shape[axis] - (is_outside_first || grid->is_glued[axis] ? 0 : 1);
    }
    PSH_TRY(sort_cells(c, &c->square_cells, order, err));
    RESERVE(pairs, items, c->maxima.n_items, "the intervals of a volume");
    clear_labels(c, first, last);
    PSH_TRY(plant_forest(c, &c->maxima, UINT64_MAX, true, err));
    for (size_t i = order->n_items; i-- > 0;) {
        psh__record square = order->items[i];
        psh__cell cell = c->square_cells.items[square.value];
        uint64_t death;
        uint32_t a = follow(c, cube_beside(grid, cell, false), true),
                 b = follow(c, cube_beside(grid, cell, true), true);
        if (!psh__forest_join(c->nodes, a, b, &death))
            order->items[order->n_items - ++n_kept] = square;
        else if (~death != square.key)
            pairs->items[pairs->n_items++] = (psh__record){.key = square.key, .value = ~death};
    }
    memmove(order->items, order->items + (order->n_items - n_kept), n_kept * sizeof *order->items);
    order->n_items = n_kept;
    return add_roots(c, c->maxima.n_items, UINT64_MAX, 3, err);
}

/* --- All together ------------------------------------------------------------------------------------------------ */

/* The reverse order's pair (k, k + 1) is the pair (2 - k, 3 - k) of the dual cells. */
static void translate(psh__cubical3d *c, key_order order, uint64_t back, bool is_dual) {
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < c->pairs[k].n_items; i++) {
            psh__record *pair = &c->pairs[k].items[i];
            uint64_t birth = (pair->key - order.shift) ^ back, death = (pair->value - order.shift) ^ back;
            *pair = is_dual ? (psh__record){.key = death, .value = birth} : (psh__record){.key = birth, .value = death};
        }
    for (size_t i = 0; i < c->essential.n_items; i++) {
        psh__record *class = &c->essential.items[i];
        class->key = (class->key - order.shift) ^ back;
        class->value = is_dual ? 3 - class->value : class->value;
    }
    if (is_dual) {
        psh__pairs swap = c->pairs[0];
        c->pairs[0] = c->pairs[2], c->pairs[2] = swap;
    }
}

psh_status psh__cubical3d_compute(psh__cubical3d *c, const psh_image *image, psh_construction construction,
                                  bool is_superlevel, const bool is_glued[3], uint32_t dims_mask, psh_error *err) {
    bool is_dual = construction == PSH_CONSTRUCTION_T, any_glued = is_glued[0] || is_glued[1] || is_glued[2];
    psh_dtype dtype = psh_image_dtype(image);
    key_order order = order_of(dtype, is_superlevel != is_dual);
    for (int k = 0; k < 3; k++) c->pairs[k].n_items = 0;
    c->essential.n_items = 0;
    PSH_TRY(reserve_grid(&c->grid, image, is_glued, err));
    fill_grid(&c->grid, image, order, is_dual);
    PSH_TRY(find_critical(c, err));
    bool with_loops = any_glued || dims_mask & 2;
    bool with_edges = with_loops || dims_mask & (is_dual ? 4 : 1),
         with_squares = with_loops || dims_mask & (is_dual ? 1 : 4);
    if (with_edges) PSH_TRY(pair_edges(c, err));
    if (with_squares) PSH_TRY(pair_squares(c, is_dual, err));
    if (with_loops) PSH_TRY(psh__loops_reduce(c, err));
    translate(c, order, is_dual ? psh__key_all(dtype) : 0, is_dual);
    return PSH_OK;
}
