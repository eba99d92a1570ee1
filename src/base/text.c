/* text.c : numbers as text.
 *
 * Reading. Up to 19 digits are gathered in an integer; if that is at most 2^53 and the power of ten at most 10^22, both
 * are exact doubles and one multiplication or division rounds correctly (Clinger, How to read floating point numbers
 * accurately, 1990). Everything else goes to strtod().
 *
 * Writing. 15 digits are enough for what people typed, 17 for any double; the first length that reads back equal is
 * taken. Integers, which is what 8-bit images give, are written digit by digit. */
#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_CHARS 1000
#define MAX_POWER 22
#define MAX_MANTISSA_DIGITS 19

static const double powers_of_ten[MAX_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool psh__c_locale_enter(psh__c_locale *locale) {
    locale->ours = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!locale->ours) return false;
    locale->before = uselocale(locale->ours);
    return true;
}

void psh__c_locale_leave(psh__c_locale *locale) {
    uselocale(locale->before);
    freelocale(locale->ours);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static psh__number read_word(const char *text, size_t n_chars, bool is_negative, double *dst) {
    if ((n_chars == 3 && !strncasecmp(text, "inf", 3)) || (n_chars == 8 && !strncasecmp(text, "infinity", 8)))
        *dst = is_negative ? -INFINITY : INFINITY;
    else if (n_chars == 3 && !strncasecmp(text, "nan", 3))
        *dst = NAN;
    else
        return PSH__NUMBER_NONE;
    return PSH__NUMBER;
}

static psh__number read_exactly(const char *text, size_t n_chars, double *dst) {
    char copy[MAX_CHARS + 1];
    memcpy(copy, text, n_chars);
    copy[n_chars] = 0;
    *dst = strtod(copy, NULL);
    return isinf(*dst) ? PSH__NUMBER_HUGE : PSH__NUMBER;
}

psh__number psh__number_read(const char *text, size_t n_chars, double *dst) {
    const char *at = text, *end = text + n_chars;
    if (n_chars > MAX_CHARS) return PSH__NUMBER_NONE;
    bool is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (at < end && !is_digit(*at) && *at != '.') return read_word(at, (size_t)(end - at), is_negative, dst);

    uint64_t mantissa = 0;
    int n_digits = 0, n_significant = 0, power = 0;
    bool after_point = false;
    for (; at < end && (is_digit(*at) || (*at == '.' && !after_point)); at++) {
        if (*at == '.') {
            after_point = true;
            continue;
        }
        n_digits++;
        power -= after_point;
        n_significant += n_significant > 0 || *at != '0';
        if (n_significant <= MAX_MANTISSA_DIGITS) mantissa = 10 * mantissa + (uint64_t)(*at - '0');
    }
    if (n_digits == 0) return PSH__NUMBER_NONE;
    if (at < end && (*at == 'e' || *at == 'E')) {
        int exponent = 0;
        bool is_below = ++at < end && *at == '-';
        if (at < end && (*at == '-' || *at == '+')) at++;
        if (at == end) return PSH__NUMBER_NONE;
        for (; at < end && is_digit(*at); at++)
            if (exponent < 100000) exponent = 10 * exponent + (*at - '0');
        power += is_below ? -exponent : exponent;
    }
    if (at != end) return PSH__NUMBER_NONE;

    if (n_significant > MAX_MANTISSA_DIGITS || mantissa > (uint64_t)1 << 53 || power < -MAX_POWER || power > MAX_POWER)
        return read_exactly(text, n_chars, dst);
    double x = power < 0 ? (double)mantissa / powers_of_ten[-power] : (double)mantissa * powers_of_ten[power];
    *dst = is_negative ? -x : x;
    return PSH__NUMBER;
}

bool psh__integer_read(const char *text, size_t n_chars, int64_t *dst) {
    bool is_negative = n_chars > 0 && *text == '-';
    size_t i = is_negative;
    int64_t value = 0;
    while (i < n_chars && is_digit(text[i]) && !__builtin_mul_overflow(value, 10, &value) &&
           !__builtin_sub_overflow(value, text[i] - '0', &value)) /* downward: the range has one more there */
        i++;
    if (i == n_chars && i > is_negative && (is_negative || value > INT64_MIN)) {
        *dst = is_negative ? value : -value;
        return true;
    }
    double x;
    if (psh__number_read(text, n_chars, &x) != PSH__NUMBER || !(fabs(x) <= 0x1p53) || x != floor(x)) return false;
    *dst = (int64_t)x;
    return true;
}

static size_t write_integer(int64_t value, char *dst) {
    char digits[24];
    size_t n_digits = 0, n = 0;
    uint64_t left = (uint64_t)(value < 0 ? -value : value);
    do digits[n_digits++] = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0) dst[n++] = '-';
    while (n_digits) dst[n++] = digits[--n_digits];
    return n;
}

size_t psh__number_write(double x, char dst[PSH__NUMBER_CHARS]) {
    if (fabs(x) < 1e15 && x == (double)(int64_t)x && !(x == 0 && signbit(x))) return write_integer((int64_t)x, dst);
    for (int n_digits = 15;; n_digits++) {
        double back;
        int n_chars = snprintf(dst, PSH__NUMBER_CHARS, "%.*g", n_digits, x);
        if (n_digits == 17 || (psh__number_read(dst, (size_t)n_chars, &back) == PSH__NUMBER && back == x))
            return (size_t)n_chars;
    }
}
