/* layers.c : layers that are loops. Each value is computed by itself, or summed in a fixed order, without fused
 * operations: the same bits at every SIMD level. exp() is base/exp.h's. */
#include "nn/layers.h"

#include <string.h>

#include "base/exp.h"

static float elu(float x) {
    return x < 0 ? (float)psh__exp(x < -100 ? -100 : (double)x) - 1 : x;
}

static float sigmoid(float x) {
    double bounded = x < -100 ? -100 : x > 100 ? 100 : (double)x;
    return (float)(1 / (1 + psh__exp(-bounded)));
}

void psh__activate(psh__op op, float *y, size_t n) {
    switch (op) {
    case PSH__RELU:
        for (size_t i = 0; i < n; i++) y[i] = y[i] > 0 ? y[i] : 0;
        break;
    case PSH__ELU:
        for (size_t i = 0; i < n; i++) y[i] = elu(y[i]);
        break;
    case PSH__SIGMOID:
        for (size_t i = 0; i < n; i++) y[i] = sigmoid(y[i]);
        break;
    case PSH__CLIP:
        for (size_t i = 0; i < n; i++) y[i] = y[i] < -1 ? -1 : y[i] > 1 ? 1 : y[i];
        break;
    default:
        break;
    }
}

/* The derivative at the corners: 0 for RELU at 0 and CLIP at -1 and 1. */
void psh__activate_backward(psh__op op, const float *y, float *d, size_t n) {
    switch (op) {
    case PSH__RELU:
        for (size_t i = 0; i < n; i++) d[i] = y[i] > 0 ? d[i] : 0;
        break;
    case PSH__ELU:
        for (size_t i = 0; i < n; i++) d[i] = y[i] > 0 ? d[i] : d[i] * (y[i] + 1);
        break;
    case PSH__SIGMOID:
        for (size_t i = 0; i < n; i++) d[i] = d[i] * (y[i] * (1 - y[i]));
        break;
    case PSH__CLIP:
        for (size_t i = 0; i < n; i++) d[i] = y[i] > -1 && y[i] < 1 ? d[i] : 0;
        break;
    default:
        break;
    }
}

/* The finaliser of splitmix64 on a counter: independent of how the work is cut. */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void psh__dropout(float *y, size_t n, double rate, uint64_t key, uint64_t first) {
    uint64_t limit = (uint64_t)(rate * 0x1p53);
    float scale = (float)(1 / (1 - rate));
    for (size_t i = 0; i < n; i++) y[i] = mix(key + (first + i) * 0x9e3779b97f4a7c15u) >> 11 < limit ? 0 : y[i] * scale;
}

/* --- Pooling ------------------------------------------------------------------------------------------------------ */

void psh__max_pool(const float *x, psh__shape in, size_t n_items, float *y) {
    size_t n_rows = (size_t)in.h / 2, n_columns = (size_t)in.w / 2, c = (size_t)in.c, row = (size_t)in.w * c;
    for (size_t item = 0; item < n_items; item++)
        for (size_t i = 0; i < n_rows; i++)
            for (size_t j = 0; j < n_columns; j++) {
                const float *a = x + (item * (size_t)in.h + 2 * i) * row + 2 * j * c, *b = a + row;
                float *dst = y + ((item * n_rows + i) * n_columns + j) * c;
                for (size_t k = 0; k < c; k++) {
                    float top = a[k] >= a[c + k] ? a[k] : a[c + k], bottom = b[k] >= b[c + k] ? b[k] : b[c + k];
                    dst[k] = top >= bottom ? top : bottom;
                }
            }
}

void psh__max_pool_backward(const float *x, const float *y, const float *d_y, psh__shape in, size_t n_items,
                            float *d_x) {
    size_t n_rows = (size_t)in.h / 2, n_columns = (size_t)in.w / 2, c = (size_t)in.c, row = (size_t)in.w * c;
    if (in.h % 2 || in.w % 2) memset(d_x, 0, n_items * (size_t)in.h * row * sizeof *d_x);
    for (size_t item = 0; item < n_items; item++)
        for (size_t i = 0; i < n_rows; i++)
            for (size_t j = 0; j < n_columns; j++) {
                size_t at = (item * (size_t)in.h + 2 * i) * row + 2 * j * c;
                size_t from = ((item * n_rows + i) * n_columns + j) * c;
                const float *a = x + at, *b = a + row, *most = y + from, *d = d_y + from;
                float *da = d_x + at, *db = da + row;
                for (size_t k = 0; k < c; k++) {
                    int is_0 = a[k] == most[k], is_1 = !is_0 & (a[c + k] == most[k]);
                    int is_2 = !is_0 & !is_1 & (b[k] == most[k]), is_3 = !is_0 & !is_1 & !is_2;
                    da[k] = is_0 ? d[k] : 0, da[c + k] = is_1 ? d[k] : 0;
                    db[k] = is_2 ? d[k] : 0, db[c + k] = is_3 ? d[k] : 0;
                }
            }
}

void psh__mean_pool(const float *x, psh__shape in, size_t n_items, float *y) {
    size_t n_rows = (size_t)in.h / 2, n_columns = (size_t)in.w / 2, c = (size_t)in.c, row = (size_t)in.w * c;
    for (size_t item = 0; item < n_items; item++)
        for (size_t i = 0; i < n_rows; i++)
            for (size_t j = 0; j < n_columns; j++) {
                const float *a = x + (item * (size_t)in.h + 2 * i) * row + 2 * j * c, *b = a + row;
                float *dst = y + ((item * n_rows + i) * n_columns + j) * c;
                for (size_t k = 0; k < c; k++) dst[k] = ((a[k] + a[c + k]) + (b[k] + b[c + k])) * 0.25f;
            }
}

void psh__mean_pool_backward(const float *d_y, psh__shape in, size_t n_items, float *d_x) {
    size_t n_rows = (size_t)in.h / 2, n_columns = (size_t)in.w / 2, c = (size_t)in.c, row = (size_t)in.w * c;
    if (in.h % 2 || in.w % 2) memset(d_x, 0, n_items * (size_t)in.h * row * sizeof *d_x);
    for (size_t item = 0; item < n_items; item++)
        for (size_t i = 0; i < n_rows; i++)
            for (size_t j = 0; j < n_columns; j++) {
                const float *d = d_y + ((item * n_rows + i) * n_columns + j) * c;
                float *a = d_x + (item * (size_t)in.h + 2 * i) * row + 2 * j * c, *b = a + row;
                for (size_t k = 0; k < c; k++) a[k] = a[c + k] = b[k] = b[c + k] = d[k] * 0.25f;
            }
}

/* --- Batch normalisation ------------------------------------------------------------------------------------------ */

void psh__norm_sums(const float *x, size_t n_pixels, size_t n_channels, double *sums) {
    memset(sums, 0, 2 * n_channels * sizeof *sums);
    for (size_t i = 0; i < n_pixels; i++)
        for (size_t k = 0; k < n_channels; k++) {
            double value = x[i * n_channels + k];
            sums[k] += value;
            sums[n_channels + k] += value * value;
        }
}

void psh__norm_apply(const float *x, size_t n_pixels, size_t n_channels, const float *factor, const float *offset,
                     float *y) {
    for (size_t i = 0; i < n_pixels; i++)
        for (size_t k = 0; k < n_channels; k++) y[i * n_channels + k] = x[i * n_channels + k] * factor[k] + offset[k];
}

void psh__norm_backward_sums(const float *x, const float *d, size_t n_pixels, size_t n_channels, const float *mean,
                             const float *inverse, double *sums) {
    memset(sums, 0, 2 * n_channels * sizeof *sums);
    for (size_t i = 0; i < n_pixels; i++)
        for (size_t k = 0; k < n_channels; k++) {
            float gradient = d[i * n_channels + k];
            sums[k] += (double)gradient;
            sums[n_channels + k] += (double)(gradient * ((x[i * n_channels + k] - mean[k]) * inverse[k]));
        }
}

void psh__norm_backward_apply(const float *x, size_t n_pixels, size_t n_channels, const float *mean,
                              const float *factor, const float *slope, const float *offset, float *d) {
    for (size_t i = 0; i < n_pixels; i++)
        for (size_t k = 0; k < n_channels; k++)
            d[i * n_channels + k] =
                factor[k] * d[i * n_channels + k] + slope[k] * (x[i * n_channels + k] - mean[k]) + offset[k];
}
