/* words.c : text as lines and words. Lines end with \n, \r\n or \r. */
#include "input/words.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

psh__lines psh__lines_of(const uint8_t *bytes, size_t n_bytes) {
    const char *text = (const char *)bytes;
    size_t start = n_bytes >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
    return (psh__lines){.rest = {text + start, text + n_bytes}};
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static bool is_end(char c) {
    return c == '\n' || c == '\r';
}

bool psh__lines_next_any(psh__lines *lines, psh__span *line) {
    const char *at = lines->rest.at, *end = lines->rest.end;
    if (at == end) return false;
    line->at = at;
    while (at < end && !is_end(*at) && *at != '#') at++;
    line->end = at;
    while (at < end && !is_end(*at)) at++;
    if (at < end) at += end - at > 1 && at[0] == '\r' && at[1] == '\n' ? 2 : 1;
    while (line->at < line->end && is_blank(*line->at)) line->at++;
    lines->rest.at = at;
    lines->i_line++;
    return true;
}

bool psh__lines_next(psh__lines *lines, psh__span *line) {
    psh__span found = {NULL, NULL};
    while (psh__lines_next_any(lines, &found))
        if (found.at < found.end) {
            *line = found;
            return true;
        }
    return false;
}

bool psh__lines_end(psh__lines *lines) {
    psh__span ignored;
    return !psh__lines_next(lines, &ignored);
}

bool psh__word_next(psh__span *line, psh__span *word) {
    while (line->at < line->end && is_blank(*line->at)) line->at++;
    word->at = line->at;
    while (line->at < line->end && !is_blank(*line->at)) line->at++;
    word->end = line->at;
    return word->at < word->end;
}

static bool is_separator(char c) {
    return c == ',' || c == ';';
}

bool psh__cell_next(psh__span *line, psh__span *cell) {
    while (line->at < line->end && is_blank(*line->at)) line->at++;
    if (line->at == line->end) return false;
    cell->at = line->at;
    while (line->at < line->end && !is_blank(*line->at) && !is_separator(*line->at)) line->at++;
    cell->end = line->at;
    while (line->at < line->end && is_blank(*line->at)) line->at++;
    line->at += line->at < line->end && is_separator(*line->at);
    return true;
}

bool psh__word_is(psh__span word, const char *text) {
    size_t n = strlen(text);
    return (size_t)(word.end - word.at) == n && !memcmp(word.at, text, n);
}

bool psh__word_is_number(psh__span word) {
    double ignored;
    return psh__number_read(word.at, (size_t)(word.end - word.at), &ignored) != PSH__NUMBER_NONE;
}

psh_status psh__word_number(const psh__lines *lines, psh__span word, const char *what, double *dst, psh_error *err) {
    switch (psh__number_read(word.at, (size_t)(word.end - word.at), dst)) {
    case PSH__NUMBER:
        return PSH_OK;
    case PSH__NUMBER_HUGE:
        return psh__error(err, PSH_ERR_NOT_FINITE, "line %zu: %.*s is beyond the largest double, 1.8e308",
                          lines->i_line, PSH__SHOW(word));
    default:
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu: '%.*s' is no number; expected %s", lines->i_line,
                          PSH__SHOW(word), what);
    }
}

psh_status psh__word_integer(const psh__lines *lines, psh__span word, const char *what, int64_t *dst, psh_error *err) {
    if (psh__integer_read(word.at, (size_t)(word.end - word.at), dst)) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "line %zu: '%.*s' is no integer; expected %s", lines->i_line,
                      PSH__SHOW(word), what);
}

static psh_status fault_short_line(const psh__lines *lines, const char *what, psh_error *err) {
    return psh__error(err, PSH_ERR_CORRUPT, "line %zu ends too early; expected %s", lines->i_line, what);
}

psh_status psh__line_number(const psh__lines *lines, psh__span *line, const char *what, double *dst, psh_error *err) {
    psh__span word;
    if (!psh__word_next(line, &word)) return fault_short_line(lines, what, err);
    return psh__word_number(lines, word, what, dst, err);
}

psh_status psh__line_integer(const psh__lines *lines, psh__span *line, const char *what, int64_t *dst, psh_error *err) {
    psh__span word;
    if (!psh__word_next(line, &word)) return fault_short_line(lines, what, err);
    return psh__word_integer(lines, word, what, dst, err);
}
