/* elbow_distances.c : the elbow's sums from all pairs, read once in the order in which they lie.
 *
 * A row is first summed by the clusters of its other items. Since clusters are in leaf order, each merge above the
 * row's own cluster then takes the range on its other side. Rows are split into N_BLOCKS blocks of about as many pairs,
 * whose sums are added in order: the same result for any number of threads. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cluster/elbow.h"
#include "cluster/rows.h"

#define N_BLOCKS 64

/* First row of block b: the rows before it hold b / N_BLOCKS of all pairs, or a little more. */
static size_t block_begin(size_t n_items, size_t b) {
    double n_before = (double)n_items * (double)(n_items - 1) / 2 * (double)b / N_BLOCKS;
    size_t low = 0, high = n_items - 1;
    while (low < high) {
        size_t i = low + (high - low) / 2;
        if ((double)psh__pair_index(n_items, i, i + 1) >= n_before)
            high = i;
        else
            low = i + 1;
    }
    return low;
}

/* row : (n_items - i - 1). by_cluster : (k_max) of scratch. sums : (2 k_max - 1). */
static void add_row(const psh__top_tree *tree, size_t i, const double *row, double *by_cluster, double *sums) {
    const uint32_t *other = tree->cluster + i + 1, own = tree->cluster[i];
    memset(by_cluster, 0, tree->k_max * sizeof *by_cluster);
    for (size_t k = 0; k < tree->n_items - i - 1; k++) by_cluster[other[k]] += row[k] * row[k];
    sums[own] += by_cluster[own];
    for (uint32_t t = tree->ancestor[own]; t != PSH__NO_MERGE; t = tree->ancestor[tree->k_max + t]) {
        uint32_t begin = own < tree->middle[t] ? tree->middle[t] : tree->first[t];
        uint32_t end = own < tree->middle[t] ? tree->end[t] : tree->middle[t];
        double sum = 0;
        for (uint32_t c = begin; c < end; c++) sum += by_cluster[c];
        sums[tree->k_max + t] += sum;
    }
}

static psh_status add_block(const psh__top_tree *tree, const psh_distances *distances, size_t b, double *sums,
                            psh_error *err) {
    double *row = psh__malloc(tree->n_items, sizeof *row);
    double *by_cluster = psh__malloc(tree->k_max, sizeof *by_cluster);
    psh_status status = PSH_OK;
    if (!row || !by_cluster) {
        status = psh__error_memory(err, "elbow", 8ull * (tree->n_items + tree->k_max));
        goto done;
    }
    for (size_t i = block_begin(tree->n_items, b); i < block_begin(tree->n_items, b + 1); i++) {
        psh__condensed_row(distances, i, row);
        PSH_TRY_GOTO(psh__check_row(row, tree->n_items - i - 1, i, i + 1, false, err));
        add_row(tree, i, row, by_cluster, sums);
    }
done:
    psh__free(row);
    psh__free(by_cluster);
    return status;
}

psh_status psh_cluster_elbow_distances(const psh_distances *distances, const double *linkage, size_t k_max,
                                       int n_threads, double *wcss, size_t *k_elbow, psh_error *err) {
    psh__top_tree tree;
    PSH_TRY(psh__top_tree_create(linkage, psh_distances_n_items(distances), k_max, &tree, err));
    size_t n_sums = 2 * k_max - 1;
    double *sums = psh__calloc(N_BLOCKS * n_sums, sizeof *sums);
    psh_error errors[N_BLOCKS];
    psh_status statuses[N_BLOCKS], status = PSH_OK;
    if (!sums) {
        status = psh__error_memory(err, "elbow", 8ull * N_BLOCKS * n_sums);
        goto done;
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(psh_cpu_threads(n_threads))
    for (int b = 0; b < N_BLOCKS; b++)
        statuses[b] = add_block(&tree, distances, (size_t)b, sums + (size_t)b * n_sums, &errors[b]);

    for (size_t b = 0; b < N_BLOCKS; b++) {
        if (statuses[b] != PSH_OK) {
            if (err) *err = errors[b];
            status = statuses[b];
            goto done;
        }
        for (size_t i = 0; b > 0 && i < n_sums; i++) sums[i] += sums[b * n_sums + i];
    }
    status = psh__elbow_finish(&tree, sums, wcss, k_elbow, err);
done:
    psh__top_tree_free(&tree);
    psh__free(sums);
    return status;
}
