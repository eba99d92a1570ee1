/* nn_twin.h : networks by plain loops, in double, and their gradients by finite differences. */
#ifndef PSH_NN_TWIN_H
#define PSH_NN_TWIN_H

#include "nn/nn.h"

/* Output (n_batch, out) of a network in training, without dropout. weights[i]: the values of tensor i, plain. Freed by
 * free(). */
double *twin_forward(const psh__layer *layers, size_t n_layers, psh__shape in, size_t n_batch, double *const *weights,
                     const double *input);

/* d sum(y slope) / d *value, where `value` is one of the weights or of the input. */
double twin_derivative(const psh__layer *layers, size_t n_layers, psh__shape in, size_t n_batch, double *const *weights,
                       const double *input, const double *slope, size_t n_out, double *value);

#endif
