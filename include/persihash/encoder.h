/* SPDX-License-Identifier: MIT
 * encoder.h : models that turn diagrams into binary codes, and how they are made.
 *
 * Which one? psh_compact_fit() where there is a set: the best codes. psh_model_builtin("compact") and psh_model_adapt()
 * for single diagrams, and where no exact distance shall be computed. psh_sketch_fit() for the smallest and fastest
 * model, one that can be read. psh_pdgan_create() for the paper's networks. docs/howto/which-encoder.md has figures.
 *
 * The sketch. A bit asks one question: for one homology dimension, is the number of points on the near side of a line
 * birth cos + death sin <= position, minus that of their projections to the diagonal, at least so many? Lines have soft
 * edges (points within width / 2 count in part). These counts are the features of the sliced Wasserstein distance
 * (vector.h). A model is n_bits such questions and a frame: 24 bytes a bit, and readable.
 *   fitted: the questions are chosen by matching pursuit with exchange so that Hamming distances correlate best with
 *     the Wasserstein distances of all pairs in a sample of the set. In the order of the bits, the first k make a good
 *     code of k bits.
 *   random: lines drawn with probability proportional to the range of their counts over the set, thresholds uniform in
 *     that range: the expected Hamming distance is then proportional to sliced Wasserstein (docs/math/sketch.md). The
 *     baseline with a proof.
 *
 * FAQ
 *   How many diagrams does a fit need? Two are enough to run; the codes of the set itself are good from a dozen on.
 *     For codes of later diagrams of the same kind, give a compact model some tens, a sketch some hundreds: the report
 *     says how well it carries over.
 *   How many bits? 64 is a good start; 256 come close to the real-valued distance. Time grows with bits * diagrams.
 *   When to fit again? When later diagrams differ in kind, or lie outside the frame, from those fitted on.
 *   Is it any good? spearman_held_out in the report: rank correlation with exact W1 on diagrams never fitted on. */
#ifndef PERSIHASH_ENCODER_H
#define PERSIHASH_ENCODER_H

#include "transport.h"
#include "vector.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A model with its frame. Immutable: any number of threads may use one. */
typedef struct psh_model psh_model;

/* What Hamming should track. */
typedef enum psh_sketch_target {
    PSH_TARGET_CALIBRATED = 0, /* exact W1 on some pairs, on all others an estimate of it that they calibrate
                                  (docs/math/estimate.md); with fewer than 64 of them the estimate alone */
    PSH_TARGET_SLICED = 1,     /* sliced Wasserstein alone: no matching is ever computed */
    PSH_TARGET_WASSERSTEIN = 2 /* exact W1 on all pairs of n_sample diagrams (slow for large ones), and calibrated on
                                  the pairs of others, up to 1,000 in all */
} psh_sketch_target;

typedef struct psh_sketch_params {
    size_t struct_bytes;
    int n_bits;               /* 0: 64. 1 to 1024 */
    bool random;              /* draw the bits instead of fitting them */
    psh_sketch_target target; /* for W1 the ground metric is L-infinity, order 1 */
    size_t n_sample;          /* diagrams fitted on, all pairs of them; 0: 1000. PSH_TARGET_WASSERSTEIN: those among
                                 which all distances are exact; 0: 400 */
    size_t n_pairs;           /* pairs whose exact W1 is computed; 0: calibrated: about a second's worth, at most 16384;
                                 wasserstein: all of n_sample. Smaller values shrink the latter's n_sample */
    size_t n_candidates;      /* questions to choose from; 0: 16384 */
    psh_frame_kind frame_kind;
    double frame_lo, frame_hi; /* for PSH_FRAME_FIXED */
    bool pool;                 /* ignore homology dimensions */
    uint32_t dims_mask;        /* 0: all */
    uint64_t seed;
    int n_threads; /* 0: all */
} psh_sketch_params;

/* How good the fit is. Fitted: Spearman correlation of Hamming distance with the target on the pairs fitted on. Held
 * out: Spearman and Pearson with exact W1 (with sliced Wasserstein if no exact distance was computed) on pairs of
 * diagrams that a fit never saw: others of the set where it is larger than the sample; else the last third of the
 * sample, judged by a second fit to the rest, so that the model itself can use all. NaN and 0 where there are too few
 * (a set under 12 diagrams) or all distances are equal. */
typedef struct psh_fit_report {
    size_t struct_bytes;
    size_t n_diagrams, n_pairs, n_candidates, n_held_out_diagrams, n_held_out_pairs;
    double spearman_fitted, spearman_held_out, pearson_held_out;
    size_t n_distinct_codes; /* among the diagrams fitted on */
    double seconds_target, seconds_fit;
    size_t n_exact_pairs;  /* exact W1 distances that the target rests on; 0: none, an estimate or sliced Wasserstein */
    double spearman_start; /* held out, too: of the general model that fitting started from, adapted to the same
                              diagrams without an exact distance; NaN if there was none */
} psh_fit_report;

/* psh_sketch_fit() :
 * The model for a set. report: may be NULL. Errors: PSH_ERR_PARAMETER, PSH_ERR_EMPTY (fewer than 2 diagrams, or no
 * points at all: says what is needed), PSH_ERR_DATA (the diagrams looked at are all equal: codes would be too),
 * PSH_ERR_NOT_FINITE (infinite deaths: says which policy to use), PSH_ERR_UNSUPPORTED (more than 8 homology dimensions
 * that are not pooled), PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. Same seed, same bytes, for any number of threads and any
 * SIMD level. Cost: does not depend on the size of the set beyond finding the frame; a second or two for 64 bits. */
PSH_API psh_status psh_sketch_fit(const psh_diagrams *set, const psh_sketch_params *params,
                                  const psh_progress *progress, psh_model **dst, psh_fit_report *report,
                                  psh_error *err);

/* --- Compact: learned functions -----------------------------------------------------------------------------------
 *
 * A bit asks: is the sum over the diagram's points of a learned function of (birth, death), which vanishes on the
 * diagonal, above a threshold? The functions are linear in the slices of the diagram (sliced Wasserstein features at
 * positions that follow the data), so close diagrams have close sums (docs/math/compact.md), and are learnt by gradient
 * such that Hamming distances correlate with W1. 2 KB a bit and homology dimension; better codes than a sketch's, at
 * some seconds of fitting. In the order of the bits, the first k make a good code of k bits. Learning starts from the
 * general model (below); bits are exchanged in the end for others among the learned functions, the general model's and
 * more thresholds. */
typedef struct psh_compact_params {
    size_t struct_bytes;
    int n_bits;               /* 0: 64. 1 to 1024 */
    psh_sketch_target target; /* as for the sketch */
    size_t n_sample, n_pairs; /* as for the sketch */
    size_t n_steps;           /* of learning; 0: 5 a diagram of the sample, 800 to 5000 */
    psh_frame_kind frame_kind;
    double frame_lo, frame_hi; /* for PSH_FRAME_FIXED */
    bool pool;                 /* ignore homology dimensions */
    uint32_t dims_mask;        /* 0: all. At most 8 dimensions */
    uint64_t seed;
    int n_threads;          /* 0: all */
    const psh_model *start; /* general model that learning starts from; NULL: the built-in one */
    bool from_scratch;      /* start from random weights instead */
} psh_compact_params;

/* psh_compact_fit() : the compact model for a set. All else is as for psh_sketch_fit(). Cost: about
 * n_bits * 100 ms (256 bits) to 155 ms (64) of one AVX-512 core with 1,000 diagrams and more, a fifth of that with 200
 * and fewer; the check costs nearly as much again where the set is not larger than the sample. */
PSH_API psh_status psh_compact_fit(const psh_diagrams *set, const psh_compact_params *params,
                                   const psh_progress *progress, psh_model **dst, psh_fit_report *report,
                                   psh_error *err);

/* The general model: trained once, on synthetic sets alone, and then adapted to any set without an exact distance
 * (psh_model_adapt()). */
typedef struct psh_compact_train_params {
    size_t struct_bytes;
    int n_bits;        /* 0: 256. 1 to 1024; any first ones make a code, too */
    size_t n_sets;     /* of psh_diagrams_synth_mixed(); 0: 2000. At least 16 */
    size_t n_diagrams; /* in each, all pairs compared by exact W1; 0: 128. 8 to 1024 */
    size_t n_steps;    /* of learning, two sets each; 0: 24000 */
    uint64_t seed;
    int n_threads; /* 0: all */
} psh_compact_train_params;

/* Mean Spearman correlations of Hamming distance with exact W1 over the sets held out (every 16th), with all bits and
 * with the first 64; spearman_estimate: of the estimate of W1 that the model brings. */
typedef struct psh_compact_train_report {
    size_t struct_bytes;
    size_t n_sets, n_held_out, n_pairs;
    double spearman, spearman_short;
    double seconds_sets, seconds_learning;
    double spearman_estimate;
} psh_compact_train_report;

/* psh_compact_train() :
 * A general model. report: may be NULL. Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. Same seed, same
 * bytes, for any number of threads and any SIMD level. Cost: minutes; memory: n_sets * n_diagrams * 4 KB. */
PSH_API psh_status psh_compact_train(const psh_compact_train_params *params, const psh_progress *progress,
                                     psh_model **dst, psh_compact_train_report *report, psh_error *err);

/* --- Models of every kind ----------------------------------------------------------------------------------------- */

PSH_API void psh_model_free(psh_model *model); /* NULL is fine */
PSH_API int psh_model_n_bits(const psh_model *model);
PSH_API size_t psh_model_n_bytes(const psh_model *model);   /* of one code: (n_bits + 7) / 8 */
PSH_API const char *psh_model_kind(const psh_model *model); /* "sketch", "compact", "pdgan" */
PSH_API const psh_frame *psh_model_frame(const psh_model *model);
PSH_API bool psh_model_pool(const psh_model *model);          /* homology dimensions are ignored */
PSH_API uint32_t psh_model_dims_mask(const psh_model *model); /* those that count; 0: all */
/* psh_model_id() : 16 hexadecimal digits: hash of weights and settings. Static to the model. */
PSH_API const char *psh_model_id(const psh_model *model);
PSH_API const psh_meta *psh_model_meta(const psh_model *model);

/* psh_model_builtin() :
 * A model that is part of the library: "compact", the general one. psh_model_builtin_name(i): the names, NULL after the
 * last. Free with psh_model_free(). PSH_ERR_PARAMETER (no such name), PSH_ERR_MEMORY. Threads: safe. */
PSH_API const char *psh_model_builtin_name(size_t i);
PSH_API psh_status psh_model_builtin(const char *name, psh_model **dst, psh_error *err);

/* psh_model_bit_text() : in words, what bit `i_bit` asks, in the data's own coordinates (not the frame's). At most
 * text_bytes, zero included. */
PSH_API void psh_model_bit_text(const psh_model *model, int i_bit, char *text, size_t text_bytes);

/* psh_model_encode() :
 * codes : (N, n_bytes) uint8, caller-allocated; bit i is bit i % 8 of byte i / 8; pad bits are zero. Infinite deaths:
 * PSH_ERR_NOT_FINITE. More than 8,388,607 points in one diagram: PSH_ERR_UNSUPPORTED. Cost: points * bits, 8 or 16
 * points at a time. Same bytes for any number of threads and any SIMD level. Memory beyond the codes: one diagram's
 * points per thread. */
PSH_API psh_status psh_model_encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes,
                                    psh_error *err);

typedef struct psh_adapt_params {
    size_t struct_bytes;
    int n_bits; /* of a general compact model: 1 to 1024; 0: as many as it was trained with. Others have the bits that
                   they were trained with */
    psh_frame_kind frame_kind; /* of a general compact model, and so all below; a PD-GAN has its own */
    double frame_lo, frame_hi; /* for PSH_FRAME_FIXED */
    bool pool;                 /* ignore homology dimensions; a PD-GAN always does */
    uint32_t dims_mask;        /* 0: all */
    int n_threads;             /* 0: all */
    bool as_trained;           /* of a general compact model: its first bits with the thresholds that they were trained
                                  with, whatever the set: only frame, centre and scale are the set's */
} psh_adapt_params;

/* psh_model_project() :
 * values : (N, n_bits) float32, caller-allocated: the numbers that the bits are the signs of. A bit is 1 exactly where
 * its number is above 0. Sketch: count of points minus threshold; compact: sum of the learned function minus threshold;
 * PD-GAN: outputs of the network. Different bits have different units (psh_codes_fit_scales() in code.h). Otherwise as
 * psh_model_encode(). */
PSH_API psh_status psh_model_project(const psh_model *model, const psh_diagrams *set, int n_threads, float *values,
                                     psh_error *err);

/* psh_model_adapt() :
 * The model for the diagrams of a set, from one that was trained once and then serves any set (a general compact model,
 * a PD-GAN; psh_model_adapts() tells). Frame, centre and scale are those of `set` (of up to 1,000 of its diagrams); no
 * matching is computed. A general compact model also picks, for 12 diagrams and more, those of its functions, and
 * thresholds, that track the estimated W1 distances of these diagrams best (docs/math/compact.md); fewer get its
 * first bits as they were trained. The weights are the same, the identity is another: codes of two sets compare only
 * under one adapted model. params: NULL is all defaults. Errors: PSH_ERR_UNSUPPORTED for a model that is fitted to one
 * set; PSH_ERR_PARAMETER (more bits than there are, or options that the model has no use for), PSH_ERR_EMPTY (no
 * diagram, or no finite point), PSH_ERR_NOT_FINITE, PSH_ERR_MEMORY. Cost: encoding those diagrams, and up to a second
 * of picking. Same bytes for any number of threads and any SIMD level. */
PSH_API bool psh_model_adapts(const psh_model *model);
PSH_API psh_status psh_model_adapt(const psh_model *model, const psh_diagrams *set, const psh_adapt_params *params,
                                   psh_model **dst, psh_error *err);

/* Files: .safetensors, hyper-parameters in its __metadata__. The bytes are also stored in code files, so that later
 * diagrams can be encoded alike. psh_model_write_bytes(): *bytes is freed by psh_bytes_free(). Reading errors:
 * PSH_ERR_FORMAT, PSH_ERR_CORRUPT, PSH_ERR_UNSUPPORTED (a kind that this version does not know). */
PSH_API psh_status psh_model_write(const psh_model *model, const char *path, psh_error *err);
PSH_API psh_status psh_model_read(const char *path, psh_model **dst, psh_error *err);
PSH_API psh_status psh_model_write_bytes(const psh_model *model, uint8_t **bytes, size_t *n_bytes, psh_error *err);
PSH_API psh_status psh_model_read_bytes(const uint8_t *bytes, size_t n_bytes, psh_model **dst, psh_error *err);
PSH_API void psh_bytes_free(uint8_t *bytes);

/* --- PD-GAN -------------------------------------------------------------------------------------------------------
 *
 * The paper's networks: an encoder (convolutions on the 50 x 50 histogram) whose outputs' signs are the code, a
 * generator that draws the histogram again from the code, a discriminator that tells drawn from real. Each epoch
 * shows the training set once, in batches; a batch updates all three by Adam:
 *   encoder: similarity + quantisation weight * |B' - B|^2 + diagram weight * diagram
 *   generator: diagram weight * diagram + adversarial weight * adversarial    diagram = MSE + perceptual
 *   discriminator: adversarial
 * with every |.|^2 a mean over its entries (the paper does not say sum or mean). Homology dimensions are pooled.
 * docs/math/pdgan.md has the formulas, and what each of the defaults that differ from the paper gained. */

/* The encoder's layers. */
typedef enum psh_pdgan_layout {
    PSH_PDGAN_SHALLOW = 0, /* twice a 3 x 3 convolution and mean pooling, then the bits */
    PSH_PDGAN_VGG19 = 1    /* 2, 2, 4, 4, 4 convolutions with max pooling, two hidden fully connected layers */
} psh_pdgan_layout;

/* What it sees of a diagram. */
typedef enum psh_pdgan_image {
    PSH_PDGAN_CENTRED = 0, /* counts minus those of the projections to the diagonal; the set's mean taken away, in units
                              of its standard deviation */
    PSH_PDGAN_COUNTS = 1   /* counts, and the number of points as a second channel */
} psh_pdgan_image;

/* How similarities of codes are to follow those of diagrams. */
typedef enum psh_pdgan_loss {
    PSH_PDGAN_CORRELATION = 0, /* 1 - Pearson correlation over the pairs of a batch */
    PSH_PDGAN_SQUARES = 1      /* 1/2 |S_B - S_P|^2 */
} psh_pdgan_loss;

typedef struct psh_pdgan_params {
    size_t struct_bytes;
    int n_bits;                 /* 0: 64. 1 to 1024 */
    double width;               /* times the paper's numbers of filters; 0: 0.125. 1/64 to 2 */
    bool no_batch_norm;         /* in the encoder. The paper's VGG19 has none, and comes trained: psh_pdgan_init() */
    double dropout;             /* in the encoder's fully connected layers; 0: none. Below 1 */
    double rate;                /* of Adam; 0: 0.003. The paper's: 0.001 */
    double diagram_weight;      /* not positive: none, and generator and discriminator are left out. The paper's: 0.1 */
    double adversarial_weight;  /* 0: 0.1; negative: none */
    double quantisation_weight; /* of |B' - B|^2; 0: 0.1; negative: none. The paper's: 1 */
    bool is_saturating; /* the generator lowers log(1 - D(V*)), as the paper writes it; default: -log D(V*), whose
                           gradient does not vanish while the discriminator is right */
    bool has_hard_clip; /* outputs beyond -1 and 1 get no gradient at all, as the paper writes it; default: they get
                           what brings them back */
    double discriminator_rate; /* 0: a tenth of `rate`. The paper has one rate for all */
    bool has_plain_gan;  /* as published: the perceptual loss is mean (f(V*) - f(V))^2, and the generator starts from
                            half-grey images. Default: that loss over mean f^2, and a start from the mean image; the
                            discriminator does not win at once then, and its features do not drown all else */
    bool has_raw_counts; /* never scale the counts of another set (psh_model_adapt()); the paper's */
    int n_batch;         /* 0: 40. 2 to 1024 */
    bool is_bf16;        /* convolutions multiply bfloat16 numbers: 1.2 (width 1/4) to 1.6 times (1) as fast */
    bool is_f16;         /* the model's weights are rounded to float16: half the file */
    psh_frame_kind frame_kind;
    double frame_lo, frame_hi; /* for PSH_FRAME_FIXED */
    uint32_t dims_mask;        /* 0: all */
    uint64_t seed;
    int n_threads; /* 0: all */
    psh_pdgan_layout layout;
    psh_pdgan_image image;
    psh_pdgan_loss loss;
    bool no_code_norm;     /* leave out batch normalisation of the outputs. The paper has none */
    bool keeps_statistics; /* psh_model_adapt() leaves the means and variances of batch normalisation as they were in
                              training. Default: they are the set's (of up to 256 of its diagrams) */
    uint64_t n_epochs;     /* the rate falls to 0 along a line over so many; 0: it stays, as published */
} psh_pdgan_params;

/* What an epoch brought: mean losses (not weighted) over its batches, and the codes of the diagrams held out (of the
 * first of the training set if there are none). */
typedef struct psh_pdgan_epoch {
    size_t struct_bytes;
    uint64_t i_epoch; /* from 1 */
    double similarity, quantisation, mse, perceptual;
    double generator, discriminator; /* -log D(V*) or log(1 - D(V*)); -log D(V) - log(1 - D(V*)) */
    size_t n_codes, n_distinct;
    size_t n_constant_bits; /* the same in all codes */
    double balance;         /* mean over the bits of twice the rarer value's share: 1 is best, 0 all constant */
    double spearman;        /* of Hamming with exact W1 among these codes; NaN if codes or distances are all equal */
    double seconds;
    char warning[256]; /* "" or: codes have collapsed, and why */
} psh_pdgan_epoch;

/* Three networks in training. One thread drives it. */
typedef struct psh_pdgan psh_pdgan;

/* psh_pdgan_create() :
 * similarity : (N, N) float32 of `set`, from psh_similarity_compute(); copied. held_out: diagrams to judge by, or NULL;
 * of up to 300, exact W1 is computed here. Both sets must outlive the trainer. Errors: PSH_ERR_PARAMETER, PSH_ERR_EMPTY
 * (fewer diagrams than a batch), PSH_ERR_NOT_FINITE (infinite deaths), PSH_ERR_UNSUPPORTED (is_bf16 where the CPU
 * cannot), PSH_ERR_MEMORY. */
PSH_API psh_status psh_pdgan_create(const psh_diagrams *set, const float *similarity, const psh_diagrams *held_out,
                                    const psh_pdgan_params *params, psh_pdgan **dst, psh_error *err);
PSH_API void psh_pdgan_free(psh_pdgan *gan); /* NULL is fine */

/* psh_pdgan_init() :
 * Weights for the encoder's convolutions from a .safetensors file with torchvision's names (features.0.weight, ...):
 * VGG19 trained on ImageNet, for width 1. The three colours of its first layer are added up into the channel of counts.
 * *n_taken: how many arrays were; PSH_ERR_SHAPE if one of the convolutions is missing or of another shape. */
PSH_API psh_status psh_pdgan_init(psh_pdgan *gan, const char *path, size_t *n_taken, psh_error *err);

/* psh_pdgan_train_epoch() :
 * One epoch, or what is left of one that was interrupted. dst may be NULL. Errors: PSH_ERR_INTERRUPTED when the
 * progress callback says stop: psh_pdgan_save() may follow, or the next call, which goes on where this one stopped;
 * PSH_ERR_NOT_CONVERGED (a loss is no longer finite). Same seed, same bytes, for any number of threads, on CPUs with
 * the same instruction set and one version of oneDNN. */
PSH_API psh_status psh_pdgan_train_epoch(psh_pdgan *gan, const psh_progress *progress, psh_pdgan_epoch *dst,
                                         psh_error *err);
PSH_API uint64_t psh_pdgan_n_epochs(const psh_pdgan *gan); /* finished */

/* Checkpoints: .safetensors with all weights and the optimisers' moments. A trainer created with the same sets,
 * similarities and parameters, once it has loaded one, goes on to the same bytes as one that was never stopped
 * (PSH_ERR_MODEL_MISMATCH otherwise). */
PSH_API psh_status psh_pdgan_save(const psh_pdgan *gan, const char *path, psh_error *err);
PSH_API psh_status psh_pdgan_load(psh_pdgan *gan, const char *path, psh_error *err);

/* psh_pdgan_model() :
 * The encoder as it is now, with the training set's frame. meta: what to record in it; may be NULL. */
PSH_API psh_status psh_pdgan_model(const psh_pdgan *gan, const psh_meta *meta, psh_model **dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
