/* page_text.c : HTML, JSON and base64 appended to a growing text.
 *
 * jansson could write the JSON, but holds every number as a heap object (a page has some 10^5 of them) and prints
 * doubles with 17 digits or all alike; and its allocations cannot be made to fail by our tests. */
#include "report/page_text.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#define ZLIB_CONST /* input of zlib is const */

#include "base/alloc.h"
#include "base/error.h"

void psh__text_free(psh__text *text) {
    psh__free(text->bytes);
    *text = (psh__text){0};
}

psh_status psh__text_status(const psh__text *text, psh_error *err) {
    return text->failed ? psh__error_memory(err, "the report page", text->n_bytes) : PSH_OK;
}

static bool make_room(psh__text *text, size_t n_bytes) {
    if (!text->failed && !PSH_GROW(&text->bytes, &text->capacity, text->n_bytes + n_bytes)) text->failed = true;
    return !text->failed;
}

void psh__text_add(psh__text *text, const void *bytes, size_t n_bytes) {
    if (n_bytes == 0 || !make_room(text, n_bytes)) return;
    memcpy(text->bytes + text->n_bytes, bytes, n_bytes);
    text->n_bytes += n_bytes;
}

void psh__text_puts(psh__text *text, const char *string) {
    psh__text_add(text, string, strlen(string));
}

/* --- UTF-8 -------------------------------------------------------------------------------------------------------- */

/* Length of the well-formed UTF-8 sequence at `s` (Unicode 15, table 3-7), 0 if there is none. Reading stops at the
 * first byte that does not fit, so a zero-terminated string is never left. */
static size_t utf8_length(const unsigned char *s) {
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 0;
    size_t length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    unsigned char least = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char greatest = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < least || s[1] > greatest) return 0;
    for (size_t i = 2; i < length; i++)
        if (s[i] < 0x80 || s[i] > 0xbf) return 0;
    return length;
}

/* Appends `string`; `escape` gives what to write for an ASCII character, or NULL for itself. */
static void add_escaped(psh__text *text, const char *string, const char *(*escape)(unsigned char, char[8])) {
    const unsigned char *s = (const unsigned char *)string;
    char room[8];
    while (*s) {
        size_t length = utf8_length(s);
        const char *replacement = length == 0 ? "\xef\xbf\xbd" : length == 1 ? escape(*s, room) : NULL;
        if (replacement)
            psh__text_puts(text, replacement);
        else
            psh__text_add(text, s, length);
        s += length ? length : 1;
    }
}

/* --- HTML --------------------------------------------------------------------------------------------------------- */

static const char *html_escape(unsigned char c, char room[8]) {
    (void)room;
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void psh__text_html(psh__text *text, const char *string) {
    add_escaped(text, string, html_escape);
}

/* --- base64 (RFC 4648) -------------------------------------------------------------------------------------------- */

void psh__text_base64(psh__text *text, const uint8_t *bytes, size_t n_bytes) {
    static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!make_room(text, n_bytes / 3 * 4 + 4)) return;
    char *dst = text->bytes + text->n_bytes;
    for (size_t i = 0; i < n_bytes; i += 3) {
        size_t n_left = n_bytes - i;
        uint32_t triple = (uint32_t)bytes[i] << 16 | (uint32_t)(n_left > 1 ? bytes[i + 1] : 0) << 8 |
                          (uint32_t)(n_left > 2 ? bytes[i + 2] : 0);
        *dst++ = digits[triple >> 18];
        *dst++ = digits[triple >> 12 & 63];
        *dst++ = n_left > 1 ? digits[triple >> 6 & 63] : '=';
        *dst++ = n_left > 2 ? digits[triple & 63] : '=';
    }
    text->n_bytes = (size_t)(dst - text->bytes);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static void add_comma(psh__text *text, char opening) {
    if (text->n_bytes && text->bytes[text->n_bytes - 1] != opening) psh__text_puts(text, ",");
}

void psh__json_next(psh__text *text) {
    add_comma(text, '[');
}

void psh__json_key(psh__text *text, const char *key) {
    add_comma(text, '{');
    psh__json_string(text, key);
    psh__text_puts(text, ":");
}

static const char *json_escape(unsigned char c, char room[8]) {
    if (c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7f) return NULL;
    snprintf(room, 8, "\\u%04x", c);
    return room;
}

void psh__json_string(psh__text *text, const char *string) {
    psh__text_puts(text, "\"");
    add_escaped(text, string, json_escape);
    psh__text_puts(text, "\"");
}

/* In JSON '<' occurs inside strings only, where its escape means the same. */
void psh__json_raw(psh__text *text, const char *json) {
    for (const char *less; (less = strchr(json, '<')); json = less + 1) {
        psh__text_add(text, json, (size_t)(less - json));
        psh__text_puts(text, "\\u003c");
    }
    psh__text_puts(text, json);
}

void psh__json_integer(psh__text *text, int64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    psh__text_puts(text, digits);
}

void psh__json_number(psh__text *text, double value, int digits) {
    if (!isfinite(value)) {
        psh__text_puts(text, "null");
        return;
    }
    char number[40];
    snprintf(number, sizeof number, "%.*g", digits, value == 0 ? 0.0 : value); /* no "-0" */
    for (char *c = number; *c; c++)
        if (!strchr("0123456789+-eE.", *c)) *c = '.'; /* the locale's decimal point, one byte in all we know of */
    psh__text_puts(text, number);
}

void psh__json_bytes(psh__text *text, const void *bytes, size_t n_bytes) {
    psh__text_puts(text, "\"");
    psh__text_base64(text, bytes, n_bytes);
    psh__text_puts(text, "\"");
}

void psh__json_set_string(psh__text *text, const char *key, const char *value) {
    psh__json_key(text, key);
    psh__json_string(text, value);
}
void psh__json_set_integer(psh__text *text, const char *key, int64_t value) {
    psh__json_key(text, key);
    psh__json_integer(text, value);
}
void psh__json_set_number(psh__text *text, const char *key, double value) {
    psh__json_key(text, key);
    psh__json_number(text, value, 6);
}
