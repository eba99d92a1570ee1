/* fit_options.h : options and sentences of fitting, which `train` and `encode` share. */
#ifndef PSH_CLI_FIT_OPTIONS_H
#define PSH_CLI_FIT_OPTIONS_H

#include "cli.h"

#define FIT_OPTIONS                                                                                                    \
    {"bits", 'b', "N", "code width, 1 to 1024 (default: 64)"},                                                         \
        {"random", 0, NULL, "sketch: draw the bits at random instead of fitting them"},                                \
        {"fit-target", 0, "WHAT", "what Hamming tracks: calibrated (default), sliced or wasserstein"},                 \
        {"fit-sample", 0, "N", "diagrams to fit on, all pairs of them (default: 1000)"},                               \
        {"fit-pairs", 0, "N", "exact distances to compute (default: a second's worth)"},                               \
        {"candidates", 0, "N", "sketch: questions to choose the bits from (default: 16384)"},                          \
        {"steps", 0, "N", "compact: steps of learning (default: 5 a diagram, 800 to 5000; without SET: 24000)"},       \
        {"start", 0, "NAME", "compact: the general model to start from, by name or file (default: the built-in one)"}, \
        {"scratch", 0, NULL, "compact: learn from random weights instead of from the built-in model"},                 \
        {"frame-kind", 0, "KIND", "coordinates scaled by the whole set (default), per diagram, or fixed=LO,HI"},       \
        {"pool", 0, NULL, "ignore homology dimensions, as the paper does"}, {                                          \
        "dims", 0, "LIST", "homology dimensions, like 0,1 (default: all)"                                              \
    }

typedef enum fit_encoder { FIT_AUTO = 0, FIT_SKETCH = 1, FIT_COMPACT = 2 } fit_encoder;

/* Options as read: a struct for each encoder, whose common members are equal. */
typedef struct fit_options {
    fit_encoder encoder;
    psh_sketch_params sketch;
    psh_compact_params compact;
    psh_model *start; /* that the compact params borrow; NULL: the built-in one */
} fit_options;
void fit_options_free(fit_options *options);

/* encoder: what was asked for; options that it has no use for are PSH_ERR_PARAMETER. FIT_AUTO becomes compact, or
 * sketch if an option asks for one. */
psh_status fit_read_options(const cli *c, fit_encoder encoder, fit_options *dst, psh_error *err);
/* Fits, and says what was fitted and how well it does on pairs held out: sentences and summary. */
psh_status fit_run(cli *c, const psh_diagrams *set, const fit_options *options, psh_model **dst, psh_error *err);

#endif
