/* sinkhorn.h : one problem of entropic transport with a reservoir, apart from where it comes from; and one pair of a
 * plan, with all that is known of it. */
#ifndef PSH_TRANSPORT_SINKHORN_H
#define PSH_TRANSPORT_SINKHORN_H

#include "persihash/transport.h"

/* Buffers of one thread, for problems of up to n_max cells a side. */
typedef struct psh__sinkhorn_room psh__sinkhorn_room;
psh__sinkhorn_room *psh__sinkhorn_room_create(size_t n_max); /* NULL: no memory */
void psh__sinkhorn_room_free(psh__sinkhorn_room *room);      /* NULL is fine */

/* A side: n cells of positive mass, each with its cost of going to the diagonal. */
typedef struct psh__sinkhorn_side {
    const double *masses, *to_diagonal; // (n)
    size_t n;
    double total; /* sum of masses */
} psh__sinkhorn_side;

typedef struct psh__sinkhorn_result {
    double cost, error; /* <P, C>; L1 error of both marginals over the mass */
    unsigned n_iterations;
} psh__sinkhorn_result;

/* For the caller to fill before psh__sinkhorn_solve(): the costs from cell i of a to the n_b cells of b, and from cell
 * j of b to the n_a cells of a (the same numbers). */
double *psh__sinkhorn_costs_to_b(psh__sinkhorn_room *room, size_t i, size_t n_b);
double *psh__sinkhorn_costs_to_a(psh__sinkhorn_room *room, size_t j, size_t n_a);

/* Both sides have n >= 1. Stops when error <= tolerance or after max_iterations. */
void psh__sinkhorn_solve(psh__sinkhorn_room *room, const psh__sinkhorn_side *a, const psh__sinkhorn_side *b,
                         double regularisation, double tolerance, unsigned max_iterations, psh__sinkhorn_result *dst);

/* psh__sinkhorn_pair() : the sum over dimensions of one pair. `error` is the worst of them, iterations are added up. */
psh__sinkhorn_result psh__sinkhorn_pair(psh_sinkhorn_worker *worker, size_t i, size_t j);

#endif
