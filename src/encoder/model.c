/* model.c : models of all kinds as objects: what they share, and the way to what each kind does. */
#include "encoder/model.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"

bool psh__wants_dim(uint32_t dims_mask, int32_t dim) {
    return dims_mask == 0 || (dim < 32 && (dims_mask >> dim & 1));
}

psh_status psh__model_check(size_t n_bits, const psh_frame *frame, psh_error *err) {
    if (n_bits < 1 || n_bits > PSH__MAX_BITS)
        return psh__error(err, PSH_ERR_CORRUPT, "model has %zu bits; expected 1 to %d", n_bits, PSH__MAX_BITS);
    if (frame->kind != PSH_FRAME_DIAGRAM && !(isfinite(frame->lo) && isfinite(frame->hi) && frame->lo < frame->hi))
        return psh__error(err, PSH_ERR_CORRUPT, "model's frame is [%g, %g]; expected finite numbers, the first smaller",
                          frame->lo, frame->hi);
    return PSH_OK;
}

psh_status psh__model_init(psh_model *model, const psh__model_kind *kind, const psh_model *head, const psh_meta *meta,
                           psh_error *err) {
    *model = *head;
    model->kind = kind;
    model->meta = NULL;
    model->id[0] = 0;
    if (model->frame.kind == PSH_FRAME_DIAGRAM) model->frame.lo = 0, model->frame.hi = 1;
    return psh_meta_copy(meta, &model->meta, err);
}

uint64_t psh__model_hash(const psh_model *model) {
    uint64_t hash = psh__hash(PSH__HASH_START, model->kind->name, strlen(model->kind->name));
    uint64_t frame_id = psh_frame_id(&model->frame);
    uint32_t settings[3] = {(uint32_t)model->n_bits, model->pool, model->dims_mask};
    hash = psh__hash(hash, settings, sizeof settings);
    return psh__hash(hash, &frame_id, sizeof frame_id);
}

psh_status psh__model_refuse_infinite(const psh_diagrams *set, size_t i_diagram, psh_error *err) {
    const char *name = psh_diagrams_name(set, i_diagram);
    return psh__error(
        err, PSH_ERR_NOT_FINITE,
        "diagram %zu%s%s has a point with infinite death; codes need finite points: read the set with the "
        "essential policy drop or clamp",
        i_diagram, *name ? ", " : "", name);
}

void psh_model_free(psh_model *model) {
    if (!model) return;
    if (model->kind) model->kind->free_parts(model);
    psh_meta_free(model->meta);
    psh__free(model);
}

int psh_model_n_bits(const psh_model *model) {
    return (int)model->n_bits;
}
size_t psh_model_n_bytes(const psh_model *model) {
    return (model->n_bits + 7) / 8;
}
const char *psh_model_kind(const psh_model *model) {
    return model->kind->name;
}
const psh_frame *psh_model_frame(const psh_model *model) {
    return &model->frame;
}
bool psh_model_pool(const psh_model *model) {
    return model->pool;
}
uint32_t psh_model_dims_mask(const psh_model *model) {
    return model->dims_mask;
}
const char *psh_model_id(const psh_model *model) {
    return model->id;
}
const psh_meta *psh_model_meta(const psh_model *model) {
    return model->meta;
}

void psh_model_bit_text(const psh_model *model, int i_bit, char *text, size_t text_bytes) {
    model->kind->bit_text(model, i_bit, text, text_bytes);
}

psh_status psh_model_encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes,
                            psh_error *err) {
    return model->kind->encode(model, set, n_threads, codes, NULL, err);
}

psh_status psh_model_project(const psh_model *model, const psh_diagrams *set, int n_threads, float *values,
                             psh_error *err) {
    return model->kind->encode(model, set, n_threads, NULL, values, err);
}

bool psh_model_adapts(const psh_model *model) {
    return model->kind->adapt != NULL;
}

psh_status psh_model_adapt(const psh_model *model, const psh_diagrams *set, const psh_adapt_params *params,
                           psh_model **dst, psh_error *err) {
    psh_adapt_params p;
    psh__params_copy(&p, sizeof p, params);
    if (model->kind->adapt) return model->kind->adapt(model, set, &p, dst, err);
    return psh__error(err, PSH_ERR_UNSUPPORTED, "a %s is fitted to a set as a whole; fit a new one to this set",
                      model->kind->name);
}
