/* format.c : diagram files: which format, and what becomes of infinite deaths.
 *
 * The format is told from the content, since names lie: a zip archive is .npz; text whose first line of data has a
 * comma is CSV; text that begins with a number is GUDHI's .pers. Files of other tools that people are likely to hand in
 * are called by their name. */
#include "diagram/format.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"

/* --- recognising -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *start;
    size_t n_bytes;
    const char *what;
} foreign[] = {
    {"\x93NUMPY", 6, "a single NumPy array (.npy); a set of diagrams is an .npz with points, dims and offsets"},
    {"\x1f\x8b", 2, "a gzip file; unpack it first"},
    {"\x00\x46\xd7\xe0\x01\x00\x00\x00", 8, "a DIPHA file; export its diagram as CSV (dim,birth,death)"},
    {"<?xml", 5, "an XML file (TTK's .vtu?); export its diagram as CSV (dim,birth,death)"},
    {"<VTKFile", 8, "a VTK file; export its diagram as CSV (dim,birth,death)"},
    {"\x89HDF", 4, "an HDF5 file; export the diagrams as .npz"},
    {"\x80\x04", 2, "a Python pickle; save the diagrams as .npz"},
    {"\xff\xfe", 2, "UTF-16 text; save it as UTF-8"},
};

static bool starts_with(const psh__bytes *bytes, const char *start, size_t n_bytes) {
    return bytes->n_bytes >= n_bytes && !memcmp(bytes->data, start, n_bytes);
}

/* The first line that is neither empty nor a comment; NULL if there is none. */
static const char *first_line(const psh__bytes *bytes, size_t *n_chars) {
    const char *at = (const char *)bytes->data, *end = at + bytes->n_bytes;
    if (starts_with(bytes, "\xef\xbb\xbf", 3)) at += 3;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        size_t n_blank = 0, n = (size_t)(stop - at);
        while (n_blank < n && strchr(" \t\r\f\v", at[n_blank]) && at[n_blank]) n_blank++;
        if (*at != '#' && n_blank < n) {
            *n_chars = n - n_blank;
            return at + n_blank;
        }
        at = stop == end ? end : stop + 1;
    }
    return NULL;
}

static bool starts_with_number(const char *line, size_t n_chars) {
    double ignored;
    size_t n = 0;
    while (n < n_chars && !strchr(" \t\r\f\v", line[n])) n++;
    return psh__number_read(line, n, &ignored) != PSH__NUMBER_NONE;
}

static psh_status recognise(const char *path, const psh__bytes *bytes, psh_diagram_format *dst, psh_error *err) {
    if (bytes->n_bytes == 0)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: empty file; expected diagrams (.npz, .csv or .pers)", path);
    if (starts_with(bytes, "PK", 2)) return *dst = PSH_DIAGRAM_NPZ, PSH_OK;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (starts_with(bytes, foreign[i].start, foreign[i].n_bytes))
            return psh__error(err, PSH_ERR_FORMAT, "%s: is %s", path, foreign[i].what);
    size_t n_chars = 0;
    const char *line = first_line(bytes, &n_chars);
    if (line && memchr(line, ',', n_chars)) return *dst = PSH_DIAGRAM_CSV, PSH_OK;
    if (line ? starts_with_number(line, n_chars) : bytes->data[0] == '#') return *dst = PSH_DIAGRAM_PERS, PSH_OK;
    return psh__error(
        err, PSH_ERR_FORMAT,
        "%s: no diagrams; expected .npz (a zip archive), .csv (diagram,dim,birth,death) or .pers (lines of "
        "[dim] birth death)",
        path);
}

static psh_status check_format(psh_diagram_format format, psh_error *err) {
    if (format >= PSH_DIAGRAM_AUTO && format <= PSH_DIAGRAM_PERS) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER, "diagram format %d; expected auto (0), npz (1), csv (2) or pers (3)",
                      (int)format);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static psh_status read_text(const char *path, const psh__bytes *bytes, psh_diagram_format format, psh_diagrams *set,
                            psh_error *err) {
    psh__c_locale locale;
    if (!psh__c_locale_enter(&locale)) return psh__error_memory(err, "a locale", 0);
    psh_status status = format == PSH_DIAGRAM_CSV ? psh__diagrams_read_csv(path, bytes, set, err)
                                                  : psh__diagrams_read_pers(path, bytes, set, err);
    psh__c_locale_leave(&locale);
    return status;
}

psh_status psh_diagrams_read(const char *path, psh_diagram_format format, psh_essential essential,
                             double essential_value, psh_diagrams **dst, size_t *n_essential, psh_error *err) {
    assert(path && dst);
    psh_status status = PSH_OK;
    psh__bytes bytes = {0};
    psh_diagrams *set = NULL;
    size_t n_left_out = 0;
    const char *name = strcmp(path, "-") ? path : "standard input";

    PSH_TRY_GOTO(check_format(format, err));
    PSH_TRY_GOTO(psh__essential_check(essential, essential_value, err));
    PSH_TRY_GOTO(psh__bytes_read(path, &bytes, err));
    if (format == PSH_DIAGRAM_AUTO) PSH_TRY_GOTO(recognise(name, &bytes, &format, err));
    PSH_TRY_GOTO(psh_diagrams_create(&set, err));
    if (format == PSH_DIAGRAM_NPZ)
        PSH_TRY_GOTO(psh__diagrams_read_npz(name, &bytes, set, err));
    else
        PSH_TRY_GOTO(read_text(name, &bytes, format, set, err));
    PSH_TRY_GOTO(psh__set_apply_essential(set, essential, essential_value, &n_left_out, err));
done:
    psh__bytes_free(&bytes);
    if (status == PSH_OK) {
        if (n_essential) *n_essential = n_left_out;
        *dst = set;
    } else {
        psh_diagrams_free(set);
    }
    return status;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static psh_status format_of_path(const char *path, psh_diagram_format *dst, psh_error *err) {
    static const struct {
        const char *ending;
        psh_diagram_format format;
    } endings[] = {{".npz", PSH_DIAGRAM_NPZ}, {".csv", PSH_DIAGRAM_CSV}, {".pers", PSH_DIAGRAM_PERS}};
    size_t n_chars = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i].ending);
        if (n_chars > n && !strcasecmp(path + n_chars - n, endings[i].ending)) return *dst = endings[i].format, PSH_OK;
    }
    return psh__error(err, PSH_ERR_FORMAT,
                      "%s: the ending names no format of diagrams; expected .npz, .csv or .pers, or say the format",
                      path);
}

typedef struct list {
    char *text; /* may be NULL */
    size_t room, n_chars;
} list;

static void list_add(list *words, const char *word) {
    if (!words->text || words->n_chars + 1 >= words->room) return;
    int n =
        snprintf(words->text + words->n_chars, words->room - words->n_chars, "%s%s", words->n_chars ? ", " : "", word);
    words->n_chars += n > 0 ? (size_t)n : 0;
}

static bool has_names(const psh_diagrams *set) {
    return set->n_name_bytes > set->n_diagrams; /* an empty name is one byte */
}

static psh_status has_metadata(const psh_diagrams *set, bool *dst, psh_error *err) {
    char *text = psh_meta_write_text(set->meta, 0);
    if (!text) return psh__error_memory(err, "metadata", 0);
    *dst = strcmp(text, "{}") != 0;
    psh_text_free(text);
    return PSH_OK;
}

/* What a text format cannot hold, in words. */
static psh_status list_lost(const psh_diagrams *set, psh_diagram_format format, list *lost, psh_error *err) {
    bool has_meta = false;
    PSH_TRY(has_metadata(set, &has_meta, err));
    if (format == PSH_DIAGRAM_PERS) {
        if (has_names(set)) list_add(lost, "name");
        if (set->n_labelled) list_add(lost, "label");
        if (set->n_classes) list_add(lost, "label names");
    } else if (set->n_classes) {
        psh__csv_labels labels;
        PSH_TRY(psh__csv_labels_choose(set, &labels, err));
        if (labels == PSH__CSV_LABELS_INTEGERS) list_add(lost, "label names");
        if (labels == PSH__CSV_LABELS_NAMES_SORTED) list_add(lost, "numbering of the classes");
    }
    if (has_meta) list_add(lost, "metadata");
    return PSH_OK;
}

static psh_status write_text(const psh_diagrams *set, const char *path, psh_diagram_format format, psh_error *err) {
    psh__c_locale locale;
    if (!psh__c_locale_enter(&locale)) return psh__error_memory(err, "a locale", 0);
    psh_status status =
        format == PSH_DIAGRAM_CSV ? psh__diagrams_write_csv(set, path, err) : psh__diagrams_write_pers(set, path, err);
    psh__c_locale_leave(&locale);
    return status;
}

psh_status psh_diagrams_write(const psh_diagrams *set, const char *path, psh_diagram_format format, char *lost,
                              size_t lost_bytes, psh_error *err) {
    assert(set && path && (!lost || lost_bytes));
    list words = {.text = lost, .room = lost_bytes};
    if (lost) *lost = 0;
    PSH_TRY(check_format(format, err));
    if (format == PSH_DIAGRAM_AUTO) PSH_TRY(format_of_path(path, &format, err));
    if (format == PSH_DIAGRAM_NPZ) return psh__diagrams_write_npz(set, path, err);
    if (format == PSH_DIAGRAM_PERS && set->n_diagrams != 1)
        return psh__error(err, PSH_ERR_SHAPE,
                          "%s: %zu diagrams, but a .pers file holds one; write .npz or .csv, or select one", path,
                          set->n_diagrams);
    PSH_TRY(list_lost(set, format, &words, err));
    return write_text(set, path, format, err);
}
