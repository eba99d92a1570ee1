/* measure.h : diagrams made ready for transport: split by dimension, sorted, repeated points collapsed. */
#ifndef PSH_TRANSPORT_MEASURE_H
#define PSH_TRANSPORT_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/diagram.h"

/* One diagram in one dimension (in all, if pooled). Points on the diagonal are gone: they never change a distance. */
typedef struct psh__measure {
    int32_t dim;
    size_t n_points;                               /* distinct finite points */
    const double *points;                          /* (n_points, 2), rising by (psh__point_center, birth, death) */
    const uint32_t *counts;                        /* (n_points) multiplicities, at least 1 */
    size_t n_mass;                                 /* sum of counts */
    double birth_lo, birth_hi, death_lo, death_hi; /* bounds of the finite points, if any */
    const uint32_t *rows; /* (n_mass) which points of the diagram these are: those of the first point, of the next... */
    size_t n_essential;
    const double *births; /* (n_essential), rising: births of the points that never die */
    const uint32_t *essential_rows;
} psh__measure;

/* Where a point stands along the diagonal: the midpoint of its interval. */
static inline double psh__point_center(double birth, double death) {
    return 0.5 * birth + 0.5 * death;
}

/* The order of points in a measure: -1, 0, 1. Equal only if the points are. */
static inline int psh__point_compare(const double *a, const double *b) {
    double center_a = psh__point_center(a[0], a[1]), center_b = psh__point_center(b[0], b[1]);
    if (center_a != center_b) return center_a < center_b ? -1 : 1;
    if (a[0] != b[0]) return a[0] < b[0] ? -1 : 1;
    return a[1] == b[1] ? 0 : (a[1] < b[1] ? -1 : 1);
}

typedef struct psh__measures {
    size_t n_items;
    size_t *first;          /* (n_items + 1) measures of item i are first[i] .. first[i + 1] - 1, rising by dim */
    psh__measure *measures; /* (first[n_items]) */
    size_t max_points;      /* greatest n_points and ... */
    size_t max_mass;        /* ... greatest n_mass of any measure */
    double *points, *births;
    uint32_t *counts, *rows, *essential_rows;
} psh__measures;

/* psh__measures_create() :
 * rows[0 .. n_rows - 1] of `set` (rows NULL: the first n_rows). Items with is_wanted[i] false
 * (NULL: none) get no measures. dims_mask as in psh_diagrams_select(). The order of the
 * points in the set leaves no trace. PSH_ERR_MEMORY. */
psh_status psh__measures_create(const psh_diagrams *set, const size_t *rows, size_t n_rows, const bool *is_wanted,
                                bool pool, uint32_t dims_mask, psh__measures *dst, psh_error *err);
void psh__measures_free(psh__measures *measures); /* zeroed struct is fine */

#endif
