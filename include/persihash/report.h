/* SPDX-License-Identifier: MIT
 * report.h : one self-contained HTML page that works offline: what was run, a map, the elbow, the clusters, code
 * distance against W1. */
#ifndef PERSIHASH_REPORT_H
#define PERSIHASH_REPORT_H

#include "cluster.h"
#include "diagram.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct psh_report_params {
    size_t struct_bytes;
    const char *title;            /* NULL: "persihash" */
    const char *commands;         /* lines to show under "how this was made"; NULL: none */
    const psh_diagrams *diagrams; /* drawn on hover; NULL: none */
    const psh_codes *codes;       /* NULL: none */
    const psh_clusters *clusters; /* NULL: none; its N must be the codes' */
    const double *xy;             /* (N, 2) map; NULL: computed from the codes */
    const psh_input *input;       /* thumbnails on hover and among the members; NULL: none */
    const psh_distances *exact;   /* exact distances of a sample... */
    const size_t *exact_rows;     /* ...of these rows: (psh_distances_n_items(exact)); NULL: the first ones */
    size_t n_thumbnails;          /* thumbnails at most, spread over clusters; 0: 2000 */
    uint64_t seed;
    const psh_progress *progress; /* NULL: none */
} psh_report_params;

/* psh_report_write() :
 * The page at `path`, replaced atomically. At most some thousands of points carry hover pictures, so that a page of
 * 10,000 items stays below about 10 MB. Errors: PSH_ERR_SHAPE (parts of different N), PSH_ERR_FILE_WRITE,
 * PSH_ERR_MEMORY, those of psh_input_read(). */
PSH_API psh_status psh_report_write(const psh_report_params *params, const char *path, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
