/* format_perseus.c : what Perseus writes: a file a dimension (out_0.txt, out_1.txt, ...), each line birth and death, a
 * death of -1 an infinite one.
 *
 * Nothing in such a file tells it from GUDHI's .pers, where a death of -1 is a death; so it is read on request only.
 * The dimension is the number at the end of the file's name, before its ending: out_1.txt has the points of dimension
 * 1; without a number it is 0. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "diagram/format.h"

#define SHOWN_CHARS 40

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* "folder/out_12.txt" -> 12; 0 if there is no such number. */
static int32_t dim_of(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    const char *end = dot ? dot : name + strlen(name), *start = end;
    int64_t dim = 0;
    while (start > name && start[-1] >= '0' && start[-1] <= '9') start--;
    if (start == end || start == name || start[-1] != '_' || !psh__integer_read(start, (size_t)(end - start), &dim) ||
        dim > INT32_MAX)
        return 0;
    return (int32_t)dim;
}

/* The next word of the line; false at its end. */
static bool next_word(const char **at, const char *stop, const char **word, size_t *n_chars) {
    while (*at < stop && is_blank(**at)) ++*at;
    *word = *at;
    while (*at < stop && !is_blank(**at)) ++*at;
    *n_chars = (size_t)(*at - *word);
    return *n_chars > 0;
}

psh_status psh__diagrams_read_perseus(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    const char *at = (const char *)bytes->data, *end = at + bytes->n_bytes;
    size_t n_open = 0;
    int32_t dim = dim_of(path);
    for (size_t i_line = 1; at < end; i_line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *word;
        double numbers[2] = {0};
        size_t n_numbers = 0, n_chars;
        if (!stop) stop = end;
        for (; next_word(&at, stop, &word, &n_chars); n_numbers++)
            if (n_numbers == 2 || psh__number_read(word, n_chars, &numbers[n_numbers]) != PSH__NUMBER)
                return psh__error(err, PSH_ERR_CORRUPT,
                                  "%s:%zu: '%.*s'; expected two numbers, birth and death, -1 for "
                                  "an infinite one",
                                  path, i_line, (int)(n_chars < SHOWN_CHARS ? n_chars : SHOWN_CHARS), word);
        at = stop < end ? stop + 1 : end;
        if (n_numbers == 0) continue;
        if (n_numbers == 1)
            return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: one number; expected birth and death", path, i_line);
        double death = numbers[1] == -1 ? INFINITY : numbers[1];
        psh_status status = psh__set_take_point(set, &n_open, numbers[0], death, dim, err);
        if (status != PSH_OK) return psh__error_prefix(err, status, "%s:%zu", path, i_line);
    }
    return psh__set_end_diagram(set, n_open, "", 0, -1, err);
}
