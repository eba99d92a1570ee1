/* npy_table.h : what the formats share that are one NumPy array. */
#ifndef PSH_DIAGRAM_NPY_TABLE_H
#define PSH_DIAGRAM_NPY_TABLE_H

#include "base/array.h"
#include "diagram/format.h"

/* Axes and sides of a .npy file; false if it is none, or damaged in its header. No data is looked at. */
bool psh__npy_shape(const psh__bytes *bytes, size_t *n_axes, size_t shape[PSH__ARRAY_MAX_AXES]);

/* The array as float64, *values by psh__malloc; it must have `n_axes` axes, the text of `expected` otherwise. */
psh_status psh__npy_table(const char *path, const psh__bytes *bytes, size_t n_axes, const char *expected,
                          size_t shape[PSH__ARRAY_MAX_AXES], double **values, psh_error *err);

/* A dimension that came as a double; false if it is none: 0, 1, 2, ... */
bool psh__dim_from(double value, int32_t *dim);

#endif
