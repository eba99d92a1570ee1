/* cmd_vector.c : diagrams -> one array of vectors. */
#include <stdlib.h>

#include "representation.h"

static psh_status run(cli *c, psh_error *err) {
    psh_diagrams *set = NULL;
    psh_meta *meta = NULL;
    float *rows = NULL;
    const char *path;
    representation r;
    psh_essential essential;
    double essential_value;
    size_t n_features, n_essential;
    int kind;
    psh_status status;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 1, err));
    CLI_TRY(cli_choice(c, "kind", representation_kinds, REPRESENTATION_HISTOGRAM, &kind, err));
    CLI_TRY(representation_read(c, (representation_kind)kind, &r, err));
    CLI_TRY(cli_essential(c, &essential, &essential_value, err));
    CLI_TRY(psh_diagrams_read(c->arguments[0], PSH_DIAGRAM_AUTO, essential, essential_value, &set, &n_essential, err));
    double start = cli_seconds();
    CLI_TRY_GOTO(psh_meta_create(&meta, err));
    CLI_TRY_GOTO(cli_stamp(c, meta, psh_diagrams_meta(set), err));
    CLI_TRY_GOTO(representation_compute(&r, set, c->n_threads, meta, &rows, &n_features, err));
    double seconds = cli_seconds() - start;
    size_t n = psh_diagrams_count(set);
    CLI_TRY_GOTO(psh_distances_write_cross(PSH_DISTANCE_F32, rows, n, n_features, meta, path, err));
    if (n_essential) cli_say(c, "%zu essential classes left out or changed (--essential)\n", n_essential);
    cli_say(c, "%zu %s vectors of %zu numbers in %.3g s\n", n, representation_kinds[kind], n_features, seconds);
    psh_meta_set_integer(c->summary, "n_items", (int64_t)n);
    psh_meta_set_integer(c->summary, "n_features", (int64_t)n_features);
    psh_meta_set_text(c->summary, "kind", representation_kinds[kind]);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", path);
done:
    free(rows);
    psh_meta_free(meta);
    psh_diagrams_free(set);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the vectors (.npy, float32, one row a diagram; metadata in a .json beside it)"},
    {"kind", 0, "NAME", "histogram (default), pimage, betti or sliced"},
    REPRESENTATION_OPTIONS,
    {"no-reflection", 0, NULL, "histogram: leave the half below the diagonal empty"},
    {"no-count", 0, NULL, "histogram: no cell for the number of points"},
    {"pool", 0, NULL, "ignore homology dimensions, as the paper does; else their vectors stand side by side"},
    {"dims", 0, "LIST", "homology dimensions, like 0,1 (default: all)"},
    {"essential", 0, "POLICY", "infinite classes: drop (default), keep (not counted), clamp=VALUE"},
    {0}};

const cli_command cmd_vector = {"vector",
                                "diagrams as vectors: histograms, persistence images, Betti curves, sliced Wasserstein",
                                "FILE -o v.npy",
                                "The array has a row a diagram. Histograms and images are laid out row by row (death, "
                                "persistence), with birth along "
                                "the row.",
                                options,
                                run};
