/* labels.h : the classes of items. */
#ifndef PSH_INPUT_LABELS_H
#define PSH_INPUT_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/status.h"

/* Classes are numbered in the order of their names: by value if all are integers, else by bytes. */
typedef struct psh__labels {
    int64_t *labels; /* (n_labels), in [0, n_classes) */
    size_t n_labels;
    char **names; /* (n_classes), one block */
    size_t n_classes;
} psh__labels;

/* From names, one an item. */
psh_status psh__labels_create(const char *const *names, size_t n_labels, psh__labels *dst, psh_error *err);
/* From a file: IDX1 or .npy (of integers or text), plain or .gz, or text with one label a line. The text of errors
 * starts with the path. */
psh_status psh__labels_read(const char *path, psh__labels *dst, psh_error *err);
void psh__labels_free(psh__labels *labels); /* zeroed struct is fine */

#endif
