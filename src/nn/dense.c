/* dense.c : fully connected layers and batch normalisation, the layers that see the whole batch at once.
 *
 * A fully connected layer's weights are read once for the batch, not once for each slice: its work is cut along the
 * outputs (weights' gradient, forward) or inputs (data's gradient) into pieces of a fixed width, so that each sum is
 * made by one thread in one order. */
#include <math.h>
#include <string.h>

#include "nn/layers.h"
#include "nn/net.h"

enum { PIECE = 256 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

psh_status psh__dense_forward(const psh__net *net, const psh__node *node) {
    size_t n_pieces = (node->n_out + PIECE - 1) / PIECE;
    const float *weights = net->values + net->parts[node->first_part].at;
    const float *bias = net->values + net->parts[node->first_part + 1].at;
    psh_status status = PSH_OK;
#pragma omp for schedule(static, 1)
    for (size_t piece = 0; piece < n_pieces; piece++) {
        size_t first = piece * PIECE, n = least(PIECE, node->n_out - first);
        psh_status done = psh__gemm(false, true, net->n_batch, n, node->n_in, node->x, node->n_in,
                                    weights + first * node->n_in, node->n_in, false, node->y + first, node->n_out);
        if (done != PSH_OK) status = done;
        for (size_t i = 0; i < net->n_batch; i++)
            for (size_t k = first; k < first + n; k++) node->y[i * node->n_out + k] += bias[k];
    }
    return status;
}

/* d_weights = d_y^T x, d_bias = sums of d_y; d_x = d_y weights. */
psh_status psh__dense_backward(const psh__net *net, const psh__node *node, size_t first_item, const float *d_y,
                               bool add_weights, float *d_x) {
    size_t n_pieces = (node->n_out + PIECE - 1) / PIECE, n_in_pieces = (node->n_in + PIECE - 1) / PIECE;
    const float *weights = net->values + net->parts[node->first_part].at;
    psh_status status = PSH_OK;
    if (add_weights) {
        float *d_weights = net->gradients + net->parts[node->first_part].at;
        float *d_bias = net->gradients + net->parts[node->first_part + 1].at;
#pragma omp for schedule(static, 1)
        for (size_t piece = 0; piece < n_pieces; piece++) {
            size_t first = piece * PIECE, n = least(PIECE, node->n_out - first);
            psh_status done = psh__gemm(true, false, n, node->n_in, net->n_batch, d_y + first, node->n_out, node->x,
                                        node->n_in, true, d_weights + first * node->n_in, node->n_in);
            if (done != PSH_OK) status = done;
            for (size_t i = 0; i < net->n_batch; i++)
                for (size_t k = first; k < first + n; k++) d_bias[k] += d_y[i * node->n_out + k];
        }
    }
    if (d_x) {
#pragma omp for schedule(static, 1)
        for (size_t piece = 0; piece < n_in_pieces; piece++) {
            size_t first = piece * PIECE, n = least(PIECE, node->n_in - first);
            psh_status done = psh__gemm(false, false, net->n_batch - first_item, n, node->n_out,
                                        d_y + first_item * node->n_out, node->n_out, weights + first, node->n_in, false,
                                        d_x + first_item * node->n_in + first, node->n_in);
            if (done != PSH_OK) status = done;
        }
    }
    return status;
}

/* --- Batch normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift -----------------------------------
 */

/* node->mean, ->inverse, and three more working arrays after them. */
static float *working(const psh__node *node, size_t i) {
    return node->mean + i * (size_t)node->out.c;
}

static size_t pixels_of_slice(const psh__net *net, const psh__node *node) {
    return net->n_slice * (size_t)node->out.h * (size_t)node->out.w;
}

/* Sums over the slices, in their order, into the first slice's. */
static void add_slices(const psh__net *net, psh__node *node) {
    size_t n = 2 * (size_t)node->out.c;
    for (size_t slice = 1; slice < net->n_slices; slice++)
        for (size_t k = 0; k < n; k++) node->sums[k] += node->sums[slice * n + k];
}

static void set_factors(const psh__net *net, psh__node *node) {
    const psh__part *part = &net->parts[node->first_part];
    const float *scale = net->values + part[0].at, *shift = net->values + part[1].at;
    float *factor = working(node, 2), *offset = working(node, 3);
    for (size_t k = 0; k < (size_t)node->out.c; k++) {
        factor[k] = scale[k] * node->inverse[k];
        offset[k] = shift[k] - node->mean[k] * factor[k];
    }
}

void psh__norm_prepare(const psh__net *net, psh__node *node) {
    const psh__part *part = &net->parts[node->first_part];
    const float *mean = net->values + part[2].at, *variance = net->values + part[3].at;
    for (size_t k = 0; k < (size_t)node->out.c; k++) {
        node->mean[k] = mean[k];
        node->inverse[k] = (float)(1 / sqrt((double)variance[k] + PSH__NORM_EPSILON));
    }
    set_factors(net, node);
}

static void take_statistics(psh__net *net, psh__node *node) {
    const psh__part *part = &net->parts[node->first_part];
    float *running_mean = net->values + part[2].at, *running_variance = net->values + part[3].at;
    size_t c = (size_t)node->out.c;
    double n = (double)(net->n_slices * pixels_of_slice(net, node)), momentum = net->params.norm_momentum;
    for (size_t k = 0; k < c; k++) {
        double mean = node->sums[k] / n, variance = node->sums[c + k] / n - mean * mean;
        variance = variance > 0 ? variance : 0;
        node->mean[k] = (float)mean;
        node->inverse[k] = (float)(1 / sqrt(variance + PSH__NORM_EPSILON));
        running_mean[k] += (float)(momentum * (mean - (double)running_mean[k]));
        running_variance[k] += (float)(momentum * (variance - (double)running_variance[k]));
    }
}

void psh__norm_forward(psh__net *net, psh__node *node) {
    size_t c = (size_t)node->out.c, n_pixels = pixels_of_slice(net, node), slice_floats = net->n_slice * node->n_in;
#pragma omp for schedule(static, 1)
    for (size_t slice = 0; slice < net->n_slices; slice++)
        psh__norm_sums(node->x + slice * slice_floats, n_pixels, c, node->sums + slice * 2 * c);
#pragma omp single
    {
        add_slices(net, node);
        take_statistics(net, node);
        set_factors(net, node);
    }
#pragma omp for schedule(static, 1)
    for (size_t slice = 0; slice < net->n_slices; slice++)
        psh__norm_apply(node->x + slice * slice_floats, n_pixels, c, working(node, 2), working(node, 3),
                        node->y + slice * slice_floats);
}

/* With x^ = (x - mean) inverse and n pixels: d_x = scale inverse (d - sum(d) / n - x^ sum(d x^) / n). */
static void set_slopes(psh__net *net, psh__node *node, bool add_weights) {
    const psh__part *part = &net->parts[node->first_part];
    const float *scale = net->values + part[0].at;
    size_t c = (size_t)node->out.c;
    double n = (double)(net->n_slices * pixels_of_slice(net, node));
    float *factor = working(node, 2), *slope = working(node, 3), *offset = working(node, 4);
    for (size_t k = 0; k < c; k++) {
        double by = (double)scale[k] * (double)node->inverse[k];
        factor[k] = (float)by;
        slope[k] = (float)(-by * (double)node->inverse[k] * node->sums[c + k] / n);
        offset[k] = (float)(-by * node->sums[k] / n);
        if (!add_weights) continue;
        net->gradients[part[0].at + k] += (float)node->sums[c + k];
        net->gradients[part[1].at + k] += (float)node->sums[k];
    }
}

void psh__norm_backward(psh__net *net, psh__node *node, bool add_weights, float *d) {
    size_t c = (size_t)node->out.c, n_pixels = pixels_of_slice(net, node), slice_floats = net->n_slice * node->n_in;
#pragma omp for schedule(static, 1)
    for (size_t slice = 0; slice < net->n_slices; slice++)
        psh__norm_backward_sums(node->x + slice * slice_floats, d + slice * slice_floats, n_pixels, c, node->mean,
                                node->inverse, node->sums + slice * 2 * c);
#pragma omp single
    {
        add_slices(net, node);
        set_slopes(net, node, add_weights);
    }
#pragma omp for schedule(static, 1)
    for (size_t slice = 0; slice < net->n_slices; slice++)
        psh__norm_backward_apply(node->x + slice * slice_floats, n_pixels, c, node->mean, working(node, 2),
                                 working(node, 3), working(node, 4), d + slice * slice_floats);
}
