/* pdgan_nets.c : the layers of PD-GAN (the paper's section 3.3; sizes of the image-hashing network that it builds on).
 *
 *   encoder, VGG19     the paper's: groups of 2, 2, 4, 4, 4 convolutions 3 x 3 with 64, 128, 256, 512, 512 filters,
 *                      ReLU, max pooling after each group; fully connected 4096, 4096 with dropout, then n_bits.
 *                      50 x 50 shrinks to 25, 12, 6, 3, 1.
 *   encoder, shallow   the default: two convolutions 3 x 3 with 64, 128 filters, ReLU, mean pooling after each (25,
 *                      12); then n_bits.
 *   generator          n_bits -> 7 x 7 x 256, deconvolutions 5 x 5 of stride 2 to 13, 25, 50 with 256, 128, 32
 *                      filters, ELU and batch normalisation; the fourth is 1 x 1 to one channel with sigmoid.
 *   discriminator      convolutions 5 x 5: 32 of stride 1, then 128, 256, 256 of stride 2 (25, 13, 7); fully
 *                      connected 1024, ELU: the features of the perceptual loss; fully connected 1: a logit.
 *
 * `width` multiplies all but the bits. Names are torchvision's where it has them (features.0.weight,
 * classifier.6.bias).
 *
 * Batch normalisation in the encoder is not the paper's, whose VGG19 came trained on ImageNet. Drawn at random, 16
 * convolutions without it did not learn. The outputs are normalised too, with a learned scale and shift: they can
 * neither all shrink to 0 nor all be clipped. Why shallow: docs/math/pdgan.md. */
#include <stdio.h>

#include "encoder/pdgan.h"

typedef struct layout_plan {
    int n_groups, n_convs[5], filters[5]; /* filters of each convolution in the group */
    psh__op pool;
    int n_hidden; /* fully connected layers before the bits */
} layout_plan;

static const layout_plan plans[] = {
    [PSH_PDGAN_SHALLOW] = {2, {1, 1}, {64, 128}, PSH__MEAN_POOL, 0},
    [PSH_PDGAN_VGG19] = {5, {2, 2, 4, 4, 4}, {64, 128, 256, 512, 512}, PSH__MAX_POOL, 2}};

/* At least 4, so that the narrowest network still has some. */
static int scaled(double width, int n) {
    int result = (int)(n * width + 0.5);
    return result < 4 ? 4 : result;
}

static psh__layer *add(psh__layers *dst, psh__op op, const char *prefix, int number) {
    psh__layer *layer = &dst->list[dst->n];
    *layer = (psh__layer){.op = op, .name = dst->names[dst->n]};
    snprintf(dst->names[dst->n], sizeof dst->names[dst->n], "%s.%d", prefix, number);
    dst->n++;
    return layer;
}

static void add_conv(psh__layers *dst, psh__op op, const char *prefix, int number, int n_filters, int kernel,
                     int stride, int pad_lo, int pad_hi) {
    psh__layer *layer = add(dst, op, prefix, number);
    layer->out.c = n_filters;
    layer->kernel = kernel, layer->stride = stride;
    layer->pad_lo = pad_lo, layer->pad_hi = pad_hi;
}

static void add_dense(psh__layers *dst, const char *prefix, int number, psh__shape out, psh__init init) {
    psh__layer *layer = add(dst, PSH__DENSE, prefix, number);
    layer->out = out;
    layer->init = init;
}

void psh__pdgan_encoder_layers(const psh__pdgan_shape *shape, psh__layers *dst) {
    const layout_plan *plan = &plans[shape->layout];
    int number = 0, width = scaled(shape->width, 4096);
    dst->n = 0;
    dst->in = (psh__shape){PSH__PDGAN_SIDE, PSH__PDGAN_SIDE, shape->image == PSH_PDGAN_COUNTS ? 2 : 1};
    for (int group = 0; group < plan->n_groups; group++) {
        for (int i = 0; i < plan->n_convs[group]; i++) {
            add_conv(dst, PSH__CONV, "features", number, scaled(shape->width, plan->filters[group]), 3, 1, 1, 1);
            if (shape->has_norm) add(dst, PSH__BATCH_NORM, "norms", number);
            add(dst, PSH__RELU, "", 0);
            number += 2;
        }
        add(dst, plan->pool, "", 0);
        number++;
    }
    for (int i = 0; i < plan->n_hidden; i++) {
        add_dense(dst, "classifier", 3 * i, (psh__shape){1, 1, width}, PSH__HE);
        add(dst, PSH__RELU, "", 0);
        if (shape->dropout > 0) add(dst, PSH__DROPOUT, "", 0)->rate = shape->dropout;
    }
    add_dense(dst, "classifier", 3 * plan->n_hidden, (psh__shape){1, 1, shape->n_bits}, PSH__XAVIER);
    if (shape->has_code_norm) add(dst, PSH__BATCH_NORM, "codes", 0);
}

void psh__pdgan_generator_layers(const psh__pdgan_shape *shape, psh__layers *dst) {
    static const int filters[] = {256, 128, 32}, pads[][2] = {{2, 2}, {2, 2}, {1, 2}};
    dst->n = 0;
    dst->in = (psh__shape){1, 1, shape->n_bits};
    add_dense(dst, "dense", 0, (psh__shape){7, 7, scaled(shape->width, 256)}, PSH__HE);
    add(dst, PSH__BATCH_NORM, "norms", 0);
    add(dst, PSH__ELU, "", 0);
    for (int i = 0; i < 3; i++) {
        add_conv(dst, PSH__DECONV, "deconvolutions", i, scaled(shape->width, filters[i]), 5, 2, pads[i][0], pads[i][1]);
        add(dst, PSH__BATCH_NORM, "norms", i + 1);
        add(dst, PSH__ELU, "", 0);
    }
    add_conv(dst, PSH__DECONV, "deconvolutions", 3, 1, 1, 1, 0, 0);
    add(dst, PSH__SIGMOID, "", 0);
}

void psh__pdgan_features_layers(const psh__pdgan_shape *shape, psh__layers *dst) {
    static const int filters[] = {32, 128, 256, 256}, strides[] = {1, 2, 2, 2},
                     pads[][2] = {{2, 2}, {1, 2}, {2, 2}, {2, 2}};
    dst->n = 0;
    dst->in = (psh__shape){PSH__PDGAN_SIDE, PSH__PDGAN_SIDE, 1};
    for (int i = 0; i < 4; i++) {
        add_conv(dst, PSH__CONV, "convolutions", i, scaled(shape->width, filters[i]), 5, strides[i], pads[i][0],
                 pads[i][1]);
        add(dst, PSH__ELU, "", 0);
    }
    add_dense(dst, "dense", 0, (psh__shape){1, 1, scaled(shape->width, 1024)}, PSH__HE);
    add(dst, PSH__ELU, "", 0);
}

void psh__pdgan_verdict_layers(const psh__pdgan_shape *shape, psh__layers *dst) {
    dst->n = 0;
    dst->in = (psh__shape){1, 1, scaled(shape->width, 1024)};
    add_dense(dst, "verdict", 0, (psh__shape){1, 1, 1}, PSH__XAVIER);
}
