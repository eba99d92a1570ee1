/* bound_greedy.c : upper bounds from matchings made in one pass. Any matching is one: a bad choice is a loose bound,
 * never a wrong one, so choices are made in float and costs added up in double.
 *
 * ranked: the k-th most persistent points of both are partners, O(n). greedy: points of a, longest first, each take the
 * free point of b that saves most over sending both to the diagonal, among the WINDOW points of b nearest in
 * persistence, O(n WINDOW). Measured on Rips diagrams of about 100 points, in multiples of the exact W_1: norms 1.81,
 * ranked 1.25, windows of 8 / 16 / 32 / all points 1.17 / 1.12 / 1.09 / 1.07. Pairing in the order of other keys
 * (birth, death, midpoint, with the images on the diagonal) is worse than ranked. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "transport/bounds.h"

#define LANES 4

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t lanes_mask __attribute__((vector_size(LANES * sizeof(int32_t))));

static double diagonal_cost(const psh__bounds *bounds, double half) {
    return bounds->ground == PSH_GROUND_LINF ? half : sqrt(2) * half;
}

static double ground_cost(const psh__bounds *bounds, double center_step, double half_step) {
    if (bounds->ground == PSH_GROUND_LINF) return fabs(center_step) + fabs(half_step);
    return sqrt(2 * (center_step * center_step + half_step * half_step));
}

/* Matches the pair or sends both to the diagonal, whichever costs less. Returns the number of costs written. */
static size_t pay(const psh__bounds *bounds, const psh__bound_points *a, size_t i, const psh__bound_points *b, size_t j,
                  double *costs) {
    double between = ground_cost(bounds, a->center[i] - b->center[j], a->half[i] - b->half[j]);
    double way_a = diagonal_cost(bounds, a->half[i]), way_b = diagonal_cost(bounds, b->half[j]);
    double ways[] = {way_a, way_b}, apart = between <= fmax(way_a, way_b) ? INFINITY
                                            : bounds->order == 1          ? way_a + way_b
                                                                          : psh__bound_root_sum(ways, 2, bounds->order);
    if (between <= apart) return costs[0] = between, 1;
    return costs[0] = way_a, costs[1] = way_b, 2;
}

static double total(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b,
                    const double *costs, size_t n_costs) {
    double sum = psh__bound_root_sum(costs, n_costs, bounds->order);
    return sum * (1 + 1e-12) + a->margin + b->margin;
}

/* Order 1, without a list of costs: fixed order of additions, four lanes. */
static double sum_ranked(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b,
                         size_t n_common) {
    double sums[4] = {0}, longer = bounds->ground == PSH_GROUND_LINF ? 1 : sqrt(2);
    size_t k = 0;
    for (; k + 4 <= n_common; k += 4)
        for (size_t l = 0; l < 4; l++) {
            double center_step = a->center[k + l] - b->center[k + l], half_step = a->half[k + l] - b->half[k + l];
            double between = bounds->ground == PSH_GROUND_LINF
                                 ? fabs(center_step) + fabs(half_step)
                                 : sqrt(2 * (center_step * center_step + half_step * half_step));
            double apart = longer * (a->half[k + l] + b->half[k + l]);
            sums[l] += between < apart ? between : apart;
        }
    for (; k < n_common; k++) {
        double between = ground_cost(bounds, a->center[k] - b->center[k], a->half[k] - b->half[k]);
        double apart = longer * (a->half[k] + b->half[k]);
        sums[0] += between < apart ? between : apart;
    }
    for (const psh__bound_points *more = a->n > b->n ? a : b; k < more->n; k++) sums[k % 4] += longer * more->half[k];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double psh__bound_ranked(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b,
                         psh__bound_room *room) {
    const psh__bound_points *more = a->n > b->n ? a : b;
    size_t n_common = a->n < b->n ? a->n : b->n, n_costs = 0;
    if (bounds->order == 1) return sum_ranked(bounds, a, b, n_common) * (1 + 1e-12) + a->margin + b->margin;
    for (size_t k = 0; k < n_common; k++) n_costs += pay(bounds, a, k, b, k, room->costs + n_costs);
    for (size_t k = n_common; k < more->n; k++) room->costs[n_costs++] = diagonal_cost(bounds, more->half[k]);
    return total(bounds, a, b, room->costs, n_costs);
}

static lanes load(const float *from) {
    lanes x;
    memcpy(&x, from, sizeof x);
    return x;
}

static lanes choose(lanes_mask where, lanes yes, lanes no) {
    return (lanes)((where & (lanes_mask)yes) | (~where & (lanes_mask)no));
}

/* What matching saves: d_a + d_b - c, for L-infinity 2 min(h_a, h_b) - |dm|. Orders above 1.5, and L2, choose by the
 * squares instead: h_a^2 + h_b^2 - c^2. */
typedef enum saving_kind { SAVE_LINF, SAVE_LINF_SQUARED, SAVE_L2_SQUARED } saving_kind;

static inline lanes saving(saving_kind kind, lanes center_step, lanes half_a, lanes half_b) {
    lanes distance = choose(center_step < 0, -center_step, center_step);
    if (kind == SAVE_LINF) return 2 * choose(half_a < half_b, half_a, half_b) - distance;
    lanes half_step = half_a - half_b, squares = half_a * half_a + half_b * half_b;
    if (kind == SAVE_L2_SQUARED) return squares - (center_step * center_step + half_step * half_step);
    distance += choose(half_step < 0, -half_step, half_step);
    return squares - distance * distance;
}

static inline __attribute__((always_inline)) size_t find_partner_of(saving_kind kind, lanes center, lanes half,
                                                                    const psh__bound_points *b, size_t first,
                                                                    const float *taken) {
    lanes most = {0}, at = {-1, -1, -1, -1}, here = {0, 1, 2, 3};
    for (size_t k = first; k < first + PSH__BOUND_WINDOW; k += LANES, here += LANES) {
        lanes saved = saving(kind, center - load(b->center_short + k), half, load(b->half_short + k)) - load(taken + k);
        lanes_mask is_more = saved > most;
        most = choose(is_more, saved, most), at = choose(is_more, here, at);
    }
    float best = 0, found = -1;
    for (int l = 0; l < LANES; l++)
        if (most[l] > best || (most[l] == best && at[l] >= 0 && at[l] < found)) best = most[l], found = at[l];
    return found < 0 ? SIZE_MAX : first + (size_t)found;
}

/* The free point of b in first .. first + WINDOW - 1 that saves most with point i of a; SIZE_MAX if none saves. */
static size_t find_partner(saving_kind kind, const psh__bound_points *a, size_t i, const psh__bound_points *b,
                           size_t first, const float *taken) {
    float m = a->center_short[i], h = a->half_short[i];
    lanes center = {m, m, m, m}, half = {h, h, h, h};
    if (kind == SAVE_LINF) return find_partner_of(SAVE_LINF, center, half, b, first, taken);
    if (kind == SAVE_LINF_SQUARED) return find_partner_of(SAVE_LINF_SQUARED, center, half, b, first, taken);
    return find_partner_of(SAVE_L2_SQUARED, center, half, b, first, taken);
}

double psh__bound_greedy(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b,
                         psh__bound_room *room) {
    const float never = 1e30f;
    size_t n_costs = 0, rank = 0;
    saving_kind kind = bounds->ground == PSH_GROUND_L2 ? SAVE_L2_SQUARED
                       : bounds->order < 1.5           ? SAVE_LINF
                                                       : SAVE_LINF_SQUARED;
    for (size_t j = 0; j < b->n; j++) room->taken[j] = 0;
    for (size_t j = b->n; j < b->n + PSH__BOUND_WINDOW; j++) room->taken[j] = never;
    for (size_t i = 0; i < a->n; i++) {
        while (rank < b->n && b->half[rank] > a->half[i]) rank++;
        size_t first = rank < PSH__BOUND_WINDOW / 2 ? 0 : rank - PSH__BOUND_WINDOW / 2;
        if (first + PSH__BOUND_WINDOW > b->n) first = b->n < PSH__BOUND_WINDOW ? 0 : b->n - PSH__BOUND_WINDOW;
        size_t j = find_partner(kind, a, i, b, first, room->taken);
        if (j == SIZE_MAX) {
            room->costs[n_costs++] = diagonal_cost(bounds, a->half[i]);
        } else {
            n_costs += pay(bounds, a, i, b, j, room->costs + n_costs);
            room->taken[j] = never;
        }
    }
    for (size_t j = 0; j < b->n; j++)
        if (room->taken[j] == 0) room->costs[n_costs++] = diagonal_cost(bounds, b->half[j]);
    return total(bounds, a, b, room->costs, n_costs);
}
