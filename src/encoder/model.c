/* model.c : models as objects: identity, parts, and their questions in words. */
#include "encoder/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

bool psh__wants_dim(uint32_t dims_mask, int32_t dim) {
    return dims_mask == 0 || (dim < 32 && (dims_mask >> dim & 1));
}

psh_status psh__model_check(const psh__question *questions, size_t n_bits, const psh_frame *frame, bool pool,
                            uint32_t dims_mask, psh_error *err) {
    if (n_bits < 1 || n_bits > PSH__MAX_BITS)
        return psh__error(err, PSH_ERR_CORRUPT, "model has %zu bits; expected 1 to %d", n_bits, PSH__MAX_BITS);
    if (frame->kind != PSH_FRAME_DIAGRAM && !(isfinite(frame->lo) && isfinite(frame->hi) && frame->lo < frame->hi))
        return psh__error(err, PSH_ERR_CORRUPT, "model's frame is [%g, %g]; expected finite numbers, the first smaller",
                          frame->lo, frame->hi);
    for (size_t i = 0; i < n_bits; i++) {
        const psh__question *q = &questions[i];
        if (!isfinite(q->line.cos) || !isfinite(q->line.sin) || !isfinite(q->line.position) ||
            !(isfinite(q->line.width) && q->line.width > 0))
            return psh__error(
                err, PSH_ERR_CORRUPT,
                "model's bit %zu has the line (%g, %g, %g, %g); expected finite numbers, the last positive", i,
                q->line.cos, q->line.sin, q->line.position, q->line.width);
        if (pool ? q->dim != PSH__ANY_DIM : q->dim < 0 || !psh__wants_dim(dims_mask, q->dim))
            return psh__error(err, PSH_ERR_CORRUPT, "model's bit %zu asks of dimension %d; expected %s", i, q->dim,
                              pool ? "-1, since the model ignores dimensions" : "one that the model takes");
    }
    return PSH_OK;
}

/* Hash of all that decides a code. Fields one by one: no padding bytes, and the same on every little-endian machine. */
static void identify(psh_model *model) {
    uint64_t hash = psh__hash(PSH__HASH_START, "sketch", 6), frame_id = psh_frame_id(&model->frame);
    uint32_t settings[3] = {(uint32_t)model->n_bits, model->pool, model->dims_mask};
    hash = psh__hash(hash, settings, sizeof settings);
    hash = psh__hash(hash, &frame_id, sizeof frame_id);
    for (size_t i = 0; i < model->n_bits; i++) {
        const psh__question *q = &model->questions[i];
        float line[4] = {q->line.cos, q->line.sin, q->line.position, q->line.width};
        int32_t rest[2] = {q->dim, q->at_least};
        hash = psh__hash(hash, line, sizeof line);
        hash = psh__hash(hash, rest, sizeof rest);
    }
    psh__hash_text(hash, model->id);
}

/* Insertion sort: at most 1024 bits, few dimensions, and stable. */
static void sort_by_dim(psh_model *model) {
    for (size_t i = 0; i < model->n_bits; i++) {
        size_t j = i;
        for (; j > 0 && model->questions[model->by_dim[j - 1]].dim > model->questions[i].dim; j--)
            model->by_dim[j] = model->by_dim[j - 1];
        model->by_dim[j] = (uint32_t)i;
    }
}

psh_status psh__model_create(const psh__question *questions, size_t n_bits, const psh_frame *frame, bool pool,
                             uint32_t dims_mask, const psh_meta *meta, psh_model **dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh_model *model = psh__calloc(1, sizeof *model);
    if (!model) return psh__error_memory(err, "a model", sizeof *model);
    model->n_bits = n_bits;
    model->frame = *frame;
    if (frame->kind == PSH_FRAME_DIAGRAM) model->frame.lo = 0, model->frame.hi = 1;
    model->pool = pool;
    model->dims_mask = dims_mask;
    model->questions = psh__malloc(n_bits, sizeof *model->questions);
    model->by_dim = psh__malloc(n_bits, sizeof *model->by_dim);
    if (!model->questions || !model->by_dim) {
        status = psh__error_memory(err, "a model", n_bits * sizeof *model->questions);
        goto done;
    }
    memcpy(model->questions, questions, n_bits * sizeof *questions);
    PSH_TRY_GOTO(psh_meta_copy(meta, &model->meta, err));
    sort_by_dim(model);
    identify(model);
    *dst = model;
    model = NULL;
done:
    psh_model_free(model);
    return status;
}

void psh_model_free(psh_model *model) {
    if (!model) return;
    psh__free(model->questions);
    psh__free(model->by_dim);
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
    return "sketch";
}
const psh_frame *psh_model_frame(const psh_model *model) {
    return &model->frame;
}
const char *psh_model_id(const psh_model *model) {
    return model->id;
}
const psh_meta *psh_model_meta(const psh_model *model) {
    return model->meta;
}

/* --- Words -------------------------------------------------------------------------------------------------------- */

/* In the frame a line is u c + v s <= t with u = (birth - lo) / (hi - lo), so in the data's coordinates it is
 *     birth c + death s <= lo (c + s) + (hi - lo) t.
 * Dividing by the larger coefficient makes it readable: "death + 0.3 birth <= 120". A negative divisor turns the
 * inequality round. */
static void line_text(const psh__line *line, const psh_frame *frame, char *text, size_t text_bytes) {
    double c = line->cos, s = line->sin, t = frame->lo * (c + s) + (frame->hi - frame->lo) * line->position;
    bool death_leads = fabs(s) >= fabs(c);
    double lead = death_leads ? s : c, other = (death_leads ? c : s) / lead;
    char term[48] = "";
    if (fabs(other) >= 0.0005)
        snprintf(term, sizeof term, " %c %.3g %s", other < 0 ? '-' : '+', fabs(other), death_leads ? "birth" : "death");
    snprintf(text, text_bytes, "%s%s %s %.6g +- %.2g", death_leads ? "death" : "birth", term,
             lead > 0 ? "<=" : ">=", t / lead, fabs((frame->hi - frame->lo) * line->width / 2 / lead));
}

void psh_model_bit_text(const psh_model *model, int i_bit, char *text, size_t text_bytes) {
    const psh__question *q = &model->questions[i_bit];
    bool own = model->frame.kind == PSH_FRAME_DIAGRAM;
    char dim[16] = "", line[128];
    if (q->dim != PSH__ANY_DIM) snprintf(dim, sizeof dim, "H%d ", q->dim);
    line_text(&q->line, own ? &(psh_frame){PSH_FRAME_FIXED, 0, 1} : &model->frame, line, sizeof line);
    snprintf(text, text_bytes, "%spoints with %s%s, minus their projections to the diagonal there: at least %.4g", dim,
             line, own ? " (coordinates scaled to [0, 1] within the diagram)" : "", (double)q->at_least / PSH__ONE);
}
