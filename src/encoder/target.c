/* target.c : distances of all pairs of a sample, and their transformation into what the pursuit correlates with. */
#include "encoder/target.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/rank.h"

enum { TARGET_MAX = 60000 /* of a uint16_t */ };

/* `order`: a fit learns ranks at twice the weight of sizes: Spearman of Fashion-MNIST's 256 bits is 0.985 instead of
 * 0.9825. Far outliers pay for it, unless `far` grows, too.
 *
 * `near`: the third term of mix() spreads the nearest few per cent of pairs. A sketch gains by a weight of 0.3,
 * Spearman within the nearest 5 % of pairs rises from 0.43 to 0.59 (five sets of up to 400 diagrams, 64 bits), and
 * loses on diagrams not fitted on by 1; learned functions lose nothing by 2.
 *
 * `far`: clusters of linkage are decided by far outliers, whose distances ranks flatten and codes cut off. The term
 * far max(0, z)^2, z = (distance - mean) / sd, raises them; beyond z = 4 it is linear. What it costs is neighbours.
 * Learning pays for it at once; only short codes, which leave picking little room, need it there. The exchange that
 * ends a fit may spend more. Long codes find outliers by isolated.c instead. (docs/math/compact.md, What counts in the
 * target, and Choosing bits.) */
static const double near_share = 0.03, far_bend = 4;

psh__emphasis psh__emphasis_plain(void) {
    return (psh__emphasis){.order = 1, .near = 0.3, .far = 0};
}

psh__emphasis psh__emphasis_of_picking(void) {
    return (psh__emphasis){.order = 1, .near = 2, .far = 0.1};
}

double psh__share_of_short(size_t n_bits) {
    const size_t short_code = 64;
    return (double)short_code / (double)(n_bits > short_code ? n_bits : short_code);
}

psh__emphasis psh__emphasis_of_learning(size_t n_bits) {
    double share = psh__share_of_short(n_bits);
    return (psh__emphasis){.order = 2, .near = 2, .far = 0.1 * share * sqrt(share)};
}

psh__emphasis psh__emphasis_of_exchange(size_t n_bits) {
    return (psh__emphasis){.order = 2, .near = 2, .far = 0.2 * sqrt(psh__share_of_short(n_bits))};
}

void psh__exact_free(psh__exact *exact) {
    psh__free(exact->pairs);
    psh__free(exact->distances);
    memset(exact, 0, sizeof *exact);
}

/* Columns of a row of n_items, in whole lanes. */
static size_t padded(size_t n_items) {
    return (n_items + PSH__LANES - 1) / PSH__LANES * PSH__LANES;
}

/* What one thread needs for COLUMNS pairs at a time of ROWS items. */
enum { COLUMNS = 128, ROWS = 16 };

typedef struct desk {
    float *patterns, *scratch, *estimates, *corrections; // (COLUMNS, n_inputs), -, (COLUMNS), (COLUMNS)
    float *kriged;                                       // (ROWS, the kriging's stride)
} desk;

static void desk_free(desk *d) {
    psh__free(d->patterns);
    psh__free(d->scratch);
    psh__free(d->estimates);
    psh__free(d->kriged);
}

static bool desk_create(size_t n_inputs, size_t n_items, desk *d) {
    d->patterns = psh__malloc(COLUMNS, n_inputs * sizeof *d->patterns);
    d->scratch = psh__malloc(psh__features_desk(COLUMNS) + psh__correction_desk(COLUMNS), sizeof *d->scratch);
    d->estimates = psh__calloc(COLUMNS, 2 * sizeof *d->estimates);
    d->kriged = psh__calloc(ROWS, padded(n_items) * sizeof *d->kriged);
    if (!d->patterns || !d->scratch || !d->estimates || !d->kriged) return false;
    d->corrections = d->estimates + COLUMNS;
    return true;
}

/* Pairs (i, j), j > i. kriged : (n_items) residues of i. distances : of pair (i, i + 1) onwards. */
static void fill_row(const psh__features *features, size_t n_items, const psh__estimate *estimate,
                     const psh__calibration *calibration, size_t i, const float *kriged, desk *d, double *distances) {
    size_t n_inputs = psh__features_n_inputs(features);
    for (size_t first = i + 1; first < n_items; first += COLUMNS) {
        size_t n = n_items - first < COLUMNS ? n_items - first : COLUMNS;
        for (size_t j = 0; j < n; j++) psh__features_patterns(features, i, first + j, d->patterns + j * n_inputs);
        psh__features_distances(features, estimate, d->patterns, n, d->scratch, d->estimates);
        if (calibration->correction.inputs)
            psh__correction_apply(&calibration->correction, d->patterns, n, d->scratch, d->corrections);
        for (size_t j = 0; j < n; j++) {
            double distance =
                calibration->scale * (double)d->estimates[j] + (double)d->corrections[j] + (double)kriged[first + j];
            distances[first + j - i - 1] = distance > 0 ? distance : 0;
        }
    }
}

/* Rows [first, first + ROWS) of the pairs of all items. */
static void fill_rows(const psh__features *features, size_t n_items, const psh__estimate *estimate,
                      const psh__calibration *calibration, size_t first, desk *d, double *distances) {
    const psh__kriging *kriging = &calibration->kriging;
    size_t n = n_items - first < ROWS ? n_items - first : ROWS;
    if (kriging->kernel) psh__kriging_rows(kriging, first, n, first, d->kriged);
    for (size_t i = first; i < first + n && i + 1 < n_items; i++)
        fill_row(features, n_items, estimate, calibration, i, d->kriged + (i - first) * kriging->stride, d,
                 distances + psh__condensed_index(n_items, i, i + 1));
}

/* All pairs of the first n_items. */
static psh_status fill_all(const psh__features *features, size_t n_items, const psh__estimate *estimate,
                           const psh__calibration *calibration, int n_threads, double *distances, psh_error *err) {
    int n_workers = psh_cpu_threads(n_threads);
    size_t n_inputs = psh__features_n_inputs(features);
    bool good = true;
    desk *desks = psh__calloc((size_t)n_workers, sizeof *desks);
    for (int i = 0; desks && i < n_workers; i++) good &= desk_create(n_inputs, n_items, &desks[i]);
    good &= desks != NULL;
    if (good) {
#pragma omp parallel for schedule(dynamic) num_threads(n_workers)
        for (size_t first = 0; first < n_items; first += ROWS)
            fill_rows(features, n_items, estimate, calibration, first, &desks[omp_get_thread_num()], distances);
    }
    for (int i = 0; desks && i < n_workers; i++) desk_free(&desks[i]);
    psh__free(desks);
    if (good) return PSH_OK;
    return psh__error_memory(err, "target distances", (size_t)n_workers * COLUMNS * n_inputs * sizeof(float));
}

psh_status psh__target_distances(const psh__features *features, size_t n_items, const psh__exact *exact,
                                 const psh__estimate *estimate, int n_threads, double *distances, psh_error *err) {
    size_t n_known = 0;
    psh__calibration calibration = {0};
    psh_status status = PSH_OK;
    for (size_t k = 0; k < exact->n_pairs; k++) n_known += exact->pairs[2 * k + 1] < n_items;
    if (n_known < n_items * (n_items - 1) / 2) {
        PSH_TRY_GOTO(psh__calibrate(features, n_items, exact, estimate, n_threads, &calibration, err));
        PSH_TRY_GOTO(fill_all(features, n_items, estimate, &calibration, n_threads, distances, err));
    }
    for (size_t k = 0; k < exact->n_pairs; k++)
        if (exact->pairs[2 * k + 1] < n_items)
            distances[psh__condensed_index(n_items, exact->pairs[2 * k], exact->pairs[2 * k + 1])] =
                exact->distances[k];
done:
    psh__calibration_free(&calibration);
    return status;
}

static double deviation(const double *values, size_t n_values) {
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n_values; i++) mean += values[i];
    mean /= (double)n_values;
    for (size_t i = 0; i < n_values; i++) squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)n_values);
}

static double far_term(double distance, double mean, double sd) {
    double z = (distance - mean) / sd;
    if (z <= 0) return 0;
    return z < far_bend ? z * z : far_bend * (2 * z - far_bend);
}

/* mixed : (n_pairs) in: ranks; out: the transformed distances, the largest being 1. */
static void mix(const double *distances, size_t n_pairs, psh__emphasis emphasis, double *mixed) {
    double sd_rank = deviation(mixed, n_pairs), sd_value = deviation(distances, n_pairs), largest = 0, mean = 0;
    for (size_t i = 0; i < n_pairs; i++) mean += distances[i];
    mean /= (double)n_pairs;
    bool flat = !(sd_rank > 0 && sd_value > 0);
    for (size_t i = 0; i < n_pairs; i++) {
        double quantile = mixed[i] / (double)n_pairs, beyond_near = quantile / (quantile + near_share);
        mixed[i] = flat ? 1
                        : emphasis.order * mixed[i] / sd_rank + distances[i] / sd_value + emphasis.near * beyond_near +
                              emphasis.far * far_term(distances[i], mean, sd_value);
        if (mixed[i] > largest) largest = mixed[i];
    }
    for (size_t i = 0; i < n_pairs; i++) mixed[i] /= largest;
}

/* A target without its values. */
static psh_status reserve(size_t n_items, psh__target *dst, psh_error *err) {
    *dst = (psh__target){.n_items = n_items, .stride = padded(n_items)};
    dst->values = psh__calloc(n_items, dst->stride * sizeof *dst->values);
    dst->row_sums = psh__calloc(n_items, sizeof *dst->row_sums);
    if (dst->values && dst->row_sums) return PSH_OK;
    psh__target_free(dst);
    return psh__error_memory(err, "target distances", n_items * n_items * sizeof *dst->values);
}

/* Of pair (i, j), i < j. */
static void put(psh__target *dst, size_t i, size_t j, uint16_t value) {
    dst->values[i * dst->stride + j] = dst->values[j * dst->stride + i] = value;
    dst->row_sums[i] += value, dst->row_sums[j] += value;
    dst->sum += value, dst->sum_squares += (double)value * value;
}

psh_status psh__target_create(const double *distances, size_t n_items, psh__emphasis emphasis, psh__target *dst,
                              psh_error *err) {
    size_t n_pairs = n_items * (n_items - 1) / 2;
    PSH_TRY(reserve(n_items, dst, err));
    double *mixed = psh__malloc(n_pairs, sizeof *mixed);
    uint64_t *work = psh__malloc(n_pairs, 2 * sizeof *work);
    psh_status status = PSH_OK;
    if (!mixed || !work) {
        psh__target_free(dst);
        status = psh__error_memory(err, "target distances", n_pairs * 2 * sizeof *work);
        goto done;
    }
    psh__rank(distances, n_pairs, work, mixed);
    mix(distances, n_pairs, emphasis, mixed);
    for (size_t i = 0, k = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++, k++) put(dst, i, j, (uint16_t)(mixed[k] * TARGET_MAX + 0.5));
done:
    psh__free(mixed);
    psh__free(work);
    return status;
}

psh_status psh__target_repeat(const psh__target *src, const uint32_t *origins, size_t n_items, psh__target *dst,
                              psh_error *err) {
    PSH_TRY(reserve(n_items, dst, err));
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++) put(dst, i, j, src->values[origins[i] * src->stride + origins[j]]);
    return PSH_OK;
}

void psh__target_free(psh__target *target) {
    psh__free(target->values);
    psh__free(target->row_sums);
    memset(target, 0, sizeof *target);
}
