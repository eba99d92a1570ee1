/* progress.h : reporting from parallel loops. */
#ifndef PSH_BASE_PROGRESS_H
#define PSH_BASE_PROGRESS_H

#include "persihash/base.h"

/* Counts done units from any thread and passes them on, one thread at a time. After a false answer
 * psh__ticker_stopped() is true for all. */
typedef struct psh__ticker {
    const psh_progress *progress; /* may be NULL */
    const char *what;
    uint64_t n_total, n_done;
    int stopped;
} psh__ticker;

void psh__ticker_start(psh__ticker *ticker, const psh_progress *progress, const char *what, uint64_t n_total);
void psh__ticker_add(psh__ticker *ticker, uint64_t n_units);              /* any thread */
bool psh__ticker_stopped(const psh__ticker *ticker);                      /* any thread */
psh_status psh__ticker_status(const psh__ticker *ticker, psh_error *err); /* PSH_OK or PSH_ERR_INTERRUPTED */

#endif
