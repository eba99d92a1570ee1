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
#include "encoder/dense.h"
#include "encoder/general.h"
#include "encoder/rank.h"
#include "encoder/standard.h"
#include "encoder/target.h"

enum {
    N_BITS = 256,
    N_SETS = 1600,
    N_DIAGRAMS = 128, /* of a set */
    N_STEPS = 6000,
    SETS_PER_STEP = 2,
    HELD_OUT_EVERY = 16,
    N_JUDGED = 10,
    SHORT_BITS = 64 /* judged, too */
};

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
    if (psh__standardise(dst->rows, n, PSH__GENERAL_FEATURES, 0, PSH__GENERAL_FEATURES, mean) == 0) {
        status = psh__error(err, PSH_ERR_DATA, "the %zu diagrams of a training set are all equal", n);
        goto done;
    }
    params.pool = true;
    PSH_TRY_GOTO(psh_wasserstein_condensed(set, &params, n_threads, NULL, dst->distances, err));
done:
    if (status != PSH_OK) psh__lesson_free(dst);
    return status;
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

static bool is_held_out(size_t i_lesson) {
    return i_lesson % HELD_OUT_EVERY == HELD_OUT_EVERY / 2;
}

typedef struct jury {
    const psh__lesson *lessons;
    size_t n_lessons, n_columns, n_bits, n_short;
    int n_threads;
    psh_status status;
    psh_error *err;
    psh_compact_train_report *report;
    double best;
} jury;

/* Mean Spearman over what was held out, of n_bits bits. */
static double mean_spearman(jury *j, const float *weights, const float *offsets, size_t n_bits) {
    double sum = 0;
    size_t n_judged = 0;
    for (size_t first = 0; first < j->n_lessons; first += HELD_OUT_EVERY) { /* each adds in order: one sum */
        size_t i = first + HELD_OUT_EVERY / 2;
        double spearman = NAN;
        if (i >= j->n_lessons) break;
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
    jury judges = {lessons, n_lessons, psh__linear_columns(p.n_bits), p.n_bits, 0, p.n_threads, PSH_OK, err, report, -2};
    judges.n_short = p.n_bits < SHORT_BITS ? p.n_bits : SHORT_BITS;
    if (!sets || !targets) {
        status = psh__error_memory(err, "training", n_lessons * (sizeof *sets + sizeof *targets));
        goto done;
    }
    for (size_t i = 0; i < n_lessons; i++) {
        if (is_held_out(i)) continue;
        PSH_TRY_GOTO(psh__target_create(lessons[i].distances, lessons[i].n_items, &targets[n_sets], err));
        sets[n_sets] =
            (psh__linear_set){lessons[i].n_items, lessons[i].rows, targets[n_sets].values, targets[n_sets].stride};
        n_sets++;
    }
    p.n_features = PSH__GENERAL_FEATURES;
    p.is_nested = true;
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
