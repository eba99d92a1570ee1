/* training_log.h : the log that `persihash train pdgan` writes beside its model, a line an epoch, as the page shows it.
 */
#ifndef PSH_REPORT_TRAINING_LOG_H
#define PSH_REPORT_TRAINING_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/status.h"
#include "report/page_text.h"

enum { PSH__LOG_COLUMNS = 13 };

typedef struct psh__training_log {
    size_t n_epochs;                   /* at least 1 */
    double *columns[PSH__LOG_COLUMNS]; /* (n_epochs) each, in training_log.c's order; NULL: the file has none */
} psh__training_log;

/* bytes : (n_bytes), comma-separated text under a line of column names. Losses, balance and Spearman may be nan or
 * infinite, or cells empty; columns that are not known are passed over. Errors: PSH_ERR_FORMAT (no log: columns are
 * missing), PSH_ERR_EMPTY (no epoch), PSH_ERR_CORRUPT (a line cut off, a word that is no number, epochs that do not
 * rise), PSH_ERR_MEMORY. */
psh_status psh__training_log_parse(const uint8_t *bytes, size_t n_bytes, psh__training_log *dst, psh_error *err);
/* The same from a file, whose name begins the error's text. */
psh_status psh__training_log_read(const char *path, psh__training_log *dst, psh_error *err);
void psh__training_log_free(psh__training_log *log);

/* Appends an object: name, n_epochs, and an array for each column that there is, null where a value is not finite. Of
 * very long logs every k-th epoch and the last are kept. */
void psh__training_log_write(const psh__training_log *log, const char *name, psh__text *json);

#endif
