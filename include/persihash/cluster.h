/* SPDX-License-Identifier: MIT
 * cluster.h : hierarchical clustering and maps (MDS).
 *
 * Linkage is SciPy's: row m merges clusters Z[m][0] < Z[m][1] (items are 0..N-1, the cluster of row m is N + m) at
 * height Z[m][2]; Z[m][3] items are in it. Ties are broken by index (the pair (i, j), i < j, least first), so the
 * result is one and the same for any number of threads. */
#ifndef PERSIHASH_CLUSTER_H
#define PERSIHASH_CLUSTER_H

#include "code.h"
#include "distance.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum psh_linkage { PSH_LINKAGE_SINGLE = 0, PSH_LINKAGE_AVERAGE = 1, PSH_LINKAGE_COMPLETE = 2 } psh_linkage;

/* psh_linkage_codes() :
 * Single linkage straight from codes : (n_items, n_bytes), as a minimum spanning tree: no N x N matrix, memory O(N).
 * linkage : (n_items - 1, 4) float64. Cost: n_items^2 / 2 code comparisons. Errors: PSH_ERR_EMPTY (n_items < 2),
 * PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. */
PSH_API psh_status psh_linkage_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, int n_threads,
                                     const psh_progress *progress, double *linkage, psh_error *err);

/* psh_linkage_distances() :
 * Any linkage from all pairs. Single: minimum spanning tree, O(N) memory; average and complete: nearest-neighbour chain
 * on a float32/float64 working copy of the condensed matrix. */
PSH_API psh_status psh_linkage_distances(const psh_distances *distances, psh_linkage method, int n_threads,
                                         const psh_progress *progress, double *linkage, psh_error *err);

/* psh_cluster_cut() :
 * labels : (n_items) int64 in [0, n_clusters), numbered by first appearance. The n_clusters - 1 last merges are undone.
 * 1 <= n_clusters <= n_items. */
PSH_API psh_status psh_cluster_cut(const double *linkage, size_t n_items, size_t n_clusters, int64_t *labels,
                                   psh_error *err);

/* psh_cluster_elbow_codes(), psh_cluster_elbow_distances() :
 * Within-cluster sum of squared distances for k = 1..k_max (paper, section 4.2): for each cluster the sum over its
 * pairs of d^2, divided by its size. wcss : (k_max). *k_elbow: the k whose point lies farthest from the chord between
 * the curve's ends (k_max >= 2; axes scaled to [0, 1]). Both merge bottom-up: the sum of a
 * merged cluster is that of its parts plus the cross sum, so all N^2 / 2 pairs are visited once, whatever k_max. */
PSH_API psh_status psh_cluster_elbow_distances(const psh_distances *distances, const double *linkage, size_t k_max,
                                               int n_threads, double *wcss, size_t *k_elbow, psh_error *err);
PSH_API psh_status psh_cluster_elbow_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, const double *linkage,
                                           size_t k_max, int n_threads, double *wcss, size_t *k_elbow, psh_error *err);

/* --- Cluster files: labels (N,) int64, linkage (N-1, 4), wcss (k_max,) if the elbow was asked for, names (N,)
 * optional, meta ---------------------------------- */
typedef struct psh_clusters psh_clusters;
PSH_API psh_status psh_clusters_create(const int64_t *labels, size_t n_items, const double *linkage, const double *wcss,
                                       size_t k_max, psh_clusters **dst, psh_error *err);
PSH_API void psh_clusters_free(psh_clusters *clusters); /* NULL is fine */
PSH_API size_t psh_clusters_n_items(const psh_clusters *clusters);
PSH_API size_t psh_clusters_n_clusters(const psh_clusters *clusters);
PSH_API const int64_t *psh_clusters_labels(const psh_clusters *clusters);
PSH_API const double *psh_clusters_linkage(const psh_clusters *clusters);             /* (N - 1, 4) or NULL */
PSH_API const double *psh_clusters_wcss(const psh_clusters *clusters, size_t *k_max); /* (k_max) or NULL */
/* names : (N), copied. */
PSH_API psh_status psh_clusters_set_names(psh_clusters *clusters, const char *const *names, psh_error *err);
PSH_API const char *psh_clusters_name(const psh_clusters *clusters, size_t i_item); /* "" if it has none */
PSH_API psh_meta *psh_clusters_meta(psh_clusters *clusters);
PSH_API const psh_meta *psh_clusters_meta_const(const psh_clusters *clusters);
PSH_API psh_status psh_clusters_read(const char *path, psh_clusters **dst, psh_error *err);
PSH_API psh_status psh_clusters_write(const psh_clusters *clusters, const char *path, psh_error *err);

/* --- Maps
 * -------------------------------------------------------------------------------------------------------------- */

/* psh_mds_codes(), psh_mds_distances() :
 * Classical MDS (Torgerson) in n_axes dimensions; landmark MDS (de Silva, Tenenbaum 2004; landmarks by farthest-point
 * choice, seeded) when n_items is above n_landmarks (0: 2000). xy : (n_items, n_axes) float64, axes by falling
 * eigenvalue, the sign of each such that its largest entry in absolute value is positive. *explained (may be NULL):
 * share of the positive eigenvalues' sum in the axes kept. */
PSH_API psh_status psh_mds_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, int n_axes, size_t n_landmarks,
                                 uint64_t seed, int n_threads, double *xy, double *explained, psh_error *err);
PSH_API psh_status psh_mds_distances(const psh_distances *distances, int n_axes, size_t n_landmarks, uint64_t seed,
                                     int n_threads, double *xy, double *explained, psh_error *err);
/* psh_mds_write() : xy as .npy (n_items, n_axes) float64, metadata as JSON beside it. */
PSH_API psh_status psh_mds_write(const double *xy, size_t n_items, int n_axes, const psh_meta *meta, const char *path,
                                 psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
