/* fuzz_codes.c : any bytes as a file of codes: an error with a text, or a set that keeps its invariants. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "persihash/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void check(bool is_good) {
    if (!is_good) abort();
}

static void check_set(const psh_codes *set) {
    size_t n_codes = psh_codes_count(set), n_bytes = psh_codes_n_bytes(set), n_model_bytes, n_characters = 0;
    int n_bits = psh_codes_n_bits(set);
    const uint8_t *codes = psh_codes_data(set), *model = psh_codes_model(set, &n_model_bytes);
    const int64_t *labels = psh_codes_labels(set);
    check(n_bits >= 1 && n_bits <= PSH_CODE_MAX_BITS && n_bytes == (size_t)(n_bits + 7) / 8);
    check((model != NULL) == (n_model_bytes > 0));
    for (size_t i = 0; i < n_codes; i++) {
        if (n_bits % 8) check(codes[(i + 1) * n_bytes - 1] >> (n_bits % 8) == 0);
        if (labels) check(labels[i] >= -1);
        if (labels && psh_codes_n_classes(set)) check(labels[i] < (int64_t)psh_codes_n_classes(set));
        n_characters += strlen(psh_codes_name(set, i));
    }
    for (size_t i = 0; i < psh_codes_n_classes(set); i++) n_characters += strlen(psh_codes_label_name(set, i));
    n_characters += strlen(psh_codes_model_id(set)) + strlen(psh_codes_frame_id(set));
    check(psh_codes_check_same(set, set, NULL) == PSH_OK && n_characters < SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    char path[64];
    psh_codes *set;
    psh_error err = {0};
    int fd = memfd_create("codes", 0);
    check(fd >= 0 && write(fd, data, n_bytes) == (ssize_t)n_bytes);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (psh_codes_read(path, &set, &err) == PSH_OK) {
        check_set(set);
        psh_codes_free(set);
    } else {
        check(err.text[0] != 0);
    }
    close(fd);
    return 0;
}
