/* fuzz_png.c : any bytes give an image or an error, and no image without pixels. Each input is tried as it is and with
 * the checksums of its chunks put right, since otherwise hardly any mutation gets past them. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "input/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void read_one(const uint8_t *data, size_t n_bytes) {
    psh_image *image = NULL;
    psh_error err;
    psh_status status = psh__png_read(data, n_bytes, &image, &err);
    if ((status == PSH_OK) != (image != NULL)) abort();
    if (image && image->n_pixels == 0) abort();
    psh_image_free(image);
}

/* A chunk: length, type (4), data, checksum of type and data (4). */
static void mend_checksums(uint8_t *data, size_t n_bytes) {
    for (size_t at = 8; at + 12 <= n_bytes;) {
        const uint8_t *head = data + at;
        size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        if (length > n_bytes - at - 12) return;
        uint32_t check = (uint32_t)crc32(0, head + 4, (uInt)length + 4);
        for (int i = 0; i < 4; i++) data[at + 8 + length + (size_t)i] = (uint8_t)(check >> (24 - 8 * i));
        at += length + 12;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    read_one(data, n_bytes);
    uint8_t *mended = malloc(n_bytes ? n_bytes : 1);
    if (!mended) return 0;
    if (n_bytes) memcpy(mended, data, n_bytes);
    mend_checksums(mended, n_bytes);
    read_one(mended, n_bytes);
    free(mended);
    return 0;
}
