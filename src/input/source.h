/* source.h : one file of an input: which format, how many items, and reading one of them. */
#ifndef PSH_INPUT_SOURCE_H
#define PSH_INPUT_SOURCE_H

#include "base/file.h"
#include "input/readers.h"

/* What a file says, inflated if it is a gzip file. */
typedef struct psh__content {
    psh__bytes file;
    uint8_t *inflated; /* or NULL */
    const uint8_t *data;
    size_t n_bytes;
} psh__content;
/* Errors: those of psh__bytes_read() and psh__gzip_inflate(); the text starts with the path. */
psh_status psh__content_load(const char *path, psh__content *dst, psh_error *err);
void psh__content_free(psh__content *content); /* zeroed struct is fine */

typedef struct psh__source {
    const char *path;     /* borrowed */
    psh__format format;   /* of the content */
    bool is_held;         /* content stays open: stacks of several images, standard input */
    psh__content content; /* if held */
    psh__stack stack;     /* if a stack is held */
    bool is_indexed;      /* items are named path[i] */
    size_t n_items, n_axes;
} psh__source;

/* The format alone, by the first bytes (nothing is read of "-"). PSH_ERR_FORMAT: of no known format; PSH_ERR_CORRUPT:
 * empty; PSH_ERR_FILE_*; the text starts with the path. */
psh_status psh__source_probe(const char *path, psh__source *dst, psh_error *err);
/* After the probe: counts the items; reads headers of stacks. Errors: PSH_ERR_SHAPE with dst->n_axes set if it is an
 * array of other than 2 or 3 axes; others of readers.h. On failure nothing is left to free. */
psh_status psh__source_open(psh__source *source, psh_error *err);
psh_status psh__source_read(const psh__source *source, size_t i_item, psh_image **dst, psh_error *err);
void psh__source_free(psh__source *source); /* zeroed struct is fine */

#endif
