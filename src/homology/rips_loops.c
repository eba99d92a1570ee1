/* rips_loops.c : H1 from lunes.
 *
 * Let e = (u, v) be an edge of rank r, and L(e) its lune: the vertices w for which (u, w) and (v, w) come before e,
 * with the edges among them that come before e. Adding e together with its cofaces glues a cone over the suspension of
 * L(e) (its link) to the complex, so that by Mayer-Vietoris
 *
 *     L(e) empty         e joins two components, or a loop is born;
 *     L(e) connected     nothing happens to H0 and H1;
 *     L(e) in k parts    the k - 1 loops u - a - v - b, for a in one part and b in another, bound from r on.
 *
 * (Koyama, Memoli, Robins, Turner 2023: the reduced Vietoris-Rips filtration. In the words of Bauer 2021: an edge with
 * a lune is in an apparent pair with its first triangle, and never becomes a column.) So the columns to be reduced are
 * a few loops, in the order of r. To write such a loop in terms of births, each of its edges (x, y) that has a lune is
 * replaced by the path x - w - y over a vertex w of it, from the latest on, until only edges without lune are left; of
 * these, the ones that were born as loops are the column's entries, and the tree edges may be forgotten, since a loop
 * is determined by what lies off the tree. The vertex w for which the path comes earliest about halves the lengths. */
#include "base/error.h"
#include "homology/rips.h"

static psh_status add_edge(psh__sweep *sweep, uint32_t x, uint32_t y, psh_error *err) {
    return psh__chain_add(&sweep->chain, psh__graph_rank(sweep->graph, x, y), sweep->room, err);
}

/* The number of the loop that the edge of `rank` gave birth to, or SIZE_MAX. */
static size_t find_birth(const psh__sweep *sweep, uint32_t rank) {
    size_t low = 0, high = sweep->loops.n_births;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sweep->loop_births[middle] < rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sweep->loops.n_births && sweep->loop_births[low] == rank ? low : SIZE_MAX;
}

psh_status psh__loop_close(psh__sweep *sweep, const psh__lune *lune, uint32_t a, uint32_t b, bool *is_zero,
                           psh_error *err) {
    const psh__graph *graph = sweep->graph;
    *is_zero = true;
    if (sweep->loops.n_alive == 0) return PSH_OK;
    const uint32_t ends[2] = {lune->u, lune->v}, apices[2] = {a, b};
    for (int k = 0; k < 4; k++) PSH_TRY(add_edge(sweep, ends[k % 2], apices[k / 2], err));
    uint64_t rank;
    while (psh__chain_take(&sweep->chain, &rank)) {
        uint32_t x = psh__edge_i(graph->edges->items[rank]), y = psh__edge_j(graph->edges->items[rank]);
        uint32_t w = psh__graph_witness(graph, x, y, (uint32_t)rank);
        if (w != PSH__NO_VERTEX) {
            PSH_TRY(add_edge(sweep, x, w, err));
            PSH_TRY(add_edge(sweep, y, w, err));
            continue;
        }
        size_t birth = find_birth(sweep, (uint32_t)rank);
        if (birth != SIZE_MAX) psh__columns_toggle(&sweep->loops, birth);
    }
    return psh__columns_reduce(&sweep->loops, lune->rank, is_zero, sweep->room, err);
}
