/* linkage_codes.c : single linkage straight from codes, by Prim's algorithm on parts.
 *
 * Prim (1957): the tree starts as one item; the fringe holds the other items, each with its least edge to the tree; the
 * least of these edges belongs to the minimum spanning tree, and the item at its other end joins. After a join only the
 * edges to that item are new, so the fringe is compared with one code, and no distance is ever stored. An edge is one
 * 64-bit key in the order (distance, i, j) (codes_kernels.h), so ties need no code of their own and the tree is unique
 * (linkage.c). The fringe stays dense: the last slot moves into the one that was left.
 *
 * Parts: an edge of the minimum spanning tree of a graph is also one of the tree of any subgraph that has it. So items
 * are cut into n_parts ranges; each range, and each pair of ranges (its edges across alone), gets a tree of its own;
 * Kruskal's algorithm takes the one tree from the union of them. Every pair of items is still compared once, N (N - 1)
 * / 2 in all; a part fits in the level-2 cache; and the trees are independent tasks, with no meeting of threads before
 * the end. (Splitting the fringe among threads instead makes them meet twice a step: with other processes on the
 * machine, each of 2 N meetings can cost a time slice. Measured: 20 s instead of 0.1 s.) Memory: O(n_parts N), n_parts
 * <= 16.
 *
 * Measured: bench_cluster. */
#include <assert.h>
#include <omp.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/progress.h"
#include "cluster/codes_kernels.h"
#include "cluster/linkage.h"

#define MAX_PARTS 16
#define PART_ITEMS_MAX 16384 /* beyond these, more parts (up to MAX_PARTS) even on one thread */
#define PART_ITEMS_MIN 1024
#define STEPS_BETWEEN_REPORTS 256
#define IN_TREE UINT32_MAX

/* --- One tree ------------------------------------------------------------------------------------------------------
 */

/* A range of items, and the fringe of those that are not in the tree yet. */
typedef struct part {
    psh__fringe fringe;
    uint32_t *slot_of; // (n_items) slot of an item, or IN_TREE
    size_t first_item, n_items, n_fringe;
} part;

static void part_free(part *p) {
    psh__planes_free(&p->fringe.codes);
    psh__free(p->fringe.keys);
    psh__free(p->fringe.items);
    psh__free(p->slot_of);
}

static psh_status part_create(part *p, size_t n_items, size_t n_bytes, psh_error *err) {
    PSH_TRY(psh__planes_create(n_items, n_bytes, &p->fringe.codes, err));
    p->fringe.keys = psh__malloc(n_items, sizeof *p->fringe.keys);
    p->fringe.items = psh__malloc(n_items, sizeof *p->fringe.items);
    p->slot_of = psh__malloc(n_items, sizeof *p->slot_of);
    if (p->fringe.keys && p->fringe.items && p->slot_of) return PSH_OK;
    return psh__error_memory(err, "spanning tree", 16ull * n_items);
}

/* All items of the range are on the fringe, far from any tree. */
static void part_fill(part *p, const uint8_t *codes, size_t n_bytes, size_t first_item, size_t n_items) {
    p->first_item = first_item, p->n_items = p->n_fringe = n_items;
    psh__planes_fill(&p->fringe.codes, codes + first_item * n_bytes, n_items, n_bytes, NULL);
    for (size_t slot = 0; slot < n_items; slot++) {
        p->fringe.keys[slot] = PSH__EDGE_NONE;
        p->fringe.items[slot] = (uint32_t)(first_item + slot);
        p->slot_of[slot] = (uint32_t)slot;
    }
}

/* Takes an item out of the fringe. code : (n_words), gets its code. */
static void leave_fringe(part *p, uint32_t item, uint64_t *code) {
    psh__fringe *fringe = &p->fringe;
    size_t slot = p->slot_of[item - p->first_item], last = --p->n_fringe;
    psh__planes_copy_code(&fringe->codes, slot, code);
    for (size_t w = 0; w < fringe->codes.n_words; w++) {
        uint64_t *words = fringe->codes.words + w * fringe->codes.stride;
        words[slot] = words[last];
    }
    fringe->keys[slot] = fringe->keys[last];
    fringe->items[slot] = fringe->items[last];
    p->slot_of[fringe->items[slot] - p->first_item] = (uint32_t)slot;
    p->slot_of[item - p->first_item] = IN_TREE;
}

static bool is_in(const part *p, uint32_t item) {
    return item - p->first_item < p->n_items;
}

static bool is_in_tree(const part *p, uint32_t item) {
    return p->slot_of[item - p->first_item] == IN_TREE;
}

/* The tree of the edges inside a (b == a), or of those between a and b. edges : (items of all parts - 1), unsorted. */
static void grow_tree(part *a, part *b, const psh__codes_kernels *kernels, uint64_t *edges, psh__ticker *ticker) {
    uint64_t code[PSH__CODE_MAX_WORDS], n_compared = 0;
    uint32_t joined = (uint32_t)a->first_item;
    part *own = a;
    leave_fringe(own, joined, code);
    for (size_t n_left = a == b ? a->n_fringe : a->n_fringe + b->n_fringe; n_left > 0; n_left--) {
        part *other = own == a ? b : a;
        uint64_t edge = kernels->join(&other->fringe, code, joined, 0, other->n_fringe);
        n_compared += other->n_fringe;
        if (other != own) {
            uint64_t own_least = kernels->least(own->fringe.keys, 0, own->n_fringe);
            edge = own_least < edge ? own_least : edge;
        }
        *edges++ = edge;

        uint32_t i = edge >> PSH__EDGE_ITEM_BITS & PSH__EDGE_ITEM_MASK, j = edge & PSH__EDGE_ITEM_MASK;
        assert(edge != PSH__EDGE_NONE);
        own = is_in(a, i) ? a : b;
        joined = i;
        if (is_in_tree(own, i)) own = is_in(a, j) ? a : b, joined = j;
        leave_fringe(own, joined, code);

        if (n_left % STEPS_BETWEEN_REPORTS == 0) {
            psh__ticker_add(ticker, n_compared), n_compared = 0;
            if (psh__ticker_stopped(ticker)) return;
        }
    }
    psh__ticker_add(ticker, n_compared);
}

/* --- All trees -----------------------------------------------------------------------------------------------------
 */

typedef struct task {
    size_t a, b; /* parts, a <= b */
    size_t first_edge, n_edges;
} task;

typedef struct plan {
    size_t n_items, n_parts, n_tasks, n_edges;
    task tasks[MAX_PARTS * (MAX_PARTS + 1) / 2];
} plan;

static size_t part_begin(const plan *p, size_t i_part) {
    return p->n_items * i_part / p->n_parts;
}

static void add_task(plan *p, size_t a, size_t b) {
    size_t n_a = part_begin(p, a + 1) - part_begin(p, a), n_b = part_begin(p, b + 1) - part_begin(p, b);
    size_t n_edges = a == b ? n_a - 1 : n_a + n_b - 1;
    p->tasks[p->n_tasks++] = (task){a, b, p->n_edges, n_edges};
    p->n_edges += n_edges;
}

/* The larger tasks first, so that threads end together. */
static plan make_plan(size_t n_items, int n_threads) {
    size_t n_parts = (n_items + PART_ITEMS_MAX - 1) / PART_ITEMS_MAX;
    if (n_threads > 1 && n_parts < 2 * (size_t)n_threads) n_parts = 2 * (size_t)n_threads;
    if (n_parts > n_items / PART_ITEMS_MIN) n_parts = n_items / PART_ITEMS_MIN;
    if (n_parts > MAX_PARTS) n_parts = MAX_PARTS;
    plan p = {.n_items = n_items, .n_parts = n_parts > 0 ? n_parts : 1};
    for (size_t a = 0; a < p.n_parts; a++)
        for (size_t b = a + 1; b < p.n_parts; b++) add_task(&p, a, b);
    for (size_t a = 0; a < p.n_parts; a++) add_task(&p, a, a);
    return p;
}

/* edges : (n_edges), in no order. */
static psh_status grow_trees(const plan *p, const uint8_t *codes, size_t n_bytes, int n_threads, uint64_t *edges,
                             psh__ticker *ticker, psh_error *err) {
    const psh__codes_kernels *kernels = psh__codes_kernels_get();
    size_t n_spaces = 2 * (size_t)n_threads, n_items = (p->n_items + p->n_parts - 1) / p->n_parts;
    part *spaces = psh__calloc(n_spaces, sizeof *spaces);
    psh_status status = spaces ? PSH_OK : psh__error_memory(err, "spanning trees", n_spaces * sizeof *spaces);
    for (size_t i = 0; i < n_spaces && status == PSH_OK; i++) status = part_create(&spaces[i], n_items, n_bytes, err);
    if (status != PSH_OK) goto done;

#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t t = 0; t < p->n_tasks; t++) {
        const task *job = &p->tasks[t];
        part *a = &spaces[2 * omp_get_thread_num()], *b = job->a == job->b ? a : a + 1;
        if (psh__ticker_stopped(ticker)) continue;
        part_fill(a, codes, n_bytes, part_begin(p, job->a), part_begin(p, job->a + 1) - part_begin(p, job->a));
        if (b != a)
            part_fill(b, codes, n_bytes, part_begin(p, job->b), part_begin(p, job->b + 1) - part_begin(p, job->b));
        grow_tree(a, b, kernels, edges + job->first_edge, ticker);
    }
    status = psh__ticker_status(ticker, err);
done:
    for (size_t i = 0; spaces && i < n_spaces; i++) part_free(&spaces[i]);
    psh__free(spaces);
    return status;
}

/* --- Their union ---------------------------------------------------------------------------------------------------
 */

#define DIGIT_BITS 11
#define N_DIGITS 6

/* Radix sort from the lowest digit up. Digits that all keys share are skipped. spare : (n_keys). Answers where the
 * sorted keys are: in `keys` or in `spare`. */
static uint64_t *sort_keys(uint64_t *keys, uint64_t *spare, size_t n_keys) {
    for (int shift = 0; shift < DIGIT_BITS * N_DIGITS; shift += DIGIT_BITS) {
        size_t begin[(1 << DIGIT_BITS) + 1] = {0}, mask = (1 << DIGIT_BITS) - 1;
        for (size_t i = 0; i < n_keys; i++) begin[(keys[i] >> shift & mask) + 1]++;
        if (begin[(keys[0] >> shift & mask) + 1] == n_keys) continue;
        for (size_t digit = 1; digit <= mask; digit++) begin[digit] += begin[digit - 1];
        for (size_t i = 0; i < n_keys; i++) spare[begin[keys[i] >> shift & mask]++] = keys[i];
        uint64_t *swap = keys;
        keys = spare, spare = swap;
    }
    return keys;
}

/* The one tree in the union of trees. keys : (n_keys), sorted. edges : (n_items - 1). parent : (n_items) of scratch. */
static void take_tree(const uint64_t *keys, size_t n_items, uint32_t *parent, psh__edge *edges) {
    for (size_t i = 0; i < n_items; i++) parent[i] = (uint32_t)i;
    for (size_t n_edges = 0; n_edges + 1 < n_items; keys++) {
        uint32_t i = *keys >> PSH__EDGE_ITEM_BITS & PSH__EDGE_ITEM_MASK, j = *keys & PSH__EDGE_ITEM_MASK;
        uint32_t root_i = psh__find_root(parent, i), root_j = psh__find_root(parent, j);
        if (root_i == root_j) continue;
        parent[root_j] = root_i;
        edges[n_edges++] = (psh__edge){(double)(*keys >> PSH__EDGE_DISTANCE_SHIFT), i, j};
    }
}

/* Rows from the union of the trees : (n_keys). */
static psh_status link_keys(uint64_t *keys, size_t n_keys, size_t n_items, double *linkage, psh_error *err) {
    uint64_t *spare = psh__malloc(n_keys, sizeof *spare);
    uint32_t *parent = psh__malloc(n_items, sizeof *parent);
    psh__edge *edges = psh__malloc(n_items, sizeof *edges);
    psh_status status = PSH_OK;
    if (!spare || !parent || !edges) {
        status = psh__error_memory(err, "edges of spanning trees", 8ull * n_keys + 20ull * n_items);
        goto done;
    }
    take_tree(sort_keys(keys, spare, n_keys), n_items, parent, edges);
    status = psh__linkage_from_sorted(edges, n_items, linkage, err);
done:
    psh__free(spare);
    psh__free(parent);
    psh__free(edges);
    return status;
}

psh_status psh_linkage_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, int n_threads,
                             const psh_progress *progress, double *linkage, psh_error *err) {
    psh__ticker ticker;
    if (n_items < 2) return psh__error(err, PSH_ERR_EMPTY, "linkage of %zu codes; at least 2 are needed", n_items);
    if (n_items > PSH__EDGE_ITEM_MASK)
        return psh__error(err, PSH_ERR_PARAMETER, "linkage of %zu codes; at most %llu can be linked", n_items,
                          (unsigned long long)PSH__EDGE_ITEM_MASK);

    n_threads = psh_cpu_threads(n_threads);
    plan p = make_plan(n_items, n_threads);
    if (n_threads > (int)p.n_tasks) n_threads = (int)p.n_tasks;
    psh__ticker_start(&ticker, progress, "linkage", (uint64_t)n_items * (n_items - 1) / 2);
    uint64_t *edges = psh__malloc(p.n_edges, sizeof *edges);
    if (!edges) return psh__error_memory(err, "edges of spanning trees", 8ull * p.n_edges);
    psh_status status = grow_trees(&p, codes, n_bytes, n_threads, edges, &ticker, err);
    if (status == PSH_OK) status = link_keys(edges, p.n_edges, n_items, linkage, err);
    psh__free(edges);
    return status;
}
