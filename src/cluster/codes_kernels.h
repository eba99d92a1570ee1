/* codes_kernels.h : the inner loops that compare one code with many, at each SIMD level.
 *
 * Codes lie in planes of 64-bit words, one column ("slot") a code, so that neighbouring lanes of a register hold
 * neighbouring codes: word w of the code in slot s is words[w * stride + s] : (n_words, stride), stride a multiple
 * of 8. The levels are twins bit for bit: all of it is integer arithmetic. */
#ifndef PSH_CLUSTER_CODES_KERNELS_H
#define PSH_CLUSTER_CODES_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/cluster.h"

#define PSH__CODE_MAX_WORDS (PSH_CODE_MAX_BITS / 64)

/* An edge as one integer whose order is the total order (distance, i, j) with i < j:
 *     bit 63   52..62     26..51   0..25
 *         0    distance   i        j
 * 1024 bits make distances of up to 11 bits; 2^26 items would take years. The top bit is never set, so that signed
 * comparisons (all that AVX2 has) order keys as well. */
#define PSH__EDGE_ITEM_BITS 26
#define PSH__EDGE_DISTANCE_SHIFT (2 * PSH__EDGE_ITEM_BITS)
#define PSH__EDGE_ITEM_MASK ((UINT64_C(1) << PSH__EDGE_ITEM_BITS) - 1)
#define PSH__EDGE_NONE ((uint64_t)INT64_MAX)

static inline uint64_t psh__edge_key(uint64_t distance, uint32_t a, uint32_t b) {
    uint64_t i = a < b ? a : b, j = a < b ? b : a;
    return distance << PSH__EDGE_DISTANCE_SHIFT | i << PSH__EDGE_ITEM_BITS | j;
}

typedef struct psh__planes {
    uint64_t *words; // (n_words, stride)
    size_t n_words, stride;
} psh__planes;

/* Room for n_slots codes of n_bytes. Free with psh__planes_free(). PSH_ERR_MEMORY. */
psh_status psh__planes_create(size_t n_slots, size_t n_bytes, psh__planes *dst, psh_error *err);
/* Slot s gets row order[s] : (n_slots) of codes, or row s if order is NULL. */
void psh__planes_fill(psh__planes *planes, const uint8_t *codes, size_t n_slots, size_t n_bytes, const uint32_t *order);
void psh__planes_free(psh__planes *planes);                                        /* zeroed struct is fine */
void psh__planes_copy_code(const psh__planes *planes, size_t slot, uint64_t *dst); /* dst : (n_words) */

/* The items that are not in the tree yet, one a slot. */
typedef struct psh__fringe {
    psh__planes codes;
    uint64_t *keys;  // (stride) the least edge from each slot's item to the tree
    uint32_t *items; // (stride)
} psh__fringe;

typedef struct psh__codes_kernels {
    /* Prim's step: `item`, whose code is query : (n_words), has just joined the tree. Lowers the keys of slots
     * begin..end-1 where the edge to it is less, and answers the least of those keys. */
    uint64_t (*join)(const psh__fringe *fringe, const uint64_t *query, uint32_t item, size_t begin, size_t end);
    /* The least of the keys of slots begin..end-1. */
    uint64_t (*least)(const uint64_t *keys, size_t begin, size_t end);
    /* Sum over slots begin..end-1 of the squared Hamming distance to query : (n_words). */
    uint64_t (*sum_squares)(const psh__planes *planes, const uint64_t *query, size_t begin, size_t end);
} psh__codes_kernels;

const psh__codes_kernels *psh__codes_kernels_get(void); /* of psh_cpu_simd() */
extern const psh__codes_kernels psh__codes_kernels_scalar, psh__codes_kernels_avx2, psh__codes_kernels_avx512,
    psh__codes_kernels_neon;

/* One slot, for the scalar level and for what is left over at the end of the others. */
static inline uint64_t psh__slot_distance(const psh__planes *planes, const uint64_t *query, size_t slot) {
    uint64_t distance = 0;
    for (size_t w = 0; w < planes->n_words; w++)
        distance += (uint64_t)__builtin_popcountll(planes->words[w * planes->stride + slot] ^ query[w]);
    return distance;
}

static inline uint64_t psh__slot_join(const psh__fringe *fringe, const uint64_t *query, uint32_t item, size_t slot) {
    uint64_t distance = psh__slot_distance(&fringe->codes, query, slot);
    uint64_t key = psh__edge_key(distance, item, fringe->items[slot]);
    return fringe->keys[slot] = key < fringe->keys[slot] ? key : fringe->keys[slot];
}

#endif
