/* boundary_matrix.c : the complex of an image, a volume or a mesh written out cell by cell, and its boundary matrix
 * reduced column by column over Z/2 (Edelsbrunner, Letscher, Zomorodian 2002). Nothing is clever here.
 *
 * Grids: cells live on 2 n + 1 places an axis: a cell's dimension is the number of its odd coordinates, its faces are
 * the neighbours along odd coordinates. T: voxel (z, y, x) is the cube (2 z + 1, 2 y + 1, 2 x + 1), other cells get the
 * least value of the cubes around. V: voxel (z, y, x) is the vertex (2 z, 2 y, 2 x), other cells get the greatest value
 * of their vertices; there are 2 n - 1 places then. A periodic axis has 2 n places, and the first follows the last. An
 * image is a volume of one slice: H0 and H1 are the same. */
#include "boundary_matrix.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "intervals.h"

enum { MAX_FACES = 6 };

typedef struct cell {
    double value;
    int dim, n_faces;
    size_t place, faces[MAX_FACES]; /* places */
} cell;

typedef struct complex {
    size_t n_places, n_cells;
    cell *cells; /* (n_cells) sorted: faces come before cofaces */
} complex;

static int compare_cells(const void *a_ptr, const void *b_ptr) {
    const cell *a = a_ptr, *b = b_ptr;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    if (a->dim != b->dim) return a->dim - b->dim;
    return a->place < b->place ? -1 : 1;
}

/* The position of the last set bit of a column, or SIZE_MAX for a zero column. */
static size_t lowest_one(const uint64_t *column, size_t n_words) {
    for (size_t i = n_words; i-- > 0;)
        if (column[i]) return i * 64 + 63 - (size_t)__builtin_clzll(column[i]);
    return SIZE_MAX;
}

static void flip_bit(uint64_t *column, size_t i) {
    column[i / 64] ^= (uint64_t)1 << i % 64;
}

/* Sorts the cells, reduces, frees them. */
static size_t reduce(complex *k, psh_interval *dst) {
    qsort(k->cells, k->n_cells, sizeof *k->cells, compare_cells);
    size_t n_words = (k->n_cells + 63) / 64, n_intervals = 0;
    size_t *index_at = malloc((k->n_places + 1) * sizeof *index_at);  /* by place */
    size_t *column_of = malloc((k->n_cells + 1) * sizeof *column_of); /* which column has its lowest one in this row */
    int *is_negative = calloc(k->n_cells + 1, sizeof *is_negative);
    uint64_t *columns = calloc(k->n_cells * n_words + 1, sizeof *columns);
    if (!index_at || !column_of || !is_negative || !columns) abort();
    for (size_t c = 0; c < k->n_cells; c++) index_at[k->cells[c].place] = c, column_of[c] = SIZE_MAX;
    for (size_t c = 0; c < k->n_cells; c++) {
        uint64_t *column = columns + c * n_words;
        for (int i = 0; i < k->cells[c].n_faces; i++) flip_bit(column, index_at[k->cells[c].faces[i]]);
        size_t low;
        while ((low = lowest_one(column, n_words)) != SIZE_MAX && column_of[low] != SIZE_MAX)
            for (size_t word = 0; word < n_words; word++) column[word] ^= columns[column_of[low] * n_words + word];
        if (low == SIZE_MAX) continue;
        column_of[low] = c, is_negative[c] = 1;
        if (k->cells[low].value < k->cells[c].value)
            dst[n_intervals++] = (psh_interval){k->cells[low].value, k->cells[c].value, k->cells[low].dim};
    }
    for (size_t c = 0; c < k->n_cells; c++)
        if (!is_negative[c] && column_of[c] == SIZE_MAX)
            dst[n_intervals++] = (psh_interval){k->cells[c].value, INFINITY, k->cells[c].dim};
    intervals_sort(dst, n_intervals);
    free(k->cells), free(index_at), free(column_of), free(is_negative), free(columns);
    return n_intervals;
}

/* --- Grids ------------------------------------------------------------------------------------------------------- */

/* Is place i of an axis the voxel's own place or next to it? */
static bool touches(size_t i, size_t voxel_place, size_t n_places, bool is_periodic) {
    size_t distance = i > voxel_place ? i - voxel_place : voxel_place - i;
    return distance <= 1 || (is_periodic && distance + 1 >= n_places);
}

/* The extreme value of the voxels that share a place with cell p: voxels lie at 2 index + offset. */
static double cell_value(const double *values, const size_t shape[3], const bool is_periodic[3],
                         const size_t n_places[3], psh_construction construction, const size_t p[3]) {
    int is_t = construction == PSH_CONSTRUCTION_T;
    size_t offset = is_t ? 1 : 0;
    double best = is_t ? INFINITY : -INFINITY;
    for (size_t z = 0; z < shape[0]; z++) {
        if (!touches(p[0], 2 * z + offset, n_places[0], is_periodic[0])) continue;
        for (size_t y = 0; y < shape[1]; y++) {
            if (!touches(p[1], 2 * y + offset, n_places[1], is_periodic[1])) continue;
            for (size_t x = 0; x < shape[2]; x++) {
                if (!touches(p[2], 2 * x + offset, n_places[2], is_periodic[2])) continue;
                double value = values[(z * shape[1] + y) * shape[2] + x];
                best = is_t ? fmin(best, value) : fmax(best, value);
            }
        }
    }
    return best;
}

static complex make_grid(const double *values, const size_t shape[3], const bool is_periodic[3],
                         psh_construction construction) {
    size_t n[3], strides[3];
    for (int axis = 0; axis < 3; axis++)
        n[axis] = is_periodic[axis]                    ? 2 * shape[axis]
                  : construction == PSH_CONSTRUCTION_T ? 2 * shape[axis] + 1
                                                       : 2 * shape[axis] - 1;
    strides[2] = 1, strides[1] = n[2], strides[0] = n[1] * n[2];
    complex k = {.n_places = n[0] * n[1] * n[2]};
    k.cells = malloc(k.n_places * sizeof *k.cells);
    if (!k.cells) abort();
    for (size_t place = 0; place < k.n_places; place++) {
        const size_t p[3] = {place / strides[0], place / strides[1] % n[1], place % n[2]};
        cell *c = &k.cells[k.n_cells++];
        *c = (cell){.value = cell_value(values, shape, is_periodic, n, construction, p), .place = place};
        for (int axis = 0; axis < 3; axis++) {
            if (p[axis] % 2 == 0) continue;
            size_t origin = place - p[axis] * strides[axis];
            c->dim++;
            c->faces[c->n_faces++] = origin + (p[axis] - 1) * strides[axis];
            c->faces[c->n_faces++] = origin + (p[axis] + 1) % n[axis] * strides[axis];
        }
    }
    return k;
}

size_t boundary_matrix_n_volume_cells(const size_t shape[3]) {
    return (2 * shape[0] + 1) * (2 * shape[1] + 1) * (2 * shape[2] + 1);
}

size_t boundary_matrix_volume(const double *values, const size_t shape[3], const bool is_periodic[3],
                              psh_construction construction, psh_interval *dst) {
    complex k = make_grid(values, shape, is_periodic, construction);
    return reduce(&k, dst);
}

/* --- Images: one slice, of squares ------------------------------------------------------------------------------- */

/* Without the third axis, so that there are no cubes to count: T: of the slice's places the first plane, where squares
 * have their voxels' values. */
static complex make_image_complex(const double *values, size_t height, size_t width, psh_construction construction) {
    const bool is_periodic[3] = {false, false, false};
    complex k = make_grid(values, (size_t[3]){1, height, width}, is_periodic, construction);
    if (construction == PSH_CONSTRUCTION_V) return k;
    k.n_places = k.n_cells = (2 * height + 1) * (2 * width + 1);
    return k;
}

size_t boundary_matrix_n_cells(size_t height, size_t width) {
    return (2 * height + 1) * (2 * width + 1);
}

size_t boundary_matrix_intervals(const double *values, size_t height, size_t width, psh_construction construction,
                                 psh_interval *dst) {
    complex k = make_image_complex(values, height, width, construction);
    return reduce(&k, dst);
}

void boundary_matrix_count(const double *values, size_t height, size_t width, psh_construction construction,
                           double threshold, size_t n_cells[3]) {
    complex k = make_image_complex(values, height, width, construction);
    n_cells[0] = n_cells[1] = n_cells[2] = 0;
    for (size_t c = 0; c < k.n_cells; c++) n_cells[k.cells[c].dim] += k.cells[c].value <= threshold;
    free(k.cells);
}

/* --- Simplices --------------------------------------------------------------------------------------------------- */

/* Simplices found so far; a simplex is its vertices in rising order. Places are given as they come. */
typedef struct simplices {
    complex k;
    size_t (*corners)[4]; /* (n_cells) by place, unused ones SIZE_MAX */
    const double *values;
    size_t capacity;
} simplices;

static simplices start_simplices(const double *values, size_t capacity) {
    simplices s = {.values = values, .capacity = capacity};
    s.k.cells = malloc((capacity + 1) * sizeof *s.k.cells);
    s.corners = malloc((capacity + 1) * sizeof *s.corners);
    if (!s.k.cells || !s.corners) abort();
    return s;
}

/* Adds a simplex and its faces unless they are there. corners : (n_corners) rising. Answers its place. */
static size_t add_simplex(simplices *s, const size_t *corners, int n_corners) {
    size_t key[4] = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
    cell new_cell = {.value = -INFINITY, .dim = n_corners - 1};
    for (int i = 0; i < n_corners; i++) {
        key[i] = corners[i];
        new_cell.value = fmax(new_cell.value, s->values[corners[i]]);
    }
    for (size_t place = 0; place < s->k.n_cells; place++)
        if (!memcmp(s->corners[place], key, sizeof key)) return place;
    for (int without = 0; n_corners > 1 && without < n_corners; without++) {
        size_t face[4];
        int n_face = 0;
        for (int i = 0; i < n_corners; i++)
            if (i != without) face[n_face++] = corners[i];
        new_cell.faces[new_cell.n_faces++] = add_simplex(s, face, n_face);
    }
    if (s->k.n_cells == s->capacity) abort();
    memcpy(s->corners[s->k.n_cells], key, sizeof key);
    new_cell.place = s->k.n_cells;
    s->k.cells[s->k.n_cells++] = new_cell;
    return new_cell.place;
}

/* Sorts and leaves out repeated corners. */
static void add_corners(simplices *s, const size_t *corners, int n_corners) {
    size_t sorted[4];
    int n_sorted = 0;
    for (int i = 0; i < n_corners; i++) {
        int j = n_sorted;
        while (j > 0 && sorted[j - 1] > corners[i]) j--;
        if (j > 0 && sorted[j - 1] == corners[i]) continue;
        memmove(sorted + j + 1, sorted + j, (size_t)(n_sorted - j) * sizeof *sorted);
        sorted[j] = corners[i];
        n_sorted++;
    }
    add_simplex(s, sorted, n_sorted);
}

static size_t reduce_simplices(simplices *s, psh_interval *dst) {
    s->k.n_places = s->k.n_cells;
    free(s->corners);
    return reduce(&s->k, dst);
}

size_t boundary_matrix_mesh(const double *values, size_t n_vertices, const uint32_t *triangles, size_t n_triangles,
                            psh_interval *dst) {
    simplices s = start_simplices(values, n_vertices + 4 * n_triangles);
    for (size_t i = 0; i < n_vertices; i++) add_simplex(&s, &i, 1);
    for (size_t i = 0; i < n_triangles; i++) {
        const size_t corners[3] = {triangles[3 * i], triangles[3 * i + 1], triangles[3 * i + 2]};
        add_corners(&s, corners, 3);
    }
    return reduce_simplices(&s, dst);
}

size_t boundary_matrix_tetrahedra(const double *values, const size_t shape[3], psh_interval *dst) {
    /* Corners of a cube by z, y, x as bits: a path from (0, 0, 1) to (1, 1, 0) along the axes, in each order. */
    static const unsigned axes[6][3] = {{4, 2, 1}, {4, 1, 2}, {2, 4, 1}, {2, 1, 4}, {1, 4, 2}, {1, 2, 4}};
    size_t n_voxels = shape[0] * shape[1] * shape[2], n_cubes[3];
    simplices s = start_simplices(values, 27 * n_voxels);
    for (int axis = 0; axis < 3; axis++) n_cubes[axis] = shape[axis] > 1 ? shape[axis] - 1 : 1; /* flat ones too */
    for (size_t z = 0; z < n_cubes[0]; z++)
        for (size_t y = 0; y < n_cubes[1]; y++)
            for (size_t x = 0; x < n_cubes[2]; x++)
                for (int i = 0; i < 6; i++) {
                    size_t corners[4];
                    unsigned bits = 1;
                    for (int j = 0; j < 4; j++) {
                        size_t dz = shape[0] > 1 && bits & 4, dy = shape[1] > 1 && bits & 2,
                               dx = shape[2] > 1 && bits & 1;
                        corners[j] = ((z + dz) * shape[1] + y + dy) * shape[2] + x + dx;
                        if (j < 3) bits ^= axes[i][j];
                    }
                    add_corners(&s, corners, 4);
                }
    return reduce_simplices(&s, dst);
}
