/* fuzz_perseus.c : any bytes give a grid of finite values or an error. */
#include <math.h>
#include <stdlib.h>

#include "input/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static bool perseus_matches(const uint8_t *data, size_t n_bytes) {
    psh__head head = psh__head_of(data, n_bytes, PSH_ITEM_AUTO);
    return psh__perseus_is(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_image *image = NULL;
    psh_error err;
    perseus_matches(data, n_bytes);
    psh_status status = psh__perseus_read(data, n_bytes, &image, &err);
    if ((status == PSH_OK) != (image != NULL)) abort();
    for (size_t i = 0; image && i < image->n_pixels; i++)
        if (!isfinite(((const double *)image->pixels)[i])) abort();
    psh_image_free(image);
    return 0;
}
