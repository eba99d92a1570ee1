/* format_cripser.c : CubicalRipser's rows: dim, birth, death, then where the classes begin and end: 9 columns for
 * images and volumes, 11 for four axes, 3 if it was asked for no locations. As .npy (its Python module) or as
 * comma-separated values without a header (its programs).
 *
 * Locations are not kept. An essential class has the greatest double as its death, or infinity, by version; printed
 * with six digits that is 1.79769e+308, so any death from there on is infinite. Rows of three columns are read on
 * request only: nothing tells them from others. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/dipha.h"
#include "base/error.h"
#include "base/text.h"
#include "diagram/npy_table.h"

#define ENDLESS 1.79769e308
#define SHOWN_CHARS 40
#define MAX_COLUMNS 11

static bool are_columns(size_t n_columns) {
    return n_columns == 3 || n_columns == 9 || n_columns == MAX_COLUMNS;
}

bool psh__is_cripser(const psh__bytes *bytes, const char *line, size_t n_chars) {
    size_t n_axes, shape[PSH__ARRAY_MAX_AXES], n_columns = 1, n_word = 0;
    double ignored;
    if (psh__npy_shape(bytes, &n_axes, shape)) return n_axes == 2 && (shape[1] == 9 || shape[1] == MAX_COLUMNS);
    if (!line) return false;
    for (size_t i = 0; i < n_chars; i++) n_columns += line[i] == ',';
    while (n_word < n_chars && line[n_word] != ',') n_word++;
    return (n_columns == 9 || n_columns == MAX_COLUMNS) && psh__number_read(line, n_word, &ignored) != PSH__NUMBER_NONE;
}

/* row : dim, birth, death. */
static psh_status take_row(const double row[3], psh_diagrams *set, size_t *n_open, psh_error *err) {
    int32_t dim;
    if (!psh__dim_from(row[0], &dim))
        return psh__error(err, PSH_ERR_DATA, "dimension %g; expected 0, 1, 2, ... in the first column", row[0]);
    return psh__set_take_point(set, n_open, row[1], row[2] >= ENDLESS ? INFINITY : row[2], dim, err);
}

static psh_status read_array(const char *path, const psh__bytes *bytes, psh_diagrams *set, size_t *n_open,
                             psh_error *err) {
    static const char expected[] = "(n, 9) or (n, 11): dim, birth, death, locations";
    size_t shape[PSH__ARRAY_MAX_AXES];
    double *rows = NULL;
    psh_status status = psh__npy_table(path, bytes, 2, expected, shape, &rows, err);
    if (status != PSH_OK) return status;
    if (!are_columns(shape[1]))
        status = psh__error(err, PSH_ERR_SHAPE, "%s: an array of %zu x %zu; expected %s", path, shape[0], shape[1],
                            expected);
    for (size_t i = 0; status == PSH_OK && i < shape[0]; i++) {
        status = take_row(rows + shape[1] * i, set, n_open, err);
        if (status != PSH_OK) status = psh__error_prefix(err, status, "%s: row %zu", path, i);
    }
    psh__free(rows);
    return status;
}

/* The numbers between commas in [at, stop); the first three are kept. A fault's text has no place yet. */
static psh_status read_line(const char *at, const char *stop, double row[3], size_t *n_columns, psh_error *err) {
    for (*n_columns = 0;; ++*n_columns) {
        const char *comma = memchr(at, ',', (size_t)(stop - at)), *end = comma ? comma : stop;
        double value;
        while (at < end && *at == ' ') at++;
        size_t n = (size_t)(end - at);
        while (n && (at[n - 1] == ' ' || at[n - 1] == '\r')) n--;
        psh__number what = psh__number_read(at, n, &value);
        if (what == PSH__NUMBER_NONE)
            return psh__error(err, PSH_ERR_CORRUPT, "'%.*s' is no number; expected dim,birth,death and locations",
                              (int)(n < SHOWN_CHARS ? n : SHOWN_CHARS), at);
        if (what == PSH__NUMBER_HUGE) value = at[0] == '-' ? -INFINITY : INFINITY; /* 1.79770e+308, rounded up */
        if (*n_columns < 3) row[*n_columns] = value;
        if (!comma) break;
        at = comma + 1;
    }
    ++*n_columns;
    return PSH_OK;
}

static psh_status read_text(const char *path, const psh__bytes *bytes, psh_diagrams *set, size_t *n_open,
                            psh_error *err) {
    const char *at = (const char *)bytes->data, *end = at + bytes->n_bytes;
    size_t n_usual = 0;
    for (size_t i_line = 1; at < end; i_line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n_columns;
        double row[3];
        if (!stop) stop = end;
        bool is_empty = stop == at || (stop == at + 1 && *at == '\r');
        psh_status status = is_empty ? PSH_OK : read_line(at, stop, row, &n_columns, err);
        at = stop < end ? stop + 1 : end;
        if (is_empty) continue;
        if (status == PSH_OK && (!are_columns(n_columns) || (n_usual && n_columns != n_usual)))
            status = psh__error(err, PSH_ERR_CORRUPT, "%zu columns; expected %s", n_columns,
                                n_usual ? "as many as in the lines before" : "3, 9 or 11");
        n_usual = n_columns;
        if (status == PSH_OK) status = take_row(row, set, n_open, err);
        if (status != PSH_OK) return psh__error_prefix(err, status, "%s:%zu", path, i_line);
    }
    return PSH_OK;
}

/* DIPHA's format as it writes it: an essential class has its own dimension, and the greatest double as its death. */
static psh_status read_dipha(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    PSH_TRY(psh__diagrams_read_dipha(path, bytes, set, err));
    for (size_t i = 0; i < set->n_points; i++)
        if (set->points[2 * i + 1] >= ENDLESS) set->points[2 * i + 1] = INFINITY;
    return PSH_OK;
}

psh_status psh__diagrams_read_cripser(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    size_t n_open = 0;
    if (psh__dipha_is(bytes->data, bytes->n_bytes)) return read_dipha(path, bytes, set, err);
    bool is_array = bytes->n_bytes >= 6 && !memcmp(bytes->data, "\x93NUMPY", 6);
    PSH_TRY(is_array ? read_array(path, bytes, set, &n_open, err) : read_text(path, bytes, set, &n_open, err));
    return psh__set_end_diagram(set, n_open, "", 0, -1, err);
}
