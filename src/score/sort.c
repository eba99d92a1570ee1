/* sort.c : least-significant-digit radix sort, 11 bits a pass. All six histograms come from one reading of the keys,
 * and a digit that is the same in all keys costs nothing more: small integers take one or two passes, numbers that were
 * float32 once take three or four. */
#include "score/sort.h"

#include "base/alloc.h"
#include "base/error.h"

#define DIGIT_BITS 11
#define N_DIGITS 6
#define N_BUCKETS (1u << DIGIT_BITS)

static inline uint32_t digit_of(uint64_t key, int i_digit) {
    return (uint32_t)(key >> (DIGIT_BITS * i_digit)) & (N_BUCKETS - 1);
}

/* Counts to starts; false if all items share one bucket, so that this digit sorts nothing. */
static int starts_from_counts(size_t counts[N_BUCKETS], size_t n_items) {
    size_t start = 0;
    for (size_t bucket = 0; bucket < N_BUCKETS; bucket++) {
        size_t count = counts[bucket];
        if (count == n_items) return 0;
        counts[bucket] = start;
        start += count;
    }
    return 1;
}

psh_status psh__sort_pairs(uint64_t *keys, uint32_t *companions, size_t n_items, psh_error *err) {
    size_t(*counts)[N_BUCKETS] = psh__calloc(N_DIGITS, sizeof *counts);
    uint64_t *spare_keys = psh__malloc(n_items, sizeof *spare_keys), *src_keys = keys, *dst_keys = spare_keys;
    uint32_t *spare = psh__malloc(n_items, sizeof *spare), *src = companions, *dst = spare;
    psh_status status = PSH_OK;
    if (!counts || !spare_keys || !spare) {
        status = psh__error_memory(err, "sorting", 12ull * n_items);
        goto done;
    }
    for (size_t i = 0; i < n_items; i++)
        for (int i_digit = 0; i_digit < N_DIGITS; i_digit++) counts[i_digit][digit_of(keys[i], i_digit)]++;

    for (int i_digit = 0; i_digit < N_DIGITS; i_digit++) {
        if (!starts_from_counts(counts[i_digit], n_items)) continue;
        for (size_t i = 0; i < n_items; i++) {
            size_t to = counts[i_digit][digit_of(src_keys[i], i_digit)]++;
            dst_keys[to] = src_keys[i], dst[to] = src[i];
        }
        uint64_t *swap_keys = src_keys;
        uint32_t *swap = src;
        src_keys = dst_keys, dst_keys = swap_keys, src = dst, dst = swap;
    }
    if (src_keys != keys) {
        memcpy(keys, src_keys, n_items * sizeof *keys);
        memcpy(companions, src, n_items * sizeof *companions);
    }
done:
    psh__free(counts);
    psh__free(spare_keys);
    psh__free(spare);
    return status;
}
