/* test_clusters.c : clusterings in memory and as .npz. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/file.h"
#include "persihash/cluster.h"

#define PATH "test_clusters.npz"

static const int64_t labels[4] = {0, 1, 0, 2};
static const double linkage[12] = {0, 2, 1, 2, 1, 3, 2, 2, 4, 5, 3, 4};
static const double wcss[3] = {9, 4, 0.5};
static const char *const names[4] = {"a", "", "caf\xc3\xa9", "dd"};

static psh_clusters *make(void) {
    psh_clusters *clusters;
    assert_int_equal(psh_clusters_create(labels, 4, linkage, wcss, 3, &clusters, NULL), PSH_OK);
    assert_int_equal(psh_clusters_set_names(clusters, names, NULL), PSH_OK);
    assert_int_equal(psh_meta_set_text(psh_clusters_meta(clusters), "linkage", "single"), PSH_OK);
    return clusters;
}

static void assert_is_made(const psh_clusters *clusters) {
    size_t k_max;
    assert_int_equal(psh_clusters_n_items(clusters), 4);
    assert_int_equal(psh_clusters_n_clusters(clusters), 3);
    assert_memory_equal(psh_clusters_labels(clusters), labels, sizeof labels);
    assert_memory_equal(psh_clusters_linkage(clusters), linkage, sizeof linkage);
    assert_memory_equal(psh_clusters_wcss(clusters, &k_max), wcss, sizeof wcss);
    assert_int_equal(k_max, 3);
    for (size_t i = 0; i < 4; i++) assert_string_equal(psh_clusters_name(clusters, i), names[i]);
    assert_string_equal(psh_meta_text(psh_clusters_meta_const(clusters), "linkage"), "single");
}

static void what_is_written_is_read(void **state) {
    (void)state;
    psh_clusters *clusters = make(), *again;
    assert_is_made(clusters);
    assert_int_equal(psh_clusters_write(clusters, PATH, NULL), PSH_OK);
    psh_clusters_free(clusters);
    assert_int_equal(psh_clusters_read(PATH, &again, NULL), PSH_OK);
    assert_is_made(again);
    psh_clusters_free(again);
    unlink(PATH);
}

static void optional_parts_may_be_absent(void **state) {
    (void)state;
    psh_clusters *clusters, *again;
    size_t k_max = 7;
    assert_int_equal(psh_clusters_create(labels, 4, NULL, NULL, 0, &clusters, NULL), PSH_OK);
    assert_int_equal(psh_clusters_write(clusters, PATH, NULL), PSH_OK);
    psh_clusters_free(clusters);
    assert_int_equal(psh_clusters_read(PATH, &again, NULL), PSH_OK);
    assert_null(psh_clusters_linkage(again));
    assert_null(psh_clusters_wcss(again, &k_max));
    assert_int_equal(k_max, 0);
    assert_string_equal(psh_clusters_name(again, 3), "");
    psh_clusters_free(again);
    psh_clusters_free(NULL);
    unlink(PATH);
}

static void one_item_has_an_empty_linkage(void **state) {
    (void)state;
    psh_clusters *clusters, *again;
    double nothing[1] = {0};
    assert_int_equal(psh_clusters_create(labels, 1, nothing, NULL, 0, &clusters, NULL), PSH_OK);
    assert_int_equal(psh_clusters_write(clusters, PATH, NULL), PSH_OK);
    psh_clusters_free(clusters);
    assert_int_equal(psh_clusters_read(PATH, &again, NULL), PSH_OK);
    assert_int_equal(psh_clusters_n_clusters(again), 1);
    psh_clusters_free(again);
    unlink(PATH);
}

static void bad_labels_are_refused(void **state) {
    (void)state;
    static const int64_t bad[3][4] = {{1, 0, 0, 0}, {0, 2, 1, 0}, {0, -1, 0, 0}};
    psh_clusters *clusters;
    psh_error err;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(psh_clusters_create(bad[i], 4, NULL, NULL, 0, &clusters, &err), PSH_ERR_DATA);
        assert_non_null(strstr(err.text, "first appearance"));
    }
    assert_int_equal(psh_clusters_create(labels, 0, NULL, NULL, 0, &clusters, &err), PSH_ERR_EMPTY);
    assert_int_equal(psh_clusters_create(labels, 4, NULL, wcss, 5, &clusters, &err), PSH_ERR_SHAPE);
    double broken[12];
    memcpy(broken, linkage, sizeof broken);
    broken[0] = 99;
    assert_int_equal(psh_clusters_create(labels, 4, broken, NULL, 0, &clusters, &err), PSH_ERR_DATA);
}

/* Files whose arrays do not fit together. */
static void bad_files_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *name, *descr;
        size_t shape[2], n_axes;
        psh_status expected;
    } cases[] = {
        {"labels", "<i8", {2, 2}, 2, PSH_ERR_SHAPE},  {"linkage", "<f8", {2, 6}, 2, PSH_ERR_SHAPE},
        {"linkage", "<f8", {2, 4}, 2, PSH_ERR_SHAPE}, {"linkage", "<f8", {12, 1}, 1, PSH_ERR_SHAPE},
        {"wcss", "<f8", {5, 1}, 1, PSH_ERR_SHAPE},    {"wcss", "<f8", {3, 1}, 2, PSH_ERR_SHAPE},
        {"linkage", "<f8", {3, 4}, 2, PSH_ERR_DATA},  {"names", "<U1", {3, 1}, 1, PSH_ERR_SHAPE},
        {"meta", "<U1", {1, 1}, 1, PSH_ERR_SHAPE},    {"meta", "<U1", {1, 1}, 0, PSH_ERR_CORRUPT},
    };
    static const double numbers[12];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        psh__npz_writer *npz;
        psh_clusters *clusters;
        psh_error err;
        size_t n = cases[i].n_axes == 0 ? 1 : cases[i].shape[0] * (cases[i].n_axes > 1 ? cases[i].shape[1] : 1),
               four = 4;
        assert_int_equal(psh__npz_create(PATH, false, &npz, NULL), PSH_OK);
        if (strcmp(cases[i].name, "labels") != 0)
            assert_int_equal(psh__npz_add(npz, "labels", "<i8", &four, 1, labels, sizeof labels, NULL), PSH_OK);
        assert_int_equal(psh__npz_add(npz, cases[i].name, cases[i].descr, cases[i].shape, cases[i].n_axes, numbers,
                                      n * (cases[i].descr[1] == 'U' ? 4 : 8), NULL),
                         PSH_OK);
        assert_int_equal(psh__npz_commit(npz, NULL), PSH_OK);
        assert_int_equal(psh_clusters_read(PATH, &clusters, &err), cases[i].expected);
        assert_non_null(strstr(err.text, PATH));
    }
    unlink(PATH);
}

static void missing_file_and_missing_labels_are_named(void **state) {
    (void)state;
    psh_clusters *clusters;
    psh__npz_writer *npz;
    psh_error err;
    size_t three = 3;
    assert_int_equal(psh_clusters_read("no_such_file.npz", &clusters, &err), PSH_ERR_FILE_NOT_FOUND);
    assert_int_equal(psh__npz_create(PATH, false, &npz, NULL), PSH_OK);
    assert_int_equal(psh__npz_add(npz, "wcss", "<f8", &three, 1, wcss, sizeof wcss, NULL), PSH_OK);
    assert_int_equal(psh__npz_commit(npz, NULL), PSH_OK);
    assert_int_equal(psh_clusters_read(PATH, &clusters, &err), PSH_ERR_SHAPE);
    assert_non_null(strstr(err.text, "labels"));
    unlink(PATH);
}

static void every_prefix_of_a_file_fails_cleanly(void **state) {
    (void)state;
    psh_clusters *clusters = make();
    psh__bytes bytes;
    assert_int_equal(psh_clusters_write(clusters, PATH, NULL), PSH_OK);
    psh_clusters_free(clusters);
    assert_int_equal(psh__bytes_read(PATH, &bytes, NULL), PSH_OK);
    for (size_t n = 0; n < bytes.n_bytes; n += 7) {
        FILE *file = fopen("test_clusters_prefix.npz", "wb");
        psh_error err;
        assert_non_null(file);
        assert_int_equal(fwrite(bytes.data, 1, n, file), n);
        fclose(file);
        psh_status status = psh_clusters_read("test_clusters_prefix.npz", &clusters, &err);
        assert_true(status == PSH_ERR_FORMAT || status == PSH_ERR_CORRUPT);
    }
    psh__bytes_free(&bytes);
    unlink(PATH), unlink("test_clusters_prefix.npz");
}

static void each_failed_allocation_is_reported(void **state) {
    (void)state;
    psh_clusters *clusters = make();
    assert_int_equal(psh_clusters_write(clusters, PATH, NULL), PSH_OK);
    psh_clusters_free(clusters);
    for (int step = 0; step < 3; step++) {
        psh_status status = PSH_ERR_MEMORY;
        for (unsigned long n = 1; status != PSH_OK; n++) {
            clusters = step == 2 ? make() : NULL;
            psh__alloc_fail_at(n);
            status = step == 0   ? psh_clusters_create(labels, 4, linkage, wcss, 3, &clusters, NULL)
                     : step == 1 ? psh_clusters_read(PATH, &clusters, NULL)
                                 : psh_clusters_set_names(clusters, names, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            if (status == PSH_OK || step == 2) psh_clusters_free(clusters);
            assert_true(n < 200);
        }
    }
    unlink(PATH);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(optional_parts_may_be_absent),
        cmocka_unit_test(one_item_has_an_empty_linkage),
        cmocka_unit_test(bad_labels_are_refused),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(missing_file_and_missing_labels_are_named),
        cmocka_unit_test(every_prefix_of_a_file_fails_cleanly),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
