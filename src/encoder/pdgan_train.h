/* pdgan_train.h : PD-GAN in training. */
#ifndef PSH_ENCODER_PDGAN_TRAIN_H
#define PSH_ENCODER_PDGAN_TRAIN_H

#include "encoder/pdgan.h"

typedef enum psh__gan_part { PSH__ENCODER, PSH__GENERATOR, PSH__FEATURES, PSH__VERDICT, PSH__N_PARTS } psh__gan_part;

/* Sums over the batches of an epoch. */
typedef struct psh__losses {
    double similarity, quantisation, mse, perceptual, generator, discriminator;
} psh__losses;
enum { PSH__N_LOSSES = sizeof(psh__losses) / sizeof(double) };

struct psh_pdgan {
    psh_pdgan_params params; /* without zeros */
    psh__pdgan_shape shape;
    const psh_diagrams *set, *held_out;
    float *similarity; /* (N, N) */
    size_t n_items, n_batch, n_bits;
    bool has_gan;
    psh_frame frame;
    psh__pdgan_input input;
    psh__layers layers[PSH__N_PARTS];
    psh__net *nets[PSH__N_PARTS]; /* features and verdict: the discriminator, on 2 n_batch images */
    uint32_t *order;              /* (N) rows in the order of this epoch */
    float *codes, *d_codes;       /* (n_batch, n_bits): h' and its gradient */
    float *products;              /* (n_batch, n_batch) of the codes */
    float *targets, *d_images;    /* (n_batch, cells): what is to be drawn; gradient of what was */
    uint32_t *judged_pairs;       /* (n_judged_pairs, 2) of the diagrams judged by, and their exact W1 */
    double *judged_distances;
    size_t n_judged, n_judged_pairs;
    uint64_t i_epoch, i_batch; /* finished epochs; batches of the one begun */
    psh__losses sums;
    double seconds;  /* of the epoch begun */
    uint64_t run_id; /* hash of sets, similarities and parameters */
};

/* The batch that psh_pdgan::order says comes next. */
psh_status psh__gan_step(psh_pdgan *gan, psh_error *err);
/* What is to be drawn of a diagram. targets : (cells) */
void psh__gan_targets(const psh_pdgan *gan, size_t i_diagram, float *targets);
/* Rows in the order of epoch i_epoch. */
void psh__gan_shuffle(psh_pdgan *gan);
/* Codes of the diagrams held out, and what is wrong with them. */
psh_status psh__gan_judge(psh_pdgan *gan, psh_pdgan_epoch *dst, psh_error *err);

/* 1/2 mean (S_B - S_P)^2, S_B = codes codes^T / n_bits, over the rows of a batch; its gradient is added to d.
 * codes, d : (n, n_bits); rows : (n) of similarity : (n_items, n_items). */
double psh__loss_similarity(const float *codes, const uint32_t *rows, size_t n, size_t n_bits, const float *similarity,
                            size_t n_items, float *d);
/* 1 - Pearson correlation of S_B with S_P over the pairs i != j; its gradient is added to d. products : (n, n) room */
double psh__loss_correlation(const float *codes, const uint32_t *rows, size_t n, size_t n_bits, const float *similarity,
                             size_t n_items, float *products, float *d);
/* mean (h' - sign(h'))^2; its gradient times weight is added to d. */
double psh__loss_quantisation(const float *codes, size_t n, double weight, float *d);

#endif
