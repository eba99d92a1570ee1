/* linkage_distances.c : single linkage from all pairs, by SLINK (Sibson 1973).
 *
 * SLINK adds one item at a time to the dendrogram and needs the new item's distances to those before it, once. Adding
 * items from the last to the first, these are the rows of the condensed matrix from the last to the first: it is read
 * once, in order, from wherever it is mapped. (Prim's algorithm reads rows in the order of the tree, half of each as a
 * column: four times slower at 10,000 items, and worse where the file is larger than memory.)
 *
 * The dendrogram is kept as pointers: item j stops being the last of its cluster (the one that was added first) at
 * lambda[j], when it joins the cluster of pi[j] < j. For the new item i, m[j] is the least edge by which i could reach
 * the cluster of j below lambda[j]:
 *     for j = N - 1 down to i + 1:   m[pi[j]] = min(m[pi[j]], max(m[j], lambda[j]))
 *                                    if m[j] <= lambda[j]:  lambda[j] = m[j], pi[j] = i
 *     for all j > i:                 if lambda[j] >= lambda[pi[j]]:  pi[j] = i
 * Edges are 128-bit integers in the order (distance, i, j), so no two are equal and each lambda is an edge of the one
 * minimum spanning tree (linkage.c); max and min compile to conditional moves, so the time depends on no data. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/progress.h"
#include "cluster/linkage.h"
#include "cluster/rows.h"

__extension__ typedef unsigned __int128 edge_key;
#define NO_EDGE (~(edge_key)0)

typedef struct slink {
    edge_key *lambda, *reach; // (N); reach[j]: the least m[j] that came by way of others
    uint32_t *pi;             // (N)
    double *row;              // (N)
    psh__edge *edges;         // (N)
} slink;

/* Distances are not negative, so their bits have their order. (-0 is made 0.) */
static inline edge_key key_of(double distance, size_t i, size_t j) {
    uint64_t bits;
    distance += 0.0;
    memcpy(&bits, &distance, sizeof bits);
    return (edge_key)bits << 64 | (uint64_t)i << 32 | j;
}

static psh__edge edge_of(edge_key key) {
    psh__edge edge = {.i = (uint32_t)((uint64_t)key >> 32), .j = (uint32_t)key};
    uint64_t bits = (uint64_t)(key >> 64);
    memcpy(&edge.height, &bits, sizeof bits);
    return edge;
}

/* row : (n_items - i - 1), distances of item i to the later ones. */
static void add_item(slink *s, size_t n_items, size_t i, const double *row) {
    edge_key *lambda = s->lambda, *reach = s->reach;
    uint32_t *pi = s->pi;
    lambda[i] = reach[i] = NO_EDGE, pi[i] = (uint32_t)i;
    for (size_t j = n_items - 1; j > i; j--) {
        edge_key direct = key_of(row[j - i - 1], i, j), m = direct < reach[j] ? direct : reach[j], old = lambda[j];
        uint32_t next = pi[j];
        edge_key rest = m <= old ? old : m;
        reach[j] = NO_EDGE;
        lambda[j] = m <= old ? m : old;
        pi[j] = m <= old ? (uint32_t)i : next;
        reach[next] = rest < reach[next] ? rest : reach[next];
    }
    for (size_t j = i + 1; j < n_items; j++) {
        reach[j] = NO_EDGE; /* the item added last points to itself */
        pi[j] = lambda[j] >= lambda[pi[j]] ? (uint32_t)i : pi[j];
    }
}

static psh_status single_linkage(const psh_distances *distances, const psh_progress *progress, double *linkage,
                                 psh_error *err) {
    size_t n_items = psh_distances_n_items(distances);
    slink s = {.lambda = psh__malloc(n_items, sizeof *s.lambda), .reach = psh__malloc(n_items, sizeof *s.reach)};
    s.pi = psh__malloc(n_items, sizeof *s.pi), s.row = psh__malloc(n_items, sizeof *s.row);
    s.edges = psh__malloc(n_items, sizeof *s.edges);
    psh_status status = PSH_OK;
    psh__ticker ticker;
    psh__ticker_start(&ticker, progress, "linkage", (uint64_t)n_items * (n_items - 1) / 2);
    if (!s.lambda || !s.reach || !s.pi || !s.row || !s.edges) {
        status = psh__error_memory(err, "dendrogram", 60ull * n_items);
        goto done;
    }
    for (size_t i = n_items; i-- > 0;) {
        size_t n_later = n_items - i - 1;
        psh__condensed_row(distances, i, s.row);
        PSH_TRY_GOTO(psh__check_row(s.row, n_later, i, i + 1, true, err));
        add_item(&s, n_items, i, s.row);
        psh__ticker_add(&ticker, n_later);
        PSH_TRY_GOTO(psh__ticker_status(&ticker, err));
    }
    for (size_t j = 1; j < n_items; j++) s.edges[j - 1] = edge_of(s.lambda[j]); /* item 0 was added last: no lambda */
    status = psh__linkage_from_edges(s.edges, n_items, linkage, err);
done:
    psh__free(s.lambda);
    psh__free(s.reach);
    psh__free(s.pi);
    psh__free(s.row);
    psh__free(s.edges);
    return status;
}

psh_status psh_linkage_distances(const psh_distances *distances, psh_linkage method, int n_threads,
                                 const psh_progress *progress, double *linkage, psh_error *err) {
    size_t n_items = psh_distances_n_items(distances);
    if (n_items < 2) return psh__error(err, PSH_ERR_EMPTY, "linkage of %zu items; at least 2 are needed", n_items);
    switch (method) {
    case PSH_LINKAGE_SINGLE:
        return single_linkage(distances, progress, linkage, err);
    case PSH_LINKAGE_AVERAGE:
    case PSH_LINKAGE_COMPLETE:
        return psh__linkage_chain(distances, method == PSH_LINKAGE_AVERAGE, progress, linkage, err);
    }
    return psh__error(err, PSH_ERR_PARAMETER, "linkage method %d; expected single (0), average (1) or complete (2)",
                      (int)method);
}
