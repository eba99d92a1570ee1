/* matching_search.c : shortest augmenting paths place the units that bidding left open.
 *
 * From a node with open units (the root) a tree grows by Dijkstra's rule over slacks: rows are nodes of the root's
 * side, columns those of the other. A column costs C + r_row + r_column beyond its row; the rows matched with a column
 * follow it for nothing. The path may end
 *   - at a column with free units, or
 *   - at any row of the tree, whose units go to the diagonal: that costs D + r_row more.
 * `limit` is the cheapest end of the second kind so far; growth stops when no column is nearer. Then every node of the
 * tree moves its dual by (length of the path - its distance), rows down, columns up, which makes the path tight and
 * keeps all else feasible, and units move along the path.
 *
 * For the bottleneck distance a path is as long as its longest step, and the least length that is known to be
 * unavoidable
 * (`threshold`) is where each search starts: it rises only when no path of that length places the root, which by Hall's
 * theorem no other matching could.
 *
 * Columns are kept in flat arrays and one pass both relaxes them and finds the nearest (scan.h): for the sizes of
 * diagrams this beats any heap. Only the runs that rows of the tree look at are touched. Cost: a tree of t rows takes
 * t passes. Johnson's potentials and Dijkstra: Edmonds and Karp, J. ACM 19 (1972). */
#include <math.h>

#include "base/error.h"
#include "transport/matching.h"

typedef struct tree {
    uint32_t root;
    uint32_t n_rows, n_columns;
    size_t first, end;   /* columns in play */
    double length;       /* of the shortest path */
    uint32_t end_column; /* where it ends, or PSH__NO_NODE: ... */
    uint32_t end_row;    /* ... at the diagonal, from this row */
} tree;

static void widen(psh__matching_room *room, const psh__side *columns, tree *of, size_t first, size_t end) {
    if (first >= end) return;
    if (of->first >= of->end) of->first = of->end = first;
    for (size_t j = first; j < of->first; j++) room->keys[j] = INFINITY, room->prices[j] = columns->dual[j];
    for (size_t j = of->end; j < end; j++) room->keys[j] = INFINITY, room->prices[j] = columns->dual[j];
    if (first < of->first) of->first = first;
    if (end > of->end) of->end = end;
}

static void enter_row(psh__matching_room *room, const psh__side *rows, tree *of, uint32_t i, double reached,
                      uint32_t parent, uint32_t arc) {
    double to_diagonal =
        room->is_bottleneck ? fmax(reached, rows->diagonal[i]) : reached + (rows->dual[i] + rows->diagonal[i]);
    room->tree_rows[of->n_rows++] = i;
    room->row_reached[i] = reached, room->row_parent[i] = parent, room->row_arc[i] = arc;
    room->row_stamp[i] = room->stamp;
    if (to_diagonal < of->length) of->length = to_diagonal, of->end_row = i;
}

static void grow(psh__matching_room *room, int side, uint32_t root, tree *of) {
    psh__side *rows = &room->side[side], *columns = &room->side[!side];
    void (*relax)(const psh__scan_view *, const double *, double, double, double *, double *, size_t, size_t,
                  psh__scan_least *) = room->is_bottleneck ? room->scan->relax_longest : room->scan->relax;
    double reached = room->threshold;
    uint32_t n_scanned = 0;
    *of = (tree){.root = root, .length = INFINITY, .end_column = PSH__NO_NODE};
    room->stamp++;
    enter_row(room, rows, of, root, reached, PSH__NO_NODE, PSH__NO_ARC);
    for (;;) {
        psh__scan_least nearest;
        do { /* at least once: the rows that entered, or nothing but a look for the nearest column */
            psh__scan_view view = {0};
            double base = 0, label = 0;
            if (n_scanned < of->n_rows) {
                uint32_t i = room->tree_rows[n_scanned++];
                view = psh__matching_view(room, side, i);
                widen(room, columns, of, view.run_first, view.run_end);
                base = room->is_bottleneck ? reached : reached + rows->dual[i], label = i;
            }
            if (view.run_first >= view.run_end) view.run_first = view.run_end = of->first;
            relax(&view, room->prices, base, label, room->keys, room->via, of->first, of->end, &nearest);
        } while (n_scanned < of->n_rows);
        if (!(nearest.least < of->length)) return;
        uint32_t j = (uint32_t)nearest.at;
        if (nearest.least > reached) reached = nearest.least; /* not so only by rounding */
        room->tree_columns[of->n_columns++] = j;
        room->reached[j] = reached;
        room->keys[j] = room->prices[j] = INFINITY;
        if (columns->matched[j] < columns->supply[j]) {
            of->length = reached, of->end_column = j;
            return;
        }
        for (uint32_t a = columns->first_arc[j]; a != PSH__NO_ARC; a = room->arcs[a].next[!side]) {
            uint32_t i = room->arcs[a].node[side];
            if (room->row_stamp[i] != room->stamp) enter_row(room, rows, of, i, reached, j, a);
        }
    }
}

static void move_duals(psh__matching_room *room, int side, const tree *of) {
    psh__side *rows = &room->side[side], *columns = &room->side[!side];
    for (uint32_t k = 0; k < of->n_rows; k++) {
        uint32_t i = room->tree_rows[k];
        rows->dual[i] -= of->length - room->row_reached[i];
    }
    for (uint32_t k = 0; k < of->n_columns; k++) {
        uint32_t j = room->tree_columns[k];
        columns->dual[j] += of->length - room->reached[j];
    }
    if (of->end_column == PSH__NO_NODE) rows->dual[of->end_row] = -rows->diagonal[of->end_row];
}

/* How many units the path can carry: what is open at the root, free at the end, and matched on the way. */
static uint32_t path_capacity(const psh__matching_room *room, int side, const tree *of) {
    const psh__side *rows = &room->side[side], *columns = &room->side[!side];
    uint32_t amount = rows->open[of->root], i = of->end_row;
    if (of->end_column != PSH__NO_NODE) {
        uint32_t free_units = columns->supply[of->end_column] - columns->matched[of->end_column];
        if (free_units < amount) amount = free_units;
        i = (uint32_t)room->via[of->end_column];
    }
    while (i != of->root) {
        uint32_t carried = room->arcs[room->row_arc[i]].amount;
        if (carried < amount) amount = carried;
        i = (uint32_t)room->via[room->row_parent[i]];
    }
    return amount;
}

/* Moves `amount` units along the path, from its end to the root. */
static psh_status shift(psh__matching_room *room, int side, const tree *of, uint32_t amount, psh_error *err) {
    psh__side *rows = &room->side[side], *columns = &room->side[!side];
    uint32_t i = of->end_row, j = of->end_column;
    if (j != PSH__NO_NODE) {
        columns->matched[j] += amount;
        uint32_t still_free = columns->supply[j] - columns->matched[j];
        if (columns->open[j] > still_free) columns->open[j] = still_free;
        rows->matched[of->root] += amount;
    } else if (i != of->root) {
        rows->matched[i] -= amount;
        rows->matched[of->root] += amount;
        j = room->row_parent[i];
        psh__matching_take(room, room->row_arc[i], amount);
    }
    while (j != PSH__NO_NODE) {
        i = (uint32_t)room->via[j];
        PSH_TRY(psh__matching_add(room, side, i, j, amount, err));
        if (i == of->root) break;
        j = room->row_parent[i];
        psh__matching_take(room, room->row_arc[i], amount);
    }
    rows->open[of->root] -= amount;
    return PSH_OK;
}

/* What the cost exceeds its lower bound by if all open units went to the diagonal, and that bound. */
static double open_gap(const psh__matching_room *room, double *bound) {
    double gap = 0;
    *bound = 0;
    for (int s = 0; s < 2; s++) {
        const psh__side *side = &room->side[s];
        for (uint32_t i = 0; i < side->n_nodes; i++) {
            *bound -= side->supply[i] * side->dual[i];
            gap += side->open[i] * (side->diagonal[i] + side->dual[i]);
        }
    }
    return gap;
}

psh_status psh__matching_search(psh__matching_room *room, int side, psh_error *err) {
    psh__side *rows = &room->side[side];
    for (uint32_t root = 0; root < rows->n_nodes; root++)
        while (rows->open[root]) {
            tree of;
            double bound;
            if (room->relative_error > 0 && open_gap(room, &bound) <= room->relative_error * bound) return PSH_OK;
            grow(room, side, root, &of);
            if (room->is_bottleneck)
                room->threshold = of.length;
            else
                move_duals(room, side, &of);
            PSH_TRY(shift(room, side, &of, path_capacity(room, side, &of), err));
        }
    return PSH_OK;
}
