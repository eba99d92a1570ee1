/* target.c : distances of all pairs of a sample, and their transformation into what the pursuit correlates with. */
#include "encoder/target.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/rank.h"

enum {
    FEATURES_PER_GROUP = 16, /* four bands of positions per direction */
    TARGET_MAX = 60000       /* of a uint16_t */
};

/* The third term of mix() spreads the nearest few per cent of pairs. Over five sets of up to 400 diagrams, 64 bits, it
 * raises Spearman within the nearest 5 % of pairs from 0.43 to 0.59 and costs 0.0001 over all pairs. A weight of 1
 * gives 0.63, but costs 0.0006, and 0.004 on diagrams not fitted on. */
static const double near_share = 0.03, near_weight = 0.3;

/* Clusters of linkage are decided by far outliers, whose distances ranks flatten and codes cut off. The term
 * far_weight * max(0, z)^2, z = (distance - mean) / sd, raises them; beyond z = 4 it is linear. What it costs is
 * neighbours: docs/math/compact.md, Choosing bits. Learning pays for it at once; only short codes, which leave picking
 * little room, need it there. */
static const double far_weight_of_picking = 0.1, far_bend = 4;

double psh__target_far_picking(void) {
    return far_weight_of_picking;
}

double psh__target_far_learning(size_t n_bits) {
    return n_bits > 64 ? far_weight_of_picking * 64 / (double)n_bits : far_weight_of_picking;
}

/* 16 partial sums in a fixed order, so that the compiler may use any vector width and the result stays the same. */
double psh__distance_l1(const float *a, const float *b, size_t n_features) {
    enum { N_SUMS = 16 };
    float sums[N_SUMS] = {0}, sum = 0;
    size_t i = 0;
    for (; i + N_SUMS <= n_features; i += N_SUMS)
        for (size_t l = 0; l < N_SUMS; l++) sums[l] += fabsf(a[i + l] - b[i + l]);
    for (; i < n_features; i++) sums[0] += fabsf(a[i] - b[i]);
    for (size_t l = 0; l < N_SUMS; l++) sum += sums[l];
    return sum;
}

psh_status psh__features_compute(const psh_diagrams *sample, bool pool_dims, int n_threads, psh__features *dst,
                                 psh_error *err) {
    psh_sliced_params params = PSH_PARAMS(psh_sliced_params);
    params.pool = pool_dims;
    memset(dst, 0, sizeof *dst);
    dst->n_items = psh_diagrams_count(sample);
    dst->n_features = psh_sliced_n_features(sample, &params);
    dst->n_groups = dst->n_features / FEATURES_PER_GROUP;
    dst->rows = psh__malloc(dst->n_items, dst->n_features * sizeof *dst->rows);
    if (!dst->rows)
        return psh__error_memory(err, "sliced features", dst->n_items * dst->n_features * sizeof *dst->rows);
    psh_frame unit = {PSH_FRAME_FIXED, 0, 1};
    return psh_sliced_compute(sample, &unit, &params, n_threads, dst->rows, err);
}

void psh__features_free(psh__features *features) {
    psh__free(features->rows);
    memset(features, 0, sizeof *features);
}

void psh__exact_free(psh__exact *exact) {
    psh__free(exact->pairs);
    psh__free(exact->distances);
    memset(exact, 0, sizeof *exact);
}

static size_t condensed_index(size_t n_items, size_t i, size_t j) {
    return i * n_items - i * (i + 1) / 2 + j - i - 1;
}

/* A weighted copy of the rows, so that plain L1 distances are weighted ones. */
static void weight_rows(const psh__features *features, size_t n_items, const double *weights, float *dst) {
    size_t per_group = features->n_features / features->n_groups;
    for (size_t i = 0; i < n_items; i++)
        for (size_t f = 0; f < features->n_features; f++) {
            size_t at = i * features->n_features + f;
            dst[at] = (float)(features->rows[at] * weights[f / per_group]);
        }
}

/* All pairs by sliced Wasserstein with these weights and effects. */
static psh_status weighted_distances(const psh__features *features, size_t n_items, const double *weights,
                                     const double *effects, int n_threads, double *distances, psh_error *err) {
    size_t n_features = features->n_features;
    float *rows = psh__malloc(n_items, n_features * sizeof *rows);
    if (!rows) return psh__error_memory(err, "target distances", n_items * n_features * sizeof *rows);
    weight_rows(features, n_items, weights, rows);
#pragma omp parallel for schedule(dynamic, 8) num_threads(psh_cpu_threads(n_threads))
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++) {
            double distance =
                effects[i] + effects[j] + psh__distance_l1(rows + i * n_features, rows + j * n_features, n_features);
            distances[condensed_index(n_items, i, j)] = distance > 0 ? distance : 0;
        }
    psh__free(rows);
    return PSH_OK;
}

enum { CORRECTED = 128 /* pairs at a time */ };

/* The corrections of the pairs (i, j), j > i, added to their distances. distances : of pair (i, i + 1) onwards.
 * desk : (CORRECTED, n_groups + units + 1). */
static void correct_row(const psh__features *features, size_t n_items, const psh__correction *correction, size_t i,
                        float *desk, double *distances) {
    size_t n_groups = features->n_groups, n_features = features->n_features, per_group = n_features / n_groups;
    float *groups = desk, *hidden = groups + CORRECTED * n_groups, *found = hidden + CORRECTED * PSH__CORRECTION_UNITS;
    const float *row = features->rows + i * n_features;
    for (size_t first = i + 1; first < n_items; first += CORRECTED) {
        size_t n = n_items - first < CORRECTED ? n_items - first : CORRECTED;
        for (size_t j = 0; j < n; j++)
            for (size_t g = 0; g < n_groups; g++)
                groups[j * n_groups + g] = (float)psh__distance_l1(
                    row + g * per_group, features->rows + (first + j) * n_features + g * per_group, per_group);
        psh__correction_apply(correction, groups, n, hidden, found);
        for (size_t j = 0; j < n; j++) {
            double *distance = &distances[first + j - i - 1];
            *distance = fmax(0, *distance + found[j]);
        }
    }
}

static psh_status correct_distances(const psh__features *features, size_t n_items, const psh__correction *correction,
                                    int n_threads, double *distances, psh_error *err) {
    int n_workers = psh_cpu_threads(n_threads);
    size_t desk_floats = CORRECTED * (features->n_groups + PSH__CORRECTION_UNITS + 1);
    float *desks = psh__malloc((size_t)n_workers * desk_floats, sizeof *desks);
    if (!desks) return psh__error_memory(err, "target distances", (size_t)n_workers * desk_floats * sizeof *desks);
#pragma omp parallel for schedule(dynamic, 4) num_threads(n_workers)
    for (size_t i = 0; i < n_items - 1; i++)
        correct_row(features, n_items, correction, i, desks + (size_t)omp_get_thread_num() * desk_floats,
                    distances + condensed_index(n_items, i, i + 1));
    psh__free(desks);
    return PSH_OK;
}

psh_status psh__target_distances(const psh__features *features, size_t n_items, const psh__exact *exact, int n_threads,
                                 double *distances, psh_error *err) {
    double *weights = psh__malloc(features->n_groups, sizeof *weights),
           *effects = psh__malloc(n_items, sizeof *effects);
    size_t n_known = 0;
    psh__correction correction = {0};
    psh_status status = PSH_OK;
    if (!weights || !effects) {
        status = psh__error_memory(err, "target distances", n_items * sizeof *effects);
        goto done;
    }
    for (size_t k = 0; k < exact->n_pairs; k++) n_known += exact->pairs[2 * k + 1] < n_items;
    if (n_known < n_items * (n_items - 1) / 2) {
        PSH_TRY_GOTO(psh__calibrate(features, n_items, exact, n_threads, weights, effects, &correction, err));
        PSH_TRY_GOTO(weighted_distances(features, n_items, weights, effects, n_threads, distances, err));
        if (correction.weights)
            PSH_TRY_GOTO(correct_distances(features, n_items, &correction, n_threads, distances, err));
    }
    for (size_t k = 0; k < exact->n_pairs; k++)
        if (exact->pairs[2 * k + 1] < n_items)
            distances[condensed_index(n_items, exact->pairs[2 * k], exact->pairs[2 * k + 1])] = exact->distances[k];
done:
    psh__free(weights);
    psh__free(effects);
    psh__correction_free(&correction);
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
static void mix(const double *distances, size_t n_pairs, double far_weight, double *mixed) {
    double sd_rank = deviation(mixed, n_pairs), sd_value = deviation(distances, n_pairs), largest = 0, mean = 0;
    for (size_t i = 0; i < n_pairs; i++) mean += distances[i];
    mean /= (double)n_pairs;
    bool flat = !(sd_rank > 0 && sd_value > 0);
    for (size_t i = 0; i < n_pairs; i++) {
        double quantile = mixed[i] / (double)n_pairs, beyond_near = quantile / (quantile + near_share);
        mixed[i] = flat ? 1
                        : mixed[i] / sd_rank + distances[i] / sd_value + near_weight * beyond_near +
                              far_weight * far_term(distances[i], mean, sd_value);
        if (mixed[i] > largest) largest = mixed[i];
    }
    for (size_t i = 0; i < n_pairs; i++) mixed[i] /= largest;
}

psh_status psh__target_create(const double *distances, size_t n_items, double far_weight, psh__target *dst,
                              psh_error *err) {
    size_t n_pairs = n_items * (n_items - 1) / 2;
    memset(dst, 0, sizeof *dst);
    dst->n_items = n_items;
    dst->stride = (n_items + PSH__LANES - 1) / PSH__LANES * PSH__LANES;
    dst->values = psh__calloc(n_items, dst->stride * sizeof *dst->values);
    dst->row_sums = psh__calloc(n_items, sizeof *dst->row_sums);
    double *mixed = psh__malloc(n_pairs, sizeof *mixed);
    uint64_t *work = psh__malloc(n_pairs, 2 * sizeof *work);
    psh_status status = PSH_OK;
    if (!dst->values || !dst->row_sums || !mixed || !work) {
        psh__target_free(dst);
        status = psh__error_memory(err, "target distances", n_pairs * 2 * sizeof *work);
        goto done;
    }
    psh__rank(distances, n_pairs, work, mixed);
    mix(distances, n_pairs, far_weight, mixed);
    for (size_t i = 0, k = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++, k++) {
            uint16_t value = (uint16_t)(mixed[k] * TARGET_MAX + 0.5);
            dst->values[i * dst->stride + j] = dst->values[j * dst->stride + i] = value;
            dst->row_sums[i] += value, dst->row_sums[j] += value;
            dst->sum += value, dst->sum_squares += (double)value * value;
        }
done:
    psh__free(mixed);
    psh__free(work);
    return status;
}

void psh__target_free(psh__target *target) {
    psh__free(target->values);
    psh__free(target->row_sums);
    memset(target, 0, sizeof *target);
}
