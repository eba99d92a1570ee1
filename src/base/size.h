/* size.h : overflow-safe arithmetic for sizes that come from files. Each answers false on overflow and leaves *dst
 * unspecified. */
#ifndef PSH_BASE_SIZE_H
#define PSH_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>

static inline bool psh__size_mul(size_t a, size_t b, size_t *dst) {
    return !__builtin_mul_overflow(a, b, dst);
}
static inline bool psh__size_add(size_t a, size_t b, size_t *dst) {
    return !__builtin_add_overflow(a, b, dst);
}
/* N (N - 1) / 2 : the length of a condensed matrix. */
static inline bool psh__size_pairs(size_t n, size_t *dst) {
    size_t half = n % 2 ? n : n / 2, other = n == 0 ? 0 : (n % 2 ? (n - 1) / 2 : n - 1);
    return psh__size_mul(half, other, dst);
}

#endif
