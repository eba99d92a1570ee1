/* distance_job.c : what all distances between diagrams share. */
#include "distance_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static psh_status read_manner(const cli *c, bool is_f32, psh_distances_params *how, psh_error *err) {
    static const char *const dtypes[] = {"f64", "f32", NULL};
    int dtype;
    if (cli_flag(c, "time-limit") || cli_flag(c, "max-gap") || cli_flag(c, "bounds"))
        return cli_fail(err, PSH_ERR_PARAMETER, "--time-limit, --max-gap and --bounds are for --metric progressive");
    CLI_TRY(cli_choice(c, "dtype", dtypes, is_f32, &dtype, err));
    how->n_threads = c->n_threads;
    how->is_f32 = dtype == 1;
    how->is_square = cli_flag(c, "square");
    how->is_resumable = cli_flag(c, "resume");
    how->is_verified = cli_flag(c, "verify");
    if (c->n_arguments == 2 && how->is_square)
        return cli_fail(err, PSH_ERR_PARAMETER, "--square is for one set; two give an (N, M) array");
    if (c->n_arguments == 2 && cli_flag(c, "sample"))
        return cli_fail(err, PSH_ERR_PARAMETER, "--sample is for all pairs of one set");
    return PSH_OK;
}

psh_status distance_read_sample(cli *c, psh_diagrams **set, size_t **rows, size_t *n_rows, psh_error *err) {
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

psh_status distance_record_rows(psh_meta *meta, const size_t *rows, size_t n_rows, psh_error *err) {
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

static psh_status read_sets(cli *c, distance_job *job, psh_error *err) {
    psh_diagrams **const sets[] = {&job->a, &job->b};
    size_t n_essential = 0, n_more = 0;
    psh_essential policy = PSH_ESSENTIAL_DROP;
    double value = 0;
    CLI_TRY(cli_essential(c, &policy, &value, err));
    for (int i = 0; i < 2 && i < c->n_arguments; i++, n_essential += n_more)
        CLI_TRY(psh_diagrams_read(c->arguments[i], PSH_DIAGRAM_AUTO, policy, value, sets[i], &n_more, err));
    if (n_essential) cli_say(c, "%zu essential classes left out or changed (--essential)\n", n_essential);
    return distance_read_sample(c, &job->a, &job->rows, &job->n_rows, err);
}

static psh_status record(cli *c, distance_job *job, psh_error *err) {
    CLI_TRY(psh_meta_create(&job->meta, err));
    CLI_TRY(cli_stamp(c, job->meta, psh_diagrams_meta(job->a), err));
    psh_meta_set_text(job->meta, "metric", distance_metrics[job->metric]);
    psh_meta_set_text(job->meta, "essential", cli_text(c, "essential", "drop"));
    if (job->b) {
        char *json = psh_meta_write_text(psh_diagrams_meta_const(job->b), 0);
        psh_status status = json ? psh_meta_set_json(job->meta, "source_b", json) : PSH_ERR_MEMORY;
        psh_text_free(json);
        if (status != PSH_OK) return cli_fail(err, status, "no memory for metadata");
    }
    return job->rows ? distance_record_rows(job->meta, job->rows, job->n_rows, err) : PSH_OK;
}

psh_status distance_job_read(cli *c, distance_metric metric, const char *path, bool is_f32, distance_job *dst,
                             psh_error *err) {
    *dst =
        (distance_job){.metric = metric, .path = path, .start = cli_seconds(), .how = PSH_PARAMS(psh_distances_params)};
    CLI_TRY(read_manner(c, is_f32, &dst->how, err));
    CLI_TRY(read_sets(c, dst, err));
    return record(c, dst, err);
}

void distance_job_tell(cli *c, const distance_job *job) {
    size_t n_a = psh_diagrams_count(job->a), n_b = job->b ? psh_diagrams_count(job->b) : 0;
    double seconds = cli_seconds() - job->start;
    if (job->b) {
        cli_say(c, "%zu x %zu", n_a, n_b);
        psh_meta_set_integer(c->summary, "n_a", (int64_t)n_a);
        psh_meta_set_integer(c->summary, "n_b", (int64_t)n_b);
    } else {
        cli_say(c, "%zu", job->stats.n_pairs);
        psh_meta_set_integer(c->summary, "n_items", (int64_t)n_a);
    }
    cli_say(c, " %s distances", distance_metrics[job->metric]);
    if (!job->b) cli_say(c, " of %zu items", n_a);
    cli_say(c, " in %.3g s, files included\n", seconds);
    if (job->stats.n_tiles_resumed)
        cli_say(c, "%zu of %zu tiles were done before\n", job->stats.n_tiles_resumed, job->stats.n_tiles);
    psh_meta_set_text(c->summary, "metric", distance_metrics[job->metric]);
    psh_meta_set_integer(c->summary, "n_tiles", (int64_t)job->stats.n_tiles);
    psh_meta_set_integer(c->summary, "n_tiles_resumed", (int64_t)job->stats.n_tiles_resumed);
    psh_meta_set_number(c->summary, "seconds", seconds);
    psh_meta_set_text(c->summary, "output", job->path);
}

char *distance_beside(const char *path, const char *word) {
    size_t n = strlen(path), room = n + strlen(word) + sizeof "..npy";
    char *text = malloc(room);
    if (n > 4 && !strcmp(path + n - 4, ".npy")) n -= 4;
    if (text) snprintf(text, room, "%.*s.%s.npy", (int)n, path, word);
    return text;
}

void distance_job_free(distance_job *job) {
    psh_meta_free(job->meta);
    psh_diagrams_free(job->a);
    psh_diagrams_free(job->b);
    free(job->rows);
}
