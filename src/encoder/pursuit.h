/* pursuit.h : choosing the bits. */
#ifndef PSH_ENCODER_PURSUIT_H
#define PSH_ENCODER_PURSUIT_H

#include "encoder/pool.h"

typedef struct psh__pursuit_params {
    size_t n_bits;
    int n_sweeps; /* at most, of exchange */
    int n_threads;
    const uint32_t *start; // (n_bits) candidates, distinct, that the exchange starts from, or NULL: pursue first.
                           // In place of PSH__PURSUIT_NONE comes what goes best with the others
} psh__pursuit_params;
#define PSH__PURSUIT_NONE UINT32_MAX

/* psh__pursuit() :
 * chosen : (n_bits) candidates of the pool, distinct if it has that many, in an order such that the first k make a good
 * code of k bits. *correlation: Pearson's of Hamming distance and target over all pairs of the sample. */
psh_status psh__pursuit(const psh__pool *pool, const psh__target *target, const psh__pursuit_params *params,
                        uint32_t *chosen, double *correlation, psh_error *err);

#endif
