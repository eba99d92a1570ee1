/* calibrate.c : an estimate of W1 made to agree with exact distances of a few pairs.
 *
 * The estimate (estimate.c) is of diagrams in general. On a set of one kind its errors are regular: they go with the
 * pattern of a pair, and with its two diagrams:
 *     W1(i, j)  ~  a estimate(i, j)  +  c(pattern(i, j))  +  r_i + r_j,
 * a by least squares, c learnt from the residues (correction.c) where there are pairs enough, and an effect r_i of each
 * diagram from what is left, shrunk as if the diagram had `shrink` more pairs of residual 0. How strongly, and whether
 * there shall be a c, is chosen by cross-validation: each quarter of the pairs is predicted from the other three, and
 * the highest Spearman wins; whether c helps is asked of the first quarter alone. What c is worth: correction.c.
 *
 * Lost: weights for directions and bands by non-negative least squares instead of the estimate (0.980 instead of 0.985
 * on Fashion-MNIST with 16,384 pairs, corrected 0.990 instead of 0.992); weighting directions by geometry alone, so
 * that small moves cost their L-infinity length (0.93); thinned or pruned diagrams in place of full ones (0.975 on
 * colon); sums of persistence by birth or by size as further inputs (nothing). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/rank.h"
#include "encoder/target.h"

enum { N_FOLDS = 4, MIN_PER_FOLD = 12, N_EFFECT_SWEEPS = 30, MIN_CORRECTED = 100 /* pairs */ };
enum { MAX_USED = 1 << 16 /* pairs: more would say no more, and 768 bytes of each are kept a dimension */ };
enum { BLOCK = 256 /* pairs at a time */ };

/* The strongest first: of equals the simplest wins. */
static const double shrinks[] = {INFINITY, 30, 3};
enum { N_SHRINKS = sizeof shrinks / sizeof *shrinks };

/* What lies at hand while calibrating. */
typedef struct bench {
    size_t n_items, n_inputs, n_used; /* n_used: exact pairs among the n_items */
    float *table;                     // (n_used, n_inputs) patterns
    float *estimates;                 // (n_used)
    double *goals;                    // (n_used) exact distances
    uint32_t *pairs;                  // (n_used, 2)
    double scale;                     /* a */
    double *residues;                 // (n_used)
    double *effects, *next, *counts;  // (n_items)
    double *guesses;                  // (N_SHRINKS, n_used) predictions by cross-validation
    double *ranks;                    // (n_used, 2)
    uint64_t *work;                   // (n_used, 2)
    double *chosen;                   // (n_used, 2) guesses and goals of one fold, side by side
    uint32_t *rows;                   // (n_used) pairs that the correction learns from
    float *lines, *desk, *found;      // (BLOCK, n_inputs), scratch, (BLOCK)
    psh__correction correction;       /* zeroed where none helps */
} bench;

static void bench_free(bench *c) {
    psh__free(c->table);
    psh__free(c->estimates);
    psh__free(c->goals);
    psh__free(c->pairs);
    psh__free(c->residues);
    psh__free(c->effects);
    psh__free(c->next);
    psh__free(c->counts);
    psh__free(c->guesses);
    psh__free(c->ranks);
    psh__free(c->work);
    psh__free(c->chosen);
    psh__free(c->rows);
    psh__free(c->lines);
    psh__free(c->desk);
    psh__free(c->found);
    psh__correction_free(&c->correction);
}

static bool bench_create(bench *c, size_t n_items, size_t n_inputs, size_t n_used) {
    memset(c, 0, sizeof *c);
    c->n_items = n_items, c->n_inputs = n_inputs, c->n_used = n_used;
    size_t n_desk = psh__features_desk(BLOCK) + psh__correction_desk(BLOCK);
    c->table = psh__malloc(n_used, n_inputs * sizeof *c->table);
    c->estimates = psh__malloc(n_used, sizeof *c->estimates);
    c->goals = psh__malloc(n_used, sizeof *c->goals);
    c->pairs = psh__malloc(n_used, 2 * sizeof *c->pairs);
    c->residues = psh__malloc(n_used, sizeof *c->residues);
    c->effects = psh__malloc(n_items, sizeof *c->effects);
    c->next = psh__malloc(n_items, sizeof *c->next);
    c->counts = psh__malloc(n_items, sizeof *c->counts);
    c->guesses = psh__malloc(n_used, N_SHRINKS * sizeof *c->guesses);
    c->ranks = psh__malloc(n_used, 2 * sizeof *c->ranks);
    c->work = psh__malloc(n_used, 2 * sizeof *c->work);
    c->chosen = psh__malloc(n_used, 2 * sizeof *c->chosen);
    c->rows = psh__malloc(n_used, sizeof *c->rows);
    c->lines = psh__malloc(BLOCK, n_inputs * sizeof *c->lines);
    c->desk = psh__malloc(n_desk, sizeof *c->desk);
    c->found = psh__malloc(BLOCK, sizeof *c->found);
    return c->table && c->estimates && c->goals && c->pairs && c->residues && c->effects && c->next && c->counts &&
           c->guesses && c->ranks && c->work && c->chosen && c->rows && c->lines && c->desk && c->found;
}

static size_t count_used(const psh__exact *exact, size_t n_items) {
    size_t n_used = 0;
    for (size_t k = 0; k < exact->n_pairs && n_used < MAX_USED; k++) n_used += exact->pairs[2 * k + 1] < n_items;
    return n_used;
}

static void fill_table(bench *c, const psh__features *features, const psh__exact *exact,
                       const psh__estimate *estimate) {
    for (size_t k = 0, at = 0; at < c->n_used; k++) {
        size_t i = exact->pairs[2 * k], j = exact->pairs[2 * k + 1];
        if (j >= c->n_items) continue;
        psh__features_patterns(features, i, j, c->table + at * c->n_inputs);
        c->goals[at] = exact->distances[k];
        c->pairs[2 * at] = (uint32_t)i, c->pairs[2 * at + 1] = (uint32_t)j;
        at++;
    }
    for (size_t first = 0; first < c->n_used; first += BLOCK) {
        size_t n = c->n_used - first < BLOCK ? c->n_used - first : BLOCK;
        psh__features_distances(features, estimate, c->table + first * c->n_inputs, n, c->desk, c->estimates + first);
    }
}

/* Pair k belongs to fold k % N_FOLDS: neighbours in the list share no item, so each fold touches all items alike.
 * scale, residues : by all pairs but those of fold `left_out` (N_FOLDS: by all). */
static void fit_scale(bench *c, size_t left_out) {
    double dot = 0, square = 0;
    for (size_t k = 0; k < c->n_used; k++)
        if (k % N_FOLDS != left_out) {
            dot += c->estimates[k] * c->goals[k];
            square += (double)c->estimates[k] * c->estimates[k];
        }
    c->scale = square > 0 ? dot / square : 1;
    for (size_t k = 0; k < c->n_used; k++) c->residues[k] = c->goals[k] - c->scale * c->estimates[k];
}

/* Damped Jacobi on the shrunk least squares for r, over all pairs but those of fold `left_out`. */
static void fit_effects(bench *c, double shrink, size_t left_out) {
    memset(c->effects, 0, c->n_items * sizeof *c->effects);
    if (isinf(shrink)) return;
    memset(c->counts, 0, c->n_items * sizeof *c->counts);
    for (size_t k = 0; k < c->n_used; k++)
        if (k % N_FOLDS != left_out) c->counts[c->pairs[2 * k]]++, c->counts[c->pairs[2 * k + 1]]++;
    for (int sweep = 0; sweep < N_EFFECT_SWEEPS; sweep++) {
        memset(c->next, 0, c->n_items * sizeof *c->next);
        for (size_t k = 0; k < c->n_used; k++) {
            uint32_t i = c->pairs[2 * k], j = c->pairs[2 * k + 1];
            if (k % N_FOLDS == left_out) continue;
            c->next[i] += c->residues[k] - c->effects[j], c->next[j] += c->residues[k] - c->effects[i];
        }
        for (size_t i = 0; i < c->n_items; i++)
            c->effects[i] = (c->effects[i] + c->next[i] / (c->counts[i] + shrink)) / 2;
    }
}

/* Of pair k, by the fit at hand. */
static double guess_of(const bench *c, size_t k) {
    return fmax(0, c->goals[k] - c->residues[k] + c->effects[c->pairs[2 * k]] + c->effects[c->pairs[2 * k + 1]]);
}

/* guesses: every pair predicted, with each shrink, from the folds that it is not in. */
static void cross_validate(bench *c) {
    for (size_t fold = 0; fold < N_FOLDS; fold++) {
        fit_scale(c, fold);
        for (size_t s = 0; s < N_SHRINKS; s++) {
            fit_effects(c, shrinks[s], fold);
            for (size_t k = fold; k < c->n_used; k += N_FOLDS) c->guesses[s * c->n_used + k] = guess_of(c, k);
        }
    }
}

/* The shrink whose guesses have the highest Spearman with the exact distances. */
static size_t choose_shrink(bench *c) {
    double best = -INFINITY;
    size_t chosen = 0;
    if (c->n_used < N_FOLDS * MIN_PER_FOLD) return 0;
    cross_validate(c);
    psh__rank(c->goals, c->n_used, c->work, c->ranks);
    for (size_t s = 0; s < N_SHRINKS; s++) {
        psh__rank(c->guesses + s * c->n_used, c->n_used, c->work, c->ranks + c->n_used);
        double spearman = psh__pearson(c->ranks, c->ranks + c->n_used, c->n_used);
        if (spearman > best) best = spearman, chosen = s;
    }
    return chosen;
}

/* Learnt from the residues of all pairs but those of fold `left_out`, and taken off all residues. */
static psh_status correct(bench *c, size_t left_out, int n_threads, psh_error *err) {
    size_t n_rows = 0;
    for (size_t k = 0; k < c->n_used; k++)
        if (k % N_FOLDS != left_out) c->rows[n_rows++] = (uint32_t)k;
    psh__correction_free(&c->correction);
    PSH_TRY(psh__correction_learn(c->table, c->residues, c->n_inputs, c->rows, n_rows, n_threads, &c->correction, err));
    for (size_t first = 0; first < c->n_used; first += BLOCK) {
        size_t n = c->n_used - first < BLOCK ? c->n_used - first : BLOCK;
        memcpy(c->lines, c->table + first * c->n_inputs, n * c->n_inputs * sizeof *c->lines);
        psh__correction_apply(&c->correction, c->lines, n, c->desk, c->found);
        for (size_t i = 0; i < n; i++) c->residues[first + i] -= c->found[i];
    }
    return PSH_OK;
}

/* Spearman of goals with guesses : (n_used) over one fold. */
static double fold_spearman(bench *c, const double *guesses, size_t fold) {
    size_t n = 0;
    for (size_t k = fold; k < c->n_used; k += N_FOLDS, n++)
        c->chosen[n] = guesses[k], c->chosen[c->n_used + n] = c->goals[k];
    psh__rank(c->chosen, n, c->work, c->ranks);
    psh__rank(c->chosen + c->n_used, n, c->work, c->ranks + n);
    return psh__pearson(c->ranks, c->ranks + n, n);
}

/* Whether a correction predicts the first fold better, from the others, than the shrink does without; with which. */
static psh_status try_correction(bench *c, size_t *shrink, bool *helps, int n_threads, psh_error *err) {
    *helps = false;
    if (c->n_used < MIN_CORRECTED) return PSH_OK;
    double best = fold_spearman(c, c->guesses + *shrink * c->n_used, 0);
    fit_scale(c, 0);
    PSH_TRY(correct(c, 0, n_threads, err));
    for (size_t s = 0; s < N_SHRINKS; s++) {
        fit_effects(c, shrinks[s], 0);
        for (size_t k = 0; k < c->n_used; k += N_FOLDS) c->guesses[k] = guess_of(c, k);
        double spearman = fold_spearman(c, c->guesses, 0);
        if (spearman > best) best = spearman, *shrink = s, *helps = true;
    }
    return PSH_OK;
}

void psh__calibration_free(psh__calibration *calibration) {
    psh__free(calibration->effects);
    psh__correction_free(&calibration->correction);
    memset(calibration, 0, sizeof *calibration);
}

psh_status psh__calibrate(const psh__features *features, size_t n_items, const psh__exact *exact,
                          const psh__estimate *estimate, int n_threads, psh__calibration *dst, psh_error *err) {
    size_t n_inputs = psh__features_n_inputs(features), n_used = count_used(exact, n_items);
    *dst = (psh__calibration){.scale = 1};
    dst->effects = psh__calloc(n_items, sizeof *dst->effects);
    if (!dst->effects) return psh__error_memory(err, "calibration", n_items * sizeof *dst->effects);
    if (n_used == 0) return PSH_OK;
    bench c;
    psh_status status = PSH_OK;
    if (!bench_create(&c, n_items, n_inputs, n_used)) {
        status = psh__error_memory(err, "calibration", n_used * n_inputs * sizeof *c.table);
        goto done;
    }
    bool is_corrected;
    fill_table(&c, features, exact, estimate);
    size_t shrink = choose_shrink(&c);
    PSH_TRY_GOTO(try_correction(&c, &shrink, &is_corrected, n_threads, err));
    fit_scale(&c, N_FOLDS);
    if (is_corrected)
        PSH_TRY_GOTO(correct(&c, N_FOLDS, n_threads, err));
    else
        psh__correction_free(&c.correction);
    fit_effects(&c, shrinks[shrink], N_FOLDS);
    memcpy(dst->effects, c.effects, n_items * sizeof *dst->effects);
    dst->scale = c.scale;
    dst->correction = c.correction;
    memset(&c.correction, 0, sizeof c.correction);
done:
    bench_free(&c);
    if (status != PSH_OK) psh__calibration_free(dst);
    return status;
}
