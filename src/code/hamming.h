/* hamming.h : what the SIMD levels of the Hamming kernels have in common. */
#ifndef PSH_CODE_HAMMING_H
#define PSH_CODE_HAMMING_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/code.h"

/* Columns are computed 64 at a time, never fewer. */
#define PSH__HAMMING_COLUMNS 64
/* Rows that a kernel holds in registers at once; callers gain by asking for a multiple of it. */
#define PSH__HAMMING_ROWS 4
#define PSH__HAMMING_MAX_BYTES (PSH_CODE_MAX_BITS / 8)
/* A byte counts at most this many planes of 8 bits: 31 * 8 = 248. Kernels for wider codes sum blocks of so many. */
#define PSH__HAMMING_BLOCK_PLANES 31

/* One SIMD level. Byte b of code j is planes[b * stride + j] : (n_planes, stride), n_planes = n_bytes of a code.
 *   queries : (n_rows, n_planes).   dst : (n_rows, dst_stride), of which n_columns are written; a multiple of 64.
 * planes may have any alignment: a caller starts at column j by passing planes + j. */
typedef struct psh__hamming_kernels {
    void (*count_u8)(const uint8_t *planes, size_t stride, size_t n_planes, const uint8_t *queries, size_t n_rows,
                     size_t n_columns, uint8_t *dst, size_t dst_stride); /* min(distance, 255) */
    void (*count_u16)(const uint8_t *planes, size_t stride, size_t n_planes, const uint8_t *queries, size_t n_rows,
                      size_t n_columns, uint16_t *dst, size_t dst_stride);
    /* memcpy() for results that will not be read again soon; stream_end() makes a thread's copies visible to others. */
    void (*stream)(void *dst, const void *src, size_t n_bytes);
    void (*stream_end)(void);
} psh__hamming_kernels;

extern const psh__hamming_kernels psh__hamming_scalar, psh__hamming_avx2, psh__hamming_avx512, psh__hamming_neon;

#endif
