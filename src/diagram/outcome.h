/* outcome.h : what became of one item, in one block: as threads hand it on, and as it lies in a file. */
#ifndef PSH_DIAGRAM_OUTCOME_H
#define PSH_DIAGRAM_OUTCOME_H

#include "base/partial.h"
#include "persihash/diagram.h"

/* Behind the struct lie points (n_points, 2) of double, dims (n_points) of int32_t, and the text; the whole is padded
 * with zeros to a multiple of 8. */
typedef struct psh__outcome {
    uint64_t item_id;      /* psh_input_identify(), or 0 */
    uint64_t n_points;     /* of the diagram */
    uint64_t n_left_out;   /* essential classes */
    uint32_t kind, status; /* psh_item_kind; psh_status: if not PSH_OK there is no diagram, and the text says why */
    uint64_t n_text_bytes; /* with its zero; 0 if there is a diagram */
    uint64_t check;        /* hash of everything else, or 0 */
} psh__outcome;

/* One block, to be freed by psh__free(). PSH_ERR_MEMORY. */
psh_status psh__outcome_create(const psh_interval *intervals, size_t n_intervals, psh__outcome **dst, psh_error *err);
psh_status psh__outcome_create_fault(psh_status status, const char *text, psh__outcome **dst, psh_error *err);
void psh__outcome_seal(psh__outcome *outcome); /* fills in `check` */
size_t psh__outcome_bytes(const psh__outcome *outcome);

static inline double *psh__outcome_points(const psh__outcome *outcome) {
    return (double *)(outcome + 1);
}
static inline int32_t *psh__outcome_dims(const psh__outcome *outcome) {
    return (int32_t *)((char *)(outcome + 1) + 2 * sizeof(double) * outcome->n_points);
}
static inline char *psh__outcome_text(const psh__outcome *outcome) {
    return (char *)(psh__outcome_dims(outcome) + outcome->n_points);
}

/* --- Reading them from a file ------------------------------------------------------------------------------------- */

/* One after the other, through a buffer: outcomes may be larger than the memory. */
typedef struct psh__outcome_reader {
    const psh__partial *file;
    uint8_t *buffer;
    size_t start, n_bytes; /* what the buffer holds of the file */
    size_t at;             /* in the file: behind the head of `outcome`, or what was looked at of it */
    size_t next, end;      /* in the file: the next outcome, the end of them all */
    psh__outcome outcome;  /* the head of the one at hand */
} psh__outcome_reader;

/* The outcomes between the file's head and byte `end` (SIZE_MAX: to its end). PSH_ERR_MEMORY. */
psh_status psh__outcome_reader_start(psh__outcome_reader *reader, const psh__partial *file, size_t end, psh_error *err);
void psh__outcome_reader_free(psh__outcome_reader *reader); /* zeroed struct is fine */
/* The next one's head. *is_there false: there is none, or it is cut off. PSH_ERR_FILE_READ. */
psh_status psh__outcome_reader_next(psh__outcome_reader *reader, bool *is_there, psh_error *err);
/* The next bytes behind the head, at most `most`: *n_bytes of them at *bytes, valid until the next call; 0 only at the
 * file's end. PSH_ERR_FILE_READ. */
psh_status psh__outcome_reader_look(psh__outcome_reader *reader, size_t most, const uint8_t **bytes, size_t *n_bytes,
                                    psh_error *err);
/* Passes over `n_bytes` behind the head. */
static inline void psh__outcome_reader_pass(psh__outcome_reader *reader, size_t n_bytes) {
    reader->at += n_bytes;
}
/* The whole outcome at hand: its check holds. PSH_ERR_FILE_READ. */
psh_status psh__outcome_reader_check(psh__outcome_reader *reader, bool *is_good, psh_error *err);
/* The whole outcome at hand in one block, to be freed by psh__free(). PSH_ERR_FILE_READ, PSH_ERR_CORRUPT (the file
 * became shorter), PSH_ERR_MEMORY. */
psh_status psh__outcome_reader_load(psh__outcome_reader *reader, psh__outcome **dst, psh_error *err);

#endif
