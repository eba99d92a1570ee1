/* source.c : one file of an input.
 *
 * Files of several items stay mapped (or inflated) as long as the input lives, so that an item costs one copy; files of
 * one item are opened when it is read, so that a folder may hold more of them than a process may map. */
#include "input/source.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

static psh_status unknown_format(const char *path, const psh__head *head, bool is_inside_gzip, psh_error *err) {
    char expected[PSH__FORMAT_LIST_BYTES];
    psh__format_list(expected);
    if (head->n_bytes == 0 && !is_inside_gzip)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: the file is empty (0 bytes); expected %s", path, expected);
    return psh__error(err, PSH_ERR_FORMAT, "%s: %sis %s, which is not read; expected %s", path,
                      is_inside_gzip ? "the content of the gzip file " : "", psh__format_guess(head), expected);
}

psh_status psh__source_probe(const char *path, const psh_input_params *params, psh__source *dst, psh_error *err) {
    *dst = (psh__source){.path = path, .params = params};
    if (!strcmp(path, "-")) return PSH_OK;
    uint8_t start[PSH__HEAD_BYTES];
    size_t n_bytes = 0;
    bool is_gzip = false;
    PSH_TRY(psh__content_peek(path, start, &n_bytes, &is_gzip, err));
    psh__head head = psh__head_of(start, n_bytes, params->kind);
    dst->format = psh__format_find(&head);
    dst->is_single = dst->format && (!dst->format->open || (dst->format->is_single && dst->format->is_single(&head)));
    return dst->format ? PSH_OK : unknown_format(path, &head, is_gzip, err);
}

/* Does the format hold what is asked for? If not, the file is passed over in folders. */
static psh_status check_request(psh__source *source, psh_error *err) {
    psh_item_kind kind = source->params->kind;
    source->file.is_foreign = true;
    if (kind != PSH_ITEM_AUTO && !(source->format->kinds & 1u << kind))
        return psh__error(err, PSH_ERR_PARAMETER, "%s: %s cannot be read as %s", source->path, source->format->name,
                          psh__kind_text(kind));
    if (source->params->field && !source->format->has_fields)
        return psh__error(err, PSH_ERR_PARAMETER, "%s: %s has no fields to choose '%s' from; leave --field out",
                          source->path, source->format->name, source->params->field);
    source->file.is_foreign = false;
    return PSH_OK;
}

static void unload(const psh__format *format, psh__loaded *file) {
    if (file->state && format->close) format->close(file);
    psh__content_free(&file->content);
}

/* Both under the C locale where the format is text. */
static psh_status call_open(const psh__format *format, psh__loaded *file, psh_error *err) {
    psh__c_locale locale;
    if (!format->open) return PSH_OK;
    if (!format->is_text) return format->open(file, err);
    if (!psh__c_locale_enter(&locale)) return psh__error_memory(err, "a locale", 0);
    psh_status status = format->open(file, err);
    psh__c_locale_leave(&locale);
    return status;
}

static psh_status call_read(const psh__format *format, const psh__loaded *file, size_t i_item, psh_item *dst,
                            psh_error *err) {
    psh__c_locale locale;
    if (!format->is_text) return format->read(file, i_item, dst, err);
    if (!psh__c_locale_enter(&locale)) return psh__error_memory(err, "a locale", 0);
    psh_status status = format->read(file, i_item, dst, err);
    psh__c_locale_leave(&locale);
    return status;
}

/* Loads the file and lets its format, which is told anew, open it. On failure nothing is left but is_foreign. */
static psh_status load(const psh__source *source, const psh__format **dst, psh__loaded *file, psh_error *err) {
    *file = (psh__loaded){.params = source->params, .n_items = 1};
    PSH_TRY(psh__content_load(source->path, &file->content, err));
    psh__head head = psh__head_of(file->content.data, file->content.n_bytes, source->params->kind);
    psh_status status = PSH_OK;
    const psh__format *format = *dst = psh__format_find(&head);
    if (source->format && source->format != format) {
        status = psh__error(err, PSH_ERR_CORRUPT, "%s: the file has changed since it was listed; leave it alone",
                            source->path);
    } else if (!format) {
        status = unknown_format(source->path, &head, file->content.inflated != NULL, err);
    } else {
        status = call_open(format, file, err);
        if (status != PSH_OK) status = psh__error_prefix(err, status, "%s", source->path);
    }
    if (status == PSH_OK) return PSH_OK;
    psh__content_free(&file->content);
    psh__free(file->labels);
    *file = (psh__loaded){.is_foreign = file->is_foreign};
    return status;
}

psh_status psh__source_open(psh__source *source, psh_error *err) {
    bool is_stream = !strcmp(source->path, "-");
    if (source->format) PSH_TRY(check_request(source, err));
    if (source->is_single) {
        source->file.n_items = 1;
        return PSH_OK;
    }
    PSH_TRY(load(source, &source->format, &source->file, err));
    psh_status status = is_stream ? check_request(source, err) : PSH_OK;
    source->is_held = status == PSH_OK && (is_stream || source->file.n_items > 1);
    if (!source->is_held) unload(source->format, &source->file);
    if (status != PSH_OK) psh__source_free(source);
    return status;
}

void psh__source_keep_fault(psh__source *source) {
    *source = (psh__source){
        .path = source->path, .params = source->params, .format = source->format, .is_fault = true, .file.n_items = 1};
}

void psh__source_free(psh__source *source) {
    if (source->is_held) unload(source->format, &source->file);
    psh__free(source->file.labels);
    source->file = (psh__loaded){0};
    source->is_held = false;
}

/* Of small files the probe has read all, as the system reads more than it is asked for. */
void psh__source_read_ahead(const psh__source *source) {
#ifdef POSIX_FADV_WILLNEED
    const size_t read_by_probe = (size_t)1 << 17;
    if (source->is_held || source->n_bytes <= read_by_probe) return;
    int descriptor = open(source->path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_WILLNEED);
    close(descriptor);
#else
    (void)source;
#endif
}

psh_status psh__source_read(const psh__source *source, size_t i_item, psh_item *dst, psh_error *err) {
    const psh__format *format = source->format;
    psh__loaded file = source->file;
    psh_status status;
    if (!source->is_held) PSH_TRY(load(source, &format, &file, err));
    if (i_item < file.n_items && !source->is_fault)
        status = call_read(format, &file, i_item, dst, err);
    else if (source->is_fault)
        status = psh__error(err, PSH_ERR_CORRUPT, "the file has changed since it was listed; leave it alone");
    else
        status = psh__error(err, PSH_ERR_CORRUPT, "the file has fewer items than when it was listed; leave it alone");
    if (!source->is_held) {
        unload(format, &file);
        psh__free(file.labels);
    }
    if (status == PSH_OK) return PSH_OK;
    *dst = (psh_item){0};
    return source->file.is_indexed ? psh__error_prefix(err, status, "%s[%zu]", source->path, i_item)
                                   : psh__error_prefix(err, status, "%s", source->path);
}
