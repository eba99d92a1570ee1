/* cmd_distance.c : distances of codes; those of diagrams are in distance_exact.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "distance_asymmetric.h"
#include "distance_calibrated.h"
#include "distance_exact.h"
#include "distance_progressive.h"
#include "hamming.h"
#include "representation.h"

const char *const distance_metrics[] = {"hamming", "wasserstein", "bottleneck", "auction",   "progressive", "sinkhorn",
                                        "pimage",  "betti",       "sliced",     "histogram", "asymmetric",  NULL};

static psh_status hamming(cli *c, psh_distances **dst, psh_error *err) {
    psh_codes *codes = NULL;
    psh_status status;
    CLI_TRY(psh_codes_read(c->arguments[0], &codes, err));
    CLI_TRY_GOTO(cli_hamming(codes, c->n_threads, dst, err));
    CLI_TRY_GOTO(cli_stamp(c, psh_distances_meta(*dst), psh_codes_meta(codes), err));
    psh_meta_set_text(psh_distances_meta(*dst), "metric", "hamming");
    psh_meta_set_integer(psh_distances_meta(*dst), "n_bits", psh_codes_n_bits(codes));
done:
    psh_codes_free(codes);
    return status;
}

/* Each code of the first file against each of the second: only if one model made both. */
static psh_status hamming_cross(cli *c, const char *path, psh_error *err) {
    psh_codes *a = NULL, *b = NULL;
    psh_meta *meta = NULL;
    uint16_t *cross = NULL;
    psh_status status;
    CLI_TRY_GOTO(psh_codes_read(c->arguments[0], &a, err));
    CLI_TRY_GOTO(psh_codes_read(c->arguments[1], &b, err));
    CLI_TRY_GOTO(psh_codes_check_same(a, b, err));
    size_t n_a = psh_codes_count(a), n_b = psh_codes_count(b);
    cross = n_b && n_a > SIZE_MAX / 2 / n_b ? NULL : malloc(n_a * n_b * sizeof *cross + 1);
    if (!cross) {
        status = cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu x %zu distances", n_a, n_b);
        goto done;
    }
    double start = cli_seconds();
    CLI_TRY_GOTO(psh_hamming_cross(psh_codes_data(a), n_a, psh_codes_data(b), n_b, psh_codes_n_bytes(a), c->n_threads,
                                   cross, err));
    double seconds = cli_seconds() - start;
    CLI_TRY_GOTO(psh_meta_create(&meta, err));
    CLI_TRY_GOTO(cli_stamp(c, meta, psh_codes_meta(a), err));
    psh_meta_set_text(meta, "metric", "hamming");
    psh_meta_set_integer(meta, "n_bits", psh_codes_n_bits(a));
    CLI_TRY_GOTO(psh_distances_write_cross(PSH_DISTANCE_U16, cross, n_a, n_b, meta, path, err));
    cli_say(c, "%zu x %zu hamming distances in %.3g s\n", n_a, n_b, seconds);
    psh_meta_set_integer(c->summary, "n_a", (int64_t)n_a);
    psh_meta_set_integer(c->summary, "n_b", (int64_t)n_b);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", path);
done:
    free(cross);
    psh_meta_free(meta);
    psh_codes_free(a);
    psh_codes_free(b);
    return status;
}

static psh_status hamming_all(cli *c, const char *path, psh_error *err) {
    psh_distances *distances = NULL;
    double start = cli_seconds();
    psh_status status = hamming(c, &distances, err);
    if (status == PSH_OK) status = psh_distances_write(distances, path, cli_flag(c, "square"), err);
    if (status == PSH_OK) {
        size_t n = psh_distances_n_items(distances);
        double seconds = cli_seconds() - start;
        cli_say(c, "%zu hamming distances of %zu items in %.3g s, files included\n", n * (n - (n > 0)) / 2, n, seconds);
        psh_meta_set_integer(c->summary, "n_items", (int64_t)n);
        psh_meta_set_text(c->summary, "metric", "hamming");
        psh_meta_set_number(c->summary, "seconds", seconds);
        psh_meta_set_text(c->summary, "output", path);
    }
    psh_distances_free(distances);
    return status;
}

/* Options that mean nothing for codes are refused, not ignored. */
static psh_status check_hamming(const cli *c, psh_error *err) {
    static const char *const others[] = {"sample",     "delta",          "dtype",      "resume",     "verify",
                                         "time-limit", "max-gap",        "cells",      "bandwidth",  "weight",
                                         "integrate",  "samples",        "directions", "positions",  "frame",
                                         "exact",      "regularisation", "tolerance",  "iterations", NULL};
    static const char *const of_calibration[] = {"order",     "ground", "pool",     "dims", "bounds",
                                                 "essential", "pairs",  "coverage", NULL};
    for (int i = 0; others[i]; i++)
        if (cli_flag(c, others[i]))
            return cli_fail(err, PSH_ERR_PARAMETER,
                            "--%s is for distances of diagrams; all Hamming distances take milliseconds", others[i]);
    for (int i = 0; of_calibration[i] && !cli_flag(c, "calibrate"); i++)
        if (cli_flag(c, of_calibration[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s says nothing about Hamming distances without --calibrate",
                            of_calibration[i]);
    return PSH_OK;
}

static psh_status check_diagrams(const cli *c, const char *metric, psh_error *err) {
    static const char *const others[] = {"calibrate", "pairs", "coverage", NULL};
    for (int i = 0; others[i]; i++)
        if (cli_flag(c, others[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s is for Hamming distances of codes, not for %s", others[i],
                            metric);
    return PSH_OK;
}

/* Standard input can be read but once, so it is taken on trust. */
static psh_status detect(const char *path, psh_file_kind *dst, psh_error *err) {
    *dst = PSH_FILE_UNKNOWN;
    return strcmp(path, "-") != 0 ? psh_file_detect(path, dst, err) : PSH_OK;
}

static psh_status check_exact(const cli *c, const char *metric, psh_error *err) {
    static const char *const others[] = {"cells",      "bandwidth",  "weight", "integrate", "samples",
                                         "directions", "positions",  "frame",  "exact",     "regularisation",
                                         "tolerance",  "iterations", NULL};
    for (int i = 0; others[i]; i++)
        if (cli_flag(c, others[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s says nothing about %s", others[i], metric);
    return PSH_OK;
}

static psh_status run(cli *c, psh_error *err) {
    psh_file_kind kind;
    const char *path;
    int metric;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 2, err));
    CLI_TRY(detect(c->arguments[0], &kind, err));
    CLI_TRY(cli_choice(c, "metric", distance_metrics, kind == PSH_FILE_CODES ? METRIC_HAMMING : METRIC_WASSERSTEIN,
                       &metric, err));
    if (metric == METRIC_ASYMMETRIC) return distance_asymmetric(c, path, err);
    for (int i = 0; i < c->n_arguments; i++) {
        CLI_TRY(detect(c->arguments[i], &kind, err));
        if (metric == METRIC_HAMMING && kind == PSH_FILE_DIAGRAMS)
            return cli_fail(err, PSH_ERR_DATA,
                            "%s holds diagrams, --metric hamming needs codes; run persihash encode first",
                            c->arguments[i]);
        if (metric != METRIC_HAMMING && kind == PSH_FILE_CODES)
            return cli_fail(err, PSH_ERR_DATA, "%s holds codes, --metric %s needs the diagrams", c->arguments[i],
                            distance_metrics[metric]);
    }
    if (metric != METRIC_HAMMING) CLI_TRY(check_diagrams(c, distance_metrics[metric], err));
    if (metric >= METRIC_SINKHORN) return distance_vectors(c, (distance_metric)metric, path, err);
    if (metric != METRIC_HAMMING) CLI_TRY(check_exact(c, distance_metrics[metric], err));
    if (metric == METRIC_PROGRESSIVE) return distance_progressive(c, path, err);
    if (metric != METRIC_HAMMING) return distance_exact(c, (distance_metric)metric, path, err);
    CLI_TRY(check_hamming(c, err));
    if (cli_flag(c, "calibrate")) return distance_calibrated(c, path, err);
    return c->n_arguments == 2 ? hamming_cross(c, path, err) : hamming_all(c, path, err);
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the distances (.npy, SciPy's condensed order; metadata in a .json beside it)"},
    {"metric", 'm', "NAME",
     "hamming (codes); asymmetric (diagrams, then codes); wasserstein, bottleneck, auction, progressive; sinkhorn, "
     "pimage, betti, sliced, histogram "
     "(diagrams)"},
    {"order", 0, "Q",
     "order of the Wasserstein distance (default: 1), or of the L_q distance of vectors (default: 2; sliced: 1)"},
    {"ground", 0, "inf|2", "ground metric: L-infinity (default) or L2; sinkhorn also squared (L2; its default)"},
    {"delta", 0, "D", "auction: at most (1 + D) times the exact distance, never less (default: 0.01)"},
    {"pool", 0, NULL, "ignore homology dimensions, as the paper does"},
    {"dims", 0, "LIST", "homology dimensions, like 0,1 (default: all)"},
    {"essential", 0, "POLICY", "infinite classes: drop (default), keep (matched by births), clamp=VALUE"},
    {"sample", 0, "N", "N diagrams drawn with --seed instead of all (rows go into the metadata)"},
    {"square", 0, NULL, "write N x N instead of the condensed upper triangle"},
    {"dtype", 0, "f64|f32",
     "numbers of 8 or 4 bytes (default: f64; vectors, that is pimage, betti, sliced, histogram: f32)"},
    {"resume", 0, NULL, "keep what is done in FILE.partial when stopped or killed; go on from there"},
    {"verify", 0, NULL, "prove each distance by its dual solution; fail if one cannot be proven"},
    {"time-limit", 0, "S", "progressive: stop after S seconds with the best bounds so far"},
    {"max-gap", 0, "G", "progressive: stop when (upper - lower) / upper is at most G for all pairs (default: 0)"},
    {"bounds", 0, NULL, "progressive, calibrate: write the bounds too, as FILE.lower.npy and FILE.upper.npy"},
    {"calibrate", 0, "SET",
     "codes: Wasserstein distances estimated from Hamming ones, learnt from exact ones of some pairs of these, the "
     "codes' "
     "diagrams; or d.json of an earlier result"},
    {"pairs", 0, "N", "calibrate: exact distances to learn from (default: a second's worth, 200 to 8192)"},
    {"coverage", 0, "P", "calibrate: share of distances that the interval should cover (default: 0.9)"},
    REPRESENTATION_OPTIONS,
    {"exact", 0, NULL, "betti, sliced: integrals over all breakpoints instead of samples or positions"},
    {"regularisation", 0, "E", "sinkhorn: weight of the entropy (default: 0.1 / mean number of points)"},
    {"tolerance", 0, "T", "sinkhorn: marginal error at which to stop, over the mass (default: 0.001)"},
    {"iterations", 0, "N", "sinkhorn: at most so many (default: 10000); more needed is exit code 4"},
    {0}};

const cli_command cmd_distance = {
    "distance",
    "all pairs of codes (Hamming) or diagrams (exact Wasserstein, bottleneck, bounded error; vectors)",
    "FILE [FILE_B] -o d.npy",
    "One file: all pairs, condensed. Two files: each item of the first against each of the second, as an (N, M) array; "
    "one against many is a file of one against a file of many.\n"
    "Codes of two files must come from one model and frame (encode --frame). With --calibrate they become estimates of "
    "Wasserstein distances, with an interval (--bounds). With --metric asymmetric the first file holds diagrams: they "
    "are "
    "compared with the codes of the second, made by its own model, without being cut to bits, which finds near "
    "neighbours "
    "better.\n"
    "Distances of diagrams go straight to the disk: 10,000 diagrams need no matrix in memory. With --resume the work "
    "survives Ctrl-C and kill -9: the same command goes on where it stopped, and gives the same bytes. Without it "
    "nothing is left behind, and the .partial of an earlier run is refused, not overwritten.",
    options,
    run};
