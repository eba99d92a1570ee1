/* pdgan.c : the trained encoder network as a model: what goes in, what comes out.
 *
 * In goes the paper's histogram: counts on 50 x 50 cells of the frame, reflected over the diagonal, as one channel of
 * an image; its extra cell, the number of points, is a second channel of the same value everywhere, in units of the
 * set's mean number of points. Homology dimensions are pooled, as in the paper.
 *
 * Scale of the counts. A network trained on diagrams of 20 points has only seen cells of 0 and 1; a set with ten times
 * the points would give images ten times as bright and drive every unit into its far end. So counts are multiplied by
 * (mean number of points of the training set) / (that of the set at hand): the sum over an image is what it was in
 * training, whatever the set, and inside the set a diagram with more points is still brighter. On the training set the
 * factor is 1 and the input is the paper's. has_raw_counts switches the factor off.
 *
 * The factor and the frame belong to a set: psh_model_adapt() makes the model of another one from the same weights,
 * with an identity of its own, since codes made with other factors do not compare.
 *
 * A diagram's code does not depend on where in a batch it is, or on the number of threads; in its last bits the network
 * depends on the CPU (docs/decisions/0005-nn.md). */
#include "encoder/pdgan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

/* Images of one slice, and slices of one pass: fixed, so that no result can depend on the size of a set. */
enum { SLICE = 8, N_SLICES = 8, BATCH = SLICE * N_SLICES };

/* --- Input -------------------------------------------------------------------------------------------------------- */

double psh__mean_points(const psh_diagrams *set, uint32_t dims_mask) {
    const int32_t *dims = psh_diagrams_dims(set);
    const double *points = psh_diagrams_points(set);
    size_t n = 0;
    for (size_t i = 0; i < psh_diagrams_n_points(set); i++)
        n += psh__wants_dim(dims_mask, dims[i]) && points[2 * i + 1] != INFINITY;
    return n ? (double)n / (double)psh_diagrams_count(set) : 1;
}

psh_status psh__pdgan_check(const psh_diagrams *set, uint32_t dims_mask, psh_error *err) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    for (size_t i = 0; i < psh_diagrams_count(set); i++)
        for (uint64_t k = offsets[i]; k < offsets[i + 1]; k++)
            if (psh_diagrams_points(set)[2 * k + 1] == INFINITY && psh__wants_dim(dims_mask, psh_diagrams_dims(set)[k]))
                return psh__model_refuse_infinite(set, i, err);
    return PSH_OK;
}

static size_t cell_of(double x) {
    x *= PSH__PDGAN_SIDE;
    if (!(x > 0)) return 0;
    return x < PSH__PDGAN_SIDE ? (size_t)x : PSH__PDGAN_SIDE - 1;
}

/* The cells of psh_histogram_compute(), channel by channel. */
static void fill_image(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask,
                       const psh__pdgan_input *input, size_t i_diagram, float *image) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    size_t n = 0, cells[2];
    double lo, hi;
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    memset(image, 0, PSH__PDGAN_CELLS * PSH__PDGAN_CHANNELS * sizeof *image);
    for (uint64_t i = offsets[i_diagram]; i < offsets[i_diagram + 1]; i++) {
        if (!psh__wants_dim(dims_mask, dims[i])) continue;
        for (int k = 0; k < 2; k++) cells[k] = cell_of((points[2 * i + (uint64_t)k] - lo) / (hi - lo));
        size_t at = cells[1] * PSH__PDGAN_SIDE + cells[0], mirror = cells[0] * PSH__PDGAN_SIDE + cells[1];
        image[at * PSH__PDGAN_CHANNELS] += 1;
        if (at != mirror) image[mirror * PSH__PDGAN_CHANNELS] += 1;
        n++;
    }
    float scale = (float)input->scale, number = (float)((double)n / input->mean_points);
    for (size_t i = 0; i < PSH__PDGAN_CELLS; i++) {
        image[i * PSH__PDGAN_CHANNELS] *= scale;
        image[i * PSH__PDGAN_CHANNELS + 1] = number;
    }
}

void psh__pdgan_fill(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, const psh__pdgan_input *input,
                     size_t first, size_t n, float *dst) {
    for (size_t i = 0; i < n; i++)
        fill_image(set, frame, dims_mask, input, first + i, dst + i * PSH__PDGAN_CELLS * PSH__PDGAN_CHANNELS);
}

void psh__pdgan_bits(const float *outputs, size_t n, size_t n_bits, uint8_t *codes) {
    size_t n_bytes = (n_bits + 7) / 8;
    memset(codes, 0, n * n_bytes);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_bits; k++)
            codes[i * n_bytes + k / 8] |= (uint8_t)((outputs[i * n_bits + k] > 0) << k % 8);
}

/* --- The object --------------------------------------------------------------------------------------------------- */

/* Tensors of the encoder network, told from its layers without building it. tensors NULL: counts alone. */
static size_t list_tensors(const psh__layers *layers, psh__tensor *tensors) {
    psh__shape in = layers->in;
    size_t n = 0;
    for (size_t i = 0; i < layers->n; i++) {
        const psh__layer *l = &layers->list[i];
        size_t c = (size_t)in.c, out = (size_t)l->out.c, k = (size_t)l->kernel;
        psh__tensor found[4] = {{.n_axes = 0}};
        size_t n_found = 0;
        switch (l->op) {
        case PSH__CONV:
            found[n_found++] =
                (psh__tensor){.name = "weight", .n_axes = 4, .shape = {out, c, k, k}, .is_trained = true};
            found[n_found++] = (psh__tensor){.name = "bias", .n_axes = 1, .shape = {out}, .is_trained = true};
            in.c = l->out.c;
            break;
        case PSH__DENSE:
            c *= (size_t)in.h * (size_t)in.w;
            found[n_found++] = (psh__tensor){.name = "weight", .n_axes = 2, .shape = {out, c}, .is_trained = true};
            found[n_found++] = (psh__tensor){.name = "bias", .n_axes = 1, .shape = {out}, .is_trained = true};
            in = l->out;
            break;
        case PSH__BATCH_NORM:
            for (int role = 0; role < 4; role++) {
                static const char *const roles[] = {"weight", "bias", "running_mean", "running_var"};
                found[n_found] = (psh__tensor){.n_axes = 1, .shape = {c}, .is_trained = role < 2};
                snprintf(found[n_found++].name, sizeof found->name, "%s", roles[role]);
            }
            break;
        case PSH__MAX_POOL:
            in.h /= 2, in.w /= 2;
            break;
        default:
            break;
        }
        for (size_t t = 0; t < n_found; t++, n++) {
            if (!tensors) continue;
            tensors[n] = found[t];
            snprintf(tensors[n].name, sizeof tensors->name, "%s.%s", l->name, found[t].name);
            tensors[n].n_values = 1;
            for (size_t a = 0; a < found[t].n_axes; a++) tensors[n].n_values *= found[t].shape[a];
        }
    }
    return n;
}

psh_status psh__pdgan_create(const psh__pdgan_shape *shape, psh__pdgan **dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh__layers layers;
    psh__pdgan_encoder_layers(shape, &layers);
    psh__pdgan *pdgan = psh__calloc(1, sizeof *pdgan);
    if (!pdgan) return psh__error_memory(err, "a model", sizeof *pdgan);
    pdgan->shape = *shape;
    pdgan->n_tensors = list_tensors(&layers, NULL);
    pdgan->tensors = psh__calloc(pdgan->n_tensors, sizeof *pdgan->tensors);
    if (pdgan->tensors) {
        list_tensors(&layers, pdgan->tensors);
        for (size_t i = 0; i < pdgan->n_tensors; i++) pdgan->n_values += pdgan->tensors[i].n_values;
        pdgan->values = psh__calloc(pdgan->n_values, sizeof *pdgan->values);
    }
    if (!pdgan->values) {
        status = psh__error_memory(err, "a model", pdgan->n_values * sizeof *pdgan->values);
        goto done;
    }
    *dst = pdgan;
    pdgan = NULL;
done:
    psh__pdgan_free(pdgan);
    return status;
}

void psh__pdgan_free(psh__pdgan *pdgan) {
    if (!pdgan) return;
    psh__free(pdgan->tensors);
    psh__free(pdgan->values);
    psh__free(pdgan);
}

static void identify(psh__pdgan *p) {
    uint64_t hash = psh__model_hash(&p->base);
    double numbers[] = {p->shape.width, p->input.mean_points, p->input.scale};
    uint32_t has_norm = p->shape.has_norm;
    hash = psh__hash(hash, &has_norm, sizeof has_norm);
    hash = psh__hash(hash, numbers, sizeof numbers);
    hash = psh__hash(hash, p->values, p->n_values * sizeof *p->values);
    psh__hash_text(hash, p->base.id);
}

psh_status psh__pdgan_finish(psh__pdgan *pdgan, const psh_frame *frame, uint32_t dims_mask, const psh_meta *meta,
                             psh_model **dst, psh_error *err) {
    psh_model head = {.n_bits = (size_t)pdgan->shape.n_bits, .frame = *frame, .pool = true, .dims_mask = dims_mask};
    psh_status status = psh__model_init(&pdgan->base, &psh__pdgan_kind, &head, meta, err);
    if (status != PSH_OK) {
        psh__pdgan_free(pdgan);
        return status;
    }
    for (size_t i = 0; pdgan->is_f16 && i < pdgan->n_values; i++)
        pdgan->values[i] = psh__half_to_float(psh__half_from_float(pdgan->values[i]));
    identify(pdgan);
    *dst = &pdgan->base;
    return PSH_OK;
}

/* --- As a model --------------------------------------------------------------------------------------------------- */

/* The network with the model's weights. */
static psh_status make_net(const psh__pdgan *pdgan, psh__layers *layers, int n_threads, psh__net **dst,
                           psh_error *err) {
    psh_status status = PSH_OK;
    psh__net *net = NULL;
    psh__pdgan_encoder_layers(&pdgan->shape, layers);
    psh__net_params params = {.in = layers->in, .n_batch = BATCH, .n_slices = N_SLICES, .n_threads = n_threads};
    PSH_TRY(psh__net_create(layers->list, layers->n, &params, &net, err));
    const float *next = pdgan->values;
    for (size_t i = 0; i < pdgan->n_tensors; next += pdgan->tensors[i++].n_values)
        PSH_TRY_GOTO(psh__net_set(net, i, PSH__VALUES, next, err));
    *dst = net;
    net = NULL;
done:
    psh__net_free(net);
    return status;
}

static psh_status encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes,
                         psh_error *err) {
    const psh__pdgan *pdgan = (const psh__pdgan *)model;
    psh_status status = PSH_OK;
    psh__net *net = NULL;
    psh__layers layers;
    size_t n_diagrams = psh_diagrams_count(set), n_bytes = psh_model_n_bytes(model);
    PSH_TRY(psh__pdgan_check(set, model->dims_mask, err));
    PSH_TRY(make_net(pdgan, &layers, n_threads, &net, err));
    for (size_t first = 0; first < n_diagrams; first += BATCH) {
        size_t n = n_diagrams - first < BATCH ? n_diagrams - first : BATCH;
        psh__pdgan_fill(set, &model->frame, model->dims_mask, &pdgan->input, first, n, psh__net_input(net));
        PSH_TRY_GOTO(psh__net_forward(net, n, false, err));
        psh__pdgan_bits(psh__net_output(net), n, model->n_bits, codes + first * n_bytes);
    }
done:
    psh__net_free(net);
    return status;
}

static void bit_text(const psh_model *model, int i_bit, char *text, size_t text_bytes) {
    snprintf(text, text_bytes, "output %d of a network of %zu weights is positive", i_bit,
             ((const psh__pdgan *)model)->n_values);
}

static void free_parts(psh_model *model) {
    psh__free(((psh__pdgan *)model)->tensors);
    psh__free(((psh__pdgan *)model)->values);
}

static psh_status adapt(const psh_model *model, const psh_diagrams *set, const psh_adapt_params *params,
                        psh_model **dst, psh_error *err) {
    const psh__pdgan *src = (const psh__pdgan *)model;
    psh__pdgan *copy;
    if ((params->n_bits && (size_t)params->n_bits != model->n_bits) || params->frame_kind != PSH_FRAME_SET ||
        (params->dims_mask && params->dims_mask != model->dims_mask))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "a PD-GAN keeps the bits (%zu), the kind of frame and the homology dimensions that it was "
                          "trained with; leave these options out",
                          model->n_bits);
    psh_frame frame = model->frame;
    PSH_TRY(psh_frame_fit(set, frame.kind, &frame, err));
    PSH_TRY(psh__pdgan_create(&src->shape, &copy, err));
    memcpy(copy->values, src->values, src->n_values * sizeof *src->values);
    copy->is_f16 = src->is_f16, copy->has_raw_counts = src->has_raw_counts, copy->trained_points = src->trained_points;
    copy->input.mean_points = psh__mean_points(set, model->dims_mask);
    copy->input.scale = src->has_raw_counts ? 1 : src->trained_points / copy->input.mean_points;
    return psh__pdgan_finish(copy, &frame, model->dims_mask, model->meta, dst, err);
}

const psh__model_kind psh__pdgan_kind = {.name = "pdgan",
                                         .encode = encode,
                                         .bit_text = bit_text,
                                         .describe = psh__pdgan_describe,
                                         .read = psh__pdgan_read,
                                         .free_parts = free_parts,
                                         .adapt = adapt};
