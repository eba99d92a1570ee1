/* reader_checks.h : what the tests of one image reader share. Inputs are copied to blocks of exactly their size, so
 * that a sanitizer sees a read of one byte too many. */
#ifndef PSH_TESTS_READER_CHECKS_H
#define PSH_TESTS_READER_CHECKS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "input/image.h"

typedef psh_status reader(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);

typedef struct bytes {
    uint8_t *data;
    size_t n_bytes;
} bytes;

static inline bytes copy_of(const void *data, size_t n_bytes) {
    bytes b = {malloc(n_bytes ? n_bytes : 1), n_bytes};
    assert_non_null(b.data);
    if (n_bytes) memcpy(b.data, data, n_bytes);
    return b;
}

/* The image in good bytes. */
static inline psh_image *read_good(reader *read, const void *data, size_t n_bytes) {
    psh_image *image = NULL;
    psh_error err = {0};
    bytes exact = copy_of(data, n_bytes);
    psh_status status = read(exact.data, exact.n_bytes, &image, &err);
    free(exact.data);
    if (status != PSH_OK) fail_msg("%s", err.text);
    return image;
}

/* What is said of bad bytes: `status`, and a text that has `part` in it. */
static inline void assert_bad(reader *read, const void *data, size_t n_bytes, psh_status expected, const char *part) {
    psh_image *image = NULL;
    psh_error err = {0};
    bytes exact = copy_of(data, n_bytes);
    psh_status status = read(exact.data, exact.n_bytes, &image, &err);
    free(exact.data);
    if (status != expected || !strstr(err.text, part))
        fail_msg("answered %s: '%s'; expected %s: '%s'", psh_status_name(status), err.text, psh_status_name(expected),
                 part);
    assert_null(image);
}

/* Every shorter file is refused as damaged, cleanly. */
static inline void assert_every_prefix_fails(reader *read, const uint8_t *data, size_t n_bytes) {
    for (size_t n = 0; n < n_bytes; n++) {
        psh_image *image = NULL;
        psh_error err = {0};
        bytes exact = copy_of(data, n);
        psh_status status = read(exact.data, n, &image, &err);
        free(exact.data);
        if (status != PSH_ERR_CORRUPT) fail_msg("the first %zu bytes: %s: %s", n, psh_status_name(status), err.text);
        assert_null(image);
        assert_true(err.text[0] != 0);
    }
}

static inline void assert_any_allocation_may_fail(reader *read, const uint8_t *data, size_t n_bytes) {
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh_image *image = NULL;
        psh_error err = {0};
        psh__alloc_fail_at(n);
        status = read(data, n_bytes, &image, &err);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK ? image != NULL : status == PSH_ERR_MEMORY && !image);
        assert_true(n < 1000);
        psh_image_free(image);
    }
}

static inline void assert_shape(const psh_image *image, psh_dtype dtype, size_t depth, size_t height, size_t width) {
    assert_int_equal(image->dtype, dtype);
    assert_int_equal(image->shape[0], depth);
    assert_int_equal(image->shape[1], height);
    assert_int_equal(image->shape[2], width);
}

static inline double pixel(const psh_image *image, size_t i) {
    double value;
    psh__image_widen(image, i, 1, &value);
    return value;
}

#endif
