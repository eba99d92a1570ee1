/* pursuit.c : matching pursuit with exchange over candidate bits.
 *
 * A candidate bit b in {0,1}^n (its answers on n diagrams) separates the pairs x = {(i, j) : b_i != b_j}. The Hamming
 * distances of a code are h = sum of the x of its bits. Wanted: L candidates whose h has the highest correlation with
 * the target t over all n (n - 1) / 2 pairs. All that this needs are inner products, and those are counts:
 *     <x_a, x_b> = n11 n00 + n10 n01,    n_uv = #{i : a_i = u, b_i = v},
 * since a pair separated by both has its items in opposite corners of the 2 x 2 table. One popcount of n bits gives the
 * table, so 500,000 pairs cost 1,000 bits. <x, t> comes with the pool. The counts are integers below 2^53, held in
 * doubles, and every candidate's score is computed by the same operations at every SIMD level: the same choice.
 *
 * Pursuit: scale t to mean rho and, for s = 1..L, take the x that brings h nearest to s t in least squares,
 *     arg max  2 s <x, t> - 2 <x, h> - |x|^2.
 * (Maximising the correlation greedily gets stuck after a few bits on small clean sets.)
 * Exchange: for each bit in turn, put in its place the candidate that makes the correlation highest; sweep until no
 * exchange helps. With q = sum of <x, x_b> over the chosen b kept for every candidate, an exchange costs two popcount
 * passes over the pool and one pass of arithmetic. This is where the quality comes from: on 1,000 Fashion-MNIST
 * diagrams and 64 bits the correlation is 0.84 to 0.94 after pursuit, 0.950 after one sweep and 0.956 after seven,
 * whatever rho; different starts end within 0.0006 of each other. Order: of the chosen bits, first the one with the
 * highest correlation, then the one that best goes with it, and so on.
 *
 * Cost: O(pool * n / 64) words and O(pool) flops per bit and sweep: 0.05 ms for 16,384 candidates on 1,000 diagrams. */
#include "encoder/pursuit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static const double start_means[] = {0.2, 0.3};
enum { N_STARTS = sizeof start_means / sizeof *start_means };
static const double tiny = 1e-9;

/* What an exchange must add to the squared correlation, as a share of it: next to nothing where the bits were only
 * pursued; where a code that was learnt is improved, more than chance may bring. That falls with the number of pairs,
 * and with the bits, each of which matters less: of a / (pairs * bits^2), this a was good for diagrams not fitted on,
 * over 20 to 150 of six sets, and for near pairs with 256 bits. */
static const double least_gain = 1e-12, least_gain_of_learnt = 819.2;

typedef struct search {
    const psh__pool *pool;
    const psh__sketch_kernels *kernels;
    size_t n_bits, n_room, n_pairs;      /* n_room: candidates in whole blocks */
    double target_mean, target_variance; /* the latter times n_pairs */
    double least_gain;                   /* of an exchange */
    bool may_repeat;
    uint32_t *chosen;         // (n_bits)
    double *dots;             // (n_room) <x, t - mean t>
    double *shared;           // (n_room) <x, h>
    double *products;         // (n_room) <x, x_a> for one bit a
    double *blocked;          // (n_room) 0, or -INFINITY for candidates that may not be chosen
    double *nothing;          // (n_room) zeros
    uint64_t *mask;           // (n_words)
    double sum, squares, dot; /* of h: sum, |h|^2, <h, t - mean t> */
} search;

static void search_free(search *s) {
    psh__free(s->chosen);
    psh__free(s->dots);
    psh__free(s->shared);
    psh__free(s->products);
    psh__free(s->blocked);
    psh__free(s->nothing);
    psh__free(s->mask);
}

static bool search_create(const psh__pool *pool, const psh__target *target, size_t n_bits, search *s) {
    memset(s, 0, sizeof *s);
    s->pool = pool;
    s->kernels = psh__sketch_kernels_get();
    s->n_bits = n_bits;
    s->n_room = (pool->n_candidates + PSH__BLOCK_BITSETS - 1) / PSH__BLOCK_BITSETS * PSH__BLOCK_BITSETS;
    s->n_pairs = pool->n_items * (pool->n_items - 1) / 2;
    s->target_mean = target->sum / (double)s->n_pairs;
    s->target_variance = target->sum_squares - target->sum * s->target_mean;
    s->may_repeat = pool->n_candidates < n_bits;
    s->chosen = psh__malloc(n_bits, sizeof *s->chosen);
    s->dots = psh__malloc(s->n_room, sizeof *s->dots);
    s->shared = psh__malloc(s->n_room, sizeof *s->shared);
    s->products = psh__malloc(s->n_room, sizeof *s->products);
    s->blocked = psh__malloc(s->n_room, sizeof *s->blocked);
    s->nothing = psh__calloc(s->n_room, sizeof *s->nothing);
    s->mask = psh__malloc(pool->n_words, sizeof *s->mask);
    if (!s->chosen || !s->dots || !s->shared || !s->products || !s->blocked || !s->nothing || !s->mask) return false;
    for (size_t c = 0; c < s->n_room; c++) s->dots[c] = pool->dots[c] - s->target_mean * pool->pairs[c];
    return true;
}

static void inner_products(search *s, size_t a) {
    const psh__pool *p = s->pool;
    psh__pool_answers(p, a, s->mask);
    s->kernels->pair_products(p->blocks, s->n_room / PSH__BLOCK_BITSETS, p->n_words, s->mask, p->ones[a], p->ones,
                              (double)p->n_items, s->products);
}

/* h = 0, and every real candidate is free if `free`. */
static void start_empty(search *s, bool is_free) {
    s->sum = s->squares = s->dot = 0;
    memset(s->shared, 0, s->n_room * sizeof *s->shared);
    for (size_t c = 0; c < s->n_room; c++) s->blocked[c] = is_free && c < s->pool->n_candidates ? 0 : -INFINITY;
}

static void block(search *s, size_t a) {
    if (!s->may_repeat) s->blocked[a] = -INFINITY;
}

/* Bit a joins h. */
static void join(search *s, size_t a) {
    s->squares += 2 * s->shared[a] + s->pool->pairs[a];
    s->sum += s->pool->pairs[a];
    s->dot += s->dots[a];
    inner_products(s, a);
    for (size_t c = 0; c < s->n_room; c++) s->shared[c] += s->products[c];
}

/* Bit a leaves h; its inner products are in s->products. */
static void leave(search *s, size_t a) {
    for (size_t c = 0; c < s->n_room; c++) s->shared[c] -= s->products[c];
    s->squares -= 2 * s->shared[a] + s->pool->pairs[a];
    s->sum -= s->pool->pairs[a];
    s->dot -= s->dots[a];
}

static void pursue(search *s, double mean) {
    const psh__pool *p = s->pool;
    start_empty(s, true);
    for (size_t k = 0; k < s->n_bits; k++) {
        double step = 2 * mean / s->target_mean * (double)(k + 1), best_score = -INFINITY;
        size_t best = 0;
        for (size_t c = 0; c < p->n_candidates; c++) {
            double score = step * p->dots[c] - 2 * s->shared[c] - p->pairs[c] + s->blocked[c];
            if (score > best_score) best = c, best_score = score;
        }
        s->chosen[k] = (uint32_t)best;
        block(s, best);
        join(s, best);
    }
}

static double correlation_of(const search *s) {
    double variance = (s->squares - s->sum * s->sum / (double)s->n_pairs) * s->target_variance;
    return variance > 0 ? s->dot / sqrt(variance) : 0;
}

/* The candidate that goes best with h; `removed` is counted off the shared inner products. */
static size_t best_addition(const search *s, const double *removed, double sum, double dot, double squares,
                            double *score) {
    psh__additions additions = {.n_blocks = s->n_room / PSH__BLOCK_BITSETS,
                                .pairs = s->pool->pairs,
                                .dots = s->dots,
                                .shared = s->shared,
                                .removed = removed,
                                .blocked = s->blocked,
                                .sum = sum,
                                .dot = dot,
                                .squares = squares,
                                .share = 1 / (double)s->n_pairs,
                                .tiny = tiny};
    return s->kernels->best_addition(&additions, score);
}

/* Tries every candidate in the place of the k-th bit; true if another one is better. */
static bool exchange_bit(search *s, size_t k) {
    const psh__pool *p = s->pool;
    size_t a = s->chosen[k];
    double score, now = s->dot * fabs(s->dot) / (s->squares - s->sum * s->sum / (double)s->n_pairs + tiny);
    inner_products(s, a);
    size_t b = best_addition(s, s->products, s->sum - p->pairs[a], s->dot - s->dots[a],
                             s->squares - 2 * s->shared[a] + p->pairs[a], &score);
    if (b == SIZE_MAX || !(score > now + fabs(now) * s->least_gain)) return false;
    leave(s, a);
    s->blocked[a] = 0;
    block(s, b);
    join(s, b);
    s->chosen[k] = (uint32_t)b;
    return true;
}

/* A code that is there already; in the place of bits that it lacks, those that go best with the others. */
static void go_on(search *s, const uint32_t *start) {
    double score;
    start_empty(s, true);
    for (size_t k = 0; k < s->n_bits; k++)
        if (start[k] != PSH__PURSUIT_NONE) block(s, start[k]), join(s, start[k]);
    for (size_t k = 0; k < s->n_bits; k++) {
        s->chosen[k] = start[k];
        if (start[k] != PSH__PURSUIT_NONE) continue;
        size_t best = best_addition(s, s->nothing, s->sum, s->dot, s->squares, &score);
        assert(best != SIZE_MAX); /* the pool has as many candidates as bits are wanted */
        s->chosen[k] = (uint32_t)best;
        block(s, best);
        join(s, best);
    }
}

static void exchange(search *s, int n_sweeps) {
    size_t n_idle = 0; /* bits in a row that no exchange improves */
    for (int sweep = 0; sweep < n_sweeps; sweep++)
        for (size_t k = 0; k < s->n_bits; k++) {
            n_idle = exchange_bit(s, k) ? 0 : n_idle + 1;
            if (n_idle == s->n_bits) return;
        }
}

/* Orders the chosen bits so that each prefix has the highest correlation that greed can find. */
static void order_chosen(search *s, uint32_t *ordered) {
    start_empty(s, false);
    for (size_t k = 0; k < s->n_bits; k++) s->blocked[s->chosen[k]] = 0;
    for (size_t k = 0; k < s->n_bits; k++) {
        double score;
        size_t b = best_addition(s, s->nothing, s->sum, s->dot, s->squares, &score), at = k;
        while (s->chosen[at] != b) at++;
        s->chosen[at] = s->chosen[k]; /* what is left moves up: chosen[k + 1 ..] */
        s->chosen[k] = (uint32_t)b;
        ordered[k] = (uint32_t)b;
        s->blocked[b] = -INFINITY;
        for (size_t l = k + 1; s->may_repeat && l < s->n_bits; l++)
            if (s->chosen[l] == b) s->blocked[b] = 0;
        join(s, b);
    }
}

psh_status psh__pursuit(const psh__pool *pool, const psh__target *target, const psh__pursuit_params *params,
                        uint32_t *chosen, double *correlation, psh_error *err) {
    search searches[N_STARTS];
    bool good = true;
    size_t best = 0, n_starts = params->start ? 1 : N_STARTS;
    memset(searches, 0, sizeof searches);
    for (size_t i = 0; i < n_starts; i++) good &= search_create(pool, target, params->n_bits, &searches[i]);
    if (good) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(psh_cpu_threads(params->n_threads))
        for (size_t i = 0; i < n_starts; i++) {
            searches[i].least_gain =
                params->start ? least_gain_of_learnt /
                                    ((double)searches[i].n_pairs * (double)params->n_bits * (double)params->n_bits)
                              : least_gain;
            if (params->start)
                go_on(&searches[i], params->start);
            else
                pursue(&searches[i], start_means[i]);
            exchange(&searches[i], params->n_sweeps);
        }
        for (size_t i = 1; i < n_starts; i++)
            if (correlation_of(&searches[i]) > correlation_of(&searches[best])) best = i;
        *correlation = correlation_of(&searches[best]);
        order_chosen(&searches[best], chosen);
    }
    for (size_t i = 0; i < n_starts; i++) search_free(&searches[i]);
    return good ? PSH_OK : psh__error_memory(err, "the pursuit", pool->n_candidates * 5 * sizeof(double));
}
