/* list.c : from files, folders and globs to a list of files.
 *
 * The order is that of the bytes of the paths, whatever the locale and the file system say, so that a list is the same
 * on every machine: glob() and readdir() answer in orders of their own, and are sorted here. */
#include "input/list.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"

/* The folders from a root down to here: a link that leads back to one of them is a circle. */
typedef struct trail {
    const struct trail *up;
    dev_t device;
    ino_t inode;
} trail;

static psh_status read_fault(const char *path, psh_error *err) {
    if (errno == ENOMEM) return psh__error_memory(err, path, 0);
    if (errno == ENOENT || errno == ENOTDIR)
        return psh__error(err, PSH_ERR_FILE_NOT_FOUND, "%s: no such file or folder; check the path", path);
    return psh__error(err, PSH_ERR_FILE_READ, "%s: cannot be read: %s", path, strerror(errno));
}

/* facts: NULL if there is no such file, or it is a stream. */
static psh_status add_file(psh__list *list, const char *path, const struct stat *facts, bool is_in_folder,
                           psh_error *err) {
    char *copy = PSH_GROW(&list->files, &list->files_capacity, list->n_files + 1) ? psh__strdup(path) : NULL;
    if (!copy) return psh__error_memory(err, "the list of files", list->n_files * sizeof *list->files);
    list->files[list->n_files++] =
        (psh__list_file){.path = copy, .i_root = list->n_roots - 1, .is_in_folder = is_in_folder};
    if (facts && S_ISREG(facts->st_mode)) list->files[list->n_files - 1].n_bytes = (size_t)facts->st_size;
    return PSH_OK;
}

static psh_status add_folder(psh__list *list, const char *path, const trail *up, const struct stat *facts,
                             psh_error *err);

/* One entry of a folder. A link that leads nowhere stays in the list: its name decides later what to make of it. */
static psh_status add_entry(psh__list *list, const char *folder, const char *name, const trail *here, psh_error *err) {
    size_t n_folder = strlen(folder);
    while (n_folder > 1 && folder[n_folder - 1] == '/') n_folder--;
    size_t n_bytes = n_folder + strlen(name) + 2;
    char *path = psh__malloc(n_bytes, 1);
    if (!path) return psh__error_memory(err, "a path", n_bytes);
    snprintf(path, n_bytes, "%.*s%s%s", (int)n_folder, folder, folder[n_folder - 1] == '/' ? "" : "/", name);
    struct stat facts;
    psh_status status = PSH_OK;
    if (stat(path, &facts) != 0)
        status = errno == ENOENT || errno == ELOOP ? add_file(list, path, NULL, true, err) : read_fault(path, err);
    else if (S_ISDIR(facts.st_mode))
        status = add_folder(list, path, here, &facts, err);
    else if (S_ISREG(facts.st_mode))
        status = add_file(list, path, &facts, true, err);
    psh__free(path);
    return status;
}

static psh_status add_folder(psh__list *list, const char *path, const trail *up, const struct stat *facts,
                             psh_error *err) {
    trail here = {.up = up, .device = facts->st_dev, .inode = facts->st_ino};
    for (const trail *t = up; t; t = t->up)
        if (t->device == here.device && t->inode == here.inode) return PSH_OK;
    DIR *folder = opendir(path);
    if (!folder) return read_fault(path, err);
    psh_status status = PSH_OK;
    errno = 0;
    for (struct dirent *entry; status == PSH_OK && (entry = readdir(folder)); errno = 0)
        if (entry->d_name[0] != '.') status = add_entry(list, path, entry->d_name, &here, err);
    if (status == PSH_OK && errno) status = read_fault(path, err);
    closedir(folder);
    return status;
}

static int compare_paths(const void *a, const void *b) {
    return strcmp(((const psh__list_file *)a)->path, ((const psh__list_file *)b)->path);
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static psh_status add_root(psh__list *list, const char *path, const struct stat *facts, psh_error *err) {
    char *copy = PSH_GROW(&list->roots, &list->roots_capacity, list->n_roots + 1) ? psh__strdup(path) : NULL;
    if (!copy) return psh__error_memory(err, "the list of files", list->n_roots * sizeof *list->roots);
    list->roots[list->n_roots++] = copy;
    if (!facts || !S_ISDIR(facts->st_mode)) return add_file(list, path, facts, false, err);
    size_t start = list->n_files;
    PSH_TRY(add_folder(list, path, NULL, facts, err));
    if (list->n_files == start)
        return psh__error(err, PSH_ERR_FILE_NOT_FOUND, "%s: the folder holds no files; expected images", path);
    qsort(list->files + start, list->n_files - start, sizeof *list->files, compare_paths);
    return PSH_OK;
}

static psh_status add_glob(psh__list *list, const char *pattern, psh_error *err) {
    glob_t matches = {0};
    psh_status status = PSH_OK;
    int answer = glob(pattern, GLOB_NOSORT | GLOB_ERR, NULL, &matches);
    if (answer == GLOB_NOMATCH)
        status = psh__error(err, PSH_ERR_FILE_NOT_FOUND, "%s: no file matches this pattern; check it", pattern);
    else if (answer == GLOB_NOSPACE)
        status = psh__error_memory(err, "the files of a pattern", 0);
    else if (answer != 0)
        status = psh__error(err, PSH_ERR_FILE_READ, "%s: a folder cannot be read; check its permissions", pattern);
    else
        qsort(matches.gl_pathv, matches.gl_pathc, sizeof *matches.gl_pathv, compare_texts);
    for (size_t i = 0; status == PSH_OK && i < matches.gl_pathc; i++) {
        struct stat facts;
        if (stat(matches.gl_pathv[i], &facts) != 0)
            status = read_fault(matches.gl_pathv[i], err);
        else
            status = add_root(list, matches.gl_pathv[i], &facts, err);
    }
    globfree(&matches);
    return status;
}

psh_status psh__list_create(const char *const *paths, size_t n_paths, psh__list *dst, psh_error *err) {
    *dst = (psh__list){0};
    for (size_t i = 0; i < n_paths; i++) {
        struct stat facts;
        if (!strcmp(paths[i], "-"))
            PSH_TRY(add_root(dst, paths[i], NULL, err));
        else if (stat(paths[i], &facts) == 0)
            PSH_TRY(add_root(dst, paths[i], &facts, err));
        else if (errno == ENOENT && strpbrk(paths[i], "*?["))
            PSH_TRY(add_glob(dst, paths[i], err));
        else
            return read_fault(paths[i], err);
    }
    return PSH_OK;
}

void psh__list_free(psh__list *list) {
    for (size_t i = 0; i < list->n_files; i++) psh__free(list->files[i].path);
    for (size_t i = 0; i < list->n_roots; i++) psh__free(list->roots[i]);
    psh__free(list->files);
    psh__free(list->roots);
    *list = (psh__list){0};
}
