/* transport_twin.c : brute force, the Hungarian method on explicit diagonal points, and Kuhn's matching. */
#include "transport_twin.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct problem {
    const double *a, *b;
    size_t n_a, n_b;
    double order;
    psh_ground ground;
} problem;

static double pair_cost(const problem *p, size_t i, size_t j) {
    double dx = fabs(p->a[2 * i] - p->b[2 * j]), dy = fabs(p->a[2 * i + 1] - p->b[2 * j + 1]);
    double distance = p->ground == PSH_GROUND_LINF ? fmax(dx, dy) : hypot(dx, dy);
    return isinf(p->order) ? distance : pow(distance, p->order);
}

static double diagonal_cost(const problem *p, const double *point) {
    double distance = (point[1] - point[0]) * (p->ground == PSH_GROUND_LINF ? 0.5 : sqrt(0.5));
    return isinf(p->order) ? distance : pow(distance, p->order);
}

static double join(const problem *p, double x, double y) {
    return isinf(p->order) ? fmax(x, y) : x + y;
}

static double best_from(const problem *p, size_t i, bool *is_used) {
    if (i == p->n_a) {
        double rest = 0;
        for (size_t j = 0; j < p->n_b; j++)
            if (!is_used[j]) rest = join(p, rest, diagonal_cost(p, p->b + 2 * j));
        return rest;
    }
    double best = join(p, diagonal_cost(p, p->a + 2 * i), best_from(p, i + 1, is_used));
    for (size_t j = 0; j < p->n_b; j++) {
        if (is_used[j]) continue;
        is_used[j] = true;
        best = fmin(best, join(p, pair_cost(p, i, j), best_from(p, i + 1, is_used)));
        is_used[j] = false;
    }
    return best;
}

double twin_wasserstein_brute(const double *a, size_t n_a, const double *b, size_t n_b, double order,
                              psh_ground ground) {
    problem p = {a, b, n_a, n_b, order, ground};
    bool *is_used = calloc(n_b + 1, sizeof *is_used);
    double cost = best_from(&p, 0, is_used);
    free(is_used);
    return isinf(order) ? cost : pow(cost, 1 / order);
}

/* Cell of the square matrix: point with point, point with the diagonal, diagonal with diagonal. */
static double cell(const problem *p, size_t i, size_t j) {
    if (i < p->n_a && j < p->n_b) return pair_cost(p, i, j);
    if (i < p->n_a) return diagonal_cost(p, p->a + 2 * i);
    return j < p->n_b ? diagonal_cost(p, p->b + 2 * j) : 0;
}

double twin_wasserstein(const double *a, size_t n_a, const double *b, size_t n_b, double order, psh_ground ground) {
    problem p = {a, b, n_a, n_b, order, ground};
    size_t n = n_a + n_b, none = n;
    double *u = calloc(n + 1, sizeof *u), *v = calloc(n + 1, sizeof *v), *slack = calloc(n + 1, sizeof *slack);
    size_t *row_of = calloc(n + 1, sizeof *row_of), *via = calloc(n + 1, sizeof *via);
    bool *is_done = calloc(n + 1, sizeof *is_done);
    for (size_t j = 0; j <= n; j++) row_of[j] = none;
    for (size_t i = 0; i < n; i++) { /* column n stands for "where row i starts" */
        for (size_t j = 0; j <= n; j++) slack[j] = INFINITY, is_done[j] = false;
        size_t column = n;
        row_of[n] = i;
        do {
            size_t row = row_of[column], next = n;
            double step = INFINITY;
            is_done[column] = true;
            for (size_t j = 0; j < n; j++) {
                if (is_done[j]) continue;
                double reduced = cell(&p, row, j) - u[row] - v[j];
                if (reduced < slack[j]) slack[j] = reduced, via[j] = column;
                if (slack[j] < step) step = slack[j], next = j;
            }
            for (size_t j = 0; j <= n; j++)
                if (is_done[j])
                    u[row_of[j]] += step, v[j] -= step;
                else
                    slack[j] -= step;
            column = next;
        } while (row_of[column] != none);
        for (; column != n; column = via[column]) row_of[column] = row_of[via[column]];
    }
    double cost = 0;
    for (size_t j = 0; j < n; j++) cost += cell(&p, row_of[j], j);
    free(u), free(v), free(slack), free(row_of), free(via), free(is_done);
    return pow(cost, 1 / order);
}

static bool try_row(const problem *p, size_t i, double threshold, size_t *row_of, bool *is_seen) {
    size_t n = p->n_a + p->n_b;
    for (size_t j = 0; j < n; j++) {
        if (is_seen[j] || cell(p, i, j) > threshold) continue;
        is_seen[j] = true;
        if (row_of[j] == n || try_row(p, row_of[j], threshold, row_of, is_seen)) {
            row_of[j] = i;
            return true;
        }
    }
    return false;
}

static int compare_doubles(const void *x, const void *y) {
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

double twin_bottleneck(const double *a, size_t n_a, const double *b, size_t n_b, psh_ground ground) {
    problem p = {a, b, n_a, n_b, INFINITY, ground};
    size_t n = n_a + n_b, n_costs = 0;
    double *costs = calloc(n * n + 1, sizeof *costs);
    size_t *row_of = calloc(n + 1, sizeof *row_of);
    bool *is_seen = calloc(n + 1, sizeof *is_seen);
    costs[n_costs++] = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) costs[n_costs++] = cell(&p, i, j);
    qsort(costs, n_costs, sizeof *costs, compare_doubles);
    size_t lo = 0, hi = n_costs - 1;
    while (lo < hi) {
        size_t middle = (lo + hi) / 2;
        bool is_perfect = true;
        for (size_t j = 0; j < n; j++) row_of[j] = n;
        for (size_t i = 0; i < n && is_perfect; i++) {
            for (size_t j = 0; j < n; j++) is_seen[j] = false;
            is_perfect = try_row(&p, i, costs[middle], row_of, is_seen);
        }
        if (is_perfect)
            hi = middle;
        else
            lo = middle + 1;
    }
    double cost = costs[lo];
    free(costs), free(row_of), free(is_seen);
    return cost;
}
