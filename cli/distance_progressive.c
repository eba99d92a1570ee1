/* distance_progressive.c : `persihash distance --metric progressive`: estimates within bounds, under a limit.
 *
 * The file has the midpoint of the bounds of each pair, which is the distance itself where they meet. Ctrl-C ends the
 * work like a time limit: the best so far is written. */
#include "distance_progressive.h"

#include <math.h>
#include <stdlib.h>

#include "distance_job.h"

#define LONGEST_LIMIT 1e9 /* seconds: 31 years */

typedef struct request {
    psh_progressive_params params;
    psh_essential essential;
    double essential_value;
    psh_diagrams *set;
    psh_distances *lower, *upper, *middle;
    bool is_interrupted;
} request;

static psh_status read_options(cli *c, request *r, psh_error *err) {
    static const char *const grounds[] = {"inf", "2", NULL};
    static const char *const others[] = {"delta", "sample", "dtype", "resume", "verify", NULL};
    int ground;
    for (int i = 0; others[i]; i++)
        if (cli_flag(c, others[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s does not go with --metric progressive", others[i]);
    if (c->n_arguments == 2)
        return cli_fail(err, PSH_ERR_PARAMETER, "--metric progressive is for all pairs of one set; two are given");
    if (cli_flag(c, "bounds") && c->is_output_stdout)
        return cli_fail(err, PSH_ERR_PARAMETER, "--bounds writes files beside the output; -o - has no place for them");
    CLI_TRY(cli_number(c, "order", 1, 100, 1, &r->params.order, err));
    CLI_TRY(cli_number(c, "time-limit", 0, LONGEST_LIMIT, 0, &r->params.time_limit, err));
    CLI_TRY(cli_number(c, "max-gap", 0, 0.999999, 0, &r->params.max_gap, err));
    CLI_TRY(cli_choice(c, "ground", grounds, 0, &ground, err));
    CLI_TRY(cli_dims(c, &r->params.dims_mask, err));
    CLI_TRY(cli_essential(c, &r->essential, &r->essential_value, err));
    r->params.ground = ground == 0 ? PSH_GROUND_LINF : PSH_GROUND_L2;
    r->params.pool = cli_flag(c, "pool");
    return PSH_OK;
}

static psh_status compute(cli *c, request *r, psh_progressive_report *report, psh_error *err) {
    size_t n = psh_diagrams_count(r->set), n_pairs = n ? n * (n - 1) / 2 : 0;
    CLI_TRY(psh_distances_create(PSH_DISTANCE_F64, n, &r->lower, err));
    CLI_TRY(psh_distances_create(PSH_DISTANCE_F64, n, &r->upper, err));
    CLI_TRY(psh_distances_create(PSH_DISTANCE_F64, n, &r->middle, err));
    double *lower = psh_distances_data(r->lower), *upper = psh_distances_data(r->upper);
    double *middle = psh_distances_data(r->middle);
    psh_status status =
        psh_progressive_condensed(r->set, &r->params, c->n_threads, &c->progress, lower, upper, report, err);
    psh_progress_end(&c->bar);
    r->is_interrupted = status == PSH_ERR_INTERRUPTED;
    if (status != PSH_OK && !r->is_interrupted) return status;
    if (r->is_interrupted) cli_warn(c, "interrupted; the best bounds so far are written\n");
    for (size_t k = 0; k < n_pairs; k++)
        middle[k] = lower[k] < upper[k] ? lower[k] + 0.5 * (upper[k] - lower[k]) : upper[k];
    return PSH_OK;
}

static psh_status record(cli *c, const request *r, const psh_progressive_report *report, const char *values,
                         psh_meta *meta, psh_error *err) {
    CLI_TRY(cli_stamp(c, meta, psh_diagrams_meta_const(r->set), err));
    psh_meta_set_text(meta, "metric", "progressive");
    psh_meta_set_text(meta, "values", values);
    psh_meta_set_number(meta, "order", r->params.order);
    psh_meta_set_text(meta, "ground", r->params.ground == PSH_GROUND_LINF ? "L-infinity" : "L2");
    psh_meta_set_bool(meta, "pool", r->params.pool);
    psh_meta_set_text(meta, "essential", cli_text(c, "essential", "drop"));
    psh_meta_set_number(meta, "time_limit", r->params.time_limit);
    psh_meta_set_number(meta, "max_gap_wanted", r->params.max_gap);
    psh_meta_set_bool(meta, "interrupted", r->is_interrupted);
    psh_meta_set_bool(meta, "finished", report->is_finished);
    psh_meta_set_number(meta, "share_exact", report->n_pairs ? (double)report->n_exact / (double)report->n_pairs : 1);
    psh_meta_set_number(meta, "mean_gap", report->mean_gap);
    psh_meta_set_number(meta, "max_gap", report->max_gap);
    return PSH_OK;
}

static psh_status write_one(cli *c, const request *r, psh_distances *distances, const psh_progressive_report *report,
                            const char *values, const char *path, psh_error *err) {
    CLI_TRY(record(c, r, report, values, psh_distances_meta(distances), err));
    return psh_distances_write(distances, path, cli_flag(c, "square"), err);
}

static psh_status write_all(cli *c, const request *r, const psh_progressive_report *report, const char *path,
                            psh_error *err) {
    psh_distances *const bounds[] = {r->lower, r->upper};
    static const char *const words[] = {"lower", "upper"};
    for (int k = 0; k < 2 && cli_flag(c, "bounds"); k++) {
        char *bounds_path = distance_beside(path, words[k]);
        if (!bounds_path) return cli_fail(err, PSH_ERR_MEMORY, "no memory for a path");
        psh_status status = write_one(c, r, bounds[k], report, words[k], bounds_path, err);
        free(bounds_path);
        if (status != PSH_OK) return status;
    }
    return write_one(c, r, r->middle, report, "midpoint of the bounds", path, err);
}

static void tell(cli *c, const psh_progressive_report *report, double seconds, const char *path) {
    double share = report->n_pairs ? (double)report->n_exact / (double)report->n_pairs : 1;
    cli_say(c, "%zu distances in %.3g s, files included: %.3g %% of them exact\n", report->n_pairs, seconds,
            100 * share);
    cli_say(c, "gap of the bounds: mean %.3g %%, at most %.3g %% of the upper bound%s\n", 100 * report->mean_gap,
            100 * report->max_gap, report->is_finished ? "" : " (stopped by the limit)");
    psh_meta_set_integer(c->summary, "n_pairs", (int64_t)report->n_pairs);
    psh_meta_set_integer(c->summary, "n_exact", (int64_t)report->n_exact);
    psh_meta_set_text(c->summary, "metric", "progressive");
    psh_meta_set_number(c->summary, "mean_gap", report->mean_gap);
    psh_meta_set_number(c->summary, "max_gap", report->max_gap);
    psh_meta_set_bool(c->summary, "finished", report->is_finished);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", path);
}

psh_status distance_progressive(cli *c, const char *path, psh_error *err) {
    request r = {.params = PSH_PARAMS(psh_progressive_params)};
    psh_progressive_report report;
    double start = cli_seconds();
    size_t n_essential;
    psh_status status;
    CLI_TRY_GOTO(read_options(c, &r, err));
    CLI_TRY_GOTO(psh_diagrams_read(c->arguments[0], PSH_DIAGRAM_AUTO, r.essential, r.essential_value, &r.set,
                                   &n_essential, err));
    if (n_essential) cli_say(c, "%zu essential classes left out or changed (--essential)\n", n_essential);
    CLI_TRY_GOTO(compute(c, &r, &report, err));
    CLI_TRY_GOTO(write_all(c, &r, &report, path, err));
    tell(c, &report, cli_seconds() - start, path);
done:
    psh_distances_free(r.lower);
    psh_distances_free(r.upper);
    psh_distances_free(r.middle);
    psh_diagrams_free(r.set);
    return status;
}
