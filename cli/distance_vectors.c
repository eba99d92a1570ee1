/* distance_vectors.c : `persihash distance` by what the paper compares with: L_q distances of vectors, exact ones of
 * step functions, and entropic transport between histograms. */
#include <math.h>
#include <stdlib.h>

#include "distance_job.h"
#include "representation.h"

static psh_status check_options(const cli *c, distance_metric metric, psh_error *err) {
    static const char *const exact_only[] = {"delta", "verify", "time-limit", "max-gap", "bounds", NULL};
    static const char *const transport_only[] = {"regularisation", "tolerance", "iterations", "ground", NULL};
    static const char *const vectors_only[] = {"order",   "bandwidth",  "weight",    "integrate",
                                               "samples", "directions", "positions", NULL};
    const char *const *others = metric == METRIC_SINKHORN ? vectors_only : transport_only;
    const char *name = distance_metrics[metric];
    for (int i = 0; exact_only[i]; i++)
        if (cli_flag(c, exact_only[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s is for exact distances, not for %s", exact_only[i], name);
    for (int i = 0; others[i]; i++)
        if (cli_flag(c, others[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s says nothing about %s", others[i], name);
    if (!cli_flag(c, "exact")) return PSH_OK;
    if (metric != METRIC_BETTI && metric != METRIC_SLICED)
        return cli_fail(err, PSH_ERR_PARAMETER, "--exact is for betti and sliced, not for %s", name);
    if (cli_flag(c, "samples") || cli_flag(c, "positions"))
        return cli_fail(err, PSH_ERR_PARAMETER, "--exact needs no --samples or --positions; leave them out");
    if (metric == METRIC_SLICED && cli_flag(c, "order"))
        return cli_fail(err, PSH_ERR_PARAMETER, "the exact sliced distance is of order 1; leave out --order");
    return PSH_OK;
}

static const representation_kind kinds[] = {[METRIC_PIMAGE] = REPRESENTATION_PIMAGE,
                                            [METRIC_BETTI] = REPRESENTATION_BETTI,
                                            [METRIC_SLICED] = REPRESENTATION_SLICED,
                                            [METRIC_HISTOGRAM] = REPRESENTATION_HISTOGRAM};

/* Both sets as one, so that they get one frame and the same features. */
static psh_status join(const distance_job *job, psh_diagrams **dst, psh_error *err) {
    CLI_TRY(psh_diagrams_select(job->a, NULL, psh_diagrams_count(job->a), 0, false, dst, err));
    for (size_t i = 0; i < psh_diagrams_count(job->b); i++) {
        const uint64_t *offsets = psh_diagrams_offsets(job->b);
        CLI_TRY(psh_diagrams_append(*dst, psh_diagrams_points(job->b) + 2 * offsets[i],
                                    psh_diagrams_dims(job->b) + offsets[i], (size_t)(offsets[i + 1] - offsets[i]), NULL,
                                    -1, err));
    }
    return PSH_OK;
}

/* Euclidean for images, curves and histograms, as in the paper; sliced Wasserstein is an L1 distance. */
static psh_status read_order(const cli *c, const distance_job *job, double *order, psh_error *err) {
    CLI_TRY(cli_number(c, "order", 1, INFINITY, job->metric == METRIC_SLICED ? 1 : 2, order, err));
    if (*order < INFINITY)
        psh_meta_set_number(job->meta, "order", *order);
    else
        psh_meta_set_text(job->meta, "order", "infinity");
    return PSH_OK;
}

static psh_status by_vectors(cli *c, distance_job *job, const psh_diagrams *all, psh_error *err) {
    representation how;
    float *rows;
    size_t n_features, n_a = psh_diagrams_count(job->a), n_b = psh_diagrams_count(all) - n_a;
    double order;
    CLI_TRY(read_order(c, job, &order, err));
    CLI_TRY(representation_read(c, kinds[job->metric], &how, err));
    CLI_TRY(representation_compute(&how, all, c->n_threads, job->meta, &rows, &n_features, err));
    psh_meta_set_integer(job->meta, "n_features", (int64_t)n_features);
    psh_status status = psh_distances_vectors(rows, n_a, job->b ? rows + n_a * n_features : NULL, n_b, n_features,
                                              order, &job->how, job->meta, job->path, &c->progress, &job->stats, err);
    free(rows);
    return status;
}

static psh_status make_steps(const representation *how, const psh_diagrams *set, const psh_frame *frame, int n_threads,
                             psh_steps **dst, psh_error *err) {
    if (how->kind == REPRESENTATION_BETTI) return psh_betti_steps(set, frame, &how->betti, n_threads, dst, err);
    return psh_sliced_steps(set, frame, &how->sliced, n_threads, dst, err);
}

static psh_status by_steps(cli *c, distance_job *job, const psh_diagrams *all, psh_error *err) {
    psh_steps *a = NULL, *b = NULL;
    representation how;
    psh_frame frame;
    double order;
    psh_status status;
    CLI_TRY(read_order(c, job, &order, err));
    CLI_TRY(representation_read(c, kinds[job->metric], &how, err));
    CLI_TRY(psh_frame_fit(all, how.frame_kind, &frame, err));
    CLI_TRY_GOTO(make_steps(&how, job->a, &frame, c->n_threads, &a, err));
    if (job->b) CLI_TRY_GOTO(make_steps(&how, job->b, &frame, c->n_threads, &b, err));
    psh_meta_set_bool(job->meta, "exact", true);
    psh_meta_set_bool(job->meta, "pool", how.betti.pool);
    if (job->metric == METRIC_SLICED) psh_meta_set_integer(job->meta, "n_directions", how.sliced.n_directions);
    representation_record_frame(&frame, job->meta);
    status = psh_distances_steps(a, b, order, &job->how, job->meta, job->path, &c->progress, &job->stats, err);
done:
    psh_steps_free(a);
    psh_steps_free(b);
    return status;
}

static psh_status read_sinkhorn(const cli *c, psh_sinkhorn_params *params, psh_frame_kind *frame_kind, psh_error *err) {
    static const char *const grounds[] = {"squared", "inf", "2", NULL};
    long long cells, iterations;
    int ground;
    CLI_TRY(cli_integer(c, "cells", 1, 1024, 50, &cells, err));
    CLI_TRY(cli_integer(c, "iterations", 1, INT32_MAX, 10000, &iterations, err));
    CLI_TRY(cli_number(c, "regularisation", 1e-12, 1e12, 0, &params->regularisation, err));
    CLI_TRY(cli_number(c, "tolerance", 1e-15, 0.999, 1e-3, &params->tolerance, err));
    CLI_TRY(cli_choice(c, "ground", grounds, 0, &ground, err));
    CLI_TRY(cli_dims(c, &params->dims_mask, err));
    CLI_TRY(representation_frame(c, frame_kind, err));
    params->n_cells = (int)cells, params->max_iterations = (int)iterations;
    params->ground = (psh_sinkhorn_ground)ground, params->pool = cli_flag(c, "pool");
    return PSH_OK;
}

static void record_sinkhorn(const psh_sinkhorn_params *params, const psh_frame *frame, psh_meta *meta) {
    static const char *const grounds[] = {"L2 squared", "L-infinity", "L2"};
    psh_meta_set_integer(meta, "n_cells", params->n_cells);
    psh_meta_set_text(meta, "ground", grounds[params->ground]);
    psh_meta_set_number(meta, "regularisation", params->regularisation);
    psh_meta_set_number(meta, "tolerance", params->tolerance);
    psh_meta_set_bool(meta, "pool", params->pool);
    representation_record_frame(frame, meta);
}

static psh_status by_sinkhorn(cli *c, distance_job *job, const psh_diagrams *all, psh_error *err) {
    psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
    psh_sinkhorn_plan *plan;
    psh_frame_kind frame_kind;
    psh_frame frame;
    CLI_TRY(read_sinkhorn(c, &params, &frame_kind, err));
    CLI_TRY(psh_frame_fit(all, frame_kind, &frame, err));
    CLI_TRY(psh_sinkhorn_plan_create(job->a, job->b, &frame, &params, &plan, err));
    record_sinkhorn(psh_sinkhorn_plan_params(plan), &frame, job->meta);
    psh_meta_set_number(c->summary, "regularisation", psh_sinkhorn_plan_params(plan)->regularisation);
    psh_status status = psh_distances_sinkhorn(plan, &job->how, job->meta, job->path, &c->progress, &job->stats, err);
    psh_meta_set_number(c->summary, "worst_error", job->stats.max_gap);
    psh_sinkhorn_plan_free(plan);
    return status;
}

psh_status distance_vectors(cli *c, distance_metric metric, const char *path, psh_error *err) {
    bool is_sinkhorn = metric == METRIC_SINKHORN, is_exact = cli_flag(c, "exact");
    distance_job job = {0};
    psh_diagrams *joined = NULL;
    psh_status status;
    CLI_TRY(check_options(c, metric, err));
    CLI_TRY_GOTO(distance_job_read(c, metric, path, !is_sinkhorn && !is_exact, &job, err));
    if (job.b) CLI_TRY_GOTO(join(&job, &joined, err));
    const psh_diagrams *all = job.b ? joined : job.a;
    CLI_TRY_GOTO(is_sinkhorn ? by_sinkhorn(c, &job, all, err)
                 : is_exact  ? by_steps(c, &job, all, err)
                             : by_vectors(c, &job, all, err));
    distance_job_tell(c, &job);
done:
    psh_diagrams_free(joined);
    distance_job_free(&job);
    return status;
}
