/* barycentre.h : one diagram against a centre, and the step that brings a centre nearer to its members. */
#ifndef PSH_CLUSTER_BARYCENTRE_H
#define PSH_CLUSTER_BARYCENTRE_H

#include "persihash/cluster.h"

/* A centre is a set with one diagram. */

/* psh__barycentre_copy() : a centre equal to diagram i of `set`. */
psh_status psh__barycentre_copy(const psh_diagrams *set, size_t i, psh_diagrams **dst, psh_error *err);

/* psh__barycentre_match() :
 * *squared: W2^2 between diagram i of `set` and the centre, summed over dimensions. matches : room for as many as the
 * two have points. */
psh_status psh__barycentre_match(const psh_diagrams *set, size_t i, const psh_diagrams *centre, psh_match *matches,
                                 size_t *n_matches, double *squared, psh_error *err);

/* psh__barycentre_note() : mates : (rows of the set), those of diagram i are set: the centre's row that each is matched
 * to, -1 for the diagonal. */
void psh__barycentre_note(const psh_diagrams *set, size_t i, const psh_match *matches, size_t n_matches,
                          int64_t *mates);

/* psh__barycentre_step() :
 * A new centre that is the best for the matchings of the members : (n_members), rising, rows of `set`. */
psh_status psh__barycentre_step(const psh_diagrams *set, const size_t *members, size_t n_members,
                                const psh_diagrams *centre, const int64_t *mates, psh_diagrams **dst, psh_error *err);

#endif
