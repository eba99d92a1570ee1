/* fuzz_tiff.c : any bytes give pages of finite pixels, a volume, or errors. */
#include <math.h>
#include <stdlib.h>

#include "input/tiff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

#define MAX_PAGES 8

static void check_image(psh_image *image, psh_status status) {
    if ((status == PSH_OK) != (image != NULL)) abort();
    if (!image) return;
    double value;
    for (size_t i = 0; i < image->n_pixels; i += image->n_pixels / 64 + 1) {
        psh__image_widen(image, i, 1, &value);
        if (!isfinite(value)) abort();
    }
    psh_image_free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh__tiff tiff;
    psh_error err;
    if (psh__tiff_open(data, n_bytes, &tiff, &err) != PSH_OK) return 0;
    if (tiff.n_pages == 0) abort();
    for (size_t i = 0; i < tiff.n_pages && i < MAX_PAGES; i++) {
        psh_image *image = NULL;
        psh_status status = psh__tiff_read(&tiff, i, &image, &err);
        check_image(image, status);
    }
    if (tiff.n_pages <= MAX_PAGES) {
        psh_image *volume = NULL;
        psh_status status = psh__tiff_read_volume(&tiff, &volume, &err);
        check_image(volume, status);
    }
    psh__tiff_close(&tiff);
    return 0;
}
