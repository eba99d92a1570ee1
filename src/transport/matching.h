/* matching.h : the one optimisation problem under every exact distance here, and room to solve it in. */
#ifndef PSH_TRANSPORT_MATCHING_H
#define PSH_TRANSPORT_MATCHING_H

#include "persihash/transport.h"
#include "transport/measure.h"

/* What a thread needs to solve problems of up to n_max points a side: allocated once, used for every pair. */
typedef struct psh__matching_room psh__matching_room;
psh_status psh__matching_room_create(size_t n_max, psh__matching_room **dst, psh_error *err);
void psh__matching_room_free(psh__matching_room *room); /* NULL is fine */

/* psh__matching_cost() :
 * W_q^q of the finite points of a and b, in units of scale^q (scale: a power of two near the largest coordinate
 * difference, written to *scale), so that nothing overflows. NULL measures are empty. Never fails. */
double psh__matching_cost(psh__matching_room *room, const psh__measure *a, const psh__measure *b, double order,
                          psh_ground ground, double *scale);

#endif
