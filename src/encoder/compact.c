/* compact.c : fitting a compact model to a set: slices of the sample, standardised, and linear functions learnt on them
 * (fit.c has the sample, the target and the check). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "encoder/compact_model.h"
#include "encoder/fit.h"
#include "encoder/linear.h"
#include "encoder/standard.h"

enum { DEFAULT_STEPS = 800, BATCH = 256 };

/* Found on four sets, 64 and 256 bits: docs/math/compact.md. */
static const double rate = 8e-3, dropout = 0.3;

/* The sample's. */
static const psh_frame unit = {PSH_FRAME_FIXED, 0, 1};

typedef struct state {
    size_t n_steps;
    psh__slices slices;
    float *weights, *offsets; /* what was learnt, for features as they come */
} state;

/* From functions of standardised features to functions of features as they come. */
static void fold(state *s, size_t n_features, size_t n_columns, const double *mean, double scale) {
    for (size_t b = 0; b < n_columns; b++) {
        double offset = s->offsets[b];
        for (size_t f = 0; f < n_features; f++) {
            float *weight = &s->weights[f * n_columns + b];
            *weight = psh__half_to_float(psh__half_from_float((float)(*weight * scale)));
            offset -= mean[f] * *weight;
        }
        s->offsets[b] = (float)offset;
    }
}

static psh_status fit_slices(const psh__fit *fit, size_t n_items, psh__slices *dst, psh_error *err) {
    psh_diagrams *part = NULL;
    size_t *rows = psh__malloc(n_items, sizeof *rows);
    if (!rows) return psh__error_memory(err, "fitting", n_items * sizeof *rows);
    for (size_t i = 0; i < n_items; i++) rows[i] = i;
    psh_status status = psh_diagrams_select(fit->sample, rows, n_items, 0, false, &part, err);
    if (status == PSH_OK) status = psh__slices_fit(part, &unit, fit->params.pool, 0, dst, err);
    psh_diagrams_free(part);
    psh__free(rows);
    return status == PSH_ERR_EMPTY ? psh__fit_too_alike(n_items, err) : status;
}

static psh_status learn(void *user, psh__fit *fit, size_t n_items, const double *distances, psh_error *err) {
    state *s = user;
    psh_status status = PSH_OK;
    psh__target target = {0};
    float *rows = NULL;
    double *mean = NULL;
    PSH_TRY(fit_slices(fit, n_items, &s->slices, err));
    size_t n_features = psh__slices_n_features(&s->slices), n_bits = (size_t)fit->params.n_bits;
    size_t n_columns = psh__linear_columns(n_bits);
    psh__free(s->weights);
    psh__free(s->offsets);
    s->weights = psh__malloc(n_features * n_columns, sizeof *s->weights);
    s->offsets = psh__malloc(n_columns, sizeof *s->offsets);
    rows = psh__malloc(n_items * n_features, sizeof *rows);
    mean = psh__malloc(n_features, sizeof *mean);
    if (!s->weights || !s->offsets || !rows || !mean) {
        status = psh__error_memory(err, "fitting", (n_items + n_columns) * n_features * sizeof *rows);
        goto done;
    }
    PSH_TRY_GOTO(psh__standard_rows(&s->slices, fit->sample, n_items, &unit, 0, fit->n_workers, rows, err));
    double scale = psh__standardise(rows, n_items, n_features, 0, n_features, mean);
    if (scale == 0) {
        status = psh__fit_too_alike(n_items, err);
        goto done;
    }
    PSH_TRY_GOTO(psh__target_create(distances, n_items, &target, err));
    psh__linear_set set = {n_items, rows, target.values, target.stride};
    psh__linear_params params = {.n_bits = n_bits,
                                 .n_features = n_features,
                                 .n_batch = BATCH,
                                 .n_steps = s->n_steps,
                                 .sets_per_step = 1,
                                 .rate = rate,
                                 .dropout = dropout,
                                 .is_nested = true,
                                 .seed = fit->params.seed,
                                 .n_threads = fit->n_workers,
                                 .progress = fit->progress,
                                 .what = "learning"};
    psh__linear_draw(&params, s->weights, s->offsets);
    PSH_TRY_GOTO(psh__linear_train(&set, 1, &params, s->weights, s->offsets, err));
    fold(s, n_features, n_columns, mean, scale);
done:
    psh__target_free(&target);
    psh__free(rows);
    psh__free(mean);
    return status;
}

static psh_status make(const void *user, const psh__fit *fit, const psh_frame *frame, const psh_meta *meta,
                       psh_model **dst, psh_error *err) {
    const state *s = user;
    return psh__compact_create(&s->slices, s->weights, s->offsets, (size_t)fit->params.n_bits, frame, fit->params.pool,
                               fit->params.dims_mask, meta, dst, err);
}

psh_status psh_compact_fit(const psh_diagrams *set, const psh_compact_params *params, const psh_progress *progress,
                           psh_model **dst, psh_fit_report *report, psh_error *err) {
    enum { MAX_STEPS = 1000000 };
    psh_compact_params p;
    psh__params_copy(&p, sizeof p, params);
    if (p.n_steps == 0) p.n_steps = DEFAULT_STEPS;
    if (p.n_steps > MAX_STEPS) return psh__error(err, PSH_ERR_PARAMETER, "%zu steps; at most %d", p.n_steps, MAX_STEPS);
    psh__fit_params common = {.n_bits = p.n_bits,
                              .target = p.target,
                              .n_sample = p.n_sample,
                              .n_pairs = p.n_pairs,
                              .frame_kind = p.frame_kind,
                              .frame_lo = p.frame_lo,
                              .frame_hi = p.frame_hi,
                              .pool = p.pool,
                              .dims_mask = p.dims_mask,
                              .seed = p.seed,
                              .n_threads = p.n_threads};
    state s = {.n_steps = p.n_steps};
    psh__learner learner = {.name = "compact, fitted", .state = &s, .learn = learn, .make = make};
    psh_status status = psh__fit_run(set, &common, &learner, progress, dst, report, err);
    psh__free(s.weights);
    psh__free(s.offsets);
    return status;
}
