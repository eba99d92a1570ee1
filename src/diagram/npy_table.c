/* npy_table.c : one NumPy array as a table of doubles. */
#include "diagram/npy_table.h"

#include <string.h>

#include "base/error.h"

psh_status psh__npy_table(const char *path, const psh__bytes *bytes, size_t n_axes, const char *expected,
                          size_t shape[PSH__ARRAY_MAX_AXES], double **values, psh_error *err) {
    psh__array array;
    PSH_TRY(psh__npy_parse(bytes->data, bytes->n_bytes, path, &array, err));
    psh_status status = PSH_OK;
    if (array.n_axes != n_axes)
        status = psh__error(err, PSH_ERR_SHAPE, "%s: an array of %zu axes; expected %s", path, array.n_axes, expected);
    else
        status = psh__array_to_f64(&array, path, values, err);
    memcpy(shape, array.shape, sizeof array.shape);
    psh__array_free(&array);
    return status;
}

bool psh__npy_shape(const psh__bytes *bytes, size_t *n_axes, size_t shape[PSH__ARRAY_MAX_AXES]) {
    psh__array array;
    if (psh__npy_parse(bytes->data, bytes->n_bytes, "", &array, NULL) != PSH_OK) return false;
    *n_axes = array.n_axes;
    memcpy(shape, array.shape, sizeof array.shape);
    psh__array_free(&array);
    return true;
}

bool psh__dim_from(double value, int32_t *dim) {
    if (!(value >= 0 && value <= INT32_MAX) || value != (double)(int32_t)value) return false;
    *dim = (int32_t)value;
    return true;
}
