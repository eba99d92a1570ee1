/* test_sketch_kernels.c : every SIMD level of the sketch's inner loops against the scalar twin and the oracle. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "encoder/kernels.h"
#include "encoder/sketch_model.h"
#include "sketch_oracle.h"

/* The levels that this machine has, best last. Returns their number. */
static size_t levels(const psh__sketch_kernels *found[4]) {
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    size_t n = 0;
    for (size_t l = 0; l < 3; l++) {
        setenv("PSH_SIMD", names[l], 1);
        if (psh_cpu_check(NULL) == PSH_OK) found[n++] = psh__sketch_kernels_get();
    }
    unsetenv("PSH_SIMD");
    return n;
}

static float random_coordinate(psh__random *rng) {
    switch (psh__random_below(rng, 20)) {
    case 0:
        return NAN;
    case 1:
        return INFINITY;
    case 2:
        return -3e38f;
    case 3:
        return 0.5f;
    default:
        return (float)psh__random_unit(rng);
    }
}

static void counts_are_the_same_at_every_level(void **state) {
    enum { MAX = 160 };
    static float births[MAX], deaths[MAX], middles[MAX];
    const psh__sketch_kernels *found[4];
    size_t n_levels = levels(found);
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (size_t n = 0; n <= MAX; n += PSH__LANES)
        for (int trial = 0; trial < 200; trial++) {
            for (size_t i = 0; i < n; i++) {
                births[i] = random_coordinate(&rng), deaths[i] = random_coordinate(&rng);
                middles[i] = (births[i] + deaths[i]) * 0.5f;
            }
            float angle = 3.14159f * (float)psh__random_unit(&rng) - 1.5708f;
            psh__edge edge = psh__line_edge((psh__line){cosf(angle), sinf(angle), (float)psh__random_unit(&rng),
                                                        1e-4f + 0.3f * (float)psh__random_unit(&rng)});
            int32_t expected = psh__sketch_kernels_scalar.count_near(births, deaths, middles, n, edge);
            for (size_t l = 0; l < n_levels; l++)
                assert_int_equal(found[l]->count_near(births, deaths, middles, n, edge), expected);
        }
}

static void counts_agree_with_the_oracle_at_every_number_of_points(void **state) {
    const float line[4] = {0.6f, 0.8f, 0.7f, 0.11f};
    psh_frame frame = {PSH_FRAME_FIXED, 10, 30};
    for (size_t n_points = 0; n_points < 70; n_points++) {
        double points[140];
        psh_diagrams *set;
        psh__cloud cloud;
        psh__random rng;
        psh__random_init(&rng, 2, n_points);
        for (size_t i = 0; i < n_points; i++) {
            points[2 * i] = 10 + 10 * psh__random_unit(&rng);
            points[2 * i + 1] = points[2 * i] + 10 * psh__random_unit(&rng);
        }
        assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
        assert_int_equal(psh_diagrams_append(set, points, NULL, n_points, NULL, -1, NULL), PSH_OK);
        assert_int_equal(psh__max_points(set), n_points);
        assert_int_equal(psh__cloud_create(n_points, &cloud, NULL), PSH_OK);
        assert_int_equal(psh__cloud_gather(&cloud, set, 0, &frame, 0, 0), 0);
        assert_int_equal(cloud.n_padded % PSH__LANES, 0);
        int32_t found =
            psh__sketch_kernels_get()->count_near(cloud.births, cloud.deaths, cloud.middles, cloud.n_padded,
                                                  psh__line_edge((psh__line){line[0], line[1], line[2], line[3]}));
        /* the oracle adds cos and sin before scaling, the kernel after: a point may differ by 1 / 256 */
        assert_true(abs(found - oracle_count_near(points, n_points, 10, 30, line)) <= (int)n_points);
        psh__cloud_free(&cloud);
        psh_diagrams_free(set);
    }
}

static void a_whole_point_counts_one_and_an_edge_point_half(void **state) {
    float births[PSH__LANES], deaths[PSH__LANES], middles[PSH__LANES];
    for (size_t i = 0; i < PSH__LANES; i++) births[i] = deaths[i] = middles[i] = NAN;
    births[0] = 0.25f, deaths[0] = 0.75f, middles[0] = 0.5f;
    const psh__sketch_kernels *k = psh__sketch_kernels_get();
    psh__edge below_middle =
        psh__line_edge((psh__line){1, 0, 0.4f, 0.125f}); /* birth <= 0.4: the point, not its foot */
    psh__edge at_birth = psh__line_edge((psh__line){1, 0, 0.25f, 0.125f});
    psh__edge beyond = psh__line_edge((psh__line){1, 0, 0.9f, 0.125f}),
              before = psh__line_edge((psh__line){1, 0, 0, 0.125f});
    assert_int_equal(k->count_near(births, deaths, middles, PSH__LANES, below_middle), PSH__ONE);
    assert_int_equal(k->count_near(births, deaths, middles, PSH__LANES, at_birth), PSH__ONE / 2);
    assert_int_equal(k->count_near(births, deaths, middles, PSH__LANES, beyond), 0);
    assert_int_equal(k->count_near(births, deaths, middles, PSH__LANES, before), 0);
}

static void pair_products_count_pairs_separated_by_both(void **state) {
    enum { N_BLOCKS = 3, MAX_WORDS = 5 };
    const psh__sketch_kernels *found[4];
    size_t n_levels = levels(found);
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    for (size_t n_items = 2; n_items <= 64 * MAX_WORDS; n_items += 31) {
        size_t n_words = (n_items + 63) / 64, n_candidates = N_BLOCKS * PSH__BLOCK_BITSETS;
        uint64_t blocks[N_BLOCKS * MAX_WORDS * PSH__BLOCK_BITSETS] = {0}, mask[MAX_WORDS] = {0};
        uint8_t answers[N_BLOCKS * PSH__BLOCK_BITSETS][64 * MAX_WORDS], in_mask[64 * MAX_WORDS];
        double ones[N_BLOCKS * PSH__BLOCK_BITSETS] = {0}, ones_mask = 0, dst[N_BLOCKS * PSH__BLOCK_BITSETS];
        for (size_t i = 0; i < n_items; i++) {
            in_mask[i] = psh__random_below(&rng, 3) == 0;
            mask[i / 64] |= (uint64_t)in_mask[i] << i % 64;
            ones_mask += in_mask[i];
            for (size_t c = 0; c < n_candidates; c++) {
                answers[c][i] = (uint8_t)psh__random_below(&rng, 2);
                ones[c] += answers[c][i];
                blocks[(c / 8 * n_words + i / 64) * 8 + c % 8] |= (uint64_t)answers[c][i] << i % 64;
            }
        }
        for (size_t l = 0; l < n_levels; l++) {
            found[l]->pair_products(blocks, N_BLOCKS, n_words, mask, ones_mask, ones, (double)n_items, dst);
            for (size_t c = 0; c < n_candidates; c++) {
                int both = 0;
                for (size_t i = 0; i < n_items; i++)
                    for (size_t j = i + 1; j < n_items; j++)
                        both += answers[c][i] != answers[c][j] && in_mask[i] != in_mask[j];
                assert_true(dst[c] == both);
            }
        }
    }
}

static void best_addition_is_the_first_of_the_best(void **state) {
    enum { N_BLOCKS = 9, N = N_BLOCKS * PSH__BLOCK_BITSETS };
    const psh__sketch_kernels *found[4];
    size_t n_levels = levels(found);
    psh__random rng;
    psh__random_init(&rng, 4, 0);
    for (int trial = 0; trial < 2000; trial++) {
        double pairs[N], dots[N], shared[N], removed[N], blocked[N], expected_score, score;
        uint64_t n_values = trial % 2 ? 2 : 1000; /* few values: many ties */
        for (size_t c = 0; c < N; c++) {
            pairs[c] = 1 + (double)psh__random_below(&rng, n_values);
            dots[c] = (double)psh__random_below(&rng, n_values) - (double)n_values / 2;
            shared[c] = 5 + (double)psh__random_below(&rng, n_values);
            removed[c] = (double)psh__random_below(&rng, 2);
            blocked[c] = psh__random_below(&rng, trial % 3 == 0 ? 1 : 4) ? -INFINITY : 0;
        }
        psh__additions a = {N_BLOCKS, pairs, dots, shared, removed, blocked, 100, 30, 400, 1e-3, 1e-9};
        size_t expected = psh__sketch_kernels_scalar.best_addition(&a, &expected_score);
        for (size_t l = 0; l < n_levels; l++) {
            assert_int_equal(found[l]->best_addition(&a, &score), expected);
            assert_memory_equal(&score, &expected_score, sizeof score);
        }
    }
    double zeros[N] = {0}, all_blocked[N], score;
    for (size_t c = 0; c < N; c++) all_blocked[c] = -INFINITY;
    psh__additions a = {N_BLOCKS, zeros, zeros, zeros, zeros, all_blocked, 1, 1, 9, 0.1, 1e-9};
    for (size_t l = 0; l < n_levels; l++) assert_true(found[l]->best_addition(&a, &score) == SIZE_MAX);
}

static void rows_are_added(void **state) {
    const psh__sketch_kernels *found[4];
    size_t n_levels = levels(found);
    for (size_t l = 0; l < n_levels; l++) {
        uint32_t sums[48];
        uint16_t row[48];
        for (size_t i = 0; i < 48; i++) sums[i] = (uint32_t)(i * 1000003), row[i] = (uint16_t)(65535 - i);
        found[l]->add_row(sums, row, 48);
        for (size_t i = 0; i < 48; i++) assert_int_equal(sums[i], (uint32_t)(i * 1000003 + 65535 - i));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_the_same_at_every_level),
        cmocka_unit_test(counts_agree_with_the_oracle_at_every_number_of_points),
        cmocka_unit_test(a_whole_point_counts_one_and_an_edge_point_half),
        cmocka_unit_test(pair_products_count_pairs_separated_by_both),
        cmocka_unit_test(best_addition_is_the_first_of_the_best),
        cmocka_unit_test(rows_are_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
