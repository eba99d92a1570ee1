/* work_file.c : a .npy that is filled tile by tile and becomes the output when it is whole.
 *
 * Tiles are written where they belong by pwrite(), and stay in the page cache until the kernel writes them out: the
 * process itself never holds more than one tile a thread. A shared mapping of the file would do the same, but a disk
 * that fills up, or a network that fails, would then be a SIGBUS instead of a status, and the pages would count as the
 * process' memory. Readers map the finished file (psh_distances_read(), numpy.load(mmap_mode="r")). */
#include "distance/work_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"
#include "base/io_at.h"
#include "distance/distances.h"

static psh_status fault(const psh__work_file *work, int number, psh_error *err) {
    return psh__error(err, PSH_ERR_FILE_WRITE,
                      "%s: cannot be written: %s; check the folder, its permissions and the free space",
                      work->file.path ? work->file.path : "standard output", strerror(number));
}

static psh_status open_partial(const char *path, psh__file *file, psh_error *err) {
    file->path = psh__strdup(path);
    file->temporary = psh__path_with(path, ".partial");
    if (!file->path || !file->temporary) {
        psh__free(file->path), psh__free(file->temporary);
        *file = (psh__file){0};
        return psh__error_memory(err, "a path", strlen(path));
    }
    int descriptor = open(file->temporary, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    file->stream = descriptor < 0 ? NULL : fdopen(descriptor, "r+b");
    if (file->stream) return PSH_OK;
    psh_status status = psh__error(err, PSH_ERR_FILE_WRITE,
                                   "%s: cannot be written: %s; check the folder, its permissions and the free space",
                                   file->temporary, strerror(errno));
    if (descriptor >= 0) close(descriptor);
    psh__free(file->path), psh__free(file->temporary);
    *file = (psh__file){0};
    return status;
}

/* Better no space now than after hours. */
static int reserve(int descriptor, size_t n_bytes) {
#ifdef __linux__
    int number = posix_fallocate(descriptor, 0, (off_t)n_bytes);
    if (number != EOPNOTSUPP && number != EINVAL) return number;
#endif
    return ftruncate(descriptor, (off_t)n_bytes) == 0 ? 0 : errno;
}

/* Its length and its head are what they are going to be at the end. */
static psh_status start(psh__work_file *work, const char *head, psh_error *err) {
    int descriptor = fileno(work->file.stream), number = 0;
    size_t n_bytes = work->head_bytes + work->n_elements * work->item_bytes;
    struct stat facts;
    if (fstat(descriptor, &facts) != 0) return fault(work, errno, err);
    work->is_fresh = (uint64_t)facts.st_size != n_bytes;
    if (work->is_fresh) {
        if (ftruncate(descriptor, 0) != 0) return fault(work, errno, err);
        number = reserve(descriptor, n_bytes);
    }
    if (number == 0 && !psh__write_at(descriptor, head, work->head_bytes, 0)) number = errno;
    return number ? fault(work, number, err) : PSH_OK;
}

psh_status psh__work_file_open(const char *path, bool is_partial, psh_distance_dtype dtype, const size_t *shape,
                               size_t n_axes, psh__work_file *dst, psh_error *err) {
    char head[256];
    psh__work_file work = {.item_bytes = psh__distance_bytes(dtype), .n_elements = 1};
    work.head_bytes = psh__npy_header(psh__distance_descr(dtype), shape, n_axes, head);
    for (size_t axis = 0; axis < n_axes; axis++) work.n_elements *= shape[axis];
    if (!strcmp(path, "-")) {
        work.file.stream = tmpfile();
        if (!work.file.stream) return fault(&work, errno, err);
    } else if (is_partial) {
        PSH_TRY(open_partial(path, &work.file, err));
    } else {
        PSH_TRY(psh__file_create(path, &work.file, err));
    }
    psh_status status = start(&work, head, err);
    if (status == PSH_OK)
        *dst = work;
    else
        psh__work_file_close(&work, !work.is_fresh);
    return status;
}

psh_status psh__work_file_write(const psh__work_file *work, size_t first, size_t n, const void *src, psh_error *err) {
    if (psh__write_at(fileno(work->file.stream), src, n * work->item_bytes,
                      work->head_bytes + first * work->item_bytes))
        return PSH_OK;
    return fault(work, errno, err);
}

psh_status psh__work_file_read(const psh__work_file *work, size_t first, size_t n, void *dst, psh_error *err) {
    size_t n_bytes = n * work->item_bytes, n_read;
    int descriptor = fileno(work->file.stream);
    if (!psh__read_at(descriptor, dst, n_bytes, work->head_bytes + first * work->item_bytes, &n_read))
        return psh__error(err, PSH_ERR_FILE_READ, "%s: cannot be read: %s", work->file.temporary, strerror(errno));
    if (n_read < n_bytes)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: became shorter while in use", work->file.temporary);
    return PSH_OK;
}

psh_status psh__work_file_map(const psh__work_file *work, void **map, const void **elements, psh_error *err) {
    size_t n_bytes = work->head_bytes + work->n_elements * work->item_bytes;
    *map = mmap(NULL, n_bytes, PROT_READ, MAP_SHARED, fileno(work->file.stream), 0);
    if (*map == MAP_FAILED) return fault(work, errno, err);
    *elements = (const char *)*map + work->head_bytes;
    return PSH_OK;
}

void psh__work_file_unmap(const psh__work_file *work, void *map) {
    munmap(map, work->head_bytes + work->n_elements * work->item_bytes);
}

void psh__work_file_close(psh__work_file *work, bool is_kept) {
    if (is_kept) {
        psh__free(work->file.temporary);
        work->file.temporary = NULL;
    }
    psh__file_abort(&work->file);
    *work = (psh__work_file){0};
}
