/* calibration_fit.c : which pairs are measured, and their exact distances.
 *
 * Pairs are drawn from all pairs of up to MAX_ITEMS items, as many of each Hamming distance (or all there are): 217 of
 * the 499,500 pairs of 1,000 Fashion-MNIST codes of 64 bits are equal, and of 256 bits 70 pairs differ in six or fewer;
 * a plain sample of thousands would learn next to nothing of the pairs that matter most. What is learnt at a Hamming
 * distance does not depend on how many pairs were
 * drawn there, so the table needs no weights; averages over all pairs (the report) are weighted by how often each
 * Hamming distance occurs.
 *
 * Two passes over the rows of Hamming distances: the first counts, the second draws (Knuth's algorithm S in every
 * Hamming distance at once). No matrix. Cost beyond the exact distances: some 50 ms for 4,096 items or more. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/random.h"
#include "distance/calibration.h"
#include "persihash/encoder.h"

enum { MAX_ITEMS = 4096, MIN_PAIRS = 200, MAX_PAIRS = 8192, N_TRIALS = 1024, N_CHECKED = 32 };

/* Predicted time, in nanoseconds of one thread, for exact distances. */
static const double exact_work = 1e9;

typedef struct work {
    psh_calibration_params params;
    size_t n_items, n_bytes;
    size_t *rows;                                /* (n_items) of the set, rising */
    uint8_t *codes;                              /* (n_items, n_bytes) of those */
    psh_diagrams *sample;                        /* their diagrams */
    uint64_t populations[PSH__CALIBRATION_ROWS]; /* pairs of each Hamming distance */
    uint64_t quotas[PSH__CALIBRATION_ROWS];      /* of these, to be measured */
    size_t n_pairs;                              /* sum of the quotas */
    uint32_t *pairs;                             /* (n_pairs, 2), rising by Hamming distance */
    uint16_t *hamming;                           /* (n_pairs) */
    double *distances;                           /* (n_pairs) */
    double *scratch;                             /* (2 n_pairs) */
} work;

static void work_free(work *w) {
    psh__free(w->rows);
    psh__free(w->codes);
    psh_diagrams_free(w->sample);
    psh__free(w->pairs);
    psh__free(w->hamming);
    psh__free(w->distances);
    psh__free(w->scratch);
}

static psh_status check_params(psh_calibration_params *p, psh_error *err) {
    if (p->coverage == 0) p->coverage = 0.9;
    if (!(p->coverage >= 0.5 && p->coverage <= 0.99))
        return psh__error(err, PSH_ERR_PARAMETER, "intervals that cover a share of %g; expected 0.5 to 0.99",
                          p->coverage);
    if (p->order == 0) p->order = 1;
    return PSH_OK;
}

static psh_wasserstein_params metric_of(const psh_calibration_params *p) {
    psh_wasserstein_params metric = PSH_PARAMS(psh_wasserstein_params);
    metric.order = p->order, metric.ground = p->ground;
    metric.pool = p->pool, metric.dims_mask = p->dims_mask;
    return metric;
}

/* --- Do the codes belong to the set? ------------------------------------------------------------------------------ */

/* A network's last bits may be other ones on another CPU, so a few bits in a hundred are let pass. */
static psh_status compare_codes(const psh_codes *codes, const psh_model *model, const psh_diagrams *some,
                                const size_t *rows, size_t n_rows, int n_threads, psh_error *err) {
    size_t n_bytes = psh_codes_n_bytes(codes);
    if (psh_model_n_bytes(model) != n_bytes)
        return psh__error(err, PSH_ERR_CORRUPT, "codes of %zu bytes hold a model that makes %zu", n_bytes,
                          psh_model_n_bytes(model));
    uint8_t *made = psh__calloc(n_rows, n_bytes);
    if (!made) return psh__error_memory(err, "codes", n_rows * n_bytes);
    psh_status status = psh_model_encode(model, some, n_threads, made, err);
    size_t n_different = 0, first = n_rows;
    for (size_t i = 0; status == PSH_OK && i < n_rows; i++)
        for (size_t b = 0; b < n_bytes; b++) {
            uint8_t other = made[i * n_bytes + b] ^ psh_codes_data(codes)[rows[i] * n_bytes + b];
            if (other && first == n_rows) first = i;
            n_different += (size_t)__builtin_popcount(other);
        }
    if (n_different * 50 > n_rows * (size_t)psh_codes_n_bits(codes))
        status = psh__error(err, PSH_ERR_MODEL_MISMATCH,
                            "diagram %zu has another code than code %zu of the codes' file, by its own model; give the "
                            "diagrams that these codes were made from, in the same order, read with the same essential "
                            "policy",
                            rows[first], rows[first]);
    psh__free(made);
    return status;
}

/* Some diagrams are encoded again by the codes' own model, if they hold one; its dimensions are those that count. */
static psh_status check_same(work *w, const psh_codes *codes, const psh_diagrams *set, psh_error *err) {
    size_t n_model_bytes, rows[N_CHECKED], n = psh_codes_count(codes), n_rows = n < N_CHECKED ? n : N_CHECKED;
    const uint8_t *bytes = psh_codes_model(codes, &n_model_bytes);
    psh_model *model = NULL;
    psh_diagrams *some = NULL;
    psh_status status;
    if (psh_diagrams_count(set) != n)
        return psh__error(err, PSH_ERR_SHAPE,
                          "%zu codes and %zu diagrams; expected the diagrams that the codes were made from", n,
                          psh_diagrams_count(set));
    if (n < 2) return psh__error(err, PSH_ERR_EMPTY, "%zu codes; at least 2 are needed to learn from their pairs", n);
    if (!bytes) return PSH_OK;
    PSH_TRY(psh_model_read_bytes(bytes, n_model_bytes, &model, err));
    w->params.pool = psh_model_pool(model), w->params.dims_mask = psh_model_dims_mask(model);
    PSH_TRY_GOTO(psh_rows_sample(n, n_rows, w->params.seed, rows, err));
    PSH_TRY_GOTO(psh_diagrams_select(set, rows, n_rows, 0, false, &some, err));
    status = compare_codes(codes, model, some, rows, n_rows, w->params.n_threads, err);
done:
    psh_diagrams_free(some);
    psh_model_free(model);
    return status;
}

/* --- Which pairs -------------------------------------------------------------------------------------------------- */

static psh_status draw_items(work *w, const psh_codes *codes, const psh_diagrams *set, psh_error *err) {
    size_t n = psh_codes_count(codes);
    w->n_items = n < MAX_ITEMS ? n : MAX_ITEMS, w->n_bytes = psh_codes_n_bytes(codes);
    w->rows = psh__malloc(w->n_items, sizeof *w->rows);
    w->codes = psh__malloc(w->n_items, w->n_bytes);
    if (!w->rows || !w->codes) return psh__error_memory(err, "a sample", w->n_items * (w->n_bytes + sizeof *w->rows));
    PSH_TRY(psh_rows_sample(n, w->n_items, w->params.seed, w->rows, err));
    for (size_t i = 0; i < w->n_items; i++)
        memcpy(w->codes + i * w->n_bytes, psh_codes_data(codes) + w->rows[i] * w->n_bytes, w->n_bytes);
    return psh_diagrams_select(set, w->rows, w->n_items, 0, false, &w->sample, err);
}

/* As many pairs as the predicted work allows, told from pairs at random; the same on every machine. */
static psh_status budget(const work *w, uint64_t n_all, uint64_t *n_wanted, psh_error *err) {
    psh_wasserstein_params metric = metric_of(&w->params);
    psh_wasserstein_plan *plan;
    psh__random rng;
    double cost = 0;
    *n_wanted = w->params.n_pairs;
    if (*n_wanted == 0 && n_all > MIN_PAIRS) {
        PSH_TRY(psh_wasserstein_plan_create(w->sample, NULL, &metric, &plan, err));
        psh__random_init(&rng, w->params.seed, UINT64_MAX - 20);
        for (int k = 0; k < N_TRIALS; k++) {
            size_t i = psh__random_below(&rng, w->n_items), j = psh__random_below(&rng, w->n_items - 1);
            cost += (double)psh_wasserstein_plan_cost(plan, i, j + (j >= i)) / N_TRIALS;
        }
        psh_wasserstein_plan_free(plan);
        double n = exact_work / cost;
        *n_wanted = n < MIN_PAIRS ? MIN_PAIRS : n < MAX_PAIRS ? (uint64_t)n : MAX_PAIRS;
    }
    if (*n_wanted == 0 || *n_wanted > n_all) *n_wanted = n_all;
    return PSH_OK;
}

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Every Hamming distance gets min(its pairs, level), with the highest level that n_wanted allows; what is left goes to
 * the nearest. */
static void share_out(work *w, size_t n_rows, uint64_t n_wanted) {
    uint64_t low = 0, high = n_wanted, sum = 0;
    while (low < high) {
        uint64_t level = high - (high - low) / 2, n = 0;
        for (size_t h = 0; h < n_rows; h++) n += smaller(w->populations[h], level);
        if (n <= n_wanted)
            low = level;
        else
            high = level - 1;
    }
    for (size_t h = 0; h < n_rows; h++) sum += w->quotas[h] = smaller(w->populations[h], low);
    for (size_t h = 0; h < n_rows && sum < n_wanted; h++)
        if (w->quotas[h] < w->populations[h]) w->quotas[h]++, sum++;
    w->n_pairs = (size_t)sum;
}

/* Quotas into pairs; `row` is scratch : (n_items). */
static void draw_pairs(work *w, const psh_hamming_plan *plan, size_t n_rows, uint16_t *row) {
    uint64_t left[PSH__CALIBRATION_ROWS], wanted[PSH__CALIBRATION_ROWS];
    size_t next[PSH__CALIBRATION_ROWS];
    psh__random rng;
    psh__random_init(&rng, w->params.seed, UINT64_MAX - 21);
    for (size_t h = 0, at = 0; h < n_rows; at += w->quotas[h++])
        left[h] = w->populations[h], wanted[h] = w->quotas[h], next[h] = at;
    for (size_t i = 0; i + 1 < w->n_items; i++) {
        size_t n = w->n_items - i - 1;
        psh_hamming_row_u16(plan, w->codes + i * w->n_bytes, i + 1, n, row);
        for (size_t c = 0; c < n; c++) {
            uint16_t h = row[c];
            if (wanted[h] > 0 && psh__random_below(&rng, left[h]) < wanted[h]) {
                w->pairs[2 * next[h]] = (uint32_t)i, w->pairs[2 * next[h] + 1] = (uint32_t)(i + 1 + c);
                w->hamming[next[h]++] = h;
                wanted[h]--;
            }
            left[h]--;
        }
    }
}

static psh_status choose_pairs(work *w, int n_bits, psh_error *err) {
    psh_hamming_plan *plan = NULL;
    psh_status status;
    uint64_t n_wanted;
    uint16_t *row = psh__malloc(w->n_items, sizeof *row);
    if (!row) return psh__error_memory(err, "a row of distances", w->n_items * sizeof *row);
    PSH_TRY_GOTO(psh_hamming_plan_create(w->codes, w->n_items, w->n_bytes, &plan, err));
    for (size_t i = 0; i + 1 < w->n_items; i++) {
        psh_hamming_row_u16(plan, w->codes + i * w->n_bytes, i + 1, w->n_items - i - 1, row);
        for (size_t c = 0; c < w->n_items - i - 1; c++) w->populations[row[c]]++;
    }
    PSH_TRY_GOTO(budget(w, (uint64_t)w->n_items * (w->n_items - 1) / 2, &n_wanted, err));
    share_out(w, (size_t)n_bits + 1, n_wanted);
    w->pairs = psh__malloc(w->n_pairs, 2 * sizeof *w->pairs);
    w->hamming = psh__malloc(w->n_pairs, sizeof *w->hamming);
    w->distances = psh__malloc(w->n_pairs, sizeof *w->distances);
    w->scratch = psh__malloc(w->n_pairs, 2 * sizeof *w->scratch);
    if (w->pairs && w->hamming && w->distances && w->scratch)
        draw_pairs(w, plan, (size_t)n_bits + 1, row);
    else
        status = psh__error_memory(err, "pairs", w->n_pairs * 34);
done:
    psh_hamming_plan_free(plan);
    psh__free(row);
    return status;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static psh_status measure(work *w, const psh_progress *progress, psh_error *err) {
    psh_wasserstein_params metric = metric_of(&w->params);
    PSH_TRY(psh_wasserstein_pairs(w->sample, w->pairs, w->n_pairs, &metric, w->params.n_threads, progress, w->distances,
                                  err));
    for (size_t k = 0; k < w->n_pairs; k++)
        if (!isfinite(w->distances[k]))
            return psh__error(err, PSH_ERR_NOT_FINITE,
                              "diagrams %zu and %zu are infinitely far apart: they have different numbers of infinite "
                              "bars; read the set with the essential policy drop or clamp",
                              w->rows[w->pairs[2 * k]], w->rows[w->pairs[2 * k + 1]]);
    return PSH_OK;
}

/* What was measured, in words. */
static psh_status describe(const psh_calibration_params *p, const psh_codes *codes, psh_meta *about, psh_error *err) {
    psh_status status = PSH_OK;
    PSH_TRY_GOTO(psh_meta_set_text(about, "model_id", psh_codes_model_id(codes)));
    PSH_TRY_GOTO(psh_meta_set_text(about, "frame_id", psh_codes_frame_id(codes)));
    PSH_TRY_GOTO(psh_meta_set_number(about, "order", p->order));
    PSH_TRY_GOTO(psh_meta_set_text(about, "ground", p->ground == PSH_GROUND_LINF ? "L-infinity" : "L2"));
    PSH_TRY_GOTO(psh_meta_set_bool(about, "pool", p->pool));
    PSH_TRY_GOTO(psh_meta_set_integer(about, "dims_mask", p->dims_mask));
    PSH_TRY_GOTO(psh_meta_set_integer(about, "seed", (int64_t)p->seed));
done:
    return status == PSH_OK ? PSH_OK : psh__error_memory(err, "metadata", 256);
}

static psh_status finish(const work *w, const psh_codes *codes, psh_calibration **dst, psh_error *err) {
    psh__measured measured = {w->n_pairs, psh_codes_n_bits(codes), w->hamming, w->distances};
    psh_calibration *made = psh__calloc(1, sizeof *made);
    if (!made) return psh__error_memory(err, "a calibration", sizeof *made);
    psh_status status;
    made->n_bits = measured.n_bits, made->coverage = w->params.coverage;
    psh__calibration_cross(&measured, w->populations, w->params.coverage, w->scratch, &made->report);
    psh__calibration_table(&measured, (1u << PSH__CALIBRATION_FOLDS) - 1, w->params.coverage, w->scratch, made->steps);
    PSH_TRY_GOTO(psh_meta_create(&made->about, err));
    PSH_TRY_GOTO(describe(&w->params, codes, made->about, err));
    *dst = made;
    made = NULL;
done:
    psh_calibration_free(made);
    return status;
}

psh_status psh_calibration_fit(const psh_codes *codes, const psh_diagrams *set, const psh_calibration_params *params,
                               const psh_progress *progress, psh_calibration **dst, psh_error *err) {
    assert(codes && set && dst);
    work w = {0};
    psh_status status;
    psh__params_copy(&w.params, sizeof w.params, params);
    PSH_TRY_GOTO(check_params(&w.params, err));
    PSH_TRY_GOTO(check_same(&w, codes, set, err));
    PSH_TRY_GOTO(draw_items(&w, codes, set, err));
    PSH_TRY_GOTO(choose_pairs(&w, psh_codes_n_bits(codes), err));
    PSH_TRY_GOTO(measure(&w, progress, err));
    status = finish(&w, codes, dst, err);
done:
    work_free(&w);
    return status;
}
