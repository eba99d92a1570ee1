/* sample_rows.h : which rows of the whole set the distances of a sample belong to. */
#ifndef PSH_CLI_SAMPLE_ROWS_H
#define PSH_CLI_SAMPLE_ROWS_H

#include "cli.h"

/* The rows that `distance --sample` recorded. *dst: (psh_distances_n_items()), to be freed by free(), or NULL if the
 * distances are of a whole set of n_items. PSH_ERR_SHAPE if they fit neither way. `path` names the distances in error
 * texts. */
psh_status sample_rows_read(const psh_distances *distances, const char *path, size_t n_items, size_t **dst,
                            psh_error *err);

#endif
