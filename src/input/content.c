/* content.c : files to bytes: mapped, or inflated, whole or their start alone. */
#include "input/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

static bool is_gzip_file(const uint8_t *head, size_t n_bytes) {
    return n_bytes >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

psh_status psh__content_load(const char *path, psh__content *dst, psh_error *err) {
    *dst = (psh__content){0};
    PSH_TRY(psh__bytes_read(path, &dst->file, err));
    dst->data = dst->file.data, dst->n_bytes = dst->file.n_bytes;
    if (!is_gzip_file(dst->data, dst->n_bytes)) return PSH_OK;
    psh_status status = psh__gzip_inflate(dst->file.data, dst->file.n_bytes, &dst->inflated, &dst->n_bytes, err);
    if (status != PSH_OK) {
        psh__content_free(dst);
        return psh__error_prefix(err, status, "%s", path);
    }
    psh__bytes_free(&dst->file);
    dst->data = dst->inflated;
    return PSH_OK;
}

void psh__content_free(psh__content *content) {
    psh__free(content->inflated);
    psh__bytes_free(&content->file);
    *content = (psh__content){0};
}

static psh_status read_head(const char *path, uint8_t *head, size_t *n_bytes, psh_error *err) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n_read = -1;
    if (descriptor >= 0) {
        do n_read = read(descriptor, head, PSH__HEAD_BYTES);
        while (n_read < 0 && errno == EINTR);
    }
    int cause = errno;
    if (descriptor >= 0) close(descriptor);
    if (n_read < 0)
        return cause == ENOENT ? psh__error(err, PSH_ERR_FILE_NOT_FOUND, "%s: no such file; check the path", path)
                               : psh__error(err, PSH_ERR_FILE_READ, "%s: cannot be read: %s", path, strerror(cause));
    *n_bytes = (size_t)n_read;
    return PSH_OK;
}

psh_status psh__content_peek(const char *path, uint8_t dst[PSH__HEAD_BYTES], size_t *n_bytes, bool *is_gzip,
                             psh_error *err) {
    uint8_t head[PSH__HEAD_BYTES];
    PSH_TRY(read_head(path, head, n_bytes, err));
    *is_gzip = is_gzip_file(head, *n_bytes);
    if (*is_gzip)
        *n_bytes = psh__gzip_peek(head, *n_bytes, dst, PSH__HEAD_BYTES);
    else
        memcpy(dst, head, *n_bytes);
    return PSH_OK;
}
