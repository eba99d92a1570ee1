/* outcome.c : outcomes as blocks, and read back from a file of unfinished work.
 *
 * The block is the record: threads fill it, the file gets it as it is, and its checksum covers all of it, so that a
 * record that a crash cut off or tore is known. */
#include "diagram/outcome.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/size.h"

#define BUFFER_BYTES ((size_t)1 << 20)

/* --- blocks ------------------------------------------------------------------------------------------------------- */

/* False: no such block can be. */
static bool count_bytes(uint64_t n_points, uint64_t n_text_bytes, size_t *dst) {
    size_t n_point_bytes;
    if (!psh__size_mul(n_points, 2 * sizeof(double) + sizeof(int32_t), &n_point_bytes) ||
        !psh__size_add(n_point_bytes, n_text_bytes, dst) || !psh__size_add(*dst, sizeof(psh__outcome) + 7, dst))
        return false;
    *dst &= ~(size_t)7;
    return true;
}

static psh_status allocate(size_t n_points, size_t n_text_bytes, psh__outcome **dst, psh_error *err) {
    size_t n_bytes;
    bool fits = count_bytes(n_points, n_text_bytes, &n_bytes);
    psh__outcome *outcome = fits ? psh__malloc(n_bytes, 1) : NULL;
    if (!outcome) return psh__error_memory(err, "a diagram", fits ? n_bytes : SIZE_MAX);
    memset((char *)outcome + n_bytes - 8, 0, 8); /* the padding */
    *outcome = (psh__outcome){.n_points = n_points, .n_text_bytes = n_text_bytes};
    *dst = outcome;
    return PSH_OK;
}

psh_status psh__outcome_create(const psh_interval *intervals, size_t n_intervals, psh__outcome **dst, psh_error *err) {
    PSH_TRY(allocate(n_intervals, 0, dst, err));
    double *points = psh__outcome_points(*dst);
    int32_t *dims = psh__outcome_dims(*dst);
    for (size_t i = 0; i < n_intervals; i++) {
        points[2 * i] = intervals[i].birth, points[2 * i + 1] = intervals[i].death;
        dims[i] = intervals[i].dim;
    }
    return PSH_OK;
}

psh_status psh__outcome_create_fault(psh_status status, const char *text, psh__outcome **dst, psh_error *err) {
    assert(status != PSH_OK);
    size_t n_bytes = strlen(text) + 1;
    PSH_TRY(allocate(0, n_bytes, dst, err));
    (*dst)->status = (uint32_t)status;
    memcpy(psh__outcome_text(*dst), text, n_bytes);
    return PSH_OK;
}

size_t psh__outcome_bytes(const psh__outcome *outcome) {
    size_t n_bytes = 0;
    bool fits = count_bytes(outcome->n_points, outcome->n_text_bytes, &n_bytes);
    assert(fits);
    return fits ? n_bytes : 0;
}

static uint64_t hash_head(const psh__outcome *outcome) {
    return psh__hash(PSH__HASH_START, outcome, offsetof(psh__outcome, check));
}

void psh__outcome_seal(psh__outcome *outcome) {
    outcome->check = psh__hash(hash_head(outcome), outcome + 1, psh__outcome_bytes(outcome) - sizeof *outcome);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

psh_status psh__outcome_reader_start(psh__outcome_reader *reader, const psh__partial *file, size_t end,
                                     psh_error *err) {
    *reader = (psh__outcome_reader){.file = file, .next = PSH__PARTIAL_HEAD_BYTES, .end = end};
    reader->buffer = psh__malloc(BUFFER_BYTES, 1);
    return reader->buffer ? PSH_OK : psh__error_memory(err, "a buffer", BUFFER_BYTES);
}

void psh__outcome_reader_free(psh__outcome_reader *reader) {
    psh__free(reader->buffer);
    *reader = (psh__outcome_reader){0};
}

/* The buffer holds at least `least` bytes from `at` on, if the file does. */
static psh_status fill(psh__outcome_reader *reader, size_t least, psh_error *err) {
    if (reader->at >= reader->start && reader->at - reader->start + least <= reader->n_bytes) return PSH_OK;
    size_t most = reader->end - reader->at < BUFFER_BYTES ? reader->end - reader->at : BUFFER_BYTES;
    reader->start = reader->at;
    return psh__partial_read(reader->file, reader->at, reader->buffer, most, &reader->n_bytes, err);
}

psh_status psh__outcome_reader_next(psh__outcome_reader *reader, bool *is_there, psh_error *err) {
    size_t n_bytes;
    *is_there = false;
    reader->at = reader->next;
    if (reader->end - reader->at < sizeof reader->outcome) return PSH_OK;
    PSH_TRY(fill(reader, sizeof reader->outcome, err));
    if (reader->start + reader->n_bytes - reader->at < sizeof reader->outcome) return PSH_OK;
    memcpy(&reader->outcome, reader->buffer + (reader->at - reader->start), sizeof reader->outcome);
    if (!count_bytes(reader->outcome.n_points, reader->outcome.n_text_bytes, &n_bytes) ||
        n_bytes > reader->end - reader->at)
        return PSH_OK;
    reader->next = reader->at + n_bytes;
    reader->at += sizeof reader->outcome;
    *is_there = true;
    return PSH_OK;
}

psh_status psh__outcome_reader_look(psh__outcome_reader *reader, size_t most, const uint8_t **bytes, size_t *n_bytes,
                                    psh_error *err) {
    *n_bytes = 0;
    if (most > reader->next - reader->at) most = reader->next - reader->at;
    if (most == 0) return PSH_OK;
    PSH_TRY(fill(reader, 1, err));
    size_t n_there = reader->start + reader->n_bytes - reader->at;
    *bytes = reader->buffer + (reader->at - reader->start);
    *n_bytes = most < n_there ? most : n_there;
    reader->at += *n_bytes;
    return PSH_OK;
}

psh_status psh__outcome_reader_check(psh__outcome_reader *reader, bool *is_good, psh_error *err) {
    uint64_t hash = hash_head(&reader->outcome);
    const uint8_t *bytes;
    for (size_t n = 1; n;) {
        PSH_TRY(psh__outcome_reader_look(reader, SIZE_MAX, &bytes, &n, err));
        if (n) hash = psh__hash(hash, bytes, n);
    }
    *is_good = reader->at == reader->next && hash == reader->outcome.check;
    return PSH_OK;
}

psh_status psh__outcome_reader_load(psh__outcome_reader *reader, psh__outcome **dst, psh_error *err) {
    psh__outcome *outcome = NULL;
    const uint8_t *bytes;
    psh_status status = PSH_OK;
    PSH_TRY(allocate(reader->outcome.n_points, reader->outcome.n_text_bytes, &outcome, err));
    *outcome = reader->outcome;
    uint8_t *at = (uint8_t *)(outcome + 1);
    for (size_t n = 1; n && status == PSH_OK; at += n) {
        status = psh__outcome_reader_look(reader, SIZE_MAX, &bytes, &n, err);
        if (status == PSH_OK && n) memcpy(at, bytes, n);
    }
    if (status == PSH_OK && reader->at < reader->next)
        status = psh__error(err, PSH_ERR_CORRUPT, "%s: became shorter while in use", reader->file->path);
    if (status == PSH_OK)
        *dst = outcome;
    else
        psh__free(outcome);
    return status;
}
