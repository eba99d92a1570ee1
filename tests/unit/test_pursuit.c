/* test_pursuit.c : candidates, targets, calibration and pursuit against sums over all pairs, written out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "encoder/pursuit.h"
#include "encoder/rank.h"
#include "encoder/target.h"
#include "sketch_oracle.h"

enum { N_ITEMS = 70, N_PAIRS = N_ITEMS * (N_ITEMS - 1) / 2 };

static psh_diagrams *make_set(size_t n_diagrams, uint64_t seed) {
    psh_diagrams *set;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (size_t i = 0; i < n_diagrams; i++) {
        double points[30][2];
        int32_t dims[30];
        psh__random rng;
        psh__random_init(&rng, seed, i);
        size_t n_points = 5 + psh__random_below(&rng, 25);
        for (size_t k = 0; k < n_points; k++) {
            points[k][0] = 0.5 * psh__random_unit(&rng);
            points[k][1] = points[k][0] + (0.1 + 0.4 * (double)i / (double)n_diagrams) * psh__random_unit(&rng);
            dims[k] = k % 4 == 0;
        }
        assert_int_equal(psh_diagrams_append(set, points[0], dims, n_points, NULL, -1, NULL), PSH_OK);
    }
    return set;
}

typedef struct fixture {
    psh_diagrams *set;
    psh__features features;
    psh__exact exact;
    double distances[N_PAIRS];
    psh__target target;
    psh__pool pool;
} fixture;

static void setup(fixture *f, size_t n_candidates) {
    memset(f, 0, sizeof *f);
    f->set = make_set(N_ITEMS, 5);
    psh__pool_params params = {
        .n_lines = n_candidates / 8 + 1, .n_candidates = n_candidates, .seed = 3, .n_threads = 2};
    assert_int_equal(psh__features_compute(f->set, false, 2, &f->features, NULL), PSH_OK);
    assert_int_equal(psh__target_distances(&f->features, N_ITEMS, &f->exact, NULL, 2, f->distances, NULL), PSH_OK);
    assert_int_equal(psh__target_create(f->distances, N_ITEMS, psh__emphasis_plain(), &f->target, NULL), PSH_OK);
    assert_int_equal(psh__pool_draw(f->set, N_ITEMS, false, &f->target, &params, &f->pool, NULL), PSH_OK);
}

static void teardown(fixture *f) {
    psh__pool_free(&f->pool);
    psh__target_free(&f->target);
    psh__features_free(&f->features);
    psh_diagrams_free(f->set);
}

static void answers_of(const psh__pool *pool, size_t c, uint8_t answers[N_ITEMS]) {
    uint64_t words[(N_ITEMS + 63) / 64];
    psh__pool_answers(pool, c, words);
    for (size_t i = 0; i < N_ITEMS; i++) answers[i] = words[i / 64] >> i % 64 & 1;
}

/* --- Candidates --------------------------------------------------------------------------------------------------- */

static void candidates_are_scored_as_if_over_all_pairs(void **state) {
    fixture f;
    setup(&f, 1500);
    assert_true(f.pool.n_candidates > 1000 && f.pool.n_candidates < 2000);
    for (size_t c = 0; c < f.pool.n_candidates; c += 13) {
        uint8_t answers[N_ITEMS];
        double ones = 0, pairs = 0, dot = 0;
        answers_of(&f.pool, c, answers);
        for (size_t i = 0; i < N_ITEMS; i++) {
            ones += answers[i];
            for (size_t j = i + 1; j < N_ITEMS; j++)
                if (answers[i] != answers[j]) pairs++, dot += f.target.values[i * f.target.stride + j];
        }
        assert_true(ones > 0 && ones < N_ITEMS); /* no constant bits */
        assert_true(f.pool.ones[c] == ones && f.pool.pairs[c] == pairs && f.pool.dots[c] == dot);
    }
    teardown(&f);
}

static void candidates_answer_as_encoding_does(void **state) {
    fixture f;
    psh_frame unit = {PSH_FRAME_FIXED, 0, 1};
    uint8_t codes[N_ITEMS * 2], answers[N_ITEMS];
    psh_model *model;
    setup(&f, 600);
    for (size_t first = 0; first + 16 <= f.pool.n_candidates; first += 16) {
        assert_int_equal(psh__sketch_create(f.pool.questions + first, 16, &unit, false, 0, NULL, &model, NULL), PSH_OK);
        assert_int_equal(psh_model_encode(model, f.set, 1, codes, NULL), PSH_OK);
        for (size_t k = 0; k < 16; k++) {
            answers_of(&f.pool, first + k, answers);
            for (size_t i = 0; i < N_ITEMS; i++) assert_int_equal(codes[2 * i + k / 8] >> k % 8 & 1, answers[i]);
        }
        psh_model_free(model);
    }
    teardown(&f);
}

/* --- Target ------------------------------------------------------------------------------------------------------- */

static void the_target_rises_with_the_distance(void **state) {
    fixture f;
    setup(&f, 100);
    for (size_t i = 0, k = 0; i < N_ITEMS; i++) {
        double row = 0;
        for (size_t j = 0; j < N_ITEMS; j++) {
            row += f.target.values[i * f.target.stride + j];
            assert_int_equal(f.target.values[i * f.target.stride + j], f.target.values[j * f.target.stride + i]);
        }
        assert_true(row == f.target.row_sums[i]);
        assert_int_equal(f.target.values[i * f.target.stride + i], 0);
        for (size_t j = i + 1; j < N_ITEMS; j++, k++)
            for (size_t l = 0; l < N_PAIRS; l += 97)
                if (f.distances[l] > f.distances[k] * 1.01) {
                    size_t a = 0, b = l; /* pair l is (a, a + 1 + b) */
                    while (b >= N_ITEMS - 1 - a) b -= N_ITEMS - 1 - a, a++;
                    assert_true(f.target.values[a * f.target.stride + a + 1 + b] >=
                                f.target.values[i * f.target.stride + j]);
                }
    }
    teardown(&f);
}

static void equal_distances_give_a_flat_target(void **state) {
    psh__target target;
    const double same[3] = {0.25, 0.25, 0.25};
    assert_int_equal(psh__target_create(same, 3, psh__emphasis_plain(), &target, NULL), PSH_OK);
    assert_int_equal(target.values[1], target.values[2]);
    assert_true(target.values[1] > 0 && target.sum == 3.0 * target.values[1]);
    psh__target_free(&target);
}

/* --- Pursuit ------------------------------------------------------------------------------------------------------ */

static double correlation_of(const fixture *f, const uint32_t *chosen, size_t n_bits) {
    uint8_t *answers = malloc(n_bits * N_ITEMS);
    for (size_t k = 0; k < n_bits; k++) answers_of(&f->pool, chosen[k], answers + k * N_ITEMS);
    double correlation = oracle_pair_correlation(answers, n_bits, N_ITEMS, f->target.values, f->target.stride);
    free(answers);
    return correlation;
}

static void no_exchange_of_one_bit_is_better(void **state) {
    enum { N_BITS = 6 };
    fixture f;
    uint32_t chosen[N_BITS], trial[N_BITS];
    double correlation;
    setup(&f, 300);
    psh__pursuit_params params = {.n_bits = N_BITS, .n_sweeps = 100, .n_threads = 2};
    assert_int_equal(psh__pursuit(&f.pool, &f.target, &params, chosen, &correlation, NULL), PSH_OK);
    assert_float_equal(correlation, correlation_of(&f, chosen, N_BITS), 1e-9);
    assert_true(correlation > 0.9);
    for (size_t k = 0; k < N_BITS; k++)
        for (size_t c = 0; c < f.pool.n_candidates; c++) {
            memcpy(trial, chosen, sizeof trial);
            for (size_t l = 0; l < N_BITS; l++)
                if (l != k && chosen[l] == c) goto next;
            trial[k] = (uint32_t)c;
            assert_true(correlation_of(&f, trial, N_BITS) <= correlation + 1e-9);
        next:;
        }
    teardown(&f);
}

static void bits_are_distinct_and_come_in_greedy_order(void **state) {
    enum { N_BITS = 40 };
    fixture f;
    uint32_t chosen[N_BITS];
    double correlation, last = 0;
    setup(&f, 1000);
    psh__pursuit_params params = {.n_bits = N_BITS, .n_sweeps = 20, .n_threads = 1};
    assert_int_equal(psh__pursuit(&f.pool, &f.target, &params, chosen, &correlation, NULL), PSH_OK);
    for (size_t k = 0; k < N_BITS; k++)
        for (size_t l = 0; l < k; l++) assert_int_not_equal(chosen[k], chosen[l]);
    for (size_t k = 1; k < N_BITS; k++) { /* the bit after the first k is the best of those left */
        uint32_t trial[N_BITS];
        memcpy(trial, chosen, sizeof trial);
        double with = correlation_of(&f, trial, k + 1);
        for (size_t l = k + 1; l < N_BITS; l++) {
            trial[k] = chosen[l];
            assert_true(correlation_of(&f, trial, k + 1) <= with + 1e-9);
        }
        last = with;
    }
    assert_float_equal(last, correlation, 1e-9);
    teardown(&f);
}

static void bits_repeat_only_when_candidates_run_out(void **state) {
    enum { N_BITS = 48 };
    fixture f;
    uint32_t chosen[N_BITS];
    double correlation;
    setup(&f, 20);
    assert_true(f.pool.n_candidates < N_BITS && f.pool.n_candidates > 0);
    psh__pursuit_params params = {.n_bits = N_BITS, .n_sweeps = 20, .n_threads = 2};
    assert_int_equal(psh__pursuit(&f.pool, &f.target, &params, chosen, &correlation, NULL), PSH_OK);
    for (size_t k = 0; k < N_BITS; k++) assert_true(chosen[k] < f.pool.n_candidates);
    assert_float_equal(correlation, correlation_of(&f, chosen, N_BITS), 1e-9);
    teardown(&f);
}

/* From a code that is there: no worse than it, and what it lacks is filled in. */
static void exchange_goes_on_from_a_code(void **state) {
    enum { N_BITS = 24 };
    fixture f;
    uint32_t start[N_BITS], chosen[N_BITS];
    double correlation;
    setup(&f, 600);
    for (size_t k = 0; k < N_BITS; k++) start[k] = (uint32_t)(k * 7);
    double before = correlation_of(&f, start, N_BITS);
    psh__pursuit_params params = {.n_bits = N_BITS, .n_sweeps = 20, .n_threads = 2, .start = start};
    assert_int_equal(psh__pursuit(&f.pool, &f.target, &params, chosen, &correlation, NULL), PSH_OK);
    assert_float_equal(correlation, correlation_of(&f, chosen, N_BITS), 1e-9);
    assert_true(correlation > before + 0.01);
    double best = correlation;
    params.start = chosen, params.n_sweeps = 0; /* what is there stays, in an order of its own */
    assert_int_equal(psh__pursuit(&f.pool, &f.target, &params, start, &correlation, NULL), PSH_OK);
    assert_float_equal(correlation, best, 1e-9);
    for (size_t k = 0; k < N_BITS; k++) start[k] = k % 2 ? chosen[k] : PSH__PURSUIT_NONE;
    params.start = start;
    uint32_t filled[N_BITS];
    assert_int_equal(psh__pursuit(&f.pool, &f.target, &params, filled, &correlation, NULL), PSH_OK);
    for (size_t k = 0; k < N_BITS; k++)
        for (size_t l = 0; l < k; l++) assert_int_not_equal(filled[k], filled[l]);
    for (size_t k = 1; k < N_BITS; k += 2) {
        size_t l = 0;
        while (l < N_BITS && filled[l] != chosen[k]) l++;
        assert_true(l < N_BITS);
    }
    assert_true(correlation > best - 0.1);
    teardown(&f);
}

/* --- Ranks -------------------------------------------------------------------------------------------------------- */

static void ranks_share_their_mean_among_equals(void **state) {
    const double values[] = {3, 0, 3, 1, -0.0, 3, 1e300};
    const double expected[] = {4, 0.5, 4, 2, 0.5, 4, 6};
    double ranks[7];
    uint64_t work[14];
    psh__rank(values, 7, work, ranks);
    for (size_t i = 0; i < 7; i++) assert_true(ranks[i] == expected[i]);
    psh__rank(values, 0, work, ranks);
}

static void radix_sort_is_stable_on_any_bits(void **state) {
    enum { N = 500 };
    uint64_t keys[N], scratch[N];
    psh__random rng;
    psh__random_init(&rng, 6, 0);
    for (int first = 0; first < 60; first += 7)
        for (int last = first + 1; last <= 64; last += 5) {
            for (size_t i = 0; i < N; i++) keys[i] = psh__random_u64(&rng);
            uint64_t before[N];
            memcpy(before, keys, sizeof before);
            psh__radix_sort(keys, scratch, N, first, last);
            uint64_t mask = last - first == 64 ? UINT64_MAX : ((uint64_t)1 << (last - first)) - 1;
            for (size_t i = 1; i < N; i++) assert_true((keys[i - 1] >> first & mask) <= (keys[i] >> first & mask));
            uint64_t sum = 0;
            for (size_t i = 0; i < N; i++) sum += keys[i] - before[i];
            assert_true(sum == 0);
        }
    uint64_t few[] = {5 << 8 | 1, 3 << 8 | 2, 5 << 8 | 3, 3 << 8 | 4};
    psh__radix_sort(few, scratch, 4, 8, 16);
    assert_true(few[0] == (3 << 8 | 2) && few[1] == (3 << 8 | 4) && few[2] == (5 << 8 | 1) && few[3] == (5 << 8 | 3));
}

static void pearson_of_constants_is_nan(void **state) {
    const double a[] = {1, 2, 3}, b[] = {2, 4, 6}, c[] = {1, 1, 1};
    assert_float_equal(psh__pearson(a, b, 3), 1, 1e-12);
    assert_true(isnan(psh__pearson(a, c, 3)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates_are_scored_as_if_over_all_pairs),
        cmocka_unit_test(candidates_answer_as_encoding_does),
        cmocka_unit_test(the_target_rises_with_the_distance),
        cmocka_unit_test(equal_distances_give_a_flat_target),
        cmocka_unit_test(no_exchange_of_one_bit_is_better),
        cmocka_unit_test(bits_are_distinct_and_come_in_greedy_order),
        cmocka_unit_test(bits_repeat_only_when_candidates_run_out),
        cmocka_unit_test(exchange_goes_on_from_a_code),
        cmocka_unit_test(ranks_share_their_mean_among_equals),
        cmocka_unit_test(radix_sort_is_stable_on_any_bits),
        cmocka_unit_test(pearson_of_constants_is_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
