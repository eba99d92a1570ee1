/* hamming.h : what the SIMD levels of the Hamming kernels have in common. */
#ifndef PSH_CODE_HAMMING_H
#define PSH_CODE_HAMMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "persihash/code.h"

#define PSH__HAMMING_MAX_BYTES (PSH_CODE_MAX_BITS / 8)
/* A byte counts the differences in 31 planes of 8 bits and no more: 31 * 8 = 248. */
#define PSH__HAMMING_BYTE_PLANES 31
/* Rows of one call of a kernel at most. */
#define PSH__HAMMING_ROWS 64
/* Kernels may read, and not use, so many bytes behind the last plane. */
#define PSH__HAMMING_SLACK 128

/* One call of a kernel: some queries against some columns of the transposed codes. */
typedef struct psh__hamming_rows {
    const uint8_t *planes; /* (n_planes, stride): byte b of code j is planes[b * stride + j]; 64 divides stride */
    size_t stride, n_planes;
    size_t n_rows;                        /* <= PSH__HAMMING_ROWS */
    const uint8_t *queries;               /* (n_rows, n_planes) */
    size_t first[PSH__HAMMING_ROWS], end; /* row r has the columns first[r] .. end - 1, perhaps none */
    void *dst[PSH__HAMMING_ROWS];         /* column first[r] goes to dst[r][0]; any alignment */
    bool is_streamed;                     /* the result is larger than the caches: write around them if possible */
} psh__hamming_rows;

/* One SIMD level. rows_u8: min(distance, 255). */
typedef struct psh__hamming_kernels {
    void (*rows_u8)(const psh__hamming_rows *rows);
    void (*rows_u16)(const psh__hamming_rows *rows);
} psh__hamming_kernels;

extern const psh__hamming_kernels psh__hamming_scalar, psh__hamming_avx2, psh__hamming_avx512, psh__hamming_neon;

/* How many of n_planes, all or the first, can be counted in bytes. */
static inline size_t psh__hamming_byte_planes(size_t n_planes) {
    return n_planes < PSH__HAMMING_BYTE_PLANES ? n_planes : PSH__HAMMING_BYTE_PLANES;
}

#endif
