/* scan.c : the scalar twin of the scans, and the choice between levels. */
#include "transport/scan.h"

#include <math.h>

static inline double cost_of(const psh__scan_view *view, size_t j) {
    if (view->cost == PSH__COST_MATRIX) return view->row[j];
    double dx = view->xs[j] - view->x, dy = view->ys[j] - view->y;
    if (view->cost == PSH__COST_L2 || view->cost == PSH__COST_L2_SQUARED) {
        double squared = dx * dx + dy * dy;
        return view->cost == PSH__COST_L2 ? sqrt(squared) : squared;
    }
    dx = fabs(dx), dy = fabs(dy);
    double larger = dx > dy ? dx : dy;
    return view->cost == PSH__COST_LINF ? larger : larger * larger;
}

static void nearest(const psh__scan_view *view, const double *duals, psh__scan_least *dst) {
    *dst = (psh__scan_least){INFINITY, INFINITY, SIZE_MAX};
    for (size_t j = view->run_first; j < view->run_end; j++) {
        double value = cost_of(view, j) + duals[j];
        if (value < dst->least)
            dst->second = dst->least, dst->least = value, dst->at = j;
        else if (value < dst->second)
            dst->second = value;
    }
}

static void least_key(const double *keys, size_t first, size_t end, psh__scan_least *dst) {
    dst->least = INFINITY, dst->at = SIZE_MAX;
    for (size_t j = first; j < end; j++)
        if (keys[j] < dst->least) dst->least = keys[j], dst->at = j;
}

static void relax(const psh__scan_view *view, const double *duals, double base, double label, double *keys, double *via,
                  size_t all_first, size_t all_end, psh__scan_least *dst) {
    for (size_t j = view->run_first; j < view->run_end; j++) {
        double value = base + (cost_of(view, j) + duals[j]);
        if (value < keys[j]) keys[j] = value, via[j] = label;
    }
    least_key(keys, all_first, all_end, dst);
}

static void relax_longest(const psh__scan_view *view, const double *duals, double base, double label, double *keys,
                          double *via, size_t all_first, size_t all_end, psh__scan_least *dst) {
    for (size_t j = view->run_first; j < view->run_end; j++) {
        double value = cost_of(view, j) + duals[j];
        if (value < base) value = base;
        if (value < keys[j]) keys[j] = value, via[j] = label;
    }
    least_key(keys, all_first, all_end, dst);
}

const psh__scan psh__scan_scalar = {nearest, relax, relax_longest};

const psh__scan *psh__scan_kernels(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX2:
        return &psh__scan_avx2;
    case PSH_SIMD_AVX512:
        return &psh__scan_avx512;
#elif defined(__aarch64__)
    case PSH_SIMD_NEON:
        return &psh__scan_neon;
#endif
    default:
        return &psh__scan_scalar;
    }
}
