/* distance_exact.c : `persihash distance` between diagrams. */
#include "distance_exact.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_DELTA 0.01 /* Hera's */

/* What one run reads and asks for. */
typedef struct request {
    distance_metric metric;
    psh_wasserstein_params params;
    psh_distances_params how;
    psh_essential essential;
    double essential_value;
    psh_diagrams *a, *b; /* b NULL: all pairs of a */
    size_t *rows;        /* (n_rows) of the sample, or NULL */
    size_t n_rows;
} request;

static psh_status read_metric(cli *c, request *r, psh_error *err) {
    static const char *const grounds[] = {"inf", "2", NULL};
    int ground;
    CLI_TRY(cli_number(c, "order", 1, 100, 1, &r->params.order, err));
    CLI_TRY(cli_number(c, "delta", 1e-12, 100, DEFAULT_DELTA, &r->params.relative_error, err));
    CLI_TRY(cli_choice(c, "ground", grounds, 0, &ground, err));
    CLI_TRY(cli_dims(c, &r->params.dims_mask, err));
    CLI_TRY(cli_essential(c, &r->essential, &r->essential_value, err));
    r->params.ground = ground == 0 ? PSH_GROUND_LINF : PSH_GROUND_L2;
    r->params.pool = cli_flag(c, "pool");
    if (r->metric != METRIC_AUCTION) {
        if (cli_flag(c, "delta"))
            return cli_fail(err, PSH_ERR_PARAMETER, "--delta is for --metric auction; %s is exact",
                            distance_metrics[r->metric]);
        r->params.relative_error = 0;
    }
    if (r->metric != METRIC_BOTTLENECK) return PSH_OK;
    if (cli_flag(c, "order"))
        return cli_fail(err, PSH_ERR_PARAMETER, "--order is for wasserstein and auction; bottleneck is order infinity");
    if (cli_flag(c, "verify"))
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "--verify is for wasserstein and auction; bottleneck has no such proof");
    r->params.order = INFINITY;
    return PSH_OK;
}

static psh_status read_manner(cli *c, request *r, psh_error *err) {
    static const char *const dtypes[] = {"f64", "f32", NULL};
    int dtype;
    if (cli_flag(c, "time-limit") || cli_flag(c, "max-gap") || cli_flag(c, "bounds"))
        return cli_fail(err, PSH_ERR_PARAMETER, "--time-limit, --max-gap and --bounds are for --metric progressive");
    CLI_TRY(cli_choice(c, "dtype", dtypes, 0, &dtype, err));
    r->how.n_threads = c->n_threads;
    r->how.is_f32 = dtype == 1;
    r->how.is_square = cli_flag(c, "square");
    r->how.is_resumable = cli_flag(c, "resume");
    r->how.is_verified = cli_flag(c, "verify");
    if (c->n_arguments == 2 && r->how.is_square)
        return cli_fail(err, PSH_ERR_PARAMETER, "--square is for one set; two give an (N, M) array");
    if (c->n_arguments == 2 && cli_flag(c, "sample"))
        return cli_fail(err, PSH_ERR_PARAMETER, "--sample is for all pairs of one set");
    return PSH_OK;
}

psh_status distance_read_sample(cli *c, psh_diagrams **set, size_t **rows, size_t *n_rows, psh_error *err) {
    psh_diagrams *sample;
    long long n_sample;
    size_t n = psh_diagrams_count(*set);
    CLI_TRY(cli_integer(c, "sample", 1, INT64_MAX, 0, &n_sample, err));
    if (n_sample == 0 || (size_t)n_sample >= n) return PSH_OK;
    *n_rows = (size_t)n_sample;
    *rows = malloc(*n_rows * sizeof **rows);
    if (!*rows) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu rows", *n_rows);
    CLI_TRY(psh_rows_sample(n, *n_rows, c->seed, *rows, err));
    CLI_TRY(psh_diagrams_select(*set, *rows, *n_rows, 0, false, &sample, err));
    psh_diagrams_free(*set);
    *set = sample;
    return PSH_OK;
}

static psh_status read_sets(cli *c, request *r, psh_error *err) {
    size_t n_essential, n_more = 0;
    CLI_TRY(psh_diagrams_read(c->arguments[0], PSH_DIAGRAM_AUTO, r->essential, r->essential_value, &r->a, &n_essential,
                              err));
    if (c->n_arguments == 2)
        CLI_TRY(psh_diagrams_read(c->arguments[1], PSH_DIAGRAM_AUTO, r->essential, r->essential_value, &r->b, &n_more,
                                  err));
    if (n_essential + n_more)
        cli_say(c, "%zu essential classes left out or changed (--essential)\n", n_essential + n_more);
    return distance_read_sample(c, &r->a, &r->rows, &r->n_rows, err);
}

psh_status distance_record_rows(psh_meta *meta, const size_t *rows, size_t n_rows, psh_error *err) {
    size_t room = n_rows * 21 + 3, n = 0;
    char *json = malloc(room);
    if (!json) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu rows", n_rows);
    json[n++] = '[';
    for (size_t i = 0; i < n_rows; i++) n += (size_t)snprintf(json + n, room - n, i ? ",%zu" : "%zu", rows[i]);
    json[n++] = ']', json[n] = 0;
    psh_status status = psh_meta_set_json(meta, "rows", json);
    free(json);
    return status;
}

/* Everything on which the numbers depend, and nothing that differs between runs that give the same ones. */
static psh_status record(cli *c, const request *r, psh_meta *meta, psh_error *err) {
    CLI_TRY(cli_stamp(c, meta, psh_diagrams_meta(r->a), err));
    psh_meta_set_text(meta, "metric", distance_metrics[r->metric]);
    if (r->metric != METRIC_BOTTLENECK) psh_meta_set_number(meta, "order", r->params.order);
    if (r->metric == METRIC_AUCTION) psh_meta_set_number(meta, "delta", r->params.relative_error);
    psh_meta_set_text(meta, "ground", r->params.ground == PSH_GROUND_LINF ? "L-infinity" : "L2");
    psh_meta_set_bool(meta, "pool", r->params.pool);
    psh_meta_set_text(meta, "essential", cli_text(c, "essential", "drop"));
    if (r->how.is_verified) psh_meta_set_bool(meta, "verified", true);
    if (r->b) {
        char *json = psh_meta_write_text(psh_diagrams_meta_const(r->b), 0);
        psh_status status = json ? psh_meta_set_json(meta, "source_b", json) : PSH_ERR_MEMORY;
        psh_text_free(json);
        if (status != PSH_OK) return cli_fail(err, status, "no memory for metadata");
    }
    return r->rows ? distance_record_rows(meta, r->rows, r->n_rows, err) : PSH_OK;
}

static void tell(cli *c, const request *r, const psh_distances_stats *stats, double seconds, const char *path) {
    size_t n_a = psh_diagrams_count(r->a), n_b = r->b ? psh_diagrams_count(r->b) : 0;
    if (r->b) {
        cli_say(c, "%zu x %zu", n_a, n_b);
        psh_meta_set_integer(c->summary, "n_a", (int64_t)n_a);
        psh_meta_set_integer(c->summary, "n_b", (int64_t)n_b);
    } else {
        cli_say(c, "%zu", stats->n_pairs);
        psh_meta_set_integer(c->summary, "n_items", (int64_t)n_a);
    }
    cli_say(c, " %s distances", distance_metrics[r->metric]);
    if (!r->b) cli_say(c, " of %zu items", n_a);
    cli_say(c, " in %.3g s, files included\n", seconds);
    if (stats->n_tiles_resumed)
        cli_say(c, "%zu of %zu tiles were done before\n", stats->n_tiles_resumed, stats->n_tiles);
    if (r->how.is_verified) {
        cli_say(c, "each is proven optimal to within %.2g of itself\n", stats->max_gap);
        psh_meta_set_number(c->summary, "max_gap", stats->max_gap);
    }
    psh_meta_set_text(c->summary, "metric", distance_metrics[r->metric]);
    psh_meta_set_integer(c->summary, "n_tiles", (int64_t)stats->n_tiles);
    psh_meta_set_integer(c->summary, "n_tiles_resumed", (int64_t)stats->n_tiles_resumed);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", path);
}

psh_status distance_exact(cli *c, distance_metric metric, const char *path, psh_error *err) {
    request r = {
        .metric = metric, .params = PSH_PARAMS(psh_wasserstein_params), .how = PSH_PARAMS(psh_distances_params)};
    psh_distances_stats stats;
    psh_meta *meta = NULL;
    double start = cli_seconds();
    psh_status status;
    CLI_TRY_GOTO(read_metric(c, &r, err));
    CLI_TRY_GOTO(read_manner(c, &r, err));
    CLI_TRY_GOTO(read_sets(c, &r, err));
    CLI_TRY_GOTO(psh_meta_create(&meta, err));
    CLI_TRY_GOTO(record(c, &r, meta, err));
    CLI_TRY_GOTO(psh_distances_wasserstein(r.a, r.b, &r.params, &r.how, meta, path, &c->progress, &stats, err));
    tell(c, &r, &stats, cli_seconds() - start, path);
done:
    psh_meta_free(meta);
    psh_diagrams_free(r.a);
    psh_diagrams_free(r.b);
    free(r.rows);
    return status;
}
