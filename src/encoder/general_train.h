/* general_train.h : learning the general compact model. */
#ifndef PSH_ENCODER_GENERAL_TRAIN_H
#define PSH_ENCODER_GENERAL_TRAIN_H

#include "encoder/linear.h"
#include "persihash/encoder.h"

/* One set to learn from, or to judge by. */
typedef struct psh__lesson {
    size_t n_items;
    float *rows;       // (n_items, PSH__GENERAL_FEATURES) standardised
    double *distances; // condensed exact W1
    double unit;       /* a distance times this is in units of the rows, as their L1 distance is */
} psh__lesson;

/* psh__lesson_create() : of a set, homology dimensions ignored. PSH_ERR_DATA if its diagrams are all equal. */
psh_status psh__lesson_create(const psh_diagrams *set, int n_threads, psh__lesson *dst, psh_error *err);
void psh__lesson_free(psh__lesson *lesson);

/* psh__lesson_distance() : exact W1 of two items, in units of the rows; 0 of an item with itself. */
double psh__lesson_distance(const psh__lesson *lesson, size_t i, size_t j);

/* psh__lesson_held_out() : whether lesson i is to judge by, as every 16th is. */
bool psh__lesson_held_out(size_t i_lesson);

/* psh__lesson_spearman() : of Hamming distance of the first n_bits bits with W1; NaN if either is constant. */
psh_status psh__lesson_spearman(const psh__lesson *lesson, const float *weights, const float *offsets, size_t n_columns,
                                size_t n_bits, double *spearman, psh_error *err);

/* psh__general_learn() :
 * Lessons held out are judged by. params: those of linear.h that a caller may choose; `report` gets
 * its Spearman members. weights, offsets: linear.h. */
psh_status psh__general_learn(const psh__lesson *lessons, size_t n_lessons, const psh__linear_params *params,
                              float *weights, float *offsets, psh_compact_train_report *report, psh_error *err);

#endif
