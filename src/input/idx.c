/* idx.c : the IDX format of MNIST and its family.
 *
 *   0 0 TYPE N_AXES, then N_AXES sizes of 4 bytes, then the items in C order; everything big-endian.
 *   TYPE: 08 uint8, 09 int8, 0B int16, 0C int32, 0D float32, 0E float64. */
#include "base/error.h"
#include "base/size.h"
#include "input/readers.h"

static const struct {
    char kind;
    uint8_t item_bytes;
} types[16] = {
    [0x08] = {'u', 1}, [0x09] = {'i', 1}, [0x0b] = {'i', 2}, [0x0c] = {'i', 4}, [0x0d] = {'f', 4}, [0x0e] = {'f', 8}};

static bool is_idx(const uint8_t *bytes, size_t n_bytes) {
    return n_bytes >= 4 && !bytes[0] && !bytes[1] && bytes[2] >= 0x08 && bytes[2] <= 0x0e && bytes[3] >= 1 &&
           bytes[3] <= PSH__ARRAY_MAX_AXES;
}

bool psh__idx_is(const psh__head *head) {
    return is_idx(head->bytes, head->n_bytes);
}

psh_status psh__idx_parse(const uint8_t *bytes, size_t n_bytes, psh__array *dst, psh_error *err) {
    *dst = (psh__array){0};
    if (!is_idx(bytes, n_bytes) || !types[bytes[2]].kind)
        return psh__error(err, PSH_ERR_FORMAT,
                          "no IDX; expected it to start with 0, 0, a type from 8 to 14, and the "
                          "number of axes");
    size_t n_axes = bytes[3], start = 4 + 4 * n_axes, data_bytes;
    if (n_bytes < start) return psh__error(err, PSH_ERR_CORRUPT, "IDX is truncated inside its header");
    dst->kind = types[bytes[2]].kind, dst->item_bytes = types[bytes[2]].item_bytes;
    dst->n_axes = n_axes, dst->n_items = 1;
    bool fits = true;
    for (size_t axis = 0; axis < n_axes; axis++) {
        const uint8_t *side = bytes + 4 + 4 * axis;
        dst->shape[axis] = (size_t)side[0] << 24 | (size_t)side[1] << 16 | (size_t)side[2] << 8 | side[3];
        fits = fits && psh__size_mul(dst->n_items, dst->shape[axis], &dst->n_items);
    }
    fits = fits && psh__size_mul(dst->n_items, dst->item_bytes, &data_bytes);
    if (!fits || data_bytes > n_bytes - start)
        return psh__error(err, PSH_ERR_CORRUPT, "IDX is truncated: its header needs more than the %zu bytes after it",
                          n_bytes - start);
    if (data_bytes < n_bytes - start)
        return psh__error(err, PSH_ERR_CORRUPT, "IDX goes on for %zu bytes after what its header says",
                          n_bytes - start - data_bytes);
    dst->data = bytes + start;
    return PSH_OK;
}
