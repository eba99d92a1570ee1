/* format_ripser.c : what Ripser prints:
 *
 *     value range: [1,2.06155]
 *     distance matrix with 5 points, using threshold at enclosing radius 1.41421
 *     persistence intervals in dim 0:
 *      [0,1)
 *      [0, )
 *     persistence intervals in dim 1:
 *      [1,1.41421)
 *
 * No death is an infinite one. What stands behind the parenthesis (representatives, in some branches) is passed over.
 * Outputs one after the other in one file are one diagram each: a new one begins where a run's first lines come again,
 * or a dimension that is not above the last. Ripser computes in float32 and prints six digits: its rounding, not ours.
 * An output that was cut between two lines cannot be told from a whole one. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "diagram/format.h"

#define SHOWN_CHARS 40

static const char dim_title[] = "persistence intervals in dim ";

/* How the lines begin that say what was computed; a run has some of them before its intervals. */
static const char *const run_titles[] = {"value range:", "distance matrix with ", "sparse distance matrix with ",
                                         "point cloud with "};

typedef struct reader {
    const char *path, *at, *stop; /* the line at hand, without white space around it */
    size_t i_line, n_open;
    psh_diagrams *set;
    int64_t dim;  /* of the intervals at hand; -1: before the first */
    bool has_run; /* a diagram is open */
} reader;

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static bool starts_with(const char *at, const char *stop, const char *title) {
    size_t n = strlen(title);
    return (size_t)(stop - at) >= n && !memcmp(at, title, n);
}

static bool is_run_title(const char *at, const char *stop) {
    for (size_t i = 0; i < sizeof run_titles / sizeof *run_titles; i++)
        if (starts_with(at, stop, run_titles[i])) return true;
    return false;
}

bool psh__is_ripser(const char *line, size_t n_chars) {
    return is_run_title(line, line + n_chars) || starts_with(line, line + n_chars, dim_title);
}

static psh_status bad_line(const reader *file, const char *expected, psh_error *err) {
    size_t n = (size_t)(file->stop - file->at);
    return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: '%.*s'; expected %s", file->path, file->i_line,
                      (int)(n < SHOWN_CHARS ? n : SHOWN_CHARS), file->at, expected);
}

static psh_status end_run(reader *file, psh_error *err) {
    size_t n_open = file->n_open;
    if (!file->has_run) return PSH_OK;
    file->n_open = 0, file->has_run = false, file->dim = -1;
    return psh__set_end_diagram(file->set, n_open, "", 0, -1, err);
}

static psh_status read_dim(reader *file, psh_error *err) {
    const char *at = file->at + strlen(dim_title), *stop = file->stop;
    int64_t dim;
    if (at == stop || stop[-1] != ':' || !psh__integer_read(at, (size_t)(stop - 1 - at), &dim) || dim < 0 ||
        dim > INT32_MAX)
        return bad_line(file, "'persistence intervals in dim N:'", err);
    if (dim <= file->dim) PSH_TRY(end_run(file, err));
    file->has_run = true, file->dim = dim;
    return PSH_OK;
}

/* [birth,death) : the text between two marks as a number; nothing but blanks: infinite, if that is allowed. */
static bool read_bound(const char *at, const char *stop, bool may_be_empty, double *dst) {
    while (at < stop && is_blank(*at)) at++;
    while (stop > at && is_blank(stop[-1])) stop--;
    *dst = INFINITY;
    if (at == stop) return may_be_empty;
    return psh__number_read(at, (size_t)(stop - at), dst) == PSH__NUMBER;
}

static psh_status read_interval(reader *file, psh_error *err) {
    static const char expected[] = "[birth,death) or [birth, )";
    double birth, death;
    size_t n_left = (size_t)(file->stop - file->at);
    const char *comma = memchr(file->at, ',', n_left), *end = memchr(file->at, ')', n_left);
    if (file->dim < 0) return bad_line(file, "'persistence intervals in dim N:' before the first interval", err);
    if (!comma || !end || end < comma || !read_bound(file->at + 1, comma, false, &birth) ||
        !read_bound(comma + 1, end, true, &death))
        return bad_line(file, expected, err);
    psh_status status = psh__set_take_point(file->set, &file->n_open, birth, death, (int32_t)file->dim, err);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "%s:%zu", file->path, file->i_line);
}

static psh_status read_line(reader *file, psh_error *err) {
    if (file->at == file->stop) return PSH_OK;
    if (*file->at == '[') return read_interval(file, err);
    if (starts_with(file->at, file->stop, dim_title)) return read_dim(file, err);
    if (!is_run_title(file->at, file->stop)) return bad_line(file, "a line of Ripser's output", err);
    return file->dim >= 0 ? end_run(file, err) : PSH_OK;
}

psh_status psh__diagrams_read_ripser(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    const char *at = (const char *)bytes->data, *end = at + bytes->n_bytes;
    reader file = {.path = path, .set = set, .dim = -1};
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        file.at = at, file.stop = stop, file.i_line++;
        while (file.at < file.stop && is_blank(*file.at)) file.at++;
        while (file.stop > file.at && is_blank(file.stop[-1])) file.stop--;
        PSH_TRY(read_line(&file, err));
        at = stop < end ? stop + 1 : end;
    }
    if (!file.has_run && set->n_diagrams == 0)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "%s: no intervals; expected what Ripser prints, 'persistence intervals "
                          "in dim 0:' and so on; the output is cut off",
                          path);
    return end_run(&file, err);
}
