/* matching.c : the order of the work, the sum and the certificate. */
#include "transport/matching.h"

#include <math.h>

#include "base/error.h"

/* Which of the two comes first: fewer points, then the first difference. Makes the result symmetric to the last bit. */
static bool comes_first(const psh__measure *a, const psh__measure *b) {
    if (a->n_points != b->n_points) return a->n_points < b->n_points;
    for (size_t i = 0; i < a->n_points; i++) {
        int order = psh__point_compare(a->points + 2 * i, b->points + 2 * i);
        if (order) return order < 0;
        if (a->counts[i] != b->counts[i]) return a->counts[i] < b->counts[i];
    }
    return true;
}

/* Matched pairs by node of side 0, then what goes to the diagonal: an order that depends on the problem alone. */
static double sum_costs(const psh__matching_room *room) {
    double cost = 0;
    for (uint32_t i = 0; i < room->side[0].n_nodes; i++)
        for (uint32_t a = room->side[0].first_arc[i]; a != PSH__NO_ARC; a = room->arcs[a].next[0])
            cost += room->arcs[a].amount * psh__matching_pair_cost(room, i, room->arcs[a].node[1]);
    for (int s = 0; s < 2; s++) {
        const psh__side *side = &room->side[s];
        for (uint32_t i = 0; i < side->n_nodes; i++)
            if (side->supply[i] > side->matched[i]) cost += (side->supply[i] - side->matched[i]) * side->diagonal[i];
    }
    return cost;
}

static void send_to_diagonal(psh__side *side) {
    for (uint32_t i = 0; i < side->n_nodes; i++) side->open[i] = 0, side->dual[i] = -side->diagonal[i];
}

psh_status psh__matching_solve(psh__matching_room *room, const psh__measure *a, const psh__measure *b, double order,
                               psh_ground ground, double relative_error, double *dst, psh_error *err) {
    room->is_exchanged = a && b && !comes_first(a, b);
    if (room->is_exchanged) {
        const psh__measure *swap = a;
        a = b, b = swap;
    }
    room->order = order, room->ground = ground, room->scale = psh__matching_scale(a, b, order, ground);
    room->is_bottleneck = false, room->threshold = 0, room->relative_error = relative_error;
    PSH_TRY(psh__matching_build(room, a, b, err));
    if (room->side[0].n_nodes && room->side[1].n_nodes) {
        PSH_TRY(psh__matching_bid(room, 0, err));
        PSH_TRY(psh__matching_bid(room, 1, err));
        PSH_TRY(psh__matching_search(room, 0, err));
        PSH_TRY(psh__matching_search(room, 1, err));
    } else {
        for (int s = 0; s < 2; s++) send_to_diagonal(&room->side[s]);
    }
    *dst = sum_costs(room);
    return PSH_OK;
}

psh_status psh__matching_cost(psh__matching_room *room, const psh__measure *a, const psh__measure *b, double order,
                              psh_ground ground, double relative_error, double *dst, psh_error *err) {
    if (order != 1 || !psh__line_applies(a, b))
        return psh__matching_solve(room, a, b, order, ground, relative_error, dst, err);
    room->scale = psh__matching_scale(a, b, order, ground);
    *dst = psh__line_cost(a, b, ground, room->scale, room->line_steps);
    return PSH_OK;
}

/* The least that some node must pay: its way to the diagonal or to its nearest partner. */
static double unavoidable(const psh__matching_room *room) {
    double threshold = 0;
    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < room->side[s].n_nodes; i++) {
            psh__scan_view view = psh__matching_view(room, s, i);
            psh__scan_least nearest;
            room->scan->nearest(&view, room->side[!s].dual, &nearest);
            threshold = fmax(threshold, fmin(nearest.least, room->side[s].diagonal[i]));
        }
    return threshold;
}

psh_status psh__matching_bottleneck(psh__matching_room *room, const psh__measure *a, const psh__measure *b,
                                    psh_ground ground, double *dst, psh_error *err) {
    room->is_exchanged = a && b && !comes_first(a, b);
    if (room->is_exchanged) {
        const psh__measure *swap = a;
        a = b, b = swap;
    }
    room->order = 1, room->ground = ground, room->scale = psh__matching_scale(a, b, 1, ground);
    room->is_bottleneck = true, room->relative_error = 0;
    PSH_TRY(psh__matching_build(room, a, b, err));
    room->threshold = 0;
    if (room->side[0].n_nodes && room->side[1].n_nodes) {
        room->threshold = unavoidable(room);
        PSH_TRY(psh__matching_search(room, 0, err));
        PSH_TRY(psh__matching_search(room, 1, err));
    }
    for (int s = 0; s < 2; s++) /* one side is empty: the other goes to the diagonal */
        for (uint32_t i = 0; !room->side[!s].n_nodes && i < room->side[s].n_nodes; i++)
            room->threshold = fmax(room->threshold, room->side[s].diagonal[i]);
    *dst = room->threshold;
    return PSH_OK;
}

double psh__matching_bound(const psh__matching_room *room) {
    const psh__side *a = &room->side[0], *b = &room->side[1];
    double bound = 0, worst = 0;
    for (uint32_t i = 0; i < a->n_nodes; i++)
        for (uint32_t j = 0; j < b->n_nodes; j++)
            worst = fmin(worst, psh__matching_pair_cost(room, i, j) + a->dual[i] + b->dual[j]);
    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < room->side[s].n_nodes; i++) /* raising r_i by -worst makes every slack feasible */
            bound -= room->side[s].supply[i] *
                     fmax(room->side[s].dual[i] - (s == 0 ? worst : 0), -room->side[s].diagonal[i]);
    return bound;
}
