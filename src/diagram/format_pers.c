/* format_pers.c : GUDHI's .pers: one diagram as text.
 *
 * A line has 2, 3 or 4 numbers, the same on all lines: [[field] dim] birth death. Empty lines and lines whose first
 * character is # are skipped; three columns may be in another order on request. A missing dim, or GUDHI's -1 for an
 * unknown one, becomes 0; the field of coefficients is not kept. Written with 3 columns, in the set's order, after a
 * comment that names them, which also tells an empty diagram from an empty file. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "diagram/format.h"

#define MAX_NUMBERS 4
#define SHOWN_CHARS 40

typedef struct line {
    double numbers[MAX_NUMBERS];
    size_t n_numbers, i_line;
} line;

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* The numbers in [at, stop). */
static psh_status read_line(const char *path, const char *at, const char *stop, line *dst, psh_error *err) {
    for (dst->n_numbers = 0;;) {
        while (at < stop && is_blank(*at)) at++;
        if (at == stop) return PSH_OK;
        const char *start = at;
        while (at < stop && !is_blank(*at)) at++;
        int n_shown = at - start < SHOWN_CHARS ? (int)(at - start) : SHOWN_CHARS;
        if (dst->n_numbers == MAX_NUMBERS)
            return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: more than %d numbers; expected [[field] dim] birth death",
                              path, dst->i_line, MAX_NUMBERS);
        switch (psh__number_read(start, (size_t)(at - start), &dst->numbers[dst->n_numbers++])) {
        case PSH__NUMBER:
            break;
        case PSH__NUMBER_HUGE:
            return psh__error(err, PSH_ERR_DATA, "%s:%zu: %.*s is beyond double precision", path, dst->i_line, n_shown,
                              start);
        case PSH__NUMBER_NONE:
            return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: '%.*s' is no number; expected [[field] dim] birth death",
                              path, dst->i_line, n_shown, start);
        }
    }
}

static psh_status add_point(const char *path, const line *now, psh_diagrams *set, size_t *n_open, psh_error *err) {
    const double *death = &now->numbers[now->n_numbers - 1], *birth = death - 1, *dim = birth - 1;
    int32_t known_dim = 0;
    if (set->columns == PSH__COLUMNS_BIRTH_DEATH_DIM) birth = now->numbers, death = birth + 1, dim = birth + 2;
    if (now->n_numbers > 2) {
        if (!(*dim >= -1 && *dim <= INT32_MAX) || *dim != (double)(int32_t)*dim)
            return psh__error(err, PSH_ERR_DATA, "%s:%zu: dimension %g; expected 0 or more, or -1 for unknown", path,
                              now->i_line, *dim);
        known_dim = *dim < 0 ? 0 : (int32_t)*dim;
    }
    psh_status status = psh__set_take_point(set, n_open, *birth, *death, known_dim, err);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "%s:%zu", path, now->i_line);
}

/* The columns of the first line with numbers, which all others must have too. */
static psh_status check_columns(const char *path, const line *first, psh__columns columns, psh_error *err) {
    if (first->n_numbers < 2)
        return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: one number; expected [[field] dim] birth death", path,
                          first->i_line);
    if (columns != PSH__COLUMNS_USUAL && first->n_numbers != (columns == PSH__COLUMNS_BIRTH_DEATH ? 2 : 3))
        return psh__error(err, PSH_ERR_FORMAT, "%s:%zu: %zu columns, which are not the columns asked for", path,
                          first->i_line, first->n_numbers);
    return PSH_OK;
}

psh_status psh__diagrams_read_pers(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    const char *at = (const char *)bytes->data, *end = at + bytes->n_bytes;
    line now = {.i_line = 0};
    size_t n_open = 0, n_columns = 0, i_first = 0;
    if (bytes->n_bytes >= 3 && !memcmp(at, "\xef\xbb\xbf", 3)) at += 3; /* a byte-order mark of UTF-8 */
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        now.i_line++;
        now.n_numbers = 0;
        if (*at != '#') PSH_TRY(read_line(path, at, stop, &now, err));
        at = stop < end ? stop + 1 : end;
        if (now.n_numbers == 0) continue;
        if (n_columns == 0) {
            PSH_TRY(check_columns(path, &now, set->columns, err));
            n_columns = now.n_numbers, i_first = now.i_line;
        }
        if (now.n_numbers != n_columns)
            return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: %zu numbers; expected %zu, as in line %zu", path,
                              now.i_line, now.n_numbers, n_columns, i_first);
        PSH_TRY(add_point(path, &now, set, &n_open, err));
    }
    return psh__set_end_diagram(set, n_open, "", 0, -1, err);
}

static psh_status write_points(const psh_diagrams *set, psh__file *file, psh_error *err) {
    static const char header[] = "# dim birth death\n";
    PSH_TRY(psh__file_write(file, header, sizeof header - 1, err));
    for (size_t i = 0; i < set->n_points; i++) {
        char text[4 * PSH__NUMBER_CHARS];
        size_t n = psh__number_write(set->dims[i], text);
        text[n++] = ' ';
        n += psh__number_write(set->points[2 * i], text + n);
        text[n++] = ' ';
        n += psh__number_write(set->points[2 * i + 1], text + n);
        text[n++] = '\n';
        PSH_TRY(psh__file_write(file, text, n, err));
    }
    return PSH_OK;
}

psh_status psh__diagrams_write_pers(const psh_diagrams *set, const char *path, psh_error *err) {
    psh__file file;
    PSH_TRY(psh__file_create(path, &file, err));
    psh_status status = write_points(set, &file, err);
    if (status == PSH_OK) return psh__file_commit(&file, err);
    psh__file_abort(&file);
    return status;
}
