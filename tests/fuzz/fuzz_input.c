/* fuzz_input.c : any bytes as the one path of an input, the way of a user's file: format by content, gzip, decoding,
 * smoothing, sampling, for each kind of item. */
#define _GNU_SOURCE
#include "as_file.h"

#include "persihash/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void read_first(const psh_input *input) {
    psh_item item;
    psh_error err;
    for (size_t i = 0; i < psh_input_count(input) && i < 4; i++)
        if (psh_input_read_item(input, i, &item, &err) == PSH_OK) psh_item_free(&item);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    char path[64];
    psh_input *input;
    psh_error err;
    int descriptor = fuzz_open(data, n_bytes, path);
    const char *paths[] = {path};
    psh_input_params params = {.struct_bytes = sizeof params,
                               .kind = (psh_item_kind)(n_bytes / 3 % 5),
                               .smooth_sigma = n_bytes % 3 == 1 ? 0.8 : 0,
                               .n_samples = n_bytes % 3 == 2 ? 5 : 0};
    if (psh_input_open(paths, 1, &params, &input, &err) == PSH_OK) {
        read_first(input);
        psh_input_free(input);
    }
    close(descriptor);
    return 0;
}
