/* general_adapt.c : the general compact model meets a set, without an exact distance.
 *
 * A compact model's bit is the sign of <w, s (x - m)> + c, x the slices of a diagram, m and s the set's mean row and
 * scale (standard.c). In a fitted model w, c, m and s all come from one set. Here w and c were learnt on many synthetic
 * sets (general_train.c); the cells of the slices, m and s are the set's own:
 *
 *     <w, s (x - m)> + c > 0   <=>   <w, x> + (c / s - <w, m>) > 0,
 *
 * so that weights stay what they were trained to be, and the result is a compact model like any other.
 *
 * Which bits? As trained, the first ones: the only choice for one diagram. But a set says more of itself than centre
 * and scale: thresholds should lie where its diagrams lie, and a short code should not ask twice what they all answer
 * alike. So from LEAST_PICKED diagrams on, the bits are picked (pick.c) among all functions of all dimensions, each at
 * several thresholds, such that Hamming tracks W1 of the set's own pairs as the model estimates it (estimate.c), which
 * costs a microsecond a pair and no matching. Spearman with exact W1, 64 / 256 bits, as trained and picked:
 *
 *     Fashion-MNIST 0.903 / 0.941   0.938 / 0.969        six_shapes n1   0.977 / 0.989   0.995 / 0.998
 *     colon         0.911 / 0.957   0.959 / 0.984        vortex_street   0.939 / 0.967   0.988 / 0.989
 *     shape2        0.961 / 0.985   0.989 / 0.996        heated_cylinder 0.919 / 0.962   0.976 / 0.982
 *
 * On diagrams of the kind that it never saw, picking gains from some 30 on; with a dozen it is about level, and loses
 * on images (docs/math/compact.md).
 *
 * Several homology dimensions: a Hamming distance should be the sum over dimensions, each counting as much as it weighs
 * in W1. Picking sees to that, since the distance that it tracks is the sum. As trained, the bits are shared out in
 * proportion to the root mean square norm of the centred features of each dimension, and dimension d gets the first L_d
 * functions. They were learnt such that any first ones make a good code; and bits take turns, so that a short code is
 * the start of a long one here, too. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "encoder/compact_model.h"
#include "encoder/general.h"
#include "encoder/isolated.h"
#include "encoder/standard.h"
#include "encoder/target.h"

enum {
    SAMPLE = 1000,    /* diagrams that cells, mean, scale and bits are fitted to */
    LEAST_PICKED = 12 /* diagrams */
};

/* For a short code one diagram in a hundred is isolated, and counts four times. The near pairs of a long one would pay
 * for as many. */
static const double isolated_share = 0.01, extra_times = 3;

psh_status psh__general_unfold(const psh_model *model, size_t n_dims, const double *mean, const double *scales,
                               psh__functions *dst, psh_error *err) {
    const psh__general *general = (const psh__general *)model;
    size_t n_bits = model->n_bits;
    PSH_TRY(psh__functions_create(n_dims * PSH__GENERAL_FEATURES, n_dims * n_bits, dst, err));
    for (size_t d = 0; d < n_dims; d++)
        for (size_t i = 0; i < n_bits; i++) {
            double offset = general->offsets[i] / scales[d];
            for (size_t f = 0; f < PSH__GENERAL_FEATURES; f++) {
                size_t at = d * PSH__GENERAL_FEATURES + f;
                float weight = psh__half_to_float(general->halves[f * n_bits + i]);
                dst->weights[at * dst->n_columns + d * n_bits + i] = weight;
                if (mean) offset -= mean[at] * weight;
            }
            dst->offsets[d * n_bits + i] = (float)offset;
        }
    return PSH_OK;
}

void psh__general_share_bits(const double *norms, size_t n_dims, size_t n_bits, size_t *owners) {
    double total = 0, given[PSH__SLICE_MAX_DIMS] = {0};
    for (size_t d = 0; d < n_dims; d++) total += norms[d];
    for (size_t i = 0; i < n_bits; i++) {
        size_t most = 0;
        double most_owed = -INFINITY;
        for (size_t d = 0; d < n_dims; d++) {
            double share = total > 0 ? norms[d] / total : 1 / (double)n_dims;
            double owed = share * (double)(i + 1) - given[d];
            if (owed > most_owed) most = d, most_owed = owed;
        }
        owners[i] = most;
        given[most]++;
    }
}

psh_status psh__general_take_first(const psh__functions *all, const double *norms, size_t n_dims, psh__functions *dst,
                                   size_t *n_missing, psh_error *err) {
    size_t n_bits = dst->n_functions, n_each = all->n_functions / n_dims, taken[PSH__SLICE_MAX_DIMS] = {0};
    size_t *owners = psh__malloc(n_bits, sizeof *owners);
    *n_missing = 0;
    if (!owners) return psh__error_memory(err, "bits", n_bits * sizeof *owners);
    psh__general_share_bits(norms, n_dims, n_bits, owners);
    for (size_t i = 0; i < n_bits; i++) {
        size_t d = owners[i], from = taken[d]++;
        if (from < n_each)
            psh__functions_set(dst, i, all, d * n_each + from);
        else
            ++*n_missing;
    }
    psh__free(owners);
    return PSH_OK;
}

/* The bits as they were trained. */
static psh_status take_trained(const psh__functions *all, const double *norms, size_t n_dims, psh__functions *dst,
                               psh_error *err) {
    size_t n_missing;
    PSH_TRY(psh__general_take_first(all, norms, n_dims, dst, &n_missing, err));
    if (n_missing == 0) return PSH_OK;
    return psh__error(err, PSH_ERR_DATA, "%zu bits; this model has 1 to %zu", dst->n_functions,
                      all->n_functions / n_dims);
}

/* What picking looks at: the isolated diagrams come several times (isolated.c). */
typedef struct view {
    psh__repeats repeats;
    float *rows; // (repeats.n_items, n_features)
    psh__target target;
} view;

static void view_free(view *v) {
    psh__repeats_free(&v->repeats);
    psh__free(v->rows);
    psh__target_free(&v->target);
}

static psh_status repeat_isolated(view *v, const double *distances, size_t n_items, size_t n_bits, psh_error *err) {
    double share = psh__share_of_short(n_bits);
    size_t n_isolated = (size_t)(isolated_share * share * (double)n_items);
    size_t n_times = (size_t)(1.5 + extra_times * sqrt(share));
    return psh__repeats_create(distances, n_items, n_isolated, n_times, &v->repeats, err);
}

static psh_status repeat_rows(view *v, const float *rows, size_t n_items, size_t n_features, psh_error *err) {
    v->rows = psh__malloc(n_items * n_features, sizeof *v->rows);
    if (!v->rows) return psh__error_memory(err, "slices", n_items * n_features * sizeof *v->rows);
    memcpy(v->rows, rows, n_items * n_features * sizeof *v->rows);
    return psh__repeats_rows(&v->repeats, n_features, n_items, &v->rows, err);
}

/* What codes of n_bits should track: W1 of all pairs, as estimated. *dst : to be freed in any case. */
static psh_status aim(const float *rows, size_t n_items, size_t n_dims, size_t n_bits, const psh__estimate *estimate,
                      int n_threads, view *dst, psh_error *err) {
    psh__features features = {0};
    psh__exact none = {0};
    psh__target once = {0};
    psh_status status = PSH_OK;
    double *distances = psh__malloc(n_items * (n_items - 1) / 2, sizeof *distances);
    memset(dst, 0, sizeof *dst);
    if (!distances) return psh__error_memory(err, "distances", n_items * n_items / 2 * sizeof *distances);
    PSH_TRY_GOTO(psh__features_copy(rows, n_items, n_dims, &features, err));
    PSH_TRY_GOTO(psh__target_distances(&features, n_items, &none, estimate, n_threads, distances, err));
    PSH_TRY_GOTO(psh__target_create(distances, n_items, psh__emphasis_of_picking(), &once, err));
    PSH_TRY_GOTO(repeat_isolated(dst, distances, n_items, n_bits, err));
    PSH_TRY_GOTO(psh__target_repeat(&once, dst->repeats.origins, dst->repeats.n_items, &dst->target, err));
    PSH_TRY_GOTO(repeat_rows(dst, rows, n_items, n_dims * PSH__GENERAL_FEATURES, err));
done:
    psh__features_free(&features);
    psh__target_free(&once);
    psh__free(distances);
    return status;
}

psh_status psh__general_choose(const psh__functions *all, const double *norms, size_t n_dims, const float *rows,
                               size_t n_items, const psh__estimate *estimate, bool plain, int n_threads,
                               psh__functions *dst, bool *is_picked, psh_error *err) {
    view v;
    size_t n_trained = all->n_functions / n_dims;
    *is_picked = false;
    if (plain || n_items < 2 || (n_items < LEAST_PICKED && dst->n_functions <= n_trained))
        return take_trained(all, norms, n_dims, dst, err);
    psh_status status = aim(rows, n_items, n_dims, dst->n_functions, estimate, n_threads, &v, err);
    if (status == PSH_OK) status = psh__functions_pick(&all, 1, false, v.rows, &v.target, n_threads, dst, err);
    view_free(&v);
    *is_picked = status == PSH_OK;
    return status == PSH_ERR_DATA ? take_trained(all, norms, n_dims, dst, err) : status; /* too alike to pick so many */
}

/* What a set says of itself. */
typedef struct acquaintance {
    psh_diagrams *sample;
    psh_frame frame;
    psh__slices slices;
    float *rows;  // (n_items, n_features) slices as they come
    double *mean; // (n_features)
    double scales[PSH__SLICE_MAX_DIMS], norms[PSH__SLICE_MAX_DIMS];
} acquaintance;

static void acquaintance_free(acquaintance *a) {
    psh_diagrams_free(a->sample);
    psh__free(a->rows);
    psh__free(a->mean);
}

/* The diagrams of the set, or SAMPLE of them, in the wanted dimensions. */
static psh_status draw_sample(const psh_diagrams *set, const psh_adapt_params *params, psh_diagrams **dst,
                              psh_error *err) {
    size_t n = psh_diagrams_count(set), n_rows = n < SAMPLE ? n : SAMPLE;
    size_t *rows = psh__malloc(n_rows, sizeof *rows);
    if (!rows) return psh__error_memory(err, "a sample", n_rows * sizeof *rows);
    psh_status status = psh_rows_sample(n, n_rows, 0, rows, err);
    if (status == PSH_OK) status = psh_diagrams_select(set, rows, n_rows, params->dims_mask, false, dst, err);
    psh__free(rows);
    return status;
}

static psh_status fit_frame(const psh_diagrams *set, const psh_adapt_params *params, psh_frame *frame, psh_error *err) {
    *frame = (psh_frame){params->frame_kind, params->frame_lo, params->frame_hi};
    if (params->frame_kind == PSH_FRAME_FIXED) {
        if (isfinite(frame->lo) && isfinite(frame->hi) && frame->lo < frame->hi) return PSH_OK;
        return psh__error(err, PSH_ERR_PARAMETER, "frame [%g, %g]; expected finite bounds, the first smaller",
                          frame->lo, frame->hi);
    }
    if (params->dims_mask == 0) return psh_frame_fit(set, params->frame_kind, frame, err);
    psh_diagrams *part;
    PSH_TRY(psh_diagrams_select(set, NULL, 0, params->dims_mask, false, &part, err));
    psh_status status = psh_frame_fit(part, params->frame_kind, frame, err);
    psh_diagrams_free(part);
    return status;
}

/* Mean, scale and weight of each dimension; rows are standardised on the way. Where all rows are equal, which one
 * diagram alone is, differences as large as the row itself are assumed. */
static void measure(acquaintance *a, float *rows) {
    size_t n_items = psh_diagrams_count(a->sample), n_features = psh__slices_n_features(&a->slices);
    for (size_t d = 0; d < a->slices.n_dims; d++) {
        size_t first = d * PSH__GENERAL_FEATURES;
        double *mean = a->mean + first, squares = 0;
        a->scales[d] = psh__standardise(rows, n_items, n_features, first, PSH__GENERAL_FEATURES, mean);
        a->norms[d] = a->scales[d] > 0 ? 1 / a->scales[d] : 0;
        for (size_t f = 0; f < PSH__GENERAL_FEATURES; f++) squares += mean[f] * mean[f];
        if (a->scales[d] == 0) a->scales[d] = squares > 0 ? PSH__STANDARD_NORM / sqrt(squares) : 1;
    }
}

static psh_status get_acquainted(const psh_diagrams *set, const psh_adapt_params *params, acquaintance *a,
                                 psh_error *err) {
    float *standard = NULL;
    psh_status status = PSH_OK;
    memset(a, 0, sizeof *a);
    if (psh_diagrams_count(set) == 0)
        return psh__error(err, PSH_ERR_EMPTY, "no diagram: a model is adapted to at least one (hundreds are better)");
    PSH_TRY(draw_sample(set, params, &a->sample, err));
    PSH_TRY_GOTO(fit_frame(set, params, &a->frame, err));
    PSH_TRY_GOTO(psh__slices_fit(a->sample, &a->frame, params->pool, 0, &a->slices, err));
    size_t n_items = psh_diagrams_count(a->sample), n_features = psh__slices_n_features(&a->slices);
    a->mean = psh__malloc(n_features, sizeof *a->mean);
    a->rows = psh__malloc(n_items * n_features, sizeof *a->rows);
    standard = psh__malloc(n_items * n_features, sizeof *standard);
    if (!a->mean || !a->rows || !standard) {
        status = psh__error_memory(err, "slices", n_items * n_features * 2 * sizeof *standard);
        goto done;
    }
    PSH_TRY_GOTO(psh__standard_rows(&a->slices, a->sample, n_items, &a->frame, 0, params->n_threads, a->rows, err));
    memcpy(standard, a->rows, n_items * n_features * sizeof *standard);
    measure(a, standard);
done:
    psh__free(standard);
    if (status != PSH_OK) acquaintance_free(a);
    return status;
}

/* How the general model was made, and what it met. */
static psh_status describe(const psh_meta *general, size_t n_items, bool is_picked, psh_meta **dst, psh_error *err) {
    psh_status status = psh_meta_copy(general, dst, err);
    if (status != PSH_OK) return status;
    status = psh_meta_set_integer(*dst, "adapted_to", (int64_t)n_items);
    if (status == PSH_OK) status = psh_meta_set_text(*dst, "bits", is_picked ? "picked" : "as trained");
    return status == PSH_OK ? PSH_OK : psh__error_memory(err, "metadata", 64);
}

psh_status psh__general_adapt(const psh_model *model, const psh_diagrams *set, const psh_adapt_params *params,
                              psh_model **dst, psh_error *err) {
    size_t n_bits = params->n_bits ? (size_t)params->n_bits : model->n_bits;
    acquaintance a;
    psh__functions all = {0}, chosen = {0};
    psh_meta *meta = NULL;
    bool is_picked;
    psh_status status = PSH_OK;
    if (params->n_bits < 0 || n_bits > PSH__MAX_BITS)
        return psh__error(err, PSH_ERR_PARAMETER, "%d bits; a code has 1 to %d", params->n_bits, PSH__MAX_BITS);
    PSH_TRY(get_acquainted(set, params, &a, err));
    size_t n_dims = a.slices.n_dims, n_items = psh_diagrams_count(a.sample);
    PSH_TRY_GOTO(psh__general_unfold(model, n_dims, a.mean, a.scales, &all, err));
    PSH_TRY_GOTO(psh__functions_create(all.n_features, n_bits, &chosen, err));
    status = psh__general_choose(&all, a.norms, n_dims, a.rows, n_items, psh__general_estimate(model),
                                 params->as_trained, params->n_threads, &chosen, &is_picked, err);
    if (status == PSH_ERR_DATA)
        status = psh__error(err, PSH_ERR_PARAMETER,
                            "%zu bits; this model was trained with %zu, and more can only be picked%s", n_bits,
                            model->n_bits,
                            params->as_trained ? ", which as_trained forbids: ask for fewer"
                                               : " where the diagrams of a set differ enough: ask for fewer");
    if (status != PSH_OK) goto done;
    PSH_TRY_GOTO(describe(model->meta, n_items, is_picked, &meta, err));
    PSH_TRY_GOTO(psh__compact_create(&a.slices, chosen.weights, chosen.offsets, n_bits, &a.frame, params->pool,
                                     params->dims_mask, meta, dst, err));
done:
    psh_meta_free(meta);
    psh__functions_free(&all);
    psh__functions_free(&chosen);
    acquaintance_free(&a);
    return status;
}
