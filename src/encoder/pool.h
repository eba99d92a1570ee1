/* pool.h : candidate questions, their answers on a sample of diagrams, and what the pursuit needs to know of each. */
#ifndef PSH_ENCODER_POOL_H
#define PSH_ENCODER_POOL_H

#include "encoder/sketch_model.h"

/* Distances that Hamming should track, transformed (target.c), as integers so that sums are exact. */
typedef struct psh__target {
    size_t n_items, stride;  /* stride: n_items padded to PSH__LANES */
    uint16_t *values;        // (n_items, stride), symmetric, zero diagonal and padding
    double *row_sums;        // (n_items)
    double sum, sum_squares; /* over pairs i < j */
} psh__target;

typedef struct psh__pool {
    size_t n_items, n_words;  /* diagrams of the sample; words of one set of answers */
    size_t n_candidates;      /* all arrays below have room for whole blocks of PSH__BLOCK_BITSETS */
    psh__question *questions; // (n_candidates)
    uint64_t *blocks;         // (n_blocks, n_words, 8) answers of diagram i: bit i % 64 of word i / 64
    double *ones;             // (n_candidates) diagrams that answer yes
    double *pairs;            // (n_candidates) pairs that answer differently: ones * (n_items - ones)
    double *dots;             // (n_candidates) sum of the target over those pairs
} psh__pool;

typedef struct psh__pool_params {
    size_t n_lines, n_candidates; /* wanted */
    uint64_t seed;
    int n_threads;
} psh__pool_params;

/* psh__pool_draw() :
 * Candidates for the first n_items diagrams of `sample`, whose points lie in the unit frame already. Directions go
 * round a fixed fan for each dimension present (or for all together, if pool_dims); half of the lines lie anywhere in
 * the frame, half where points of random diagrams or their projections to the diagonal are; widths span a decade.
 * Thresholds: as many per line as its count's range demands, half of them uniform over the range, half at the counts of
 * random diagrams. Constant answers are not drawn. PSH_ERR_MEMORY. */
psh_status psh__pool_draw(const psh_diagrams *sample, size_t n_items, bool pool_dims, const psh__target *target,
                          const psh__pool_params *params, psh__pool *dst, psh_error *err);
/* psh__pool_create() : an empty pool, all answers no. */
psh_status psh__pool_create(size_t n_items, size_t n_candidates, psh__pool *dst, psh_error *err);
void psh__pool_free(psh__pool *pool); /* zeroed struct is fine */

/* psh__questions_random() :
 * n_bits questions without a target: narrow lines uniform over directions and positions, drawn with probability
 * proportional to the range of their counts over the sample, thresholds uniform in that range (docs/math/sketch.md).
 * *n_drawn is 0 if no line tells any two diagrams apart, else n_bits. questions : (n_bits). */
psh_status psh__questions_random(const psh_diagrams *sample, size_t n_items, bool pool_dims,
                                 const psh__pool_params *params, size_t n_bits, psh__question *questions,
                                 size_t *n_drawn, psh_error *err);

/* The answers of candidate c as plain words : (n_words). */
void psh__pool_answers(const psh__pool *pool, size_t i_candidate, uint64_t *words);

#endif
