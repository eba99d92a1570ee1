/* calibrate.c : an estimate of W1 made to agree with exact distances of a few pairs.
 *
 * The estimate (estimate.c) is of diagrams in general. On a set of one kind its errors are regular: they go with the
 * pattern of a pair, and are alike for pairs of alike diagrams:
 *     W1(i, j)  ~  a estimate(i, j)  +  c(pattern(i, j))  +  r(i, j),
 * a by least squares, c learnt from the residues (correction.c), r smoothed from those that are left (kriging.c).
 * Whether there shall be a c, and an r, is asked of one pair in four, predicted from the others: the highest Spearman
 * wins. Where pairs are few all four quarters are asked (of 100 pairs of Fashion-MNIST one quarter chose a c that takes
 * the estimate from 0.985 to 0.980); fewer still say too little, and get neither.
 *
 * Lost: weights for directions and bands by non-negative least squares instead of the estimate (0.980 instead of 0.985
 * on Fashion-MNIST with 16,384 pairs, corrected 0.990 instead of 0.992); an effect of each diagram in place of r (0.992
 * instead of 0.994); weighting directions by geometry alone, so that small moves cost their L-infinity length (0.93);
 * thinned or pruned diagrams in place of full ones (0.975 on colon); sums of persistence by birth or by size as further
 * inputs (nothing). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/rank.h"
#include "encoder/target.h"

/* Below MIN_PAIRS there is a scale alone. */
enum { N_FOLDS = 4, THOROUGH = 1024 /* pairs; more are judged by the first fold alone */, MIN_PAIRS = 100 };
enum { MAX_USED = 1 << 16 /* pairs: more would say no more, and 768 bytes of each are kept a dimension */ };
enum { BLOCK = 256 /* pairs at a time */ };

/* What lies at hand while calibrating. */
typedef struct bench {
    int n_threads;
    size_t n_items, n_inputs, n_used; /* n_used: exact pairs among the n_items */
    float *table;                     // (n_used, n_inputs) patterns
    float *estimates;                 // (n_used)
    double *goals;                    // (n_used) exact distances
    uint32_t *pairs;                  // (n_used, 2)
    double scale;                     /* a */
    double *residues;                 // (n_used)
    double *guesses;                  // (2, 2, n_used) without and with c; without and with r
    double *judged;                   // (n_judged) the exact distances of the pairs that are guessed
    size_t n_judged;                  /* so far */
    double *ranks;                    // (n_used, 2)
    uint64_t *work;                   // (n_used, 2)
    uint32_t *rows;                   // (n_used) pairs to learn from
    size_t n_rows;
    float *lines, *desk, *found; // (BLOCK, n_inputs), scratch, (BLOCK)
    psh__correction correction;  /* zeroed where none helps */
    psh__kriging kriging;        /* likewise */
} bench;

static void bench_free(bench *c) {
    psh__free(c->table);
    psh__free(c->estimates);
    psh__free(c->goals);
    psh__free(c->pairs);
    psh__free(c->residues);
    psh__free(c->ranks);
    psh__free(c->work);
    psh__free(c->guesses);
    psh__free(c->judged);
    psh__free(c->rows);
    psh__free(c->lines);
    psh__free(c->desk);
    psh__free(c->found);
    psh__correction_free(&c->correction);
    psh__kriging_free(&c->kriging);
}

static bool bench_create(bench *c, size_t n_items, size_t n_inputs, size_t n_used, int n_threads) {
    *c = (bench){.n_threads = n_threads, .n_items = n_items, .n_inputs = n_inputs, .n_used = n_used};
    size_t n_desk = psh__features_desk(BLOCK) + psh__correction_desk(BLOCK);
    c->table = psh__malloc(n_used, n_inputs * sizeof *c->table);
    c->estimates = psh__malloc(n_used, sizeof *c->estimates);
    c->goals = psh__malloc(n_used, sizeof *c->goals);
    c->pairs = psh__malloc(n_used, 2 * sizeof *c->pairs);
    c->residues = psh__malloc(n_used, sizeof *c->residues);
    c->ranks = psh__malloc(n_used, 2 * sizeof *c->ranks);
    c->work = psh__malloc(n_used, 2 * sizeof *c->work);
    c->guesses = psh__malloc(n_used, 4 * sizeof *c->guesses);
    c->judged = psh__malloc(n_used, sizeof *c->judged);
    c->rows = psh__malloc(n_used, sizeof *c->rows);
    c->lines = psh__malloc(BLOCK, n_inputs * sizeof *c->lines);
    c->desk = psh__malloc(n_desk, sizeof *c->desk);
    c->found = psh__malloc(BLOCK, sizeof *c->found);
    return c->table && c->estimates && c->goals && c->pairs && c->residues && c->ranks && c->work && c->guesses &&
           c->judged && c->rows && c->lines && c->desk && c->found;
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

/* --- The parts ---------------------------------------------------------------------------------------------------- */

/* Pair k belongs to fold k % N_FOLDS: neighbours in the list share no item, so each fold touches all items alike.
 * rows : all pairs but those of fold `left_out` (N_FOLDS: all). */
static void choose_rows(bench *c, size_t left_out) {
    c->n_rows = 0;
    for (size_t k = 0; k < c->n_used; k++)
        if (k % N_FOLDS != left_out) c->rows[c->n_rows++] = (uint32_t)k;
}

/* a, and all residues. */
static void fit_scale(bench *c) {
    double dot = 0, square = 0;
    for (size_t i = 0; i < c->n_rows; i++) {
        double estimate = c->estimates[c->rows[i]];
        dot += estimate * c->goals[c->rows[i]], square += estimate * estimate;
    }
    c->scale = square > 0 ? dot / square : 1;
    for (size_t k = 0; k < c->n_used; k++) c->residues[k] = c->goals[k] - c->scale * c->estimates[k];
}

/* c, taken off all residues. */
static psh_status correct(bench *c, psh_error *err) {
    psh__correction_free(&c->correction);
    PSH_TRY(psh__correction_learn(c->table, c->residues, c->n_inputs, c->rows, c->n_rows, c->n_threads, &c->correction,
                                  err));
    for (size_t first = 0; first < c->n_used; first += BLOCK) {
        size_t n = c->n_used - first < BLOCK ? c->n_used - first : BLOCK;
        memcpy(c->lines, c->table + first * c->n_inputs, n * c->n_inputs * sizeof *c->lines);
        psh__correction_apply(&c->correction, c->lines, n, c->desk, c->found);
        for (size_t i = 0; i < n; i++) c->residues[first + i] -= c->found[i];
    }
    return PSH_OK;
}

/* r. */
static psh_status krige(bench *c, psh_error *err) {
    return psh__kriging_learn(&c->kriging, c->pairs, c->residues, c->rows, c->n_rows, c->n_threads, err);
}

/* --- The choice --------------------------------------------------------------------------------------------------- */

/* The parts that a calibration may have. */
typedef struct parts {
    bool correction, kriging;
} parts;

static double *guesses_of(const bench *c, parts p) {
    return c->guesses + (2 * (size_t)p.correction + p.kriging) * c->n_used;
}

/* Pairs of a fold by the fit at hand, which has these parts. */
static void guess(bench *c, size_t fold, parts p) {
    double *guesses = guesses_of(c, p) + c->n_judged;
#pragma omp parallel for schedule(static) num_threads(psh_cpu_threads(c->n_threads))
    for (size_t k = fold; k < c->n_used; k += N_FOLDS) {
        double smoothed = p.kriging ? psh__kriging_at(&c->kriging, c->pairs[2 * k], c->pairs[2 * k + 1]) : 0;
        guesses[k / N_FOLDS] = fmax(0, c->goals[k] - c->residues[k] + smoothed);
    }
}

/* Guesses of a fold from all others, by all parts. */
static psh_status guess_fold(bench *c, size_t fold, psh_error *err) {
    choose_rows(c, fold);
    fit_scale(c);
    for (int corrected = 0; corrected < 2; corrected++) {
        if (corrected) PSH_TRY(correct(c, err));
        PSH_TRY(krige(c, err));
        guess(c, fold, (parts){corrected, false});
        guess(c, fold, (parts){corrected, true});
    }
    for (size_t k = fold; k < c->n_used; k += N_FOLDS) c->judged[c->n_judged++] = c->goals[k];
    return PSH_OK;
}

/* The parts that predict best what they have not seen; of equals the fewest. */
static psh_status choose_parts(bench *c, parts *dst, psh_error *err) {
    static const parts tried[] = {{false, false}, {true, false}, {false, true}, {true, true}};
    double best = -INFINITY, *ranks = c->ranks + c->n_used;
    for (size_t fold = 0; fold < (c->n_used < THOROUGH ? N_FOLDS : 1); fold++) PSH_TRY(guess_fold(c, fold, err));
    psh__rank(c->judged, c->n_judged, c->work, ranks);
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        psh__rank(guesses_of(c, tried[i]), c->n_judged, c->work, c->ranks);
        double spearman = psh__pearson(c->ranks, ranks, c->n_judged);
        if (spearman > best) best = spearman, *dst = tried[i];
    }
    return PSH_OK;
}

/* By all pairs. */
static psh_status fit_parts(bench *c, parts wanted, psh_error *err) {
    choose_rows(c, N_FOLDS);
    fit_scale(c);
    if (wanted.correction)
        PSH_TRY(correct(c, err));
    else
        psh__correction_free(&c->correction);
    if (wanted.kriging) return krige(c, err);
    psh__kriging_free(&c->kriging);
    return PSH_OK;
}

void psh__calibration_free(psh__calibration *calibration) {
    psh__correction_free(&calibration->correction);
    psh__kriging_free(&calibration->kriging);
    memset(calibration, 0, sizeof *calibration);
}

psh_status psh__calibrate(const psh__features *features, size_t n_items, const psh__exact *exact,
                          const psh__estimate *estimate, int n_threads, psh__calibration *dst, psh_error *err) {
    size_t n_inputs = psh__features_n_inputs(features), n_used = count_used(exact, n_items), n_known = 0;
    *dst = (psh__calibration){.scale = 1};
    if (n_used == 0) return PSH_OK;
    bench c;
    parts wanted = {false, false};
    psh_status status = PSH_OK;
    if (!bench_create(&c, n_items, n_inputs, n_used, n_threads)) {
        status = psh__error_memory(err, "calibration", n_used * n_inputs * sizeof *c.table);
        goto done;
    }
    fill_table(&c, features, exact, estimate);
    for (size_t k = 0; k < n_used; k++) n_known = c.pairs[2 * k + 1] >= n_known ? c.pairs[2 * k + 1] + 1 : n_known;
    if (n_used >= MIN_PAIRS) {
        PSH_TRY_GOTO(psh__kriging_create(features, n_items, n_known, n_threads, &c.kriging, err));
        PSH_TRY_GOTO(choose_parts(&c, &wanted, err));
    }
    PSH_TRY_GOTO(fit_parts(&c, wanted, err));
    *dst = (psh__calibration){c.scale, c.correction, c.kriging};
    memset(&c.correction, 0, sizeof c.correction);
    memset(&c.kriging, 0, sizeof c.kriging);
done:
    bench_free(&c);
    return status;
}
