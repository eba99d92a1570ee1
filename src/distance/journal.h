/* journal.h : which tiles of an unfinished file are done. */
#ifndef PSH_DISTANCE_JOURNAL_H
#define PSH_DISTANCE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/status.h"

/* Whose work it is. */
typedef struct psh__identity {
    uint64_t inputs;  /* hash of the diagrams */
    uint64_t options; /* hash of everything else on which a byte of the file depends, and of the tiles */
} psh__identity;

typedef struct psh__journal_record {
    uint64_t tile, checksum; /* psh__hash() of the tile's bytes */
    double gap;              /* the greatest relative gap in it that --verify saw, or 0 */
    uint64_t check;          /* of the record itself; 0 in memory: not done */
} psh__journal_record;

typedef struct psh__journal {
    int descriptor;
    char *path;
    psh__identity identity;
    size_t n_bytes; /* in use */
} psh__journal;

/* psh__journal_open() :
 * The journal at `path`, made if there is none, locked against other processes until it is closed. records : (n_tiles)
 * zeroed; those of tiles done are filled in. A record that does not check (cut off, damaged) counts as not done.
 * Errors: PSH_ERR_MODEL_MISMATCH (another identity; the text has both), PSH_ERR_CORRUPT (no journal at all),
 * PSH_ERR_FILE_READ, PSH_ERR_FILE_WRITE (also: another process is at work), PSH_ERR_MEMORY. */
psh_status psh__journal_open(const char *path, psh__identity identity, size_t n_tiles, psh__journal **dst,
                             psh__journal_record *records, psh_error *err);
/* psh__journal_restart() : nothing is done. */
psh_status psh__journal_restart(psh__journal *journal, psh_error *err);
/* psh__journal_add() : one more tile; fills in record->check. Not from two threads at once. */
psh_status psh__journal_add(psh__journal *journal, psh__journal_record *record, psh_error *err);
/* psh__journal_close() : NULL is fine. With `is_removed` the file goes too. */
void psh__journal_close(psh__journal *journal, bool is_removed);

#endif
