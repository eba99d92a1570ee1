/* fuzz_png.c : any bytes give an image or an error, and no image without pixels. */
#include <stdlib.h>

#include "input/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_image *image = NULL;
    psh_error err;
    psh_status status = psh__png_read(data, n_bytes, &image, &err);
    if ((status == PSH_OK) != (image != NULL)) abort();
    if (image && image->n_pixels == 0) abort();
    psh_image_free(image);
    return 0;
}
