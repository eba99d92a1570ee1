/* file.c : memory-mapped reading, and writing by atomic replacement.
 *
 * A file is written under a temporary name in the target's own folder (rename() is atomic within one file system only),
 * synced, renamed, and the folder synced, so that a crash at any moment leaves the old file or the new one, whole. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

#define STREAM_ROOM ((size_t)1 << 16)
#define SMALL_BYTES (1 << 16) /* to map and unmap a file takes longer than to read so many bytes */

static const uint8_t no_bytes[1];

static psh_status read_fault(const char *path, psh_error *err) {
    if (errno == ENOENT || errno == ENOTDIR)
        return psh__error(err, PSH_ERR_FILE_NOT_FOUND, "%s: no such file; check the path", path);
    return psh__error(err, PSH_ERR_FILE_READ, "%s: cannot be read: %s", path, strerror(errno));
}

/* Pipes and devices have no size: read to the end. first_room: that of the first try, more than what is expected. */
static psh_status read_stream(int descriptor, const char *path, size_t first_room, psh__bytes *dst, psh_error *err) {
    uint8_t *data = NULL;
    size_t n_bytes = 0, capacity = 0;
    for (;;) {
        if (n_bytes == capacity && !PSH_GROW(&data, &capacity, capacity ? capacity + 1 : first_room)) {
            psh__free(data);
            return psh__error_memory(err, path, capacity);
        }
        ssize_t n_read = read(descriptor, data + n_bytes, capacity - n_bytes);
        if (n_read < 0 && errno == EINTR) continue;
        if (n_read < 0) {
            psh__free(data);
            return read_fault(path, err);
        }
        if (n_read == 0) break;
        n_bytes += (size_t)n_read;
    }
    *dst = (psh__bytes){.data = data, .n_bytes = n_bytes};
    return PSH_OK;
}

psh_status psh__bytes_read(const char *path, psh__bytes *dst, psh_error *err) {
    *dst = (psh__bytes){0};
    if (!strcmp(path, "-")) return read_stream(STDIN_FILENO, "standard input", STREAM_ROOM, dst, err);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return read_fault(path, err);

    psh_status status = PSH_OK;
    struct stat facts;
    if (fstat(descriptor, &facts) != 0) {
        status = read_fault(path, err);
    } else if (S_ISDIR(facts.st_mode)) {
        status = psh__error(err, PSH_ERR_FILE_READ, "%s: is a folder; expected a file", path);
    } else if (!S_ISREG(facts.st_mode)) {
        status = read_stream(descriptor, path, STREAM_ROOM, dst, err);
    } else if (facts.st_size == 0) {
        *dst = (psh__bytes){.data = no_bytes, .is_mapped = true};
    } else if (facts.st_size <= SMALL_BYTES) {
        status = read_stream(descriptor, path, (size_t)facts.st_size + 1, dst, err);
    } else {
        void *data = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (data == MAP_FAILED)
            status = read_fault(path, err);
        else
            *dst = (psh__bytes){.data = data, .n_bytes = (size_t)facts.st_size, .is_mapped = true};
    }
    close(descriptor);
    return status;
}

void psh__bytes_free(psh__bytes *bytes) {
    if (bytes->is_mapped && bytes->n_bytes)
        munmap((void *)bytes->data, bytes->n_bytes);
    else if (!bytes->is_mapped)
        psh__free((void *)bytes->data);
    *bytes = (psh__bytes){0};
}

static psh_status write_fault(const char *path, psh_error *err) {
    return psh__error(err, PSH_ERR_FILE_WRITE,
                      "%s: cannot be written: %s; check the folder, its permissions and the free space", path,
                      strerror(errno));
}

psh_status psh__file_create(const char *path, psh__file *file, psh_error *err) {
    *file = (psh__file){0};
    if (!strcmp(path, "-")) {
        file->stream = stdout;
        return PSH_OK;
    }
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return psh__error(err, PSH_ERR_FILE_WRITE, "%s: is a folder; give the name of a file in it", path);
    size_t n_bytes = strlen(path) + 48;
    file->path = psh__strdup(path);
    file->temporary = psh__malloc(n_bytes, 1);
    if (!file->path || !file->temporary) {
        psh__free(file->temporary);
        file->temporary = NULL; /* nothing there to remove */
        psh__file_abort(file);
        return psh__error_memory(err, "a path", n_bytes);
    }
    /* open() rather than mkstemp(): the file gets the permissions that the user's umask gives to any result. */
    int descriptor = -1;
    for (int attempt = 0; descriptor < 0 && attempt < 1000; attempt++) {
        snprintf(file->temporary, n_bytes, "%s.tmp.%ld.%d", path, (long)getpid(), attempt);
        descriptor = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor < 0 && errno != EEXIST) break;
    }
    if (descriptor < 0) {
        psh_status status = write_fault(path, err);
        psh__free(file->temporary);
        file->temporary = NULL;
        psh__file_abort(file);
        return status;
    }
    file->stream = fdopen(descriptor, "wb");
    if (!file->stream) {
        close(descriptor);
        psh__file_abort(file);
        return write_fault(path, err);
    }
    return PSH_OK;
}

psh_status psh__file_write(psh__file *file, const void *bytes, size_t n_bytes, psh_error *err) {
    if (n_bytes && fwrite(bytes, 1, n_bytes, file->stream) != n_bytes)
        return write_fault(file->path ? file->path : "standard output", err);
    return PSH_OK;
}

/* The rename itself must survive a power cut: sync the folder's entry. A file system that cannot do so is no reason to
 * fail. */
static void sync_folder(const char *path) {
    char *folder = psh__strdup(path);
    if (!folder) return;
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = 0;
    int descriptor = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    psh__free(folder);
}

psh_status psh__file_commit(psh__file *file, psh_error *err) {
    if (file->stream == stdout) {
        psh_status status = fflush(stdout) == 0 ? PSH_OK : write_fault("standard output", err);
        *file = (psh__file){0};
        return status;
    }
    bool good = fflush(file->stream) == 0 && fsync(fileno(file->stream)) == 0;
    good = fclose(file->stream) == 0 && good;
    file->stream = NULL;
    if (!good || rename(file->temporary, file->path) != 0) {
        psh_status status = write_fault(file->path, err);
        psh__file_abort(file);
        return status;
    }
    sync_folder(file->path);
    psh__free(file->temporary);
    psh__free(file->path);
    *file = (psh__file){0};
    return PSH_OK;
}

void psh__file_abort(psh__file *file) {
    if (file->stream && file->stream != stdout) fclose(file->stream);
    if (file->temporary) unlink(file->temporary);
    psh__free(file->temporary);
    psh__free(file->path);
    *file = (psh__file){0};
}

psh_status psh__file_replace(const char *path, const void *bytes, size_t n_bytes, psh_error *err) {
    psh__file file;
    PSH_TRY(psh__file_create(path, &file, err));
    psh_status status = psh__file_write(&file, bytes, n_bytes, err);
    if (status == PSH_OK) return psh__file_commit(&file, err);
    psh__file_abort(&file);
    return status;
}

char *psh__path_with(const char *path, const char *ending) {
    size_t n_bytes = strlen(path) + strlen(ending) + 1;
    char *joined = psh__malloc(n_bytes, 1);
    if (joined) snprintf(joined, n_bytes, "%s%s", path, ending);
    return joined;
}
