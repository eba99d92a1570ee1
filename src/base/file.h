/* file.h : whole files in, and out by atomic replacement. */
#ifndef PSH_BASE_FILE_H
#define PSH_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "persihash/status.h"

/* A file's bytes, memory-mapped if it is a regular file, read into memory otherwise ("-" is standard input). */
typedef struct psh__bytes {
    const uint8_t *data; /* (n_bytes); not NULL even when n_bytes = 0 */
    size_t n_bytes;
    bool is_mapped;
} psh__bytes;
/* Errors: PSH_ERR_FILE_NOT_FOUND, PSH_ERR_FILE_READ (a folder, no permission), PSH_ERR_MEMORY. The text starts with the
 * path. */
psh_status psh__bytes_read(const char *path, psh__bytes *dst, psh_error *err);
void psh__bytes_free(psh__bytes *bytes); /* zeroed struct is fine; zeroes it again */

/* Writing: to a temporary file beside `path`; commit syncs it and renames it over `path`; abort removes it. After
 * either, `file` is done with. A crash leaves the old file or the new one. "-" is standard output. */
typedef struct psh__file {
    FILE *stream;
    char *path, *temporary;
} psh__file;
psh_status psh__file_create(const char *path, psh__file *file, psh_error *err);
psh_status psh__file_write(psh__file *file, const void *bytes, size_t n_bytes, psh_error *err);
psh_status psh__file_commit(psh__file *file, psh_error *err);
void psh__file_abort(psh__file *file); /* zeroed or committed struct is fine */

/* A whole small file at once, atomically. */
psh_status psh__file_replace(const char *path, const void *bytes, size_t n_bytes, psh_error *err);

/* "<path><ending>", or NULL; free with psh__free(). */
char *psh__path_with(const char *path, const char *ending);

#endif
