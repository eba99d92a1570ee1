/* similarity.c : distances as similarities to train on.
 *
 * Two-pass mean rejection (the paper's S-5) of row i, over its N - 1 distances to the others:
 *     m1 = mean of all finite d(i, j);                     pass 1 keeps the j with d(i, j) <= m1
 *     m2 = mean of the d(i, j) that pass 1 kept;           pass 2 keeps those with d(i, j) <= m2
 * What both keep is similar. The item itself is no part of the means and always similar; a distance equal to the mean
 * stays (only "greater than the mean" is rejected), so identical items remain similar to each other. The threshold is
 * the row's own, hence the matrix need not be symmetric: psh_symmetry says what becomes of pairs on which the two rows
 * disagree.
 *
 * S-1 to S-3 give k of the 4,000 training diagrams (1000, 600, 1400); here k is a share of N, so that sets of every
 * size mean the same. The item itself is not among its k nearest. */
#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "distance/distances.h"

#define DEFAULT_SHARE 0.25

typedef struct neighbour {
    double distance;
    size_t item;
} neighbour;

static int compare_neighbours(const void *left, const void *right) {
    const neighbour *a = left, *b = right;
    if (a->distance != b->distance) return a->distance < b->distance ? -1 : 1;
    return a->item < b->item ? -1 : a->item > b->item;
}

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static psh_status read_params(const psh_similarity_params *src, psh_similarity_params *dst, psh_error *err) {
    psh__params_copy(dst, sizeof *dst, src);
    if (dst->share == 0) dst->share = DEFAULT_SHARE;
    if (dst->kind < PSH_SIMILARITY_REAL || dst->kind > PSH_SIMILARITY_TWO_PASS || dst->symmetry < PSH_SYMMETRY_NONE ||
        dst->symmetry > PSH_SYMMETRY_BOTH)
        return psh__error(err, PSH_ERR_PARAMETER, "similarity: kind %d (0 to 3), symmetry %d (0 to 2)", (int)dst->kind,
                          (int)dst->symmetry);
    if (!(dst->share > 0 && dst->share <= 1))
        return psh__error(err, PSH_ERR_PARAMETER, "similarity: share %g; expected above 0, at most 1 (0: %g)",
                          dst->share, DEFAULT_SHARE);
    return PSH_OK;
}

/* The threshold of S-5 for one row; -1 if it has no finite distance. */
static double two_pass_threshold(const psh_distances *distances, size_t i) {
    size_t n = psh_distances_n_items(distances);
    double threshold = INFINITY;
    for (int pass = 0; pass < 2; pass++) {
        double sum = 0;
        size_t n_kept = 0;
        for (size_t j = 0; j < n; j++) {
            double d = j == i ? INFINITY : psh_distances_get(distances, i, j);
            if (d < INFINITY && d <= threshold) sum += d, n_kept++;
        }
        if (n_kept == 0) return -1;
        threshold = fmax(sum / (double)n_kept, 0);
    }
    return threshold;
}

/* row[j] = 1 for the k nearest. `room` : (n). */
static void nearest_row(const psh_distances *distances, size_t i, size_t k, neighbour *room, float *row) {
    size_t n = psh_distances_n_items(distances), n_others = 0;
    for (size_t j = 0; j < n; j++)
        if (j != i) room[n_others++] = (neighbour){psh_distances_get(distances, i, j), j};
    qsort(room, n_others, sizeof *room, compare_neighbours);
    for (size_t m = 0; m < n_others; m++) row[room[m].item] = m < k ? 1 : -1;
}

static void threshold_row(const psh_distances *distances, size_t i, double threshold, float *row) {
    size_t n = psh_distances_n_items(distances);
    for (size_t j = 0; j < n; j++) row[j] = psh_distances_get(distances, i, j) <= threshold ? 1 : -1;
}

/* The distance of the last pair of the least `share`. */
static psh_status global_threshold(const psh_distances *distances, double share, double *dst, psh_error *err) {
    size_t n_pairs = distances->n_pairs, k = (size_t)llround(share * (double)n_pairs);
    *dst = -1;
    if (k == 0) return PSH_OK;
    double *sorted = psh__malloc(n_pairs, sizeof *sorted);
    if (!sorted) return psh__error_memory(err, "all distances", n_pairs * sizeof *sorted);
    for (size_t p = 0; p < n_pairs; p++) sorted[p] = psh__distance_item(distances->data, distances->dtype, p);
    qsort(sorted, n_pairs, sizeof *sorted, compare_doubles);
    *dst = sorted[k - 1];
    psh__free(sorted);
    return PSH_OK;
}

static double greatest_finite(const psh_distances *distances) {
    double greatest = 0;
    for (size_t p = 0; p < distances->n_pairs; p++) {
        double d = psh__distance_item(distances->data, distances->dtype, p);
        if (d < INFINITY && d > greatest) greatest = d;
    }
    return greatest;
}

/* All distances zero: all similar. */
static void real_row(const psh_distances *distances, size_t i, double greatest, float *row) {
    size_t n = psh_distances_n_items(distances);
    for (size_t j = 0; j < n; j++) {
        double d = psh_distances_get(distances, i, j);
        row[j] = d == INFINITY ? 0 : (float)(greatest > 0 ? 1 - d / greatest : 1);
    }
}

/* -1 and 1: either is the greater, both the lesser of the two. */
static void symmetrise(float *matrix, size_t n, psh_symmetry symmetry) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            float *a = &matrix[i * n + j], *b = &matrix[j * n + i];
            bool is_similar = symmetry == PSH_SYMMETRY_EITHER ? *a > 0 || *b > 0 : *a > 0 && *b > 0;
            *a = *b = is_similar ? 1 : -1;
        }
}

psh_status psh_similarity_compute(const psh_distances *distances, const psh_similarity_params *params, int n_threads,
                                  float *dst, psh_error *err) {
    psh_similarity_params p;
    size_t n = psh_distances_n_items(distances);
    int n_workers = psh_cpu_threads(n_threads);
    double value = 0; /* of all rows: the scale, or the threshold */
    neighbour *room = NULL;
    assert(dst || n == 0);
    PSH_TRY(read_params(params, &p, err));
    if (p.kind == PSH_SIMILARITY_REAL) value = greatest_finite(distances);
    if (p.kind == PSH_SIMILARITY_GLOBAL) PSH_TRY(global_threshold(distances, p.share, &value, err));
    if (p.kind == PSH_SIMILARITY_NEAREST) {
        room = psh__malloc((size_t)n_workers * n, sizeof *room);
        if (!room) return psh__error_memory(err, "neighbours", (size_t)n_workers * n * sizeof *room);
    }
    size_t k = (size_t)llround(p.share * (double)n);
#pragma omp parallel for schedule(dynamic, 16) num_threads(n_workers)
    for (size_t i = 0; i < n; i++) {
        float *row = dst + i * n;
        switch (p.kind) {
        case PSH_SIMILARITY_REAL:
            real_row(distances, i, value, row);
            break;
        case PSH_SIMILARITY_NEAREST:
            nearest_row(distances, i, k, room + (size_t)omp_get_thread_num() * n, row);
            break;
        case PSH_SIMILARITY_GLOBAL:
            threshold_row(distances, i, value, row);
            break;
        case PSH_SIMILARITY_TWO_PASS:
            threshold_row(distances, i, two_pass_threshold(distances, i), row);
            break;
        }
        row[i] = 1;
    }
    if (p.symmetry != PSH_SYMMETRY_NONE && (p.kind == PSH_SIMILARITY_NEAREST || p.kind == PSH_SIMILARITY_TWO_PASS))
        symmetrise(dst, n, p.symmetry);
    psh__free(room);
    return PSH_OK;
}
