/* table.h : numbers in lines of text. */
#ifndef PSH_INPUT_TABLE_H
#define PSH_INPUT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/input.h"

/* Rows of any lengths. */
typedef struct psh__table {
    double *numbers; /* row r: numbers[ends[r - 1]] to numbers[ends[r] - 1] */
    size_t *ends;    // (n_rows)
    size_t *lines;   // (n_rows), from 1: where each stands in the file
    size_t n_rows, n_numbers, rows_capacity, lines_capacity, numbers_capacity;
} psh__table;

/* Numbers between white space, commas or semicolons; # begins a comment; a first line of words that are no numbers is a
 * header and is left out. Errors: PSH_ERR_CORRUPT with the line, PSH_ERR_NOT_FINITE (too large; inf and nan pass),
 * PSH_ERR_EMPTY (no row), PSH_ERR_MEMORY. */
psh_status psh__table_read(const uint8_t *bytes, size_t n_bytes, psh__table *dst, psh_error *err);
void psh__table_free(psh__table *table); /* zeroed struct is fine */

static inline size_t psh__table_start(const psh__table *table, size_t row) {
    return row == 0 ? 0 : table->ends[row - 1];
}
static inline size_t psh__table_width(const psh__table *table, size_t row) {
    return table->ends[row] - psh__table_start(table, row);
}

/* Distances as other programs write them: see table_matrix.c. May use up the table. */
psh_status psh__table_to_matrix(psh__table *table, psh_matrix **dst, psh_error *err);

#endif
