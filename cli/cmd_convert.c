/* cmd_convert.c : diagrams between formats. */
#include <stdio.h>

#include "cli.h"

static psh_status run(cli *c, psh_error *err) {
    psh_diagrams *set = NULL;
    psh_essential essential;
    double essential_value;
    size_t n_essential;
    char lost[256];
    psh_status status;

    CLI_TRY(cli_arguments(c, 2, 2, err));
    CLI_TRY(cli_essential(c, &essential, &essential_value, err));
    if (!cli_flag(c, "essential")) essential = PSH_ESSENTIAL_KEEP; /* a conversion loses nothing unasked */
    CLI_TRY(psh_diagrams_read(c->arguments[0], PSH_DIAGRAM_AUTO, essential, essential_value, &set, &n_essential, err));
    c->is_output_stdout = c->arguments[1][0] == '-' && !c->arguments[1][1];
    CLI_TRY_GOTO(psh_diagrams_write(set, c->arguments[1], PSH_DIAGRAM_AUTO, lost, sizeof lost, err));
    if (lost[0]) cli_warn(c, "%s cannot hold: %s\n", c->arguments[1], lost);
    if (n_essential) cli_say(c, "%zu essential classes changed or left out, as --essential asks\n", n_essential);
    cli_say(c, "%zu diagrams, %zu points\n", psh_diagrams_count(set), psh_diagrams_n_points(set));
    psh_meta_set_integer(c->summary, "n_diagrams", (int64_t)psh_diagrams_count(set));
    psh_meta_set_integer(c->summary, "n_points", (int64_t)psh_diagrams_n_points(set));
    psh_meta_set_text(c->summary, "lost", lost);
done:
    psh_diagrams_free(set);
    return status;
}

static const cli_option options[] = {{"essential", 0, "POLICY", "infinite classes: keep (default), drop, clamp=VALUE"},
                                     {0}};

const cli_command cmd_convert = {"convert",
                                 "diagrams between formats",
                                 "IN OUT",
                                 "Formats: .npz (ours), .csv (diagram,dim,birth,death), .pers (GUDHI; one diagram). IN "
                                 "is recognised by its content,\n"
                                 "OUT by its ending. What a format cannot hold is said.",
                                 options,
                                 run};
