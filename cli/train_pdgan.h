/* train_pdgan.h : `train pdgan`. */
#ifndef PSH_CLI_TRAIN_PDGAN_H
#define PSH_CLI_TRAIN_PDGAN_H

#include "cli.h"

/* Those that `train sketch` has too (bits, frame-kind, dims) are in fit_options.h. */
#define PDGAN_OPTIONS                                                                                                  \
    {"preset", 0, "NAME", "pdgan: paper: everything as published; options given beside it still count"},               \
        {"synth", 0, "KIND", "pdgan: train on synthetic diagrams: uniform (default)"},                                 \
        {"points", 0, "N", "pdgan: points of a synthetic diagram (default: 50)"},                                      \
        {"count", 0, "N", "pdgan: synthetic diagrams (default: 4000); compact without SET: of each set (128)"},        \
        {"data", 0, "SET", "train on diagrams of this file"},                                                          \
        {"split", 0, "A:B", "pdgan: A diagrams of --data to train on, B to judge by (default: 3/4 and 1/4)"},          \
        {"target", 0, "WHAT", "pdgan: distances behind the similarities: wasserstein (default) or sinkhorn"},          \
        {"similarity", 0, "NAME", "pdgan: rank (default), s5, s1, s2, s3, s4 or real"},                                \
        {"width", 0, "W", "pdgan: filters, times the paper's (default: 0.125)"},                                       \
        {"init", 0, "FILE", "pdgan: VGG19 of ImageNet (.safetensors, torchvision's names), for --width 1"},            \
        {"epochs", 0, "N", "pdgan: times that the set is gone through (default: 20)"},                                 \
        {"batch", 0, "N", "pdgan: diagrams of a step (default: 40)"},                                                  \
        {"rate", 0, "R", "pdgan: of Adam (default: 0.003)"},                                                           \
        {"discriminator-rate", 0, "R", "pdgan: of the discriminator (default: a tenth of --rate)"},                    \
        {"dropout", 0, "P", "pdgan: in the fully connected layers (default: 0)"},                                      \
        {"layout", 0, "NAME", "pdgan: encoder: shallow (default: two convolutions) or vgg19 (16)"},                    \
        {"image", 0, "NAME", "pdgan: input: centred (default: less projections, less the set's mean) or counts"},      \
        {"loss", 0, "NAME", "pdgan: codes to similarities: correlation (default) or squares"},                         \
        {"schedule", 0, "NAME", "pdgan: rate: linear (default: down to 0) or constant"},                               \
        {"no-batch-norm", 0, NULL, "pdgan: convolutions without batch normalisation"},                                 \
        {"no-code-norm", 0, NULL, "pdgan: outputs without batch normalisation"},                                       \
        {"keep-statistics", 0, NULL, "pdgan: encode does not fit batch normalisation to its set"},                     \
        {"diagram-weight", 0, "W", "pdgan: of the diagram loss; 0: no generator at all (default: 0)"},                 \
        {"adversarial-weight", 0, "W", "pdgan: of the adversarial loss (default: 0.1)"},                               \
        {"quantisation-weight", 0, "W", "pdgan: of |B' - B|^2 (default: 0.1)"},                                        \
        {"bf16", 0, NULL, "pdgan: multiply bfloat16 numbers: 1.2 to 1.6 times as fast where the CPU can"},             \
        {"dtype", 0, "TYPE", "pdgan: weights in the file: f32 (default) or f16"}, {                                    \
        "resume", 0, NULL, "pdgan: save FILE.partial after each epoch; go on from there"                               \
    }

psh_status train_pdgan(cli *c, const char *path, psh_error *err);

#endif
