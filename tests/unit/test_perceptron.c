/* test_perceptron.c : small networks, against their formula and against differences in place of derivatives. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "encoder/perceptron.h"

enum { N_INPUTS = 7, N_BATCH = 37 };
static const size_t widths[] = {32, 16};

static psh__perceptron drawn(size_t n_hidden) {
    psh__perceptron p;
    psh__random rng;
    psh__random_init(&rng, 8, 0);
    assert_int_equal(psh__perceptron_create(N_INPUTS, widths, n_hidden, &p, NULL), PSH_OK);
    psh__perceptron_draw(&p, &rng);
    for (size_t i = 0; i < psh__perceptron_n_weights(&p); i++) /* offsets and the output, too */
        if (p.weights[i] == 0) p.weights[i] = (float)(psh__random_unit(&rng) - 0.5);
    return p;
}

static void draw_inputs(float *inputs) {
    psh__random rng;
    psh__random_init(&rng, 9, 0);
    for (size_t i = 0; i < N_BATCH * N_INPUTS; i++) inputs[i] = (float)(2 * psh__random_unit(&rng) - 1);
}

/* The oracle: layer by layer, in double. */
static double oracle(const psh__perceptron *p, const float *inputs) {
    double x[32], next[32];
    const float *w = p->weights;
    size_t n = p->n_inputs;
    for (size_t i = 0; i < n; i++) x[i] = inputs[i];
    for (size_t l = 0; l < p->n_hidden; l++) {
        size_t n_units = p->widths[l];
        for (size_t u = 0; u < n_units; u++) {
            next[u] = w[n * n_units + u];
            for (size_t i = 0; i < n; i++) next[u] += x[i] * w[i * n_units + u];
        }
        for (size_t u = 0; u < n_units; u++) x[u] = fmax(0, next[u]);
        w += (n + 1) * n_units, n = n_units;
    }
    double sum = w[n];
    for (size_t i = 0; i < n; i++) sum += w[i] * x[i];
    return sum;
}

static void outputs_are_the_formula(void **state) {
    for (size_t n_hidden = 1; n_hidden <= 2; n_hidden++) {
        psh__perceptron p = drawn(n_hidden);
        psh__trainer t;
        float inputs[N_BATCH * N_INPUTS], found[N_BATCH], *desk = malloc(psh__perceptron_desk(&p, N_BATCH) * 4);
        draw_inputs(inputs);
        psh__perceptron_apply(&p, inputs, N_BATCH, desk, found);
        assert_int_equal(psh__trainer_create(&p, N_BATCH, 0, 1, &t, NULL), PSH_OK);
        memcpy(t.inputs, inputs, sizeof inputs);
        psh__trainer_forward(&t);
        for (size_t i = 0; i < N_BATCH; i++) {
            assert_true(fabs(found[i] - oracle(&p, inputs + i * N_INPUTS)) < 1e-5);
            assert_true(found[i] == t.outputs[i]);
        }
        free(desk);
        psh__trainer_free(&t);
        psh__perceptron_free(&p);
    }
}

/* Of the loss sum_i g_i out_i every weight's derivative is as a small change of that weight says. */
static void slopes_are_derivatives(void **state) {
    for (size_t n_hidden = 1; n_hidden <= 2; n_hidden++) {
        psh__perceptron p = drawn(n_hidden), before = drawn(n_hidden);
        psh__trainer t;
        assert_int_equal(psh__trainer_create(&p, N_BATCH, 0, 1, &t, NULL), PSH_OK);
        draw_inputs(t.inputs);
        psh__trainer_forward(&t);
        for (size_t i = 0; i < N_BATCH; i++) t.gradients[i] = (float)(i % 5) - 1.5f;
        psh__trainer_step(&t, 0); /* the weights stay */
        size_t n_weights = psh__perceptron_n_weights(&p), n_checked = 0;
        assert_memory_equal(p.weights, before.weights, n_weights * sizeof *p.weights);
        for (size_t w = 0; w < n_weights; w++) {
            const float change = 1e-3f;
            double sums[2] = {0, 0};
            for (int side = 0; side < 2; side++) {
                before.weights[w] = p.weights[w] + (side ? change : -change);
                for (size_t i = 0; i < N_BATCH; i++)
                    sums[side] += t.gradients[i] * oracle(&before, t.inputs + i * N_INPUTS);
            }
            before.weights[w] = p.weights[w];
            double wanted = (sums[1] - sums[0]) / (2 * (double)change);
            n_checked += fabs(t.slopes[w] - wanted) < 1e-3 * (1 + fabs(wanted)); /* but where a unit turns on between */
        }
        assert_true(n_checked > n_weights * 95 / 100);
        psh__trainer_free(&t);
        psh__perceptron_free(&p), psh__perceptron_free(&before);
    }
}

/* Learns the larger of two inputs. */
static psh__perceptron learn(int n_threads) {
    psh__perceptron p = drawn(2);
    psh__trainer t;
    psh__random rng;
    psh__random_init(&rng, 10, 0);
    assert_int_equal(psh__trainer_create(&p, N_BATCH, 0.01, n_threads, &t, NULL), PSH_OK);
    for (size_t step = 0; step < 600; step++) {
        for (size_t i = 0; i < N_BATCH * N_INPUTS; i++) t.inputs[i] = (float)(2 * psh__random_unit(&rng) - 1);
        psh__trainer_forward(&t);
        for (size_t i = 0; i < N_BATCH; i++)
            t.gradients[i] = 2 * (t.outputs[i] - fmaxf(t.inputs[i * N_INPUTS], t.inputs[i * N_INPUTS + 3])) / N_BATCH;
        psh__trainer_step(&t, 1e-2 * psh__trainer_rate(step, 600, 50));
    }
    psh__trainer_free(&t);
    return p;
}

static void what_is_asked_for_is_learnt(void **state) {
    psh__perceptron p = learn(1);
    float inputs[N_BATCH * N_INPUTS];
    double squares = 0;
    draw_inputs(inputs);
    for (size_t i = 0; i < N_BATCH; i++)
        squares += pow(oracle(&p, inputs + i * N_INPUTS) - fmaxf(inputs[i * N_INPUTS], inputs[i * N_INPUTS + 3]), 2);
    assert_true(squares / N_BATCH < 0.01); /* the variance of what is asked for is 0.22 */
    psh__perceptron_free(&p);
}

static void same_bytes_for_any_threads_and_simd(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    psh__perceptron first = learn(1);
    for (size_t l = 0; l < 3; l++) {
        setenv("PSH_SIMD", levels[l], 1);
        psh__perceptron p = learn(2);
        assert_memory_equal(p.weights, first.weights, psh__perceptron_n_weights(&p) * sizeof *p.weights);
        psh__perceptron_free(&p);
    }
    unsetenv("PSH_SIMD");
    psh__perceptron_free(&first);
}

static void the_rate_rises_and_falls(void **state) {
    assert_true(psh__trainer_rate(0, 100, 10) == 0 && psh__trainer_rate(5, 100, 10) == 0.5);
    assert_true(psh__trainer_rate(10, 100, 10) == 1 && fabs(psh__trainer_rate(55, 100, 10) - 0.5) < 1e-12);
    assert_true(psh__trainer_rate(0, 1, 0) == 1);
}

static void failing_memory_is_reported(void **state) {
    for (long n = 1;; n++) {
        psh__perceptron p = {0};
        psh__trainer t = {0};
        psh__alloc_fail_at(n);
        psh_status status = psh__perceptron_create(N_INPUTS, widths, 2, &p, NULL);
        if (status == PSH_OK) status = psh__trainer_create(&p, N_BATCH, 0, 1, &t, NULL);
        psh__alloc_fail_at(0);
        psh__trainer_free(&t);
        psh__perceptron_free(&p);
        if (status == PSH_OK) break;
        assert_int_equal(status, PSH_ERR_MEMORY);
        assert_true(n < 50);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_the_formula),     cmocka_unit_test(slopes_are_derivatives),
        cmocka_unit_test(what_is_asked_for_is_learnt), cmocka_unit_test(same_bytes_for_any_threads_and_simd),
        cmocka_unit_test(the_rate_rises_and_falls),    cmocka_unit_test(failing_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
