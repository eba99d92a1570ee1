/* lower_star3d.c : H0, H1 and H2 of a volume on TTK's tetrahedra from its critical simplices.
 *
 * As cubical3d.c, with stars of 14 neighbours (lower_star3d_star.c), and simpler in one thing. A sublevel set is a full
 * subcomplex of the triangulated volume, which becomes a sphere with one more vertex beside its whole border, the
 * outside, later than all. By Alexander duality H2 is H0 of the voxels that come later and the outside, joined along
 * the same edges. So the highest pairs need no tetrahedra: from both sides of a critical triangle a path leads up from
 * voxel to later voxel, to a maximum or outside.
 *
 * Memory: 12 bytes a voxel, 16 for float64. */
#include "homology/lower_star3d.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "homology/reserve.h"
#include "homology/value_key.h"

void psh__lower_star3d_free(psh__lower_star3d *c) {
    psh__morse3d_free(&c->m);
    psh__free(c->stars);
    psh__free(c->links);
    memset(c, 0, sizeof *c);
}

/* --- From voxels to critical simplices -----------------------------------------------------------------------------
 */

static unsigned link_of(const psh__grid3d *grid, size_t voxel) {
    unsigned link = 0;
    for (unsigned d = 0; d < PSH__KUHN_DIRECTIONS; d++) {
        size_t other = (size_t)((int64_t)voxel + grid->steps[d]);
        int64_t key = psh__grid_key(grid, voxel), other_key = psh__grid_key(grid, other);
        link |= (unsigned)(d < PSH__KUHN_DIRECTIONS / 2 ? other_key <= key : other_key < key) << d;
    }
    return link;
}

static psh_status find_critical(psh__lower_star3d *c, psh_error *err) {
    const psh__grid3d *grid = &c->m.grid;
    RESERVE(c, links, grid->n_voxels, "the links of a volume");
    if (!c->stars) {
        c->stars = psh__calloc(PSH__KUHN_LINKS, sizeof *c->stars);
        if (!c->stars) return psh__error_memory(err, "stars", PSH__KUHN_LINKS * sizeof *c->stars);
        psh__kuhn_fill(&c->kuhn);
    }
    for (size_t z = 1; z <= grid->shape[0]; z++)
        for (size_t y = 1; y <= grid->shape[1]; y++) {
            size_t first = z * grid->stride[0] + y * grid->stride[1] + 1;
            PSH_TRY(psh__morse3d_reserve_cells(&c->m, grid->shape[2], PSH__KUHN_DIRECTIONS, PSH__KUHN_TRIANGLES, err));
            for (size_t voxel = first; voxel < first + grid->shape[2]; voxel++) {
                unsigned link = link_of(grid, voxel);
                psh__kuhn_star *star = &c->stars[link];
                if (!star->is_known) psh__kuhn_match(&c->kuhn, link, star, NULL);
                c->links[voxel] = (uint16_t)link;
                psh__cells_add(&c->m.minima, voxel, link == 0);
                psh__cells_add(&c->m.edges, voxel, star->critical_edges);
                psh__cells_add(&c->m.faces, voxel, star->critical_triangles);
                psh__cells_add(&c->m.maxima, voxel, star->way_up == PSH__KUHN_STOP);
            }
        }
    return PSH_OK;
}

/* --- Pairs by union-find -------------------------------------------------------------------------------------------
 */

static inline size_t next_on_path(const psh__lower_star3d *c, size_t voxel, bool is_upward) {
    const psh__kuhn_star *star = &c->stars[c->links[voxel]];
    return psh__grid_step(&c->m.grid, voxel, is_upward ? star->way_up : psh__kuhn_way_down(star));
}

/* The label where the path from `start` ends. Everything on the path gets that label, so that no step is taken twice.
 */
static inline uint32_t follow(psh__lower_star3d *c, size_t start, bool is_upward) {
    uint32_t *labels = c->m.labels;
    size_t voxel = start;
    while (labels[voxel] == PSH__NO_LABEL) voxel = next_on_path(c, voxel, is_upward);
    uint32_t label = labels[voxel];
    for (voxel = start; labels[voxel] != label; voxel = next_on_path(c, voxel, is_upward)) labels[voxel] = label;
    return label;
}

static void label_cells(psh__morse3d *m, const psh__cells *cells) {
    psh__morse3d_clear_labels(m, (size_t[3]){1, 1, 1}, m->grid.shape);
    for (size_t i = 0; i < cells->n_items; i++) m->labels[cells->items[i].voxel] = (uint32_t)(i + 1);
}

/* Edges that join nothing are left in edge_order. */
static psh_status pair_edges(psh__lower_star3d *c, psh_error *err) {
    psh__morse3d *m = &c->m;
    psh__pairs *order = &m->edge_order;
    size_t n_left = 0;
    PSH_TRY(psh__morse3d_sort(m, &m->edges, order, err));
    PSH_TRY(psh__morse3d_plant(m, &m->minima, false, &m->pairs[0], err));
    label_cells(m, &m->minima);
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

/* Triangles that join nothing are left in face_order. */
static psh_status pair_triangles(psh__lower_star3d *c, psh_error *err) {
    psh__morse3d *m = &c->m;
    psh__pairs *order = &m->face_order;
    size_t n_left = 0;
    PSH_TRY(psh__morse3d_sort(m, &m->faces, order, err));
    PSH_TRY(psh__morse3d_plant(m, &m->maxima, true, &m->pairs[2], err));
    label_cells(m, &m->maxima);
    for (size_t i = order->n_items; i-- > 0;) {
        psh__record triangle = order->items[i];
        psh__cell cell = m->faces.items[triangle.value];
        psh__kuhn_star star;
        uint8_t ways_up[PSH__KUHN_TRIANGLES][2];
        psh__kuhn_match(&c->kuhn, c->links[cell.voxel], &star, ways_up); /* few: not worth a table */
        uint32_t a = follow(c, psh__grid_step(&m->grid, cell.voxel, ways_up[cell.place][0]), true),
                 b = follow(c, psh__grid_step(&m->grid, cell.voxel, ways_up[cell.place][1]), true);
        if (!psh__morse3d_join(m, triangle.key, a, b, true)) order->items[order->n_items - ++n_left] = triangle;
    }
    memmove(order->items, order->items + (order->n_items - n_left), n_left * sizeof *order->items);
    order->n_items = n_left;
    return PSH_OK;
}

psh_status psh__lower_star3d_compute(psh__lower_star3d *c, const psh_image *image, bool is_superlevel,
                                     uint32_t dims_mask, psh_error *err) {
    const bool is_glued[3] = {false, false, false};
    PSH_TRY(psh__morse3d_start(&c->m, image, is_superlevel, false, is_glued, err));
    psh__grid3d_set_steps(&c->m.grid, psh__kuhn_vectors, PSH__KUHN_DIRECTIONS);
    PSH_TRY(find_critical(c, err));
    if (dims_mask & 3) PSH_TRY(pair_edges(c, err));
    if (dims_mask & 6) PSH_TRY(pair_triangles(c, err));
    if (dims_mask & 2) PSH_TRY(psh__lower_star3d_reduce(c, err));
    psh__morse3d_finish(&c->m, false, psh__key_all(psh_image_dtype(image)));
    return PSH_OK;
}
