/* jpeg.c : JPEG through libjpeg-turbo.
 *
 * Grey files give their grey values; colour is decoded to RGB (accurate integer DCT, smooth chroma upsampling: what
 * libjpeg, Pillow and OpenCV do by default) and then to luminance, so that all colour formats follow one rule. The
 * file's own Y channel would be twice as fast and differs from that by rounding.
 *
 * What libjpeg calls a warning (data cut short, bad codes: it fills up with grey) is an error here: half an image must
 * not pass for a whole one. A header's claim is believed up to 1024 pixels a byte; Huffman coding ends at 512, a bit
 * for each block of 8 x 8. */
#include <string.h>
#include <turbojpeg.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/readers.h"

#define PIXELS_PER_BYTE 1024

static psh_status fault(tjhandle handle, psh_error *err) {
    const char *text = tjGetErrorStr2(handle);
    if (strstr(text, "Empty JPEG image"))
        return psh__error(err, PSH_ERR_SHAPE, "an image of 0 pixels is empty; expected at least 1 x 1");
    if (strstr(text, "emory"))
        return psh__error(err, PSH_ERR_MEMORY, "no memory for decoding a JPEG; use fewer threads");
    if (strstr(text, "subsampling type"))
        return psh__error(err, PSH_ERR_UNSUPPORTED, "JPEG with unusual chroma sampling; save it as 4:4:4 or 4:2:0");
    return psh__error(err, PSH_ERR_CORRUPT, "damaged JPEG: %s", text);
}

static psh_status read_shape(tjhandle handle, const uint8_t *bytes, size_t n_bytes, size_t shape[3], bool *is_grey,
                             psh_error *err) {
    int width = 0, height = 0, subsampling = 0, colour = 0; /* left as they are by a file of tables alone */
    if (tjDecompressHeader3(handle, bytes, n_bytes, &width, &height, &subsampling, &colour) != 0)
        return fault(handle, err);
    if (width <= 0 || height <= 0)
        return psh__error(err, PSH_ERR_CORRUPT, "JPEG of %zu bytes has no image; the file is truncated", n_bytes);
    if (colour == TJCS_CMYK || colour == TJCS_YCCK)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "JPEG with CMYK colours; expected grey or RGB; convert it to RGB");
    shape[0] = 1, shape[1] = (size_t)height, shape[2] = (size_t)width;
    size_t n_pixels = 0;
    PSH_TRY(psh__image_count(shape, &n_pixels, err));
    if (n_pixels / PIXELS_PER_BYTE > n_bytes)
        return psh__error(err, PSH_ERR_CORRUPT, "JPEG of %zu bytes cannot hold the %zu x %zu pixels of its header",
                          n_bytes, shape[1], shape[2]);
    *is_grey = colour == TJCS_GRAY;
    return PSH_OK;
}

psh_status psh__jpeg_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err) {
    psh_status status;
    psh_image *image = NULL;
    uint8_t *colours = NULL; /* (H, W, 4), the fourth unused */
    size_t shape[3];
    bool is_grey = false;
    tjhandle handle = tjInitDecompress();
    if (!handle) return psh__error_memory(err, "the JPEG decoder", 0);
    PSH_TRY_GOTO(read_shape(handle, bytes, n_bytes, shape, &is_grey, err));
    PSH_TRY_GOTO(psh__image_new(PSH_U8, shape, &image, err));
    if (!is_grey && !(colours = psh__malloc(image->n_pixels, 4))) {
        status = psh__error_memory(err, "the colours of a JPEG", 4ull * image->n_pixels);
        goto done;
    }
    if (tjDecompress2(handle, bytes, n_bytes, is_grey ? image->pixels : colours, (int)shape[2], 0, (int)shape[1],
                      is_grey ? TJPF_GRAY : TJPF_RGBX, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0) {
        status = fault(handle, err);
        goto done;
    }
    if (!is_grey) psh__luminance_u8(colours, image->n_pixels, image->pixels);
    *dst = image, image = NULL;
done:
    tjDestroy(handle);
    psh__free(colours);
    psh_image_free(image);
    return status;
}
