/* test_image.c : creating, smoothing and scaling grids of values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "image_twin.h"
#include "input/image.h"

#define assert_text(error, part) assert_non_null(strstr((error).text, part))

static psh_image *make(psh_dtype dtype, size_t d, size_t h, size_t w, const void *pixels) {
    psh_image *image = NULL;
    psh_error err;
    assert_int_equal(psh_image_create(dtype, (size_t[]){d, h, w}, pixels, &image, &err), PSH_OK);
    return image;
}

/* Random values of a type, over its whole range (floats: -1000 to 1000). */
static psh_image *make_random(psh_dtype dtype, const size_t shape[3], uint64_t seed) {
    psh_image *image = NULL;
    psh__random rng;
    assert_int_equal(psh__image_new(dtype, shape, &image, NULL), PSH_OK);
    psh__random_init(&rng, seed, 0);
    for (size_t i = 0; i < image->n_pixels; i++) {
        uint64_t bits = psh__random_u64(&rng);
        double value = 2000 * psh__random_unit(&rng) - 1000;
        switch (dtype) {
        case PSH_U8:
            ((uint8_t *)image->pixels)[i] = (uint8_t)bits;
            break;
        case PSH_U16:
            ((uint16_t *)image->pixels)[i] = (uint16_t)bits;
            break;
        case PSH_F32:
            ((float *)image->pixels)[i] = (float)value;
            break;
        case PSH_F64:
            ((double *)image->pixels)[i] = value;
        }
    }
    return image;
}

static double *widen(const psh_image *image) {
    double *values = malloc(image->n_pixels * sizeof *values);
    assert_non_null(values);
    psh__image_widen(image, 0, image->n_pixels, values);
    return values;
}

/* Each pixel of `image` must be the twin's value, rounded as its type demands; a hair's breadth for doubles. */
static void assert_rounded(const psh_image *image, const double *expected) {
    double *found = widen(image);
    for (size_t i = 0; i < image->n_pixels; i++) {
        double slack = image->dtype <= PSH_U16 ? 0.5 + 1e-9 : image->dtype == PSH_F32 ? 1e-4 : 1e-10;
        assert_true(fabs(found[i] - expected[i]) <= slack);
    }
    free(found);
}

/* --- create ---------------------------------------------------------------------------------------------------------
 */

static void test_create_copies_pixels(void **state) {
    uint16_t pixels[6] = {1, 2, 3, 4, 5, 65535};
    psh_image *image = make(PSH_U16, 1, 2, 3, pixels);
    size_t shape[3];
    pixels[0] = 9;
    psh_image_shape(image, shape);
    assert_int_equal(psh_image_dtype(image), PSH_U16);
    assert_true(shape[0] == 1 && shape[1] == 2 && shape[2] == 3);
    assert_int_equal(((const uint16_t *)psh_image_pixels(image))[0], 1);
    assert_int_equal(((const uint16_t *)psh_image_pixels(image))[5], 65535);
    psh_image_free(image);
    psh_image_free(NULL);
}

static void test_create_refuses_zero_sides_and_too_many_pixels(void **state) {
    static const size_t empty[][3] = {{0, 1, 1}, {1, 0, 5}, {1, 5, 0}, {0, 0, 0}};
    static const size_t large[][3] = {{1, 65536, 65536},
                                      {1, (size_t)1 << 33, (size_t)1 << 33},
                                      {SIZE_MAX, SIZE_MAX, SIZE_MAX},
                                      {2, 1, (size_t)1 << 31}};
    psh_image *image = NULL;
    psh_error err;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(psh_image_create(PSH_U8, empty[i], "", &image, &err), PSH_ERR_SHAPE);
        assert_text(err, "is empty");
        assert_int_equal(psh_image_create(PSH_U8, large[i], "", &image, &err), PSH_ERR_SHAPE);
        assert_text(err, "2^31");
    }
    assert_null(image);
}

static void test_create_names_the_first_value_that_is_not_finite(void **state) {
    double pixels[12] = {0};
    float singles[3000] = {0};
    psh_image *image = NULL;
    psh_error err;
    pixels[7] = NAN, pixels[9] = INFINITY;
    assert_int_equal(psh_image_create(PSH_F64, (size_t[]){1, 3, 4}, pixels, &image, &err), PSH_ERR_NOT_FINITE);
    assert_text(err, "NaN at row 1, column 3");
    assert_int_equal(psh_image_create(PSH_F64, (size_t[]){3, 2, 2}, pixels, &image, &err), PSH_ERR_NOT_FINITE);
    assert_text(err, "NaN at slice 1, row 1, column 1");
    pixels[7] = 0;
    assert_int_equal(psh_image_create(PSH_F64, (size_t[]){1, 3, 4}, pixels, &image, &err), PSH_ERR_NOT_FINITE);
    assert_text(err, "infinite at row 2, column 1");
    singles[2999] = -INFINITY;
    assert_int_equal(psh_image_create(PSH_F32, (size_t[]){1, 30, 100}, singles, &image, &err), PSH_ERR_NOT_FINITE);
    assert_text(err, "infinite at row 29, column 99");
    singles[2999] = 0x1p-149f, singles[0] = 3.4e38f; /* extreme, but finite */
    assert_int_equal(psh_image_create(PSH_F32, (size_t[]){1, 30, 100}, singles, &image, &err), PSH_OK);
    psh_image_free(image);
}

/* --- smooth ---------------------------------------------------------------------------------------------------------
 */

static const size_t shapes[][3] = {{1, 1, 1},  {1, 1, 9},   {1, 9, 1}, {1, 2, 3}, {1, 7, 5},
                                   {1, 5, 33}, {1, 12, 40}, {2, 1, 1}, {3, 4, 5}, {9, 3, 2}};

static void test_smooth_agrees_with_the_twin(void **state) {
    static const double sigmas[] = {0.1, 0.4, 1, 1.7};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t j = 0; j < sizeof sigmas / sizeof *sigmas; j++)
            for (psh_dtype dtype = PSH_U8; dtype <= PSH_F64; dtype++) {
                if (shapes[i][0] > 1 && sigmas[j] > 1) continue; /* 15^3 taps a pixel: too slow a twin */
                psh_image *image = make_random(dtype, shapes[i], i), *smooth = NULL;
                double *src = widen(image), *expected = malloc(image->n_pixels * sizeof *expected);
                assert_non_null(expected);
                twin_smooth(src, shapes[i], sigmas[j], expected);
                assert_int_equal(psh_image_smooth(image, sigmas[j], &smooth, NULL), PSH_OK);
                assert_int_equal(smooth->dtype, dtype);
                assert_rounded(smooth, expected);
                free(src), free(expected);
                psh_image_free(image), psh_image_free(smooth);
            }
}

/* gaussian_filter(((arange(20) * 7919 % 256).reshape(4, 5)).astype(float), 2) of SciPy 1.10, and its rint. */
static void test_smooth_equals_scipy(void **state) {
    static const double golden[20] = {
        0x1.02d91f0de813dp+7, 0x1.0be3d3be51938p+7, 0x1.16664ca6279adp+7, 0x1.1c02d44b0dad8p+7, 0x1.1d1fa3219d692p+7,
        0x1.fad2b1edcd610p+6, 0x1.062a1d16165dcp+7, 0x1.1044144818dcap+7, 0x1.158a0395b83dcp+7, 0x1.1679e0b5a45e1p+7,
        0x1.ecba3aef4d13ap+6, 0x1.fe3bc32dac6e4p+6, 0x1.0937d8c8d8b5ep+7, 0x1.0e7dc81678170p+7, 0x1.0f6da53664376p+7,
        0x1.e3b030b4515c2p+6, 0x1.f5c59a15245b5p+6, 0x1.056545f268350p+7, 0x1.0b01cd974e47ap+7, 0x1.0c1e9c6dde034p+7};
    double pixels[20];
    uint8_t bytes[20];
    for (int i = 0; i < 20; i++) pixels[i] = bytes[i] = (uint8_t)(i * 7919 % 256);
    psh_image *image = make(PSH_F64, 1, 4, 5, pixels), *image_u8 = make(PSH_U8, 1, 4, 5, bytes), *smooth = NULL;
    assert_int_equal(psh_image_smooth(image, 2, &smooth, NULL), PSH_OK);
    for (int i = 0; i < 20; i++) assert_true(fabs(((double *)smooth->pixels)[i] - golden[i]) <= 1e-13 * golden[i]);
    psh_image_free(smooth);
    assert_int_equal(psh_image_smooth(image_u8, 2, &smooth, NULL), PSH_OK);
    for (int i = 0; i < 20; i++) assert_int_equal(((uint8_t *)smooth->pixels)[i], (int)rint(golden[i]));
    psh_image_free(smooth), psh_image_free(image), psh_image_free(image_u8);
}

static void test_smooth_gives_the_same_bytes_at_every_simd_level(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512",
                                         "neon"}; /* those that the machine lacks: its best */
    static const size_t sides[][3] = {{1, 70, 67}, {1, 5, 1}, {1, 1, 200}, {6, 9, 31}};
    for (int i = 0; i < 4; i++) {
        psh_image *image = make_random(PSH_F64, sides[i], 5), *first = NULL;
        for (int j = 0; j < 4; j++) {
            psh_image *smooth = NULL;
            setenv("PSH_SIMD", levels[j], 1);
            assert_int_equal(psh_image_smooth(image, 2.3, &smooth, NULL), PSH_OK);
            if (!first)
                first = smooth;
            else {
                assert_memory_equal(first->pixels, smooth->pixels, 8 * first->n_pixels);
                psh_image_free(smooth);
            }
        }
        unsetenv("PSH_SIMD");
        psh_image_free(image), psh_image_free(first);
    }
}

static void test_smooth_keeps_constants_and_extremes_of_integers(void **state) {
    for (int value = 0; value < 256; value += 51) {
        uint8_t pixels[64];
        memset(pixels, value, sizeof pixels);
        psh_image *image = make(PSH_U8, 1, 8, 8, pixels), *smooth = NULL;
        assert_int_equal(psh_image_smooth(image, 20, &smooth, NULL), PSH_OK);
        assert_memory_equal(smooth->pixels, pixels, sizeof pixels);
        psh_image_free(image), psh_image_free(smooth);
    }
    uint16_t white[15];
    memset(white, 255, sizeof white);
    psh_image *image = make(PSH_U16, 1, 3, 5, white), *smooth = NULL;
    assert_int_equal(psh_image_smooth(image, 0.7, &smooth, NULL), PSH_OK);
    assert_memory_equal(smooth->pixels, white, sizeof white);
    psh_image_free(image), psh_image_free(smooth);
}

static void test_smooth_refuses_bad_sigmas(void **state) {
    static const double bad[] = {0, -1, NAN, INFINITY, 10001};
    psh_image *image = make(PSH_U8, 1, 2, 2, "abce"), *smooth = NULL;
    psh_error err;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(psh_image_smooth(image, bad[i], &smooth, &err), PSH_ERR_PARAMETER);
        assert_text(err, "sigma");
    }
    assert_int_equal(psh_image_smooth(image, 1000, &smooth, &err), PSH_OK); /* far wider than the image: its mean */
    for (int i = 0; i < 4; i++) assert_int_equal(((uint8_t *)smooth->pixels)[i], 99); /* 98.75 */
    psh_image_free(image), psh_image_free(smooth);
}

static void test_smooth_and_scale_refuse_to_overflow(void **state) {
    double huge[4] = {1.7e308, 1.7e308, 1.7e308, 1.7e308};
    psh_image *image = make(PSH_F64, 1, 2, 2, huge), *dst = NULL;
    psh_error err;
    assert_int_equal(psh_image_smooth(image, 1, &dst, &err), PSH_ERR_NOT_FINITE);
    assert_text(err, "smoothing overflowed");
    assert_int_equal(psh_image_scale(image, 0.5, &dst, &err), PSH_ERR_NOT_FINITE);
    assert_text(err, "scaling overflowed");
    psh_image_free(image);
}

/* --- scale ----------------------------------------------------------------------------------------------------------
 */

static void test_scale_agrees_with_the_twin(void **state) {
    static const double factors[] = {0.05, 0.3, 0.5, 0.77, 1, 1.3, 2, 3.7};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t j = 0; j < sizeof factors / sizeof *factors; j++)
            for (psh_dtype dtype = PSH_U8; dtype <= PSH_F64; dtype++) {
                psh_image *image = make_random(dtype, shapes[i], i), *scaled = NULL;
                assert_int_equal(psh_image_scale(image, factors[j], &scaled, NULL), PSH_OK);
                for (int a = 0; a < 3; a++) {
                    double side = round(factors[j] * (double)shapes[i][a]);
                    assert_int_equal(scaled->shape[a], a == 0 && shapes[i][0] == 1 ? 1 : side < 1 ? 1 : (size_t)side);
                }
                double *src = widen(image), *expected = malloc(scaled->n_pixels * sizeof *expected);
                assert_non_null(expected);
                twin_scale(src, shapes[i], scaled->shape, expected);
                assert_int_equal(scaled->dtype, dtype);
                assert_rounded(scaled, expected);
                free(src), free(expected);
                psh_image_free(image), psh_image_free(scaled);
            }
}

static void assert_scaled(const uint8_t *src, size_t h, size_t w, double factor, const uint8_t *expected) {
    psh_image *image = make(PSH_U8, 1, h, w, src), *scaled = NULL;
    assert_int_equal(psh_image_scale(image, factor, &scaled, NULL), PSH_OK);
    assert_memory_equal(scaled->pixels, expected, scaled->n_pixels);
    psh_image_free(image), psh_image_free(scaled);
}

static void test_scale_rounds_ties_to_even(void **state) {
    assert_scaled((uint8_t[]){0, 1, 0, 1}, 2, 2, 0.5, (uint8_t[]){0});              /* 0.5 */
    assert_scaled((uint8_t[]){1, 2, 1, 2}, 2, 2, 0.5, (uint8_t[]){2});              /* 1.5 */
    assert_scaled((uint8_t[]){0, 2}, 1, 2, 2, (uint8_t[]){0, 0, 2, 2, 0, 0, 2, 2}); /* 0 0.5 1.5 2 */
    assert_scaled((uint8_t[]){0, 4}, 1, 2, 2, (uint8_t[]){0, 1, 3, 4, 0, 1, 3, 4});
    assert_scaled((uint8_t[]){0, 30, 60}, 1, 3, 0.67, (uint8_t[]){10, 50}); /* (0 + 15)/1.5 */
    assert_scaled((uint8_t[]){255, 255, 255}, 1, 3, 0.67, (uint8_t[]){255, 255});
}

static void test_scale_by_one_changes_nothing(void **state) {
    const size_t shape[3] = {1, 11, 13};
    for (psh_dtype dtype = PSH_U8; dtype <= PSH_F64; dtype++) {
        psh_image *image = make_random(dtype, shape, 3), *scaled = NULL;
        assert_int_equal(psh_image_scale(image, 1, &scaled, NULL), PSH_OK);
        assert_memory_equal(scaled->pixels, image->pixels, image->n_pixels * psh__dtype_bytes(dtype));
        psh_image_free(image), psh_image_free(scaled);
    }
}

static void test_scale_refuses_bad_factors_and_results_too_large(void **state) {
    static const double bad[] = {0, -1, NAN, INFINITY, 0.015, 64.5};
    psh_image *image = make(PSH_U8, 1, 2, 2, "abcd"), *scaled = NULL;
    psh_error err;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(psh_image_scale(image, bad[i], &scaled, &err), PSH_ERR_PARAMETER);
        assert_text(err, "1/64 to 64");
    }
    psh_image_free(image);
    image = make_random(PSH_U8, (size_t[]){1, 1000, 1000}, 1);
    assert_int_equal(psh_image_scale(image, 64, &scaled, &err), PSH_ERR_SHAPE);
    psh_image_free(image);
}

/* --- memory ---------------------------------------------------------------------------------------------------------
 */

static psh_status smooth_one(const psh_image *src, psh_image **dst, psh_error *err) {
    return psh_image_smooth(src, 1, dst, err);
}

static psh_status scale_one(const psh_image *src, psh_image **dst, psh_error *err) {
    return psh_image_scale(src, 0.5, dst, err);
}

static void test_any_allocation_may_fail(void **state) {
    psh_status (*const functions[])(const psh_image *, psh_image **, psh_error *) = {smooth_one, scale_one};
    psh_image *volume = make_random(PSH_U8, (size_t[]){4, 5, 6}, 1);
    for (int i = 0; i < 2; i++) {
        psh_status status = PSH_ERR_MEMORY;
        for (unsigned long n = 1; status != PSH_OK; n++) {
            psh_image *dst = NULL;
            psh_error err;
            psh__alloc_fail_at(n);
            status = functions[i](volume, &dst, &err);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK ? dst != NULL : status == PSH_ERR_MEMORY && !dst);
            assert_true(n < 100);
            psh_image_free(dst);
        }
    }
    psh_image *copy = NULL;
    psh__alloc_fail_at(1);
    assert_int_equal(psh_image_create(PSH_U8, (size_t[]){1, 1, 1}, "a", &copy, NULL), PSH_ERR_MEMORY);
    psh__alloc_fail_at(0);
    psh_image_free(volume);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_copies_pixels),
        cmocka_unit_test(test_create_refuses_zero_sides_and_too_many_pixels),
        cmocka_unit_test(test_create_names_the_first_value_that_is_not_finite),
        cmocka_unit_test(test_smooth_agrees_with_the_twin),
        cmocka_unit_test(test_smooth_equals_scipy),
        cmocka_unit_test(test_smooth_gives_the_same_bytes_at_every_simd_level),
        cmocka_unit_test(test_smooth_keeps_constants_and_extremes_of_integers),
        cmocka_unit_test(test_smooth_refuses_bad_sigmas),
        cmocka_unit_test(test_smooth_and_scale_refuse_to_overflow),
        cmocka_unit_test(test_scale_agrees_with_the_twin),
        cmocka_unit_test(test_scale_rounds_ties_to_even),
        cmocka_unit_test(test_scale_by_one_changes_nothing),
        cmocka_unit_test(test_scale_refuses_bad_factors_and_results_too_large),
        cmocka_unit_test(test_any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
