/* model.h : what a model is inside, and how a diagram's points are laid out for its questions. */
#ifndef PSH_ENCODER_MODEL_H
#define PSH_ENCODER_MODEL_H

#include "encoder/kernels.h"
#include "persihash/encoder.h"

enum { PSH__ANY_DIM = -1, PSH__MAX_BITS = 1024 };

/* One bit: among the points of homology dimension `dim` (or of all), is the count of `line` (kernels.h) at least
 * `at_least`, in units of 1 / PSH__ONE point? */
typedef struct psh__question {
    psh__line line;
    int32_t dim, at_least;
} psh__question;

struct psh_model {
    size_t n_bits;
    psh__question *questions; // (n_bits), in the order of the bits
    uint32_t *by_dim;         // (n_bits) bits sorted by dimension, then index
    psh_frame frame;
    bool pool;
    uint32_t dims_mask;
    psh_meta *meta;
    char id[17];
};

/* psh__model_create() : copies everything; meta may be NULL. Questions are valid (psh__model_check()). */
psh_status psh__model_create(const psh__question *questions, size_t n_bits, const psh_frame *frame, bool pool,
                             uint32_t dims_mask, const psh_meta *meta, psh_model **dst, psh_error *err);
/* psh__model_check() : PSH_OK, or PSH_ERR_CORRUPT and why these cannot be a model's parts. */
psh_status psh__model_check(const psh__question *questions, size_t n_bits, const psh_frame *frame, bool pool,
                            uint32_t dims_mask, psh_error *err);

bool psh__wants_dim(uint32_t dims_mask, int32_t dim);

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
