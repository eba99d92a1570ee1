/* content.h : what a file says, inflated if it is a gzip file. */
#ifndef PSH_INPUT_CONTENT_H
#define PSH_INPUT_CONTENT_H

#include "base/file.h"

typedef struct psh__content {
    psh__bytes file;   /* zeroed once inflated */
    uint8_t *inflated; /* or NULL */
    const uint8_t *data;
    size_t n_bytes;
} psh__content;

/* Errors: those of psh__bytes_read() and psh__gzip_inflate(); the text starts with the path. */
psh_status psh__content_load(const char *path, psh__content *dst, psh_error *err);
void psh__content_free(psh__content *content); /* zeroed struct is fine */

/* The first bytes of a file, inflated if it is a gzip file (*is_gzip): *n_bytes of at most PSH__HEAD_BYTES. Errors:
 * PSH_ERR_FILE_NOT_FOUND, PSH_ERR_FILE_READ; the text starts with the path. */
#define PSH__HEAD_BYTES 4096
psh_status psh__content_peek(const char *path, uint8_t dst[PSH__HEAD_BYTES], size_t *n_bytes, bool *is_gzip,
                             psh_error *err);

/* Inflates a gzip file, of several members too. *dst : psh__malloc'ed. */
psh_status psh__gzip_inflate(const uint8_t *bytes, size_t n_bytes, uint8_t **dst, size_t *dst_bytes, psh_error *err);
/* The first bytes alone, without a word on what is wrong: returns how many of dst_bytes there are. */
size_t psh__gzip_peek(const uint8_t *bytes, size_t n_bytes, uint8_t *dst, size_t dst_bytes);

#endif
