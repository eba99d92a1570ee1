/* array.c : arrays of any numeric dtype as double or int64, text arrays as strings. */
#include "base/array.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

/* IEEE binary16: sign 1, exponent 5 (bias 15), fraction 10. */
static double half_to_double(uint16_t half) {
    int exponent = (half >> 10) & 31, fraction = half & 1023;
    double magnitude = exponent == 0    ? ldexp(fraction, -24)
                       : exponent == 31 ? (fraction ? NAN : INFINITY)
                                        : ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -magnitude : magnitude;
}

/* Data of mapped files has any alignment, hence memcpy for each item. */
#define CONVERT(type, expression)                                                                                      \
    for (size_t i = 0; i < src->n_items; i++) {                                                                        \
        type value;                                                                                                    \
        memcpy(&value, bytes + i * sizeof value, sizeof value);                                                        \
        values[i] = expression;                                                                                        \
    }                                                                                                                  \
    break

psh_status psh__array_to_f64(const psh__array *src, const char *what, double **dst, psh_error *err) {
    const uint8_t *bytes = src->data;
    if (src->kind == 'U' || src->kind == 'S')
        return psh__error(err, PSH_ERR_FORMAT, "%s: holds text; expected numbers", what);
    double *values = psh__malloc(src->n_items, sizeof *values);
    if (!values) return psh__error_memory(err, what, src->n_items * sizeof *values);
    switch (src->kind * 16 + (int)src->item_bytes) {
    case 'f' * 16 + 8:
        CONVERT(double, value);
    case 'f' * 16 + 4:
        CONVERT(float, value);
    case 'f' * 16 + 2:
        CONVERT(uint16_t, half_to_double(value));
    case 'i' * 16 + 1:
        CONVERT(int8_t, value);
    case 'i' * 16 + 2:
        CONVERT(int16_t, value);
    case 'i' * 16 + 4:
        CONVERT(int32_t, value);
    case 'i' * 16 + 8:
        CONVERT(int64_t, (double)value);
    case 'b' * 16 + 1:
    case 'u' * 16 + 1:
        CONVERT(uint8_t, value);
    case 'u' * 16 + 2:
        CONVERT(uint16_t, value);
    case 'u' * 16 + 4:
        CONVERT(uint32_t, value);
    case 'u' * 16 + 8:
        CONVERT(uint64_t, (double)value);
    default:
        break; /* psh__npy_parse() lets no other kind through */
    }
    *dst = values;
    return PSH_OK;
}

psh_status psh__array_to_i64(const psh__array *src, const char *what, int64_t **dst, psh_error *err) {
    const uint8_t *bytes = src->data;
    if (src->kind == 'U' || src->kind == 'S')
        return psh__error(err, PSH_ERR_FORMAT, "%s: holds text; expected integers", what);
    int64_t *values = psh__malloc(src->n_items, sizeof *values);
    if (!values) return psh__error_memory(err, what, src->n_items * sizeof *values);
    bool fits = true;
    switch (src->kind * 16 + (int)src->item_bytes) {
    case 'i' * 16 + 1:
        CONVERT(int8_t, value);
    case 'i' * 16 + 2:
        CONVERT(int16_t, value);
    case 'i' * 16 + 4:
        CONVERT(int32_t, value);
    case 'i' * 16 + 8:
        CONVERT(int64_t, value);
    case 'b' * 16 + 1:
    case 'u' * 16 + 1:
        CONVERT(uint8_t, value);
    case 'u' * 16 + 2:
        CONVERT(uint16_t, value);
    case 'u' * 16 + 4:
        CONVERT(uint32_t, value);
    case 'u' * 16 + 8:
        CONVERT(uint64_t, (fits = fits && value <= INT64_MAX, (int64_t)value));
    default: { /* floats that hold integers are what a careless np.save leaves */
        double *doubles;
        psh_status status = psh__array_to_f64(src, what, &doubles, err);
        if (status != PSH_OK) {
            psh__free(values);
            return status;
        }
        for (size_t i = 0; i < src->n_items; i++) {
            bool is_integer = doubles[i] == floor(doubles[i]) && fabs(doubles[i]) <= 0x1p53;
            fits = fits && is_integer;
            values[i] = is_integer ? (int64_t)doubles[i] : 0;
        }
        psh__free(doubles);
    }
    }
    if (!fits) {
        psh__free(values);
        return psh__error(err, PSH_ERR_DATA, "%s: a value is no integer or beyond 63 bits; expected integers", what);
    }
    *dst = values;
    return PSH_OK;
}

static size_t write_utf8(uint32_t c, char *dst) {
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = 0xfffd;
    if (c < 0x80) return dst[0] = (char)c, 1;
    if (c < 0x800) return dst[0] = (char)(0xc0 | c >> 6), dst[1] = (char)(0x80 | (c & 63)), 2;
    if (c < 0x10000)
        return dst[0] = (char)(0xe0 | c >> 12), dst[1] = (char)(0x80 | (c >> 6 & 63)), dst[2] = (char)(0x80 | (c & 63)),
               3;
    dst[0] = (char)(0xf0 | c >> 18), dst[1] = (char)(0x80 | (c >> 12 & 63)), dst[2] = (char)(0x80 | (c >> 6 & 63));
    dst[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* One block: the pointers, then the characters. A UCS-4 character takes at most 4 bytes of UTF-8, so item_bytes + 1 is
 * room enough for each. */
psh_status psh__array_to_texts(const psh__array *src, const char *what, char ***dst, psh_error *err) {
    size_t room, n_bytes;
    if (src->kind != 'U' && src->kind != 'S')
        return psh__error(err, PSH_ERR_FORMAT, "%s: holds numbers; expected text (dtype U or S)", what);
    bool fits =
        psh__size_add(src->item_bytes, 1 + sizeof(char *), &room) && psh__size_mul(room, src->n_items, &n_bytes);
    char **texts = fits ? psh__malloc(n_bytes, 1) : NULL;
    if (!texts) return psh__error_memory(err, what, fits ? n_bytes : 0);
    char *at = (char *)(texts + src->n_items);
    size_t unit = src->kind == 'U' ? 4 : 1;
    for (size_t i = 0; i < src->n_items; i++) {
        const uint8_t *item = (const uint8_t *)src->data + i * src->item_bytes;
        texts[i] = at;
        for (size_t j = 0; j < src->item_bytes; j += unit) {
            uint32_t c = item[j];
            if (unit == 4) memcpy(&c, item + j, 4);
            if (c == 0) break; /* NumPy pads with zeros */
            if (unit == 4)
                at += write_utf8(c, at);
            else
                *at++ = (char)c;
        }
        *at++ = 0;
    }
    *dst = texts;
    return PSH_OK;
}
