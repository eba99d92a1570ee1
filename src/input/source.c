/* source.c : one file of an input.
 *
 * Stacks of several images stay mapped (or inflated) as long as the input lives, so that a slice costs one copy; files
 * of one image are opened when it is read, so that a folder may hold more of them than a process may map. */
#include "input/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

static const char expected[] = "expected PNG, JPEG, PGM, IDX or .npy";

psh_status psh__content_load(const char *path, psh__content *dst, psh_error *err) {
    *dst = (psh__content){0};
    PSH_TRY(psh__bytes_read(path, &dst->file, err));
    dst->data = dst->file.data, dst->n_bytes = dst->file.n_bytes;
    if (psh__format_of(dst->data, dst->n_bytes) != PSH__FORMAT_GZIP) return PSH_OK;
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
        do n_read = read(descriptor, head, PSH__FORMAT_HEAD_BYTES);
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

static psh_status unknown_format(const char *path, const uint8_t *head, size_t n_bytes, bool is_inside_gzip,
                                 psh_error *err) {
    if (n_bytes == 0 && !is_inside_gzip)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: the file is empty (0 bytes); %s", path, expected);
    return psh__error(err, PSH_ERR_FORMAT, "%s: %sis %s, not an image; %s", path,
                      is_inside_gzip ? "the content of the gzip file " : "", psh__format_guess(head, n_bytes),
                      expected);
}

psh_status psh__source_probe(const char *path, psh__source *dst, psh_error *err) {
    *dst = (psh__source){.path = path};
    if (!strcmp(path, "-")) return PSH_OK;
    uint8_t head[PSH__FORMAT_HEAD_BYTES], inside[PSH__FORMAT_HEAD_BYTES], *start = head;
    size_t n_bytes = 0;
    PSH_TRY(read_head(path, head, &n_bytes, err));
    dst->format = psh__format_of(head, n_bytes);
    bool is_gzip = dst->format == PSH__FORMAT_GZIP;
    if (is_gzip) {
        n_bytes = psh__gzip_peek(head, n_bytes, inside, sizeof inside), start = inside;
        dst->format = psh__format_of(inside, n_bytes);
    }
    if (dst->format == PSH__FORMAT_UNKNOWN || dst->format == PSH__FORMAT_GZIP)
        return unknown_format(path, start, n_bytes, is_gzip, err);
    return PSH_OK;
}

static bool is_stack(const psh__source *source) {
    return source->format == PSH__FORMAT_IDX || source->format == PSH__FORMAT_NPY;
}

psh_status psh__source_open(psh__source *source, psh_error *err) {
    bool is_stream = !strcmp(source->path, "-");
    source->n_items = 1;
    if (!is_stream && !is_stack(source)) return PSH_OK;
    PSH_TRY(psh__content_load(source->path, &source->content, err));
    const psh__content *content = &source->content;
    psh_status status = PSH_OK;
    source->format = psh__format_of(content->data, content->n_bytes);
    if (source->format == PSH__FORMAT_UNKNOWN || source->format == PSH__FORMAT_GZIP)
        status = unknown_format(source->path, content->data, content->n_bytes, content->inflated != NULL, err);
    if (status == PSH_OK && is_stack(source)) {
        status = psh__stack_open(source->format, content->data, content->n_bytes, &source->stack, err);
        source->n_axes = source->stack.n_axes;
        if (status != PSH_OK) status = psh__error_prefix(err, status, "%s", source->path);
    }
    source->is_held = is_stream || !source->stack.is_single;
    if (status == PSH_OK && is_stack(source))
        source->n_items = source->stack.n_images, source->is_indexed = !source->stack.is_single;
    if (status != PSH_OK || !source->is_held) {
        psh__stack_free(&source->stack);
        psh__content_free(&source->content);
    }
    return status;
}

void psh__source_free(psh__source *source) {
    psh__stack_free(&source->stack);
    psh__content_free(&source->content);
}

/* One image of what was loaded. */
static psh_status decode(psh__format format, const psh__content *content, psh_image **dst, psh_error *err) {
    psh__stack stack;
    switch (format) {
    case PSH__FORMAT_PNG:
        return psh__png_read(content->data, content->n_bytes, dst, err);
    case PSH__FORMAT_JPEG:
        return psh__jpeg_read(content->data, content->n_bytes, dst, err);
    case PSH__FORMAT_PGM:
        return psh__pgm_read(content->data, content->n_bytes, dst, err);
    default:
        PSH_TRY(psh__stack_open(format, content->data, content->n_bytes, &stack, err));
        psh_status status = psh__stack_read(&stack, 0, dst, err);
        psh__stack_free(&stack);
        return status;
    }
}

psh_status psh__source_read(const psh__source *source, size_t i_item, psh_image **dst, psh_error *err) {
    psh_status status;
    if (source->is_held) {
        status = is_stack(source) && source->is_indexed ? psh__stack_read(&source->stack, i_item, dst, err)
                                                        : decode(source->format, &source->content, dst, err);
    } else {
        psh__content content;
        PSH_TRY(psh__content_load(source->path, &content, err));
        if (psh__format_of(content.data, content.n_bytes) == source->format)
            status = decode(source->format, &content, dst, err);
        else
            status = psh__error(err, PSH_ERR_CORRUPT, "the file has changed since it was listed; leave it alone");
        psh__content_free(&content);
    }
    if (status == PSH_OK) return PSH_OK;
    return source->is_indexed ? psh__error_prefix(err, status, "%s[%zu]", source->path, i_item)
                              : psh__error_prefix(err, status, "%s", source->path);
}
