/* build.c : networks made: shapes checked, memory planned and taken, kernels chosen. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "nn/net.h"

#define DEFAULT_NORM_MOMENTUM 0.1

static bool works_in_place(psh__op op) {
    return op >= PSH__RELU;
}

static bool has_weights(psh__op op) {
    return op == PSH__CONV || op == PSH__DECONV || op == PSH__DENSE || op == PSH__BATCH_NORM;
}

static size_t floats_of(psh__shape s) {
    return (size_t)s.h * (size_t)s.w * (size_t)s.c;
}

static const char *const op_names[] = {"convolution",
                                       "transposed convolution",
                                       "fully connected",
                                       "max pooling",
                                       "mean pooling",
                                       "batch normalisation",
                                       "ReLU",
                                       "ELU",
                                       "sigmoid",
                                       "clip",
                                       "dropout"};

/* --- Shapes ------------------------------------------------------------------------------------------------------- */

static psh_status fail_shape(psh_error *err, size_t i, const psh__node *node, const char *why) {
    return psh__error(err, PSH_ERR_SHAPE, "layer %zu (%s) of %d x %d x %d to %d x %d x %d, kernel %d, stride %d: %s", i,
                      op_names[node->layer.op], node->in.h, node->in.w, node->in.c, node->out.h, node->out.w,
                      node->out.c, node->layer.kernel, node->layer.stride, why);
}

static int conv_side(const psh__layer *layer, int side) {
    int pads = layer->pad_lo + layer->pad_hi;
    return layer->op == PSH__DECONV ? (side - 1) * layer->stride - pads + layer->kernel
                                    : (side + pads - layer->kernel) / layer->stride + 1;
}

static psh_status set_shape(psh__node *node, size_t i, psh_error *err) {
    const psh__layer *layer = &node->layer;
    node->out = node->in;
    if (layer->op == PSH__CONV || layer->op == PSH__DECONV) {
        if (layer->kernel < 1 || layer->stride < 1 || layer->pad_lo < 0 || layer->pad_hi < 0)
            return fail_shape(err, i, node, "expected a kernel and a stride of 1 or more, paddings of 0 or more");
        node->out = (psh__shape){conv_side(layer, node->in.h), conv_side(layer, node->in.w), layer->out.c};
    } else if (layer->op == PSH__DENSE) {
        node->out = layer->out;
    } else if (layer->op == PSH__MAX_POOL || layer->op == PSH__MEAN_POOL) {
        node->out.h /= 2, node->out.w /= 2;
    } else if (layer->op == PSH__DROPOUT && !(layer->rate >= 0 && layer->rate < 1))
        return fail_shape(err, i, node, "expected a rate of 0 or more and below 1");
    if (node->out.h < 1 || node->out.w < 1 || node->out.c < 1)
        return fail_shape(err, i, node, "nothing would be left; make the input larger");
    if (has_weights(layer->op) && !layer->name) return fail_shape(err, i, node, "its tensors need a name");
    node->n_in = floats_of(node->in), node->n_out = floats_of(node->out);
    return PSH_OK;
}

static psh_status set_shapes(psh__net *net, const psh__layer *layers, psh_error *err) {
    psh__shape in = net->params.in;
    if (in.h < 1 || in.w < 1 || in.c < 1)
        return psh__error(err, PSH_ERR_SHAPE, "network's input is %d x %d x %d; expected 1 or more", in.h, in.w, in.c);
    for (size_t i = 0; i < net->n_nodes; i++) {
        psh__node *node = &net->nodes[i];
        node->layer = layers[i];
        node->in = in;
        PSH_TRY(set_shape(node, i, err));
        node->is_fused =
            layers[i].op == PSH__RELU && i > 0 && (layers[i - 1].op == PSH__CONV || layers[i - 1].op == PSH__DECONV);
        in = node->out;
    }
    return PSH_OK;
}

/* --- Kernels ------------------------------------------------------------------------------------------------------ */

static psh_status make_convs(psh__net *net, psh_error *err) {
    for (size_t i = 0; i < net->n_nodes; i++) {
        psh__node *node = &net->nodes[i];
        if (node->layer.op != PSH__CONV && node->layer.op != PSH__DECONV) continue;
        psh__conv_params params = {.n_images = (int)net->n_slice,
                                   .in_h = node->in.h,
                                   .in_w = node->in.w,
                                   .in_c = node->in.c,
                                   .out_h = node->out.h,
                                   .out_w = node->out.w,
                                   .out_c = node->out.c,
                                   .kernel = node->layer.kernel,
                                   .stride = node->layer.stride,
                                   .pad_lo = node->layer.pad_lo,
                                   .pad_hi = node->layer.pad_hi,
                                   .is_transposed = node->layer.op == PSH__DECONV,
                                   .is_training = net->params.is_training,
                                   .is_bf16 = net->params.is_bf16,
                                   .then_relu = i + 1 < net->n_nodes && net->nodes[i + 1].is_fused};
        /* What a stride leaves over at the end is not looked at; oneDNN wants to be told. */
        if (!params.is_transposed)
            params.pad_hi = (params.out_h - 1) * params.stride + params.kernel - params.in_h - params.pad_lo;
        PSH_TRY(psh__conv_create(net->dnnl, &params, &node->conv, err));
    }
    return PSH_OK;
}

/* --- Weights ------------------------------------------------------------------------------------------------------ */

static void add_part(psh__net *net, size_t i_node, const char *suffix, size_t n_axes, const size_t *shape,
                     bool is_trained) {
    psh__part *part = &net->parts[net->n_parts++];
    psh__node *node = &net->nodes[i_node];
    memset(part, 0, sizeof *part);
    snprintf(part->tensor.name, sizeof part->tensor.name, "%s.%s", node->layer.name, suffix);
    part->tensor.n_axes = n_axes;
    part->tensor.n_values = 1;
    for (size_t k = 0; k < n_axes; k++) part->tensor.n_values *= part->tensor.shape[k] = shape[k];
    part->tensor.is_trained = is_trained;
    part->i_layer = i_node;
    part->is_packed = node->conv && n_axes == 4;
    part->n_floats = part->is_packed ? psh__conv_packed_floats(node->conv) : part->tensor.n_values;
}

static void add_parts(psh__net *net, size_t i_node) {
    psh__node *node = &net->nodes[i_node];
    size_t c = (size_t)node->out.c, k = (size_t)node->layer.kernel;
    node->first_part = net->n_parts;
    switch (node->layer.op) {
    case PSH__CONV:
    case PSH__DECONV:
        add_part(net, i_node, "weight", 4, (size_t[]){c, (size_t)node->in.c, k, k}, true);
        add_part(net, i_node, "bias", 1, &c, true);
        break;
    case PSH__DENSE:
        add_part(net, i_node, "weight", 2, (size_t[]){node->n_out, node->n_in}, true);
        add_part(net, i_node, "bias", 1, &node->n_out, true);
        break;
    case PSH__BATCH_NORM:
        add_part(net, i_node, "weight", 1, &c, true);
        add_part(net, i_node, "bias", 1, &c, true);
        add_part(net, i_node, "running_mean", 1, &c, false);
        add_part(net, i_node, "running_var", 1, &c, false);
        break;
    default:
        break;
    }
}

/* Each part begins at a multiple of 16 floats (64 bytes). Trained ones come first. */
static void place_parts(psh__net *net) {
    for (int trained = 1; trained >= 0; trained--) {
        for (size_t i = 0; i < net->n_parts; i++)
            if (net->parts[i].tensor.is_trained == trained) {
                net->parts[i].at = net->n_floats;
                net->n_floats += (net->parts[i].n_floats + 15) / 16 * 16;
            }
        if (trained) net->n_trained = net->n_floats;
    }
}

/* --- Memory ------------------------------------------------------------------------------------------------------- */

static psh_status take_floats(size_t n_items, size_t n_floats, float **dst, psh_error *err) {
    size_t n;
    *dst = psh__size_mul(n_items, n_floats, &n) ? psh__calloc(n, sizeof **dst) : NULL;
    return *dst ? PSH_OK : psh__error_memory(err, "a network", n_items * n_floats * sizeof **dst);
}

static psh_status take_activations(psh__net *net, psh_error *err) {
    size_t n_floats = (net->nodes[0].n_in + 15) / 16 * 16, widest = net->nodes[0].n_in;
    for (size_t i = 0; i < net->n_nodes; i++) {
        if (!works_in_place(net->nodes[i].layer.op)) n_floats += (net->nodes[i].n_out + 15) / 16 * 16;
        if (net->nodes[i].n_out > widest) widest = net->nodes[i].n_out;
    }
    PSH_TRY(take_floats(net->n_batch, n_floats, &net->activations, err));
    if (net->params.is_training)
        for (int i = 0; i < 2; i++) PSH_TRY(take_floats(net->n_batch, widest, &net->passing[i], err));
    float *next = net->activations, *last = next;
    next += net->n_batch * ((net->nodes[0].n_in + 15) / 16 * 16);
    for (size_t i = 0; i < net->n_nodes; i++) {
        psh__node *node = &net->nodes[i];
        node->x = node->y = last;
        if (works_in_place(node->layer.op)) continue;
        node->y = last = next;
        next += net->n_batch * ((node->n_out + 15) / 16 * 16);
    }
    return PSH_OK;
}

static psh_status take_weights(psh__net *net, psh_error *err) {
    PSH_TRY(take_floats(1, net->n_floats, &net->values, err));
    if (!net->params.is_training) return PSH_OK;
    PSH_TRY(take_floats(1, net->n_trained, &net->gradients, err));
    PSH_TRY(take_floats(2, net->n_trained, &net->moments, err));
    for (size_t i = 0; i < net->n_nodes; i++) {
        if (!net->nodes[i].conv) continue;
        const psh__part *part = &net->parts[net->nodes[i].first_part];
        size_t n = (part[0].n_floats + part[1].n_floats + 15) / 16 * 16;
        if (n > net->slice_floats) net->slice_floats = n;
    }
    return take_floats(net->n_slices, net->slice_floats, &net->slice_gradients, err);
}

static psh_status take_statistics(psh__net *net, psh_error *err) {
    for (size_t i = 0; i < net->n_nodes; i++) {
        psh__node *node = &net->nodes[i];
        if (node->layer.op != PSH__BATCH_NORM) continue;
        size_t c = (size_t)node->out.c;
        PSH_TRY(take_floats(5, c, &node->mean, err));
        node->inverse = node->mean + c;
        node->sums = psh__calloc(net->n_slices * 2 * c, sizeof *node->sums);
        if (!node->sums) return psh__error_memory(err, "a network", net->n_slices * 2 * c * sizeof *node->sums);
    }
    return PSH_OK;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static psh_status check_params(const psh__net_params *p, size_t n_layers, psh_error *err) {
    if (n_layers < 1) return psh__error(err, PSH_ERR_SHAPE, "a network without layers");
    if (p->n_slices < 1 || p->n_batch < 1 || p->n_batch % p->n_slices != 0)
        return psh__error(err, PSH_ERR_SHAPE, "network's batch of %d cannot be cut into %d equal slices", p->n_batch,
                          p->n_slices);
    if (p->is_bf16 && !psh__has_bf16())
        return psh__error(err, PSH_ERR_UNSUPPORTED, "this CPU does not multiply bfloat16 numbers; use float32");
    return PSH_OK;
}

/* All that asks oneDNN for something: with one thread, as its kernels are to be run. */
static psh_status build(psh__net *net, const psh__layer *layers, psh_error *err) {
    PSH_TRY(set_shapes(net, layers, err));
    PSH_TRY(psh__dnnl_create(net->n_workers, &net->dnnl, err));
    PSH_TRY(make_convs(net, err));
    for (size_t i = 0; i < net->n_nodes; i++) add_parts(net, i);
    place_parts(net);
    PSH_TRY(take_activations(net, err));
    PSH_TRY(take_weights(net, err));
    return take_statistics(net, err);
}

psh_status psh__net_create(const psh__layer *layers, size_t n_layers, const psh__net_params *params, psh__net **dst,
                           psh_error *err) {
    psh_status status = PSH_OK;
    PSH_TRY(check_params(params, n_layers, err));
    psh__net *net = psh__calloc(1, sizeof *net);
    if (!net) return psh__error_memory(err, "a network", sizeof *net);
    net->params = *params;
    net->n_batch = (size_t)params->n_batch, net->n_slices = (size_t)params->n_slices;
    net->n_slice = net->n_batch / net->n_slices;
    net->n_workers = psh_cpu_threads(params->n_threads);
    net->n_nodes = n_layers;
    net->has_new_weights = true;
    if (net->params.norm_momentum == 0) net->params.norm_momentum = DEFAULT_NORM_MOMENTUM;
    net->nodes = psh__calloc(n_layers, sizeof *net->nodes);
    net->parts = psh__calloc(n_layers, 4 * sizeof *net->parts);
    if (!net->nodes || !net->parts) {
        status = psh__error_memory(err, "a network", n_layers * 4 * sizeof *net->parts);
        goto done;
    }
    int n_before = psh__single_thread(1);
    status = build(net, layers, err);
    psh__single_thread(n_before);
    if (status != PSH_OK) goto done;
    *dst = net;
    net = NULL;
done:
    psh__net_free(net);
    return status;
}

void psh__net_free(psh__net *net) {
    if (!net) return;
    for (size_t i = 0; net->nodes && i < net->n_nodes; i++) {
        psh__conv_free(net->nodes[i].conv);
        psh__free(net->nodes[i].mean);
        psh__free(net->nodes[i].sums);
    }
    psh__dnnl_free(net->dnnl);
    float *arrays[] = {net->values,     net->gradients,  net->moments,        net->activations,
                       net->passing[0], net->passing[1], net->slice_gradients};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) psh__free(arrays[i]);
    psh__free(net->nodes);
    psh__free(net->parts);
    psh__free(net);
}
