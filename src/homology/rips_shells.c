/* rips_shells.c : H2 from links.
 *
 * As in rips_loops.c, one dimension up: gluing in the edge e = (u, v) with all its cofaces changes H2 by what the parts
 * of its lune L(e) leave over (births), and by H1 of L(e), here the flag complex of the lune's graph: each loop c of
 * it, seen from u and from v, is a shell u * c + v * c of triangles, which bounds from then on. If L(e) folds to a
 * point (rips_link.c), nothing happens.
 *
 * To write a shell in terms of births, its triangles are replaced from the latest on. Let (x, y) be the last edge of a
 * triangle and w its apex. In the lune of (x, y) choose a vertex of each part, its root, and a tree that leads there.
 * If w is no root, and p the next vertex on the way there, the triangle is replaced by the rest of the boundary of
 * (x, y, w, p): (x, y, p), (x, w, p) and (y, w, p), of which the first is nearer to its root and the others are
 * earlier. A triangle over the root of the first part made (x, y) bound, one over the root of another part closed a
 * loop or was born as a shell; only the last are entries of the column (the matching is acyclic; Forman 1998). */
#include "base/error.h"
#include "base/size.h"
#include "homology/rips.h"

/* A triangle in a chain: rank of its last edge << 32 | apex. */
static psh_status add_triangle(psh__sweep *sweep, uint32_t x, uint32_t y, uint32_t z, psh_error *err) {
    uint32_t xy = psh__graph_rank(sweep->graph, x, y), xz = psh__graph_rank(sweep->graph, x, z),
             yz = psh__graph_rank(sweep->graph, y, z);
    uint64_t triangle = xy > xz && xy > yz   ? (uint64_t)xy << 32 | z
                        : xz > xy && xz > yz ? (uint64_t)xz << 32 | y
                                             : (uint64_t)yz << 32 | x;
    return psh__chain_add(&sweep->chain, triangle, sweep->room, err);
}

/* Enters the triangle over the root of a part (0: the first) into the column, if it was born as a shell. */
static void toggle_birth(psh__sweep *sweep, uint32_t rank, uint64_t part) {
    uint64_t birth = (uint64_t)rank << 32 | part;
    size_t low = 0, high = sweep->shells.n_births;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sweep->shell_births[middle] < birth)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < sweep->shells.n_births && sweep->shell_births[low] == birth) psh__columns_toggle(&sweep->shells, low);
}

/* --- The forest of a lune ---------------------------------------------------------------------------------------- */

/* Breadth-first forest of the lune of an earlier edge: queue : (n_vertices) local numbers, each after its parent;
 * parents : (n_vertices), or a root's part, complemented. */
static psh_status grow_forest(psh__sweep *sweep, uint32_t x, uint32_t y, uint32_t rank, uint32_t first_root,
                              psh_error *err) {
    psh__forest *forest = &sweep->forest;
    const psh__graph *graph = sweep->graph;
    PSH_ROOM(sweep->room, forest, vertices, graph->n_points, "a lune");
    size_t n = forest->n_vertices = psh__graph_lune(graph, x, y, rank, forest->vertices);
    size_t n_words = (n + 63) / 64, n_row_words, n_queued = 0;
    if (!psh__size_mul(n + 1, n_words, &n_row_words)) return psh__error_memory(err, "a lune", UINT64_MAX);
    PSH_ROOM(sweep->room, forest, rows, n_row_words, "a lune");
    PSH_ROOM(sweep->room, forest, queue, n, "a lune");
    PSH_ROOM(sweep->room, forest, parents, n, "a lune");
    PSH_ROOM(sweep->room, forest, is_odd, n, "a lune");
    psh__graph_rows(graph, forest->vertices, n, rank, forest->rows, n_words);
    uint64_t *rest = forest->rows + n * n_words;
    for (size_t i = 0; i < n_words; i++)
        rest[i] = i + 1 < n_words || n % 64 == 0 ? ~(uint64_t)0 : ((uint64_t)1 << n % 64) - 1;
    uint32_t root = 0;
    while (forest->vertices[root] != first_root) root++;
    for (uint32_t part = 0; n_queued < n; part++) {
        if (part > 0) root = (uint32_t)psh__first_bit(rest);
        size_t i = n_queued;
        forest->queue[n_queued++] = root, forest->parents[root] = ~part;
        rest[root / 64] &= ~((uint64_t)1 << root % 64);
        for (; i < n_queued; i++) {
            uint32_t vertex = forest->queue[i];
            for (size_t k = 0; k < n_words; k++) {
                uint64_t reached = rest[k] & forest->rows[vertex * n_words + k];
                rest[k] ^= reached;
                for (; reached; reached &= reached - 1) {
                    uint32_t next = (uint32_t)(k * 64 + (size_t)__builtin_ctzll(reached));
                    forest->queue[n_queued++] = next, forest->parents[next] = vertex;
                }
            }
        }
    }
    return PSH_OK;
}

/* Replaces the triangles over (x, y) with apices `apices` : (n_apices), ascending. `root` : of the first part. */
static psh_status descend(psh__sweep *sweep, uint32_t x, uint32_t y, uint32_t rank, uint32_t root, size_t n_apices,
                          psh_error *err) {
    PSH_TRY(grow_forest(sweep, x, y, rank, root, err));
    psh__forest *forest = &sweep->forest;
    memset(forest->is_odd, 0, forest->n_vertices);
    for (size_t i = 0, k = 0; k < n_apices; i++)
        if (forest->vertices[i] == forest->apices[k]) forest->is_odd[i] = 1, k++;
    for (size_t i = forest->n_vertices; i-- > 0;) {
        uint32_t vertex = forest->queue[i], parent = forest->parents[vertex];
        if (!forest->is_odd[vertex]) continue;
        if (parent >= forest->n_vertices) {
            if (~parent > 0) toggle_birth(sweep, rank, ~parent);
            continue;
        }
        forest->is_odd[parent] ^= 1;
        PSH_TRY(add_triangle(sweep, x, forest->vertices[vertex], forest->vertices[parent], err));
        PSH_TRY(add_triangle(sweep, y, forest->vertices[vertex], forest->vertices[parent], err));
    }
    return PSH_OK;
}

/* Takes the latest triangle out of the chain if it lies over the edge of `rank`. */
static psh_status take_over(psh__sweep *sweep, uint32_t rank, uint32_t *apex, bool *is_taken, psh_error *err) {
    uint64_t triangle;
    *is_taken = false;
    if (sweep->chain.n_items == 0 || sweep->chain.items[0] >> 32 != rank) return PSH_OK;
    if (!psh__chain_take(&sweep->chain, &triangle)) return PSH_OK;
    *apex = (uint32_t)triangle;
    *is_taken = triangle >> 32 == rank; /* else those over the edge have cancelled */
    return *is_taken ? PSH_OK : psh__chain_add(&sweep->chain, triangle, sweep->room, err);
}

/* Takes the latest triangles, all over one edge, out of the chain and replaces them. A triangle whose apex is a
 * neighbour of the root needs no forest. */
static psh_status replace_latest(psh__sweep *sweep, psh_error *err) {
    const psh__graph *graph = sweep->graph;
    psh__forest *forest = &sweep->forest;
    uint32_t rank = (uint32_t)(sweep->chain.items[0] >> 32), apex;
    uint32_t x = psh__edge_i(graph->edges->items[rank]), y = psh__edge_j(graph->edges->items[rank]);
    uint32_t root = psh__graph_witness(graph, x, y, rank);
    size_t n_apices = 0;
    for (bool is_taken = true; is_taken;) {
        PSH_TRY(take_over(sweep, rank, &apex, &is_taken, err));
        if (!is_taken || apex == root) continue;
        if (psh__graph_rank(graph, apex, root) < rank) {
            PSH_TRY(add_triangle(sweep, x, apex, root, err));
            PSH_TRY(add_triangle(sweep, y, apex, root, err));
        } else {
            PSH_ROOM(sweep->room, forest, apices, n_apices + 1, "a lune");
            forest->apices[n_apices++] = apex;
        }
    }
    for (size_t i = 0, j = n_apices; i + 1 < j; i++) { /* they came from the greatest down */
        uint32_t swap = forest->apices[i];
        forest->apices[i] = forest->apices[--j], forest->apices[j] = swap;
    }
    return n_apices ? descend(sweep, x, y, rank, root, n_apices, err) : PSH_OK;
}

/* --- Loops of a lune --------------------------------------------------------------------------------------------- */

/* The lune's graph without what can be folded away, as a link of its own. */
static psh_status make_link(psh__sweep *sweep, const psh__lune *lune, size_t hub, uint64_t *scratch, psh_error *err) {
    psh__link *link = &sweep->link;
    size_t n = psh__link_fold(lune->rows, lune->n_words, lune->common, hub, scratch), n_found = 0;
    link->n_vertices = n;
    if (n < 4) return PSH_OK;
    PSH_ROOM(sweep->room, link, vertices, n, "a link");
    for (size_t i = 0; i < lune->n_words; i++)
        for (uint64_t bits = lune->common[i]; bits; bits &= bits - 1)
            link->vertices[n_found++] = psh__lune_vertex(lune, i * 64 + (size_t)__builtin_ctzll(bits));
    link->n_words = (n + 63) / 64;
    PSH_ROOM(sweep->room, link, rows, n * link->n_words, "a link");
    psh__graph_rows(sweep->graph, link->vertices, n, lune->rank, link->rows, link->n_words);
    return PSH_OK;
}

psh_status psh__shells_close(psh__sweep *sweep, const psh__lune *lune, size_t hub, uint64_t *scratch, psh_error *err) {
    psh__link *link = &sweep->link;
    PSH_TRY(make_link(sweep, lune, hub, scratch, err));
    PSH_TRY(psh__link_find_loops(link, sweep->room, err));
    PSH_ROOM(sweep->room, link, loop, link->n_vertices, "a link");
    for (size_t i_loop = 0; i_loop < link->n_loops && sweep->shells.n_alive > 0; i_loop++) {
        size_t n = psh__link_loop(link, i_loop, link->loop);
        for (size_t i = 0; i < n; i++) {
            uint32_t a = link->vertices[link->loop[i]], b = link->vertices[link->loop[i + 1 < n ? i + 1 : 0]];
            PSH_TRY(add_triangle(sweep, lune->u, a, b, err));
            PSH_TRY(add_triangle(sweep, lune->v, a, b, err));
        }
        while (sweep->chain.n_items > 0) PSH_TRY(replace_latest(sweep, err));
        bool is_zero;
        PSH_TRY(psh__columns_reduce(&sweep->shells, lune->rank, &is_zero, sweep->room, err));
    }
    return PSH_OK;
}
