/* test_kriging.c : residues of known pairs carried over to all others: against the plain twin, and what they are for.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "encoder/dense.h"
#include "encoder/kriging.h"
#include "kriging_twin.h"

enum { N_ITEMS = 45, N_KNOWN = 37, N_ALL = N_KNOWN * (N_KNOWN - 1) / 2, N_PAIRS = 160 };

/* Items on a curve; residues that are a smooth function of two places on it. */
typedef struct fixture {
    psh__features features;
    double places[N_ITEMS];
    uint32_t pairs[2 * N_ALL]; /* of known items, in random order */
    uint32_t rows[N_ALL];      /* some of them, likewise */
    double residues[N_ALL];
} fixture;

static double residue_of(const fixture *f, size_t i, size_t j) {
    return sin(3 * f->places[i]) * sin(3 * f->places[j]) + 0.3 * (f->places[i] + f->places[j]);
}

static void setup(fixture *f) {
    psh__random rng;
    uint32_t order[N_ALL], all[2 * N_ALL];
    psh__random_init(&rng, 8, 0);
    f->features = (psh__features){.n_items = N_ITEMS, .n_dims = 1};
    f->features.rows = malloc(N_ITEMS * PSH__PATTERN_FEATURES * sizeof(float));
    for (size_t i = 0; i < N_ITEMS; i++) {
        f->places[i] = psh__random_unit(&rng);
        for (size_t k = 0; k < PSH__PATTERN_FEATURES; k++)
            f->features.rows[i * PSH__PATTERN_FEATURES + k] = (float)sin((double)k + 2 * f->places[i]);
    }
    for (uint32_t i = 0, k = 0; i < N_KNOWN; i++)
        for (uint32_t j = i + 1; j < N_KNOWN; j++, k++) all[2 * k] = i, all[2 * k + 1] = j, order[k] = f->rows[k] = k;
    psh__random_shuffle(&rng, order, N_ALL);
    psh__random_shuffle(&rng, f->rows, N_ALL);
    for (size_t k = 0; k < N_ALL; k++) {
        memcpy(f->pairs + 2 * k, all + 2 * (size_t)order[k], 2 * sizeof *all);
        f->residues[k] = residue_of(f, f->pairs[2 * k], f->pairs[2 * k + 1]);
    }
}

static void teardown(fixture *f) {
    free(f->features.rows);
}

static void learn(const fixture *f, size_t n_rows, int n_threads, psh__kriging *kriging) {
    assert_int_equal(psh__kriging_create(&f->features, N_ITEMS, N_KNOWN, n_threads, kriging, NULL), PSH_OK);
    assert_int_equal(psh__kriging_learn(kriging, f->pairs, f->residues, f->rows, n_rows, n_threads, NULL), PSH_OK);
}

static void it_is_what_the_twin_says(void **state) {
    fixture f;
    psh__kriging kriging;
    uint32_t pairs[2 * N_PAIRS];
    double residues[N_PAIRS], wanted[N_ITEMS * N_ITEMS], largest = 0;
    setup(&f);
    learn(&f, N_PAIRS, 2, &kriging);
    for (size_t k = 0; k < N_PAIRS; k++) {
        memcpy(pairs + 2 * k, f.pairs + 2 * (size_t)f.rows[k], 2 * sizeof *pairs);
        residues[k] = f.residues[f.rows[k]];
    }
    kriging_twin(f.features.rows, N_ITEMS, N_KNOWN, PSH__PATTERN_FEATURES, pairs, residues, N_PAIRS, wanted);
    for (size_t i = 0; i < N_ITEMS * N_ITEMS; i++) largest = fmax(largest, fabs(wanted[i]));
    for (size_t i = 0; i < N_ITEMS; i++)
        for (size_t j = 0; j < N_ITEMS; j++)
            assert_true(fabs(psh__kriging_at(&kriging, i, j) - wanted[i * N_ITEMS + j]) < 5e-3 * largest);
    psh__kriging_free(&kriging);
    teardown(&f);
}

static void rows_are_the_same_numbers(void **state) {
    enum { FIRST = 16, N_ROWS = 7, FROM = PSH__DENSE_COLUMNS };
    fixture f;
    psh__kriging kriging;
    setup(&f);
    learn(&f, N_PAIRS, 1, &kriging);
    float *found = calloc(N_ROWS * kriging.stride, sizeof *found);
    psh__kriging_rows(&kriging, FIRST, N_ROWS, FROM, found);
    for (size_t i = 0; i < N_ROWS; i++)
        for (size_t j = 0; j < N_ITEMS; j++) {
            double wanted = j < FROM ? 0 : psh__kriging_at(&kriging, FIRST + i, j);
            assert_true(fabs(found[i * kriging.stride + j] - wanted) < 1e-4);
        }
    free(found);
    psh__kriging_free(&kriging);
    teardown(&f);
}

/* Also to items of which nothing is known. */
static void what_is_known_carries_over(void **state) {
    fixture f;
    psh__kriging kriging;
    double error[2] = {0}, size[2] = {0};
    setup(&f);
    learn(&f, 3 * N_PAIRS, 1, &kriging);
    for (size_t i = 0; i < N_ITEMS; i++)
        for (size_t j = N_KNOWN; j < N_ITEMS; j++)
            if (i != j) {
                double wanted = residue_of(&f, i, j), left = wanted - psh__kriging_at(&kriging, i, j);
                error[i >= N_KNOWN] += left * left, size[i >= N_KNOWN] += wanted * wanted;
            }
    assert_true(error[0] < 0.02 * size[0]);
    assert_true(error[1] < 0.04 * size[1]);
    psh__kriging_free(&kriging);
    teardown(&f);
}

static void same_bytes_for_any_threads_and_simd(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    enum { ROWS = PSH__DENSE_COLUMNS };
    fixture f;
    float first[ROWS * 48], found[ROWS * 48] = {0};
    setup(&f);
    for (size_t l = 0; l < 3; l++)
        for (int n_threads = 1; n_threads <= 3; n_threads++) {
            psh__kriging kriging;
            setenv("PSH_SIMD", levels[l], 1);
            learn(&f, N_PAIRS, n_threads, &kriging);
            assert_int_equal(kriging.stride, 48);
            psh__kriging_rows(&kriging, 0, ROWS, 0, found);
            if (l == 0 && n_threads == 1) memcpy(first, found, sizeof first);
            assert_memory_equal(found, first, sizeof first);
            psh__kriging_free(&kriging);
        }
    unsetenv("PSH_SIMD");
    teardown(&f);
}

/* No residue at all, diagrams that are all equal, one pair, an outlier as far as float32 can say. */
static void degenerate_sets_give_finite_residues(void **state) {
    for (size_t what = 0; what < 4; what++) {
        fixture f;
        psh__kriging kriging;
        setup(&f);
        if (what == 0) memset(f.residues, 0, sizeof f.residues);
        if (what == 1) memset(f.features.rows, 0, N_ITEMS * PSH__PATTERN_FEATURES * sizeof *f.features.rows);
        if (what == 3)
            for (size_t k = 0; k < PSH__PATTERN_FEATURES; k++) f.features.rows[k] *= 1e30f;
        learn(&f, what == 2 ? 1 : N_ALL, 1, &kriging);
        for (size_t i = 0; i < N_ITEMS; i++)
            for (size_t j = 0; j < N_ITEMS; j++) {
                double found = psh__kriging_at(&kriging, i, j);
                assert_true(isfinite(found));
                if (what == 0) assert_true(found == 0);
            }
        psh__kriging_free(&kriging);
        teardown(&f);
    }
}

static void failing_memory_is_reported(void **state) {
    fixture f;
    setup(&f);
    for (long n = 1;; n++) {
        psh__kriging kriging = {0};
        psh__alloc_fail_at(n);
        psh_status status = psh__kriging_create(&f.features, N_ITEMS, N_KNOWN, 1, &kriging, NULL);
        if (status == PSH_OK) status = psh__kriging_learn(&kriging, f.pairs, f.residues, f.rows, N_PAIRS, 1, NULL);
        psh__alloc_fail_at(0);
        psh__kriging_free(&kriging);
        if (status == PSH_OK) break;
        assert_int_equal(status, PSH_ERR_MEMORY);
        assert_true(n < 100);
    }
    teardown(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_what_the_twin_says),
                                       cmocka_unit_test(rows_are_the_same_numbers),
                                       cmocka_unit_test(what_is_known_carries_over),
                                       cmocka_unit_test(same_bytes_for_any_threads_and_simd),
                                       cmocka_unit_test(degenerate_sets_give_finite_residues),
                                       cmocka_unit_test(failing_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
