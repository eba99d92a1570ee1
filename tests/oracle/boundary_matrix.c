/* boundary_matrix.c : the cubical complex of an image written out cell by cell, and its boundary matrix reduced column
 * by column over Z/2 (Edelsbrunner, Letscher, Zomorodian 2002). Nothing is clever here.
 *
 * Cells live on a grid of (2 h + 1) x (2 w + 1) places: a cell's dimension is the number of its odd coordinates, its
 * faces are the neighbours along odd coordinates. T: pixel (y, x) is the square (2 y + 1, 2 x + 1), other cells get the
 * least value of the squares around. V: pixel (y, x) is the vertex (2 y, 2 x), other cells get the greatest value of
 * their vertices; the grid is then (2 h - 1) x (2 w - 1). */
#include "boundary_matrix.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "intervals.h"

typedef struct cell {
    double value;
    int dim;
    size_t place; /* i * columns + j */
} cell;

typedef struct complex {
    size_t n_rows, n_columns, n_cells;
    cell *cells; /* (n_cells) sorted: faces come before cofaces */
} complex;

size_t boundary_matrix_n_cells(size_t height, size_t width) {
    return (2 * height + 1) * (2 * width + 1);
}

static int compare_cells(const void *a_ptr, const void *b_ptr) {
    const cell *a = a_ptr, *b = b_ptr;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    if (a->dim != b->dim) return a->dim - b->dim;
    return a->place < b->place ? -1 : 1;
}

/* The extreme value of the pixels that share a place with cell (i, j): pixels lie at (2 y + o, 2 x + o). */
static double cell_value(const double *values, size_t height, size_t width, psh_construction construction, size_t i,
                         size_t j) {
    int is_t = construction == PSH_CONSTRUCTION_T;
    size_t offset = is_t ? 1 : 0;
    double best = is_t ? INFINITY : -INFINITY;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            size_t pixel_i = 2 * y + offset, pixel_j = 2 * x + offset;
            if (pixel_i + 1 < i || pixel_i > i + 1 || pixel_j + 1 < j || pixel_j > j + 1) continue; /* not touching */
            double value = values[y * width + x];
            best = is_t ? fmin(best, value) : fmax(best, value);
        }
    return best;
}

static complex make_complex(const double *values, size_t height, size_t width, psh_construction construction) {
    int is_t = construction == PSH_CONSTRUCTION_T;
    complex k = {.n_rows = is_t ? 2 * height + 1 : 2 * height - 1, .n_columns = is_t ? 2 * width + 1 : 2 * width - 1};
    k.cells = malloc(k.n_rows * k.n_columns * sizeof *k.cells);
    if (!k.cells) abort();
    for (size_t i = 0; i < k.n_rows; i++)
        for (size_t j = 0; j < k.n_columns; j++)
            k.cells[k.n_cells++] = (cell){.value = cell_value(values, height, width, construction, i, j),
                                          .dim = (int)(i % 2 + j % 2),
                                          .place = i * k.n_columns + j};
    qsort(k.cells, k.n_cells, sizeof *k.cells, compare_cells);
    return k;
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

size_t boundary_matrix_intervals(const double *values, size_t height, size_t width, psh_construction construction,
                                 psh_interval *dst) {
    complex k = make_complex(values, height, width, construction);
    size_t n_words = (k.n_cells + 63) / 64, n_intervals = 0;
    size_t *index_at = malloc(k.n_cells * sizeof *index_at);   /* by place */
    size_t *column_of = malloc(k.n_cells * sizeof *column_of); /* which column has its lowest one in this row */
    int *is_negative = calloc(k.n_cells, sizeof *is_negative);
    uint64_t *columns = calloc(k.n_cells * n_words, sizeof *columns);
    if (!index_at || !column_of || !is_negative || !columns) abort();
    for (size_t c = 0; c < k.n_cells; c++) index_at[k.cells[c].place] = c, column_of[c] = SIZE_MAX;
    for (size_t c = 0; c < k.n_cells; c++) {
        uint64_t *column = columns + c * n_words;
        size_t place = k.cells[c].place, i = place / k.n_columns, j = place % k.n_columns;
        if (i % 2) flip_bit(column, index_at[place - k.n_columns]), flip_bit(column, index_at[place + k.n_columns]);
        if (j % 2) flip_bit(column, index_at[place - 1]), flip_bit(column, index_at[place + 1]);
        size_t low;
        while ((low = lowest_one(column, n_words)) != SIZE_MAX && column_of[low] != SIZE_MAX)
            for (size_t word = 0; word < n_words; word++) column[word] ^= columns[column_of[low] * n_words + word];
        if (low == SIZE_MAX) continue;
        column_of[low] = c, is_negative[c] = 1;
        if (k.cells[low].dim < 2 && k.cells[low].value < k.cells[c].value)
            dst[n_intervals++] = (psh_interval){k.cells[low].value, k.cells[c].value, k.cells[low].dim};
    }
    for (size_t c = 0; c < k.n_cells; c++)
        if (!is_negative[c] && column_of[c] == SIZE_MAX)
            dst[n_intervals++] = (psh_interval){k.cells[c].value, INFINITY, k.cells[c].dim};
    intervals_sort(dst, n_intervals);
    free(k.cells), free(index_at), free(column_of), free(is_negative), free(columns);
    return n_intervals;
}

void boundary_matrix_count(const double *values, size_t height, size_t width, psh_construction construction,
                           double threshold, size_t n_cells[3]) {
    complex k = make_complex(values, height, width, construction);
    n_cells[0] = n_cells[1] = n_cells[2] = 0;
    for (size_t c = 0; c < k.n_cells; c++) n_cells[k.cells[c].dim] += k.cells[c].value <= threshold;
    free(k.cells);
}
