/* cmd_cluster.c : hierarchical clustering of codes or distances; that of diagrams is in cluster_barycentre.c. */
#include <stdio.h>
#include <stdlib.h>

#include "cluster_barycentre.h"
#include "hamming.h"

#define ELBOW_DEFAULT 20

/* What is clustered: codes or distances, one of them NULL. */
typedef struct items {
    psh_codes *codes;
    psh_distances *distances;
    size_t n_items;
} items;

static psh_status read_items(const char *path, items *dst, psh_error *err) {
    psh_file_kind kind;
    CLI_TRY(psh_file_detect(path, &kind, err));
    if (kind == PSH_FILE_CODES) {
        CLI_TRY(psh_codes_read(path, &dst->codes, err));
        dst->n_items = psh_codes_count(dst->codes);
    } else if (kind == PSH_FILE_DISTANCES) {
        CLI_TRY(psh_distances_read(path, &dst->distances, err));
        dst->n_items = psh_distances_n_items(dst->distances);
    } else {
        return cli_fail(err, PSH_ERR_DATA,
                        "%s: holds neither codes nor distances; run persihash encode or persihash distance first",
                        path);
    }
    if (dst->n_items < 2)
        return cli_fail(err, PSH_ERR_EMPTY, "%s: %zu item%s; clustering needs at least 2", path, dst->n_items,
                        dst->n_items == 1 ? "" : "s");
    return PSH_OK;
}

/* Average and complete linkage of codes go through their distances. */
static psh_status link_items(cli *c, items *it, psh_linkage method, double *linkage, psh_error *err) {
    if (it->codes && method == PSH_LINKAGE_SINGLE)
        return psh_linkage_codes(psh_codes_data(it->codes), it->n_items, psh_codes_n_bytes(it->codes), c->n_threads,
                                 &c->progress, linkage, err);
    if (it->codes) CLI_TRY(cli_hamming(it->codes, c->n_threads, &it->distances, err));
    return psh_linkage_distances(it->distances, method, c->n_threads, &c->progress, linkage, err);
}

static psh_status find_elbow(cli *c, const items *it, const double *linkage, size_t k_max, double *wcss, size_t *k,
                             psh_error *err) {
    if (it->codes)
        return psh_cluster_elbow_codes(psh_codes_data(it->codes), it->n_items, psh_codes_n_bytes(it->codes), linkage,
                                       k_max, c->n_threads, wcss, k, err);
    return psh_cluster_elbow_distances(it->distances, linkage, k_max, c->n_threads, wcss, k, err);
}

static void say_sizes(const cli *c, const psh_clusters *clusters) {
    size_t n_clusters = psh_clusters_n_clusters(clusters), n_largest = 0, n_singletons = 0;
    size_t *sizes = calloc(n_clusters + 1, sizeof *sizes);
    if (!sizes) return;
    for (size_t i = 0; i < psh_clusters_n_items(clusters); i++) sizes[psh_clusters_labels(clusters)[i]]++;
    for (size_t i = 0; i < n_clusters; i++) {
        if (sizes[i] > n_largest) n_largest = sizes[i];
        n_singletons += sizes[i] == 1;
    }
    cli_say(c, "%zu clusters; the largest has %zu of %zu items, %zu have a single one\n", n_clusters, n_largest,
            psh_clusters_n_items(clusters), n_singletons);
    psh_meta_set_integer(c->summary, "n_clusters", (int64_t)n_clusters);
    psh_meta_set_integer(c->summary, "n_largest", (int64_t)n_largest);
    psh_meta_set_integer(c->summary, "n_singletons", (int64_t)n_singletons);
    free(sizes);
}

static psh_status check_linkage(const cli *c, psh_error *err) {
    static const char *const others[] = {"barycentres", "pool",   "dims",       "essential",
                                         "time-limit",  "starts", "iterations", NULL};
    for (int i = 0; others[i]; i++)
        if (cli_flag(c, others[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s is for --method barycentre", others[i]);
    return PSH_OK;
}

static psh_status run_linkage(cli *c, const char *path, psh_error *err) {
    static const char *const methods[] = {"single", "average", "complete", NULL};
    items it = {0};
    double *linkage = NULL, *wcss = NULL;
    int64_t *labels = NULL;
    psh_clusters *clusters = NULL;
    long long k_wanted, k_limit;
    int method;
    psh_status status;

    CLI_TRY(check_linkage(c, err));
    CLI_TRY(cli_choice(c, "linkage", methods, 0, &method, err));
    CLI_TRY(cli_integer(c, "clusters", 1, INT64_MAX, 0, &k_wanted, err));
    CLI_TRY(cli_integer(c, "elbow-max", 2, 100000, ELBOW_DEFAULT, &k_limit, err));
    if (k_wanted && cli_flag(c, "elbow"))
        return cli_fail(err, PSH_ERR_PARAMETER, "-k and --elbow exclude each other; --elbow finds k by itself");
    CLI_TRY_GOTO(read_items(c->arguments[0], &it, err));
    size_t n = it.n_items, k = (size_t)k_wanted, k_max = (size_t)k_limit < n ? (size_t)k_limit : n;
    if (k > n) {
        status = cli_fail(err, PSH_ERR_PARAMETER, "-k %zu: there are only %zu items", k, n);
        goto done;
    }
    linkage = malloc((n + 1) * 4 * sizeof *linkage), labels = malloc((n + 1) * sizeof *labels),
    wcss = malloc((k_max + 1) * sizeof *wcss);
    if (!linkage || !labels || !wcss) {
        status = cli_fail(err, PSH_ERR_MEMORY, "no memory for a linkage of %zu items", n);
        goto done;
    }
    double start = cli_seconds();
    CLI_TRY_GOTO(link_items(c, &it, (psh_linkage)method, linkage, err));
    double seconds = cli_seconds() - start;
    if (!k) CLI_TRY_GOTO(find_elbow(c, &it, linkage, k_max, wcss, &k, err));
    CLI_TRY_GOTO(psh_cluster_cut(linkage, n, k, labels, err));
    CLI_TRY_GOTO(psh_clusters_create(labels, n, linkage, k_wanted ? NULL : wcss, k_wanted ? 0 : k_max, &clusters, err));
    CLI_TRY_GOTO(cli_stamp(c, psh_clusters_meta(clusters),
                           it.codes ? psh_codes_meta(it.codes) : psh_distances_meta(it.distances), err));
    psh_meta_set_text(psh_clusters_meta(clusters), "linkage", methods[method]);
    psh_meta_set_integer(psh_clusters_meta(clusters), "k", (int64_t)k);
    CLI_TRY_GOTO(psh_clusters_write(clusters, path, err));
    psh_progress_end(&c->bar);
    if (!k_wanted) cli_say(c, "elbow of the within-cluster sum of squares up to k = %zu: k = %zu\n", k_max, k);
    cli_say(c, "%s linkage of %zu items in %.3g s\n", methods[method], n, seconds);
    say_sizes(c, clusters);
    psh_meta_set_text(c->summary, "linkage", methods[method]);
    psh_meta_set_number(c->summary, "seconds_linkage", seconds);
    psh_meta_set_text(c->summary, "output", path);
done:
    psh_clusters_free(clusters);
    free(wcss), free(labels), free(linkage);
    psh_distances_free(it.distances);
    psh_codes_free(it.codes);
    return status;
}

static psh_status run(cli *c, psh_error *err) {
    static const char *const methods[] = {"linkage", "barycentre", NULL};
    const char *path;
    int method;
    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 1, err));
    CLI_TRY(cli_choice(c, "method", methods, 0, &method, err));
    return method ? cluster_barycentre(c, path, err) : run_linkage(c, path, err);
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "labels and linkage (.npz)"},
    {"method", 0, "METHOD",
     "linkage (default) of codes or distances; barycentre: k-means of diagrams with Wasserstein barycentres"},
    {"linkage", 'l', "METHOD", "single (default), average, complete"},
    {"clusters", 'k', "K", "cut the tree into K clusters; barycentre: so many barycentres"},
    {"elbow", 0, NULL, "let the elbow of the within-cluster sum of squares choose k (default without -k)"},
    {"elbow-max", 0, "K", "largest k that the elbow looks at (default: 20)"},
    {"barycentres", 0, "FILE", "barycentre: write the barycentres, a diagram for each cluster"},
    {"pool", 0, NULL, "barycentre: ignore homology dimensions"},
    {"dims", 0, "LIST", "barycentre: homology dimensions, like 0,1 (default: all)"},
    {"essential", 0, "POLICY", "barycentre: infinite classes: drop, clamp=VALUE (default: refused)"},
    {"time-limit", 0, "SECONDS", "barycentre: stop then with the best so far"},
    {"starts", 0, "N", "barycentre: the best of N starts (default: 5)"},
    {"iterations", 0, "N", "barycentre: at most N a start (default: 100)"},
    {0}};

const cli_command cmd_cluster = {
    "cluster", "clusters of codes, distances or diagrams", "FILE -o clusters.npz", NULL, options, run};
