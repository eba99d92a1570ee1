/* cmd_distance.c : all pairs, condensed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { METRIC_HAMMING, METRIC_WASSERSTEIN };

/* The rows of a sample as JSON, so that score finds its way back to the whole set. */
static psh_status record_rows(psh_meta *meta, const size_t *rows, size_t n_rows, psh_error *err) {
    size_t room = n_rows * 21 + 3, n = 0;
    char *json = malloc(room);
    if (!json) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu rows", n_rows);
    json[n++] = '[';
    for (size_t i = 0; i < n_rows; i++) n += (size_t)snprintf(json + n, room - n, i ? ",%zu" : "%zu", rows[i]);
    json[n++] = ']', json[n] = 0;
    psh_status status = psh_meta_set_json(meta, "rows", json);
    free(json);
    return status;
}

static psh_status hamming(cli *c, psh_distances **dst, psh_error *err) {
    psh_codes *codes = NULL;
    psh_status status;
    if (cli_flag(c, "sample"))
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "--sample is for exact distances; all Hamming distances take milliseconds");
    CLI_TRY(psh_codes_read(c->arguments[0], &codes, err));
    size_t n = psh_codes_count(codes), n_bytes = psh_codes_n_bytes(codes);
    bool is_narrow = psh_codes_n_bits(codes) <= 255;
    CLI_TRY_GOTO(psh_distances_create(is_narrow ? PSH_DISTANCE_U8 : PSH_DISTANCE_U16, n, dst, err));
    if (is_narrow)
        CLI_TRY_GOTO(
            psh_hamming_condensed_u8(psh_codes_data(codes), n, n_bytes, c->n_threads, psh_distances_data(*dst), err));
    else
        CLI_TRY_GOTO(
            psh_hamming_condensed_u16(psh_codes_data(codes), n, n_bytes, c->n_threads, psh_distances_data(*dst), err));
    CLI_TRY_GOTO(cli_stamp(c, psh_distances_meta(*dst), psh_codes_meta(codes), err));
    psh_meta_set_text(psh_distances_meta(*dst), "metric", "hamming");
    psh_meta_set_integer(psh_distances_meta(*dst), "n_bits", psh_codes_n_bits(codes));
done:
    psh_codes_free(codes);
    return status;
}

static psh_status read_sample(cli *c, psh_diagrams **set, size_t **rows, size_t *n_rows, psh_error *err) {
    psh_diagrams *sample;
    long long n_sample;
    size_t n = psh_diagrams_count(*set);
    CLI_TRY(cli_integer(c, "sample", 1, INT64_MAX, 0, &n_sample, err));
    if (n_sample == 0 || (size_t)n_sample >= n) return PSH_OK;
    *n_rows = (size_t)n_sample;
    *rows = malloc(*n_rows * sizeof **rows);
    if (!*rows) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu rows", *n_rows);
    CLI_TRY(psh_rows_sample(n, *n_rows, c->seed, *rows, err));
    CLI_TRY(psh_diagrams_select(*set, *rows, *n_rows, 0, false, &sample, err));
    psh_diagrams_free(*set);
    *set = sample;
    return PSH_OK;
}

static psh_status wasserstein(cli *c, psh_distances **dst, psh_error *err) {
    static const char *const grounds[] = {"inf", "2", NULL};
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    psh_diagrams *set = NULL;
    psh_essential essential;
    double essential_value;
    size_t *rows = NULL, n_rows = 0, n_essential;
    int ground;
    psh_status status;

    CLI_TRY(cli_number(c, "order", 1, 100, 1, &params.order, err));
    CLI_TRY(cli_choice(c, "ground", grounds, 0, &ground, err));
    CLI_TRY(cli_dims(c, &params.dims_mask, err));
    CLI_TRY(cli_essential(c, &essential, &essential_value, err));
    params.ground = ground == 0 ? PSH_GROUND_LINF : PSH_GROUND_L2;
    params.pool = cli_flag(c, "pool");
    CLI_TRY(psh_diagrams_read(c->arguments[0], PSH_DIAGRAM_AUTO, essential, essential_value, &set, &n_essential, err));
    if (n_essential) cli_say(c, "%zu essential classes left out or changed (--essential)\n", n_essential);
    CLI_TRY_GOTO(read_sample(c, &set, &rows, &n_rows, err));
    CLI_TRY_GOTO(psh_distances_create(PSH_DISTANCE_F64, psh_diagrams_count(set), dst, err));
    CLI_TRY_GOTO(psh_wasserstein_condensed(set, &params, c->n_threads, &c->progress, psh_distances_data(*dst), err));
    CLI_TRY_GOTO(cli_stamp(c, psh_distances_meta(*dst), psh_diagrams_meta(set), err));
    psh_meta *meta = psh_distances_meta(*dst);
    psh_meta_set_text(meta, "metric", "wasserstein");
    psh_meta_set_number(meta, "order", params.order);
    psh_meta_set_text(meta, "ground", ground == 0 ? "L-infinity" : "L2");
    psh_meta_set_bool(meta, "pool", params.pool);
    psh_meta_set_text(meta, "essential", cli_text(c, "essential", "drop"));
    if (rows) CLI_TRY_GOTO(record_rows(meta, rows, n_rows, err));
done:
    free(rows);
    psh_diagrams_free(set);
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

static psh_status run(cli *c, psh_error *err) {
    static const char *const metrics[] = {"hamming", "wasserstein", NULL};
    psh_file_kind kind;
    psh_distances *distances = NULL;
    const char *path;
    int metric;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_arguments(c, 1, 2, err));
    CLI_TRY(psh_file_detect(c->arguments[0], &kind, err));
    CLI_TRY(
        cli_choice(c, "metric", metrics, kind == PSH_FILE_CODES ? METRIC_HAMMING : METRIC_WASSERSTEIN, &metric, err));
    if (metric == METRIC_HAMMING && kind == PSH_FILE_DIAGRAMS)
        return cli_fail(err, PSH_ERR_DATA,
                        "%s holds diagrams, --metric hamming needs codes; run persihash encode first", c->arguments[0]);
    if (metric == METRIC_WASSERSTEIN && kind == PSH_FILE_CODES)
        return cli_fail(err, PSH_ERR_DATA, "%s holds codes, --metric wasserstein needs the diagrams", c->arguments[0]);
    if (c->n_arguments == 2 && metric == METRIC_HAMMING) return hamming_cross(c, path, err);
    if (c->n_arguments == 2)
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "two files are compared by --metric hamming only; give one set of diagrams");
    double start = cli_seconds();
    psh_status status = metric == METRIC_HAMMING ? hamming(c, &distances, err) : wasserstein(c, &distances, err);
    if (status == PSH_OK) status = psh_distances_write(distances, path, cli_flag(c, "square"), err);
    if (status == PSH_OK) {
        size_t n = psh_distances_n_items(distances);
        double seconds = cli_seconds() - start;
        cli_say(c, "%zu %s distances of %zu items in %.3g s, files included\n", n * (n - (n > 0)) / 2, metrics[metric],
                n, seconds);
        psh_meta_set_integer(c->summary, "n_items", (int64_t)n);
        psh_meta_set_text(c->summary, "metric", metrics[metric]);
        psh_meta_set_number(c->summary, "seconds", seconds);
        psh_meta_set_text(c->summary, "output", path);
    }
    psh_distances_free(distances);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the distances (.npy, SciPy's condensed order; metadata in a .json beside it)"},
    {"metric", 'm', "NAME", "hamming (codes) or wasserstein (diagrams)"},
    {"order", 0, "Q", "order of the Wasserstein distance (default: 1)"},
    {"ground", 0, "inf|2", "ground metric: L-infinity (default) or L2"},
    {"pool", 0, NULL, "ignore homology dimensions, as the paper does"},
    {"dims", 0, "LIST", "homology dimensions, like 0,1 (default: all)"},
    {"essential", 0, "POLICY", "infinite classes: drop (default), keep (matched by births), clamp=VALUE"},
    {"sample", 0, "N", "N diagrams drawn with --seed instead of all (rows go into the metadata)"},
    {"square", 0, NULL, "write N x N instead of the condensed upper triangle"},
    {0}};

const cli_command cmd_distance = {"distance",
                                  "all pairs of codes (Hamming) or diagrams (exact Wasserstein)",
                                  "FILE [CODES] -o d.npy",
                                  "One file: all pairs, condensed. Two code files: each code of the first against each "
                                  "of the second, as an (N, M) array;\n"
                                  "both must come from one model and frame (encode --frame).",
                                  options,
                                  run};
