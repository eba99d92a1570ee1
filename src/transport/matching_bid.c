/* matching_bid.c : nodes of one side bid for nodes of the other.
 *
 * A bidder i finds the least and the second least of C_ij + r_j. If the least is no less than D_i, it goes to the
 * diagonal. If the least, at j, has free units, they are matched and r_i = -least. If j is full, i takes it over,
 * raises r_j by second - least (the most that leaves j as good as the second), and those that had j are open again.
 * This is the augmenting row reduction of Jonker and Volgenant (Computing 38, 1987), or an auction with epsilon 0; all
 * slacks stay nonnegative and matched pairs stay tight, so the searches may go on from here. Without epsilon two
 * bidders can raise a price for ever by ever smaller steps: the number of bids is limited, and what is still open then
 * is left to the search.
 *
 * Raising r_j is allowed only if j becomes full by it (units at the diagonal need r = -D, and open ones are no excuse:
 * they may never be placed), and only for bidders with no other partner, whose own dual may then be chosen freely. With
 * single units, which is the rule, both hold always.
 *
 * Bids of side 0 come first, then those of side 1 for the nodes still open there. Tried: starting from r_j = -D_j, as
 * the usual one-sided form does: three times the steps of the searches on uniform diagrams. Epsilon > 0: fewer searches
 * but more bids. More rounds, more bids a
 * node, or a second pass for those that lost to a tie: no gain. */
#include "base/error.h"
#include "transport/matching.h"

#define BIDS_PER_NODE 3

/* All units of node j become open again at their other ends. If these have lost j to a higher price they bid again,
 * next; if only to a tie, they would take j back for ever: the search places them. */
static void evict(psh__matching_room *room, int side, uint32_t j, bool is_raised, size_t *n_pending) {
    psh__side *from = &room->side[side], *to = &room->side[!side];
    while (to->first_arc[j] != PSH__NO_ARC) {
        uint32_t a = to->first_arc[j], i = room->arcs[a].node[side], amount = room->arcs[a].amount;
        from->open[i] += amount, from->matched[i] -= amount, to->matched[j] -= amount;
        psh__matching_take(room, a, amount);
        if (is_raised && !room->is_pending[i]) room->is_pending[i] = 1, room->pending[(*n_pending)++] = i;
    }
}

/* Node i bids once. Returns whether it should bid again. */
static psh_status bid(psh__matching_room *room, int side, uint32_t i, size_t *n_pending, bool *again, psh_error *err) {
    psh__side *from = &room->side[side], *to = &room->side[!side];
    psh__scan_view view = psh__matching_view(room, side, i);
    psh__scan_least found;
    double limit = from->diagonal[i];
    *again = false;
    room->scan->nearest(&view, to->dual, &found);
    if (found.least >= limit) { /* partners from before, if any, are as good as the diagonal */
        from->dual[i] = -limit;
        from->open[i] = 0;
        return PSH_OK;
    }
    uint32_t j = (uint32_t)found.at, free_units = to->supply[j] - to->matched[j], amount = from->open[i];
    if (free_units) {
        if (free_units < amount) amount = free_units;
        if (!from->matched[i]) from->dual[i] = -found.least;
        if (from->dual[i] != -found.least) return PSH_OK; /* rounding left it a little apart: the search will do */
    } else {
        double second = found.second < limit ? found.second : limit, price = to->dual[j] + (second - found.least);
        if (amount < to->supply[j] || from->matched[i]) return PSH_OK;
        amount = to->supply[j];
        evict(room, side, j, price > to->dual[j], n_pending);
        to->dual[j] = price, from->dual[i] = -second;
    }
    PSH_TRY(psh__matching_add(room, side, i, j, amount, err));
    from->open[i] -= amount, from->matched[i] += amount, to->matched[j] += amount;
    uint32_t open_there = to->supply[j] - to->matched[j];
    if (to->open[j] > open_there) to->open[j] = open_there;
    *again = from->open[i] > 0;
    return PSH_OK;
}

psh_status psh__matching_bid(psh__matching_room *room, int side, psh_error *err) {
    psh__side *from = &room->side[side];
    size_t n_pending = 0, n_left = (size_t)BIDS_PER_NODE * from->n_nodes;
    for (uint32_t k = from->n_nodes; k-- > 0;) { /* a stack: node 0 bids first */
        room->is_pending[k] = from->open[k] > 0;
        if (from->open[k]) room->pending[n_pending++] = k;
    }
    while (n_pending && n_left) {
        uint32_t i = room->pending[--n_pending];
        bool again = true;
        room->is_pending[i] = 0;
        for (; again && n_left; n_left--) PSH_TRY(bid(room, side, i, &n_pending, &again, err));
    }
    return PSH_OK;
}
