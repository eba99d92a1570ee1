/* cmd_embed.c : a map by multidimensional scaling. */
#include <stdlib.h>

#include "cli.h"

static psh_status run(cli *c, psh_error *err) {
    psh_file_kind kind;
    psh_codes *codes = NULL;
    psh_distances *distances = NULL;
    psh_meta *meta = NULL;
    double *xy = NULL, explained = 0;
    const char *path;
    long long n_axes, n_landmarks;
    psh_status status;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 1, err));
    CLI_TRY(cli_integer(c, "axes", 1, 100, 2, &n_axes, err));
    CLI_TRY(cli_integer(c, "landmarks", 3, 20000, 0, &n_landmarks, err));
    CLI_TRY(psh_file_detect(c->arguments[0], &kind, err));
    if (kind == PSH_FILE_CODES)
        CLI_TRY_GOTO(psh_codes_read(c->arguments[0], &codes, err));
    else if (kind == PSH_FILE_DISTANCES)
        CLI_TRY_GOTO(psh_distances_read(c->arguments[0], &distances, err));
    else
        return cli_fail(err, PSH_ERR_DATA, "%s: holds neither codes nor distances", c->arguments[0]);
    size_t n = codes ? psh_codes_count(codes) : psh_distances_n_items(distances);
    xy = calloc(n ? n : 1, (size_t)n_axes * sizeof *xy);
    if (!xy) {
        status = cli_fail(err, PSH_ERR_MEMORY, "no memory for a map of %zu items", n);
        goto done;
    }
    if (codes)
        CLI_TRY_GOTO(psh_mds_codes(psh_codes_data(codes), n, psh_codes_n_bytes(codes), (int)n_axes, (size_t)n_landmarks,
                                   c->seed, c->n_threads, xy, &explained, err));
    else
        CLI_TRY_GOTO(
            psh_mds_distances(distances, (int)n_axes, (size_t)n_landmarks, c->seed, c->n_threads, xy, &explained, err));
    CLI_TRY_GOTO(psh_meta_create(&meta, err));
    CLI_TRY_GOTO(cli_stamp(c, meta, codes ? psh_codes_meta(codes) : psh_distances_meta(distances), err));
    psh_meta_set_number(meta, "explained", explained);
    CLI_TRY_GOTO(psh_mds_write(xy, n, (int)n_axes, meta, path, err));
    cli_say(c, "%zu items on %lld axes, which hold %.0f %% of the positive eigenvalues\n", n, n_axes, 100 * explained);
    psh_meta_set_integer(c->summary, "n_items", (int64_t)n);
    psh_meta_set_number(c->summary, "explained", explained);
    psh_meta_set_text(c->summary, "output", path);
done:
    psh_meta_free(meta);
    free(xy);
    psh_distances_free(distances);
    psh_codes_free(codes);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "coordinates (.npy, N x axes)"},
    {"axes", 0, "N", "dimensions of the map (default: 2)"},
    {"landmarks", 0, "N", "landmarks above which landmark MDS is used (default: 2000)"},
    {0}};

const cli_command cmd_embed = {
    "embed", "a map of codes or distances (classical or landmark MDS)", "FILE -o xy.npy", NULL, options, run};
