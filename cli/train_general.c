/* train_general.c : the general compact model, from synthetic sets alone. */
#include "train_general.h"

psh_status train_general(cli *c, const char *path, psh_error *err) {
    psh_compact_train_params p = PSH_PARAMS(psh_compact_train_params);
    psh_compact_train_report r = PSH_PARAMS(psh_compact_train_report);
    psh_model *model = NULL;
    psh_status status;
    long long n_bits, n_sets, n_diagrams, n_steps;
    CLI_TRY(cli_integer(c, "bits", 1, PSH_CODE_MAX_BITS, 0, &n_bits, err));
    CLI_TRY(cli_integer(c, "sets", 16, 65536, 0, &n_sets, err));
    CLI_TRY(cli_integer(c, "count", 8, 1024, 0, &n_diagrams, err));
    CLI_TRY(cli_integer(c, "steps", 1, 1000000, 0, &n_steps, err));
    p.n_bits = (int)n_bits, p.n_sets = (size_t)n_sets, p.n_diagrams = (size_t)n_diagrams, p.n_steps = (size_t)n_steps;
    p.seed = c->seed, p.n_threads = c->n_threads;
    CLI_TRY(psh_compact_train(&p, &c->progress, &model, &r, err));
    psh_progress_end(&c->bar);
    CLI_TRY_GOTO(psh_model_write(model, path, err));
    cli_say(c, "learnt %d bits from %zu synthetic sets (%zu exact distances) in %.0f + %.0f s (model %s)\n",
            psh_model_n_bits(model), r.n_sets - r.n_held_out, r.n_pairs, r.seconds_sets, r.seconds_learning,
            psh_model_id(model));
    cli_say(c,
            "mean Spearman with exact W1 over %zu sets never learnt from: %.4f (first 64 bits: %.4f), of the estimate "
            "of W1 %.4f\n",
            r.n_held_out, r.spearman, r.spearman_short, r.spearman_estimate);
    psh_meta_set_text(c->summary, "encoder", "compact");
    psh_meta_set_text(c->summary, "model_id", psh_model_id(model));
    psh_meta_set_integer(c->summary, "n_bits", psh_model_n_bits(model));
    psh_meta_set_integer(c->summary, "n_sets", (int64_t)r.n_sets);
    psh_meta_set_integer(c->summary, "n_sets_held_out", (int64_t)r.n_held_out);
    psh_meta_set_integer(c->summary, "n_exact_pairs", (int64_t)r.n_pairs);
    psh_meta_set_number(c->summary, "spearman_held_out", r.spearman);
    psh_meta_set_number(c->summary, "spearman_estimate", r.spearman_estimate);
    psh_meta_set_number(c->summary, "spearman_held_out_64", r.spearman_short);
    psh_meta_set_number(c->summary, "seconds_sets", r.seconds_sets);
    psh_meta_set_number(c->summary, "seconds_learning", r.seconds_learning);
    psh_meta_set_text(c->summary, "output", path);
done:
    psh_model_free(model);
    return status;
}
