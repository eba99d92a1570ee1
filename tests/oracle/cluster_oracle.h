/* cluster_oracle.h : clustering as its definition reads: all pairs, every time. O(N^3) or worse. */
#ifndef CLUSTER_ORACLE_H
#define CLUSTER_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/cluster.h"

/* distances : (n_items, n_items). Joins, n_items - 1 times, the two clusters that are nearest; single: by their least
 * pair of items (distance, i, j); average and complete: by (distance, least item of one, least item of the other). */
void oracle_linkage(const double *distances, size_t n_items, psh_linkage method, double *linkage);

/* labels by undoing merges: two items are together if one of the first n_items - n_clusters rows' clusters has both. */
void oracle_cut(const double *linkage, size_t n_items, size_t n_clusters, int64_t *labels);

/* wcss : (k_max), each k from its own cut: sum over clusters of (sum over pairs of d^2) / size. */
void oracle_wcss(const double *distances, const double *linkage, size_t n_items, size_t k_max, double *wcss);

#endif
