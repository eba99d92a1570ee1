/* layers.h : layers that are loops: activations, pooling, batch normalisation, dropout. */
#ifndef PSH_NN_LAYERS_H
#define PSH_NN_LAYERS_H

#include "nn/nn.h"

/* y = f(y) in place, and d = d f'(x), told from y = f(x). op: RELU, ELU, SIGMOID, CLIP. */
void psh__activate(psh__op op, float *y, size_t n);
void psh__activate_backward(psh__op op, const float *y, float *d, size_t n);

/* Scales value i by 0 or 1 / (1 - rate), told by (key, first + i) alone; forward and backward are the same. */
void psh__dropout(float *y, size_t n, double rate, uint64_t key, uint64_t first);

/* x : (n_items, in), y : (n_items, in / 2). Of equal values the first, row by row, gets the gradient. */
void psh__max_pool(const float *x, psh__shape in, size_t n_items, float *y);
void psh__max_pool_backward(const float *x, const float *y, const float *d_y, psh__shape in, size_t n_items,
                            float *d_x);

/* The mean of the four instead; each gets a quarter of the gradient. */
void psh__mean_pool(const float *x, psh__shape in, size_t n_items, float *y);
void psh__mean_pool_backward(const float *d_y, psh__shape in, size_t n_items, float *d_x);

/* Batch normalisation of x : (n_pixels, n_channels). sums : (2, n_channels). */
void psh__norm_sums(const float *x, size_t n_pixels, size_t n_channels, double *sums); /* of x and x^2 */
void psh__norm_apply(const float *x, size_t n_pixels, size_t n_channels, const float *factor, const float *offset,
                     float *y);
/* Sums of d and of d (x - mean) inverse. */
void psh__norm_backward_sums(const float *x, const float *d, size_t n_pixels, size_t n_channels, const float *mean,
                             const float *inverse, double *sums);
/* d = factor d + slope (x - mean) + offset, all by channel */
void psh__norm_backward_apply(const float *x, size_t n_pixels, size_t n_channels, const float *mean,
                              const float *factor, const float *slope, const float *offset, float *d);

#endif
