/* words.h : text as lines and words, for the readers of text formats. */
#ifndef PSH_INPUT_WORDS_H
#define PSH_INPUT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/status.h"

/* A piece of text, not zero-terminated. */
typedef struct psh__span {
    const char *at, *end;
} psh__span;

/* A text that is taken line by line. */
typedef struct psh__lines {
    psh__span rest;
    size_t i_line; /* of the line taken last, from 1 */
} psh__lines;

/* Over bytes; a byte order mark is left out. */
psh__lines psh__lines_of(const uint8_t *bytes, size_t n_bytes);
/* The next line that is not blank, without what follows a # in it; false at the end. */
bool psh__lines_next(psh__lines *lines, psh__span *line);
/* The same, blank or not. */
bool psh__lines_next_any(psh__lines *lines, psh__span *line);
/* Is there no other line? Moves to it if there is, for its number. */
bool psh__lines_end(psh__lines *lines);

/* Takes the next word: what lies between white space. False at the end of the line. */
bool psh__word_next(psh__span *line, psh__span *word);
/* The same where commas and semicolons separate too; two of them with nothing between give an empty word. */
bool psh__cell_next(psh__span *line, psh__span *cell);
bool psh__word_is(psh__span word, const char *text);
bool psh__word_is_number(psh__span word); /* under the C locale: base/text.h, as the two below */

/* PSH_ERR_CORRUPT, naming the line, if the word is no number; PSH_ERR_NOT_FINITE if it is beyond the largest double.
 * inf and nan are numbers. `what`: "a coordinate". */
psh_status psh__word_number(const psh__lines *lines, psh__span word, const char *what, double *dst, psh_error *err);
psh_status psh__word_integer(const psh__lines *lines, psh__span word, const char *what, int64_t *dst, psh_error *err);
/* The next word of `line` as a number; PSH_ERR_CORRUPT if there is none. */
psh_status psh__line_number(const psh__lines *lines, psh__span *line, const char *what, double *dst, psh_error *err);
psh_status psh__line_integer(const psh__lines *lines, psh__span *line, const char *what, int64_t *dst, psh_error *err);

/* How much of a word an error text shows: printf("%.*s", PSH__SHOW(word)). */
#define PSH__SHOW(word) (int)((word).end - (word).at < 40 ? (word).end - (word).at : 40), (word).at

#endif
