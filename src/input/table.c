/* table.c : tables of numbers as text, .xyz, .csv and the like: a point a line, or a distance matrix.
 *
 * Nothing in such a file says what it is: a table is a point cloud unless the caller says matrix, and one that could be
 * distances is refused until he says. Any number of columns are as many axes. */
#include "input/table.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/readers.h"
#include "input/shape.h"
#include "input/words.h"

/* --- from text to numbers ----------------------------------------------------------------------------------------- */

static psh_status add_number(psh__table *table, double number, psh_error *err) {
    if (!PSH_GROW(&table->numbers, &table->numbers_capacity, table->n_numbers + 1))
        return psh__error_memory(err, "a table", 2 * table->n_numbers * sizeof number);
    table->numbers[table->n_numbers++] = number;
    return PSH_OK;
}

static psh_status add_row(psh__table *table, size_t i_line, psh_error *err) {
    size_t n = table->n_rows + 1;
    if (!PSH_GROW(&table->ends, &table->rows_capacity, n) || !PSH_GROW(&table->lines, &table->lines_capacity, n))
        return psh__error_memory(err, "a table", 2 * n * sizeof *table->ends);
    table->ends[n - 1] = table->n_numbers;
    table->lines[n - 1] = i_line;
    table->n_rows = n;
    return PSH_OK;
}

/* Quotation marks around a number say nothing. */
static psh__span unquoted(psh__span cell) {
    bool is_quoted = cell.end - cell.at >= 2 && cell.at[0] == '"' && cell.end[-1] == '"';
    return is_quoted ? (psh__span){cell.at + 1, cell.end - 1} : cell;
}

static bool is_row_of_numbers(psh__span line) {
    psh__span cell;
    while (psh__cell_next(&line, &cell))
        if (!psh__word_is_number(unquoted(cell))) return false;
    return true;
}

/* Column names are no numbers, all of them. */
static bool is_header(psh__span line) {
    psh__span cell;
    while (psh__cell_next(&line, &cell))
        if (psh__word_is_number(unquoted(cell))) return false;
    return true;
}

/* Do the names of columns say that these are diagrams, which are no input but a result? */
static psh_status check_header(psh__span line, psh_error *err) {
    psh__span cell;
    bool has_birth = false, has_death = false;
    while (psh__cell_next(&line, &cell)) {
        has_birth = has_birth || psh__word_is(unquoted(cell), "birth");
        has_death = has_death || psh__word_is(unquoted(cell), "death");
    }
    if (!has_birth || !has_death) return PSH_OK;
    return psh__error(err, PSH_ERR_FORMAT,
                      "a table of births and deaths: diagrams already; give it to encode, distance or convert");
}

psh_status psh__table_read(const uint8_t *bytes, size_t n_bytes, psh__table *dst, psh_error *err) {
    psh__lines lines = psh__lines_of(bytes, n_bytes);
    psh__span line, cell;
    psh_status status = PSH_OK;
    *dst = (psh__table){0};
    for (bool is_first = true; psh__lines_next(&lines, &line); is_first = false) {
        double number = 0;
        if (is_first && is_header(line)) {
            PSH_TRY_GOTO(check_header(line, err));
            continue;
        }
        while (psh__cell_next(&line, &cell)) {
            PSH_TRY_GOTO(psh__word_number(&lines, unquoted(cell), "numbers alone below the header", &number, err));
            PSH_TRY_GOTO(add_number(dst, number, err));
        }
        PSH_TRY_GOTO(add_row(dst, lines.i_line, err));
    }
    if (dst->n_rows == 0) status = psh__error(err, PSH_ERR_EMPTY, "a table without a row of numbers");
done:
    if (status != PSH_OK) psh__table_free(dst);
    return status;
}

void psh__table_free(psh__table *table) {
    psh__free(table->numbers);
    psh__free(table->ends);
    psh__free(table->lines);
    *table = (psh__table){0};
}

/* --- recognising -------------------------------------------------------------------------------------------------- */

static size_t count_cells(psh__span line) {
    psh__span cell;
    size_t n_cells = 0;
    while (psh__cell_next(&line, &cell)) n_cells++;
    return n_cells;
}

/* A row of numbers, perhaps after a header of as many columns. A head may end inside a row: then its last word, which
 * may be cut, is left out, and the row may lack columns. */
bool psh__table_is(const psh__head *head) {
    psh__span first, second;
    size_t n_bytes = head->n_bytes;
    bool is_cut = n_bytes >= PSH__HEAD_BYTES;
    if (!head->is_text) return false;
    while (is_cut && n_bytes > 0 && !strchr(" \t,;\r\n", head->bytes[n_bytes - 1])) n_bytes--;
    psh__lines lines = psh__lines_of(head->bytes, n_bytes);
    if (!psh__lines_next(&lines, &first)) return false;
    if (is_row_of_numbers(first)) return true;
    if (!is_header(first) || !psh__lines_next(&lines, &second) || !is_row_of_numbers(second)) return false;
    size_t n_columns = count_cells(first), n_cells = count_cells(second);
    return n_cells == n_columns || (is_cut && n_cells < n_columns && psh__lines_end(&lines));
}

/* --- items -------------------------------------------------------------------------------------------------------- */

static psh_status check_widths(const psh__table *table, psh_error *err) {
    size_t n_columns = psh__table_width(table, 0);
    for (size_t row = 1; row < table->n_rows; row++)
        if (psh__table_width(table, row) != n_columns)
            return psh__error(err, PSH_ERR_SHAPE,
                              "line %zu has %zu columns, line %zu has %zu; expected a point a line, all of as many "
                              "coordinates; for a matrix of distances say --as matrix",
                              table->lines[row], psh__table_width(table, row), table->lines[0], n_columns);
    return PSH_OK;
}

/* As many rows as columns, symmetric, 0 on the diagonal, nowhere negative, and not zero throughout. */
static bool are_distances(const psh__table *table) {
    size_t n = table->n_rows, n_positive = 0;
    if (psh__table_width(table, 0) != n) return false;
    for (size_t i = 0; i < n; i++) {
        if (table->numbers[i * n + i] != 0) return false;
        for (size_t j = 0; j < i; j++) {
            double distance = table->numbers[i * n + j];
            if (!(distance >= 0) || distance != table->numbers[j * n + i]) return false;
            n_positive += distance > 0;
        }
    }
    return n_positive > 0;
}

static psh_status to_cloud(psh__table *table, bool is_asked_for, psh_cloud **dst, psh_error *err) {
    PSH_TRY(check_widths(table, err));
    size_t n_points = table->n_rows, n_axes = psh__table_width(table, 0);
    if (!is_asked_for && are_distances(table))
        return psh__error(
            err, PSH_ERR_FORMAT,
            "%zu rows of as many columns, symmetric with a zero diagonal: distances or points? Say which: "
            "--as matrix or --as cloud",
            n_points);
    double *points = table->numbers;
    table->numbers = NULL;
    return psh__cloud_take(points, n_points, n_axes, dst, err);
}

psh_status psh__table_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    (void)i_item;
    psh__table table;
    psh_status status;
    PSH_TRY(psh__table_read(file->content.data, file->content.n_bytes, &table, err));
    if (file->params->kind == PSH_ITEM_MATRIX) {
        dst->kind = PSH_ITEM_MATRIX;
        status = psh__table_to_matrix(&table, &dst->matrix, err);
    } else {
        dst->kind = PSH_ITEM_CLOUD;
        status = to_cloud(&table, file->params->kind == PSH_ITEM_CLOUD, &dst->cloud, err);
    }
    psh__table_free(&table);
    return status;
}
