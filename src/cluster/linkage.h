/* linkage.h : what the clustering algorithms share: edges of a spanning tree, and the rows that they become. */
#ifndef PSH_CLUSTER_LINKAGE_H
#define PSH_CLUSTER_LINKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/cluster.h"

/* Two items, i < j, and their distance. Edges are ordered by (height, i, j): a strict total order, since no two of
 * them join the same items. */
typedef struct psh__edge {
    double height;
    uint32_t i, j;
} psh__edge;

/* The root of `item` in a forest of parents, halving the path on the way (Tarjan, van Leeuwen 1984). */
static inline uint32_t psh__find_root(uint32_t *parent, uint32_t item) {
    while (parent[item] != item) item = parent[item] = parent[parent[item]];
    return item;
}

/* Rows from the edges of a tree : (n_items - 1), in the order in which they join. linkage : (n_items - 1, 4).
 * PSH_ERR_MEMORY. */
psh_status psh__linkage_from_sorted(const psh__edge *edges, size_t n_items, double *linkage, psh_error *err);

/* The same after sorting them. */
psh_status psh__linkage_from_edges(psh__edge *edges, size_t n_items, double *linkage, psh_error *err);

/* PSH_OK if linkage : (n_items - 1, 4) is one: each row joins two different clusters that exist and have not been
 * joined yet, the sizes add up, heights do not fall and are not negative. Else PSH_ERR_DATA. PSH_ERR_MEMORY. */
psh_status psh__linkage_check(const double *linkage, size_t n_items, psh_error *err);

/* Average or complete linkage by nearest-neighbour chain (chain.c). */
psh_status psh__linkage_chain(const psh_distances *distances, bool is_average, const psh_progress *progress,
                              double *linkage, psh_error *err);

#endif
