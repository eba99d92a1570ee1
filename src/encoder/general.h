/* general.h : the compact model before it meets a set: learned functions of standardised slices of one homology
 * dimension. psh_model_adapt() makes a compact model of it. */
#ifndef PSH_ENCODER_GENERAL_H
#define PSH_ENCODER_GENERAL_H

#include "encoder/model.h"
#include "encoder/slices.h"

enum { PSH__GENERAL_FEATURES = PSH__SLICE_DIRECTIONS * PSH__SLICE_CELLS };

typedef struct psh__general {
    psh_model base;
    uint16_t *halves; // (PSH__GENERAL_FEATURES, n_bits) float16
    float *offsets;   // (n_bits)
} psh__general;

/* psh__general_create() :
 * weights : (PSH__GENERAL_FEATURES, psh__linear_columns(n_bits)), rounded to float16; offsets : (n_bits at least).
 * Everything is copied. */
psh_status psh__general_create(const float *weights, const float *offsets, size_t n_bits, const psh_meta *meta,
                               psh_model **dst, psh_error *err);

/* psh__general_share_bits() :
 * owners : (n_bits): which of n_dims functions' next bit each bit is, such that among the first k bits, for every k,
 * each dimension has as many as its share of `norms` : (n_dims) says. */
void psh__general_share_bits(const double *norms, size_t n_dims, size_t n_bits, size_t *owners);

/* psh__general_start() :
 * Weights and offsets for standardised rows of several dimensions (standard.h, scaled together), where learning may
 * start. norms : (n_dims) root mean square norms of each dimension's part of such rows. weights : (n_dims *
 * PSH__GENERAL_FEATURES, psh__linear_columns(n_bits)). Bits beyond the model's stay as they are. PSH_ERR_MEMORY. */
psh_status psh__general_start(const psh_model *general, const double *norms, size_t n_dims, size_t n_bits,
                              float *weights, float *offsets, psh_error *err);

#endif
