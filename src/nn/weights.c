/* weights.c : weights in and out, drawn, and improved.
 *
 * The optimisers work on all trained weights at once, in whatever order the layers keep them: each element by itself.
 * Padding inside packed weights is zero, its gradient is zero, and so it stays zero. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "nn/net.h"

size_t psh__net_n_tensors(const psh__net *net) {
    return net->n_parts;
}

const psh__tensor *psh__net_tensor(const psh__net *net, size_t i) {
    return &net->parts[i].tensor;
}

/* Where a part's values, gradients or moments are; NULL if it has none. */
static float *place(const psh__net *net, const psh__part *part, psh__role role) {
    if (role == PSH__VALUES) return net->values + part->at;
    if (!net->params.is_training || !part->tensor.is_trained) return NULL;
    if (role == PSH__GRADIENTS) return net->gradients + part->at;
    return net->moments + (role == PSH__MOMENTS_2 ? net->n_trained : 0) + part->at;
}

/* Runs with one thread, as all that asks oneDNN for something. */
static psh_status move(const psh__net *net, const psh__part *part, bool in, float *plain, float *own, psh_error *err) {
    psh__conv *conv = net->nodes[part->i_layer].conv;
    if (!own)
        return psh__error(err, PSH_ERR_PARAMETER, "%s has no gradient here: the network does not train it",
                          part->tensor.name);
    if (!part->is_packed) {
        memcpy(in ? own : plain, in ? plain : own, part->n_floats * sizeof *own);
        return PSH_OK;
    }
    int n_before = psh__single_thread(1);
    psh_status status = in ? psh__conv_pack(conv, plain, own, err) : psh__conv_unpack(conv, own, plain, err);
    psh__single_thread(n_before);
    return status;
}

psh_status psh__net_get(const psh__net *net, size_t i, psh__role role, float *plain, psh_error *err) {
    return move(net, &net->parts[i], false, plain, place(net, &net->parts[i], role), err);
}

psh_status psh__net_set(psh__net *net, size_t i, psh__role role, const float *plain, psh_error *err) {
    net->has_new_weights = true;
    return move(net, &net->parts[i], true, (float *)plain, place(net, &net->parts[i], role), err);
}

/* --- Drawing ------------------------------------------------------------------------------------------------------ */

static double bound_of(const psh__net *net, const psh__part *part) {
    const psh__node *node = &net->nodes[part->i_layer];
    const size_t *shape = part->tensor.shape;
    double area = part->tensor.n_axes == 4 ? (double)(shape[2] * shape[3]) : 1, fan_in = (double)shape[1] * area,
           fan_out = (double)shape[0] * area;
    /* Of the kernel's cells, each output of a transposed convolution meets one in stride^2 only. */
    if (node->layer.op == PSH__DECONV) fan_in /= (double)(node->layer.stride * node->layer.stride);
    return node->layer.init == PSH__XAVIER ? sqrt(6 / (fan_in + fan_out)) : sqrt(6 / fan_in);
}

psh_status psh__net_init(psh__net *net, uint64_t seed, uint64_t stream, psh_error *err) {
    psh_status status = PSH_OK;
    size_t most = 0;
    for (size_t i = 0; i < net->n_parts; i++)
        if (net->parts[i].tensor.n_values > most) most = net->parts[i].tensor.n_values;
    float *plain = psh__malloc(most, sizeof *plain);
    if (!plain) return psh__error_memory(err, "weights", most * sizeof *plain);
    for (size_t i = 0; i < net->n_parts; i++) {
        const psh__part *part = &net->parts[i];
        bool is_norm = net->nodes[part->i_layer].layer.op == PSH__BATCH_NORM;
        size_t n = part->tensor.n_values, i_own = i - net->nodes[part->i_layer].first_part;
        psh__random rng;
        psh__random_init(&rng, seed, stream << 32 | i);
        if (part->tensor.n_axes == 1)
            for (size_t k = 0; k < n; k++) plain[k] = is_norm && (i_own == 0 || i_own == 3) ? 1 : 0;
        else {
            double bound = bound_of(net, part);
            for (size_t k = 0; k < n; k++) plain[k] = (float)(bound * (2 * psh__random_unit(&rng) - 1));
        }
        PSH_TRY_GOTO(psh__net_set(net, i, PSH__VALUES, plain, err));
    }
done:
    psh__free(plain);
    return status;
}

/* --- Optimisers --------------------------------------------------------------------------------------------------- */

void psh__net_zero_gradients(psh__net *net) {
    memset(net->gradients, 0, net->n_trained * sizeof *net->gradients);
}

uint64_t psh__net_steps(const psh__net *net) {
    return net->n_steps;
}
void psh__net_set_steps(psh__net *net, uint64_t n_steps) {
    net->n_steps = n_steps;
}

/* base^n by squaring: the same everywhere, unlike pow(). */
static double power(double base, uint64_t n) {
    double result = 1;
    for (; n > 0; n >>= 1, base *= base)
        if (n & 1) result *= base;
    return result;
}

void psh__net_adam(psh__net *net, const psh__adam *params) {
    double beta1 = params->beta1 > 0 ? params->beta1 : 0.9, beta2 = params->beta2 > 0 ? params->beta2 : 0.999;
    double rate = params->rate > 0 ? params->rate : 0.001, epsilon = params->epsilon > 0 ? params->epsilon : 1e-8;
    net->n_steps++;
    net->has_new_weights = true;
    float keep1 = (float)beta1, keep2 = (float)beta2, take1 = (float)(1 - beta1), take2 = (float)(1 - beta2);
    float unbias = (float)(1 / sqrt(1 - power(beta2, net->n_steps))), least = (float)epsilon;
    float step = (float)(rate / (1 - power(beta1, net->n_steps)));
    float *values = net->values, *m = net->moments, *v = net->moments + net->n_trained;
    const float *gradients = net->gradients;
#pragma omp parallel for num_threads(net->n_workers) schedule(static)
    for (size_t i = 0; i < net->n_trained; i++) {
        float g = gradients[i];
        m[i] = keep1 * m[i] + take1 * g;
        v[i] = keep2 * v[i] + take2 * (g * g);
        values[i] -= step * m[i] / (sqrtf(v[i]) * unbias + least);
    }
}

void psh__net_sgd(psh__net *net, double rate, double momentum) {
    net->n_steps++;
    net->has_new_weights = true;
    float step = (float)rate, keep = (float)momentum, *values = net->values, *m = net->moments;
    const float *gradients = net->gradients;
#pragma omp parallel for num_threads(net->n_workers) schedule(static)
    for (size_t i = 0; i < net->n_trained; i++) {
        m[i] = keep * m[i] + gradients[i];
        values[i] -= step * m[i];
    }
}
