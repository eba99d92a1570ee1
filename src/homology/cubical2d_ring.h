/* cubical2d_ring.h : the 3 x 3 neighbourhood of a pixel as one byte, its "ring", and what can be read off it. */
#ifndef PSH_HOMOLOGY_CUBICAL2D_RING_H
#define PSH_HOMOLOGY_CUBICAL2D_RING_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/homology.h"

/* Bit i of a ring tells whether neighbour i comes before the pixel. Clockwise from the upper left:
 *
 *     0 1 2     Pixel p comes before q if f(p) < f(q), or f(p) = f(q) and p is earlier in raster order: a strict total
 *     7 p 3     order. Whatever lies outside of the image comes after every pixel.
 *     6 5 4     Odd bits are the 4-neighbours ("axis"), even bits the corners. */
enum {
    PSH__RING_ABOVE = 0x07,
    PSH__RING_BELOW = 0x70,
    PSH__RING_LEFT = 0xc1,
    PSH__RING_RIGHT = 0x1c,
    PSH__RING_AXIS = 0xaa,
    PSH__RING_HEXAGON = 0xee, /* all but the upper left and the lower right */
    PSH__RING_BEHIND = 0x78,  /* behind the pixel in raster order: before it only if less, the others also if equal */
    PSH__RING_STAY = 8        /* no direction */
};

/* --- Kernels, one table for each SIMD level ---------------------------------------------------------------------- */

/* Kernels work on blocks of this many pixels: rows handed to them have room to the next multiple. */
#define PSH__RING_BLOCK 64
#define PSH__RING_ROUND(n_pixels) (((n_pixels) + PSH__RING_BLOCK - 1) / PSH__RING_BLOCK * PSH__RING_BLOCK)

/* The rings of one row.
 *   up, mid, down : the row above, this row, the row below, of the kernel's type, readable at -1 .. PSH__RING_ROUND(n)
 *   flip : 0xff to turn the order round (superlevel sets)        valid : bits of neighbours that lie inside the image
 *   dst : (PSH__RING_ROUND(n_pixels)); what is behind n_pixels is garbage */
typedef void psh__ring_row(const void *up, const void *mid, const void *down, size_t n_pixels, uint8_t flip,
                           uint8_t valid, uint8_t *dst);

/* Lists the x in [0, n_pixels), rising, whose ring belongs to the set `members` (bit r % 8 of byte r / 8) and answers
 * their number. rings : (PSH__RING_ROUND(n_pixels)).   dst : (n_pixels + PSH__RING_BLOCK) */
typedef size_t psh__ring_find(const uint8_t *rings, size_t n_pixels, const uint8_t members[32], uint32_t *dst);

typedef struct psh__ring_kernels {
    psh__ring_row *row[4]; /* by psh_dtype */
    psh__ring_find *find;
} psh__ring_kernels;

extern const psh__ring_kernels psh__ring_kernels_scalar, psh__ring_kernels_avx2, psh__ring_kernels_avx512;
const psh__ring_kernels *psh__ring_kernels_best(void); /* for psh_cpu_simd() */

/* --- What a ring means ------------------------------------------------------------------------------------------- */

/* Which neighbours hang together. */
typedef enum psh__mesh2d {
    PSH__MESH_T = 0,        /* earlier ones by 8-connectivity, later ones by 4-connectivity: psh_construction T */
    PSH__MESH_V = 1,        /* the other way round: V */
    PSH__MESH_TRIANGLES = 2 /* both by 6-connectivity: each square of four pixels is cut from its upper right to its
                               lower left corner */
} psh__mesh2d;
enum { PSH__N_MESHES = 3 };

/* Going round a pixel, neighbours that come before it and those that come after it alternate in runs, as many of the
 * one as of the other: earlier run 0, later run 0, earlier run 1, later run 1... A run hangs together without the
 * pixel, by the mesh's connectivity. No earlier run: a minimum. No later run: a maximum. Two runs or more of each: a
 * saddle. */
typedef struct psh__ring_table {
    uint8_t n_runs[256];        /* 0: minimum or maximum; 1: nothing happens here; 2 to 4: saddle */
    uint8_t earlier[256][4];    /* direction (bit number) of a neighbour in earlier run i */
    uint8_t later[256][4];      /* the same for later run i */
    uint8_t down[256], up[256]; /* direction of some earlier, later neighbour, or PSH__RING_STAY */
    uint8_t is_minimum[256], is_maximum[256], is_saddle[256]; /* 0 or 1 */
    uint8_t critical[32];                                     /* the set of all three, for psh__ring_find */
} psh__ring_table;

void psh__ring_table_fill(psh__mesh2d mesh, psh__ring_table *dst);

#endif
