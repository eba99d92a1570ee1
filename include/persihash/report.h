/* SPDX-License-Identifier: MIT
 * report.h : one self-contained HTML page that works offline: what was run, a map, the elbow, the clusters, code
 * distance against W1, the course of a training. */
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
    size_t n_thumbnails;          /* thumbnails at most, spread over clusters; 0: all of small images, else 2000 */
    uint64_t seed;
    const psh_progress *progress; /* NULL: none */
    const char *const *files;     /* (n_files) paths of data files to link to, relative to the page; NULL: none */
    size_t n_files;
    const char *date;        /* shown as given; NULL: none, so that the same inputs give the same bytes */
    int n_threads;           /* 0: all */
    const char *const *logs; /* (n_logs) paths of logs that `persihash train pdgan` wrote; NULL: none */
    size_t n_logs;
} psh_report_params;

/* psh_report_write() :
 * The page at `path`, replaced atomically. All parts are optional, but at least one of codes, diagrams, clusters and
 * input must be there to say what the items are; or logs, which make a page without items. Names and labels come from
 * the codes, else the diagrams, else the input. Without xy the map is computed from the codes, or, without codes, from
 * exact distances of all items. `exact` is compared with the codes. The page holds at most 50,000 items on its map, and
 * pictures of n_thumbnails of them (spread over the clusters, or classes), so that a page of 10,000 items stays below
 * about 12 MB. It has drawn everything when it has loaded, so that it can be printed. Same parameters, same bytes, for
 * any number of threads. Errors: PSH_ERR_EMPTY (no part, or 0 items), PSH_ERR_SHAPE (parts of different N; exact_rows
 * outside them), PSH_ERR_NOT_FINITE (xy), PSH_ERR_FILE_WRITE, PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED, those of
 * psh_input_read(); of a log PSH_ERR_FILE_NOT_FOUND, PSH_ERR_FORMAT (columns are missing), PSH_ERR_CORRUPT (cut off; no
 * numbers). */
PSH_API psh_status psh_report_write(const psh_report_params *params, const char *path, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
