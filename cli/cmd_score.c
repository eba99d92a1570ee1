/* cmd_score.c : clusters against clusters, distances against distances. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample_rows.h"

/* A file to be scored: exactly one of the members is there. */
typedef struct side {
    const char *path;
    psh_clusters *clusters;
    psh_codes *codes;
    psh_diagrams *diagrams;
    psh_distances *distances;
} side;

static psh_status read_side(const char *path, side *dst, psh_error *err) {
    psh_file_kind kind;
    dst->path = path;
    CLI_TRY(psh_file_detect(path, &kind, err));
    switch (kind) {
    case PSH_FILE_CLUSTERS:
        return psh_clusters_read(path, &dst->clusters, err);
    case PSH_FILE_CODES:
        return psh_codes_read(path, &dst->codes, err);
    case PSH_FILE_DISTANCES:
        return psh_distances_read(path, &dst->distances, err);
    case PSH_FILE_DIAGRAMS:
        return psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &dst->diagrams, NULL, err);
    default:
        return cli_fail(err, PSH_ERR_FORMAT,
                        "%s: cannot be scored; expected clusters, codes, diagrams (their labels) or distances", path);
    }
}

static void free_side(side *s) {
    psh_clusters_free(s->clusters);
    psh_codes_free(s->codes);
    psh_diagrams_free(s->diagrams);
    psh_distances_free(s->distances);
}

/* --- partitions --------------------------------------------------------------------------------------------------- */

static psh_status labels_of(const side *s, const int64_t **labels, size_t *n, psh_error *err) {
    *labels = s->clusters                                           ? psh_clusters_labels(s->clusters)
              : s->codes                                            ? psh_codes_labels(s->codes)
              : s->diagrams && psh_diagrams_has_labels(s->diagrams) ? psh_diagrams_labels(s->diagrams)
                                                                    : NULL;
    *n = s->clusters   ? psh_clusters_n_items(s->clusters)
         : s->codes    ? psh_codes_count(s->codes)
         : s->diagrams ? psh_diagrams_count(s->diagrams)
                       : 0;
    return *labels ? PSH_OK : cli_fail(err, PSH_ERR_DATA, "%s: has no labels to compare clusters with", s->path);
}

/* FMS, ARI and AMI under one heading, e.g. "single linkage, k = 10". */
static psh_status score_partitions(cli *c, const char *heading, const char *key, const int64_t *a, const int64_t *b,
                                   size_t n, psh_error *err) {
    double fms, ari, ami;
    char name[64];
    CLI_TRY(psh_score_fms(a, b, n, &fms, err));
    CLI_TRY(psh_score_ari(a, b, n, &ari, err));
    CLI_TRY(psh_score_ami(a, b, n, &ami, err));
    cli_say(c, "%-34s FMS %.3f  ARI %.3f  AMI %.3f\n", heading, fms, ari, ami);
    snprintf(name, sizeof name, "%sfms", key), psh_meta_set_number(c->summary, name, fms);
    snprintf(name, sizeof name, "%sari", key), psh_meta_set_number(c->summary, name, ari);
    snprintf(name, sizeof name, "%sami", key), psh_meta_set_number(c->summary, name, ami);
    return PSH_OK;
}

static psh_status score_clusters(cli *c, const side *a, const side *b, psh_error *err) {
    const int64_t *labels_a, *labels_b;
    size_t n_a, n_b;
    CLI_TRY(labels_of(a, &labels_a, &n_a, err));
    CLI_TRY(labels_of(b, &labels_b, &n_b, err));
    if (n_a != n_b)
        return cli_fail(err, PSH_ERR_SHAPE, "%s has %zu items, %s has %zu; clusters of the same items are expected",
                        a->path, n_a, b->path, n_b);
    return score_partitions(c, "clusters", "", labels_a, labels_b, n_a, err);
}

/* --- distances ---------------------------------------------------------------------------------------------------- */

static size_t n_items_of(const side *s) {
    return s->codes ? psh_codes_count(s->codes) : psh_distances_n_items(s->distances);
}

/* All pairs of `rows` (NULL: of all items) as distances of their own. */
static psh_status restrict_to(const side *s, const size_t *rows, size_t n_rows, int n_threads, psh_distances **dst,
                              psh_error *err) {
    psh_distances *result = NULL;
    psh_status status = psh_distances_create(s->codes ? PSH_DISTANCE_U16 : PSH_DISTANCE_F64, n_rows, &result, err);
    if (status == PSH_OK && s->codes) {
        size_t n_bytes = psh_codes_n_bytes(s->codes);
        uint8_t *picked = malloc(n_rows * n_bytes + 1);
        for (size_t i = 0; picked && i < n_rows; i++)
            memcpy(picked + i * n_bytes, psh_codes_data(s->codes) + (rows ? rows[i] : i) * n_bytes, n_bytes);
        status = picked ? psh_hamming_condensed_u16(picked, n_rows, n_bytes, n_threads, psh_distances_data(result), err)
                        : cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu codes", n_rows);
        free(picked);
    } else if (status == PSH_OK) {
        double *data = psh_distances_data(result);
        for (size_t i = 0, at = 0; i < n_rows; i++)
            for (size_t j = i + 1; j < n_rows; j++)
                data[at++] = psh_distances_get(s->distances, rows ? rows[i] : i, rows ? rows[j] : j);
    }
    if (status == PSH_OK)
        *dst = result;
    else
        psh_distances_free(result);
    return status;
}

/* What small distances are: the nearest 5 % of the pairs, by the truth. */
#define NEAR_SHARE 0.05

static psh_status correlations(cli *c, const psh_distances *a, const psh_distances *b, psh_error *err) {
    size_t n = psh_distances_n_items(a), n_pairs = n * (n - 1) / 2, at = 0;
    double *x = malloc((n_pairs + 1) * sizeof *x), *y = malloc((n_pairs + 1) * sizeof *y);
    double spearman, pearson, near = NAN; /* NAN: all near pairs are equal, as where many items are duplicates */
    psh_status status = x && y ? PSH_OK : cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu pairs", n_pairs);
    for (size_t i = 0; status == PSH_OK && i < n; i++)
        for (size_t j = i + 1; j < n; j++, at++) x[at] = psh_distances_get(a, i, j), y[at] = psh_distances_get(b, i, j);
    if (status == PSH_OK) status = psh_score_spearman(x, y, n_pairs, &spearman, err);
    if (status == PSH_OK) status = psh_score_pearson(x, y, n_pairs, &pearson, err);
    if (status == PSH_OK) status = psh_score_spearman_near(y, x, n_pairs, NEAR_SHARE, &near, err);
    if (status == PSH_ERR_DATA && isnan(near)) status = PSH_OK;
    free(x), free(y);
    CLI_TRY(status);
    cli_say(c, "%-34s Spearman %.4f  Pearson %.4f\n", "distances", spearman, pearson);
    psh_meta_set_number(c->summary, "spearman", spearman);
    psh_meta_set_number(c->summary, "pearson", pearson);
    if (isnan(near)) return PSH_OK;
    cli_say(c, "%-34s Spearman %.4f\n", "nearest 5 % of the pairs", near);
    psh_meta_set_number(c->summary, "spearman_near", near);
    return PSH_OK;
}

static psh_status recalls(cli *c, const psh_distances *approx, const psh_distances *truth, psh_error *err) {
    static const size_t n_retrieved[] = {10, 50, 100};
    size_t n = psh_distances_n_items(truth);
    for (size_t i = 0; i < 3 && n_retrieved[i] < n; i++) {
        double recall;
        char heading[64], key[32];
        CLI_TRY(psh_score_recall(truth, approx, 10, n_retrieved[i], &recall, err));
        snprintf(heading, sizeof heading, "ten nearest among %zu nearest", n_retrieved[i]);
        cli_say(c, "%-34s recall %.4f\n", heading, recall);
        snprintf(key, sizeof key, "recall_10_at_%zu", n_retrieved[i]);
        psh_meta_set_number(c->summary, key, recall);
    }
    return PSH_OK;
}

/* Clusters of both distances under one linkage, cut at k, against each other. */
static psh_status linkage_agreement(cli *c, const psh_distances *a, const psh_distances *b, psh_linkage method,
                                    const char *name, size_t k, psh_error *err) {
    size_t n = psh_distances_n_items(a);
    double *linkage = malloc(n * 4 * sizeof *linkage);
    int64_t *labels = malloc(2 * n * sizeof *labels);
    char heading[64], key[32];
    psh_status status =
        linkage && labels ? PSH_OK : cli_fail(err, PSH_ERR_MEMORY, "no memory for a linkage of %zu items", n);
    for (int i = 0; status == PSH_OK && i < 2; i++) {
        status = psh_linkage_distances(i ? b : a, method, c->n_threads, NULL, linkage, err);
        if (status == PSH_OK) status = psh_cluster_cut(linkage, n, k, labels + (size_t)i * n, err);
    }
    snprintf(heading, sizeof heading, "%s linkage, k = %zu", name, k), snprintf(key, sizeof key, "%s_", name);
    if (status == PSH_OK) status = score_partitions(c, heading, key, labels, labels + n, n, err);
    free(labels), free(linkage);
    return status;
}

static psh_status score_distances(cli *c, const side *approx, const side *truth, psh_error *err) {
    psh_distances *a = NULL, *b = NULL;
    size_t *rows = NULL;
    long long k;
    psh_status status;
    if ((!approx->codes && !approx->distances) || (!truth->codes && !truth->distances))
        return cli_fail(err, PSH_ERR_DATA,
                        "%s and %s cannot be compared; expected clusters with clusters or labels, or codes or "
                        "distances with distances",
                        approx->path, truth->path);
    size_t n = n_items_of(truth);
    if (truth->distances)
        CLI_TRY(sample_rows_read(truth->distances, truth->path, n_items_of(approx), &rows, err));
    else if (n != n_items_of(approx))
        return cli_fail(err, PSH_ERR_SHAPE, "%s has %zu items, %s has %zu", approx->path, n_items_of(approx),
                        truth->path, n);
    if (n_items_of(approx) == n) free(rows), rows = NULL; /* both are of the same sample */
    if (n < 3) {
        status = cli_fail(err, PSH_ERR_EMPTY, "%s: %zu items; scores need at least 3", truth->path, n);
        goto done;
    }
    CLI_TRY_GOTO(cli_integer(c, "clusters", 1, (long long)n, 0, &k, err));
    CLI_TRY_GOTO(restrict_to(approx, rows, n, c->n_threads, &a, err));
    CLI_TRY_GOTO(restrict_to(truth, NULL, n, c->n_threads, &b, err));
    cli_say(c, "%s against %s, %zu items\n", approx->path, truth->path, n);
    psh_meta_set_integer(c->summary, "n_items", (int64_t)n);
    CLI_TRY_GOTO(correlations(c, a, b, err));
    CLI_TRY_GOTO(recalls(c, a, b, err));
    if (k) CLI_TRY_GOTO(linkage_agreement(c, a, b, PSH_LINKAGE_SINGLE, "single", (size_t)k, err));
    if (k) CLI_TRY_GOTO(linkage_agreement(c, a, b, PSH_LINKAGE_AVERAGE, "average", (size_t)k, err));
done:
    free(rows);
    psh_distances_free(a);
    psh_distances_free(b);
    return status;
}

static psh_status run(cli *c, psh_error *err) {
    side a = {0}, b = {0};
    CLI_TRY(cli_arguments(c, 2, 2, err));
    psh_status status = read_side(c->arguments[0], &a, err);
    if (status == PSH_OK) status = read_side(c->arguments[1], &b, err);
    if (status == PSH_OK)
        status = a.clusters || b.clusters ? score_clusters(c, &a, &b, err) : score_distances(c, &a, &b, err);
    free_side(&a), free_side(&b);
    return status;
}

static const cli_option options[] = {{"clusters", 'k', "K", "also compare the clusters of both distances, cut at K"},
                                     {0}};

const cli_command cmd_score = {
    "score",
    "how well clusters or distances agree",
    "A TRUTH",
    "Clusters against clusters, or against the labels of a set: Fowlkes-Mallows (FMS), adjusted Rand (ARI), adjusted "
    "mutual information\n"
    "(AMI). Codes or distances against distances: Spearman (also of the nearest 5 % of the pairs alone), "
    "Pearson, recall of the ten nearest; -k adds FMS, ARI, AMI of the clusters.\n"
    "TRUTH may be exact distances of a sample (distance --sample): A is then restricted to its rows.\n"
    "FMS alone can be blind: single linkage makes one giant cluster of almost anything. Look at ARI too.",
    options,
    run};
