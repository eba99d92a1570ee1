/* cmd_synth.c : synthetic diagrams. */
#include "cli.h"

enum { UNIFORM, MIXED };

static psh_status make_uniform(const cli *c, psh_diagrams **dst, psh_error *err) {
    long long n_points, n_diagrams;
    if (cli_flag(c, "family") || cli_flag(c, "index"))
        return cli_fail(err, PSH_ERR_PARAMETER, "--%s is for mixed sets; add --kind mixed, or leave it out",
                        cli_flag(c, "family") ? "family" : "index");
    CLI_TRY(cli_integer(c, "points", 0, 1000000, 50, &n_points, err));
    CLI_TRY(cli_integer(c, "count", 0, 100000000, 4000, &n_diagrams, err));
    CLI_TRY(psh_diagrams_synth_uniform((size_t)n_diagrams, (size_t)n_points, c->seed, dst, err));
    cli_say(c, "%lld diagrams of %lld points\n", n_diagrams, n_points);
    return PSH_OK;
}

static psh_status make_mixed(const cli *c, psh_diagrams **dst, psh_error *err) {
    static const char *const families[] = {"any", "blobs", "uniform", "fields", "clouds", "series", NULL};
    psh_synth_params params = {.struct_bytes = sizeof params};
    long long n_points, n_diagrams, i_set;
    int family;
    CLI_TRY(cli_integer(c, "points", 1, 1000000, 2000, &n_points, err));
    CLI_TRY(cli_integer(c, "count", 0, 1000000, 128, &n_diagrams, err));
    CLI_TRY(cli_integer(c, "index", 0, INT64_MAX, 0, &i_set, err));
    CLI_TRY(cli_choice(c, "family", families, 0, &family, err));
    params.family = (psh_synth_family)family, params.max_points = (size_t)n_points;
    CLI_TRY(psh_diagrams_synth_mixed((size_t)n_diagrams, c->seed, (uint64_t)i_set, &params, dst, err));
    cli_say(c, "%lld diagrams of %.1f points on average: %s\n", n_diagrams,
            n_diagrams ? (double)psh_diagrams_n_points(*dst) / (double)n_diagrams : 0,
            psh_meta_text(psh_diagrams_meta(*dst), "family"));
    return PSH_OK;
}

static psh_status run(cli *c, psh_error *err) {
    static const char *const kinds[] = {"uniform", "mixed", NULL};
    psh_diagrams *set = NULL;
    const char *path;
    int kind;
    psh_status status;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 0, 0, err));
    CLI_TRY(cli_choice(c, "kind", kinds, UNIFORM, &kind, err));
    CLI_TRY(kind == MIXED ? make_mixed(c, &set, err) : make_uniform(c, &set, err));
    CLI_TRY_GOTO(cli_stamp(c, psh_diagrams_meta(set), NULL, err));
    CLI_TRY_GOTO(psh_diagrams_write(set, path, PSH_DIAGRAM_AUTO, NULL, 0, err));
    psh_meta_set_integer(c->summary, "n_diagrams", (long long)psh_diagrams_count(set));
    psh_meta_set_integer(c->summary, "n_points", (long long)psh_diagrams_n_points(set));
    psh_meta_set_text(c->summary, "output", path);
done:
    psh_diagrams_free(set);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the diagram set (.npz, .csv)"},
    {"kind", 0, "KIND",
     "uniform (default): the paper's, uniform above the diagonal of the unit square; mixed: a set drawn at random that "
     "is as varied as real ones"},
    {"points", 0, "N", "points a diagram (default: 50); mixed: at most (default: 2000)"},
    {"count", 0, "N", "diagrams (default: 4000; mixed: 128)"},
    {"family", 0, "NAME", "mixed: any (default), blobs, uniform, fields, clouds or series"},
    {"index", 0, "N", "mixed: which set of those that the seed draws (default: 0)"},
    {0}};

const cli_command cmd_synth = {"synth", "synthetic diagrams", "-o set.npz", NULL, options, run};
