/* nn.h : small convolutional networks, trained and run on CPUs. Seen by the stage `encoder` alone.
 *
 * A network is a list of layers with all shapes fixed when it is built: all memory is planned then, and a step
 * allocates nothing. Activations are (item, row, column, channel) float32.
 *
 * Determinism. A batch is cut into n_slices equal slices. Convolutions work on one slice with one thread; what is
 * summed over the batch (gradients, means) is summed within each slice first, then over the slices in their order. So
 * results depend on n_batch and n_slices, never on n_threads. They do depend on the CPU's instruction set, as oneDNN
 * has other kernels for each (docs/decisions/0005-nn.md).
 *
 * One thread drives a network; it starts the others. */
#ifndef PSH_NN_NN_H
#define PSH_NN_NN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/base.h"

typedef struct psh__shape {
    int h, w, c;
} psh__shape;

typedef enum psh__op {
    PSH__CONV,       /* out.c filters; out.h and out.w follow */
    PSH__DECONV,     /* transposed convolution, as CONV */
    PSH__DENSE,      /* fully connected, to the whole shape `out` */
    PSH__MAX_POOL,   /* 2 x 2, stride 2; an odd last row or column is left out */
    PSH__MEAN_POOL,  /* likewise: the mean of the four */
    PSH__BATCH_NORM, /* over batch, rows, columns; running averages serve inference */
    PSH__RELU,       /* this one and all below work in place */
    PSH__ELU,        /* x, below 0: exp(x) - 1 */
    PSH__SIGMOID,
    PSH__CLIP,   /* to [-1, 1] ("hard tanh") */
    PSH__DROPOUT /* in training, zeroes with probability `rate` and scales what is left by 1 / (1 - rate) */
} psh__op;

/* Uniform in [-b, b]. Biases start at 0. */
typedef enum psh__init {
    PSH__HE = 0, /* b = sqrt(6 / fan_in) : variance 2 / fan_in */
    PSH__XAVIER  /* b = sqrt(6 / (fan_in + fan_out)) */
} psh__init;

typedef struct psh__layer {
    psh__op op;
    const char *name; /* of its tensors, NAME.weight and so on; needed by CONV, DECONV, DENSE, BATCH_NORM; lives as long
                         as the network */
    psh__shape out;
    int kernel, stride; /* CONV, DECONV */
    int pad_lo, pad_hi; /* rows above and below (columns left and right) added, or by DECONV taken away */
    double rate;        /* DROPOUT */
    psh__init init;
} psh__layer;

typedef struct psh__net_params {
    psh__shape in;
    int n_batch, n_slices; /* n_batch is a multiple of n_slices */
    int n_threads;         /* 0: all */
    bool is_training;      /* else: inference alone, a third of the memory */
    bool is_bf16;          /* convolutions multiply bfloat16 numbers (PSH_ERR_UNSUPPORTED where the CPU cannot) */
    uint64_t seed;         /* of dropout */
    double norm_momentum;  /* weight of the newest batch in the running averages; 0: 0.1. 1: they are that batch's */
} psh__net_params;

typedef struct psh__net psh__net;

/* Errors: PSH_ERR_SHAPE (layers that do not fit: says which), PSH_ERR_UNSUPPORTED, PSH_ERR_MEMORY. Weights are zero. */
psh_status psh__net_create(const psh__layer *layers, size_t n_layers, const psh__net_params *params, psh__net **dst,
                           psh_error *err);
void psh__net_free(psh__net *net); /* NULL is fine */
psh__shape psh__net_out_shape(const psh__net *net);

/* --- Weights ------------------------------------------------------------------------------------------------------ */

/* One array of weights, as files and other programs see it ("plain"): (out, in, row, column) of a convolution, (out,
 * in) of a fully connected layer, whose inputs are in (row, column, channel) order, (n) of all others. */
typedef struct psh__tensor {
    char name[64];
    size_t n_axes, shape[4], n_values;
    bool is_trained; /* else running averages */
} psh__tensor;

typedef enum psh__role { PSH__VALUES, PSH__GRADIENTS, PSH__MOMENTS_1, PSH__MOMENTS_2 } psh__role;

size_t psh__net_n_tensors(const psh__net *net);
const psh__tensor *psh__net_tensor(const psh__net *net, size_t i);
/* plain : (n_values). Roles other than the values: networks that train, tensors that are trained. */
psh_status psh__net_get(const psh__net *net, size_t i, psh__role role, float *plain, psh_error *err);
psh_status psh__net_set(psh__net *net, size_t i, psh__role role, const float *plain, psh_error *err);
/* Draws all weights. `stream` keeps networks of one seed apart. */
psh_status psh__net_init(psh__net *net, uint64_t seed, uint64_t stream, psh_error *err);

/* --- Running ------------------------------------------------------------------------------------------------------ */

float *psh__net_input(psh__net *net);           /* (n_batch, in), to be filled */
float *psh__net_output(psh__net *net);          /* (n_batch, out), valid until the next forward pass */
float *psh__net_output_gradient(psh__net *net); /* (n_batch, out), to be filled before the backward pass */

/* From input to output, of the first n_items items (in training: all). `training`: batch statistics and dropout. */
psh_status psh__net_forward(psh__net *net, size_t n_items, bool training, psh_error *err);

/* Gradients of the last forward pass (which trained), from psh__net_output_gradient(), which it destroys; passes may be
 * repeated. first_item: those before it (whole slices) are left alone, in the gradients given and found: for gradients
 * of data only, in networks without batch normalisation. add_weights: adds to the weights' gradients; needs all items.
 * d_input: NULL, or where to put the place of the gradient of the input (n_batch, in), valid until the next pass. */
psh_status psh__net_backward(psh__net *net, size_t first_item, bool add_weights, float **d_input, psh_error *err);
void psh__net_zero_gradients(psh__net *net);

/* --- Optimisers --------------------------------------------------------------------------------------------------- */

typedef struct psh__adam {
    double rate, beta1, beta2, epsilon; /* 0, 0, 0, 0: 0.001, 0.9, 0.999, 1e-8 */
} psh__adam;
/* Kingma, Ba 2015. Counts steps: the count also chooses the dropout masks. */
void psh__net_adam(psh__net *net, const psh__adam *params);
/* value -= rate * gradient; moment = momentum * moment + gradient where momentum is not 0 */
void psh__net_sgd(psh__net *net, double rate, double momentum);
uint64_t psh__net_steps(const psh__net *net);
void psh__net_set_steps(psh__net *net, uint64_t n_steps);

/* --- Losses: the mean over all values, and its gradient added to d times weight -------------------------------------
 */

/* mean (y - target)^2 */
double psh__loss_mse(const float *y, const float *target, size_t n, double weight, float *d);
/* mean of -log sigmoid(logit) if is_real, else of -log(1 - sigmoid(logit)) */
double psh__loss_logistic(const float *logit, bool is_real, size_t n, double weight, float *d);

#endif
