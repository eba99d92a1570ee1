/* rips_graph.c : which edges there are, and when.
 *
 * Dense: a matrix of ranks, 4 bytes a pair, so that a question about a lune is a loop over two rows. Sparse: sorted
 * lists of neighbours, so that it is a merge of two lists. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "homology/rips.h"

enum { LANES = 16, MAX_DENSE_POINTS = 1024 };

static uint64_t neighbour(uint32_t vertex, uint32_t rank) {
    return (uint64_t)vertex << 32 | rank;
}
static uint32_t vertex_of(uint64_t neighbour) {
    return (uint32_t)(neighbour >> 32);
}
static uint32_t rank_of(uint64_t neighbour) {
    return (uint32_t)neighbour;
}

void psh__graph_free(psh__graph *graph) {
    psh__free(graph->ranks);
    psh__free(graph->starts);
    psh__free(graph->ends);
    psh__free(graph->neighbours);
}

bool psh__graph_is_dense(size_t n_points, size_t n_edges) {
    return n_points <= MAX_DENSE_POINTS || n_edges / n_points > n_points / 32;
}

static psh_status build_ranks(psh__graph *graph, psh__room *room, psh_error *err) {
    size_t stride = (graph->n_points + LANES - 1) / LANES * LANES, n_ranks;
    if (!psh__size_mul(graph->n_points, stride, &n_ranks))
        return psh__error_memory(err, "a matrix of ranks", UINT64_MAX);
    PSH_ROOM(room, graph, ranks, n_ranks, "a matrix of ranks");
    graph->rank_stride = stride;
    memset(graph->ranks, 0xff, n_ranks * sizeof *graph->ranks); /* PSH__NO_RANK */
    for (size_t rank = 0; rank < graph->edges->n_items; rank++) {
        uint32_t i = psh__edge_i(graph->edges->items[rank]), j = psh__edge_j(graph->edges->items[rank]);
        graph->ranks[i * stride + j] = graph->ranks[j * stride + i] = (uint32_t)rank;
    }
    return PSH_OK;
}

/* Lists in the order of ranks first, in the edges' scratch memory; then each vertex in turn, and so in order, is
 * entered with its neighbours. */
static psh_status build_lists(psh__graph *graph, psh__edges *edges, psh__room *room, psh_error *err) {
    size_t n_points = graph->n_points, n_edges = edges->n_items;
    PSH_ROOM(room, graph, starts, n_points + 1, "neighbours");
    PSH_ROOM(room, graph, ends, n_points, "neighbours");
    PSH_ROOM(room, graph, neighbours, 2 * n_edges + 1, "neighbours");
    size_t *starts = graph->starts, *ends = graph->ends;
    uint64_t *by_rank = (uint64_t *)(void *)edges->scratch;
    memset(starts, 0, (n_points + 1) * sizeof *starts);
    for (size_t k = 0; k < n_edges; k++)
        starts[psh__edge_i(edges->items[k]) + 1]++, starts[psh__edge_j(edges->items[k]) + 1]++;
    for (size_t v = 0; v < n_points; v++) starts[v + 1] += starts[v], ends[v] = starts[v];
    for (size_t k = 0; k < n_edges; k++) {
        uint32_t i = psh__edge_i(edges->items[k]), j = psh__edge_j(edges->items[k]);
        by_rank[ends[i]++] = neighbour(j, (uint32_t)k), by_rank[ends[j]++] = neighbour(i, (uint32_t)k);
    }
    memcpy(ends, starts, n_points * sizeof *ends);
    for (size_t v = 0; v < n_points; v++)
        for (size_t k = starts[v]; k < starts[v + 1]; k++) {
            uint32_t other = vertex_of(by_rank[k]);
            graph->neighbours[ends[other]++] = neighbour((uint32_t)v, rank_of(by_rank[k]));
        }
    return PSH_OK;
}

psh_status psh__graph_build(psh__graph *graph, size_t n_points, bool is_dense, psh__edges *edges, psh__room *room,
                            psh_error *err) {
    graph->n_points = n_points, graph->edges = edges, graph->kernels = psh__rips_kernels_best();
    graph->is_dense = is_dense;
    return graph->is_dense ? build_ranks(graph, room, err) : build_lists(graph, edges, room, err);
}

uint32_t psh__graph_rank(const psh__graph *graph, uint32_t u, uint32_t v) {
    if (graph->is_dense) return graph->ranks[u * graph->rank_stride + v];
    size_t low = graph->starts[u], high = graph->starts[u + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (vertex_of(graph->neighbours[middle]) < v)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there = low < graph->starts[u + 1] && vertex_of(graph->neighbours[low]) == v;
    return is_there ? rank_of(graph->neighbours[low]) : PSH__NO_RANK;
}

/* The first neighbour from `list` on that is not before `vertex`, by steps that double: a short list is soon matched
 * with a long one. */
static const uint64_t *skip_to(const uint64_t *list, const uint64_t *end, uint32_t vertex) {
    size_t step = 1, n_left = (size_t)(end - list);
    while (step < n_left && vertex_of(list[step]) < vertex) list += step, n_left -= step, step *= 2;
    if (step < n_left) n_left = step + 1;
    while (n_left > 0) { /* the answer lies in list[0 .. n_left] */
        size_t half = n_left / 2;
        if (vertex_of(list[half]) < vertex)
            list += half + 1, n_left -= half + 1;
        else
            n_left = half;
    }
    return list;
}

/* The next vertex that is a neighbour of both by edges before `rank`, *greater: the later of the two. a, b : where the
 * search goes on in their lists. */
static uint32_t next_common(const uint64_t **a, const uint64_t *a_end, const uint64_t **b, const uint64_t *b_end,
                            uint32_t rank, uint32_t *greater) {
    while (*a < a_end && *b < b_end) {
        uint32_t x = vertex_of(**a), y = vertex_of(**b), rank_a = rank_of(**a), rank_b = rank_of(**b);
        if (x < y)
            *a = skip_to(*a, a_end, y);
        else if (y < x)
            *b = skip_to(*b, b_end, x);
        else {
            (*a)++, (*b)++;
            *greater = rank_a > rank_b ? rank_a : rank_b;
            if (*greater < rank) return x;
        }
    }
    return PSH__NO_VERTEX;
}

static uint32_t sparse_witness(const psh__graph *graph, uint32_t u, uint32_t v, uint32_t rank) {
    const uint64_t *a = graph->neighbours + graph->starts[u], *a_end = graph->neighbours + graph->starts[u + 1];
    const uint64_t *b = graph->neighbours + graph->starts[v], *b_end = graph->neighbours + graph->starts[v + 1];
    uint32_t best = PSH__NO_VERTEX, vertex, greater;
    while ((vertex = next_common(&a, a_end, &b, b_end, rank, &greater)) != PSH__NO_VERTEX)
        best = vertex, rank = greater; /* only better ones from now on */
    return best;
}

uint32_t psh__graph_witness(const psh__graph *graph, uint32_t u, uint32_t v, uint32_t rank) {
    if (!graph->is_dense) return sparse_witness(graph, u, v, rank);
    const uint32_t *ranks_u = graph->ranks + u * graph->rank_stride, *ranks_v = graph->ranks + v * graph->rank_stride;
    uint32_t least = graph->kernels->least_max(ranks_u, ranks_v, graph->rank_stride);
    if (least >= rank) return PSH__NO_VERTEX;
    psh__rips_edge edge = graph->edges->items[least]; /* it goes from u or v to the apex */
    uint32_t i = psh__edge_i(edge), j = psh__edge_j(edge);
    return i == u || i == v ? j : i;
}

size_t psh__graph_lune(const psh__graph *graph, uint32_t u, uint32_t v, uint32_t rank, uint32_t *dst) {
    size_t n_found = 0;
    if (graph->is_dense) {
        const uint32_t *a = graph->ranks + u * graph->rank_stride, *b = graph->ranks + v * graph->rank_stride;
        for (size_t w = 0; w < graph->n_points; w++) {
            dst[n_found] = (uint32_t)w;
            n_found += a[w] < rank && b[w] < rank; /* at most n_points - 2 */
        }
        return n_found;
    }
    const uint64_t *a = graph->neighbours + graph->starts[u], *a_end = graph->neighbours + graph->starts[u + 1];
    const uint64_t *b = graph->neighbours + graph->starts[v], *b_end = graph->neighbours + graph->starts[v + 1];
    uint32_t vertex, greater;
    while ((vertex = next_common(&a, a_end, &b, b_end, rank, &greater)) != PSH__NO_VERTEX) dst[n_found++] = vertex;
    return n_found;
}

void psh__graph_row(const psh__graph *graph, uint32_t vertex, const uint32_t *vertices, size_t n_vertices,
                    uint32_t rank, uint64_t *row, size_t n_words) {
    memset(row, 0, n_words * sizeof *row);
    if (graph->is_dense) {
        const uint32_t *ranks = graph->ranks + vertex * graph->rank_stride;
        for (size_t i = 0; i < n_vertices; i++) row[i / 64] |= (uint64_t)(ranks[vertices[i]] < rank) << i % 64;
        return;
    }
    const uint64_t *k = graph->neighbours + graph->starts[vertex], *end = graph->neighbours + graph->starts[vertex + 1];
    for (size_t i = 0; k < end && i < n_vertices;) { /* both ascending */
        if (vertex_of(*k) < vertices[i]) k = skip_to(k, end, vertices[i]);
        if (k == end) break;
        uint32_t a = vertex_of(*k), b = vertices[i];
        if (a == b && rank_of(*k) < rank) row[i / 64] |= (uint64_t)1 << i % 64;
        i++;
    }
}

void psh__graph_rows(const psh__graph *graph, const uint32_t *vertices, size_t n_vertices, uint32_t rank,
                     uint64_t *rows, size_t n_words) {
    for (size_t i = 0; i < n_vertices; i++)
        psh__graph_row(graph, vertices[i], vertices, n_vertices, rank, rows + i * n_words, n_words);
}
