/* partial.h : a file of unfinished work, from which the same work, asked for again, goes on. */
#ifndef PSH_BASE_PARTIAL_H
#define PSH_BASE_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/status.h"

/* Whose work it is. */
typedef struct psh__identity {
    uint64_t inputs;  /* hash of what the work is done on */
    uint64_t options; /* hash of everything else on which a byte of the result depends */
} psh__identity;

/* A head of PSH__PARTIAL_HEAD_BYTES, which holds the identity, and then whatever is appended. */
typedef struct psh__partial {
    int descriptor;
    char *path;
    char magic[8];
    psh__identity identity;
    size_t n_bytes; /* in use, head included: where the next record goes */
} psh__partial;

#define PSH__PARTIAL_HEAD_BYTES 32

/* psh__partial_open() :
 * The file at `path`, made if there is none, locked against other processes until it is closed. magic: 8 characters.
 * inputs: the word for them in texts ("diagrams"). After it n_bytes is that of the head, whatever follows: the caller
 * reads the records and says how far they are good. Errors: PSH_ERR_MODEL_MISMATCH (another identity; the text has
 * both), PSH_ERR_CORRUPT (no such file at all), PSH_ERR_FILE_READ, PSH_ERR_FILE_WRITE (also: another process is at
 * work), PSH_ERR_MEMORY. */
psh_status psh__partial_open(const char *path, const char *magic, psh__identity identity, const char *inputs,
                             psh__partial **dst, psh_error *err);
/* psh__partial_open_nameless() : the same for work that need not survive: a file that has no name from the start, in
 * the folder of `path`, or in that of temporary files for "-". */
psh_status psh__partial_open_nameless(const char *path, psh__partial **dst, psh_error *err);
/* psh__partial_restart() : the head alone. */
psh_status psh__partial_restart(psh__partial *partial, psh_error *err);
/* psh__partial_append() : at n_bytes, which grows. Not from two threads at once. */
psh_status psh__partial_append(psh__partial *partial, const void *bytes, size_t n_bytes, psh_error *err);
/* psh__partial_read() : *n_read is less than n_bytes only at the end of the file. */
psh_status psh__partial_read(const psh__partial *partial, size_t offset, void *dst, size_t n_bytes, size_t *n_read,
                             psh_error *err);
/* psh__partial_close() : NULL is fine. With `is_removed` the file goes too. */
void psh__partial_close(psh__partial *partial, bool is_removed);

/* psh__partial_refuse() : PSH_ERR_FILE_WRITE if "<path>.partial" is there: work that may be continued is not started
 * anew without a word. */
psh_status psh__partial_refuse(const char *path, psh_error *err);

#endif
