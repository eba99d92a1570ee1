/* rips_edges.c : the edges within a threshold, sorted by length.
 *
 * Radix sort on as many leading bits of the lengths as tell most of them apart (those above the least length, log2 of
 * their number and eight more), then insertion, which finds them nearly in order; where too many share the leading
 * bits, a radix sort of all. Both are stable, so that equal lengths stay in the order of their points. */
#include "homology/rips.h"

#include "base/alloc.h"
#include "base/error.h"

enum { DIGIT_BITS = 11, N_DIGITS = 1 << DIGIT_BITS, MAX_PASSES = 3, MAX_STEPS = 32 };

void psh__edges_free(psh__edges *edges) {
    psh__free(edges->items);
    psh__free(edges->scratch);
}

size_t psh__edges_count(psh__lengths *lengths, double threshold) {
    size_t n_edges = 0;
    for (size_t k = 0; k < lengths->n_listed; k++) n_edges += lengths->listed[k].distance <= threshold;
    if (lengths->is_listed) return n_edges;
    for (size_t i = 1; i < lengths->n_points; i++) {
        const double *row = psh__lengths_row(lengths, i);
        for (size_t j = 0; j < i; j++) n_edges += row[j] <= threshold;
    }
    return n_edges;
}

static uint64_t length_key(double length) {
    uint64_t key;
    length += 0.0; /* -0 becomes +0 */
    memcpy(&key, &length, sizeof key);
    return key;
}

/* dst : (n_edges + 1), in the order of (i, j). Every edge is written to the end of the list, and stays if it is short
 * enough: there is no branch on what cannot be predicted. */
static void collect(psh__lengths *lengths, double threshold, psh__rips_edge *dst) {
    for (size_t k = 0; k < lengths->n_listed; k++) {
        const psh_edge *edge = &lengths->listed[k];
        *dst = (psh__rips_edge){.key = length_key(edge->distance), .value = (uint64_t)edge->i << 32 | edge->j};
        dst += edge->distance <= threshold;
    }
    if (lengths->is_listed) return;
    for (size_t i = 1; i < lengths->n_points; i++) {
        const double *row = psh__lengths_row(lengths, i);
        for (size_t j = 0; j < i; j++) {
            *dst = (psh__rips_edge){.key = length_key(row[j]), .value = (uint64_t)i << 32 | j};
            dst += row[j] <= threshold;
        }
    }
}

/* Stable sort of src by bits [shift, shift + DIGIT_BITS) of key - least. */
static void sort_pass(const psh__rips_edge *src, psh__rips_edge *dst, size_t n_edges, uint64_t least, unsigned shift) {
    uint32_t starts[N_DIGITS] = {0}, n_before = 0;
    for (size_t i = 0; i < n_edges; i++) starts[(src[i].key - least) >> shift & (N_DIGITS - 1)]++;
    for (size_t digit = 0; digit < N_DIGITS; digit++) {
        uint32_t n_digit = starts[digit];
        starts[digit] = n_before, n_before += n_digit;
    }
    for (size_t i = 0; i < n_edges; i++) dst[starts[(src[i].key - least) >> shift & (N_DIGITS - 1)]++] = src[i];
}

/* Edges that are sorted by (key - least) >> shift become sorted by key. */
static void finish_sort(psh__rips_edge *edges, psh__rips_edge *scratch, size_t n_edges, uint64_t least,
                        unsigned shift) {
    for (size_t i = 1; i < n_edges; i++) {
        if (edges[i - 1].key <= edges[i].key) continue;
        psh__rips_edge edge = edges[i];
        size_t place = i;
        for (; place > 0 && i - place < MAX_STEPS && edges[place - 1].key > edge.key; place--)
            edges[place] = edges[place - 1];
        edges[place] = edge;
        if (place == 0 || edges[place - 1].key <= edge.key) continue;
        size_t start = place, end = i + 1; /* too far: all with the same leading bits by radix */
        uint64_t leading = (edge.key - least) >> shift;
        while (start > 0 && (edges[start - 1].key - least) >> shift == leading) start--;
        while (end < n_edges && (edges[end].key - least) >> shift == leading) end++;
        psh__record_sort(edges + start, scratch, end - start, sizeof edge.key);
        i = end - 1;
    }
}

static unsigned bit_length(uint64_t x) {
    return x ? 64 - (unsigned)__builtin_clzll(x) : 0;
}

psh_status psh__edges_sort(psh__edges *edges, psh__lengths *lengths, double threshold, size_t n_edges, psh__room *room,
                           psh_error *err) {
    if (n_edges >= PSH__NO_RANK)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "%zu edges: at most 2^32 - 2 are supported; lower the threshold",
                          n_edges);
    PSH_ROOM(room, edges, items, n_edges + 1, "edges");
    PSH_ROOM(room, edges, scratch, n_edges + 1, "edges");
    edges->n_items = n_edges;
    collect(lengths, threshold, edges->items);
    uint64_t least = UINT64_MAX, greatest = 0;
    for (size_t i = 0; i < n_edges; i++) {
        uint64_t key = edges->items[i].key;
        least = key < least ? key : least, greatest = key > greatest ? key : greatest;
    }
    if (n_edges == 0) return PSH_OK;
    unsigned n_bits = bit_length(greatest - least), n_wanted = bit_length(n_edges) + 8;
    unsigned n_passes = (n_wanted + DIGIT_BITS - 1) / DIGIT_BITS;
    if (n_passes > MAX_PASSES) n_passes = MAX_PASSES;
    unsigned shift = n_bits > n_passes * DIGIT_BITS ? n_bits - n_passes * DIGIT_BITS : 0;
    for (unsigned i_pass = 0; i_pass < n_passes; i_pass++) {
        sort_pass(edges->items, edges->scratch, n_edges, least, shift + i_pass * DIGIT_BITS);
        psh__rips_edge *swap = edges->items;
        size_t swap_capacity = edges->items_capacity;
        edges->items = edges->scratch, edges->items_capacity = edges->scratch_capacity;
        edges->scratch = swap, edges->scratch_capacity = swap_capacity;
    }
    finish_sort(edges->items, edges->scratch, n_edges, least, shift);
    return PSH_OK;
}
