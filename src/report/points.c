/* points.c : persistence diagrams for small pictures.
 *
 * A picture of a diagram is some 150 pixels wide, so a coordinate needs no more than a byte: step 0..254 over one
 * window for all diagrams, since they are to be compared by eye; death 255 stands for infinity. The window is the set's
 * range, unless that is due to a few odd diagrams (TAIL at each end) and more than twice as wide as the others need:
 * then it is what the others need, and points beyond it lie on its edge. Points that fall on the same step are one
 * point. Each diagram is sorted by (dimension, birth, death), so that dimensions are stored as runs. All diagrams
 * together have at most POINTS points: large ones keep only their `n_most` most persistent ones, as high a number as
 * that allows, and the page says so. */
#include "report/points.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

#define POINTS 1000000
#define LEAST_POINTS 32 /* a diagram keeps at least so many, if it has them */
#define TAIL 0.05
#define INFINITE 255
#define STEPS 254
#define MOST_DIM 254

typedef struct step_point {
    int32_t dim;
    uint8_t birth, death;
} step_point;

static int by_persistence(const void *a, const void *b) {
    const step_point *x = a, *y = b;
    int px = x->death - x->birth, py = y->death - y->birth;
    if (px != py) return px > py ? -1 : 1;
    if (x->dim != y->dim) return x->dim < y->dim ? -1 : 1;
    return (int)x->birth - (int)y->birth;
}

static int by_place(const void *a, const void *b) {
    const step_point *x = a, *y = b;
    if (x->dim != y->dim) return x->dim < y->dim ? -1 : 1;
    if (x->birth != y->birth) return (int)x->birth - (int)y->birth;
    return (int)x->death - (int)y->death;
}

static uint8_t step(double value, double lo, double hi) {
    if (isinf(value)) return INFINITE;
    double share = (value / 2 - lo / 2) / (hi / 2 - lo / 2); /* halves: hi - lo may overflow */
    return (uint8_t)(fmin(fmax(share, 0), 1) * STEPS + 0.5);
}

static int by_value(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The window of the rows' diagrams (see above): *lo < *hi, both finite. */
static psh_status find_window(const psh_diagrams *set, const uint32_t *rows, size_t n_rows, double *lo, double *hi,
                              psh_error *err) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set); // (M, 2)
    size_t n_used = 0;
    double *least = psh__malloc(n_rows, sizeof *least), *greatest = psh__malloc(n_rows, sizeof *greatest);
    if (!least || !greatest) {
        psh__free(least);
        psh__free(greatest);
        return psh__error_memory(err, "the range of the diagrams", 2 * n_rows * sizeof *least);
    }
    for (size_t i = 0; i < n_rows; i++) {
        uint64_t begin = offsets[rows[i]], end = offsets[rows[i] + 1];
        if (begin == end) continue;
        least[n_used] = greatest[n_used] = points[2 * begin];
        for (uint64_t k = begin; k < end; k++) {
            double last = isfinite(points[2 * k + 1]) ? points[2 * k + 1] : points[2 * k];
            least[n_used] = fmin(least[n_used], points[2 * k]);
            greatest[n_used] = fmax(greatest[n_used], last);
        }
        n_used++;
    }
    *lo = 0;
    *hi = 1;
    if (n_used > 0) {
        const size_t n_tail = (size_t)((double)n_used * TAIL);
        qsort(least, n_used, sizeof *least, by_value);
        qsort(greatest, n_used, sizeof *greatest, by_value);
        *lo = least[0];
        *hi = greatest[n_used - 1];
        double inner_lo = least[n_tail], inner_hi = greatest[n_used - 1 - n_tail];
        if (inner_lo < inner_hi && inner_hi / 2 - inner_lo / 2 < (*hi / 2 - *lo / 2) / 2) {
            *lo = inner_lo;
            *hi = inner_hi;
        }
        if (!(*lo / 2 < *hi / 2)) { /* all coordinates equal: open the window towards 0, where nothing overflows */
            double width = fmax(1, fabs(*lo) / 1024);
            *(*lo > 0 ? lo : hi) += *lo > 0 ? -width : width;
        }
    }
    psh__free(least);
    psh__free(greatest);
    return PSH_OK;
}

/* Points of diagram i, stepped, sorted by place, without repeats, the n_most most persistent ones. Returns their number
 * and notes whether any were cut off. */
static size_t take_points(const psh_diagrams *set, size_t i_diagram, double lo, double hi, size_t n_most,
                          step_point *dst, bool *is_cut) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set); // (M, 2)
    const int32_t *dims = psh_diagrams_dims(set);
    const size_t begin = offsets[i_diagram], n_all = offsets[i_diagram + 1] - begin;
    size_t n_points = 0;
    for (size_t k = 0; k < n_all; k++)
        dst[k] = (step_point){dims[begin + k] < MOST_DIM ? dims[begin + k] : MOST_DIM,
                              step(points[2 * (begin + k)], lo, hi), step(points[2 * (begin + k) + 1], lo, hi)};
    qsort(dst, n_all, sizeof *dst, by_place);
    for (size_t k = 0; k < n_all; k++)
        if (k == 0 || by_place(&dst[k], &dst[n_points - 1]) != 0) dst[n_points++] = dst[k];
    if (n_points <= n_most) return n_points;
    *is_cut = true;
    qsort(dst, n_points, sizeof *dst, by_persistence);
    qsort(dst, n_most, sizeof *dst, by_place);
    return n_most;
}

static size_t count_beyond(const psh_diagrams *set, size_t i_diagram, double lo, double hi) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set); // (M, 2)
    size_t n_beyond = 0;
    for (uint64_t k = offsets[i_diagram]; k < offsets[i_diagram + 1]; k++)
        n_beyond += points[2 * k] < lo || points[2 * k] > hi || (isfinite(points[2 * k + 1]) && points[2 * k + 1] > hi);
    return n_beyond;
}

double psh__points_total_persistence(const psh_diagrams *set, size_t i_diagram) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set); // (M, 2)
    double sum = 0;
    for (uint64_t k = offsets[i_diagram]; k < offsets[i_diagram + 1]; k++)
        if (isfinite(points[2 * k + 1])) sum += points[2 * k + 1] - points[2 * k];
    return sum;
}

static size_t count_points(const psh_diagrams *set, const uint32_t *rows, size_t n_rows, size_t n_most) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    size_t n_points = 0;
    for (size_t i = 0; i < n_rows; i++) {
        size_t n_own = offsets[rows[i] + 1] - offsets[rows[i]];
        n_points += n_own < n_most ? n_own : n_most;
    }
    return n_points;
}

/* The greatest n_most with which all diagrams together have at most POINTS points (but at least LEAST_POINTS). */
static size_t find_most(const psh_diagrams *set, const uint32_t *rows, size_t n_rows, size_t n_largest) {
    if (count_points(set, rows, n_rows, n_largest) <= POINTS) return n_largest;
    size_t fits = LEAST_POINTS, too_many = n_largest > LEAST_POINTS ? n_largest : LEAST_POINTS + 1;
    while (too_many - fits > 1) {
        size_t middle = fits + (too_many - fits) / 2;
        *(count_points(set, rows, n_rows, middle) <= POINTS ? &fits : &too_many) = middle;
    }
    return fits;
}

psh_status psh__points_write(const psh_diagrams *set, const uint32_t *rows, size_t n_rows, psh__text *json,
                             psh_error *err) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    double lo = 0, hi = 1;
    size_t n_largest = 0, n_points = 0, n_runs = 0, n_beyond = 0;
    bool is_cut = false;
    psh_status status = find_window(set, rows, n_rows, &lo, &hi, err);
    if (status != PSH_OK) return status;
    for (size_t i = 0; i < n_rows; i++) {
        size_t n_own = offsets[rows[i] + 1] - offsets[rows[i]];
        if (n_own > n_largest) n_largest = n_own;
    }
    const size_t n_most = find_most(set, rows, n_rows, n_largest);
    const size_t n_room = count_points(set, rows, n_rows, n_most);

    step_point *own = psh__malloc(n_largest, sizeof *own);
    uint8_t *births = psh__malloc(n_room, 1), *deaths = psh__malloc(n_room, 1), *own_runs = psh__malloc(n_rows, 1);
    uint32_t *runs = psh__malloc(n_room, sizeof *runs);
    if (!own || !births || !deaths || !own_runs || !runs) {
        status = psh__error_memory(err, "the diagrams of the page", 6 * n_room + n_largest * sizeof *own);
        goto done;
    }
    for (size_t i = 0; i < n_rows; i++) {
        const size_t n_own = take_points(set, rows[i], lo, hi, n_most, own, &is_cut), n_before = n_runs;
        for (size_t k = 0; k < n_own; k++) {
            births[n_points] = own[k].birth;
            deaths[n_points++] = own[k].death;
            if (k == 0 || own[k].dim != own[k - 1].dim) runs[n_runs++] = (uint32_t)own[k].dim << 24;
            runs[n_runs - 1]++;
        }
        own_runs[i] = (uint8_t)(n_runs - n_before);
        n_beyond += count_beyond(set, rows[i], lo, hi);
    }
    psh__json_set_number(json, "lo", lo);
    psh__json_set_number(json, "hi", hi);
    psh__json_set_integer(json, "n_most", is_cut ? (int64_t)n_most : 0); /* 0: all points are here */
    psh__json_set_integer(json, "n_beyond", (int64_t)n_beyond);
    psh__json_key(json, "n_runs");
    psh__json_bytes(json, own_runs, n_rows);
    psh__json_key(json, "runs");
    psh__json_bytes(json, runs, n_runs * sizeof *runs);
    psh__json_key(json, "births");
    psh__json_bytes(json, births, n_points);
    psh__json_key(json, "deaths");
    psh__json_bytes(json, deaths, n_points);
done:
    psh__free(own);
    psh__free(births);
    psh__free(deaths);
    psh__free(own_runs);
    psh__free(runs);
    return status;
}
