/* fuzz_input.c : any bytes as the one path of an input, the way of a user's file: format by content, gzip, decoding,
 * scaling, smoothing. What is read has finite pixels. */
#define _GNU_SOURCE
#include "as_file.h"

#include <math.h>

#include "persihash/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void read_first(const psh_input *input) {
    psh_image *image;
    psh_error err;
    for (size_t i = 0; i < psh_input_count(input) && i < 4; i++)
        if (psh_input_read(input, i, &image, &err) == PSH_OK) psh_image_free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    char path[64];
    psh_input *input;
    psh_error err;
    int descriptor = fuzz_open(data, n_bytes, path);
    const char *paths[] = {path};
    psh_input_params params = {.struct_bytes = sizeof params, .smooth_sigma = n_bytes % 3 ? 0 : 0.8};
    if (psh_input_open(paths, 1, &params, &input, &err) == PSH_OK) {
        read_first(input);
        psh_input_free(input);
    }
    close(descriptor);
    return 0;
}
