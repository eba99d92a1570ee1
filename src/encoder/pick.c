/* pick.c : choosing bits among learned functions and thresholds: the sketch's pursuit (pursuit.c) with the values of
 * learned functions in place of counts beside lines.
 *
 * Gradients move a threshold only where values lie near it. In sets of tight clusters they lie nowhere near: every
 * learned bit tells clusters apart, and none looks inside of one. So each function is offered with several thresholds,
 * its own, those at even shares of the items and some near both ends, and the exchange of pursuit.c picks those that
 * together track the target best, from nothing or from a code that is there. What it gains: docs/math/compact.md.
 *
 * Cost: n_functions * n_items^2 additions, and the pursuit's. */
#include "encoder/pick.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/pursuit.h"

enum {
    N_EVEN = 24,                  /* thresholds of a function beside its own, at even shares of the items */
    MAX_SPLITS = N_EVEN + 2 * 64, /* and near both ends */
    MAX_SWEEPS = 4
};

/* An item's value of one function. */
typedef struct ranked {
    float value;
    uint32_t item;
} ranked;

static int by_value(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

static void sort_items(const psh__offer *f, size_t i_function, ranked *items) {
    for (size_t i = 0; i < f->n_items; i++) items[i] = (ranked){f->values[i * f->stride + i_function], (uint32_t)i};
    qsort(items, f->n_items, sizeof *items, by_value);
}

/* Between two neighbours; equal to neither where float has room. */
static float between(float below, float above) {
    float middle = below + (above - below) / 2;
    return middle < above ? middle : below;
}

/* How many items shall lie below a threshold, rising: a few (1, 2, 4, ...), even shares of all, all but a few. What
 * tells one or two outliers from all others is seldom an even share. Answers how many numbers there are. */
static size_t list_shares(size_t n_items, size_t shares[MAX_SPLITS]) {
    size_t n = 0, step = n_items / (N_EVEN + 1), last = 1;
    for (size_t few = 1; few < step; few *= 2) shares[n++] = last = few;
    for (size_t k = 1; k <= N_EVEN; k++) shares[n++] = (k * n_items + (N_EVEN + 1) / 2) / (N_EVEN + 1);
    for (size_t few = last; few > 0 && few < step; few /= 2) shares[n++] = n_items - few;
    return n;
}

/* Numbers of items below the thresholds, rising, without repeats: where sorted items differ. Answers how many. */
static size_t choose_splits(const ranked *items, size_t n_items, float own, size_t splits[MAX_SPLITS + 1]) {
    size_t shares[MAX_SPLITS], n_shares = list_shares(n_items, shares), n = 0, n_below = 0;
    while (n_below < n_items && items[n_below].value <= own) n_below++;
    bool has_own = n_below == 0 || n_below == n_items; /* constant: not offered */
    for (size_t k = 0; k < n_shares; k++) {
        size_t at = shares[k];
        while (at > 0 && at < n_items && items[at].value == items[at - 1].value) at++;
        if (!has_own && at >= n_below) {
            splits[n++] = n_below, has_own = true;
            if (at == n_below) continue;
        }
        if (at > 0 && at < n_items && (n == 0 || splits[n - 1] < at)) splits[n++] = at;
    }
    if (!has_own) splits[n++] = n_below;
    return n;
}

/* What one thread needs. */
typedef struct desk {
    ranked *items;  // (n_items)
    uint32_t *sums; // (target stride)
} desk;

typedef struct work {
    const psh__offer *offer;
    const psh__target *target;
    size_t *firsts;   // (n_functions + 1) candidates of each function
    uint32_t *owns;   // (n_functions) its candidate at its own threshold; PSH__PURSUIT_NONE if that tells nothing apart
    psh__pick *picks; // (n_candidates)
    psh__pool pool;
} work;

static void set_answer(psh__pool *pool, size_t c, size_t i_item) {
    size_t word = (c / PSH__BLOCK_BITSETS * pool->n_words + i_item / 64) * PSH__BLOCK_BITSETS + c % PSH__BLOCK_BITSETS;
    pool->blocks[word] |= (uint64_t)1 << i_item % 64;
}

/* Candidates of one function: answers, and the target's sum over the pairs that they separate, by a sweep through the
 * sorted items: an item that goes below adds its target to those above and takes away that to those below. */
static void fill_function(work *w, size_t i_function, const psh__sketch_kernels *kernels, desk *at) {
    const psh__offer *f = w->offer;
    const psh__target *t = w->target;
    size_t splits[MAX_SPLITS + 1], n_items = f->n_items, k = 0;
    sort_items(f, i_function, at->items);
    float own = f->thresholds[i_function];
    size_t n_splits = choose_splits(at->items, n_items, own, splits);
    double cut = 0;
    memset(at->sums, 0, t->stride * sizeof *at->sums);
    for (size_t s = 0; s < n_splits; s++) {
        size_t c = w->firsts[i_function] + s;
        for (; k < splits[s]; k++) {
            size_t m = at->items[k].item;
            cut += t->row_sums[m] - 2 * (double)at->sums[m];
            kernels->add_row(at->sums, t->values + m * t->stride, t->stride);
        }
        float below = at->items[splits[s] - 1].value, above = at->items[splits[s]].value;
        bool is_own = below <= own && own < above;
        w->picks[c] = (psh__pick){(uint32_t)i_function, is_own ? own : between(below, above)};
        if (is_own) w->owns[i_function] = (uint32_t)c;
        for (size_t i = splits[s]; i < n_items; i++) set_answer(&w->pool, c, at->items[i].item);
        w->pool.ones[c] = (double)(n_items - splits[s]);
        w->pool.pairs[c] = (double)splits[s] * (double)(n_items - splits[s]);
        w->pool.dots[c] = cut;
    }
}

/* Blocks of bit sets belong to one function each, so that threads do not meet in a word. */
static psh_status fill(work *w, int n_threads, psh_error *err) {
    const psh__sketch_kernels *kernels = psh__sketch_kernels_get();
    int n_workers = psh_cpu_threads(n_threads);
    psh_status status = PSH_OK;
    desk *desks = psh__calloc((size_t)n_workers, sizeof *desks);
    if (!desks) return psh__error_memory(err, "candidates", (size_t)n_workers * sizeof *desks);
    for (int i = 0; i < n_workers; i++) {
        desks[i].items = psh__malloc(w->offer->n_items, sizeof *desks[i].items);
        desks[i].sums = psh__malloc(w->target->stride, sizeof *desks[i].sums);
        if (!desks[i].items || !desks[i].sums) {
            status = psh__error_memory(err, "candidates", w->target->stride * sizeof *desks[i].sums);
            goto done;
        }
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_workers)
    for (size_t i = 0; i < w->offer->n_functions; i++) fill_function(w, i, kernels, &desks[omp_get_thread_num()]);
done:
    for (int i = 0; i < n_workers; i++) {
        psh__free(desks[i].items);
        psh__free(desks[i].sums);
    }
    psh__free(desks);
    return status;
}

/* How many candidates each function has; blocks of bit sets are not shared between functions. */
static psh_status count_candidates(work *w, size_t *n_room, size_t *n_real, psh_error *err) {
    const psh__offer *f = w->offer;
    size_t splits[MAX_SPLITS + 1], n = 0;
    ranked *items = psh__malloc(f->n_items, sizeof *items);
    if (!items) return psh__error_memory(err, "candidates", f->n_items * sizeof *items);
    for (size_t i = 0; i < f->n_functions; i++) {
        sort_items(f, i, items);
        w->firsts[i] = n;
        size_t n_splits = choose_splits(items, f->n_items, f->thresholds[i], splits);
        n += n_splits, *n_real += n_splits;
        if (n % PSH__BLOCK_BITSETS) n += PSH__BLOCK_BITSETS - n % PSH__BLOCK_BITSETS;
    }
    w->firsts[f->n_functions] = *n_room = n;
    psh__free(items);
    return PSH_OK;
}

psh_status psh__pick_bits(const psh__offer *offer, const psh__target *target, size_t n_bits, bool goes_on,
                          int n_threads, psh__pick *picks, psh_error *err) {
    psh_status status = PSH_OK;
    work w = {.offer = offer, .target = target};
    size_t n_candidates = 0, n_real = 0, n_functions = offer->n_functions;
    double correlation;
    psh__pursuit_params params = {.n_bits = n_bits, .n_sweeps = MAX_SWEEPS, .n_threads = n_threads};
    uint32_t *chosen = psh__malloc(n_bits, sizeof *chosen);
    w.firsts = psh__malloc(n_functions + 1, sizeof *w.firsts);
    w.owns = psh__malloc(n_functions, sizeof *w.owns);
    if (!chosen || !w.firsts || !w.owns) {
        status = psh__error_memory(err, "candidates", n_functions * sizeof *w.firsts);
        goto done;
    }
    for (size_t i = 0; i < n_functions; i++) w.owns[i] = PSH__PURSUIT_NONE;
    PSH_TRY_GOTO(count_candidates(&w, &n_candidates, &n_real, err));
    if (n_real < n_bits) {
        status = psh__error(err, PSH_ERR_DATA, "%zu bits tell any two diagrams apart; %zu are wanted", n_real, n_bits);
        goto done;
    }
    PSH_TRY_GOTO(psh__pool_create(offer->n_items, n_candidates, &w.pool, err));
    w.picks = psh__calloc(n_candidates, sizeof *w.picks);
    if (!w.picks) {
        status = psh__error_memory(err, "candidates", n_candidates * sizeof *w.picks);
        goto done;
    }
    for (size_t c = 0; c < n_candidates; c++) w.pool.dots[c] = -INFINITY; /* what stays so is never chosen */
    PSH_TRY_GOTO(fill(&w, n_threads, err));
    if (goes_on) params.start = w.owns;
    PSH_TRY_GOTO(psh__pursuit(&w.pool, target, &params, chosen, &correlation, err));
    for (size_t i = 0; i < n_bits; i++) picks[i] = w.picks[chosen[i]];
done:
    psh__pool_free(&w.pool);
    psh__free(w.picks);
    psh__free(w.firsts);
    psh__free(w.owns);
    psh__free(chosen);
    return status;
}
