/* clusters.c : a clustering and what travels with it. */
#include "cluster/clusters.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "cluster/linkage.h"

/* Labels that psh_cluster_cut() could have made: 0, 1, 2, ... by first appearance. Answers how many, or -1. */
static int64_t count_clusters(const int64_t *labels, size_t n_items) {
    int64_t n_clusters = 0;
    for (size_t i = 0; i < n_items; i++) {
        if (labels[i] < 0 || labels[i] > n_clusters) return -1;
        n_clusters += labels[i] == n_clusters;
    }
    return n_clusters;
}

static psh_status copy_numbers(const void *src, size_t n_items, void *dst, psh_error *err) {
    void *copy = psh__malloc(n_items, sizeof(double));
    if (!copy) return psh__error_memory(err, "clusters", 8ull * n_items);
    memcpy(copy, src, n_items * sizeof(double));
    memcpy(dst, &copy, sizeof copy);
    return PSH_OK;
}

psh_status psh_clusters_create(const int64_t *labels, size_t n_items, const double *linkage, const double *wcss,
                               size_t k_max, psh_clusters **dst, psh_error *err) {
    assert(labels && dst);
    static_assert(sizeof(int64_t) == sizeof(double), "copy_numbers()");
    if (n_items < 1) return psh__error(err, PSH_ERR_EMPTY, "clusters of 0 items; at least 1 is needed");
    int64_t n_clusters = count_clusters(labels, n_items);
    if (n_clusters < 0)
        return psh__error(err, PSH_ERR_DATA,
                          "cluster labels of %zu items are not numbered 0, 1, 2, ... by first appearance; renumber "
                          "them as psh_cluster_cut() does",
                          n_items);
    if (linkage) PSH_TRY(psh__linkage_check(linkage, n_items, err));
    if (wcss && (k_max < 1 || k_max > n_items))
        return psh__error(err, PSH_ERR_SHAPE, "elbow of %zu values for %zu items; expected 1 to %zu", k_max, n_items,
                          n_items);

    psh_status status = PSH_OK;
    psh_clusters *clusters = psh__calloc(1, sizeof *clusters);
    if (!clusters) return psh__error_memory(err, "clusters", sizeof *clusters);
    clusters->n_items = n_items, clusters->n_clusters = (size_t)n_clusters;
    PSH_TRY_GOTO(copy_numbers(labels, n_items, &clusters->labels, err));
    if (linkage) PSH_TRY_GOTO(copy_numbers(linkage, 4 * (n_items - 1), &clusters->linkage, err));
    if (wcss) {
        clusters->k_max = k_max;
        PSH_TRY_GOTO(copy_numbers(wcss, k_max, &clusters->wcss, err));
    }
    status = psh_meta_create(&clusters->meta, err);
done:
    if (status == PSH_OK)
        *dst = clusters;
    else
        psh_clusters_free(clusters);
    return status;
}

void psh_clusters_free(psh_clusters *clusters) {
    if (!clusters) return;
    psh__free(clusters->labels);
    psh__free(clusters->linkage);
    psh__free(clusters->wcss);
    psh__free(clusters->names);
    psh_meta_free(clusters->meta);
    psh__free(clusters);
}

/* Pointers and characters in one block. */
psh_status psh_clusters_set_names(psh_clusters *clusters, const char *const *names, psh_error *err) {
    size_t n_bytes = 0;
    bool fits = psh__size_mul(clusters->n_items, sizeof(char *), &n_bytes);
    for (size_t i = 0; fits && i < clusters->n_items; i++)
        fits = psh__size_add(n_bytes, strlen(names[i]) + 1, &n_bytes);
    char **copy = fits ? psh__malloc(n_bytes, 1) : NULL;
    if (!copy) return psh__error_memory(err, "names", n_bytes);
    char *at = (char *)(copy + clusters->n_items);
    for (size_t i = 0; i < clusters->n_items; i++) {
        size_t text_bytes = strlen(names[i]) + 1;
        copy[i] = memcpy(at, names[i], text_bytes);
        at += text_bytes;
    }
    psh__free(clusters->names);
    clusters->names = copy;
    return PSH_OK;
}

size_t psh_clusters_n_items(const psh_clusters *clusters) {
    return clusters->n_items;
}
size_t psh_clusters_n_clusters(const psh_clusters *clusters) {
    return clusters->n_clusters;
}
const int64_t *psh_clusters_labels(const psh_clusters *clusters) {
    return clusters->labels;
}
const double *psh_clusters_linkage(const psh_clusters *clusters) {
    return clusters->linkage;
}
const double *psh_clusters_wcss(const psh_clusters *clusters, size_t *k_max) {
    *k_max = clusters->k_max;
    return clusters->wcss;
}
const char *psh_clusters_name(const psh_clusters *clusters, size_t i_item) {
    assert(i_item < clusters->n_items);
    return clusters->names ? clusters->names[i_item] : "";
}
psh_meta *psh_clusters_meta(psh_clusters *clusters) {
    return clusters->meta;
}
const psh_meta *psh_clusters_meta_const(const psh_clusters *clusters) {
    return clusters->meta;
}
