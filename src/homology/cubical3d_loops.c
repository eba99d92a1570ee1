/* cubical3d_loops.c : pairs of critical edges and squares: which square closes which loop.
 *
 * Reduction of the boundary matrix over Z/2 (Edelsbrunner, Letscher, Zomorodian 2002), a column for each critical
 * square that pairs with no cube, a row for each critical edge that joins nothing: the others are cleared (Chen, Kerber
 * 2011). The column is not made of critical edges but is a real loop of edges in the grid, at first the four edges
 * around the square. Its latest edge is looked at again and again:
 *   - matched with a square: the loop is pushed over that square, modulo 2. The new edges are earlier;
 *   - critical, and no loop ends with it yet: the pair is found, and the loop is filed under its edge;
 *   - critical, and a loop was filed under it: that loop is added.
 * So the loop is contracted as a string on a surface of matched squares, until it catches on something (the homologous
 * propagation of Guillou, Vidal, Tierny, "Discrete Morse Sandwich", 2022). If nothing is left, the square closes a
 * surface that is no boundary: an essential class of dimension 2, in periodic grids alone.
 *
 * The edges of one voxel are looked at together, as a set of its six directions. Inside a star, matched squares lead
 * from edge to edge towards the roots of the trees of cubical3d_star.c. A loop has an even number of edges at its
 * latest voxel, and of the roots only one is matched with the voxel itself: so either all edges go away, or one of
 * those left is critical, and the last of these ends the loop.
 *
 * So a voxel is in the heap once, and adding modulo 2 is flipping a bit. Filed loops are as long as they were when they
 * caught; to contract them to critical edges alone would sweep surfaces that nothing asks for.
 *
 * Cost: the area that the loops sweep; in the worst case the cube of the number of cells. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "homology/cubical3d.h"

#define RESERVE(owner, member, need, what)                                                                             \
    do {                                                                                                               \
        if (!PSH_GROW(&(owner)->member, &(owner)->member##_capacity, (need)))                                          \
            return psh__error_memory(err, what, (unsigned long long)(need) * sizeof *(owner)->member);                 \
    } while (0)

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
    IS_ALONE,    /* closes a loop that no square fills, so far */
    IS_PAIRED    /* a square contracts to the loop that is filed under it */
} edge_state;
struct psh__loop_end {
    size_t start; /* of the loop in `chains` */
    uint32_t n_items;
    uint8_t direction;
    uint8_t state;
};

enum { IS_IN_HEAP = 0x80, DIRECTIONS = 0x3f };

/* --- The loop at hand -------------------------------------------------------------------------------------------- */

static bool comes_later(struct psh__loop_voxel a, struct psh__loop_voxel b) {
    return a.key > b.key || (a.key == b.key && a.voxel > b.voxel);
}

static psh_status push(psh__cubical3d *c, size_t voxel, psh_error *err) {
    psh__loops *loops = &c->loops;
    RESERVE(loops, heap, loops->n_heap + 1, "a loop");
    struct psh__loop_voxel item = {.key = psh__grid_key(&c->grid, voxel), .voxel = voxel};
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
static psh_status toggle(psh__cubical3d *c, size_t voxel, unsigned directions, psh_error *err) {
    uint8_t *active = &c->loops.active[voxel];
    *active ^= (uint8_t)directions;
    if (*active & IS_IN_HEAP) return PSH_OK;
    *active |= IS_IN_HEAP;
    return push(c, voxel, err);
}

/* Adds the edge from `voxel` in a direction. It belongs to the later of its voxels; outside there are no edges. */
static psh_status toggle_edge(psh__cubical3d *c, size_t voxel, unsigned direction, psh_error *err) {
    size_t other = psh__grid_step(&c->grid, voxel, direction);
    if (psh__grid_before(&c->grid, voxel, other)) voxel = other, direction = 5 - direction;
    if (psh__grid_key(&c->grid, voxel) == c->grid.outside_key) return PSH_OK;
    return toggle(c, voxel, 1u << direction, err);
}

/* Adds the two edges of the square (a, b) at `voxel` that do not touch it. */
static psh_status toggle_far_edges(psh__cubical3d *c, size_t voxel, unsigned a, unsigned b, psh_error *err) {
    PSH_TRY(toggle_edge(c, psh__grid_step(&c->grid, voxel, a), b, err));
    return toggle_edge(c, psh__grid_step(&c->grid, voxel, b), a, err);
}

/* --- Reduction --------------------------------------------------------------------------------------------------- */

/* Pushes the edges of the loop at `voxel` over the squares that they are matched with, until only those are left that
 * are matched with none. */
static psh_status flow_down(psh__cubical3d *c, size_t voxel, unsigned *directions, psh_error *err) {
    uint32_t edges = c->edges[voxel];
    for (unsigned d = 0, n_still = 0; n_still < PSH__N_DIRECTIONS; d = (d + 1) % PSH__N_DIRECTIONS, n_still++) {
        unsigned parent = psh__edge_parent(edges, d);
        if (!(*directions >> d & 1) || parent == d || parent == PSH__STOP) continue;
        *directions ^= 1u << d ^ 1u << parent;
        PSH_TRY(toggle_far_edges(c, voxel, d, parent, err));
        n_still = 0;
    }
    return PSH_OK;
}

/* The latest critical edge among `directions` of a voxel, or NULL. labels[voxel] is the number of its first one. */
static struct psh__loop_end *latest_critical(const psh__cubical3d *c, size_t voxel, unsigned directions) {
    for (unsigned d = PSH__N_DIRECTIONS; d-- > 0;)
        if (directions >> d & 1 && psh__edge_parent(c->edges[voxel], d) == d) {
            struct psh__loop_end *end = &c->loops.ends[c->labels[voxel]];
            while (end->direction != d) end++;
            return end;
        }
    return NULL;
}

/* Files the loop, which ends with `directions` of `voxel`, and clears it. */
static psh_status file_loop(psh__cubical3d *c, size_t voxel, unsigned directions, struct psh__loop_end *end,
                            psh_error *err) {
    psh__loops *loops = &c->loops;
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
static psh_status add_loop(psh__cubical3d *c, const struct psh__loop_end *end, unsigned *directions, psh_error *err) {
    const struct psh__loop_edges *chain = c->loops.chains + end->start;
    *directions ^= chain[0].directions;
    for (size_t i = 1; i < end->n_items; i++) PSH_TRY(toggle(c, chain[i].voxel, chain[i].directions, err));
    return PSH_OK;
}

/* Contracts the boundary of a square until it ends with a critical edge that is alone: *dst. NULL: it vanishes. */
static psh_status reduce(psh__cubical3d *c, psh__cell square, struct psh__loop_end **dst, psh_error *err) {
    psh__loops *loops = &c->loops;
    const uint8_t *d = psh__square_directions[square.place];
    PSH_TRY(toggle(c, square.voxel, 1u << d[0] | 1u << d[1], err));
    PSH_TRY(toggle_far_edges(c, square.voxel, d[0], d[1], err));
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

static psh_status start(psh__cubical3d *c, psh_error *err) {
    psh__loops *loops = &c->loops;
    RESERVE(loops, ends, c->edge_cells.n_items, "loops");
    RESERVE(loops, active, c->grid.n_voxels, "loops");
    memset(loops->active, 0, c->grid.n_voxels);
    loops->n_heap = loops->n_chains = 0;
    for (size_t i = c->edge_cells.n_items; i-- > 0;) {
        psh__cell cell = c->edge_cells.items[i];
        c->labels[cell.voxel] = (uint32_t)i;
        loops->ends[i] = (struct psh__loop_end){.direction = (uint8_t)cell.place, .state = IS_NEGATIVE};
    }
    for (size_t i = 0; i < c->edge_order.n_items; i++) loops->ends[c->edge_order.items[i].value].state = IS_ALONE;
    return PSH_OK;
}

psh_status psh__loops_reduce(psh__cubical3d *c, psh_error *err) {
    psh__loops *loops = &c->loops;
    psh__pairs *pairs = &c->pairs[1];
    PSH_TRY(start(c, err));
    RESERVE(pairs, items, c->edge_order.n_items, "the intervals of a volume");
    RESERVE(&c->essential, items, c->essential.n_items + c->edge_order.n_items + c->square_order.n_items,
            "essential classes");
    psh__record *essential = c->essential.items;
    for (size_t i = 0; i < c->square_order.n_items; i++) {
        psh__record square = c->square_order.items[i];
        struct psh__loop_end *end;
        PSH_TRY(reduce(c, c->square_cells.items[square.value], &end, err));
        if (!end) {
            essential[c->essential.n_items++] = (psh__record){.key = square.key, .value = 2};
            continue;
        }
        uint64_t birth = psh__grid_order(&c->grid, c->edge_cells.items[end - loops->ends].voxel);
        if (birth != square.key) pairs->items[pairs->n_items++] = (psh__record){.key = birth, .value = square.key};
    }
    for (size_t i = 0; i < c->edge_order.n_items; i++) {
        psh__record edge = c->edge_order.items[i];
        if (loops->ends[edge.value].state == IS_ALONE)
            essential[c->essential.n_items++] = (psh__record){.key = edge.key, .value = 1};
    }
    return PSH_OK;
}
