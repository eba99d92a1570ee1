/* sketch_model.h : the sketch as a model, and how a diagram's points are laid out for its questions. */
#ifndef PSH_ENCODER_SKETCH_MODEL_H
#define PSH_ENCODER_SKETCH_MODEL_H

#include "encoder/kernels.h"
#include "encoder/model.h"

enum { PSH__ANY_DIM = -1 };

/* One bit: among the points of homology dimension `dim` (or of all), is the count of `line` (kernels.h) at least
 * `at_least`, in units of 1 / PSH__ONE point? */
typedef struct psh__question {
    psh__line line;
    int32_t dim, at_least;
} psh__question;

typedef struct psh__sketch {
    psh_model base;
    psh__question *questions; // (n_bits), in the order of the bits
    uint32_t *by_dim;         // (n_bits) bits sorted by dimension, then index
} psh__sketch;

/* psh__sketch_create() : copies everything; meta may be NULL. PSH_ERR_CORRUPT, and why, if these cannot be a sketch's
 * parts. */
psh_status psh__sketch_create(const psh__question *questions, size_t n_bits, const psh_frame *frame, bool pool,
                              uint32_t dims_mask, const psh_meta *meta, psh_model **dst, psh_error *err);

/* Codes of a set: psh_model_encode() for sketches (sketch_encode.c). */
psh_status psh__sketch_encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes,
                              float *values, psh_error *err);

/* The points of one diagram and one dimension in the frame, float32, padded for the kernels. */
typedef struct psh__cloud {
    float *births, *deaths, *middles; // (capacity) each, one block of memory owned by births
    size_t capacity, n_padded;
} psh__cloud;
psh_status psh__cloud_create(size_t max_points, psh__cloud *cloud, psh_error *err);
void psh__cloud_free(psh__cloud *cloud); /* zeroed struct is fine */
/* Most points that a diagram of `set` has: what psh__cloud_create() needs. */
size_t psh__max_points(const psh_diagrams *set);
/* Gathers the points of diagram i with dimension `dim` (PSH__ANY_DIM: all that dims_mask wants). Points with infinite
 * death are left out; how many is the result. */
size_t psh__cloud_gather(psh__cloud *cloud, const psh_diagrams *set, size_t i_diagram, const psh_frame *frame,
                         int32_t dim, uint32_t dims_mask);

#endif
