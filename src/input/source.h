/* source.h : one file of an input: which format, how many items, and reading one of them. */
#ifndef PSH_INPUT_SOURCE_H
#define PSH_INPUT_SOURCE_H

#include "input/format.h"

typedef struct psh__source {
    const char *path;               /* borrowed */
    const psh_input_params *params; /* borrowed */
    size_t n_bytes;                 /* of the file; 0: not known */
    const psh__format *format;      /* of the content; NULL: none that is known, or not known yet ("-") */
    bool is_single;                 /* one item, as the first bytes say: nothing is opened until it is read */
    bool is_fault;                  /* probe or open failed, and reading is going to, for the same reason */
    bool is_held;                   /* `file` stays open: several items, or standard input */
    psh__loaded file;               /* also while not held: n_items, is_indexed, is_foreign, labels */
} psh__source;

/* The format alone, by the first bytes (nothing is read of "-"). PSH_ERR_FORMAT: of no known format; PSH_ERR_CORRUPT:
 * empty; PSH_ERR_FILE_*; the text starts with the path. */
psh_status psh__source_probe(const char *path, const psh_input_params *params, psh__source *dst, psh_error *err);
/* After the probe: counts the items; reads what that needs. Errors: PSH_ERR_PARAMETER if the format does not hold what
 * the parameters ask for; those of readers.h. On failure nothing is left to free. */
psh_status psh__source_open(psh__source *source, psh_error *err);
/* After probe or open failed: one item, of which reading fails. */
void psh__source_keep_fault(psh__source *source);
/* Asks the system to have the file ready soon. */
void psh__source_read_ahead(const psh__source *source);
/* An item as it stands in the file. dst is zeroed. */
psh_status psh__source_read(const psh__source *source, size_t i_item, psh_item *dst, psh_error *err);
void psh__source_free(psh__source *source); /* zeroed struct is fine */

#endif
