/* scan.h : the two inner loops of the matching: one point against a run of points of the other diagram.
 *
 * Runs start and end at multiples of PSH__SCAN_RUN; arrays are aligned to 64 bytes and padded to that length with dual
 * INFINITY, so that no loop has a tail. All levels do the same operations on each element in the same order, minima
 * are exact and ties go to the least index: the answers are the same bits at every SIMD level. */
#ifndef PSH_TRANSPORT_SCAN_H
#define PSH_TRANSPORT_SCAN_H

#include <stddef.h>

#include "persihash/base.h"

#define PSH__SCAN_RUN ((size_t)8)
#define PSH__SCAN_ROUND_UP(n) (((n) + PSH__SCAN_RUN - 1) / PSH__SCAN_RUN * PSH__SCAN_RUN)

/* The cost of matching two points, with dx, dy the differences of their coordinates. */
typedef enum psh__cost {
    PSH__COST_LINF,         /* max(|dx|, |dy|) */
    PSH__COST_LINF_SQUARED, /* its square */
    PSH__COST_L2,           /* sqrt(dx^2 + dy^2) */
    PSH__COST_L2_SQUARED,   /* dx^2 + dy^2 */
    PSH__COST_MATRIX,       /* anything else: looked up */
    PSH__N_COSTS
} psh__cost;

/* One point, and the run of points that it looks at. */
typedef struct psh__scan_view {
    psh__cost cost;
    double x, y;               /* the point */
    const double *row;         /* its row of the cost matrix (PSH__COST_MATRIX), indexed like xs */
    const double *xs, *ys;     /* the other diagram's points */
    size_t run_first, run_end; /* columns run_first .. run_end - 1 */
} psh__scan_view;

typedef struct psh__scan_least {
    double least, second; /* INFINITY if there is none */
    size_t at;            /* the first index of the least; SIZE_MAX if that is INFINITY */
} psh__scan_least;

typedef struct psh__scan {
    /* The two least values of cost(point, j) + duals[j] over the run. */
    void (*nearest)(const psh__scan_view *view, const double *duals, psh__scan_least *dst);
    /* One step of Dijkstra's search: keys[j] = min(keys[j], base + (cost(point, j) + duals[j])) over the view's run,
     * via[j] = label where that improved, then the least key of the wider run all_first .. all_end - 1 (`second` is not
     * written). Columns that are done have duals and keys INFINITY. */
    void (*relax)(const psh__scan_view *view, const double *duals, double base, double label, double *keys, double *via,
                  size_t all_first, size_t all_end, psh__scan_least *dst);
    /* The same with keys[j] = min(keys[j], max(base, cost(point, j) + duals[j])): the longest step of a path counts. */
    void (*relax_longest)(const psh__scan_view *view, const double *duals, double base, double label, double *keys,
                          double *via, size_t all_first, size_t all_end, psh__scan_least *dst);
} psh__scan;

/* The kernels of the level in use (psh_cpu_simd()). */
const psh__scan *psh__scan_kernels(void);

extern const psh__scan psh__scan_scalar;
#if defined(__x86_64__)
extern const psh__scan psh__scan_avx2, psh__scan_avx512;
#elif defined(__aarch64__)
extern const psh__scan psh__scan_neon;
#endif

#endif
