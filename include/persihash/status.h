/* SPDX-License-Identifier: MIT
 * status.h : what a function of persihash may answer, and the text that explains it.
 *
 * Two kinds of fault, two mechanisms:
 *   - a mistake of the calling program (NULL where forbidden, index out of range) is caught by assert() in debug
 * builds;
 *   - a fault of the world (files, data, memory, no convergence) is a psh_status, with a text in the caller's
 * psh_error. A status is never swallowed, and nothing falls back to another behaviour in silence. */
#ifndef PERSIHASH_STATUS_H
#define PERSIHASH_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(PSH_BUILD) && (defined(__GNUC__) || defined(__clang__))
#define PSH_API __attribute__((visibility("default")))
#else
#define PSH_API
#endif

/* The one list of codes: X(NAME, NUMBER, TEXT). Numbers never change; a new code takes a free number in its decade:
 * 10 file, 20 format, 30 shape or parameter, 40 data, 50 numeric, 60 model, 70 memory, 80 unsupported or stopped. */
#define PSH_STATUS_LIST(X)                                                                                             \
    X(OK, 0, "success")                                                                                                \
    X(ERR_FILE_NOT_FOUND, 10, "file not found")                                                                        \
    X(ERR_FILE_READ, 11, "file cannot be read")                                                                        \
    X(ERR_FILE_WRITE, 12, "file cannot be written")                                                                    \
    X(ERR_FORMAT, 20, "format not recognised")                                                                         \
    X(ERR_CORRUPT, 21, "file is damaged or truncated")                                                                 \
    X(ERR_PARAMETER, 30, "parameter out of range")                                                                     \
    X(ERR_SHAPE, 31, "shapes do not fit together")                                                                     \
    X(ERR_DATA, 40, "data cannot be used")                                                                             \
    X(ERR_EMPTY, 41, "too few items")                                                                                  \
    X(ERR_NOT_FINITE, 42, "value is not finite")                                                                       \
    X(ERR_NOT_CONVERGED, 50, "did not converge")                                                                       \
    X(ERR_MODEL_MISMATCH, 60, "codes or models do not belong together")                                                \
    X(ERR_MEMORY, 70, "out of memory")                                                                                 \
    X(ERR_UNSUPPORTED, 80, "not supported")                                                                            \
    X(ERR_INTERRUPTED, 81, "stopped by the caller")

typedef enum psh_status {
#define PSH_STATUS_ENUM(name, number, text) PSH_##name = number,
    PSH_STATUS_LIST(PSH_STATUS_ENUM)
#undef PSH_STATUS_ENUM
} psh_status;

#define PSH_ERROR_BYTES 512

/* The explanation of the last failure: what was wrong, value found, what was expected, what to do.
 * Owned by the caller, who may pass NULL wherever a function takes one. Written on failure only. */
typedef struct psh_error {
    psh_status status;
    char text[PSH_ERROR_BYTES]; /* zero-terminated, UTF-8, one line */
} psh_error;

/* psh_status_text() :
 * The general meaning of a code ("file not found"). Never NULL; static storage. Threads: safe. */
PSH_API const char *psh_status_text(psh_status status);

/* psh_status_name() :
 * The constant's name ("PSH_ERR_FILE_NOT_FOUND"), or "PSH_ERR_?" for an unknown number. Static storage. Threads: safe.
 */
PSH_API const char *psh_status_name(psh_status status);

/* Options. Every function with options takes a pointer to a parameter struct whose first member is `struct_bytes`;
 * PSH_PARAMS(type) makes one in which zero stands for each option's default. NULL means all defaults. Members are only
 * ever added at the end, so a program built against an older header keeps working with a newer library. */
#define PSH_PARAMS(type) ((type){.struct_bytes = sizeof(type)})

#ifdef __cplusplus
}
#endif
#endif
