/* bounds.h : what is known of a Wasserstein distance before any matching is searched for.
 *
 * Coordinates of the whole set are mapped to [0, 1] and turned: a point is (m, h), the midpoint of its interval and
 * half its persistence. In them the L-infinity distance of (birth, death) is |dm| + |dh| with h the way to the
 * diagonal, and the L2 distance is sqrt 2 sqrt(dm^2 + dh^2) with sqrt 2 h. All bounds are of the finite points of one
 * dimension, in units of `range`, and hold after rounding: each is moved outwards by `margin`. Proofs:
 * docs/math/progressive.md.
 *     bounds.c        preparation, norms
 *     bound_sliced.c  lower bounds from projections to a line
 *     bound_greedy.c  upper bounds from matchings made in one pass */
#ifndef PSH_TRANSPORT_BOUNDS_H
#define PSH_TRANSPORT_BOUNDS_H

#include "persihash/transport.h"
#include "transport/measure.h"

#define PSH__BOUND_LINES 3   /* projections; the last is that to h */
#define PSH__BOUND_CELLS 128 /* intervals of each line */
#define PSH__BOUND_WINDOW 32 /* candidates that a point chooses from */

/* One measure, repeated points written out. Lists end with PSH__BOUND_WINDOW more elements: INFINITY in `lines` and
 * `centers`, zeros elsewhere. */
typedef struct psh__bound_points {
    size_t n;                               /* points */
    double norm;                            /* W_q to the empty diagram */
    double margin;                          /* what rounding may have moved anything by */
    const double *center, *half;            /* (n) by falling half */
    const float *center_short, *half_short; /* the same */
    const double *lines[PSH__BOUND_LINES];  /* (n) rising, except two for order 1, which needs no lines */
    const double *centers;                  /* (n) rising, times the first two lines' factor of m */
    const float *cells;                     /* (LINES, CELLS), order 1 only, else NULL */
} psh__bound_points;

typedef struct psh__bound_kernels psh__bound_kernels; /* bound_kernels.h */

typedef struct psh__bounds {
    const psh__bound_kernels *kernels;
    double order;
    psh_ground ground;
    double range; /* unit of all bounds; 0: there are none (coordinates beyond double precision) */
    size_t max_points;
    psh__bound_points *points; /* (number of measures), like measures->measures */
    double *doubles;
    float *floats, *cells;
} psh__bounds;

psh_status psh__bounds_create(const psh__measures *measures, double order, psh_ground ground, psh__bounds *dst,
                              psh_error *err);
void psh__bounds_free(psh__bounds *bounds); /* zeroed struct is fine */

/* What a thread needs: room for the costs of any matching. */
typedef struct psh__bound_room {
    double *costs; /* (2 max_points + 2 WINDOW) */
    float *taken;  /* (max_points + WINDOW) */
} psh__bound_room;

/* Lower bounds: from cells (fast, order 1 only: 0 otherwise), from whole lines. */
double psh__bound_cells(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b);
double psh__bound_lines(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b,
                        psh__bound_room *room);
/* Upper bounds: k-th longest with k-th longest; each of a with the best free one near its length. */
double psh__bound_ranked(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b,
                         psh__bound_room *room);
double psh__bound_greedy(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b,
                         psh__bound_room *room);

/* (sum of x^q)^(1/q) of n numbers >= 0, the greatest for q = INFINITY; neither overflows nor vanishes on the way. */
double psh__bound_root_sum(const double *x, size_t n, double order);
/* The cells of one measure's projections; edges : (CELLS + 1) rising. */
void psh__bound_fill_cells(const psh__bound_points *points, double center_factor, double half_factor,
                           const double *edges, float *dst);

/* Factors (s, t) of line k's projection s m + t h: the map does not stretch the distance of diagrams (see
 * bound_sliced.c). */
void psh__bound_line_factors(const psh__bounds *bounds, int line, double *center_factor, double *half_factor);

#endif
