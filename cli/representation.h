/* representation.h : diagrams as vectors, from the options of `vector` and `distance`. */
#ifndef PSH_CLI_REPRESENTATION_H
#define PSH_CLI_REPRESENTATION_H

#include "cli.h"

typedef enum representation_kind {
    REPRESENTATION_HISTOGRAM,
    REPRESENTATION_PIMAGE,
    REPRESENTATION_BETTI,
    REPRESENTATION_SLICED
} representation_kind;
extern const char *const representation_kinds[]; /* their names, ended by NULL */

typedef struct representation {
    representation_kind kind;
    psh_histogram_params histogram;
    psh_pimage_params pimage;
    psh_betti_params betti;
    psh_sliced_params sliced;
    psh_frame_kind frame_kind;
} representation;

/* The options that the commands share. */
#define REPRESENTATION_OPTIONS                                                                                         \
    {"cells", 0, "N", "cells a side of histogram, pimage and sinkhorn (default: 50)"},                                 \
        {"bandwidth", 0, "S", "pimage: standard deviation of the Gaussians in the unit square (default: 0.02)"},       \
        {"weight", 0, "NAME", "pimage: linear in persistence (default), inverse (the paper's text) or one"},           \
        {"integrate", 0, NULL, "pimage: exact integrals over the cells instead of values at grid nodes"},              \
        {"samples", 0, "N", "betti: samples of the curve (default: 2500)"},                                            \
        {"directions", 0, "N", "sliced: directions (default: 16)"},                                                    \
        {"positions", 0, "N", "sliced: positions along each direction (default: 64)"}, {                               \
        "frame", 0, "set|diagram", "what fills the unit square: the whole set (default), or each diagram alone"        \
    }

psh_status representation_read(const cli *c, representation_kind kind, representation *dst, psh_error *err);
/* dst : (N, *n_features) float32, to be freed with free(). Writes kind, parameters and frame into meta. */
psh_status representation_compute(const representation *r, const psh_diagrams *set, int n_threads, psh_meta *meta,
                                  float **dst, size_t *n_features, psh_error *err);
/* --frame alone. */
psh_status representation_frame(const cli *c, psh_frame_kind *dst, psh_error *err);
/* Frame kind and bounds into meta. */
void representation_record_frame(const psh_frame *frame, psh_meta *meta);

#endif
