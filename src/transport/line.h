/* line.h : the distance of diagrams whose points all lie on one vertical or one horizontal line. */
#ifndef PSH_TRANSPORT_LINE_H
#define PSH_TRANSPORT_LINE_H

#include "persihash/transport.h"
#include "transport/measure.h"

/* True if psh__line_cost() applies: both have points, and all births are one number, or all deaths. */
bool psh__line_applies(const psh__measure *a, const psh__measure *b);

/* One end of a stack of slopes (see line.c). */
typedef struct psh__line_step {
    double at;
    uint64_t weight;
} psh__line_step;

/* W_1 in units of `scale`. steps : room for psh__line_n_steps(a->n_points + b->n_points). */
double psh__line_cost(const psh__measure *a, const psh__measure *b, psh_ground ground, double scale,
                      psh__line_step *steps);
static inline size_t psh__line_n_steps(size_t n_points) {
    return 2 * (2 * n_points + 2);
}

#endif
