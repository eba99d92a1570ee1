/* journal.h : which tiles of an unfinished file are done. */
#ifndef PSH_DISTANCE_JOURNAL_H
#define PSH_DISTANCE_JOURNAL_H

#include "base/partial.h"

typedef struct psh__journal_record {
    uint64_t tile, checksum; /* psh__hash() of the tile's bytes */
    double gap;              /* the greatest relative gap in it that --verify saw, or 0 */
    uint64_t check;          /* of the record itself; 0 in memory: not done */
} psh__journal_record;

/* psh__journal_open() :
 * The journal at `path`, a file of unfinished work. records : (n_tiles) zeroed; those of tiles done are filled in. A
 * record that does not check (cut off, damaged) counts as not done. Errors: those of psh__partial_open(). */
psh_status psh__journal_open(const char *path, psh__identity identity, size_t n_tiles, psh__partial **dst,
                             psh__journal_record *records, psh_error *err);
/* psh__journal_add() : one more tile; fills in record->check. Not from two threads at once. */
psh_status psh__journal_add(psh__partial *journal, psh__journal_record *record, psh_error *err);

#endif
