/* test_homology.c : the one door to every complex: each kind goes where it belongs, and what a complex does not read is
 * refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "persihash/homology.h"

/* One item of each kind. */
static psh_item image_item(void) {
    static const uint8_t pixels[] = {1, 5, 2, 7, 9, 6, 3, 8, 4};
    psh_item item = {.kind = PSH_ITEM_IMAGE};
    assert_int_equal(psh_image_create(PSH_U8, (size_t[]){1, 3, 3}, pixels, &item.image, NULL), PSH_OK);
    return item;
}

static psh_item cloud_item(void) {
    psh_item item = {.kind = PSH_ITEM_CLOUD};
    assert_int_equal(psh_cloud_create((double[]){0, 0, 3, 4, 10, 4}, 3, 2, &item.cloud, NULL), PSH_OK);
    return item;
}

static psh_item matrix_item(void) {
    psh_item item = {.kind = PSH_ITEM_MATRIX};
    assert_int_equal(psh_matrix_create_dense((double[]){5, 11, 7}, 3, &item.matrix, NULL), PSH_OK);
    return item;
}

static psh_item mesh_item(void) {
    psh_item item = {.kind = PSH_ITEM_MESH};
    assert_int_equal(psh_mesh_create((double[]){0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0}, 4, (uint32_t[]){0, 1, 2, 1, 2, 3},
                                     2, (double[]){1, 6, 7, 2}, &item.mesh, NULL),
                     PSH_OK);
    return item;
}

static psh_item (*const items[])(void) = {image_item, cloud_item, matrix_item, mesh_item};
static const psh_item_kind kinds[] = {PSH_ITEM_IMAGE, PSH_ITEM_CLOUD, PSH_ITEM_MATRIX, PSH_ITEM_MESH};

static psh_status check(psh_item_kind kind, psh_homology_params params, const char *text) {
    psh_error err = {0};
    psh_status status = psh_homology_check(kind, &params, NULL, &err);
    if (status != PSH_OK && text) assert_non_null(strstr(err.text, text));
    return status;
}

/* The intervals of H0, by hand: minima 1, 2, 3, 4 of the image (vertex construction) joined at 5, 6, 8; points of the
 * cloud joined at 5 and 7, as those of the matrix; minima 1 and 2 of the mesh joined at 6. */
static void each_kind_goes_to_its_complex(void **state) {
    static const struct {
        size_t n;
        double births[4], deaths[4];
    } expected[] = {{4, {1, 2, 3, 4}, {INFINITY, 5, 7, 6}},
                    {3, {0, 0, 0}, {5, 7, INFINITY}},
                    {3, {0, 0, 0}, {5, 7, INFINITY}},
                    {2, {1, 2}, {INFINITY, 6}}};
    static const psh_complex complexes[] = {PSH_COMPLEX_CUBICAL, PSH_COMPLEX_RIPS, PSH_COMPLEX_RIPS,
                                            PSH_COMPLEX_LOWER_STAR};
    psh_homology *homology = NULL;
    assert_int_equal(psh_homology_create(&homology, NULL), PSH_OK);
    for (int round = 0; round < 2; round++) /* one working memory for all of them, in turn */
        for (int i = 0; i < 4; i++) {
            psh_homology_params params = PSH_PARAMS(psh_homology_params);
            psh_error err = {0};
            psh_item item = items[i]();
            psh_complex complex = PSH_COMPLEX_AUTO;
            const psh_interval *found;
            size_t n_found, n_essential;
            params.essential = PSH_ESSENTIAL_KEEP, params.dims_mask = 1;
            if (i == 0) params.construction = PSH_CONSTRUCTION_V;
            assert_int_equal(psh_homology_check(kinds[i], &params, &complex, NULL), PSH_OK);
            assert_int_equal(complex, complexes[i]);
            if (psh_homology_compute(homology, &item, &params, &found, &n_found, &n_essential, &err) != PSH_OK)
                fail_msg("%s", err.text);
            assert_int_equal(n_found, expected[i].n);
            assert_int_equal(n_essential, 0);
            for (size_t k = 0; k < n_found; k++) {
                assert_int_equal(found[k].dim, 0);
                assert_true(found[k].birth == expected[i].births[k] && found[k].death == expected[i].deaths[k]);
            }
            psh_item_free(&item);
        }
    psh_homology_free(homology);
    psh_homology_free(NULL);
}

static void an_image_may_become_a_lower_star_complex_too(void **state) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    psh_homology *homology = NULL;
    psh_complex complex;
    psh_item item = image_item();
    const psh_interval *found;
    size_t n_found, n_essential;
    params.complex = PSH_COMPLEX_LOWER_STAR, params.filtration = PSH_SUPERLEVEL;
    assert_int_equal(psh_homology_check(PSH_ITEM_IMAGE, &params, &complex, NULL), PSH_OK);
    assert_int_equal(complex, PSH_COMPLEX_LOWER_STAR);
    assert_int_equal(psh_homology_create(&homology, NULL), PSH_OK);
    assert_int_equal(psh_homology_compute(homology, &item, &params, &found, &n_found, &n_essential, NULL), PSH_OK);
    assert_int_equal(n_essential, 1);
    psh_homology_free(homology);
    psh_item_free(&item);
}

static void complexes_that_do_not_fit_are_refused(void **state) {
    static const bool fits[4][4] = {/* auto, cubical, rips, lower star */
                                    {true, true, false, true},
                                    {true, false, true, false},
                                    {true, false, true, false},
                                    {true, false, false, true}};
    for (int i = 0; i < 4; i++)
        for (int complex = 0; complex < 4; complex++) {
            psh_homology_params params = PSH_PARAMS(psh_homology_params);
            params.complex = (psh_complex)complex;
            assert_int_equal(check(kinds[i], params, psh_complex_name(params.complex)),
                             fits[i][complex] ? PSH_OK : PSH_ERR_PARAMETER);
        }
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.complex = (psh_complex)4;
    assert_int_equal(check(PSH_ITEM_IMAGE, params, "complex is 4"), PSH_ERR_PARAMETER);
    params.complex = (psh_complex)-1;
    assert_int_equal(check(PSH_ITEM_IMAGE, params, "complex is -1"), PSH_ERR_PARAMETER);
}

static void members_that_a_complex_does_not_read_are_refused(void **state) {
    const psh_homology_params none = PSH_PARAMS(psh_homology_params);
    psh_homology_params v = none, periodic = none, super = none, threshold = none, metric = none, bytes = none;
    v.construction = PSH_CONSTRUCTION_V, periodic.is_periodic = true, super.filtration = PSH_SUPERLEVEL;
    threshold.threshold = 1, metric.metric = PSH_POINT_COSINE, bytes.max_bytes = 1;
    const struct {
        psh_homology_params params;
        const char *text;
        bool fits[4]; /* image, cloud, matrix, mesh */
    } cases[] = {{none, "", {true, true, true, true}},
                 {v, "construction", {true, false, false, false}},
                 {periodic, "periodic", {true, false, false, false}},
                 {super, "superlevel", {true, false, false, true}},
                 {threshold, "threshold", {false, true, true, false}},
                 {metric, "metric", {false, true, false, false}},
                 {bytes, "memory", {false, true, true, false}}};
    psh_homology *homology = NULL;
    assert_int_equal(psh_homology_create(&homology, NULL), PSH_OK);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int i = 0; i < 4; i++) {
            psh_status expected = cases[c].fits[i] ? PSH_OK : PSH_ERR_PARAMETER;
            const psh_interval *found;
            size_t n_found;
            psh_item item = items[i]();
            assert_int_equal(check(kinds[i], cases[c].params, cases[c].text), expected);
            if (expected != PSH_OK)
                assert_int_equal(psh_homology_compute(homology, &item, &cases[c].params, &found, &n_found, NULL, NULL),
                                 expected);
            psh_item_free(&item);
        }
    psh_homology_free(homology);
}

static void each_failed_allocation_is_reported(void **state) {
    for (int i = 0; i < 4; i++) {
        psh_item item = items[i]();
        psh_status status = PSH_ERR_MEMORY;
        unsigned long n = 1;
        for (; status != PSH_OK; n++) {
            psh_homology *homology = NULL;
            const psh_interval *found;
            size_t n_found;
            psh__alloc_fail_at(n);
            status = psh_homology_create(&homology, NULL);
            if (status == PSH_OK) status = psh_homology_compute(homology, &item, NULL, &found, &n_found, NULL, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            psh_homology_free(homology);
        }
        assert_true(n > 3);
        psh_item_free(&item);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_goes_to_its_complex),
        cmocka_unit_test(an_image_may_become_a_lower_star_complex_too),
        cmocka_unit_test(complexes_that_do_not_fit_are_refused),
        cmocka_unit_test(members_that_a_complex_does_not_read_are_refused),
        cmocka_unit_test(each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
