/* slices.h : a diagram as signed counts along lines, at positions that follow the data.
 *
 * For a direction theta, F(t) counts the points with <p, theta> <= t minus those of their projections to the diagonal
 * (vector.h). Slices hold the mean of F over cells of t, times cell width / number of directions: the L1 distance of
 * two rows is at most their sliced Wasserstein distance, and near it. The cells are fitted to a set: half of them are
 * spread evenly over the range of the projections, half where the mass of the set lies.
 *
 * A position t is given as the middle of the diagonal point that lies there, t = (cos + sin) middle: all directions
 * measure with one ruler, and a projection to the diagonal has one position for all of them. */
#ifndef PSH_ENCODER_SLICES_H
#define PSH_ENCODER_SLICES_H

#include "persihash/diagram.h"

enum { PSH__SLICE_DIRECTIONS = 16, PSH__SLICE_CELLS = 64, PSH__SLICE_FINE = 2048, PSH__SLICE_MAX_DIMS = 8 };

/* One direction in one homology dimension. t rises from edge to edge, so where cos + sin < 0 middles fall. */
typedef struct psh__slice {
    float start, step; /* middle = start + step * (fine position); step is a power of two, below 0 where middles fall;
                          start is a multiple of it */
    uint16_t edges[PSH__SLICE_CELLS + 1]; /* rising fine positions, the first 0, the last at most PSH__SLICE_FINE */
} psh__slice;

/* Slices (dimension, direction) of a set. */
typedef struct psh__slices {
    size_t n_dims;                     /* 1 if homology dimensions are ignored */
    int32_t dims[PSH__SLICE_MAX_DIMS]; /* rising; PSH__SLICE_ANY if they are ignored */
    psh__slice slices[PSH__SLICE_MAX_DIMS * PSH__SLICE_DIRECTIONS];
} psh__slices;
enum { PSH__SLICE_ANY = -1 };

/* Direction k, at the angle (k + 1/2) pi / 16 - pi / 2. The line through (birth, death) across it meets the diagonal at
 * middle = (birth + death) / 2 + slope (death - birth). */
typedef struct psh__slice_direction {
    double slope, cos_sin; /* slope = (sin - cos) / 2 / (cos + sin); cos + sin */
} psh__slice_direction;
psh__slice_direction psh__slice_direction_of(size_t k);

static inline size_t psh__slices_n_features(const psh__slices *slices) {
    return slices->n_dims * PSH__SLICE_DIRECTIONS * PSH__SLICE_CELLS;
}

/* psh__slices_fit() :
 * Cells for a set whose coordinates `frame` maps to about [0, 1]. pool: homology dimensions are ignored. dims_mask: 0:
 * all. Essential points are not counted. Errors: PSH_ERR_UNSUPPORTED (more than PSH__SLICE_MAX_DIMS dimensions),
 * PSH_ERR_EMPTY (no point). */
psh_status psh__slices_fit(const psh_diagrams *set, const psh_frame *frame, bool pool, uint32_t dims_mask,
                           psh__slices *dst, psh_error *err);

/* psh__slices_check() : PSH_ERR_CORRUPT if these are no slices. */
psh_status psh__slices_check(const psh__slices *slices, psh_error *err);

/* What computes rows, ready for use; it does not change, so threads may share it. */
typedef struct psh__slicer psh__slicer;
psh_status psh__slicer_create(const psh__slices *slices, psh__slicer **dst, psh_error *err);
void psh__slicer_free(psh__slicer *slicer); /* NULL is fine */

/* The inner loops for psh_cpu_simd() (slices_kernels.h). Static storage. */
typedef struct psh__slice_kernels psh__slice_kernels;
const psh__slice_kernels *psh__slice_kernels_get(void);

/* psh__slicer_row() :
 * dst : (n_features) of diagram i: dimension, direction, cell. False if one of its points that count has an infinite
 * death. The order of the points does not matter: sums are integers. Points beyond the range count at its ends. Same
 * bytes at every SIMD level. Cost: 16 additions a point, then about 6 operations a feature. */
bool psh__slicer_row(const psh__slicer *slicer, const psh__slice_kernels *kernels, const psh_diagrams *set,
                     size_t i_diagram, const psh_frame *frame, uint32_t dims_mask, float *dst);

#endif
