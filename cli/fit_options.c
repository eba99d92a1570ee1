/* fit_options.c : options of fitting, read; the fit, reported. */
#include "fit_options.h"

#include <stdio.h>
#include <string.h>

#include "models.h"

static psh_status choose_encoder(const cli *c, fit_encoder *encoder, psh_error *err) {
    static const char *const of_sketch[] = {"random", "candidates", NULL}, *const of_compact[] = {"steps", "scratch",
                                                                                                  "start", NULL};
    const char *for_sketch = NULL, *for_compact = NULL;
    for (size_t i = 0; of_sketch[i]; i++)
        if (cli_flag(c, of_sketch[i])) for_sketch = of_sketch[i];
    for (size_t i = 0; of_compact[i]; i++)
        if (cli_flag(c, of_compact[i])) for_compact = of_compact[i];
    if (for_sketch && for_compact)
        return cli_fail(err, PSH_ERR_PARAMETER, "--%s is for a sketch, --%s for a compact model; choose one",
                        for_sketch, for_compact);
    if (*encoder == FIT_AUTO) *encoder = for_sketch ? FIT_SKETCH : FIT_COMPACT;
    if (*encoder == FIT_SKETCH ? for_compact != NULL : for_sketch != NULL)
        return cli_fail(err, PSH_ERR_PARAMETER, "--%s has no meaning for a %s", for_sketch ? for_sketch : for_compact,
                        for_sketch ? "compact model; it is for a sketch" : "sketch; it is for a compact model");
    return PSH_OK;
}

psh_status fit_read_options(const cli *c, fit_encoder encoder, fit_options *dst, psh_error *err) {
    static const char *const targets[] = {"calibrated", "sliced", "wasserstein", NULL}; /* psh_sketch_target */
    long long n_bits, n_sample, n_pairs, n_candidates, n_steps;
    int target;
    psh_sketch_params s = PSH_PARAMS(psh_sketch_params);
    psh_compact_params k = PSH_PARAMS(psh_compact_params);
    CLI_TRY(choose_encoder(c, &encoder, err));
    CLI_TRY(cli_integer(c, "bits", 1, PSH_CODE_MAX_BITS, 64, &n_bits, err));
    CLI_TRY(cli_choice(c, "fit-target", targets, 0, &target, err));
    CLI_TRY(cli_integer(c, "fit-sample", 2, 1000000, 0, &n_sample, err));
    CLI_TRY(cli_integer(c, "fit-pairs", 1, 10000000, 0, &n_pairs, err));
    CLI_TRY(cli_integer(c, "candidates", 1, 10000000, 0, &n_candidates, err));
    CLI_TRY(cli_integer(c, "steps", 1, 1000000, 0, &n_steps, err));
    CLI_TRY(cli_dims(c, &s.dims_mask, err));
    CLI_TRY(cli_frame_kind(c, &s.frame_kind, &s.frame_lo, &s.frame_hi, err));
    s.n_bits = (int)n_bits;
    s.random = cli_flag(c, "random");
    s.target = (psh_sketch_target)target;
    s.n_sample = (size_t)n_sample, s.n_pairs = (size_t)n_pairs, s.n_candidates = (size_t)n_candidates;
    s.pool = cli_flag(c, "pool");
    s.seed = c->seed;
    s.n_threads = c->n_threads;
    k.n_bits = s.n_bits, k.target = s.target, k.n_sample = s.n_sample, k.n_pairs = s.n_pairs;
    k.n_steps = (size_t)n_steps, k.from_scratch = cli_flag(c, "scratch");
    k.frame_kind = s.frame_kind, k.frame_lo = s.frame_lo, k.frame_hi = s.frame_hi;
    k.pool = s.pool, k.dims_mask = s.dims_mask, k.seed = s.seed, k.n_threads = s.n_threads;
    *dst = (fit_options){encoder, s, k, NULL};
    const char *start = cli_text(c, "start", NULL);
    if (start) CLI_TRY(models_read(start, &dst->start, err));
    dst->compact.start = dst->start;
    return PSH_OK;
}

void fit_options_free(fit_options *options) {
    psh_model_free(options->start);
    options->start = NULL;
}

static void say_report(const cli *c, const psh_model *model, const fit_options *options, const psh_fit_report *report) {
    const char *judge = report->n_exact_pairs > 0 ? "exact W1" : "sliced Wasserstein";
    double seconds = report->seconds_target + report->seconds_fit;
    if (options->encoder == FIT_SKETCH && options->sketch.random)
        cli_say(c, "drew a sketch of %d bits at random from the set's ranges (model %s)\n", psh_model_n_bits(model),
                psh_model_id(model));
    else
        cli_say(c, "fitted a %s of %d bits on %zu pairs of %zu diagrams (%zu exact distances) in %.2f s (model %s)\n",
                options->encoder == FIT_SKETCH ? "sketch" : "compact model", psh_model_n_bits(model), report->n_pairs,
                report->n_diagrams, report->n_exact_pairs, seconds, psh_model_id(model));
    if (report->n_held_out_pairs)
        cli_say(c, "check on %zu pairs of %zu diagrams not fitted on: Spearman %.3f, Pearson %.3f with %s\n",
                report->n_held_out_pairs, report->n_held_out_diagrams, report->spearman_held_out,
                report->pearson_held_out, judge);
    if (report->spearman_start < report->spearman_held_out)
        cli_say(c, "  (the general model, not fitted: Spearman %.3f)\n", report->spearman_start);
    else if (report->spearman_start >= report->spearman_held_out)
        cli_say(c,
                "  fitting did not help on these: the general model alone has %.3f; for later diagrams of this kind "
                "use it: encode --model compact\n",
                report->spearman_start);
    psh_meta_set_text(c->summary, "encoder", psh_model_kind(model));
    psh_meta_set_text(c->summary, "model_id", psh_model_id(model));
    psh_meta_set_integer(c->summary, "n_bits", psh_model_n_bits(model));
    psh_meta_set_integer(c->summary, "n_fit_diagrams", (int64_t)report->n_diagrams);
    psh_meta_set_integer(c->summary, "n_fit_pairs", (int64_t)report->n_pairs);
    psh_meta_set_integer(c->summary, "n_exact_pairs", (int64_t)report->n_exact_pairs);
    psh_meta_set_integer(c->summary, "n_held_out_pairs", (int64_t)report->n_held_out_pairs);
    psh_meta_set_number(c->summary, "spearman_fitted", report->spearman_fitted);
    psh_meta_set_number(c->summary, "spearman_held_out", report->spearman_held_out);
    psh_meta_set_number(c->summary, "pearson_held_out", report->pearson_held_out);
    if (options->encoder == FIT_COMPACT) psh_meta_set_number(c->summary, "spearman_not_fitted", report->spearman_start);
    psh_meta_set_number(c->summary, "seconds_fit", seconds);
}

psh_status fit_run(cli *c, const psh_diagrams *set, const fit_options *options, psh_model **dst, psh_error *err) {
    psh_fit_report report = PSH_PARAMS(psh_fit_report);
    if (options->encoder == FIT_SKETCH)
        CLI_TRY(psh_sketch_fit(set, &options->sketch, &c->progress, dst, &report, err));
    else
        CLI_TRY(psh_compact_fit(set, &options->compact, &c->progress, dst, &report, err));
    psh_progress_end(&c->bar);
    say_report(c, *dst, options, &report);
    return PSH_OK;
}
