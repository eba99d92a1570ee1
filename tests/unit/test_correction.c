/* test_correction.c : the network that learns what weights cannot say, against its formula and what it should learn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "encoder/correction.h"

enum { N_PAIRS = 3000, N_GROUPS = 5, UNITS = 32 };

typedef struct fixture {
    float *table;     // (N_PAIRS, N_GROUPS)
    double *residues; // (N_PAIRS)
    uint32_t *rows;   // all
} fixture;

/* Residues that no weighted sum of the distances is: the larger of two groups. */
static void setup(fixture *f) {
    psh__random rng;
    psh__random_init(&rng, 4, 0);
    f->table = malloc(N_PAIRS * N_GROUPS * sizeof *f->table);
    f->residues = malloc(N_PAIRS * sizeof *f->residues);
    f->rows = malloc(N_PAIRS * sizeof *f->rows);
    for (size_t i = 0; i < N_PAIRS; i++) {
        float *line = f->table + i * N_GROUPS;
        for (size_t g = 0; g < N_GROUPS; g++) line[g] = (float)(psh__random_unit(&rng) * (g == 4 ? 0 : 1e-3));
        f->residues[i] = fmax(line[0], line[2]) - ((double)line[0] + line[2]) / 2;
        f->rows[i] = (uint32_t)i;
    }
}

static void teardown(fixture *f) {
    free(f->table), free(f->residues), free(f->rows);
}

static void apply(const psh__correction *c, const fixture *f, float *found) {
    float *lines = malloc(N_PAIRS * N_GROUPS * sizeof *lines),
          *desk = malloc(psh__correction_desk(N_PAIRS) * sizeof *desk);
    memcpy(lines, f->table, N_PAIRS * N_GROUPS * sizeof *lines);
    psh__correction_apply(c, lines, N_PAIRS, desk, found);
    free(lines), free(desk);
}

static double mean_square(const fixture *f, const float *found, size_t first, size_t end) {
    double sum = 0;
    for (size_t i = first; i < end; i++) sum += (f->residues[i] - found[i]) * (f->residues[i] - found[i]);
    return sum / (double)(end - first);
}

static void what_no_weights_say_is_learnt_and_carries_over(void **state) {
    enum { N_LEARNT = 2000 };
    fixture f;
    psh__correction c;
    float *found = calloc(N_PAIRS, sizeof *found);
    double mean = 0;
    setup(&f);
    for (size_t i = 0; i < N_PAIRS; i++) mean += f.residues[i] / N_PAIRS;
    for (size_t i = 0; i < N_PAIRS; i++) found[i] = (float)mean;
    double before = mean_square(&f, found, N_LEARNT, N_PAIRS);
    assert_int_equal(psh__correction_learn(f.table, f.residues, N_GROUPS, f.rows, N_LEARNT, 1, &c, NULL), PSH_OK);
    apply(&c, &f, found);
    assert_true(mean_square(&f, found, N_LEARNT, N_PAIRS) < 0.05 * before);
    psh__correction_free(&c);
    free(found);
    teardown(&f);
}

/* unit * (b + sum v_u max(0, c_u + sum W x)), in double. */
static void it_is_the_formula(void **state) {
    fixture f;
    psh__correction c;
    float found[N_PAIRS];
    setup(&f);
    assert_int_equal(psh__correction_learn(f.table, f.residues, N_GROUPS, f.rows, 600, 1, &c, NULL), PSH_OK);
    apply(&c, &f, found);
    const float *offsets = c.network.weights + N_GROUPS * UNITS, *v = offsets + UNITS;
    for (size_t i = 0; i < N_PAIRS; i += 17) {
        double sum = v[UNITS];
        for (size_t u = 0; u < UNITS; u++) {
            double h = offsets[u];
            for (size_t g = 0; g < N_GROUPS; g++)
                h += c.network.weights[g * UNITS + u] *
                     (f.table[i * N_GROUPS + g] * c.inputs[g] - c.inputs[N_GROUPS + g]);
            sum += v[u] * fmax(0, h);
        }
        assert_true(fabs(sum * c.unit - found[i]) < 1e-4 * c.unit);
    }
    psh__correction_free(&c);
    teardown(&f);
}

static void same_bytes_for_any_threads_and_simd(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    enum { N_BYTES = (N_GROUPS * UNITS + 2 * UNITS + 1) * sizeof(float) };
    fixture f;
    char first[N_BYTES];
    setup(&f);
    for (size_t l = 0; l < 3; l++)
        for (int n_threads = 1; n_threads <= 2; n_threads++) {
            psh__correction c;
            setenv("PSH_SIMD", levels[l], 1);
            assert_int_equal(psh__correction_learn(f.table, f.residues, N_GROUPS, f.rows, 500, n_threads, &c, NULL),
                             PSH_OK);
            if (l == 0 && n_threads == 1) memcpy(first, c.network.weights, N_BYTES);
            assert_memory_equal(c.network.weights, first, N_BYTES);
            psh__correction_free(&c);
        }
    unsetenv("PSH_SIMD");
    teardown(&f);
}

/* Nothing to learn: equal residues, distances that are all zero, one pair. */
static void degenerate_pairs_give_finite_corrections(void **state) {
    fixture f;
    float found[N_PAIRS];
    setup(&f);
    for (size_t what = 0; what < 3; what++) {
        psh__correction c;
        if (what == 0)
            for (size_t i = 0; i < N_PAIRS; i++) f.residues[i] = 0.25;
        if (what == 1) memset(f.table, 0, N_PAIRS * N_GROUPS * sizeof *f.table), f.residues[0] = 1;
        assert_int_equal(
            psh__correction_learn(f.table, f.residues, N_GROUPS, f.rows, what == 2 ? 1 : N_PAIRS, 1, &c, NULL), PSH_OK);
        apply(&c, &f, found);
        for (size_t i = 0; i < N_PAIRS; i++) assert_true(isfinite(found[i]));
        if (what != 1) assert_true(found[7] == 0);
        psh__correction_free(&c);
    }
    teardown(&f);
}

static void failing_memory_is_reported(void **state) {
    fixture f;
    setup(&f);
    for (long n = 1;; n++) {
        psh__correction c;
        psh__alloc_fail_at(n);
        psh_status status = psh__correction_learn(f.table, f.residues, N_GROUPS, f.rows, 20, 1, &c, NULL);
        psh__alloc_fail_at(0);
        psh__correction_free(&c);
        if (status == PSH_OK) break;
        assert_int_equal(status, PSH_ERR_MEMORY);
        assert_true(n < 100);
    }
    teardown(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_weights_say_is_learnt_and_carries_over), cmocka_unit_test(it_is_the_formula),
        cmocka_unit_test(same_bytes_for_any_threads_and_simd),
        cmocka_unit_test(degenerate_pairs_give_finite_corrections), cmocka_unit_test(failing_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
