/* splat_body.h : see splat.h. Included by splat.c and splat_<isa>.c, which differ in their compiler flags alone. */
#include "base/exp.h"
#include "vector/splat.h"

static void gauss(double x, double first, double step, double scale, size_t n_cells, double *restrict dst) {
    for (size_t start = 0; start < n_cells; start += PSH__SPLAT_RUN, first += (double)PSH__SPLAT_RUN)
        for (int k = 0; k < (int)PSH__SPLAT_RUN; k++) {
            double from = (first + k) * step - x, exponent = -(from * from) * scale;
            dst[start + (size_t)k] = psh__exp(exponent > -700 ? exponent : -700);
        }
}

static void add(const double *rows, size_t n_rows, const double *restrict columns, size_t n_columns, size_t stride,
                double *restrict image) {
    for (size_t r = 0; r < n_rows; r++) {
        double factor = rows[r], *row = image + r * stride;
        for (size_t start = 0; start < n_columns; start += PSH__SPLAT_RUN)
            for (size_t k = 0; k < PSH__SPLAT_RUN; k++) row[start + k] += factor * columns[start + k];
    }
}
