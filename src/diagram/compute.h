/* compute.h : what the two ways to a set, in memory and into a file, have in common. */
#ifndef PSH_DIAGRAM_COMPUTE_H
#define PSH_DIAGRAM_COMPUTE_H

#include "diagram/pipeline.h"

/* What was done, in the set's metadata (docs/formats/diagrams.md has the keys). PSH_ERR_MEMORY. */
psh_status psh__compute_record(const psh__pipeline *line, size_t n_left_out, psh_meta *meta, psh_error *err);
/* The input's classes. PSH_ERR_MEMORY. */
psh_status psh__compute_label_names(const psh_input *input, psh_diagrams *set, psh_error *err);

#endif
