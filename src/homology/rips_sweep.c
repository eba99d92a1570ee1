/* rips_sweep.c : the edges one by one, and what each does to the homology.
 *
 * An edge is looked at once: a few instructions on rows of bits tell whether its lune is empty, connected, or in parts
 * (rips_loops.c has the mathematics). Dense graphs: the rows are those of the graph so far, a bit a pair. Sparse
 * graphs: the lune is found by merging two lists, and rows are made for its vertices alone.
 *
 * Cost: n / 64 word operations an edge, times the few vertices that it takes to see that a lune is connected; columns
 * come on top, and are few. While no loop is alive (and no shells are asked for) it is enough to see that the lune is
 * not empty. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "homology/rips.h"

void psh__sweep_free(psh__sweep *sweep) {
    psh__forest *forest = &sweep->forest;
    void *const blocks[] = {sweep->parents,  sweep->joins,    sweep->loop_births, sweep->shell_births, sweep->rows,
                            sweep->sets,     sweep->vertices, forest->vertices,   forest->rows,        forest->queue,
                            forest->parents, forest->is_odd,  forest->apices};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) psh__free(blocks[i]);
    psh__columns_free(&sweep->loops);
    psh__columns_free(&sweep->shells);
    psh__chain_free(&sweep->chain);
    psh__link_free(&sweep->link);
}

static size_t words_for(size_t n_bits) {
    return (n_bits + 64 * PSH__BLOCK_WORDS - 1) / (64 * PSH__BLOCK_WORDS) * PSH__BLOCK_WORDS;
}

/* --- Edges without lune ------------------------------------------------------------------------------------------ */

static uint32_t find_root(uint32_t *parents, uint32_t vertex) {
    while (parents[vertex] != vertex) vertex = parents[vertex] = parents[parents[vertex]]; /* path halving */
    return vertex;
}

/* Joins two components, or gives birth to a loop. */
static psh_status add_bare_edge(psh__sweep *sweep, uint32_t u, uint32_t v, uint32_t rank, psh_error *err) {
    uint32_t root_u = find_root(sweep->parents, u), root_v = find_root(sweep->parents, v);
    if (root_u != root_v) {
        sweep->parents[root_u < root_v ? root_v : root_u] = root_u < root_v ? root_u : root_v;
        sweep->joins[sweep->n_joins++] = rank;
        return PSH_OK;
    }
    if (!sweep->with_h1) return PSH_OK;
    PSH_ROOM(sweep->room, sweep, loop_births, sweep->loops.n_births + 1, "loops");
    sweep->loop_births[sweep->loops.n_births] = rank;
    return psh__columns_bear(&sweep->loops, sweep->room, err);
}

/* --- Edges with a lune ------------------------------------------------------------------------------------------- */

/* The lune in `rest` loses the component of its first vertex, which is the answer. PSH__NO_VERTEX: it is empty. */
static uint32_t take_component(const psh__lune *lune, uint64_t *rest, uint64_t *pending) {
    size_t n_words = lune->n_words, first_word = 0;
    memset(pending, 0, n_words * sizeof *pending);
    while (first_word < n_words && !rest[first_word]) first_word++;
    if (first_word == n_words) return PSH__NO_VERTEX;
    uint32_t first = (uint32_t)(first_word * 64 + (size_t)__builtin_ctzll(rest[first_word]));
    rest[first_word] &= rest[first_word] - 1;
    for (uint32_t vertex = first;;) {
        const uint64_t *row = lune->rows + vertex * n_words;
        size_t next = n_words;
        for (size_t i = n_words; i-- > 0;) {
            uint64_t reached = rest[i] & row[i];
            pending[i] |= reached, rest[i] ^= reached;
            if (pending[i]) next = i;
        }
        if (next == n_words) return first;
        vertex = (uint32_t)(next * 64 + (size_t)__builtin_ctzll(pending[next]));
        pending[next] &= pending[next] - 1;
    }
}

/* A lune in parts: each part but the first closes a loop or, if that was closed already, gives birth to a shell.
 * `start` lies in the first part; `rest` : what is not in it. */
static psh_status add_parts(psh__sweep *sweep, const psh__lune *lune, uint32_t start, uint64_t *rest, uint64_t *pending,
                            psh_error *err) {
    uint32_t vertex;
    for (uint64_t part = 1; (vertex = take_component(lune, rest, pending)) != PSH__NO_VERTEX; part++) {
        bool is_zero;
        PSH_TRY(
            psh__loop_close(sweep, lune, psh__lune_vertex(lune, start), psh__lune_vertex(lune, vertex), &is_zero, err));
        if (!is_zero || !sweep->with_h2) continue;
        PSH_ROOM(sweep->room, sweep, shell_births, sweep->shells.n_births + 1, "shells");
        sweep->shell_births[sweep->shells.n_births] = (uint64_t)lune->rank << 32 | part;
        PSH_TRY(psh__columns_bear(&sweep->shells, sweep->room, err));
    }
    return PSH_OK;
}

/* An edge whose lune was searched. */
static psh_status add_full_edge(psh__sweep *sweep, const psh__lune *lune, psh__lune_kind kind, uint32_t start,
                                uint64_t *rest, uint64_t *pending, psh_error *err) {
    if (start == PSH__NO_VERTEX) start = (uint32_t)psh__first_bit(lune->common);
    if (kind == PSH__LUNE_PARTED) PSH_TRY(add_parts(sweep, lune, start, rest, pending, err));
    if (kind != PSH__LUNE_CONE && sweep->with_h2 && sweep->shells.n_alive > 0)
        PSH_TRY(psh__shells_close(sweep, lune, start, pending, err));
    return PSH_OK;
}

/* --- The sweep --------------------------------------------------------------------------------------------------- */

/* H0 alone is known once all is connected. */
static bool is_done(const psh__sweep *sweep) {
    return !sweep->with_h1 && sweep->n_joins + 1 == sweep->graph->n_points;
}

static psh_status sweep_dense(psh__sweep *sweep, psh_error *err) {
    const psh__graph *graph = sweep->graph;
    size_t n_words = words_for(graph->n_points), n_row_words;
    if (!psh__size_mul(graph->n_points, n_words, &n_row_words)) return psh__error_memory(err, "a graph", UINT64_MAX);
    PSH_ROOM(sweep->room, sweep, rows, n_row_words, "a graph");
    PSH_ROOM(sweep->room, sweep, sets, 3 * n_words, "a lune");
    memset(sweep->rows, 0, n_row_words * sizeof *sweep->rows);
    uint64_t *common = sweep->sets, *rest = common + n_words, *pending = rest + n_words;
    for (uint32_t rank = 0; rank < graph->edges->n_items && !is_done(sweep); rank++) {
        uint32_t u = psh__edge_i(graph->edges->items[rank]), v = psh__edge_j(graph->edges->items[rank]);
        uint64_t *row_u = sweep->rows + u * n_words, *row_v = sweep->rows + v * n_words;
        bool is_bare = false;
        if (sweep->with_h2 || sweep->loops.n_alive > 0) {
            uint32_t start = sweep->with_h2 ? psh__graph_witness(graph, u, v, rank) : PSH__NO_VERTEX;
            psh__lune lune = {.u = u, .v = v, .rank = rank, .rows = sweep->rows, .n_words = n_words, .common = common};
            psh__lune_kind kind =
                sweep->kernels->lune(row_u, row_v, sweep->rows, n_words, start, common, rest, pending);
            is_bare = kind == PSH__LUNE_EMPTY;
            if (kind >= PSH__LUNE_CONNECTED) PSH_TRY(add_full_edge(sweep, &lune, kind, start, rest, pending, err));
        } else
            is_bare = sweep->kernels->is_disjoint(row_u, row_v, n_words);
        if (is_bare) PSH_TRY(add_bare_edge(sweep, u, v, rank, err));
        row_u[v / 64] |= (uint64_t)1 << v % 64, row_v[u / 64] |= (uint64_t)1 << u % 64;
    }
    return PSH_OK;
}

static bool is_cone(const uint64_t *row, size_t n_words, size_t n_vertices) {
    size_t n_neighbours = 0;
    for (size_t i = 0; i < n_words; i++) n_neighbours += (size_t)__builtin_popcountll(row[i]);
    return n_neighbours + 1 == n_vertices;
}

/* Rows for the lune's vertices alone, which are sweep->vertices; most often the witness' is enough. */
static psh_status search_sparse(psh__sweep *sweep, uint32_t u, uint32_t v, uint32_t rank, size_t n_vertices,
                                psh_error *err) {
    const psh__graph *graph = sweep->graph;
    size_t n_words = words_for(n_vertices), n_row_words;
    if (!psh__size_mul(n_vertices, n_words, &n_row_words)) return psh__error_memory(err, "a lune", UINT64_MAX);
    PSH_ROOM(sweep->room, sweep, rows, n_row_words, "a lune");
    PSH_ROOM(sweep->room, sweep, sets, 4 * n_words, "a lune");
    uint64_t *all = sweep->sets, *common = all + n_words, *rest = common + n_words, *pending = rest + n_words;
    uint32_t start = 0, witness = psh__graph_witness(graph, u, v, rank);
    psh__graph_row(graph, witness, sweep->vertices, n_vertices, rank, sweep->rows, n_words);
    if (is_cone(sweep->rows, n_words, n_vertices)) return PSH_OK;
    psh__graph_rows(graph, sweep->vertices, n_vertices, rank, sweep->rows, n_words);
    for (size_t i = 0; i < n_words; i++) all[i] = 0;
    for (size_t i = 0; i < n_vertices; i++) all[i / 64] |= (uint64_t)1 << i % 64;
    while (sweep->vertices[start] != witness) start++;
    psh__lune lune = {.u = u,
                      .v = v,
                      .rank = rank,
                      .vertices = sweep->vertices,
                      .rows = sweep->rows,
                      .n_words = n_words,
                      .common = common};
    psh__lune_kind kind = sweep->kernels->lune(all, all, sweep->rows, n_words, start, common, rest, pending);
    return add_full_edge(sweep, &lune, kind, start, rest, pending, err);
}

static psh_status sweep_sparse(psh__sweep *sweep, psh_error *err) {
    const psh__graph *graph = sweep->graph;
    PSH_ROOM(sweep->room, sweep, vertices, graph->n_points, "a lune");
    for (uint32_t rank = 0; rank < graph->edges->n_items && !is_done(sweep); rank++) {
        uint32_t u = psh__edge_i(graph->edges->items[rank]), v = psh__edge_j(graph->edges->items[rank]);
        size_t n_vertices = psh__graph_lune(graph, u, v, rank, sweep->vertices);
        if (n_vertices == 0) PSH_TRY(add_bare_edge(sweep, u, v, rank, err));
        if (n_vertices > 1 && (sweep->with_h2 || sweep->loops.n_alive > 0))
            PSH_TRY(search_sparse(sweep, u, v, rank, n_vertices, err));
    }
    return PSH_OK;
}

psh_status psh__sweep_run(psh__sweep *sweep, const psh__graph *graph, bool with_h1, bool with_h2, psh__room *room,
                          psh_error *err) {
    size_t n_points = graph->n_points;
    sweep->graph = graph, sweep->room = room, sweep->kernels = graph->kernels;
    sweep->with_h1 = with_h1 || with_h2, sweep->with_h2 = with_h2;
    sweep->n_joins = sweep->chain.n_items = 0;
    psh__columns_start(&sweep->loops);
    psh__columns_start(&sweep->shells);
    PSH_ROOM(room, sweep, parents, n_points, "components");
    PSH_ROOM(room, sweep, joins, n_points, "components");
    for (size_t i = 0; i < n_points; i++) sweep->parents[i] = (uint32_t)i;
    return graph->is_dense ? sweep_dense(sweep, err) : sweep_sparse(sweep, err);
}
