/* value_key.h : grey values as integers of the same order, so that one code serves every type and both filtrations. */
#ifndef PSH_HOMOLOGY_VALUE_KEY_H
#define PSH_HOMOLOGY_VALUE_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "persihash/input.h"

/* A key is an unsigned integer of as many bytes as the type. Unsigned values are their own keys. IEEE 754 numbers order
 * like their bits as sign-magnitude integers: negative ones are complemented, the others get the top bit. -0 and +0 are
 * equal, so they share +0's key. Superlevel sets complement the key, which turns the order round. */
static inline size_t psh__key_bytes(psh_dtype dtype) {
    switch (dtype) {
    case PSH_U8:
        return 1;
    case PSH_U16:
        return 2;
    case PSH_F32:
        return 4;
    case PSH_F64:
        return 8;
    }
    return 0;
}

static inline uint64_t psh__key_all(psh_dtype dtype) {
    return UINT64_MAX >> (64 - 8 * psh__key_bytes(dtype));
}

static inline uint32_t psh__key_from_f32(float value) {
    uint32_t bits;
    value += 0.0f; /* -0 becomes +0 */
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static inline uint64_t psh__key_from_f64(double value) {
    uint64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return bits & (uint64_t)1 << 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static inline float psh__key_to_f32(uint32_t key) {
    uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double psh__key_to_f64(uint64_t key) {
    uint64_t top = (uint64_t)1 << 63, bits = key & top ? key & ~top : ~key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The value behind a key; of the negated image for superlevel sets. */
static inline double psh__key_value(psh_dtype dtype, bool is_superlevel, uint64_t key) {
    if (is_superlevel) key ^= psh__key_all(dtype);
    double value = dtype == PSH_F32   ? (double)psh__key_to_f32((uint32_t)key)
                   : dtype == PSH_F64 ? psh__key_to_f64(key)
                                      : (double)key;
    return is_superlevel ? 0.0 - value : value; /* 0 - 0 is +0 */
}

#endif
