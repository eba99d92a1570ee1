/* list.h : from files, folders and globs to a list of files. */
#ifndef PSH_INPUT_LIST_H
#define PSH_INPUT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "persihash/status.h"

typedef struct psh__list_file {
    char *path;
    size_t i_root;     /* which of the paths given (after globs) it came from */
    size_t n_bytes;    /* 0: not known */
    bool is_in_folder; /* found in a folder, not named: may be something else than an image */
} psh__list_file;

typedef struct psh__list {
    psh__list_file *files; /* (n_files), in the order of the roots; those of one folder in byte order of their path */
    size_t n_files, files_capacity;
    char **roots; /* (n_roots) */
    size_t n_roots, roots_capacity;
} psh__list;

/* Folders are searched to any depth, names that start with a dot left out, links followed (but not in circles). "-"
 * stands for itself. A path that exists is no glob. Errors: PSH_ERR_FILE_NOT_FOUND, PSH_ERR_FILE_READ, PSH_ERR_MEMORY;
 * on failure too, free the list. */
psh_status psh__list_create(const char *const *paths, size_t n_paths, psh__list *dst, psh_error *err);
void psh__list_free(psh__list *list); /* zeroed struct is fine */

#endif
