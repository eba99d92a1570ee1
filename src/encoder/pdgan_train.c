/* pdgan_train.c : PD-GAN's trainer as an object: made, driven epoch by epoch, judged, turned into a model. */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"
#include "base/progress.h"
#include "base/random.h"
#include "encoder/pdgan_train.h"
#include "encoder/rank.h"

enum { MAX_SLICES = 8, MAX_JUDGED = 300, N_MEAN = 256, SEED_STREAMS = 1 << 20 };

/* --- Made --------------------------------------------------------------------------------------------------------- */

static void set_defaults(psh_pdgan_params *p) {
    if (p->n_bits == 0) p->n_bits = 64;
    if (p->width == 0) p->width = 0.125;
    if (p->rate == 0) p->rate = 0.003;
    if (p->discriminator_rate == 0) p->discriminator_rate = p->rate / 10;
    if (p->adversarial_weight == 0) p->adversarial_weight = 0.1;
    if (p->quantisation_weight == 0) p->quantisation_weight = 0.1;
    if (p->quantisation_weight < 0) p->quantisation_weight = 0;
    if (p->n_batch == 0) p->n_batch = 40;
}

static psh_status check_params(const psh_pdgan_params *p, psh_error *err) {
    if (p->n_bits < 1 || p->n_bits > PSH__MAX_BITS)
        return psh__error(err, PSH_ERR_PARAMETER, "PD-GAN: %d bits; expected 1 to %d", p->n_bits, PSH__MAX_BITS);
    if (!(p->width >= 1.0 / 64 && p->width <= 2))
        return psh__error(err, PSH_ERR_PARAMETER, "PD-GAN: width %g; expected 1/64 to 2", p->width);
    if (!(p->dropout >= 0 && p->dropout < 1))
        return psh__error(err, PSH_ERR_PARAMETER, "PD-GAN: dropout %g; expected 0 or more and below 1", p->dropout);
    if (!(p->rate > 0 && p->rate <= 10) || !(p->discriminator_rate > 0 && p->discriminator_rate <= 10) ||
        !(fabs(p->diagram_weight) < 1e6) || !(fabs(p->adversarial_weight) < 1e6) || !(p->quantisation_weight < 1e6))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "PD-GAN: rate %g and weights %g, %g, %g; expected a rate in (0, 10] "
                          "and weights below a million",
                          p->rate, p->diagram_weight, p->adversarial_weight, p->quantisation_weight);
    if (p->layout < PSH_PDGAN_SHALLOW || p->layout > PSH_PDGAN_VGG19 || p->image < PSH_PDGAN_CENTRED ||
        p->image > PSH_PDGAN_COUNTS || p->loss < PSH_PDGAN_CORRELATION || p->loss > PSH_PDGAN_SQUARES)
        return psh__error(err, PSH_ERR_PARAMETER, "PD-GAN: layout %d, image %d, loss %d; expected 0 or 1",
                          (int)p->layout, (int)p->image, (int)p->loss);
    if (p->n_batch < 2 || p->n_batch > 1024)
        return psh__error(err, PSH_ERR_PARAMETER, "PD-GAN: batches of %d; expected 2 to 1024", p->n_batch);
    return PSH_OK;
}

/* The batch in as many equal slices as there can be, up to eight: that many threads find work. */
static int slices_of(int n_batch) {
    int n = MAX_SLICES;
    while (n_batch % n != 0) n--;
    return n;
}

static psh_status make_nets(psh_pdgan *gan, psh_error *err) {
    const psh__pdgan_shape *shape = &gan->shape;
    psh__pdgan_encoder_layers(shape, &gan->layers[PSH__ENCODER]);
    psh__pdgan_generator_layers(shape, &gan->layers[PSH__GENERATOR]);
    psh__pdgan_features_layers(shape, &gan->layers[PSH__FEATURES]);
    psh__pdgan_verdict_layers(shape, &gan->layers[PSH__VERDICT]);
    for (int i = 0; i < (gan->has_gan ? PSH__N_PARTS : 1); i++) {
        int n_times = i == PSH__FEATURES || i == PSH__VERDICT ? 2 : 1, n_slices = slices_of(gan->params.n_batch);
        psh__net_params params = {.in = gan->layers[i].in,
                                  .n_batch = gan->params.n_batch * n_times,
                                  .n_slices = n_slices * n_times,
                                  .n_threads = gan->params.n_threads,
                                  .is_training = true,
                                  .is_bf16 = gan->params.is_bf16,
                                  .seed = gan->params.seed};
        PSH_TRY(psh__net_create(gan->layers[i].list, gan->layers[i].n, &params, &gan->nets[i], err));
        PSH_TRY(psh__net_init(gan->nets[i], gan->params.seed, (uint64_t)i, err));
    }
    return PSH_OK;
}

/* The generator starts with the mean of what it is to draw, by its last bias: sigmoid(bias) = mean. Starting at a half,
 * it would be told from real images, nearly empty ones, at first sight, and the perceptual loss would drown the
 * similarity before there is anything to learn from it. */
static psh_status start_from_mean(psh_pdgan *gan, psh_error *err) {
    psh__net *net = gan->nets[PSH__GENERATOR];
    float *targets = gan->targets;
    size_t n = gan->n_items < N_MEAN ? gan->n_items : N_MEAN;
    double sum = 1; /* one cell full: never 0 */
    for (size_t i = 0; i < n; i++) {
        psh__gan_targets(gan, i, targets);
        for (size_t k = 0; k < PSH__PDGAN_CELLS; k++) sum += (double)targets[k];
    }
    double mean = sum / (double)(n * PSH__PDGAN_CELLS + 2);
    float bias = (float)log(mean / (1 - mean));
    return psh__net_set(net, psh__net_n_tensors(net) - 1, PSH__VALUES, &bias, err);
}

/* Exact W1 between the diagrams that codes are judged by. */
static psh_status measure_judged(psh_pdgan *gan, psh_error *err) {
    const psh_diagrams *judged = gan->held_out ? gan->held_out : gan->set;
    size_t n = psh_diagrams_count(judged) < MAX_JUDGED ? psh_diagrams_count(judged) : MAX_JUDGED, k = 0;
    psh_wasserstein_params metric = PSH_PARAMS(psh_wasserstein_params);
    metric.pool = true, metric.dims_mask = gan->params.dims_mask;
    gan->n_judged = n;
    gan->n_judged_pairs = n * (n - (n > 0)) / 2;
    gan->judged_pairs = psh__malloc(gan->n_judged_pairs, 2 * sizeof *gan->judged_pairs);
    gan->judged_distances = psh__malloc(gan->n_judged_pairs, sizeof *gan->judged_distances);
    if (!gan->judged_pairs || !gan->judged_distances)
        return psh__error_memory(err, "exact distances", gan->n_judged_pairs * sizeof *gan->judged_distances);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = i + 1; j < n; j++, k++) gan->judged_pairs[2 * k] = i, gan->judged_pairs[2 * k + 1] = j;
    return psh_wasserstein_pairs(judged, gan->judged_pairs, gan->n_judged_pairs, &metric, gan->params.n_threads, NULL,
                                 gan->judged_distances, err);
}

static uint64_t hash_set(uint64_t hash, const psh_diagrams *set) {
    size_t n = psh_diagrams_count(set), n_points = psh_diagrams_n_points(set);
    hash = psh__hash(hash, psh_diagrams_offsets(set), (n + 1) * sizeof(uint64_t));
    hash = psh__hash(hash, psh_diagrams_points(set), n_points * 2 * sizeof(double));
    return psh__hash(hash, psh_diagrams_dims(set), n_points * sizeof(int32_t));
}

/* All that decides what training does, but the number of threads. */
static uint64_t identify(const psh_pdgan *gan) {
    const psh_pdgan_params *p = &gan->params;
    double numbers[] = {
        p->width,      p->dropout,   p->rate, p->diagram_weight, p->adversarial_weight, p->quantisation_weight,
        gan->frame.lo, gan->frame.hi};
    uint64_t settings[] = {(uint64_t)p->n_bits,
                           p->no_batch_norm,
                           p->is_saturating,
                           p->has_hard_clip,
                           p->has_plain_gan,
                           (uint64_t)p->n_batch,
                           p->is_bf16,
                           p->dims_mask,
                           p->seed,
                           (uint64_t)gan->frame.kind,
                           p->layout,
                           p->image,
                           p->loss,
                           p->no_code_norm,
                           p->n_epochs};
    uint64_t hash = psh__hash(PSH__HASH_START, numbers, sizeof numbers);
    hash = psh__hash(hash, settings, sizeof settings);
    hash = hash_set(hash, gan->set);
    return psh__hash(hash, gan->similarity, gan->n_items * gan->n_items * sizeof *gan->similarity);
}

static psh_status take_arrays(psh_pdgan *gan, const float *similarity, psh_error *err) {
    size_t n = gan->n_items, n_codes = gan->n_batch * gan->n_bits;
    gan->similarity = psh__malloc(n * n, sizeof *gan->similarity);
    gan->order = psh__malloc(n, sizeof *gan->order);
    gan->codes = psh__malloc(n_codes, sizeof *gan->codes);
    gan->d_codes = psh__malloc(n_codes, sizeof *gan->d_codes);
    gan->products = psh__malloc(gan->n_batch * gan->n_batch, sizeof *gan->products);
    gan->targets = psh__malloc(gan->n_batch * PSH__PDGAN_CELLS, sizeof *gan->targets);
    gan->d_images = psh__malloc(gan->n_batch * PSH__PDGAN_CELLS, sizeof *gan->d_images);
    if (gan->params.image == PSH_PDGAN_CENTRED) gan->input.mean = psh__malloc(PSH__PDGAN_CELLS, sizeof(float));
    if (!gan->similarity || !gan->order || !gan->codes || !gan->d_codes || !gan->products || !gan->targets ||
        !gan->d_images || (gan->params.image == PSH_PDGAN_CENTRED && !gan->input.mean))
        return psh__error_memory(err, "training", n * n * sizeof *gan->similarity);
    memcpy(gan->similarity, similarity, n * n * sizeof *similarity);
    return PSH_OK;
}

static psh_status prepare(psh_pdgan *gan, const float *similarity, psh_error *err) {
    const psh_pdgan_params *p = &gan->params;
    PSH_TRY(check_params(p, err));
    if (gan->n_items < (size_t)p->n_batch || gan->n_items > UINT32_MAX)
        return psh__error(err, PSH_ERR_EMPTY, "PD-GAN: %zu diagrams to train on; expected at least a batch of %d",
                          gan->n_items, p->n_batch);
    PSH_TRY(psh__pdgan_check(gan->set, p->dims_mask, err));
    if (gan->held_out) PSH_TRY(psh__pdgan_check(gan->held_out, p->dims_mask, err));
    gan->n_batch = (size_t)p->n_batch, gan->n_bits = (size_t)p->n_bits;
    gan->has_gan = p->diagram_weight > 0;
    gan->shape =
        (psh__pdgan_shape){p->n_bits, p->width, p->layout, p->image, !p->no_batch_norm, !p->no_code_norm, p->dropout};
    gan->frame.lo = p->frame_lo, gan->frame.hi = p->frame_hi;
    PSH_TRY(psh_frame_fit(gan->set, p->frame_kind, &gan->frame, err));
    gan->input.kind = p->image, gan->input.scale = gan->input.unit = 1;
    PSH_TRY(take_arrays(gan, similarity, err));
    PSH_TRY(psh__pdgan_fit(gan->set, &gan->frame, p->dims_mask, &gan->input, err));
    gan->run_id = identify(gan);
    PSH_TRY(make_nets(gan, err));
    if (gan->has_gan && !gan->params.has_plain_gan) PSH_TRY(start_from_mean(gan, err));
    psh__gan_shuffle(gan);
    return measure_judged(gan, err);
}

psh_status psh_pdgan_create(const psh_diagrams *set, const float *similarity, const psh_diagrams *held_out,
                            const psh_pdgan_params *params, psh_pdgan **dst, psh_error *err) {
    psh_pdgan *gan = psh__calloc(1, sizeof *gan);
    if (!gan) return psh__error_memory(err, "training", sizeof *gan);
    psh__params_copy(&gan->params, sizeof gan->params, params);
    set_defaults(&gan->params);
    gan->set = set;
    gan->held_out = held_out && psh_diagrams_count(held_out) > 1 ? held_out : NULL;
    gan->n_items = psh_diagrams_count(set);
    psh_status status = prepare(gan, similarity, err);
    if (status != PSH_OK) {
        psh_pdgan_free(gan);
        return status;
    }
    *dst = gan;
    return PSH_OK;
}

void psh_pdgan_free(psh_pdgan *gan) {
    if (!gan) return;
    for (int i = 0; i < PSH__N_PARTS; i++) psh__net_free(gan->nets[i]);
    void *arrays[] = {gan->similarity, gan->order,    gan->codes,        gan->d_codes,          gan->products,
                      gan->targets,    gan->d_images, gan->judged_pairs, gan->judged_distances, gan->input.mean};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) psh__free(arrays[i]);
    psh__free(gan);
}

/* --- Driven ------------------------------------------------------------------------------------------------------- */

void psh__gan_shuffle(psh_pdgan *gan) {
    psh__random rng;
    psh__random_init(&rng, gan->params.seed, SEED_STREAMS + gan->i_epoch);
    for (size_t i = 0; i < gan->n_items; i++) gan->order[i] = (uint32_t)i;
    psh__random_shuffle(&rng, gan->order, gan->n_items);
}

uint64_t psh_pdgan_n_epochs(const psh_pdgan *gan) {
    return gan->i_epoch;
}

static void fill_losses(const psh_pdgan *gan, psh_pdgan_epoch *dst) {
    double n = (double)(gan->n_items / gan->n_batch);
    dst->similarity = gan->sums.similarity / n, dst->quantisation = gan->sums.quantisation / n;
    dst->mse = gan->sums.mse / n, dst->perceptual = gan->sums.perceptual / n;
    dst->generator = gan->sums.generator / n, dst->discriminator = gan->sums.discriminator / n;
}

/* What is left over of the set after the last whole batch is another part of it in each epoch. */
psh_status psh_pdgan_train_epoch(psh_pdgan *gan, const psh_progress *progress, psh_pdgan_epoch *dst, psh_error *err) {
    size_t n_batches = gan->n_items / gan->n_batch;
    psh__ticker ticker;
    psh_pdgan_epoch epoch = {.struct_bytes = sizeof epoch};
    double start = omp_get_wtime();
    psh__ticker_start(&ticker, progress, "training", n_batches);
    psh__ticker_add(&ticker, gan->i_batch);
    while (gan->i_batch < n_batches && !psh__ticker_stopped(&ticker)) {
        PSH_TRY(psh__gan_step(gan, err));
        psh__ticker_add(&ticker, 1);
    }
    gan->seconds += omp_get_wtime() - start;
    if (gan->i_batch < n_batches) return psh__ticker_status(&ticker, err);
    epoch.i_epoch = gan->i_epoch + 1;
    fill_losses(gan, &epoch);
    epoch.seconds = gan->seconds;
    if (dst) PSH_TRY(psh__gan_judge(gan, &epoch, err));
    gan->i_epoch++, gan->i_batch = 0, gan->seconds = 0;
    memset(&gan->sums, 0, sizeof gan->sums);
    psh__gan_shuffle(gan);
    if (dst) {
        size_t n_bytes = dst->struct_bytes && dst->struct_bytes < sizeof epoch ? dst->struct_bytes : sizeof epoch;
        epoch.struct_bytes = dst->struct_bytes;
        memcpy(dst, &epoch, n_bytes);
    }
    return PSH_OK;
}

psh_status psh_pdgan_model(const psh_pdgan *gan, const psh_meta *meta, psh_model **dst, psh_error *err) {
    psh__pdgan *pdgan;
    psh_status status = PSH_OK;
    PSH_TRY(psh__pdgan_create(&gan->shape, &pdgan, err));
    float *next = pdgan->values;
    for (size_t i = 0; i < pdgan->n_net; next += pdgan->tensors[i++].n_values)
        PSH_TRY_GOTO(psh__net_get(gan->nets[PSH__ENCODER], i, PSH__VALUES, next, err));
    pdgan->input.mean_points = pdgan->trained_points = gan->input.mean_points, pdgan->input.unit = gan->input.unit;
    if (gan->input.mean) memcpy(pdgan->input.mean, gan->input.mean, PSH__PDGAN_CELLS * sizeof(float));
    pdgan->has_raw_counts = gan->params.has_raw_counts, pdgan->is_f16 = gan->params.is_f16;
    pdgan->keeps_statistics = gan->params.keeps_statistics;
    return psh__pdgan_finish(pdgan, &gan->frame, gan->params.dims_mask, meta, dst, err);
done:
    psh__pdgan_free(pdgan);
    return status;
}

/* --- Judged ------------------------------------------------------------------------------------------------------- */

typedef struct verdict {
    float *outputs; /* (n_judged, n_bits) */
    uint8_t *codes; /* (n_judged, n_bytes) */
    size_t n_bytes;
} verdict;

static psh_status encode_judged(psh_pdgan *gan, verdict *v, psh_error *err) {
    psh__net *encoder = gan->nets[PSH__ENCODER];
    const psh_diagrams *judged = gan->held_out ? gan->held_out : gan->set;
    for (size_t first = 0; first < gan->n_judged; first += gan->n_batch) {
        size_t n = gan->n_judged - first < gan->n_batch ? gan->n_judged - first : gan->n_batch;
        psh__pdgan_fill(judged, &gan->frame, gan->params.dims_mask, &gan->input, first, n, psh__net_input(encoder));
        PSH_TRY(psh__net_forward(encoder, n, false, err));
        memcpy(v->outputs + first * gan->n_bits, psh__net_output(encoder), n * gan->n_bits * sizeof *v->outputs);
    }
    psh__pdgan_bits(v->outputs, gan->n_judged, gan->n_bits, v->codes);
    return PSH_OK;
}

static void count_bits(const psh_pdgan *gan, const verdict *v, psh_pdgan_epoch *dst) {
    size_t n = gan->n_judged;
    for (size_t k = 0; k < gan->n_bits; k++) {
        size_t n_ones = 0;
        for (size_t i = 0; i < n; i++) n_ones += v->outputs[i * gan->n_bits + k] > 0;
        size_t rarer = n_ones < n - n_ones ? n_ones : n - n_ones;
        dst->n_constant_bits += rarer == 0;
        dst->balance += 2 * (double)rarer / (double)(n * gan->n_bits);
    }
    for (size_t i = 0; i < n; i++) {
        size_t j = 0;
        while (j < i && memcmp(v->codes + i * v->n_bytes, v->codes + j * v->n_bytes, v->n_bytes) != 0) j++;
        dst->n_distinct += j == i;
    }
}

static psh_status correlate(const psh_pdgan *gan, const verdict *v, double *spearman, psh_error *err) {
    size_t n = gan->n_judged_pairs;
    double *ranks = psh__malloc(n, 3 * sizeof *ranks);
    uint64_t *work = psh__malloc(n, 2 * sizeof *work);
    psh_status status = PSH_OK;
    if (ranks && work) {
        double *found = ranks + 2 * n;
        for (size_t k = 0; k < n; k++) {
            const uint8_t *a = v->codes + gan->judged_pairs[2 * k] * v->n_bytes,
                          *b = v->codes + gan->judged_pairs[2 * k + 1] * v->n_bytes;
            int distance = 0;
            for (size_t i = 0; i < v->n_bytes; i++) distance += __builtin_popcount(a[i] ^ b[i]);
            found[k] = distance;
        }
        psh__rank(found, n, work, ranks);
        psh__rank(gan->judged_distances, n, work, ranks + n);
        *spearman = psh__pearson(ranks, ranks + n, n);
    } else
        status = psh__error_memory(err, "judging", n * 3 * sizeof *ranks);
    psh__free(ranks);
    psh__free(work);
    return status;
}

/* How far outputs differ between diagrams, and how many are clipped. */
static void look_at_outputs(const psh_pdgan *gan, const float *outputs, double *spread, double *clipped) {
    size_t n = gan->n_judged * gan->n_bits;
    *spread = *clipped = 0;
    for (size_t i = 0; i < n; i++) {
        *spread += fabs((double)outputs[i] - (double)outputs[i % gan->n_bits]) / (double)n;
        *clipped += (fabs((double)outputs[i]) >= 1) / (double)n;
    }
}

static double mean_similarity(const psh_pdgan *gan) {
    double sum = 0, n = (double)gan->n_items;
    for (size_t i = 0; i < gan->n_items * gan->n_items; i++) sum += (double)gan->similarity[i];
    return (sum - n) / (n * n - n);
}

/* Codes have collapsed if they tell apart fewer than a tenth of what they should, or if most bits say nothing. */
static void warn(const psh_pdgan *gan, const verdict *v, psh_pdgan_epoch *dst) {
    if (10 * dst->n_distinct > dst->n_codes && 4 * dst->n_constant_bits < 3 * gan->n_bits) return;
    double spread, clipped, similarity = mean_similarity(gan);
    char cause[160];
    look_at_outputs(gan, v->outputs, &spread, &clipped);
    if (spread < 1e-3)
        snprintf(cause, sizeof cause,
                 "outputs hardly depend on the diagram (they differ by %.2g): lower the rate, or use batch "
                 "normalisation",
                 spread);
    else if (similarity > 0.6)
        snprintf(cause, sizeof cause,
                 "similarities are %.2f on average, so equal codes fit them well: use a binary similarity", similarity);
    else if (clipped > 0.9)
        snprintf(cause, sizeof cause, "%.0f %% of the outputs are clipped and learn no more: lower the rate",
                 100 * clipped);
    else
        snprintf(cause, sizeof cause, "outputs differ by %.2g, but on one side of 0 (similarity %.2f on average)",
                 spread, similarity);
    snprintf(dst->warning, sizeof dst->warning,
             "codes have collapsed: %zu distinct of %zu, %zu of %zu bits constant; %s", dst->n_distinct, dst->n_codes,
             dst->n_constant_bits, gan->n_bits, cause);
}

psh_status psh__gan_judge(psh_pdgan *gan, psh_pdgan_epoch *dst, psh_error *err) {
    psh_status status = PSH_OK;
    verdict v = {.n_bytes = (gan->n_bits + 7) / 8};
    dst->n_codes = gan->n_judged;
    dst->spearman = NAN;
    v.outputs = psh__malloc(gan->n_judged * gan->n_bits, sizeof *v.outputs);
    v.codes = psh__malloc(gan->n_judged, v.n_bytes);
    if (!v.outputs || !v.codes) {
        status = psh__error_memory(err, "judging", gan->n_judged * gan->n_bits * sizeof *v.outputs);
        goto done;
    }
    PSH_TRY_GOTO(encode_judged(gan, &v, err));
    count_bits(gan, &v, dst);
    PSH_TRY_GOTO(correlate(gan, &v, &dst->spearman, err));
    warn(gan, &v, dst);
done:
    psh__free(v.outputs);
    psh__free(v.codes);
    return status;
}
