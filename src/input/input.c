/* input.c : a list of items that are read one at a time.
 *
 * Files hold one item or many; starts[f] is the place of file f's first item in the whole list, so an item is found by
 * bisection. Once opened, an input is never written to: any number of threads may read from it. */
#include "persihash/input.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/params.h"
#include "input/image.h"
#include "input/labels.h"
#include "input/list.h"
#include "input/source.h"

#define FEW_FILES 64 /* are not worth threads */

struct psh_input {
    psh_input_params params; /* labels_path and field are ours, or NULL */
    char *field;
    psh__list list;
    psh__source *sources; /* (n_sources); room for as many as there are files, zeroed */
    size_t *starts;       /* (n_sources + 1) */
    size_t n_sources, n_skipped;
    size_t first, n_items; /* the part of the whole list that was asked for */
    char **names;          /* (n_items), one block */
    psh__labels labels;    /* of the whole list; zero if there are none */
};

/* A folder may hold other things than items: they are passed over, and counted, unless their name says that they were
 * meant as one. */
static bool is_unknown(const psh__list_file *file, psh_status status) {
    bool is_foreign = status == PSH_ERR_FORMAT || status == PSH_ERR_CORRUPT || status == PSH_ERR_FILE_NOT_FOUND;
    return file->is_in_folder && is_foreign && !psh__format_is_name(file->path);
}

/* Numbers in a text file beside images are labels or notes, as a rule. */
static bool is_vague(const psh__list_file *file, const psh__source *source) {
    psh_item_kind kind = source->params->kind;
    return file->is_in_folder && source->format && source->format->is_vague && kind != PSH_ITEM_CLOUD &&
           kind != PSH_ITEM_MATRIX && !psh__format_is_name_of(source->format, file->path);
}

/* What a file is, and what it holds. */
static psh_status look_at(const psh_input *input, const psh__list_file *file, psh__source *source, bool *is_skipped,
                          psh_error *err) {
    psh_status status = psh__source_probe(file->path, &input->params, source, err);
    *is_skipped = is_unknown(file, status);
    source->n_bytes = file->n_bytes;
    if (status == PSH_OK && is_vague(file, source)) {
        *is_skipped = true;
    } else if (status == PSH_OK) {
        status = psh__source_open(source, err);
        *is_skipped = status != PSH_OK && file->is_in_folder && source->file.is_foreign;
    }
    if (*is_skipped) return PSH_OK;
    if (input->params.keeps_faults && status != PSH_OK && status != PSH_ERR_PARAMETER && status != PSH_ERR_MEMORY) {
        psh__source_keep_fault(source);
        status = PSH_OK;
    }
    return status;
}

/* What the threads that look at files share. */
typedef struct look {
    bool *is_skipped;    // (n_files)
    size_t first_failed; /* in the list, or n_files; atomic */
    psh_status status;   /* of first_failed */
    psh_error fault;     /* of first_failed */
} look;

static int n_lookers(const psh_input *input) {
    return input->list.n_files < FEW_FILES ? 1 : input->params.n_threads > 0 ? input->params.n_threads : 8;
}

/* Looks at all files, up to the first that fails. It is the disk that one waits for: 986 JPEG files that are not in the
 * page cache take one thread 0.11 s, eight 0.04 s, on two cores. */
static void look_at_all(const psh_input *input, look *found) {
    const psh__list *list = &input->list;
#pragma omp parallel for schedule(dynamic, 16) num_threads(n_lookers(input))
    for (size_t i = 0; i < list->n_files; i++) {
        psh_error fault = {0};
        if (i > __atomic_load_n(&found->first_failed, __ATOMIC_RELAXED)) continue;
        psh_status status = look_at(input, &list->files[i], &input->sources[i], &found->is_skipped[i], &fault);
        if (status == PSH_OK) continue;
#pragma omp critical(psh_input)
        if (i < found->first_failed) {
            __atomic_store_n(&found->first_failed, i, __ATOMIC_RELAXED);
            found->status = status, found->fault = fault;
        }
    }
}

static psh_status fault_empty_folder(const psh_input *input, const char *path, psh_error *err) {
    char expected[PSH__FORMAT_LIST_BYTES];
    psh__format_list(expected);
    if (input->params.field)
        return psh__error(err, PSH_ERR_FILE_NOT_FOUND,
                          "%s: none of the folder's files is of a format with fields to choose '%s' from", path,
                          input->params.field);
    if (input->params.kind == PSH_ITEM_AUTO)
        return psh__error(err, PSH_ERR_FILE_NOT_FOUND, "%s: none of the folder's files can be read; expected %s", path,
                          expected);
    return psh__error(err, PSH_ERR_FILE_NOT_FOUND, "%s: none of the folder's files can be read as %s", path,
                      psh__kind_text(input->params.kind));
}

/* Closes the gaps that skipped files leave in `sources`; each folder must have something left. */
static psh_status keep_sources(psh_input *input, const look *found, psh_error *err) {
    const psh__list *list = &input->list;
    for (size_t i = 0, n_before = 0; i < list->n_files; i++) {
        if (i == found->first_failed) {
            if (err) *err = found->fault;
            return found->status;
        }
        psh__source source = input->sources[i];
        input->sources[i] = (psh__source){0};
        if (found->is_skipped[i]) {
            input->n_skipped++;
        } else {
            input->starts[input->n_sources + 1] = input->starts[input->n_sources] + source.file.n_items;
            input->sources[input->n_sources++] = source;
        }
        size_t i_root = list->files[i].i_root;
        if (i + 1 < list->n_files && list->files[i + 1].i_root == i_root) continue;
        if (input->n_sources == n_before) return fault_empty_folder(input, list->roots[i_root], err);
        n_before = input->n_sources;
    }
    return PSH_OK;
}

static psh_status add_sources(psh_input *input, psh_error *err) {
    size_t n_files = input->list.n_files;
    look found = {.first_failed = n_files, .is_skipped = psh__calloc(n_files, sizeof *found.is_skipped)};
    input->sources = psh__calloc(n_files, sizeof *input->sources);
    input->starts = psh__calloc(n_files + 1, sizeof *input->starts);
    psh_status status;
    if (found.is_skipped && input->sources && input->starts) {
        look_at_all(input, &found);
        status = keep_sources(input, &found, err);
    } else {
        status = psh__error_memory(err, "the list of files", n_files * sizeof *input->sources);
    }
    psh__free(found.is_skipped);
    return status;
}

static psh_status choose_part(psh_input *input, psh_error *err) {
    size_t n_total = input->starts ? input->starts[input->n_sources] : 0;
    if (n_total == 0) return psh__error(err, PSH_ERR_EMPTY, "no input; expected at least one item");
    if (input->params.first >= n_total)
        return psh__error(err, PSH_ERR_EMPTY, "items from %llu on asked for, but there are only %zu",
                          (unsigned long long)input->params.first, n_total);
    input->first = (size_t)input->params.first;
    input->n_items = n_total - input->first;
    if (input->params.count && input->params.count < input->n_items) input->n_items = (size_t)input->params.count;
    return PSH_OK;
}

/* The file that holds item i of the whole list. */
static size_t find_source(const psh_input *input, size_t i) {
    size_t low = 0, high = input->n_sources;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (input->starts[middle] <= i)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Writes at most room bytes; answers the length. */
static size_t write_name(const psh_input *input, size_t i_item, char *dst, size_t room) {
    size_t i = input->first + i_item, i_source = find_source(input, i);
    const psh__source *source = &input->sources[i_source];
    int n = source->file.is_indexed ? snprintf(dst, room, "%s[%zu]", source->path, i - input->starts[i_source])
                                    : snprintf(dst, room, "%s", source->path);
    return (size_t)n;
}

static psh_status make_names(psh_input *input, psh_error *err) {
    size_t n_bytes = input->n_items * sizeof(char *);
    char unused[1];
    for (size_t i = 0; i < input->n_items; i++) n_bytes += write_name(input, i, unused, sizeof unused) + 1;
    input->names = psh__malloc(n_bytes, 1);
    if (!input->names) return psh__error_memory(err, "the names of items", n_bytes);
    char *at = (char *)(input->names + input->n_items), *end = (char *)input->names + n_bytes;
    for (size_t i = 0; i < input->n_items; i++) {
        input->names[i] = at;
        at += write_name(input, i, at, (size_t)(end - at)) + 1;
    }
    return PSH_OK;
}

/* "tiles/AC/a.jpg" -> "AC" (written into the path's copy), "a.jpg" -> ".". */
static const char *folder_name(char *path) {
    char *slash = strrchr(path, '/');
    if (!slash) return ".";
    while (slash > path && slash[-1] == '/') slash--;
    if (slash == path) return "/";
    *slash = 0;
    char *start = strrchr(path, '/');
    return start ? start + 1 : path;
}

static psh_status labels_of_folders(psh_input *input, psh_error *err) {
    size_t n_items = input->starts[input->n_sources], n_sources = input->n_sources;
    psh_status status;
    char **copies = psh__calloc(n_sources, sizeof *copies);
    const char **names = psh__malloc(n_items, sizeof *names);
    bool has_memory = copies && names;
    for (size_t f = 0; has_memory && f < n_sources; f++) {
        has_memory = (copies[f] = psh__strdup(input->sources[f].path)) != NULL;
        if (!has_memory) break;
        const char *name = folder_name(copies[f]);
        for (size_t i = input->starts[f]; i < input->starts[f + 1]; i++) names[i] = name;
    }
    status = has_memory ? psh__labels_create(names, n_items, &input->labels, err)
                        : psh__error_memory(err, "labels", n_items * sizeof *names);
    if (status == PSH_OK && input->labels.n_classes < 2) psh__labels_free(&input->labels);
    for (size_t f = 0; copies && f < n_sources; f++) psh__free(copies[f]);
    psh__free(copies);
    psh__free(names);
    return status;
}

/* A label that the files themselves bring, if all that can be opened bring them; else NULL. */
static const char *any_label(const psh_input *input) {
    const char *label = NULL;
    for (size_t f = 0; f < input->n_sources; f++) {
        if (input->sources[f].is_fault) continue;
        if (!input->sources[f].file.labels) return NULL;
        label = input->sources[f].file.labels[0];
    }
    return label;
}

/* A file that cannot be opened, and so never becomes a diagram, gets a label that is there. */
static psh_status labels_of_sources(psh_input *input, psh_error *err) {
    size_t n_items = input->starts[input->n_sources];
    const char **names = psh__malloc(n_items, sizeof *names), *any = any_label(input);
    if (!names) return psh__error_memory(err, "labels", n_items * sizeof *names);
    for (size_t f = 0; f < input->n_sources; f++)
        for (size_t i = input->starts[f]; i < input->starts[f + 1]; i++)
            names[i] = input->sources[f].is_fault ? any : input->sources[f].file.labels[i - input->starts[f]];
    psh_status status = psh__labels_create(names, n_items, &input->labels, err);
    psh__free(names);
    return status;
}

static psh_status labels_of_file(psh_input *input, psh_error *err) {
    size_t n_items = input->starts[input->n_sources];
    PSH_TRY(psh__labels_read(input->params.labels_path, &input->labels, err));
    if (input->labels.n_labels != n_items)
        return psh__error(err, PSH_ERR_SHAPE, "%s: %zu labels for %zu items; expected one an item, in the same order",
                          input->params.labels_path, input->labels.n_labels, n_items);
    return PSH_OK;
}

static psh_status check_kind(const psh_input_params *params, psh_error *err) {
    if (params->kind >= PSH_ITEM_AUTO && params->kind <= PSH_ITEM_MESH) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER,
                      "items of kind %d; expected auto (0), image (1), cloud (2), matrix (3) or mesh (4)",
                      (int)params->kind);
}

psh_status psh_input_open(const char *const *paths, size_t n_paths, const psh_input_params *params, psh_input **dst,
                          psh_error *err) {
    psh_status status;
    psh_input *input = psh__calloc(1, sizeof *input);
    if (!input) return psh__error_memory(err, "an input", sizeof *input);
    psh__params_copy(&input->params, sizeof input->params, params);
    if (input->params.smooth_sigma != 0) PSH_TRY_GOTO(psh__smooth_check(input->params.smooth_sigma, err));
    if (input->params.scale_factor != 0) PSH_TRY_GOTO(psh__scale_check(input->params.scale_factor, err));
    if (input->params.field && !(input->params.field = input->field = psh__strdup(input->params.field))) {
        status = psh__error_memory(err, "the name of a field", 64);
        goto done;
    }
    PSH_TRY_GOTO(check_kind(&input->params, err));
    PSH_TRY_GOTO(psh__list_create(paths, n_paths, &input->list, err));
    PSH_TRY_GOTO(add_sources(input, err));
    PSH_TRY_GOTO(choose_part(input, err));
    PSH_TRY_GOTO(make_names(input, err));
    PSH_TRY_GOTO(input->params.labels_path ? labels_of_file(input, err)
                 : any_label(input)        ? labels_of_sources(input, err)
                                           : labels_of_folders(input, err));
    input->params.labels_path = NULL; /* the caller's */
    *dst = input, input = NULL;
done:
    psh_input_free(input);
    return status;
}

void psh_input_free(psh_input *input) {
    if (!input) return;
    for (size_t f = 0; input->sources && f < input->list.n_files; f++) psh__source_free(&input->sources[f]);
    psh__free(input->sources);
    psh__free(input->starts);
    psh__free(input->names);
    psh__free(input->field);
    psh__labels_free(&input->labels);
    psh__list_free(&input->list);
    psh__free(input);
}

size_t psh_input_count(const psh_input *input) {
    return input->n_items;
}

double psh_input_smooth_sigma(const psh_input *input) {
    return input->params.smooth_sigma;
}

double psh_input_scale_factor(const psh_input *input) {
    return input->params.scale_factor;
}

const psh_input_params *psh_input_options(const psh_input *input) {
    return &input->params;
}

psh_status psh_input_identify(const psh_input *input, size_t i_item, uint64_t *dst, psh_error *err) {
    const char *name = psh_input_name(input, i_item),
               *path = input->sources[find_source(input, input->first + i_item)].path;
    struct stat facts;
    if (!strcmp(path, "-"))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "standard input cannot be known again; give a file to work that is to be continued");
    if (stat(path, &facts) != 0)
        return psh__error(err, PSH_ERR_FILE_READ, "%s: cannot be read: %s", path, strerror(errno));
    const int64_t words[] = {(int64_t)facts.st_size, (int64_t)facts.st_mtim.tv_sec, (int64_t)facts.st_mtim.tv_nsec};
    *dst = psh__hash(psh__hash(PSH__HASH_START, name, strlen(name)), words, sizeof words);
    return PSH_OK;
}

size_t psh_input_n_skipped(const psh_input *input) {
    return input->n_skipped;
}

const char *psh_input_name(const psh_input *input, size_t i_item) {
    assert(i_item < input->n_items);
    return input->names[i_item];
}

int64_t psh_input_label(const psh_input *input, size_t i_item) {
    assert(i_item < input->n_items);
    return input->labels.labels ? input->labels.labels[input->first + i_item] : -1;
}

size_t psh_input_n_classes(const psh_input *input) {
    return input->labels.n_classes;
}

const char *psh_input_label_name(const psh_input *input, size_t i_class) {
    assert(i_class < input->labels.n_classes);
    return input->labels.names[i_class];
}

void psh_input_read_ahead(const psh_input *input, size_t i_item) {
    if (i_item >= input->n_items) return;
    size_t i = input->first + i_item, i_source = find_source(input, i);
    if (i == input->starts[i_source]) psh__source_read_ahead(&input->sources[i_source]);
}

psh_status psh_input_read_stored(const psh_input *input, size_t i_item, psh_item *dst, psh_error *err) {
    assert(i_item < input->n_items);
    size_t i = input->first + i_item, i_source = find_source(input, i);
    *dst = (psh_item){0};
    return psh__source_read(&input->sources[i_source], i - input->starts[i_source], dst, err);
}

psh_status psh_input_read_item(const psh_input *input, size_t i_item, psh_item *dst, psh_error *err) {
    PSH_TRY(psh_input_read_stored(input, i_item, dst, err));
    return psh_input_prepare(input, i_item, dst, err);
}

psh_status psh_input_read(const psh_input *input, size_t i_item, psh_image **dst, psh_error *err) {
    psh_item item;
    PSH_TRY(psh_input_read_item(input, i_item, &item, err));
    if (item.kind == PSH_ITEM_IMAGE) return *dst = item.image, PSH_OK;
    psh_item_kind kind = item.kind;
    psh_item_free(&item);
    return psh__error(err, PSH_ERR_FORMAT, "%s: is %s; expected an image", psh_input_name(input, i_item),
                      psh__kind_text(kind));
}
