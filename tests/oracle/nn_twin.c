/* nn_twin.c : each layer is the formula of its definition. */
#include "nn_twin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct image {
    psh__shape shape;
    double *at; /* (n_batch, h, w, c) */
} image;

static size_t size_of(psh__shape s) {
    return (size_t)s.h * (size_t)s.w * (size_t)s.c;
}

static image image_create(psh__shape shape, size_t n_batch) {
    return (image){shape, calloc(n_batch * size_of(shape), sizeof(double))};
}

static double *pixel(const image *m, size_t item, int row, int column) {
    return m->at +
           ((item * (size_t)m->shape.h + (size_t)row) * (size_t)m->shape.w + (size_t)column) * (size_t)m->shape.c;
}

/* weights : (out, in, kernel, kernel). Transposed: every input pixel is stamped into the output. */
static image convolve(const psh__layer *l, const image *x, size_t n_batch, const double *weights, const double *bias) {
    bool is_transposed = l->op == PSH__DECONV;
    int pads = l->pad_lo + l->pad_hi, k = l->kernel, s = l->stride, n_in = x->shape.c, n_out = l->out.c;
    psh__shape out = is_transposed
                         ? (psh__shape){(x->shape.h - 1) * s - pads + k, (x->shape.w - 1) * s - pads + k, n_out}
                         : (psh__shape){(x->shape.h + pads - k) / s + 1, (x->shape.w + pads - k) / s + 1, n_out};
    image y = image_create(out, n_batch);
    psh__shape few = is_transposed ? x->shape : out, many = is_transposed ? out : x->shape;
    for (size_t item = 0; item < n_batch; item++) {
        for (int i = 0; i < out.h; i++)
            for (int j = 0; j < out.w; j++)
                for (int o = 0; o < n_out; o++) pixel(&y, item, i, j)[o] = bias[o];
        for (int i = 0; i < few.h; i++)
            for (int j = 0; j < few.w; j++)
                for (int u = 0; u < k; u++)
                    for (int v = 0; v < k; v++) {
                        int row = i * s - l->pad_lo + u, column = j * s - l->pad_lo + v;
                        if (row < 0 || row >= many.h || column < 0 || column >= many.w) continue;
                        const double *src = is_transposed ? pixel(x, item, i, j) : pixel(x, item, row, column);
                        double *dst = is_transposed ? pixel(&y, item, row, column) : pixel(&y, item, i, j);
                        for (int o = 0; o < n_out; o++)
                            for (int c = 0; c < n_in; c++) dst[o] += src[c] * weights[((o * n_in + c) * k + u) * k + v];
                    }
    }
    return y;
}

static image connect(const psh__layer *l, const image *x, size_t n_batch, const double *weights, const double *bias) {
    image y = image_create(l->out, n_batch);
    size_t n_in = size_of(x->shape), n_out = size_of(l->out);
    for (size_t item = 0; item < n_batch; item++)
        for (size_t o = 0; o < n_out; o++) {
            double sum = bias[o];
            for (size_t i = 0; i < n_in; i++) sum += x->at[item * n_in + i] * weights[o * n_in + i];
            y.at[item * n_out + o] = sum;
        }
    return y;
}

static image pool(psh__op op, const image *x, size_t n_batch) {
    image y = image_create((psh__shape){x->shape.h / 2, x->shape.w / 2, x->shape.c}, n_batch);
    for (size_t item = 0; item < n_batch; item++)
        for (int i = 0; i < y.shape.h; i++)
            for (int j = 0; j < y.shape.w; j++)
                for (int c = 0; c < y.shape.c; c++) {
                    double a = pixel(x, item, 2 * i, 2 * j)[c], b = pixel(x, item, 2 * i, 2 * j + 1)[c];
                    double d = pixel(x, item, 2 * i + 1, 2 * j)[c], e = pixel(x, item, 2 * i + 1, 2 * j + 1)[c];
                    pixel(&y, item, i, j)[c] = op == PSH__MAX_POOL ? fmax(fmax(a, b), fmax(d, e)) : (a + b + d + e) / 4;
                }
    return y;
}

static image normalise(const image *x, size_t n_batch, const double *scale, const double *shift) {
    image y = image_create(x->shape, n_batch);
    size_t c = (size_t)x->shape.c, n = n_batch * size_of(x->shape) / c;
    for (size_t k = 0; k < c; k++) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < n; i++) mean += x->at[i * c + k] / (double)n;
        for (size_t i = 0; i < n; i++) variance += pow(x->at[i * c + k] - mean, 2) / (double)n;
        for (size_t i = 0; i < n; i++)
            y.at[i * c + k] = scale[k] * (x->at[i * c + k] - mean) / sqrt(variance + 1e-5) + shift[k];
    }
    return y;
}

static image activate(psh__op op, const image *x, size_t n_batch) {
    image y = image_create(x->shape, n_batch);
    for (size_t i = 0; i < n_batch * size_of(x->shape); i++) {
        double v = x->at[i];
        y.at[i] = op == PSH__RELU      ? fmax(v, 0)
                  : op == PSH__ELU     ? (v < 0 ? exp(v) - 1 : v)
                  : op == PSH__SIGMOID ? 1 / (1 + exp(-v))
                  : op == PSH__CLIP    ? fmin(fmax(v, -1), 1)
                                       : v;
    }
    return y;
}

double *twin_forward(const psh__layer *layers, size_t n_layers, psh__shape in, size_t n_batch, double *const *weights,
                     const double *input) {
    image x = image_create(in, n_batch);
    memcpy(x.at, input, n_batch * size_of(in) * sizeof *input);
    for (size_t i = 0; i < n_layers; i++) {
        const psh__layer *l = &layers[i];
        image y;
        switch (l->op) {
        case PSH__CONV:
        case PSH__DECONV:
            y = convolve(l, &x, n_batch, weights[0], weights[1]);
            weights += 2;
            break;
        case PSH__DENSE:
            y = connect(l, &x, n_batch, weights[0], weights[1]);
            weights += 2;
            break;
        case PSH__BATCH_NORM:
            y = normalise(&x, n_batch, weights[0], weights[1]);
            weights += 4;
            break;
        case PSH__MAX_POOL:
        case PSH__MEAN_POOL:
            y = pool(l->op, &x, n_batch);
            break;
        default:
            y = activate(l->op, &x, n_batch);
        }
        free(x.at);
        x = y;
    }
    return x.at;
}

double twin_derivative(const psh__layer *layers, size_t n_layers, psh__shape in, size_t n_batch, double *const *weights,
                       const double *input, const double *slope, size_t n_out, double *value) {
    double before = *value, step = 1e-6, sums[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
        *value = before + (side ? step : -step);
        double *y = twin_forward(layers, n_layers, in, n_batch, weights, input);
        for (size_t i = 0; i < n_out; i++) sums[side] += y[i] * slope[i];
        free(y);
    }
    *value = before;
    return (sums[1] - sums[0]) / (2 * step);
}
