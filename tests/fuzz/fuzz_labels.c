/* fuzz_labels.c : any bytes as a file of labels (IDX, .npy, text, each also gzipped). */
#define _GNU_SOURCE
#include "as_file.h"

#include "input/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    char path[64];
    psh__labels labels;
    psh_error err;
    int descriptor = fuzz_open(data, n_bytes, path);
    if (psh__labels_read(path, &labels, &err) == PSH_OK) {
        for (size_t i = 0; i < labels.n_labels; i++)
            fuzz_check(labels.labels[i] >= 0 && (size_t)labels.labels[i] < labels.n_classes);
        for (size_t i = 0; i < labels.n_classes; i++) fuzz_check(labels.names[i] != NULL);
        psh__labels_free(&labels);
    }
    close(descriptor);
    return 0;
}
