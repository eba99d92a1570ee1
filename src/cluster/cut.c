/* cut.c : flat clusters from linkage rows. */
#include <assert.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cluster/linkage.h"

/* Numbers clusters by first appearance. root : (n_items) cluster of each item, below 2 n_items - 1. */
static void number_labels(const uint32_t *root, size_t n_items, uint32_t *number_of, int64_t *labels) {
    uint32_t n_numbers = 0;
    for (size_t i = 0; i < 2 * n_items - 1; i++) number_of[i] = UINT32_MAX;
    for (size_t i = 0; i < n_items; i++) {
        if (number_of[root[i]] == UINT32_MAX) number_of[root[i]] = n_numbers++;
        labels[i] = number_of[root[i]];
    }
}

psh_status psh_cluster_cut(const double *linkage, size_t n_items, size_t n_clusters, int64_t *labels, psh_error *err) {
    if (n_items < 1) return psh__error(err, PSH_ERR_EMPTY, "cut of 0 items; at least 1 is needed");
    if (n_clusters < 1 || n_clusters > n_items)
        return psh__error(err, PSH_ERR_PARAMETER, "cut into %zu clusters; expected 1 to %zu, the number of items",
                          n_clusters, n_items);
    PSH_TRY(psh__linkage_check(linkage, n_items, err));

    size_t n_nodes = 2 * n_items - 1, n_rows = n_items - n_clusters;
    uint32_t *top = psh__malloc(n_nodes, sizeof *top), *number_of = psh__malloc(n_nodes, sizeof *number_of);
    psh_status status = PSH_OK;
    if (!top || !number_of) {
        status = psh__error_memory(err, "cut", 2ull * sizeof *top * n_nodes);
        goto done;
    }
    /* The cluster above each node that no kept row joins further. Rows come after their parts: one sweep downward. */
    for (size_t node = 0; node < n_nodes; node++) top[node] = (uint32_t)node;
    for (size_t m = n_rows; m-- > 0;) top[(size_t)linkage[4 * m]] = top[(size_t)linkage[4 * m + 1]] = top[n_items + m];
    number_labels(top, n_items, number_of, labels);
done:
    psh__free(top);
    psh__free(number_of);
    return status;
}
