/* slices_kernels.h : the inner loops of slices, for each SIMD level. What they add are integers, the same at every
 * level.
 *
 * Positions are middles in units of 1/4096 of the coarsest direction's fine step, from the lowest of all cells:
 * integers of 24 bits, which float32 holds. A sum keeps how many points there are and where, in one number: SPOT +
 * position for each point. */
#ifndef PSH_ENCODER_SLICES_KERNELS_H
#define PSH_ENCODER_SLICES_KERNELS_H

#include "encoder/slices.h"

enum {
    PSH__RULER_SHIFT = 12,                           /* units in the coarsest fine step, log 2 */
    PSH__RULER_MOST_FINER = 4,                       /* the finest is at most 2^4 times as fine */
    PSH__RULER_LENGTH = 1 << (PSH__RULER_SHIFT + 12) /* units: two ranges of 2048 of the coarsest steps */
};
enum {
    PSH__SLICE_FINE_ROOM = PSH__SLICE_FINE + 64, /* an odd number of cache lines: no two directions share their sets */
    PSH__SLICE_CELLS_ROOM = PSH__SLICE_CELLS + 8,
    PSH__GAPS = PSH__SLICE_DIRECTIONS * (PSH__SLICE_CELLS + 1) + 1 /* between the edges of all directions */
};

/* Points in sums before they are used up: 2^18 of them at positions up to 2^24 fit in the lower 43 bits. */
enum { PSH__SPOT_BITS = 44, PSH__SPOT_MOST = 1 << 18 };
#define PSH__SPOT ((uint64_t)1 << PSH__SPOT_BITS)

/* The 16 directions of one homology dimension. */
typedef struct psh__ruler {
    float slopes[PSH__SLICE_DIRECTIONS];
    float lows[PSH__SLICE_DIRECTIONS], highs[PSH__SLICE_DIRECTIONS]; /* ends of the cells; points beyond count there */
    uint32_t starts[PSH__SLICE_DIRECTIONS], shifts[PSH__SLICE_DIRECTIONS]; /* lows again, and fine steps, log 2 */
    uint8_t cells[PSH__SLICE_DIRECTIONS][PSH__SLICE_FINE_ROOM];            /* of each fine position from the low end */
    double edges[PSH__SLICE_DIRECTIONS][PSH__SLICE_CELLS_ROOM];            /* in the order of cells */
    uint16_t gaps_before[PSH__SLICE_DIRECTIONS][PSH__SLICE_CELLS_ROOM];    /* that lie below each edge */
    bool falls[PSH__SLICE_DIRECTIONS];                                     /* edges do */
    double weights[PSH__SLICE_DIRECTIONS];                                 /* of an area, below 0 where edges fall */
    uint32_t gap_shift;                                                    /* the finest of all steps, log 2 */
    uint16_t *gaps;       /* ((PSH__RULER_LENGTH >> gap_shift) + 1) of each finest position */
    double origin, scale; /* position = (middle - origin) * scale */
} psh__ruler;

/* Sums of points in each cell, and of their projections to the diagonal between the edges of all directions. */
typedef struct psh__tally {
    uint64_t points[PSH__SLICE_DIRECTIONS][PSH__SLICE_CELLS_ROOM];
    uint64_t middles[PSH__GAPS];
} psh__tally;

struct psh__slice_kernels {
    /* middle = (birth + death) scale / 2 - shift, persistence = (death - birth) scale of points : (n, 2). True if a
     * death is infinite. */
    bool (*convert)(const double *points, size_t n, double scale, double shift, float *middles, float *persistences);
    /* Adds n points to the sums: middles, persistences : (n) in units; NaN counts at the low end. */
    void (*add)(const psh__ruler *ruler, const float *middles, const float *persistences, size_t n, psh__tally *tally);
    /* areas : (16, 64) += the integral of the signed count over each cell, in units. Exact below 2^53. */
    void (*measure)(const psh__ruler *ruler, const psh__tally *tally, double *areas);
    /* row : (16, 64) = areas times the weight of their direction. */
    void (*weigh)(const psh__ruler *ruler, const double *areas, float *row);
};

extern const psh__slice_kernels psh__slice_kernels_scalar;
#if defined(__x86_64__)
extern const psh__slice_kernels psh__slice_kernels_avx2, psh__slice_kernels_avx512;
#endif

#endif
