/* measure.c : diagrams made ready for transport.
 *
 * A set is prepared once and its pairs are then compared without looking at the set again. Preparation sorts each
 * diagram by dimension and by position along the diagonal, so that equal points become neighbours and collapse into one
 * with a multiplicity, and so that every later result is the same bit for bit whatever the order of the points in the
 * file.
 *
 * A point x of the diagonal changes no distance for any q: its own unmatched cost is 0, and matching it with a costs
 * c(a, x) >= d(a), what leaving a unmatched costs. So such points are dropped. Cost: O(M log M). */
#include "transport/measure.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct sortable {
    double point[2];
    int32_t dim;
    uint32_t row;
} sortable;

/* By dimension; essential classes after the finite points. */
static int compare(const void *a_ptr, const void *b_ptr) {
    const sortable *a = a_ptr, *b = b_ptr;
    if (a->dim != b->dim) return a->dim < b->dim ? -1 : 1;
    int order = psh__point_compare(a->point, b->point);
    return order ? order : (a->row < b->row ? -1 : 1);
}

/* Kept points of rows first .. last - 1 of the flat buffers, sorted. Adding 0.0 turns -0.0 into 0.0. */
static size_t gather(const double *points, const int32_t *dims, size_t first, size_t last, bool pool,
                     uint32_t dims_mask, sortable *dst) {
    size_t n_kept = 0;
    for (size_t k = first; k < last; k++) {
        double birth = points[2 * k] + 0.0, death = points[2 * k + 1] + 0.0;
        if (dims_mask && (dims[k] > 31 || !(dims_mask >> dims[k] & 1))) continue;
        if (birth == death) continue;
        dst[n_kept++] = (sortable){{birth, death}, pool ? 0 : dims[k], (uint32_t)(k - first)};
    }
    qsort(dst, n_kept, sizeof *dst, compare);
    return n_kept;
}

typedef struct fill {
    size_t n_measures, n_points, n_mass, n_births; /* used so far of the buffers */
    double *points, *births;
    uint32_t *counts, *rows, *essential_rows;
    psh__measure *measures;
} fill;

/* Appends the measures of one diagram's sorted points. */
static void append_measures(fill *to, const sortable *sorted, size_t n_sorted) {
    psh__measure *measure = NULL;
    for (size_t k = 0; k < n_sorted; k++) {
        if (!measure || measure->dim != sorted[k].dim) {
            measure = &to->measures[to->n_measures++];
            *measure = (psh__measure){.dim = sorted[k].dim,
                                      .points = to->points + 2 * to->n_points,
                                      .counts = to->counts + to->n_points,
                                      .rows = to->rows + to->n_mass,
                                      .births = to->births + to->n_births,
                                      .essential_rows = to->essential_rows + to->n_births};
        }
        double birth = sorted[k].point[0], death = sorted[k].point[1];
        if (isinf(death)) {
            to->essential_rows[to->n_births] = sorted[k].row;
            to->births[to->n_births++] = birth;
            measure->n_essential++;
            continue;
        }
        if (!measure->n_points)
            measure->birth_lo = measure->birth_hi = birth, measure->death_lo = measure->death_hi = death;
        measure->birth_lo = fmin(measure->birth_lo, birth), measure->birth_hi = fmax(measure->birth_hi, birth);
        measure->death_lo = fmin(measure->death_lo, death), measure->death_hi = fmax(measure->death_hi, death);
        to->rows[to->n_mass++] = sorted[k].row;
        measure->n_mass++;
        if (measure->n_points && !psh__point_compare(to->points + 2 * (to->n_points - 1), sorted[k].point)) {
            to->counts[to->n_points - 1]++;
            continue;
        }
        to->points[2 * to->n_points] = birth, to->points[2 * to->n_points + 1] = death;
        to->counts[to->n_points++] = 1;
        measure->n_points++;
    }
}

psh_status psh__measures_create(const psh_diagrams *set, const size_t *rows, size_t n_rows, const bool *is_wanted,
                                bool pool, uint32_t dims_mask, psh__measures *dst, psh_error *err) {
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    *dst = (psh__measures){.n_items = n_rows};
    size_t n_all = 0, n_longest = 0;
    for (size_t i = 0; i < n_rows; i++) {
        if (is_wanted && !is_wanted[i]) continue;
        size_t row = rows ? rows[i] : i, n = (size_t)(offsets[row + 1] - offsets[row]);
        n_all += n;
        if (n > n_longest) n_longest = n;
    }
    sortable *sorted = psh__malloc(n_longest, sizeof *sorted);
    dst->first = psh__malloc(n_rows + 1, sizeof *dst->first);
    dst->measures = psh__malloc(n_all, sizeof *dst->measures); /* each measure has a point */
    dst->points = psh__malloc(n_all, 2 * sizeof *dst->points);
    dst->counts = psh__malloc(n_all, sizeof *dst->counts);
    dst->births = psh__malloc(n_all, sizeof *dst->births);
    dst->rows = psh__malloc(n_all, sizeof *dst->rows);
    dst->essential_rows = psh__malloc(n_all, sizeof *dst->essential_rows);
    if (!sorted || !dst->first || !dst->measures || !dst->points || !dst->counts || !dst->births || !dst->rows ||
        !dst->essential_rows) {
        psh__free(sorted);
        psh__measures_free(dst);
        return psh__error_memory(err, "sorted diagrams", (unsigned long long)n_all * sizeof(psh__measure));
    }
    fill to = {.points = dst->points,
               .births = dst->births,
               .counts = dst->counts,
               .rows = dst->rows,
               .essential_rows = dst->essential_rows,
               .measures = dst->measures};
    for (size_t i = 0; i < n_rows; i++) {
        dst->first[i] = to.n_measures;
        if (is_wanted && !is_wanted[i]) continue;
        size_t row = rows ? rows[i] : i;
        size_t n_kept = gather(points, dims, (size_t)offsets[row], (size_t)offsets[row + 1], pool, dims_mask, sorted);
        append_measures(&to, sorted, n_kept);
    }
    dst->first[n_rows] = to.n_measures;
    for (size_t m = 0; m < to.n_measures; m++) {
        if (dst->measures[m].n_points > dst->max_points) dst->max_points = dst->measures[m].n_points;
        if (dst->measures[m].n_mass > dst->max_mass) dst->max_mass = dst->measures[m].n_mass;
    }
    psh__free(sorted);
    return PSH_OK;
}

void psh__measures_free(psh__measures *measures) {
    psh__free(measures->first);
    psh__free(measures->measures);
    psh__free(measures->points);
    psh__free(measures->counts);
    psh__free(measures->births);
    psh__free(measures->rows);
    psh__free(measures->essential_rows);
    *measures = (psh__measures){0};
}
