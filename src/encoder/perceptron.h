/* perceptron.h : small networks of fully connected layers, max(0, x) between them, and one output. */
#ifndef PSH_ENCODER_PERCEPTRON_H
#define PSH_ENCODER_PERCEPTRON_H

#include <stddef.h>

#include "base/random.h"
#include "persihash/base.h"

enum { PSH__PERCEPTRON_MAX_HIDDEN = 2 /* layers */ };

/* Zeroed: no network. */
typedef struct psh__perceptron {
    size_t n_inputs, n_hidden;                 /* layers */
    size_t widths[PSH__PERCEPTRON_MAX_HIDDEN]; /* units of each; multiples of PSH__DENSE_COLUMNS */
    float *weights; // of each hidden layer (inputs, units), then offsets (units); of the output (units), then one
} psh__perceptron;

/* psh__perceptron_create() : all weights 0. PSH_ERR_MEMORY; *dst may then be freed all the same. */
psh_status psh__perceptron_create(size_t n_inputs, const size_t *widths, size_t n_hidden, psh__perceptron *dst,
                                  psh_error *err);
void psh__perceptron_free(psh__perceptron *p); /* zeroed struct is fine */
size_t psh__perceptron_n_weights(const psh__perceptron *p);

/* psh__perceptron_draw() : random hidden layers that keep the inputs' variance; the output starts from 0. */
void psh__perceptron_draw(psh__perceptron *p, psh__random *rng);

/* psh__perceptron_apply() :
 * dst : (n_rows) outputs for inputs : (n_rows, n_inputs). desk : psh__perceptron_desk(p, n_rows) floats of scratch.
 * One thread; the same at every SIMD level. */
size_t psh__perceptron_desk(const psh__perceptron *p, size_t n_rows);
void psh__perceptron_apply(const psh__perceptron *p, const float *inputs, size_t n_rows, float *desk, float *dst);

/* --- Learning, by Adam with weight decay (Loshchilov, Hutter 2019) ------------------------------------------------ */

typedef struct psh__trainer {
    psh__perceptron *network; /* the caller's */
    size_t n_batch;
    int n_threads;
    double decay;
    float *inputs;    // (n_batch, n_inputs) for the caller to fill
    float *outputs;   // (n_batch) by psh__trainer_forward()
    float *gradients; // (n_batch) of the loss by each output, for the caller to fill
    /* the trainer's own */
    float *hidden[PSH__PERCEPTRON_MAX_HIDDEN]; // (n_batch, units) what the layers give
    float *turned, *back, *next;               // transposes and gradients on their way
    float *slopes, *first, *second;            // (n_weights) gradient, its running mean and that of its square
    double first_left, second_left;            /* of what the running means started from */
} psh__trainer;

/* psh__trainer_create() : PSH_ERR_MEMORY; *dst may then be freed all the same. Buffers start from 0. */
psh_status psh__trainer_create(psh__perceptron *network, size_t n_batch, double decay, int n_threads, psh__trainer *dst,
                               psh_error *err);
void psh__trainer_free(psh__trainer *t); /* zeroed struct is fine */

/* psh__trainer_forward(), psh__trainer_step() :
 * outputs from inputs; then, with the gradients filled in, the network takes one step. The same bytes for any number of
 * threads and any SIMD level. */
void psh__trainer_forward(psh__trainer *t);
void psh__trainer_step(psh__trainer *t, double rate);

/* psh__trainer_rate() : rising from 0 over the first n_warm of n_steps, then falling to 0 along a line; at most 1. */
double psh__trainer_rate(size_t step, size_t n_steps, size_t n_warm);

#endif
