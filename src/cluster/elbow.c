/* elbow.c : within-cluster sums of squares for k = 1..k_max, and where their curve bends.
 *
 * For a cluster C let S(C) be the sum of d^2 over its pairs; its sum of squares is S(C) / |C| (for Euclidean distances,
 * the sum of squared distances to the mean). Two clusters that merge have S(A u B) = S(A) + S(B) + X(A, B) with X the
 * sum over the pairs across. So one pass over all pairs is enough for every k: each pair counts in the cluster of the
 * finest cut that has both its items, or in the one merge that brings them together (elbow_codes.c, elbow_distances.c).
 *
 * The elbow is the k whose point lies farthest below the chord from k = 1 to k = k_max, both axes scaled to [0, 1]; the
 * least such k; 1 if no point lies below. (Above the chord would be the k before a drop, not the one after it. Distance
 * to a line is vertical distance times a constant.) */
#include "cluster/elbow.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cluster/linkage.h"

void psh__top_tree_free(psh__top_tree *tree) {
    psh__free(tree->cluster);
    psh__free(tree->order);
    psh__free(tree->begin);
    psh__free(tree->ancestor);
    psh__free(tree->parts);
    psh__free(tree->first);
    psh__free(tree->middle);
    psh__free(tree->end);
}

/* Nodes are items, then rows. position : (2 n_items - 1) of uint32_t, gets for each node of the top tree the first of
 * its clusters in leaf order, and for each node below a cluster of the finest cut that cluster. n_leaves : (2 n_items -
 * 1), gets the number of clusters of a top node. */
static void place_clusters(const double *linkage, size_t n_items, size_t k_max, uint32_t *position,
                           uint32_t *n_leaves) {
    size_t n_rows = n_items - 1, n_bottom = n_items - k_max;
    for (size_t node = 0; node < n_items + n_bottom; node++) n_leaves[node] = 1;
    for (size_t m = n_bottom; m < n_rows; m++)
        n_leaves[n_items + m] = n_leaves[(size_t)linkage[4 * m]] + n_leaves[(size_t)linkage[4 * m + 1]];
    position[2 * n_items - 2] = 0;
    for (size_t m = n_rows; m-- > 0;) {
        size_t a = (size_t)linkage[4 * m], b = (size_t)linkage[4 * m + 1];
        position[a] = position[n_items + m];
        position[b] = m < n_bottom ? position[a] : position[a] + n_leaves[a];
    }
}

static void fill_merges(psh__top_tree *tree, const double *linkage, const uint32_t *position,
                        const uint32_t *n_leaves) {
    size_t n_bottom = tree->n_items - tree->k_max;
    for (size_t t = 0; t < 2 * tree->k_max - 1; t++) tree->ancestor[t] = PSH__NO_MERGE;
    for (size_t t = 0; t + 1 < tree->k_max; t++) {
        const double *row = linkage + 4 * (n_bottom + t);
        size_t a = (size_t)row[0], b = (size_t)row[1];
        tree->first[t] = position[a], tree->middle[t] = position[b], tree->end[t] = position[b] + n_leaves[b];
        for (int i = 0; i < 2; i++) {
            size_t part = (size_t)row[i]; /* a merge of the top tree, or a cluster of the finest cut */
            size_t top =
                part >= tree->n_items + n_bottom ? tree->k_max + (part - tree->n_items - n_bottom) : position[part];
            tree->ancestor[top] = (uint32_t)t;
            tree->parts[t][i] = (uint32_t)top;
        }
    }
}

psh_status psh__top_tree_create(const double *linkage, size_t n_items, size_t k_max, psh__top_tree *dst,
                                psh_error *err) {
    *dst = (psh__top_tree){.n_items = n_items, .k_max = k_max};
    if (n_items < 2) return psh__error(err, PSH_ERR_EMPTY, "elbow of %zu items; at least 2 are needed", n_items);
    if (k_max < 2 || k_max > n_items)
        return psh__error(err, PSH_ERR_PARAMETER, "elbow up to k = %zu; expected 2 to %zu, the number of items", k_max,
                          n_items);
    PSH_TRY(psh__linkage_check(linkage, n_items, err));

    size_t n_nodes = 2 * n_items - 1;
    uint32_t *position = psh__malloc(n_nodes, sizeof *position), *n_leaves = psh__malloc(n_nodes, sizeof *n_leaves);
    dst->cluster = psh__malloc(n_items, sizeof *dst->cluster);
    dst->order = psh__malloc(n_items, sizeof *dst->order);
    dst->begin = psh__calloc(k_max + 2, sizeof *dst->begin);
    dst->ancestor = psh__malloc(2 * k_max - 1, sizeof *dst->ancestor);
    dst->parts = psh__malloc(k_max, sizeof *dst->parts);
    dst->first = psh__malloc(k_max, sizeof *dst->first);
    dst->middle = psh__malloc(k_max, sizeof *dst->middle);
    dst->end = psh__malloc(k_max, sizeof *dst->end);
    psh_status status = PSH_OK;
    if (!position || !n_leaves || !dst->cluster || !dst->order || !dst->begin || !dst->ancestor || !dst->parts ||
        !dst->first || !dst->middle || !dst->end) {
        status = psh__error_memory(err, "top of the dendrogram", 24ull * n_items);
        psh__top_tree_free(dst);
        goto done;
    }
    place_clusters(linkage, n_items, k_max, position, n_leaves);
    fill_merges(dst, linkage, position, n_leaves);

    /* Counting sort by cluster; begin[] is one place ahead while it runs. */
    memcpy(dst->cluster, position, n_items * sizeof *dst->cluster);
    for (size_t i = 0; i < n_items; i++) dst->begin[dst->cluster[i] + 2]++;
    for (size_t c = 2; c < k_max + 2; c++) dst->begin[c] += dst->begin[c - 1];
    for (size_t i = 0; i < n_items; i++) dst->order[dst->begin[dst->cluster[i] + 1]++] = (uint32_t)i;
done:
    psh__free(position);
    psh__free(n_leaves);
    return status;
}

typedef struct term {
    double sum, n_members; /* S(C), |C| */
} term;

/* From the finest cut upward: a merge turns two terms into one. terms : (2 k_max - 1) of scratch. */
static void fill_wcss(const psh__top_tree *tree, const double *sums, term *terms, double *wcss) {
    size_t k_max = tree->k_max;
    double total = 0;
    for (size_t c = 0; c < k_max; c++) {
        terms[c] = (term){sums[c], (double)(tree->begin[c + 1] - tree->begin[c])};
        total += terms[c].sum / terms[c].n_members;
    }
    wcss[k_max - 1] = total;
    for (size_t t = 0; t + 1 < k_max; t++) {
        term a = terms[tree->parts[t][0]], b = terms[tree->parts[t][1]];
        term both = {a.sum + b.sum + sums[k_max + t], a.n_members + b.n_members};
        terms[k_max + t] = both;
        total += both.sum / both.n_members - a.sum / a.n_members - b.sum / b.n_members;
        wcss[k_max - 2 - t] = total;
    }
}

static size_t find_elbow(const double *wcss, size_t k_max) {
    size_t k_best = 1;
    double deepest = 0, range = wcss[0] - wcss[k_max - 1];
    for (size_t k = 2; k < k_max && range > 0; k++) {
        double x = (double)(k - 1) / (double)(k_max - 1), y = (wcss[k - 1] - wcss[k_max - 1]) / range;
        double depth = 1 - x - y;
        if (depth > deepest) deepest = depth, k_best = k;
    }
    return k_best;
}

psh_status psh__elbow_finish(const psh__top_tree *tree, const double *sums, double *wcss, size_t *k_elbow,
                             psh_error *err) {
    for (size_t i = 0; i < 2 * tree->k_max - 1; i++)
        if (!isfinite(sums[i]))
            return psh__error(err, PSH_ERR_NOT_FINITE,
                              "elbow: a sum of squared distances is %g; expected finite distances below 1e150",
                              sums[i]);
    term *terms = psh__malloc(2 * tree->k_max, sizeof *terms);
    if (!terms) return psh__error_memory(err, "elbow", 32ull * tree->k_max);
    fill_wcss(tree, sums, terms, wcss);
    if (k_elbow) *k_elbow = find_elbow(wcss, tree->k_max);
    psh__free(terms);
    return PSH_OK;
}
