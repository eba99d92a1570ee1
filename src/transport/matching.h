/* matching.h : the optimisation problem under every exact Wasserstein distance.
 *
 *     W_q^q = sum_i s_i D_i + sum_j t_j D_j - max sum_ij x_ij (D_i + D_j - C_ij),   x >= 0, sum_j x_ij <= s_i, ...
 *
 * with multiplicities s, t of the distinct points, C the ground cost to the power q and D the cost of the way to the
 * diagonal: matching a pair saves two ways to the diagonal and pays the way between. Only pairs with C < D_i + D_j are
 * worth it. Both diagrams' nodes have duals r_i, r_j with
 *
 *     C_ij + r_i + r_j >= 0 (the slack),  r >= -D;      matched pairs: slack 0;   sent to the diagonal: r = -D,
 *
 * which makes the matching optimal, because then W_q^q = -sum s_i r_i - sum t_j r_j, and no feasible duals give more.
 * (In the other usual form, r = u - D with profits u >= 0.) r = 0 is feasible: that is where the search starts, with
 * all units open, that is neither matched nor sent to the diagonal. Parts, in the order in which they work:
 *     matching_room.c    memory;   matching_build.c   nodes, costs, windows
 *     matching_bid.c     nodes of one side bid for nodes of the other: cheap, places most units
 *     matching_search.c  shortest augmenting paths place the rest
 *     matching.c         runs these and adds up; the certificate */
#ifndef PSH_TRANSPORT_MATCHING_H
#define PSH_TRANSPORT_MATCHING_H

#include "persihash/transport.h"
#include "transport/line.h"
#include "transport/measure.h"
#include "transport/scan.h"

#define PSH__NO_NODE UINT32_MAX
#define PSH__NO_ARC UINT32_MAX

/* The distinct points of one diagram. Arrays of doubles are padded to PSH__SCAN_RUN with dual INFINITY. */
typedef struct psh__side {
    uint32_t n_nodes;
    double *x, *y;                 /* birth, death */
    double *center;                /* place along the diagonal, rising */
    double *diagonal;              /* D */
    double *dual;                  /* r */
    uint32_t *point;               /* which point of the measure it is */
    uint32_t *supply;              /* units of mass; supply = open + matched + (units sent to the diagonal) */
    uint32_t *open, *matched;      /* units */
    uint32_t *first_arc;           /* head of the node's list of matched pairs */
    uint32_t *run_first, *run_end; /* the nodes of the other side that may be worth a match */
    double *costs;                 /* (n_nodes, n_other padded) for PSH__COST_MATRIX, else unused */
} psh__side;

/* A matched pair and its units; in two lists, one for each end. */
typedef struct psh__arc {
    uint32_t node[2], next[2], amount;
} psh__arc;

/* What a thread needs to solve problems of up to n_max distinct points a side. Arcs and cost matrices grow on demand
 * and are then kept, so that in the long run no pair allocates. */
typedef struct psh__matching_room {
    const psh__scan *scan;
    psh__cost cost;
    double order;
    psh_ground ground;
    bool is_bottleneck;    /* the longest step counts, not the sum */
    double relative_error; /* of the cost; 0: exact */
    double threshold;      /* bottleneck: what is known to be unavoidable; else 0 */
    double scale, inverse_scale;
    bool is_exchanged; /* side 0 is b: it has the fewer points */
    psh__side side[2];
    psh__arc *arcs;
    size_t n_arcs, arcs_capacity; /* in use or free; room */
    uint32_t free_arc;
    size_t costs_capacity[2];
    uint32_t *pending;   /* bidders (n_max) */
    uint8_t *is_pending; /* (n_max) */
    /* the search: columns are the nodes of the side looked at, rows those of the side that is placed */
    double *keys, *via, *prices, *reached; /* (n_max padded) */
    uint32_t *tree_columns;
    uint32_t *tree_rows, *row_parent, *row_arc, *row_stamp; /* (n_max) */
    double *row_reached;
    uint32_t stamp;
    psh__line_step *line_steps;
    void *block; /* all fixed arrays */
} psh__matching_room;

psh_status psh__matching_room_create(size_t n_max, psh__matching_room **dst, psh_error *err);
void psh__matching_room_free(psh__matching_room *room); /* NULL is fine */

/* psh__matching_bottleneck() : *dst: the bottleneck distance of the finite points, in units of room->scale. */
psh_status psh__matching_bottleneck(psh__matching_room *room, const psh__measure *a, const psh__measure *b,
                                    psh_ground ground, double *dst, psh_error *err);

/* psh__matching_solve() :
 * *dst: W_q^q of the finite points of a and b (NULL: none), in units of room->scale^q; the matching and its duals stay
 * in the room. The same bits if a and b are exchanged. With relative_error > 0 the search stops as soon as the duals
 * prove that cost <= (1 + relative_error) W_q^q; what is open then goes to the diagonal. PSH_ERR_MEMORY. */
psh_status psh__matching_solve(psh__matching_room *room, const psh__measure *a, const psh__measure *b, double order,
                               psh_ground ground, double relative_error, double *dst, psh_error *err);

/* psh__matching_cost() : the same number by whatever is fastest (line.c, if that applies); the room holds no matching
 * after it. */
psh_status psh__matching_cost(psh__matching_room *room, const psh__measure *a, const psh__measure *b, double order,
                              psh_ground ground, double relative_error, double *dst, psh_error *err);

/* psh__matching_bound() :
 * After psh__matching_solve(): a lower bound of the cost from the duals alone, after all n_a n_b slacks were looked at
 * and whatever is infeasible was taken off: the certificate. The cost is optimal to rounding if the two agree to
 * rounding. */
double psh__matching_bound(const psh__matching_room *room);

/* --- parts ------------------------------------------------------------------------------------------------------ */

/* A power of two to divide coordinates by, such that nothing overflows. */
double psh__matching_scale(const psh__measure *a, const psh__measure *b, double order, psh_ground ground);
/* Fills cost and both sides: duals 0, all units open. */
psh_status psh__matching_build(psh__matching_room *room, const psh__measure *a, const psh__measure *b, psh_error *err);
double psh__matching_pair_cost(const psh__matching_room *room, uint32_t i, uint32_t j); /* i of side 0, j of side 1 */

/* The view of node i of `side` upon the other side. */
static inline psh__scan_view psh__matching_view(const psh__matching_room *room, int side, uint32_t i) {
    const psh__side *from = &room->side[side], *to = &room->side[!side];
    psh__scan_view view = {.cost = room->cost,
                           .x = from->x[i],
                           .y = from->y[i],
                           .xs = to->x,
                           .ys = to->y,
                           .run_first = from->run_first[i],
                           .run_end = from->run_end[i]};
    if (room->cost == PSH__COST_MATRIX) view.row = from->costs + i * PSH__SCAN_ROUND_UP(to->n_nodes);
    return view;
}

/* Adds `amount` units to the pair (i of `side`, j of the other), and takes them from an arc, which may vanish. Neither
 * touches open and matched. */
psh_status psh__matching_add(psh__matching_room *room, int side, uint32_t i, uint32_t j, uint32_t amount,
                             psh_error *err);
void psh__matching_take(psh__matching_room *room, uint32_t arc, uint32_t amount);

psh_status psh__matching_bid(psh__matching_room *room, int side, psh_error *err);
psh_status psh__matching_search(psh__matching_room *room, int side, psh_error *err);

#endif
