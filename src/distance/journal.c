/* journal.c : which tiles of an unfinished file are done (docs/formats/distances.md has the bytes).
 *
 * A head that says whose work it is, then one record a tile in the order in which they were done. A record carries the
 * checksum of its tile's bytes: whoever continues reads the tile and compares, so nothing has to be synced on the way,
 * and whatever a crash of the machine lost is found and computed again. Records have checksums of their own for the
 * same reason: a bad one is a tile not done, no more. */
#include "distance/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "distance/io_at.h"

static const char magic[8] = "psh-jrn1";

typedef struct head {
    char magic[8];
    psh__identity identity;
    uint64_t check;
} head;

static uint64_t check_head(const head *h) {
    return psh__hash(PSH__HASH_START, h, offsetof(head, check));
}

/* Bound to the journal's identity, so that records of another one never pass. Never 0. */
static uint64_t check_record(const psh__journal *journal, const psh__journal_record *record) {
    uint64_t hash = psh__hash(PSH__HASH_START, &journal->identity, sizeof journal->identity);
    return psh__hash(hash, record, offsetof(psh__journal_record, check)) | 1;
}

static psh_status fault(const psh__journal *journal, psh_status status, psh_error *err) {
    return psh__error(err, status, "%s: cannot be %s: %s; check the folder, its permissions and the free space",
                      journal->path, status == PSH_ERR_FILE_READ ? "read" : "written", strerror(errno));
}

static psh_status open_locked(psh__journal *journal, psh_error *err) {
    journal->descriptor = open(journal->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (journal->descriptor < 0) return fault(journal, PSH_ERR_FILE_WRITE, err);
    if (flock(journal->descriptor, LOCK_EX | LOCK_NB) == 0) return PSH_OK;
    if (errno == EWOULDBLOCK)
        return psh__error(err, PSH_ERR_FILE_WRITE, "%s: another process is at work on it; wait for its end",
                          journal->path);
    return PSH_OK; /* a file system without locks */
}

static psh_status check_identity(const psh__journal *journal, const head *found, psh_error *err) {
    const psh__identity *here = &journal->identity, *there = &found->identity;
    if (memcmp(found->magic, magic, sizeof magic) != 0 || found->check != check_head(found))
        return psh__error(err, PSH_ERR_CORRUPT,
                          "%s: no journal of persihash, or damaged; remove it to start from the beginning",
                          journal->path);
    if (here->inputs == there->inputs && here->options == there->options) return PSH_OK;
    return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                      "%s: unfinished work on %s: diagrams %016llx, options %016llx; now asked for: diagrams %016llx, "
                      "options %016llx. Give the same files and options, or remove it",
                      journal->path, here->inputs != there->inputs ? "other diagrams" : "the same with other options",
                      (unsigned long long)there->inputs, (unsigned long long)there->options,
                      (unsigned long long)here->inputs, (unsigned long long)here->options);
}

/* Records stand one after another; the first that is cut off, and all after it, are written over. */
static psh_status read_records(psh__journal *journal, size_t n_tiles, psh__journal_record *records, psh_error *err) {
    psh__journal_record record;
    size_t n_read;
    for (;; journal->n_bytes += sizeof record) {
        if (!psh__read_at(journal->descriptor, &record, sizeof record, journal->n_bytes, &n_read))
            return fault(journal, PSH_ERR_FILE_READ, err);
        if (n_read < sizeof record) return PSH_OK;
        if (record.tile < n_tiles && record.check == check_record(journal, &record)) records[record.tile] = record;
    }
}

psh_status psh__journal_restart(psh__journal *journal, psh_error *err) {
    head h = {.identity = journal->identity};
    memcpy(h.magic, magic, sizeof magic);
    h.check = check_head(&h);
    if (ftruncate(journal->descriptor, 0) != 0 || !psh__write_at(journal->descriptor, &h, sizeof h, 0))
        return fault(journal, PSH_ERR_FILE_WRITE, err);
    journal->n_bytes = sizeof h;
    return PSH_OK;
}

psh_status psh__journal_open(const char *path, psh__identity identity, size_t n_tiles, psh__journal **dst,
                             psh__journal_record *records, psh_error *err) {
    head found;
    size_t n_read;
    psh_status status;
    psh__journal *journal = psh__calloc(1, sizeof *journal);
    if (!journal) return psh__error_memory(err, "journal", sizeof *journal);
    journal->identity = identity, journal->descriptor = -1;
    journal->path = psh__strdup(path);
    if (!journal->path) {
        status = psh__error_memory(err, "a path", strlen(path));
        goto done;
    }
    PSH_TRY_GOTO(open_locked(journal, err));
    if (!psh__read_at(journal->descriptor, &found, sizeof found, 0, &n_read)) {
        status = fault(journal, PSH_ERR_FILE_READ, err);
    } else if (n_read < sizeof found) { /* new, or stopped before its first record */
        status = psh__journal_restart(journal, err);
    } else {
        PSH_TRY_GOTO(check_identity(journal, &found, err));
        journal->n_bytes = sizeof found;
        status = read_records(journal, n_tiles, records, err);
    }
done:
    if (status == PSH_OK)
        *dst = journal;
    else
        psh__journal_close(journal, false);
    return status;
}

psh_status psh__journal_add(psh__journal *journal, psh__journal_record *record, psh_error *err) {
    psh__journal_record written = *record;
    written.check = check_record(journal, record);
    if (!psh__write_at(journal->descriptor, &written, sizeof written, journal->n_bytes))
        return fault(journal, PSH_ERR_FILE_WRITE, err);
    journal->n_bytes += sizeof written;
    record->check = written.check;
    return PSH_OK;
}

void psh__journal_close(psh__journal *journal, bool is_removed) {
    if (!journal) return;
    if (is_removed) unlink(journal->path);
    if (journal->descriptor >= 0) close(journal->descriptor);
    psh__free(journal->path);
    psh__free(journal);
}
