/* net.h : what a network is inside. */
#ifndef PSH_NN_NET_H
#define PSH_NN_NET_H

#include "nn/nn.h"
#include "nn/onednn.h"

/* One array of weights: n_floats from `at` in net->values (and gradients, moments), in the order that the layer works
 * in. */
typedef struct psh__part {
    psh__tensor tensor;
    size_t at, n_floats, i_layer;
    bool is_packed; /* a convolution's weights, in its packed order */
} psh__part;

typedef struct psh__node {
    psh__layer layer;
    psh__shape in, out;
    size_t n_in, n_out;    /* floats of one item */
    float *x, *y;          /* (n_batch, in), (n_batch, out); y = x for layers that work in place */
    psh__conv *conv;       /* CONV, DECONV */
    size_t first_part;     /* weights, then bias; BATCH_NORM: scale, shift, running mean, running variance */
    bool is_fused;         /* RELU that the convolution before it does */
    double *sums;          /* BATCH_NORM: (n_slices, 2, c) */
    float *mean, *inverse; /* of the last training pass, then working arrays: (5, c) together */
} psh__node;

struct psh__net {
    psh__net_params params;
    size_t n_batch, n_slices, n_slice; /* n_batch = n_slices * n_slice items */
    int n_workers;
    psh__node *nodes; /* (n_nodes) */
    size_t n_nodes;
    psh__part *parts;                    /* (n_parts) */
    size_t n_parts, n_floats, n_trained; /* floats of all parts; trained ones come first */
    float *values, *gradients, *moments; /* (n_floats), (n_trained), (2, n_trained) */
    float *activations;                  /* all of them, and the input */
    float *passing[2];                   /* gradients of activations on their way: (n_batch, widest) each */
    float *slice_gradients;              /* (n_slices, slice_floats): packed weights and bias of one convolution */
    size_t slice_floats;
    psh__dnnl *dnnl;
    uint64_t n_steps;
    bool has_new_weights; /* not yet taken by the convolutions */
};

#define PSH__NORM_EPSILON 1e-5

/* The passes of whole-batch layers: called by all threads of a parallel region, share the work by themselves and end
 * with a barrier. */
psh_status psh__dense_forward(const psh__net *net, const psh__node *node);
psh_status psh__dense_backward(const psh__net *net, const psh__node *node, size_t first_item, const float *d_y,
                               bool add_weights, float *d_x);
void psh__norm_forward(psh__net *net, psh__node *node);
void psh__norm_backward(psh__net *net, psh__node *node, bool add_weights, float *d);
/* Inference: the factors and offsets from the running averages, before any slice needs them. */
void psh__norm_prepare(const psh__net *net, psh__node *node);

#endif
