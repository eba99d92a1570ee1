/* standard.h : slices of diagrams, centred and scaled: what linear functions are learnt on and applied to. */
#ifndef PSH_ENCODER_STANDARD_H
#define PSH_ENCODER_STANDARD_H

#include "encoder/slices.h"

enum { PSH__STANDARD_NORM = 8 }; /* root mean square, of standardised rows */

/* psh__standard_rows() :
 * rows : (n_items, n_features) slices of the first n_items of `set`. Errors: PSH_ERR_NOT_FINITE, PSH_ERR_MEMORY. */
psh_status psh__standard_rows(const psh__slices *slices, const psh_diagrams *set, size_t n_items,
                              const psh_frame *frame, uint32_t dims_mask, int n_threads, float *rows, psh_error *err);

/* psh__standardise() :
 * Features [first, first + n) of each row: subtracts their mean, kept in mean : (n), and scales them to a root mean
 * square norm of PSH__STANDARD_NORM. Answers the scale; 0: all rows are equal there, and stay as they are. */
double psh__standardise(float *rows, size_t n_items, size_t n_features, size_t first, size_t n, double *mean);

#endif
