/* slices.c : signed counts along lines, at positions that follow the data.
 *
 * A point and its projection to the diagonal change F between their two positions, and nowhere else: so the number of
 * points whose pair of positions encloses t is how much there is to see at t. Cells are chosen such that each holds the
 * same share of half that number (over the set) and half an even spread: narrow where the diagrams have their mass, and
 * still some everywhere. docs/math/compact.md has what that gains over even cells.
 *
 * Positions are measured in fine steps, 2048 to the range of a direction, which edges are multiples of: a table finds a
 * point's cell. A point at x adds (right edge - x) to its cell and whole widths to all later ones. Sums are integers,
 * in 2^-20 of a fine step. */
#include "encoder/slices.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/model.h"

enum { DIRECTIONS = PSH__SLICE_DIRECTIONS, CELLS = PSH__SLICE_CELLS, FINE = PSH__SLICE_FINE, ONE_BITS = 20 };

typedef struct direction {
    double cos, sin;
} direction;

/* Angles (k + 1/2) pi / n - pi / 2: the half circle, as in vector.h. */
static void fill_directions(direction directions[DIRECTIONS]) {
    for (size_t k = 0; k < DIRECTIONS; k++) {
        double angle = ((double)k + 0.5) * M_PI / DIRECTIONS - M_PI / 2;
        directions[k] = (direction){cos(angle), sin(angle)};
    }
}

/* A point in the frame, and the middle of its projection to the diagonal. */
typedef struct place {
    double birth, death, middle;
} place;

static inline place place_of(const double *point, double lo, double inverse) {
    double birth = (point[0] - lo) * inverse, death = (point[1] - lo) * inverse;
    return (place){birth, death, (birth + death) / 2};
}

static inline double along(const direction *d, const place *p) {
    return p->birth * d->cos + p->death * d->sin;
}
static inline double along_diagonal(const direction *d, const place *p) {
    return p->middle * d->cos + p->middle * d->sin;
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
    direction directions[DIRECTIONS];
    double least[DIRECTIONS], greatest[DIRECTIONS];
    psh__slice *slices;             /* (DIRECTIONS) */
    int64_t (*enclosing)[FINE + 1]; /* (DIRECTIONS) differences of the numbers of pairs of positions around t */
} survey;

static void see_range(void *state, const place *p) {
    survey *s = state;
    for (size_t k = 0; k < DIRECTIONS; k++) {
        double a = along(&s->directions[k], p), b = along_diagonal(&s->directions[k], p);
        s->least[k] = fmin(s->least[k], fmin(a, b));
        s->greatest[k] = fmax(s->greatest[k], fmax(a, b));
    }
}

static size_t fine_of(const psh__slice *slice, double t) {
    double x = (t - slice->start) / slice->step;
    return x > 0 ? (x < FINE - 1 ? (size_t)x : FINE - 1) : 0;
}

static void see_mass(void *state, const place *p) {
    survey *s = state;
    for (size_t k = 0; k < DIRECTIONS; k++) {
        size_t a = fine_of(&s->slices[k], along(&s->directions[k], p));
        size_t b = fine_of(&s->slices[k], along_diagonal(&s->directions[k], p));
        s->enclosing[k][a < b ? a : b]++;
        s->enclosing[k][a < b ? b : a]--;
    }
}

/* Edges at equal shares of half the mass and half the length. */
static void place_edges(const int64_t *differences, psh__slice *slice) {
    double total = 0, before = 0;
    int64_t number = 0;
    for (size_t i = 0; i < FINE; i++) total += (double)(number += differences[i]);
    size_t i_edge = 1;
    number = 0;
    slice->edges[0] = 0;
    for (size_t i = 0; i < FINE; i++) {
        number += differences[i];
        double share = (total > 0 ? 0.5 * (double)number / total : 0.5 / FINE) + 0.5 / FINE;
        for (; i_edge < CELLS && before + share >= (double)i_edge / CELLS; i_edge++) {
            double part = ((double)i_edge / CELLS - before) / share;
            slice->edges[i_edge] = (uint16_t)(i + (part >= 0.5));
        }
        before += share;
    }
    for (; i_edge <= CELLS; i_edge++) slice->edges[i_edge] = FINE;
}

psh_status psh__slices_fit(const psh_diagrams *set, const psh_frame *frame, bool pool, uint32_t dims_mask,
                           psh__slices *dst, psh_error *err) {
    survey s;
    memset(dst, 0, sizeof *dst);
    PSH_TRY(list_dims(set, pool, dims_mask, dst, err));
    fill_directions(s.directions);
    s.enclosing = psh__malloc(DIRECTIONS, sizeof *s.enclosing);
    if (!s.enclosing) return psh__error_memory(err, "slices", DIRECTIONS * sizeof *s.enclosing);
    for (size_t d = 0; d < dst->n_dims; d++) {
        s.slices = dst->slices + d * DIRECTIONS;
        for (size_t k = 0; k < DIRECTIONS; k++) s.least[k] = INFINITY, s.greatest[k] = -INFINITY;
        each_place(set, frame, dims_mask, dst->dims[d], see_range, &s);
        for (size_t k = 0; k < DIRECTIONS; k++) {
            s.slices[k].start = (float)s.least[k];
            s.slices[k].step = (float)((s.greatest[k] - s.least[k]) / FINE + 1e-9);
        }
        memset(s.enclosing, 0, DIRECTIONS * sizeof *s.enclosing);
        each_place(set, frame, dims_mask, dst->dims[d], see_mass, &s);
        for (size_t k = 0; k < DIRECTIONS; k++) place_edges(s.enclosing[k], &s.slices[k]);
    }
    psh__free(s.enclosing);
    return PSH_OK;
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
        const psh__slice *slice = &slices->slices[i];
        bool good = isfinite(slice->start) && isfinite(slice->step) && slice->step > 0 && slice->edges[0] == 0 &&
                    slice->edges[CELLS] == FINE;
        for (size_t k = 0; k < CELLS; k++) good = good && slice->edges[k] <= slice->edges[k + 1];
        if (!good)
            return psh__error(err, PSH_ERR_CORRUPT,
                              "model's slice %zu starts at %g in steps of %g, or its edges do not rise from 0 to %d", i,
                              slice->start, slice->step, FINE);
    }
    return PSH_OK;
}

/* --- Rows --------------------------------------------------------------------------------------------------------- */

/* A slice ready for use: fine position of <p, theta> is  birth c + death s + offset. */
typedef struct ruler {
    double c, s, both, offset, weight;
    int32_t edges[CELLS + 1];
    uint8_t cells[FINE + 1]; /* which cell a fine position lies in */
} ruler;

/* What was added in a cell: parts of it, and pieces that cover all cells from it on. */
typedef struct sum {
    int64_t part, whole;
} sum;

struct psh__slicer {
    const psh__slices *slices;
    ruler *rulers; /* (n_dims, DIRECTIONS) */
    sum *sums;     /* (n_dims, DIRECTIONS, CELLS + 1) */
};

psh_status psh__slicer_create(const psh__slices *slices, psh__slicer **dst, psh_error *err) {
    size_t n_slices = slices->n_dims * DIRECTIONS;
    direction directions[DIRECTIONS];
    psh__slicer *slicer = psh__calloc(1, sizeof *slicer);
    if (slicer) {
        slicer->slices = slices;
        slicer->rulers = psh__calloc(n_slices, sizeof *slicer->rulers);
        slicer->sums = psh__calloc(n_slices * (CELLS + 1), sizeof *slicer->sums);
    }
    if (!slicer || !slicer->rulers || !slicer->sums) {
        psh__slicer_free(slicer);
        return psh__error_memory(err, "slices", n_slices * sizeof(ruler));
    }
    fill_directions(directions);
    for (size_t i = 0; i < n_slices; i++) {
        const psh__slice *slice = &slices->slices[i];
        const direction *d = &directions[i % DIRECTIONS];
        ruler *r = &slicer->rulers[i];
        double inverse = 1 / (double)slice->step;
        r->c = d->cos * inverse, r->s = d->sin * inverse, r->both = r->c + r->s;
        r->offset = -(double)slice->start * inverse;
        r->weight = (double)slice->step / DIRECTIONS / (double)((int64_t)1 << ONE_BITS);
        for (size_t k = 0, x = 0; k <= CELLS; k++) {
            r->edges[k] = slice->edges[k];
            for (; k > 0 && x < slice->edges[k]; x++) r->cells[x] = (uint8_t)(k - 1);
        }
        r->cells[FINE] = CELLS;
    }
    *dst = slicer;
    return PSH_OK;
}

void psh__slicer_free(psh__slicer *slicer) {
    if (!slicer) return;
    psh__free(slicer->rulers);
    psh__free(slicer->sums);
    psh__free(slicer);
}

static inline void deposit(const ruler *r, sum *sums, double x, int64_t sign) {
    x = x > 0 ? x : 0;
    x = x < FINE ? x : FINE;
    int64_t fixed = (int64_t)(x * (double)((int64_t)1 << ONE_BITS));
    size_t cell = r->cells[fixed >> ONE_BITS];
    /* beyond the last cell there is no right edge, and nothing to add */
    int64_t right = (int64_t)r->edges[cell < CELLS ? cell + 1 : CELLS] << ONE_BITS;
    sums[cell].part += sign * (right - fixed);
    sums[cell].whole += sign;
}

static void finish_row(const ruler *r, const sum *sums, float *row) {
    int64_t whole = 0;
    for (size_t k = 0; k < CELLS; k++) {
        int64_t width = (int64_t)(r->edges[k + 1] - r->edges[k]) << ONE_BITS;
        row[k] = (float)((double)(sums[k].part + whole * width) * r->weight);
        whole += sums[k].whole;
    }
}

static size_t find_dim(const psh__slices *slices, int32_t dim) {
    if (slices->dims[0] == PSH__SLICE_ANY) return 0;
    size_t i = 0;
    while (i < slices->n_dims && slices->dims[i] != dim) i++;
    return i;
}

bool psh__slicer_row(psh__slicer *slicer, const psh_diagrams *set, size_t i_diagram, const psh_frame *frame,
                     uint32_t dims_mask, float *dst) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    const psh__slices *slices = slicer->slices;
    size_t n_slices = slices->n_dims * DIRECTIONS;
    double lo, hi;
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    double inverse = 1 / (hi - lo);
    memset(slicer->sums, 0, n_slices * (CELLS + 1) * sizeof *slicer->sums);
    for (uint64_t j = offsets[i_diagram]; j < offsets[i_diagram + 1]; j++) {
        if (!psh__wants_dim(dims_mask, dims[j])) continue;
        if (points[2 * j + 1] == INFINITY) return false;
        size_t i_dim = find_dim(slices, dims[j]);
        if (i_dim == slices->n_dims) continue; /* a dimension that the set fitted on did not have */
        place p = place_of(points + 2 * j, lo, inverse);
        const ruler *r = slicer->rulers + i_dim * DIRECTIONS;
        sum *sums = slicer->sums + i_dim * DIRECTIONS * (CELLS + 1);
        for (size_t k = 0; k < DIRECTIONS; k++, r++, sums += CELLS + 1) {
            deposit(r, sums, p.birth * r->c + p.death * r->s + r->offset, 1);
            deposit(r, sums, p.middle * r->both + r->offset, -1);
        }
    }
    for (size_t i = 0; i < n_slices; i++)
        finish_row(&slicer->rulers[i], slicer->sums + i * (CELLS + 1), dst + i * CELLS);
    return true;
}
