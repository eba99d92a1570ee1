/* kind.c : which of persihash's files is this? Told from the content, so that a wrong ending misleads nobody. */
#include <string.h>

#include "base/array.h"
#include "base/dipha.h"
#include "base/error.h"
#include "base/vtk_xml.h"
#include "persihash/base.h"

/* Other things than diagrams come from VTK and DIPHA too, but none that is a file of ours. */
static bool is_foreign_diagram(const psh__bytes *bytes) {
    if (psh__dipha_is(bytes->data, bytes->n_bytes))
        return bytes->n_bytes >= 16 && psh__dipha_integer(bytes->data + 8) == PSH__DIPHA_PERSISTENCE_DIAGRAM;
    return psh__vtk_is(bytes->data, bytes->n_bytes) && !psh__vtk_is_grid(bytes->data, bytes->n_bytes);
}

static bool is_foreign(const psh__bytes *bytes) {
    return psh__dipha_is(bytes->data, bytes->n_bytes) || psh__vtk_is(bytes->data, bytes->n_bytes);
}

/* Text if the first bytes are printable: .csv and .pers have no magic number. */
static bool looks_like_text(const uint8_t *bytes, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes && i < 256; i++)
        if (bytes[i] < 0x20 && bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t') return false;
    return true;
}

/* The shapes of diagrams: (n_samples, n_features, 3), or (n, 2), (n, 3), (n, 9), (n, 11) where that is no square
 * matrix. Distances have one axis, or are square. */
static bool is_diagram_array(const psh__bytes *bytes) {
    psh__array array;
    if (psh__npy_parse(bytes->data, bytes->n_bytes, "", &array, NULL) != PSH_OK) return false;
    size_t n_axes = array.n_axes, n_last = n_axes ? array.shape[n_axes - 1] : 0;
    bool is_square = n_axes == 2 && array.shape[0] == n_last;
    bool is_table = n_axes == 2 && !is_square && (n_last == 2 || n_last == 3 || n_last == 9 || n_last == 11);
    psh__array_free(&array);
    return is_table || (n_axes == 3 && n_last == 3);
}

static psh_status detect_npz(const char *path, psh_file_kind *dst, psh_error *err) {
    psh__npz *npz;
    PSH_TRY(psh__npz_open(path, &npz, err));
    *dst = psh__npz_has(npz, "codes")    ? PSH_FILE_CODES
           : psh__npz_has(npz, "points") ? PSH_FILE_DIAGRAMS
           : psh__npz_has(npz, "labels") ? PSH_FILE_CLUSTERS
                                         : PSH_FILE_UNKNOWN;
    psh__npz_free(npz);
    return PSH_OK;
}

psh_status psh_file_detect(const char *path, psh_file_kind *dst, psh_error *err) {
    psh__bytes bytes;
    PSH_TRY(psh__bytes_read(path, &bytes, err));
    psh_status status = PSH_OK;
    *dst = PSH_FILE_UNKNOWN;
    if (bytes.n_bytes == 0)
        status = psh__error(err, PSH_ERR_CORRUPT, "%s: empty file; expected one of persihash's files", path);
    else if (bytes.n_bytes >= 2 && !memcmp(bytes.data, "PK", 2))
        status = detect_npz(path, dst, err);
    else if (bytes.n_bytes >= 6 && !memcmp(bytes.data, "\x93NUMPY", 6))
        *dst = is_diagram_array(&bytes) ? PSH_FILE_DIAGRAMS : PSH_FILE_DISTANCES;
    else if (bytes.n_bytes >= 9 && bytes.data[8] == '{' && !memcmp(bytes.data + 5, "\0\0\0", 3))
        *dst = PSH_FILE_MODEL;
    else if (is_foreign(&bytes))
        *dst = is_foreign_diagram(&bytes) ? PSH_FILE_DIAGRAMS : PSH_FILE_UNKNOWN;
    else if (looks_like_text(bytes.data, bytes.n_bytes))
        *dst = PSH_FILE_DIAGRAMS;
    psh__bytes_free(&bytes);
    return status;
}
