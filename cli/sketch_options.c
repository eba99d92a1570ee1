/* sketch_options.c : options of the sketch, read and reported. */
#include "sketch_options.h"

#include <stdio.h>
#include <string.h>

static psh_status read_frame_kind(const cli *c, psh_sketch_params *params, psh_error *err) {
    const char *kind = cli_text(c, "frame-kind", "set");
    char rest;
    if (!strcmp(kind, "set"))
        params->frame_kind = PSH_FRAME_SET;
    else if (!strcmp(kind, "diagram"))
        params->frame_kind = PSH_FRAME_DIAGRAM;
    else if (sscanf(kind, "fixed=%lf,%lf%c", &params->frame_lo, &params->frame_hi, &rest) == 2 &&
             params->frame_lo < params->frame_hi)
        params->frame_kind = PSH_FRAME_FIXED;
    else
        return cli_fail(err, PSH_ERR_PARAMETER, "--frame-kind %s: expected set, diagram or fixed=LO,HI with LO < HI",
                        kind);
    return PSH_OK;
}

psh_status sketch_read_options(const cli *c, psh_sketch_params *params, psh_error *err) {
    static const char *const targets[] = {"calibrated", "sliced", "wasserstein", NULL}; /* psh_sketch_target */
    long long n_bits, n_sample, n_pairs, n_candidates;
    int target;
    CLI_TRY(cli_integer(c, "bits", 1, PSH_CODE_MAX_BITS, 64, &n_bits, err));
    CLI_TRY(cli_choice(c, "fit-target", targets, 0, &target, err));
    CLI_TRY(cli_integer(c, "fit-sample", 2, 1000000, 0, &n_sample, err));
    CLI_TRY(cli_integer(c, "fit-pairs", 1, 10000000, 0, &n_pairs, err));
    CLI_TRY(cli_integer(c, "candidates", 1, 10000000, 0, &n_candidates, err));
    CLI_TRY(cli_dims(c, &params->dims_mask, err));
    CLI_TRY(read_frame_kind(c, params, err));
    params->n_bits = (int)n_bits;
    params->random = cli_flag(c, "random");
    params->target = (psh_sketch_target)target;
    params->n_sample = (size_t)n_sample, params->n_pairs = (size_t)n_pairs, params->n_candidates = (size_t)n_candidates;
    params->pool = cli_flag(c, "pool");
    params->seed = c->seed;
    params->n_threads = c->n_threads;
    return PSH_OK;
}

void sketch_say_report(const cli *c, const psh_model *model, const psh_sketch_params *params,
                       const psh_fit_report *report) {
    const char *judge = report->n_exact_pairs > 0 ? "exact W1" : "sliced Wasserstein";
    if (params->random)
        cli_say(c, "drew %d bits at random from the set's ranges (model %s)\n", psh_model_n_bits(model),
                psh_model_id(model));
    else
        cli_say(c,
                "fitted %d bits on %zu pairs of %zu diagrams (%zu exact distances), chosen from %zu candidates, in "
                "%.2f s (model %s)\n",
                psh_model_n_bits(model), report->n_pairs, report->n_diagrams, report->n_exact_pairs,
                report->n_candidates, report->seconds_target + report->seconds_fit, psh_model_id(model));
    if (report->n_held_out_pairs)
        cli_say(c, "check on %zu pairs of %zu diagrams not fitted on: Spearman %.3f, Pearson %.3f with %s\n",
                report->n_held_out_pairs, report->n_held_out_diagrams, report->spearman_held_out,
                report->pearson_held_out, judge);
    psh_meta_set_text(c->summary, "model_id", psh_model_id(model));
    psh_meta_set_integer(c->summary, "n_bits", psh_model_n_bits(model));
    psh_meta_set_integer(c->summary, "n_fit_diagrams", (int64_t)report->n_diagrams);
    psh_meta_set_integer(c->summary, "n_fit_pairs", (int64_t)report->n_pairs);
    psh_meta_set_integer(c->summary, "n_exact_pairs", (int64_t)report->n_exact_pairs);
    psh_meta_set_integer(c->summary, "n_held_out_pairs", (int64_t)report->n_held_out_pairs);
    psh_meta_set_number(c->summary, "spearman_fitted", report->spearman_fitted);
    psh_meta_set_number(c->summary, "spearman_held_out", report->spearman_held_out);
    psh_meta_set_number(c->summary, "pearson_held_out", report->pearson_held_out);
    psh_meta_set_number(c->summary, "seconds_fit", report->seconds_target + report->seconds_fit);
}
