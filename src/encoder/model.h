/* model.h : what models of every kind share, and what a kind has to bring. */
#ifndef PSH_ENCODER_MODEL_H
#define PSH_ENCODER_MODEL_H

#include "encoder/safetensors.h"
#include "persihash/encoder.h"

enum { PSH__MAX_BITS = 1024, PSH__MODEL_MAX_ARRAYS = 128, PSH__MODEL_MAX_TEXTS = 16 };

typedef struct psh__model_kind psh__model_kind;

/* The first member of every kind's own struct. */
struct psh_model {
    const psh__model_kind *kind;
    size_t n_bits;
    psh_frame frame;
    bool pool;
    uint32_t dims_mask;
    psh_meta *meta;
    char id[17]; /* hash of all that decides a code */
};

/* What a kind says of itself for a file, beyond the members above. Arrays borrow from the model, or from `owned`. */
typedef struct psh__model_parts {
    psh__stored arrays[PSH__MODEL_MAX_ARRAYS];
    psh__stored_text texts[PSH__MODEL_MAX_TEXTS];
    size_t n_arrays, n_texts;
    void *owned; /* one block, freed by psh__free() */
} psh__model_parts;

/* One kind of model: a row of the table in model.c. */
struct psh__model_kind {
    const char *name;
    size_t n_arrays; /* in a file, beside the frame; 0: the kind looks itself */
    /* codes : (N, n_bytes); values : (N, n_bits), the numbers whose signs the bits are. Either may be NULL. */
    psh_status (*encode)(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes, float *values,
                         psh_error *err);
    void (*bit_text)(const psh_model *model, int i_bit, char *text, size_t text_bytes);
    psh_status (*describe)(const psh_model *model, psh__model_parts *dst, psh_error *err);
    /* The model of a file; `head` has all members but kind, meta and id, which psh__model_init() will copy or make. The
     * kind checks its own arrays: every one that the file has, and no other. */
    psh_status (*read)(const psh__safetensors *file, const psh_model *head, const psh_meta *meta, psh_model **dst,
                       psh_error *err);
    void (*free_parts)(psh_model *model); /* all but the struct and what psh__model_init() made */
    /* The model for another set, psh_model_adapt(). NULL: this kind is fitted to a set as a whole. */
    psh_status (*adapt)(const psh_model *model, const psh_diagrams *set, const psh_adapt_params *params,
                        psh_model **dst, psh_error *err);
};

extern const psh__model_kind psh__sketch_kind, psh__compact_kind, psh__general_kind, psh__pdgan_kind;

/* psh__model_check() : PSH_OK, or PSH_ERR_CORRUPT if no model can have this number of bits and this frame. */
psh_status psh__model_check(size_t n_bits, const psh_frame *frame, psh_error *err);
/* psh__model_init() : fills *model from `head` (all but kind, meta and id) with a copy of `meta`, which may be NULL. */
psh_status psh__model_init(psh_model *model, const psh__model_kind *kind, const psh_model *head, const psh_meta *meta,
                           psh_error *err);
/* psh__model_hash() : of kind, bits, pool, dims_mask and frame: where a kind's identity starts. */
uint64_t psh__model_hash(const psh_model *model);

bool psh__wants_dim(uint32_t dims_mask, int32_t dim);

/* The first diagram that a code cannot be made of, in words. */
psh_status psh__model_refuse_infinite(const psh_diagrams *set, size_t i_diagram, psh_error *err);

#endif
