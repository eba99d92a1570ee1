/* slices.c : signed counts along lines, at positions that follow the data: which cells, for a set.
 *
 * A point and its projection to the diagonal change F between their two positions, and nowhere else: so the number of
 * points whose pair of positions encloses t is how much there is to see at t. Cells are chosen such that each holds the
 * same share of half that number (over the set) and half an even spread: narrow where the diagrams have their mass, and
 * still some everywhere. docs/math/compact.md has what that gains over even cells.
 *
 * Edges are whole numbers of fine steps, of which a direction's range has 1024 to 2048. Steps are powers of two, so
 * that the edges of all directions lie on one fine grid of the diagonal, and a table finds a point's cell
 * (slices_rows.c). */
#include "encoder/slices.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/model.h"
#include "encoder/slices_kernels.h"

enum { DIRECTIONS = PSH__SLICE_DIRECTIONS, CELLS = PSH__SLICE_CELLS, FINE = PSH__SLICE_FINE };

psh__slice_direction psh__slice_direction_of(size_t k) {
    double angle = ((double)k + 0.5) * M_PI / DIRECTIONS - M_PI / 2, c = cos(angle), s = sin(angle);
    return (psh__slice_direction){(s - c) / 2 / (c + s), c + s};
}

/* A point in the frame: its projection to the diagonal, and how far it lies above that. */
typedef struct place {
    double middle, persistence;
} place;

/* Bounded, so that positions are finite whatever the frame. */
static inline place place_of(const double *point, double lo, double inverse) {
    static const double most = 0x1p90;
    double birth = fmin(fmax((point[0] - lo) * inverse, -most), most);
    double death = fmin(fmax((point[1] - lo) * inverse, -most), most);
    return (place){(birth + death) / 2, death - birth};
}

/* --- Fitting ------------------------------------------------------------------------------------------------------ */

static psh_status list_dims(const psh_diagrams *set, bool pool, uint32_t dims_mask, psh__slices *dst, psh_error *err) {
    const int32_t *dims = psh_diagrams_dims(set);
    const double *points = psh_diagrams_points(set);
    dst->n_dims = 0;
    for (size_t i = 0; i < psh_diagrams_n_points(set); i++) {
        if (!psh__wants_dim(dims_mask, dims[i]) || points[2 * i + 1] == INFINITY) continue;
        int32_t dim = pool ? PSH__SLICE_ANY : dims[i];
        size_t at = 0;
        while (at < dst->n_dims && dst->dims[at] < dim) at++;
        if (at < dst->n_dims && dst->dims[at] == dim) continue;
        if (dst->n_dims == PSH__SLICE_MAX_DIMS)
            return psh__error(err, PSH_ERR_UNSUPPORTED,
                              "points of more than %d homology dimensions; choose some, or ignore dimensions (pool)",
                              PSH__SLICE_MAX_DIMS);
        memmove(dst->dims + at + 1, dst->dims + at, (dst->n_dims - at) * sizeof *dst->dims);
        dst->dims[at] = dim;
        dst->n_dims++;
    }
    if (dst->n_dims == 0)
        return psh__error(err, PSH_ERR_EMPTY, "no diagram has a finite point: there is nothing to fit to");
    return PSH_OK;
}

/* Calls see(state, place) for each point that counts in dimension `dim`. */
static void each_place(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, int32_t dim,
                       void (*see)(void *, const place *), void *state) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    for (size_t i = 0; i < psh_diagrams_count(set); i++) {
        double lo, hi;
        psh_frame_bounds(frame, set, i, &lo, &hi);
        for (uint64_t j = offsets[i]; j < offsets[i + 1]; j++) {
            if (points[2 * j + 1] == INFINITY) continue;
            if (dim == PSH__SLICE_ANY ? !psh__wants_dim(dims_mask, dims[j]) : dims[j] != dim) continue;
            place p = place_of(points + 2 * j, lo, 1 / (hi - lo));
            see(state, &p);
        }
    }
}

typedef struct survey {
    double slopes[DIRECTIONS];
    double least[DIRECTIONS], greatest[DIRECTIONS]; /* middles */
    psh__slice *slices;                             /* (DIRECTIONS) */
    size_t n_fine[DIRECTIONS];                      /* steps in the range */
    int64_t (*enclosing)[FINE + 1]; /* (DIRECTIONS) differences of the numbers of pairs of positions around t */
} survey;

static void see_range(void *state, const place *p) {
    survey *s = state;
    for (size_t k = 0; k < DIRECTIONS; k++) {
        double x = p->middle + s->slopes[k] * p->persistence;
        s->least[k] = fmin(s->least[k], fmin(x, p->middle));
        s->greatest[k] = fmax(s->greatest[k], fmax(x, p->middle));
    }
}

/* The least power of two that is not less. */
static double power_above(double x) {
    int exponent;
    return frexp(x, &exponent) == 0.5 ? x : ldexp(1, exponent);
}

/* Steps as fine as FINE to a range are, but no direction more than 2^4 times as fine as another, and none finer than
 * float32 tells multiples of at the ends of the range. */
static void choose_steps(survey *s) {
    double steps[DIRECTIONS], coarsest = 0;
    for (size_t k = 0; k < DIRECTIONS; k++) {
        double length = fmax(fabs(s->least[k]), fabs(s->greatest[k]));
        steps[k] = power_above(fmax((s->greatest[k] - s->least[k]) / (FINE - 2), fmax(length * 0x1p-22, 0x1p-60)));
        coarsest = fmax(coarsest, steps[k]);
    }
    for (size_t k = 0; k < DIRECTIONS; k++) {
        double step = fmax(steps[k], ldexp(coarsest, -PSH__RULER_MOST_FINER));
        double low = floor(s->least[k] / step), high = fmax(ceil(s->greatest[k] / step), low + 1);
        bool falls = psh__slice_direction_of(k).cos_sin < 0;
        s->slices[k].start = (float)((falls ? high : low) * step);
        s->slices[k].step = (float)(falls ? -step : step);
        s->n_fine[k] = (size_t)(high - low);
    }
}

static size_t fine_of(const survey *s, size_t k, double middle) {
    double x = (middle - s->slices[k].start) / s->slices[k].step, most = (double)s->n_fine[k] - 1;
    return x > 0 ? (size_t)fmin(x, most) : 0;
}

static void see_mass(void *state, const place *p) {
    survey *s = state;
    for (size_t k = 0; k < DIRECTIONS; k++) {
        size_t a = fine_of(s, k, p->middle + s->slopes[k] * p->persistence), b = fine_of(s, k, p->middle);
        s->enclosing[k][a < b ? a : b]++;
        s->enclosing[k][a < b ? b : a]--;
    }
}

/* Edges at equal shares of half the mass and half the length. */
static void place_edges(const int64_t *differences, size_t n_fine, psh__slice *slice) {
    double total = 0, before = 0;
    int64_t number = 0;
    for (size_t i = 0; i < n_fine; i++) total += (double)(number += differences[i]);
    size_t i_edge = 1;
    number = 0;
    slice->edges[0] = 0;
    for (size_t i = 0; i < n_fine; i++) {
        number += differences[i];
        double even = 0.5 / (double)n_fine, share = (total > 0 ? 0.5 * (double)number / total : even) + even;
        for (; i_edge < CELLS && before + share >= (double)i_edge / CELLS; i_edge++) {
            double part = ((double)i_edge / CELLS - before) / share;
            slice->edges[i_edge] = (uint16_t)(i + (part >= 0.5));
        }
        before += share;
    }
    for (; i_edge <= CELLS; i_edge++) slice->edges[i_edge] = (uint16_t)n_fine;
}

psh_status psh__slices_fit(const psh_diagrams *set, const psh_frame *frame, bool pool, uint32_t dims_mask,
                           psh__slices *dst, psh_error *err) {
    survey s;
    memset(dst, 0, sizeof *dst);
    PSH_TRY(list_dims(set, pool, dims_mask, dst, err));
    for (size_t k = 0; k < DIRECTIONS; k++) s.slopes[k] = psh__slice_direction_of(k).slope;
    s.enclosing = psh__malloc(DIRECTIONS, sizeof *s.enclosing);
    if (!s.enclosing) return psh__error_memory(err, "slices", DIRECTIONS * sizeof *s.enclosing);
    for (size_t d = 0; d < dst->n_dims; d++) {
        s.slices = dst->slices + d * DIRECTIONS;
        for (size_t k = 0; k < DIRECTIONS; k++) s.least[k] = INFINITY, s.greatest[k] = -INFINITY;
        each_place(set, frame, dims_mask, dst->dims[d], see_range, &s);
        choose_steps(&s);
        memset(s.enclosing, 0, DIRECTIONS * sizeof *s.enclosing);
        each_place(set, frame, dims_mask, dst->dims[d], see_mass, &s);
        for (size_t k = 0; k < DIRECTIONS; k++) place_edges(s.enclosing[k], s.n_fine[k], &s.slices[k]);
    }
    psh__free(s.enclosing);
    return PSH_OK;
}

/* Steps are powers of two not too far apart, and cells together no longer than the ruler. */
static bool scale_is_good(const psh__slice *slices) {
    double coarsest = 0, finest = INFINITY, least = INFINITY, greatest = -INFINITY;
    for (size_t k = 0; k < DIRECTIONS; k++) {
        double start = slices[k].start, step = slices[k].step, size = fabs(step);
        int exponent;
        if (!isfinite(start) || frexp(size, &exponent) != 0.5 || !(fabs(start) <= 0x1p24 * size)) return false;
        bool falls = psh__slice_direction_of(k).cos_sin < 0;
        if ((step < 0) != falls || fmod(start, step) != 0) return false;
        double end = start + step * slices[k].edges[CELLS];
        coarsest = fmax(coarsest, size), finest = fmin(finest, size);
        least = fmin(least, fmin(start, end)), greatest = fmax(greatest, fmax(start, end));
    }
    return coarsest <= ldexp(finest, PSH__RULER_MOST_FINER) &&
           greatest - least <= ldexp(coarsest, -PSH__RULER_SHIFT) * PSH__RULER_LENGTH;
}

psh_status psh__slices_check(const psh__slices *slices, psh_error *err) {
    if (slices->n_dims < 1 || slices->n_dims > PSH__SLICE_MAX_DIMS)
        return psh__error(err, PSH_ERR_CORRUPT, "model's slices are of %zu dimensions; expected 1 to %d",
                          slices->n_dims, PSH__SLICE_MAX_DIMS);
    for (size_t d = 0; d < slices->n_dims; d++) {
        bool is_any = slices->dims[d] == PSH__SLICE_ANY && slices->n_dims == 1;
        if ((slices->dims[d] < 0 && !is_any) || (d > 0 && slices->dims[d] <= slices->dims[d - 1]))
            return psh__error(err, PSH_ERR_CORRUPT, "model's slices have dimension %d at %zu; expected rising ones",
                              slices->dims[d], d);
    }
    for (size_t i = 0; i < slices->n_dims * DIRECTIONS; i++) {
        const uint16_t *edges = slices->slices[i].edges;
        bool rise = edges[0] == 0 && edges[CELLS] > 0 && edges[CELLS] <= FINE;
        for (size_t c = 0; c < CELLS; c++) rise = rise && edges[c] <= edges[c + 1];
        if (!rise)
            return psh__error(err, PSH_ERR_CORRUPT, "model's slice %zu has edges that do not rise from 0 to at most %d",
                              i, FINE);
    }
    for (size_t d = 0; d < slices->n_dims; d++)
        if (!scale_is_good(slices->slices + d * DIRECTIONS))
            return psh__error(err, PSH_ERR_CORRUPT,
                              "model's slices of dimension %d start at %g in steps of %g; expected steps that are "
                              "powers of two with the direction's sign, within a factor of %d, and starts that are "
                              "multiples of them",
                              slices->dims[d], slices->slices[d * DIRECTIONS].start,
                              slices->slices[d * DIRECTIONS].step, 1 << PSH__RULER_MOST_FINER);
    return PSH_OK;
}
