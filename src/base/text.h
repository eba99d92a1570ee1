/* text.h : numbers as text, always with a decimal point, exact both ways. */
#ifndef PSH_BASE_TEXT_H
#define PSH_BASE_TEXT_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A program may run under a locale whose decimal point is a comma; strtod() and printf() follow it. Between enter and
 * leave this thread alone runs under "C". The functions below need that. enter: false if memory runs out. */
typedef struct psh__c_locale {
    locale_t ours, before;
} psh__c_locale;
bool psh__c_locale_enter(psh__c_locale *locale);
void psh__c_locale_leave(psh__c_locale *locale);

/* psh__number_read() : all of text[0..n_chars-1] as a double, correctly rounded: decimal digits with an optional point
 * and exponent; inf, infinity, nan in any case. At most 1000 characters. HUGE: finite, but beyond double's range. */
typedef enum psh__number { PSH__NUMBER, PSH__NUMBER_NONE, PSH__NUMBER_HUGE } psh__number;
psh__number psh__number_read(const char *text, size_t n_chars, double *dst);

/* psh__integer_read() : an integer, or a number that is one ("3", "3.0", "3e0"); up to 2^53 in the second form. */
bool psh__integer_read(const char *text, size_t n_chars, int64_t *dst);

/* psh__number_write() : the shortest of 15, 16, 17 digits that reads back as the same bits. Returns the length; no zero
 * is written. */
#define PSH__NUMBER_CHARS 32
size_t psh__number_write(double x, char dst[PSH__NUMBER_CHARS]);

#endif
