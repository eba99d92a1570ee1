/* bound_kernels.h : the inner loops of the bounds. All levels add in the same order (16 or 4 partial sums, then a tree)
 * and take the first of equals: the answers are the same bits at every SIMD level. */
#ifndef PSH_TRANSPORT_BOUND_KERNELS_H
#define PSH_TRANSPORT_BOUND_KERNELS_H

#include "transport/bounds.h"

/* What a greedy choice goes by (bound_greedy.c). */
typedef enum psh__saving { PSH__SAVE_LINF, PSH__SAVE_LINF_SQUARED, PSH__SAVE_L2_SQUARED } psh__saving;

struct psh__bound_kernels {
    /* The greatest of the LINES distances sum |a - b|. a, b : (LINES, CELLS). */
    float (*cells)(const float *a, const float *b);
    /* Sum over the n first points of min(distance, both ways to the diagonal); n is a multiple of 4. */
    double (*ranked)(psh_ground ground, const psh__bound_points *a, const psh__bound_points *b, size_t n);
    /* Which of WINDOW points saves most with the point (center, half); WINDOW if none saves. taken : 0, or huge. */
    size_t (*partner)(psh__saving kind, float center, float half, const float *centers, const float *halves,
                      const float *taken);
};

const psh__bound_kernels *psh__bound_kernels_best(void); /* of the level in use (psh_cpu_simd()) */

extern const psh__bound_kernels psh__bound_kernels_scalar;
#if defined(__x86_64__)
extern const psh__bound_kernels psh__bound_kernels_avx2, psh__bound_kernels_avx512;
#endif

#endif
