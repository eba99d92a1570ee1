/* cluster_barycentre.c : k-means of diagrams with Wasserstein barycentres. */
#include "cluster_barycentre.h"

#include <stdlib.h>

static psh_status read_options(const cli *c, psh_barycentre_params *params, long long *k, psh_error *err) {
    static const char *const others[] = {"linkage", "elbow", "elbow-max", NULL};
    long long n_starts, n_iterations;
    for (int i = 0; others[i]; i++)
        if (cli_flag(c, others[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s says nothing about --method barycentre", others[i]);
    CLI_TRY(cli_integer(c, "clusters", 1, INT64_MAX, 0, k, err));
    if (!*k) return cli_fail(err, PSH_ERR_PARAMETER, "--method barycentre needs the number of clusters; give -k K");
    CLI_TRY(cli_dims(c, &params->dims_mask, err));
    CLI_TRY(cli_number(c, "time-limit", 0, 1e9, 0, &params->time_limit, err));
    CLI_TRY(cli_integer(c, "starts", 1, 10000, 0, &n_starts, err));
    CLI_TRY(cli_integer(c, "iterations", 1, 1000000, 0, &n_iterations, err));
    params->n_starts = (int)n_starts, params->max_iterations = (int)n_iterations;
    params->pool = cli_flag(c, "pool"), params->seed = c->seed;
    return PSH_OK;
}

/* Infinite deaths stay unless --essential says otherwise: the library refuses them, since leaving them out unasked
 * would change the clusters. */
static psh_status read_set(cli *c, psh_diagrams **dst, psh_error *err) {
    const char *path = c->arguments[0];
    psh_essential policy = PSH_ESSENTIAL_KEEP;
    double value = 0;
    size_t n_essential;
    if (cli_flag(c, "essential")) CLI_TRY(cli_essential(c, &policy, &value, err));
    CLI_TRY(psh_diagrams_read(path, PSH_DIAGRAM_AUTO, policy, value, dst, &n_essential, err));
    if (n_essential) cli_say(c, "%zu essential classes left out or changed (--essential)\n", n_essential);
    size_t n = psh_diagrams_count(*dst);
    if (n < 2)
        return cli_fail(err, PSH_ERR_EMPTY, "%s: %zu diagram%s; clustering needs at least 2", path, n,
                        n == 1 ? "" : "s");
    return PSH_OK;
}

static void describe(psh_meta *meta, const psh_barycentre_report *report) {
    psh_meta_set_text(meta, "method", "barycentre");
    psh_meta_set_text(meta, "metric", "wasserstein");
    psh_meta_set_integer(meta, "order", 2);
    psh_meta_set_text(meta, "ground", "L2");
    psh_meta_set_integer(meta, "k", (int64_t)report->n_clusters);
    psh_meta_set_number(meta, "energy", report->energy);
    psh_meta_set_integer(meta, "n_iterations", report->n_iterations);
    psh_meta_set_bool(meta, "stopped_by_time", report->is_stopped_by_time);
}

static psh_status write_clusters(const cli *c, const psh_diagrams *set, const int64_t *labels,
                                 const psh_barycentre_report *report, const char *path, psh_error *err) {
    psh_clusters *clusters = NULL;
    psh_status status;
    CLI_TRY_GOTO(psh_clusters_create(labels, psh_diagrams_count(set), NULL, NULL, 0, &clusters, err));
    CLI_TRY_GOTO(cli_stamp(c, psh_clusters_meta(clusters), psh_diagrams_meta_const(set), err));
    describe(psh_clusters_meta(clusters), report);
    CLI_TRY_GOTO(psh_clusters_write(clusters, path, err));
done:
    psh_clusters_free(clusters);
    return status;
}

static psh_status write_barycentres(const cli *c, const psh_diagrams *set, psh_diagrams *barycentres,
                                    const psh_barycentre_report *report, psh_error *err) {
    const char *path = cli_text(c, "barycentres", NULL);
    if (!path) return PSH_OK;
    CLI_TRY(cli_stamp(c, psh_diagrams_meta(barycentres), psh_diagrams_meta_const(set), err));
    describe(psh_diagrams_meta(barycentres), report);
    return psh_diagrams_write(barycentres, path, PSH_DIAGRAM_AUTO, NULL, 0, err);
}

static void summarise(cli *c, const psh_barycentre_report *report, size_t n_items, double seconds, const char *path) {
    cli_say(c, "%zu clusters of %zu diagrams in %.3g s%s: energy %.6g after %d iterations (%.6g after seeding)\n",
            report->n_clusters, n_items, seconds, report->is_stopped_by_time ? ", stopped by the time limit" : "",
            report->energy, report->n_iterations, report->first_energy);
    describe(c->summary, report);
    psh_meta_set_integer(c->summary, "n_clusters", (int64_t)report->n_clusters);
    psh_meta_set_integer(c->summary, "n_matchings", (int64_t)report->n_matchings);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", path);
}

psh_status cluster_barycentre(cli *c, const char *path, psh_error *err) {
    psh_barycentre_params params = PSH_PARAMS(psh_barycentre_params);
    psh_barycentre_report report = {.struct_bytes = sizeof report};
    psh_diagrams *set = NULL, *barycentres = NULL;
    int64_t *labels = NULL;
    long long k;
    psh_status status;
    CLI_TRY(read_options(c, &params, &k, err));
    CLI_TRY_GOTO(read_set(c, &set, err));
    size_t n = psh_diagrams_count(set);
    labels = malloc(n * sizeof *labels);
    if (!labels) {
        status = cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu labels", n);
        goto done;
    }
    if ((unsigned long long)k > n) {
        status = cli_fail(err, PSH_ERR_PARAMETER, "-k %lld: there are only %zu diagrams", k, n);
        goto done;
    }
    double start = cli_seconds();
    CLI_TRY_GOTO(psh_cluster_barycentre(set, (size_t)k, &params, c->n_threads, &c->progress, labels, &barycentres,
                                        &report, err));
    double seconds = cli_seconds() - start;
    CLI_TRY_GOTO(write_clusters(c, set, labels, &report, path, err));
    CLI_TRY_GOTO(write_barycentres(c, set, barycentres, &report, err));
    psh_progress_end(&c->bar);
    if (report.n_clusters < (size_t)k)
        cli_warn(c, "only %zu clusters: there are no more distinct diagrams\n", report.n_clusters);
    summarise(c, &report, n, seconds, path);
done:
    psh_diagrams_free(barycentres);
    free(labels);
    psh_diagrams_free(set);
    return status;
}
