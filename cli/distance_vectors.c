/* distance_vectors.c : `persihash distance` by what the paper compares with: L_q distances of vectors, and entropic
 * transport between histograms. */
#include <math.h>
#include <stdlib.h>

#include "distance_exact.h"
#include "representation.h"

typedef struct request {
    distance_metric metric;
    psh_diagrams *set;
    size_t *rows, n_rows; /* the sample, or NULL */
    psh_distances *distances;
} request;

static psh_status check_options(const cli *c, const request *r, psh_error *err) {
    static const char *const exact_only[] = {"delta",      "resume",  "verify", "dtype",
                                             "time-limit", "max-gap", "bounds", NULL};
    static const char *const transport_only[] = {"regularisation", "tolerance", "iterations", "ground", NULL};
    static const char *const vectors_only[] = {"order",   "bandwidth",  "weight",    "integrate",
                                               "samples", "directions", "positions", NULL};
    const char *const *others = r->metric == METRIC_SINKHORN ? vectors_only : transport_only;
    const char *name = distance_metrics[r->metric];
    if (c->n_arguments == 2)
        return cli_fail(err, PSH_ERR_PARAMETER, "--metric %s takes one set of diagrams, two are given", name);
    for (int i = 0; exact_only[i]; i++)
        if (cli_flag(c, exact_only[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s is for exact distances, not for %s", exact_only[i], name);
    for (int i = 0; others[i]; i++)
        if (cli_flag(c, others[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s says nothing about %s", others[i], name);
    return PSH_OK;
}

static psh_status read_set(cli *c, request *r, psh_error *err) {
    psh_essential essential;
    double essential_value;
    size_t n_essential;
    CLI_TRY(cli_essential(c, &essential, &essential_value, err));
    CLI_TRY(
        psh_diagrams_read(c->arguments[0], PSH_DIAGRAM_AUTO, essential, essential_value, &r->set, &n_essential, err));
    if (n_essential) cli_say(c, "%zu essential classes left out or changed (--essential)\n", n_essential);
    return distance_read_sample(c, &r->set, &r->rows, &r->n_rows, err);
}

/* Euclidean for images, curves and histograms, as in the paper; sliced Wasserstein is an L1 distance. */
static psh_status by_vectors(cli *c, request *r, psh_error *err) {
    static const representation_kind kinds[] = {[METRIC_PIMAGE] = REPRESENTATION_PIMAGE,
                                                [METRIC_BETTI] = REPRESENTATION_BETTI,
                                                [METRIC_SLICED] = REPRESENTATION_SLICED,
                                                [METRIC_HISTOGRAM] = REPRESENTATION_HISTOGRAM};
    representation how;
    psh_meta *meta = psh_distances_meta(r->distances);
    float *rows;
    size_t n_features;
    double order;
    CLI_TRY(cli_number(c, "order", 1, INFINITY, r->metric == METRIC_SLICED ? 1 : 2, &order, err));
    CLI_TRY(representation_read(c, kinds[r->metric], &how, err));
    CLI_TRY(representation_compute(&how, r->set, c->n_threads, meta, &rows, &n_features, err));
    psh_status status = psh_vectors_condensed_f32(rows, psh_diagrams_count(r->set), n_features, order, c->n_threads,
                                                  &c->progress, psh_distances_data(r->distances), err);
    free(rows);
    if (order < INFINITY)
        psh_meta_set_number(meta, "order", order);
    else
        psh_meta_set_text(meta, "order", "infinity");
    psh_meta_set_integer(meta, "n_features", (int64_t)n_features);
    return status;
}

static psh_status by_sinkhorn(cli *c, request *r, psh_error *err) {
    static const char *const grounds[] = {"squared", "inf", "2", NULL};
    psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
    psh_sinkhorn_report report = {.struct_bytes = sizeof report};
    psh_meta *meta = psh_distances_meta(r->distances);
    psh_frame_kind frame_kind;
    psh_frame frame;
    long long cells, iterations;
    int ground;
    CLI_TRY(cli_integer(c, "cells", 1, 1024, 50, &cells, err));
    CLI_TRY(cli_integer(c, "iterations", 1, INT32_MAX, 10000, &iterations, err));
    CLI_TRY(cli_number(c, "regularisation", 1e-12, 1e12, 0, &params.regularisation, err));
    CLI_TRY(cli_number(c, "tolerance", 1e-15, 0.999, 1e-3, &params.tolerance, err));
    CLI_TRY(cli_choice(c, "ground", grounds, 0, &ground, err));
    CLI_TRY(cli_dims(c, &params.dims_mask, err));
    CLI_TRY(representation_frame(c, &frame_kind, err));
    params.n_cells = (int)cells, params.max_iterations = (int)iterations, params.ground = (psh_sinkhorn_ground)ground;
    params.pool = cli_flag(c, "pool");
    CLI_TRY(psh_frame_fit(r->set, frame_kind, &frame, err));
    psh_status status = psh_sinkhorn_condensed(r->set, &frame, &params, c->n_threads, &c->progress,
                                               psh_distances_data(r->distances), &report, err);
    if (status != PSH_OK) return status;
    psh_meta_set_integer(meta, "n_cells", cells);
    psh_meta_set_text(meta, "ground", ground == 0 ? "L2 squared" : ground == 1 ? "L-infinity" : "L2");
    psh_meta_set_number(meta, "regularisation", report.regularisation);
    psh_meta_set_number(meta, "tolerance", params.tolerance);
    psh_meta_set_number(meta, "worst_error", report.worst_error);
    psh_meta_set_bool(meta, "pool", params.pool);
    representation_record_frame(&frame, meta);
    psh_meta_set_number(c->summary, "regularisation", report.regularisation);
    psh_meta_set_number(c->summary, "worst_error", report.worst_error);
    psh_meta_set_integer(c->summary, "n_iterations", (int64_t)report.n_iterations);
    return PSH_OK;
}

psh_status distance_vectors(cli *c, distance_metric metric, const char *path, psh_error *err) {
    request r = {.metric = metric};
    bool is_sinkhorn = metric == METRIC_SINKHORN;
    double start = cli_seconds();
    psh_status status;
    CLI_TRY_GOTO(check_options(c, &r, err));
    CLI_TRY_GOTO(read_set(c, &r, err));
    size_t n = psh_diagrams_count(r.set);
    CLI_TRY_GOTO(psh_distances_create(is_sinkhorn ? PSH_DISTANCE_F64 : PSH_DISTANCE_F32, n, &r.distances, err));
    psh_meta *meta = psh_distances_meta(r.distances);
    CLI_TRY_GOTO(cli_stamp(c, meta, psh_diagrams_meta(r.set), err));
    CLI_TRY_GOTO(is_sinkhorn ? by_sinkhorn(c, &r, err) : by_vectors(c, &r, err));
    psh_meta_set_text(meta, "metric", distance_metrics[metric]);
    psh_meta_set_text(meta, "essential", cli_text(c, "essential", "drop"));
    if (r.rows) CLI_TRY_GOTO(distance_record_rows(meta, r.rows, r.n_rows, err));
    CLI_TRY_GOTO(psh_distances_write(r.distances, path, cli_flag(c, "square"), err));
    double seconds = cli_seconds() - start;
    cli_say(c, "%zu %s distances of %zu items in %.3g s, files included\n", n * (n - (n > 0)) / 2,
            distance_metrics[metric], n, seconds);
    psh_meta_set_integer(c->summary, "n_items", (int64_t)n);
    psh_meta_set_text(c->summary, "metric", distance_metrics[metric]);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", path);
done:
    psh_distances_free(r.distances);
    psh_diagrams_free(r.set);
    free(r.rows);
    return status;
}
