/* perceptron.c : small networks of fully connected layers: applying and learning.
 *
 * Layer l takes x (n, k) to max(0, x W + c); the output is <x, v> + b. All products are dense.h's, each sum in a fixed
 * order, and all else is element by element or in the order of rows: nothing depends on threads or SIMD. */
#include "encoder/perceptron.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/dense.h"

static size_t inputs_of(const psh__perceptron *p, size_t layer) {
    return layer == 0 ? p->n_inputs : p->widths[layer - 1];
}

/* Where a layer's weights start; of layer n_hidden, the output's. Its offsets follow them. */
static size_t place_of(const psh__perceptron *p, size_t layer) {
    size_t at = 0;
    for (size_t l = 0; l < layer; l++) at += (inputs_of(p, l) + 1) * p->widths[l];
    return at;
}

size_t psh__perceptron_n_weights(const psh__perceptron *p) {
    return place_of(p, p->n_hidden) + inputs_of(p, p->n_hidden) + 1;
}

psh_status psh__perceptron_create(size_t n_inputs, const size_t *widths, size_t n_hidden, psh__perceptron *dst,
                                  psh_error *err) {
    *dst = (psh__perceptron){.n_inputs = n_inputs, .n_hidden = n_hidden};
    assert(n_hidden >= 1 && n_hidden <= PSH__PERCEPTRON_MAX_HIDDEN);
    for (size_t l = 0; l < n_hidden; l++) {
        assert(widths[l] % PSH__DENSE_COLUMNS == 0);
        dst->widths[l] = widths[l];
    }
    dst->weights = psh__calloc(psh__perceptron_n_weights(dst), sizeof *dst->weights);
    if (dst->weights) return PSH_OK;
    return psh__error_memory(err, "a network", psh__perceptron_n_weights(dst) * sizeof *dst->weights);
}

void psh__perceptron_free(psh__perceptron *p) {
    psh__free(p->weights);
    memset(p, 0, sizeof *p);
}

void psh__perceptron_draw(psh__perceptron *p, psh__random *rng) {
    memset(p->weights, 0, psh__perceptron_n_weights(p) * sizeof *p->weights);
    for (size_t l = 0; l < p->n_hidden; l++) {
        float *w = p->weights + place_of(p, l), bound = (float)sqrt(3.0 / (double)inputs_of(p, l));
        for (size_t i = 0; i < inputs_of(p, l) * p->widths[l]; i++)
            w[i] = bound * (float)(2 * psh__random_unit(rng) - 1);
    }
}

/* sums (n_rows, n_units): offsets added, and cut at 0. */
static void rectify(const float *offsets, size_t n_rows, size_t n_units, float *sums) {
    for (size_t i = 0; i < n_rows; i++)
        for (size_t u = 0; u < n_units; u++) {
            float sum = sums[i * n_units + u] + offsets[u];
            sums[i * n_units + u] = sum > 0 ? sum : 0;
        }
}

static void put_out(const psh__perceptron *p, const float *last, size_t n_rows, float *dst) {
    size_t n = inputs_of(p, p->n_hidden);
    const float *v = p->weights + place_of(p, p->n_hidden);
    for (size_t i = 0; i < n_rows; i++) {
        float sum = v[n];
        for (size_t u = 0; u < n; u++) sum += v[u] * last[i * n + u];
        dst[i] = sum;
    }
}

size_t psh__perceptron_desk(const psh__perceptron *p, size_t n_rows) {
    size_t n = 0;
    for (size_t l = 0; l < p->n_hidden; l++) n += p->widths[l];
    return n * n_rows;
}

void psh__perceptron_apply(const psh__perceptron *p, const float *inputs, size_t n_rows, float *desk, float *dst) {
    psh__dense_rows *multiply = psh__dense_rows_get();
    for (size_t l = 0; l < p->n_hidden; l++) {
        const float *w = p->weights + place_of(p, l);
        size_t n_inputs = inputs_of(p, l), n_units = p->widths[l];
        multiply(&(psh__product){n_rows, n_units, n_inputs, {inputs, n_inputs, 1}, {w, n_units}, {desk, n_units}});
        rectify(w + n_inputs * n_units, n_rows, n_units, desk);
        inputs = desk, desk += n_rows * n_units;
    }
    put_out(p, inputs, n_rows, dst);
}

/* --- Learning ----------------------------------------------------------------------------------------------------- */

static const double keep_first = 0.9, keep_second = 0.999;

void psh__trainer_free(psh__trainer *t) {
    psh__free(t->inputs);
    psh__free(t->outputs);
    psh__free(t->gradients);
    for (size_t l = 0; l < PSH__PERCEPTRON_MAX_HIDDEN; l++) psh__free(t->hidden[l]);
    psh__free(t->turned);
    psh__free(t->back);
    psh__free(t->next);
    psh__free(t->slopes);
    psh__free(t->first);
    psh__free(t->second);
    memset(t, 0, sizeof *t);
}

psh_status psh__trainer_create(psh__perceptron *network, size_t n_batch, double decay, int n_threads, psh__trainer *dst,
                               psh_error *err) {
    size_t widest = network->n_inputs, n_weights = psh__perceptron_n_weights(network);
    for (size_t l = 0; l < network->n_hidden; l++) widest = network->widths[l] > widest ? network->widths[l] : widest;
    size_t n_turned = n_batch > widest ? n_batch : widest; /* a batch's inputs, or a layer's weights */
    *dst = (psh__trainer){network, n_batch, n_threads, decay, .first_left = 1, .second_left = 1};
    dst->inputs = psh__calloc(n_batch, network->n_inputs * sizeof *dst->inputs);
    dst->outputs = psh__calloc(n_batch, sizeof *dst->outputs);
    dst->gradients = psh__calloc(n_batch, sizeof *dst->gradients);
    bool good = dst->inputs && dst->outputs && dst->gradients;
    for (size_t l = 0; l < network->n_hidden; l++)
        good &= (dst->hidden[l] = psh__calloc(n_batch, network->widths[l] * sizeof *dst->hidden[l])) != NULL;
    dst->turned = psh__malloc(n_turned, widest * sizeof *dst->turned);
    dst->back = psh__malloc(n_batch, widest * sizeof *dst->back);
    dst->next = psh__malloc(n_batch, widest * sizeof *dst->next);
    dst->slopes = psh__calloc(n_weights, sizeof *dst->slopes);
    dst->first = psh__calloc(n_weights, sizeof *dst->first);
    dst->second = psh__calloc(n_weights, sizeof *dst->second);
    if (good && dst->turned && dst->back && dst->next && dst->slopes && dst->first && dst->second) return PSH_OK;
    return psh__error_memory(err, "learning", (n_batch * 4 + n_turned) * widest * sizeof *dst->turned);
}

void psh__trainer_forward(psh__trainer *t) {
    const psh__perceptron *p = t->network;
    const float *x = t->inputs;
    for (size_t l = 0; l < p->n_hidden; l++) {
        const float *w = p->weights + place_of(p, l);
        size_t n_inputs = inputs_of(p, l), n_units = p->widths[l];
        psh__dense_multiply(x, w, t->n_batch, n_units, n_inputs, t->n_threads, t->hidden[l]);
        rectify(w + n_inputs * n_units, t->n_batch, n_units, t->hidden[l]);
        x = t->hidden[l];
    }
    put_out(p, x, t->n_batch, t->outputs);
}

/* The output's slopes, and t->back (n_batch, units): the loss by what the last layer gives. */
static void leave_output(psh__trainer *t) {
    const psh__perceptron *p = t->network;
    size_t n = inputs_of(p, p->n_hidden), at = place_of(p, p->n_hidden);
    const float *x = t->hidden[p->n_hidden - 1], *v = p->weights + at;
    float *slopes = t->slopes + at;
    memset(slopes, 0, (n + 1) * sizeof *slopes);
    for (size_t i = 0; i < t->n_batch; i++) {
        float by_output = t->gradients[i];
        slopes[n] += by_output;
        for (size_t u = 0; u < n; u++) {
            slopes[u] += by_output * x[i * n + u];
            t->back[i * n + u] = by_output * v[u];
        }
    }
}

/* From t->back, the loss by what layer l gives, its slopes; then t->back is of what it takes, if that is a layer's. */
static void leave_layer(psh__trainer *t, size_t l) {
    const psh__perceptron *p = t->network;
    size_t n_inputs = inputs_of(p, l), n_units = p->widths[l], at = place_of(p, l);
    const float *x = l == 0 ? t->inputs : t->hidden[l - 1];
    float *slopes = t->slopes + at, *offset_slopes = slopes + n_inputs * n_units;
    memset(offset_slopes, 0, n_units * sizeof *offset_slopes);
    for (size_t i = 0; i < t->n_batch; i++)
        for (size_t u = 0; u < n_units; u++) {
            float *by_sum = &t->back[i * n_units + u];
            if (!(t->hidden[l][i * n_units + u] > 0)) *by_sum = 0;
            offset_slopes[u] += *by_sum;
        }
    psh__dense_transpose(x, t->n_batch, n_inputs, t->turned);
    psh__dense_multiply(t->turned, t->back, n_inputs, n_units, t->n_batch, t->n_threads, slopes);
    if (l == 0) return;
    psh__dense_transpose(p->weights + at, n_inputs, n_units, t->turned);
    psh__dense_multiply(t->back, t->turned, t->n_batch, n_inputs, n_units, t->n_threads, t->next);
    float *swap = t->back;
    t->back = t->next, t->next = swap;
}

static void adam(psh__trainer *t, double rate) {
    const float keep1 = (float)keep_first, keep2 = (float)keep_second;
    t->first_left *= keep_first, t->second_left *= keep_second;
    float scale1 = (float)(1 / (1 - t->first_left)), scale2 = (float)(1 / (1 - t->second_left));
    float here = (float)rate, decay = (float)t->decay;
    for (size_t i = 0; i < psh__perceptron_n_weights(t->network); i++) {
        float slope = t->slopes[i], *w = &t->network->weights[i];
        t->first[i] = keep1 * t->first[i] + (1 - keep1) * slope;
        t->second[i] = keep2 * t->second[i] + (1 - keep2) * (slope * slope);
        *w -= here * (decay * *w + t->first[i] * scale1 / (sqrtf(t->second[i] * scale2) + 1e-8f));
    }
}

void psh__trainer_step(psh__trainer *t, double rate) {
    leave_output(t);
    for (size_t l = t->network->n_hidden; l-- > 0;) leave_layer(t, l);
    adam(t, rate);
}

double psh__trainer_rate(size_t step, size_t n_steps, size_t n_warm) {
    if (step < n_warm) return (double)step / (double)n_warm;
    return 1 - (double)(step - n_warm) / (double)(n_steps - n_warm);
}
