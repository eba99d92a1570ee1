/* rows.c : rows of a condensed matrix as float64. Data inside a file may lie at any address, hence memcpy(). */
#include "cluster/rows.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

#define CONVERT(type)                                                                                                  \
    for (size_t k = 0; k < n_values; k++) {                                                                            \
        type value;                                                                                                    \
        memcpy(&value, at + k * sizeof value, sizeof value);                                                           \
        dst[k] = (double)value;                                                                                        \
    }

void psh__condensed_row(const psh_distances *distances, size_t i, double *dst) {
    const uint8_t *data = psh_distances_data_const(distances), *at;
    size_t n_items = psh_distances_n_items(distances), n_values = n_items - i - 1;
    size_t first = psh__pair_index(n_items, i, i + 1);
    switch (psh_distances_dtype(distances)) {
    case PSH_DISTANCE_U8:
        at = data + first;
        CONVERT(uint8_t);
        return;
    case PSH_DISTANCE_U16:
        at = data + first * sizeof(uint16_t);
        CONVERT(uint16_t);
        return;
    case PSH_DISTANCE_F32:
        at = data + first * sizeof(float);
        CONVERT(float);
        return;
    case PSH_DISTANCE_F64:
        memcpy(dst, data + first * sizeof(double), n_values * sizeof(double));
        return;
    }
}

void psh__full_row(const psh_distances *distances, size_t i, double *dst) {
    for (size_t j = 0; j < i; j++) dst[j] = psh_distances_get(distances, j, i);
    dst[i] = 0;
    psh__condensed_row(distances, i, dst + i + 1);
}

psh_status psh__check_row(const double *row, size_t n_values, size_t i, size_t first_item, bool may_be_infinite,
                          psh_error *err) {
    size_t n_bad = 0;
    double limit = may_be_infinite ? INFINITY : 1.7976931348623157e308;
    for (size_t k = 0; k < n_values; k++) n_bad += !(row[k] >= 0 && row[k] <= limit);
    for (size_t k = 0; n_bad > 0 && k < n_values; k++)
        if (!(row[k] >= 0 && row[k] <= limit))
            return psh__error(err, row[k] < 0 ? PSH_ERR_DATA : PSH_ERR_NOT_FINITE,
                              "the distance of items %zu and %zu is %g; expected %s of 0 or more", i, first_item + k,
                              row[k], may_be_infinite ? "a number" : "a finite number");
    return PSH_OK;
}
