/* cmd_diagram.c : images -> diagrams. */
#include <stdio.h>

#include "cli.h"

static psh_status read_cubical_options(cli *c, psh_homology_params *params, psh_error *err) {
    static const char *const constructions[] = {"T", "V", NULL};
    int construction;
    CLI_TRY(cli_choice(c, "construction", constructions, 0, &construction, err));
    params->construction = construction == 0 ? PSH_CONSTRUCTION_T : PSH_CONSTRUCTION_V;
    params->filtration = cli_flag(c, "superlevel") ? PSH_SUPERLEVEL : PSH_SUBLEVEL;
    CLI_TRY(cli_essential(c, &params->essential, &params->essential_value, err));
    CLI_TRY(cli_number(c, "min-persistence", 0, 1e300, 0, &params->min_persistence, err));
    return cli_dims(c, &params->dims_mask, err);
}

static psh_status read_input_options(cli *c, psh_input_params *params, psh_error *err) {
    long long first, count;
    params->labels_path = cli_text(c, "labels", NULL);
    CLI_TRY(cli_number(c, "smooth", 0, 1000, 0, &params->smooth_sigma, err));
    CLI_TRY(cli_number(c, "scale", 1.0 / 64, 64, 0, &params->scale_factor, err));
    CLI_TRY(cli_integer(c, "first", 0, INT64_MAX, 0, &first, err));
    CLI_TRY(cli_integer(c, "count", 1, INT64_MAX, 0, &count, err));
    params->first = (uint64_t)first, params->count = (uint64_t)count;
    return PSH_OK;
}

static psh_status run(cli *c, psh_error *err) {
    psh_input_params input_params = PSH_PARAMS(psh_input_params);
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    psh_input *input = NULL;
    psh_diagrams *set = NULL;
    const char *path;
    psh_status status;
    double start = cli_seconds();

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 1 << 30, err));
    CLI_TRY(read_input_options(c, &input_params, err));
    CLI_TRY(read_cubical_options(c, &params, err));
    CLI_TRY(psh_input_open((const char *const *)c->arguments, (size_t)c->n_arguments, &input_params, &input, err));
    CLI_TRY_GOTO(psh_diagrams_compute(input, &params, c->n_threads, &c->progress, &set, err));
    CLI_TRY_GOTO(cli_stamp(c, psh_diagrams_meta(set), NULL, err));
    double computed = cli_seconds();
    CLI_TRY_GOTO(psh_diagrams_write(set, path, PSH_DIAGRAM_AUTO, NULL, 0, err));

    size_t n_diagrams = psh_diagrams_count(set), n_points = psh_diagrams_n_points(set);
    double n_dropped = psh_meta_number(psh_diagrams_meta(set), "n_essential_left_out", 0), seconds = computed - start;
    cli_say(c, "%zu diagrams, %zu points (%.1f each) in %.2f s (%.0f images a second)\n", n_diagrams, n_points,
            n_diagrams ? (double)n_points / (double)n_diagrams : 0, seconds, (double)n_diagrams / seconds);
    if (n_dropped > 0 && params.essential != PSH_ESSENTIAL_KEEP)
        cli_say(c, "%.0f essential classes left out (--essential keep or clamp=VALUE keeps them)\n", n_dropped);
    if (psh_input_n_skipped(input))
        cli_say(c, "%zu files that are no images were passed over\n", psh_input_n_skipped(input));
    psh_meta_set_integer(c->summary, "n_skipped", (int64_t)psh_input_n_skipped(input));
    psh_meta_set_integer(c->summary, "n_diagrams", (int64_t)n_diagrams);
    psh_meta_set_integer(c->summary, "n_points", (int64_t)n_points);
    psh_meta_set_number(c->summary, "n_essential", n_dropped);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", path);
done:
    psh_diagrams_free(set);
    psh_input_free(input);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the diagram set (.npz, .csv; .pers for one diagram)"},
    {"construction", 0, "T|V", "pixels are top cells (T, default) or vertices (V)"},
    {"superlevel", 0, NULL, "superlevel filtration: bright regions are born first"},
    {"essential", 0, "POLICY", "infinite classes: drop (default), keep, clamp=VALUE"},
    {"min-persistence", 0, "X", "leave out what lives no longer than X (default: 0)"},
    {"dims", 0, "LIST", "homology dimensions, like 0,1 (default: all)"},
    {"smooth", 0, "SIGMA", "Gaussian smoothing, standard deviation in pixels"},
    {"scale", 0, "FACTOR", "resize first: 0.5 halves, 2 doubles the sides"},
    {"labels", 0, "FILE", "classes: IDX, .npy, or text with one label a line (default: folder names)"},
    {"first", 0, "N", "skip the first N items"},
    {"count", 0, "N", "take at most N items"},
    {0}};

const cli_command cmd_diagram = {
    "diagram",
    "images to persistence diagrams",
    "INPUT... -o set.npz",
    "INPUT is an image (PNG, JPEG, PGM, .npy), a stack of images (IDX, .npy of three axes), a folder or a glob.\n"
    "Colour becomes luminance (ITU-R BT.601). Photographs give thousands of noise points: use --smooth 2 or --scale "
    "0.5.",
    options,
    run};
