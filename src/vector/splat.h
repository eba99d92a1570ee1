/* splat.h : the two inner loops of persistence images: a Gaussian along one axis, and a rank-one update of a window.
 *
 * Plain C in splat_body.h, compiled once for each SIMD level and left to the compiler's vectoriser: every element is
 * computed by itself, without fused or reordered operations, so the levels agree to the bit. Lengths are multiples of
 * PSH__SPLAT_RUN and arrays are aligned to 64 bytes, so no loop has a tail. (NEON is the baseline of its machines, and
 * needs no file of its own.) */
#ifndef PSH_VECTOR_SPLAT_H
#define PSH_VECTOR_SPLAT_H

#include <stddef.h>

#define PSH__SPLAT_RUN ((size_t)8)

typedef struct psh__splat {
    /* dst[k] = exp(-((first + k) step - x)^2 scale), for k < n_cells; scale > 0; below e^-700 it stays at that. */
    void (*gauss)(double x, double first, double step, double scale, size_t n_cells, double *dst);
    /* image[r, c] += rows[r] columns[c], for r < n_rows, c < n_columns; rows of `stride` doubles. */
    void (*add)(const double *rows, size_t n_rows, const double *columns, size_t n_columns, size_t stride,
                double *image);
} psh__splat;

/* The kernels of the level in use (psh_cpu_simd()). */
const psh__splat *psh__splat_kernels(void);

extern const psh__splat psh__splat_scalar;
#if defined(__x86_64__)
extern const psh__splat psh__splat_avx2, psh__splat_avx512;
#endif

#endif
