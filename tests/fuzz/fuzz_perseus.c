/* fuzz_perseus.c : any bytes give a grid of finite values or an error. */
#include <math.h>
#include <stdlib.h>

#include "input/perseus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_image *image = NULL;
    psh_error err;
    psh__perseus_matches(data, n_bytes);
    psh_status status = psh__perseus_read(data, n_bytes, &image, &err);
    if ((status == PSH_OK) != (image != NULL)) abort();
    for (size_t i = 0; image && i < image->n_pixels; i++)
        if (!isfinite(((const double *)image->pixels)[i])) abort();
    psh_image_free(image);
    return 0;
}
