/* sketch.c : fitting a sketch to a set: sample, frame, target, candidates, pursuit, and the check on other diagrams.
 *
 * All pairs of a sample are fitted on: their inner products are counts over diagrams (pursuit.c), so half a million
 * pairs cost less than twenty thousand listed ones would. The check is made on diagrams that the fit never saw: where
 * the set is larger than the sample, on others of it; else by a second fit on two thirds of the set, judged on the rest
 * (the model that is returned is the one fitted on all). */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/random.h"
#include "encoder/pursuit.h"
#include "encoder/rank.h"
#include "encoder/target.h"

enum {
    DEFAULT_BITS = 64,
    SAMPLE_SLICED = 1000,     /* diagrams; all pairs are fitted on */
    SAMPLE_WASSERSTEIN = 200, /* 19,900 exact distances */
    MAX_SAMPLE = 8192,
    MAX_HELD_OUT = 200,
    MIN_CHECK = 12, /* below, the set is too small to be split */
    DEFAULT_CANDIDATES = 16384,
    CANDIDATES_PER_LINE = 8,
    N_DIRECTIONS = 32,
    MAX_SWEEPS = 20
};

typedef struct fit {
    psh_sketch_params params;
    const psh_progress *progress;
    psh_frame frame;
    psh_fit_report report;
    int n_workers;
} fit;

static psh_status check_params(psh_sketch_params *p, psh_error *err) {
    if (p->n_bits == 0) p->n_bits = DEFAULT_BITS;
    if (p->n_bits < 1 || p->n_bits > PSH__MAX_BITS)
        return psh__error(err, PSH_ERR_PARAMETER, "%d bits; a code has 1 to %d", p->n_bits, PSH__MAX_BITS);
    if (p->target != PSH_TARGET_SLICED && p->target != PSH_TARGET_WASSERSTEIN)
        return psh__error(err, PSH_ERR_PARAMETER, "fit target %d; expected sliced (0) or wasserstein (1)",
                          (int)p->target);
    if (p->frame_kind == PSH_FRAME_FIXED &&
        !(isfinite(p->frame_lo) && isfinite(p->frame_hi) && p->frame_lo < p->frame_hi))
        return psh__error(err, PSH_ERR_PARAMETER, "frame [%g, %g]; expected finite bounds, the first smaller",
                          p->frame_lo, p->frame_hi);
    if (p->n_sample == 0) p->n_sample = p->target == PSH_TARGET_SLICED ? SAMPLE_SLICED : SAMPLE_WASSERSTEIN;
    if (p->n_sample < 2 || p->n_sample > MAX_SAMPLE)
        return psh__error(err, PSH_ERR_PARAMETER, "a sample of %zu diagrams; expected 2 to %d (all its pairs are used)",
                          p->n_sample, MAX_SAMPLE);
    while (p->n_pairs > 0 && p->n_sample > 2 && p->n_sample * (p->n_sample - 1) / 2 > p->n_pairs) p->n_sample--;
    if (p->n_candidates == 0) p->n_candidates = DEFAULT_CANDIDATES;
    if (p->n_candidates > 1 << 22)
        return psh__error(err, PSH_ERR_PARAMETER, "%zu candidates; at most %d", p->n_candidates, 1 << 22);
    return PSH_OK;
}

static psh_status check_set(const psh_diagrams *set, uint32_t dims_mask, psh_error *err) {
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    size_t n_points = psh_diagrams_n_points(set), n_wanted = 0;
    if (psh_diagrams_count(set) < 2)
        return psh__error(err, PSH_ERR_EMPTY,
                          "%zu diagrams; a sketch is fitted to at least 2 (hundreds are better): give more, or encode "
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

static psh_status report_step(const fit *f, const char *what, uint64_t n_done, psh_error *err) {
    if (!f->progress || !f->progress->report || f->progress->report(f->progress->user, what, n_done, 4)) return PSH_OK;
    return psh__error(err, PSH_ERR_INTERRUPTED, "fitting was stopped at: %s", what);
}

/* Distances of all pairs of `sample` that Hamming should track: (n (n - 1) / 2). */
static psh_status compute_target(fit *f, const psh_diagrams *sample, double *distances, psh_error *err) {
    double start = omp_get_wtime();
    psh_status status;
    if (f->params.target == PSH_TARGET_SLICED)
        status = psh__target_sliced(sample, &f->frame, f->params.pool, f->n_workers, distances, err);
    else {
        psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
        params.pool = f->params.pool;
        status = psh_wasserstein_condensed(sample, &params, f->n_workers, f->progress, distances, err);
    }
    f->report.seconds_target += omp_get_wtime() - start;
    return status;
}

static psh_status too_alike(const psh_diagrams *sample, psh_error *err) {
    return psh__error(err, PSH_ERR_DATA,
                      "the %zu diagrams looked at are all equal, or so nearly that no question tells them apart: codes "
                      "would be equal too; give diagrams that differ",
                      psh_diagrams_count(sample));
}

/* The questions for a sample with these distances. questions : (n_bits). */
static psh_status choose_questions(fit *f, const psh_diagrams *sample, const double *distances,
                                   psh__question *questions, psh_error *err) {
    psh__target target = {0};
    psh__pool pool = {0};
    psh_status status = PSH_OK;
    size_t n_bits = (size_t)f->params.n_bits, n_drawn;
    uint32_t *chosen = psh__malloc(n_bits, sizeof *chosen);
    psh__pool_params draw = {.n_candidates = f->params.n_candidates,
                             .n_lines = f->params.n_candidates / CANDIDATES_PER_LINE + 1,
                             .n_directions = N_DIRECTIONS,
                             .seed = f->params.seed,
                             .n_threads = f->n_workers};
    if (!chosen) return psh__error_memory(err, "fitting", n_bits * sizeof *chosen);
    if (f->params.random) {
        status = psh__questions_random(sample, &f->frame, f->params.pool, &draw, n_bits, questions, &n_drawn, err);
        if (status == PSH_OK && n_drawn == 0) status = too_alike(sample, err);
        goto done;
    }
    PSH_TRY_GOTO(psh__target_create(distances, psh_diagrams_count(sample), &target, err));
    PSH_TRY_GOTO(psh__pool_draw(sample, &f->frame, f->params.pool, &target, &draw, &pool, err));
    f->report.n_candidates = pool.n_candidates;
    if (pool.n_candidates == 0) {
        status = too_alike(sample, err);
        goto done;
    }
    double correlation;
    psh__pursuit_params pursuit = {.n_bits = n_bits, .n_sweeps = MAX_SWEEPS, .n_threads = f->n_workers};
    PSH_TRY_GOTO(psh__pursuit(&pool, &target, &pursuit, chosen, &correlation, err));
    for (size_t i = 0; i < n_bits; i++) questions[i] = pool.questions[chosen[i]];
done:
    psh__free(chosen);
    psh__pool_free(&pool);
    psh__target_free(&target);
    return status;
}

/* --- The check ---------------------------------------------------------------------------------------------------- */

static size_t count_distinct(const uint8_t *codes, size_t n_codes, size_t n_bytes) {
    size_t n_distinct = 0;
    for (size_t i = 0; i < n_codes; i++) {
        size_t j = 0;
        while (j < i && memcmp(codes + i * n_bytes, codes + j * n_bytes, n_bytes) != 0) j++;
        n_distinct += j == i;
    }
    return n_distinct;
}

static double hamming(const uint8_t *a, const uint8_t *b, size_t n_bytes) {
    int distance = 0;
    for (size_t i = 0; i < n_bytes; i++) distance += __builtin_popcount(a[i] ^ b[i]);
    return distance;
}

typedef struct quality {
    double spearman, pearson;
    size_t n_distinct;
} quality;

/* Correlation of the Hamming distances of these questions' codes with the target, over all pairs of `sample`. */
static psh_status judge(const fit *f, const psh__question *questions, const psh_diagrams *sample,
                        const double *distances, quality *dst, psh_error *err) {
    size_t n = psh_diagrams_count(sample), n_pairs = n * (n - 1) / 2;
    psh_model *model = NULL;
    uint8_t *codes = NULL;
    double *found = psh__malloc(n_pairs, sizeof *found), *ranks = psh__malloc(n_pairs, 2 * sizeof *ranks);
    uint64_t *work = psh__malloc(n_pairs, 2 * sizeof *work);
    psh_status status = PSH_OK;
    PSH_TRY_GOTO(psh__model_create(questions, (size_t)f->params.n_bits, &f->frame, f->params.pool, f->params.dims_mask,
                                   NULL, &model, err));
    size_t n_bytes = psh_model_n_bytes(model);
    codes = psh__malloc(n, n_bytes);
    if (!found || !ranks || !work || !codes) {
        status = psh__error_memory(err, "the check of the fit", n_pairs * 2 * sizeof *work);
        goto done;
    }
    PSH_TRY_GOTO(psh_model_encode(model, sample, f->n_workers, codes, err));
    for (size_t i = 0, k = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) found[k++] = hamming(codes + i * n_bytes, codes + j * n_bytes, n_bytes);
    psh__rank(found, n_pairs, work, ranks);
    psh__rank(distances, n_pairs, work, ranks + n_pairs);
    dst->spearman = psh__pearson(ranks, ranks + n_pairs, n_pairs);
    dst->pearson = psh__pearson(found, distances, n_pairs);
    dst->n_distinct = count_distinct(codes, n, n_bytes);
done:
    psh__free(found);
    psh__free(ranks);
    psh__free(work);
    psh__free(codes);
    psh_model_free(model);
    return status;
}

/* Distances of the diagrams listed in rows : (n_rows) among those of `all` : (n_all), both condensed. */
static void pick_distances(const double *all, size_t n_all, const size_t *rows, size_t n_rows, double *dst) {
    for (size_t a = 0, k = 0; a < n_rows; a++)
        for (size_t b = a + 1; b < n_rows; b++) {
            size_t i = rows[a] < rows[b] ? rows[a] : rows[b], j = rows[a] < rows[b] ? rows[b] : rows[a];
            dst[k++] = all[i * n_all - i * (i + 1) / 2 + j - i - 1];
        }
}

/* Fits on two thirds of the sample and judges on the rest. */
static psh_status check_by_split(fit *f, const psh_diagrams *sample, const double *distances, psh_error *err) {
    size_t n = psh_diagrams_count(sample), n_out = n / 3, n_in = n - n_out, n_in_pairs = n_in * (n_in - 1) / 2;
    size_t *rows = psh__malloc(n, sizeof *rows);
    uint32_t *order = psh__malloc(n, sizeof *order);
    double *some = psh__malloc(n_in_pairs, sizeof *some);
    psh__question *questions = psh__malloc((size_t)f->params.n_bits, sizeof *questions);
    psh_diagrams *part = NULL;
    psh_status status = PSH_OK;
    quality found;
    if (!rows || !order || !some || !questions) {
        status = psh__error_memory(err, "the check of the fit", n_in_pairs * sizeof *some);
        goto done;
    }
    psh__random rng;
    psh__random_init(&rng, f->params.seed, UINT64_MAX - 1);
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    psh__random_shuffle(&rng, order, n);
    for (size_t i = 0; i < n; i++) rows[i] = order[i];
    PSH_TRY_GOTO(psh_diagrams_select(sample, rows, n_in, 0, false, &part, err));
    pick_distances(distances, n, rows, n_in, some);
    size_t n_candidates = f->report.n_candidates;
    status = choose_questions(f, part, some, questions, err);
    f->report.n_candidates = n_candidates;
    if (status == PSH_ERR_DATA) { /* these two thirds are all alike: there is nothing to say about the rest */
        status = PSH_OK;
        goto done;
    }
    if (status != PSH_OK) goto done;
    psh_diagrams_free(part);
    part = NULL;
    PSH_TRY_GOTO(psh_diagrams_select(sample, rows + n_in, n_out, 0, false, &part, err));
    pick_distances(distances, n, rows + n_in, n_out, some);
    PSH_TRY_GOTO(judge(f, questions, part, some, &found, err));
    f->report.n_held_out_diagrams = n_out;
    f->report.n_held_out_pairs = n_out * (n_out - 1) / 2;
    f->report.spearman_held_out = found.spearman;
    f->report.pearson_held_out = found.pearson;
done:
    psh__free(rows);
    psh__free(order);
    psh__free(some);
    psh__free(questions);
    psh_diagrams_free(part);
    return status;
}

/* Judges on diagrams of the set that are not in the sample. */
static psh_status check_on_others(fit *f, const psh__question *questions, const psh_diagrams *others, psh_error *err) {
    size_t n = psh_diagrams_count(others), n_pairs = n * (n - 1) / 2;
    double *distances = psh__malloc(n_pairs, sizeof *distances);
    quality found;
    psh_status status = PSH_OK;
    if (!distances) return psh__error_memory(err, "the check of the fit", n_pairs * sizeof *distances);
    PSH_TRY_GOTO(compute_target(f, others, distances, err));
    PSH_TRY_GOTO(judge(f, questions, others, distances, &found, err));
    f->report.n_held_out_diagrams = n;
    f->report.n_held_out_pairs = n_pairs;
    f->report.spearman_held_out = found.spearman;
    f->report.pearson_held_out = found.pearson;
done:
    psh__free(distances);
    return status;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

/* sample: the diagrams to fit on, in random order; others: some of the rest, NULL if too few are left for a check.
 * Both hold wanted dimensions only. */
static psh_status draw_sample(const fit *f, const psh_diagrams *set, psh_diagrams **sample, psh_diagrams **others,
                              psh_error *err) {
    size_t n = psh_diagrams_count(set), n_fit = n < f->params.n_sample ? n : f->params.n_sample;
    size_t n_rest = n - n_fit, n_out = n_rest < MAX_HELD_OUT ? n_rest : MAX_HELD_OUT, n_rows = n_fit + n_out;
    size_t *rows = psh__malloc(n_rows, sizeof *rows), *shuffled = psh__malloc(n_rows, sizeof *shuffled);
    uint32_t *order = psh__malloc(n_rows, sizeof *order);
    psh_status status = PSH_OK;
    if (!rows || !shuffled || !order) {
        status = psh__error_memory(err, "a sample", n_rows * 2 * sizeof *rows);
        goto done;
    }
    PSH_TRY_GOTO(psh_rows_sample(n, n_rows, f->params.seed, rows, err));
    psh__random rng;
    psh__random_init(&rng, f->params.seed, UINT64_MAX - 2);
    for (size_t i = 0; i < n_rows; i++) order[i] = (uint32_t)i;
    psh__random_shuffle(&rng, order, n_rows);
    for (size_t i = 0; i < n_rows; i++) shuffled[i] = rows[order[i]];
    PSH_TRY_GOTO(psh_diagrams_select(set, shuffled, n_fit, f->params.dims_mask, false, sample, err));
    if (n_out >= MIN_CHECK)
        PSH_TRY_GOTO(psh_diagrams_select(set, shuffled + n_fit, n_out, f->params.dims_mask, false, others, err));
done:
    psh__free(rows);
    psh__free(shuffled);
    psh__free(order);
    return status;
}

static psh_status fit_frame(fit *f, const psh_diagrams *set, psh_error *err) {
    f->frame = (psh_frame){f->params.frame_kind, f->params.frame_lo, f->params.frame_hi};
    if (f->params.frame_kind == PSH_FRAME_FIXED) return PSH_OK;
    if (f->params.dims_mask == 0) return psh_frame_fit(set, f->params.frame_kind, &f->frame, err);
    psh_diagrams *part = NULL;
    PSH_TRY(psh_diagrams_select(set, NULL, 0, f->params.dims_mask, false, &part, err));
    psh_status status = psh_frame_fit(part, f->params.frame_kind, &f->frame, err);
    psh_diagrams_free(part);
    return status;
}

/* What was asked for and how well it went; no times, so that equal fits are equal files. */
static psh_status describe_fit(const fit *f, psh_meta **dst, psh_error *err) {
    const psh_fit_report *r = &f->report;
    psh_status status = PSH_OK;
    psh_meta *meta;
    PSH_TRY(psh_meta_create(&meta, err));
    PSH_TRY_GOTO(psh_meta_set_text(meta, "version", psh_version()));
    PSH_TRY_GOTO(psh_meta_set_text(meta, "encoder", f->params.random ? "sketch, random" : "sketch, fitted"));
    if (!f->params.random)
        PSH_TRY_GOTO(
            psh_meta_set_text(meta, "fit_target", f->params.target == PSH_TARGET_SLICED ? "sliced" : "wasserstein"));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "seed", (int64_t)f->params.seed));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "fit_diagrams", (int64_t)r->n_diagrams));
    PSH_TRY_GOTO(psh_meta_set_integer(meta, "fit_candidates", (int64_t)r->n_candidates));
    if (!isnan(r->spearman_fitted)) PSH_TRY_GOTO(psh_meta_set_number(meta, "spearman_fitted", r->spearman_fitted));
    if (!isnan(r->spearman_held_out))
        PSH_TRY_GOTO(psh_meta_set_number(meta, "spearman_held_out", r->spearman_held_out));
done:
    if (status != PSH_OK) {
        psh_meta_free(meta);
        return psh__error_memory(err, "metadata", 256);
    }
    *dst = meta;
    return PSH_OK;
}

static void hand_out_report(const psh_fit_report *src, psh_fit_report *dst) {
    if (!dst) return;
    size_t n_bytes = dst->struct_bytes < sizeof *src ? dst->struct_bytes : sizeof *src;
    memcpy((char *)dst + sizeof n_bytes, (const char *)src + sizeof n_bytes,
           n_bytes > sizeof n_bytes ? n_bytes - sizeof n_bytes : 0);
}

psh_status psh_sketch_fit(const psh_diagrams *set, const psh_sketch_params *params, const psh_progress *progress,
                          psh_model **dst, psh_fit_report *report, psh_error *err) {
    double start = omp_get_wtime();
    fit f = {.progress = progress,
             .report = {.spearman_fitted = NAN, .spearman_held_out = NAN, .pearson_held_out = NAN}};
    psh_diagrams *sample = NULL, *others = NULL;
    psh__question *questions = NULL;
    double *distances = NULL;
    psh_meta *meta = NULL;
    psh_status status = PSH_OK;
    quality found;
    psh__params_copy(&f.params, sizeof f.params, params);
    f.n_workers = psh_cpu_threads(f.params.n_threads);
    PSH_TRY(check_params(&f.params, err));
    PSH_TRY(check_set(set, f.params.dims_mask, err));
    PSH_TRY(report_step(&f, "fitting", 0, err));
    PSH_TRY_GOTO(fit_frame(&f, set, err));
    PSH_TRY_GOTO(draw_sample(&f, set, &sample, &others, err));
    size_t n = psh_diagrams_count(sample), n_pairs = n * (n - 1) / 2;
    questions = psh__malloc((size_t)f.params.n_bits, sizeof *questions);
    distances = psh__malloc(n_pairs, sizeof *distances);
    if (!questions || !distances) {
        status = psh__error_memory(err, "fitting", n_pairs * sizeof *distances);
        goto done;
    }
    f.report.n_diagrams = n, f.report.n_pairs = n_pairs;
    PSH_TRY_GOTO(compute_target(&f, sample, distances, err));
    PSH_TRY_GOTO(report_step(&f, "fitting", 1, err));
    PSH_TRY_GOTO(choose_questions(&f, sample, distances, questions, err));
    PSH_TRY_GOTO(report_step(&f, "fitting", 2, err));
    PSH_TRY_GOTO(judge(&f, questions, sample, distances, &found, err));
    f.report.spearman_fitted = found.spearman, f.report.n_distinct_codes = found.n_distinct;
    if (others)
        PSH_TRY_GOTO(check_on_others(&f, questions, others, err));
    else if (n >= MIN_CHECK)
        PSH_TRY_GOTO(check_by_split(&f, sample, distances, err));
    PSH_TRY_GOTO(report_step(&f, "fitting", 4, err));
    PSH_TRY_GOTO(describe_fit(&f, &meta, err));
    PSH_TRY_GOTO(psh__model_create(questions, (size_t)f.params.n_bits, &f.frame, f.params.pool, f.params.dims_mask,
                                   meta, dst, err));
    f.report.seconds_fit = omp_get_wtime() - start - f.report.seconds_target;
    hand_out_report(&f.report, report);
done:
    psh__free(questions);
    psh__free(distances);
    psh_diagrams_free(sample);
    psh_diagrams_free(others);
    psh_meta_free(meta);
    return status;
}
