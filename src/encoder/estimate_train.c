/* estimate_train.c : learning the estimate of W1 from synthetic sets, whose exact distances are known.
 *
 * A step takes all pairs of SOME diagrams of each of a few sets. With e the estimates, w the exact distances of one
 * set's pairs, and L their logarithms,
 *
 *     loss = 1 - corr(e, w) + 0.5 (1 - corr(L e, L w)) + 0.3 mean (L e - L w)^2.
 *
 * The first term orders the far pairs, the second the near ones; the third one fixes what both leave open, the scale:
 * distances of several homology dimensions are added up. Half of the sets are seen reflected (pattern.h), which leaves
 * W1 as it is. Pairs of diagrams with no distance to speak of say nothing, and are left out.
 *
 * Adam, rate 0.003 falling to 0, weight decay 0.1. Spearman on sets held out is 0.991 (sliced Wasserstein 0.983); what
 * it is on real sets, and what the parts are worth: docs/math/estimate.md. */
#include "encoder/estimate_train.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/random.h"
#include "encoder/rank.h"

enum { SOME = 12, PAIRS = SOME * (SOME - 1) / 2, SETS = 32, WARM_SHARE = 20 /* of the steps, one in so many */ };
static const double rate = 3e-3, decay = 0.1, of_logarithms = 0.5, of_scale = 0.3, least_share = 1e-6;

/* What one set gives to a step. */
typedef struct batch {
    float laid_out[SOME][PSH__PATTERN_FEATURES]; /* pattern.h */
    float patterns[PAIRS][PSH__PATTERN];
    double totals[PAIRS], exact[PAIRS];
    bool counts[PAIRS];
} batch;

/* items : (SOME) of the lesson, which may have fewer and then repeat. inputs : (PAIRS, PSH__PATTERN). */
static void fill(const psh__lesson *lesson, const size_t *items, bool is_reflected, batch *b, float *inputs) {
    double total = 0, exact = 0;
    for (size_t i = 0; i < SOME; i++)
        psh__pattern_lay_out(lesson->rows + items[i] * PSH__PATTERN_FEATURES, 1, b->laid_out[i]);
    for (size_t i = 0, k = 0; i < SOME; i++)
        for (size_t j = i + 1; j < SOME; j++, k++) {
            float plain[PSH__PATTERN];
            psh__pattern(b->laid_out[i], b->laid_out[j], is_reflected ? plain : b->patterns[k]);
            if (is_reflected) psh__pattern_reflect(plain, b->patterns[k]);
            b->exact[k] = psh__lesson_distance(lesson, items[i], items[j]);
            b->totals[k] = psh__pattern_total(b->patterns[k]);
            total += b->totals[k] / PAIRS, exact += b->exact[k] / PAIRS;
        }
    for (size_t k = 0; k < PAIRS; k++) {
        b->counts[k] = b->totals[k] > least_share * total && b->exact[k] > least_share * exact;
        psh__estimate_inputs(b->patterns[k], b->counts[k] ? (float)b->totals[k] : 1, inputs + k * PSH__PATTERN);
    }
}

/* Adds weight * the gradient of -corr(x, y) by x, times chain[k] (NULL: 1), over the pairs that count. */
static void add_correlation(const batch *b, const double *x, const double *y, double weight, const double *chain,
                            double *gradient) {
    double n = 0, mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    for (size_t k = 0; k < PAIRS; k++)
        if (b->counts[k]) n++, mean_x += x[k], mean_y += y[k];
    if (n < 3) return;
    mean_x /= n, mean_y /= n;
    for (size_t k = 0; k < PAIRS; k++)
        if (b->counts[k]) {
            double dx = x[k] - mean_x, dy = y[k] - mean_y;
            xx += dx * dx, yy += dy * dy, xy += dx * dy;
        }
    if (!(xx > 0 && yy > 0)) return;
    double correlation = xy / sqrt(xx * yy);
    for (size_t k = 0; k < PAIRS; k++)
        if (b->counts[k]) {
            double by_x = ((y[k] - mean_y) / sqrt(yy) - correlation * (x[k] - mean_x) / sqrt(xx)) / sqrt(xx);
            gradient[k] -= weight * by_x * (chain ? chain[k] : 1);
        }
}

/* gradients : (PAIRS) of the loss by the network's outputs. */
static void differentiate(const batch *b, const float *outputs, float *gradients) {
    double found[PAIRS] = {0}, log_found[PAIRS] = {0}, log_exact[PAIRS] = {0}, gradient[PAIRS] = {0}, n = 0;
    for (size_t k = 0; k < PAIRS; k++)
        if (b->counts[k]) {
            n++;
            log_found[k] = outputs[k] + log(b->totals[k]), log_exact[k] = log(b->exact[k]);
            found[k] = exp(log_found[k]);
        }
    add_correlation(b, found, b->exact, 1, found, gradient); /* d e / d output = e */
    add_correlation(b, log_found, log_exact, of_logarithms, NULL, gradient);
    for (size_t k = 0; k < PAIRS; k++) {
        if (b->counts[k]) gradient[k] += 2 * of_scale * (log_found[k] - log_exact[k]) / n;
        gradients[k] = (float)(gradient[k] / SETS);
    }
}

static psh_status spearman_of(const psh__estimate *estimate, const psh__lesson *lesson, double *spearman,
                              psh_error *err) {
    size_t n = lesson->n_items, n_pairs = n * (n - 1) / 2;
    double *ranks = psh__malloc(n_pairs, 3 * sizeof *ranks);
    float *laid_out = psh__malloc(n, PSH__PATTERN_FEATURES * sizeof *laid_out);
    float *desk = psh__malloc(psh__estimate_desk(n), sizeof *desk), *found = psh__malloc(n, sizeof *found);
    float *patterns = psh__malloc(n, PSH__PATTERN * sizeof *patterns);
    uint64_t *work = psh__malloc(n_pairs, 2 * sizeof *work);
    psh_status status = PSH_OK;
    if (!ranks || !laid_out || !desk || !found || !patterns || !work) {
        status = psh__error_memory(err, "judging", n_pairs * 5 * sizeof *ranks);
        goto done;
    }
    double *all = ranks + 2 * n_pairs;
    psh__pattern_lay_out(lesson->rows, n, laid_out);
    for (size_t i = 0, k = 0; i < n; i++) {
        size_t n_rest = n - 1 - i;
        for (size_t j = 0; j < n_rest; j++)
            psh__pattern(laid_out + i * PSH__PATTERN_FEATURES, laid_out + (i + 1 + j) * PSH__PATTERN_FEATURES,
                         patterns + j * PSH__PATTERN);
        psh__estimate_distances(estimate, patterns, PSH__PATTERN, n_rest, desk, found);
        for (size_t j = 0; j < n_rest; j++) all[k++] = found[j];
    }
    psh__rank(all, n_pairs, work, ranks);
    psh__rank(lesson->distances, n_pairs, work, ranks + n_pairs);
    *spearman = psh__pearson(ranks, ranks + n_pairs, n_pairs);
done:
    psh__free(ranks);
    psh__free(laid_out);
    psh__free(desk);
    psh__free(found);
    psh__free(patterns);
    psh__free(work);
    return status;
}

static psh_status judge(const psh__estimate *estimate, const psh__lesson *lessons, size_t n_lessons, double *spearman,
                        psh_error *err) {
    double sum = 0;
    size_t n_judged = 0;
    for (size_t i = 0; i < n_lessons; i++) {
        double here = NAN;
        if (!psh__lesson_held_out(i)) continue;
        PSH_TRY(spearman_of(estimate, &lessons[i], &here, err));
        if (!isnan(here)) sum += here, n_judged++;
    }
    *spearman = n_judged ? sum / (double)n_judged : NAN;
    return PSH_OK;
}

/* A lesson that is not held out, SOME of its items, and whether it is seen reflected. */
static size_t draw(psh__random *rng, const psh__lesson *lessons, size_t n_lessons, size_t items[SOME],
                   bool *is_reflected) {
    size_t i;
    do i = psh__random_below(rng, n_lessons);
    while (psh__lesson_held_out(i));
    for (size_t k = 0; k < SOME; k++) items[k] = psh__random_below(rng, lessons[i].n_items);
    *is_reflected = psh__random_below(rng, 2) == 1;
    return i;
}

static void step(const psh__lesson *lessons, size_t n_lessons, psh__random *rng, batch *batches, int n_threads,
                 double here, psh__trainer *t) {
    size_t chosen[SETS], items[SETS][SOME];
    bool is_reflected[SETS];
    for (size_t s = 0; s < SETS; s++) chosen[s] = draw(rng, lessons, n_lessons, items[s], &is_reflected[s]);
#pragma omp parallel for schedule(static) num_threads(psh_cpu_threads(n_threads))
    for (size_t s = 0; s < SETS; s++)
        fill(&lessons[chosen[s]], items[s], is_reflected[s], &batches[s], t->inputs + s * PAIRS * PSH__PATTERN);
    psh__trainer_forward(t);
#pragma omp parallel for schedule(static) num_threads(psh_cpu_threads(n_threads))
    for (size_t s = 0; s < SETS; s++) differentiate(&batches[s], t->outputs + s * PAIRS, t->gradients + s * PAIRS);
    psh__trainer_step(t, here);
}

psh_status psh__estimate_learn(const psh__lesson *lessons, size_t n_lessons, size_t n_steps, uint64_t seed,
                               int n_threads, const psh_progress *progress, psh__estimate *dst, double *spearman,
                               psh_error *err) {
    psh_status status = PSH_OK;
    psh__trainer t = {0};
    psh__random rng;
    psh__ticker ticker;
    batch *batches = psh__calloc(SETS, sizeof *batches);
    memset(dst, 0, sizeof *dst);
    if (!batches) {
        status = psh__error_memory(err, "learning", SETS * sizeof *batches);
        goto done;
    }
    PSH_TRY_GOTO(psh__estimate_create(dst, err));
    PSH_TRY_GOTO(psh__trainer_create(&dst->network, SETS * PAIRS, decay, n_threads, &t, err));
    psh__random_init(&rng, seed, UINT64_MAX - 11);
    psh__perceptron_draw(&dst->network, &rng);
    psh__ticker_start(&ticker, progress, "learning to estimate", n_steps);
    for (size_t i = 0; i < n_steps && !psh__ticker_stopped(&ticker); i++) {
        step(lessons, n_lessons, &rng, batches, n_threads, rate * psh__trainer_rate(i, n_steps, n_steps / WARM_SHARE),
             &t);
        psh__ticker_add(&ticker, 1);
    }
    PSH_TRY_GOTO(psh__ticker_status(&ticker, err));
    PSH_TRY_GOTO(judge(dst, lessons, n_lessons, spearman, err));
done:
    psh__free(batches);
    psh__trainer_free(&t);
    if (status != PSH_OK) psh__estimate_free(dst);
    return status;
}
