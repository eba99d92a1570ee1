/* fuzz_distances.c : any bytes as a file of distances: an error with a text, or numbers that are distances. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "persihash/distance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void check(bool is_good) {
    if (!is_good) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    char path[64];
    psh_distances *distances;
    psh_error err = {0};
    int fd = memfd_create("distances", 0);
    check(fd >= 0 && write(fd, data, n_bytes) == (ssize_t)n_bytes);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (psh_distances_read(path, &distances, &err) == PSH_OK) {
        size_t n_items = psh_distances_n_items(distances);
        for (size_t i = 0; i < n_items; i++)
            for (size_t j = 0; j < n_items; j++) check(psh_distances_get(distances, i, j) >= 0);
        psh_distances_free(distances);
    } else {
        check(err.text[0] != 0);
    }
    close(fd);
    return 0;
}
