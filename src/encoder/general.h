/* general.h : the compact model before it meets a set: learned functions of standardised slices of one homology
 * dimension. psh_model_adapt() makes a compact model of it. */
#ifndef PSH_ENCODER_GENERAL_H
#define PSH_ENCODER_GENERAL_H

#include "encoder/estimate.h"
#include "encoder/functions.h"
#include "encoder/model.h"
#include "encoder/slices.h"

enum { PSH__GENERAL_FEATURES = PSH__SLICE_DIRECTIONS * PSH__SLICE_CELLS };

typedef struct psh__general {
    psh_model base;
    uint16_t *halves; // (PSH__GENERAL_FEATURES, n_bits) float16
    float *offsets;   // (n_bits)
    psh__estimate estimate;
} psh__general;

/* psh__general_create() :
 * weights : (PSH__GENERAL_FEATURES, psh__linear_columns(n_bits)), rounded to float16; offsets : (n_bits at least).
 * Everything is copied. PSH_ERR_CORRUPT (a number that is not finite), PSH_ERR_MEMORY. */
psh_status psh__general_create(const float *weights, const float *offsets, size_t n_bits, const psh__estimate *estimate,
                               const psh_meta *meta, psh_model **dst, psh_error *err);

/* The estimate of W1 that a general model brings. The model's. */
const psh__estimate *psh__general_estimate(const psh_model *general);

/* --- Meeting a set (general_adapt.c) ------------------------------------------------------------------------------ */

/* psh__general_unfold() :
 * All functions of the model in each of n_dims dimensions, dimension by dimension, for rows that are still to be
 * centred and scaled: dimension d by the means at mean + d * PSH__GENERAL_FEATURES (NULL: rows are centred) and by
 * scales[d]. dst : created here, n_dims * n_bits functions, weights as the model's. PSH_ERR_MEMORY. */
psh_status psh__general_unfold(const psh_model *general, size_t n_dims, const double *mean, const double *scales,
                               psh__functions *dst, psh_error *err);

/* psh__general_share_bits() :
 * owners : (n_bits): which of n_dims functions' next bit each bit is, such that among the first k bits, for every k,
 * each dimension has as many as its share of `norms` : (n_dims) says. */
void psh__general_share_bits(const double *norms, size_t n_dims, size_t n_bits, size_t *owners);

/* psh__general_take_first() :
 * The first functions of each dimension, of what psh__general_unfold() made, bits shared out by norms. Bits beyond what
 * there is, *n_missing of them, stay as they are in dst. PSH_ERR_MEMORY. */
psh_status psh__general_take_first(const psh__functions *all, const double *norms, size_t n_dims, psh__functions *dst,
                                   size_t *n_missing, psh_error *err);

/* psh__general_choose() :
 * The dst->n_functions bits for a set, without an exact distance, from what psh__general_unfold() made for these rows :
 * (n_items, n_features), as they come. norms : (n_dims) root mean square norms of the centred rows' parts. Few items,
 * or plain: the first functions of each dimension as they were trained, shared out; more: those, and thresholds, that
 * track the estimated W1 distances of the rows best; *is_picked tells. PSH_ERR_DATA if neither has as many bits;
 * PSH_ERR_MEMORY. */
psh_status psh__general_choose(const psh__functions *all, const double *norms, size_t n_dims, const float *rows,
                               size_t n_items, const psh__estimate *estimate, bool plain, int n_threads,
                               psh__functions *dst, bool *is_picked, psh_error *err);

/* psh_model_adapt() of this kind. */
psh_status psh__general_adapt(const psh_model *model, const psh_diagrams *set, const psh_adapt_params *params,
                              psh_model **dst, psh_error *err);

#endif
