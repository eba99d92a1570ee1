/* model_file.c : models as .safetensors bytes (docs/formats/models.md), written and read here.
 *
 * Common to all kinds: the array frame F64 (2), and in __metadata__ (text to text) kind, n_bits, pool, dims_mask,
 * frame_kind, model_id and how it was made. The rest is the kind's.
 *
 * Reading trusts nothing: safetensors.c checks the container, the kind its arrays, and the identity in the file must be
 * that of the weights read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "encoder/model.h"

static const psh__model_kind *const kinds[] = {&psh__sketch_kind, &psh__compact_kind, &psh__general_kind,
                                               &psh__pdgan_kind};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static const char *const frame_names[] = {"set", "diagram", "fixed"};

/* --- Writing ------------------------------------------------------------------------------------------------------ */

psh_status psh_model_write_bytes(const psh_model *model, uint8_t **bytes, size_t *n_bytes, psh_error *err) {
    psh_status status = PSH_OK;
    psh__model_parts parts = {0}, all = {0};
    char n_bits[16], dims_mask[16], *making = psh_meta_write_text(model->meta, 0);
    double frame[2] = {model->frame.lo, model->frame.hi};
    if (!making) return psh__error_memory(err, "a model file", 256);
    PSH_TRY_GOTO(model->kind->describe(model, &parts, err));
    snprintf(n_bits, sizeof n_bits, "%zu", model->n_bits);
    snprintf(dims_mask, sizeof dims_mask, "%" PRIu32, model->dims_mask);
    const psh__stored_text common[] = {{"kind", model->kind->name},
                                       {"n_bits", n_bits},
                                       {"pool", model->pool ? "true" : "false"},
                                       {"dims_mask", dims_mask},
                                       {"frame_kind", frame_names[model->frame.kind]},
                                       {"model_id", model->id},
                                       {"made", making}};
    enum { N_COMMON = sizeof common / sizeof *common };
    psh__stored_text texts[N_COMMON + PSH__MODEL_MAX_TEXTS];
    memcpy(texts, common, sizeof common);
    memcpy(texts + N_COMMON, parts.texts, parts.n_texts * sizeof *texts);
    all.arrays[0] = (psh__stored){"frame", PSH__STORED_F64, 1, {2}, frame};
    memcpy(all.arrays + 1, parts.arrays, parts.n_arrays * sizeof *all.arrays);
    PSH_TRY_GOTO(
        psh__safetensors_write(all.arrays, parts.n_arrays + 1, texts, N_COMMON + parts.n_texts, bytes, n_bytes, err));
done:
    psh__free(parts.owned);
    psh_text_free(making);
    return status;
}

void psh_bytes_free(uint8_t *bytes) {
    psh__free(bytes);
}

psh_status psh_model_write(const psh_model *model, const char *path, psh_error *err) {
    uint8_t *bytes;
    size_t n_bytes;
    PSH_TRY(psh_model_write_bytes(model, &bytes, &n_bytes, err));
    psh_status status = psh__file_replace(path, bytes, n_bytes, err);
    psh_bytes_free(bytes);
    return status;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* A decimal number from 0 to most, no sign, no space. */
static bool parse_number(const char *text, uint64_t most, uint64_t *dst) {
    if (!text || !*text || strlen(text) > 10) return false;
    uint64_t value = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *dst = value;
    return value <= most;
}

static psh_status read_kind(const psh__safetensors *file, const psh__model_kind **dst, psh_error *err) {
    const char *kind = psh__safetensors_text(file, "kind");
    if (!kind)
        return psh__error(err, PSH_ERR_FORMAT,
                          "a .safetensors file, but no model of persihash: __metadata__ has no kind");
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kind, kinds[i]->name) == 0) return *dst = kinds[i], PSH_OK;
    return psh__error(err, PSH_ERR_UNSUPPORTED,
                      "model of kind \"%.40s\"; this version (%s) does not know it; use the version that wrote it",
                      kind, psh_version());
}

static psh_status read_head(const psh__safetensors *file, psh_model *dst, psh_error *err) {
    const char *n_bits_text = psh__safetensors_text(file, "n_bits"), *pool = psh__safetensors_text(file, "pool");
    const char *frame_kind = psh__safetensors_text(file, "frame_kind");
    uint64_t n_bits, dims_mask;
    const psh__stored *frame;
    *dst = (psh_model){0};
    if (!parse_number(n_bits_text, PSH__MAX_BITS, &n_bits) || n_bits == 0)
        return psh__error(err, PSH_ERR_CORRUPT, "model's n_bits is \"%.40s\"; expected 1 to %d",
                          n_bits_text ? n_bits_text : "", PSH__MAX_BITS);
    if (!parse_number(psh__safetensors_text(file, "dims_mask"), UINT32_MAX, &dims_mask) || !pool ||
        (strcmp(pool, "true") != 0 && strcmp(pool, "false") != 0) || !frame_kind)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "model's __metadata__ lacks a valid pool, dims_mask or frame_kind; expected true or false, a "
                          "number, a name");
    size_t i_frame = 0, n_frames = sizeof frame_names / sizeof *frame_names;
    while (i_frame < n_frames && strcmp(frame_kind, frame_names[i_frame]) != 0) i_frame++;
    if (i_frame == n_frames)
        return psh__error(err, PSH_ERR_CORRUPT, "model's frame_kind is \"%.40s\"; expected set, diagram or fixed",
                          frame_kind);
    PSH_TRY(psh__safetensors_expect(file, "frame", PSH__STORED_F64, 1, (size_t[]){2}, &frame, err));
    dst->n_bits = (size_t)n_bits;
    dst->pool = strcmp(pool, "true") == 0;
    dst->dims_mask = (uint32_t)dims_mask;
    dst->frame.kind = (psh_frame_kind)i_frame;
    memcpy(&dst->frame.lo, frame->data, sizeof dst->frame.lo);
    memcpy(&dst->frame.hi, (const char *)frame->data + sizeof dst->frame.lo, sizeof dst->frame.hi);
    return psh__model_check(dst->n_bits, &dst->frame, err);
}

psh_status psh_model_read_bytes(const uint8_t *bytes, size_t n_bytes, psh_model **dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh__safetensors *file = NULL;
    const psh__model_kind *kind = NULL;
    psh_meta *meta = NULL;
    psh_model *model = NULL, head;
    PSH_TRY_GOTO(psh__safetensors_read(bytes, n_bytes, &file, err));
    PSH_TRY_GOTO(read_kind(file, &kind, err));
    PSH_TRY_GOTO(read_head(file, &head, err));
    if (kind->n_arrays && psh__safetensors_count(file) != kind->n_arrays + 1) {
        status = psh__error(err, PSH_ERR_CORRUPT,
                            "model file has %zu arrays; a %s has %zu: it is damaged, or of another version of this "
                            "library, and then to be made again",
                            psh__safetensors_count(file), kind->name, kind->n_arrays + 1);
        goto done;
    }
    const char *made = psh__safetensors_text(file, "made"), *id = psh__safetensors_text(file, "model_id");
    PSH_TRY_GOTO(psh_meta_read_text(made ? made : "{}", &meta, err));
    PSH_TRY_GOTO(kind->read(file, &head, meta, &model, err));
    if (!id || strcmp(id, model->id) != 0) {
        status = psh__error(err, PSH_ERR_CORRUPT,
                            "model file says it is model %.40s, but its weights are %s; get a fresh copy",
                            id ? id : "(none)", model->id);
        goto done;
    }
    *dst = model;
    model = NULL;
done:
    psh__safetensors_free(file);
    psh_meta_free(meta);
    psh_model_free(model);
    return status;
}

psh_status psh_model_read(const char *path, psh_model **dst, psh_error *err) {
    psh__bytes bytes;
    PSH_TRY(psh__bytes_read(path, &bytes, err));
    psh_status status = psh_model_read_bytes(bytes.data, bytes.n_bytes, dst, err);
    psh__bytes_free(&bytes);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "%s", path);
}
