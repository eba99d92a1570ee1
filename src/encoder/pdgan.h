/* pdgan.h : the paper's networks inside the encoder stage. */
#ifndef PSH_ENCODER_PDGAN_H
#define PSH_ENCODER_PDGAN_H

#include "encoder/model.h"
#include "nn/nn.h"

enum {
    PSH__PDGAN_SIDE = 50, /* cells of a side of the histogram */
    PSH__PDGAN_CELLS = PSH__PDGAN_SIDE * PSH__PDGAN_SIDE,
    PSH__PDGAN_CHANNELS = 2, /* counts, and the number of points everywhere */
    PSH__PDGAN_MAX_LAYERS = 64
};

/* What decides the shapes of the three networks. */
typedef struct psh__pdgan_shape {
    int n_bits;
    double width;   /* times the paper's numbers of filters */
    bool has_norm;  /* batch normalisation after each convolution of the encoder */
    double dropout; /* in its fully connected layers */
} psh__pdgan_shape;

/* A list of layers with their names, which it owns: do not move it once it is filled. */
typedef struct psh__layers {
    psh__layer list[PSH__PDGAN_MAX_LAYERS];
    char names[PSH__PDGAN_MAX_LAYERS][24];
    size_t n;
    psh__shape in;
} psh__layers;

void psh__pdgan_encoder_layers(const psh__pdgan_shape *shape, psh__layers *dst);
void psh__pdgan_generator_layers(const psh__pdgan_shape *shape, psh__layers *dst);
/* In two parts, because the perceptual loss compares what is between them. */
void psh__pdgan_features_layers(const psh__pdgan_shape *shape, psh__layers *dst);
void psh__pdgan_verdict_layers(const psh__pdgan_shape *shape, psh__layers *dst);

/* How a set becomes input: counts in the frame, times `scale`. */
typedef struct psh__pdgan_input {
    double mean_points; /* of the set's diagrams: what the number of points is measured in */
    double scale;       /* of counts: mean number of points of the training set, over mean_points */
} psh__pdgan_input;

/* dst : (n, 50, 50, 2), diagrams first .. first + n - 1, without infinite deaths (psh__pdgan_check()). */
void psh__pdgan_fill(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, const psh__pdgan_input *input,
                     size_t first, size_t n, float *dst);
psh_status psh__pdgan_check(const psh_diagrams *set, uint32_t dims_mask, psh_error *err);
double psh__mean_points(const psh_diagrams *set, uint32_t dims_mask);

/* A trained encoder: its weights, one after the other in the order of the network's tensors. */
typedef struct psh__pdgan {
    psh_model base;
    psh__pdgan_shape shape;
    psh__pdgan_input input;
    double trained_points; /* mean number of points of the training set */
    bool has_raw_counts;   /* the paper's: scale is always 1 */
    bool is_f16;           /* weights are float16 numbers and stored so */
    size_t n_tensors;
    psh__tensor *tensors; /* (n_tensors) */
    float *values;        /* (n_values) */
    size_t n_values;
} psh__pdgan;

/* A model of that shape with all weights 0, to be filled and then finished. Free with psh__pdgan_free() until then. */
psh_status psh__pdgan_create(const psh__pdgan_shape *shape, psh__pdgan **dst, psh_error *err);
void psh__pdgan_free(psh__pdgan *pdgan); /* NULL is fine */
/* Rounds the weights if they are float16, and gives the model its identity. frame: of the set that it is for. Takes
 * `pdgan` over, also when it fails; meta is copied. */
psh_status psh__pdgan_finish(psh__pdgan *pdgan, const psh_frame *frame, uint32_t dims_mask, const psh_meta *meta,
                             psh_model **dst, psh_error *err);
/* Bits 1 where outputs : (n, n_bits) are positive. codes : (n, n_bytes) */
void psh__pdgan_bits(const float *outputs, size_t n, size_t n_bits, uint8_t *codes);

/* The parts of psh__pdgan_kind that deal with files. */
psh_status psh__pdgan_describe(const psh_model *model, psh__model_parts *dst, psh_error *err);
psh_status psh__pdgan_read(const psh__safetensors *file, const psh_model *head, const psh_meta *meta, psh_model **dst,
                           psh_error *err);
/* Values of a stored array of F16, BF16 or F32, which need not be aligned. dst : (n_items) */
psh_status psh__stored_floats(const psh__stored *array, float *dst, psh_error *err);
const psh__stored *psh__stored_find(const psh__safetensors *file, const char *name); /* or NULL */

#endif
