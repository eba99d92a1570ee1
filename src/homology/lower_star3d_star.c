/* lower_star3d_star.c : the simplices that appear with a voxel, matched.
 *
 * The link of a voxel is a triangulated sphere of 14 corners, 36 edges (triangles of the grid) and 24 triangles
 * (tetrahedra), and it is full: whatever has its corners before the voxel appears with it. So 14 bits say all, and the
 * 16,384 stars are a table, filled as they turn up. The matching is that of cubical3d_star.c: a forest through the
 * edges of the link's part that is there, another through its triangles from those that are missing.
 *
 * Beside a critical triangle lie two parts of the link that come later. Its two ways up lead into them: this is how the
 * complement hangs together, by Alexander duality (lower_star3d.c). */
#include "homology/lower_star3d_star.h"

#include <assert.h>
#include <string.h>

const int8_t psh__kuhn_vectors[PSH__KUHN_DIRECTIONS][3] = {
    {-1, -1, 0}, {-1, -1, 1}, {-1, 0, 0}, {-1, 0, 1}, {0, -1, 0}, {0, -1, 1}, {0, 0, -1},
    {0, 0, 1},   {0, 1, -1},  {0, 1, 0},  {1, 0, -1}, {1, 0, 0},  {1, 1, -1}, {1, 1, 0},
};

static uint8_t direction_of(const int vector[3]) {
    for (unsigned d = 0; d < PSH__KUHN_DIRECTIONS; d++) {
        const int8_t *v = psh__kuhn_vectors[d];
        if (v[0] == vector[0] && v[1] == vector[1] && v[2] == vector[2]) return (uint8_t)d;
    }
    return PSH__KUHN_STOP;
}

/* Three directions of which each two are neighbours bound a tetrahedron: the grid is a flag complex. */
void psh__kuhn_fill(psh__kuhn *dst) {
    unsigned n_triangles = 0, n_tetrahedra = 0, n_sides[PSH__KUHN_TRIANGLES] = {0};
    memset(dst, 0, sizeof *dst);
    for (unsigned a = 0; a < PSH__KUHN_DIRECTIONS; a++)
        for (unsigned b = 0; b < PSH__KUHN_DIRECTIONS; b++) {
            int vector[3];
            for (int axis = 0; axis < 3; axis++) vector[axis] = psh__kuhn_vectors[b][axis] - psh__kuhn_vectors[a][axis];
            dst->difference[a][b] = direction_of(vector);
            if (a >= b || dst->difference[a][b] == PSH__KUHN_STOP) continue;
            assert(n_triangles < PSH__KUHN_TRIANGLES);
            dst->triangle_of[a][b] = dst->triangle_of[b][a] = (uint8_t)n_triangles;
            dst->triangles[n_triangles][0] = (uint8_t)a, dst->triangles[n_triangles][1] = (uint8_t)b;
            n_triangles++;
        }
    for (unsigned a = 0; a < PSH__KUHN_DIRECTIONS; a++)
        for (unsigned b = a + 1; b < PSH__KUHN_DIRECTIONS; b++)
            for (unsigned c = b + 1; c < PSH__KUHN_DIRECTIONS; c++) {
                if (dst->difference[a][b] == PSH__KUHN_STOP || dst->difference[a][c] == PSH__KUHN_STOP ||
                    dst->difference[b][c] == PSH__KUHN_STOP)
                    continue;
                assert(n_tetrahedra < PSH__KUHN_TETRAHEDRA);
                uint8_t faces[3] = {dst->triangle_of[a][b], dst->triangle_of[a][c], dst->triangle_of[b][c]};
                memcpy(dst->tetrahedra[n_tetrahedra], (uint8_t[3]){(uint8_t)a, (uint8_t)b, (uint8_t)c}, 3);
                memcpy(dst->faces[n_tetrahedra], faces, 3);
                for (int i = 0; i < 3; i++) dst->sides[faces[i]][n_sides[faces[i]]++] = (uint8_t)n_tetrahedra;
                n_tetrahedra++;
            }
    assert(n_triangles == PSH__KUHN_TRIANGLES && n_tetrahedra == PSH__KUHN_TETRAHEDRA);
}

static void set_parent(psh__kuhn_star *star, unsigned direction, unsigned parent) {
    star->parents &= ~((uint64_t)15 << 4 * direction);
    star->parents |= (uint64_t)parent << 4 * direction;
}

/* Grows a tree from `root` through the link. Answers the corners reached; *tree: its triangles. */
static unsigned grow_tree(const psh__kuhn *kuhn, psh__kuhn_star *star, unsigned root, unsigned link, uint64_t *tree) {
    uint8_t queue[PSH__KUHN_DIRECTIONS] = {(uint8_t)root};
    unsigned reached = 1u << root, n_queue = 1;
    for (unsigned i = 0; i < n_queue; i++)
        for (unsigned d = 0; d < PSH__KUHN_DIRECTIONS; d++) {
            unsigned from = queue[i];
            if (reached >> d & 1 || !(link >> d & 1) || kuhn->difference[from][d] == PSH__KUHN_STOP) continue;
            set_parent(star, d, from);
            reached |= 1u << d, *tree |= (uint64_t)1 << kuhn->triangle_of[from][d];
            queue[n_queue++] = (uint8_t)d;
        }
    return reached;
}

/* Some corner of a tetrahedron that is not in the link, or _STOP. */
static uint8_t later_corner(const psh__kuhn *kuhn, unsigned tetrahedron, unsigned link) {
    for (int i = 0; i < 3; i++)
        if (!(link >> kuhn->tetrahedra[tetrahedron][i] & 1)) return kuhn->tetrahedra[tetrahedron][i];
    return PSH__KUHN_STOP;
}

/* Matches tetrahedra with `free_triangles`, from the missing ones on. Answers the triangles used; ways[tetrahedron]: a
 * corner that comes later, in the part from which it was reached. */
static uint64_t match_tetrahedra(const psh__kuhn *kuhn, unsigned link, uint64_t free_triangles,
                                 uint8_t ways[PSH__KUHN_TETRAHEDRA]) {
    uint8_t queue[PSH__KUHN_TETRAHEDRA];
    uint32_t reached = 0;
    unsigned n_queue = 0;
    uint64_t used = 0;
    for (unsigned i = 0; i < PSH__KUHN_TETRAHEDRA; i++) {
        ways[i] = later_corner(kuhn, i, link);
        if (ways[i] != PSH__KUHN_STOP) queue[n_queue++] = (uint8_t)i, reached |= (uint32_t)1 << i;
    }
    if (n_queue == 0) queue[n_queue++] = 0, reached = 1; /* a maximum: the first tetrahedron is critical */
    for (unsigned i = 0; i < n_queue; i++)
        for (int j = 0; j < 3; j++) {
            unsigned from = queue[i], triangle = kuhn->faces[from][j];
            unsigned to = kuhn->sides[triangle][kuhn->sides[triangle][0] == from];
            if (reached >> to & 1 || !(free_triangles >> triangle & 1)) continue;
            ways[to] = ways[from];
            reached |= (uint32_t)1 << to, used |= (uint64_t)1 << triangle;
            queue[n_queue++] = (uint8_t)to;
        }
    return used;
}

void psh__kuhn_match(const psh__kuhn *kuhn, unsigned link, psh__kuhn_star *dst, uint8_t (*ways_up)[2]) {
    uint64_t tree = 0, there = 0;
    uint8_t ways[PSH__KUHN_TETRAHEDRA];
    unsigned reached = 0, way_down = PSH__KUHN_STOP;
    *dst = (psh__kuhn_star){.parents = ((uint64_t)1 << 4 * PSH__KUHN_DIRECTIONS) - 1, .is_known = 1};
    for (unsigned d = 0; d < PSH__KUHN_DIRECTIONS; d++) {
        if (!(link >> d & 1) || reached >> d & 1) continue;
        set_parent(dst, d, reached ? d : PSH__KUHN_STOP);
        if (reached)
            dst->critical_edges |= (uint16_t)(1u << d);
        else
            way_down = d;
        reached |= grow_tree(kuhn, dst, d, link, &tree);
    }
    dst->parents |= (uint64_t)way_down << 4 * PSH__KUHN_DIRECTIONS;
    for (unsigned i = 0; i < PSH__KUHN_TRIANGLES; i++)
        there |= (uint64_t)(link >> kuhn->triangles[i][0] & link >> kuhn->triangles[i][1] & 1) << i;
    dst->critical_triangles = there & ~tree & ~match_tetrahedra(kuhn, link, there & ~tree, ways);
    unsigned later = ~link & (PSH__KUHN_LINKS - 1);
    dst->way_up = later ? (uint8_t)__builtin_ctz(later) : PSH__KUHN_STOP;
    for (unsigned i = 0; ways_up && i < PSH__KUHN_TRIANGLES; i++)
        for (int side = 0; side < 2; side++) ways_up[i][side] = ways[kuhn->sides[i][side]];
}
