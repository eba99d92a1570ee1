/* lower_star3d_star.h : what happens in the 14 neighbours around a voxel of a tetrahedralised grid when it is added.
 *
 * TTK cuts each cube of eight voxels into six tetrahedra around the diagonal from (z, y, x) = (0, 0, 1) to (1, 1, 0);
 * its faces are cut as images are. A voxel has 14 neighbours: directions 0 .. 13 in raster order, d and 13 - d
 * opposite. */
#ifndef PSH_HOMOLOGY_LOWER_STAR3D_STAR_H
#define PSH_HOMOLOGY_LOWER_STAR3D_STAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PSH__KUHN_DIRECTIONS = 14,
    PSH__KUHN_TRIANGLES = 36, /* at a voxel: pairs of directions, whose voxels are neighbours */
    PSH__KUHN_TETRAHEDRA = 24,
    PSH__KUHN_STOP = PSH__KUHN_DIRECTIONS, /* no direction */
    PSH__KUHN_LINKS = 1 << PSH__KUHN_DIRECTIONS
};

extern const int8_t psh__kuhn_vectors[PSH__KUHN_DIRECTIONS][3]; /* z, y, x */

/* What can be worked out from the vectors. */
typedef struct psh__kuhn {
    uint8_t difference[PSH__KUHN_DIRECTIONS][PSH__KUHN_DIRECTIONS]; /* from the end of a to the end of b; _STOP: no
                                                                       neighbours */
    uint8_t triangle_of[PSH__KUHN_DIRECTIONS][PSH__KUHN_DIRECTIONS];
    uint8_t triangles[PSH__KUHN_TRIANGLES][2];   /* directions, rising */
    uint8_t sides[PSH__KUHN_TRIANGLES][2];       /* tetrahedra beside it */
    uint8_t tetrahedra[PSH__KUHN_TETRAHEDRA][3]; /* directions, rising */
    uint8_t faces[PSH__KUHN_TETRAHEDRA][3];      /* triangles */
} psh__kuhn;
void psh__kuhn_fill(psh__kuhn *dst);

/* The cells that appear with a voxel, matched two by two but for the critical ones (lower_star3d_star.c). */
typedef struct psh__kuhn_star {
    uint64_t parents; /* 4 bits for each direction: where its triangle leads; itself: critical; _STOP: matched
                         with the voxel; 15: absent. Then 4 bits: the edge that the voxel is matched with, or
                         _STOP */
    uint64_t critical_triangles; /* a set */
    uint16_t critical_edges;     /* a set of directions */
    uint8_t way_up;              /* a direction that comes later, _STOP for a maximum */
    uint8_t is_known;
} psh__kuhn_star;

static inline unsigned psh__kuhn_parent(const psh__kuhn_star *star, unsigned direction) {
    return (unsigned)(star->parents >> 4 * direction & 15);
}
static inline unsigned psh__kuhn_way_down(const psh__kuhn_star *star) {
    return (unsigned)(star->parents >> 4 * PSH__KUHN_DIRECTIONS & 15);
}

/* link : the set of directions whose voxels come before. ways_up : (PSH__KUHN_TRIANGLES, 2) for critical triangles, a
 * direction that comes later on each side. */
void psh__kuhn_match(const psh__kuhn *kuhn, unsigned link, psh__kuhn_star *dst, uint8_t (*ways_up)[2]);

#endif
