/* compact.c : fitting a compact model to a set: slices of the sample, standardised, and linear functions learnt on them
 * (fit.c has the sample, the target and the check).
 *
 * Learning starts from the general model (general_train.c), which already makes good codes of diagrams that it has
 * never seen, and goes on in steps that are small where the sample is: what some tens of diagrams cannot say is kept
 * from thousands of synthetic ones. A large sample first chooses among the general model's functions. The most isolated
 * diagrams count several times throughout (isolated.c). An exchange ends the fit (functions.c): gradients move a
 * threshold only where diagrams lie near it. docs/math/compact.md has what each is worth. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "encoder/compact_model.h"
#include "encoder/fit.h"
#include "encoder/general.h"
#include "encoder/isolated.h"
#include "encoder/linear.h"
#include "encoder/standard.h"

enum {
    LEAST_STEPS = 800,
    MOST_STEPS = 5000,
    STEPS_PER_DIAGRAM = 5,
    BATCH = 256,
    LEAST_CHOSEN = 64, /* diagrams: fewer start from the general model's first bits, more from chosen ones */
    MANY = 400,        /* diagrams: from here on the largest rate */
    PLENTY = 500       /* diagrams: twice as many need half the dropout */
};

/* Found on five sets, samples of 20 to 500 diagrams, 64 and 256 bits: docs/math/compact.md. */
static const double least_rate = 2e-3, largest_rate = 8e-3, largest_dropout = 0.3, prefix_share = 0.25;

/* The more a sample can say, the further learning may go from where it starts. */
static double rate_for(const psh_model *start, size_t n_items) {
    double rate = largest_rate * (double)n_items / MANY;
    if (!start || rate > largest_rate) return largest_rate;
    return rate < least_rate ? least_rate : rate;
}

static size_t steps_for(size_t n_items) {
    size_t n = STEPS_PER_DIAGRAM * n_items;
    return n < LEAST_STEPS ? LEAST_STEPS : n > MOST_STEPS ? MOST_STEPS : n;
}

/* What dropout protects from, learning diagrams by heart, is less to be feared of many. */
static double dropout_for(size_t n_items) {
    double share = (double)PLENTY / (double)n_items;
    return largest_dropout * (share > 1 ? 1 : share < 0.5 ? 0.5 : share);
}

/* Short codes find outliers by one diagram in fifty that counts seven times; longer ones by fewer, that count less. */
static const double isolated_share = 0.02, extra_times = 6;

/* The sample's. */
static const psh_frame unit = {PSH_FRAME_FIXED, 0, 1};

/* What a fit knows of its sample, and what it learns. Functions are of rows as they come when learn() is done. */
typedef struct state {
    size_t n_steps;           /* 0: by the sample's size */
    const psh_model *general; /* to start from; NULL: random weights */
    size_t n_items;           /* learnt from last */
    psh__slices slices;
    float *raw, *rows; // (n_items, n_features) slices as they come, and standardised; then those of the repeats
    psh__repeats repeats;
    double *mean; // (n_features)
    double scale;
    psh__functions general_all;        /* the general model's, in every dimension */
    double norms[PSH__SLICE_MAX_DIMS]; /* root mean square, of each dimension's part of the standardised rows */
    psh__functions learnt;
} state;

/* What belongs to one sample: learn() may be called again for another. */
static void forget(state *s) {
    psh__free(s->raw);
    psh__free(s->rows);
    psh__free(s->mean);
    s->raw = s->rows = NULL, s->mean = NULL;
    psh__functions_free(&s->general_all);
    psh__functions_free(&s->learnt);
    psh__repeats_free(&s->repeats);
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

/* Slices of the first n_items of the sample, as they come and standardised. */
static psh_status compute_rows(state *s, const psh__fit *fit, size_t n_items, psh_error *err) {
    size_t n_features = psh__slices_n_features(&s->slices);
    s->raw = psh__malloc(n_items * n_features, sizeof *s->raw);
    s->rows = psh__malloc(n_items * n_features, sizeof *s->rows);
    s->mean = psh__malloc(n_features, sizeof *s->mean);
    if (!s->raw || !s->rows || !s->mean)
        return psh__error_memory(err, "fitting", n_items * n_features * 2 * sizeof *s->rows);
    PSH_TRY(psh__standard_rows(&s->slices, fit->sample, n_items, &unit, 0, fit->n_workers, s->raw, err));
    memcpy(s->rows, s->raw, n_items * n_features * sizeof *s->rows);
    s->scale = psh__standardise(s->rows, n_items, n_features, 0, n_features, s->mean);
    return s->scale > 0 ? PSH_OK : psh__fit_too_alike(n_items, err);
}

/* From here on learning and picking see the isolated diagrams' rows several times. */
static psh_status repeat_isolated(state *s, size_t n_items, size_t n_bits, const double *distances, psh_error *err) {
    size_t n_features = psh__slices_n_features(&s->slices);
    double weight = sqrt(psh__share_of_short(n_bits));
    size_t n_isolated = (size_t)(isolated_share * weight * (double)n_items);
    size_t n_times = (size_t)(1.5 + extra_times * weight);
    PSH_TRY(psh__repeats_create(distances, n_items, n_isolated, n_times, &s->repeats, err));
    PSH_TRY(psh__repeats_rows(&s->repeats, n_features, n_items, &s->raw, err));
    return psh__repeats_rows(&s->repeats, n_features, n_items, &s->rows, err);
}

static void measure_norms(state *s, size_t n_items) {
    size_t n_features = psh__slices_n_features(&s->slices);
    memset(s->norms, 0, sizeof s->norms);
    for (size_t i = 0; i < n_items * n_features; i++)
        s->norms[i % n_features / PSH__GENERAL_FEATURES] += (double)s->rows[i] * s->rows[i];
    for (size_t d = 0; d < s->slices.n_dims; d++) s->norms[d] = sqrt(s->norms[d] / (double)n_items);
}

/* The general model's functions of standardised rows. In dimension d it was learnt on rows of norm PSH__STANDARD_NORM,
 * and here they are shorter: the slope of its signs' gradient wants sums as large as then. */
static psh_status unfold_general(state *s, psh_error *err) {
    double scales[PSH__SLICE_MAX_DIMS];
    size_t n_dims = s->slices.n_dims, n_bits = s->general->n_bits;
    for (size_t d = 0; d < n_dims; d++) scales[d] = s->norms[d] > 0 ? PSH__STANDARD_NORM / s->norms[d] : 1;
    PSH_TRY(psh__general_unfold(s->general, n_dims, NULL, scales, &s->general_all, err));
    psh__functions *all = &s->general_all;
    for (size_t f = 0; f < all->n_features; f++)
        for (size_t i = 0; i < all->n_functions; i++)
            all->weights[f * all->n_columns + i] *= (float)scales[f / PSH__GENERAL_FEATURES];
    for (size_t i = 0; i < all->n_functions; i++) all->offsets[i] *= (float)scales[i / n_bits];
    return PSH_OK;
}

/* Random functions, and in their place as many of the general model's first ones as it has. */
static psh_status take_first(state *s, const psh__linear_params *params, psh_error *err) {
    size_t n_missing;
    psh__linear_draw(params, s->learnt.weights, s->learnt.offsets);
    if (!s->general) return PSH_OK;
    return psh__general_take_first(&s->general_all, s->norms, s->slices.n_dims, &s->learnt, &n_missing, err);
}

/* Where learning starts: with enough diagrams to choose by, the bits that serve best, of the general model's functions
 * at several thresholds each. */
static psh_status draw_start(state *s, const psh__fit *fit, const psh__linear_params *params, size_t n_items,
                             const psh__target *target, psh_error *err) {
    const psh__functions *all = &s->general_all;
    psh_status status = PSH_ERR_DATA;
    if (s->general) {
        measure_norms(s, n_items);
        PSH_TRY(unfold_general(s, err));
        if (n_items >= LEAST_CHOSEN)
            status = psh__functions_pick(&all, 1, false, s->rows, target, fit->n_workers, &s->learnt, err);
    }
    return status == PSH_ERR_DATA ? take_first(s, params, err) : status;
}

/* What learning and the exchange are to track, the isolated diagrams' distances several times. What is beyond the mean,
 * or near, is said of the diagrams as they are. */
static psh_status aim(const psh__repeats *repeats, size_t n_items, const double *distances, psh__emphasis emphasis,
                      psh__target *dst, psh_error *err) {
    psh__target once;
    PSH_TRY(psh__target_create(distances, n_items, emphasis, &once, err));
    psh_status status = psh__target_repeat(&once, repeats->origins, repeats->n_items, dst, err);
    psh__target_free(&once);
    return status;
}

/* The bits that together serve best, of what was learnt and of the general model's, at several thresholds each: an
 * exchange that starts from what was learnt, and takes its place. */
static psh_status exchange(state *s, const psh__fit *fit, const psh__target *target, psh_error *err) {
    const psh__functions *sources[] = {&s->learnt, &s->general_all};
    psh__functions picked = {0};
    psh_status status = psh__functions_create(s->learnt.n_features, s->learnt.n_functions, &picked, err);
    if (status == PSH_OK)
        status = psh__functions_pick(sources, s->general ? 2 : 1, true, s->raw, target, fit->n_workers, &picked, err);
    if (status == PSH_OK) {
        psh__functions_free(&s->learnt);
        s->learnt = picked;
    } else
        psh__functions_free(&picked);
    return status == PSH_ERR_DATA ? PSH_OK : status; /* too few to choose from: what was learnt stays */
}

/* Far outliers count more in the exchange than in learning (target.c). */
static psh_status learn(void *user, psh__fit *fit, size_t n_items, const double *distances, psh_error *err) {
    state *s = user;
    psh_status status = PSH_OK;
    psh__target target = {0};
    forget(s);
    s->n_items = n_items;
    PSH_TRY(fit_slices(fit, n_items, &s->slices, err));
    size_t n_features = psh__slices_n_features(&s->slices), n_bits = (size_t)fit->params.n_bits;
    PSH_TRY(psh__functions_create(n_features, n_bits, &s->learnt, err));
    PSH_TRY(compute_rows(s, fit, n_items, err));
    PSH_TRY(repeat_isolated(s, n_items, n_bits, distances, err));
    PSH_TRY_GOTO(aim(&s->repeats, n_items, distances, psh__emphasis_of_learning(n_bits), &target, err));
    psh__linear_set set = {target.n_items, s->rows, target.values, target.stride};
    psh__linear_params params = {.n_bits = n_bits,
                                 .n_features = n_features,
                                 .n_batch = BATCH,
                                 .n_steps = s->n_steps ? s->n_steps : steps_for(n_items),
                                 .sets_per_step = 1,
                                 .rate = rate_for(s->general, n_items),
                                 .dropout = dropout_for(n_items),
                                 .prefix_share = prefix_share,
                                 .seed = fit->params.seed,
                                 .n_threads = fit->n_workers,
                                 .progress = fit->progress,
                                 .what = "learning"};
    PSH_TRY_GOTO(draw_start(s, fit, &params, n_items, &target, err));
    PSH_TRY_GOTO(psh__linear_train(&set, 1, &params, s->learnt.weights, s->learnt.offsets, err));
    psh__functions_fold(&s->learnt, s->mean, s->scale);
    psh__functions_fold(&s->general_all, s->mean, s->scale);
    psh__target_free(&target);
    PSH_TRY_GOTO(aim(&s->repeats, n_items, distances, psh__emphasis_of_exchange(n_bits), &target, err));
    PSH_TRY_GOTO(exchange(s, fit, &target, err));
done:
    psh__target_free(&target);
    return status;
}

static psh_status make_of(const state *s, const psh__functions *f, const psh__fit *fit, const psh_frame *frame,
                          const psh_meta *meta, psh_model **dst, psh_error *err) {
    return psh__compact_create(&s->slices, f->weights, f->offsets, (size_t)fit->params.n_bits, frame, fit->params.pool,
                               fit->params.dims_mask, meta, dst, err);
}

static psh_status make(const void *user, const psh__fit *fit, const psh_frame *frame, const psh_meta *meta,
                       psh_model **dst, psh_error *err) {
    const state *s = user;
    return make_of(s, &s->learnt, fit, frame, meta, dst, err);
}

/* What the general model is for these diagrams without exact distances. PSH_ERR_DATA if it has too few bits. */
static psh_status make_unfitted(const void *user, const psh__fit *fit, const psh_frame *frame, const psh_meta *meta,
                                psh_model **dst, psh_error *err) {
    const state *s = user;
    psh__functions unfitted;
    bool is_picked;
    psh_status status = psh__functions_create(s->learnt.n_features, s->learnt.n_functions, &unfitted, err);
    if (status == PSH_OK)
        status =
            psh__general_choose(&s->general_all, s->norms, s->slices.n_dims, s->raw, s->n_items,
                                psh__general_estimate(s->general), false, fit->n_workers, &unfitted, &is_picked, err);
    if (status == PSH_OK) status = make_of(s, &unfitted, fit, frame, meta, dst, err);
    psh__functions_free(&unfitted);
    return status;
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
    common.general = s.general;
    psh__learner learner = {.name = s.general ? "compact, fitted from the general model" : "compact, fitted",
                            .state = &s,
                            .learn = learn,
                            .make = make,
                            .make_unfitted = s.general ? make_unfitted : NULL};
    psh_status status = psh__fit_run(set, &common, &learner, progress, dst, report, err);
    forget(&s);
    psh_model_free(owned);
    return status;
}
