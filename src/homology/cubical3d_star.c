/* cubical3d_star.c : the cells that appear with a voxel, matched.
 *
 * Problem: a voxel p brings along the cells of the grid whose latest voxel it is (its lower star): itself, up to 6
 * edges, 12 squares, 8 cubes. Match each cell with a face or a coface of it in the star so that following the matches
 * never leads in circles, and leave as few cells alone as there can be: the critical ones.
 *
 * The star without p is a cone over the link L of p: a set of corners (edges of the grid), edges (squares) and
 * triangles (cubes) on the surface of an octahedron, that is on a sphere. On a sphere the best matching is two trees:
 *   - p goes with one corner of L; from it a tree grows through L, each corner that is reached goes with the edge
 *     that led there. A corner that starts a further tree is a critical edge: it joins components.
 *   - The edges of no tree, seen as steps from triangle to triangle, form a connected graph on the 8 triangles. From
 *     those that are missing in L a second forest grows over those that are there; each triangle goes with the edge
 *     through which it was reached. Edges left over are critical squares: they close holes. If no triangle is missing,
 *     the first is the start, and is a critical cube: it fills a void.
 * So there are b0 - 1 critical edges, b1 critical squares, b2 critical cubes by the Betti numbers of L, and for an
 * empty L the voxel is critical itself. Robins, Wood, Sheppard 2011 find the same numbers by sorting the neighbours;
 * here the order of neighbours among each other does not matter, so that a star is known from 26 bits and is looked up.
 */
#include "homology/cubical3d_star.h"

#include "persihash/homology.h"

#define LINKS_NAME psh__links_scalar
#include "homology/cubical3d_links_body.h"

const uint8_t psh__square_directions[PSH__N_SQUARES][2] = {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 2}, {1, 3},
                                                           {1, 5}, {2, 4}, {2, 5}, {3, 4}, {3, 5}, {4, 5}};

/* square_of[a][b] : the square of two directions; meaningless on one axis. */
static const uint8_t square_of[PSH__N_DIRECTIONS][PSH__N_DIRECTIONS] = {
    {0, 0, 1, 2, 3, 0},  {0, 0, 4, 5, 0, 6},  {1, 4, 0, 0, 7, 8},
    {2, 5, 0, 0, 9, 10}, {3, 0, 7, 9, 0, 11}, {0, 6, 8, 10, 11, 0},
};

const psh__links_kernels *psh__links_best(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX512:
        return &psh__links_avx512;
    case PSH_SIMD_AVX2:
        return &psh__links_avx2;
#endif
    default:
        return &psh__links_scalar;
    }
}

static void set_parent(psh__star *star, unsigned direction, unsigned parent) {
    star->edges &= ~(7u << 3 * direction);
    star->edges |= parent << 3 * direction;
}

static void set_exit(psh__star *star, unsigned octant, unsigned direction) {
    star->exits &= ~(7u << 3 * octant);
    star->exits |= direction << 3 * octant;
}

/* A direction down which a path gets far: there is no way down on the other side of it. */
static unsigned steep_direction(unsigned corners) {
    for (unsigned d = 0; d < PSH__N_DIRECTIONS; d++)
        if (corners >> d & 1 && !(corners >> (5 - d) & 1)) return d;
    return (unsigned)__builtin_ctz(corners);
}

/* Grows a tree from `root` through the squares of the link. Answers the corners reached; *tree: its squares. */
static unsigned grow_tree(psh__star *star, unsigned root, unsigned squares, unsigned *tree) {
    unsigned char queue[PSH__N_DIRECTIONS] = {(unsigned char)root};
    unsigned reached = 1u << root, n_queue = 1;
    for (unsigned i = 0; i < n_queue; i++)
        for (unsigned d = 0; d < PSH__N_DIRECTIONS; d++) {
            unsigned from = queue[i];
            if (reached >> d & 1 || d + from == 5) continue;
            unsigned square = square_of[from][d];
            if (!(squares >> square & 1)) continue;
            set_parent(star, d, from);
            reached |= 1u << d, *tree |= 1u << square;
            queue[n_queue++] = (unsigned char)d;
        }
    return reached;
}

/* Matches cubes with squares that are not in the trees. Answers the squares that are used up. */
static unsigned match_cubes(psh__star *star, unsigned cubes, unsigned free_squares) {
    unsigned char queue[PSH__N_OCTANTS];
    unsigned reached = ~cubes & 0xff, n_queue = 0, used = 0;
    if (cubes == 0xff) {
        reached = 1;
        set_exit(star, 0, PSH__STOP);
    }
    for (unsigned octant = 0; octant < PSH__N_OCTANTS; octant++)
        if (reached >> octant & 1) queue[n_queue++] = (unsigned char)octant;
    for (unsigned i = 0; i < n_queue; i++)
        for (unsigned axis = 0; axis < 3; axis++) {
            unsigned from = queue[i], octant = from ^ 4u >> axis, y = (axis + 1) % 3, z = (axis + 2) % 3;
            if (reached >> octant & 1) continue;
            unsigned square = square_of[psh__direction(y, octant & 4u >> y)][psh__direction(z, octant & 4u >> z)];
            if (!(free_squares >> square & 1)) continue;
            set_exit(star, octant, psh__direction(axis, from & 4u >> axis));
            reached |= 1u << octant, used |= 1u << square;
            queue[n_queue++] = (unsigned char)octant;
        }
    return used;
}

void psh__star_match(uint32_t link, psh__star *dst) {
    unsigned corners = link & 0x3f, squares = link >> PSH__LINK_SQUARES & 0xfff, cubes = link >> PSH__LINK_CUBES;
    unsigned tree = 0, reached = 0;
    *dst = (psh__star){.link = link, .edges = 0x3ffff, .exits = 0xffffff};
    unsigned exit = PSH__STOP;
    if (corners) {
        exit = steep_direction(corners);
        set_parent(dst, exit, PSH__STOP);
        reached = grow_tree(dst, exit, squares, &tree);
    }
    for (unsigned d = 0; d < PSH__N_DIRECTIONS; d++) {
        if (!(corners >> d & 1) || reached >> d & 1) continue;
        dst->critical_edges |= (uint8_t)(1u << d);
        set_parent(dst, d, d);
        reached |= grow_tree(dst, d, squares, &tree);
    }
    dst->edges |= exit << 3 * PSH__N_DIRECTIONS;
    dst->critical_squares = (uint16_t)(squares & ~tree & ~match_cubes(dst, cubes, squares & ~tree));
    dst->is_critical = !corners || dst->critical_edges || dst->critical_squares || cubes == 0xff;
}
