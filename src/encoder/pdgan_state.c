/* pdgan_state.c : a trainer's weights in and out: checkpoints, and weights that others have trained.
 *
 * A checkpoint is a .safetensors file: of each network all arrays, NAME, and of trained ones the optimiser's two
 * moments, NAME.m and NAME.v; __metadata__ says how far training is and on what. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "encoder/pdgan_train.h"

enum { NAME_BYTES = 96, TEXT_BYTES = 256, N_TEXTS = 6 };

static const char *const part_names[PSH__N_PARTS] = {"encoder", "generator", "features", "verdict"};
static const char *const suffixes[] = {[PSH__VALUES] = "", [PSH__MOMENTS_1] = ".m", [PSH__MOMENTS_2] = ".v"};
static const psh__role roles[] = {PSH__VALUES, PSH__MOMENTS_1, PSH__MOMENTS_2};

static void name_of(int part, const psh__tensor *tensor, psh__role role, char name[NAME_BYTES]) {
    snprintf(name, NAME_BYTES, "%s.%s%s", part_names[part], tensor->name, suffixes[role]);
}

/* Calls `visit` for each array of a checkpoint. */
typedef psh_status array_visitor(void *user, const char *name, const psh__tensor *tensor, psh__net *net, size_t i,
                                 psh__role role, psh_error *err);
static psh_status visit_arrays(const psh_pdgan *gan, array_visitor *visit, void *user, psh_error *err) {
    char name[NAME_BYTES];
    for (int part = 0; part < PSH__N_PARTS; part++) {
        if (!gan->nets[part]) continue;
        for (size_t i = 0; i < psh__net_n_tensors(gan->nets[part]); i++) {
            const psh__tensor *tensor = psh__net_tensor(gan->nets[part], i);
            for (int r = 0; r < (tensor->is_trained ? 3 : 1); r++) {
                name_of(part, tensor, roles[r], name);
                PSH_TRY(visit(user, name, tensor, gan->nets[part], i, roles[r], err));
            }
        }
    }
    return PSH_OK;
}

/* --- Saving ------------------------------------------------------------------------------------------------------- */

/* Two rounds over the arrays: counting, then taking them. */
typedef struct saving {
    psh__stored *arrays;
    char (*names)[NAME_BYTES];
    float *values;
    size_t n_arrays, n_values;
} saving;

static psh_status count_array(void *user, const char *name, const psh__tensor *tensor, psh__net *net, size_t i,
                              psh__role role, psh_error *err) {
    saving *s = user;
    s->n_arrays++;
    s->n_values += tensor->n_values;
    return PSH_OK;
}

static psh_status take_array(void *user, const char *name, const psh__tensor *tensor, psh__net *net, size_t i,
                             psh__role role, psh_error *err) {
    saving *s = user;
    psh__stored *array = &s->arrays[s->n_arrays];
    memcpy(s->names[s->n_arrays], name, NAME_BYTES);
    *array = (psh__stored){.name = s->names[s->n_arrays++],
                           .type = PSH__STORED_F32,
                           .n_axes = tensor->n_axes,
                           .data = s->values + s->n_values};
    memcpy(array->shape, tensor->shape, tensor->n_axes * sizeof *tensor->shape);
    PSH_TRY(psh__net_get(net, i, role, s->values + s->n_values, err));
    s->n_values += tensor->n_values;
    return PSH_OK;
}

static void write_texts(const psh_pdgan *gan, char texts[N_TEXTS][TEXT_BYTES], psh__stored_text *dst) {
    static const char *const keys[N_TEXTS] = {"kind", "run_id", "epoch", "batch", "steps", "losses"};
    const psh__losses *l = &gan->sums;
    snprintf(texts[0], TEXT_BYTES, "pdgan checkpoint");
    snprintf(texts[1], TEXT_BYTES, "%016" PRIx64, gan->run_id);
    snprintf(texts[2], TEXT_BYTES, "%" PRIu64, gan->i_epoch);
    snprintf(texts[3], TEXT_BYTES, "%" PRIu64, gan->i_batch);
    snprintf(texts[4], TEXT_BYTES, "%" PRIu64, psh__net_steps(gan->nets[PSH__ENCODER]));
    snprintf(texts[5], TEXT_BYTES, "%.17g %.17g %.17g %.17g %.17g %.17g", l->similarity, l->quantisation, l->mse,
             l->perceptual, l->generator, l->discriminator);
    for (int i = 0; i < N_TEXTS; i++) dst[i] = (psh__stored_text){keys[i], texts[i]};
}

psh_status psh_pdgan_save(const psh_pdgan *gan, const char *path, psh_error *err) {
    psh_status status = PSH_OK;
    saving s = {0};
    char buffers[N_TEXTS][TEXT_BYTES];
    psh__stored_text texts[N_TEXTS];
    uint8_t *bytes = NULL;
    size_t n_bytes;
    PSH_TRY(visit_arrays(gan, count_array, &s, err));
    s.arrays = psh__calloc(s.n_arrays, sizeof *s.arrays);
    s.names = psh__calloc(s.n_arrays, sizeof *s.names);
    s.values = psh__malloc(s.n_values, sizeof *s.values);
    if (!s.arrays || !s.names || !s.values) {
        status = psh__error_memory(err, "a checkpoint", s.n_values * sizeof *s.values);
        goto done;
    }
    s.n_arrays = s.n_values = 0;
    PSH_TRY_GOTO(visit_arrays(gan, take_array, &s, err));
    write_texts(gan, buffers, texts);
    PSH_TRY_GOTO(psh__safetensors_write(s.arrays, s.n_arrays, texts, N_TEXTS, &bytes, &n_bytes, err));
    status = psh__file_replace(path, bytes, n_bytes, err);
done:
    psh__free(bytes);
    psh__free(s.arrays);
    psh__free(s.names);
    psh__free(s.values);
    return status;
}

/* --- Loading ------------------------------------------------------------------------------------------------------ */

typedef struct loading {
    const psh__safetensors *file;
    float *room; /* as large as the largest array; NULL: only look whether all is there */
    size_t n_arrays, most;
} loading;

static psh_status load_array(void *user, const char *name, const psh__tensor *tensor, psh__net *net, size_t i,
                             psh__role role, psh_error *err) {
    loading *l = user;
    const psh__stored *array;
    PSH_TRY(psh__safetensors_expect(l->file, name, PSH__STORED_F32, tensor->n_axes, tensor->shape, &array, err));
    l->n_arrays++;
    if (tensor->n_values > l->most) l->most = tensor->n_values;
    if (!l->room) return PSH_OK;
    PSH_TRY(psh__stored_floats(array, l->room, err));
    return psh__net_set(net, i, role, l->room, err);
}

static bool read_counter(const psh__safetensors *file, const char *key, uint64_t most, uint64_t *dst) {
    const char *text = psh__safetensors_text(file, key);
    char rest;
    return text && sscanf(text, "%" SCNu64 "%c", dst, &rest) == 1 && *text != '-' && *dst <= most;
}

/* How far training was; nothing is changed before all is read. */
static psh_status read_progress(const psh_pdgan *gan, const psh__safetensors *file, uint64_t counters[3],
                                psh__losses *sums, psh_error *err) {
    const char *kind = psh__safetensors_text(file, "kind"), *run_id = psh__safetensors_text(file, "run_id");
    const char *losses = psh__safetensors_text(file, "losses");
    char wanted[TEXT_BYTES];
    if (!kind || strcmp(kind, "pdgan checkpoint") != 0)
        return psh__error(err, PSH_ERR_FORMAT, "not a checkpoint of PD-GAN's training; its kind is \"%.40s\"",
                          kind ? kind : "(none)");
    snprintf(wanted, sizeof wanted, "%016" PRIx64, gan->run_id);
    if (!run_id || strcmp(run_id, wanted) != 0)
        return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                          "checkpoint of run %.40s, this is run %s: other diagrams, similarities or options; give the "
                          "same ones to go on",
                          run_id ? run_id : "(none)", wanted);
    if (!read_counter(file, "epoch", UINT32_MAX, &counters[0]) ||
        !read_counter(file, "batch", gan->n_items / gan->n_batch, &counters[1]) ||
        !read_counter(file, "steps", UINT64_MAX, &counters[2]) || !losses ||
        sscanf(losses, "%lf %lf %lf %lf %lf %lf", &sums->similarity, &sums->quantisation, &sums->mse, &sums->perceptual,
               &sums->generator, &sums->discriminator) != PSH__N_LOSSES)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "checkpoint's epoch, batch, steps or losses are no numbers that can be");
    return PSH_OK;
}

static psh_status load_from(psh_pdgan *gan, const psh__safetensors *file, psh_error *err) {
    uint64_t counters[3];
    psh__losses sums;
    loading l = {.file = file};
    PSH_TRY(read_progress(gan, file, counters, &sums, err));
    PSH_TRY(visit_arrays(gan, load_array, &l, err));
    if (l.n_arrays != psh__safetensors_count(file))
        return psh__error(err, PSH_ERR_CORRUPT, "checkpoint has %zu arrays; expected %zu", psh__safetensors_count(file),
                          l.n_arrays);
    l.room = psh__malloc(l.most, sizeof *l.room);
    if (!l.room) return psh__error_memory(err, "a checkpoint", l.most * sizeof *l.room);
    psh_status status = visit_arrays(gan, load_array, &l, err);
    psh__free(l.room);
    PSH_TRY(status);
    for (int part = 0; part < PSH__N_PARTS; part++)
        if (gan->nets[part]) psh__net_set_steps(gan->nets[part], counters[2]);
    gan->i_epoch = counters[0], gan->i_batch = counters[1], gan->sums = sums, gan->seconds = 0;
    psh__gan_shuffle(gan);
    return PSH_OK;
}

psh_status psh_pdgan_load(psh_pdgan *gan, const char *path, psh_error *err) {
    psh__bytes bytes;
    psh__safetensors *file = NULL;
    PSH_TRY(psh__bytes_read(path, &bytes, err));
    psh_status status = psh__safetensors_read(bytes.data, bytes.n_bytes, &file, err);
    if (status == PSH_OK) status = load_from(gan, file, err);
    psh__safetensors_free(file);
    psh__bytes_free(&bytes);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "%s", path);
}

/* --- Weights of others -------------------------------------------------------------------------------------------- */

/* (out, 3, 3, 3) of colours -> (out, channels, 3, 3): their sum reads the counts, 0 the number of points. */
static void merge_colours(const float *colours, size_t n_out, size_t n_channels, float *dst) {
    memset(dst, 0, n_out * n_channels * 9 * sizeof *dst);
    for (size_t o = 0; o < n_out; o++)
        for (size_t k = 0; k < 9; k++) {
            const float *c = colours + o * 27 + k;
            dst[o * n_channels * 9 + k] = c[0] + c[9] + c[18];
        }
}

static bool has_shape(const psh__stored *array, const psh__tensor *tensor, bool is_first) {
    size_t shape[4];
    memcpy(shape, tensor->shape, sizeof shape);
    if (is_first) shape[1] = 3;
    return array->n_axes == tensor->n_axes && memcmp(array->shape, shape, tensor->n_axes * sizeof *shape) == 0;
}

/* Convolutions must be there; fully connected layers are taken where they fit. */
static psh_status take_weights(psh_pdgan *gan, const psh__safetensors *file, size_t *n_taken, psh_error *err) {
    psh__net *net = gan->nets[PSH__ENCODER];
    *n_taken = 0;
    for (size_t i = 0; i < psh__net_n_tensors(net); i++) {
        const psh__tensor *tensor = psh__net_tensor(net, i);
        const psh__stored *array = psh__stored_find(file, tensor->name);
        bool is_conv = strncmp(tensor->name, "features.", 9) == 0, is_first = i == 0;
        if (!array || !has_shape(array, tensor, is_first)) {
            if (!is_conv) continue;
            return psh__error(err, PSH_ERR_SHAPE,
                              "array \"%s\" is %s; expected (%zu, %zu, 3, 3) for width %g: ImageNet's "
                              "VGG19 is of width 1 and layout vgg19",
                              tensor->name, array ? "of another shape" : "missing", tensor->shape[0],
                              is_first ? 3 : tensor->shape[1], gan->params.width);
        }
        size_t n = psh__stored_n_items(array);
        float *values = psh__malloc(2 * n, sizeof *values);
        if (!values) return psh__error_memory(err, "weights", 2 * n * sizeof *values);
        psh_status status = psh__stored_floats(array, values, err);
        if (status == PSH_OK && is_first) merge_colours(values, tensor->shape[0], tensor->shape[1], values + n);
        if (status == PSH_OK) status = psh__net_set(net, i, PSH__VALUES, is_first ? values + n : values, err);
        psh__free(values);
        PSH_TRY(status);
        ++*n_taken;
    }
    return PSH_OK;
}

psh_status psh_pdgan_init(psh_pdgan *gan, const char *path, size_t *n_taken, psh_error *err) {
    psh__bytes bytes;
    psh__safetensors *file = NULL;
    size_t n;
    PSH_TRY(psh__bytes_read(path, &bytes, err));
    psh_status status = psh__safetensors_read(bytes.data, bytes.n_bytes, &file, err);
    if (status == PSH_OK) status = take_weights(gan, file, n_taken ? n_taken : &n, err);
    psh__safetensors_free(file);
    psh__bytes_free(&bytes);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "%s", path);
}
