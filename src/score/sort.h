/* sort.h : sorting numbers with a companion, in linear time. */
#ifndef PSH_SCORE_SORT_H
#define PSH_SCORE_SORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "persihash/status.h"

/* Sorts keys : (n_items) upward, and companions : (n_items) along; equal keys keep their order. Memory: a second copy
 * of both. PSH_ERR_MEMORY. */
psh_status psh__sort_pairs(uint64_t *keys, uint32_t *companions, size_t n_items, psh_error *err);

/* Integers with the order of the numbers they stand for (-0 and 0 are one number; no NaN). */
static inline uint64_t psh__sort_key_f64(double value) {
    uint64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}
static inline uint64_t psh__sort_key_i64(int64_t value) {
    return (uint64_t)value ^ UINT64_C(1) << 63;
}

#endif
