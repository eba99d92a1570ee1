/* tiff_pixels.c : from the samples of a TIFF to grey values.
 *
 * The rules are those of the other readers: values as stored, 1, 2 and 4 bits spread to 0..255, colours to luminance by
 * ITU-R BT.601, (299 R + 587 G + 114 B) / 1000, alpha ignored. What is particular to TIFF: where white is 0, unsigned
 * values are turned round (a fax is white with dark letters in every viewer); palettes have 16 bits a colour, of which
 * the upper 8 are taken. 8- and 16-bit unsigned, float32 and float64 keep their type, 9 to 15 bits become 16, half
 * floats float32, all else float64.
 *
 * The usual samples (8, 16 bits, float32, float64, without a stride) are copied, and 8- and 16-bit colours go through
 * the library's luminance; the rest is done one sample at a time. */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "input/readers.h"
#include "input/tiff.h"

static bool is_colour(const psh__tiff_samples *samples) {
    return samples->colour == PSH__TIFF_RGB || samples->colour == PSH__TIFF_PALETTE;
}

psh_status psh__tiff_dtype(const psh__tiff_samples *samples, psh_dtype *dst, psh_error *err) {
    unsigned n_bits = samples->n_bits;
    bool is_whole = n_bits == 8 || n_bits == 16 || n_bits == 32 || n_bits == 64;
    bool is_read = samples->kind == 'f' ? n_bits == 16 || n_bits == 32 || n_bits == 64
                   : samples->kind == 'i'
                       ? is_whole
                       : is_whole || n_bits == 1 || n_bits == 2 || n_bits == 4 || (n_bits > 8 && n_bits < 16);
    if (samples->colour == PSH__TIFF_PALETTE && (samples->kind != 'u' || n_bits > 16)) is_read = false;
    if (!is_read)
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "TIFF of %u-bit %s%s; expected 1, 2, 4 or 8 to 16 bits, 32 or 64, or floats of 16, 32 or 64",
                          n_bits,
                          samples->kind == 'f'   ? "floats"
                          : samples->kind == 'i' ? "signed integers"
                                                 : "integers",
                          samples->colour == PSH__TIFF_PALETTE ? " into a palette" : "");
    if (samples->colour == PSH__TIFF_PALETTE || (samples->kind == 'u' && n_bits <= 8))
        *dst = PSH_U8;
    else if (samples->kind == 'u' && n_bits <= 16)
        *dst = PSH_U16;
    else if (samples->kind == 'f' && n_bits <= 32 && !is_colour(samples))
        *dst = PSH_F32;
    else
        *dst = PSH_F64;
    return PSH_OK;
}

/* --- one sample --------------------------------------------------------------------------------------------------- */

static double half_to_double(uint16_t half) {
    uint64_t sign = (uint64_t)(half >> 15) << 63, exponent = half >> 10 & 31, mantissa = half & 1023, bits;
    double magnitude;
    if (exponent == 0) {
        magnitude = (double)mantissa * 0x1p-24;
        return sign ? -magnitude : magnitude;
    }
    exponent = exponent == 31 ? 2047 : exponent - 15 + 1023;
    bits = sign | exponent << 52 | mantissa << 42;
    memcpy(&magnitude, &bits, sizeof bits);
    return magnitude;
}

/* n_bits <= 16, from bit i_sample * n_bits of the row on, the highest first. */
static uint32_t packed_sample(const uint8_t *row, size_t i_sample, unsigned n_bits) {
    size_t bit = i_sample * n_bits, last = bit + n_bits - 1;
    uint32_t word = 0;
    for (size_t i = bit / 8; i <= last / 8; i++) word = word << 8 | row[i];
    return word >> (7 - last % 8) & ((1u << n_bits) - 1);
}

static uint32_t unsigned_sample(const uint8_t *row, size_t i_sample, unsigned n_bits) {
    uint16_t word;
    if (n_bits == 8) return row[i_sample];
    if (n_bits != 16) return packed_sample(row, i_sample, n_bits);
    memcpy(&word, row + 2 * i_sample, sizeof word);
    return word;
}

#define LOAD(type)                                                                                                     \
    do {                                                                                                               \
        type word;                                                                                                     \
        memcpy(&word, row + sizeof word * i_sample, sizeof word);                                                      \
        return (double)word;                                                                                           \
    } while (0)

/* Any sample as the number that it is; integers of 64 bits are rounded. */
static double any_sample(const psh__tiff_samples *samples, const uint8_t *row, size_t i_sample) {
    switch (samples->kind * 128 + (int)samples->n_bits) {
    case 'i' * 128 + 8:
        LOAD(int8_t);
    case 'i' * 128 + 16:
        LOAD(int16_t);
    case 'i' * 128 + 32:
        LOAD(int32_t);
    case 'i' * 128 + 64:
        LOAD(int64_t);
    case 'u' * 128 + 32:
        LOAD(uint32_t);
    case 'u' * 128 + 64:
        LOAD(uint64_t);
    case 'f' * 128 + 32:
        LOAD(float);
    case 'f' * 128 + 64:
        LOAD(double);
    case 'f' * 128 + 16: {
        uint16_t half;
        memcpy(&half, row + 2 * i_sample, sizeof half);
        return half_to_double(half);
    }
    default:
        return unsigned_sample(row, i_sample, samples->n_bits);
    }
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

/* Grey values that are stored as the image wants them. */
static bool is_plain(const psh__tiff_samples *samples, const psh_image *image) {
    size_t n_bits = 8 * psh__dtype_bytes(image->dtype);
    return samples->colour == PSH__TIFF_GREY && samples->n_channels == 1 && samples->n_bits == n_bits &&
           samples->kind == (image->dtype <= PSH_U16 ? 'u' : 'f');
}

static void convert_rgb_u8(const psh__tiff_samples *samples, const uint8_t *const rows[3], const size_t channels[3],
                           size_t n, uint16_t *scratch, uint8_t *dst) {
    uint8_t *quads = (uint8_t *)scratch;
    size_t step = samples->n_channels;
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 3; c++) {
            uint32_t sample = unsigned_sample(rows[c], i * step + channels[c], samples->n_bits);
            if (samples->colour == PSH__TIFF_PALETTE)
                sample = samples->palette[c][sample] >> 8;
            else if (samples->n_bits < 8)
                sample = sample * 255 / ((1u << samples->n_bits) - 1);
            quads[4 * i + (size_t)c] = (uint8_t)sample;
        }
    psh__luminance_u8(quads, n, dst);
}

static void convert_rgb_u16(const psh__tiff_samples *samples, const uint8_t *const rows[3], const size_t channels[3],
                            size_t n, uint16_t *scratch, uint16_t *dst) {
    size_t step = samples->n_channels;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 3; c++)
            scratch[4 * i + c] = (uint16_t)unsigned_sample(rows[c], i * step + channels[c], samples->n_bits);
    psh__luminance_u16(scratch, n, dst);
}

/* Samples of up to 16 bits, one channel. */
static uint32_t grey_sample(const psh__tiff_samples *samples, const uint8_t *row, size_t i_sample) {
    uint32_t greatest = (1u << samples->n_bits) - 1, value = unsigned_sample(row, i_sample, samples->n_bits);
    if (samples->colour == PSH__TIFF_GREY_INVERTED) value = greatest - value;
    return samples->n_bits < 8 ? value * 255 / greatest : value;
}

static double real_sample(const psh__tiff_samples *samples, const uint8_t *const rows[3], const size_t channels[3],
                          size_t i_pixel) {
    size_t at = i_pixel * samples->n_channels;
    if (samples->colour == PSH__TIFF_RGB) {
        double value[3];
        for (int c = 0; c < 3; c++) value[c] = any_sample(samples, rows[c], at + channels[c]);
        return (299 * value[0] + 587 * value[1] + 114 * value[2]) / 1000;
    }
    double value = any_sample(samples, rows[0], at + channels[0]);
    if (samples->colour == PSH__TIFF_GREY_INVERTED && samples->kind == 'u')
        value = (samples->n_bits == 32 ? (double)UINT32_MAX : (double)UINT64_MAX) - value;
    return value;
}

void psh__tiff_convert(const psh__tiff_samples *samples, const uint8_t *const rows[3], const size_t channels[3],
                       size_t n, uint16_t *scratch, psh_image *image, size_t start) {
    assert(start + n <= image->n_pixels);
    size_t item_bytes = psh__dtype_bytes(image->dtype);
    void *dst = (uint8_t *)image->pixels + start * item_bytes;
    if (is_plain(samples, image))
        memcpy(dst, rows[0] + channels[0] * item_bytes, n * item_bytes);
    else if (is_colour(samples) && image->dtype == PSH_U8)
        convert_rgb_u8(samples, rows, channels, n, scratch, dst);
    else if (is_colour(samples) && image->dtype == PSH_U16)
        convert_rgb_u16(samples, rows, channels, n, scratch, dst);
    else
        for (size_t i = 0; i < n; i++) {
            size_t at = i * samples->n_channels + channels[0];
            switch (image->dtype) {
            case PSH_U8:
                ((uint8_t *)dst)[i] = (uint8_t)grey_sample(samples, rows[0], at);
                break;
            case PSH_U16:
                ((uint16_t *)dst)[i] = (uint16_t)grey_sample(samples, rows[0], at);
                break;
            case PSH_F32:
                ((float *)dst)[i] = (float)real_sample(samples, rows, channels, i);
                break;
            case PSH_F64:
                ((double *)dst)[i] = real_sample(samples, rows, channels, i);
            }
        }
}
