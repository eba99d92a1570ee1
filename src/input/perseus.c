/* perseus.c : dense cubical grids as text: the number of axes, the side of each axis, then the value of every top cell,
 * first axis fastest; one number a line (any white space will do).
 *
 *     2
 *     3        <- W
 *     2        <- H
 *     1 4 6 8 20 4
 *
 * Lines that begin with # are passed over, as GUDHI does. GUDHI marks a periodic axis by a negative side; an image here
 * has no such mark, so that is refused with a word on what to do instead. Perseus leaves out cells of value -1; GUDHI
 * does not, nor do we: to it, and to us, -1 is a number. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "input/readers.h"

#define SHOWN_CHARS 40
#define MAX_AXES 3
#define MAX_GUESSED_AXES 10 /* of a file that is told to be one, if only to be refused by name */

typedef struct word {
    const char *text;
    size_t n_chars, i_line;
    bool is_whole; /* something follows it: it is not cut off by the end of the bytes at hand */
} word;

typedef struct cursor {
    const char *at, *end;
    size_t i_line;
    bool is_line_start;
} cursor;

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word; false at the end. */
static bool next_word(cursor *c, word *dst) {
    for (; c->at < c->end; c->at++) {
        if (c->is_line_start && *c->at == '#') {
            c->at = memchr(c->at, '\n', (size_t)(c->end - c->at));
            if (!c->at) c->at = c->end;
            if (c->at == c->end) return false;
        }
        if (!is_blank(*c->at)) break;
        c->is_line_start = *c->at == '\n';
        c->i_line += c->is_line_start;
    }
    if (c->at == c->end) return false;
    c->is_line_start = false;
    const char *start = c->at;
    while (c->at < c->end && !is_blank(*c->at)) c->at++;
    *dst = (word){.text = start, .n_chars = (size_t)(c->at - start), .i_line = c->i_line, .is_whole = c->at < c->end};
    return true;
}

static int shown(const word *w) {
    return w->n_chars < SHOWN_CHARS ? (int)w->n_chars : SHOWN_CHARS;
}

static cursor start_of(const uint8_t *bytes, size_t n_bytes) {
    const char *text = (const char *)bytes;
    return (cursor){.at = text, .end = text + n_bytes, .i_line = 1, .is_line_start = true};
}

/* --- recognising -------------------------------------------------------------------------------------------------- */

static bool next_integer(cursor *c, size_t *last_line, int64_t *dst) {
    word w = {0};
    bool is_alone = next_word(c, &w) && w.i_line != *last_line;
    *last_line = w.i_line;
    return is_alone && w.is_whole && psh__integer_read(w.text, w.n_chars, dst);
}

/* One integer a line, 1 to 10 and then as many sides as it says; then a number. */
bool psh__perseus_is(const psh__head *head) {
    cursor c = start_of(head->bytes, head->n_bytes);
    size_t last_line = 0;
    int64_t n_axes, side;
    double ignored;
    word value;
    psh__c_locale locale;
    bool may_be = head->is_text && (head->kind == PSH_ITEM_AUTO || head->kind == PSH_ITEM_IMAGE);
    if (!may_be || !psh__c_locale_enter(&locale)) return false;
    bool matches = next_integer(&c, &last_line, &n_axes) && n_axes >= 1 && n_axes <= MAX_GUESSED_AXES;
    for (int64_t i = 0; matches && i < n_axes; i++) matches = next_integer(&c, &last_line, &side) && side != 0;
    matches = matches && next_word(&c, &value) && value.i_line != last_line &&
              (psh__number_read(value.text, value.n_chars, &ignored) != PSH__NUMBER_NONE || !value.is_whole);
    psh__c_locale_leave(&locale);
    return matches;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static psh_status read_integer(cursor *c, const char *what, int64_t *dst, psh_error *err) {
    word w;
    if (!next_word(c, &w))
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu: the file ends where %s is expected", c->i_line, what);
    if (!psh__integer_read(w.text, w.n_chars, dst))
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu: '%.*s'; expected %s, an integer", w.i_line, shown(&w),
                          w.text, what);
    return PSH_OK;
}

static psh_status read_shape(cursor *c, size_t shape[3], psh_error *err) {
    int64_t n_axes, side;
    PSH_TRY(read_integer(c, "the number of axes", &n_axes, err));
    if (n_axes < 1 || n_axes > MAX_AXES)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "a grid of %lld axes; expected 1 to %d", (long long)n_axes,
                          MAX_AXES);
    for (int i = 0; i < MAX_AXES; i++) shape[i] = 1;
    for (int64_t i = 0; i < n_axes; i++) {
        PSH_TRY(read_integer(c, "the side of an axis", &side, err));
        if (side < 0)
            return psh__error(err, PSH_ERR_UNSUPPORTED,
                              "line %zu: side %lld: negative sides stand for periodic axes; write it without the sign, "
                              "and ask for a periodic grid (--periodic) if all axes are",
                              c->i_line, (long long)side);
        shape[MAX_AXES - 1 - i] = (size_t)side;
    }
    return PSH_OK;
}

static psh_status read_values(cursor *c, psh_image *image, psh_error *err) {
    word w = {0};
    for (size_t i = 0; i < image->n_pixels; i++) {
        double *dst = (double *)image->pixels + i;
        if (!next_word(c, &w))
            return psh__error(err, PSH_ERR_CORRUPT, "the file ends after %zu values; expected %zu", i, image->n_pixels);
        psh__number what = psh__number_read(w.text, w.n_chars, dst);
        if (what == PSH__NUMBER_NONE)
            return psh__error(err, PSH_ERR_CORRUPT, "line %zu: '%.*s'; expected a value", w.i_line, shown(&w), w.text);
        if (what == PSH__NUMBER_HUGE || !isfinite(*dst))
            return psh__error(err, PSH_ERR_NOT_FINITE, "line %zu: value %.*s; expected a finite double", w.i_line,
                              shown(&w), w.text);
    }
    if (next_word(c, &w))
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu: '%.*s' after the last of %zu values", w.i_line, shown(&w),
                          w.text, image->n_pixels);
    return PSH_OK;
}

psh_status psh__perseus_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err) {
    cursor c = start_of(bytes, n_bytes);
    psh__c_locale locale;
    psh_image *image = NULL;
    size_t shape[3], n_pixels = 0;
    psh_status status = PSH_OK;
    if (!psh__c_locale_enter(&locale)) return psh__error_memory(err, "a locale", 0);
    PSH_TRY_GOTO(read_shape(&c, shape, err));
    PSH_TRY_GOTO(psh__image_count(shape, &n_pixels, err));
    if (n_pixels > n_bytes / 2 + 1) { /* a value has a digit and something after it */
        status = psh__error(err, PSH_ERR_CORRUPT, "%zu bytes cannot hold the %zu x %zu x %zu values of the grid",
                            n_bytes, shape[2], shape[1], shape[0]);
        goto done;
    }
    PSH_TRY_GOTO(psh__image_new(PSH_F64, shape, &image, err));
    PSH_TRY_GOTO(read_values(&c, image, err));
    *dst = image, image = NULL;
done:
    psh__c_locale_leave(&locale);
    psh_image_free(image);
    return status;
}
