/* compact_model.h : the compact model: signs of learned additive functions. */
#ifndef PSH_ENCODER_COMPACT_MODEL_H
#define PSH_ENCODER_COMPACT_MODEL_H

#include "encoder/model.h"
#include "encoder/slices.h"

typedef struct psh__compact {
    psh_model base;
    psh__slices slices;
    psh__slicer *slicer; // of these slices
    uint16_t *halves;    // (n_features, n_bits) float16: the weights as they are stored
    float *weights;      // (n_features, n_columns): the same numbers, bits padded for dense.h
    float *offsets;      // (n_columns)
    size_t n_columns;
} psh__compact;

/* psh__compact_create() :
 * weights : (n_features, psh__linear_columns(n_bits)), rounded to float16; offsets : (n_bits at least). Everything is
 * copied. */
psh_status psh__compact_create(const psh__slices *slices, const float *weights, const float *offsets, size_t n_bits,
                               const psh_frame *frame, bool pool, uint32_t dims_mask, const psh_meta *meta,
                               psh_model **dst, psh_error *err);

#endif
