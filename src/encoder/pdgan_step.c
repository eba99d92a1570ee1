/* pdgan_step.c : one batch of PD-GAN's training (the paper's section 3.3).
 *
 *   V --encoder--> x, h' = clip(x) --generator--> V*      [V; V*] --features--> f --verdict--> logit
 *
 * What is drawn and judged is not the count v but 1 - exp(-v), in [0, 1) as the generator's sigmoid is, rising with
 * every point.
 *
 * All gradients are those before any update, as the paper writes its update rule. Each network gets the losses that are
 * its own, which takes these backward passes:
 *   1. verdict, features: discriminator's loss, to their weights
 *   2. features: perceptual loss, to V* alone; with the MSE's, through the generator to h'
 *   3. verdict, features: generator's adversarial loss, to V* alone
 *   4. generator: what 2 and 3 brought to V*, to its weights
 *   5. encoder: similarity, quantisation, and what 2 brought to h' */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/exp.h"
#include "encoder/pdgan_train.h"

void psh__gan_targets(const psh_pdgan *gan, size_t i_diagram, float *targets) {
    psh__pdgan_counts(gan->set, &gan->frame, gan->params.dims_mask, i_diagram, targets);
    for (size_t k = 0; k < PSH__PDGAN_CELLS; k++) {
        double count = (double)targets[k];
        targets[k] = (float)(1 - psh__exp(-(count < 100 ? count : 100)));
    }
}

static void fill_batch(psh_pdgan *gan, const uint32_t *rows) {
    psh__shape in = gan->layers[PSH__ENCODER].in;
    size_t n_floats = (size_t)in.h * (size_t)in.w * (size_t)in.c;
    float *images = psh__net_input(gan->nets[PSH__ENCODER]);
    for (size_t i = 0; i < gan->n_batch; i++) {
        psh__pdgan_fill(gan->set, &gan->frame, gan->params.dims_mask, &gan->input, rows[i], 1, images + i * n_floats);
        if (gan->has_gan) psh__gan_targets(gan, rows[i], gan->targets + i * PSH__PDGAN_CELLS);
    }
}

/* h' from the encoder's outputs, and the losses on it. */
static psh_status encode_batch(psh_pdgan *gan, const uint32_t *rows, psh_error *err) {
    size_t n = gan->n_batch * gan->n_bits;
    PSH_TRY(psh__net_forward(gan->nets[PSH__ENCODER], gan->n_batch, true, err));
    const float *x = psh__net_output(gan->nets[PSH__ENCODER]);
    for (size_t i = 0; i < n; i++) gan->codes[i] = x[i] < -1 ? -1 : x[i] > 1 ? 1 : x[i];
    memset(gan->d_codes, 0, n * sizeof *gan->d_codes);
    gan->sums.similarity += gan->params.loss == PSH_PDGAN_SQUARES
                                ? psh__loss_similarity(gan->codes, rows, gan->n_batch, gan->n_bits, gan->similarity,
                                                       gan->n_items, gan->d_codes)
                                : psh__loss_correlation(gan->codes, rows, gan->n_batch, gan->n_bits, gan->similarity,
                                                        gan->n_items, gan->products, gan->d_codes);
    gan->sums.quantisation += psh__loss_quantisation(gan->codes, n, gan->params.quantisation_weight, gan->d_codes);
    return PSH_OK;
}

static psh_status draw_and_judge(psh_pdgan *gan, psh_error *err) {
    size_t n = gan->n_batch, n_cells = n * PSH__PDGAN_CELLS;
    psh__net *generator = gan->nets[PSH__GENERATOR], *features = gan->nets[PSH__FEATURES],
             *verdict = gan->nets[PSH__VERDICT];
    memcpy(psh__net_input(generator), gan->codes, n * gan->n_bits * sizeof(float));
    PSH_TRY(psh__net_forward(generator, n, true, err));
    memcpy(psh__net_input(features), gan->targets, n_cells * sizeof(float));
    memcpy(psh__net_input(features) + n_cells, psh__net_output(generator), n_cells * sizeof(float));
    PSH_TRY(psh__net_forward(features, 2 * n, true, err));
    memcpy(psh__net_input(verdict), psh__net_output(features),
           2 * n * (size_t)gan->layers[PSH__VERDICT].in.c * sizeof(float));
    return psh__net_forward(verdict, 2 * n, true, err);
}

/* From the verdict's gradient in its place through the features. d_image: of all 2 n images, or NULL. */
static psh_status back_through_verdict(psh_pdgan *gan, size_t first, bool add_weights, float **d_image,
                                       psh_error *err) {
    size_t n = 2 * gan->n_batch, n_features = (size_t)gan->layers[PSH__VERDICT].in.c;
    float *d_features;
    PSH_TRY(psh__net_backward(gan->nets[PSH__VERDICT], first, add_weights, &d_features, err));
    memcpy(psh__net_output_gradient(gan->nets[PSH__FEATURES]) + first * n_features, d_features + first * n_features,
           (n - first) * n_features * sizeof(float));
    return psh__net_backward(gan->nets[PSH__FEATURES], first, add_weights, d_image, err);
}

static psh_status teach_discriminator(psh_pdgan *gan, psh_error *err) {
    size_t n = gan->n_batch;
    psh__net *verdict = gan->nets[PSH__VERDICT];
    const float *logit = psh__net_output(verdict);
    float *d = psh__net_output_gradient(verdict);
    memset(d, 0, 2 * n * sizeof *d);
    gan->sums.discriminator +=
        psh__loss_logistic(logit, true, n, 1, d) + psh__loss_logistic(logit + n, false, n, 1, d + n);
    psh__net_zero_gradients(verdict);
    psh__net_zero_gradients(gan->nets[PSH__FEATURES]);
    return back_through_verdict(gan, 0, true, NULL, err);
}

static double mean_square(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum / (double)n;
}

/* Pass 2: the diagram loss, to d_images and d_codes. */
static psh_status teach_drawing(psh_pdgan *gan, psh_error *err) {
    size_t n = gan->n_batch, n_features = n * (size_t)gan->layers[PSH__VERDICT].in.c, n_cells = n * PSH__PDGAN_CELLS;
    psh__net *features = gan->nets[PSH__FEATURES], *generator = gan->nets[PSH__GENERATOR];
    const float *f = psh__net_output(features);
    double weight = gan->params.diagram_weight;
    float *d = psh__net_output_gradient(features) + n_features, *d_image, *d_input;
    memset(d, 0, n_features * sizeof *d);
    double unit = gan->params.has_plain_gan ? 1 : mean_square(f, 2 * n_features) + 1e-6;
    gan->sums.perceptual += psh__loss_mse(f + n_features, f, n_features, weight / unit, d) / unit;
    PSH_TRY(psh__net_backward(features, n, false, &d_image, err));
    memcpy(gan->d_images, d_image + n_cells, n_cells * sizeof(float));
    gan->sums.mse += psh__loss_mse(psh__net_output(generator), gan->targets, n_cells, weight, gan->d_images);
    memcpy(psh__net_output_gradient(generator), gan->d_images, n_cells * sizeof(float));
    PSH_TRY(psh__net_backward(generator, 0, false, &d_input, err));
    for (size_t i = 0; i < n * gan->n_bits; i++) gan->d_codes[i] += d_input[i];
    return PSH_OK;
}

/* Pass 3: adds the generator's adversarial loss to d_images. */
static psh_status teach_deceiving(psh_pdgan *gan, psh_error *err) {
    size_t n = gan->n_batch, n_cells = n * PSH__PDGAN_CELLS;
    psh__net *verdict = gan->nets[PSH__VERDICT];
    double weight = gan->params.adversarial_weight;
    bool is_saturating = gan->params.is_saturating;
    float *d = psh__net_output_gradient(verdict) + n, *d_image;
    memset(d, 0, n * sizeof *d);
    double loss =
        psh__loss_logistic(psh__net_output(verdict) + n, !is_saturating, n, is_saturating ? -weight : weight, d);
    gan->sums.generator += is_saturating ? -loss : loss;
    PSH_TRY(back_through_verdict(gan, n, false, &d_image, err));
    for (size_t i = 0; i < n_cells; i++) gan->d_images[i] += d_image[n_cells + i];
    return PSH_OK;
}

/* Pass 4. */
static psh_status teach_generator(psh_pdgan *gan, psh_error *err) {
    psh__net *generator = gan->nets[PSH__GENERATOR];
    memcpy(psh__net_output_gradient(generator), gan->d_images, gan->n_batch * PSH__PDGAN_CELLS * sizeof(float));
    psh__net_zero_gradients(generator);
    return psh__net_backward(generator, 0, true, NULL, err);
}

/* Pass 5. Beyond -1 and 1 h' does not move with x; a gradient that would bring x back passes all the same, unless the
 * clip is hard: an output that has left the interval on all diagrams would stay there for ever. */
static psh_status teach_encoder(psh_pdgan *gan, psh_error *err) {
    psh__net *encoder = gan->nets[PSH__ENCODER];
    const float *x = psh__net_output(encoder);
    float *d = psh__net_output_gradient(encoder);
    for (size_t i = 0; i < gan->n_batch * gan->n_bits; i++) {
        float slope = gan->d_codes[i];
        bool is_inside = x[i] > -1 && x[i] < 1, comes_back = !gan->params.has_hard_clip && slope * x[i] > 0;
        d[i] = is_inside || comes_back ? slope : 0;
    }
    psh__net_zero_gradients(encoder);
    return psh__net_backward(encoder, 0, true, NULL, err);
}

/* What is left of the rates in this step: 1, or down to 0 along a line. Past the last epoch planned it stays at the end
 * of the line. */
static double rate_left(const psh_pdgan *gan) {
    uint64_t n_batches = gan->n_items / gan->n_batch, n_steps = gan->params.n_epochs * n_batches;
    uint64_t i_step = gan->i_epoch * n_batches + gan->i_batch;
    if (n_steps == 0) return 1;
    return (double)(i_step < n_steps ? n_steps - i_step : 1) / (double)n_steps;
}

psh_status psh__gan_step(psh_pdgan *gan, psh_error *err) {
    const uint32_t *rows = gan->order + gan->i_batch * gan->n_batch;
    double left = rate_left(gan);
    psh__adam adam = {.rate = gan->params.rate * left};
    fill_batch(gan, rows);
    PSH_TRY(encode_batch(gan, rows, err));
    if (gan->has_gan) {
        PSH_TRY(draw_and_judge(gan, err));
        if (gan->params.adversarial_weight > 0) PSH_TRY(teach_discriminator(gan, err));
        PSH_TRY(teach_drawing(gan, err));
        if (gan->params.adversarial_weight > 0) PSH_TRY(teach_deceiving(gan, err));
        PSH_TRY(teach_generator(gan, err));
    }
    PSH_TRY(teach_encoder(gan, err));
    psh__net_adam(gan->nets[PSH__ENCODER], &adam);
    if (gan->has_gan) psh__net_adam(gan->nets[PSH__GENERATOR], &adam);
    if (gan->has_gan && gan->params.adversarial_weight > 0) {
        adam.rate = gan->params.discriminator_rate * left;
        psh__net_adam(gan->nets[PSH__FEATURES], &adam);
        psh__net_adam(gan->nets[PSH__VERDICT], &adam);
    }
    gan->i_batch++;
    double total = gan->sums.similarity + gan->sums.quantisation + gan->sums.mse + gan->sums.perceptual +
                   gan->sums.generator + gan->sums.discriminator;
    if (isfinite(total)) return PSH_OK;
    return psh__error(err, PSH_ERR_NOT_CONVERGED,
                      "training diverged in epoch %llu, batch %llu: a loss is no longer finite; lower the rate (%g)",
                      (unsigned long long)gan->i_epoch + 1, (unsigned long long)gan->i_batch, gan->params.rate);
}
