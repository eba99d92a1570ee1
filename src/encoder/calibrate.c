/* calibrate.c : sliced Wasserstein made to agree with exact W1 on a few pairs.
 *
 * Sliced Wasserstein is a sum of L1 distances of features over directions and positions. Which of them matter for W1
 * depends on where the points of a set lie, so each group g (a direction, a band of positions, a dimension) gets a
 * weight v_g >= 0, and each diagram an effect r_i of its own:
 *     W1(i, j)  ~  sum_g v_g |F_i - F_j|_g  +  c(|F_i - F_j|_1, |F_i - F_j|_2, ...)  +  r_i + r_j,
 * with c what no weights can say (correction.c), where there are pairs enough to learn it.
 * First v by non-negative least squares on the exact pairs with a ridge towards one common weight,
 *     min_v  |A v - b|^2 + ridge mean(A^2) |v - v0|^2,     A (pairs, groups), v0 = best common weight,
 * by coordinate descent on the normal equations; then r from the residuals, shrunk as if each diagram had `shrink` more
 * pairs of residual 0. Both strengths, infinite ones included, are chosen by cross-validation: each quarter of the
 * pairs is predicted from the other three, and the highest Spearman wins. Infinite ridge and shrink is plain sliced
 * Wasserstein. Whether c helps is asked of the first quarter, in the same way; if so, r is of what c leaves.
 *
 * Measured without c, 2,000 exact pairs, Spearman with exact W1 over all other pairs, plain / with ridge 3, shrink 3 /
 * chosen:
 *     Fashion-MNIST (300, pooled) 0.962 / 0.985 / 0.985     six_shapes (120)            0.996 / 0.989 / 0.996
 *     colon (200, pooled)         0.975 / 0.985 / 0.985     500 uniform points (120)    0.942 / 0.908 / 0.942
 *     shape2 (200)                0.995 / 0.998 / 0.998     300 points near the diagonal 0.806 / 0.817 / 0.851
 * Weighting directions by geometry alone (so that small moves cost their L-infinity length) made it worse, 0.93 on
 * Fashion-MNIST: slices underestimate transport, and most along the diagonal. 16 bands instead of 4 gained 0.0005 with
 * 16,000 pairs and lost with 200. Thinned or pruned diagrams in place of full ones do not calibrate: 0.975 on colon.
 * Sums of persistence by birth or by size as further groups gained nothing. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/correction.h"
#include "encoder/rank.h"
#include "encoder/target.h"

enum { N_FOLDS = 4, MIN_PER_FOLD = 12, MAX_DESCENTS = 500, N_EFFECT_SWEEPS = 30, MIN_CORRECTED = 500 /* pairs */ };
enum { MAX_USED = 1 << 17 /* pairs: more would say no more, and 512 bytes of each are kept a dimension */ };
static const double tolerance = 1e-6;

/* The strongest first: of equals the simplest wins. */
static const double ridges[] = {INFINITY, 3000, 300, 30, 3}, shrinks[] = {INFINITY, 30, 3};
enum { N_RIDGES = sizeof ridges / sizeof *ridges, N_SHRINKS = sizeof shrinks / sizeof *shrinks };

typedef struct calibration {
    size_t n_items, n_groups, n_used; /* n_used: exact pairs among the n_items */
    double *table;                    // (n_used, n_groups) L1 distances of the groups
    double *goals;                    // (n_used) exact distances
    uint32_t *pairs;                  // (n_used, 2)
    double *normals;  // (N_FOLDS + 1, n_groups, n_groups) A'A over the pairs of each fold; the last: over all
    double *rights;   // (N_FOLDS + 1, n_groups) A'b, likewise
    double *normal;   // (n_groups, n_groups) of the fit at hand
    double *right;    // (n_groups)
    double *weights;  // (n_groups)
    double *common;   // (n_groups) v0 in every place
    double *residues; // (n_used)
    double *effects, *next, *counts; // (n_items)
    double *guesses;                 // (N_RIDGES, N_SHRINKS, n_used) predictions by cross-validation
    double *ranks;                   // (n_used, 2)
    uint64_t *work;                  // (n_used, 2)
    double *chosen;                  // (n_used, 2) guesses and goals of one fold, side by side
    uint32_t *rows;                  // (n_used) pairs that the correction learns from
    psh__correction correction;      /* zeroed where none helps */
} calibration;

static void calibration_free(calibration *c) {
    psh__free(c->table);
    psh__free(c->goals);
    psh__free(c->pairs);
    psh__free(c->normals);
    psh__free(c->rights);
    psh__free(c->normal);
    psh__free(c->right);
    psh__free(c->weights);
    psh__free(c->common);
    psh__free(c->residues);
    psh__free(c->effects);
    psh__free(c->next);
    psh__free(c->counts);
    psh__free(c->guesses);
    psh__free(c->ranks);
    psh__free(c->work);
    psh__free(c->chosen);
    psh__free(c->rows);
    psh__correction_free(&c->correction);
}

static bool calibration_create(calibration *c, size_t n_items, size_t n_groups, size_t n_used) {
    memset(c, 0, sizeof *c);
    c->n_items = n_items, c->n_groups = n_groups, c->n_used = n_used;
    c->table = psh__malloc(n_used, n_groups * sizeof *c->table);
    c->goals = psh__malloc(n_used, sizeof *c->goals);
    c->pairs = psh__malloc(n_used, 2 * sizeof *c->pairs);
    c->normals = psh__calloc((N_FOLDS + 1) * n_groups, n_groups * sizeof *c->normals);
    c->rights = psh__calloc(N_FOLDS + 1, n_groups * sizeof *c->rights);
    c->normal = psh__malloc(n_groups, n_groups * sizeof *c->normal);
    c->right = psh__malloc(n_groups, sizeof *c->right);
    c->weights = psh__malloc(n_groups, sizeof *c->weights);
    c->common = psh__malloc(n_groups, sizeof *c->common);
    c->residues = psh__malloc(n_used, sizeof *c->residues);
    c->effects = psh__malloc(n_items, sizeof *c->effects);
    c->next = psh__malloc(n_items, sizeof *c->next);
    c->counts = psh__malloc(n_items, sizeof *c->counts);
    c->guesses = psh__malloc(n_used, N_RIDGES * N_SHRINKS * sizeof *c->guesses);
    c->ranks = psh__malloc(n_used, 2 * sizeof *c->ranks);
    c->work = psh__malloc(n_used, 2 * sizeof *c->work);
    c->chosen = psh__malloc(n_used, 2 * sizeof *c->chosen);
    c->rows = psh__malloc(n_used, sizeof *c->rows);
    return c->chosen && c->rows && c->table && c->goals && c->pairs && c->normals && c->rights && c->normal &&
           c->right && c->weights && c->common && c->residues && c->effects && c->next && c->counts && c->guesses &&
           c->ranks && c->work;
}

static size_t count_used(const psh__exact *exact, size_t n_items) {
    size_t n_used = 0;
    for (size_t k = 0; k < exact->n_pairs && n_used < MAX_USED; k++) n_used += exact->pairs[2 * k + 1] < n_items;
    return n_used;
}

static void fill_table(calibration *c, const psh__features *features, const psh__exact *exact) {
    size_t per_group = features->n_features / c->n_groups;
    for (size_t k = 0, at = 0; at < c->n_used; k++) {
        size_t i = exact->pairs[2 * k], j = exact->pairs[2 * k + 1];
        if (j >= c->n_items) continue;
        const float *a = features->rows + i * features->n_features, *b = features->rows + j * features->n_features;
        for (size_t g = 0; g < c->n_groups; g++) {
            double sum = 0;
            for (size_t f = g * per_group; f < (g + 1) * per_group; f++) sum += fabs((double)a[f] - b[f]);
            c->table[at * c->n_groups + g] = sum;
        }
        c->goals[at] = exact->distances[k];
        c->pairs[2 * at] = (uint32_t)i, c->pairs[2 * at + 1] = (uint32_t)j;
        at++;
    }
}

/* Pair k belongs to fold k % N_FOLDS: neighbours in the list share no item, so each fold touches all items alike. */
static void fill_normals(calibration *c, int n_threads) {
    size_t n = c->n_groups;
#pragma omp parallel for schedule(dynamic, 4) num_threads(psh_cpu_threads(n_threads))
    for (size_t g = 0; g < n; g++) {
        for (size_t k = 0; k < c->n_used; k++) {
            size_t fold = k % N_FOLDS;
            const double *line = c->table + k * n;
            double *row = c->normals + (fold * n + g) * n, at = line[g];
            for (size_t h = 0; h < n; h++) row[h] += at * line[h];
            c->rights[fold * n + g] += at * c->goals[k];
        }
        for (size_t fold = 0; fold < N_FOLDS; fold++) {
            c->rights[N_FOLDS * n + g] += c->rights[fold * n + g];
            for (size_t h = 0; h < n; h++) c->normals[(N_FOLDS * n + g) * n + h] += c->normals[(fold * n + g) * n + h];
        }
    }
}

/* normal, right, common : of all pairs but those of fold `left_out` (N_FOLDS: of all). Returns mean(A^2). */
static double begin_fit(calibration *c, size_t left_out) {
    size_t n = c->n_groups, n_cells = n * n;
    double dot = 0, square = 0, trace = 0;
    memcpy(c->normal, c->normals + N_FOLDS * n_cells, n_cells * sizeof *c->normal);
    memcpy(c->right, c->rights + N_FOLDS * n, n * sizeof *c->right);
    for (size_t i = 0; left_out < N_FOLDS && i < n_cells; i++) c->normal[i] -= c->normals[left_out * n_cells + i];
    for (size_t g = 0; left_out < N_FOLDS && g < n; g++) c->right[g] -= c->rights[left_out * n + g];
    for (size_t g = 0; g < n; g++) dot += c->right[g], trace += c->normal[g * n + g];
    for (size_t i = 0; i < n_cells; i++) square += c->normal[i];
    size_t n_pairs = c->n_used - (left_out < N_FOLDS ? (c->n_used + N_FOLDS - 1 - left_out) / N_FOLDS : 0);
    for (size_t g = 0; g < n; g++) c->common[g] = c->weights[g] = square > 0 ? dot / square : 1;
    return trace / (double)(n_pairs * n);
}

/* Cyclic coordinate descent from the weights that are there: each in turn to its best value, cut at 0. */
static void descend(calibration *c, double ridge) {
    size_t n = c->n_groups;
    for (int sweep = 0; sweep < MAX_DESCENTS; sweep++) {
        double change = 0;
        for (size_t g = 0; g < n; g++) {
            const double *row = c->normal + g * n;
            double slope = c->right[g] + ridge * (c->common[g] - c->weights[g]);
            for (size_t h = 0; h < n; h++) slope -= row[h] * c->weights[h];
            if (row[g] + ridge <= 0) continue;
            double moved = fmax(0, c->weights[g] + slope / (row[g] + ridge));
            change = fmax(change, fabs(moved - c->weights[g]));
            c->weights[g] = moved;
        }
        if (change <= tolerance * c->common[0]) return;
    }
}

static void fit_weights(calibration *c, double ridge, double mean_square) {
    if (isinf(ridge))
        memcpy(c->weights, c->common, c->n_groups * sizeof *c->weights);
    else
        descend(c, ridge * mean_square);
}

static void find_residues(calibration *c) {
    for (size_t k = 0; k < c->n_used; k++) {
        double sum = 0;
        for (size_t g = 0; g < c->n_groups; g++) sum += c->weights[g] * c->table[k * c->n_groups + g];
        c->residues[k] = c->goals[k] - sum;
    }
}

/* Damped Jacobi on the shrunk least squares for r, over all pairs but those of fold `left_out`. */
static void fit_effects(calibration *c, double shrink, size_t left_out) {
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
static double guess_of(const calibration *c, size_t k) {
    return fmax(0, c->goals[k] - c->residues[k] + c->effects[c->pairs[2 * k]] + c->effects[c->pairs[2 * k + 1]]);
}

/* guesses: every pair predicted, at each pair of strengths, from the folds that it is not in. */
static void cross_validate(calibration *c) {
    for (size_t fold = 0; fold < N_FOLDS; fold++) {
        double mean_square = begin_fit(c, fold);
        for (size_t r = 0; r < N_RIDGES; r++) {
            fit_weights(c, ridges[r], mean_square);
            find_residues(c);
            for (size_t s = 0; s < N_SHRINKS; s++) {
                double *guesses = c->guesses + (r * N_SHRINKS + s) * c->n_used;
                fit_effects(c, shrinks[s], fold);
                for (size_t k = fold; k < c->n_used; k += N_FOLDS) guesses[k] = guess_of(c, k);
            }
        }
    }
}

/* The strengths whose guesses have the highest Spearman with the exact distances. */
static void choose_strengths(calibration *c, double *ridge, double *shrink) {
    double best = -INFINITY;
    *ridge = *shrink = INFINITY;
    if (c->n_used < N_FOLDS * MIN_PER_FOLD) return;
    cross_validate(c);
    psh__rank(c->goals, c->n_used, c->work, c->ranks);
    for (size_t r = 0; r < N_RIDGES; r++)
        for (size_t s = 0; s < N_SHRINKS; s++) {
            psh__rank(c->guesses + (r * N_SHRINKS + s) * c->n_used, c->n_used, c->work, c->ranks + c->n_used);
            double spearman = psh__pearson(c->ranks, c->ranks + c->n_used, c->n_used);
            if (spearman > best) best = spearman, *ridge = ridges[r], *shrink = shrinks[s];
        }
}

/* --- What weights cannot say -------------------------------------------------------------------------------------- */

/* Learnt from the residues of all pairs but those of fold `left_out`, and taken off all residues. */
static psh_status correct(calibration *c, size_t left_out, int n_threads, psh_error *err) {
    enum { BLOCK = 256 };
    size_t n_rows = 0;
    psh_status status = PSH_OK;
    for (size_t k = 0; k < c->n_used; k++)
        if (k % N_FOLDS != left_out) c->rows[n_rows++] = (uint32_t)k;
    psh__correction_free(&c->correction);
    PSH_TRY(psh__correction_learn(c->table, c->residues, c->n_groups, c->rows, n_rows, n_threads, &c->correction, err));
    float *lines = psh__malloc(BLOCK * c->n_groups, sizeof *lines),
          *desk = psh__malloc(BLOCK, PSH__CORRECTION_UNITS * 4);
    float *found = psh__malloc(BLOCK, sizeof *found);
    if (!lines || !desk || !found) {
        status = psh__error_memory(err, "calibration", BLOCK * c->n_groups * sizeof *lines);
        goto done;
    }
    for (size_t first = 0; first < c->n_used; first += BLOCK) {
        size_t n = c->n_used - first < BLOCK ? c->n_used - first : BLOCK;
        for (size_t i = 0; i < n * c->n_groups; i++) lines[i] = (float)c->table[first * c->n_groups + i];
        psh__correction_apply(&c->correction, lines, n, desk, found);
        for (size_t i = 0; i < n; i++) c->residues[first + i] -= found[i];
    }
done:
    psh__free(lines);
    psh__free(desk);
    psh__free(found);
    return status;
}

/* Spearman of goals with guesses : (n_used) over one fold. */
static double fold_spearman(calibration *c, const double *guesses, size_t fold) {
    size_t n = 0;
    for (size_t k = fold; k < c->n_used; k += N_FOLDS, n++)
        c->chosen[n] = guesses[k], c->chosen[c->n_used + n] = c->goals[k];
    psh__rank(c->chosen, n, c->work, c->ranks);
    psh__rank(c->chosen + c->n_used, n, c->work, c->ranks + n);
    return psh__pearson(c->ranks, c->ranks + n, n);
}

/* Whether a correction predicts the first fold better, from the others, than these strengths do; with which shrink. */
static psh_status try_correction(calibration *c, double ridge, double *shrink, bool *helps, int n_threads,
                                 psh_error *err) {
    size_t r = 0, s = 0;
    *helps = false;
    if (c->n_used < MIN_CORRECTED) return PSH_OK;
    while (ridges[r] != ridge) r++;
    while (shrinks[s] != *shrink) s++;
    double best = fold_spearman(c, c->guesses + (r * N_SHRINKS + s) * c->n_used, 0);
    fit_weights(c, ridge, begin_fit(c, 0));
    find_residues(c);
    PSH_TRY(correct(c, 0, n_threads, err));
    for (s = 0; s < N_SHRINKS; s++) {
        double *guesses = c->guesses;
        fit_effects(c, shrinks[s], 0);
        for (size_t k = 0; k < c->n_used; k += N_FOLDS) guesses[k] = guess_of(c, k);
        double spearman = fold_spearman(c, guesses, 0);
        if (spearman > best) best = spearman, *shrink = shrinks[s], *helps = true;
    }
    return PSH_OK;
}

psh_status psh__calibrate(const psh__features *features, size_t n_items, const psh__exact *exact, int n_threads,
                          double *weights, double *effects, psh__correction *correction, psh_error *err) {
    size_t n_groups = features->n_groups, n_used = count_used(exact, n_items);
    for (size_t g = 0; g < n_groups; g++) weights[g] = 1;
    memset(effects, 0, n_items * sizeof *effects);
    memset(correction, 0, sizeof *correction);
    if (n_used == 0 || n_groups == 0) return PSH_OK;
    calibration c;
    psh_status status = PSH_OK;
    if (!calibration_create(&c, n_items, n_groups, n_used)) {
        status = psh__error_memory(err, "the calibration of sliced Wasserstein", n_used * n_groups * sizeof(double));
        goto done;
    }
    double ridge, shrink;
    bool is_corrected;
    fill_table(&c, features, exact);
    fill_normals(&c, n_threads);
    choose_strengths(&c, &ridge, &shrink);
    PSH_TRY_GOTO(try_correction(&c, ridge, &shrink, &is_corrected, n_threads, err));
    fit_weights(&c, ridge, begin_fit(&c, N_FOLDS));
    find_residues(&c);
    if (is_corrected)
        PSH_TRY_GOTO(correct(&c, N_FOLDS, n_threads, err));
    else
        psh__correction_free(&c.correction);
    fit_effects(&c, shrink, N_FOLDS);
    memcpy(weights, c.weights, n_groups * sizeof *weights);
    memcpy(effects, c.effects, n_items * sizeof *effects);
    *correction = c.correction;
    memset(&c.correction, 0, sizeof c.correction);
done:
    calibration_free(&c);
    return status;
}
