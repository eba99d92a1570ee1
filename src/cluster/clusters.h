/* clusters.h : the inside of a clustering, shared by clusters.c and clusters_file.c. */
#ifndef PSH_CLUSTER_CLUSTERS_H
#define PSH_CLUSTER_CLUSTERS_H

#include "persihash/cluster.h"

struct psh_clusters {
    size_t n_items, n_clusters, k_max;
    int64_t *labels; // (n_items)
    double *linkage; // (n_items - 1, 4) or NULL
    double *wcss;    // (k_max) or NULL
    char **names;    // (n_items) in one block, or NULL
    psh_meta *meta;
};

#endif
