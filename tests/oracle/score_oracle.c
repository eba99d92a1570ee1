/* score_oracle.c : slow twins of src/score. */
#include "score_oracle.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static void count_pairs(const int64_t *a, const int64_t *b, size_t n_items, double counts[2][2]) {
    memset(counts, 0, 4 * sizeof counts[0][0]);
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++) counts[a[i] == a[j]][b[i] == b[j]]++;
}

double oracle_fms(const int64_t *a, const int64_t *b, size_t n_items) {
    double counts[2][2];
    count_pairs(a, b, n_items, counts);
    double both = counts[1][1], in_a = both + counts[1][0], in_b = both + counts[0][1];
    return both > 0 ? both / sqrt(in_a * in_b) : 0;
}

double oracle_ari(const int64_t *a, const int64_t *b, size_t n_items) {
    double counts[2][2];
    count_pairs(a, b, n_items, counts);
    double both = counts[1][1], in_a = both + counts[1][0], in_b = both + counts[0][1];
    double all = in_a + counts[0][1] + counts[0][0];
    if (counts[1][0] == 0 && counts[0][1] == 0) return 1;
    return (both - in_a * in_b / all) / ((in_a + in_b) / 2 - in_a * in_b / all);
}

static size_t count_equal(const int64_t *labels, size_t n_items, int64_t label) {
    size_t count = 0;
    for (size_t i = 0; i < n_items; i++) count += labels[i] == label;
    return count;
}

/* Sum over items: the mean of log of how much likelier b's label is, given a's. */
static double information(const int64_t *a, const int64_t *b, size_t n_items) {
    double sum = 0, n = (double)n_items;
    for (size_t i = 0; i < n_items; i++) {
        size_t both = 0;
        for (size_t j = 0; j < n_items; j++) both += a[i] == a[j] && b[i] == b[j];
        sum += log((double)both * n / ((double)count_equal(a, n_items, a[i]) * (double)count_equal(b, n_items, b[i])));
    }
    return sum / n;
}

static double sum_over_permutations(const int64_t *a, int64_t *b, size_t n_items, size_t n_fixed, double *n_visited) {
    if (n_fixed == n_items) {
        ++*n_visited;
        return information(a, b, n_items);
    }
    double sum = 0;
    for (size_t i = n_fixed; i < n_items; i++) {
        int64_t swap = b[i];
        b[i] = b[n_fixed], b[n_fixed] = swap;
        sum += sum_over_permutations(a, b, n_items, n_fixed + 1, n_visited);
        swap = b[i], b[i] = b[n_fixed], b[n_fixed] = swap;
    }
    return sum;
}

double oracle_ami(const int64_t *a, const int64_t *b, size_t n_items) {
    int64_t shuffled[8];
    double n_visited = 0;
    memcpy(shuffled, b, n_items * sizeof *b);
    double expected = sum_over_permutations(a, shuffled, n_items, 0, &n_visited) / n_visited;
    double most = (information(a, a, n_items) + information(b, b, n_items)) / 2;
    double counts[2][2];
    count_pairs(a, b, n_items, counts);
    if (counts[1][0] == 0 && counts[0][1] == 0) return 1;
    return fabs(most - expected) < 1e-12 ? 0 : (information(a, b, n_items) - expected) / (most - expected);
}

double oracle_pearson(const double *x, const double *y, size_t n_values) {
    long double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n_values; i++) mean_x += x[i], mean_y += y[i];
    mean_x /= (long double)n_values, mean_y /= (long double)n_values;
    for (size_t i = 0; i < n_values; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x), yy += (y[i] - mean_y) * (y[i] - mean_y);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    return (double)(xy / sqrtl(xx * yy));
}

static double mean_rank(const double *values, size_t n_values, double value) {
    double n_less = 0, n_equal = 0;
    for (size_t i = 0; i < n_values; i++) n_less += values[i] < value, n_equal += values[i] == value;
    return n_less + (n_equal + 1) / 2;
}

double oracle_spearman(const double *x, const double *y, size_t n_values) {
    double *ranks_x = malloc(n_values * sizeof *ranks_x), *ranks_y = malloc(n_values * sizeof *ranks_y);
    if (!ranks_x || !ranks_y) abort();
    for (size_t i = 0; i < n_values; i++) {
        ranks_x[i] = mean_rank(x, n_values, x[i]);
        ranks_y[i] = mean_rank(y, n_values, y[i]);
    }
    double r = oracle_pearson(ranks_x, ranks_y, n_values);
    free(ranks_x), free(ranks_y);
    return r;
}

/* Marks the k nearest of item i, ties in the order of `order`. */
static void mark_nearest(const double *distances, size_t n_items, size_t i_item, size_t k, const uint32_t *order,
                         bool *is_near) {
    memset(is_near, 0, n_items);
    for (size_t n_found = 0; n_found < k; n_found++) {
        size_t best = SIZE_MAX;
        for (size_t at = 0; at < n_items; at++) {
            size_t j = order[at];
            if (j == i_item || is_near[j]) continue;
            if (best == SIZE_MAX || distances[i_item * n_items + j] < distances[i_item * n_items + best]) best = j;
        }
        is_near[best] = true;
    }
}

double oracle_recall(const double *truth, const double *approx, size_t n_items, size_t k, size_t m, size_t n_draws,
                     uint64_t seed) {
    uint32_t *order = malloc(n_items * sizeof *order);
    bool *near_t = malloc(n_items), *near_a = malloc(n_items);
    if (!order || !near_t || !near_a) abort();
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    for (size_t i = 0; i < n_items; i++) order[i] = (uint32_t)i;
    double n_both = 0;
    for (size_t i_draw = 0; i_draw < n_draws; i_draw++)
        for (size_t i = 0; i < n_items; i++) {
            psh__random_shuffle(&rng, order, n_items);
            mark_nearest(truth, n_items, i, k, order, near_t);
            psh__random_shuffle(&rng, order, n_items);
            mark_nearest(approx, n_items, i, m, order, near_a);
            for (size_t j = 0; j < n_items; j++) n_both += near_t[j] && near_a[j];
        }
    free(order), free(near_t), free(near_a);
    return n_both / (double)(n_draws * n_items * k);
}
