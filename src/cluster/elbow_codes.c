/* elbow_codes.c : the elbow's sums straight from codes: no distance is stored, and all sums are integers.
 *
 * Codes are laid out in the order of the dendrogram's leaves, so what an item has to be compared with is one range for
 * its own cluster, and one for each merge above it. */
#include <omp.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cluster/codes_kernels.h"
#include "cluster/elbow.h"

/* Adds the pairs of slot `slot` with later ones. sums : (2 k_max - 1). */
static void add_slot(const psh__top_tree *tree, const psh__planes *planes, const psh__codes_kernels *kernels,
                     size_t slot, uint64_t *sums) {
    uint64_t code[PSH__CODE_MAX_WORDS];
    uint32_t cluster = tree->cluster[tree->order[slot]];
    psh__planes_copy_code(planes, slot, code);
    sums[cluster] += kernels->sum_squares(planes, code, slot + 1, tree->begin[cluster + 1]);
    for (uint32_t t = tree->ancestor[cluster]; t != PSH__NO_MERGE; t = tree->ancestor[tree->k_max + t])
        if (cluster < tree->middle[t])
            sums[tree->k_max + t] +=
                kernels->sum_squares(planes, code, tree->begin[tree->middle[t]], tree->begin[tree->end[t]]);
}

psh_status psh_cluster_elbow_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, const double *linkage,
                                   size_t k_max, int n_threads, double *wcss, size_t *k_elbow, psh_error *err) {
    psh__top_tree tree;
    psh__planes planes = {0};
    PSH_TRY(psh__top_tree_create(linkage, n_items, k_max, &tree, err));
    size_t n_team = (size_t)psh_cpu_threads(n_threads), n_sums = 2 * k_max - 1;
    uint64_t *sums = psh__calloc(n_team * n_sums, sizeof *sums); /* of each thread */
    double *totals = psh__malloc(n_sums, sizeof *totals);
    psh_status status = PSH_OK;
    if (!sums || !totals) {
        status = psh__error_memory(err, "elbow", 8ull * n_sums * (n_team + 1));
        goto done;
    }
    PSH_TRY_GOTO(psh__planes_create(n_items, n_bytes, &planes, err));
    psh__planes_fill(&planes, codes, n_items, n_bytes, tree.order);
    const psh__codes_kernels *kernels = psh__codes_kernels_get();
#pragma omp parallel for schedule(dynamic, 64) num_threads((int)n_team)
    for (size_t slot = 0; slot < n_items; slot++)
        add_slot(&tree, &planes, kernels, slot, sums + (size_t)omp_get_thread_num() * n_sums);

    for (size_t i = 0; i < n_sums; i++) {
        for (size_t t = 1; t < n_team; t++) sums[i] += sums[t * n_sums + i];
        totals[i] = (double)sums[i];
    }
    status = psh__elbow_finish(&tree, totals, wcss, k_elbow, err);
done:
    psh__planes_free(&planes);
    psh__top_tree_free(&tree);
    psh__free(sums);
    psh__free(totals);
    return status;
}
