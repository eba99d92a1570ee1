/* fit.c : fitting to a set, whatever learns: sample, frame, target, learning, and the check on other diagrams.
 *
 * All pairs of a sample are fitted on. What Hamming should track is exact W1 where it is known: on as many pairs as
 * take about a second, evenly spread over the sample, or (PSH_TARGET_WASSERSTEIN) on all pairs of n_sample diagrams;
 * by these an estimate of W1 is calibrated for all others (calibrate.c). In small sets all pairs are known.
 * Diagrams without any exact distance are worth fitting on, too: calibrated distances carry over to them better than
 * bits do. Fashion-MNIST 1,000, all pairs of 500 diagrams exact, Spearman of 64 / 256 bits over all: 0.951 / 0.977
 * fitted on the 500, 0.961 / 0.981 fitted on all (with an earlier, worse calibration and shorter learning).
 *
 * The check is made on diagrams that the fit never saw: where the set is larger than the sample, on others of it; else
 * by a second fit on two thirds of the sample, judged on the rest (the model returned is the one fitted on all). */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "encoder/fit.h"
#include "encoder/general.h"
#include "encoder/rank.h"
#include "encoder/sketch_model.h"

enum {
    DEFAULT_BITS = 64,
    SAMPLE = 1000,            /* diagrams; all pairs are fitted on */
    SAMPLE_WASSERSTEIN = 400, /* 79,800 exact distances */
    MAX_SAMPLE = 8192,
    MAX_HELD_OUT = 200,
    MIN_CHECK = 12, /* diagrams; below, the set is too small to be split */
    MIN_CHECK_PAIRS = 6,
    MIN_EXACT_PAIRS = 64, /* fewer calibrate worse than none */
    MAX_EXACT_PAIRS = 16384,
    MAX_CHECK_PAIRS = 1000
};

/* Predicted time, in nanoseconds of one thread, that calibration may spend on exact distances. */
static const double exact_work = 1e9;

static psh_status check_params(psh__fit_params *p, psh_error *err) {
    if (p->n_bits == 0) p->n_bits = DEFAULT_BITS;
    if (p->n_bits < 1 || p->n_bits > PSH__MAX_BITS)
        return psh__error(err, PSH_ERR_PARAMETER, "%d bits; a code has 1 to %d", p->n_bits, PSH__MAX_BITS);
    if (p->target != PSH_TARGET_CALIBRATED && p->target != PSH_TARGET_SLICED && p->target != PSH_TARGET_WASSERSTEIN)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "fit target %d; expected calibrated (0), sliced (1) or wasserstein (2)", (int)p->target);
    if (p->frame_kind == PSH_FRAME_FIXED &&
        !(isfinite(p->frame_lo) && isfinite(p->frame_hi) && p->frame_lo < p->frame_hi))
        return psh__error(err, PSH_ERR_PARAMETER, "frame [%g, %g]; expected finite bounds, the first smaller",
                          p->frame_lo, p->frame_hi);
    bool is_exact = p->target == PSH_TARGET_WASSERSTEIN && !p->needs_no_exact;
    if (p->n_sample == 0) p->n_sample = is_exact ? SAMPLE_WASSERSTEIN : SAMPLE;
    if (p->n_sample < 2 || p->n_sample > MAX_SAMPLE)
        return psh__error(err, PSH_ERR_PARAMETER, "a sample of %zu diagrams; expected 2 to %d (all its pairs are used)",
                          p->n_sample, MAX_SAMPLE);
    if (is_exact)
        while (p->n_pairs > 0 && p->n_sample > 2 && p->n_sample * (p->n_sample - 1) / 2 > p->n_pairs) p->n_sample--;
    return PSH_OK;
}

static psh_status check_set(const psh_diagrams *set, uint32_t dims_mask, psh_error *err) {
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    size_t n_points = psh_diagrams_n_points(set), n_wanted = 0;
    if (psh_diagrams_count(set) < 2)
        return psh__error(err, PSH_ERR_EMPTY,
                          "%zu diagrams; a model is fitted to at least 2 (hundreds are better): give more, or encode "
                          "with a stored model",
                          psh_diagrams_count(set));
    for (size_t i = 0; i < n_points; i++) {
        if (!psh__wants_dim(dims_mask, dims[i])) continue;
        n_wanted++;
        if (points[2 * i + 1] == INFINITY)
            return psh__error(err, PSH_ERR_NOT_FINITE,
                              "point %zu (H%d, birth %g) never dies; codes need finite points: read the set with the "
                              "essential policy drop or clamp",
                              i, dims[i], points[2 * i]);
    }
    if (n_wanted == 0)
        return psh__error(err, PSH_ERR_EMPTY, "none of the %zu diagrams has a point%s: there is nothing to fit to",
                          psh_diagrams_count(set), n_points > 0 ? " in the chosen dimensions" : "");
    return PSH_OK;
}

static psh_status report_step(const psh__fit *f, uint64_t n_done, psh_error *err) {
    enum { N_STEPS = 3 };
    if (!f->progress || !f->progress->report || f->progress->report(f->progress->user, "fitting", n_done, N_STEPS))
        return PSH_OK;
    return psh__error(err, PSH_ERR_INTERRUPTED, "fitting was stopped");
}

/* --- The sample --------------------------------------------------------------------------------------------------- */

static psh_status fit_frame(psh__fit *f, const psh_diagrams *set, psh_error *err) {
    f->frame = (psh_frame){f->params.frame_kind, f->params.frame_lo, f->params.frame_hi};
    if (f->params.frame_kind == PSH_FRAME_FIXED) return PSH_OK;
    if (f->params.dims_mask == 0) return psh_frame_fit(set, f->params.frame_kind, &f->frame, err);
    psh_diagrams *part = NULL;
    PSH_TRY(psh_diagrams_select(set, NULL, 0, f->params.dims_mask, false, &part, err));
    psh_status status = psh_frame_fit(part, f->params.frame_kind, &f->frame, err);
    psh_diagrams_free(part);
    return status;
}

/* A copy of `src` in the unit frame: exactly the arithmetic of psh__cloud_gather(). */
static psh_status to_unit_frame(const psh_diagrams *src, const psh_frame *frame, psh_diagrams **dst, psh_error *err) {
    const uint64_t *offsets = psh_diagrams_offsets(src);
    const double *points = psh_diagrams_points(src);
    double *moved = psh__malloc(psh__max_points(src), 2 * sizeof *moved);
    psh_status status = PSH_OK;
    psh_diagrams *made = NULL;
    if (!moved) return psh__error_memory(err, "a sample", psh__max_points(src) * 2 * sizeof *moved);
    PSH_TRY_GOTO(psh_diagrams_create(&made, err));
    for (size_t i = 0; i < psh_diagrams_count(src); i++) {
        double lo, hi;
        psh_frame_bounds(frame, src, i, &lo, &hi);
        double inverse = 1 / (hi - lo);
        size_t n_points = (size_t)(offsets[i + 1] - offsets[i]);
        for (size_t k = 0; k < 2 * n_points; k++) moved[k] = (points[2 * offsets[i] + k] - lo) * inverse;
        PSH_TRY_GOTO(psh_diagrams_append(made, moved, psh_diagrams_dims(src) + offsets[i], n_points, NULL, -1, err));
    }
    *dst = made;
    made = NULL;
done:
    psh__free(moved);
    psh_diagrams_free(made);
    return status;
}

/* f->sample: diagrams to fit on, then, where the set has more, some for the check. */
static psh_status draw_sample(psh__fit *f, const psh_diagrams *set, psh_error *err) {
    bool is_exact = f->params.target == PSH_TARGET_WASSERSTEIN && !f->params.needs_no_exact;
    size_t n = psh_diagrams_count(set), n_wanted = f->params.n_sample;
    if (is_exact && n_wanted < SAMPLE) n_wanted = SAMPLE;
    size_t n_first = n < n_wanted ? n : n_wanted;
    size_t n_rest = n - n_first, n_out = n_rest < MAX_HELD_OUT ? n_rest : MAX_HELD_OUT;
    if (n_out < MIN_CHECK / 2) n_out = 0;
    size_t n_rows = n_first + n_out;
    size_t *rows = psh__malloc(n_rows, sizeof *rows), *shuffled = psh__malloc(n_rows, sizeof *shuffled);
    uint32_t *order = psh__malloc(n_rows, sizeof *order);
    psh_diagrams *part = NULL;
    psh_status status = PSH_OK;
    if (!rows || !shuffled || !order) {
        status = psh__error_memory(err, "a sample", n_rows * 2 * sizeof *rows);
        goto done;
    }
    PSH_TRY_GOTO(psh_rows_sample(n, n_rows, f->params.seed, rows, err));
    psh__random rng;
    psh__random_init(&rng, f->params.seed, UINT64_MAX - 1);
    for (size_t i = 0; i < n_rows; i++) order[i] = (uint32_t)i;
    psh__random_shuffle(&rng, order, n_rows);
    for (size_t i = 0; i < n_rows; i++) shuffled[i] = rows[order[i]];
    PSH_TRY_GOTO(psh_diagrams_select(set, shuffled, n_rows, f->params.dims_mask, false, &part, err));
    PSH_TRY_GOTO(to_unit_frame(part, &f->frame, &f->sample, err));
    f->n_items = n_rows, f->n_first = n_first;
    f->n_exact = is_exact && f->params.n_sample < n_first ? f->params.n_sample : n_first;
done:
    psh__free(rows);
    psh__free(shuffled);
    psh__free(order);
    psh_diagrams_free(part);
    return status;
}

/* --- The target --------------------------------------------------------------------------------------------------- */

/* n_wanted pairs of items [first, first + n_items), each item in nearly as many as any other: neighbours at distance 1,
 * then 2, ... round the circle of their (random) order. All pairs if n_wanted is large enough. */
static psh_status add_pairs(psh__exact *exact, size_t first, size_t n_items, size_t n_wanted, psh_error *err) {
    size_t n_all = n_items * (n_items - 1) / 2, n = n_wanted < n_all ? n_wanted : n_all, capacity = exact->capacity;
    uint32_t *pairs = psh__realloc(exact->pairs, 2 * exact->n_pairs, 2 * (exact->n_pairs + n), sizeof *pairs);
    if (!pairs) return psh__error_memory(err, "pairs", n * 2 * sizeof *pairs);
    exact->pairs = pairs;
    exact->capacity = capacity + n;
    for (size_t step = 1, k = 0; k < n; step++)
        for (size_t a = 0; a < (2 * step == n_items ? step : n_items) && k < n; a++, k++) {
            size_t b = (a + step) % n_items, at = 2 * exact->n_pairs++;
            pairs[at] = (uint32_t)(first + (a < b ? a : b));
            pairs[at + 1] = (uint32_t)(first + (a < b ? b : a));
        }
    return PSH_OK;
}

/* How many exact distances a calibration may have: as many of the pairs in add_pairs()' order as the predicted work
 * allows, the same on every machine. */
static psh_status exact_budget(const psh__fit *f, const psh_wasserstein_params *params, size_t *n_wanted,
                               psh_error *err) {
    *n_wanted = f->params.n_pairs;
    if (*n_wanted > 0) return PSH_OK;
    psh_wasserstein_plan *plan;
    psh__exact trial = {0};
    PSH_TRY(psh_wasserstein_plan_create(f->sample, NULL, params, &plan, err));
    psh_status status = add_pairs(&trial, 0, f->n_first, MAX_EXACT_PAIRS, err);
    double work = 0;
    for (size_t k = 0; status == PSH_OK && k < trial.n_pairs && work < exact_work; k++) {
        work += (double)psh_wasserstein_plan_cost(plan, trial.pairs[2 * k], trial.pairs[2 * k + 1]);
        *n_wanted = k + 1;
    }
    size_t n_all = f->n_first * (f->n_first - 1) / 2;
    if (*n_wanted < MIN_EXACT_PAIRS && *n_wanted < n_all) *n_wanted = 0;
    psh__exact_free(&trial);
    psh_wasserstein_plan_free(plan);
    return status;
}

/* Exact distances of the pairs from `first` on. */
static psh_status measure_pairs(psh__fit *f, size_t first, psh_error *err) {
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    params.pool = f->params.pool;
    size_t n_pairs = f->exact.n_pairs;
    double *distances = psh__realloc(f->exact.distances, first, n_pairs, sizeof *distances);
    if (!distances) return psh__error_memory(err, "exact distances", n_pairs * sizeof *distances);
    f->exact.distances = distances;
    return psh_wasserstein_pairs(f->sample, f->exact.pairs + 2 * first, n_pairs - first, &params, f->n_workers,
                                 f->progress, distances + first, err);
}

/* Exact distances: for the fit, and for the check if it has diagrams of its own. */
static psh_status compute_exact(psh__fit *f, psh_error *err) {
    if (f->params.target == PSH_TARGET_SLICED || f->params.needs_no_exact) return PSH_OK;
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    params.pool = f->params.pool;
    size_t n_out = f->n_items - f->n_first, n_wanted = SIZE_MAX;
    if (f->params.target == PSH_TARGET_CALIBRATED) PSH_TRY(exact_budget(f, &params, &n_wanted, err));
    if (n_wanted == 0) return PSH_OK;
    PSH_TRY(add_pairs(&f->exact, 0, f->n_exact, n_wanted, err));
    f->report.n_exact_pairs = f->exact.n_pairs;
    size_t n_check = f->exact.n_pairs / 8 < MAX_CHECK_PAIRS ? f->exact.n_pairs / 8 : MAX_CHECK_PAIRS;
    if (n_out > 0) PSH_TRY(add_pairs(&f->exact, f->n_first, n_out, n_check, err));
    return measure_pairs(f, 0, err);
}

psh_status psh__fit_too_alike(size_t n_items, psh_error *err) {
    return psh__error(err, PSH_ERR_DATA,
                      "the %zu diagrams looked at are all equal, or so nearly that no question tells them apart: codes "
                      "would be equal too; give diagrams that differ",
                      n_items);
}

/* The estimate of W1 that exact distances calibrate. *owned: to be freed. */
static psh_status find_estimate(psh__fit *f, psh_model **owned, psh_error *err) {
    if (f->params.target == PSH_TARGET_SLICED || f->params.needs_no_exact) return PSH_OK;
    if (!f->params.general) PSH_TRY(psh_model_builtin("compact", owned, err));
    f->estimate = psh__general_estimate(f->params.general ? f->params.general : *owned);
    return PSH_OK;
}

/* distances : (n_items (n_items - 1) / 2), filled with the target of the first n_items of the sample. */
static psh_status learn(psh__fit *f, const psh__learner *learner, size_t n_items, double *distances, psh_error *err) {
    PSH_TRY(psh__target_distances(&f->features, n_items, &f->exact, f->estimate, f->n_workers, distances, err));
    return learner->learn(learner->state, f, n_items, distances, err);
}

/* --- The check ---------------------------------------------------------------------------------------------------- */

typedef psh_status maker(const void *state, const psh__fit *fit, const psh_frame *frame, const psh_meta *meta,
                         psh_model **dst, psh_error *err);

/* codes : (n_items, n_bytes) of the whole sample by what was learnt last, or by what it started from; allocated here,
 * the caller's to free in any case. */
static psh_status encode_sample(const psh__fit *f, maker *make, const void *state, uint8_t **codes, size_t *n_bytes,
                                psh_error *err) {
    psh_frame unit = {PSH_FRAME_FIXED, 0, 1};
    psh_model *model = NULL;
    PSH_TRY(make(state, f, &unit, NULL, &model, err));
    *n_bytes = psh_model_n_bytes(model);
    *codes = psh__malloc(f->n_items, *n_bytes);
    psh_status status = *codes ? psh_model_encode(model, f->sample, f->n_workers, *codes, err)
                               : psh__error_memory(err, "codes", f->n_items * *n_bytes);
    psh_model_free(model);
    return status;
}

static size_t count_distinct(const uint8_t *codes, size_t n_codes, size_t n_bytes) {
    size_t n_distinct = 0;
    for (size_t i = 0; i < n_codes; i++) {
        size_t j = 0;
        while (j < i && memcmp(codes + i * n_bytes, codes + j * n_bytes, n_bytes) != 0) j++;
        n_distinct += j == i;
    }
    return n_distinct;
}

static double hamming(const uint8_t *codes, size_t i, size_t j, size_t n_bytes) {
    int distance = 0;
    for (size_t k = 0; k < n_bytes; k++)
        distance += __builtin_popcount(codes[i * n_bytes + k] ^ codes[j * n_bytes + k]);
    return distance;
}

/* Spearman and Pearson of two lists; NaN if there are too few. */
static psh_status correlate(const double *found, const double *wanted, size_t n_values, double *spearman,
                            double *pearson, psh_error *err) {
    *spearman = *pearson = NAN;
    if (n_values < MIN_CHECK_PAIRS) return PSH_OK;
    double *ranks = psh__malloc(n_values, 2 * sizeof *ranks);
    uint64_t *work = psh__malloc(n_values, 2 * sizeof *work);
    psh_status status = PSH_OK;
    if (ranks && work) {
        psh__rank(found, n_values, work, ranks);
        psh__rank(wanted, n_values, work, ranks + n_values);
        *spearman = psh__pearson(ranks, ranks + n_values, n_values);
        *pearson = psh__pearson(found, wanted, n_values);
    } else
        status = psh__error_memory(err, "the check of the fit", n_values * 2 * sizeof *work);
    psh__free(ranks);
    psh__free(work);
    return status;
}

/* On the diagrams that were fitted on: against the target, all pairs. */
static psh_status judge_fitted(psh__fit *f, const psh__learner *learner, const double *distances, psh_error *err) {
    size_t n = f->n_first, n_pairs = n * (n - 1) / 2, n_bytes;
    uint8_t *codes = NULL;
    double *found = psh__malloc(n_pairs, sizeof *found), pearson;
    psh_status status = PSH_OK;
    if (!found) return psh__error_memory(err, "the check of the fit", n_pairs * sizeof *found);
    PSH_TRY_GOTO(encode_sample(f, learner->make, learner->state, &codes, &n_bytes, err));
    for (size_t i = 0, k = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) found[k++] = hamming(codes, i, j, n_bytes);
    PSH_TRY_GOTO(correlate(found, distances, n_pairs, &f->report.spearman_fitted, &pearson, err));
    f->report.n_distinct_codes = count_distinct(codes, n, n_bytes);
done:
    psh__free(found);
    psh__free(codes);
    return status;
}

/* Sliced Wasserstein distances of the listed pairs. */
static psh_status slice_pairs(const psh__fit *f, psh__exact *listed, psh_error *err) {
    float *pattern = psh__malloc(psh__features_n_inputs(&f->features) + psh__features_desk(1), sizeof *pattern), found;
    if (!pattern) return psh__error_memory(err, "the check of the fit", psh__features_desk(1) * sizeof *pattern);
    float *desk = pattern + psh__features_n_inputs(&f->features);
    for (size_t k = 0; k < listed->n_pairs; k++) {
        psh__features_patterns(&f->features, listed->pairs[2 * k], listed->pairs[2 * k + 1], pattern);
        psh__features_distances(&f->features, NULL, pattern, 1, desk, &found);
        listed->distances[k] = found;
    }
    psh__free(pattern);
    return PSH_OK;
}

/* Pairs of items from `first` on with a known distance: exact ones, or all by sliced Wasserstein if there are none. */
static psh_status list_known(const psh__fit *f, size_t first, psh__exact *known, psh_error *err) {
    size_t n = f->n_items - first;
    for (size_t k = 0; k < f->exact.n_pairs; k++) known->n_pairs += f->exact.pairs[2 * k] >= first;
    bool is_exact = known->n_pairs > 0;
    if (!is_exact) {
        PSH_TRY(add_pairs(known, first, n, SIZE_MAX, err));
    } else if (!(known->pairs = psh__malloc(known->n_pairs, 2 * sizeof *known->pairs)))
        return psh__error_memory(err, "the check of the fit", known->n_pairs * 2 * sizeof *known->pairs);
    known->distances = psh__malloc(known->n_pairs, sizeof *known->distances);
    if (!known->distances) return psh__error_memory(err, "the check of the fit", known->n_pairs * sizeof(double));
    for (size_t k = 0, at = 0; is_exact && k < f->exact.n_pairs; k++)
        if (f->exact.pairs[2 * k] >= first) {
            memcpy(known->pairs + 2 * at, f->exact.pairs + 2 * k, 2 * sizeof *known->pairs);
            known->distances[at++] = f->exact.distances[k];
        }
    return is_exact ? PSH_OK : slice_pairs(f, known, err);
}

/* Correlations of one maker's codes with known distances. */
static psh_status judge_on(const psh__fit *f, maker *make, const void *state, const psh__exact *known, double *spearman,
                           double *pearson, psh_error *err) {
    uint8_t *codes = NULL;
    size_t n_bytes;
    psh_status status = PSH_OK;
    double *found = psh__malloc(known->n_pairs, sizeof *found);
    if (!found) return psh__error_memory(err, "the check of the fit", known->n_pairs * sizeof *found);
    PSH_TRY_GOTO(encode_sample(f, make, state, &codes, &n_bytes, err));
    for (size_t k = 0; k < known->n_pairs; k++)
        found[k] = hamming(codes, known->pairs[2 * k], known->pairs[2 * k + 1], n_bytes);
    PSH_TRY_GOTO(correlate(found, known->distances, known->n_pairs, spearman, pearson, err));
done:
    psh__free(codes);
    psh__free(found);
    return status;
}

/* On the diagrams from `first` on, which what was learnt last has not seen. */
static psh_status judge_held_out(psh__fit *f, const psh__learner *learner, size_t first, psh_error *err) {
    psh__exact known = {0};
    psh_fit_report *r = &f->report;
    double pearson;
    psh_status status = PSH_OK;
    PSH_TRY_GOTO(list_known(f, first, &known, err));
    PSH_TRY_GOTO(judge_on(f, learner->make, learner->state, &known, &r->spearman_held_out, &r->pearson_held_out, err));
    if (learner->make_unfitted) {
        status = judge_on(f, learner->make_unfitted, learner->state, &known, &r->spearman_start, &pearson, err);
        if (status != PSH_OK && status != PSH_ERR_DATA) goto done;
        status = PSH_OK;
    }
    r->n_held_out_diagrams = f->n_items - first;
    r->n_held_out_pairs = known.n_pairs;
done:
    psh__exact_free(&known);
    return status;
}

/* Exact distances to judge the items from `first` on by: the fit's own are of others. */
static psh_status measure_rest(psh__fit *f, size_t first, psh_error *err) {
    size_t n_known = f->exact.n_pairs;
    PSH_TRY(add_pairs(&f->exact, first, f->n_items - first, MAX_CHECK_PAIRS, err));
    return measure_pairs(f, n_known, err);
}

/* distances: scratch for the target of a part. Afterwards the learner may have learnt from a part alone. */
static psh_status check(psh__fit *f, const psh__learner *learner, double *distances, psh_error *err) {
    if (f->n_items > f->n_first) return judge_held_out(f, learner, f->n_first, err);
    if (f->n_items < MIN_CHECK) return PSH_OK;
    size_t n_part = f->n_items - f->n_items / 3;
    psh_status status = learn(f, learner, n_part, distances, err);
    if (status == PSH_OK && f->n_exact < f->n_first) status = measure_rest(f, n_part, err);
    if (status == PSH_OK) status = judge_held_out(f, learner, n_part, err);
    return status == PSH_ERR_DATA ? PSH_OK : status; /* the part is all alike: nothing to say about the rest */
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static const char *const target_names[] = {"calibrated", "sliced", "wasserstein"};

/* What was asked for and how well it went; no times, so that equal fits are equal files. */
static psh_status describe_fit(const psh__fit *f, const psh__learner *learner, psh_meta *meta, psh_error *err) {
    const psh_fit_report *r = &f->report;
    psh_status status = PSH_OK;
    PSH_TRY_GOTO(psh_meta_set_text(meta, "version", psh_version()));
    PSH_TRY_GOTO(psh_meta_set_text(meta, "encoder", learner->name));
    if (!f->params.needs_no_exact) PSH_TRY_GOTO(psh_meta_set_text(meta, "fit_target", target_names[f->params.target]));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "seed", (int64_t)f->params.seed));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "fit_diagrams", (int64_t)r->n_diagrams));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "fit_exact_pairs", (int64_t)r->n_exact_pairs));
    if (r->n_candidates > 0) PSH_TRY_GOTO(psh_meta_set_integer(meta, "fit_candidates", (int64_t)r->n_candidates));
    if (!isnan(r->spearman_fitted)) PSH_TRY_GOTO(psh_meta_set_number(meta, "spearman_fitted", r->spearman_fitted));
    if (!isnan(r->spearman_held_out))
        PSH_TRY_GOTO(psh_meta_set_number(meta, "spearman_held_out", r->spearman_held_out));
    if (!isnan(r->spearman_start)) PSH_TRY_GOTO(psh_meta_set_number(meta, "spearman_start", r->spearman_start));
done:
    return status == PSH_OK ? PSH_OK : psh__error_memory(err, "metadata", 256);
}

static void hand_out_report(const psh_fit_report *src, psh_fit_report *dst) {
    if (!dst) return;
    size_t n_bytes = dst->struct_bytes < sizeof *src ? dst->struct_bytes : sizeof *src;
    memcpy((char *)dst + sizeof n_bytes, (const char *)src + sizeof n_bytes,
           n_bytes > sizeof n_bytes ? n_bytes - sizeof n_bytes : 0);
}

psh_status psh__fit_run(const psh_diagrams *set, const psh__fit_params *params, const psh__learner *learner,
                        const psh_progress *progress, psh_model **dst, psh_fit_report *report, psh_error *err) {
    double start = omp_get_wtime();
    psh__fit f = {
        .params = *params,
        .progress = progress,
        .n_workers = psh_cpu_threads(params->n_threads),
        .report = {.spearman_fitted = NAN, .spearman_held_out = NAN, .pearson_held_out = NAN, .spearman_start = NAN}};
    double *distances = NULL;
    psh_model *model = NULL, *builtin = NULL;
    psh_status status = PSH_OK;
    PSH_TRY_GOTO(check_params(&f.params, err));
    PSH_TRY_GOTO(check_set(set, f.params.dims_mask, err));
    PSH_TRY_GOTO(report_step(&f, 0, err));
    PSH_TRY_GOTO(fit_frame(&f, set, err));
    PSH_TRY_GOTO(draw_sample(&f, set, err));
    size_t n_pairs = f.n_first * (f.n_first - 1) / 2;
    distances = psh__malloc(n_pairs, sizeof *distances);
    if (!distances) {
        status = psh__error_memory(err, "fitting", n_pairs * sizeof *distances);
        goto done;
    }
    if (psh_diagrams_n_points(f.sample) == 0) {
        status = psh__fit_too_alike(f.n_items, err);
        goto done;
    }
    f.report.n_diagrams = f.n_first, f.report.n_pairs = n_pairs;
    PSH_TRY_GOTO(find_estimate(&f, &builtin, err));
    PSH_TRY_GOTO(psh__features_compute(f.sample, f.params.pool, f.n_workers, &f.features, err));
    PSH_TRY_GOTO(compute_exact(&f, err));
    f.report.seconds_target = omp_get_wtime() - start;
    PSH_TRY_GOTO(report_step(&f, 1, err));
    PSH_TRY_GOTO(learn(&f, learner, f.n_first, distances, err));
    PSH_TRY_GOTO(report_step(&f, 2, err));
    PSH_TRY_GOTO(learner->make(learner->state, &f, &f.frame, NULL, &model, err));
    PSH_TRY_GOTO(judge_fitted(&f, learner, distances, err));
    PSH_TRY_GOTO(check(&f, learner, distances, err));
    PSH_TRY_GOTO(describe_fit(&f, learner, model->meta, err));
    PSH_TRY_GOTO(report_step(&f, 3, err));
    f.report.seconds_fit = omp_get_wtime() - start - f.report.seconds_target;
    hand_out_report(&f.report, report);
    *dst = model;
    model = NULL;
done:
    psh_model_free(model);
    psh_model_free(builtin);
    psh__free(distances);
    psh_diagrams_free(f.sample);
    psh__features_free(&f.features);
    psh__exact_free(&f.exact);
    return status;
}
