/* fuzz_npy_image.c : any bytes give a stack, each image of which can be read or is refused, or an error. */
#include <stdlib.h>

#include "input/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh__stack stack;
    psh_error err;
    if (psh__stack_open(PSH__FORMAT_NPY, data, n_bytes, &stack, &err) != PSH_OK) return 0;
    if (stack.n_images == 0) abort();
    for (size_t i = 0; i < stack.n_images && i < 16; i++) {
        psh_image *image = NULL;
        psh_status status = psh__stack_read(&stack, stack.n_images - 1 - i, &image, &err);
        if ((status == PSH_OK) != (image != NULL)) abort();
        psh_image_free(image);
    }
    psh__stack_free(&stack);
    return 0;
}
