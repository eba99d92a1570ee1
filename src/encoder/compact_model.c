/* compact_model.c : the compact model: its parts, their place in a file, encoding, and its bits in words.
 *
 * Bit i is 1 if  sum over features f of weight[f][i] x_f + offset[i] > 0,  x the slices of the diagram. Features are
 * sums over points, so this is a sum over points of one learned function of (birth, death) that vanishes on the
 * diagonal, compared with a threshold. Encoding: slices of 48 diagrams at a time, then one matrix product. */
#include "encoder/compact_model.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "encoder/dense.h"
#include "encoder/linear.h"

enum { BLOCK = 48 /* diagrams: a whole number of tiles of the product */ };

static void identify(psh__compact *compact) {
    uint64_t hash = psh__model_hash(&compact->base);
    const psh__slices *slices = &compact->slices;
    uint32_t n_dims = (uint32_t)slices->n_dims;
    size_t n_features = psh__slices_n_features(slices);
    hash = psh__hash(hash, &n_dims, sizeof n_dims);
    hash = psh__hash(hash, slices->dims, slices->n_dims * sizeof *slices->dims);
    for (size_t i = 0; i < slices->n_dims * PSH__SLICE_DIRECTIONS; i++) {
        const psh__slice *slice = &slices->slices[i];
        hash = psh__hash(hash, &slice->start, sizeof slice->start);
        hash = psh__hash(hash, &slice->step, sizeof slice->step);
        hash = psh__hash(hash, slice->edges, sizeof slice->edges);
    }
    hash = psh__hash(hash, compact->halves, n_features * compact->base.n_bits * sizeof *compact->halves);
    hash = psh__hash(hash, compact->offsets, compact->base.n_bits * sizeof *compact->offsets);
    psh__hash_text(hash, compact->base.id);
}

static psh_status reserve(psh__compact *compact, psh_error *err) {
    size_t n_features = psh__slices_n_features(&compact->slices), n_bits = compact->base.n_bits;
    compact->n_columns = psh__linear_columns(n_bits);
    compact->halves = psh__malloc(n_features * n_bits, sizeof *compact->halves);
    compact->weights = psh__calloc(n_features * compact->n_columns, sizeof *compact->weights);
    compact->offsets = psh__calloc(compact->n_columns, sizeof *compact->offsets);
    if (!compact->halves || !compact->weights || !compact->offsets)
        return psh__error_memory(err, "a model", n_features * compact->n_columns * sizeof *compact->weights);
    return PSH_OK;
}

/* After halves and offsets are set. */
static psh_status finish(psh__compact *compact, psh_error *err) {
    size_t n_features = psh__slices_n_features(&compact->slices), n_bits = compact->base.n_bits;
    for (size_t f = 0; f < n_features; f++)
        for (size_t i = 0; i < n_bits; i++) {
            float weight = psh__half_to_float(compact->halves[f * n_bits + i]);
            if (!isfinite(weight) || !isfinite(compact->offsets[i]))
                return psh__error(err, PSH_ERR_CORRUPT,
                                  "model's bit %zu has the weight %g at feature %zu and the offset %g; expected finite "
                                  "numbers",
                                  i, weight, f, compact->offsets[i]);
            compact->weights[f * compact->n_columns + i] = weight;
        }
    identify(compact);
    return psh__slicer_create(&compact->slices, &compact->slicer, err);
}

psh_status psh__compact_create(const psh__slices *slices, const float *weights, const float *offsets, size_t n_bits,
                               const psh_frame *frame, bool pool, uint32_t dims_mask, const psh_meta *meta,
                               psh_model **dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh_model head = {.n_bits = n_bits, .frame = *frame, .pool = pool, .dims_mask = dims_mask};
    PSH_TRY(psh__model_check(n_bits, frame, err));
    psh__compact *compact = psh__calloc(1, sizeof *compact);
    if (!compact) return psh__error_memory(err, "a model", sizeof *compact);
    PSH_TRY_GOTO(psh__model_init(&compact->base, &psh__compact_kind, &head, meta, err));
    compact->slices = *slices;
    PSH_TRY_GOTO(reserve(compact, err));
    for (size_t f = 0; f < psh__slices_n_features(slices); f++)
        for (size_t i = 0; i < n_bits; i++)
            compact->halves[f * n_bits + i] = psh__half_from_float(weights[f * compact->n_columns + i]);
    memcpy(compact->offsets, offsets, n_bits * sizeof *offsets);
    PSH_TRY_GOTO(finish(compact, err));
    *dst = &compact->base;
    compact = NULL;
done:
    psh_model_free(compact ? &compact->base : NULL);
    return status;
}

static void free_parts(psh_model *model) {
    psh__compact *compact = (psh__compact *)model;
    psh__slicer_free(compact->slicer);
    psh__free(compact->halves);
    psh__free(compact->weights);
    psh__free(compact->offsets);
}

/* --- Encoding ----------------------------------------------------------------------------------------------------- */

typedef struct loops {
    const psh__slice_kernels *slice;
    psh__dense_rows *multiply;
} loops;

/* Diagrams [first, first + n). Answers the first that cannot be encoded, or SIZE_MAX. rows : (BLOCK, n_features), then
 * (BLOCK, n_columns). */
static size_t encode_block(const psh__compact *compact, const loops *at, const psh_diagrams *set, size_t first,
                           size_t n, float *rows, uint8_t *codes, float *values) {
    const psh_model *model = &compact->base;
    size_t n_features = psh__slices_n_features(&compact->slices), n_bytes = psh_model_n_bytes(model);
    float *z = rows + BLOCK * n_features;
    for (size_t i = 0; i < n; i++)
        if (!psh__slicer_row(compact->slicer, at->slice, set, first + i, &model->frame, model->dims_mask,
                             rows + i * n_features))
            return first + i;
    at->multiply(&(psh__product){n,
                                 compact->n_columns,
                                 n_features,
                                 {rows, n_features, 1},
                                 {compact->weights, compact->n_columns},
                                 {z, compact->n_columns}});
    for (size_t i = 0; i < n && codes; i++)
        for (size_t byte = 0; byte < n_bytes; byte++) { /* columns beyond the bits are zero, and so are their bits */
            const float *here = z + i * compact->n_columns + 8 * byte, *offsets = compact->offsets + 8 * byte;
            unsigned ones = 0;
            for (unsigned b = 0; b < 8; b++) ones |= (unsigned)(here[b] + offsets[b] > 0) << b;
            codes[(first + i) * n_bytes + byte] = (uint8_t)ones;
        }
    for (size_t i = 0; i < n && values; i++)
        for (size_t b = 0; b < model->n_bits; b++)
            values[(first + i) * model->n_bits + b] = z[i * compact->n_columns + b] + compact->offsets[b];
    return SIZE_MAX;
}

static psh_status encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes, float *values,
                         psh_error *err) {
    const psh__compact *compact = (const psh__compact *)model;
    const loops at = {psh__slice_kernels_get(), psh__dense_rows_get()};
    size_t n_diagrams = psh_diagrams_count(set), n_blocks = (n_diagrams + BLOCK - 1) / BLOCK, first_bad = SIZE_MAX;
    size_t desk_floats = BLOCK * (psh__slices_n_features(&compact->slices) + compact->n_columns);
    int n_workers = psh_cpu_threads(n_threads);
    float *desks = psh__malloc((size_t)n_workers * desk_floats, sizeof *desks);
    if (!desks) return psh__error_memory(err, "encoding", (size_t)n_workers * desk_floats * sizeof *desks);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_workers) reduction(min : first_bad)
    for (size_t i = 0; i < n_blocks; i++) {
        size_t first = i * BLOCK, n = n_diagrams - first < BLOCK ? n_diagrams - first : BLOCK;
        float *rows = desks + (size_t)omp_get_thread_num() * desk_floats;
        size_t bad = encode_block(compact, &at, set, first, n, rows, codes, values);
        if (bad < first_bad) first_bad = bad;
    }
    psh__free(desks);
    return first_bad == SIZE_MAX ? PSH_OK : psh__model_refuse_infinite(set, first_bad, err);
}

/* --- File --------------------------------------------------------------------------------------------------------- */

/* dims I32 (n_dims), starts and steps F32 (n_dims, directions), edges I32 (n_dims, directions, cells + 1), weights F16
 * (n_features, n_bits), offsets F32 (n_bits). */
static psh_status describe(const psh_model *model, psh__model_parts *dst, psh_error *err) {
    const psh__compact *compact = (const psh__compact *)model;
    const psh__slices *slices = &compact->slices;
    size_t n_dims = slices->n_dims, n_slices = n_dims * PSH__SLICE_DIRECTIONS, n_edges = PSH__SLICE_CELLS + 1;
    float *starts = psh__malloc(n_slices, 2 * sizeof(float) + n_edges * sizeof(int32_t));
    if (!starts) return psh__error_memory(err, "a model file", n_slices * n_edges * sizeof(int32_t));
    float *steps = starts + n_slices;
    int32_t *edges = (int32_t *)(void *)(steps + n_slices);
    for (size_t i = 0; i < n_slices; i++) {
        starts[i] = slices->slices[i].start, steps[i] = slices->slices[i].step;
        for (size_t k = 0; k < n_edges; k++) edges[i * n_edges + k] = slices->slices[i].edges[k];
    }
    enum { D = PSH__SLICE_DIRECTIONS };
    dst->owned = starts;
    dst->arrays[0] = (psh__stored){"dims", PSH__STORED_I32, 1, {n_dims}, slices->dims};
    dst->arrays[1] = (psh__stored){"starts", PSH__STORED_F32, 2, {n_dims, D}, starts};
    dst->arrays[2] = (psh__stored){"steps", PSH__STORED_F32, 2, {n_dims, D}, steps};
    dst->arrays[3] = (psh__stored){"edges", PSH__STORED_I32, 3, {n_dims, D, n_edges}, edges};
    dst->arrays[4] = (psh__stored){"offsets", PSH__STORED_F32, 1, {model->n_bits}, compact->offsets};
    dst->arrays[5] =
        (psh__stored){"weights", PSH__STORED_F16, 2, {psh__slices_n_features(slices), model->n_bits}, compact->halves};
    dst->n_arrays = 6;
    return PSH_OK;
}

static psh_status read_slices(const psh__safetensors *file, const psh_model *head, psh__slices *dst, psh_error *err) {
    enum { D = PSH__SLICE_DIRECTIONS, N_EDGES = PSH__SLICE_CELLS + 1 };
    const psh__stored *dims = NULL, *starts, *steps, *edges;
    for (size_t i = 0; i < psh__safetensors_count(file); i++)
        if (strcmp(psh__safetensors_array(file, i)->name, "dims") == 0) dims = psh__safetensors_array(file, i);
    size_t n_dims = dims && dims->n_axes == 1 ? dims->shape[0] : 0;
    if (n_dims < 1 || n_dims > PSH__SLICE_MAX_DIMS)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "model's array \"dims\" is missing or has %zu numbers; expected 1 to %d", n_dims,
                          PSH__SLICE_MAX_DIMS);
    PSH_TRY(psh__safetensors_expect(file, "dims", PSH__STORED_I32, 1, &n_dims, &dims, err));
    PSH_TRY(psh__safetensors_expect(file, "starts", PSH__STORED_F32, 2, (size_t[]){n_dims, D}, &starts, err));
    PSH_TRY(psh__safetensors_expect(file, "steps", PSH__STORED_F32, 2, (size_t[]){n_dims, D}, &steps, err));
    PSH_TRY(psh__safetensors_expect(file, "edges", PSH__STORED_I32, 3, (size_t[]){n_dims, D, N_EDGES}, &edges, err));
    memset(dst, 0, sizeof *dst);
    dst->n_dims = n_dims;
    memcpy(dst->dims, dims->data, n_dims * sizeof *dst->dims);
    for (size_t i = 0; i < n_dims * D; i++) {
        int32_t values[N_EDGES];
        memcpy(&dst->slices[i].start, (const char *)starts->data + i * sizeof(float), sizeof(float));
        memcpy(&dst->slices[i].step, (const char *)steps->data + i * sizeof(float), sizeof(float));
        memcpy(values, (const char *)edges->data + i * sizeof values, sizeof values);
        for (size_t k = 0; k < N_EDGES; k++) /* what does not fit fails the check below: edges end at FINE */
            dst->slices[i].edges[k] = values[k] >= 0 && values[k] <= PSH__SLICE_FINE ? (uint16_t)values[k] : UINT16_MAX;
    }
    for (size_t d = 0; d < n_dims; d++)
        if (head->pool ? dst->dims[d] != PSH__SLICE_ANY
                       : dst->dims[d] < 0 || !psh__wants_dim(head->dims_mask, dst->dims[d]))
            return psh__error(err, PSH_ERR_CORRUPT, "model's slices are of dimension %d; expected %s", dst->dims[d],
                              head->pool ? "-1, since the model ignores dimensions" : "one that the model takes");
    return psh__slices_check(dst, err);
}

static psh_status read(const psh__safetensors *file, const psh_model *head, const psh_meta *meta, psh_model **dst,
                       psh_error *err) {
    psh_status status = PSH_OK;
    const psh__stored *weights, *offsets;
    psh__compact *compact = psh__calloc(1, sizeof *compact);
    if (!compact) return psh__error_memory(err, "a model", sizeof *compact);
    PSH_TRY_GOTO(psh__model_init(&compact->base, &psh__compact_kind, head, meta, err));
    PSH_TRY_GOTO(read_slices(file, head, &compact->slices, err));
    size_t n_features = psh__slices_n_features(&compact->slices), n_bits = head->n_bits;
    PSH_TRY_GOTO(
        psh__safetensors_expect(file, "weights", PSH__STORED_F16, 2, (size_t[]){n_features, n_bits}, &weights, err));
    PSH_TRY_GOTO(psh__safetensors_expect(file, "offsets", PSH__STORED_F32, 1, &n_bits, &offsets, err));
    PSH_TRY_GOTO(reserve(compact, err));
    memcpy(compact->halves, weights->data, n_features * n_bits * sizeof *compact->halves);
    memcpy(compact->offsets, offsets->data, n_bits * sizeof *compact->offsets);
    PSH_TRY_GOTO(finish(compact, err));
    *dst = &compact->base;
    compact = NULL;
done:
    psh_model_free(compact ? &compact->base : NULL);
    return status;
}

/* --- Words -------------------------------------------------------------------------------------------------------- */

/* Where the bit looks most: the slice and cell with the heaviest weight. */
static void bit_text(const psh_model *model, int i_bit, char *text, size_t text_bytes) {
    const psh__compact *compact = (const psh__compact *)model;
    size_t n_features = psh__slices_n_features(&compact->slices), heaviest = 0;
    double total = 0;
    for (size_t f = 0; f < n_features; f++) {
        double weight = fabsf(compact->weights[f * compact->n_columns + (size_t)i_bit]);
        total += weight;
        if (weight > fabsf(compact->weights[heaviest * compact->n_columns + (size_t)i_bit])) heaviest = f;
    }
    size_t i_slice = heaviest / PSH__SLICE_CELLS, i_direction = i_slice % PSH__SLICE_DIRECTIONS;
    const psh__slice *slice = &compact->slices.slices[i_slice];
    size_t cell = heaviest % PSH__SLICE_CELLS;
    int32_t dim = compact->slices.dims[i_slice / PSH__SLICE_DIRECTIONS];
    double middle = slice->start + (double)slice->step * (slice->edges[cell] + slice->edges[cell + 1]) / 2;
    char points[24] = "points";
    if (dim != PSH__SLICE_ANY) snprintf(points, sizeof points, "H%d points", dim);
    snprintf(
        text, text_bytes,
        "sum over %s of a learned function above %.4g; it weighs most (%.2g of all) counts along %.3g degrees up to "
        "the line that meets the diagonal at %.3g of the frame",
        points, -(double)compact->offsets[i_bit],
        total > 0 ? fabsf(compact->weights[heaviest * compact->n_columns + (size_t)i_bit]) / total : 0,
        ((double)i_direction + 0.5) * 180 / PSH__SLICE_DIRECTIONS - 90, middle);
}

const psh__model_kind psh__compact_kind = {.name = "compact",
                                           .n_arrays = 6,
                                           .encode = encode,
                                           .bit_text = bit_text,
                                           .describe = describe,
                                           .read = read,
                                           .free_parts = free_parts};
