/* pursuit.c : matching pursuit with exchange over candidate bits.
 *
 * A candidate bit b in {0,1}^n (its answers on n diagrams) separates the pairs x = {(i, j) : b_i != b_j}. The Hamming
 * distances of a code are h = sum of the x of its bits. Wanted: L candidates whose h has the highest correlation with
 * the target t over all n (n - 1) / 2 pairs. All that this needs are inner products, and those are counts:
 *     <x_a, x_b> = n11 n00 + n10 n01,    n_uv = #{i : a_i = u, b_i = v},
 * since a pair separated by both has its items in opposite corners of the 2 x 2 table. One popcount of n bits gives the
 * table, so 500,000 pairs cost 1,000 bits. <x, t> comes with the pool. Everything is an integer below 2^53, held in
 * doubles: the same choice at any SIMD level.
 *
 * Pursuit: scale t to mean rho and, for s = 1..L, take the x that brings h nearest to s t in least squares,
 *     arg max  2 s <x, t> - 2 <x, h> - |x|^2.
 * (Maximising the correlation greedily gets stuck after a few bits on small clean sets.) Several rho are tried.
 * Exchange: for each bit in turn, put in its place the candidate that makes the correlation highest; sweep until no
 * exchange helps. With q = sum of <x, x_b> over chosen b kept for every candidate, an exchange costs two popcount
 * passes over the pool and one pass of arithmetic.
 *
 * Cost: O(pool * n / 64) words and O(pool) flops per bit and sweep: 0.2 ms for 16,384 candidates on 1,000 diagrams. */
#include "encoder/pursuit.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static const double start_means[] = {0.2, 0.3, 0.4, 0.5};
enum { N_STARTS = sizeof start_means / sizeof *start_means };

typedef struct search {
    const psh__pool *pool;
    const psh__sketch_kernels *kernels;
    size_t n_bits, n_pairs;
    double target_mean, target_variance; /* the latter times n_pairs */
    bool may_repeat;
    uint32_t *chosen; // (n_bits)
    size_t n_chosen;
    uint8_t *taken;           // (n_candidates)
    double *shared;           // (n_candidates) q: <x, h>
    double *with_out;         // (n_candidates) <x, x_a> for the bit a that is taken out
    double *scores;           // (n_candidates)
    uint32_t *common;         // (whole blocks)
    uint64_t *mask;           // (n_words)
    double sum, squares, dot; /* of h: sum, |h|^2, <h, t - mean t> */
} search;

static void search_free(search *s) {
    psh__free(s->chosen);
    psh__free(s->taken);
    psh__free(s->shared);
    psh__free(s->with_out);
    psh__free(s->scores);
    psh__free(s->common);
    psh__free(s->mask);
}

static bool search_create(const psh__pool *pool, const psh__target *target, size_t n_bits, search *s) {
    memset(s, 0, sizeof *s);
    size_t n = pool->n_candidates, n_room = (n + PSH__BLOCK_BITSETS - 1) / PSH__BLOCK_BITSETS * PSH__BLOCK_BITSETS;
    s->pool = pool;
    s->kernels = psh__sketch_kernels_get();
    s->n_bits = n_bits;
    s->n_pairs = pool->n_items * (pool->n_items - 1) / 2;
    s->target_mean = target->sum / (double)s->n_pairs;
    s->target_variance = target->sum_squares - target->sum * s->target_mean;
    s->may_repeat = n < n_bits;
    s->chosen = psh__malloc(n_bits, sizeof *s->chosen);
    s->taken = psh__calloc(n, sizeof *s->taken);
    s->shared = psh__calloc(n, sizeof *s->shared);
    s->with_out = psh__malloc(n, sizeof *s->with_out);
    s->scores = psh__malloc(n, sizeof *s->scores);
    s->common = psh__malloc(n_room, sizeof *s->common);
    s->mask = psh__malloc(pool->n_words, sizeof *s->mask);
    return s->chosen && s->taken && s->shared && s->with_out && s->scores && s->common && s->mask;
}

/* dst[c] = <x_c, x_a> for every candidate c. */
static void inner_products(search *s, size_t a, double *dst) {
    const psh__pool *p = s->pool;
    size_t n_blocks = (p->n_candidates + PSH__BLOCK_BITSETS - 1) / PSH__BLOCK_BITSETS;
    double n = (double)p->n_items, ones_a = p->ones[a];
    psh__pool_answers(p, a, s->mask);
    s->kernels->count_common(p->blocks, n_blocks, p->n_words, s->mask, s->common);
    for (size_t c = 0; c < p->n_candidates; c++) {
        double n11 = s->common[c], n10 = p->ones[c] - n11, n01 = ones_a - n11, n00 = n - n11 - n10 - n01;
        dst[c] = n11 * n00 + n10 * n01;
    }
}

static double centred_dot(const search *s, size_t c) {
    return s->pool->dots[c] - s->target_mean * s->pool->pairs[c];
}

/* The candidate of the highest score, the first among equals; taken ones only if they may be repeated. */
static size_t best_candidate(const search *s) {
    size_t best = SIZE_MAX;
    for (size_t c = 0; c < s->pool->n_candidates; c++)
        if ((s->may_repeat || !s->taken[c]) && (best == SIZE_MAX || s->scores[c] > s->scores[best])) best = c;
    return best;
}

/* Bit a joins h: needs shared[a] = <x_a, h> of before. */
static void count_in(search *s, size_t a) {
    s->squares += 2 * s->shared[a] + s->pool->pairs[a];
    s->sum += s->pool->pairs[a];
    s->dot += centred_dot(s, a);
    s->taken[a] = 1;
}

static void pursue(search *s, double mean) {
    const psh__pool *p = s->pool;
    double scale = mean / s->target_mean;
    s->n_chosen = 0;
    s->sum = s->squares = s->dot = 0;
    memset(s->taken, 0, p->n_candidates);
    memset(s->shared, 0, p->n_candidates * sizeof *s->shared);
    while (s->n_chosen < s->n_bits) {
        double step = 2 * scale * (double)(s->n_chosen + 1);
        for (size_t c = 0; c < p->n_candidates; c++) s->scores[c] = step * p->dots[c] - 2 * s->shared[c] - p->pairs[c];
        size_t a = best_candidate(s);
        count_in(s, a);
        inner_products(s, a, s->with_out);
        for (size_t c = 0; c < p->n_candidates; c++) s->shared[c] += s->with_out[c];
        s->chosen[s->n_chosen++] = (uint32_t)a;
    }
}

/* n_pairs times the variance of distances with these sums. */
static double spread(const search *s, double sum, double squares) {
    return squares - sum * sum / (double)s->n_pairs;
}

static double correlation_of(const search *s) {
    double variance = spread(s, s->sum, s->squares) * s->target_variance;
    return variance > 0 ? s->dot / sqrt(variance) : 0;
}

/* Tries every candidate in the place of the k-th bit; true if another one is better. */
static bool exchange_bit(search *s, size_t k) {
    const psh__pool *p = s->pool;
    size_t a = s->chosen[k];
    inner_products(s, a, s->with_out);
    double sum = s->sum - p->pairs[a], dot = s->dot - centred_dot(s, a);
    double squares = s->squares - 2 * s->shared[a] + p->pairs[a];
    double share = 1 / (double)s->n_pairs;
    for (size_t c = 0; c < p->n_candidates; c++) {
        double new_sum = sum + p->pairs[c], new_dot = dot + (p->dots[c] - s->target_mean * p->pairs[c]);
        double new_squares = squares + 2 * (s->shared[c] - s->with_out[c]) + p->pairs[c];
        double variance = new_squares - new_sum * new_sum * share;
        double score = new_dot * fabs(new_dot) / (variance + 1e-9);
        s->scores[c] = score;
    }
    s->taken[a] = 0;
    size_t b = best_candidate(s);
    bool better = b != a && s->scores[b] > s->scores[a] * (1 + 1e-12);
    if (!better) b = a;
    s->taken[b] = 1;
    if (!better) return false;
    for (size_t c = 0; c < p->n_candidates; c++) s->shared[c] -= s->with_out[c];
    s->sum = sum, s->dot = dot, s->squares = squares;
    count_in(s, b);
    inner_products(s, b, s->with_out);
    for (size_t c = 0; c < p->n_candidates; c++) s->shared[c] += s->with_out[c];
    s->chosen[k] = (uint32_t)b;
    return true;
}

static void exchange(search *s, int n_sweeps) {
    size_t n_idle = 0; /* bits in a row that no exchange improves */
    for (int sweep = 0; sweep < n_sweeps; sweep++)
        for (size_t k = 0; k < s->n_bits; k++) {
            n_idle = exchange_bit(s, k) ? 0 : n_idle + 1;
            if (n_idle == s->n_bits) return;
        }
}

psh_status psh__pursuit(const psh__pool *pool, const psh__target *target, const psh__pursuit_params *params,
                        uint32_t *chosen, double *correlation, psh_error *err) {
    search searches[N_STARTS];
    bool good = true;
    size_t best = 0;
    for (size_t i = 0; i < N_STARTS; i++) good &= search_create(pool, target, params->n_bits, &searches[i]);
    if (good) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(psh_cpu_threads(params->n_threads))
        for (size_t i = 0; i < N_STARTS; i++) {
            pursue(&searches[i], start_means[i]);
            exchange(&searches[i], params->n_sweeps);
        }
        for (size_t i = 1; i < N_STARTS; i++)
            if (correlation_of(&searches[i]) > correlation_of(&searches[best])) best = i;
        memcpy(chosen, searches[best].chosen, params->n_bits * sizeof *chosen);
        *correlation = correlation_of(&searches[best]);
    }
    for (size_t i = 0; i < N_STARTS; i++) search_free(&searches[i]);
    return good ? PSH_OK : psh__error_memory(err, "the pursuit", pool->n_candidates * 4 * sizeof(double));
}
