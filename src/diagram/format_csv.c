/* format_csv.c : diagram sets as comma-separated values (RFC 4180, with # comments and empty lines allowed).
 *
 * With a header the columns are found by name, in any order: diagram, dim (or dimension), birth, death, name, label.
 * Without one they are told from their number: 2 birth,death; 3 dim,birth,death; 4 diagram,dim,birth,death; 5 and name;
 * 6 and label; three may be in another order on request. Without a diagram column the file is one diagram. Diagram
 * numbers must rise from row to row, but may begin anywhere and have gaps. A row with empty dim, birth and death stands
 * for a diagram without points.
 *
 * Labels are integers if all of them are; else they are names, and classes are numbered in the names' byte order.
 * Quotes may be doubled inside quoted fields; doubled quotes sort as single ones do, so raw texts are what is sorted.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "diagram/format.h"

#define MAX_FIELDS 6
#define SHOWN_CHARS 40 /* of a bad field in an error text */

/* --- rows --------------------------------------------------------------------------------------------------------- */

typedef struct field {
    const char *text;
    size_t n_chars;
    bool has_quotes; /* doubled ones inside */
} field;

typedef struct row {
    field fields[MAX_FIELDS];
    size_t n_fields, i_line;
} row;

typedef struct cursor {
    const char *path, *at, *end;
    size_t i_line; /* of `at`, from 1 */
} cursor;

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* To the first line that has data; false at the end. */
static bool skip_to_row(cursor *text) {
    while (text->at < text->end) {
        const char *stop = memchr(text->at, '\n', (size_t)(text->end - text->at)), *at = text->at;
        if (!stop) stop = text->end;
        while (at < stop && is_blank(*at)) at++;
        if (at < stop && *text->at != '#') return true;
        text->at = stop < text->end ? stop + 1 : stop;
        text->i_line++;
    }
    return false;
}

static psh_status read_quoted(cursor *text, field *dst, psh_error *err) {
    size_t i_line = text->i_line;
    const char *start = ++text->at;
    dst->has_quotes = false;
    for (; text->at < text->end; text->at++) {
        text->i_line += *text->at == '\n';
        if (*text->at != '"') continue;
        if (text->at + 1 == text->end || text->at[1] != '"') break;
        dst->has_quotes = true;
        text->at++;
    }
    if (text->at == text->end)
        return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: a quote is opened here and never closed", text->path, i_line);
    dst->text = start, dst->n_chars = (size_t)(text->at++ - start);
    while (text->at < text->end && is_blank(*text->at)) text->at++;
    if (text->at < text->end && *text->at != ',' && *text->at != '\n')
        return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: text after a closing quote; expected a comma", text->path,
                          text->i_line);
    return PSH_OK;
}

static void read_plain(cursor *text, field *dst) {
    const char *start = text->at;
    while (text->at < text->end && *text->at != ',' && *text->at != '\n') text->at++;
    const char *stop = text->at;
    while (stop > start && is_blank(stop[-1])) stop--;
    *dst = (field){.text = start, .n_chars = (size_t)(stop - start)};
}

static psh_status read_row(cursor *text, row *dst, psh_error *err) {
    dst->i_line = text->i_line;
    for (dst->n_fields = 0;; text->at++) {
        field ignored, *slot = dst->n_fields < MAX_FIELDS ? &dst->fields[dst->n_fields] : &ignored;
        while (text->at < text->end && is_blank(*text->at)) text->at++;
        if (text->at < text->end && *text->at == '"')
            PSH_TRY(read_quoted(text, slot, err));
        else
            read_plain(text, slot);
        dst->n_fields++;
        if (text->at == text->end || *text->at != ',') break;
    }
    if (text->at < text->end) text->at++, text->i_line++;
    return PSH_OK;
}

static int shown(const field *src) {
    return src->n_chars < SHOWN_CHARS ? (int)src->n_chars : SHOWN_CHARS;
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

typedef enum column { DIAGRAM, DIM, BIRTH, DEATH, NAME, LABEL, N_COLUMNS } column;

static const char *const column_names[N_COLUMNS] = {"diagram", "dim", "birth", "death", "name", "label"};

typedef struct layout {
    int field_of[N_COLUMNS]; /* -1: not in the file */
    size_t n_fields, i_line; /* of the row that told */
} layout;

static column find_column(const field *title) {
    if (title->n_chars == 9 && !strncasecmp(title->text, "dimension", 9)) return DIM;
    for (column i = 0; i < N_COLUMNS; i++)
        if (title->n_chars == strlen(column_names[i]) && !strncasecmp(title->text, column_names[i], title->n_chars))
            return i;
    return N_COLUMNS;
}

static psh_status read_header(const cursor *text, const row *header, layout *dst, psh_error *err) {
    for (size_t i = 0; i < header->n_fields && i < MAX_FIELDS; i++) {
        const field *title = &header->fields[i];
        column which = find_column(title);
        if (which == N_COLUMNS)
            return psh__error(err, PSH_ERR_FORMAT,
                              "%s:%zu: unknown column '%.*s'; expected birth,death and perhaps diagram,dim,name,label; "
                              "remove or rename the column",
                              text->path, header->i_line, shown(title), title->text);
        if (dst->field_of[which] >= 0)
            return psh__error(err, PSH_ERR_FORMAT, "%s:%zu: column '%s' twice", text->path, header->i_line,
                              column_names[which]);
        dst->field_of[which] = (int)i;
    }
    for (column i = BIRTH; i <= DEATH; i++)
        if (dst->field_of[i] < 0)
            return psh__error(err, PSH_ERR_FORMAT, "%s:%zu: no column '%s'; expected birth and death", text->path,
                              header->i_line, column_names[i]);
    return PSH_OK;
}

/* Tells the layout from the first row; *is_header if that row is a header. `columns` : of rows without one. */
static psh_status find_layout(const cursor *text, const row *first, psh__columns columns, layout *dst, bool *is_header,
                              psh_error *err) {
    double ignored;
    const field *start = &first->fields[0];
    *is_header = start->n_chars && psh__number_read(start->text, start->n_chars, &ignored) == PSH__NUMBER_NONE;
    *dst = (layout){.n_fields = first->n_fields, .i_line = first->i_line};
    for (column i = 0; i < N_COLUMNS; i++) dst->field_of[i] = -1;
    if (first->n_fields > MAX_FIELDS || first->n_fields < 2)
        return psh__error(err, PSH_ERR_FORMAT,
                          "%s:%zu: %zu columns; expected 2 to %d: [[diagram,]dim,]birth,death"
                          "[,name,label]",
                          text->path, first->i_line, first->n_fields, MAX_FIELDS);
    if (*is_header) return read_header(text, first, dst, err);
    if (columns != PSH__COLUMNS_USUAL && first->n_fields != (columns == PSH__COLUMNS_BIRTH_DEATH ? 2 : 3))
        return psh__error(err, PSH_ERR_FORMAT, "%s:%zu: %zu columns, which are not the columns asked for", text->path,
                          first->i_line, first->n_fields);
    size_t i_first = first->n_fields == 2 ? BIRTH : first->n_fields == 3 ? DIM : DIAGRAM;
    for (size_t i = 0; i < first->n_fields; i++) dst->field_of[i_first + i] = (int)i;
    if (columns == PSH__COLUMNS_BIRTH_DEATH_DIM)
        dst->field_of[BIRTH] = 0, dst->field_of[DEATH] = 1, dst->field_of[DIM] = 2;
    return PSH_OK;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* Name and label of a diagram, as its first row has them. */
typedef struct facts {
    field name, label;
    size_t i_line;
} facts;

typedef struct reader {
    cursor text;
    layout columns;
    row now;
    psh_diagrams *set;
    size_t n_open;
    int64_t i_diagram; /* the file's number of the open diagram; -1: none is open */
    facts *diagrams;   // (set->n_diagrams + 1), the last being the open one
    size_t diagrams_room;
    char *plain; /* a text without its doubled quotes */
    size_t plain_room;
} reader;

static field column_of(const reader *file, column which) {
    static const field none = {.text = ""};
    int i = file->columns.field_of[which];
    return i < 0 ? none : file->now.fields[i];
}

static size_t remove_doubles(const field *src, char *dst) {
    size_t n = 0;
    for (size_t i = 0; i < src->n_chars; i++) {
        dst[n++] = src->text[i];
        i += src->has_quotes && src->text[i] == '"';
    }
    return n;
}

static psh_status close_diagram(reader *file, psh_error *err) {
    const field *name = &file->diagrams[file->set->n_diagrams].name;
    if (!PSH_GROW(&file->plain, &file->plain_room, name->n_chars + 1))
        return psh__error_memory(err, "a name", name->n_chars);
    size_t n_chars = remove_doubles(name, file->plain), n_open = file->n_open;
    file->n_open = 0;
    return psh__set_end_diagram(file->set, n_open, file->plain, n_chars, -1, err);
}

/* Names end at a zero byte everywhere else: one inside would cut them in silence. */
static psh_status check_text(const reader *file, column which, psh_error *err) {
    field text = column_of(file, which);
    if (text.n_chars == 0 || !memchr(text.text, 0, text.n_chars)) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: %s has a zero byte; expected text", file->text.path,
                      file->now.i_line, column_names[which]);
}

static psh_status open_diagram(reader *file, int64_t i_diagram, psh_error *err) {
    if (file->i_diagram >= 0) PSH_TRY(close_diagram(file, err));
    if (!PSH_GROW(&file->diagrams, &file->diagrams_room, file->set->n_diagrams + 1))
        return psh__error_memory(err, "diagrams", file->set->n_diagrams * sizeof *file->diagrams);
    PSH_TRY(check_text(file, NAME, err));
    PSH_TRY(check_text(file, LABEL, err));
    file->i_diagram = i_diagram;
    file->diagrams[file->set->n_diagrams] =
        (facts){.name = column_of(file, NAME), .label = column_of(file, LABEL), .i_line = file->now.i_line};
    return PSH_OK;
}

static psh_status check_same(const reader *file, column which, const field *before, psh_error *err) {
    field now = column_of(file, which);
    if (now.n_chars == 0 || (now.n_chars == before->n_chars && !memcmp(now.text, before->text, now.n_chars)))
        return PSH_OK;
    return psh__error(err, PSH_ERR_DATA, "%s:%zu: %s '%.*s', but line %zu has '%.*s' for the same diagram",
                      file->text.path, file->now.i_line, column_names[which], shown(&now), now.text,
                      file->diagrams[file->set->n_diagrams].i_line, shown(before), before->text);
}

static psh_status go_to_diagram(reader *file, psh_error *err) {
    int64_t i_diagram;
    field number = column_of(file, DIAGRAM);
    if (file->columns.field_of[DIAGRAM] < 0) {
        i_diagram = 0;
    } else if (!psh__integer_read(number.text, number.n_chars, &i_diagram) || i_diagram < 0) {
        return psh__error(err, PSH_ERR_DATA, "%s:%zu: diagram '%.*s'; expected a number, 0 or more", file->text.path,
                          file->now.i_line, shown(&number), number.text);
    }
    if (i_diagram < file->i_diagram)
        return psh__error(err, PSH_ERR_DATA, "%s:%zu: diagram %lld after diagram %lld; sort the rows by diagram",
                          file->text.path, file->now.i_line, (long long)i_diagram, (long long)file->i_diagram);
    if (i_diagram > file->i_diagram) return open_diagram(file, i_diagram, err);
    const facts *open = &file->diagrams[file->set->n_diagrams];
    PSH_TRY(check_same(file, NAME, &open->name, err));
    return check_same(file, LABEL, &open->label, err);
}

static psh_status read_coordinate(const reader *file, column which, double *dst, psh_error *err) {
    field text = column_of(file, which);
    switch (psh__number_read(text.text, text.n_chars, dst)) {
    case PSH__NUMBER:
        return PSH_OK;
    case PSH__NUMBER_HUGE:
        return psh__error(err, PSH_ERR_DATA, "%s:%zu: %s %.*s is beyond double precision", file->text.path,
                          file->now.i_line, column_names[which], shown(&text), text.text);
    default:
        return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: %s '%.*s'; expected a number", file->text.path,
                          file->now.i_line, column_names[which], shown(&text), text.text);
    }
}

static psh_status add_point(reader *file, psh_error *err) {
    double birth, death;
    int64_t dim = 0;
    field text = column_of(file, DIM);
    bool has_dim = file->columns.field_of[DIM] >= 0;
    if (file->columns.field_of[DIAGRAM] >= 0 && text.n_chars == 0 && column_of(file, BIRTH).n_chars == 0 &&
        column_of(file, DEATH).n_chars == 0)
        return PSH_OK; /* a diagram without points */
    PSH_TRY(read_coordinate(file, BIRTH, &birth, err));
    PSH_TRY(read_coordinate(file, DEATH, &death, err));
    if (has_dim && (!psh__integer_read(text.text, text.n_chars, &dim) || dim < 0 || dim > INT32_MAX))
        return psh__error(err, PSH_ERR_DATA,
                          "%s:%zu: dim '%.*s'; expected a homology dimension, 0 or more; columns are "
                          "[[diagram,]dim,]birth,death",
                          file->text.path, file->now.i_line, shown(&text), text.text);
    psh_status status = psh__set_take_point(file->set, &file->n_open, birth, death, (int32_t)dim, err);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "%s:%zu", file->text.path, file->now.i_line);
}

static psh_status read_rows(reader *file, psh_error *err) {
    bool is_header = false;
    if (!skip_to_row(&file->text))
        return psh__error(err, PSH_ERR_FORMAT, "%s: no rows; expected [[diagram,]dim,]birth,death[,name,label]",
                          file->text.path);
    PSH_TRY(read_row(&file->text, &file->now, err));
    PSH_TRY(find_layout(&file->text, &file->now, file->set->columns, &file->columns, &is_header, err));
    if (file->columns.field_of[DIAGRAM] < 0) PSH_TRY(open_diagram(file, 0, err));
    for (bool first = !is_header; first || skip_to_row(&file->text); first = false) {
        if (!first) PSH_TRY(read_row(&file->text, &file->now, err));
        if (file->now.n_fields != file->columns.n_fields)
            return psh__error(err, PSH_ERR_CORRUPT, "%s:%zu: %zu fields; expected %zu, as in line %zu", file->text.path,
                              file->now.i_line, file->now.n_fields, file->columns.n_fields, file->columns.i_line);
        PSH_TRY(go_to_diagram(file, err));
        PSH_TRY(add_point(file, err));
    }
    return file->i_diagram >= 0 ? close_diagram(file, err) : PSH_OK;
}

/* --- labels ------------------------------------------------------------------------------------------------------- */

static bool labels_are_integers(const reader *file) {
    assert(file->diagrams || file->set->n_diagrams == 0);
    int64_t ignored;
    for (size_t i = 0; i < file->set->n_diagrams; i++) {
        const field *label = &file->diagrams[i].label;
        if (label->n_chars && !psh__integer_read(label->text, label->n_chars, &ignored)) return false;
    }
    return true;
}

static psh_status set_label(reader *file, size_t i_diagram, int64_t label, psh_error *err) {
    if (label < -1)
        return psh__error(err, PSH_ERR_DATA, "%s:%zu: label %lld; expected a class (0 or more), -1 or nothing",
                          file->text.path, file->diagrams[i_diagram].i_line, (long long)label);
    file->set->labels[i_diagram] = label;
    file->set->n_labelled += label != -1;
    return PSH_OK;
}

static psh_status read_integer_labels(reader *file, psh_error *err) {
    for (size_t i = 0; i < file->set->n_diagrams; i++) {
        int64_t label = -1;
        const field *text = &file->diagrams[i].label;
        if (text->n_chars) psh__integer_read(text->text, text->n_chars, &label);
        PSH_TRY(set_label(file, i, label, err));
    }
    return PSH_OK;
}

static int compare_fields(const void *a, const void *b) {
    const field *x = a, *y = b;
    size_t n = x->n_chars < y->n_chars ? x->n_chars : y->n_chars;
    int order = n ? memcmp(x->text, y->text, n) : 0;
    return order ? order : (x->n_chars > y->n_chars) - (x->n_chars < y->n_chars);
}

/* The distinct label texts in byte order: classes[0 .. return - 1]. */
static size_t collect_classes(const reader *file, field *classes) {
    size_t n_labels = 0, n_classes = 0;
    for (size_t i = 0; i < file->set->n_diagrams; i++)
        if (file->diagrams[i].label.n_chars) classes[n_labels++] = file->diagrams[i].label;
    qsort(classes, n_labels, sizeof *classes, compare_fields);
    for (size_t i = 0; i < n_labels; i++)
        if (i == 0 || compare_fields(&classes[i], &classes[n_classes - 1])) classes[n_classes++] = classes[i];
    return n_classes;
}

/* The classes' names in one block, as the set wants them. */
static char **name_classes(const field *classes, size_t n_classes) {
    size_t n_bytes = n_classes * sizeof(char *);
    for (size_t i = 0; i < n_classes; i++) n_bytes += classes[i].n_chars + 1;
    char **block = psh__malloc(n_bytes, 1);
    if (!block) return NULL;
    char *at = (char *)(block + n_classes);
    for (size_t i = 0; i < n_classes; i++) {
        block[i] = at;
        at += remove_doubles(&classes[i], at);
        *at++ = 0;
    }
    return block;
}

static psh_status read_named_labels(reader *file, psh_error *err) {
    psh_status status = PSH_OK;
    psh_diagrams *set = file->set;
    char **names = NULL;
    field *classes = psh__malloc(set->n_diagrams, sizeof *classes);
    size_t n_classes = classes ? collect_classes(file, classes) : 0;
    if (classes) names = name_classes(classes, n_classes);
    if (!names) {
        status = psh__error_memory(err, "label names", set->n_diagrams * sizeof *classes);
        goto done;
    }
    for (size_t i = 0; i < set->n_diagrams; i++) {
        const field *label = &file->diagrams[i].label;
        const field *found =
            label->n_chars ? bsearch(label, classes, n_classes, sizeof *classes, compare_fields) : NULL;
        PSH_TRY_GOTO(set_label(file, i, found ? found - classes : -1, err));
    }
    PSH_TRY_GOTO(psh__set_adopt_label_names(set, names, n_classes, err));
    names = NULL;
done:
    psh__free(names);
    psh__free(classes);
    return status;
}

psh_status psh__diagrams_read_csv(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    const char *text = (const char *)bytes->data, *end = text + bytes->n_bytes;
    if (bytes->n_bytes >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) text += 3; /* a byte-order mark of UTF-8 */
    reader file = {.text = {.path = path, .at = text, .end = end, .i_line = 1}, .set = set, .i_diagram = -1};
    psh_status status = read_rows(&file, err);
    if (status == PSH_OK)
        status = labels_are_integers(&file) ? read_integer_labels(&file, err) : read_named_labels(&file, err);
    psh__free(file.diagrams);
    psh__free(file.plain);
    return status;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static int compare_texts(const void *a, const void *b) {
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static psh_status are_distinct(const psh_diagrams *set, bool *dst, psh_error *err) {
    const char **names = psh__malloc(set->n_classes, sizeof *names);
    if (!names) return psh__error_memory(err, "label names", set->n_classes * sizeof *names);
    memcpy(names, set->label_names, set->n_classes * sizeof *names);
    qsort(names, set->n_classes, sizeof *names, compare_texts);
    *dst = true;
    for (size_t i = 1; i < set->n_classes; i++)
        if (!strcmp(names[i - 1], names[i])) *dst = false;
    psh__free(names);
    return PSH_OK;
}

/* How label names go into a CSV file, whose label column is one word a diagram. */
typedef enum csv_labels {
    CSV_LABELS_INTEGERS,    /* there are no names, or none that would be read back as names */
    CSV_LABELS_NAMES,       /* names; the classes come back as they are */
    CSV_LABELS_NAMES_SORTED /* names; the classes come back renumbered, in byte order, unused ones gone */
} csv_labels;

/* Names can be written if they are distinct, none empty, and if among those in use one at least is no integer. */
static psh_status choose_labels(const psh_diagrams *set, csv_labels *dst, psh_error *err) {
    psh_status status = PSH_OK;
    bool are_names = set->n_classes > 0, is_rising = true, one_is_text = false, all_used = true;
    bool *is_used = psh__calloc(set->n_classes, sizeof *is_used);
    if (!is_used) return psh__error_memory(err, "label names", set->n_classes);
    for (size_t i = 0; i < set->n_diagrams; i++)
        if (set->labels[i] >= 0 && set->n_classes) is_used[set->labels[i]] = true;
    for (size_t i = 0; i < set->n_classes; i++) {
        int64_t ignored;
        const char *name = set->label_names[i];
        are_names = are_names && *name;
        is_rising = is_rising && (i == 0 || strcmp(set->label_names[i - 1], name) < 0);
        one_is_text = one_is_text || (is_used[i] && !psh__integer_read(name, strlen(name), &ignored));
        all_used = all_used && is_used[i];
    }
    if (are_names && !is_rising) PSH_TRY_GOTO(are_distinct(set, &are_names, err));
    *dst = !are_names || !one_is_text ? CSV_LABELS_INTEGERS
           : is_rising && all_used    ? CSV_LABELS_NAMES
                                      : CSV_LABELS_NAMES_SORTED;
done:
    psh__free(is_used);
    return status;
}

/* A field that would not come back as it is stands in quotes. */
static psh_status write_text(psh__file *file, const char *text, psh_error *err) {
    size_t n_chars = strlen(text);
    bool needs_quotes = strpbrk(text, ",\"\r\n") || (n_chars && (is_blank(text[0]) || is_blank(text[n_chars - 1])));
    if (!needs_quotes) return psh__file_write(file, text, n_chars, err);
    PSH_TRY(psh__file_write(file, "\"", 1, err));
    for (const char *at = text; *at; at++) {
        if (*at == '"') PSH_TRY(psh__file_write(file, "\"", 1, err));
        PSH_TRY(psh__file_write(file, at, 1, err));
    }
    return psh__file_write(file, "\"", 1, err);
}

typedef struct writer {
    const psh_diagrams *set;
    psh__file *file;
    bool has_names, has_labels, has_label_names;
} writer;

static psh_status write_facts(const writer *out, size_t i_diagram, psh_error *err) {
    char digits[PSH__NUMBER_CHARS];
    int64_t label = out->set->labels[i_diagram];
    if (out->has_names || out->has_labels) {
        PSH_TRY(psh__file_write(out->file, ",", 1, err));
        PSH_TRY(write_text(out->file, psh_diagrams_name(out->set, i_diagram), err));
    }
    if (out->has_labels) {
        PSH_TRY(psh__file_write(out->file, ",", 1, err));
        if (label >= 0 && out->has_label_names)
            PSH_TRY(write_text(out->file, out->set->label_names[label], err));
        else if (label >= 0)
            PSH_TRY(psh__file_write(out->file, digits,
                                    (size_t)snprintf(digits, sizeof digits, "%lld", (long long)label), err));
    }
    return psh__file_write(out->file, "\n", 1, err);
}

static psh_status write_diagram(const writer *out, size_t i_diagram, psh_error *err) {
    const psh_diagrams *set = out->set;
    char line[4 * PSH__NUMBER_CHARS];
    size_t begin = set->offsets[i_diagram], end = set->offsets[i_diagram + 1];
    size_t n_start = psh__number_write((double)i_diagram, line);
    line[n_start++] = ',';
    if (begin == end) {
        memcpy(line + n_start, ",,", 2);
        PSH_TRY(psh__file_write(out->file, line, n_start + 2, err));
        return write_facts(out, i_diagram, err);
    }
    for (size_t i = begin; i < end; i++) {
        size_t n = n_start;
        n += psh__number_write(set->dims[i], line + n);
        line[n++] = ',';
        n += psh__number_write(set->points[2 * i], line + n);
        line[n++] = ',';
        n += psh__number_write(set->points[2 * i + 1], line + n);
        PSH_TRY(psh__file_write(out->file, line, n, err));
        PSH_TRY(write_facts(out, i_diagram, err));
    }
    return PSH_OK;
}

static psh_status write_rows(const writer *out, psh_error *err) {
    static const char *const headers[] = {"diagram,dim,birth,death\n", "diagram,dim,birth,death,name\n",
                                          "diagram,dim,birth,death,name,label\n"};
    const char *header = headers[out->has_labels ? 2 : out->has_names];
    PSH_TRY(psh__file_write(out->file, header, strlen(header), err));
    for (size_t i = 0; i < out->set->n_diagrams; i++) PSH_TRY(write_diagram(out, i, err));
    return PSH_OK;
}

psh_status psh__csv_lost(const psh_diagrams *set, psh__lost *lost, psh_error *err) {
    csv_labels labels;
    if (!set->n_classes) return PSH_OK;
    PSH_TRY(choose_labels(set, &labels, err));
    if (labels == CSV_LABELS_INTEGERS) psh__lost_add(lost, "label names");
    if (labels == CSV_LABELS_NAMES_SORTED) psh__lost_add(lost, "numbering of the classes");
    return PSH_OK;
}

psh_status psh__diagrams_write_csv(const psh_diagrams *set, const char *path, psh_error *err) {
    psh__file file;
    csv_labels labels;
    PSH_TRY(choose_labels(set, &labels, err));
    PSH_TRY(psh__file_create(path, &file, err));
    writer out = {.set = set, .file = &file, .has_labels = set->n_labelled > 0};
    out.has_names = set->n_name_bytes > set->n_diagrams;
    out.has_label_names = labels != CSV_LABELS_INTEGERS;
    psh_status status = write_rows(&out, err);
    if (status == PSH_OK) return psh__file_commit(&file, err);
    psh__file_abort(&file);
    return status;
}
