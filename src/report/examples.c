/* examples.c : medoids of groups of binary codes, exactly and without pairs.
 *
 * The medoid is the member x with the least sum of Hamming distances to all members. Bit by bit that sum is
 *     sum_y |x - y| = sum_b (x_b ? n - ones_b : ones_b),      ones_b = number of members whose bit b is set,
 * so all sums of a group cost members * bits steps instead of members^2. Ties: the least row. Beside the medoid stand
 * members at equal steps of the ranking by distance from it, up to the farthest: what is typical, and what was still
 * let in. */
#include "report/examples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

typedef struct ranked_row {
    uint32_t distance, row;
} ranked_row;

static int by_distance_then_row(const void *a, const void *b) {
    const ranked_row *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

unsigned psh__codes_distance(const uint8_t *a, const uint8_t *b, size_t n_bytes) {
    unsigned distance = 0;
    for (size_t i = 0; i < n_bytes; i += 8) {
        uint64_t x = 0, y = 0;
        size_t n_word = n_bytes - i < 8 ? n_bytes - i : 8;
        memcpy(&x, a + i, n_word);
        memcpy(&y, b + i, n_word);
        distance += (unsigned)__builtin_popcountll(x ^ y);
    }
    return distance;
}

static uint32_t find_medoid(const uint8_t *codes, size_t n_bytes, const uint32_t *rows, size_t n_rows) {
    uint32_t ones[PSH_CODE_MAX_BITS] = {0}, medoid = rows[0];
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < n_rows; i++)
        for (size_t b = 0; b < n_bytes * 8; b++) ones[b] += codes[rows[i] * n_bytes + b / 8] >> b % 8 & 1;
    for (size_t i = 0; i < n_rows; i++) {
        uint64_t sum = 0;
        for (size_t b = 0; b < n_bytes * 8; b++)
            sum += codes[rows[i] * n_bytes + b / 8] >> b % 8 & 1 ? n_rows - ones[b] : ones[b];
        if (sum < least) {
            least = sum;
            medoid = rows[i];
        }
    }
    return medoid;
}

static void choose_from(const uint32_t *rows, size_t n_rows, const psh_codes *codes, ranked_row *ranked,
                        psh__example_group *dst) {
    const size_t n_examples = n_rows < PSH__EXAMPLES_MAX_EACH ? n_rows : PSH__EXAMPLES_MAX_EACH;
    const uint8_t *data = codes ? psh_codes_data(codes) : NULL;
    const size_t n_bytes = codes ? psh_codes_n_bytes(codes) : 0;
    const uint32_t medoid = codes ? find_medoid(data, n_bytes, rows, n_rows) : rows[0];
    uint64_t sum = 0;
    for (size_t i = 0; i < n_rows; i++) {
        ranked[i] = (ranked_row){0, rows[i]};
        if (codes) ranked[i].distance = psh__codes_distance(data + medoid * n_bytes, data + rows[i] * n_bytes, n_bytes);
        sum += ranked[i].distance;
    }
    qsort(ranked, n_rows, sizeof *ranked, by_distance_then_row);
    for (size_t i = 0; ranked[0].row != medoid; i++) /* a twin of the medoid may rank before it */
        if (ranked[i].row == medoid) {
            ranked[i] = ranked[0];
            ranked[0] = (ranked_row){0, medoid};
        }
    dst->n_examples = n_examples;
    dst->mean_distance = codes ? (double)sum / (double)n_rows : NAN;
    for (size_t i = 0; i < n_examples; i++) {
        size_t rank = n_examples == 1 ? 0 : i * (n_rows - 1) / (n_examples - 1);
        dst->rows[i] = ranked[rank].row;
        dst->distances[i] = (uint16_t)ranked[rank].distance;
    }
}

psh_status psh__examples_choose(const psh__groups *groups, const psh_codes *codes, psh__example_group *dst,
                                size_t *n_groups, psh_error *err) {
    *n_groups = groups->n_groups < PSH__EXAMPLES_MAX_GROUPS ? groups->n_groups : PSH__EXAMPLES_MAX_GROUPS;
    if (*n_groups == 0) return PSH_OK;
    size_t n_largest = psh__groups_size(groups, 0);
    ranked_row *ranked = psh__malloc(n_largest, sizeof *ranked);
    if (!ranked) return psh__error_memory(err, "the members of the largest cluster", n_largest * sizeof *ranked);
    for (size_t g = 0; g < *n_groups; g++)
        choose_from(groups->members + groups->first[g], psh__groups_size(groups, g), codes, ranked, &dst[g]);
    psh__free(ranked);
    return PSH_OK;
}

/* Open addressing, at most half full; a slot holds row + 1. */
psh_status psh__codes_n_distinct(const psh_codes *codes, size_t *dst, psh_error *err) {
    const uint8_t *data = psh_codes_data(codes);
    const size_t n_codes = psh_codes_count(codes), n_bytes = psh_codes_n_bytes(codes);
    size_t n_slots = 16, n_distinct = 0;
    while (n_slots < 2 * n_codes) n_slots *= 2;
    uint32_t *slots = psh__calloc(n_slots, sizeof *slots);
    if (!slots) return psh__error_memory(err, "counting distinct codes", n_slots * sizeof *slots);
    for (size_t i = 0; i < n_codes; i++) {
        const uint8_t *code = data + i * n_bytes;
        uint64_t hash = psh__hash(PSH__HASH_START, code, n_bytes);
        size_t slot = (hash ^ hash >> 32) & (n_slots - 1);
        while (slots[slot] && memcmp(data + (slots[slot] - 1) * n_bytes, code, n_bytes) != 0)
            slot = (slot + 1) & (n_slots - 1);
        if (slots[slot]) continue;
        slots[slot] = (uint32_t)i + 1;
        n_distinct++;
    }
    psh__free(slots);
    *dst = n_distinct;
    return PSH_OK;
}
