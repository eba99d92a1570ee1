/* test_training_log.c : the log of train pdgan, whole and in every broken state, as numbers and on the page. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/alloc.h"
#include "base/file.h"
#include "report/training_log.h"

#define HEAD                                                                                                           \
    "epoch,similarity,quantisation,mse,perceptual,generator,discriminator,codes,distinct,constant_bits,balance,"       \
    "spearman,seconds\n"
#define FIRST "1,0.63,0.3,0.007,1.7,0.77,1.36,200,188,30,0.154,0.008,1.5\n"
#define SECOND "2,0.55,0.32,0.0066,1.66,0.78,1.39,200,199,16,0.27,-0.01,1.6\n"
/* What a test asks for, in the order of the file's first line. */
enum { EPOCH, SIMILARITY, GENERATOR = 5, CODES = 7, DISTINCT, SPEARMAN = 11, SECONDS };

static psh_status parse(const char *text, psh__training_log *log, psh_error *err) {
    return psh__training_log_parse((const uint8_t *)text, strlen(text), log, err);
}

static void parse_well(const char *text, psh__training_log *log) {
    psh_error err = {0};
    if (parse(text, log, &err) != PSH_OK) fail_msg("%s", err.text);
}

static void expect_fault(const char *text, psh_status expected, const char *in_text) {
    psh_error err = {0};
    psh__training_log log;
    psh_status status = parse(text, &log, &err);
    if (status != expected) fail_msg("status %d, expected %d: %s", status, expected, err.text);
    if (!strstr(err.text, in_text)) fail_msg("\"%s\" is not in \"%s\"", in_text, err.text);
    assert_int_equal(log.n_epochs, 0);
    assert_null(log.columns[EPOCH]);
}

/* What a page gets of the log `text`. */
static json_t *page_object(const char *text) {
    psh__training_log log;
    psh__text json = {0};
    parse_well(text, &log);
    psh__training_log_write(&log, "a<b", &json);
    assert_false(json.failed);
    json_t *object = json_loadb(json.bytes, json.n_bytes, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    psh__text_free(&json);
    psh__training_log_free(&log);
    return object;
}

static double number_at(const json_t *object, const char *key, size_t i) {
    return json_number_value(json_array_get(json_object_get(object, key), i));
}

/* --- Good logs ---------------------------------------------------------------------------------------------------- */

static void a_log_becomes_its_numbers(void **state) {
    psh__training_log log;
    parse_well(HEAD FIRST SECOND, &log);
    assert_int_equal(log.n_epochs, 2);
    for (int k = 0; k < PSH__LOG_COLUMNS; k++) assert_non_null(log.columns[k]);
    assert_true(log.columns[EPOCH][1] == 2 && log.columns[SIMILARITY][0] == 0.63 && log.columns[GENERATOR][1] == 0.78);
    assert_true(log.columns[CODES][0] == 200 && log.columns[DISTINCT][1] == 199);
    assert_true(log.columns[SPEARMAN][1] == -0.01 && log.columns[SECONDS][1] == 1.6);
    psh__training_log_free(&log);
    assert_null(log.columns[EPOCH]);
}

static void one_epoch_is_enough(void **state) {
    json_t *object = page_object(HEAD FIRST);
    assert_int_equal(json_integer_value(json_object_get(object, "n_epochs")), 1);
    assert_int_equal(json_array_size(json_object_get(object, "spearman")), 1);
    assert_string_equal(json_string_value(json_object_get(object, "name")), "a<b");
    json_decref(object);
}

static void columns_may_come_in_any_order_among_strangers(void **state) {
    psh__training_log log;
    parse_well("colour,spearman,balance,codes,distinct,similarity,epoch\nred,0.5,0.25,10,9,1,7\n,0.6,,10,9,1,9\n",
               &log);
    assert_int_equal(log.n_epochs, 2);
    assert_true(log.columns[EPOCH][0] == 7 && log.columns[SPEARMAN][0] == 0.5 && log.columns[DISTINCT][1] == 9);
    assert_null(log.columns[GENERATOR]);
    assert_null(log.columns[SECONDS]);
    psh__training_log_free(&log);
}

static void line_breaks_blanks_and_a_byte_order_mark_do_not_matter(void **state) {
    psh__training_log log;
    parse_well("\xef\xbb\xbf epoch , similarity,codes,distinct,balance,spearman\r\n\r\n 1,0.5 "
               ",8,8,1,0.5\r\n\t\n2,.5,8,8,1,5e-1\n\n",
               &log);
    assert_int_equal(log.n_epochs, 2);
    assert_true(log.columns[SPEARMAN][1] == 0.5);
    psh__training_log_free(&log);
}

static void undefined_values_become_null(void **state) {
    json_t *object =
        page_object("epoch,similarity,codes,distinct,balance,spearman\n1,inf,8,1,0,nan\n2,1e999,8,1,,-nan\n");
    for (size_t i = 0; i < 2; i++) {
        assert_true(json_is_null(json_array_get(json_object_get(object, "similarity"), i)));
        assert_true(json_is_null(json_array_get(json_object_get(object, "spearman"), i)));
    }
    assert_true(number_at(object, "balance", 0) == 0);
    assert_true(json_is_null(json_array_get(json_object_get(object, "balance"), 1)));
    assert_null(json_object_get(object, "seconds"));
    json_decref(object);
}

/* Every k-th epoch and the last, k the least that leaves about 2,000. */
static void long_logs_are_thinned_for_the_page_alone(void **state) {
    const size_t sizes[] = {2000, 2001, 4001, 5000, 12345};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t n = sizes[s];
        char *text = malloc(64 * (n + 2)), *at = stpcpy(text, "epoch,similarity,codes,distinct,balance,spearman\n");
        for (size_t i = 1; i <= n; i++) at += sprintf(at, "%zu,0.5,8,8,1,0.5\n", i);
        json_t *object = page_object(text), *epochs = json_object_get(object, "epoch");
        const size_t n_kept = json_array_size(epochs), step = n <= 2000 ? 1 : (n + 1999) / 2000;
        assert_int_equal(json_integer_value(json_object_get(object, "n_epochs")), n);
        assert_in_range(n_kept, n / step, 2001);
        for (size_t i = 0; i + 1 < n_kept; i++) assert_true(number_at(object, "epoch", i) == (double)(1 + i * step));
        assert_true(number_at(object, "epoch", n_kept - 1) == (double)n);
        assert_int_equal(json_array_size(json_object_get(object, "spearman")), n_kept);
        json_decref(object);
        free(text);
    }
}

/* --- Faults ------------------------------------------------------------------------------------------------------- */

static void empty_logs_are_refused(void **state) {
    expect_fault("", PSH_ERR_EMPTY, "empty; expected a log of persihash train pdgan");
    expect_fault("\n \r\n\t\n", PSH_ERR_EMPTY, "empty");
    expect_fault(HEAD, PSH_ERR_EMPTY, "without an epoch");
    expect_fault(HEAD "\n\n", PSH_ERR_EMPTY, "without an epoch");
}

static void missing_columns_are_named(void **state) {
    expect_fault("epoch,loss\n1,2\n", PSH_ERR_FORMAT,
                 "line 1: no column is called 'similarity', 'codes', 'distinct', 'balance', 'spearman';");
    expect_fault("epoch,similarity,codes,distinct,balance\n", PSH_ERR_FORMAT, "'spearman';");
    expect_fault("birth,death\n0,1\n", PSH_ERR_FORMAT, "expected a log of persihash train pdgan");
    expect_fault("\x93NUMPY\n", PSH_ERR_FORMAT, "no column is called 'epoch'");
    expect_fault("epoch,similarity,epoch,codes,distinct,balance,spearman\n", PSH_ERR_FORMAT,
                 "two columns are called 'epoch'");
}

static void lines_that_do_not_fit_are_named(void **state) {
    expect_fault(HEAD FIRST "2,0.5\n", PSH_ERR_CORRUPT, "line 3 has 2 columns; expected 13");
    expect_fault(HEAD "\n1,0.63,0.3,0.007,1.7,0.77,1.36,200,188,30,0.154,0.008,1.5,9\n", PSH_ERR_CORRUPT,
                 "line 3 has 14 columns; expected 13");
    expect_fault(HEAD "1,big,0.3,0.007,1.7,0.77,1.36,200,188,30,0.154,0.008,1.5\n", PSH_ERR_CORRUPT,
                 "line 2: similarity is 'big'; expected a number");
    expect_fault(HEAD "1,0.63,0.3,0.007,1.7,0.77,1.36,200.5,188,30,0.154,0.008,1.5\n", PSH_ERR_CORRUPT,
                 "line 2: codes is '200.5'; expected an integer from 0");
    expect_fault(HEAD "-1,0.63,0.3,0.007,1.7,0.77,1.36,200,188,30,0.154,0.008,1.5\n", PSH_ERR_CORRUPT,
                 "line 2: epoch is '-1'");
    expect_fault(HEAD "nan,0.63,0.3,0.007,1.7,0.77,1.36,200,188,30,0.154,0.008,1.5\n", PSH_ERR_CORRUPT,
                 "epoch is 'nan'");
    expect_fault(HEAD ",0.63,0.3,0.007,1.7,0.77,1.36,200,188,30,0.154,0.008,1.5\n", PSH_ERR_CORRUPT, "epoch is ''");
    expect_fault(HEAD "1,0.63,0.3,0.007,1.7,0.77,1.36,188,200,30,0.154,0.008,1.5\n", PSH_ERR_CORRUPT,
                 "line 2: 200 distinct codes among 188");
    expect_fault(HEAD SECOND FIRST, PSH_ERR_CORRUPT, "line 3: epoch 1 after epoch 2; expected rising epochs");
    expect_fault(HEAD FIRST FIRST, PSH_ERR_CORRUPT, "line 3: epoch 1 after epoch 1");
}

/* A log that is cut off anywhere but behind a line is never taken for a whole one. */
static void every_truncation_is_found_out(void **state) {
    const char whole[] = HEAD FIRST SECOND;
    const size_t n_head = strlen(HEAD), n_first = n_head + strlen(FIRST);
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        psh_error err = {0};
        psh__training_log log;
        uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees one byte too many */
        memcpy(exact, whole, n);
        psh_status status = psh__training_log_parse(exact, n, &log, &err);
        free(exact);
        if (n == n_first) {
            assert_int_equal(status, PSH_OK);
            psh__training_log_free(&log);
            continue;
        }
        assert_int_equal(status, n == 0 || n == n_head ? PSH_ERR_EMPTY : PSH_ERR_CORRUPT);
        if (n > 0 && n != n_head) assert_non_null(strstr(err.text, "the log is cut off there"));
    }
}

static void a_file_is_named_in_its_errors(void **state) {
    const char *const path = "test_training_log.csv";
    psh_error err = {0};
    psh__training_log log;
    assert_int_equal(psh__training_log_read("no/such.csv", &log, &err), PSH_ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(err.text, "no/such.csv"));
    assert_int_equal(psh__file_replace(path, "epoch\n", 6, NULL), PSH_OK);
    assert_int_equal(psh__training_log_read(path, &log, &err), PSH_ERR_FORMAT);
    assert_non_null(strstr(err.text, "test_training_log.csv: line 1: no column"));
    assert_int_equal(psh__file_replace(path, HEAD FIRST, strlen(HEAD FIRST), NULL), PSH_OK);
    assert_int_equal(psh__training_log_read(path, &log, &err), PSH_OK);
    assert_int_equal(log.n_epochs, 1);
    psh__training_log_free(&log);
    unlink(path);
}

static void any_allocation_may_fail(void **state) {
    char text[4096] = HEAD;
    for (size_t i = 1; i <= 40; i++)
        sprintf(text + strlen(text), "%zu,0.6,0.3,0.007,1.7,0.8,1.4,200,188,30,0.15,0.008,1.5\n", i);
    unsigned long n = 1;
    for (;; n++) {
        psh_error err = {0};
        psh__training_log log;
        psh__alloc_fail_at(n);
        psh_status status = parse(text, &log, &err);
        psh__alloc_fail_at(0);
        if (status == PSH_OK) {
            assert_int_equal(log.n_epochs, 40);
            psh__training_log_free(&log);
            break;
        }
        assert_int_equal(status, PSH_ERR_MEMORY);
        assert_int_equal(log.n_epochs, 0);
    }
    assert_true(n > PSH__LOG_COLUMNS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_becomes_its_numbers),
        cmocka_unit_test(one_epoch_is_enough),
        cmocka_unit_test(columns_may_come_in_any_order_among_strangers),
        cmocka_unit_test(line_breaks_blanks_and_a_byte_order_mark_do_not_matter),
        cmocka_unit_test(undefined_values_become_null),
        cmocka_unit_test(long_logs_are_thinned_for_the_page_alone),
        cmocka_unit_test(empty_logs_are_refused),
        cmocka_unit_test(missing_columns_are_named),
        cmocka_unit_test(lines_that_do_not_fit_are_named),
        cmocka_unit_test(every_truncation_is_found_out),
        cmocka_unit_test(a_file_is_named_in_its_errors),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
