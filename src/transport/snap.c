/* snap.c : diagrams simplified on a grid.
 *
 * By the triangle inequality |W(A, B) - W(A', B')| <= W(A, A') + W(B, B'), whatever A' and B' are; the mean of the
 * points of a cell is a good choice, because opposite moves cancel in most distances. Cost: O(M log M). */
#include "transport/snap.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct snapped {
    double cell[2], point[2];
    uint32_t count;
} snapped;

static int compare_cells(const void *a_ptr, const void *b_ptr) {
    const snapped *a = a_ptr, *b = b_ptr;
    for (int k = 0; k < 2; k++)
        if (a->cell[k] != b->cell[k]) return a->cell[k] < b->cell[k] ? -1 : 1;
    return psh__point_compare(a->point, b->point);
}

static int compare_points(const void *a_ptr, const void *b_ptr) {
    return psh__point_compare(((const snapped *)a_ptr)->point, ((const snapped *)b_ptr)->point);
}

static double ground_distance(const double *x, const double *y, psh_ground ground) {
    double dx = fabs(x[0] - y[0]), dy = fabs(x[1] - y[1]);
    return ground == PSH_GROUND_LINF ? fmax(dx, dy) : hypot(dx, dy);
}

/* Points of one cell become their mean. Adds their moves to *shift (a sum of powers, or the greatest for bottleneck).
 */
static snapped merge(const snapped *points, size_t n_points, double order, psh_ground ground, double *shift) {
    snapped mean = {.count = 0};
    double sum[2] = {0, 0};
    for (size_t k = 0; k < n_points; k++) {
        mean.count += points[k].count;
        for (int c = 0; c < 2; c++) sum[c] += points[k].count * (points[k].point[c] - points[0].point[c]);
    }
    for (int c = 0; c < 2; c++) mean.point[c] = points[0].point[c] + sum[c] / mean.count;
    for (size_t k = 0; k < n_points; k++) {
        double move = ground_distance(points[k].point, mean.point, ground);
        *shift = isinf(order) ? fmax(*shift, move) : *shift + points[k].count * pow(move, order);
    }
    return mean;
}

/* In place; returns the number of means. */
static size_t merge_all(snapped *points, size_t n_points, double order, psh_ground ground, double *shift) {
    size_t n_means = 0;
    qsort(points, n_points, sizeof *points, compare_cells);
    for (size_t first = 0, end; first < n_points; first = end) {
        for (end = first + 1; end < n_points && points[end].cell[0] == points[first].cell[0] &&
                              points[end].cell[1] == points[first].cell[1];)
            end++;
        points[n_means++] = merge(points + first, end - first, order, ground, shift);
    }
    qsort(points, n_means, sizeof *points, compare_points);
    return n_means;
}

static void fill_measure(psh__measure *to, const snapped *means, size_t n_means, double *points, uint32_t *counts) {
    to->points = points, to->counts = counts;
    to->n_points = 0;
    for (size_t k = 0; k < n_means; k++) {
        double birth = means[k].point[0], death = means[k].point[1];
        if (!(birth < death)) continue; /* by rounding alone */
        if (!to->n_points) to->birth_lo = to->birth_hi = birth, to->death_lo = to->death_hi = death;
        to->birth_lo = fmin(to->birth_lo, birth), to->birth_hi = fmax(to->birth_hi, birth);
        to->death_lo = fmin(to->death_lo, death), to->death_hi = fmax(to->death_hi, death);
        points[2 * to->n_points] = birth, points[2 * to->n_points + 1] = death;
        counts[to->n_points++] = means[k].count;
    }
}

psh_status psh__measures_snap(const psh__measures *src, double origin, double cell, double order, psh_ground ground,
                              psh__measures *dst, double *shifts, psh_error *err) {
    size_t n_measures = src->first[src->n_items], n_points = 0;
    for (size_t m = 0; m < n_measures; m++) n_points += src->measures[m].n_points;
    *dst = (psh__measures){.n_items = src->n_items};
    snapped *buffer = psh__malloc(src->max_points, sizeof *buffer);
    dst->first = psh__malloc(src->n_items + 1, sizeof *dst->first);
    dst->measures = psh__malloc(n_measures, sizeof *dst->measures);
    dst->points = psh__malloc(n_points, 2 * sizeof *dst->points);
    dst->counts = psh__malloc(n_points, sizeof *dst->counts);
    if (!buffer || !dst->first || !dst->measures || !dst->points || !dst->counts) {
        psh__free(buffer);
        psh__measures_snap_free(dst);
        return psh__error_memory(err, "simplified diagrams", (unsigned long long)n_points * 2 * sizeof(double));
    }
    size_t used = 0;
    for (size_t i = 0; i < src->n_items; i++) {
        double total = 0;
        for (size_t m = src->first[i]; m < src->first[i + 1]; m++) {
            const psh__measure *from = &src->measures[m];
            psh__measure *to = &dst->measures[m];
            double shift = 0;
            for (size_t k = 0; k < from->n_points; k++) {
                const double *point = from->points + 2 * k;
                buffer[k] = (snapped){{floor((point[0] - origin) / cell), floor((point[1] - origin) / cell)},
                                      {point[0], point[1]},
                                      from->counts[k]};
            }
            size_t n_means = merge_all(buffer, from->n_points, order, ground, &shift);
            *to = *from;
            to->rows = to->essential_rows = NULL;
            fill_measure(to, buffer, n_means, dst->points + 2 * used, dst->counts + used);
            used += to->n_points;
            if (to->n_points > dst->max_points) dst->max_points = to->n_points;
            total = isinf(order) ? fmax(total, shift) : total + pow(shift, 1 / order);
        }
        shifts[i] = total;
    }
    for (size_t i = 0; i <= src->n_items; i++) dst->first[i] = src->first[i];
    psh__free(buffer);
    return PSH_OK;
}

void psh__measures_snap_free(psh__measures *measures) {
    psh__free(measures->first);
    psh__free(measures->measures);
    psh__free(measures->points);
    psh__free(measures->counts);
    *measures = (psh__measures){0};
}
