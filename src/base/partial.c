/* partial.c : a file of unfinished work: lock, identity, records at its end.
 *
 * Nothing is synced on the way: records have checksums, so whoever continues finds what a crash of the machine lost and
 * does it again. A lock that the file system does not know is done without. */
#include "base/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/io_at.h"

typedef struct head {
    char magic[8];
    psh__identity identity;
    uint64_t check;
} head;
_Static_assert(sizeof(head) == PSH__PARTIAL_HEAD_BYTES, "the head is written as it lies in memory");

static head head_of(const psh__partial *partial) {
    head h = {.identity = partial->identity};
    memcpy(h.magic, partial->magic, sizeof h.magic);
    h.check = psh__hash(PSH__HASH_START, &h, offsetof(head, check));
    return h;
}

static psh_status fault(const psh__partial *partial, psh_status status, psh_error *err) {
    return psh__error(err, status, "%s: cannot be %s: %s; check the folder, its permissions and the free space",
                      partial->path, status == PSH_ERR_FILE_READ ? "read" : "written", strerror(errno));
}

static psh_status create(const char *path, psh__partial **dst, psh_error *err) {
    psh__partial *partial = psh__calloc(1, sizeof *partial);
    if (partial) partial->descriptor = -1, partial->path = psh__strdup(path);
    if (partial && partial->path) return *dst = partial, PSH_OK;
    psh__free(partial);
    return psh__error_memory(err, "a path", strlen(path));
}

static psh_status open_locked(psh__partial *partial, psh_error *err) {
    partial->descriptor = open(partial->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (partial->descriptor < 0) return fault(partial, PSH_ERR_FILE_WRITE, err);
    if (flock(partial->descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return PSH_OK;
    return psh__error(err, PSH_ERR_FILE_WRITE, "%s: another process is at work on it; wait for its end", partial->path);
}

static psh_status check_identity(const psh__partial *partial, const head *found, const char *inputs, psh_error *err) {
    const psh__identity *here = &partial->identity, *there = &found->identity;
    if (memcmp(found->magic, partial->magic, sizeof found->magic) != 0 ||
        found->check != psh__hash(PSH__HASH_START, found, offsetof(head, check)))
        return psh__error(err, PSH_ERR_CORRUPT,
                          "%s: no unfinished work of persihash, or damaged; remove it to start from the beginning",
                          partial->path);
    if (here->inputs == there->inputs && here->options == there->options) return PSH_OK;
    bool is_other = here->inputs != there->inputs;
    return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                      "%s: unfinished work on %s%s (%016llx; now asked for: %016llx). Give the same files and options, "
                      "or remove it",
                      partial->path, is_other ? "other " : "the same with other options", is_other ? inputs : "",
                      (unsigned long long)(is_other ? there->inputs : there->options),
                      (unsigned long long)(is_other ? here->inputs : here->options));
}

psh_status psh__partial_restart(psh__partial *partial, psh_error *err) {
    head h = head_of(partial);
    if (ftruncate(partial->descriptor, 0) != 0 || !psh__write_at(partial->descriptor, &h, sizeof h, 0))
        return fault(partial, PSH_ERR_FILE_WRITE, err);
    partial->n_bytes = sizeof h;
    return PSH_OK;
}

psh_status psh__partial_open(const char *path, const char *magic, psh__identity identity, const char *inputs,
                             psh__partial **dst, psh_error *err) {
    head found;
    size_t n_read;
    psh__partial *partial = NULL;
    psh_status status;
    PSH_TRY(create(path, &partial, err));
    partial->identity = identity;
    memcpy(partial->magic, magic, sizeof partial->magic);
    PSH_TRY_GOTO(open_locked(partial, err));
    PSH_TRY_GOTO(psh__partial_read(partial, 0, &found, sizeof found, &n_read, err));
    if (n_read < sizeof found) { /* new, or stopped before its first record */
        status = psh__partial_restart(partial, err);
    } else {
        status = check_identity(partial, &found, inputs, err);
        partial->n_bytes = sizeof found;
    }
done:
    if (status == PSH_OK)
        *dst = partial;
    else
        psh__partial_close(partial, false);
    return status;
}

psh_status psh__partial_open_nameless(const char *path, psh__partial **dst, psh_error *err) {
    psh__file file = {0};
    psh__partial *partial = NULL;
    psh_status status;
    PSH_TRY(create(strcmp(path, "-") ? path : "a temporary file", &partial, err));
    if (!strcmp(path, "-"))
        file.stream = tmpfile();
    else
        PSH_TRY_GOTO(psh__file_create(path, &file, err));
    partial->descriptor = file.stream ? dup(fileno(file.stream)) : -1;
    partial->n_bytes = PSH__PARTIAL_HEAD_BYTES; /* nobody is going to read the head */
    status = partial->descriptor >= 0 ? PSH_OK : fault(partial, PSH_ERR_FILE_WRITE, err);
    psh__file_abort(&file); /* the name goes, the descriptor stays */
done:
    if (status == PSH_OK)
        *dst = partial;
    else
        psh__partial_close(partial, false);
    return status;
}

psh_status psh__partial_append(psh__partial *partial, const void *bytes, size_t n_bytes, psh_error *err) {
    if (!psh__write_at(partial->descriptor, bytes, n_bytes, partial->n_bytes))
        return fault(partial, PSH_ERR_FILE_WRITE, err);
    partial->n_bytes += n_bytes;
    return PSH_OK;
}

psh_status psh__partial_read(const psh__partial *partial, size_t offset, void *dst, size_t n_bytes, size_t *n_read,
                             psh_error *err) {
    if (psh__read_at(partial->descriptor, dst, n_bytes, offset, n_read)) return PSH_OK;
    return fault(partial, PSH_ERR_FILE_READ, err);
}

void psh__partial_close(psh__partial *partial, bool is_removed) {
    if (!partial) return;
    if (is_removed) unlink(partial->path);
    if (partial->descriptor >= 0) close(partial->descriptor);
    psh__free(partial->path);
    psh__free(partial);
}

psh_status psh__partial_refuse(const char *path, psh_error *err) {
    char *partial = psh__path_with(path, ".partial");
    if (!partial) return psh__error_memory(err, "a path", strlen(path));
    bool is_there = access(partial, F_OK) == 0;
    psh__free(partial);
    if (!is_there) return PSH_OK;
    return psh__error(err, PSH_ERR_FILE_WRITE,
                      "%s.partial: an earlier run was not finished; continue it (--resume), or remove it", path);
}
