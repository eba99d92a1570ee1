/* elder_forest.h : components in a union-find forest, joined by the elder rule: of two components that meet, the
 * younger one ends. */
#ifndef PSH_HOMOLOGY_ELDER_FOREST_H
#define PSH_HOMOLOGY_ELDER_FOREST_H

#include <stdbool.h>
#include <stdint.h>

/* A component: the key of its extremum, small is old; its parent, or itself if it is a root. */
typedef struct psh__node {
    uint64_t key;
    uint32_t parent;
} psh__node;

static inline uint32_t psh__forest_root(psh__node *nodes, uint32_t node) {
    while (nodes[node].parent != node) {
        nodes[node].parent = nodes[nodes[node].parent].parent; /* path halving */
        node = nodes[node].parent;
    }
    return node;
}

/* Joins the components of nodes a and b; false if they are one already. *younger_key: of the one that ends. Which of
 * the two happens cannot be predicted, so nothing branches: one component is joined to itself. */
static inline bool psh__forest_join(psh__node *nodes, uint32_t a, uint32_t b, uint64_t *younger_key) {
    a = psh__forest_root(nodes, a), b = psh__forest_root(nodes, b);
    uint32_t older = nodes[b].key < nodes[a].key ? b : a, younger = a ^ b ^ older;
    nodes[younger].parent = older;
    *younger_key = nodes[younger].key;
    return a != b;
}

#endif
