/* item_scratch.h : bytes as a file of one format, for tests of readers: in a block of exactly their size, so that a
 * sanitizer sees a read of one byte too many. Include after cmocka.h. */
#ifndef PSH_TEST_ITEM_SCRATCH_H
#define PSH_TEST_ITEM_SCRATCH_H

#include <string.h>

#include "base/alloc.h"
#include "input/readers.h"
#include "input/shape.h"

#define assert_text(error, part)                                                                                       \
    do {                                                                                                               \
        if (!strstr((error).text, part)) print_error("found: %s\n", (error).text);                                     \
        assert_non_null(strstr((error).text, part));                                                                   \
    } while (0)

/* The functions of one row of the table. */
typedef struct reader {
    psh__open *open; /* or NULL */
    psh__read_item *read;
    psh__close *close; /* or NULL */
} reader;

/* One item as the dispatcher would read it, but for what it does afterwards. */
static psh_status read_item(const reader *format, const psh_input_params *params, const void *data, size_t n_bytes,
                            size_t i_item, psh_item *dst, psh_error *err) {
    psh_input_params defaults = PSH_PARAMS(psh_input_params);
    uint8_t *copy = psh__malloc(n_bytes, 1); /* archives take it over */
    *dst = (psh_item){0};
    if (!copy) return PSH_ERR_MEMORY;
    if (n_bytes) memcpy(copy, data, n_bytes);
    psh__loaded file = {.content = {.inflated = copy, .data = copy, .n_bytes = n_bytes},
                        .params = params ? params : &defaults,
                        .n_items = 1};
    psh_status status = format->open ? format->open(&file, err) : PSH_OK;
    if (status == PSH_OK) {
        status = format->read(&file, i_item, dst, err);
        if (format->close) format->close(&file);
    }
    psh__content_free(&file.content);
    psh__free(file.labels);
    if (status != PSH_OK) {
        assert_true(!dst->image && !dst->cloud && !dst->matrix && !dst->mesh);
        *dst = (psh_item){0};
    }
    return status;
}

static psh_item read_good(const reader *format, const psh_input_params *params, const void *data, size_t n_bytes) {
    psh_item item;
    psh_error err = {0};
    if (read_item(format, params, data, n_bytes, 0, &item, &err) != PSH_OK) print_error("%s\n", err.text);
    assert_int_equal(err.status, PSH_OK);
    return item;
}

static void assert_bad(const reader *format, const psh_input_params *params, const void *data, size_t n_bytes,
                       psh_status expected, const char *part) {
    psh_item item;
    psh_error err = {0};
    psh_status status = read_item(format, params, data, n_bytes, 0, &item, &err);
    if (status != expected) print_error("found: %s\n", err.text);
    assert_int_equal(status, expected);
    assert_int_equal(err.status, expected);
    assert_text(err, part);
}

/* Text may be cut in the middle of its last number, and still be whole; `n_good` prefixes, at most, are read. */
static void assert_prefixes_fail(const reader *format, const psh_input_params *params, const void *data, size_t n_bytes,
                                 size_t n_good) {
    size_t n_read = 0;
    for (size_t n = 0; n < n_bytes; n++) {
        psh_item item;
        psh_error err = {0};
        psh_status status = read_item(format, params, data, n, 0, &item, &err);
        assert_true(err.status == status && (status == PSH_OK) == (err.text[0] == 0));
        n_read += status == PSH_OK;
        psh_item_free(&item);
    }
    if (n_read > n_good) print_error("%zu prefixes of %zu bytes were read\n", n_read, n_bytes);
    assert_true(n_read <= n_good);
}

static void assert_any_allocation_may_fail(const reader *format, const psh_input_params *params, const void *data,
                                           size_t n_bytes) {
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh_item item;
        psh__alloc_fail_at(n);
        status = read_item(format, params, data, n_bytes, 0, &item, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
        assert_true(n < 10000);
        psh_item_free(&item);
    }
}

#endif
