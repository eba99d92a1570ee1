/* general_train.c : learning the general compact model from many synthetic sets.
 *
 * Nothing of the data to come is known, so the model is shown as much variety as there is (psh_diagrams_synth_mixed():
 * every set its own kind of diagrams). Exact W1 is computed inside each set only; a step draws some sets, standardises
 * each by its own centre and scale, as adapting will do, and asks for Hamming distances in proportion to that set's
 * distances (linear.c). Every 16th set is never learnt from; ten times in training the weights are judged by the mean
 * Spearman correlation on those, and the best are kept. */
#include "encoder/general_train.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/progress.h"
#include "encoder/dense.h"
#include "encoder/estimate_train.h"
#include "encoder/general.h"
#include "encoder/rank.h"
#include "encoder/standard.h"
#include "encoder/target.h"

enum {
    N_BITS = 256,
    N_SETS = 2000,
    N_DIAGRAMS = 128, /* of a set */
    N_STEPS = 24000,
    ESTIMATE_STEPS = 15000, /* at N_STEPS; in proportion at fewer */
    SETS_PER_STEP = 2,
    HELD_OUT_EVERY = 16,
    N_JUDGED = 10,
    SHORT_BITS = 64, /* judged, too */
    MIN_SETS = 16,
    MAX_SETS = 1 << 16,
    MIN_DIAGRAMS = 8,
    MAX_DIAGRAMS = 1024,
    MAX_POINTS = 600, /* of a diagram: the cost of W1 grows with its square */
    MAX_STEPS = 1000000
};
static const double rate = 8e-3, decay = 0.01, dropout = 0.15;

/* --- Lessons ------------------------------------------------------------------------------------------------------ */

void psh__lesson_free(psh__lesson *lesson) {
    psh__free(lesson->rows);
    psh__free(lesson->distances);
    memset(lesson, 0, sizeof *lesson);
}

psh_status psh__lesson_create(const psh_diagrams *set, int n_threads, psh__lesson *dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh_frame frame;
    psh__slices slices;
    double mean[PSH__GENERAL_FEATURES];
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    size_t n = psh_diagrams_count(set), n_pairs = n * (n - 1) / 2;
    memset(dst, 0, sizeof *dst);
    PSH_TRY(psh_frame_fit(set, PSH_FRAME_SET, &frame, err));
    PSH_TRY(psh__slices_fit(set, &frame, true, 0, &slices, err));
    dst->n_items = n;
    dst->rows = psh__malloc(n, PSH__GENERAL_FEATURES * sizeof *dst->rows);
    dst->distances = psh__malloc(n_pairs, sizeof *dst->distances);
    if (!dst->rows || !dst->distances) {
        status = psh__error_memory(err, "a training set", n * PSH__GENERAL_FEATURES * sizeof *dst->rows);
        goto done;
    }
    PSH_TRY_GOTO(psh__standard_rows(&slices, set, n, &frame, 0, n_threads, dst->rows, err));
    double scale = psh__standardise(dst->rows, n, PSH__GENERAL_FEATURES, 0, PSH__GENERAL_FEATURES, mean);
    dst->unit = scale / (frame.hi - frame.lo);
    if (scale == 0) {
        status = psh__error(err, PSH_ERR_DATA, "the %zu diagrams of a training set are all equal", n);
        goto done;
    }
    params.pool = true;
    PSH_TRY_GOTO(psh_wasserstein_condensed(set, &params, n_threads, NULL, dst->distances, err));
done:
    if (status != PSH_OK) psh__lesson_free(dst);
    return status;
}

double psh__lesson_distance(const psh__lesson *lesson, size_t i, size_t j) {
    if (i == j) return 0;
    size_t a = i < j ? i : j, b = i < j ? j : i;
    return lesson->unit * lesson->distances[a * lesson->n_items - a * (a + 1) / 2 + b - a - 1];
}

bool psh__lesson_held_out(size_t i_lesson) {
    return i_lesson % HELD_OUT_EVERY == HELD_OUT_EVERY / 2;
}

/* signs : (n_items, n_bits) of +-1, one byte each. */
static void hamming(const int8_t *signs, size_t n_items, size_t n_bits, double *distances) {
    for (size_t i = 0, k = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++, k++) {
            int dot = 0;
            for (size_t b = 0; b < n_bits; b++) dot += signs[i * n_bits + b] * signs[j * n_bits + b];
            distances[k] = ((int)n_bits - dot) / 2;
        }
}

psh_status psh__lesson_spearman(const psh__lesson *lesson, const float *weights, const float *offsets, size_t n_columns,
                                size_t n_bits, double *spearman, psh_error *err) {
    size_t n = lesson->n_items, n_pairs = n * (n - 1) / 2;
    float *z = psh__malloc(n * n_columns, sizeof *z);
    int8_t *signs = psh__malloc(n * n_bits, 1);
    double *found = psh__malloc(n_pairs, 3 * sizeof *found);
    uint64_t *work = psh__malloc(n_pairs, 2 * sizeof *work);
    psh_status status = PSH_OK;
    if (z && signs && found && work) {
        double *ranks = found + n_pairs, *wanted = ranks + n_pairs;
        psh__dense_multiply(lesson->rows, weights, n, n_columns, PSH__GENERAL_FEATURES, 1, z);
        for (size_t i = 0; i < n; i++)
            for (size_t b = 0; b < n_bits; b++) signs[i * n_bits + b] = z[i * n_columns + b] + offsets[b] > 0 ? 1 : -1;
        hamming(signs, n, n_bits, found);
        psh__rank(found, n_pairs, work, ranks);
        psh__rank(lesson->distances, n_pairs, work, wanted);
        *spearman = psh__pearson(ranks, wanted, n_pairs);
    } else
        status = psh__error_memory(err, "judging", n_pairs * 5 * sizeof *found);
    psh__free(z);
    psh__free(signs);
    psh__free(found);
    psh__free(work);
    return status;
}

/* --- Learning ----------------------------------------------------------------------------------------------------- */

typedef struct jury {
    const psh__lesson *lessons;
    size_t n_lessons, n_columns, n_bits, n_short;
    psh_status status;
    psh_error *err;
    psh_compact_train_report *report;
    double best;
} jury;

/* Mean Spearman over what was held out, of n_bits bits. */
static double mean_spearman(jury *j, const float *weights, const float *offsets, size_t n_bits) {
    double sum = 0;
    size_t n_judged = 0;
    for (size_t i = 0; i < j->n_lessons; i++) {
        double spearman = NAN;
        if (!psh__lesson_held_out(i)) continue;
        if (j->status == PSH_OK)
            j->status = psh__lesson_spearman(&j->lessons[i], weights, offsets, j->n_columns, n_bits, &spearman, j->err);
        if (!isnan(spearman)) sum += spearman, n_judged++;
    }
    return n_judged ? sum / (double)n_judged : NAN;
}

static double judge(void *user, const float *weights, const float *offsets) {
    jury *j = user;
    double all = mean_spearman(j, weights, offsets, j->n_bits);
    double few = mean_spearman(j, weights, offsets, j->n_short), score = (all + few) / 2;
    if (score > j->best) j->best = score, j->report->spearman = all, j->report->spearman_short = few;
    return score;
}

psh_status psh__general_learn(const psh__lesson *lessons, size_t n_lessons, const psh__linear_params *params,
                              float *weights, float *offsets, psh_compact_train_report *report, psh_error *err) {
    psh_status status = PSH_OK;
    psh__linear_params p = *params;
    size_t n_sets = 0;
    psh__linear_set *sets = psh__malloc(n_lessons, sizeof *sets);
    psh__target *targets = psh__calloc(n_lessons, sizeof *targets);
    report->n_sets = n_lessons;
    for (size_t i = 0; i < n_lessons; i++) {
        report->n_held_out += psh__lesson_held_out(i);
        report->n_pairs += lessons[i].n_items * (lessons[i].n_items - 1) / 2;
    }
    jury judges = {lessons, n_lessons, psh__linear_columns(p.n_bits), p.n_bits, 0, PSH_OK, err, report, -2};
    judges.n_short = p.n_bits < SHORT_BITS ? p.n_bits : SHORT_BITS;
    if (!sets || !targets) {
        status = psh__error_memory(err, "training", n_lessons * (sizeof *sets + sizeof *targets));
        goto done;
    }
    for (size_t i = 0; i < n_lessons; i++) {
        if (psh__lesson_held_out(i)) continue;
        PSH_TRY_GOTO(
            psh__target_create(lessons[i].distances, lessons[i].n_items, psh__emphasis_plain(), &targets[n_sets], err));
        sets[n_sets] =
            (psh__linear_set){lessons[i].n_items, lessons[i].rows, targets[n_sets].values, targets[n_sets].stride};
        n_sets++;
    }
    p.n_features = PSH__GENERAL_FEATURES;
    p.prefix_share = 0.5;
    p.judge = judge, p.judge_user = &judges, p.n_judged = N_JUDGED;
    p.what = "learning";
    psh__linear_draw(&p, weights, offsets);
    PSH_TRY_GOTO(psh__linear_train(sets, n_sets, &p, weights, offsets, err));
    status = judges.status;
done:
    for (size_t i = 0; targets && i < n_lessons; i++) psh__target_free(&targets[i]);
    psh__free(targets);
    psh__free(sets);
    return status;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static psh_status check_params(psh_compact_train_params *p, psh_error *err) {
    if (p->n_bits == 0) p->n_bits = N_BITS;
    if (p->n_sets == 0) p->n_sets = N_SETS;
    if (p->n_diagrams == 0) p->n_diagrams = N_DIAGRAMS;
    if (p->n_steps == 0) p->n_steps = N_STEPS;
    if (p->n_bits < 1 || p->n_bits > PSH__MAX_BITS)
        return psh__error(err, PSH_ERR_PARAMETER, "%d bits; a code has 1 to %d", p->n_bits, PSH__MAX_BITS);
    if (p->n_sets < MIN_SETS || p->n_sets > MAX_SETS)
        return psh__error(err, PSH_ERR_PARAMETER, "%zu sets; expected %d to %d", p->n_sets, MIN_SETS, MAX_SETS);
    if (p->n_diagrams < MIN_DIAGRAMS || p->n_diagrams > MAX_DIAGRAMS)
        return psh__error(err, PSH_ERR_PARAMETER, "%zu diagrams a set; expected %d to %d", p->n_diagrams, MIN_DIAGRAMS,
                          MAX_DIAGRAMS);
    if (p->n_steps > MAX_STEPS)
        return psh__error(err, PSH_ERR_PARAMETER, "%zu steps; at most %d", p->n_steps, MAX_STEPS);
    return PSH_OK;
}

/* Sets whose diagrams are all equal teach nothing; they are left out. */
static psh_status draw_lessons(const psh_compact_train_params *p, const psh_progress *progress, psh__lesson *lessons,
                               size_t *n_lessons, psh_error *err) {
    psh_synth_params synth = PSH_PARAMS(psh_synth_params);
    psh_status status = PSH_OK;
    psh__ticker ticker;
    synth.max_points = MAX_POINTS;
    *n_lessons = 0;
    psh__ticker_start(&ticker, progress, "synthetic sets", p->n_sets);
    for (size_t i = 0; i < p->n_sets && status == PSH_OK && !psh__ticker_stopped(&ticker); i++) {
        psh_diagrams *set = NULL;
        status = psh_diagrams_synth_mixed(p->n_diagrams, p->seed, i, &synth, &set, err);
        if (status == PSH_OK) status = psh__lesson_create(set, p->n_threads, &lessons[*n_lessons], err);
        if (status == PSH_OK) ++*n_lessons;
        if (status == PSH_ERR_DATA) status = PSH_OK;
        psh_diagrams_free(set);
        psh__ticker_add(&ticker, 1);
    }
    return status == PSH_OK ? psh__ticker_status(&ticker, err) : status;
}

/* A share of the steps of learning bits; a training that is cut short is cut short in all its parts. */
static size_t estimate_steps(size_t n_steps) {
    size_t n = (n_steps * ESTIMATE_STEPS + N_STEPS - 1) / N_STEPS;
    return n < ESTIMATE_STEPS ? n : ESTIMATE_STEPS;
}

/* How the model was made; no times, so that equal trainings are equal files. */
static psh_status describe(const psh_compact_train_params *p, const psh_compact_train_report *r, psh_meta **dst,
                           psh_error *err) {
    psh_status status = PSH_OK;
    psh_meta *meta = NULL;
    PSH_TRY_GOTO(psh_meta_create(&meta, err));
    PSH_TRY_GOTO(psh_meta_set_text(meta, "version", psh_version()));
    PSH_TRY_GOTO(psh_meta_set_text(meta, "encoder", "compact, general"));
    PSH_TRY_GOTO(psh_meta_set_text(meta, "synth", "mixed"));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "seed", (int64_t)p->seed));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "n_sets", (int64_t)p->n_sets));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "n_diagrams", (int64_t)p->n_diagrams));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "n_steps", (int64_t)p->n_steps));
    if (!isnan(r->spearman)) PSH_TRY_GOTO(psh_meta_set_number(meta, "spearman_held_out", r->spearman));
    if (!isnan(r->spearman_short)) PSH_TRY_GOTO(psh_meta_set_number(meta, "spearman_held_out_64", r->spearman_short));
    if (!isnan(r->spearman_estimate))
        PSH_TRY_GOTO(psh_meta_set_number(meta, "spearman_estimate", r->spearman_estimate));
    *dst = meta;
    return PSH_OK;
done:
    psh_meta_free(meta);
    return psh__error_memory(err, "metadata", 256);
}

static void hand_out_report(const psh_compact_train_report *src, psh_compact_train_report *dst) {
    if (!dst) return;
    size_t n_bytes = dst->struct_bytes < sizeof *src ? dst->struct_bytes : sizeof *src, head = sizeof dst->struct_bytes;
    if (n_bytes > head) memcpy((char *)dst + head, (const char *)src + head, n_bytes - head);
}

psh_status psh_compact_train(const psh_compact_train_params *params, const psh_progress *progress, psh_model **dst,
                             psh_compact_train_report *report, psh_error *err) {
    psh_compact_train_params p;
    psh_compact_train_report r = {.spearman = NAN, .spearman_short = NAN, .spearman_estimate = NAN};
    psh__lesson *lessons = NULL;
    float *weights = NULL, *offsets = NULL;
    psh__estimate estimate = {0};
    psh_meta *meta = NULL;
    size_t n_lessons = 0;
    psh_status status = PSH_OK;
    psh__params_copy(&p, sizeof p, params);
    PSH_TRY(check_params(&p, err));
    double start = omp_get_wtime();
    size_t n_columns = psh__linear_columns((size_t)p.n_bits);
    lessons = psh__calloc(p.n_sets, sizeof *lessons);
    weights = psh__malloc(PSH__GENERAL_FEATURES * n_columns, sizeof *weights);
    offsets = psh__malloc(n_columns, sizeof *offsets);
    if (!lessons || !weights || !offsets) {
        status = psh__error_memory(err, "training", PSH__GENERAL_FEATURES * n_columns * sizeof *weights);
        goto done;
    }
    PSH_TRY_GOTO(draw_lessons(&p, progress, lessons, &n_lessons, err));
    r.seconds_sets = omp_get_wtime() - start;
    psh__linear_params learning = {.n_bits = (size_t)p.n_bits,
                                   .n_batch = p.n_diagrams,
                                   .n_steps = p.n_steps,
                                   .sets_per_step = SETS_PER_STEP,
                                   .rate = rate,
                                   .dropout = dropout,
                                   .decay = decay,
                                   .seed = p.seed,
                                   .n_threads = p.n_threads,
                                   .progress = progress};
    PSH_TRY_GOTO(psh__general_learn(lessons, n_lessons, &learning, weights, offsets, &r, err));
    PSH_TRY_GOTO(psh__estimate_learn(lessons, n_lessons, estimate_steps(p.n_steps), p.seed, p.n_threads, progress,
                                     &estimate, &r.spearman_estimate, err));
    r.seconds_learning = omp_get_wtime() - start - r.seconds_sets;
    PSH_TRY_GOTO(describe(&p, &r, &meta, err));
    PSH_TRY_GOTO(psh__general_create(weights, offsets, (size_t)p.n_bits, &estimate, meta, dst, err));
    hand_out_report(&r, report);
done:
    for (size_t i = 0; i < n_lessons; i++) psh__lesson_free(&lessons[i]);
    psh__free(lessons);
    psh__free(weights);
    psh__free(offsets);
    psh__estimate_free(&estimate);
    psh_meta_free(meta);
    return status;
}
