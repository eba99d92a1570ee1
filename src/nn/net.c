/* net.c : a network's memory, and its passes.
 *
 * Forward, the layers that look at one item at a time are run one after the other on a slice before the next slice is
 * taken, so that activations stay in the cache; only fully connected layers (and batch normalisation in training) wait
 * for the whole batch. Backward, layer by layer: a convolution's gradient is computed for each slice by itself and
 * then added over the slices in order.
 *
 * Activation functions and dropout work in place: their gradients need no more than their results. (Batch
 * normalisation does not: its gradient needs its input.) */
#include "nn/net.h"

#include <assert.h>
#include <omp.h>

#include "base/error.h"
#include "nn/layers.h"

/* --- Running ------------------------------------------------------------------------------------------------------ */

static bool sees_batch(psh__op op, bool training) {
    return op == PSH__DENSE || (op == PSH__BATCH_NORM && training);
}

/* A failure in any thread is everybody's. */
static void note(psh_status *status, psh_status found) {
    if (found != PSH_OK)
#pragma omp atomic write
        *status = found;
}

static uint64_t dropout_key(const psh__net *net, size_t i_node) {
    return net->params.seed * 0xd1342543de82ef95u + net->n_steps * 0xaf251af3b0f025b5u + i_node * 0xb564ef22ec7aece5u;
}

static psh_status forward_slice(psh__net *net, size_t i_node, size_t slice, int worker, bool training) {
    psh__node *node = &net->nodes[i_node];
    size_t first = slice * net->n_slice, n = net->n_slice * node->n_out;
    float *x = node->x + first * node->n_in, *y = node->y + first * node->n_out;
    switch (node->layer.op) {
    case PSH__CONV:
    case PSH__DECONV:
        return psh__conv_forward(node->conv, worker, x, net->values + net->parts[node->first_part + 1].at, y);
    case PSH__MAX_POOL:
        psh__max_pool(x, node->in, net->n_slice, y);
        break;
    case PSH__MEAN_POOL:
        psh__mean_pool(x, node->in, net->n_slice, y);
        break;
    case PSH__BATCH_NORM:
        psh__norm_apply(x, n / (size_t)node->out.c, (size_t)node->out.c, node->mean + 2 * node->out.c,
                        node->mean + 3 * node->out.c, y);
        break;
    case PSH__DROPOUT:
        if (training) psh__dropout(y, n, node->layer.rate, dropout_key(net, i_node), first * node->n_out);
        break;
    default:
        if (!node->is_fused) psh__activate(node->layer.op, y, n);
    }
    return PSH_OK;
}

/* Called by all threads. */
static void take_weights(psh__net *net, int worker, bool training, psh_status *status) {
#pragma omp for schedule(dynamic, 1)
    for (size_t i = 0; i < net->n_nodes; i++) {
        psh__node *node = &net->nodes[i];
        if (node->conv && net->has_new_weights)
            note(status, psh__conv_take_weights(node->conv, worker, net->values + net->parts[node->first_part].at));
        if (node->layer.op == PSH__BATCH_NORM && !training) psh__norm_prepare(net, node);
    }
}

psh_status psh__net_forward(psh__net *net, size_t n_items, bool training, psh_error *err) {
    psh_status status = PSH_OK;
    size_t n_slices = training ? net->n_slices : (n_items + net->n_slice - 1) / net->n_slice;
#pragma omp parallel num_threads(net->n_workers)
    {
        int worker = omp_get_thread_num();
        psh__single_thread(1);
        take_weights(net, worker, training, &status);
        for (size_t begin = 0, end; begin < net->n_nodes; begin = end) {
            psh__node *node = &net->nodes[begin];
            end = begin + 1;
            if (node->layer.op == PSH__DENSE) {
                note(&status, psh__dense_forward(net, node));
            } else if (sees_batch(node->layer.op, training)) {
                psh__norm_forward(net, node);
            } else {
                while (end < net->n_nodes && !sees_batch(net->nodes[end].layer.op, training)) end++;
#pragma omp for schedule(dynamic, 1)
                for (size_t slice = 0; slice < n_slices; slice++)
                    for (size_t i = begin; i < end; i++) note(&status, forward_slice(net, i, slice, worker, training));
            }
        }
    }
    net->has_new_weights = false;
    return status == PSH_OK ? PSH_OK : psh__error(err, status, "oneDNN failed in a forward pass");
}

/* --- Backward ----------------------------------------------------------------------------------------------------- */

/* Adds the slices' gradients of a convolution, in order, to the weights'. Weights and bias lie side by side in both. */
static void add_slice_gradients(psh__net *net, const psh__node *node) {
    const psh__part *part = &net->parts[node->first_part];
    size_t n[2] = {part[0].n_floats, part[1].n_floats};
    for (int i = 0; i < 2; i++) {
        const float *found = net->slice_gradients + (i ? n[0] : 0);
        float *dst = net->gradients + part[i].at;
#pragma omp for schedule(static)
        for (size_t k = 0; k < n[i]; k++) {
            float sum = found[k];
            for (size_t slice = 1; slice < net->n_slices; slice++) sum += found[slice * net->slice_floats + k];
            dst[k] += sum;
        }
    }
}

static void conv_backward(psh__net *net, const psh__node *node, int worker, size_t first_slice, const float *d_y,
                          bool add_weights, float *d_x, psh_status *status) {
    size_t n_packed = net->parts[node->first_part].n_floats;
#pragma omp for schedule(dynamic, 1)
    for (size_t slice = first_slice; slice < net->n_slices; slice++) {
        size_t first = slice * net->n_slice;
        const float *d = d_y + first * node->n_out;
        float *found = net->slice_gradients + slice * net->slice_floats;
        if (add_weights)
            note(status, psh__conv_backward_weights(node->conv, worker, node->x + first * node->n_in, d, found,
                                                    found + n_packed));
        if (d_x) note(status, psh__conv_backward_data(node->conv, worker, d, d_x + first * node->n_in));
    }
    if (add_weights) add_slice_gradients(net, node);
}

/* Layers that work slice by slice without weights. */
static void simple_backward(psh__net *net, size_t i_node, size_t first_slice, const float *d_y, float *d_x,
                            float *in_place) {
    const psh__node *node = &net->nodes[i_node];
    size_t n = net->n_slice * node->n_out;
#pragma omp for schedule(static, 1)
    for (size_t slice = first_slice; slice < net->n_slices; slice++) {
        size_t first = slice * net->n_slice, at = first * node->n_out;
        if (node->layer.op == PSH__MAX_POOL)
            psh__max_pool_backward(node->x + first * node->n_in, node->y + at, d_y + at, node->in, net->n_slice,
                                   d_x + first * node->n_in);
        else if (node->layer.op == PSH__MEAN_POOL)
            psh__mean_pool_backward(d_y + at, node->in, net->n_slice, d_x + first * node->n_in);
        else if (node->layer.op == PSH__DROPOUT)
            psh__dropout(in_place + at, n, node->layer.rate, dropout_key(net, i_node), at);
        else
            psh__activate_backward(node->layer.op, node->y + at, in_place + at, n);
    }
}

/* Called by all threads. The layer's gradient is in passing[*now]; leaves that of its input in passing[*now]. */
static void backward_node(psh__net *net, size_t i_node, int worker, size_t first_slice, bool add_weights,
                          bool want_input, int *now, psh_status *status) {
    psh__node *node = &net->nodes[i_node];
    float *d_y = net->passing[*now], *d_x = want_input ? net->passing[1 - *now] : NULL;
    switch (node->layer.op) {
    case PSH__CONV:
    case PSH__DECONV:
        conv_backward(net, node, worker, first_slice, d_y, add_weights, d_x, status);
        break;
    case PSH__DENSE:
        note(status, psh__dense_backward(net, node, first_slice * net->n_slice, d_y, add_weights, d_x));
        break;
    case PSH__BATCH_NORM:
        psh__norm_backward(net, node, add_weights, d_y);
        return;
    case PSH__MAX_POOL:
    case PSH__MEAN_POOL:
        simple_backward(net, i_node, first_slice, d_y, net->passing[1 - *now], NULL);
        break;
    default:
        simple_backward(net, i_node, first_slice, NULL, NULL, d_y);
        return;
    }
    *now = 1 - *now;
}

psh_status psh__net_backward(psh__net *net, size_t first_item, bool add_weights, float **d_input, psh_error *err) {
    psh_status status = PSH_OK;
    int last = 0;
    assert(first_item % net->n_slice == 0 && first_item < net->n_batch && !(add_weights && first_item > 0));
#pragma omp parallel num_threads(net->n_workers)
    {
        int worker = omp_get_thread_num(), now = 0;
        psh__single_thread(1);
        for (size_t i = net->n_nodes; i-- > 0;)
            backward_node(net, i, worker, first_item / net->n_slice, add_weights, i > 0 || d_input != NULL, &now,
                          &status);
#pragma omp single
        last = now;
    }
    if (d_input) *d_input = net->passing[last];
    return status == PSH_OK ? PSH_OK : psh__error(err, status, "oneDNN failed in a backward pass");
}

float *psh__net_input(psh__net *net) {
    return net->nodes[0].x;
}
float *psh__net_output(psh__net *net) {
    return net->nodes[net->n_nodes - 1].y;
}
float *psh__net_output_gradient(psh__net *net) {
    return net->passing[0];
}
psh__shape psh__net_out_shape(const psh__net *net) {
    return net->nodes[net->n_nodes - 1].out;
}
