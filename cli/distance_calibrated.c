/* distance_calibrated.c : `persihash distance CODES --calibrate`: Wasserstein distances estimated from Hamming ones,
 * with an interval.
 *
 * The calibration is learnt from exact distances of some pairs of the diagrams (--calibrate set.npz), or taken from the
 * metadata of an earlier result (--calibrate d.json). */
#include "distance_calibrated.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "distance_job.h"

typedef struct request {
    psh_codes *a, *b; /* b NULL: all pairs of a */
    psh_calibration *calibration;
    uint16_t *hamming; /* (n_values) */
    size_t n_values;
} request;

/* --- The calibration ---------------------------------------------------------------------------------------------- */

static psh_status read_params(const cli *c, psh_calibration_params *dst, psh_error *err) {
    static const char *const grounds[] = {"inf", "2", NULL};
    long long n_pairs;
    int ground;
    CLI_TRY(cli_integer(c, "pairs", 1, 100000000, 0, &n_pairs, err));
    CLI_TRY(cli_number(c, "coverage", 0.5, 0.99, 0.9, &dst->coverage, err));
    CLI_TRY(cli_number(c, "order", 1, 100, 1, &dst->order, err));
    CLI_TRY(cli_choice(c, "ground", grounds, 0, &ground, err));
    CLI_TRY(cli_dims(c, &dst->dims_mask, err));
    dst->n_pairs = (size_t)n_pairs;
    dst->ground = ground == 0 ? PSH_GROUND_LINF : PSH_GROUND_L2;
    dst->pool = cli_flag(c, "pool");
    dst->seed = c->seed, dst->n_threads = c->n_threads;
    return PSH_OK;
}

static psh_status learn(cli *c, request *r, const char *path, psh_error *err) {
    psh_calibration_params params = PSH_PARAMS(psh_calibration_params);
    psh_diagrams *set = NULL;
    psh_essential essential;
    double essential_value;
    size_t n_model_bytes;
    CLI_TRY(read_params(c, &params, err));
    if (psh_codes_model(r->a, &n_model_bytes) && (params.pool || params.dims_mask))
        return cli_fail(err, PSH_ERR_PARAMETER, "--%s is told by the codes' own model; leave it out",
                        params.pool ? "pool" : "dims");
    CLI_TRY(cli_essential(c, &essential, &essential_value, err));
    CLI_TRY(psh_diagrams_read(path, PSH_DIAGRAM_AUTO, essential, essential_value, &set, NULL, err));
    psh_status status = psh_calibration_fit(r->a, set, &params, &c->progress, &r->calibration, err);
    psh_diagrams_free(set);
    psh_progress_end(&c->bar);
    return status;
}

/* The whole of a small text file; NULL if it cannot be read. */
static char *read_text(const char *path) {
    enum { MAX_BYTES = 16 << 20 };
    FILE *file = fopen(path, "rb");
    char *text = file ? malloc(MAX_BYTES) : NULL;
    size_t n = text ? fread(text, 1, MAX_BYTES - 1, file) : 0;
    if (text) text[n] = 0;
    if (file) fclose(file);
    return text;
}

static psh_status recall(const cli *c, request *r, const char *path, psh_error *err) {
    static const char *const others[] = {"pairs", "coverage", "order", "ground", "pool", "dims", "essential", NULL};
    psh_meta *meta = NULL;
    psh_status status;
    for (int i = 0; others[i]; i++)
        if (cli_flag(c, others[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s was decided when %s was calibrated; leave it out", others[i],
                            path);
    char *text = read_text(path);
    if (!text) return cli_fail(err, PSH_ERR_FILE_READ, "%s: %s", path, strerror(errno));
    CLI_TRY_GOTO(psh_meta_read_text(text, &meta, err));
    CLI_TRY_GOTO(psh_calibration_recall(meta, &r->calibration, err));
    status = psh_calibration_check(r->calibration, r->a, err);
done:
    psh_meta_free(meta);
    free(text);
    return status;
}

static psh_status get_calibration(cli *c, request *r, psh_error *err) {
    const char *path = cli_text(c, "calibrate", "");
    size_t n = strlen(path);
    return n > 5 && !strcmp(path + n - 5, ".json") ? recall(c, r, path, err) : learn(c, r, path, err);
}

/* --- Distances ---------------------------------------------------------------------------------------------------- */

static psh_status compute_hamming(const cli *c, request *r, psh_error *err) {
    size_t n_a = psh_codes_count(r->a), n_b = r->b ? psh_codes_count(r->b) : 0, n_bytes = psh_codes_n_bytes(r->a);
    bool fits = r->b ? n_b == 0 || n_a <= SIZE_MAX / 4 / n_b : n_a < (size_t)1 << 31;
    r->n_values = !fits ? 0 : r->b ? n_a * n_b : n_a * (n_a - (n_a > 0)) / 2;
    r->hamming = fits ? malloc(r->n_values * sizeof *r->hamming + 1) : NULL;
    if (!r->hamming) return cli_fail(err, PSH_ERR_MEMORY, "no memory for the distances of %zu codes", n_a);
    if (!r->b) return psh_hamming_condensed_u16(psh_codes_data(r->a), n_a, n_bytes, c->n_threads, r->hamming, err);
    return psh_hamming_cross(psh_codes_data(r->a), n_a, psh_codes_data(r->b), n_b, n_bytes, c->n_threads, r->hamming,
                             err);
}

/* What is written: the estimate, or an end of the interval. */
static const char *const parts[] = {"estimate", "low", "high"};
static const char *const words[] = {"", "lower", "upper"}; /* in the name of its file */

static void apply(const request *r, int part, float *dst) {
    psh_calibration_apply(r->calibration, r->hamming, r->n_values, part == 0 ? dst : NULL, part == 1 ? dst : NULL,
                          part == 2 ? dst : NULL);
}

static psh_status record(const cli *c, const request *r, int part, psh_meta *meta, psh_error *err) {
    CLI_TRY(cli_stamp(c, meta, psh_codes_meta_const(r->a), err));
    psh_meta_set_text(meta, "metric", "calibrated");
    psh_meta_set_text(meta, "values", parts[part]);
    psh_meta_set_integer(meta, "n_bits", psh_codes_n_bits(r->a));
    return psh_calibration_record(r->calibration, meta, err);
}

static psh_status write_cross(const cli *c, const request *r, int part, const char *path, psh_error *err) {
    psh_meta *meta = NULL;
    float *values = malloc(r->n_values * sizeof *values + 1);
    if (!values) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu distances", r->n_values);
    psh_status status;
    CLI_TRY_GOTO(psh_meta_create(&meta, err));
    CLI_TRY_GOTO(record(c, r, part, meta, err));
    apply(r, part, values);
    status = psh_distances_write_cross(PSH_DISTANCE_F32, values, psh_codes_count(r->a), psh_codes_count(r->b), meta,
                                       path, err);
done:
    psh_meta_free(meta);
    free(values);
    return status;
}

static psh_status write_condensed(const cli *c, const request *r, int part, const char *path, psh_error *err) {
    psh_distances *distances = NULL;
    psh_status status;
    CLI_TRY(psh_distances_create(PSH_DISTANCE_F32, psh_codes_count(r->a), &distances, err));
    CLI_TRY_GOTO(record(c, r, part, psh_distances_meta(distances), err));
    apply(r, part, psh_distances_data(distances));
    status = psh_distances_write(distances, path, cli_flag(c, "square"), err);
done:
    psh_distances_free(distances);
    return status;
}

/* The interval's ends before the estimate: who finds this finds them, too. */
static psh_status write_all(const cli *c, const request *r, const char *path, psh_error *err) {
    for (int part = cli_flag(c, "bounds") ? 2 : 0; part >= 0; part--) {
        char *beside = part ? distance_beside(path, words[part]) : NULL;
        if (part && !beside) return cli_fail(err, PSH_ERR_MEMORY, "no memory for a path");
        const char *here = part ? beside : path;
        psh_status status = r->b ? write_cross(c, r, part, here, err) : write_condensed(c, r, part, here, err);
        free(beside);
        if (status != PSH_OK) return status;
    }
    return PSH_OK;
}

/* --- Words -------------------------------------------------------------------------------------------------------- */

static void say_report(const cli *c, const psh_calibration_report *report) {
    if (isnan(report->coverage)) return;
    cli_say(c,
            "on pairs held out, as frequent as in the set: %.1f %% within the interval (nearest 5 %% of pairs: "
            "%.1f %%),\n  error %.1f %% of the mean distance (%.1f %%), width of the interval %.0f %% (%.0f %%)\n",
            100 * report->coverage, 100 * report->coverage_near, 100 * report->mean_error,
            100 * report->mean_error_near, 100 * report->mean_width, 100 * report->mean_width_near);
}

bool distance_say_calibration(const cli *c, const psh_meta *meta) {
    psh_calibration *calibration;
    psh_calibration_report report = PSH_PARAMS(psh_calibration_report);
    psh_error ignored;
    if (psh_calibration_recall(meta, &calibration, &ignored) != PSH_OK) return false;
    psh_calibration_judge(calibration, &report);
    cli_say(c, "calibrated by %zu exact distances\n", report.n_pairs);
    say_report(c, &report);
    cli_say(c, "  %7s %12s %12s %12s %7s\n", "hamming", "estimate", "low", "high", "n");
    for (int h = 0; h <= psh_calibration_n_bits(calibration); h++) {
        psh_calibration_step step = psh_calibration_at(calibration, h);
        if (step.n_pairs > 0)
            cli_say(c, "  %7d %12.6g %12.6g %12.6g %7zu\n", h, step.estimate, step.low, step.high, step.n_pairs);
    }
    psh_calibration_free(calibration);
    return true;
}

static void set_figure(psh_meta *summary, const char *key, double value) {
    if (!isnan(value)) psh_meta_set_number(summary, key, value);
}

static void tell(cli *c, const request *r, double seconds, const char *path) {
    psh_calibration_report report = PSH_PARAMS(psh_calibration_report);
    psh_calibration_judge(r->calibration, &report);
    cli_say(c, "%zu distances estimated from Hamming distances by %zu exact ones, in %.3g s, files included\n",
            r->n_values, report.n_pairs, seconds);
    say_report(c, &report);
    psh_meta_set_text(c->summary, "metric", "calibrated");
    psh_meta_set_integer(c->summary, "n_items", (int64_t)psh_codes_count(r->a));
    psh_meta_set_integer(c->summary, "n_pairs_measured", (int64_t)report.n_pairs);
    set_figure(c->summary, "coverage_held_out", report.coverage);
    set_figure(c->summary, "coverage_near", report.coverage_near);
    set_figure(c->summary, "mean_error", report.mean_error);
    set_figure(c->summary, "mean_error_near", report.mean_error_near);
    set_figure(c->summary, "mean_width", report.mean_width);
    set_figure(c->summary, "mean_width_near", report.mean_width_near);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", path);
}

psh_status distance_calibrated(cli *c, const char *path, psh_error *err) {
    request r = {0};
    double start = cli_seconds();
    psh_status status;
    if (cli_flag(c, "bounds") && c->is_output_stdout)
        return cli_fail(err, PSH_ERR_PARAMETER, "--bounds writes files beside the output; -o - has no place for them");
    if (cli_flag(c, "square") && c->n_arguments == 2)
        return cli_fail(err, PSH_ERR_PARAMETER, "--square is for one set; two give an (N, M) array");
    CLI_TRY_GOTO(psh_codes_read(c->arguments[0], &r.a, err));
    if (c->n_arguments == 2) {
        CLI_TRY_GOTO(psh_codes_read(c->arguments[1], &r.b, err));
        CLI_TRY_GOTO(psh_codes_check_same(r.a, r.b, err));
    }
    CLI_TRY_GOTO(get_calibration(c, &r, err));
    CLI_TRY_GOTO(compute_hamming(c, &r, err));
    CLI_TRY_GOTO(write_all(c, &r, path, err));
    tell(c, &r, cli_seconds() - start, path);
done:
    free(r.hamming);
    psh_calibration_free(r.calibration);
    psh_codes_free(r.a);
    psh_codes_free(r.b);
    return status;
}
