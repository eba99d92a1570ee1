/* cubical3d_star.h : what happens in the 3 x 3 x 3 voxels around a voxel when it is added.
 *
 * Directions 0 .. 5 are -z -y -x +x +y +z: d and 5 - d are opposite, 0 .. 2 come earlier in raster order. Squares at a
 * voxel are pairs of directions on two axes (12), cubes are octants (8): bit 4 >> axis is set for the plus side. */
#ifndef PSH_HOMOLOGY_CUBICAL3D_STAR_H
#define PSH_HOMOLOGY_CUBICAL3D_STAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PSH__N_DIRECTIONS = 6,
    PSH__N_SQUARES = 12,
    PSH__N_OCTANTS = 8,
    /* A link: bits 0 .. 5 the edges at a voxel (its six neighbours), 6 .. 17 the squares, 18 .. 25 the cubes that
     * appear with it, since all their other voxels come before it. */
    PSH__LINK_SQUARES = 6,
    PSH__LINK_CUBES = 18,
    PSH__STOP = 6,  /* no direction: a path ends here */
    PSH__ABSENT = 7 /* no such cell */
};

extern const uint8_t psh__square_directions[PSH__N_SQUARES][2]; /* rising */

/* The direction of axis (0: z, 1: y, 2: x) on the minus or plus side. */
static inline unsigned psh__direction(unsigned axis, bool is_plus) {
    return is_plus ? 5 - axis : axis;
}
static inline unsigned psh__axis(unsigned direction) {
    return direction < 3 ? direction : 5 - direction;
}

/* The cells that appear with a voxel, matched two by two but for the critical ones (cubical3d_star.c). */
typedef struct psh__star {
    uint32_t link;
    uint32_t edges; /* 3 bits for each direction: where its square leads (see psh__edge_parent()); then 3 bits: the
                       edge that the voxel itself is matched with, PSH__STOP for a minimum */
    uint32_t exits; /* 3 bits for each octant: the direction in which a path upward leaves the cube through the square
                       that it is matched with; PSH__STOP for a maximum, PSH__ABSENT */
    uint16_t critical_squares;
    uint8_t critical_edges;
    uint8_t is_critical; /* anything is: an edge, a square, the voxel or a cube */
} psh__star;

/* Edge d is matched with the square (d, parent); itself: it is critical; PSH__STOP: matched with the voxel. */
static inline unsigned psh__edge_parent(uint32_t edges, unsigned direction) {
    return edges >> 3 * direction & 7;
}
static inline unsigned psh__voxel_exit(uint32_t edges) {
    return edges >> 3 * PSH__N_DIRECTIONS & 7;
}
static inline unsigned psh__cube_exit(uint32_t exits, unsigned octant) {
    return exits >> 3 * octant & 7;
}

void psh__star_match(uint32_t link, psh__star *dst);

/* Stars seen lately: a volume has few different links. Zeroed memory is an empty one. */
enum { PSH__STAR_CACHE = 2048 };
typedef struct psh__star_cache {
    psh__star items[PSH__STAR_CACHE];
} psh__star_cache;

static inline const psh__star *psh__star_of(psh__star_cache *cache, uint32_t link) {
    psh__star *star = &cache->items[(link * 0x9e3779b1u) >> 21];
    if (star->link != link || link == 0) psh__star_match(link, star);
    return star;
}

/* --- Links of one row, a kernel for each SIMD level --------------------------------------------------------------- */

/* keys : at the first voxel of the row, in a grid with a border one voxel wide, of int32_t or int64_t; neighbours lie
 * at -+1, -+row, -+plane. dst : (n_voxels). A voxel comes before another if its key is less, or equal and it is earlier
 * in raster order. */
typedef void psh__links_row(const void *keys, ptrdiff_t row, ptrdiff_t plane, size_t n_voxels, uint32_t *dst);
typedef struct psh__links_kernels {
    psh__links_row *row[2]; /* of int32_t, int64_t */
} psh__links_kernels;

extern const psh__links_kernels psh__links_scalar, psh__links_avx2, psh__links_avx512;
const psh__links_kernels *psh__links_best(void); /* for psh_cpu_simd() */

#endif
