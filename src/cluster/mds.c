/* mds.c : maps in which distances on the page follow the distances of the items.
 *
 * Classical MDS (Torgerson 1952): with D the squared distances and J = I - 1/n, B = -1/2 J D J holds the inner products
 * of centred points; its leading eigenpairs (l_a, v_a) give the coordinates x_a = v_a sqrt(l_a). Axes without a
 * positive eigenvalue are zero.
 *
 * Landmark MDS (de Silva, Tenenbaum 2004), for many items: classical MDS of n landmarks; then every item is placed by
 * its squared distances d to them: x_a = -1/2 <v_a, d - m> / sqrt(l_a), m the mean column of D. For a landmark this is
 * its classical place, so the one formula serves all items. The first landmark is drawn at random, each further one is
 * as far as can be from those before it (the least such item); items equal to a landmark are never chosen. Memory O(n^2
 * + N); the n N distances are computed twice rather than kept.
 *
 * All but the eigenproblem (eigen.c) takes milliseconds and is serial, in a fixed order. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "cluster/eigen.h"
#include "cluster/rows.h"
#include "persihash/cluster.h"

#define DEFAULT_LANDMARKS 2000

/* --- Where distances come from ------------------------------------------------------------------------------------ */

typedef struct source {
    const psh_distances *distances; /* or NULL, then: */
    const psh_hamming_plan *plan;
    const uint8_t *codes; // (n_items, n_bytes)
    size_t n_items, n_bytes;
    uint16_t *row_u16; // (n_items) of scratch
} source;

/* Squared distances of item i to all items. dst : (n_items). */
static psh_status squared_row(const source *src, size_t i, double *dst, psh_error *err) {
    if (src->distances) {
        psh__full_row(src->distances, i, dst);
        PSH_TRY(psh__check_row(dst, src->n_items, i, 0, false, err));
    } else {
        psh_hamming_row_u16(src->plan, src->codes + i * src->n_bytes, 0, src->n_items, src->row_u16);
        for (size_t j = 0; j < src->n_items; j++) dst[j] = src->row_u16[j];
    }
    for (size_t j = 0; j < src->n_items; j++) dst[j] *= dst[j];
    return PSH_OK;
}

/* --- Landmarks ---------------------------------------------------------------------------------------------------- */

typedef struct landmarks {
    size_t n;
    uint32_t *items; // (n)
    double *squared; // (n, n) at first squared distances, then B, then scratch of LAPACK
    double *mean;    // (n) of each row of squared
    double *values;  // (n) eigenvalues of B, falling
    double *vectors; // (n_axes, n)
    double *row;     // (n_items)
    double *nearest; // (n_items) squared distance to the nearest landmark
} landmarks;

static void landmarks_free(landmarks *l) {
    psh__free(l->items);
    psh__free(l->squared);
    psh__free(l->mean);
    psh__free(l->values);
    psh__free(l->vectors);
    psh__free(l->row);
    psh__free(l->nearest);
}

static psh_status landmarks_create(landmarks *l, size_t n, size_t n_items, size_t n_axes, psh_error *err) {
    l->items = psh__malloc(n, sizeof *l->items);
    l->squared = psh__malloc(n * n, sizeof *l->squared);
    l->mean = psh__malloc(n, sizeof *l->mean), l->values = psh__malloc(n, sizeof *l->values);
    l->vectors = psh__calloc(n * n_axes, sizeof *l->vectors);
    l->row = psh__malloc(n_items, sizeof *l->row), l->nearest = psh__malloc(n_items, sizeof *l->nearest);
    if (!l->items || !l->squared || !l->mean || !l->values || !l->vectors || !l->row || !l->nearest)
        return psh__error_memory(err, "landmarks", 8ull * n * n);
    return PSH_OK;
}

static size_t find_farthest(const double *nearest, size_t n_items) {
    size_t farthest = 0;
    for (size_t i = 1; i < n_items; i++)
        if (nearest[i] > nearest[farthest]) farthest = i;
    return farthest;
}

/* Chooses up to n landmarks (all items, if n = n_items) and their squared distances. */
static psh_status choose_landmarks(landmarks *l, const source *src, size_t n, uint64_t seed, psh_error *err) {
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    bool is_all = n == src->n_items;
    for (size_t i = 0; i < src->n_items; i++) l->nearest[i] = INFINITY;
    for (l->n = 0; l->n < n; l->n++) {
        size_t item = is_all ? l->n : find_farthest(l->nearest, src->n_items);
        if (l->n == 0 && !is_all) item = psh__random_below(&rng, src->n_items);
        if (l->nearest[item] == 0 && !is_all) break; /* every other item equals a landmark */
        PSH_TRY(squared_row(src, item, l->row, err));
        for (size_t i = 0; i < src->n_items; i++) l->nearest[i] = fmin(l->nearest[i], l->row[i]);
        l->items[l->n] = (uint32_t)item;
        for (size_t k = 0; k <= l->n; k++) l->squared[k * n + l->n] = l->squared[l->n * n + k] = l->row[l->items[k]];
    }
    for (size_t k = 1; k < l->n && l->n < n; k++) /* fewer than asked for: close the rows up */
        memmove(l->squared + k * l->n, l->squared + k * n, l->n * sizeof *l->squared);
    return PSH_OK;
}

/* squared becomes B; mean keeps the row means. */
static void centre(landmarks *l) {
    size_t n = l->n;
    double all = 0;
    for (size_t i = 0; i < n; i++) {
        l->mean[i] = 0;
        for (size_t k = 0; k < n; k++) l->mean[i] += l->squared[i * n + k];
        l->mean[i] /= (double)n;
        all += l->mean[i];
    }
    all /= (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            l->squared[i * n + k] = -0.5 * ((l->squared[i * n + k] - l->mean[i]) - (l->mean[k] - all));
}

static double share_explained(const landmarks *l, size_t n_axes) {
    double kept = 0, all = 0;
    for (size_t a = 0; a < l->n && l->values[a] > 0; a++) {
        all += l->values[a];
        if (a < n_axes) kept += l->values[a];
    }
    return all > 0 ? kept / all : 1; /* all items are one point: nothing is left out */
}

/* --- Placing the items -------------------------------------------------------------------------------------------- */

/* An eigenvalue this much smaller than the first is rounding. */
#define LEAST_VALUE 1e-12

static bool is_axis(const landmarks *l, size_t axis) {
    return axis < l->n && l->values[axis] > LEAST_VALUE * l->values[0];
}

static psh_status place_items(landmarks *l, const source *src, size_t n_axes, double *xy, psh_error *err) {
    memset(xy, 0, src->n_items * n_axes * sizeof *xy);
    for (size_t k = 0; k < l->n; k++) {
        PSH_TRY(squared_row(src, l->items[k], l->row, err));
        for (size_t axis = 0; axis < n_axes && is_axis(l, axis); axis++) {
            double factor = -0.5 * l->vectors[axis * l->n + k] / sqrt(l->values[axis]);
            for (size_t i = 0; i < src->n_items; i++) xy[i * n_axes + axis] += factor * (l->row[i] - l->mean[k]);
        }
    }
    return PSH_OK;
}

static void place_landmarks(const landmarks *l, size_t n_axes, double *xy) {
    memset(xy, 0, l->n * n_axes * sizeof *xy);
    for (size_t axis = 0; axis < n_axes && is_axis(l, axis); axis++)
        for (size_t i = 0; i < l->n; i++) xy[i * n_axes + axis] = l->vectors[axis * l->n + i] * sqrt(l->values[axis]);
}

/* Mirrors each axis so that its largest entry (the first of equals) is positive. */
static void fix_signs(double *xy, size_t n_items, size_t n_axes) {
    for (size_t axis = 0; axis < n_axes; axis++) {
        double largest = 0;
        for (size_t i = 0; i < n_items; i++)
            if (fabs(xy[i * n_axes + axis]) > fabs(largest)) largest = xy[i * n_axes + axis];
        for (size_t i = 0; i < n_items && largest < 0; i++) xy[i * n_axes + axis] = 0 - xy[i * n_axes + axis];
    }
}

static psh_status run_mds(const source *src, int n_axes, size_t n_landmarks, uint64_t seed, double *xy,
                          double *explained, psh_error *err) {
    landmarks l = {0};
    size_t n_items = src->n_items, axes = (size_t)n_axes;
    if (n_items < 1) return psh__error(err, PSH_ERR_EMPTY, "map of 0 items; at least 1 is needed");
    if (n_axes < 1) return psh__error(err, PSH_ERR_PARAMETER, "map with %d axes; expected at least 1", n_axes);
    if (n_landmarks == 0) n_landmarks = DEFAULT_LANDMARKS;
    if (n_landmarks <= axes)
        return psh__error(err, PSH_ERR_PARAMETER, "map with %d axes from %zu landmarks; expected at least %d", n_axes,
                          n_landmarks, n_axes + 1);

    size_t n_wanted = n_items < n_landmarks ? n_items : n_landmarks;
    psh_status status;
    PSH_TRY_GOTO(landmarks_create(&l, n_wanted, n_items, axes, err));
    PSH_TRY_GOTO(choose_landmarks(&l, src, n_wanted, seed, err));
    centre(&l);
    PSH_TRY_GOTO(psh__eigen_top(l.squared, l.n, axes < l.n ? axes : l.n, l.values, l.vectors, err));
    if (n_wanted == n_items)
        place_landmarks(&l, axes, xy);
    else
        PSH_TRY_GOTO(place_items(&l, src, axes, xy, err));
    fix_signs(xy, n_items, axes);
    if (explained) *explained = share_explained(&l, axes);
done:
    landmarks_free(&l);
    return status;
}

psh_status psh_mds_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, int n_axes, size_t n_landmarks,
                         uint64_t seed, int n_threads, double *xy, double *explained, psh_error *err) {
    psh_hamming_plan *plan = NULL;
    source src = {.codes = codes, .n_items = n_items, .n_bytes = n_bytes};
    (void)n_threads;
    PSH_TRY(psh_hamming_plan_create(codes, n_items, n_bytes, &plan, err));
    psh_status status = PSH_OK;
    src.plan = plan, src.row_u16 = psh__malloc(n_items, sizeof *src.row_u16);
    status = src.row_u16 ? run_mds(&src, n_axes, n_landmarks, seed, xy, explained, err)
                         : psh__error_memory(err, "row of distances", 2ull * n_items);
    psh_hamming_plan_free(plan);
    psh__free(src.row_u16);
    return status;
}

psh_status psh_mds_distances(const psh_distances *distances, int n_axes, size_t n_landmarks, uint64_t seed,
                             int n_threads, double *xy, double *explained, psh_error *err) {
    assert(distances && xy);
    source src = {.distances = distances, .n_items = psh_distances_n_items(distances)};
    (void)n_threads;
    return run_mds(&src, n_axes, n_landmarks, seed, xy, explained, err);
}

/* --- The file ----------------------------------------------------------------------------------------------------- */

static psh_status write_meta(const psh_meta *meta, const char *path, psh_error *err) {
    size_t n = strlen(path);
    char *json_path = psh__malloc(n + sizeof ".json", 1), *json = psh_meta_write_text(meta, 2);
    psh_status status = PSH_OK;
    if (!json_path || !json) {
        status = psh__error_memory(err, "metadata", n);
        goto done;
    }
    if (n > 4 && !strcmp(path + n - 4, ".npy")) n -= 4;
    memcpy(json_path, path, n), memcpy(json_path + n, ".json", sizeof ".json");
    status = psh__file_replace(json_path, json, strlen(json), err);
done:
    psh__free(json_path);
    psh_text_free(json);
    return status;
}

psh_status psh_mds_write(const double *xy, size_t n_items, int n_axes, const psh_meta *meta, const char *path,
                         psh_error *err) {
    assert(xy && path && n_axes >= 1);
    const size_t shape[2] = {n_items, (size_t)n_axes};
    if (meta && strcmp(path, "-") != 0)
        PSH_TRY(write_meta(meta, path, err)); /* nothing stands beside standard output */
    return psh__npy_write(path, "<f8", shape, 2, xy, n_items * (size_t)n_axes * sizeof *xy, err);
}
