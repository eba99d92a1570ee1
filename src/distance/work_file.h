/* work_file.h : a .npy that is filled tile by tile and becomes the output when it is whole. */
#ifndef PSH_DISTANCE_WORK_FILE_H
#define PSH_DISTANCE_WORK_FILE_H

#include "base/file.h"
#include "persihash/distance.h"

typedef struct psh__work_file {
    psh__file file; /* file.temporary is what is filled; psh__file_commit() makes it the output */
    size_t head_bytes, item_bytes, n_elements;
    bool is_fresh; /* nothing in it yet: made now, or of another length */
} psh__work_file;

/* psh__work_file_open() :
 * is_partial: "<path>.partial", as it is if it has the right length; else a temporary file beside `path`, or a nameless
 * one for "-". The space on the disk is taken at once. Errors: PSH_ERR_FILE_WRITE, PSH_ERR_MEMORY. */
psh_status psh__work_file_open(const char *path, bool is_partial, psh_distance_dtype dtype, const size_t *shape,
                               size_t n_axes, psh__work_file *dst, psh_error *err);
/* Elements first .. first + n - 1. Any thread. */
psh_status psh__work_file_write(const psh__work_file *work, size_t first, size_t n, const void *src, psh_error *err);
psh_status psh__work_file_read(const psh__work_file *work, size_t first, size_t n, void *dst, psh_error *err);
/* All elements, mapped to memory; give `map` back to psh__work_file_unmap(). */
psh_status psh__work_file_map(const psh__work_file *work, void **map, const void **elements, psh_error *err);
void psh__work_file_unmap(const psh__work_file *work, void *map);
/* psh__work_file_close() : with `is_kept` the file stays, to be opened again. Zeroed or committed struct is fine. */
void psh__work_file_close(psh__work_file *work, bool is_kept);

#endif
