/* test_diagram_text.c : numbers as text are exact both ways, under any locale. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/text.h"

static bool same_bits(double a, double b) {
    return !memcmp(&a, &b, sizeof a);
}

static void expect_number(const char *text, double expected) {
    double x = 12345;
    if (psh__number_read(text, strlen(text), &x) != PSH__NUMBER || !same_bits(x, expected))
        fail_msg("'%s' was read as %.17g, expected %.17g", text, x, expected);
}

static void numbers_of_every_form_are_read(void **state) {
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1",
                                        "+1",
                                        "-1.5",
                                        ".5",
                                        "5.",
                                        "1e3",
                                        "1E+3",
                                        "1e-3",
                                        "0.1",
                                        "1e22",
                                        "1e23",
                                        "123456789012345678901234567890",
                                        "9007199254740993",
                                        "0e999999999",
                                        "2.2250738585072011e-308",
                                        "4.9e-324",
                                        "1e-400",
                                        "1.7976931348623157e308",
                                        "0.000000000000000000000000000000000000000000000000001",
                                        "9007199254740993.00000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) expect_number(texts[i], strtod(texts[i], NULL));
    expect_number("inf", INFINITY);
    expect_number("-Infinity", -INFINITY);
    expect_number("+INF", INFINITY);
    double x;
    assert_int_equal(psh__number_read("NaN", 3, &x), PSH__NUMBER);
    assert_true(isnan(x));
}

static void other_texts_are_no_numbers(void **state) {
    static const char *const texts[] = {"",    "-",     "+",    ".",    "-.",    "e5",      "1e",
                                        "1e+", "1.2.3", "1,5",  "0x10", "1 ",    " 1",      "1f",
                                        "--1", "in",    "infi", "nano", "1e5.0", "diagram", "1_000"};
    char zeros[1200];
    memset(zeros, '0', sizeof zeros);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double x;
        if (psh__number_read(texts[i], strlen(texts[i]), &x) != PSH__NUMBER_NONE) fail_msg("'%s'", texts[i]);
    }
    double x;
    assert_int_equal(psh__number_read(zeros, sizeof zeros, &x), PSH__NUMBER_NONE);
    assert_int_equal(psh__number_read("1e309", 5, &x), PSH__NUMBER_HUGE);
    assert_int_equal(psh__number_read("-1e999999999999", 15, &x), PSH__NUMBER_HUGE);
}

/* Digits and exponents at random against strtod(). */
static void reading_rounds_as_strtod_does(void **state) {
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (int i = 0; i < 100000; i++) {
        char text[64];
        int n = 0, n_digits = 1 + (int)psh__random_below(&rng, 20), point = (int)psh__random_below(&rng, 25);
        for (int j = 0; j < n_digits; j++) {
            if (j == point) text[n++] = '.';
            text[n++] = (char)('0' + psh__random_below(&rng, 10));
        }
        if (psh__random_below(&rng, 2)) n += sprintf(text + n, "e%d", (int)psh__random_below(&rng, 60) - 30);
        text[n] = 0;
        expect_number(text, strtod(text, NULL));
    }
}

static void any_double_survives_writing_and_reading(void **state) {
    psh__random rng;
    psh__random_init(&rng, 2, 0);
    static const double edges[] = {0.,      -0.,      1,    -1,         0.1,      1. / 3,
                                   1e15,    1e15 - 1, 1e16, 0x1p53,     DBL_MAX,  -DBL_MAX,
                                   DBL_MIN, 4.9e-324, 1e-5, 123456.789, INFINITY, 0x1.fffffffffffffp-1,
                                   1e22,    1e23};
    for (int i = 0; i < 100000; i++) {
        char text[PSH__NUMBER_CHARS];
        double x, back;
        uint64_t bits = psh__random_u64(&rng);
        memcpy(&x, &bits, sizeof x);
        if (i < (int)(sizeof edges / sizeof *edges)) x = edges[i];
        if (i % 3 == 1) x = (double)(float)x;
        if (i % 3 == 2) x = psh__random_unit(&rng);
        if (isnan(x)) continue;
        size_t n = psh__number_write(x, text);
        assert_true(n < PSH__NUMBER_CHARS);
        assert_int_equal(psh__number_read(text, n, &back), PSH__NUMBER);
        if (!same_bits(x, back)) fail_msg("%a became %.*s", x, (int)n, text);
    }
}

static void writing_is_short_where_it_can_be(void **state) {
    static const struct {
        double x;
        const char *text;
    } cases[] = {{0.1, "0.1"},      {-0., "-0"},       {255, "255"},
                 {-17, "-17"},      {1e100, "1e+100"}, {0.30000000000000004, "0.30000000000000004"},
                 {INFINITY, "inf"}, {1.5, "1.5"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[PSH__NUMBER_CHARS + 1];
        text[psh__number_write(cases[i].x, text)] = 0;
        assert_string_equal(text, cases[i].text);
    }
}

static void integers_are_exact_to_the_last_bit(void **state) {
    static const struct {
        const char *text;
        bool is_integer;
        int64_t value;
    } cases[] = {{"0", true, 0},
                 {"-1", true, -1},
                 {"9223372036854775807", true, INT64_MAX},
                 {"-9223372036854775808", true, INT64_MIN},
                 {"9223372036854775808", false, 0},
                 {"3.0", true, 3},
                 {"1e2", true, 100},
                 {"0.000000000000000000e+00", true, 0},
                 {"9007199254740992.0", true, INT64_C(1) << 53},
                 {"1e17", false, 0},
                 {"1.5", false, 0},
                 {"", false, 0},
                 {"-", false, 0},
                 {"x", false, 0},
                 {"inf", false, 0},
                 {"nan", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 0;
        if (psh__integer_read(cases[i].text, strlen(cases[i].text), &value) != cases[i].is_integer)
            fail_msg("'%s'", cases[i].text);
        assert_true(value == cases[i].value);
    }
}

/* A locale with a decimal comma is compiled for the test (localedef is part of every Debian), since none may be
 * installed. */
static void a_locale_with_a_decimal_comma_changes_nothing(void **state) {
    static const char source[] = "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n"
                                 "LC_CTYPE\ncopy \"POSIX\"\nEND LC_CTYPE\n";
    char folder[] = "/tmp/psh_locale_XXXXXX", command[256], text[PSH__NUMBER_CHARS];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "%s/source", folder);
    FILE *file = fopen(command, "w");
    assert_non_null(file);
    fputs(source, file);
    fclose(file);
    snprintf(command, sizeof command, "localedef -c --no-archive -i %s/source %s/comma_XX 2>/dev/null", folder, folder);
    int ignored = system(command);
    setenv("LOCPATH", folder, 1);
    bool has_comma = setlocale(LC_ALL, "comma_XX") && *localeconv()->decimal_point == ',';
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ignored |= system(command);
    if (!has_comma) {
        print_message("no localedef here: locales not tested\n");
        skip();
    }
    psh__c_locale locale;
    double x;
    assert_true(psh__c_locale_enter(&locale));
    size_t n = psh__number_write(0.1234567890123456, text);
    psh__number status = psh__number_read("0.1234567890123456789", 21, &x);
    psh__c_locale_leave(&locale);
    assert_int_equal(*localeconv()->decimal_point, ','); /* the caller's locale is back */
    setlocale(LC_ALL, "C");
    assert_memory_equal(text, "0.1234567890123456", n);
    assert_int_equal(status, PSH__NUMBER);
    assert_true(x == 0.1234567890123456789);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_every_form_are_read),
        cmocka_unit_test(other_texts_are_no_numbers),
        cmocka_unit_test(reading_rounds_as_strtod_does),
        cmocka_unit_test(any_double_survives_writing_and_reading),
        cmocka_unit_test(writing_is_short_where_it_can_be),
        cmocka_unit_test(integers_are_exact_to_the_last_bit),
        cmocka_unit_test(a_locale_with_a_decimal_comma_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
