/* error.h : how the library reports faults inside. */
#ifndef PSH_BASE_ERROR_H
#define PSH_BASE_ERROR_H

#include "persihash/status.h"

/* Writes the text into `err` (which may be NULL) and answers `status`, so that `return psh__error(...)` reads
 * naturally. Text: what was wrong, value found, what was expected, what to do. */
psh_status psh__error(psh_error *err, psh_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text of a failure that is passed upward (file name, item name). Answers err's status. */
psh_status psh__error_prefix(psh_error *err, psh_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Memory ran out while `what` of `n_bytes` was asked for. */
psh_status psh__error_memory(psh_error *err, const char *what, unsigned long long n_bytes);

/* Forward a failure: PSH_TRY leaves the function, PSH_TRY_GOTO sets `status` and goes to the one exit `done`. */
#define PSH_TRY(expr)                                                                                                  \
    do {                                                                                                               \
        psh_status psh__try = (expr);                                                                                  \
        if (psh__try != PSH_OK) return psh__try;                                                                       \
    } while (0)
#define PSH_TRY_GOTO(expr)                                                                                             \
    do {                                                                                                               \
        status = (expr);                                                                                               \
        if (status != PSH_OK) goto done;                                                                               \
    } while (0)

/* clang's analyzer sees one file at a time and so cannot know that these answer the status they are given. */
#ifdef __clang_analyzer__
#define psh__error(err, status, ...) ((void)psh__error(err, status, __VA_ARGS__), (status))
#define psh__error_prefix(err, status, ...) ((void)psh__error_prefix(err, status, __VA_ARGS__), (status))
#define psh__error_memory(err, what, n_bytes) ((void)psh__error_memory(err, what, n_bytes), PSH_ERR_MEMORY)
#endif

#endif
