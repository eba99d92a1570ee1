/* tiles.c : the matrix cut in pieces of about equal work.
 *
 * A tile is a run of elements as they stand in the file, cut where its predicted cost is reached. So it is one piece of
 * the file too (one write, one checksum), and threads that take tiles first come first served end together, however
 * unequal the diagrams are. Squares would use the caches better, but a pair costs microseconds and its diagrams a few
 * kilobytes. The one case that runs could balance badly is a pair that is a tile of its own and still large: those go
 * first, largest first.
 *
 * One pass over all pairs, about 10 ns each; integers only, so that every machine cuts alike. */
#include "distance/tiles.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#define MAX_ELEMENTS ((size_t)1 << 16) /* half a megabyte a thread */
/* Of whole rows: */
#define MOST_IN_ROWS ((size_t)1 << 20) /* elements, unless that would be fewer than LEAST_ROWS */
#define LEAST_ROWS ((size_t)24)
#define MOST_ROWS ((size_t)192)

psh_status psh__grid_count(const psh__grid *grid, size_t *dst, psh_error *err) {
    bool fits =
        grid->is_condensed ? psh__size_pairs(grid->n_rows, dst) : psh__size_mul(grid->n_rows, grid->n_columns, dst);
    if (fits && *dst <= SIZE_MAX / 64) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER, "%zu x %zu diagrams have too many pairs to count; use a sample",
                      grid->n_rows, grid->n_columns);
}

/* Ends the tile that was being filled (if any) and starts the next at `next`. */
static psh_status start_tile(psh__tiles *tiles, size_t *capacity, psh__tile next, psh_error *err) {
    if (!PSH_GROW(&tiles->tiles, capacity, tiles->n_tiles + 1))
        return psh__error_memory(err, "tiles", tiles->n_tiles * sizeof *tiles->tiles);
    tiles->tiles[tiles->n_tiles] = next;
    if (tiles->n_tiles > 0) {
        size_t n_elements = next.first - tiles->tiles[tiles->n_tiles - 1].first;
        if (n_elements > tiles->max_elements) tiles->max_elements = n_elements;
    }
    tiles->n_tiles++;
    return PSH_OK;
}

typedef struct ranked {
    uint64_t rank;
    size_t tile;
} ranked;

static int compare_ranked(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->rank != y->rank) return x->rank > y->rank ? -1 : 1;
    return x->tile < y->tile ? -1 : x->tile > y->tile;
}

static psh_status order_tiles(psh__tiles *tiles, uint64_t tile_cost, psh_error *err) {
    ranked *list = psh__malloc(tiles->n_tiles, sizeof *list);
    tiles->order = psh__malloc(tiles->n_tiles, sizeof *tiles->order);
    if (!list || !tiles->order) {
        psh__free(list);
        return psh__error_memory(err, "tiles", tiles->n_tiles * sizeof *list);
    }
    for (size_t t = 0; t < tiles->n_tiles; t++) {
        bool is_large = tiles->tiles[t].cost / 2 >= tile_cost;
        list[t] = (ranked){.rank = is_large ? tiles->tiles[t].cost : 0, .tile = t};
    }
    qsort(list, tiles->n_tiles, sizeof *list, compare_ranked);
    for (size_t t = 0; t < tiles->n_tiles; t++) tiles->order[t] = list[t].tile;
    psh__free(list);
    return PSH_OK;
}

psh_status psh__tiles_cut(psh__cost_function *cost_of, const void *plan, const psh__grid *grid, uint64_t tile_cost,
                          psh__tiles *dst, psh_error *err) {
    psh__tiles tiles = {.grid = *grid};
    size_t capacity = 0, row = 0, column = grid->is_condensed ? 1 : 0;
    uint64_t cost = 0;
    psh_status status;
    PSH_TRY_GOTO(psh__grid_count(grid, &tiles.n_elements, err));
    PSH_TRY_GOTO(start_tile(&tiles, &capacity, (psh__tile){.row = row, .column = column}, err));
    for (size_t k = 0; k < tiles.n_elements; k++) {
        size_t n_elements = k - tiles.tiles[tiles.n_tiles - 1].first;
        if (n_elements == MAX_ELEMENTS || (n_elements && cost >= tile_cost)) {
            tiles.tiles[tiles.n_tiles - 1].cost = cost, cost = 0;
            PSH_TRY_GOTO(start_tile(&tiles, &capacity, (psh__tile){.first = k, .row = row, .column = column}, err));
        }
        cost += cost_of(plan, row, column);
        psh__grid_next(grid, &row, &column);
    }
    tiles.tiles[tiles.n_tiles - 1].cost = cost;
    if (tiles.n_elements) PSH_TRY_GOTO(start_tile(&tiles, &capacity, (psh__tile){.first = tiles.n_elements}, err));
    tiles.n_tiles--; /* the end is no tile */
    PSH_TRY_GOTO(order_tiles(&tiles, tile_cost, err));
    *dst = tiles;
    return PSH_OK;
done:
    psh__tiles_free(&tiles);
    return status;
}

/* Blocks of a matrix product want many rows, memory wants few. */
static size_t rows_of_tile(const psh__grid *grid) {
    size_t n_rows = grid->n_columns ? MOST_IN_ROWS / grid->n_columns : MOST_ROWS;
    n_rows = n_rows < LEAST_ROWS ? LEAST_ROWS : n_rows > MOST_ROWS ? MOST_ROWS : n_rows;
    return n_rows / LEAST_ROWS * LEAST_ROWS;
}

psh_status psh__tiles_cut_rows(uint64_t picoseconds, const psh__grid *grid, psh__tiles *dst, psh_error *err) {
    psh__tiles tiles = {.grid = *grid};
    size_t capacity = 0, n_rows = rows_of_tile(grid), first = 0, row = 0;
    psh_status status;
    PSH_TRY_GOTO(psh__grid_count(grid, &tiles.n_elements, err));
    while (first < tiles.n_elements) { /* the last row of a condensed matrix is empty, and may be left over */
        size_t end = grid->n_rows - row < n_rows ? grid->n_rows : row + n_rows, next = psh__grid_row(grid, end);
        const psh__tile tile = {.first = first,
                                .row = row,
                                .column = grid->is_condensed ? row + 1 : 0,
                                .cost = (next - first) * picoseconds / 1000 + 1};
        PSH_TRY_GOTO(start_tile(&tiles, &capacity, tile, err));
        first = next, row = end;
    }
    PSH_TRY_GOTO(start_tile(&tiles, &capacity, (psh__tile){.first = first, .row = row}, err));
    tiles.n_tiles--; /* the end is no tile */
    PSH_TRY_GOTO(order_tiles(&tiles, UINT64_MAX, err));
    *dst = tiles;
    return PSH_OK;
done:
    psh__tiles_free(&tiles);
    return status;
}

void psh__tiles_free(psh__tiles *tiles) {
    psh__free(tiles->tiles);
    psh__free(tiles->order);
    *tiles = (psh__tiles){0};
}
