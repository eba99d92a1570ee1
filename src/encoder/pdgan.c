/* pdgan.c : the trained encoder network as a model (what goes in: pdgan_image.c).
 *
 * What belongs to a set, not to the weights, is fitted by psh_model_adapt(): the frame, the scale of the input, and the
 * statistics of batch normalisation (pdgan_adapt.c). The adapted model has an identity of its own, since codes made
 * with other ones do not compare.
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

void psh__pdgan_bits(const float *outputs, size_t n, size_t n_bits, uint8_t *codes) {
    size_t n_bytes = (n_bits + 7) / 8;
    memset(codes, 0, n * n_bytes);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_bits; k++)
            codes[i * n_bytes + k / 8] |= (uint8_t)((outputs[i * n_bits + k] > 0) << k % 8);
}

/* --- The object --------------------------------------------------------------------------------------------------- */

/* Tensors of the encoder network, told from its layers without building it. tensors NULL: counts alone. */
static size_t list_net(const psh__layers *layers, psh__tensor *tensors) {
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
        case PSH__MEAN_POOL:
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

/* All of a model, those of the network first. */
static size_t list_tensors(const psh__pdgan_shape *shape, psh__tensor *tensors, size_t *n_net) {
    psh__layers layers;
    psh__pdgan_encoder_layers(shape, &layers);
    *n_net = list_net(&layers, tensors);
    if (shape->image != PSH_PDGAN_CENTRED) return *n_net;
    if (tensors)
        tensors[*n_net] = (psh__tensor){.name = "image.mean",
                                        .n_axes = 2,
                                        .shape = {PSH__PDGAN_SIDE, PSH__PDGAN_SIDE},
                                        .n_values = PSH__PDGAN_CELLS};
    return *n_net + 1;
}

size_t psh__pdgan_n_values(const psh__pdgan_shape *shape) {
    psh__tensor tensors[4 * PSH__PDGAN_MAX_LAYERS];
    size_t n_net, n = list_tensors(shape, tensors, &n_net), n_values = 0;
    for (size_t i = 0; i < n; i++) n_values += tensors[i].n_values;
    return n_values;
}

psh_status psh__pdgan_create(const psh__pdgan_shape *shape, psh__pdgan **dst, psh_error *err) {
    psh__pdgan *pdgan = psh__calloc(1, sizeof *pdgan);
    if (!pdgan) return psh__error_memory(err, "a model", sizeof *pdgan);
    pdgan->shape = *shape;
    pdgan->n_values = psh__pdgan_n_values(shape);
    pdgan->n_tensors = list_tensors(shape, NULL, &pdgan->n_net);
    pdgan->tensors = psh__calloc(pdgan->n_tensors, sizeof *pdgan->tensors);
    pdgan->values = psh__calloc(pdgan->n_values, sizeof *pdgan->values);
    if (!pdgan->tensors || !pdgan->values) {
        psh_status status = psh__error_memory(err, "a model", pdgan->n_values * sizeof *pdgan->values);
        psh__pdgan_free(pdgan);
        return status;
    }
    list_tensors(shape, pdgan->tensors, &pdgan->n_net);
    pdgan->input.kind = shape->image;
    pdgan->input.scale = pdgan->input.unit = pdgan->input.mean_points = 1;
    if (shape->image == PSH_PDGAN_CENTRED) pdgan->input.mean = pdgan->values + pdgan->n_values - PSH__PDGAN_CELLS;
    *dst = pdgan;
    return PSH_OK;
}

void psh__pdgan_free(psh__pdgan *pdgan) {
    if (!pdgan) return;
    psh__free(pdgan->tensors);
    psh__free(pdgan->values);
    psh__free(pdgan);
}

static void identify(psh__pdgan *p) {
    uint64_t hash = psh__model_hash(&p->base);
    double numbers[] = {p->shape.width, p->input.mean_points, p->input.scale, p->input.unit};
    uint32_t settings[] = {p->shape.layout, p->shape.image, p->shape.has_norm, p->shape.has_code_norm};
    hash = psh__hash(hash, settings, sizeof settings);
    hash = psh__hash(hash, numbers, sizeof numbers);
    hash = psh__hash(hash, p->values, p->n_values * sizeof *p->values);
    psh__hash_text(hash, p->base.id);
}

/* To the nearest float16 number; beyond the greatest, to that. */
static void round_halves(float *values, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float bounded = values[i] < -65504 ? -65504 : values[i] > 65504 ? 65504 : values[i];
        values[i] = psh__half_to_float(psh__half_from_float(bounded));
    }
}

psh_status psh__pdgan_finish(psh__pdgan *pdgan, const psh_frame *frame, uint32_t dims_mask, const psh_meta *meta,
                             psh_model **dst, psh_error *err) {
    psh_model head = {.n_bits = (size_t)pdgan->shape.n_bits, .frame = *frame, .pool = true, .dims_mask = dims_mask};
    psh_status status = psh__model_init(&pdgan->base, &psh__pdgan_kind, &head, meta, err);
    if (status != PSH_OK) {
        psh__pdgan_free(pdgan);
        return status;
    }
    if (pdgan->is_f16) round_halves(pdgan->values, pdgan->n_values);
    identify(pdgan);
    *dst = &pdgan->base;
    return PSH_OK;
}

/* --- As a model --------------------------------------------------------------------------------------------------- */

psh_status psh__pdgan_net(const psh__pdgan *pdgan, psh__layers *layers, psh__net_params params, psh__net **dst,
                          psh_error *err) {
    psh_status status = PSH_OK;
    psh__net *net = NULL;
    psh__pdgan_encoder_layers(&pdgan->shape, layers);
    params.in = layers->in;
    PSH_TRY(psh__net_create(layers->list, layers->n, &params, &net, err));
    const float *next = pdgan->values;
    for (size_t i = 0; i < pdgan->n_net; next += pdgan->tensors[i++].n_values)
        PSH_TRY_GOTO(psh__net_set(net, i, PSH__VALUES, next, err));
    *dst = net;
    net = NULL;
done:
    psh__net_free(net);
    return status;
}

static psh_status encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes, float *values,
                         psh_error *err) {
    const psh__pdgan *pdgan = (const psh__pdgan *)model;
    psh_status status = PSH_OK;
    psh__net *net = NULL;
    psh__layers layers;
    size_t n_diagrams = psh_diagrams_count(set), n_bytes = psh_model_n_bytes(model);
    PSH_TRY(psh__pdgan_check(set, model->dims_mask, err));
    psh__net_params params = {.n_batch = BATCH, .n_slices = N_SLICES, .n_threads = n_threads};
    PSH_TRY(psh__pdgan_net(pdgan, &layers, params, &net, err));
    for (size_t first = 0; first < n_diagrams; first += BATCH) {
        size_t n = n_diagrams - first < BATCH ? n_diagrams - first : BATCH;
        psh__pdgan_fill(set, &model->frame, model->dims_mask, &pdgan->input, first, n, psh__net_input(net));
        PSH_TRY_GOTO(psh__net_forward(net, n, false, err));
        if (codes) psh__pdgan_bits(psh__net_output(net), n, model->n_bits, codes + first * n_bytes);
        if (values) memcpy(values + first * model->n_bits, psh__net_output(net), n * model->n_bits * sizeof *values);
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

static psh_status check_adapt(const psh_model *model, const psh_adapt_params *params, psh_error *err) {
    if ((params->n_bits == 0 || (size_t)params->n_bits == model->n_bits) && params->frame_kind == PSH_FRAME_SET &&
        (params->dims_mask == 0 || params->dims_mask == model->dims_mask))
        return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER,
                      "a PD-GAN keeps the bits (%zu), the kind of frame and the homology dimensions that it was "
                      "trained with; leave these options out",
                      model->n_bits);
}

static psh_status adapt(const psh_model *model, const psh_diagrams *set, const psh_adapt_params *params,
                        psh_model **dst, psh_error *err) {
    const psh__pdgan *src = (const psh__pdgan *)model;
    psh_status status = PSH_OK;
    psh__pdgan *copy = NULL;
    psh_frame frame = model->frame;
    PSH_TRY(check_adapt(model, params, err));
    PSH_TRY(psh__pdgan_check(set, model->dims_mask, err));
    PSH_TRY(psh_frame_fit(set, frame.kind, &frame, err));
    PSH_TRY(psh__pdgan_create(&src->shape, &copy, err));
    memcpy(copy->values, src->values, src->n_values * sizeof *src->values);
    copy->is_f16 = src->is_f16, copy->has_raw_counts = src->has_raw_counts, copy->trained_points = src->trained_points;
    copy->keeps_statistics = src->keeps_statistics;
    PSH_TRY_GOTO(psh__pdgan_fit(set, &frame, model->dims_mask, &copy->input, err));
    copy->input.scale = src->has_raw_counts ? 1 : src->trained_points / copy->input.mean_points;
    if (copy->is_f16 && copy->input.mean) round_halves(copy->input.mean, PSH__PDGAN_CELLS); /* as it will be seen */
    if (!copy->keeps_statistics)
        PSH_TRY_GOTO(psh__pdgan_take_statistics(copy, set, &frame, model->dims_mask, params->n_threads, err));
    return psh__pdgan_finish(copy, &frame, model->dims_mask, model->meta, dst, err);
done:
    psh__pdgan_free(copy);
    return status;
}

const psh__model_kind psh__pdgan_kind = {.name = "pdgan",
                                         .encode = encode,
                                         .bit_text = bit_text,
                                         .describe = psh__pdgan_describe,
                                         .read = psh__pdgan_read,
                                         .free_parts = free_parts,
                                         .adapt = adapt};
