/* as_file.h : the fuzzer's bytes as a file in memory, for readers that take a path. */
#ifndef PSH_FUZZ_AS_FILE_H
#define PSH_FUZZ_AS_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Returns the descriptor, to be closed; path: where the bytes can be opened. */
static inline int fuzz_open(const uint8_t *data, size_t n_bytes, char path[64]) {
    int descriptor = memfd_create("fuzz", 0);
    if (descriptor < 0 || write(descriptor, data, n_bytes) != (ssize_t)n_bytes) abort();
    snprintf(path, 64, "/proc/self/fd/%d", descriptor);
    return descriptor;
}

static inline void fuzz_check(int holds) {
    if (!holds) abort();
}

#endif
