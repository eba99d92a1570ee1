/* matching_build.c : from two measures to nodes, costs and windows.
 *
 * Equal points of a and b. For q = 1 they cancel: W_1 is the optimal transport of the measures in the plane with the
 * diagonal collapsed to one point, whose ground cost c'(x, y) = min(c(x, y), d(x) + d(y)) is a metric, and mass common
 * to both sides of a transport with metric cost may stay where it is: if a = b, a goes to y and x goes to b, then
 * letting a stay at b and sending x to y costs c'(x, y) <= c'(x, a) + c'(b, y). For q > 1 the power of a metric is
 * none, and nothing cancels (0 and 2 against 2 and 4 on a line: shifting both by 2 costs less for q > 1 than moving one
 * by 4).
 *
 * Windows. A pair is worth a match only if C_ij < D_i + D_j. Let h be half the persistence and m the midpoint. The
 * L-infinity distance is |m_i - m_j| + |h_i - h_j|, so for q = 1 a worthy pair has |m_i - m_j| < 2 min(h_i, h_j). For
 * any q and both ground metrics |m_i - m_j|^q < h_i^q + h_j^q. Nodes are sorted by m, so the partners of a node lie in
 * one run. A run may be wider than needed: it is a saving, not a condition. */
#include <float.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "transport/matching.h"

static double power(double x, double order) {
    return order == 1 ? x : (order == 2 ? x * x : pow(x, order));
}

/* Without powers (q = 1, L-infinity) coordinates are taken as they are, unless they are so large that sums might
 * overflow; otherwise the differences are brought to about 1, so that powers neither overflow nor vanish. */
double psh__matching_scale(const psh__measure *a, const psh__measure *b, double order, psh_ground ground) {
    const psh__measure *both[] = {a, b};
    double lo = INFINITY, hi = -INFINITY;
    for (int k = 0; k < 2; k++)
        if (both[k] && both[k]->n_points) lo = fmin(lo, both[k]->birth_lo), hi = fmax(hi, both[k]->death_hi);
    if (!(lo < hi)) return 1;
    if (order == 1 && ground == PSH_GROUND_LINF) return fmax(fabs(lo), fabs(hi)) > 0x1p960 ? 0x1p60 : 1;
    int exponent;
    (void)frexp(hi / 2 - lo / 2, &exponent);
    return ldexp(1, exponent < -1000 ? -1000 : exponent + 1);
}

static psh__cost choose_cost(double order, psh_ground ground) {
    if (order == 1) return ground == PSH_GROUND_LINF ? PSH__COST_LINF : PSH__COST_L2;
    if (order == 2) return ground == PSH_GROUND_LINF ? PSH__COST_LINF_SQUARED : PSH__COST_L2_SQUARED;
    return PSH__COST_MATRIX;
}

/* Point k of the measure, `count` of its units. */
static void append(psh__side *side, const psh__matching_room *room, const psh__measure *measure, size_t k,
                   uint32_t count) {
    uint32_t i = side->n_nodes++;
    const double *point = measure->points + 2 * k;
    double x = point[0] * room->inverse_scale, y = point[1] * room->inverse_scale;
    side->x[i] = x, side->y[i] = y;
    side->center[i] = psh__point_center(x, y);
    side->diagonal[i] = power((y - x) * (room->ground == PSH_GROUND_LINF ? 0.5 : sqrt(0.5)), room->order);
    side->point[i] = (uint32_t)k, side->supply[i] = count;
}

/* Both sorted lists in one merge, so that equal points meet. */
static void append_all(psh__matching_room *room, const psh__measure *a, const psh__measure *b) {
    size_t i = 0, j = 0, n_a = a ? a->n_points : 0, n_b = b ? b->n_points : 0;
    while (i < n_a || j < n_b) {
        int which = i == n_a ? 1 : (j == n_b ? -1 : psh__point_compare(a->points + 2 * i, b->points + 2 * j));
        uint32_t n_common = 0;
        if (which == 0 && room->order == 1 && !room->is_bottleneck)
            n_common = a->counts[i] < b->counts[j] ? a->counts[i] : b->counts[j];
        if (which <= 0) {
            if (a->counts[i] > n_common) append(&room->side[0], room, a, i, a->counts[i] - n_common);
            i++;
        }
        if (which >= 0) {
            if (b->counts[j] > n_common) append(&room->side[1], room, b, j, b->counts[j] - n_common);
            j++;
        }
    }
}

/* A table over the sorted centers of one side, to find runs without a search: first[k] is the first node in bucket k or
 * beyond. Which bucket a place falls in rises with the place, so a run found by buckets holds all that it should. */
#define N_BUCKETS 64
typedef struct buckets {
    double origin, inverse_width;
    uint32_t first[N_BUCKETS + 1];
} buckets;

static uint32_t bucket_of(const buckets *table, double place) {
    double k = (place - table->origin) * table->inverse_width;
    return k >= N_BUCKETS - 1 ? N_BUCKETS - 1 : (k > 0 ? (uint32_t)k : 0); /* a NaN would go to 0 */
}

static void fill_buckets(buckets *table, const double *centers, uint32_t n) {
    double extent = centers[n - 1] - centers[0];
    uint32_t k = 0;
    table->origin = centers[0];
    table->inverse_width = extent > 0 ? N_BUCKETS / extent : 0;
    if (isinf(table->inverse_width)) table->inverse_width = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t bucket = bucket_of(table, centers[i]); k <= bucket; k++) table->first[k] = i;
    for (; k <= N_BUCKETS; k++) table->first[k] = n;
}

/* How far along the diagonal a node of this persistence may look for partners, the greatest persistence there being
 * `greatest`. */
static double reach(const psh__matching_room *room, double persistence, double greatest) {
    if (room->cost == PSH__COST_LINF) return persistence;
    if (room->cost == PSH__COST_L2) return sqrt(persistence * greatest);
    return 0.5 * pow(pow(persistence, room->order) + pow(greatest, room->order), 1 / room->order);
}

static void set_windows(psh__matching_room *room) {
    for (int s = 0; s < 2; s++) {
        psh__side *side = &room->side[s], *other = &room->side[!s];
        uint32_t n = other->n_nodes, n_padded = (uint32_t)PSH__SCAN_ROUND_UP(n);
        buckets table;
        double greatest = 0, extent = fmax(fabs(other->center[0]), fabs(other->center[n - 1]));
        for (uint32_t j = 0; j < n; j++) {
            double persistence = other->y[j] - other->x[j];
            if (persistence > greatest) greatest = persistence;
        }
        fill_buckets(&table, other->center, n);
        for (uint32_t i = 0; i < side->n_nodes; i++) {
            double center = side->center[i], width = reach(room, side->y[i] - side->x[i], greatest);
            width += 8 * DBL_EPSILON * (width + extent + fabs(center)); /* rounding of the centers */
            uint32_t first = table.first[bucket_of(&table, center - width)];
            uint32_t end = table.first[bucket_of(&table, center + width) + 1];
            bool is_apart = center + width < other->center[0] || center - width > other->center[n - 1];
            side->run_first[i] = is_apart ? 0 : first & ~(uint32_t)(PSH__SCAN_RUN - 1);
            side->run_end[i] = is_apart ? 0 : (uint32_t)PSH__SCAN_ROUND_UP(end);
            if (side->run_end[i] > n_padded) side->run_end[i] = n_padded;
        }
    }
}

static double ground_cost(const psh__matching_room *room, double dx, double dy) {
    dx = fabs(dx), dy = fabs(dy);
    return power(room->ground == PSH_GROUND_LINF ? (dx > dy ? dx : dy) : sqrt(dx * dx + dy * dy), room->order);
}

/* Both cost matrices, one the transpose of the other, rows padded. */
static psh_status set_costs(psh__matching_room *room, psh_error *err) {
    for (int s = 0; s < 2; s++) {
        psh__side *side = &room->side[s], *other = &room->side[!s];
        size_t stride = PSH__SCAN_ROUND_UP(other->n_nodes), n_cells;
        if (!psh__size_mul(side->n_nodes, stride, &n_cells) ||
            !PSH_GROW(&side->costs, &room->costs_capacity[s], n_cells))
            return psh__error_memory(err, "cost matrix", (unsigned long long)side->n_nodes * stride * sizeof(double));
    }
    psh__side *a = &room->side[0], *b = &room->side[1];
    size_t stride_a = PSH__SCAN_ROUND_UP(b->n_nodes), stride_b = PSH__SCAN_ROUND_UP(a->n_nodes);
    for (size_t i = 0; i < a->n_nodes; i++)
        for (size_t j = 0; j < b->n_nodes; j++)
            a->costs[i * stride_a + j] = b->costs[j * stride_b + i] =
                ground_cost(room, a->x[i] - b->x[j], a->y[i] - b->y[j]);
    for (size_t i = 0; i < a->n_nodes; i++)
        for (size_t j = b->n_nodes; j < stride_a; j++) a->costs[i * stride_a + j] = 0;
    for (size_t j = 0; j < b->n_nodes; j++)
        for (size_t i = a->n_nodes; i < stride_b; i++) b->costs[j * stride_b + i] = 0;
    return PSH_OK;
}

psh_status psh__matching_build(psh__matching_room *room, const psh__measure *a, const psh__measure *b, psh_error *err) {
    room->cost = choose_cost(room->order, room->ground);
    room->inverse_scale = 1 / room->scale;
    room->n_arcs = 0, room->free_arc = PSH__NO_ARC;
    for (int s = 0; s < 2; s++) room->side[s].n_nodes = 0;
    append_all(room, a, b);
    for (int s = 0; s < 2; s++) {
        psh__side *side = &room->side[s];
        uint32_t n = side->n_nodes, n_padded = (uint32_t)PSH__SCAN_ROUND_UP(n);
        for (uint32_t i = 0; i < n; i++) {
            side->dual[i] = 0;
            side->open[i] = side->supply[i], side->matched[i] = 0;
            side->first_arc[i] = PSH__NO_ARC;
        }
        for (uint32_t i = n; i < n_padded; i++) side->x[i] = side->y[i] = 0, side->dual[i] = INFINITY;
    }
    if (!room->side[0].n_nodes || !room->side[1].n_nodes) return PSH_OK;
    set_windows(room);
    return room->cost == PSH__COST_MATRIX ? set_costs(room, err) : PSH_OK;
}

double psh__matching_pair_cost(const psh__matching_room *room, uint32_t i, uint32_t j) {
    const psh__side *a = &room->side[0], *b = &room->side[1];
    return ground_cost(room, a->x[i] - b->x[j], a->y[i] - b->y[j]);
}
