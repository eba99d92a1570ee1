/* cmd_train.c : a model of its own file. */
#include <string.h>

#include "sketch_options.h"
#include "train_pdgan.h"

static psh_status train_sketch(cli *c, const char *path, psh_error *err) {
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    psh_fit_report report = PSH_PARAMS(psh_fit_report);
    psh_diagrams *set = NULL;
    psh_model *model = NULL;
    psh_status status;

    CLI_TRY(sketch_read_options(c, &params, err));
    CLI_TRY(psh_diagrams_read(c->arguments[1], PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &set, NULL, err));
    CLI_TRY_GOTO(psh_sketch_fit(set, &params, &c->progress, &model, &report, err));
    CLI_TRY_GOTO(psh_model_write(model, path, err));
    psh_progress_end(&c->bar);
    sketch_say_report(c, model, &params, &report);
    psh_meta_set_text(c->summary, "output", path);
done:
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
    static const char *const of_sketch[] = {"random",     "fit-target", "fit-sample", "fit-pairs",
                                            "candidates", "pool",       NULL};
    static const char *const of_pdgan[] = {"preset",
                                           "synth",
                                           "points",
                                           "count",
                                           "data",
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
    const char *path;
    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 2, err));
    if (strcmp(c->arguments[0], "pdgan") == 0) {
        CLI_TRY(cli_arguments(c, 1, 1, err));
        CLI_TRY(refuse(c, of_sketch, "pdgan", err));
        return train_pdgan(c, path, err);
    }
    CLI_TRY(cli_arguments(c, 2, 2, err));
    if (strcmp(c->arguments[0], "sketch") != 0)
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "no encoder '%s' can be trained; expected: persihash train sketch SET -o model.safetensors, or "
                        "persihash train pdgan -o model.safetensors",
                        c->arguments[0]);
    CLI_TRY(refuse(c, of_pdgan, "sketch", err));
    return train_sketch(c, path, err);
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the model (.safetensors)"}, SKETCH_OPTIONS, PDGAN_OPTIONS, {0}};

const cli_command cmd_train = {
    "train",
    "train an encoder",
    "sketch SET | pdgan  -o model.safetensors",
    "sketch: questions fitted to a set, in seconds. encode does this by itself; train is for a model that is kept and "
    "used with encode --model.\n"
    "pdgan: the paper's networks, trained on synthetic diagrams (or --data); the model then serves any set. A line an "
    "epoch with all losses and, on diagrams held out, distinct codes, balance of the bits (1: best) and Spearman "
    "correlation with exact W1; the same in FILE.csv. When stopped (Ctrl-C) it saves; --resume goes on to the same "
    "bytes. On a machine with other work, OMP_WAIT_POLICY=passive in the environment helps.\n"
    "  persihash train pdgan --points 20 -o m20.safetensors\n"
    "  persihash train pdgan --preset paper --init vgg19.safetensors -o paper.safetensors",
    options,
    run};
