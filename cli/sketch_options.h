/* sketch_options.h : options and sentences that `train sketch` and `encode` share. */
#ifndef PSH_CLI_SKETCH_OPTIONS_H
#define PSH_CLI_SKETCH_OPTIONS_H

#include "cli.h"

#define SKETCH_OPTIONS                                                                                                 \
    {"bits", 'b', "N", "code width, 1 to 1024 (default: 64)"},                                                         \
        {"random", 0, NULL, "draw the bits at random instead of fitting them"},                                        \
        {"fit-target", 0, "WHAT", "what Hamming tracks: calibrated (default), sliced or wasserstein"},                 \
        {"fit-sample", 0, "N", "diagrams to fit on, all pairs of them (default: 1000)"},                               \
        {"fit-pairs", 0, "N", "exact distances to compute (default: a second's worth)"},                               \
        {"candidates", 0, "N", "questions to choose the bits from"},                                                   \
        {"frame-kind", 0, "KIND", "coordinates scaled by the whole set (default), per diagram, or fixed=LO,HI"},       \
        {"pool", 0, NULL, "ignore homology dimensions, as the paper does"}, {                                          \
        "dims", 0, "LIST", "homology dimensions, like 0,1 (default: all)"                                              \
    }

psh_status sketch_read_options(const cli *c, psh_sketch_params *params, psh_error *err);
/* What was fitted and how well it does on pairs held out: sentences and summary. */
void sketch_say_report(const cli *c, const psh_model *model, const psh_sketch_params *params,
                       const psh_fit_report *report);

#endif
