/* cmd_train.c : a model of its own file. */
#include <string.h>

#include "sketch_options.h"

static psh_status run(cli *c, psh_error *err) {
    psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
    psh_fit_report report = PSH_PARAMS(psh_fit_report);
    psh_diagrams *set = NULL;
    psh_model *model = NULL;
    const char *path;
    psh_status status;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 2, 2, err));
    if (strcmp(c->arguments[0], "sketch") != 0)
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "no encoder '%s' can be trained; expected: persihash train sketch SET -o model.safetensors",
                        c->arguments[0]);
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

static const cli_option options[] = {{"output", 'o', "FILE", "the model (.safetensors)"}, SKETCH_OPTIONS, {0}};

const cli_command cmd_train = {
    "train",
    "fit an encoder to a set of diagrams",
    "sketch SET -o model.safetensors",
    "encode does this by itself; train is for a model that is kept and used with encode --model.",
    options,
    run};
