/* npy.c : NumPy's .npy format, versions 1 to 3 (NEP 1).
 *
 *   magic "\x93NUMPY", version (2 bytes), header length (2 or 4 bytes, little-endian), header: a Python literal
 *       {'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }
 *   padded with spaces and a newline, then the data.
 *
 * The header is parsed as the small language that it is, never evaluated; keys may come in any order. Every size is
 * checked against the bytes at hand before anything is allocated. Big-endian and Fortran-ordered arrays are turned
 * while reading, so callers see one layout. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"
#include "base/size.h"

static const char magic[6] = "\x93NUMPY";

typedef struct header {
    char descr[16];
    bool is_fortran, has_descr, has_fortran, has_shape;
    size_t shape[PSH__ARRAY_MAX_AXES], n_axes;
} header;

typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_space(cursor *c) {
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r')) c->at++;
}

static bool take(cursor *c, char wanted) {
    skip_space(c);
    if (c->at == c->end || *c->at != wanted) return false;
    c->at++;
    return true;
}

static bool take_word(cursor *c, const char *word) {
    size_t n = strlen(word);
    skip_space(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) return false;
    c->at += n;
    return true;
}

static bool take_string(cursor *c, char *dst, size_t dst_bytes) {
    skip_space(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return false;
    char quote = *c->at++;
    size_t n = 0;
    while (c->at < c->end && *c->at != quote) {
        if (n + 1 >= dst_bytes) return false;
        dst[n++] = *c->at++;
    }
    dst[n] = 0;
    return take(c, quote);
}

static bool take_size(cursor *c, size_t *dst) {
    skip_space(c);
    if (c->at == c->end || *c->at < '0' || *c->at > '9') return false;
    for (*dst = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        if (!psh__size_mul(*dst, 10, dst) || !psh__size_add(*dst, (size_t)(*c->at - '0'), dst)) return false;
    take(c, 'L'); /* long integers of Python 2 */
    return true;
}

static bool take_shape(cursor *c, header *h) {
    if (!take(c, '(')) return false;
    for (h->n_axes = 0; !take(c, ')');) {
        if (h->n_axes == PSH__ARRAY_MAX_AXES || !take_size(c, &h->shape[h->n_axes++])) return false;
        if (!take(c, ',')) return take(c, ')');
    }
    return true;
}

static bool parse_header(const char *text, size_t n_bytes, header *h) {
    cursor c = {text, text + n_bytes};
    char key[32];
    *h = (header){0};
    if (!take(&c, '{')) return false;
    while (!take(&c, '}')) {
        if (!take_string(&c, key, sizeof key) || !take(&c, ':')) return false;
        if (!strcmp(key, "descr")) {
            if (!take_string(&c, h->descr, sizeof h->descr)) return false;
            h->has_descr = true;
        } else if (!strcmp(key, "fortran_order")) {
            h->is_fortran = take_word(&c, "True");
            if (!h->is_fortran && !take_word(&c, "False")) return false;
            h->has_fortran = true;
        } else if (!strcmp(key, "shape")) {
            if (!take_shape(&c, h)) return false;
            h->has_shape = true;
        } else {
            return false;
        }
        if (!take(&c, ',')) {
            if (!take(&c, '}')) return false;
            break;
        }
    }
    return h->has_descr && h->has_fortran && h->has_shape;
}

/* '<f8' -> kind 'f', 8 bytes, no swap. Text kinds count characters: 4 bytes each for U, 1 for S. */
static bool parse_descr(const char *descr, psh__array *dst, bool *swap) {
    char order = descr[0];
    size_t count = 0;
    if (order != '<' && order != '>' && order != '|' && order != '=') return false;
    if (!descr[1] || !strchr("biufUS", descr[1])) return false;
    for (const char *digit = descr + 2; *digit; digit++) {
        if (*digit < '0' || *digit > '9') return false;
        count = count * 10 + (size_t)(*digit - '0');
        if (count > 1u << 24) return false;
    }
    dst->kind = descr[1];
    dst->item_bytes = dst->kind == 'U' ? 4 * count : count;
    *swap = order == '>';
    switch (dst->kind) {
    case 'b':
        return count == 1;
    case 'f':
        return count == 2 || count == 4 || count == 8;
    case 'i':
    case 'u':
        return count == 1 || count == 2 || count == 4 || count == 8;
    default:
        return true;
    }
}

/* A copy in C order and little-endian bytes. Fortran order means that the first index runs fastest in the file. */
static void copy_turned(const psh__array *array, const uint8_t *src, bool is_fortran, bool swap, uint8_t *dst) {
    size_t index[PSH__ARRAY_MAX_AXES] = {0}, stride[PSH__ARRAY_MAX_AXES], step = 1;
    for (size_t axis = 0; axis < array->n_axes; axis++) {
        size_t forward = is_fortran ? axis : array->n_axes - 1 - axis;
        stride[forward] = step, step *= array->shape[forward];
    }
    size_t unit = array->kind == 'U' ? 4 : array->item_bytes; /* what a swap reverses */
    for (size_t i = 0; i < array->n_items; i++, dst += array->item_bytes) {
        size_t at = 0;
        for (size_t axis = 0; axis < array->n_axes; axis++) at += index[axis] * stride[axis];
        memcpy(dst, src + at * array->item_bytes, array->item_bytes);
        for (size_t start = 0; swap && start < array->item_bytes; start += unit)
            for (size_t low = start, high = start + unit - 1; low < high; low++, high--) {
                uint8_t byte = dst[low];
                dst[low] = dst[high], dst[high] = byte;
            }
        for (size_t axis = array->n_axes; axis-- > 0;) {
            if (++index[axis] < array->shape[axis]) break;
            index[axis] = 0;
        }
    }
}

psh_status psh__npy_parse(const uint8_t *bytes, size_t n_bytes, const char *what, psh__array *dst, psh_error *err) {
    *dst = (psh__array){0};
    if (n_bytes < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return psh__error(err, n_bytes == 0 ? PSH_ERR_CORRUPT : PSH_ERR_FORMAT, "%s: %s; expected a NumPy array (.npy)",
                          what, n_bytes == 0 ? "empty" : "does not start as a .npy does");
    size_t length_bytes = n_bytes > 6 && bytes[6] == 1 ? 2 : 4, header_bytes = 0, start = 8 + length_bytes;
    if (n_bytes < start) return psh__error(err, PSH_ERR_CORRUPT, "%s: truncated inside the header", what);
    if (bytes[6] < 1 || bytes[6] > 3)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "%s: .npy version %d; expected 1, 2 or 3", what, bytes[6]);
    for (size_t i = 0; i < length_bytes; i++) header_bytes |= (size_t)bytes[8 + i] << (8 * i);
    if (header_bytes > n_bytes - start)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: truncated: header of %zu bytes announced, %zu there", what,
                          header_bytes, n_bytes - start);

    header h;
    bool swap;
    if (!parse_header((const char *)bytes + start, header_bytes, &h))
        return psh__error(err, PSH_ERR_CORRUPT, "%s: the .npy header is damaged, or describes a structured array",
                          what);
    if (!parse_descr(h.descr, dst, &swap))
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "%s: dtype '%s'; expected integers, floats, booleans or text; convert it with numpy.astype",
                          what, h.descr);
    size_t data_bytes, n_left = n_bytes - start - header_bytes;
    dst->n_axes = h.n_axes, dst->n_items = 1;
    memcpy(dst->shape, h.shape, sizeof h.shape);
    for (size_t axis = 0; axis < h.n_axes; axis++)
        if (!psh__size_mul(dst->n_items, h.shape[axis], &dst->n_items)) dst->n_items = SIZE_MAX;
    if (!psh__size_mul(dst->n_items, dst->item_bytes, &data_bytes) || data_bytes > n_left ||
        dst->n_items > SIZE_MAX / 64)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: truncated: the shape needs more than the %zu bytes that are there",
                          what, n_left);

    const uint8_t *data = bytes + start + header_bytes;
    if ((swap && dst->item_bytes > 1) || (h.is_fortran && h.n_axes > 1)) {
        uint8_t *turned = psh__malloc(data_bytes, 1);
        if (!turned) return psh__error_memory(err, what, data_bytes);
        copy_turned(dst, data, h.is_fortran, swap, turned);
        dst->owned = turned, data = turned;
    }
    dst->data = data;
    return PSH_OK;
}

void psh__array_free(psh__array *array) {
    psh__free(array->owned);
    *array = (psh__array){0};
}

size_t psh__npy_header(const char *descr, const size_t *shape, size_t n_axes, char dst[256]) {
    size_t n = 10;
    n += (size_t)snprintf(dst + n, 256 - n, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (size_t axis = 0; axis < n_axes; axis++)
        n += (size_t)snprintf(dst + n, 256 - n,
                              axis + 1 < n_axes ? "%zu, "
                              : n_axes == 1     ? "%zu,"
                                                : "%zu",
                              shape[axis]);
    n += (size_t)snprintf(dst + n, 256 - n, "), }");
    assert(n < 192);
    for (; (n + 1) % 64; n++) dst[n] = ' ';
    dst[n++] = '\n';
    memcpy(dst, magic, sizeof magic);
    dst[6] = 1, dst[7] = 0, dst[8] = (char)((n - 10) & 0xff), dst[9] = (char)((n - 10) >> 8);
    return n;
}

psh_status psh__npy_read(const char *path, psh__bytes *bytes, psh__array *dst, psh_error *err) {
    *dst = (psh__array){0};
    PSH_TRY(psh__bytes_read(path, bytes, err));
    psh_status status = psh__npy_parse(bytes->data, bytes->n_bytes, path, dst, err);
    if (status != PSH_OK) psh__bytes_free(bytes);
    return status;
}

psh_status psh__npy_write(const char *path, const char *descr, const size_t *shape, size_t n_axes, const void *data,
                          size_t n_bytes, psh_error *err) {
    char head[256];
    size_t head_bytes = psh__npy_header(descr, shape, n_axes, head);
    psh__file file;
    PSH_TRY(psh__file_create(path, &file, err));
    psh_status status = psh__file_write(&file, head, head_bytes, err);
    if (status == PSH_OK) status = psh__file_write(&file, data, n_bytes, err);
    if (status == PSH_OK) return psh__file_commit(&file, err);
    psh__file_abort(&file);
    return status;
}
