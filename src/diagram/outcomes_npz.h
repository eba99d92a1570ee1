/* outcomes_npz.h : the last step of many files into one: from outcomes in a file to the result. */
#ifndef PSH_DIAGRAM_OUTCOMES_NPZ_H
#define PSH_DIAGRAM_OUTCOMES_NPZ_H

#include "diagram/outcome.h"

/* The outcomes of the first n_items of `input`, and what they come to. */
typedef struct psh__outcomes {
    const psh_input *input;
    const psh__partial *file;
    size_t n_items, n_diagrams, n_points, n_left_out, n_skipped;
    size_t n_labelled; /* diagrams with a label */
} psh__outcomes;

/* Calls `visit` with each item's outcome at hand, in order; of diagrams only, or of faults only. */
psh_status psh__outcomes_visit(const psh__outcomes *outcomes, bool of_faults,
                               psh_status (*visit)(void *user, size_t i_item, psh__outcome_reader *reader,
                                                   psh_error *err),
                               void *user, psh_error *err);

/* The set as .npz, byte for byte what psh_diagrams_write() makes of it. Memory: a megabyte. */
psh_status psh__outcomes_write_npz(const psh__outcomes *outcomes, const psh_meta *meta, const char *path,
                                   psh_error *err);

#endif
