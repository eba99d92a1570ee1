/* bound_sliced.c : lower bounds from projections to lines, after Carriere, Cuturi, Oudot (ICML 2017), with the right
 * constant.
 *
 * Let p(m, h) = s m + t h and let D(A) be the images (m, 0) of A's points on the diagonal. The multisets
 * X = p(A) + p(D(B)) and Y = p(B) + p(D(A)) have equal size, and on a line sorted against sorted is optimal for every
 * q >= 1. A partial matching of A and B gives a matching of X and Y: a matched pair (a, b) costs |s dm + t dh| there
 * and its images |s dm|; a lone point |t| h. With |s| <= 2^(-1/q) and |t| <= 1 the first two have together
 *     |s dm + t dh|^q + |s dm|^q <= (|dm| 2^(1/q) |s| + |dh| |t|)^q <= (|dm| + |dh|)^q
 * (Minkowski), what the pair costs for L-infinity, and |t| h <= h: so the line's distance is at most W_q. For L2 the
 * same holds if 2^(2/q) s^2 + t^2 <= 2 (Cauchy). Lines (2^(-1/q), 1) and (2^(-1/q), -1) do for both; the third is
 * (0, 1), for L2 (0, sqrt 2): the distance of the lists of persistences, never less than the difference of norms.
 *
 * For q = 1 the distance on the line is the integral of |F_A - F_B|, F_A(t) = #{p(a) <= t} - #{p(D(a)) <= t}. The sum
 * over cells of |integral of F_A - F_B over the cell| is never more, and is the L1 distance of two vectors. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "transport/bound_kernels.h"

/* The last cell whose left edge is no greater than x; the first, if there is none. */
static size_t cell_of(const double *edges, double x) {
    size_t first = 0, n = PSH__BOUND_CELLS;
    while (n > 1) {
        size_t middle = n / 2;
        first += edges[first + middle] <= x ? middle : 0;
        n -= middle;
    }
    return first;
}

/* A point adds to each cell the length of its overlap with [p(a), p(D(a))], negative if p(D(a)) comes first. The
 * integral of F up to an edge is written as what whole cells have, as a difference, and what the two end cells miss. */
void psh__bound_fill_cells(const psh__bound_points *points, double center_factor, double half_factor,
                           const double *edges, float *dst) {
    double misses[PSH__BOUND_CELLS] = {0}, steps[PSH__BOUND_CELLS + 1] = {0}, covers = 0;
    for (size_t k = 0; k < points->n; k++) {
        double image = center_factor * points->center[k], there = image + half_factor * points->half[k];
        bool is_below = there < image;
        double lo = is_below ? there : image, hi = is_below ? image : there, sign = is_below ? 1 : -1;
        size_t first = cell_of(edges, lo), last = cell_of(edges, hi);
        steps[first] += sign, steps[last + 1] -= sign;
        misses[first] += sign * (lo - edges[first]), misses[last] += sign * (edges[last + 1] - hi);
    }
    for (size_t c = 0; c < PSH__BOUND_CELLS; c++) {
        covers += steps[c];
        dst[c] = (float)(covers * (edges[c + 1] - edges[c]) - misses[c]);
    }
}

double psh__bound_cells(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b) {
    if (!bounds->cells) return 0;
    float greatest = bounds->kernels->cells(a->cells, b->cells);
    /* Rounding to float moves each cell by 2^-24 of it, and the cells of a add up to at most sqrt 2 times its norm; the
     * sum of CELLS / 16 + 4 additions moves by 12 * 2^-24. */
    return greatest * (1 - 2e-6) - 3e-7 * (a->norm + b->norm) - a->margin - b->margin;
}

/* Sorted X against sorted Y, each of two merged lists. dst : (a->n + b->n) the distances. */
static void differences(const double *line_a, const double *centers_a, size_t n_a, const double *line_b,
                        const double *centers_b, size_t n_b, double *dst) {
    size_t i = 0, i_image = 0, j = 0, j_image = 0;
    for (size_t k = 0; k < n_a + n_b; k++) { /* lists end with INFINITY */
        double a = line_a[i], b_image = centers_b[j_image], b = line_b[j], a_image = centers_a[i_image];
        bool is_a = a <= b_image, is_b = b <= a_image;
        double x = is_a ? a : b_image, y = is_b ? b : a_image;
        i += is_a, j_image += !is_a, j += is_b, i_image += !is_b;
        dst[k] = fabs(x - y);
    }
}

/* The third line: all images are 0, and nothing is less. */
static void differences_of_lengths(const double *line_a, size_t n_a, const double *line_b, size_t n_b, double *dst) {
    for (size_t k = 0; k < n_a + n_b; k++)
        dst[k] = fabs((k < n_b ? 0 : line_a[k - n_b]) - (k < n_a ? 0 : line_b[k - n_a]));
}

double psh__bound_lines(const psh__bounds *bounds, const psh__bound_points *a, const psh__bound_points *b,
                        psh__bound_room *room) {
    double greatest = 0;
    for (int line = 0; line < PSH__BOUND_LINES; line++) {
        if (line < 2)
            differences(a->lines[line], a->centers, a->n, b->lines[line], b->centers, b->n, room->costs);
        else
            differences_of_lengths(a->lines[line], a->n, b->lines[line], b->n, room->costs);
        greatest = fmax(greatest, psh__bound_root_sum(room->costs, a->n + b->n, bounds->order));
    }
    return greatest - a->margin - b->margin;
}
