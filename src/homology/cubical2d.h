/* cubical2d.h : persistence of a 2D image in terms of integer keys; the engine behind psh_cubical_compute() and
 * psh_lower_star_compute_grid(). */
#ifndef PSH_HOMOLOGY_CUBICAL2D_H
#define PSH_HOMOLOGY_CUBICAL2D_H

#include <stdbool.h>

#include "homology/cubical2d_ring.h"
#include "homology/elder_forest.h"
#include "homology/record_sort.h"
#include "persihash/homology.h"

/* A saddle, or one of several at one pixel: what it joins below, later what it joins above. */
typedef struct psh__edge {
    uint32_t a, b;  /* pixels where two paths start; after tracing the nodes where they end */
    uint32_t pixel; /* of the saddle */
    uint8_t run;    /* joins runs `run` and `run` + 1 of the pixel's ring */
    bool is_loop;   /* its two earlier runs hung together already: a loop is born */
} psh__edge;

/* A pixel in the middle of a long path whose ring was overwritten so that other paths end there. */
typedef struct psh__station {
    uint32_t pixel;
    uint8_t ring;
} psh__station;

/* Working memory, grown when an image needs more and kept for the next one. A "pixel" is an index into the plane: the
 * image with a border one pixel wide on every side, stride = width + 2 from row to row. */
typedef struct psh__cubical2d {
    size_t height, width, stride;
    psh__ring_table tables[PSH__N_MESHES];

    uint8_t *rows;          /* three rows of the image, with room around them */
    uint8_t *rings;         /* (plane) */
    uint32_t *node_of;      /* (plane) node of the pixels where paths end; meaningless elsewhere */
    uint32_t *found;        /* (width) places of one row where something happens */
    uint64_t *minima;       /* (n_minima) keys */
    psh__record *maxima;    /* (n_maxima) key, pixel */
    psh__edge *edges;       /* (n_edges) in raster order */
    psh__record *order;     /* (n_edges) key, index of edge: in raster order, then sorted; after H0 (n_loops) of them */
    uint32_t *list;         /* (n_edges) indices of edges to trace */
    psh__node *nodes;       /* of minima, then of maxima and the outside */
    psh__station *stations; /* (n_stations) */
    psh__pairs pairs[2];    /* of dimensions 0 and 1 */
    psh__record *scratch;   /* for sorting */
    size_t n_minima, n_maxima, n_edges, n_loops, n_stations;
    uint64_t least_key; /* birth of the one essential class */

    size_t rows_capacity, rings_capacity, node_of_capacity, found_capacity, minima_capacity, maxima_capacity,
        edges_capacity, order_capacity, list_capacity, nodes_capacity, stations_capacity, scratch_capacity;
} psh__cubical2d;

void psh__cubical2d_init(psh__cubical2d *c);
void psh__cubical2d_free(psh__cubical2d *c);

/* Fills pairs[0], least_key and, if with_h1, pairs[1]; keys are those of value_key.h.
 * Errors: PSH_ERR_UNSUPPORTED (more than 2^31 pixels), PSH_ERR_MEMORY. */
psh_status psh__cubical2d_compute(psh__cubical2d *c, const psh_image *image, psh__mesh2d mesh, bool is_superlevel,
                                  bool with_h1, psh_error *err);

#endif
