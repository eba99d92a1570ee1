/* format_dipha.c : DIPHA's persistence diagrams: one diagram, binary.
 *
 *   int64 8067171840, int64 2, int64 n, then n x {int64 dim, double birth, double death}
 *
 * Little-endian. dim < 0 stands for an essential class of dimension -dim - 1; the death that stands beside it is the
 * greatest value of the complex, not infinity, and is not kept. Written the same way, with the greatest finite
 * coordinate of the diagram in that place. DIPHA itself leaves out pairs of no persistence; here they are kept. */
#include <math.h>

#include "base/dipha.h"
#include "base/error.h"
#include "diagram/format.h"

#define HEAD_BYTES 24
#define PAIR_BYTES 24

/* --- reading ------------------------------------------------------------------------------------------------------ */

static psh_status read_head(const char *path, const psh__bytes *bytes, size_t *n_pairs, psh_error *err) {
    if (!psh__dipha_is(bytes->data, bytes->n_bytes))
        return psh__error(err, PSH_ERR_FORMAT, "%s: no DIPHA file: it does not begin with the number 8067171840", path);
    if (bytes->n_bytes < HEAD_BYTES)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: %zu bytes; a DIPHA file has %d at least; it is truncated", path,
                          bytes->n_bytes, HEAD_BYTES);
    int64_t type = psh__dipha_integer(bytes->data + 8), n = psh__dipha_integer(bytes->data + 16);
    if (type != PSH__DIPHA_PERSISTENCE_DIAGRAM)
        return psh__error(err, PSH_ERR_FORMAT,
                          "%s: DIPHA file of type %lld, %s; expected a persistence diagram (2); compute its diagram "
                          "first",
                          path, (long long)type, psh__dipha_type_name(type));
    size_t n_room = (bytes->n_bytes - HEAD_BYTES) / PAIR_BYTES;
    if (n < 0 || (uint64_t)n != n_room || (bytes->n_bytes - HEAD_BYTES) % PAIR_BYTES)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "%s: %zu bytes, but %lld points take 24 + 24 x %lld; the file is damaged or truncated", path,
                          bytes->n_bytes, (long long)n, (long long)n);
    *n_pairs = (size_t)n;
    return PSH_OK;
}

psh_status psh__diagrams_read_dipha(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    size_t n_pairs = 0, n_open = 0;
    PSH_TRY(read_head(path, bytes, &n_pairs, err));
    PSH_TRY(psh__set_reserve(set, 1, n_pairs, 1, err));
    for (size_t i = 0; i < n_pairs; i++) {
        const uint8_t *pair = bytes->data + HEAD_BYTES + PAIR_BYTES * i;
        int64_t dim = psh__dipha_integer(pair);
        double birth = psh__dipha_double(pair + 8), death = psh__dipha_double(pair + 16);
        if (dim < 0) dim = -(dim + 1), death = INFINITY;
        if (dim > INT32_MAX)
            return psh__error(err, PSH_ERR_DATA, "%s: point %zu: dimension %lld; expected less than 2^31", path, i,
                              (long long)psh__dipha_integer(pair));
        psh_status status = psh__set_take_point(set, &n_open, birth, death, (int32_t)dim, err);
        if (status != PSH_OK) return psh__error_prefix(err, status, "%s: point %zu", path, i);
    }
    return psh__set_end_diagram(set, n_open, "", 0, -1, err);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void put_integer(uint8_t *dst, int64_t value) {
    for (int i = 0; i < 8; i++) dst[i] = (uint8_t)((uint64_t)value >> 8 * i);
}

static void put_double(uint8_t *dst, double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_integer(dst, bits);
}

static double greatest(const psh_diagrams *set) {
    double top = -INFINITY;
    for (size_t i = 0; i < 2 * set->n_points; i++)
        if (isfinite(set->points[i]) && set->points[i] > top) top = set->points[i];
    return top;
}

static psh_status write_pairs(const psh_diagrams *set, psh__file *file, psh_error *err) {
    uint8_t head[HEAD_BYTES], pair[PAIR_BYTES];
    double top = greatest(set);
    put_integer(head, PSH__DIPHA_MAGIC);
    put_integer(head + 8, PSH__DIPHA_PERSISTENCE_DIAGRAM);
    put_integer(head + 16, (int64_t)set->n_points);
    PSH_TRY(psh__file_write(file, head, sizeof head, err));
    for (size_t i = 0; i < set->n_points; i++) {
        double death = set->points[2 * i + 1];
        bool is_essential = isinf(death);
        put_integer(pair, is_essential ? -(int64_t)set->dims[i] - 1 : set->dims[i]);
        put_double(pair + 8, set->points[2 * i]);
        put_double(pair + 16, is_essential ? top : death);
        PSH_TRY(psh__file_write(file, pair, sizeof pair, err));
    }
    return PSH_OK;
}

psh_status psh__diagrams_write_dipha(const psh_diagrams *set, const char *path, psh_error *err) {
    psh__file file;
    PSH_TRY(psh__file_create(path, &file, err));
    psh_status status = write_pairs(set, &file, err);
    if (status == PSH_OK) return psh__file_commit(&file, err);
    psh__file_abort(&file);
    return status;
}
