/* cmd_similarity.c : distances -> the matrix of similarities that a hash is trained on. */
#include <stdlib.h>

#include "cli.h"

/* The paper's names, and the two whose share is free. */
static const char *const kinds[] = {"real", "s1", "s2", "s3", "s4", "s5", "nearest", "global", "rank", NULL};
enum { KIND_REAL, KIND_S1, KIND_S2, KIND_S3, KIND_S4, KIND_S5, KIND_NEAREST, KIND_GLOBAL, KIND_RANK };
static const struct {
    psh_similarity_kind kind;
    double share;
} meanings[] = {[KIND_REAL] = {PSH_SIMILARITY_REAL, 0},          [KIND_S1] = {PSH_SIMILARITY_NEAREST, 0.25},
                [KIND_S2] = {PSH_SIMILARITY_NEAREST, 0.15},      [KIND_S3] = {PSH_SIMILARITY_NEAREST, 0.35},
                [KIND_S4] = {PSH_SIMILARITY_GLOBAL, 0.25},       [KIND_S5] = {PSH_SIMILARITY_TWO_PASS, 0},
                [KIND_NEAREST] = {PSH_SIMILARITY_NEAREST, 0.25}, [KIND_GLOBAL] = {PSH_SIMILARITY_GLOBAL, 0.25},
                [KIND_RANK] = {PSH_SIMILARITY_RANK, 0}};
static const char *const symmetries[] = {"none", "either", "both", NULL};

static psh_status read_params(const cli *c, int *kind, psh_similarity_params *dst, psh_error *err) {
    int symmetry;
    *dst = PSH_PARAMS(psh_similarity_params);
    CLI_TRY(cli_choice(c, "kind", kinds, KIND_S5, kind, err));
    CLI_TRY(cli_number(c, "share", 1e-12, 1, meanings[*kind].share, &dst->share, err));
    CLI_TRY(cli_choice(c, "symmetry", symmetries, 0, &symmetry, err));
    dst->kind = meanings[*kind].kind, dst->symmetry = (psh_symmetry)symmetry;
    if (cli_flag(c, "share") && *kind != KIND_NEAREST && *kind != KIND_GLOBAL)
        return cli_fail(err, PSH_ERR_PARAMETER, "--share is for --kind nearest and global; %s has its own",
                        kinds[*kind]);
    if (cli_flag(c, "symmetry") && dst->kind != PSH_SIMILARITY_NEAREST && dst->kind != PSH_SIMILARITY_TWO_PASS)
        return cli_fail(err, PSH_ERR_PARAMETER, "--symmetry says nothing about %s, which is symmetric by itself",
                        kinds[*kind]);
    return PSH_OK;
}

static psh_status record(const cli *c, const psh_distances *distances, int kind, const psh_similarity_params *params,
                         psh_meta *meta, psh_error *err) {
    CLI_TRY(cli_stamp(c, meta, psh_distances_meta_const(distances), err));
    psh_meta_set_text(meta, "similarity", kinds[kind]);
    if (params->share > 0) psh_meta_set_number(meta, "share", params->share);
    psh_meta_set_text(meta, "symmetry", symmetries[params->symmetry]);
    return PSH_OK;
}

/* Which part of all pairs i != j is similar, or how similar they are on average. */
static double mean_of(const float *matrix, size_t n, bool is_real) {
    double sum = 0;
    for (size_t k = 0; k < n * n; k++) sum += is_real || matrix[k] > 0 ? (double)matrix[k] : 0;
    return n > 1 ? (sum - (double)n) / (double)(n * (n - 1)) : 0;
}

static void tell(cli *c, const char *kind, const float *matrix, size_t n, bool is_real, double seconds,
                 const char *path) {
    double mean = mean_of(matrix, n, is_real);
    if (is_real)
        cli_say(c, "%zu x %zu similarities, %.3g on average, in %.3g s\n", n, n, mean, seconds);
    else
        cli_say(c, "%zu x %zu similarities by %s, %.3g %% of all pairs similar, in %.3g s\n", n, n, kind, 100 * mean,
                seconds);
    psh_meta_set_integer(c->summary, "n_items", (int64_t)n);
    psh_meta_set_text(c->summary, "similarity", kind);
    psh_meta_set_number(c->summary, is_real ? "mean" : "similar", mean);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", path);
}

static psh_status run(cli *c, psh_error *err) {
    psh_distances *distances = NULL;
    psh_meta *meta = NULL;
    float *matrix = NULL;
    psh_similarity_params params;
    const char *path;
    int kind;
    psh_status status;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 1, err));
    CLI_TRY(read_params(c, &kind, &params, err));
    double start = cli_seconds();
    CLI_TRY(psh_distances_read(c->arguments[0], &distances, err));
    size_t n = psh_distances_n_items(distances);
    matrix = n && n > SIZE_MAX / 8 / n ? NULL : malloc(n * n * sizeof *matrix + 1);
    if (!matrix) {
        status = cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu x %zu similarities; use a sample", n, n);
        goto done;
    }
    CLI_TRY_GOTO(psh_similarity_compute(distances, &params, c->n_threads, matrix, err));
    CLI_TRY_GOTO(psh_meta_create(&meta, err));
    CLI_TRY_GOTO(record(c, distances, kind, &params, meta, err));
    CLI_TRY_GOTO(psh_distances_write_cross(PSH_DISTANCE_F32, matrix, n, n, meta, path, err));
    tell(c, kinds[kind], matrix, n, params.kind == PSH_SIMILARITY_REAL || params.kind == PSH_SIMILARITY_RANK,
         cli_seconds() - start, path);
done:
    free(matrix);
    psh_meta_free(meta);
    psh_distances_free(distances);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the similarities (.npy, N x N float32; metadata in a .json beside it)"},
    {"kind", 0, "NAME", "s5 (default), s1, s2, s3, s4, real; nearest, global, rank: as below"},
    {"share", 0, "S", "nearest, global: the share of a row, or of all pairs, that is similar (default: 0.25)"},
    {"symmetry", 0, "HOW", "where the rows of a pair disagree: none (default: leave them), either or both"},
    {0}};

const cli_command cmd_similarity = {
    "similarity",
    "distances -> the matrix of similarities that a hash is trained on (the paper's S-1 to S-5)",
    "d.npy -o s.npy",
    "real: 1 - d / greatest finite d; rank: 1 - 2 r, r the share of all pairs that are nearer. The others are 1 "
    "(similar) and -1. s1, s2, s3: the nearest 25, 15, 35 % of each "
    "row; s4: the least 25 % of all distances; s5: two passes over each row, which reject what is farther than the "
    "mean of the row, then what is farther than the mean of what is left. The rows of s1, s2, s3, s5 are made one by "
    "one, so that the matrix need not be symmetric; --symmetry makes it so.",
    options,
    run};
