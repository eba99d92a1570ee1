/* pipeline.h : items -> outcomes, in parallel, handed over in the input's order. */
#ifndef PSH_DIAGRAM_PIPELINE_H
#define PSH_DIAGRAM_PIPELINE_H

#include "diagram/outcome.h"

typedef struct psh__pipeline {
    const psh_input *input;
    const psh_homology_params *params; /* may be NULL */
    int n_threads;
    size_t first_item;  /* those before it are done */
    bool skips_faults;  /* items that fail are outcomes too; else the first stops the work */
    bool is_sealed;     /* outcomes have their item's id and their check */
    psh_item_kind kind; /* of the items so far; AUTO: of none yet. Kept up to date */

    /* Gets each outcome from item first_item on, in order, never from two threads at once; it stays the pipeline's. */
    psh_status (*take)(void *user, size_t i_item, const psh__outcome *outcome, psh_error *err);
    void *user;

    double read_seconds, prepare_seconds, homology_seconds, pack_seconds; /* CPU time of all threads; added to */
} psh__pipeline;

/* psh__pipeline_run() :
 * Errors: that of the first item in order that failed, with its name (of `take` too), PSH_ERR_INTERRUPTED,
 * PSH_ERR_MEMORY; outcomes of the items before were taken. */
psh_status psh__pipeline_run(psh__pipeline *pipeline, const psh_progress *progress, psh_error *err);

#endif
