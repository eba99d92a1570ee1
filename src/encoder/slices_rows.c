/* slices_rows.c : the slices of a diagram.
 *
 * The features of direction theta are integrals, over cells of t, of the signed count F. Let S(t) be the integral of F
 * up to t: with N points below t and Q the sum of their positions, it is N t - Q, minus the same of their projections
 * to the diagonal. So all that is needed of the points of a cell is how many they are and the sum of their positions,
 * and a feature is a difference of S at two edges. Both are integers: the order of points cannot matter, and a point on
 * the diagonal adds exactly nothing.
 *
 * Projections lie at one position, the same for all directions (slices.h). So they are added once, between the edges of
 * all 16 directions taken together, not 16 times; prefix sums then give every direction what lies below its edges.
 *
 * A direction with cos + sin < 0 has its t run against the diagonal. Its positions are kept as they are, its cells and
 * edges fall: the integral of the count from the edge up is then the sum of (position - edge), of the other sign.
 *
 * Cost: docs/math/compact.md has it in microseconds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/slices_kernels.h"

enum { DIRECTIONS = PSH__SLICE_DIRECTIONS, CELLS = PSH__SLICE_CELLS, FINE = PSH__SLICE_FINE };

struct psh__slicer {
    psh__slices slices;
    psh__ruler *rulers; /* (n_dims) */
};

/* --- Rulers ------------------------------------------------------------------------------------------------------- */

static int compare_u32(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Which gap between the edges of all directions each finest step lies in, and which gaps lie below each edge. */
static psh_status fill_gaps(psh__ruler *ruler, psh_error *err) {
    uint32_t all[PSH__GAPS - 1];
    size_t n = 0, n_steps = ((size_t)PSH__RULER_LENGTH >> ruler->gap_shift) + 1;
    for (size_t k = 0; k < DIRECTIONS; k++)
        for (size_t c = 0; c <= CELLS; c++) all[n++] = (uint32_t)ruler->edges[k][c];
    qsort(all, n, sizeof *all, compare_u32);
    ruler->gaps = psh__malloc(n_steps, sizeof *ruler->gaps);
    if (!ruler->gaps) return psh__error_memory(err, "slices", n_steps * sizeof *ruler->gaps);
    for (size_t i = 0, gap = 0; i < n_steps; i++) {
        while (gap < n && all[gap] <= i << ruler->gap_shift) gap++;
        ruler->gaps[i] = (uint16_t)gap;
    }
    for (size_t k = 0; k < DIRECTIONS; k++) /* points below an edge lie in gaps up to that of the step before it */
        for (size_t c = 0; c <= CELLS; c++) {
            uint32_t step = (uint32_t)ruler->edges[k][c] >> ruler->gap_shift;
            ruler->gaps_before[k][c] = step > 0 ? ruler->gaps[step - 1] + 1 : 0;
        }
    return PSH_OK;
}

static void fill_direction(psh__ruler *ruler, size_t k, const psh__slice *slice) {
    psh__slice_direction direction = psh__slice_direction_of(k);
    double start = (slice->start - ruler->origin) * ruler->scale, step = slice->step * ruler->scale;
    uint16_t n_fine = slice->edges[CELLS];
    double end = start + step * n_fine;
    ruler->falls[k] = step < 0;
    ruler->slopes[k] = (float)direction.slope;
    ruler->lows[k] = (float)fmin(start, end), ruler->highs[k] = (float)fmax(start, end);
    ruler->starts[k] = (uint32_t)ruler->lows[k];
    ruler->shifts[k] = (uint32_t)ilogb(step);
    ruler->weights[k] = direction.cos_sin / ruler->scale / DIRECTIONS;
    for (size_t c = 0; c <= CELLS; c++) ruler->edges[k][c] = start + step * slice->edges[c];
    for (size_t c = 0; c < CELLS; c++)
        for (size_t i = slice->edges[c]; i < slice->edges[c + 1]; i++)
            ruler->cells[k][ruler->falls[k] ? n_fine - 1 - i : i] = (uint8_t)c;
    ruler->cells[k][n_fine] = ruler->falls[k] ? ruler->cells[k][n_fine - 1] : CELLS; /* at the high end itself */
}

static psh_status fill_ruler(psh__ruler *ruler, const psh__slice *slices, psh_error *err) {
    double coarsest = 0, finest = INFINITY;
    ruler->origin = INFINITY;
    for (size_t k = 0; k < DIRECTIONS; k++) {
        double start = slices[k].start, step = slices[k].step;
        coarsest = fmax(coarsest, fabs(step)), finest = fmin(finest, fabs(step));
        ruler->origin = fmin(ruler->origin, fmin(start, start + step * slices[k].edges[CELLS]));
    }
    ruler->scale = ldexp(1 / coarsest, PSH__RULER_SHIFT);
    ruler->gap_shift = (uint32_t)ilogb(finest * ruler->scale);
    for (size_t k = 0; k < DIRECTIONS; k++) fill_direction(ruler, k, &slices[k]);
    return fill_gaps(ruler, err);
}

psh_status psh__slicer_create(const psh__slices *slices, psh__slicer **dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh__slicer *slicer = psh__calloc(1, sizeof *slicer);
    if (slicer) slicer->rulers = psh__calloc(slices->n_dims, sizeof *slicer->rulers);
    if (!slicer || !slicer->rulers) {
        status = psh__error_memory(err, "slices", slices->n_dims * sizeof *slicer->rulers);
        goto done;
    }
    slicer->slices = *slices;
    for (size_t d = 0; d < slices->n_dims; d++)
        PSH_TRY_GOTO(fill_ruler(&slicer->rulers[d], slices->slices + d * DIRECTIONS, err));
    *dst = slicer;
    slicer = NULL;
done:
    psh__slicer_free(slicer);
    return status;
}

void psh__slicer_free(psh__slicer *slicer) {
    if (!slicer) return;
    for (size_t d = 0; slicer->rulers && d < slicer->slices.n_dims; d++) psh__free(slicer->rulers[d].gaps);
    psh__free(slicer->rulers);
    psh__free(slicer);
}

/* --- Rows --------------------------------------------------------------------------------------------------------- */

/* Points of a diagram, and which of them count. */
typedef struct batch {
    const double *points; // (n, 2)
    const int32_t *dims;  // (n)
    size_t n;
    uint32_t dims_mask;
} batch;

static inline bool counts(const batch *b, size_t i) {
    return b->dims_mask == 0 || (b->dims[i] < 32 && (b->dims_mask >> b->dims[i] & 1));
}

static bool has_infinite(const batch *b) {
    for (size_t i = 0; i < b->n; i++)
        if (b->points[2 * i + 1] == INFINITY && counts(b, i)) return true;
    return false;
}

enum { GROUP = 256 /* points */ };

/* Those of the first n points that are of dimension `dim` move up. Answers how many. */
static size_t keep_dim(const batch *b, size_t first, size_t n, int32_t dim, float *middles, float *persistences) {
    size_t n_kept = 0;
    if (dim == PSH__SLICE_ANY && b->dims_mask == 0) return n;
    for (size_t i = 0; i < n; i++) {
        middles[n_kept] = middles[i], persistences[n_kept] = persistences[i];
        n_kept += dim == PSH__SLICE_ANY ? counts(b, first + i) : b->dims[first + i] == dim;
    }
    return n_kept;
}

/* The next points on their way from memory while these are added; most likely they are the next diagram's. */
static inline void prefetch(uintptr_t address) {
    enum { LINE = 64 };
    for (size_t i = 0; i < GROUP * 2 * sizeof(double); i += LINE) __builtin_prefetch((const void *)(address + i));
}

/* False if a death is infinite. */
static bool fill_row(const psh__slice_kernels *kernels, const psh__ruler *ruler, const batch *b, int32_t dim, double lo,
                     double inverse, float *dst) {
    float middles[GROUP], persistences[GROUP];
    double areas[DIRECTIONS * CELLS] = {0}, scale = inverse * ruler->scale;
    double shift = lo * scale + ruler->origin * ruler->scale;
    psh__tally tally;
    memset(&tally, 0, sizeof tally);
    for (size_t first = 0, n_in = 0; first < b->n; first += GROUP) {
        size_t n = b->n - first < GROUP ? b->n - first : GROUP;
        if (kernels->convert(b->points + 2 * first, n, scale, shift, middles, persistences) && has_infinite(b))
            return false;
        prefetch((uintptr_t)(b->points + 2 * (first + n)));
        n = keep_dim(b, first, n, dim, middles, persistences);
        if (n_in + n > PSH__SPOT_MOST) {
            kernels->measure(ruler, &tally, areas);
            memset(&tally, 0, sizeof tally);
            n_in = 0;
        }
        kernels->add(ruler, middles, persistences, n, &tally);
        n_in += n;
    }
    kernels->measure(ruler, &tally, areas);
    kernels->weigh(ruler, areas, dst);
    return true;
}

bool psh__slicer_row(const psh__slicer *slicer, const psh__slice_kernels *kernels, const psh_diagrams *set,
                     size_t i_diagram, const psh_frame *frame, uint32_t dims_mask, float *dst) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const psh__slices *slices = &slicer->slices;
    size_t first = (size_t)offsets[i_diagram];
    batch b = {psh_diagrams_points(set) + 2 * first, psh_diagrams_dims(set) + first,
               (size_t)offsets[i_diagram + 1] - first, dims_mask};
    double lo, hi;
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    for (size_t d = 0; d < slices->n_dims; d++)
        if (!fill_row(kernels, &slicer->rulers[d], &b, slices->dims[d], lo, 1 / (hi - lo),
                      dst + d * DIRECTIONS * CELLS))
            return false;
    return true;
}
