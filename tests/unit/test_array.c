/* test_array.c : .npy and .npz: what NumPy writes is read, what is hostile or cut off is refused. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/array.h"

/* A version 1 .npy of `header` and data in `block`, parsed. */
static psh_status parse_text(const char *header, const void *data, size_t n_bytes, psh__array *dst,
                             uint8_t block[512]) {
    size_t n_header = strlen(header);
    memcpy(block, "\x93NUMPY\x01\x00", 8);
    block[8] = (uint8_t)n_header, block[9] = 0;
    memcpy(block + 10, header, n_header);
    if (n_bytes) memcpy(block + 10 + n_header, data, n_bytes);
    return psh__npy_parse(block, 10 + n_header + n_bytes, "x", dst, NULL);
}

static void headers_come_in_any_order_spacing_and_byte_order(void **state) {
    uint8_t block[512];
    psh__array array;
    double *values;
    const uint8_t big_endian[] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6};
    const char *turned = "{ \"shape\" :(2 , 3),'fortran_order': True , 'descr':'>u2'}\n";
    assert_int_equal(parse_text(turned, big_endian, 12, &array, block), PSH_OK);
    assert_int_equal(array.n_items, 6);
    assert_int_equal(psh__array_to_f64(&array, "x", &values, NULL), PSH_OK);
    const double expected[] = {1, 3, 5, 2, 4, 6};
    assert_memory_equal(values, expected, sizeof expected);
    psh__free(values);
    psh__array_free(&array);
    const uint16_t halves[] = {0x3c00, 0xc000, 0x7c00, 0x0001};
    const char *half = "{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }";
    assert_int_equal(parse_text(half, halves, 8, &array, block), PSH_OK);
    assert_int_equal(psh__array_to_f64(&array, "x", &values, NULL), PSH_OK);
    assert_true(values[0] == 1 && values[1] == -2 && isinf(values[2]) && values[3] == 0x1p-24);
    psh__free(values);
}

static void hostile_headers_are_refused(void **state) {
    uint8_t block[512];
    psh__array array;
#define REST(shape) "'fortran_order': False, 'shape': " shape ", }"
    const struct {
        const char *header;
        psh_status status;
    } cases[] = {
        {"{'descr': '<f8', " REST("(1000000000000000000,)"), PSH_ERR_CORRUPT},
        {"{'descr': '<f8', " REST("(4294967296, 4294967296, 4294967296)"), PSH_ERR_CORRUPT},
        {"{'descr': '<f8', " REST("(99999999999999999999999,)"), PSH_ERR_CORRUPT},
        {"{'descr': '<f8', " REST("(1,1,1,1,1,1,1,1,1)"), PSH_ERR_CORRUPT},
        {"{'descr': '<f8', " REST("(-1,)"), PSH_ERR_CORRUPT},
        {"{'descr': '|O', " REST("(0,)"), PSH_ERR_UNSUPPORTED},
        {"{'descr': '<c16', " REST("(0,)"), PSH_ERR_UNSUPPORTED},
        {"{'descr': '<f3', " REST("(0,)"), PSH_ERR_UNSUPPORTED},
        {"{'descr': '<U99999999', " REST("(0, 0)"), PSH_ERR_UNSUPPORTED},
        {"{'descr': [('a', '<f8')], " REST("(0,)"), PSH_ERR_CORRUPT},
        {"{" REST("(0,)"), PSH_ERR_CORRUPT},
        {"", PSH_ERR_CORRUPT},
        {"{'descr': '<f8", PSH_ERR_CORRUPT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(parse_text(cases[i].header, NULL, 0, &array, block), cases[i].status);
}

static void int64_conversion_refuses_fractions(void **state) {
    uint8_t block[512];
    psh__array array;
    int64_t *values;
    const double good[] = {3, -4}, bad[] = {3, 0.5};
    const char *header = "{'descr': '<f8', " REST("(2,)");
    assert_int_equal(parse_text(header, good, 16, &array, block), PSH_OK);
    assert_int_equal(psh__array_to_i64(&array, "x", &values, NULL), PSH_OK);
    assert_int_equal(values[1], -4);
    psh__free(values);
    assert_int_equal(parse_text(header, bad, 16, &array, block), PSH_OK);
    assert_int_equal(psh__array_to_i64(&array, "x", &values, NULL), PSH_ERR_DATA);
}

static void write_sample(const char *path, bool compress) {
    psh__npz_writer *writer;
    const char *texts[] = {"a", "gr\xc3\xbc\xc3\x9f", "\xf0\x9f\x98\x80"}, *json = "{\"k\": 1}";
    double points[600];
    const size_t shape[] = {300, 2};
    for (int i = 0; i < 600; i++) points[i] = i / 7;
    assert_int_equal(psh__npz_create(path, compress, &writer, NULL), PSH_OK);
    assert_int_equal(psh__npz_add(writer, "points", "<f8", shape, 2, points, sizeof points, NULL), PSH_OK);
    assert_int_equal(psh__npz_add_texts(writer, "names", texts, 3, false, NULL), PSH_OK);
    assert_int_equal(psh__npz_add_texts(writer, "meta", &json, 1, true, NULL), PSH_OK);
    assert_int_equal(psh__npz_commit(writer, NULL), PSH_OK);
}

static void npz_round_trips_plain_and_deflated(void **state) {
    const char *path = "test_array_round.npz";
    for (int compress = 0; compress < 2; compress++) {
        psh__npz *npz;
        psh__array points, names, meta;
        psh_error err;
        char **texts;
        double last;
        write_sample(path, compress);
        assert_int_equal(psh__npz_open(path, &npz, &err), PSH_OK);
        assert_int_equal(psh__npz_read(npz, "points", &points, &err), PSH_OK);
        assert_int_equal(points.shape[0], 300);
        assert_true((points.owned == NULL) == !compress); /* stored plain: borrowed from the mapping */
        memcpy(&last, (const char *)points.data + 599 * 8, 8);
        assert_true(last == 85);
        assert_int_equal(psh__npz_read(npz, "names", &names, &err), PSH_OK);
        assert_int_equal(psh__array_to_texts(&names, "names", &texts, &err), PSH_OK);
        assert_string_equal(texts[1], "gr\xc3\xbc\xc3\x9f");
        assert_string_equal(texts[2], "\xf0\x9f\x98\x80");
        psh__free(texts);
        assert_int_equal(psh__npz_read(npz, "meta", &meta, &err), PSH_OK);
        assert_int_equal(meta.n_axes, 0);
        psh__array_free(&points), psh__array_free(&names), psh__array_free(&meta);
        assert_int_equal(psh__npz_read(npz, "absent", &meta, &err), PSH_ERR_SHAPE);
        assert_non_null(strstr(err.text, "points.npy")); /* the text lists what there is */
        psh__npz_free(npz);
        unlink(path);
    }
}

/* Each header of an archive, of a member or of the list at its end, holds a time: 0:00 on 1 January 1980, always. */
static void npz_bytes_do_not_depend_on_the_time(void **state) {
    const char *path = "test_array_time.npz";
    const uint8_t midnight[4] = {0, 0, 0x21, 0};
    psh__bytes bytes;
    size_t n_headers = 0;
    write_sample(path, true);
    assert_int_equal(psh__bytes_read(path, &bytes, NULL), PSH_OK);
    for (size_t i = 0; i + 30 < bytes.n_bytes; i++) {
        bool is_member = !memcmp(bytes.data + i, "PK\3\4", 4), is_list = !memcmp(bytes.data + i, "PK\1\2", 4);
        if (!is_member && !is_list) continue;
        assert_memory_equal(bytes.data + i + (is_member ? 10 : 12), midnight, 4);
        n_headers++;
    }
    assert_true(n_headers >= 2 && n_headers % 2 == 0);
    psh__bytes_free(&bytes);
    unlink(path);
}

static void every_prefix_of_an_npz_fails_cleanly(void **state) {
    const char *whole = "test_array_whole.npz", *part = "test_array_part.npz";
    for (int compress = 0; compress < 2; compress++) {
        psh__bytes bytes;
        write_sample(whole, compress);
        assert_int_equal(psh__bytes_read(whole, &bytes, NULL), PSH_OK);
        for (size_t n = 0; n < bytes.n_bytes; n += n < 64 || n + 400 > bytes.n_bytes ? 1 : 7) {
            psh__npz *npz;
            psh__array array;
            psh_error err;
            assert_int_equal(psh__file_replace(part, bytes.data, n, NULL), PSH_OK);
            psh_status status = psh__npz_open(part, &npz, &err);
            if (status == PSH_OK) {
                status = psh__npz_read(npz, "points", &array, &err);
                psh__npz_free(npz);
            }
            assert_true(status == PSH_ERR_CORRUPT || status == PSH_ERR_FORMAT);
            assert_true(err.text[0]);
        }
        psh__bytes_free(&bytes);
        unlink(whole), unlink(part);
    }
}

/* Pieces of every size, empty ones too, and texts one by one, give the bytes of the whole. */
static void npz_members_in_pieces_are_those_at_once(void **state) {
    enum { N = 70000 };
    const char *paths[] = {"test_array_whole.npz", "test_array_pieces.npz"}, *texts[] = {"a", "gr\xc3\xbc\xc3\x9f", ""};
    static int32_t numbers[N];
    psh__npz_writer *npz;
    psh__bytes bytes[2];
    for (int i = 0; i < N; i++) numbers[i] = i * 7919;
    for (int compress = 0; compress < 2; compress++) {
        assert_int_equal(psh__npz_create(paths[0], compress, &npz, NULL), PSH_OK);
        assert_int_equal(psh__npz_add(npz, "n", "<i4", (size_t[]){N}, 1, numbers, sizeof numbers, NULL), PSH_OK);
        assert_int_equal(psh__npz_add_texts(npz, "names", texts, 3, false, NULL), PSH_OK);
        assert_int_equal(psh__npz_commit(npz, NULL), PSH_OK);

        assert_int_equal(psh__npz_create(paths[1], compress, &npz, NULL), PSH_OK);
        assert_int_equal(psh__npz_begin(npz, "n", "<i4", (size_t[]){N}, 1, NULL), PSH_OK);
        for (size_t at = 0, n = 0; at < sizeof numbers; at += n, n = 3 * n + 1) {
            if (n > sizeof numbers - at) n = sizeof numbers - at;
            assert_int_equal(psh__npz_push(npz, (const char *)numbers + at, n, NULL), PSH_OK);
        }
        assert_int_equal(psh__npz_end(npz, NULL), PSH_OK);
        assert_int_equal(psh__npz_text_width(texts[1]), 4);
        assert_int_equal(psh__npz_begin_texts(npz, "names", (size_t[]){3}, 1, 4, NULL), PSH_OK);
        for (int i = 0; i < 3; i++) assert_int_equal(psh__npz_push_text(npz, texts[i], 4, NULL), PSH_OK);
        assert_int_equal(psh__npz_end(npz, NULL), PSH_OK);
        assert_int_equal(psh__npz_commit(npz, NULL), PSH_OK);

        for (int i = 0; i < 2; i++) assert_int_equal(psh__bytes_read(paths[i], &bytes[i], NULL), PSH_OK);
        assert_int_equal(bytes[0].n_bytes, bytes[1].n_bytes);
        assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].n_bytes);
        for (int i = 0; i < 2; i++) psh__bytes_free(&bytes[i]), unlink(paths[i]);
    }
}

/* A limit on the size of files is a disk that is full after so many bytes. */
static void npz_writing_to_a_full_disk_fails_and_leaves_the_old_file(void **state) {
    const char *path = "test_array_full.npz";
    static const double points[4000];
    struct rlimit old, limit;
    psh__bytes bytes;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(psh__file_replace(path, "old", 3, NULL), PSH_OK);
    for (rlim_t most = 0; most < sizeof points; most += 6000) {
        psh__npz_writer *npz;
        psh_error err = {0};
        limit = (struct rlimit){.rlim_cur = most, .rlim_max = old.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
        psh_status status = psh__npz_create(path, false, &npz, &err);
        assert_int_equal(status, PSH_OK);
        status = psh__npz_add(npz, "points", "<f8", (size_t[]){2000, 2}, 2, points, sizeof points, &err);
        if (status == PSH_OK)
            status = psh__npz_commit(npz, &err);
        else
            psh__npz_abort(npz);
        setrlimit(RLIMIT_FSIZE, &old);
        assert_int_equal(status, PSH_ERR_FILE_WRITE);
        assert_non_null(strstr(err.text, path));
        assert_int_equal(psh__bytes_read(path, &bytes, NULL), PSH_OK);
        assert_int_equal(bytes.n_bytes, 3);
        psh__bytes_free(&bytes);
    }
    signal(SIGXFSZ, SIG_DFL);
    unlink(path);
}

static void npz_writing_survives_failing_allocations(void **state) {
    const char *path = "test_array_memory.npz";
    const double points[2] = {1, 2};
    const size_t shape[2] = {1, 2};
    for (unsigned long n = 1;; n++) {
        psh__npz_writer *writer;
        psh__alloc_fail_at(n);
        psh_status status = psh__npz_create(path, true, &writer, NULL);
        if (status == PSH_OK) {
            status = psh__npz_add(writer, "points", "<f8", shape, 2, points, sizeof points, NULL);
            if (status == PSH_OK)
                status = psh__npz_commit(writer, NULL);
            else
                psh__npz_abort(writer);
        }
        psh__alloc_fail_at(0);
        if (status == PSH_OK) break;
        assert_int_equal(status, PSH_ERR_MEMORY);
        assert_int_equal(access(path, F_OK), -1); /* nothing half-written */
        assert_true(n < 100);
    }
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_come_in_any_order_spacing_and_byte_order),
        cmocka_unit_test(hostile_headers_are_refused),
        cmocka_unit_test(int64_conversion_refuses_fractions),
        cmocka_unit_test(npz_round_trips_plain_and_deflated),
        cmocka_unit_test(npz_bytes_do_not_depend_on_the_time),
        cmocka_unit_test(every_prefix_of_an_npz_fails_cleanly),
        cmocka_unit_test(npz_members_in_pieces_are_those_at_once),
        cmocka_unit_test(npz_writing_to_a_full_disk_fails_and_leaves_the_old_file),
        cmocka_unit_test(npz_writing_survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
