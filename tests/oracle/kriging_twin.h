/* kriging_twin.h : kriging of pairs written down plainly: all covariances in one matrix, solved by elimination. */
#ifndef PSH_KRIGING_TWIN_H
#define PSH_KRIGING_TWIN_H

#include <stddef.h>
#include <stdint.h>

/* rows : (n_items, n_features); pairs : (n_pairs, 2) of the first n_known items; residues : (n_pairs).
 * dst : (n_items, n_items) expected residues of all pairs. Cost: n_pairs^3. */
void kriging_twin(const float *rows, size_t n_items, size_t n_known, size_t n_features, const uint32_t *pairs,
                  const double *residues, size_t n_pairs, double *dst);

#endif
