/* cmd_diagram.c : files of any kind -> diagrams. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* --- options ------------------------------------------------------------------------------------------------------ */

static psh_status read_input_options(cli *c, psh_input_params *params, psh_error *err) {
    static const char *const kinds[] = {"image", "volume", "cloud", "matrix", "mesh", NULL};
    static const psh_item_kind kind_of[] = {PSH_ITEM_IMAGE, PSH_ITEM_IMAGE, PSH_ITEM_CLOUD, PSH_ITEM_MATRIX,
                                            PSH_ITEM_MESH};
    long long first, count, n_samples;
    int kind;
    CLI_TRY(cli_choice(c, "as", kinds, -1, &kind, err));
    if (kind >= 0) params->kind = kind_of[kind], params->is_volume = kind == 1;
    params->labels_path = cli_text(c, "labels", NULL);
    params->field = cli_text(c, "field", NULL);
    CLI_TRY(cli_number(c, "smooth", 0, 1000, 0, &params->smooth_sigma, err));
    CLI_TRY(cli_number(c, "scale", 1.0 / 64, 64, 0, &params->scale_factor, err));
    CLI_TRY(cli_integer(c, "sample", 1, INT64_MAX, 0, &n_samples, err));
    CLI_TRY(cli_integer(c, "first", 0, INT64_MAX, 0, &first, err));
    CLI_TRY(cli_integer(c, "count", 1, INT64_MAX, 0, &count, err));
    params->n_samples = (size_t)n_samples, params->sample_seed = c->seed;
    params->first = (uint64_t)first, params->count = (uint64_t)count;
    return PSH_OK;
}

static psh_status read_complex_options(cli *c, psh_homology_params *params, psh_error *err) {
    static const char *const complexes[] = {"auto", "cubical", "rips", "lower-star", NULL};
    static const char *const constructions[] = {"T", "V", NULL};
    static const char *const metrics[] = {"euclidean", "manhattan", "chebyshev", "cosine", NULL};
    int complex, construction, metric;
    CLI_TRY(cli_choice(c, "complex", complexes, 0, &complex, err));
    CLI_TRY(cli_choice(c, "construction", constructions, 0, &construction, err));
    CLI_TRY(cli_choice(c, "metric", metrics, 0, &metric, err));
    params->complex = (psh_complex)complex;
    params->construction = construction == 0 ? PSH_CONSTRUCTION_T : PSH_CONSTRUCTION_V;
    params->metric = (psh_point_metric)metric;
    params->filtration = cli_flag(c, "superlevel") ? PSH_SUPERLEVEL : PSH_SUBLEVEL;
    params->is_periodic = cli_flag(c, "periodic");
    CLI_TRY(cli_number(c, "threshold", 0, 1e300, 0, &params->threshold, err));
    CLI_TRY(cli_bytes(c, "max-memory", &params->max_bytes, err));
    CLI_TRY(cli_essential(c, &params->essential, &params->essential_value, err));
    CLI_TRY(cli_number(c, "min-persistence", 0, 1e300, 0, &params->min_persistence, err));
    return cli_dims(c, &params->dims_mask, err);
}

static psh_status read_manner(cli *c, const char *path, psh_compute_params *how, psh_error *err) {
    static const char *const policies[] = {"stop", "skip", NULL};
    int policy;
    CLI_TRY(cli_choice(c, "on-error", policies, 0, &policy, err));
    how->on_error = policy == 0 ? PSH_ON_ERROR_STOP : PSH_ON_ERROR_SKIP;
    how->is_resumable = cli_flag(c, "resume");
    how->n_threads = c->n_threads;
    how->format = strcmp(path, "-") != 0 ? PSH_DIAGRAM_AUTO : PSH_DIAGRAM_NPZ;
    return PSH_OK;
}

/* The library refuses options that this kind of item has no use for, but not those that ask for its default. The first
 * item tells the kind; one that cannot be read is a fault to be met in its place. */
static psh_status check_defaults(const cli *c, const psh_input *input, const psh_homology_params *params,
                                 psh_error *err) {
    psh_item item = {0};
    psh_error unused;
    psh_complex complex;
    if (!cli_flag(c, "construction") && !cli_flag(c, "metric")) return PSH_OK;
    if (psh_input_read_item(input, 0, &item, &unused) != PSH_OK) return PSH_OK;
    psh_item_kind kind = item.kind;
    psh_item_free(&item);
    CLI_TRY(psh_homology_check(kind, params, &complex, err));
    if (cli_flag(c, "construction") && complex != PSH_COMPLEX_CUBICAL)
        return cli_fail(err, PSH_ERR_PARAMETER, "--construction is for cubical complexes; %s is a %s, and becomes %s",
                        psh_input_name(input, 0), psh_item_kind_name(kind), psh_complex_name(complex));
    if (cli_flag(c, "metric") && kind != PSH_ITEM_CLOUD)
        return cli_fail(err, PSH_ERR_PARAMETER, "--metric is for point clouds; %s is a %s", psh_input_name(input, 0),
                        psh_item_kind_name(kind));
    return PSH_OK;
}

/* --- what was done ------------------------------------------------------------------------------------------------ */

static void tell_times(cli *c, const psh_compute_stats *stats, double seconds) {
    char json[256];
    cli_say(c, "CPU seconds: reading %.2f, %s %.2f, homology %.2f, writing %.2f\n", stats->read_seconds,
            stats->kind == PSH_ITEM_IMAGE ? "scaling and smoothing" : "sampling", stats->prepare_seconds,
            stats->homology_seconds, stats->write_seconds);
    snprintf(json, sizeof json, "{\"read\": %.6f, \"prepare\": %.6f, \"homology\": %.6f, \"write\": %.6f}",
             stats->read_seconds, stats->prepare_seconds, stats->homology_seconds, stats->write_seconds);
    psh_meta_set_json(c->summary, "cpu_seconds", json);
    psh_meta_set_number(c->summary, "seconds", seconds);
}

static void tell(cli *c, const psh_input *input, const psh_homology_params *params, const psh_compute_stats *stats,
                 double seconds, const char *path) {
    double n_diagrams = (double)stats->n_diagrams;
    size_t n_done = psh_input_count(input) - stats->n_resumed, n_passed_over = psh_input_n_skipped(input);
    cli_say(c, "%zu diagram%s of kind %s (%s), %zu points (%.1f each) in %.2f s (%.0f items a second)\n",
            stats->n_diagrams, stats->n_diagrams == 1 ? "" : "s", psh_item_kind_name(stats->kind),
            psh_complex_name(stats->complex), stats->n_points,
            n_diagrams > 0 ? (double)stats->n_points / n_diagrams : 0, seconds, (double)n_done / seconds);
    tell_times(c, stats, seconds);
    if (stats->n_resumed) cli_say(c, "%zu items were done before\n", stats->n_resumed);
    if (stats->n_essential > 0 && params->essential != PSH_ESSENTIAL_KEEP)
        cli_say(c, "%zu essential classes left out (--essential keep or clamp=VALUE keeps them)\n", stats->n_essential);
    if (n_passed_over) cli_say(c, "%zu files that hold no items were passed over\n", n_passed_over);
    if (stats->n_skipped && !c->is_output_stdout)
        cli_warn(c, "%zu of %zu items were skipped; %s.skipped.txt says which and why\n", stats->n_skipped,
                 psh_input_count(input), path);
    else if (stats->n_skipped)
        cli_warn(c, "%zu of %zu items were skipped; the metadata says which and why\n", stats->n_skipped,
                 psh_input_count(input));
    if (*stats->lost) cli_warn(c, "%s cannot hold: %s\n", path, stats->lost);
    psh_meta_set_text(c->summary, "kind", psh_item_kind_name(stats->kind));
    psh_meta_set_text(c->summary, "complex", psh_complex_name(stats->complex));
    psh_meta_set_integer(c->summary, "n_diagrams", (int64_t)stats->n_diagrams);
    psh_meta_set_integer(c->summary, "n_points", (int64_t)stats->n_points);
    psh_meta_set_integer(c->summary, "n_essential", (int64_t)stats->n_essential);
    psh_meta_set_integer(c->summary, "n_skipped", (int64_t)stats->n_skipped);
    psh_meta_set_integer(c->summary, "n_resumed", (int64_t)stats->n_resumed);
    psh_meta_set_integer(c->summary, "n_passed_over", (int64_t)n_passed_over);
    psh_meta_set_text(c->summary, "output", path);
}

static psh_status run(cli *c, psh_error *err) {
    psh_input_params input_params = PSH_PARAMS(psh_input_params);
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    psh_compute_params how = PSH_PARAMS(psh_compute_params);
    psh_compute_stats stats;
    psh_input *input = NULL;
    psh_meta *meta = NULL;
    const char *path;
    psh_status status;
    double start = cli_seconds();

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 1 << 30, err));
    CLI_TRY(read_input_options(c, &input_params, err));
    CLI_TRY(read_complex_options(c, &params, err));
    CLI_TRY(read_manner(c, path, &how, err));
    input_params.n_threads = c->n_threads;
    input_params.keeps_faults = how.on_error == PSH_ON_ERROR_SKIP;
    CLI_TRY(psh_input_open((const char *const *)c->arguments, (size_t)c->n_arguments, &input_params, &input, err));
    CLI_TRY_GOTO(check_defaults(c, input, &params, err));
    CLI_TRY_GOTO(psh_meta_create(&meta, err));
    CLI_TRY_GOTO(cli_stamp(c, meta, NULL, err));
    CLI_TRY_GOTO(psh_diagrams_compute_file(input, &params, &how, meta, path, &c->progress, &stats, err));
    psh_progress_end(&c->bar);
    tell(c, input, &params, &stats, cli_seconds() - start, path);
done:
    psh_meta_free(meta);
    psh_input_free(input);
    return status;
}

/* --- help --------------------------------------------------------------------------------------------------------- */

static const cli_option options[] = {
    {"output", 'o', "FILE", "the diagram set (.npz; .csv, .pers and others as the name ends)"},
    {"as", 0, "KIND", "what arrays are: image, volume, cloud, matrix, mesh (default: what the file says; else image)"},
    {"field", 0, "NAME", "which array of a .vti or .vtu; of a mesh also x, y or z: the height"},
    {"sample", 0, "N", "meshes become clouds of N points, larger clouds are thinned to N (farthest points, --seed)"},
    {"complex", 0, "NAME", "cubical (images), rips (clouds, matrices), lower-star (meshes; images on TTK's grid)"},
    {"construction", 0, "T|V", "cubical: pixels are top cells (T, default) or vertices (V)"},
    {"superlevel", 0, NULL, "superlevel filtration: bright regions are born first"},
    {"periodic", 0, NULL, "cubical: opposite sides of the grid are glued"},
    {"threshold", 0, "X", "rips: longest edge (default: the enclosing radius, beyond which nothing happens)"},
    {"metric", 0, "NAME", "of clouds: euclidean (default), manhattan, chebyshev, cosine"},
    {"max-memory", 0, "BYTES", "rips: refuse an item that needs more, like 8G (default: 3/4 of the machine's)"},
    {"essential", 0, "POLICY", "infinite classes: drop (default), keep, clamp=VALUE"},
    {"min-persistence", 0, "X", "leave out what lives no longer than X (default: 0)"},
    {"dims", 0, "LIST", "homology dimensions, like 0,1 (default: all; rips: 0,1)"},
    {"smooth", 0, "SIGMA", "images: Gaussian smoothing, standard deviation in pixels"},
    {"scale", 0, "FACTOR", "images: resize first: 0.5 halves, 2 doubles the sides"},
    {"labels", 0, "FILE", "classes: IDX, .npy, or text with one label a line (default: folder names)"},
    {"first", 0, "N", "skip the first N items"},
    {"count", 0, "N", "take at most N items"},
    {"on-error", 0, "stop|skip", "at an item that fails: stop (default), or skip it and list it in FILE.skipped.txt"},
    {"resume", 0, NULL, "keep what is done in FILE.partial when stopped or killed; go on from there"},
    {0}};

const cli_command cmd_diagram = {
    "diagram",
    "images, volumes, clouds, distance matrices and meshes to persistence diagrams",
    "INPUT... -o set.npz",
    "INPUT is a file, a folder or a glob: images (PNG, JPEG, PGM, TIFF), arrays and stacks (.npy, IDX), fields (.vti, "
    "NIfTI), point clouds, distance matrices, meshes (OFF, OBJ, PLY). All items of a set are of one kind.\n"
    "Colour becomes luminance (ITU-R BT.601). Photographs give thousands of noise points: use --smooth 2 or --scale "
    "0.5.\n"
    "Diagrams go straight to the disk: 100,000 files need no more memory than ten. With --resume the work survives "
    "Ctrl-C and kill -9: the same command goes on where it stopped, and gives the same bytes.\n\n"
    "Examples:\n"
    "  persihash diagram tiles/ --smooth 2 --on-error skip --resume -o set.npz    a folder of JPEGs\n"
    "  persihash diagram isabel.vti --field velocity -o field.npz                 a field on a grid\n"
    "  persihash diagram clouds.npz --dims 0,1,2 --threshold 1.5 -o rips.npz      many point clouds\n"
    "  persihash diagram correlations.npy --as matrix -o protein.npz              a distance matrix\n"
    "  persihash diagram shapes/*.off --sample 300 -o shapes.npz                  meshes as clouds",
    options,
    run};
