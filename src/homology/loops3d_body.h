/* loops3d_body.h : pairs of critical edges and faces: which face closes which loop. Included by one file for each
 * complex, which defines before:
 *   - engine: has a member psh__morse3d m;
 *   - N_DIRECTIONS of the edges at a voxel, at most 14; d and N_DIRECTIONS - 1 - d are opposite;
 *   - parent_of(c, voxel, d): edge d of the voxel that brought it along is matched with the face (d, parent); d itself:
 *     it is critical; N_DIRECTIONS: it is matched with the voxel;
 *   - far_edges(): the edges of the face (a, b) at a voxel that do not touch it;
 *   - face_directions(): (a, b) of a critical face.
 *
 * Reduction of the boundary matrix over Z/2 (Edelsbrunner, Letscher, Zomorodian 2002), a column for each critical face
 * that pairs with no solid, a row for each critical edge that joins nothing: the others are cleared (Chen, Kerber
 * 2011). The column is not made of critical edges but is a real loop of edges in the grid, at first the edges around
 * the face. Its latest edge is looked at again and again:
 *   - matched with a face: the loop is pushed over that face, modulo 2. The new edges are earlier;
 *   - critical, and no loop ends with it yet: the pair is found, and the loop is filed under its edge;
 *   - critical, and a loop was filed under it: that loop is added.
 * So the loop is contracted as a string on a surface of matched faces, until it catches on something (the homologous
 * propagation of Guillou, Vidal, Tierny, "Discrete Morse Sandwich", 2022). If nothing is left, the face closes a
 * surface that is no boundary: an essential class of dimension 2, in periodic grids alone.
 *
 * The edges of one voxel are looked at together, as a set of its directions. Inside a star, matched faces lead from
 * edge to edge towards the roots of its trees. A loop has an even number of edges at its latest voxel, and of the roots
 * only one is matched with the voxel itself: so either all edges go away, or one of those left is critical, and the
 * last of these ends the loop.
 *
 * So a voxel is in the heap once, and adding modulo 2 is flipping a bit. Filed loops are as long as they were when they
 * caught; to contract them to critical edges alone would sweep surfaces that nothing asks for.
 *
 * Cost: the area that the loops sweep; in the worst case the cube of the number of cells. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "homology/morse3d.h"
#include "homology/reserve.h"

/* A voxel in the heap, and edges of the loop at hand that it brought along. */
struct psh__loop_voxel {
    int64_t key;
    size_t voxel;
};
struct psh__loop_edges {
    uint32_t voxel;
    uint32_t directions; /* a set */
};

/* A critical edge. */
typedef enum edge_state {
    IS_NEGATIVE, /* joins components: no loop ends with it */
    IS_ALONE,    /* closes a loop that no face fills, so far */
    IS_PAIRED    /* a face contracts to the loop that is filed under it */
} edge_state;
struct psh__loop_end {
    size_t start; /* of the loop in `chains` */
    uint32_t n_items;
    uint8_t direction;
    uint8_t state;
};

enum { IS_IN_HEAP = 0x8000, DIRECTIONS = 0x7fff };

/* --- The loop at hand -------------------------------------------------------------------------------------------- */

static bool comes_later(struct psh__loop_voxel a, struct psh__loop_voxel b) {
    return a.key > b.key || (a.key == b.key && a.voxel > b.voxel);
}

static psh_status push(engine *c, size_t voxel, psh_error *err) {
    psh__loops *loops = &c->m.loops;
    RESERVE(loops, heap, loops->n_heap + 1, "a loop");
    struct psh__loop_voxel item = {.key = psh__grid_key(&c->m.grid, voxel), .voxel = voxel};
    size_t i = loops->n_heap++;
    for (; i > 0 && comes_later(item, loops->heap[(i - 1) / 2]); i = (i - 1) / 2)
        loops->heap[i] = loops->heap[(i - 1) / 2];
    loops->heap[i] = item;
    return PSH_OK;
}

static size_t pop(psh__loops *loops) {
    struct psh__loop_voxel *heap = loops->heap, last = heap[--loops->n_heap];
    size_t voxel = heap[0].voxel, i = 0;
    for (size_t child; (child = 2 * i + 1) < loops->n_heap; i = child) {
        child += child + 1 < loops->n_heap && comes_later(heap[child + 1], heap[child]);
        if (!comes_later(heap[child], last)) break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return voxel;
}

/* Adds edges of one voxel to the loop, modulo 2. */
static psh_status toggle(engine *c, size_t voxel, unsigned directions, psh_error *err) {
    uint16_t *active = &c->m.loops.active[voxel];
    *active ^= (uint16_t)directions;
    if (*active & IS_IN_HEAP) return PSH_OK;
    *active |= IS_IN_HEAP;
    return push(c, voxel, err);
}

/* Adds the edge from `voxel` in a direction. It belongs to the later of its voxels; outside there are no edges. */
static psh_status toggle_edge(engine *c, size_t voxel, unsigned direction, psh_error *err) {
    size_t other = psh__grid_step(&c->m.grid, voxel, direction);
    if (psh__grid_before(&c->m.grid, voxel, other)) voxel = other, direction = N_DIRECTIONS - 1 - direction;
    if (psh__grid_key(&c->m.grid, voxel) == c->m.grid.outside_key) return PSH_OK;
    return toggle(c, voxel, 1u << direction, err);
}

/* Adds the edges of the face (a, b) at `voxel` that do not touch it. */
static psh_status toggle_far_edges(engine *c, size_t voxel, unsigned a, unsigned b, psh_error *err) {
    psh__edge_at edges[2];
    size_t n_edges = far_edges(c, voxel, a, b, edges);
    for (size_t i = 0; i < n_edges; i++) PSH_TRY(toggle_edge(c, edges[i].voxel, edges[i].direction, err));
    return PSH_OK;
}

/* --- Reduction --------------------------------------------------------------------------------------------------- */

/* Pushes the edges of the loop at `voxel` over the faces that they are matched with, until only those are left that are
 * matched with none. */
static psh_status flow_down(engine *c, size_t voxel, unsigned *directions, psh_error *err) {
    for (unsigned d = 0, n_still = 0; n_still < N_DIRECTIONS; d = d + 1 < N_DIRECTIONS ? d + 1 : 0, n_still++) {
        if (!(*directions >> d & 1)) continue;
        unsigned parent = parent_of(c, voxel, d);
        if (parent == d || parent >= N_DIRECTIONS) continue;
        *directions ^= 1u << d ^ 1u << parent;
        PSH_TRY(toggle_far_edges(c, voxel, d, parent, err));
        n_still = 0;
    }
    return PSH_OK;
}

/* The latest critical edge among `directions` of a voxel, or NULL. labels[voxel] is the number of its first one. */
static struct psh__loop_end *latest_critical(const engine *c, size_t voxel, unsigned directions) {
    for (unsigned d = N_DIRECTIONS; d-- > 0;)
        if (directions >> d & 1 && parent_of(c, voxel, d) == d) {
            struct psh__loop_end *end = &c->m.loops.ends[c->m.labels[voxel]];
            while (end->direction != d) end++;
            return end;
        }
    return NULL;
}

/* Files the loop, which ends with `directions` of `voxel`, and clears it. */
static psh_status file_loop(engine *c, size_t voxel, unsigned directions, struct psh__loop_end *end, psh_error *err) {
    psh__loops *loops = &c->m.loops;
    RESERVE(loops, chains, loops->n_chains + loops->n_heap + 1, "loops");
    struct psh__loop_edges *chain = loops->chains + loops->n_chains;
    *chain++ = (struct psh__loop_edges){.voxel = (uint32_t)voxel, .directions = directions};
    for (size_t i = 0; i < loops->n_heap; i++) {
        size_t place = loops->heap[i].voxel;
        *chain = (struct psh__loop_edges){.voxel = (uint32_t)place, .directions = loops->active[place] & DIRECTIONS};
        chain += chain->directions != 0;
        loops->active[place] = 0;
    }
    end->start = loops->n_chains, end->state = IS_PAIRED;
    loops->n_heap = 0;
    loops->n_chains = (size_t)(chain - loops->chains);
    end->n_items = (uint32_t)(loops->n_chains - end->start);
    return PSH_OK;
}

/* Adds a filed loop; its first entry is that of its last voxel, which is at hand. */
static psh_status add_loop(engine *c, const struct psh__loop_end *end, unsigned *directions, psh_error *err) {
    const struct psh__loop_edges *chain = c->m.loops.chains + end->start;
    *directions ^= chain[0].directions;
    for (size_t i = 1; i < end->n_items; i++) PSH_TRY(toggle(c, chain[i].voxel, chain[i].directions, err));
    return PSH_OK;
}

/* Contracts the boundary of a face until it ends with a critical edge that is alone: *dst. NULL: it vanishes. */
static psh_status reduce(engine *c, psh__cell face, struct psh__loop_end **dst, psh_error *err) {
    psh__loops *loops = &c->m.loops;
    unsigned d[2];
    face_directions(c, face, d);
    PSH_TRY(toggle(c, face.voxel, 1u << d[0] | 1u << d[1], err));
    PSH_TRY(toggle_far_edges(c, face.voxel, d[0], d[1], err));
    while (loops->n_heap) {
        size_t voxel = pop(loops);
        unsigned directions = loops->active[voxel] & DIRECTIONS;
        loops->active[voxel] = 0;
        if (!directions) continue;
        PSH_TRY(flow_down(c, voxel, &directions, err));
        while ((*dst = latest_critical(c, voxel, directions))) {
            assert((*dst)->state != IS_NEGATIVE); /* a loop ends with an edge that closes one */
            if ((*dst)->state == IS_ALONE) return file_loop(c, voxel, directions, *dst, err);
            PSH_TRY(add_loop(c, *dst, &directions, err));
        }
        assert(!directions); /* a loop has an even number of edges at its latest voxel */
    }
    *dst = NULL;
    return PSH_OK;
}

static psh_status start(engine *c, psh_error *err) {
    psh__morse3d *m = &c->m;
    psh__loops *loops = &m->loops;
    if (m->edges.n_items > UINT32_MAX) /* labels hold their numbers */
        return psh__error(
            err, PSH_ERR_UNSUPPORTED,
            "volume of %zu critical edges: less than 2^32 are supported; smooth it, or cut it into blocks",
            m->edges.n_items);
    RESERVE(loops, ends, m->edges.n_items, "loops");
    RESERVE(loops, active, m->grid.n_voxels, "loops");
    memset(loops->active, 0, m->grid.n_voxels * sizeof *loops->active);
    loops->n_heap = loops->n_chains = 0;
    for (size_t i = m->edges.n_items; i-- > 0;) {
        psh__cell cell = m->edges.items[i];
        m->labels[cell.voxel] = (uint32_t)i;
        loops->ends[i] = (struct psh__loop_end){.direction = (uint8_t)cell.place, .state = IS_NEGATIVE};
    }
    for (size_t i = 0; i < m->edge_order.n_items; i++) loops->ends[m->edge_order.items[i].value].state = IS_ALONE;
    return PSH_OK;
}

static psh_status reduce_all(engine *c, psh_error *err) {
    psh__morse3d *m = &c->m;
    psh__pairs *pairs = &m->pairs[1];
    PSH_TRY(start(c, err));
    RESERVE(pairs, items, m->edge_order.n_items, "the intervals of a volume");
    RESERVE(&m->essential, items, m->essential.n_items + m->edge_order.n_items + m->face_order.n_items,
            "essential classes");
    psh__record *essential = m->essential.items;
    for (size_t i = 0; i < m->face_order.n_items; i++) {
        psh__record face = m->face_order.items[i];
        struct psh__loop_end *end;
        PSH_TRY(reduce(c, m->faces.items[face.value], &end, err));
        if (!end) {
            essential[m->essential.n_items++] = (psh__record){.key = face.key, .value = 2};
            continue;
        }
        uint64_t birth = psh__grid_order(&m->grid, m->edges.items[end - m->loops.ends].voxel);
        if (birth != face.key) pairs->items[pairs->n_items++] = (psh__record){.key = birth, .value = face.key};
    }
    for (size_t i = 0; i < m->edge_order.n_items; i++) {
        psh__record edge = m->edge_order.items[i];
        if (m->loops.ends[edge.value].state == IS_ALONE)
            essential[m->essential.n_items++] = (psh__record){.key = edge.key, .value = 1};
    }
    return PSH_OK;
}
