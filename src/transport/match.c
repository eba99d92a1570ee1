/* match.c : the matching itself, as rows of the two diagrams.
 *
 * The matching speaks of distinct points and units; here units become rows again. Units of one point are alike, so any
 * assignment of its rows will do: the next row not yet used. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "transport/item.h"

/* The matches found so far, and per distinct point how many of its rows are used. */
typedef struct listing {
    const psh__measure *measure[2]; /* NULL: no points in this dimension */
    uint32_t *used[2];              /* (n_points) rows used, counted in measure->rows */
    psh_ground ground;
    psh_match *matches;
    size_t n_matches;
} listing;

static double ground_distance(const double *x, const double *y, psh_ground ground) {
    double dx = fabs(x[0] - y[0]), dy = fabs(x[1] - y[1]);
    return ground == PSH_GROUND_LINF ? fmax(dx, dy) : hypot(dx, dy);
}

static void set_used(listing *to) {
    for (int s = 0; s < 2; s++)
        for (uint32_t k = 0, first = 0; to->measure[s] && k < to->measure[s]->n_points; k++) {
            to->used[s][k] = first;
            first += to->measure[s]->counts[k];
        }
}

static void add_units(listing *to, uint32_t k, uint32_t l, uint32_t amount) {
    const psh__measure *a = to->measure[0], *b = to->measure[1];
    double cost = ground_distance(a->points + 2 * k, b->points + 2 * l, to->ground);
    for (; amount; amount--)
        to->matches[to->n_matches++] = (psh_match){a->rows[to->used[0][k]++], b->rows[to->used[1][l]++], cost};
}

/* Points that the matching cancelled beforehand (matching_build.c). */
static void add_common(listing *to) {
    const psh__measure *a = to->measure[0], *b = to->measure[1];
    uint32_t k = 0, l = 0;
    while (a && b && k < a->n_points && l < b->n_points) {
        int order = psh__point_compare(a->points + 2 * k, b->points + 2 * l);
        if (!order) add_units(to, k, l, a->counts[k] < b->counts[l] ? a->counts[k] : b->counts[l]);
        k += order <= 0, l += order >= 0;
    }
}

static void add_arcs(listing *to, const psh__matching_room *room) {
    const psh__side *side = room->side;
    for (uint32_t i = 0; side[1].n_nodes && i < side[0].n_nodes; i++)
        for (uint32_t arc = side[0].first_arc[i]; arc != PSH__NO_ARC; arc = room->arcs[arc].next[0]) {
            uint32_t k = side[0].point[i], l = side[1].point[room->arcs[arc].node[1]];
            if (room->is_exchanged)
                add_units(to, l, k, room->arcs[arc].amount);
            else
                add_units(to, k, l, room->arcs[arc].amount);
        }
}

static psh_match alone(int s, int64_t row, double cost) {
    return (psh_match){s ? -1 : row, s ? row : -1, cost};
}

static void add_diagonal(listing *to) {
    double factor = to->ground == PSH_GROUND_LINF ? 0.5 : sqrt(0.5);
    for (int s = 0; s < 2; s++) {
        const psh__measure *of = to->measure[s];
        for (uint32_t k = 0, end = 0; of && k < of->n_points; k++) {
            end += of->counts[k];
            double cost = (of->points[2 * k + 1] - of->points[2 * k]) * factor;
            while (to->used[s][k] < end) to->matches[to->n_matches++] = alone(s, of->rows[to->used[s][k]++], cost);
        }
    }
}

static void add_essential(listing *to) {
    const psh__measure *a = to->measure[0], *b = to->measure[1];
    size_t n_a = a ? a->n_essential : 0, n_b = b ? b->n_essential : 0;
    for (size_t k = 0; k < n_a && n_a == n_b; k++)
        to->matches[to->n_matches++] =
            (psh_match){a->essential_rows[k], b->essential_rows[k], fabs(a->births[k] - b->births[k])};
    for (int s = 0; s < 2 && n_a != n_b; s++)
        for (size_t k = 0; k < (s ? n_b : n_a); k++)
            to->matches[to->n_matches++] = alone(s, to->measure[s]->essential_rows[k], INFINITY);
}

static psh_status add_dimension(listing *to, psh__matching_room *room, const psh_wasserstein_params *params,
                                psh_error *err) {
    double cost;
    bool is_bottleneck = isinf(params->order);
    set_used(to);
    if (is_bottleneck)
        PSH_TRY(psh__matching_bottleneck(room, to->measure[0], to->measure[1], params->ground, &cost, err));
    else
        PSH_TRY(
            psh__matching_solve(room, to->measure[0], to->measure[1], params->order, params->ground, 0, &cost, err));
    if (params->order == 1) add_common(to);
    add_arcs(to, room);
    add_diagonal(to);
    add_essential(to);
    return PSH_OK;
}

/* Points on the diagonal, which measures leave out. */
static void add_empty_intervals(listing *to, const psh_diagrams *set, size_t item, int s, uint32_t dims_mask) {
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    size_t first = (size_t)psh_diagrams_offsets(set)[item], end = (size_t)psh_diagrams_offsets(set)[item + 1];
    for (size_t k = first; k < end; k++)
        if (points[2 * k] == points[2 * k + 1] && (!dims_mask || (dims[k] < 32 && dims_mask >> dims[k] & 1)))
            to->matches[to->n_matches++] = alone(s, (int64_t)(k - first), 0);
}

static int compare_matches(const void *x, const void *y) {
    const psh_match *a = x, *b = y;
    if ((a->a < 0) != (b->a < 0)) return a->a < 0 ? 1 : -1;
    if (a->a != b->a) return a->a < b->a ? -1 : 1;
    return a->b == b->b ? 0 : (a->b < b->b ? -1 : 1);
}

psh_status psh_wasserstein_match(const psh_diagrams *a, size_t i, const psh_diagrams *b, size_t j,
                                 const psh_wasserstein_params *params, psh_match *matches, size_t *n_matches,
                                 double *distance, psh_error *err) {
    assert(i < psh_diagrams_count(a) && j < psh_diagrams_count(b));
    psh_wasserstein_params read;
    psh__measures of_a = {0}, of_b = {0};
    psh__matching_room *room = NULL;
    psh__item_result result;
    listing to = {.matches = matches};
    psh_status status;
    PSH_TRY_GOTO(psh__item_params(params, &read, err));
    read.relative_error = 0;
    PSH_TRY_GOTO(psh__measures_create(a, &i, 1, NULL, read.pool, read.dims_mask, &of_a, err));
    PSH_TRY_GOTO(psh__measures_create(b, &j, 1, NULL, read.pool, read.dims_mask, &of_b, err));
    PSH_TRY_GOTO(
        psh__matching_room_create(of_a.max_points > of_b.max_points ? of_a.max_points : of_b.max_points, &room, err));
    to.ground = read.ground;
    to.used[0] = psh__malloc(of_a.max_points, sizeof *to.used[0]);
    to.used[1] = psh__malloc(of_b.max_points, sizeof *to.used[1]);
    if (!to.used[0] || !to.used[1]) {
        status = psh__error_memory(err, "matching", (of_a.max_points + of_b.max_points) * sizeof *to.used[0]);
        goto done;
    }
    PSH_TRY_GOTO(psh__item_distance(room, &of_a, 0, &of_b, 0, &read, PSH__ITEM_DISTANCE, &result, err));
    for (size_t k = 0, l = 0; k < of_a.first[1] || l < of_b.first[1];) {
        bool has_a = k < of_a.first[1] && (l == of_b.first[1] || of_a.measures[k].dim <= of_b.measures[l].dim);
        bool has_b = l < of_b.first[1] && (k == of_a.first[1] || of_b.measures[l].dim <= of_a.measures[k].dim);
        to.measure[0] = has_a ? &of_a.measures[k] : NULL, to.measure[1] = has_b ? &of_b.measures[l] : NULL;
        PSH_TRY_GOTO(add_dimension(&to, room, &read, err));
        k += has_a, l += has_b;
    }
    add_empty_intervals(&to, a, i, 0, read.dims_mask);
    add_empty_intervals(&to, b, j, 1, read.dims_mask);
    qsort(matches, to.n_matches, sizeof *matches, compare_matches);
    *n_matches = to.n_matches, *distance = result.distance;
done:
    psh__free(to.used[0]), psh__free(to.used[1]);
    psh__matching_room_free(room);
    psh__measures_free(&of_a);
    psh__measures_free(&of_b);
    return status;
}
