/* rank.c : ranks by radix sort of float32 keys (half a million pairs take a few milliseconds). */
#include "encoder/rank.h"

#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 11 };

void psh__radix_sort(uint64_t *keys, uint64_t *scratch, size_t n_keys, int first_bit, int last_bit) {
    uint64_t *src = keys, *dst = scratch;
    for (int bit = first_bit; bit < last_bit; bit += DIGIT_BITS) {
        int n_bits = last_bit - bit < DIGIT_BITS ? last_bit - bit : DIGIT_BITS;
        uint64_t digit_mask = ((uint64_t)1 << n_bits) - 1;
        size_t starts[(1 << DIGIT_BITS) + 1] = {0};
        for (size_t i = 0; i < n_keys; i++) starts[(src[i] >> bit & digit_mask) + 1]++;
        for (size_t d = 1; d < (size_t)1 << n_bits; d++) starts[d] += starts[d - 1];
        for (size_t i = 0; i < n_keys; i++) dst[starts[src[i] >> bit & digit_mask]++] = src[i];
        uint64_t *other = src;
        src = dst, dst = other;
    }
    if (src != keys) memcpy(keys, src, n_keys * sizeof *keys);
}

void psh__rank(const double *values, size_t n_values, uint64_t *work, double *ranks) {
    uint64_t *keys = work, *scratch = work + n_values;
    for (size_t i = 0; i < n_values; i++) {
        float value = (float)values[i] + 0.0f; /* -0 becomes 0 */
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        keys[i] = (uint64_t)bits << 32 | i;
    }
    psh__radix_sort(keys, scratch, n_values, 32, 64);
    for (size_t i = 0; i < n_values;) {
        size_t end = i + 1;
        while (end < n_values && keys[end] >> 32 == keys[i] >> 32) end++;
        for (size_t k = i; k < end; k++) ranks[(uint32_t)keys[k]] = (double)(i + end - 1) / 2;
        i = end;
    }
}

double psh__pearson(const double *a, const double *b, size_t n_values) {
    double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < n_values; i++) mean_a += a[i], mean_b += b[i];
    mean_a /= (double)n_values, mean_b /= (double)n_values;
    for (size_t i = 0; i < n_values; i++) {
        double x = a[i] - mean_a, y = b[i] - mean_b;
        aa += x * x, bb += y * y, ab += x * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}
