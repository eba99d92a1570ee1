/* compact.c : fitting a compact model to a set: slices of the sample, standardised, and linear functions learnt on them
 * (fit.c has the sample, the target and the check); of long codes, bits are then picked anew among the functions and
 * more thresholds (pick.c).
 *
 * Learning starts from the general model (general_train.c), which already makes good codes of diagrams that it has
 * never seen, and goes on in small steps: what some tens of diagrams cannot say is kept from thousands of synthetic
 * ones. Spearman with W1 on other diagrams of the kind, 256 bits, when fitted on 20 / 60 / 400 of Fashion-MNIST: 0.79 /
 * 0.92 / 0.97 from random weights, 0.92 / 0.96 / 0.97 from the general model (docs/math/compact.md). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "encoder/compact_model.h"
#include "encoder/dense.h"
#include "encoder/fit.h"
#include "encoder/general.h"
#include "encoder/linear.h"
#include "encoder/pick.h"
#include "encoder/standard.h"

enum { DEFAULT_STEPS = 800, BATCH = 256, LEAST_PICKED = 128 /* bits: below, picking loses on other diagrams */ };

/* Found on four sets, 64 and 256 bits: docs/math/compact.md. */
static const double rate_from_general = 2e-3, rate_from_scratch = 8e-3, dropout = 0.3;

/* The sample's. */
static const psh_frame unit = {PSH_FRAME_FIXED, 0, 1};

/* A linear code of features as they come. */
typedef struct functions {
    float *weights, *offsets; // (n_features, n_columns), (n_columns)
} functions;

typedef struct state {
    size_t n_steps;
    const psh_model *general; /* to start from; NULL: random weights */
    psh__slices slices;
    functions start, learnt;
} state;

static void functions_free(functions *f) {
    psh__free(f->weights);
    psh__free(f->offsets);
    *f = (functions){0};
}

static psh_status functions_reserve(functions *f, size_t n_features, size_t n_columns, psh_error *err) {
    functions_free(f);
    f->weights = psh__malloc(n_features * n_columns, sizeof *f->weights);
    f->offsets = psh__malloc(n_columns, sizeof *f->offsets);
    if (f->weights && f->offsets) return PSH_OK;
    return psh__error_memory(err, "fitting", n_columns * n_features * sizeof *f->weights);
}

static void functions_copy(const functions *src, functions *dst, size_t n_features, size_t n_columns) {
    memcpy(dst->weights, src->weights, n_features * n_columns * sizeof *dst->weights);
    memcpy(dst->offsets, src->offsets, n_columns * sizeof *dst->offsets);
}

/* From functions of standardised features to functions of features as they come. */
static void fold(functions *f, size_t n_features, size_t n_columns, const double *mean, double scale) {
    for (size_t b = 0; b < n_columns; b++) {
        double offset = f->offsets[b];
        for (size_t i = 0; i < n_features; i++) {
            float *weight = &f->weights[i * n_columns + b];
            *weight = psh__half_to_float(psh__half_from_float((float)(*weight * scale)));
            offset -= mean[i] * *weight;
        }
        f->offsets[b] = (float)offset;
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

/* Random functions, and in their place as many of the general model's as it has. */
static psh_status draw_start(const state *s, const psh__linear_params *params, const float *rows, size_t n_items,
                             functions *dst, psh_error *err) {
    psh__linear_draw(params, dst->weights, dst->offsets);
    if (!s->general) return PSH_OK;
    double norms[PSH__SLICE_MAX_DIMS] = {0};
    for (size_t i = 0; i < n_items * params->n_features; i++)
        norms[i % params->n_features / PSH__GENERAL_FEATURES] += (double)rows[i] * rows[i];
    for (size_t d = 0; d < s->slices.n_dims; d++) norms[d] = sqrt(norms[d] / (double)n_items);
    return psh__general_start(s->general, norms, s->slices.n_dims, params->n_bits, dst->weights, dst->offsets, err);
}

/* The bits that together serve best, of what was learnt and of what it started from, at several thresholds each; they
 * take the place of what was learnt. raw : (n_items, n_features). */
static psh_status pick(state *s, const psh__fit *fit, const float *raw, size_t n_items, const psh__target *target,
                       psh_error *err) {
    size_t n_features = psh__slices_n_features(&s->slices), n_bits = (size_t)fit->params.n_bits;
    size_t n_columns = psh__linear_columns(n_bits), stride = 2 * n_columns;
    functions picked = {0};
    psh_status status = functions_reserve(&picked, n_features, n_columns, err);
    float *values = psh__malloc(n_items * stride, sizeof *values),
          *half = psh__malloc(n_items, n_columns * sizeof *half);
    float *thresholds = psh__malloc(stride, sizeof *thresholds);
    psh__pick *picks = psh__malloc(n_bits, sizeof *picks);
    if (status == PSH_OK && (!values || !half || !thresholds || !picks))
        status = psh__error_memory(err, "fitting", n_items * stride * 2 * sizeof *values);
    if (status != PSH_OK) goto done;
    size_t n_sources = s->general ? 2 : 1;   /* random weights are nothing to choose from */
    for (size_t k = 0; k < n_sources; k++) { /* bits of all without gaps */
        const functions *f = k ? &s->start : &s->learnt;
        psh__dense_multiply(raw, f->weights, n_items, n_columns, n_features, fit->n_workers, half);
        for (size_t i = 0; i < n_items; i++)
            memcpy(values + i * stride + k * n_bits, half + i * n_columns, n_bits * sizeof *values);
        for (size_t b = 0; b < n_bits; b++) thresholds[k * n_bits + b] = -f->offsets[b];
    }
    psh__functions offered = {n_items, n_sources * n_bits, stride, values, thresholds};
    status = psh__pick_bits(&offered, target, n_bits, fit->n_workers, picks, err);
    if (status != PSH_OK) goto done;
    memset(picked.weights, 0, n_features * n_columns * sizeof *picked.weights);
    memset(picked.offsets, 0, n_columns * sizeof *picked.offsets);
    for (size_t b = 0; b < n_bits; b++) {
        const functions *f = picks[b].function < n_bits ? &s->learnt : &s->start;
        size_t from = picks[b].function % n_bits;
        for (size_t i = 0; i < n_features; i++) picked.weights[i * n_columns + b] = f->weights[i * n_columns + from];
        picked.offsets[b] = -picks[b].threshold;
    }
    functions_copy(&picked, &s->learnt, n_features, n_columns);
done:
    functions_free(&picked);
    psh__free(values);
    psh__free(half);
    psh__free(thresholds);
    psh__free(picks);
    return status == PSH_ERR_DATA ? PSH_OK : status; /* too few to choose from: what was learnt stays */
}

static psh_status learn(void *user, psh__fit *fit, size_t n_items, const double *distances, psh_error *err) {
    state *s = user;
    psh_status status = PSH_OK;
    psh__target target = {0};
    float *rows = NULL, *raw = NULL;
    double *mean = NULL;
    PSH_TRY(fit_slices(fit, n_items, &s->slices, err));
    size_t n_features = psh__slices_n_features(&s->slices), n_bits = (size_t)fit->params.n_bits;
    size_t n_columns = psh__linear_columns(n_bits);
    PSH_TRY(functions_reserve(&s->start, n_features, n_columns, err));
    PSH_TRY(functions_reserve(&s->learnt, n_features, n_columns, err));
    rows = psh__malloc(n_items * n_features, sizeof *rows);
    raw = psh__malloc(n_items * n_features, sizeof *raw);
    mean = psh__malloc(n_features, sizeof *mean);
    if (!rows || !raw || !mean) {
        status = psh__error_memory(err, "fitting", n_items * n_features * sizeof *rows);
        goto done;
    }
    PSH_TRY_GOTO(psh__standard_rows(&s->slices, fit->sample, n_items, &unit, 0, fit->n_workers, rows, err));
    memcpy(raw, rows, n_items * n_features * sizeof *raw);
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
                                 .rate = s->general ? rate_from_general : rate_from_scratch,
                                 .dropout = dropout,
                                 .is_nested = true,
                                 .seed = fit->params.seed,
                                 .n_threads = fit->n_workers,
                                 .progress = fit->progress,
                                 .what = "learning"};
    PSH_TRY_GOTO(draw_start(s, &params, rows, n_items, &s->start, err));
    functions_copy(&s->start, &s->learnt, n_features, n_columns);
    PSH_TRY_GOTO(psh__linear_train(&set, 1, &params, s->learnt.weights, s->learnt.offsets, err));
    fold(&s->start, n_features, n_columns, mean, scale);
    fold(&s->learnt, n_features, n_columns, mean, scale);
    if (n_bits >= LEAST_PICKED) PSH_TRY_GOTO(pick(s, fit, raw, n_items, &target, err));
done:
    psh__target_free(&target);
    psh__free(rows);
    psh__free(raw);
    psh__free(mean);
    return status;
}

static psh_status make_of(const state *s, const functions *f, const psh__fit *fit, const psh_frame *frame,
                          const psh_meta *meta, psh_model **dst, psh_error *err) {
    return psh__compact_create(&s->slices, f->weights, f->offsets, (size_t)fit->params.n_bits, frame, fit->params.pool,
                               fit->params.dims_mask, meta, dst, err);
}

static psh_status make(const void *user, const psh__fit *fit, const psh_frame *frame, const psh_meta *meta,
                       psh_model **dst, psh_error *err) {
    const state *s = user;
    return make_of(s, &s->learnt, fit, frame, meta, dst, err);
}

static psh_status make_start(const void *user, const psh__fit *fit, const psh_frame *frame, const psh_meta *meta,
                             psh_model **dst, psh_error *err) {
    const state *s = user;
    return make_of(s, &s->start, fit, frame, meta, dst, err);
}

/* The general model that the caller names, or the built-in one. *owned: to be freed. */
static psh_status find_start(const psh_compact_params *p, const psh_model **dst, psh_model **owned, psh_error *err) {
    *owned = NULL;
    *dst = p->start;
    if (p->from_scratch && p->start)
        return psh__error(err, PSH_ERR_PARAMETER, "a model to start from, and from_scratch: choose one");
    if (p->start && p->start->kind != &psh__general_kind)
        return psh__error(err, PSH_ERR_PARAMETER, "a %s to start from; expected a general compact model",
                          p->start->kind->name);
    if (p->from_scratch || p->start) return PSH_OK;
    PSH_TRY(psh_model_builtin("compact", owned, err));
    *dst = *owned;
    return PSH_OK;
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
    psh_model *owned;
    state s = {.n_steps = p.n_steps};
    PSH_TRY(find_start(&p, &s.general, &owned, err));
    psh__learner learner = {.name = s.general ? "compact, fitted from the general model" : "compact, fitted",
                            .state = &s,
                            .learn = learn,
                            .make = make,
                            .make_start = s.general ? make_start : NULL};
    psh_status status = psh__fit_run(set, &common, &learner, progress, dst, report, err);
    functions_free(&s.start);
    functions_free(&s.learnt);
    psh_model_free(owned);
    return status;
}
