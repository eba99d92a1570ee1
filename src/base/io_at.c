/* io_at.c : all of some bytes at an offset of an open file, whatever interrupts. */
#include "base/io_at.h"

#include <errno.h>
#include <unistd.h>

bool psh__write_at(int descriptor, const void *src, size_t n_bytes, size_t offset) {
    for (size_t n_written = 0; n_written < n_bytes;) {
        ssize_t n = pwrite(descriptor, (const char *)src + n_written, n_bytes - n_written, (off_t)(offset + n_written));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        n_written += (size_t)n;
    }
    return true;
}

bool psh__read_at(int descriptor, void *dst, size_t n_bytes, size_t offset, size_t *n_read) {
    for (*n_read = 0; *n_read < n_bytes;) {
        ssize_t n = pread(descriptor, (char *)dst + *n_read, n_bytes - *n_read, (off_t)(offset + *n_read));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        if (n == 0) break;
        *n_read += (size_t)n;
    }
    return true;
}
