/* line.c : W_1 in linear time where all points lie on one line, as those of H0 of a Vietoris-Rips filtration do.
 *
 * Let all births be equal and x = death - birth > 0 be a point's place on the line. The ground distance of two points
 * is |x - y|, that to the diagonal k x with k = 1/2 (L-infinity) or sqrt(1/2) (L2). The dual problem is
 *
 *     W_1 = max sum_a f(x_a) - sum_b f(x_b)   over f with |f(x) - f(y)| <= |x - y| and |f(x)| <= k x.
 *
 * Sweep x upward and let g(t) be the best sum over the points passed so far with f(x) = t. g is concave and piecewise
 * linear with integer slopes, and changes by two moves only:
 *   - going from x to x + h, g(t) becomes max of g over [t - h, t + h]: what rises moves left by h, what falls moves
 *     right by h; and t is confined to [-k x, k x];
 *   - a point of a adds t, a point of b subtracts t: all slopes change by one.
 * So g is two stacks of places where the slope drops by one (or by a weight), left and right of its plateau; an empty
 * stack stands for the end of the domain. Adding t carries the maximum to the right end R of the plateau and adds R to
 * it; R moves from the right stack to the left one. The shifts by h are kept as an offset common to a whole stack.
 * This is the "slope trick" for isotonic problems; cost O(n), after the points are sorted. Lines of equal deaths are
 * the mirror image. */
#include "transport/line.h"

#include <math.h>

bool psh__line_applies(const psh__measure *a, const psh__measure *b) {
    if (!a || !b || !a->n_points || !b->n_points) return false;
    return (a->birth_lo == a->birth_hi && a->birth_lo == b->birth_lo && b->birth_lo == b->birth_hi) ||
           (a->death_lo == a->death_hi && a->death_lo == b->death_lo && b->death_lo == b->death_hi);
}

/* steps[bottom .. top - 1], nearest to the plateau last. `at` is measured outward from zero and shrinks no further than
 * the offset x: for the left stack a place p is stored as -p - x, for the right one as p - x, so that both move outward
 * by themselves as x grows. */
typedef struct stack {
    psh__line_step *steps;
    size_t bottom, top;
} stack;

/* The end of the plateau on this stack's side, measured outward. */
static double plateau_end(const stack *of, double x, double reach) {
    return of->top > of->bottom ? of->steps[of->top - 1].at + x : reach;
}

/* Drops the steps that left the domain. */
static void confine(stack *of, double x, double reach) {
    while (of->bottom < of->top && of->steps[of->bottom].at + x >= reach) of->bottom++;
}

/* Adds `weight` times the outward coordinate of `from`: its steps go over to `to`. Returns by how much max g grows. */
static double tilt(stack *from, stack *to, uint64_t weight, double x, double reach) {
    double gain = 0;
    while (weight) {
        double end = plateau_end(from, x, reach);
        uint64_t moved = weight;
        if (from->top > from->bottom) {
            psh__line_step *step = &from->steps[from->top - 1];
            if (step->weight < moved) moved = step->weight;
            step->weight -= moved;
            if (!step->weight) from->top--;
        }
        gain += (double)moved * end;
        to->steps[to->top++] = (psh__line_step){-end - x, moved};
        weight -= moved;
    }
    return gain;
}

/* The k-th point counted from the diagonal outward: where it lies, and how often. */
static double place(const psh__measure *of, size_t k, double scale, bool is_mirrored, uint32_t *count) {
    size_t i = is_mirrored ? of->n_points - 1 - k : k;
    *count = of->counts[i];
    return of->points[2 * i + 1] / scale - of->points[2 * i] / scale;
}

double psh__line_cost(const psh__measure *a, const psh__measure *b, psh_ground ground, double scale,
                      psh__line_step *steps) {
    size_t n_half = psh__line_n_steps(a->n_points + b->n_points) / 2, i = 0, j = 0;
    stack left = {.steps = steps}, right = {.steps = steps + n_half};
    double factor = ground == PSH_GROUND_LINF ? 0.5 : sqrt(0.5), greatest = 0;
    bool is_mirrored = a->birth_lo != a->birth_hi || b->birth_lo != b->birth_hi || a->birth_lo != b->birth_lo;
    uint32_t count_a = 0, count_b = 0;
    while (i < a->n_points || j < b->n_points) {
        double x_a = i < a->n_points ? place(a, i, scale, is_mirrored, &count_a) : INFINITY;
        double x_b = j < b->n_points ? place(b, j, scale, is_mirrored, &count_b) : INFINITY;
        double x = fmin(x_a, x_b), reach = factor * x;
        uint32_t n_a = x_a == x ? count_a : 0, n_b = x_b == x ? count_b : 0;
        confine(&left, x, reach), confine(&right, x, reach);
        if (n_a > n_b) greatest += tilt(&right, &left, n_a - n_b, x, reach);
        if (n_b > n_a) greatest += tilt(&left, &right, n_b - n_a, x, reach);
        i += n_a > 0, j += n_b > 0;
    }
    return greatest;
}
