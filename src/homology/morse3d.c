/* morse3d.c : critical cells sorted, minima and maxima joined by the elder rule, keys translated back. */
#include "homology/morse3d.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "homology/reserve.h"

void psh__morse3d_free(psh__morse3d *m) {
    void *const blocks[] = {m->labels,         m->minima.items,     m->edges.items,      m->faces.items,
                            m->maxima.items,   m->edge_order.items, m->face_order.items, m->nodes,
                            m->scratch,        m->loops.heap,       m->loops.chains,     m->loops.ends,
                            m->loops.active,   m->pairs[0].items,   m->pairs[1].items,   m->pairs[2].items,
                            m->essential.items};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) psh__free(blocks[i]);
    psh__grid3d_free(&m->grid);
    memset(m, 0, sizeof *m);
}

psh_status psh__morse3d_start(psh__morse3d *m, const psh_image *image, bool is_reversed, bool is_outside_first,
                              const bool is_glued[3], psh_error *err) {
    for (int k = 0; k < 3; k++) m->pairs[k].n_items = 0;
    m->essential.n_items = m->minima.n_items = m->edges.n_items = m->faces.n_items = m->maxima.n_items = 0;
    PSH_TRY(psh__grid3d_fill(&m->grid, image, is_reversed, is_outside_first, is_glued, err));
    RESERVE(m, labels, m->grid.n_voxels, "the labels of a volume");
    return PSH_OK;
}

static psh_status reserve_cells(psh__cells *cells, size_t n_more, psh_error *err) {
    RESERVE(cells, items, cells->n_items + n_more, "the critical cells of a volume");
    return PSH_OK;
}

psh_status psh__morse3d_reserve_cells(psh__morse3d *m, size_t n_more, size_t n_edges, size_t n_faces, psh_error *err) {
    PSH_TRY(reserve_cells(&m->minima, n_more, err));
    PSH_TRY(reserve_cells(&m->edges, n_more * n_edges, err));
    PSH_TRY(reserve_cells(&m->faces, n_more * n_faces, err));
    return reserve_cells(&m->maxima, n_more, err);
}

void psh__morse3d_clear_labels(psh__morse3d *m, const size_t first[3], const size_t last[3]) {
    const psh__grid3d *grid = &m->grid;
    memset(m->labels, 0, grid->n_voxels * sizeof *m->labels);
    for (size_t z = first[0]; z <= last[0]; z++)
        for (size_t y = first[1]; y <= last[1]; y++)
            for (size_t x = first[2]; x <= last[2]; x++)
                m->labels[z * grid->stride[0] + y * grid->stride[1] + x] = PSH__NO_LABEL;
}

psh_status psh__morse3d_sort(psh__morse3d *m, const psh__cells *cells, psh__pairs *dst, psh_error *err) {
    RESERVE(dst, items, cells->n_items + 1, "sorting critical cells");
    RESERVE(m, scratch, cells->n_items + 1, "sorting critical cells");
    for (size_t i = 0; i < cells->n_items; i++)
        dst->items[i] = (psh__record){.key = psh__grid_order(&m->grid, cells->items[i].voxel), .value = i};
    dst->n_items = cells->n_items;
    psh__record_sort(dst->items, m->scratch, dst->n_items, m->grid.is_wide ? 8 : 4);
    return PSH_OK;
}

/* Keys in a forest: small is old. */
static uint64_t age(uint64_t key, bool is_upward) {
    return is_upward ? ~key : key;
}

psh_status psh__morse3d_plant(psh__morse3d *m, const psh__cells *cells, bool is_upward, psh__pairs *pairs,
                              psh_error *err) {
    RESERVE(m, nodes, cells->n_items + 1, "the components of a volume");
    RESERVE(pairs, items, cells->n_items, "the intervals of a volume");
    m->nodes[0] = (psh__node){.key = 0, .parent = 0};
    for (size_t i = 0; i < cells->n_items; i++)
        m->nodes[i + 1] = (psh__node){.key = age(psh__grid_order(&m->grid, cells->items[i].voxel), is_upward),
                                      .parent = (uint32_t)(i + 1)};
    return PSH_OK;
}

bool psh__morse3d_join(psh__morse3d *m, uint64_t key, uint32_t a, uint32_t b, bool is_upward) {
    uint64_t younger_key;
    if (!psh__forest_join(m->nodes, a, b, &younger_key)) return false;
    uint64_t other = age(younger_key, is_upward);
    psh__pairs *pairs = &m->pairs[is_upward ? 2 : 0];
    pairs->items[pairs->n_items] =
        is_upward ? (psh__record){.key = key, .value = other} : (psh__record){.key = other, .value = key};
    pairs->n_items += key != other;
    return true;
}

psh_status psh__morse3d_add_roots(psh__morse3d *m, size_t n_cells, bool is_upward, uint64_t dim, psh_error *err) {
    for (size_t i = 1; i <= n_cells; i++) {
        if (m->nodes[i].parent != i) continue;
        RESERVE(&m->essential, items, m->essential.n_items + 1, "essential classes");
        m->essential.items[m->essential.n_items++] =
            (psh__record){.key = age(m->nodes[i].key, is_upward), .value = dim};
    }
    return PSH_OK;
}

void psh__morse3d_finish(psh__morse3d *m, bool is_dual, uint64_t key_all) {
    uint64_t shift = m->grid.shift, flip = is_dual ? key_all : 0;
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < m->pairs[k].n_items; i++) {
            psh__record *pair = &m->pairs[k].items[i];
            uint64_t first = (pair->key - shift) ^ flip, second = (pair->value - shift) ^ flip;
            *pair =
                is_dual ? (psh__record){.key = second, .value = first} : (psh__record){.key = first, .value = second};
        }
    for (size_t i = 0; i < m->essential.n_items; i++) {
        psh__record *class = &m->essential.items[i];
        class->key = (class->key - shift) ^ flip;
        class->value = is_dual ? 3 - class->value : class->value;
    }
    if (is_dual) {
        psh__pairs swap = m->pairs[0];
        m->pairs[0] = m->pairs[2], m->pairs[2] = swap;
    }
}
