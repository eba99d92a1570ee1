/* journal.c : which tiles of an unfinished file are done (docs/formats/distances.md has the bytes).
 *
 * A head that says whose work it is, then one record a tile in the order in which they were done. A record carries the
 * checksum of its tile's bytes: whoever continues reads the tile and compares, so nothing has to be synced on the way,
 * and whatever a crash of the machine lost is found and computed again. Records have checksums of their own for the
 * same reason: a bad one is a tile not done, no more. */
#include "distance/journal.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

static const char magic[] = "psh-jrn1";

/* Bound to the journal's identity, so that records of another one never pass. Never 0. */
static uint64_t check_record(const psh__partial *journal, const psh__journal_record *record) {
    uint64_t hash = psh__hash(PSH__HASH_START, &journal->identity, sizeof journal->identity);
    return psh__hash(hash, record, offsetof(psh__journal_record, check)) | 1;
}

/* Records stand one after another; the first that is cut off, and all after it, are written over. */
static psh_status read_records(psh__partial *journal, size_t n_tiles, psh__journal_record *records, psh_error *err) {
    psh__journal_record record;
    size_t n_read;
    for (;; journal->n_bytes += sizeof record) {
        PSH_TRY(psh__partial_read(journal, journal->n_bytes, &record, sizeof record, &n_read, err));
        if (n_read < sizeof record) return PSH_OK;
        if (record.tile < n_tiles && record.check == check_record(journal, &record)) records[record.tile] = record;
    }
}

psh_status psh__journal_open(const char *path, psh__identity identity, size_t n_tiles, psh__partial **dst,
                             psh__journal_record *records, psh_error *err) {
    psh__partial *journal = NULL;
    PSH_TRY(psh__partial_open(path, magic, identity, "diagrams", &journal, err));
    psh_status status = read_records(journal, n_tiles, records, err);
    if (status == PSH_OK)
        *dst = journal;
    else
        psh__partial_close(journal, false);
    return status;
}

psh_status psh__journal_add(psh__partial *journal, psh__journal_record *record, psh_error *err) {
    psh__journal_record written = *record;
    written.check = check_record(journal, record);
    PSH_TRY(psh__partial_append(journal, &written, sizeof written, err));
    record->check = written.check;
    return PSH_OK;
}
