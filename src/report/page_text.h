/* page_text.h : a growing text, and the three languages that the page's text is written in: HTML, JSON, base64.
 *
 * Running out of memory is remembered in the text, not answered by each call: a writer appends everything and asks
 * once, at the end, with psh__text_status(). After a failure appending does nothing. */
#ifndef PSH_REPORT_PAGE_TEXT_H
#define PSH_REPORT_PAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persihash/status.h"

typedef struct psh__text {
    char *bytes; /* (n_bytes), not zero-terminated */
    size_t n_bytes, capacity;
    bool failed;
} psh__text; /* starts all zero */

void psh__text_free(psh__text *text);
psh_status psh__text_status(const psh__text *text, psh_error *err); /* PSH_OK or PSH_ERR_MEMORY */
void psh__text_add(psh__text *text, const void *bytes, size_t n_bytes);
void psh__text_puts(psh__text *text, const char *string);

/* `string` as HTML text: & < > " ' become references. Bytes that are no UTF-8 become U+FFFD, here and in JSON. */
void psh__text_html(psh__text *text, const char *string);
void psh__text_base64(psh__text *text, const uint8_t *bytes, size_t n_bytes);

/* JSON that may stand inside <script>: '<' is written \u003c, so neither "</script" nor "<!--" can occur.
 * A separating comma is written by itself, by psh__json_key() in objects and by psh__json_next() in arrays.
 * Brackets are written by psh__text_puts(). */
void psh__json_key(psh__text *text, const char *key);
void psh__json_next(psh__text *text);
void psh__json_string(psh__text *text, const char *string);
void psh__json_raw(psh__text *text, const char *json); /* JSON text made elsewhere */
void psh__json_integer(psh__text *text, int64_t value);
/* Decimal point whatever the locale; null if not finite. `digits` significant digits, 1 to 17. */
void psh__json_number(psh__text *text, double value, int digits);
/* A string of base64: what page.js's bytesOf() reads. */
void psh__json_bytes(psh__text *text, const void *bytes, size_t n_bytes);

/* key and value in one */
void psh__json_set_string(psh__text *text, const char *key, const char *value);
void psh__json_set_integer(psh__text *text, const char *key, int64_t value);
void psh__json_set_number(psh__text *text, const char *key, double value);

#endif
