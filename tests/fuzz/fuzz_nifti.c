/* fuzz_nifti.c : any bytes give volumes of finite voxels or errors. */
#include <math.h>
#include <stdlib.h>

#include "input/nifti.h"
#include "input/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static bool nifti_matches(const uint8_t *data, size_t n_bytes) {
    psh__head head = psh__head_of(data, n_bytes, PSH_ITEM_AUTO);
    return psh__nifti_is(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh__nifti nifti;
    psh_error err;
    nifti_matches(data, n_bytes);
    if (psh__nifti_open(data, n_bytes, &nifti, &err) != PSH_OK) return 0;
    if (!nifti_matches(data, n_bytes) || nifti.n_volumes == 0) abort();
    for (size_t i = 0; i < nifti.n_volumes && i < 8; i++) {
        psh_image *image = NULL;
        psh_status status = psh__nifti_read(&nifti, nifti.n_volumes - 1 - i, &image, &err);
        if ((status == PSH_OK) != (image != NULL)) abort();
        double value = 0;
        for (size_t j = 0; image && j < image->n_pixels; j++) {
            psh__image_widen(image, j, 1, &value);
            if (!isfinite(value)) abort();
        }
        psh_image_free(image);
    }
    return 0;
}
