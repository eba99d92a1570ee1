/* bound_kernels_body.h : the loops once, for every vector width. A file that includes it defines LANES, the floats in a
 * vector. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "transport/bound_kernels.h"

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t lanes_mask __attribute__((vector_size(LANES * sizeof(int32_t))));

static inline float distance_of_cells(const float *a, const float *b) {
    float sums[16] = {0};
    for (size_t k = 0; k < PSH__BOUND_CELLS; k += 16)
        for (size_t l = 0; l < 16; l++) sums[l] += fabsf(a[k + l] - b[k + l]);
    for (size_t n = 8; n; n /= 2)
        for (size_t l = 0; l < n; l++) sums[l] += sums[l + n];
    return sums[0];
}

static float cells(const float *a, const float *b) {
    float greatest = 0;
    for (size_t line = 0; line < PSH__BOUND_LINES; line++) {
        float here = distance_of_cells(a + line * PSH__BOUND_CELLS, b + line * PSH__BOUND_CELLS);
        greatest = here > greatest ? here : greatest;
    }
    return greatest;
}

static inline __attribute__((always_inline)) double ranked_of(psh_ground ground, const psh__bound_points *a,
                                                              const psh__bound_points *b, size_t n) {
    const double *m_a = a->center, *m_b = b->center, *h_a = a->half, *h_b = b->half;
    double sums[4] = {0}, longer = ground == PSH_GROUND_LINF ? 1 : sqrt(2);
    for (size_t k = 0; k < n; k += 4)
        for (size_t l = 0; l < 4; l++) {
            double dm = m_a[k + l] - m_b[k + l], dh = h_a[k + l] - h_b[k + l];
            double between = ground == PSH_GROUND_LINF ? fabs(dm) + fabs(dh) : sqrt(2 * (dm * dm + dh * dh));
            double apart = longer * (h_a[k + l] + h_b[k + l]);
            sums[l] += between < apart ? between : apart;
        }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static double ranked(psh_ground ground, const psh__bound_points *a, const psh__bound_points *b, size_t n) {
    return ground == PSH_GROUND_LINF ? ranked_of(PSH_GROUND_LINF, a, b, n) : ranked_of(PSH_GROUND_L2, a, b, n);
}

static inline lanes load(const float *from) {
    lanes x;
    memcpy(&x, from, sizeof x);
    return x;
}

static inline lanes choose(lanes_mask where, lanes yes, lanes no) {
    return (lanes)((where & (lanes_mask)yes) | (~where & (lanes_mask)no));
}

/* d_a + d_b - c, for L-infinity 2 min(h_a, h_b) - |dm|; or h_a^2 + h_b^2 - c^2. */
static inline lanes saving(psh__saving kind, lanes center_step, lanes half_a, lanes half_b) {
    lanes distance = choose(center_step < 0, -center_step, center_step);
    if (kind == PSH__SAVE_LINF) return 2 * choose(half_a < half_b, half_a, half_b) - distance;
    lanes half_step = half_a - half_b, squares = half_a * half_a + half_b * half_b;
    if (kind == PSH__SAVE_L2_SQUARED) return squares - (center_step * center_step + half_step * half_step);
    distance += choose(half_step < 0, -half_step, half_step);
    return squares - distance * distance;
}

static inline __attribute__((always_inline)) size_t
partner_of(psh__saving kind, lanes center, lanes half, const float *centers, const float *halves, const float *taken) {
    lanes most = {0}, at = {0}, here = {0};
    for (int l = 0; l < LANES; l++) at[l] = PSH__BOUND_WINDOW, here[l] = (float)l;
    for (size_t k = 0; k < PSH__BOUND_WINDOW; k += LANES, here += LANES) {
        lanes saved = saving(kind, center - load(centers + k), half, load(halves + k)) - load(taken + k);
        lanes_mask is_more = saved > most;
        most = choose(is_more, saved, most), at = choose(is_more, here, at);
    }
    float best = 0, found = PSH__BOUND_WINDOW;
    for (int l = 0; l < LANES; l++)
        if (most[l] > best || (most[l] == best && at[l] < found)) best = most[l], found = at[l];
    return (size_t)found;
}

static size_t partner(psh__saving kind, float center, float half, const float *centers, const float *halves,
                      const float *taken) {
    lanes all_center = center - (lanes){0}, all_half = half - (lanes){0};
    if (kind == PSH__SAVE_LINF) return partner_of(PSH__SAVE_LINF, all_center, all_half, centers, halves, taken);
    if (kind == PSH__SAVE_LINF_SQUARED)
        return partner_of(PSH__SAVE_LINF_SQUARED, all_center, all_half, centers, halves, taken);
    return partner_of(PSH__SAVE_L2_SQUARED, all_center, all_half, centers, halves, taken);
}
