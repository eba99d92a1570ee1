/* pairs_block.h : distances between a band of up to PSH__PAIRS_SIDE vectors and others, as many at a time: what one
 * thread does. */
#ifndef PSH_DISTANCE_PAIRS_BLOCK_H
#define PSH_DISTANCE_PAIRS_BLOCK_H

#include "distance/pairs_kernels.h"
#include "persihash/status.h"

/* psh__pairs_check_order() : 1 or more, infinity included; else PSH_ERR_PARAMETER. */
psh_status psh__pairs_check_order(double order, psh_error *err);

/* A band : (n_band, n_features), n_band at most PSH__PAIRS_SIDE, as it is and packed for the kernels. */
typedef struct psh__pairs_band {
    const void *rows; // (n_band, n_features) of float or double
    void *packed;     // (PSH__PAIRS_SIDE * n_features) of the same, aligned to 64 bytes, the caller's
    size_t n_band, n_features;
    double order;
} psh__pairs_band;

/* psh__pairs_pack_f32() : fills band->packed. */
void psh__pairs_pack_f32(const psh__pairs_band *band);
void psh__pairs_pack_f64(const psh__pairs_band *band);

/* psh__pairs_block_f32() : others : (n_others, n_features), n_others at most PSH__PAIRS_SIDE; dst : (PSH__PAIRS_SIDE,
 * PSH__PAIRS_SIDE), aligned to 64 bytes: the distance of other j and item i of the band is left in dst[j, i]. */
void psh__pairs_block_f32(const psh__pairs_band *band, const float *others, size_t n_others, float *dst);
void psh__pairs_block_f64(const psh__pairs_band *band, const double *others, size_t n_others, double *dst);

#endif
