/* pgm.c : PGM, plain (P2) and raw (P5), 8 and 16 bits.
 *
 *   P5 # comments run to the end of their line
 *   W H MAXVAL, then one white-space character, then the pixels: 1 byte each, or 2 big-endian if MAXVAL > 255.
 *
 * Grey values are kept as stored, not stretched to MAXVAL. One image a file. */
#include <string.h>

#include "base/error.h"
#include "input/readers.h"

typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_comment(cursor *c) {
    while (c->at < c->end && *c->at != '\n' && *c->at != '\r') c->at++;
}

static void skip_space(cursor *c) {
    for (; c->at < c->end && (is_space(*c->at) || *c->at == '#'); c->at++)
        if (*c->at == '#') {
            skip_comment(c);
            if (c->at == c->end) return;
        }
}

/* A number of at most 9 digits. */
static bool take_number(cursor *c, uint32_t *dst) {
    skip_space(c);
    const uint8_t *start = c->at;
    for (*dst = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9' && c->at - start < 9; c->at++)
        *dst = *dst * 10 + (uint32_t)(*c->at - '0');
    bool ends = c->at == c->end || is_space(*c->at) || *c->at == '#';
    return c->at > start && ends;
}

static psh_status take_header(cursor *c, size_t shape[3], uint32_t *maximum, size_t *n_pixels, psh_error *err) {
    uint32_t width, height;
    c->at += 2;
    if (!take_number(c, &width) || !take_number(c, &height) || !take_number(c, maximum))
        return psh__error(err, PSH_ERR_CORRUPT,
                          "PGM header is damaged or truncated; expected width, height and maximum");
    if (*maximum < 1 || *maximum > 65535)
        return psh__error(err, PSH_ERR_CORRUPT, "PGM header has the maximum %u; expected 1 to 65535", *maximum);
    shape[0] = 1, shape[1] = height, shape[2] = width;
    return psh__image_count(shape, n_pixels, err);
}

static psh_status fault_short(size_t n_found, size_t n_expected, psh_error *err) {
    return psh__error(err, PSH_ERR_CORRUPT, "PGM is truncated: its header promises %zu pixels, %zu are there",
                      n_expected, n_found);
}

static psh_status check_pixel(uint32_t pixel, uint32_t maximum, size_t i, psh_error *err) {
    if (pixel <= maximum) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "PGM pixel %zu is %u, above the maximum %u of its header", i, pixel,
                      maximum);
}

static psh_status take_raw(cursor *c, uint32_t maximum, psh_image *image, psh_error *err) {
    const uint8_t *src = c->at;
    if (image->dtype == PSH_U8) {
        uint8_t *dst = image->pixels, most = 0;
        memcpy(dst, src, image->n_pixels);
        for (size_t i = 0; i < image->n_pixels; i++) most = dst[i] > most ? dst[i] : most;
        for (size_t i = 0; most > maximum && i < image->n_pixels; i++) PSH_TRY(check_pixel(dst[i], maximum, i, err));
        c->at += image->n_pixels;
        return PSH_OK;
    }
    uint16_t *dst = image->pixels;
    for (size_t i = 0; i < image->n_pixels; i++) {
        dst[i] = (uint16_t)(src[2 * i] << 8 | src[2 * i + 1]);
        PSH_TRY(check_pixel(dst[i], maximum, i, err));
    }
    c->at += 2 * image->n_pixels;
    return PSH_OK;
}

static psh_status take_plain(cursor *c, uint32_t maximum, psh_image *image, psh_error *err) {
    for (size_t i = 0; i < image->n_pixels; i++) {
        uint32_t pixel;
        if (!take_number(c, &pixel)) {
            if (c->at == c->end) return fault_short(i, image->n_pixels, err);
            return psh__error(err, PSH_ERR_CORRUPT, "PGM pixel %zu is no number from 0 to %u", i, maximum);
        }
        PSH_TRY(check_pixel(pixel, maximum, i, err));
        if (image->dtype == PSH_U8)
            ((uint8_t *)image->pixels)[i] = (uint8_t)pixel;
        else
            ((uint16_t *)image->pixels)[i] = (uint16_t)pixel;
    }
    return PSH_OK;
}

static bool is_pgm(const uint8_t *bytes, size_t n_bytes) {
    return n_bytes >= 3 && bytes[0] == 'P' && (bytes[1] == '2' || bytes[1] == '5') &&
           (is_space(bytes[2]) || bytes[2] == '#');
}

bool psh__pgm_is(const psh__head *head) {
    return is_pgm(head->bytes, head->n_bytes);
}

psh_status psh__pgm_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err) {
    if (!is_pgm(bytes, n_bytes)) return psh__error(err, PSH_ERR_FORMAT, "no PGM; expected it to start with P2 or P5");
    cursor c = {bytes, bytes + n_bytes};
    bool is_plain = bytes[1] == '2';
    uint32_t maximum;
    size_t shape[3], n_pixels = 0, pixel_bytes;
    PSH_TRY(take_header(&c, shape, &maximum, &n_pixels, err));
    if (!is_plain && c.at < c.end && *c.at == '#') skip_comment(&c);
    if (!is_plain && c.at < c.end) c.at++;              /* the one white space before the pixels */
    pixel_bytes = is_plain ? 2 : maximum > 255 ? 2 : 1; /* plain: a digit and a space, but none after the last */
    size_t n_left = (size_t)(c.end - c.at) + is_plain;
    if (n_left / pixel_bytes < n_pixels) return fault_short(n_left / pixel_bytes, n_pixels, err);

    psh_image *image = NULL;
    PSH_TRY(psh__image_new(maximum > 255 ? PSH_U16 : PSH_U8, shape, &image, err));
    psh_status status = is_plain ? take_plain(&c, maximum, image, err) : take_raw(&c, maximum, image, err);
    if (status == PSH_OK) {
        skip_space(&c);
        if (c.at < c.end)
            status = psh__error(err, PSH_ERR_UNSUPPORTED,
                                "PGM goes on for %zu bytes after its pixels; one image a file is read; split it",
                                (size_t)(c.end - c.at));
    }
    if (status == PSH_OK)
        *dst = image;
    else
        psh_image_free(image);
    return status;
}
