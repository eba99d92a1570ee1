/* model_file.c : models as .safetensors bytes (docs/formats/models.md), written and read here.
 *
 * 8 bytes little-endian: length of the header; the header, one JSON object, padded with spaces to a multiple of 8;
 * then the tensors' bytes. Our tensors: lines F32 (n_bits, 4), dims I32 (n_bits), thresholds I32 (n_bits), frame F64
 * (2). __metadata__ (text to text) says what kind of model it is and how it was made.
 *
 * Reading trusts nothing: sizes are checked before use, every tensor must have exactly its type, shape and place, no
 * byte of the file may be unaccounted for, and the identity in the file must be that of the weights read. Files are
 * little-endian; so are all machines that this is built for (checked at compile time). */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "encoder/model.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little-endian: add byte swaps here"
#endif

enum { MAX_HEADER = 1 << 20, N_TENSORS = 4 };

static const char *const frame_names[] = {"set", "diagram", "fixed"};

/* Every tensor in the order of its bytes, and where they are: in the model's arrays when writing, in the file when
 * reading. */
typedef struct tensor {
    const char *name, *dtype;
    size_t shape[2], n_axes, item_bytes, begin, n_bytes;
} tensor;

static void describe(size_t n_bits, tensor tensors[N_TENSORS]) {
    tensors[0] = (tensor){.name = "frame", .dtype = "F64", .shape = {2}, .n_axes = 1, .item_bytes = 8};
    tensors[1] = (tensor){.name = "lines", .dtype = "F32", .shape = {n_bits, 4}, .n_axes = 2, .item_bytes = 4};
    tensors[2] = (tensor){.name = "dims", .dtype = "I32", .shape = {n_bits}, .n_axes = 1, .item_bytes = 4};
    tensors[3] = (tensor){.name = "thresholds", .dtype = "I32", .shape = {n_bits}, .n_axes = 1, .item_bytes = 4};
    size_t begin = 0;
    for (size_t i = 0; i < N_TENSORS; i++) {
        tensors[i].n_bytes =
            tensors[i].item_bytes * tensors[i].shape[0] * (tensors[i].n_axes == 2 ? tensors[i].shape[1] : 1);
        tensors[i].begin = begin;
        begin += tensors[i].n_bytes;
    }
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static json_t *tensor_json(const tensor *t) {
    json_t *shape = t->n_axes == 2 ? json_pack("[I,I]", (json_int_t)t->shape[0], (json_int_t)t->shape[1])
                                   : json_pack("[I]", (json_int_t)t->shape[0]);
    return json_pack("{s:s, s:o, s:[I,I]}", "dtype", t->dtype, "shape", shape, "data_offsets", (json_int_t)t->begin,
                     (json_int_t)t->begin + (json_int_t)t->n_bytes);
}

/* The header's JSON text, freed by free(); NULL: no memory. */
static char *header_text(const psh_model *model, const tensor tensors[N_TENSORS]) {
    char n_bits[16], dims_mask[16], *text = NULL, *making = psh_meta_write_text(model->meta, 0);
    snprintf(n_bits, sizeof n_bits, "%zu", model->n_bits);
    snprintf(dims_mask, sizeof dims_mask, "%u", model->dims_mask);
    json_t *header =
        making ? json_pack("{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s}}", "__metadata__", "kind", psh_model_kind(model),
                           "n_bits", n_bits, "pool", model->pool ? "true" : "false", "dims_mask", dims_mask,
                           "frame_kind", frame_names[model->frame.kind], "model_id", model->id, "made", making)
               : NULL;
    bool good = header != NULL;
    for (size_t i = 0; good && i < N_TENSORS; i++)
        good = json_object_set_new(header, tensors[i].name, tensor_json(&tensors[i])) == 0;
    if (good) text = json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(header);
    psh_text_free(making);
    return text;
}

static void put_tensors(const psh_model *model, const tensor tensors[N_TENSORS], uint8_t *data) {
    double frame[2] = {model->frame.lo, model->frame.hi};
    memcpy(data + tensors[0].begin, frame, sizeof frame);
    for (size_t i = 0; i < model->n_bits; i++) {
        const psh__question *q = &model->questions[i];
        float line[4] = {q->line.cos, q->line.sin, q->line.position, q->line.width};
        memcpy(data + tensors[1].begin + i * sizeof line, line, sizeof line);
        memcpy(data + tensors[2].begin + i * sizeof q->dim, &q->dim, sizeof q->dim);
        memcpy(data + tensors[3].begin + i * sizeof q->at_least, &q->at_least, sizeof q->at_least);
    }
}

psh_status psh_model_write_bytes(const psh_model *model, uint8_t **bytes, size_t *n_bytes, psh_error *err) {
    tensor tensors[N_TENSORS];
    describe(model->n_bits, tensors);
    const tensor *last = &tensors[N_TENSORS - 1];
    char *text = header_text(model, tensors);
    if (!text) return psh__error_memory(err, "a model file", last->begin + last->n_bytes);
    size_t text_bytes = strlen(text), header_bytes = (text_bytes + 7) / 8 * 8;
    size_t total = 8 + header_bytes + last->begin + last->n_bytes;
    uint8_t *file = psh__malloc(total, 1);
    if (file) {
        uint64_t stored = header_bytes;
        memcpy(file, &stored, 8);
        memcpy(file + 8, text, text_bytes);
        memset(file + 8 + text_bytes, ' ', header_bytes - text_bytes);
        put_tensors(model, tensors, file + 8 + header_bytes);
        *bytes = file;
        *n_bytes = total;
    }
    free(text);
    return file ? PSH_OK : psh__error_memory(err, "a model file", total);
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

static psh_status read_header(const uint8_t *bytes, size_t n_bytes, json_t **header, size_t *data_begin,
                              psh_error *err) {
    uint64_t header_bytes = 0;
    if (n_bytes < 8)
        return psh__error(err, PSH_ERR_FORMAT, "%zu bytes are no model: a .safetensors file has at least 10", n_bytes);
    memcpy(&header_bytes, bytes, 8);
    if (header_bytes < 2 || header_bytes > MAX_HEADER)
        return psh__error(err, PSH_ERR_FORMAT,
                          "no model: the first 8 bytes of a .safetensors file are its header's length, here %llu; "
                          "expected 2 to %d",
                          (unsigned long long)header_bytes, MAX_HEADER);
    if (bytes[8 * (n_bytes > 8)] != '{' && n_bytes > 8)
        return psh__error(err, PSH_ERR_FORMAT,
                          "no model: the header of a .safetensors file starts with {, found \\x%02x", bytes[8]);
    if (header_bytes > n_bytes - 8)
        return psh__error(err, PSH_ERR_CORRUPT, "model file is truncated: header of %llu bytes, %zu left",
                          (unsigned long long)header_bytes, n_bytes - 8);
    json_error_t fault;
    *header = json_loadb((const char *)bytes + 8, (size_t)header_bytes, JSON_REJECT_DUPLICATES, &fault);
    if (!*header) return psh__error(err, PSH_ERR_CORRUPT, "model file's header is no JSON: %s", fault.text);
    *data_begin = 8 + (size_t)header_bytes;
    return PSH_OK;
}

static const char *metadata_text(const json_t *header, const char *key) {
    return json_string_value(json_object_get(json_object_get(header, "__metadata__"), key));
}

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

typedef struct settings {
    size_t n_bits;
    bool pool;
    uint32_t dims_mask;
    psh_frame_kind frame_kind;
} settings;

static psh_status read_settings(const json_t *header, settings *dst, psh_error *err) {
    const char *kind = metadata_text(header, "kind"), *pool = metadata_text(header, "pool");
    const char *frame_kind = metadata_text(header, "frame_kind");
    uint64_t n_bits, dims_mask;
    if (!kind)
        return psh__error(err, PSH_ERR_FORMAT,
                          "a .safetensors file, but no model of persihash: __metadata__ has no kind");
    if (strcmp(kind, "sketch") != 0)
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "model of kind \"%.40s\"; this version (%s) knows: sketch; use the version that wrote it",
                          kind, psh_version());
    if (!parse_number(metadata_text(header, "n_bits"), PSH__MAX_BITS, &n_bits) || n_bits == 0)
        return psh__error(err, PSH_ERR_CORRUPT, "model's n_bits is \"%.40s\"; expected 1 to %d",
                          metadata_text(header, "n_bits") ? metadata_text(header, "n_bits") : "", PSH__MAX_BITS);
    if (!parse_number(metadata_text(header, "dims_mask"), UINT32_MAX, &dims_mask) || !pool ||
        (strcmp(pool, "true") != 0 && strcmp(pool, "false") != 0) || !frame_kind)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "model's __metadata__ lacks a valid pool, dims_mask or frame_kind; expected true or false, a "
                          "number, a name");
    *dst = (settings){(size_t)n_bits, strcmp(pool, "true") == 0, (uint32_t)dims_mask, PSH_FRAME_SET};
    for (size_t i = 0; i < sizeof frame_names / sizeof *frame_names; i++)
        if (strcmp(frame_kind, frame_names[i]) == 0) {
            dst->frame_kind = (psh_frame_kind)i;
            return PSH_OK;
        }
    return psh__error(err, PSH_ERR_CORRUPT, "model's frame_kind is \"%.40s\"; expected set, diagram or fixed",
                      frame_kind);
}

/* The header must describe exactly our tensors, and the file must hold exactly their bytes. */
static psh_status check_tensors(const json_t *header, const tensor tensors[N_TENSORS], size_t data_bytes,
                                psh_error *err) {
    const tensor *last = &tensors[N_TENSORS - 1];
    if (json_object_size(header) != N_TENSORS + 1)
        return psh__error(err, PSH_ERR_CORRUPT, "model file has %zu entries; a sketch has %d tensors and __metadata__",
                          json_object_size(header), N_TENSORS);
    for (size_t i = 0; i < N_TENSORS; i++) {
        json_t *expected = tensor_json(&tensors[i]);
        if (!expected) return psh__error_memory(err, "a model's header", 256);
        bool same = json_equal(json_object_get(header, tensors[i].name), expected);
        json_decref(expected);
        if (!same)
            return psh__error(err, PSH_ERR_CORRUPT,
                              "model's tensor \"%s\" is missing or not as expected: %s, %zu x %zu, bytes %zu to %zu",
                              tensors[i].name, tensors[i].dtype, tensors[i].shape[0],
                              tensors[i].n_axes == 2 ? tensors[i].shape[1] : 1, tensors[i].begin,
                              tensors[i].begin + tensors[i].n_bytes);
    }
    if (data_bytes != last->begin + last->n_bytes)
        return psh__error(err, PSH_ERR_CORRUPT, "model file has %zu bytes of tensors; expected %zu", data_bytes,
                          last->begin + last->n_bytes);
    return PSH_OK;
}

static void get_tensors(const uint8_t *data, const tensor tensors[N_TENSORS], const settings *set,
                        psh__question *questions, psh_frame *frame) {
    frame->kind = set->frame_kind;
    memcpy(&frame->lo, data + tensors[0].begin, sizeof frame->lo);
    memcpy(&frame->hi, data + tensors[0].begin + sizeof frame->lo, sizeof frame->hi);
    for (size_t i = 0; i < set->n_bits; i++) {
        float line[4];
        memcpy(line, data + tensors[1].begin + i * sizeof line, sizeof line);
        questions[i].line = (psh__line){line[0], line[1], line[2], line[3]};
        memcpy(&questions[i].dim, data + tensors[2].begin + i * sizeof(int32_t), sizeof(int32_t));
        memcpy(&questions[i].at_least, data + tensors[3].begin + i * sizeof(int32_t), sizeof(int32_t));
    }
}

psh_status psh_model_read_bytes(const uint8_t *bytes, size_t n_bytes, psh_model **dst, psh_error *err) {
    json_t *header = NULL;
    psh_meta *meta = NULL;
    psh__question *questions = NULL;
    psh_model *model = NULL;
    psh_status status = PSH_OK;
    size_t data_begin = 0;
    settings set = {0};
    psh_frame frame;
    tensor tensors[N_TENSORS];
    PSH_TRY_GOTO(read_header(bytes, n_bytes, &header, &data_begin, err));
    PSH_TRY_GOTO(read_settings(header, &set, err));
    describe(set.n_bits, tensors);
    PSH_TRY_GOTO(check_tensors(header, tensors, n_bytes - data_begin, err));
    questions = psh__malloc(set.n_bits, sizeof *questions);
    if (!questions) {
        status = psh__error_memory(err, "a model", set.n_bits * sizeof *questions);
        goto done;
    }
    get_tensors(bytes + data_begin, tensors, &set, questions, &frame);
    PSH_TRY_GOTO(psh__model_check(questions, set.n_bits, &frame, set.pool, set.dims_mask, err));
    const char *made = metadata_text(header, "made"), *id = metadata_text(header, "model_id");
    PSH_TRY_GOTO(psh_meta_read_text(made ? made : "{}", &meta, err));
    PSH_TRY_GOTO(psh__model_create(questions, set.n_bits, &frame, set.pool, set.dims_mask, meta, &model, err));
    if (!id || strcmp(id, model->id) != 0) {
        status = psh__error(err, PSH_ERR_CORRUPT,
                            "model file says it is model %.40s, but its weights are %s; get a fresh copy",
                            id ? id : "(none)", model->id);
        goto done;
    }
    *dst = model;
    model = NULL;
done:
    json_decref(header);
    psh_meta_free(meta);
    psh__free(questions);
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
