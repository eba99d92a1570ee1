/* table_matrix.c : which distances a table holds. The layouts are Ripser's, told apart by the lengths of the rows:
 *
 *     full             N rows of N           0 1 2 / 1 0 3 / 2 3 0      symmetric, the diagonal zero
 *     lower            rows of 1, 2, 3 ...   1 / 2 3                    d(1,0), then d(2,0) d(2,1); N - 1 rows
 *     lower, diagonal  the same, all rows end in 0      0 / 1 0 / 2 3 0
 *     upper            rows of N-1, ..., 2, 1           1 2 / 3         d(0,1) d(0,2), then d(1,2)
 *     upper, diagonal  the same, all rows begin with 0
 *     sparse           rows of 3: i j d, i and j whole numbers from 0; all else is infinitely far
 *
 * 3 x 3 is full if it is symmetric with a zero diagonal, else sparse if each row begins with two whole numbers. A
 * triangle whose rows all end (or begin) in 0 has its diagonal, since otherwise each point would lie on the next; one
 * of nothing but zeros could be either, and is refused. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/shape.h"
#include "input/table.h"

/* Are the rows of first, first + step, first + 2 step, ... numbers? */
static bool has_widths(const psh__table *table, size_t first, int step) {
    for (size_t row = 0; row < table->n_rows; row++)
        if (psh__table_width(table, row) != (step > 0 ? first + row : first - (step < 0 ? row : 0))) return false;
    return true;
}

static bool is_symmetric(const psh__table *table) {
    size_t n = table->n_rows;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            if (table->numbers[i * n + j] != (i == j ? 0 : table->numbers[j * n + i])) return false;
    return true;
}

/* Do all rows have a 0 at their start, or at their end? */
static bool has_zeros(const psh__table *table, bool at_end) {
    for (size_t row = 0; row < table->n_rows; row++)
        if (table->numbers[at_end ? table->ends[row] - 1 : psh__table_start(table, row)] != 0) return false;
    return true;
}

static bool is_zero(const psh__table *table) {
    for (size_t i = 0; i < table->n_numbers; i++)
        if (table->numbers[i] != 0) return false;
    return true;
}

/* The rows without their first or last number, one behind the other. */
static void drop_diagonal(psh__table *table, bool at_end) {
    size_t n = 0;
    for (size_t row = 0; row < table->n_rows; row++) {
        size_t width = psh__table_width(table, row) - 1, start = psh__table_start(table, row) + !at_end;
        memmove(table->numbers + n, table->numbers + start, width * sizeof *table->numbers);
        n += width;
    }
    table->n_numbers = n;
}

static psh_status of_lower(psh__table *table, psh_matrix **dst, psh_error *err) {
    double *lower = table->numbers;
    table->numbers = NULL;
    return psh__matrix_take_dense(lower, psh__points_of_pairs(table->n_numbers), dst, err);
}

/* A number of a point. */
static bool is_point(double x) {
    return x >= 0 && x < (double)UINT32_MAX && x == (double)(uint32_t)x;
}

/* Does each row of three begin with two? */
static bool has_points(const psh__table *table) {
    for (size_t row = 0; row < table->n_rows; row++)
        if (!is_point(table->numbers[3 * row]) || !is_point(table->numbers[3 * row + 1])) return false;
    return true;
}

static psh_status of_edges(const psh__table *table, psh_matrix **dst, psh_error *err) {
    psh_edge *edges = psh__malloc(table->n_rows, sizeof *edges);
    size_t n_points = 0, n_edges = 0;
    if (!edges) return psh__error_memory(err, "edges", table->n_rows * sizeof *edges);
    for (size_t row = 0; row < table->n_rows; row++) {
        const double *cells = table->numbers + 3 * row;
        if (!is_point(cells[0]) || !is_point(cells[1])) {
            psh__free(edges);
            return psh__error(err, PSH_ERR_DATA,
                              "line %zu: %g %g %g; expected an edge, i j distance, with i and j whole numbers from 0",
                              table->lines[row], cells[0], cells[1], cells[2]);
        }
        uint32_t i = (uint32_t)cells[0], j = (uint32_t)cells[1], larger = i > j ? i : j;
        if (larger >= n_points) n_points = (size_t)larger + 1;
        if (i == j && cells[2] == 0) continue; /* a point and itself: Ripser passes that over too */
        edges[n_edges++] = (psh_edge){.i = larger, .j = i > j ? j : i, .distance = cells[2]};
    }
    return psh__matrix_take_sparse(edges, n_edges, n_points, dst, err);
}

psh_status psh__table_to_matrix(psh__table *table, psh_matrix **dst, psh_error *err) {
    size_t n_rows = table->n_rows, first = psh__table_width(table, 0);
    bool is_square = has_widths(table, n_rows, 0), has_three = has_widths(table, 3, 0);
    if (is_square && n_rows > 1 && (n_rows != 3 || is_symmetric(table) || !has_points(table)))
        return psh__matrix_of_square(table->numbers, n_rows, dst, err);
    if (has_three && n_rows > 1) return of_edges(table, dst, err);
    bool is_lower = has_widths(table, 1, 1), is_upper = has_widths(table, n_rows, -1);
    if ((is_lower || is_upper) && is_zero(table))
        return psh__error(err, PSH_ERR_DATA,
                          "a triangle of nothing but zeros: %zu points, or %zu and the diagonal? Write all N rows of N",
                          n_rows + 1, n_rows);
    if (is_lower) {
        if (has_zeros(table, true)) drop_diagonal(table, true);
        return of_lower(table, dst, err);
    }
    if (is_upper) {
        if (has_zeros(table, false)) drop_diagonal(table, false);
        return psh__matrix_of_condensed(table->numbers, table->n_numbers, dst, err);
    }
    if (has_three) return of_edges(table, dst, err); /* one edge */
    return psh__error(
        err, PSH_ERR_SHAPE,
        "%zu rows, the first of %zu and the last of %zu numbers: no distance matrix; expected N rows of N; "
        "rows of 1, 2, 3, ...; rows of N-1, ..., 2, 1; or three numbers a row, i j distance",
        n_rows, first, psh__table_width(table, n_rows - 1));
}
