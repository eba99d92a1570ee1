/* training_log.c : reads the log of `persihash train pdgan`.
 *
 * The first line names the columns, in any order; each line after it is an epoch. Every line ends with a line break, as
 * the trainer writes it: so a log that was cut off, even inside its last number, is found out. A column that came with
 * a later version is passed over; losses that an older one did not write are simply not drawn. */
#include "report/training_log.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

#define MOST_EPOCHS 2000 /* drawn */

enum { EPOCH, CODES = 7, DISTINCT };

static const struct {
    const char *name;
    bool is_needed, is_count; /* a count: an integer from 0 */
} known[PSH__LOG_COLUMNS] = {
    {"epoch", true, true},           {"similarity", true, false},  {"quantisation", false, false},
    {"mse", false, false},           {"perceptual", false, false}, {"generator", false, false},
    {"discriminator", false, false}, {"codes", true, true},        {"distinct", true, true},
    {"constant_bits", false, true},  {"balance", true, false},     {"spearman", true, false},
    {"seconds", false, false}};

/* A piece of the text, not zero-terminated. */
typedef struct span {
    const char *at, *end;
} span;

/* How much of a word an error text shows: printf("%.*s", SHOW(word)). */
#define SHOW(word) (int)((word).end - (word).at < 40 ? (word).end - (word).at : 40), (word).at

typedef struct reader {
    span rest;
    size_t i_line;                /* of the line taken last, from 1 */
    int *meanings;                /* (n_columns) which known column each one is; -1: none */
    size_t n_columns, n_capacity; /* n_capacity: room for epochs in each column */
    size_t meanings_capacity;
} reader;

/* --- Lines and cells ---------------------------------------------------------------------------------------------- */

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static span trimmed(span word) {
    while (word.at < word.end && is_blank(*word.at)) word.at++;
    while (word.at < word.end && is_blank(word.end[-1])) word.end--;
    return word;
}

/* The next line that is not blank; *dst is empty at the end. */
static psh_status next_line(reader *r, span *dst, psh_error *err) {
    *dst = (span){r->rest.end, r->rest.end};
    while (r->rest.at < r->rest.end && dst->at == dst->end) {
        const char *end = memchr(r->rest.at, '\n', (size_t)(r->rest.end - r->rest.at));
        r->i_line++;
        if (!end)
            return psh__error(
                err, PSH_ERR_CORRUPT,
                "line %zu, the last, has no line break: the log is cut off there; delete that line to see "
                "the epochs before it",
                r->i_line);
        *dst = trimmed((span){r->rest.at, end});
        r->rest.at = end + 1;
    }
    return PSH_OK;
}

/* Takes the next cell of a line; false behind the last. line->at is NULL then. */
static bool next_cell(span *line, span *cell) {
    if (!line->at) return false;
    const char *comma = memchr(line->at, ',', (size_t)(line->end - line->at));
    *cell = trimmed((span){line->at, comma ? comma : line->end});
    line->at = comma ? comma + 1 : NULL;
    return true;
}

/* --- The line of names -------------------------------------------------------------------------------------------- */

static int find_known(span name) {
    for (int k = 0; k < PSH__LOG_COLUMNS; k++)
        if (strlen(known[k].name) == (size_t)(name.end - name.at) &&
            memcmp(known[k].name, name.at, strlen(known[k].name)) == 0)
            return k;
    return -1;
}

static psh_status read_header(reader *r, bool has[PSH__LOG_COLUMNS], psh_error *err) {
    span line, cell;
    char missing[120] = "";
    PSH_TRY(next_line(r, &line, err));
    if (line.at == line.end) return psh__error(err, PSH_ERR_EMPTY, "empty; expected a log of persihash train pdgan");
    while (next_cell(&line, &cell)) {
        int k = find_known(cell);
        if (k >= 0 && has[k])
            return psh__error(err, PSH_ERR_FORMAT, "line %zu: two columns are called '%s'; expected one", r->i_line,
                              known[k].name);
        if (k >= 0) has[k] = true;
        if (!PSH_GROW(&r->meanings, &r->meanings_capacity, r->n_columns + 1))
            return psh__error_memory(err, "a log's columns", r->n_columns * sizeof *r->meanings);
        r->meanings[r->n_columns++] = k;
    }
    for (int k = 0; k < PSH__LOG_COLUMNS; k++)
        if (known[k].is_needed && !has[k])
            snprintf(missing + strlen(missing), sizeof missing - strlen(missing), "%s'%s'", *missing ? ", " : "",
                     known[k].name);
    if (!*missing) return PSH_OK;
    return psh__error(err, PSH_ERR_FORMAT,
                      "line %zu: no column is called %s; expected a log of persihash train pdgan, whose first line "
                      "names its columns",
                      r->i_line, missing);
}

/* --- Epochs ------------------------------------------------------------------------------------------------------- */

/* An empty cell has no value: nan. */
static psh_status read_value(const reader *r, span cell, int k, double *dst, psh_error *err) {
    int64_t count;
    size_t n_chars = (size_t)(cell.end - cell.at);
    if (known[k].is_count) {
        if (!psh__integer_read(cell.at, n_chars, &count) || count < 0)
            return psh__error(err, PSH_ERR_CORRUPT, "line %zu: %s is '%.*s'; expected an integer from 0", r->i_line,
                              known[k].name, SHOW(cell));
        *dst = (double)count;
        return PSH_OK;
    }
    *dst = NAN;
    if (n_chars && psh__number_read(cell.at, n_chars, dst) == PSH__NUMBER_NONE)
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu: %s is '%.*s'; expected a number", r->i_line, known[k].name,
                          SHOW(cell));
    return PSH_OK;
}

static psh_status read_epoch(const reader *r, span line, double values[PSH__LOG_COLUMNS], psh_error *err) {
    span cell;
    size_t i = 0;
    for (; next_cell(&line, &cell); i++)
        if (i < r->n_columns && r->meanings[i] >= 0)
            PSH_TRY(read_value(r, cell, r->meanings[i], &values[r->meanings[i]], err));
    if (i != r->n_columns)
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu has %zu columns; expected %zu, as the first line names them",
                          r->i_line, i, r->n_columns);
    if (values[DISTINCT] > values[CODES])
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu: %.0f distinct codes among %.0f; expected at most as many",
                          r->i_line, values[DISTINCT], values[CODES]);
    return PSH_OK;
}

static psh_status append_epoch(reader *r, const double values[PSH__LOG_COLUMNS], psh__training_log *log,
                               psh_error *err) {
    const size_t n = log->n_epochs;
    if (n > 0 && !(values[EPOCH] > log->columns[EPOCH][n - 1]))
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu: epoch %.0f after epoch %.0f; expected rising epochs",
                          r->i_line, values[EPOCH], log->columns[EPOCH][n - 1]);
    if (n == r->n_capacity) {
        const size_t n_room = 2 * n;
        for (int k = 0; k < PSH__LOG_COLUMNS; k++) {
            if (!log->columns[k]) continue;
            double *grown = psh__realloc(log->columns[k], n, n_room, sizeof *grown);
            if (!grown) return psh__error_memory(err, "a log", n_room * sizeof *grown);
            log->columns[k] = grown;
        }
        r->n_capacity = n_room;
    }
    for (int k = 0; k < PSH__LOG_COLUMNS; k++)
        if (log->columns[k]) log->columns[k][n] = values[k];
    log->n_epochs++;
    return PSH_OK;
}

static psh_status read_all(reader *r, psh__training_log *log, psh_error *err) {
    bool has[PSH__LOG_COLUMNS] = {false};
    PSH_TRY(read_header(r, has, err));
    r->n_capacity = 16;
    for (int k = 0; k < PSH__LOG_COLUMNS; k++)
        if (has[k] && !(log->columns[k] = psh__malloc(r->n_capacity, sizeof **log->columns)))
            return psh__error_memory(err, "a log", r->n_capacity * sizeof **log->columns);
    for (;;) {
        double values[PSH__LOG_COLUMNS];
        span line;
        PSH_TRY(next_line(r, &line, err));
        if (line.at == line.end) break;
        PSH_TRY(read_epoch(r, line, values, err));
        PSH_TRY(append_epoch(r, values, log, err));
    }
    if (log->n_epochs == 0) return psh__error(err, PSH_ERR_EMPTY, "a log without an epoch; let one be trained first");
    return PSH_OK;
}

psh_status psh__training_log_parse(const uint8_t *bytes, size_t n_bytes, psh__training_log *dst, psh_error *err) {
    const char *text = (const char *)bytes;
    size_t n_mark = n_bytes >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* some editors put one */
    reader r = {.rest = {text + n_mark, text + n_bytes}};
    psh__c_locale locale;
    *dst = (psh__training_log){0};
    if (!psh__c_locale_enter(&locale)) return psh__error_memory(err, "a locale", 0);
    psh_status status = read_all(&r, dst, err);
    psh__c_locale_leave(&locale);
    psh__free(r.meanings);
    if (status != PSH_OK) psh__training_log_free(dst);
    return status;
}

psh_status psh__training_log_read(const char *path, psh__training_log *dst, psh_error *err) {
    psh__bytes bytes;
    *dst = (psh__training_log){0};
    PSH_TRY(psh__bytes_read(path, &bytes, err));
    psh_status status = psh__training_log_parse(bytes.data, bytes.n_bytes, dst, err);
    psh__bytes_free(&bytes);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "%s", path);
}

void psh__training_log_free(psh__training_log *log) {
    for (int k = 0; k < PSH__LOG_COLUMNS; k++) psh__free(log->columns[k]);
    *log = (psh__training_log){0};
}

/* --- Onto the page ------------------------------------------------------------------------------------------------ */

void psh__training_log_write(const psh__training_log *log, const char *name, psh__text *json) {
    const size_t n = log->n_epochs, step = (n - 1) / MOST_EPOCHS + 1;
    psh__text_puts(json, "{");
    psh__json_set_string(json, "name", name);
    psh__json_set_integer(json, "n_epochs", (int64_t)n);
    for (int k = 0; k < PSH__LOG_COLUMNS; k++) {
        if (!log->columns[k]) continue;
        psh__json_key(json, known[k].name);
        psh__text_puts(json, "[");
        for (size_t i = 0; i < n; i++) {
            if (i % step != 0 && i != n - 1) continue;
            psh__json_next(json);
            psh__json_number(json, log->columns[k][i], known[k].is_count ? 16 : 6);
        }
        psh__text_puts(json, "]");
    }
    psh__text_puts(json, "}");
}
