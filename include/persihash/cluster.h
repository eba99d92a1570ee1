/* SPDX-License-Identifier: MIT
 * cluster.h : hierarchical clustering and maps (MDS).
 *
 * Linkage is SciPy's: row m merges clusters Z[m][0] < Z[m][1] (items are 0..N-1, the cluster of row m is N + m) at
 * height Z[m][2]; Z[m][3] items are in it. Ties are broken by index, so there is one right result, the same bytes at
 * every SIMD level and number of threads: single linkage is Kruskal's algorithm on all pairs of items i < j in the
 * order (distance, i, j); average and complete linkage choose as SciPy does (docs/math/linkage.md). */
#ifndef PERSIHASH_CLUSTER_H
#define PERSIHASH_CLUSTER_H

#include "code.h"
#include "distance.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum psh_linkage { PSH_LINKAGE_SINGLE = 0, PSH_LINKAGE_AVERAGE = 1, PSH_LINKAGE_COMPLETE = 2 } psh_linkage;

/* psh_linkage_codes() :
 * Single linkage straight from codes : (n_items, n_bytes), 1 <= n_bytes <= 128 (assert), as a minimum spanning tree: no
 * N x N matrix, memory O(N). linkage : (n_items - 1, 4) float64. Cost: n_items^2 / 2 code comparisons; 10,000 codes of
 * 64 bits take about 9 ms on one AVX-512 core. Errors: PSH_ERR_EMPTY (n_items < 2), PSH_ERR_PARAMETER (more than 2^26 -
 * 1), PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. */
PSH_API psh_status psh_linkage_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, int n_threads,
                                     const psh_progress *progress, double *linkage, psh_error *err);

/* psh_linkage_distances() :
 * Any linkage from all pairs. Single: O(N) memory, the matrix is read once from its end to its beginning. Average and
 * complete: nearest-neighbour chain on a working copy, float64 (complete linkage of anything but float64: float32,
 * which is exact), O(N^2). Infinite distances are allowed and join last. All of it runs on one thread. Errors:
 * PSH_ERR_EMPTY (fewer than 2 items), PSH_ERR_PARAMETER (method), PSH_ERR_DATA (a negative distance),
 * PSH_ERR_NOT_FINITE (NaN), PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. */
PSH_API psh_status psh_linkage_distances(const psh_distances *distances, psh_linkage method, int n_threads,
                                         const psh_progress *progress, double *linkage, psh_error *err);

/* psh_cluster_cut() :
 * labels : (n_items) int64 in [0, n_clusters), numbered by first appearance. The n_clusters - 1 last merges are undone.
 * Errors: PSH_ERR_EMPTY (no items), PSH_ERR_PARAMETER (not 1 <= n_clusters <= n_items), PSH_ERR_DATA (linkage is no
 * tree over n_items), PSH_ERR_MEMORY. linkage may be NULL for one item. */
PSH_API psh_status psh_cluster_cut(const double *linkage, size_t n_items, size_t n_clusters, int64_t *labels,
                                   psh_error *err);

/* psh_cluster_elbow_codes(), psh_cluster_elbow_distances() :
 * Within-cluster sum of squared distances for k = 1..k_max (paper, section 4.2): for each cluster the sum over its
 * pairs of d^2, divided by its size. wcss : (k_max). *k_elbow (may be NULL): the k whose point lies farthest below the
 * chord between the curve's ends (axes scaled to [0, 1]), the least of equals, 1 if none lies below. Both merge
 * bottom-up: the sum of a merged cluster is that of its parts plus the cross sum, so all N^2 / 2 pairs are visited
 * once, whatever k_max; from codes the sums are exact. Errors: PSH_ERR_EMPTY (fewer than 2 items), PSH_ERR_PARAMETER
 * (not 2 <= k_max <= n_items), PSH_ERR_DATA (linkage is no tree over n_items), PSH_ERR_NOT_FINITE (an infinite
 * distance), PSH_ERR_MEMORY. */
PSH_API psh_status psh_cluster_elbow_distances(const psh_distances *distances, const double *linkage, size_t k_max,
                                               int n_threads, double *wcss, size_t *k_elbow, psh_error *err);
PSH_API psh_status psh_cluster_elbow_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, const double *linkage,
                                           size_t k_max, int n_threads, double *wcss, size_t *k_elbow, psh_error *err);

/* --- Cluster files: labels (N,) int64, linkage (N-1, 4), wcss (k_max,) if the elbow was asked for, names (N,)
 * optional, meta ---------------------------------- */
typedef struct psh_clusters psh_clusters;
/* psh_clusters_create() :
 * Copies of labels : (n_items), numbered by first appearance as psh_cluster_cut() does; linkage : (n_items - 1, 4) or
 * NULL; wcss : (k_max) or NULL. Errors: PSH_ERR_EMPTY, PSH_ERR_DATA (labels or linkage are none), PSH_ERR_SHAPE
 * (k_max), PSH_ERR_MEMORY. */
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
/* Errors of reading: PSH_ERR_FILE_*, PSH_ERR_FORMAT, PSH_ERR_CORRUPT, PSH_ERR_SHAPE, PSH_ERR_DATA, PSH_ERR_MEMORY. */
PSH_API psh_status psh_clusters_read(const char *path, psh_clusters **dst, psh_error *err);
PSH_API psh_status psh_clusters_write(const psh_clusters *clusters, const char *path, psh_error *err);

/* --- Maps -------------------------------------------------------------------------------------------------------- */

/* psh_mds_codes(), psh_mds_distances() :
 * Classical MDS (Torgerson) in n_axes dimensions; landmark MDS (de Silva, Tenenbaum 2004; landmarks by farthest-point
 * choice, seeded) when n_items is above n_landmarks (0: 2000). xy : (n_items, n_axes) float64, axes by falling
 * eigenvalue, the sign of each such that its largest entry in absolute value is positive; axes without a positive
 * eigenvalue are 0. *explained (may be NULL): share of the positive eigenvalues' sum in the axes kept. Cost: with n the
 * lesser of n_items and n_landmarks, 8 n^2 bytes and 4/3 n^3 operations (0.3 s for 2000), and 2 n n_items distances.
 * The same bytes for any n_threads. Threads: calls wait for each other, since LAPACK is held to one thread meanwhile.
 * Errors: PSH_ERR_EMPTY (no items), PSH_ERR_PARAMETER (n_axes < 1, or n_landmarks not above n_axes),
 * PSH_ERR_NOT_FINITE, PSH_ERR_DATA (a negative distance), PSH_ERR_NOT_CONVERGED, PSH_ERR_MEMORY. */
PSH_API psh_status psh_mds_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, int n_axes, size_t n_landmarks,
                                 uint64_t seed, int n_threads, double *xy, double *explained, psh_error *err);
PSH_API psh_status psh_mds_distances(const psh_distances *distances, int n_axes, size_t n_landmarks, uint64_t seed,
                                     int n_threads, double *xy, double *explained, psh_error *err);
/* psh_mds_write() : xy as .npy (n_items, n_axes) float64, metadata as JSON beside it. */
PSH_API psh_status psh_mds_write(const double *xy, size_t n_items, int n_axes, const psh_meta *meta, const char *path,
                                 psh_error *err);

/* --- Clusters of diagrams, with barycentres ----------------------------------------------------------------------- */

/* W2 with ground metric L2 throughout: there alone the mean of matched points is the best place for their barycentre.
 * Squared distances add up over homology dimensions, which never match each other unless pooled. */
typedef struct psh_barycentre_params {
    size_t struct_bytes;
    bool pool;          /* ignore homology dimensions */
    uint32_t dims_mask; /* 0: all */
    double time_limit;  /* seconds; 0: none */
    int max_iterations; /* 0: 100 */
    int n_starts;       /* the best of so many, by energy; 0: 5 */
    uint64_t seed;
} psh_barycentre_params;

typedef struct psh_barycentre_report {
    size_t struct_bytes; /* in: sizeof */
    size_t n_clusters;   /* found: k, or fewer if there are fewer distinct diagrams */
    double energy;       /* sum over the diagrams of the squared distance to their barycentre */
    double first_energy; /* the same after the seeding of the best start, with diagrams for centres */
    int n_iterations;    /* of the best start */
    size_t n_matchings;  /* solved, over all starts */
    bool is_stopped_by_time;
} psh_barycentre_report;

/* psh_cluster_barycentre() :
 * k-means of diagrams (Vidal, Budin, Tierny 2020; docs/math/barycentre.md). labels : (N), numbered by first
 * appearance. *barycentres (may be NULL): a new set with one diagram for each label, a local minimum of the energy;
 * k = 1 is the barycentre of the set. Points on the diagonal are left out of it. The energy never rises from one
 * iteration to the next. The same bytes for any n_threads unless the time limit strikes: the result is then the best so
 * far. What is done at least, whatever the limit, is the seeding of one start. Cost: at most N k matchings an
 * iteration; the triangle inequality saves most of them later on. Errors: PSH_ERR_EMPTY (no diagrams),
 * PSH_ERR_PARAMETER (not 1 <= k <= N, or a param), PSH_ERR_DATA (an infinite death, a coordinate above 1e150 in
 * absolute value), PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. */
PSH_API psh_status psh_cluster_barycentre(const psh_diagrams *set, size_t k, const psh_barycentre_params *params,
                                          int n_threads, const psh_progress *progress, int64_t *labels,
                                          psh_diagrams **barycentres, psh_barycentre_report *report, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
