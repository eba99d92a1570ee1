/* cmd_synth.c : synthetic diagrams. */
#include "cli.h"

static psh_status run(cli *c, psh_error *err) {
    static const char *const kinds[] = {"uniform", NULL};
    psh_diagrams *set = NULL;
    const char *path;
    long long n_points, n_diagrams;
    int kind;
    psh_status status;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 0, 0, err));
    CLI_TRY(cli_choice(c, "kind", kinds, 0, &kind, err));
    CLI_TRY(cli_integer(c, "points", 0, 1000000, 50, &n_points, err));
    CLI_TRY(cli_integer(c, "count", 0, 100000000, 4000, &n_diagrams, err));
    CLI_TRY(psh_diagrams_synth_uniform((size_t)n_diagrams, (size_t)n_points, c->seed, &set, err));
    CLI_TRY_GOTO(cli_stamp(c, psh_diagrams_meta(set), NULL, err));
    CLI_TRY_GOTO(psh_diagrams_write(set, path, PSH_DIAGRAM_AUTO, NULL, 0, err));
    cli_say(c, "%lld diagrams of %lld points\n", n_diagrams, n_points);
    psh_meta_set_integer(c->summary, "n_diagrams", n_diagrams);
    psh_meta_set_text(c->summary, "output", path);
done:
    psh_diagrams_free(set);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the diagram set (.npz, .csv)"},
    {"kind", 0, "KIND", "uniform (default): the paper's, uniform above the diagonal of the unit square"},
    {"points", 0, "N", "points a diagram (default: 50)"},
    {"count", 0, "N", "diagrams (default: 4000)"},
    {0}};

const cli_command cmd_synth = {"synth", "synthetic diagrams", "-o set.npz", NULL, options, run};
