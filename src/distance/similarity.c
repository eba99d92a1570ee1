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
 * RANK is ours: real values whose mean is 0. The paper's real ones lie near 1 (distances of uniform diagrams are much
 * alike), and codes that are all equal fit them well: networks trained on them collapse (docs/math/pdgan.md).
 *
 * S-1 to S-3 give k of the 4,000 training diagrams (1000, 600, 1400); here k is a share of N, so that sets of every
 * size mean the same. The item itself is not among its k nearest. */
#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "distance/distances.h"

#define DEFAULT_SHARE 0.25

/* All distances of item i; its own is infinite. */
static void gather_row(const psh_distances *distances, size_t i, double *row) {
    size_t n = psh_distances_n_items(distances);
    for (size_t j = 0; j < n; j++) row[j] = j == i ? INFINITY : psh_distances_get(distances, i, j);
}

/* The least but k of n values (k < n), which are reordered: Hoare's FIND with the median of three as pivot. */
static double select_least(double *values, size_t n, size_t k) {
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, wanted = (ptrdiff_t)k;
    while (low < high) {
        double a = values[low], b = values[low + (high - low) / 2], c = values[high];
        double pivot = fmax(fmin(a, b), fmin(fmax(a, b), c));
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i > j) break;
            double other = values[i];
            values[i++] = values[j], values[j--] = other;
        }
        if (wanted <= j)
            high = j;
        else if (wanted >= i)
            low = i;
        else
            break;
    }
    return values[k];
}

static psh_status read_params(const psh_similarity_params *src, psh_similarity_params *dst, psh_error *err) {
    psh__params_copy(dst, sizeof *dst, src);
    if (dst->share == 0) dst->share = DEFAULT_SHARE;
    if (dst->kind < PSH_SIMILARITY_REAL || dst->kind > PSH_SIMILARITY_RANK || dst->symmetry < PSH_SYMMETRY_NONE ||
        dst->symmetry > PSH_SYMMETRY_BOTH)
        return psh__error(err, PSH_ERR_PARAMETER, "similarity: kind %d (0 to 4), symmetry %d (0 to 2)", (int)dst->kind,
                          (int)dst->symmetry);
    if (!(dst->share > 0 && dst->share <= 1))
        return psh__error(err, PSH_ERR_PARAMETER, "similarity: share %g; expected above 0, at most 1 (0: %g)",
                          dst->share, DEFAULT_SHARE);
    return PSH_OK;
}

/* One row: distances : (n), as gather_row() has them; row : (n). */

/* All distances zero: all similar. */
static void real_row(const double *distances, size_t n, double greatest, float *row) {
    for (size_t j = 0; j < n; j++)
        row[j] = distances[j] == INFINITY ? 0 : (float)(greatest > 0 ? 1 - distances[j] / greatest : 1);
}

static void threshold_row(const double *distances, size_t n, double threshold, float *row) {
    for (size_t j = 0; j < n; j++) row[j] = distances[j] <= threshold ? 1 : -1;
}

/* The threshold of S-5; -1 if there is no finite distance. */
static double two_pass_threshold(const double *distances, size_t n) {
    double threshold = INFINITY;
    for (int pass = 0; pass < 2; pass++) {
        double sum = 0;
        size_t n_kept = 0;
        for (size_t j = 0; j < n; j++)
            if (distances[j] < INFINITY && distances[j] <= threshold) sum += distances[j], n_kept++;
        if (n_kept == 0) return -1;
        threshold = fmax(sum / (double)n_kept, 0);
    }
    return threshold;
}

/* 1 for the k nearest. room : (n). */
static void nearest_row(const double *distances, size_t n, size_t i, size_t k, double *room, float *row) {
    if (k >= n) k = n - 1;
    for (size_t j = 0; j < n; j++) room[j] = distances[j], row[j] = -1;
    if (k == 0) return;
    double farthest = select_least(room, n, k - 1);
    size_t n_left = k;
    for (size_t j = 0; j < n; j++)
        if (distances[j] < farthest) row[j] = 1, n_left--;
    for (size_t j = 0; j < n && n_left; j++)
        if (j != i && distances[j] == farthest) row[j] = 1, n_left--;
}

/* values : (n_pairs), the distances of all pairs; to be freed. */
static psh_status copy_distances(const psh_distances *distances, double **values, psh_error *err) {
    size_t n_pairs = distances->n_pairs;
    *values = psh__malloc(n_pairs, sizeof **values);
    if (!*values) return psh__error_memory(err, "all distances", n_pairs * sizeof **values);
    for (size_t p = 0; p < n_pairs; p++) (*values)[p] = psh__distance_item(distances->data, distances->dtype, p);
    return PSH_OK;
}

/* The distance of the last pair of the least `share`. */
static psh_status global_threshold(const psh_distances *distances, double share, double *dst, psh_error *err) {
    size_t k = (size_t)llround(share * (double)distances->n_pairs);
    double *values;
    *dst = -1;
    if (k == 0) return PSH_OK;
    PSH_TRY(copy_distances(distances, &values, err));
    *dst = select_least(values, distances->n_pairs, k - 1);
    psh__free(values);
    return PSH_OK;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static psh_status sorted_distances(const psh_distances *distances, double **sorted, psh_error *err) {
    PSH_TRY(copy_distances(distances, sorted, err));
    qsort(*sorted, distances->n_pairs, sizeof **sorted, compare);
    return PSH_OK;
}

/* How many of n rising values are below `bound`, or, with_equal, not above it. */
static size_t count_below(const double *sorted, size_t n, double bound, bool with_equal) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < bound || (with_equal && sorted[middle] == bound))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void rank_row(const double *distances, size_t n, const double *sorted, size_t n_pairs, float *row) {
    for (size_t j = 0; j < n; j++) {
        size_t twice =
            count_below(sorted, n_pairs, distances[j], false) + count_below(sorted, n_pairs, distances[j], true);
        row[j] = distances[j] == INFINITY ? -1 : (float)(1 - (double)twice / (double)n_pairs);
    }
}

static double greatest_finite(const psh_distances *distances) {
    double greatest = 0;
    for (size_t p = 0; p < distances->n_pairs; p++) {
        double d = psh__distance_item(distances->data, distances->dtype, p);
        if (d < INFINITY && d > greatest) greatest = d;
    }
    return greatest;
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
    double value = 0, *sorted = NULL; /* of all rows: the scale or threshold; all distances, rising */
    assert(dst || n == 0);
    PSH_TRY(read_params(params, &p, err));
    double *rooms = psh__malloc((size_t)n_workers * 2, n * sizeof *rooms);
    if (!rooms) return psh__error_memory(err, "rows of distances", (size_t)n_workers * 2 * n * sizeof *rooms);
    psh_status status = PSH_OK;
    if (p.kind == PSH_SIMILARITY_REAL) value = greatest_finite(distances);
    if (p.kind == PSH_SIMILARITY_GLOBAL) PSH_TRY_GOTO(global_threshold(distances, p.share, &value, err));
    if (p.kind == PSH_SIMILARITY_RANK && n > 1) PSH_TRY_GOTO(sorted_distances(distances, &sorted, err));
    size_t k = (size_t)llround(p.share * (double)n);
#pragma omp parallel for schedule(dynamic, 16) num_threads(n_workers)
    for (size_t i = 0; i < n; i++) {
        double *from = rooms + (size_t)omp_get_thread_num() * 2 * n, *room = from + n;
        float *row = dst + i * n;
        gather_row(distances, i, from);
        switch (p.kind) {
        case PSH_SIMILARITY_REAL:
            real_row(from, n, value, row);
            break;
        case PSH_SIMILARITY_NEAREST:
            nearest_row(from, n, i, k, room, row);
            break;
        case PSH_SIMILARITY_GLOBAL:
            threshold_row(from, n, value, row);
            break;
        case PSH_SIMILARITY_TWO_PASS:
            threshold_row(from, n, two_pass_threshold(from, n), row);
            break;
        case PSH_SIMILARITY_RANK:
            rank_row(from, n, sorted, distances->n_pairs, row);
            break;
        }
        row[i] = 1;
    }
    if (p.symmetry != PSH_SYMMETRY_NONE && (p.kind == PSH_SIMILARITY_NEAREST || p.kind == PSH_SIMILARITY_TWO_PASS))
        symmetrise(dst, n, p.symmetry);
done:
    psh__free(sorted);
    psh__free(rooms);
    return status;
}
