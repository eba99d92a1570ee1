/* scan_body.h : the scans once, for every vector width. A file that includes it defines
 *     LANES, vec, mask and the operations V_SET1 V_ALIGNED V_STORE V_ADD V_SUB V_MUL V_ABS V_MAX V_MIN V_SQRT V_LESS
 *     V_EQUAL V_BLEND(mask, if_false, if_true) V_LEAST(vec): the least lane
 * and gets `nearest`, `relax` and `relax_longest`. Indices travel in lanes of doubles (exact up to 2^53), so one kind
 * of lane is enough.
 *
 * Each lane keeps the least value that it saw, the first index of it and its second least value; lanes are joined at
 * the end: the least of all, then the least index among the lanes that have it, then the second of that lane or the
 * least of another, whichever is less. */
#include <math.h>
#include <stdint.h>

#include "transport/scan.h"

static const double lane_numbers[8] __attribute__((aligned(64))) = {0, 1, 2, 3, 4, 5, 6, 7};

static inline vec cost_of(psh__cost cost, const psh__scan_view *view, vec x, vec y, size_t j) {
    if (cost == PSH__COST_MATRIX) return V_LOAD(view->row + j);
    vec dx = V_SUB(V_LOAD(view->xs + j), x), dy = V_SUB(V_LOAD(view->ys + j), y);
    if (cost == PSH__COST_L2 || cost == PSH__COST_L2_SQUARED) {
        vec squared = V_ADD(V_MUL(dx, dx), V_MUL(dy, dy));
        return cost == PSH__COST_L2 ? V_SQRT(squared) : squared;
    }
    vec larger = V_MAX(V_ABS(dx), V_ABS(dy));
    return cost == PSH__COST_LINF ? larger : V_MUL(larger, larger);
}

/* Fills in the least value and its index; returns the lane that has both. */
static inline __attribute__((always_inline)) mask join(vec least, vec index, psh__scan_least *dst) {
    dst->least = V_LEAST(least);
    vec candidates = V_BLEND(V_EQUAL(least, V_SET1(dst->least)), V_SET1(INFINITY), index);
    double at = V_LEAST(candidates);
    dst->at = dst->least < INFINITY ? (size_t)at : SIZE_MAX;
    return V_EQUAL(candidates, V_SET1(at));
}

static inline __attribute__((always_inline)) void nearest_of(psh__cost cost, const psh__scan_view *view,
                                                             const double *duals, psh__scan_least *dst) {
    vec x = V_SET1(view->x), y = V_SET1(view->y), least = V_SET1(INFINITY), second = least, index = V_SET1(0);
    vec here = V_ADD(V_LOAD(lane_numbers), V_SET1((double)view->run_first)), step = V_SET1(LANES);
    for (size_t j = view->run_first; j < view->run_end; j += LANES) {
        vec value = V_ADD(cost_of(cost, view, x, y, j), V_LOAD(duals + j));
        mask is_less = V_LESS(value, least);
        second = V_MIN(second, V_MAX(value, least));
        least = V_MIN(least, value);
        index = V_BLEND(is_less, index, here);
        here = V_ADD(here, step);
    }
    mask is_winner = join(least, index, dst);
    dst->second = V_LEAST(V_BLEND(is_winner, least, second));
}

static inline __attribute__((always_inline)) void relax_of(psh__cost cost, bool is_longest, const psh__scan_view *view,
                                                           const double *duals, double base, double label, double *keys,
                                                           double *via, size_t all_first, size_t all_end,
                                                           psh__scan_least *dst) {
    vec x = V_SET1(view->x), y = V_SET1(view->y), bases = V_SET1(base), labels = V_SET1(label);
    vec least = V_SET1(INFINITY), index = V_SET1(0);
    vec here = V_ADD(V_LOAD(lane_numbers), V_SET1((double)all_first)), step = V_SET1(LANES);
    size_t j = all_first;
#define TAKE(key)                                                                                                      \
    do {                                                                                                               \
        mask is_less = V_LESS(key, least);                                                                             \
        least = V_MIN(least, key);                                                                                     \
        index = V_BLEND(is_less, index, here);                                                                         \
        here = V_ADD(here, step);                                                                                      \
    } while (0)
    for (; j < view->run_first; j += LANES) TAKE(V_LOAD(keys + j));
    for (; j < view->run_end; j += LANES) {
        vec value = V_ADD(cost_of(cost, view, x, y, j), V_LOAD(duals + j)), key = V_LOAD(keys + j);
        value = is_longest ? V_MAX(bases, value) : V_ADD(bases, value);
        mask is_better = V_LESS(value, key);
        key = V_MIN(key, value);
        V_STORE(keys + j, key);
        V_STORE(via + j, V_BLEND(is_better, V_LOAD(via + j), labels));
        TAKE(key);
    }
    for (; j < all_end; j += LANES) TAKE(V_LOAD(keys + j));
#undef TAKE
    (void)join(least, index, dst);
}

static void nearest(const psh__scan_view *view, const double *duals, psh__scan_least *dst) {
    switch (view->cost) {
    case PSH__COST_LINF:
        nearest_of(PSH__COST_LINF, view, duals, dst);
        return;
    case PSH__COST_LINF_SQUARED:
        nearest_of(PSH__COST_LINF_SQUARED, view, duals, dst);
        return;
    case PSH__COST_L2:
        nearest_of(PSH__COST_L2, view, duals, dst);
        return;
    case PSH__COST_L2_SQUARED:
        nearest_of(PSH__COST_L2_SQUARED, view, duals, dst);
        return;
    default:
        nearest_of(PSH__COST_MATRIX, view, duals, dst);
    }
}

#define RELAX(cost, is_longest) relax_of(cost, is_longest, view, duals, base, label, keys, via, all_first, all_end, dst)
static void relax(const psh__scan_view *view, const double *duals, double base, double label, double *keys, double *via,
                  size_t all_first, size_t all_end, psh__scan_least *dst) {
    switch (view->cost) {
    case PSH__COST_LINF:
        RELAX(PSH__COST_LINF, false);
        return;
    case PSH__COST_LINF_SQUARED:
        RELAX(PSH__COST_LINF_SQUARED, false);
        return;
    case PSH__COST_L2:
        RELAX(PSH__COST_L2, false);
        return;
    case PSH__COST_L2_SQUARED:
        RELAX(PSH__COST_L2_SQUARED, false);
        return;
    default:
        RELAX(PSH__COST_MATRIX, false);
    }
}

/* The longest step is that of a distance, not of its power, so two kinds of cost are enough. */
static void relax_longest(const psh__scan_view *view, const double *duals, double base, double label, double *keys,
                          double *via, size_t all_first, size_t all_end, psh__scan_least *dst) {
    if (view->cost == PSH__COST_LINF)
        RELAX(PSH__COST_LINF, true);
    else
        RELAX(PSH__COST_L2, true);
}
