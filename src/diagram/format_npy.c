/* format_npy.c : one diagram as one NumPy array: (n, 2) birth, death, as persim and ripser.py have a dimension's
 * points; (n, 3) birth, death, dim, as FlashCubical has them, or dim, birth, death.
 *
 * Of three columns, the order is the one asked for; else birth, death, dim if that gives a diagram whose dimensions are
 * plausible (at most 15), else dim, birth, death if that does, else the first. Arrays that could be either are small
 * integers all over, deaths included. Written is (n, 3), birth, death, dim, float64. */
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "diagram/npy_table.h"

#define MAX_PLAUSIBLE_DIM 15

/* Where birth, death and dim stand in a row. */
typedef struct layout {
    size_t birth, death, dim;
} layout;

static const layout birth_first = {0, 1, 2}, dim_first = {1, 2, 0};

/* Would these columns make a diagram of few dimensions? */
static bool is_plausible(const double *rows, size_t n_rows, const layout *columns, bool is_negated) {
    for (size_t i = 0; i < n_rows; i++) {
        const double *row = rows + 3 * i;
        double birth = row[columns->birth], death = row[columns->death];
        int32_t dim;
        bool is_rising = is_negated ? birth >= death || isinf(death) : birth <= death;
        if (!is_rising || !psh__dim_from(row[columns->dim], &dim) || dim > MAX_PLAUSIBLE_DIM) return false;
    }
    return true;
}

static const layout *choose(const psh_diagrams *set, const double *rows, size_t n_rows) {
    if (set->columns == PSH__COLUMNS_BIRTH_DEATH_DIM) return &birth_first;
    if (set->columns == PSH__COLUMNS_DIM_BIRTH_DEATH) return &dim_first;
    bool is_second = !is_plausible(rows, n_rows, &birth_first, set->reads_negated) &&
                     is_plausible(rows, n_rows, &dim_first, set->reads_negated);
    return is_second ? &dim_first : &birth_first;
}

static psh_status read_rows(const char *path, const double *rows, size_t n_rows, size_t n_columns, psh_diagrams *set,
                            psh_error *err) {
    const layout *columns = n_columns == 3 ? choose(set, rows, n_rows) : &birth_first;
    size_t n_open = 0;
    for (size_t i = 0; i < n_rows; i++) {
        const double *row = rows + n_columns * i;
        int32_t dim = 0;
        if (n_columns == 3 && !psh__dim_from(row[columns->dim], &dim))
            return psh__error(err, PSH_ERR_DATA,
                              "%s: row %zu: dimension %g; expected 0, 1, 2, ... in the %s column; say the order by "
                              "--columns if it is another",
                              path, i, row[columns->dim], columns->dim ? "third" : "first");
        psh_status status = psh__set_take_point(set, &n_open, row[columns->birth], row[columns->death], dim, err);
        if (status != PSH_OK) return psh__error_prefix(err, status, "%s: row %zu", path, i);
    }
    return psh__set_end_diagram(set, n_open, "", 0, -1, err);
}

psh_status psh__diagrams_read_npy(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    static const char expected[] = "(n, 2), birth and death, or (n, 3), birth, death, dim";
    size_t shape[PSH__ARRAY_MAX_AXES];
    double *rows = NULL;
    psh_status status = psh__npy_table(path, bytes, 2, expected, shape, &rows, err);
    if (status != PSH_OK) return status;
    size_t n_columns = set->columns == PSH__COLUMNS_USUAL ? 0 : set->columns == PSH__COLUMNS_BIRTH_DEATH ? 2 : 3;
    if ((shape[1] != 2 && shape[1] != 3) || (n_columns && n_columns != shape[1]))
        status = psh__error(err, PSH_ERR_SHAPE, "%s: an array of %zu x %zu; expected %s", path, shape[0], shape[1],
                            n_columns ? "the columns asked for" : expected);
    else
        status = read_rows(path, rows, shape[0], shape[1], set, err);
    psh__free(rows);
    return status;
}

psh_status psh__diagrams_write_npy(const psh_diagrams *set, const char *path, psh_error *err) {
    size_t n = set->n_points, shape[2] = {n, 3};
    double *rows = psh__malloc(n, 3 * sizeof *rows);
    if (!rows) return psh__error_memory(err, "a diagram", 24ull * n);
    for (size_t i = 0; i < n; i++) {
        rows[3 * i] = set->points[2 * i], rows[3 * i + 1] = set->points[2 * i + 1];
        rows[3 * i + 2] = set->dims[i];
    }
    psh_status status = psh__npy_write(path, "<f8", shape, 2, rows, n * 3 * sizeof *rows, err);
    psh__free(rows);
    return status;
}
