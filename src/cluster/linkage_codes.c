/* linkage_codes.c : single linkage straight from codes, by Prim's algorithm.
 *
 * Prim (1957): the tree starts as item 0; the fringe holds the other items, each with its least edge to the tree; the
 * least of these edges belongs to the minimum spanning tree, and the item at its other end joins. After a join only the
 * edges to that item are new, so the fringe is compared with one code and no distance is ever stored: N (N - 1) / 2
 * comparisons in all, O(N) memory.
 *
 * An edge is one 64-bit key whose order is (distance, i, j) (codes_kernels.h). So ties need no code of their own, the
 * tree is unique (linkage.c), and the least key over any split of the fringe among threads or lanes is the same.
 * The fringe stays dense: the last slot moves into the one that was left.
 *
 * Measured (bench_cluster, Zen 5, one thread, 10,000 codes of 64 bits): 8 ms with AVX-512, 25 ms with AVX2. A team of
 * threads meets twice a step, which pays once a step takes tens of microseconds: from PARALLEL_ITEMS items on. */
#include <assert.h>
#include <omp.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/progress.h"
#include "cluster/codes_kernels.h"
#include "cluster/linkage.h"

#define PARALLEL_ITEMS 32768
#define STEPS_BETWEEN_REPORTS 256
#define IN_TREE UINT32_MAX

typedef struct prim {
    psh__fringe fringe;
    uint32_t *slot_of; // (n_items) slot of an item, or IN_TREE
    uint64_t *least;   // (n_threads, 8) each thread's least key; a cache line each
    psh__edge *edges;  // (n_items - 1)
    size_t n_items, n_fringe;
    uint64_t n_compared; /* pairs since the last report */
    uint32_t joined;     /* the item that joined last, and its code */
    uint64_t joined_code[PSH__CODE_MAX_WORDS];
} prim;

/* Takes an item out of the fringe and into the tree. */
static void join_tree(prim *p, uint32_t item) {
    psh__fringe *fringe = &p->fringe;
    size_t slot = p->slot_of[item], last = --p->n_fringe;
    psh__planes_copy_code(&fringe->codes, slot, p->joined_code);
    for (size_t w = 0; w < fringe->codes.n_words; w++) {
        uint64_t *words = fringe->codes.words + w * fringe->codes.stride;
        words[slot] = words[last];
    }
    fringe->keys[slot] = fringe->keys[last];
    fringe->items[slot] = fringe->items[last];
    p->slot_of[fringe->items[slot]] = (uint32_t)slot;
    p->slot_of[item] = IN_TREE, p->joined = item;
}

static void take_edge(prim *p, uint64_t key) {
    uint32_t i = key >> PSH__EDGE_ITEM_BITS & PSH__EDGE_ITEM_MASK, j = key & PSH__EDGE_ITEM_MASK;
    assert((p->slot_of[i] == IN_TREE) != (p->slot_of[j] == IN_TREE));
    p->edges[p->n_items - 1 - p->n_fringe] = (psh__edge){(double)(key >> PSH__EDGE_DISTANCE_SHIFT), i, j};
    join_tree(p, p->slot_of[i] == IN_TREE ? j : i);
}

/* First slot of a thread's share; a multiple of 8, so that no two threads write to one cache line of keys. */
static size_t share_begin(size_t n_fringe, int thread, int n_threads) {
    size_t n_blocks = (n_fringe + 7) / 8, begin = n_blocks * (size_t)thread / (size_t)n_threads * 8;
    return begin < n_fringe ? begin : n_fringe;
}

static void grow_tree(prim *p, int n_threads, psh__ticker *ticker) {
    const psh__codes_kernels *kernels = psh__codes_kernels_get();
#pragma omp parallel num_threads(n_threads)
    {
        int thread = omp_get_thread_num(), n_team = omp_get_num_threads();
        for (size_t n_fringe = p->n_items - 1; n_fringe > 0 && !psh__ticker_stopped(ticker); n_fringe--) {
            size_t begin = share_begin(n_fringe, thread, n_team), end = share_begin(n_fringe, thread + 1, n_team);
            p->least[8 * thread] = kernels->join(&p->fringe, p->joined_code, p->joined, begin, end);
#pragma omp barrier
#pragma omp single
            {
                uint64_t least = p->least[0];
                for (int t = 1; t < n_team; t++) least = p->least[8 * t] < least ? p->least[8 * t] : least;
                take_edge(p, least);
                p->n_compared += n_fringe;
                if (n_fringe % STEPS_BETWEEN_REPORTS == 1) psh__ticker_add(ticker, p->n_compared), p->n_compared = 0;
            }
        }
    }
}

static psh_status prim_create(prim *p, const uint8_t *codes, size_t n_bytes, int n_threads, psh_error *err) {
    PSH_TRY(psh__planes_create(codes, p->n_items, n_bytes, NULL, &p->fringe.codes, err));
    size_t stride = p->fringe.codes.stride;
    p->fringe.keys = psh__malloc(stride, sizeof *p->fringe.keys);
    p->fringe.items = psh__malloc(stride, sizeof *p->fringe.items);
    p->slot_of = psh__malloc(p->n_items, sizeof *p->slot_of);
    p->least = psh__malloc((size_t)n_threads, 8 * sizeof *p->least);
    p->edges = psh__malloc(p->n_items, sizeof *p->edges);
    if (!p->fringe.keys || !p->fringe.items || !p->slot_of || !p->least || !p->edges)
        return psh__error_memory(err, "spanning tree", 32ull * stride);
    for (size_t slot = 0; slot < p->n_items; slot++) {
        p->fringe.keys[slot] = PSH__EDGE_NONE;
        p->fringe.items[slot] = p->slot_of[slot] = (uint32_t)slot;
    }
    p->n_fringe = p->n_items;
    join_tree(p, 0);
    return PSH_OK;
}

static void prim_free(prim *p) {
    psh__planes_free(&p->fringe.codes);
    psh__free(p->fringe.keys);
    psh__free(p->fringe.items);
    psh__free(p->slot_of);
    psh__free(p->least);
    psh__free(p->edges);
}

psh_status psh_linkage_codes(const uint8_t *codes, size_t n_items, size_t n_bytes, int n_threads,
                             const psh_progress *progress, double *linkage, psh_error *err) {
    prim p = {.n_items = n_items};
    psh__ticker ticker;
    if (n_items < 2) return psh__error(err, PSH_ERR_EMPTY, "linkage of %zu codes; at least 2 are needed", n_items);
    if (n_items > PSH__EDGE_ITEM_MASK)
        return psh__error(err, PSH_ERR_PARAMETER, "linkage of %zu codes; at most %llu can be linked", n_items,
                          (unsigned long long)PSH__EDGE_ITEM_MASK);

    n_threads = n_items < PARALLEL_ITEMS ? 1 : psh_cpu_threads(n_threads);
    psh__ticker_start(&ticker, progress, "linkage", (uint64_t)n_items * (n_items - 1) / 2);
    psh_status status = prim_create(&p, codes, n_bytes, n_threads, err);
    if (status == PSH_OK) {
        grow_tree(&p, n_threads, &ticker);
        status = psh__ticker_status(&ticker, err);
    }
    if (status == PSH_OK) status = psh__linkage_from_edges(p.edges, n_items, linkage, err);
    prim_free(&p);
    return status;
}
