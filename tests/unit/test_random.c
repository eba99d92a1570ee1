/* test_random.c : the laws of random numbers, and the elementary functions that they stand on. test_base.c has the
 * generator itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/elementary.h"
#include "base/hash.h"
#include "base/random.h"

enum { N_DRAWS = 200000 };

/* --- elementary functions ----------------------------------------------------------------------------------------- */

/* |found - expected| in units of the last place of `expected`. */
static double last_places(double found, double expected) {
    double unit = nextafter(fabs(expected), INFINITY) - fabs(expected);
    return fabs(found - expected) / unit;
}

static void logarithms_are_right_to_three_last_places(void **state) {
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (int i = 0; i < N_DRAWS; i++) {
        double x = i % 2 ? psh__random_between(&rng, 0.5, 2) : psh__exp(psh__random_between(&rng, -700, 700));
        if (last_places(psh__log(x), log(x)) > 3) fail_msg("log(%.17g) = %.17g", x, psh__log(x));
    }
    assert_true(psh__log(1) == 0);
    assert_true(last_places(psh__log(0x1p-1022), log(0x1p-1022)) <= 1);
    assert_true(last_places(psh__log(1.7976931348623157e308), log(1.7976931348623157e308)) <= 1);
}

static void sines_cosines_and_tangents_are_right_to_their_last_places(void **state) {
    psh__random rng;
    psh__random_init(&rng, 2, 0);
    const long double two_pi = 6.283185307179586476925286766559L;
    for (int i = 0; i < N_DRAWS; i++) {
        double turns = psh__random_between(&rng, -3, 3), sine, cosine;
        psh__sin_cos(turns, &sine, &cosine);
        assert_true(fabsl(sine - sinl(two_pi * turns)) < 0x1p-51L && fabsl(cosine - cosl(two_pi * turns)) < 0x1p-51L);
        assert_true(fabs(psh__tanh(10 * turns) - tanh(10 * turns)) < 0x1p-50);
    }
    static const double quarters[5][2] = {{0, 1}, {1, 0}, {0, -1}, {-1, 0}, {0, 1}};
    for (int i = 0; i < 5; i++) {
        double sine, cosine;
        psh__sin_cos(0.25 * i, &sine, &cosine);
        assert_true(sine == quarters[i][0] && cosine == quarters[i][1]);
    }
    assert_true(psh__tanh(0) == 0 && psh__tanh(1e300) == 1 && psh__tanh(-1e300) == -1);
}

/* --- laws --------------------------------------------------------------------------------------------------------- */

/* Mean and variance of N_DRAWS numbers, each within five standard errors of what the law says. fourth: the fourth
 * central moment. */
static void expect_moments(const double *draws, double mean, double variance, double fourth) {
    double sum = 0, squares = 0;
    for (int i = 0; i < N_DRAWS; i++) sum += draws[i] / N_DRAWS;
    for (int i = 0; i < N_DRAWS; i++) squares += (draws[i] - sum) * (draws[i] - sum) / (N_DRAWS - 1);
    if (fabs(sum - mean) > 5 * sqrt(variance / N_DRAWS)) fail_msg("mean %g; expected %g", sum, mean);
    if (fabs(squares - variance) > 5 * sqrt((fourth - variance * variance) / N_DRAWS))
        fail_msg("variance %g; expected %g", squares, variance);
}

static void laws_have_the_moments_they_should(void **state) {
    static double draws[N_DRAWS];
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    for (int i = 0; i < N_DRAWS; i++) draws[i] = psh__random_normal(&rng);
    expect_moments(draws, 0, 1, 3);
    for (int i = 0; i < N_DRAWS; i++) draws[i] = psh__random_exponential(&rng);
    expect_moments(draws, 1, 1, 9);
    for (int i = 0; i < N_DRAWS; i++) draws[i] = psh__random_between(&rng, -3, 5);
    expect_moments(draws, 1, 64. / 12, 4096. / 80);
    for (int i = 0; i < N_DRAWS; i++) draws[i] = log(psh__random_log_between(&rng, 0.01, 100));
    expect_moments(draws, 0, pow(log(1e4), 2) / 12, pow(log(1e4), 4) / 80);
    for (int i = 0; i < N_DRAWS; i++) draws[i] = log(1 + psh__random_pareto(&rng, 1.5)); /* exponential of rate 1.5 */
    expect_moments(draws, 1 / 1.5, 1 / 2.25, 9 / pow(1.5, 4));
    for (int i = 0; i < N_DRAWS; i++) draws[i] = psh__random_chance(&rng, 0.3);
    expect_moments(draws, 0.3, 0.21, 0.3 * 0.7 * (1 - 3 * 0.3 * 0.7));
    static const double means[] = {0.1, 3, 40, 1300}; /* the last one in pieces */
    for (size_t k = 0; k < sizeof means / sizeof *means; k++) {
        psh__random_init(&rng, 4, k);
        for (int i = 0; i < N_DRAWS; i++)
            draws[i] = k < 3 || i < 2000 ? (double)psh__random_poisson(&rng, means[k]) : 0;
        if (k < 3) expect_moments(draws, means[k], means[k], means[k] * (1 + 3 * means[k]));
        double sum = 0, squares = 0;
        for (int i = 0; i < 2000; i++) sum += draws[i] / 2000;
        for (int i = 0; i < 2000; i++) squares += (draws[i] - means[k]) * (draws[i] - means[k]) / 2000;
        assert_true(fabs(sum - means[k]) < 5 * sqrt(means[k] / 2000));
        assert_true(fabs(squares / means[k] - 1) < 5 * sqrt((2 + 1 / means[k]) / 2000));
    }
    assert_int_equal(psh__random_poisson(&rng, 0), 0);
}

static double normal_share(double x) {
    return 0.5 * erfc(-x / sqrt(2));
}

/* Kolmogorov and Smirnov's distance at 61 places: beyond 1.95 / sqrt(n) once in a thousand. */
static void normal_numbers_follow_the_normal_curve(void **state) {
    double counts[61] = {0};
    psh__random rng;
    psh__random_init(&rng, 5, 0);
    for (int i = 0; i < N_DRAWS; i++) {
        double x = psh__random_normal(&rng);
        for (int k = 60; k >= 0 && x <= -3 + 0.1 * k; k--) counts[k]++;
    }
    for (int k = 0; k < 61; k++)
        assert_true(fabs(counts[k] / N_DRAWS - normal_share(-3 + 0.1 * k)) < 1.95 / sqrt(N_DRAWS));
}

static void laws_give_the_same_bits_on_every_machine(void **state) {
    double draws[60];
    psh__random rng;
    psh__random_init(&rng, 6, 0);
    for (int i = 0; i < 60; i += 6) {
        double sine, cosine;
        psh__sin_cos(psh__random_unit(&rng), &sine, &cosine);
        draws[i] = psh__random_normal(&rng), draws[i + 1] = psh__random_exponential(&rng);
        draws[i + 2] = psh__random_pareto(&rng, 1.3), draws[i + 3] = psh__random_log_between(&rng, 0.1, 7);
        draws[i + 4] = (double)psh__random_poisson(&rng, 700), draws[i + 5] = psh__tanh(sine + 2 * cosine);
    }
    assert_true(psh__hash(PSH__HASH_START, draws, sizeof draws) == 0xa8d822cf346c4092u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithms_are_right_to_three_last_places),
        cmocka_unit_test(sines_cosines_and_tangents_are_right_to_their_last_places),
        cmocka_unit_test(laws_have_the_moments_they_should),
        cmocka_unit_test(normal_numbers_follow_the_normal_curve),
        cmocka_unit_test(laws_give_the_same_bits_on_every_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
