/* sketch_model.c : the sketch as a model: its parts, their identity, their place in a file, and its questions in words.
 */
#include "encoder/sketch_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

static psh_status check_questions(const psh__question *questions, size_t n_bits, bool pool, uint32_t dims_mask,
                                  psh_error *err) {
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

/* Fields one by one: no padding bytes, and the same on every little-endian machine. */
static void identify(psh__sketch *sketch) {
    uint64_t hash = psh__model_hash(&sketch->base);
    for (size_t i = 0; i < sketch->base.n_bits; i++) {
        const psh__question *q = &sketch->questions[i];
        float line[4] = {q->line.cos, q->line.sin, q->line.position, q->line.width};
        int32_t rest[2] = {q->dim, q->at_least};
        hash = psh__hash(hash, line, sizeof line);
        hash = psh__hash(hash, rest, sizeof rest);
    }
    psh__hash_text(hash, sketch->base.id);
}

/* Insertion sort: at most 1024 bits, few dimensions, and stable. */
static void sort_by_dim(psh__sketch *sketch) {
    for (size_t i = 0; i < sketch->base.n_bits; i++) {
        size_t j = i;
        for (; j > 0 && sketch->questions[sketch->by_dim[j - 1]].dim > sketch->questions[i].dim; j--)
            sketch->by_dim[j] = sketch->by_dim[j - 1];
        sketch->by_dim[j] = (uint32_t)i;
    }
}

psh_status psh__sketch_create(const psh__question *questions, size_t n_bits, const psh_frame *frame, bool pool,
                              uint32_t dims_mask, const psh_meta *meta, psh_model **dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh_model head = {.n_bits = n_bits, .frame = *frame, .pool = pool, .dims_mask = dims_mask};
    PSH_TRY(psh__model_check(n_bits, frame, err));
    PSH_TRY(check_questions(questions, n_bits, pool, dims_mask, err));
    psh__sketch *sketch = psh__calloc(1, sizeof *sketch);
    if (!sketch) return psh__error_memory(err, "a model", sizeof *sketch);
    PSH_TRY_GOTO(psh__model_init(&sketch->base, &psh__sketch_kind, &head, meta, err));
    sketch->questions = psh__malloc(n_bits, sizeof *sketch->questions);
    sketch->by_dim = psh__malloc(n_bits, sizeof *sketch->by_dim);
    if (!sketch->questions || !sketch->by_dim) {
        status = psh__error_memory(err, "a model", n_bits * sizeof *sketch->questions);
        goto done;
    }
    memcpy(sketch->questions, questions, n_bits * sizeof *questions);
    sort_by_dim(sketch);
    identify(sketch);
    *dst = &sketch->base;
    sketch = NULL;
done:
    psh_model_free(sketch ? &sketch->base : NULL);
    return status;
}

static void free_parts(psh_model *model) {
    psh__sketch *sketch = (psh__sketch *)model;
    psh__free(sketch->questions);
    psh__free(sketch->by_dim);
}

/* --- File --------------------------------------------------------------------------------------------------------- */

/* Lines F32 (n_bits, 4), dims I32 (n_bits), thresholds I32 (n_bits). */
static psh_status describe(const psh_model *model, psh__model_parts *dst, psh_error *err) {
    size_t n_bits = model->n_bits;
    const psh__question *questions = ((const psh__sketch *)model)->questions;
    float *lines = psh__malloc(n_bits, 4 * sizeof *lines + 2 * sizeof(int32_t));
    if (!lines) return psh__error_memory(err, "a model file", n_bits * sizeof *questions);
    int32_t *dims = (int32_t *)(void *)(lines + 4 * n_bits), *thresholds = dims + n_bits;
    for (size_t i = 0; i < n_bits; i++) {
        const psh__line *line = &questions[i].line;
        lines[4 * i] = line->cos, lines[4 * i + 1] = line->sin;
        lines[4 * i + 2] = line->position, lines[4 * i + 3] = line->width;
        dims[i] = questions[i].dim, thresholds[i] = questions[i].at_least;
    }
    dst->owned = lines;
    dst->arrays[0] = (psh__stored){"lines", PSH__STORED_F32, 2, {n_bits, 4}, lines};
    dst->arrays[1] = (psh__stored){"dims", PSH__STORED_I32, 1, {n_bits}, dims};
    dst->arrays[2] = (psh__stored){"thresholds", PSH__STORED_I32, 1, {n_bits}, thresholds};
    dst->n_arrays = 3;
    return PSH_OK;
}

static psh_status read(const psh__safetensors *file, const psh_model *head, const psh_meta *meta, psh_model **dst,
                       psh_error *err) {
    size_t n_bits = head->n_bits;
    const psh__stored *lines, *dims, *thresholds;
    PSH_TRY(psh__safetensors_expect(file, "lines", PSH__STORED_F32, 2, (size_t[]){n_bits, 4}, &lines, err));
    PSH_TRY(psh__safetensors_expect(file, "dims", PSH__STORED_I32, 1, &n_bits, &dims, err));
    PSH_TRY(psh__safetensors_expect(file, "thresholds", PSH__STORED_I32, 1, &n_bits, &thresholds, err));
    psh__question *questions = psh__malloc(n_bits, sizeof *questions);
    if (!questions) return psh__error_memory(err, "a model", n_bits * sizeof *questions);
    for (size_t i = 0; i < n_bits; i++) { /* the file's arrays need not be aligned */
        float line[4];
        memcpy(line, (const char *)lines->data + i * sizeof line, sizeof line);
        questions[i].line = (psh__line){line[0], line[1], line[2], line[3]};
        memcpy(&questions[i].dim, (const char *)dims->data + i * sizeof(int32_t), sizeof(int32_t));
        memcpy(&questions[i].at_least, (const char *)thresholds->data + i * sizeof(int32_t), sizeof(int32_t));
    }
    psh_status status =
        psh__sketch_create(questions, n_bits, &head->frame, head->pool, head->dims_mask, meta, dst, err);
    psh__free(questions);
    return status;
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

static void bit_text(const psh_model *model, int i_bit, char *text, size_t text_bytes) {
    const psh__question *q = &((const psh__sketch *)model)->questions[i_bit];
    bool own = model->frame.kind == PSH_FRAME_DIAGRAM;
    char dim[16] = "", line[128];
    if (q->dim != PSH__ANY_DIM) snprintf(dim, sizeof dim, "H%d ", q->dim);
    line_text(&q->line, own ? &(psh_frame){PSH_FRAME_FIXED, 0, 1} : &model->frame, line, sizeof line);
    snprintf(text, text_bytes, "%spoints with %s%s, minus their projections to the diagonal there: at least %.4g", dim,
             line, own ? " (coordinates scaled to [0, 1] within the diagram)" : "", (double)q->at_least / PSH__ONE);
}

const psh__model_kind psh__sketch_kind = {.name = "sketch",
                                          .n_arrays = 3,
                                          .encode = psh__sketch_encode,
                                          .bit_text = bit_text,
                                          .describe = describe,
                                          .read = read,
                                          .free_parts = free_parts};
