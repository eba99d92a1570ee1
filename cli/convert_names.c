/* convert_names.c : a file a diagram: what the files are called.
 *
 * A pattern has %d in it, with a width and a leading zero if one likes (out/%05d.pers): the diagram's number, from 0.
 * In a folder, files are called as the diagrams are, without folders and ending (tiles/a.jpg gives a.pers), if that
 * gives every diagram a name of its own; else by number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "convert_files.h"

#define MAX_DIGITS 20

/* --- patterns ----------------------------------------------------------------------------------------------------- */

/* The first %d, %5d or %05d of the path; false if there is none. */
static bool find_pattern(const char *path, convert_names *dst) {
    for (const char *at = strchr(path, '%'); at; at = strchr(at + 1, '%')) {
        const char *end = at + 1;
        dst->has_zeros = *end == '0';
        for (dst->n_digits = 0; *end >= '0' && *end <= '9' && dst->n_digits <= MAX_DIGITS; end++)
            dst->n_digits = 10 * dst->n_digits + (*end - '0');
        if (*end != 'd' || dst->n_digits > MAX_DIGITS) continue;
        dst->start = (size_t)(at - path), dst->stop = (size_t)(end + 1 - path);
        return true;
    }
    return false;
}

/* --- folders ------------------------------------------------------------------------------------------------------ */

/* "tiles/a.jpg" -> a, as start and length. */
static const char *stem(const char *name, size_t *n_chars) {
    const char *slash = strrchr(name, '/'), *start = slash ? slash + 1 : name, *dot = strrchr(start, '.');
    *n_chars = dot && dot > start ? (size_t)(dot - start) : strlen(start);
    return start;
}

static int compare_stems(const void *a, const void *b) {
    size_t n, m;
    const char *x = stem(*(const char *const *)a, &n), *y = stem(*(const char *const *)b, &m);
    int order = memcmp(x, y, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

/* Has every diagram a name that is one of a file, and no other has? */
static psh_status are_names_distinct(const psh_diagrams *set, bool *dst, psh_error *err) {
    size_t n = psh_diagrams_count(set);
    const char **names = malloc((n + 1) * sizeof *names);
    if (!names) return cli_fail(err, PSH_ERR_MEMORY, "no memory for the names of %zu diagrams", n);
    *dst = true;
    for (size_t i = 0; i < n; i++) {
        size_t n_chars;
        const char *start = stem(names[i] = psh_diagrams_name(set, i), &n_chars);
        *dst = *dst && n_chars > 0 && n_chars < 200 && *start != '.';
        for (size_t j = 0; j < n_chars; j++) *dst = *dst && (unsigned char)start[j] >= 32;
    }
    qsort(names, n, sizeof *names, compare_stems);
    for (size_t i = 1; i < n; i++) *dst = *dst && compare_stems(&names[i - 1], &names[i]) != 0;
    free(names);
    return PSH_OK;
}

static bool is_folder(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static psh_status open_folder(const char *path, psh_diagram_format format, convert_names *dst, psh_error *err) {
    dst->ending = psh_diagram_format_ending(format);
    if (!dst->ending)
        return cli_fail(err, PSH_ERR_PARAMETER, "%s is a folder: say the format of the files in it by --to", path);
    CLI_TRY(are_names_distinct(dst->set, &dst->are_named, err));
    if (!is_folder(path) && mkdir(path, 0777) != 0)
        return cli_fail(err, PSH_ERR_FILE_WRITE, "%s: the folder cannot be made", path);
    return PSH_OK;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

psh_status convert_names_create(const char *path, psh_diagram_format format, const psh_diagrams *set,
                                convert_names *dst, bool *is_many, psh_error *err) {
    size_t n_chars = strlen(path);
    *dst = (convert_names){.path = path, .set = set};
    *is_many = true;
    if (find_pattern(path, dst)) return PSH_OK;
    *dst = (convert_names){.path = path, .set = set};
    if ((n_chars && path[n_chars - 1] == '/') || is_folder(path)) return open_folder(path, format, dst, err);
    *is_many = false;
    return PSH_OK;
}

psh_status convert_name(const convert_names *names, size_t i_diagram, char *dst, size_t dst_bytes, psh_error *err) {
    size_t n_chars = strlen(names->path), n_stem;
    const char *slash = n_chars && names->path[n_chars - 1] == '/' ? "" : "/";
    int n;
    if (names->stop) {
        n = snprintf(dst, dst_bytes, names->has_zeros ? "%.*s%0*zu%s" : "%.*s%*zu%s", (int)names->start, names->path,
                     names->n_digits, i_diagram, names->path + names->stop);
    } else if (names->are_named) {
        const char *start = stem(psh_diagrams_name(names->set, i_diagram), &n_stem);
        n = snprintf(dst, dst_bytes, "%s%s%.*s%s", names->path, slash, (int)n_stem, start, names->ending);
    } else {
        n = snprintf(dst, dst_bytes, "%s%s%05zu%s", names->path, slash, i_diagram, names->ending);
    }
    if (n < 0 || (size_t)n >= dst_bytes)
        return cli_fail(err, PSH_ERR_PARAMETER, "%s: the path is too long", names->path);
    return PSH_OK;
}
