/* tiles.h : the matrix cut in pieces of about equal work. */
#ifndef PSH_DISTANCE_TILES_H
#define PSH_DISTANCE_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/status.h"

/* Rows against columns, row by row; of one set against itself only what lies right of the diagonal (condensed). */
typedef struct psh__grid {
    size_t n_rows, n_columns;
    bool is_condensed;
} psh__grid;

/* A run of elements: from (row, column), which is element `first`, to the next tile's first. */
typedef struct psh__tile {
    size_t first, row, column;
    uint64_t cost; /* nanoseconds, predicted */
} psh__tile;

typedef struct psh__tiles {
    psh__grid grid;
    size_t n_tiles, n_elements, max_elements; /* greatest tile */
    psh__tile *tiles;                         /* (n_tiles + 1), the last one empty */
    size_t *order;                            /* (n_tiles) in which they are best handed out */
} psh__tiles;

/* psh__grid_count() : PSH_ERR_PARAMETER if the elements are too many to count. */
psh_status psh__grid_count(const psh__grid *grid, size_t *dst, psh_error *err);

/* The element after (row, column). */
static inline void psh__grid_next(const psh__grid *grid, size_t *row, size_t *column) {
    if (++*column < grid->n_columns) return;
    ++*row;
    *column = grid->is_condensed ? *row + 1 : 0;
}

/* Nanoseconds that an element is going to take: at least 1, the same number on every machine. */
typedef uint64_t psh__cost_function(const void *plan, size_t row, size_t column);

/* psh__tiles_cut() : tiles of about `tile_cost` nanoseconds each, and no more than 65,536 elements. PSH_ERR_MEMORY. */
psh_status psh__tiles_cut(psh__cost_function *cost, const void *plan, const psh__grid *grid, uint64_t tile_cost,
                          psh__tiles *dst, psh_error *err);
/* psh__tiles_cut_rows() : tiles of whole rows, about a million elements each, for elements that are cheaper together.
 */
psh_status psh__tiles_cut_rows(uint64_t picoseconds, const psh__grid *grid, psh__tiles *dst, psh_error *err);
void psh__tiles_free(psh__tiles *tiles); /* zeroed struct is fine */

/* The first element of a row. */
static inline size_t psh__grid_row(const psh__grid *grid, size_t row) {
    return grid->is_condensed ? grid->n_rows * row - row * (row + 1) / 2 : grid->n_columns * row;
}

static inline size_t psh__tile_count(const psh__tiles *tiles, size_t t) {
    return tiles->tiles[t + 1].first - tiles->tiles[t].first;
}

#endif
