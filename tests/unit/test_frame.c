/* test_frame.c : the maps to the unit square. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "persihash/diagram.h"

static psh_diagrams *set_of(const double *points, size_t n_points) {
    psh_diagrams *set = NULL;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_append(set, points, NULL, n_points, NULL, -1, NULL), PSH_OK);
    return set;
}

static void expect_frame(const double *points, size_t n_points, double lo, double hi) {
    psh_diagrams *set = set_of(points, n_points);
    psh_frame frame;
    double own_lo, own_hi;
    assert_int_equal(psh_frame_fit(set, PSH_FRAME_SET, &frame, NULL), PSH_OK);
    assert_true(frame.lo == lo && frame.hi == hi);
    assert_true(frame.lo < frame.hi && isfinite(frame.hi - frame.lo));
    psh_frame_bounds(&frame, set, 0, &own_lo, &own_hi);
    assert_true(own_lo == lo && own_hi == hi);
    assert_int_equal(psh_frame_fit(set, PSH_FRAME_DIAGRAM, &frame, NULL), PSH_OK);
    psh_frame_bounds(&frame, set, 0, &own_lo, &own_hi);
    assert_true(own_lo == lo && own_hi == hi);
    psh_diagrams_free(set);
}

static void frames_span_the_finite_coordinates(void **state) {
    expect_frame((double[]){1, 2, -3, 0}, 2, -3, 2);
    expect_frame((double[]){1, 2, -3, INFINITY}, 2, -3, 2);
    expect_frame((double[]){1, 2, 5, INFINITY}, 2, 1, 5);
    expect_frame((double[]){-DBL_MAX / 2, DBL_MAX / 4}, 1, -DBL_MAX / 2, DBL_MAX / 4);
}

static void degenerate_sets_get_a_frame_all_the_same(void **state) {
    expect_frame(NULL, 0, 0, 1);
    expect_frame((double[]){4, 4}, 1, 4, 5);
    expect_frame((double[]){4, INFINITY}, 1, 4, 5);
    expect_frame((double[]){0x1p60, 0x1p60}, 1, 0x1p60, nextafter(0x1p60, INFINITY));
    expect_frame((double[]){DBL_MAX, DBL_MAX}, 1, nextafter(DBL_MAX, 0), DBL_MAX);
    expect_frame((double[]){-DBL_MAX, -DBL_MAX}, 1, -DBL_MAX, nextafter(-DBL_MAX, 0));
}

static void spans_beyond_double_precision_are_refused(void **state) {
    psh_error err;
    psh_frame frame = {.lo = 7, .hi = 8};
    psh_diagrams *set = set_of((double[]){-DBL_MAX, DBL_MAX}, 1);
    assert_int_equal(psh_frame_fit(set, PSH_FRAME_SET, &frame, &err), PSH_ERR_DATA);
    assert_int_equal(psh_frame_fit(set, PSH_FRAME_DIAGRAM, &frame, &err), PSH_ERR_DATA);
    assert_non_null(strstr(err.text, "diagram 0"));
    assert_true(frame.lo == 7 && frame.hi == 8);
    psh_diagrams_free(set);
}

static void fixed_frames_are_checked(void **state) {
    psh_diagrams *set = set_of((double[]){0, 9}, 1);
    psh_frame frame = {.lo = 1, .hi = 3};
    double lo, hi;
    assert_int_equal(psh_frame_fit(set, PSH_FRAME_FIXED, &frame, NULL), PSH_OK);
    psh_frame_bounds(&frame, set, 0, &lo, &hi);
    assert_true(lo == 1 && hi == 3);
    const psh_frame bad[] = {{.lo = 1, .hi = 1}, {.lo = NAN, .hi = 1}, {.lo = 0, .hi = INFINITY}, {.lo = 2, .hi = 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        frame = bad[i];
        assert_int_equal(psh_frame_fit(set, PSH_FRAME_FIXED, &frame, NULL), PSH_ERR_PARAMETER);
    }
    assert_int_equal(psh_frame_fit(set, (psh_frame_kind)9, &frame, NULL), PSH_ERR_PARAMETER);
    psh_diagrams_free(set);
}

static void ids_tell_frames_apart_and_nothing_else(void **state) {
    const psh_frame a = {.kind = PSH_FRAME_SET, .lo = 0, .hi = 1}, fixed = {.kind = PSH_FRAME_FIXED, .lo = 0, .hi = 1};
    const psh_frame other = {.kind = PSH_FRAME_SET, .lo = 0, .hi = 2},
                    minus = {.kind = PSH_FRAME_SET, .lo = -0., .hi = 1};
    const psh_frame own = {.kind = PSH_FRAME_DIAGRAM}, own_too = {.kind = PSH_FRAME_DIAGRAM, .lo = 3, .hi = 4};
    assert_true(psh_frame_id(&a) == psh_frame_id(&minus));
    assert_true(psh_frame_id(&a) != psh_frame_id(&other));
    assert_true(psh_frame_id(&a) != psh_frame_id(&fixed));
    assert_true(psh_frame_id(&own) == psh_frame_id(&own_too));
    assert_true(psh_frame_id(&a) == 0x4dc3c1ffd1c91bfeu); /* on every machine, for ever: stored in code files */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_span_the_finite_coordinates),
        cmocka_unit_test(degenerate_sets_get_a_frame_all_the_same),
        cmocka_unit_test(spans_beyond_double_precision_are_refused),
        cmocka_unit_test(fixed_frames_are_checked),
        cmocka_unit_test(ids_tell_frames_apart_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
