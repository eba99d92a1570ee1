/* SPDX-License-Identifier: MIT
 * homology.h : from arrays to persistence intervals.
 *
 * Coefficients are Z/2. A sublevel filtration adds cells by increasing value. A superlevel filtration of f is the
 * sublevel filtration of -f, and its intervals are reported as such, so that birth < death always holds downstream. */
#ifndef PERSIHASH_HOMOLOGY_H
#define PERSIHASH_HOMOLOGY_H

#include "input.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One class of homology dimension `dim`: born at `birth`, dead at `death` (INFINITY: essential). */
typedef struct psh_interval {
    double birth, death;
    int32_t dim;
} psh_interval;

/* Which cells carry the pixels' values. V: pixels are vertices, a cell appears with its last vertex (H0 sees 4
 * neighbours). T: pixels are top-dimensional cells, a cell appears with its first coface (H0 sees 8 neighbours; GUDHI's
 * top_dimensional_cells). */
typedef enum psh_construction { PSH_CONSTRUCTION_T = 0, PSH_CONSTRUCTION_V = 1 } psh_construction;

typedef enum psh_filtration {
    PSH_SUBLEVEL = 0,
    PSH_SUPERLEVEL = 1 /* of f = sublevel of -f: intervals are those of the negated image, so that birth < death */
} psh_filtration;

/* What becomes of essential classes (death = infinity). */
typedef enum psh_essential {
    PSH_ESSENTIAL_DROP = 0,  /* left out, counted (the paper's choice) */
    PSH_ESSENTIAL_CLAMP = 1, /* death = essential_value (left out if that is not above birth, and counted); a value of
                                the negated image for superlevel sets */
    PSH_ESSENTIAL_KEEP = 2   /* death = INFINITY */
} psh_essential;

typedef struct psh_cubical_params {
    size_t struct_bytes;
    psh_construction construction; /* default T */
    psh_filtration filtration;     /* default sublevel */
    psh_essential essential;       /* default drop */
    double essential_value;        /* for clamp; finite */
    double min_persistence; /* >= 0; intervals with death - birth <= this are left out; 0 leaves out empty ones only */
    uint32_t dims_mask;     /* bit d: report dimension d; 0: all */
} psh_cubical_params;

/* Working memory of one thread, reused from image to image: no allocation once it has seen the largest image. */
typedef struct psh_cubical psh_cubical;
PSH_API psh_status psh_cubical_create(psh_cubical **dst, psh_error *err);
PSH_API void psh_cubical_free(psh_cubical *cubical); /* NULL is fine */

/* psh_cubical_compute() :
 * Persistent homology of a 2D image: H0 by union-find over its minima, joined at its saddles; H1 by Alexander duality
 * as H0 of the complement with the other connectivity. Births and deaths are pixel values, exact as doubles; -0 is +0.
 * intervals : (n_intervals), owned by `cubical`, valid until its next call; sorted by (dim, birth, death), so the order
 * does not depend on the algorithm. *n_essential (may be NULL): classes that the policy left out. Cost: O(pixels) plus
 * sorting the saddles. Errors: PSH_ERR_PARAMETER, PSH_ERR_UNSUPPORTED (3D, or 2^31 pixels and more), PSH_ERR_MEMORY.
 * Threads: one `cubical` per thread; the image may be shared. */
PSH_API psh_status psh_cubical_compute(psh_cubical *cubical, const psh_image *image, const psh_cubical_params *params,
                                       const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                                       psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
