/* sinkhorn_solve.c : Sinkhorn's iterations, stabilised and over-relaxed.
 *
 *     min <P, C> + eps sum P (log P - 1)     over P >= 0 with row sums (a, |b|) and column sums (b, |a|)
 * where the last row and column are the diagonal (Lacombe, Cuturi, Oudot 2018). The solution is P = exp((f_i + g_j -
 * C_ij) / eps); f and g are found by making the row sums right, then the column sums, and so on.
 *
 * Only cells that hold points take part: an empty cell has no mass to send or take. A diagram of 60 points has at most
 * 60 cells of 2,500, so that an iteration costs 2 * 60 * 60 multiply-adds, where the two products with the separable
 * kernel of the whole grid cost 4 * 50^3. And any ground metric costs the same.
 *
 * Stability: scalings u, v multiply a kernel exp((f + g - C) / eps) that holds the potentials found so far
 * (Schmitzer 2019). It starts from g = cost to the diagonal, f = min over j of C_ij - g_j (with the diagonal among the
 * j): every entry is then at most 1, every row has an entry 1, every column has one at the diagonal's row, so nothing
 * under- or overflows in the first sums whatever eps is. Scalings beyond 1e+-60 are moved into f and g.
 *
 * Over-relaxation (Thibault, Chizat, Dossal, Papadakis 2017): an update by the 1.75th power of what plain Sinkhorn
 * would multiply by. 1.75, since that power takes two square roots and no logarithm. Three to six times fewer
 * iterations (measured at the paper's eps: 26, 119 and 285 instead of 110, 639 and 1632 for 20, 63 and 200 points).
 * Far from the solution it may run in circles (2 pairs of 780 did); so when the error has not fallen by a hundredth for
 * some checks, plain iterations take over, longer each time, which always converge. What was tried: rising to the
 * paper's eps through larger ones saves nothing once over-relaxed; powers of 1.8 and more diverge now and then. */
#include "transport/sinkhorn.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/scaling.h"

enum {
    ITERATIONS_BETWEEN = 8, /* checks of the error */
    PATIENCE = 4,           /* checks without progress */
    FIRST_PLAIN = 8         /* batches of plain iterations after the first stall; doubled at each */
};
#define MOST_SCALING 1e60

/* Everything of one side, padded to whole runs: pads have mass 1, bias 1 and kernel 0, and so keep scaling 1. */
typedef struct side {
    double *masses, *bias, *potential, *scaling, *sums;
    size_t n, n_padded;
} side;

struct psh__sinkhorn_room {
    size_t n_max; /* padded, the diagonal included */
    const psh__scaling *kernels;
    side a, b;
    double *costs, *kernel, *transposed; // (a.n_padded, b.n_padded) each
    double *block;
};

static size_t padded(size_t n) {
    return (n + PSH__SCALING_RUN - 1) / PSH__SCALING_RUN * PSH__SCALING_RUN;
}

psh__sinkhorn_room *psh__sinkhorn_room_create(size_t n_max) {
    psh__sinkhorn_room *room = psh__calloc(1, sizeof *room);
    if (!room) return NULL;
    size_t n = padded(n_max + 1);
    room->n_max = n, room->kernels = psh__scaling_kernels();
    room->block = n < ((size_t)1 << 30) ? psh__malloc(3 * n * n + 10 * n, sizeof *room->block) : NULL;
    if (!room->block) {
        psh__free(room);
        return NULL;
    }
    double *at = room->block;
    room->costs = at, room->kernel = at += n * n, room->transposed = at += n * n, at += n * n;
    double **vectors[] = {&room->a.masses, &room->a.bias, &room->a.potential, &room->a.scaling, &room->a.sums,
                          &room->b.masses, &room->b.bias, &room->b.potential, &room->b.scaling, &room->b.sums};
    for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++, at += n) *vectors[k] = at;
    return room;
}

void psh__sinkhorn_room_free(psh__sinkhorn_room *room) {
    if (!room) return;
    psh__free(room->block);
    psh__free(room);
}

double *psh__sinkhorn_cost_row(psh__sinkhorn_room *room, size_t i, size_t n_b) {
    assert(i < room->n_max && n_b < room->n_max);
    return room->costs + i * padded(n_b + 1);
}

static void side_start(side *dst, const psh__sinkhorn_side *src, double diagonal_mass) {
    dst->n = src->n + 1, dst->n_padded = padded(dst->n);
    memcpy(dst->masses, src->masses, src->n * sizeof *dst->masses);
    dst->masses[src->n] = diagonal_mass;
    memset(dst->bias, 0, dst->n * sizeof *dst->bias);
    for (size_t i = dst->n; i < dst->n_padded; i++) dst->masses[i] = dst->bias[i] = 1;
}

static void build_kernel(psh__sinkhorn_room *room, double regularisation) {
    side *a = &room->a, *b = &room->b;
    size_t width = b->n_padded, height = a->n_padded;
    for (size_t i = 0; i < height; i++) {
        double *row = room->kernel + i * width;
        if (i < a->n)
            room->kernels->kernel_row(a->potential[i], b->potential, room->costs + i * width, 1 / regularisation, width,
                                      row);
        else
            memset(row, 0, width * sizeof *row);
        for (size_t j = b->n; j < width; j++) row[j] = 0;
    }
    for (size_t i = 0; i < height; i += PSH__SCALING_RUN)
        for (size_t j = 0; j < width; j++)
            for (size_t k = i; k < i + PSH__SCALING_RUN; k++)
                room->transposed[j * height + k] = room->kernel[k * width + j];
    for (size_t i = 0; i < height; i++) a->scaling[i] = 1;
    for (size_t j = 0; j < width; j++) b->scaling[j] = 1;
}

/* The potentials at which every entry of the kernel is at most 1. */
static void start(psh__sinkhorn_room *room, const psh__sinkhorn_side *from_b, double regularisation) {
    side *a = &room->a, *b = &room->b;
    memcpy(b->potential, from_b->to_diagonal, from_b->n * sizeof *b->potential);
    for (size_t j = from_b->n; j < b->n_padded; j++) b->potential[j] = 0;
    for (size_t i = 0; i < a->n; i++) {
        const double *costs = room->costs + i * b->n_padded;
        double least = INFINITY;
        for (size_t j = 0; j < b->n; j++) {
            double value = costs[j] - b->potential[j];
            least = value < least ? value : least;
        }
        a->potential[i] = least;
    }
    build_kernel(room, regularisation);
}

static double side_error(const side *s) {
    double error = 0;
    for (size_t i = 0; i < s->n; i++) error += fabs(s->scaling[i] * s->sums[i] - s->masses[i]);
    return error;
}

static bool is_tame(const side *s) {
    for (size_t i = 0; i < s->n; i++)
        if (!(s->scaling[i] < MOST_SCALING && s->scaling[i] > 1 / MOST_SCALING)) return false;
    return true;
}

static void absorb(side *s, double regularisation) {
    for (size_t i = 0; i < s->n; i++) s->potential[i] += regularisation * log(s->scaling[i]);
}

/* One round of updates: rows, then columns. */
static void iterate(psh__sinkhorn_room *room, bool is_relaxed) {
    side *a = &room->a, *b = &room->b;
    const psh__scaling *k = room->kernels;
    k->multiply(room->transposed, b->scaling, b->n_padded, a->n_padded, a->sums);
    k->scale(a->masses, a->sums, a->bias, is_relaxed, a->n_padded, a->scaling);
    k->multiply(room->kernel, a->scaling, a->n_padded, b->n_padded, b->sums);
    k->scale(b->masses, b->sums, b->bias, is_relaxed, b->n_padded, b->scaling);
}

static double marginal_error(psh__sinkhorn_room *room) {
    side *a = &room->a, *b = &room->b;
    room->kernels->multiply(room->transposed, b->scaling, b->n_padded, a->n_padded, a->sums);
    room->kernels->multiply(room->kernel, a->scaling, a->n_padded, b->n_padded, b->sums);
    return side_error(a) + side_error(b);
}

static double plan_cost(const psh__sinkhorn_room *room) {
    const side *a = &room->a, *b = &room->b;
    double cost = 0;
    for (size_t i = 0; i < a->n; i++) {
        const double *kernel = room->kernel + i * b->n_padded, *costs = room->costs + i * b->n_padded;
        double sum = 0;
        for (size_t j = 0; j < b->n; j++) sum += kernel[j] * b->scaling[j] * costs[j];
        cost += sum * a->scaling[i];
    }
    return cost;
}

/* Relaxed or plain: n_plain batches of plain iterations are left. */
typedef struct mode {
    double least_error; /* since the relaxed phase began */
    unsigned n_plain, n_idle, n_stalls;
} mode;

static void mode_next(mode *of, double error) {
    if (of->n_plain) {
        if (--of->n_plain == 0) of->least_error = INFINITY, of->n_idle = 0;
        return;
    }
    bool is_better = error < 0.99 * of->least_error;
    of->n_idle = is_better ? 0 : of->n_idle + 1;
    if (error < of->least_error) of->least_error = error;
    if (of->n_idle < PATIENCE && error < INFINITY) return;
    of->n_plain = FIRST_PLAIN << (of->n_stalls < 20 ? of->n_stalls : 20);
    of->n_stalls++;
}

void psh__sinkhorn_solve(psh__sinkhorn_room *room, const psh__sinkhorn_side *a, const psh__sinkhorn_side *b,
                         double regularisation, double tolerance, unsigned max_iterations, psh__sinkhorn_result *dst) {
    size_t width = padded(b->n + 1);
    double *last_row = room->costs + a->n * width;
    assert(a->n >= 1 && b->n >= 1 && padded(a->n + 1) <= room->n_max && width <= room->n_max);
    side_start(&room->a, a, b->total);
    side_start(&room->b, b, a->total);
    memcpy(last_row, b->to_diagonal, b->n * sizeof *last_row);
    last_row[b->n] = 0;
    for (size_t i = 0; i <= a->n; i++) {
        double *row = room->costs + i * width;
        if (i < a->n) row[b->n] = a->to_diagonal[i];
        for (size_t j = b->n + 1; j < width; j++) row[j] = 0;
    }
    start(room, b, regularisation);
    mode of = {.least_error = INFINITY};
    for (dst->n_iterations = 0, dst->error = INFINITY; dst->n_iterations < max_iterations;) {
        unsigned n = max_iterations - dst->n_iterations;
        if (n > ITERATIONS_BETWEEN) n = ITERATIONS_BETWEEN;
        for (unsigned k = 0; k < n; k++) iterate(room, of.n_plain == 0);
        dst->n_iterations += n;
        dst->error = marginal_error(room) / (a->total + b->total);
        if (dst->error <= tolerance) break;
        mode_next(&of, dst->error);
        if (!(dst->error < INFINITY))
            start(room, b, regularisation);
        else if (!is_tame(&room->a) || !is_tame(&room->b)) {
            absorb(&room->a, regularisation), absorb(&room->b, regularisation);
            build_kernel(room, regularisation);
        }
    }
    if (!(dst->error < INFINITY)) dst->error = INFINITY; // no numbers any more
    dst->cost = plan_cost(room);
}
