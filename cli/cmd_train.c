/* cmd_train.c : a model of its own file. */
#include <string.h>

#include "fit_options.h"
#include "train_general.h"
#include "train_pdgan.h"

static psh_status train_fitted(cli *c, fit_encoder encoder, const char *path, psh_error *err) {
    fit_options options;
    psh_diagrams *set = NULL;
    psh_model *model = NULL;
    psh_status status;

    const char *data = cli_text(c, "data", NULL);
    if (data && c->n_arguments == 2)
        return cli_fail(err, PSH_ERR_PARAMETER, "two sets, %s and --data %s; give one", c->arguments[1], data);
    CLI_TRY(fit_read_options(c, encoder, &options, err));
    CLI_TRY_GOTO(
        psh_diagrams_read(data ? data : c->arguments[1], PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &set, NULL, err));
    CLI_TRY_GOTO(fit_run(c, set, &options, &model, err));
    CLI_TRY_GOTO(psh_model_write(model, path, err));
    psh_meta_set_text(c->summary, "output", path);
done:
    fit_options_free(&options);
    psh_model_free(model);
    psh_diagrams_free(set);
    return status;
}

/* Options of one encoder mean nothing to the other. */
static psh_status refuse(const cli *c, const char *const *names, const char *encoder, psh_error *err) {
    for (int i = 0; names[i]; i++)
        if (cli_flag(c, names[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s says nothing to train %s; see persihash train --help",
                            names[i], encoder);
    return PSH_OK;
}

static psh_status run(cli *c, psh_error *err) {
    static const char *const of_fitted[] = {"random", "fit-target", "fit-sample", "fit-pairs", "candidates", "steps",
                                            "pool",   "scratch",    "start",      "sets",      NULL};
    static const char *const of_pdgan[] = {"preset",
                                           "synth",
                                           "points",
                                           "split",
                                           "target",
                                           "similarity",
                                           "width",
                                           "init",
                                           "epochs",
                                           "batch",
                                           "rate",
                                           "discriminator-rate",
                                           "dropout",
                                           "no-batch-norm",
                                           "diagram-weight",
                                           "adversarial-weight",
                                           "quantisation-weight",
                                           "bf16",
                                           "dtype",
                                           "resume",
                                           NULL};
    /* of the general model: the rest of what fitting takes says nothing to it */
    static const char *const of_sets[] = {"random", "fit-target", "fit-sample", "fit-pairs", "candidates", "frame-kind",
                                          "pool",   "dims",       "scratch",    "start",     NULL};
    static const char *const of_general[] = {"sets", "count", NULL};
    const char *path;
    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 2, err));
    if (strcmp(c->arguments[0], "pdgan") == 0) {
        CLI_TRY(cli_arguments(c, 1, 1, err));
        CLI_TRY(refuse(c, of_fitted, "pdgan", err));
        return train_pdgan(c, path, err);
    }
    fit_encoder encoder = !strcmp(c->arguments[0], "sketch")    ? FIT_SKETCH
                          : !strcmp(c->arguments[0], "compact") ? FIT_COMPACT
                                                                : FIT_AUTO;
    if (encoder == FIT_AUTO)
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "no encoder '%s' can be trained; expected: persihash train sketch|compact SET -o "
                        "model.safetensors, or persihash train compact|pdgan -o model.safetensors",
                        c->arguments[0]);
    CLI_TRY(refuse(c, of_pdgan, c->arguments[0], err));
    bool has_set = c->n_arguments == 2 || cli_flag(c, "data");
    if (!has_set && encoder == FIT_COMPACT) {
        CLI_TRY(refuse(c, of_sets, "compact without a set", err));
        return train_general(c, path, err);
    }
    if (!has_set) CLI_TRY(cli_arguments(c, 2, 2, err));
    CLI_TRY(refuse(c, of_general, "an encoder on a set", err));
    return train_fitted(c, encoder, path, err);
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the model (.safetensors)"}, FIT_OPTIONS, GENERAL_OPTIONS, PDGAN_OPTIONS, {0}};

const cli_command cmd_train = {
    "train",
    "train an encoder",
    "sketch SET | compact [SET] | pdgan  -o model.safetensors",
    "sketch SET, compact SET: questions, or functions, fitted to a set, in seconds. encode does this by itself; train "
    "is "
    "for a model that is kept and used with encode --model. compact starts from the built-in model, and says whether "
    "fitting helped on diagrams held out.\n"
    "compact without SET: the general model itself, from synthetic sets alone; minutes. It then serves any set.\n"
    "pdgan: the paper's networks, trained on synthetic diagrams (or --data); the model then serves any set. A line an "
    "epoch with all losses and, on diagrams held out, distinct codes, balance of the bits (1: best) and Spearman "
    "correlation with exact W1; the same in FILE.csv. When stopped (Ctrl-C) it saves; --resume goes on to the same "
    "bytes. On a machine with other work, OMP_WAIT_POLICY=passive in the environment helps.\n"
    "  persihash train pdgan --points 20 -o m20.safetensors\n"
    "  persihash train pdgan --preset paper --init vgg19.safetensors -o paper.safetensors",
    options,
    run};
