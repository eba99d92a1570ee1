/* labels.c : the classes of items, from names or from a file.
 *
 * Whatever they come from, labels become texts first and are numbered by one rule: the distinct texts in order, by
 * value if all of them are integers (so that "10" follows "9"), else by bytes. */
#include "input/labels.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/readers.h"

#define NUMBER_BYTES 21 /* "-9223372036854775808" and the zero */

typedef struct entry {
    int64_t number; /* 0 unless all are integers */
    const char *name;
    size_t i_item;
} entry;

static int compare_entries(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return strcmp(x->name, y->name);
}

static bool is_integer(const char *text, int64_t *number) {
    char *end;
    if (!strchr("-0123456789", *text) || !*text) return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return *end == 0 && errno == 0;
}

/* The names of classes, each once, in one block: pointers first. */
static char **copy_names(const entry *sorted, size_t n_entries, size_t n_classes) {
    size_t n_bytes = n_classes * sizeof(char *), i_class = 0;
    for (size_t i = 0; i < n_entries; i++)
        if (i == 0 || strcmp(sorted[i].name, sorted[i - 1].name) != 0) n_bytes += strlen(sorted[i].name) + 1;
    char **names = psh__malloc(n_bytes, 1);
    if (!names) return NULL;
    char *at = (char *)(names + n_classes);
    for (size_t i = 0; i < n_entries; i++)
        if (i == 0 || strcmp(sorted[i].name, sorted[i - 1].name) != 0) {
            names[i_class++] = at;
            at = stpcpy(at, sorted[i].name) + 1;
        }
    return names;
}

psh_status psh__labels_create(const char *const *names, size_t n_labels, psh__labels *dst, psh_error *err) {
    *dst = (psh__labels){.n_labels = n_labels};
    bool are_integers = true;
    entry *entries = psh__malloc(n_labels, sizeof *entries);
    dst->labels = psh__malloc(n_labels, sizeof *dst->labels);
    if (!entries || !dst->labels) goto no_memory;
    for (size_t i = 0; i < n_labels; i++) {
        entries[i] = (entry){.name = names[i], .i_item = i};
        are_integers = are_integers && is_integer(names[i], &entries[i].number);
    }
    for (size_t i = 0; !are_integers && i < n_labels; i++) entries[i].number = 0;
    qsort(entries, n_labels, sizeof *entries, compare_entries);
    for (size_t i = 0; i < n_labels; i++) {
        if (i == 0 || strcmp(entries[i].name, entries[i - 1].name) != 0) dst->n_classes++;
        dst->labels[entries[i].i_item] = (int64_t)dst->n_classes - 1;
    }
    dst->names = copy_names(entries, n_labels, dst->n_classes);
    if (!dst->names) goto no_memory;
    psh__free(entries);
    return PSH_OK;
no_memory:
    psh__free(entries);
    psh__labels_free(dst);
    return psh__error_memory(err, "labels", n_labels * sizeof(entry));
}

void psh__labels_free(psh__labels *labels) {
    psh__free(labels->labels);
    psh__free(labels->names);
    *labels = (psh__labels){0};
}

static psh_status from_integers(const int64_t *values, size_t n_labels, psh__labels *dst, psh_error *err) {
    psh_status status;
    char *block = psh__malloc(n_labels, NUMBER_BYTES);
    const char **names = psh__malloc(n_labels, sizeof *names);
    if (!block || !names) {
        status = psh__error_memory(err, "labels", n_labels * (NUMBER_BYTES + sizeof *names));
    } else {
        for (size_t i = 0; i < n_labels; i++) {
            names[i] = block + i * NUMBER_BYTES;
            snprintf(block + i * NUMBER_BYTES, NUMBER_BYTES, "%" PRId64, values[i]);
        }
        status = psh__labels_create(names, n_labels, dst, err);
    }
    psh__free(names);
    psh__free(block);
    return status;
}

static psh_status from_array(const psh__array *array, psh__labels *dst, psh_error *err) {
    if (array->n_axes != 1)
        return psh__error(err, PSH_ERR_SHAPE, "labels have %zu axes; expected 1: one label an item", array->n_axes);
    psh_status status;
    if (array->kind == 'U' || array->kind == 'S') {
        char **texts;
        PSH_TRY(psh__array_to_texts(array, "labels", &texts, err));
        status = psh__labels_create((const char *const *)texts, array->n_items, dst, err);
        psh__free(texts);
    } else {
        int64_t *values;
        PSH_TRY(psh__array_to_i64(array, "labels", &values, err));
        status = from_integers(values, array->n_items, dst, err);
        psh__free(values);
    }
    return status;
}

static psh_status from_idx(const psh__content *content, psh__labels *dst, psh_error *err) {
    psh__array array;
    PSH_TRY(psh__idx_parse(content->data, content->n_bytes, &array, err));
    if (array.item_bytes > 1)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "IDX labels of %zu bytes each; expected 1", array.item_bytes);
    return from_array(&array, dst, err);
}

static psh_status from_npy(const psh__content *content, psh__labels *dst, psh_error *err) {
    psh__array array;
    PSH_TRY(psh__npy_parse(content->data, content->n_bytes, "labels", &array, err));
    psh_status status = from_array(&array, dst, err);
    psh__array_free(&array);
    return status;
}

/* Cuts white space at both ends, in place. */
static char *trim(char *text) {
    text += strspn(text, " \t\r");
    for (char *end = text + strlen(text); end > text && strchr(" \t\r", end[-1]);) *--end = 0;
    return text;
}

static psh_status from_lines(char *text, psh__labels *dst, psh_error *err) {
    const char **names = NULL;
    size_t n_names = 0, n_filled = 0, capacity = 0;
    psh_status status = PSH_OK;
    for (char *next = text; next;) {
        char *line = next;
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        if (!PSH_GROW(&names, &capacity, n_names + 1)) {
            status = psh__error_memory(err, "labels", n_names * sizeof *names);
            goto done;
        }
        names[n_names++] = trim(line);
        if (*names[n_names - 1]) n_filled = n_names; /* empty lines at the end do not count */
    }
    for (size_t i = 0; i < n_filled; i++)
        if (!*names[i]) {
            status = psh__error(err, PSH_ERR_CORRUPT, "line %zu is empty; expected one label a line", i + 1);
            goto done;
        }
    status = psh__labels_create(names, n_filled, dst, err);
done:
    psh__free(names);
    return status;
}

static psh_status from_text(const psh__content *content, psh__labels *dst, psh_error *err) {
    psh__head head = psh__head_of(content->data, content->n_bytes, PSH_ITEM_AUTO);
    if (memchr(content->data, 0, content->n_bytes))
        return psh__error(err, PSH_ERR_FORMAT, "is %s; expected labels: IDX1, .npy, or text with one label a line",
                          psh__format_guess(&head));
    char *text = psh__malloc(content->n_bytes + 1, 1);
    if (!text) return psh__error_memory(err, "labels", content->n_bytes);
    memcpy(text, content->data, content->n_bytes);
    text[content->n_bytes] = 0;
    psh_status status = from_lines(text, dst, err);
    psh__free(text);
    return status;
}

psh_status psh__labels_read(const char *path, psh__labels *dst, psh_error *err) {
    psh__content content;
    *dst = (psh__labels){0};
    PSH_TRY(psh__content_load(path, &content, err));
    psh__head head = psh__head_of(content.data, content.n_bytes, PSH_ITEM_AUTO);
    const psh__format *format = psh__format_find(&head);
    psh_status status;
    if (psh__idx_is(&head))
        status = from_idx(&content, dst, err);
    else if (psh__npy_is(&head))
        status = from_npy(&content, dst, err);
    else if (format && (!head.is_text || psh__pgm_is(&head)))
        status = psh__error(err, PSH_ERR_FORMAT, "is %s, no labels; expected IDX1, .npy, or one a line", format->name);
    else
        status = from_text(&content, dst, err);
    psh__content_free(&content);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "%s", path);
}
