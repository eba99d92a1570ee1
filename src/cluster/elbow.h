/* elbow.h : the top of a dendrogram, for within-cluster sums of squares (elbow.c). */
#ifndef PSH_CLUSTER_ELBOW_H
#define PSH_CLUSTER_ELBOW_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/cluster.h"

/* The k_max clusters of the finest cut, in the order of the dendrogram's leaves: every cluster of every coarser cut is
 * a range of them. */
typedef struct psh__top_tree {
    size_t n_items, k_max;
    uint32_t *cluster; // (n_items) of each item
    uint32_t *order;   // (n_items) items by cluster, then by number
    uint32_t *begin;   // (k_max + 1) cluster c is order[begin[c]] .. order[begin[c + 1] - 1]
    /* Nodes: cluster c is node c, merge t is node k_max + t. */
    uint32_t *ancestor;   // (2 k_max - 1) the merge above a node, or NO_MERGE
    uint32_t (*parts)[2]; // (k_max - 1) the nodes that merge t joins: clusters first..middle-1 and middle..end-1
    uint32_t *first, *middle, *end;
} psh__top_tree;
#define PSH__NO_MERGE UINT32_MAX

psh_status psh__top_tree_create(const double *linkage, size_t n_items, size_t k_max, psh__top_tree *dst,
                                psh_error *err);
void psh__top_tree_free(psh__top_tree *tree); /* zeroed struct is fine */

/* sums : (2 k_max - 1), sums of d^2 over the pairs inside each cluster, then over the pairs that each merge brings
 * together. Writes wcss : (k_max) and the elbow. PSH_ERR_NOT_FINITE if a sum is not. */
psh_status psh__elbow_finish(const psh__top_tree *tree, const double *sums, double *wcss, size_t *k_elbow,
                             psh_error *err);

#endif
