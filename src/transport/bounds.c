/* bounds.c : diagrams made ready for bounds.
 *
 * For each measure: its points by falling persistence (for greedy matchings), sorted projections (for lower bounds of
 * any order), and for order 1 the integrals of its counting functions over the cells of each line, whose plain L1
 * distance is a lower bound. Cells are quantiles of the set's projections, so that an outlier costs one cell. Memory:
 * 64 bytes a point and 1.5 KB a measure. Cost: O(M log M + N LINES CELLS). */
#include "transport/bounds.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "transport/bound_kernels.h"

#define MAX_QUANTILE_SAMPLE 8192

double psh__bound_root_sum(const double *x, size_t n, double order) {
    double lanes[4] = {0}, greatest = 0;
    if (order == 1) {
        for (size_t k = 0; k < n; k++) lanes[k % 4] += x[k];
        return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    }
    for (size_t k = 0; k < n; k++) greatest = x[k] > greatest ? x[k] : greatest;
    if (isinf(order) || greatest == 0 || isinf(greatest)) return greatest;
    double inverse = 1 / greatest, sum = 0;
    if (isinf(inverse)) return (double)n * greatest; /* an upper bound of a subnormal: callers take off a margin */
    if (order == 2) {
        for (size_t k = 0; k < n; k++) lanes[k % 4] += (x[k] * inverse) * (x[k] * inverse);
        return greatest * sqrt((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]));
    }
    for (size_t k = 0; k < n; k++) sum += pow(x[k] * inverse, order);
    return greatest * pow(sum, 1 / order);
}

void psh__bound_line_factors(const psh__bounds *bounds, int line, double *center_factor, double *half_factor) {
    double factor = isinf(bounds->order) ? 1 : pow(2, -1 / bounds->order);
    *center_factor = line < 2 ? factor : 0;
    *half_factor = line == 0 ? 1 : (line == 1 ? -1 : (bounds->ground == PSH_GROUND_LINF ? 1 : sqrt(2)));
}

static int rising(const void *a_ptr, const void *b_ptr) {
    double a = *(const double *)a_ptr, b = *(const double *)b_ptr;
    return (a > b) - (a < b);
}

/* (half, center), longest first. */
static int falling_half(const void *a_ptr, const void *b_ptr) {
    const double *a = a_ptr, *b = b_ptr;
    if (a[0] != b[0]) return a[0] > b[0] ? -1 : 1;
    return (a[1] > b[1]) - (a[1] < b[1]);
}

/* The set's least birth and greatest death: lo and range; false if there is no finite range above 0. */
static bool find_range(const psh__measures *measures, size_t n_measures, double *lo, double *range) {
    double low = INFINITY, high = -INFINITY;
    for (size_t k = 0; k < n_measures; k++) {
        const psh__measure *measure = &measures->measures[k];
        if (measure->n_points) low = fmin(low, measure->birth_lo), high = fmax(high, measure->death_hi);
    }
    *lo = low, *range = high - low;
    return low < high && *range<DBL_MAX && * range> DBL_MIN;
}

typedef struct fill {
    double lo, range;
    double *doubles, *pairs; /* pairs: scratch (max_points, 2) */
    float *floats;
} fill;

static double *take_doubles(fill *from, size_t n, double filler) {
    double *taken = from->doubles;
    from->doubles += n + PSH__BOUND_WINDOW;
    for (size_t k = n; k < n + PSH__BOUND_WINDOW; k++) taken[k] = filler;
    return taken;
}

static float *take_floats(fill *from, const double *src, size_t n) {
    float *taken = from->floats;
    from->floats += n + PSH__BOUND_WINDOW;
    for (size_t k = 0; k < n + PSH__BOUND_WINDOW; k++) taken[k] = k < n ? (float)src[k] : 0;
    return taken;
}

static void prepare(const psh__bounds *bounds, const psh__measure *measure, fill *from, psh__bound_points *dst) {
    size_t n = measure->n_mass, at = 0;
    double center_factor, half_factor, *centers = take_doubles(from, n, INFINITY);
    psh__bound_line_factors(bounds, 0, &center_factor, &half_factor);
    for (size_t k = 0; k < measure->n_points; k++) {
        double birth = (measure->points[2 * k] - from->lo) / from->range;
        double death = (measure->points[2 * k + 1] - from->lo) / from->range;
        for (uint32_t c = 0; c < measure->counts[k]; c++, at++)
            from->pairs[2 * at] = 0.5 * (death - birth), from->pairs[2 * at + 1] = 0.5 * (birth + death),
                            centers[at] = center_factor * from->pairs[2 * at + 1]; /* rising like the points */
    }
    qsort(from->pairs, n, 2 * sizeof *from->pairs, falling_half);
    double *center = take_doubles(from, n, 0), *half = take_doubles(from, n, 0);
    for (size_t k = 0; k < n; k++) half[k] = from->pairs[2 * k], center[k] = from->pairs[2 * k + 1];
    for (int line = 0; line < PSH__BOUND_LINES; line++) {
        double *sorted = take_doubles(from, n, INFINITY);
        psh__bound_line_factors(bounds, line, &center_factor, &half_factor);
        for (size_t k = 0; k < n; k++) sorted[k] = center_factor * center[n - 1 - k] + half_factor * half[n - 1 - k];
        if (line < 2 && bounds->order != 1) /* order 1 needs cells alone; the third has the order of `half` */
            qsort(sorted, n, sizeof *sorted, rising);
        dst->lines[line] = sorted;
    }
    dst->n = n, dst->center = center, dst->half = half, dst->centers = centers;
    dst->center_short = take_floats(from, center, n), dst->half_short = take_floats(from, half, n);
    double ways = psh__bound_root_sum(half, n, bounds->order), ways_1 = psh__bound_root_sum(half, n, 1);
    dst->norm = (bounds->ground == PSH_GROUND_LINF ? 1 : sqrt(2)) * ways;
    dst->margin = 64 * DBL_EPSILON * (double)n + 1e-12 * ways_1; /* a coordinate is off by some DBL_EPSILON */
}

/* Edges of one line's cells: quantiles of a sample of the projections of all points and of their images on the
 * diagonal, and a little more than all of them at both ends. */
static void find_edges(const psh__bounds *bounds, size_t n_measures, size_t n_all, int line, double *sample,
                       double *edges) {
    size_t stride = 2 * n_all / MAX_QUANTILE_SAMPLE + 1, n = 0, at = 0;
    double lo = INFINITY, hi = -INFINITY;
    for (size_t m = 0; m < n_measures; m++)
        for (size_t k = 0; k < 2 * bounds->points[m].n; k++, at++) {
            const psh__bound_points *points = &bounds->points[m];
            double x = k < points->n ? points->lines[line][k] : (line < 2 ? points->centers[k - points->n] : 0);
            lo = fmin(lo, x), hi = fmax(hi, x);
            if (at % stride == 0) sample[n++] = x;
        }
    qsort(sample, n, sizeof *sample, rising);
    for (size_t c = 0; c <= PSH__BOUND_CELLS; c++) edges[c] = n ? sample[c * (n - 1) / PSH__BOUND_CELLS] : 0;
    edges[0] = lo - 1e-9, edges[PSH__BOUND_CELLS] = hi + 1e-9;
}

static psh_status fill_cells(psh__bounds *bounds, size_t n_measures, size_t n_all, psh_error *err) {
    enum { STRIDE = PSH__BOUND_LINES * PSH__BOUND_CELLS };
    double edges[PSH__BOUND_CELLS + 1], *sample = psh__malloc(MAX_QUANTILE_SAMPLE + 1, sizeof *sample);
    bounds->cells = psh__malloc(n_measures, STRIDE * sizeof *bounds->cells);
    if (!sample || !bounds->cells) {
        psh__free(sample);
        return psh__error_memory(err, "cells of bounds", (unsigned long long)n_measures * STRIDE * sizeof(float));
    }
    for (int line = 0; line < PSH__BOUND_LINES; line++) {
        double center_factor, half_factor;
        psh__bound_line_factors(bounds, line, &center_factor, &half_factor);
        find_edges(bounds, n_measures, n_all, line, sample, edges);
        for (size_t m = 0; m < n_measures; m++) {
            bounds->points[m].cells = bounds->cells + m * STRIDE;
            psh__bound_fill_cells(&bounds->points[m], center_factor, half_factor, edges,
                                  bounds->cells + m * STRIDE + line * PSH__BOUND_CELLS);
        }
    }
    psh__free(sample);
    return PSH_OK;
}

psh_status psh__bounds_create(const psh__measures *measures, double order, psh_ground ground, psh__bounds *dst,
                              psh_error *err) {
    size_t n_measures = measures->first[measures->n_items], n_all = 0;
    fill from = {0};
    *dst = (psh__bounds){
        .kernels = psh__bound_kernels_best(), .order = order, .ground = ground, .max_points = measures->max_mass};
    if (!find_range(measures, n_measures, &from.lo, &from.range)) return PSH_OK;
    for (size_t m = 0; m < n_measures; m++) n_all += measures->measures[m].n_mass;
    dst->range = from.range;
    size_t n_padded = n_all + n_measures * PSH__BOUND_WINDOW;
    dst->points = psh__calloc(n_measures, sizeof *dst->points);
    dst->doubles = psh__malloc(n_padded, (3 + PSH__BOUND_LINES) * sizeof *dst->doubles);
    dst->floats = psh__malloc(n_padded, 2 * sizeof *dst->floats);
    from.pairs = psh__malloc(measures->max_mass, 2 * sizeof *from.pairs);
    psh_status status = PSH_OK;
    if (!dst->points || !dst->doubles || !dst->floats || !from.pairs) {
        status = psh__error_memory(err, "bounds", (unsigned long long)n_padded * 8 * sizeof(double));
        goto done;
    }
    from.doubles = dst->doubles, from.floats = dst->floats;
    for (size_t m = 0; m < n_measures; m++) prepare(dst, &measures->measures[m], &from, &dst->points[m]);
    if (order == 1) status = fill_cells(dst, n_measures, n_all, err);
done:
    psh__free(from.pairs);
    if (status != PSH_OK) psh__bounds_free(dst);
    return status;
}

void psh__bounds_free(psh__bounds *bounds) {
    psh__free(bounds->points);
    psh__free(bounds->doubles);
    psh__free(bounds->floats);
    psh__free(bounds->cells);
    *bounds = (psh__bounds){0};
}
