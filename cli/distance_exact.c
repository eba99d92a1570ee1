/* distance_exact.c : `persihash distance` between diagrams: wasserstein, bottleneck, auction. */
#include "distance_exact.h"

#include <math.h>

#include "distance_job.h"

#define DEFAULT_DELTA 0.01 /* Hera's */

static psh_status read_metric(const cli *c, distance_metric metric, psh_wasserstein_params *params, psh_error *err) {
    static const char *const grounds[] = {"inf", "2", NULL};
    int ground;
    CLI_TRY(cli_number(c, "order", 1, 100, 1, &params->order, err));
    CLI_TRY(cli_number(c, "delta", 1e-12, 100, DEFAULT_DELTA, &params->relative_error, err));
    CLI_TRY(cli_choice(c, "ground", grounds, 0, &ground, err));
    CLI_TRY(cli_dims(c, &params->dims_mask, err));
    params->ground = ground == 0 ? PSH_GROUND_LINF : PSH_GROUND_L2;
    params->pool = cli_flag(c, "pool");
    if (metric != METRIC_AUCTION) {
        if (cli_flag(c, "delta"))
            return cli_fail(err, PSH_ERR_PARAMETER, "--delta is for --metric auction; %s is exact",
                            distance_metrics[metric]);
        params->relative_error = 0;
    }
    if (metric != METRIC_BOTTLENECK) return PSH_OK;
    if (cli_flag(c, "order"))
        return cli_fail(err, PSH_ERR_PARAMETER, "--order is for wasserstein and auction; bottleneck is order infinity");
    if (cli_flag(c, "verify"))
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "--verify is for wasserstein and auction; bottleneck has no such proof");
    params->order = INFINITY;
    return PSH_OK;
}

/* Everything on which the numbers depend, and nothing that differs between runs that give the same ones. */
static void record(const distance_job *job, const psh_wasserstein_params *params) {
    if (job->metric != METRIC_BOTTLENECK) psh_meta_set_number(job->meta, "order", params->order);
    if (job->metric == METRIC_AUCTION) psh_meta_set_number(job->meta, "delta", params->relative_error);
    psh_meta_set_text(job->meta, "ground", params->ground == PSH_GROUND_LINF ? "L-infinity" : "L2");
    psh_meta_set_bool(job->meta, "pool", params->pool);
    if (job->how.is_verified) psh_meta_set_bool(job->meta, "verified", true);
}

psh_status distance_exact(cli *c, distance_metric metric, const char *path, psh_error *err) {
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    distance_job job = {0};
    psh_status status;
    CLI_TRY(read_metric(c, metric, &params, err));
    CLI_TRY_GOTO(distance_job_read(c, metric, path, false, &job, err));
    record(&job, &params);
    CLI_TRY_GOTO(
        psh_distances_wasserstein(job.a, job.b, &params, &job.how, job.meta, path, &c->progress, &job.stats, err));
    distance_job_tell(c, &job);
    if (job.how.is_verified) {
        cli_say(c, "each is proven optimal to within %.2g of itself\n", job.stats.max_gap);
        psh_meta_set_number(c->summary, "max_gap", job.stats.max_gap);
    }
done:
    distance_job_free(&job);
    return status;
}
