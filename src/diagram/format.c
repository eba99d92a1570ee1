/* format.c : diagram files: which format, and what becomes of infinite deaths.
 *
 * The formats are one table, a row each: how a file of the format is recognised, read and written, and what the format
 * can hold. Recognition goes by the content, since names lie: first the rows whose files begin with a magic number,
 * then files of other tools that people are likely to hand in, which are called by their name, then the rows of text,
 * told by the first line of data. The order of rows is the order of questions. */
#include "diagram/format.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/dipha.h"
#include "base/error.h"
#include "base/params.h"
#include "base/text.h"
#include "base/vtk_xml.h"
#include "diagram/npy_table.h"

/* --- the table ---------------------------------------------------------------------------------------------------- */

/* What a file begins with: its bytes, and the first line that is neither empty nor a comment (NULL: none). */
typedef struct start {
    const psh__bytes *bytes;
    const char *line;
    size_t n_line_chars;
} start;

static bool starts_with(const start *file, const char *magic, size_t n_bytes) {
    return file->bytes->n_bytes >= n_bytes && !memcmp(file->bytes->data, magic, n_bytes);
}

static bool is_npz(const start *file) {
    return starts_with(file, "PK", 2);
}

static bool is_vtu(const start *file) {
    return psh__vtk_is(file->bytes->data, file->bytes->n_bytes);
}

static bool is_dipha(const start *file) {
    return psh__dipha_is(file->bytes->data, file->bytes->n_bytes);
}

static bool is_numpy(const start *file) {
    return starts_with(file, "\x93NUMPY", 6);
}

static bool is_giotto(const start *file) {
    size_t n_axes, shape[PSH__ARRAY_MAX_AXES];
    return is_numpy(file) && psh__npy_shape(file->bytes, &n_axes, shape) && n_axes == 3 && shape[2] == 3;
}

/* A damaged one too: its reader then says what is damaged. */
static bool is_npy(const start *file) {
    size_t n_axes, shape[PSH__ARRAY_MAX_AXES];
    if (!is_numpy(file)) return false;
    return !psh__npy_shape(file->bytes, &n_axes, shape) || (n_axes == 2 && (shape[1] == 2 || shape[1] == 3));
}

static bool is_cripser(const start *file) {
    return psh__is_cripser(file->bytes, file->line, file->n_line_chars);
}

static bool is_ripser(const start *file) {
    return file->line && psh__is_ripser(file->line, file->n_line_chars);
}

static bool is_csv(const start *file) {
    return file->line && memchr(file->line, ',', file->n_line_chars);
}

static bool is_pers(const start *file) {
    double ignored;
    size_t n = 0;
    if (!file->line) return starts_with(file, "#", 1); /* a comment and no points */
    while (n < file->n_line_chars && !strchr(" \t\r\f\v", file->line[n])) n++;
    return psh__number_read(file->line, n, &ignored) != PSH__NUMBER_NONE;
}

/* Nothing in the file tells: only on request. */
static bool is_untold(const start *file) {
    (void)file;
    return false;
}

/* Lines of text are recognised last, and read and written under the C locale. */
typedef enum nature { BINARY, TEXT, BOTH } nature;

enum { MANY = 1, NAMES = 2, LABELS = 4, LABEL_NAMES = 8, METADATA = 16 };

typedef struct row {
    psh_diagram_format format;
    const char *name, *ending, *other_ending; /* of files; the first row of an ending is taken for it in writing */
    const char *what;                         /* for a user who must choose one */
    nature nature;
    unsigned holds; /* MANY diagrams, NAMES, ... */
    bool (*recognise)(const start *file);
    psh_status (*read)(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);
    psh_status (*write)(const psh_diagrams *set, const char *path, psh_error *err);    /* NULL: not written */
    psh_status (*list_lost)(const psh_diagrams *set, psh__lost *lost, psh_error *err); /* beyond `holds`; or NULL */
} row;

static const row table[] = {
    {PSH_DIAGRAM_NPZ, "npz", ".npz", NULL, "a zip archive", BINARY, MANY | NAMES | LABELS | LABEL_NAMES | METADATA,
     is_npz, psh__diagrams_read_npz, psh__diagrams_write_npz, NULL},
    {PSH_DIAGRAM_VTU, "vtu", ".vtu", NULL, "TTK's", BINARY, MANY | NAMES | LABELS | LABEL_NAMES | METADATA, is_vtu,
     psh__diagrams_read_vtu, psh__diagrams_write_vtu, NULL},
    {PSH_DIAGRAM_DIPHA, "dipha", ".dipha", ".diagram", "DIPHA's", BINARY, 0, is_dipha, psh__diagrams_read_dipha,
     psh__diagrams_write_dipha, NULL},
    {PSH_DIAGRAM_GIOTTO, "giotto", ".npy", NULL, "giotto-tda's (n_samples, n_features, 3)", BINARY, MANY, is_giotto,
     psh__diagrams_read_giotto, psh__diagrams_write_giotto, psh__giotto_lost},
    {PSH_DIAGRAM_CRIPSER, "cripser", NULL, NULL, "CubicalRipser's rows", BOTH, 0, is_cripser,
     psh__diagrams_read_cripser, NULL, NULL},
    {PSH_DIAGRAM_NPY, "npy", ".npy", NULL, "an array (n, 2) or (n, 3)", BINARY, 0, is_npy, psh__diagrams_read_npy,
     psh__diagrams_write_npy, NULL},
    {PSH_DIAGRAM_RIPSER, "ripser", NULL, NULL, "what Ripser prints", TEXT, MANY, is_ripser, psh__diagrams_read_ripser,
     NULL, NULL},
    {PSH_DIAGRAM_CSV, "csv", ".csv", NULL, "diagram,dim,birth,death", TEXT, MANY | NAMES | LABELS | LABEL_NAMES, is_csv,
     psh__diagrams_read_csv, psh__diagrams_write_csv, psh__csv_lost},
    {PSH_DIAGRAM_PERS, "pers", ".pers", NULL, "lines of [dim] birth death", TEXT, 0, is_pers, psh__diagrams_read_pers,
     psh__diagrams_write_pers, NULL},
    {PSH_DIAGRAM_PERSEUS, "perseus", NULL, NULL, "Perseus' out_0.txt", TEXT, 0, is_untold, psh__diagrams_read_perseus,
     NULL, NULL},
};
#define N_ROWS (sizeof table / sizeof *table)

#define IMAGE "an image; 'persihash diagram' makes diagrams of images"
static const struct {
    const char *magic;
    size_t n_bytes;
    const char *what;
} foreign[] = {
    {"\x93NUMPY", 6, "a NumPy array that is no diagram by its shape: not (n, 2), (n, 3), (n, 9) or (n_samples, n, 3)"},
    {"\x89PNG", 4, IMAGE},
    {"\xff\xd8\xff", 3, IMAGE},
    {"II*\0", 4, IMAGE},
    {"MM\0*", 4, IMAGE},
    {"OFF", 3, "a mesh; 'persihash diagram' makes diagrams of meshes"},
    {"\x1f\x8b", 2, "a gzip file; unpack it first"},
    {"<?xml", 5, "an XML file, but none of VTK; export its diagram as CSV (dim,birth,death)"},
    {"\x89HDF", 4, "an HDF5 file; export the diagrams as .npz"},
    {"\x80\x04", 2, "a Python pickle; save the diagrams as .npz"},
    {"\xff\xfe", 2, "UTF-16 text; save it as UTF-8"},
};

static const row *row_of(psh_diagram_format format) {
    for (size_t i = 0; i < N_ROWS; i++)
        if (table[i].format == format) return &table[i];
    return NULL;
}

static void list_add(psh__lost *words, const char *separator, const char *text) {
    if (!words->text || words->n_chars + 1 >= words->room) return;
    int n = snprintf(words->text + words->n_chars, words->room - words->n_chars, "%s%s",
                     words->n_chars ? separator : "", text);
    words->n_chars += n > 0 ? (size_t)n : 0;
}

void psh__lost_add(psh__lost *lost, const char *word) {
    list_add(lost, ", ", word);
}

/* "npz (a zip archive), vtu (TTK's), ..." : what can be read. */
static const char *list_names(char *text, size_t room) {
    psh__lost words = {.text = text, .room = room};
    *text = 0;
    for (size_t i = 0; i < N_ROWS; i++) {
        char word[120];
        snprintf(word, sizeof word, "%s (%s)", table[i].name, table[i].what);
        list_add(&words, ", ", word);
    }
    return text;
}

static psh_status check_format(psh_diagram_format format, psh_error *err) {
    char names[PSH_ERROR_BYTES] = "";
    psh__lost words = {.text = names, .room = sizeof names};
    if (format == PSH_DIAGRAM_AUTO || row_of(format)) return PSH_OK;
    for (size_t i = 0; i < N_ROWS; i++) {
        char word[40];
        snprintf(word, sizeof word, "%s (%d)", table[i].name, (int)table[i].format);
        list_add(&words, ", ", word);
    }
    return psh__error(err, PSH_ERR_PARAMETER, "diagram format %d; expected auto (0), %s", (int)format, names);
}

/* --- names for users ---------------------------------------------------------------------------------------------- */

psh_status psh_diagram_format_find(const char *name, psh_diagram_format *dst, psh_error *err) {
    char names[PSH_ERROR_BYTES] = "";
    psh__lost words = {.text = names, .room = sizeof names};
    for (size_t i = 0; i < N_ROWS; i++) {
        if (!strcmp(table[i].name, name)) return *dst = table[i].format, PSH_OK;
        list_add(&words, ", ", table[i].name);
    }
    return psh__error(err, PSH_ERR_PARAMETER, "no format '%s'; expected one of %s", name, names);
}

const char *psh_diagram_format_name(psh_diagram_format format) {
    const row *how = row_of(format);
    return how ? how->name : NULL;
}

const char *psh_diagram_format_ending(psh_diagram_format format) {
    const row *how = row_of(format);
    return how ? how->ending : NULL;
}

bool psh_diagram_format_holds_many(psh_diagram_format format) {
    const row *how = row_of(format);
    return how && how->holds & MANY;
}

/* --- recognising -------------------------------------------------------------------------------------------------- */

/* The first line that is neither empty nor a comment; NULL if there is none. */
static const char *first_line(const psh__bytes *bytes, size_t *n_chars) {
    const char *at = (const char *)bytes->data, *end = at + bytes->n_bytes;
    if (bytes->n_bytes >= 3 && !memcmp(at, "\xef\xbb\xbf", 3)) at += 3;
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

static const row *ask_rows(const start *file, nature asked) {
    for (size_t i = 0; i < N_ROWS; i++)
        if ((table[i].nature == asked || table[i].nature == BOTH) && table[i].recognise(file)) return &table[i];
    return NULL;
}

static psh_status recognise(const char *path, const psh__bytes *bytes, const row **dst, psh_error *err) {
    char formats[PSH_ERROR_BYTES];
    start file = {.bytes = bytes};
    if (bytes->n_bytes == 0)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: empty file; expected diagrams: %s", path,
                          list_names(formats, sizeof formats));
    *dst = ask_rows(&file, BINARY);
    if (*dst) return PSH_OK;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (starts_with(&file, foreign[i].magic, foreign[i].n_bytes))
            return psh__error(err, PSH_ERR_FORMAT, "%s: is %s", path, foreign[i].what);
    file.line = first_line(bytes, &file.n_line_chars);
    *dst = ask_rows(&file, TEXT);
    if (*dst) return PSH_OK;
    return psh__error(err, PSH_ERR_FORMAT, "%s: no diagrams; expected %s", path, list_names(formats, sizeof formats));
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static psh_status read_row(const row *how, const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    psh__c_locale locale;
    if (how->nature == BINARY) return how->read(path, bytes, set, err);
    if (!psh__c_locale_enter(&locale)) return psh__error_memory(err, "a locale", 0);
    psh_status status = how->read(path, bytes, set, err);
    psh__c_locale_leave(&locale);
    return status;
}

static psh_status parse_columns(const char *text, psh__columns *dst, psh_error *err) {
    static const char *const orders[] = {
        [PSH__COLUMNS_USUAL] = "",
        [PSH__COLUMNS_BIRTH_DEATH] = "b,d",
        [PSH__COLUMNS_DIM_BIRTH_DEATH] = "dim,b,d",
        [PSH__COLUMNS_BIRTH_DEATH_DIM] = "b,d,dim",
    };
    for (*dst = PSH__COLUMNS_USUAL; *dst <= PSH__COLUMNS_BIRTH_DEATH_DIM; ++*dst)
        if (!strcmp(text ? text : "", orders[*dst])) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER, "columns '%s'; expected b,d or dim,b,d or b,d,dim", text);
}

psh_status psh_diagrams_read_as(const char *path, const psh_diagram_read_params *params, psh_diagrams **dst,
                                size_t *n_essential, psh_error *err) {
    assert(path && dst);
    psh_status status = PSH_OK;
    psh__bytes bytes = {0};
    psh_diagrams *set = NULL;
    psh_diagram_read_params wanted;
    psh__columns columns;
    size_t n_left_out = 0;
    const char *name = strcmp(path, "-") ? path : "standard input";
    psh__params_copy(&wanted, sizeof wanted, params);
    const row *how = row_of(wanted.format);

    PSH_TRY_GOTO(check_format(wanted.format, err));
    PSH_TRY_GOTO(psh__essential_check(wanted.essential, wanted.essential_value, err));
    PSH_TRY_GOTO(parse_columns(wanted.columns, &columns, err));
    PSH_TRY_GOTO(psh__bytes_read(path, &bytes, err));
    if (!how) PSH_TRY_GOTO(recognise(name, &bytes, &how, err));
    PSH_TRY_GOTO(psh_diagrams_create(&set, err));
    set->reads_negated = wanted.negate, set->columns = columns;
    PSH_TRY_GOTO(read_row(how, name, &bytes, set, err));
    if (wanted.negate && psh_meta_set_bool(set->meta, "negated", true) != PSH_OK) {
        status = psh__error_memory(err, "metadata", 16);
        goto done;
    }
    PSH_TRY_GOTO(psh__set_apply_essential(set, wanted.essential, wanted.essential_value, &n_left_out, err));
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

psh_status psh_diagrams_read(const char *path, psh_diagram_format format, psh_essential essential,
                             double essential_value, psh_diagrams **dst, size_t *n_essential, psh_error *err) {
    psh_diagram_read_params params = PSH_PARAMS(psh_diagram_read_params);
    params.format = format, params.essential = essential, params.essential_value = essential_value;
    return psh_diagrams_read_as(path, &params, dst, n_essential, err);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static bool ends_with(const char *path, const char *ending) {
    size_t n_chars = strlen(path), n = ending ? strlen(ending) : 0;
    return n && n_chars > n && !strcasecmp(path + n_chars - n, ending);
}

static psh_status row_of_path(const char *path, const row **dst, psh_error *err) {
    char endings[PSH_ERROR_BYTES] = "";
    psh__lost words = {.text = endings, .room = sizeof endings};
    for (size_t i = 0; i < N_ROWS; i++) {
        if (ends_with(path, table[i].ending) || ends_with(path, table[i].other_ending)) return *dst = &table[i], PSH_OK;
        if (table[i].ending && !strstr(endings, table[i].ending)) list_add(&words, ", ", table[i].ending);
    }
    return psh__error(err, PSH_ERR_FORMAT,
                      "%s: the ending names no format of diagrams; expected one of %s, or say the format", path,
                      endings);
}

psh_status psh_diagram_format_of_path(const char *path, psh_diagram_format *dst, psh_error *err) {
    const row *how = NULL;
    PSH_TRY(row_of_path(path, &how, err));
    *dst = how->format;
    return PSH_OK;
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

/* What the format cannot hold of this set, in words. */
static psh_status list_lost(const psh_diagrams *set, const row *how, psh__lost *lost, psh_error *err) {
    bool has_meta = false;
    if (!(how->holds & METADATA)) PSH_TRY(has_metadata(set, &has_meta, err));
    if (!(how->holds & NAMES) && has_names(set)) psh__lost_add(lost, "name");
    if (!(how->holds & LABELS) && set->n_labelled) psh__lost_add(lost, "label");
    if (!(how->holds & LABEL_NAMES) && set->n_classes) psh__lost_add(lost, "label names");
    if (how->list_lost) PSH_TRY(how->list_lost(set, lost, err));
    if (has_meta) psh__lost_add(lost, "metadata");
    return PSH_OK;
}

static psh_status write_row(const row *how, const psh_diagrams *set, const char *path, psh_error *err) {
    psh__c_locale locale;
    if (how->nature == BINARY) return how->write(set, path, err);
    if (!psh__c_locale_enter(&locale)) return psh__error_memory(err, "a locale", 0);
    psh_status status = how->write(set, path, err);
    psh__c_locale_leave(&locale);
    return status;
}

static psh_status row_for_writing(const char *path, psh_diagram_format format, size_t n_diagrams, const row **dst,
                                  psh_error *err) {
    const row *how = row_of(format);
    PSH_TRY(check_format(format, err));
    if (!how) PSH_TRY(row_of_path(path, &how, err));
    if (!how->write)
        return psh__error(err, PSH_ERR_FORMAT, "%s: %s is read, but not written; choose another format", path,
                          how->name);
    if (!(how->holds & MANY) && n_diagrams != 1)
        return psh__error(err, PSH_ERR_SHAPE,
                          "%s: %zu diagrams, but a file of the format %s holds one; write .npz or .csv, or select one",
                          path, n_diagrams, how->name);
    *dst = how;
    return PSH_OK;
}

psh_status psh__diagrams_format_for_writing(const char *path, size_t n_diagrams, psh_diagram_format *format,
                                            psh_error *err) {
    const row *how = NULL;
    PSH_TRY(row_for_writing(path, *format, n_diagrams, &how, err));
    *format = how->format;
    return PSH_OK;
}

psh_status psh_diagrams_write(const psh_diagrams *set, const char *path, psh_diagram_format format, char *lost,
                              size_t lost_bytes, psh_error *err) {
    assert(set && path && (!lost || lost_bytes));
    psh__lost words = {.text = lost, .room = lost_bytes};
    const row *how = NULL;
    if (lost) *lost = 0;
    PSH_TRY(row_for_writing(path, format, set->n_diagrams, &how, err));
    PSH_TRY(list_lost(set, how, &words, err));
    return write_row(how, set, path, err);
}
