/* pdgan.h : the paper's networks inside the encoder stage. */
#ifndef PSH_ENCODER_PDGAN_H
#define PSH_ENCODER_PDGAN_H

#include "encoder/model.h"
#include "nn/nn.h"

enum {
    PSH__PDGAN_SIDE = 50, /* cells of a side of the histogram */
    PSH__PDGAN_CELLS = PSH__PDGAN_SIDE * PSH__PDGAN_SIDE,
    PSH__PDGAN_MAX_LAYERS = 64
};

/* What decides the shapes of the three networks. */
typedef struct psh__pdgan_shape {
    int n_bits;
    double width; /* times the paper's numbers of filters */
    psh_pdgan_layout layout;
    psh_pdgan_image image; /* COUNTS has two channels, CENTRED one */
    bool has_norm;         /* batch normalisation after each convolution of the encoder */
    bool has_code_norm;    /* and of its outputs */
    double dropout;        /* in its hidden fully connected layers */
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

/* How a set becomes input (pdgan_image.c). */
typedef struct psh__pdgan_input {
    psh_pdgan_image kind;
    double mean_points; /* COUNTS: of the set's diagrams: what the number of points is measured in */
    double scale;       /* COUNTS: of counts: mean number of points of the training set, over mean_points */
    float *mean;        /* CENTRED: (cells) mean image of the set; borrowed */
    double unit;        /* CENTRED: root-mean-square of what is left */
} psh__pdgan_input;

/* Mean number of points, mean image and unit of a set; `kind` and the place of `mean` are given. */
psh_status psh__pdgan_fit(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, psh__pdgan_input *dst,
                          psh_error *err);
/* dst : (n, 50, 50, channels), diagrams first .. first + n - 1, without infinite deaths (psh__pdgan_check()). */
void psh__pdgan_fill(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, const psh__pdgan_input *input,
                     size_t first, size_t n, float *dst);
/* The plain histogram of one diagram. counts : (cells) */
void psh__pdgan_counts(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, size_t i_diagram,
                       float *counts);
psh_status psh__pdgan_check(const psh_diagrams *set, uint32_t dims_mask, psh_error *err);
double psh__mean_points(const psh_diagrams *set, uint32_t dims_mask);
/* Row i of n rows spread evenly over n_all. */
size_t psh__pdgan_sample(size_t n_all, size_t n, size_t i);

/* A trained encoder: its weights, one after the other in the order of the network's tensors, then, where images are
 * CENTRED, the set's mean image. */
typedef struct psh__pdgan {
    psh_model base;
    psh__pdgan_shape shape;
    psh__pdgan_input input;
    double trained_points; /* mean number of points of the training set */
    bool has_raw_counts;   /* the paper's: scale is always 1 */
    bool keeps_statistics; /* batch normalisation is not fitted to other sets */
    bool is_f16;           /* weights are float16 numbers and stored so */
    size_t n_tensors;      /* in the file; the first n_net of them are the network's */
    size_t n_net;
    psh__tensor *tensors; /* (n_tensors) */
    float *values;        /* (n_values) */
    size_t n_values;
} psh__pdgan;

/* The number of values of a model of that shape. */
size_t psh__pdgan_n_values(const psh__pdgan_shape *shape);
/* A model of that shape with all weights 0, to be filled and then finished. Free with psh__pdgan_free() until then. */
psh_status psh__pdgan_create(const psh__pdgan_shape *shape, psh__pdgan **dst, psh_error *err);
void psh__pdgan_free(psh__pdgan *pdgan); /* NULL is fine */
/* Rounds the weights if they are float16, and gives the model its identity. frame: of the set that it is for. Takes
 * `pdgan` over, also when it fails; meta is copied. */
psh_status psh__pdgan_finish(psh__pdgan *pdgan, const psh_frame *frame, uint32_t dims_mask, const psh_meta *meta,
                             psh_model **dst, psh_error *err);
/* The network with the model's weights, for inference. `params` lacks its input; `layers` must outlive the network. */
psh_status psh__pdgan_net(const psh__pdgan *pdgan, psh__layers *layers, psh__net_params params, psh__net **dst,
                          psh_error *err);
/* The statistics of all batch normalisations are those of `set`, as `pdgan`'s input shows it (pdgan_adapt.c). */
psh_status psh__pdgan_take_statistics(psh__pdgan *pdgan, const psh_diagrams *set, const psh_frame *frame,
                                      uint32_t dims_mask, int n_threads, psh_error *err);
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
