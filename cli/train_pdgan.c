/* train_pdgan.c : the paper's networks, trained: data, distances, similarities, epochs, log, model. */
#include "train_pdgan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_SYNTH_HELD_OUT = 200 };

static const char *const similarities[] = {"real", "s1", "s2", "s3", "s4", "s5", "rank", NULL};
enum { SIMILARITY_S5 = 5, SIMILARITY_RANK };
static const struct {
    psh_similarity_kind kind;
    double share;
} similarity_meanings[] = {{PSH_SIMILARITY_REAL, 0},       {PSH_SIMILARITY_NEAREST, 0.25},
                           {PSH_SIMILARITY_NEAREST, 0.15}, {PSH_SIMILARITY_NEAREST, 0.35},
                           {PSH_SIMILARITY_GLOBAL, 0.25},  {PSH_SIMILARITY_TWO_PASS, 0},
                           {PSH_SIMILARITY_RANK, 0}};
static const char *const targets[] = {"wasserstein", "sinkhorn", NULL};
enum { TARGET_WASSERSTEIN, TARGET_SINKHORN };

/* One run of `train pdgan`. */
typedef struct job {
    psh_pdgan_params params;
    int similarity, target;
    long long n_epochs;
    psh_diagrams *set, *held_out, *source; /* source: what --data holds, or NULL */
    float *matrix;                         /* (N, N) */
    psh_pdgan *gan;
    FILE *log;
    psh_pdgan_epoch last;
} job;

static void job_free(job *j) {
    psh_pdgan_free(j->gan);
    psh_diagrams_free(j->set);
    psh_diagrams_free(j->held_out);
    psh_diagrams_free(j->source);
    free(j->matrix);
    if (j->log) fclose(j->log);
}

/* --- Options ------------------------------------------------------------------------------------------------------ */

/* In the library 0 is the default and a negative weight none; here 0 is none. */
static psh_status read_weight(const cli *c, const char *name, double other, double *dst, psh_error *err) {
    CLI_TRY(cli_number(c, name, 0, 1e6, other, dst, err));
    if (*dst == 0) *dst = -1;
    return PSH_OK;
}

/* What the paper does, or what works better (docs/math/pdgan.md). */
static psh_status read_choices(const cli *c, bool paper, psh_pdgan_params *p, bool *is_constant, psh_error *err) {
    static const char *const layouts[] = {"shallow", "vgg19", NULL}, *const images[] = {"centred", "counts", NULL},
                             *const losses[] = {"correlation", "squares", NULL},
                             *const schedules[] = {"linear", "constant", NULL};
    int layout, image, loss, schedule;
    CLI_TRY(cli_choice(c, "layout", layouts, paper, &layout, err));
    CLI_TRY(cli_choice(c, "image", images, paper, &image, err));
    CLI_TRY(cli_choice(c, "loss", losses, paper, &loss, err));
    CLI_TRY(cli_choice(c, "schedule", schedules, paper, &schedule, err));
    p->layout = (psh_pdgan_layout)layout, p->image = (psh_pdgan_image)image, p->loss = (psh_pdgan_loss)loss;
    p->no_batch_norm = paper || cli_flag(c, "no-batch-norm");
    p->no_code_norm = paper || cli_flag(c, "no-code-norm");
    p->keeps_statistics = paper || cli_flag(c, "keep-statistics");
    p->is_saturating = p->has_hard_clip = p->has_plain_gan = p->has_raw_counts = paper;
    *is_constant = schedule == 1;
    return PSH_OK;
}

static psh_status read_options(const cli *c, job *j, psh_error *err) {
    static const char *const presets[] = {"default", "paper", NULL}, *const dtypes[] = {"f32", "f16", NULL};
    psh_pdgan_params *p = &j->params;
    long long n_bits, n_batch;
    int preset, dtype;
    bool is_constant;
    *p = PSH_PARAMS(psh_pdgan_params);
    CLI_TRY(cli_choice(c, "preset", presets, 0, &preset, err));
    bool paper = preset == 1;
    CLI_TRY(read_choices(c, paper, p, &is_constant, err));
    CLI_TRY(cli_integer(c, "bits", 1, PSH_CODE_MAX_BITS, 64, &n_bits, err));
    CLI_TRY(cli_integer(c, "epochs", 1, 1000000, 20, &j->n_epochs, err));
    CLI_TRY(cli_integer(c, "batch", 2, 1024, 40, &n_batch, err));
    CLI_TRY(cli_number(c, "width", 1.0 / 64, 2, paper ? 1 : 0.125, &p->width, err));
    CLI_TRY(cli_number(c, "rate", 1e-9, 10, paper ? 0.001 : 0.003, &p->rate, err));
    CLI_TRY(cli_number(c, "discriminator-rate", 1e-9, 10, paper ? p->rate : p->rate / 10, &p->discriminator_rate, err));
    CLI_TRY(cli_number(c, "dropout", 0, 0.99, paper ? 0.5 : 0, &p->dropout, err));
    CLI_TRY(read_weight(c, "diagram-weight", paper ? 0.1 : 0, &p->diagram_weight, err));
    CLI_TRY(read_weight(c, "adversarial-weight", 0.1, &p->adversarial_weight, err));
    CLI_TRY(read_weight(c, "quantisation-weight", paper ? 1 : 0.1, &p->quantisation_weight, err));
    CLI_TRY(cli_choice(c, "dtype", dtypes, 0, &dtype, err));
    CLI_TRY(cli_choice(c, "similarity", similarities, paper ? SIMILARITY_S5 : SIMILARITY_RANK, &j->similarity, err));
    CLI_TRY(cli_choice(c, "target", targets, paper ? TARGET_SINKHORN : TARGET_WASSERSTEIN, &j->target, err));
    CLI_TRY(cli_dims(c, &p->dims_mask, err));
    CLI_TRY(cli_frame_kind(c, &p->frame_kind, &p->frame_lo, &p->frame_hi, err));
    p->n_bits = (int)n_bits, p->n_batch = (int)n_batch;
    p->n_epochs = is_constant ? 0 : (uint64_t)j->n_epochs;
    p->is_bf16 = cli_flag(c, "bf16"), p->is_f16 = dtype == 1;
    p->seed = c->seed, p->n_threads = c->n_threads;
    return PSH_OK;
}

/* --- Data --------------------------------------------------------------------------------------------------------- */

static psh_status make_synthetic(const cli *c, job *j, psh_error *err) {
    static const char *const kinds[] = {"uniform", NULL};
    long long n_points, n_diagrams;
    psh_diagrams *all = NULL;
    psh_status status;
    int kind;
    CLI_TRY(cli_choice(c, "synth", kinds, 0, &kind, err));
    CLI_TRY(cli_integer(c, "points", 1, 1000000, 50, &n_points, err));
    CLI_TRY(cli_integer(c, "count", 2, 1000000, 4000, &n_diagrams, err));
    size_t n = (size_t)n_diagrams, *rows = malloc((n + N_SYNTH_HELD_OUT) * sizeof *rows);
    if (!rows) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu rows", n);
    for (size_t i = 0; i < n + N_SYNTH_HELD_OUT; i++) rows[i] = i;
    CLI_TRY_GOTO(psh_diagrams_synth_uniform(n + N_SYNTH_HELD_OUT, (size_t)n_points, c->seed, &all, err));
    CLI_TRY_GOTO(psh_diagrams_select(all, rows, n, 0, false, &j->set, err));
    CLI_TRY_GOTO(psh_diagrams_select(all, rows + n, N_SYNTH_HELD_OUT, 0, false, &j->held_out, err));
    cli_say(c, "%zu synthetic diagrams of %lld points, %d more to judge by\n", n, n_points, N_SYNTH_HELD_OUT);
done:
    free(rows);
    psh_diagrams_free(all);
    return status;
}

/* rows: n_train drawn ones, then n_rest of the others, all rising. */
static psh_status draw_split(size_t n_items, size_t n_train, size_t n_rest, uint64_t seed, size_t *rows,
                             psh_error *err) {
    size_t *others = malloc((n_items + 1) * sizeof *others), n_others = 0;
    if (!others) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu rows", n_items);
    psh_status status = psh_rows_sample(n_items, n_train, seed, rows, err);
    for (size_t i = 0, at = 0; i < n_items; i++)
        if (at < n_train && rows[at] == i)
            at++;
        else
            others[n_others++] = i;
    if (status == PSH_OK) status = psh_rows_sample(n_others, n_rest, seed + 1, rows + n_train, err);
    for (size_t i = 0; status == PSH_OK && i < n_rest; i++) rows[n_train + i] = others[rows[n_train + i]];
    free(others);
    return status;
}

static psh_status read_data(const cli *c, job *j, const char *path, psh_error *err) {
    const char *split = cli_text(c, "split", NULL);
    size_t n_train, n_rest, *rows = NULL;
    char rest;
    psh_status status;
    CLI_TRY(psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &j->source, NULL, err));
    size_t n = psh_diagrams_count(j->source);
    n_train = n - n / 4, n_rest = n / 4;
    if (split && (sscanf(split, "%zu:%zu%c", &n_train, &n_rest, &rest) != 2 || n_train > n || n_rest > n - n_train))
        return cli_fail(err, PSH_ERR_PARAMETER, "--split %s: expected A:B with A + B at most the %zu diagrams of %s",
                        split, n, path);
    rows = malloc((n + 1) * sizeof *rows);
    if (!rows) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu rows", n);
    CLI_TRY_GOTO(draw_split(n, n_train, n_rest, c->seed, rows, err));
    CLI_TRY_GOTO(psh_diagrams_select(j->source, rows, n_train, 0, false, &j->set, err));
    CLI_TRY_GOTO(psh_diagrams_select(j->source, rows + n_train, n_rest, 0, false, &j->held_out, err));
    cli_say(c, "%zu of %zu diagrams to train on, %zu others to judge by\n", n_train, n, n_rest);
done:
    free(rows);
    return status;
}

static psh_status load_set(const cli *c, job *j, psh_error *err) {
    static const char *const of_synth[] = {"synth", "points", "count", NULL};
    const char *data = cli_text(c, "data", NULL);
    for (int i = 0; data && of_synth[i]; i++)
        if (cli_flag(c, of_synth[i]))
            return cli_fail(err, PSH_ERR_PARAMETER, "--%s is for synthetic diagrams; leave it or --data out",
                            of_synth[i]);
    if (!data && cli_flag(c, "split"))
        return cli_fail(err, PSH_ERR_PARAMETER, "--split is for --data; synthetic sets come with %d diagrams held out",
                        N_SYNTH_HELD_OUT);
    return data ? read_data(c, j, data, err) : make_synthetic(c, j, err);
}

/* --- Similarities ------------------------------------------------------------------------------------------------- */

static psh_status measure_sinkhorn(const cli *c, const job *j, double *dst, psh_error *err) {
    psh_sinkhorn_params params = PSH_PARAMS(psh_sinkhorn_params);
    psh_sinkhorn_report report = PSH_PARAMS(psh_sinkhorn_report);
    psh_frame frame = {.lo = j->params.frame_lo, .hi = j->params.frame_hi};
    params.pool = true, params.dims_mask = j->params.dims_mask;
    CLI_TRY(psh_frame_fit(j->set, j->params.frame_kind, &frame, err));
    psh_status status = psh_sinkhorn_condensed(j->set, &frame, &params, c->n_threads, &c->progress, dst, &report, err);
    if (status != PSH_ERR_NOT_CONVERGED) return status;
    cli_warn(c, "%llu pairs did not converge (error up to %.2g); trained on all the same\n",
             (unsigned long long)report.n_failed, report.worst_error);
    return PSH_OK;
}

static psh_status measure_wasserstein(const cli *c, const job *j, double *dst, psh_error *err) {
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    params.pool = true, params.dims_mask = j->params.dims_mask;
    return psh_wasserstein_condensed(j->set, &params, c->n_threads, &c->progress, dst, err);
}

static psh_status make_similarities(cli *c, job *j, psh_error *err) {
    psh_similarity_params params = PSH_PARAMS(psh_similarity_params);
    psh_distances *distances = NULL;
    size_t n = psh_diagrams_count(j->set);
    double start = cli_seconds(), sum = 0;
    psh_status status;
    params.kind = similarity_meanings[j->similarity].kind, params.share = similarity_meanings[j->similarity].share;
    CLI_TRY(psh_distances_create(PSH_DISTANCE_F64, n, &distances, err));
    j->matrix = malloc(n * n * sizeof *j->matrix + 1);
    if (!j->matrix) {
        status = cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu x %zu similarities; train on fewer diagrams", n, n);
        goto done;
    }
    CLI_TRY_GOTO((j->target == TARGET_SINKHORN ? measure_sinkhorn
                                               : measure_wasserstein)(c, j, psh_distances_data(distances), err));
    CLI_TRY_GOTO(psh_similarity_compute(distances, &params, c->n_threads, j->matrix, err));
    psh_progress_end(&c->bar);
    for (size_t k = 0; k < n * n; k++) sum += (double)j->matrix[k];
    double mean = n > 1 ? (sum - (double)n) / ((double)n * (double)(n - 1)) : 1;
    cli_say(c, "similarity %s of %s distances, %.3f on average, in %.1f s\n", similarities[j->similarity],
            targets[j->target], mean, cli_seconds() - start);
    psh_meta_set_number(c->summary, "mean_similarity", mean);
done:
    psh_distances_free(distances);
    return status;
}

/* --- Epochs ------------------------------------------------------------------------------------------------------- */

static const char columns[] = "epoch,similarity,quantisation,mse,perceptual,generator,discriminator,codes,distinct,"
                              "constant_bits,balance,spearman,seconds\n";

/* The log: MODEL.csv beside MODEL.safetensors. Lines of epochs that a resumed run has behind it stay. */
static psh_status open_log(job *j, const char *path, uint64_t n_done, psh_error *err) {
    char name[4096], line[512], *kept = NULL;
    size_t n = strlen(path), n_kept = 0, tail = n > 12 && !strcmp(path + n - 12, ".safetensors") ? 12 : 0;
    snprintf(name, sizeof name, "%.*s.csv", (int)(n - tail), path);
    FILE *old = n_done > 0 ? fopen(name, "r") : NULL;
    while (old && fgets(line, sizeof line, old)) {
        unsigned long long epoch;
        char *more =
            sscanf(line, "%llu,", &epoch) == 1 && epoch <= n_done ? realloc(kept, n_kept + strlen(line) + 1) : NULL;
        if (!more) continue;
        kept = more;
        memcpy(kept + n_kept, line, strlen(line) + 1);
        n_kept += strlen(line);
    }
    if (old) fclose(old);
    j->log = fopen(name, "w");
    if (j->log) fputs(columns, j->log);
    if (j->log && kept) fputs(kept, j->log);
    free(kept);
    return j->log ? PSH_OK : cli_fail(err, PSH_ERR_FILE_WRITE, "%s: cannot be written", name);
}

static void tell_epoch(cli *c, job *j) {
    const psh_pdgan_epoch *e = &j->last;
    psh_progress_end(&c->bar);
    if (e->i_epoch == 1 || e->i_epoch % 20 == 0)
        cli_say(c, "%5s %10s %8s %8s %10s %9s %13s %12s %8s %8s\n", "epoch", "similarity", "quantis.", "mse",
                "perceptual", "generator", "discriminator", "distinct", "balance", "Spearman");
    cli_say(c, "%5llu %10.4f %8.4f %8.5f %10.5f %9.4f %13.4f %5zu of %3zu %8.3f %8.3f  %.1f s\n",
            (unsigned long long)e->i_epoch, e->similarity, e->quantisation, e->mse, e->perceptual, e->generator,
            e->discriminator, e->n_distinct, e->n_codes, e->balance, e->spearman, e->seconds);
    fprintf(j->log, "%llu,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%zu,%zu,%zu,%.9g,%.9g,%.3f\n", (unsigned long long)e->i_epoch,
            e->similarity, e->quantisation, e->mse, e->perceptual, e->generator, e->discriminator, e->n_codes,
            e->n_distinct, e->n_constant_bits, e->balance, e->spearman, e->seconds);
    fflush(j->log);
    if (*e->warning) cli_warn(c, "epoch %llu: %s\n", (unsigned long long)e->i_epoch, e->warning);
}

static psh_status run_epochs(cli *c, job *j, const char *partial, psh_error *err) {
    while (psh_pdgan_n_epochs(j->gan) < (uint64_t)j->n_epochs) {
        j->last = PSH_PARAMS(psh_pdgan_epoch);
        psh_status status = psh_pdgan_train_epoch(j->gan, &c->progress, &j->last, err);
        if (status == PSH_ERR_INTERRUPTED) {
            psh_progress_end(&c->bar);
            CLI_TRY(psh_pdgan_save(j->gan, partial, err));
            return cli_fail(err, PSH_ERR_INTERRUPTED,
                            "stopped in epoch %llu; saved in %s: the same command with "
                            "--resume goes on to the same result",
                            (unsigned long long)psh_pdgan_n_epochs(j->gan) + 1, partial);
        }
        if (status != PSH_OK) return status;
        tell_epoch(c, j);
        if (cli_flag(c, "resume")) CLI_TRY(psh_pdgan_save(j->gan, partial, err));
    }
    return PSH_OK;
}

static bool exists(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file) fclose(file);
    return file != NULL;
}

static psh_status start(cli *c, job *j, const char *path, const char *partial, psh_error *err) {
    const char *init = cli_text(c, "init", NULL);
    size_t n_taken;
    CLI_TRY(psh_pdgan_create(j->set, j->matrix, j->held_out, &j->params, &j->gan, err));
    if (init) {
        CLI_TRY(psh_pdgan_init(j->gan, init, &n_taken, err));
        cli_say(c, "%zu arrays of weights from %s\n", n_taken, init);
    }
    if (cli_flag(c, "resume") && exists(partial)) {
        CLI_TRY(psh_pdgan_load(j->gan, partial, err));
        cli_say(c, "going on after epoch %llu\n", (unsigned long long)psh_pdgan_n_epochs(j->gan));
    }
    return open_log(j, path, psh_pdgan_n_epochs(j->gan), err);
}

/* --- The model ---------------------------------------------------------------------------------------------------- */

static psh_status write_model(cli *c, job *j, const char *path, psh_error *err) {
    psh_meta *meta = NULL;
    psh_model *model = NULL;
    psh_status status;
    CLI_TRY(psh_meta_create(&meta, err));
    CLI_TRY_GOTO(cli_stamp(c, meta, j->source ? psh_diagrams_meta(j->source) : NULL, err));
    psh_meta_set_text(meta, "encoder", "pdgan");
    psh_meta_set_text(meta, "target", targets[j->target]);
    psh_meta_set_text(meta, "similarity", similarities[j->similarity]);
    psh_meta_set_integer(meta, "epochs", j->n_epochs);
    psh_meta_set_integer(meta, "trained_diagrams", (int64_t)psh_diagrams_count(j->set));
    if (j->last.i_epoch && !isnan(j->last.spearman)) psh_meta_set_number(meta, "spearman_held_out", j->last.spearman);
    CLI_TRY_GOTO(psh_pdgan_model(j->gan, meta, &model, err));
    CLI_TRY_GOTO(psh_model_write(model, path, err));
    cli_say(c, "model %s: %d bits, in %s\n", psh_model_id(model), psh_model_n_bits(model), path);
    psh_meta_set_text(c->summary, "model_id", psh_model_id(model));
    psh_meta_set_integer(c->summary, "n_bits", psh_model_n_bits(model));
    psh_meta_set_integer(c->summary, "n_epochs", j->n_epochs);
    if (j->last.i_epoch) {
        psh_meta_set_number(c->summary, "spearman_held_out", j->last.spearman);
        psh_meta_set_integer(c->summary, "n_distinct", (int64_t)j->last.n_distinct);
        psh_meta_set_number(c->summary, "balance", j->last.balance);
    }
    psh_meta_set_text(c->summary, "output", path);
done:
    psh_model_free(model);
    psh_meta_free(meta);
    return status;
}

psh_status train_pdgan(cli *c, const char *path, psh_error *err) {
    job j = {.log = NULL};
    char partial[4096];
    psh_status status;
    if (c->is_output_stdout)
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "train pdgan writes a log beside its model; give it a file with -o FILE");
    snprintf(partial, sizeof partial, "%s.partial", path);
    CLI_TRY(read_options(c, &j, err));
    CLI_TRY_GOTO(load_set(c, &j, err));
    CLI_TRY_GOTO(make_similarities(c, &j, err));
    CLI_TRY_GOTO(start(c, &j, path, partial, err));
    CLI_TRY_GOTO(run_epochs(c, &j, partial, err));
    CLI_TRY_GOTO(write_model(c, &j, path, err));
    remove(partial);
done:
    job_free(&j);
    return status;
}
