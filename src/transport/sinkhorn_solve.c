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
 * under- or overflows in the first sums whatever eps is. Scalings beyond 1e+-60 (1e+-12, see below) are moved into f
 * and g, and the kernel is made anew.
 *
 * Sparsity: with scalings within 1e+-12, an entry below e^-100 = 4e-44 of the kernel adds less than 1e-19 to the plan,
 * whose masses are 1 and more, so it is left out, by runs of eight columns. What is left is little where eps is small,
 * that is where diagrams are large: for diagrams of 540 points a third of the runs under the squared cost, a seventh
 * under L-infinity. There a pair takes 0.4 and 1.0 ms instead of 0.8 and 3.8. A kernel of which more than DENSE_SHARE
 * is left is kept whole, with wider limits. Each side has its own, transposed: from a single sparse one the sums of
 * rows came by adding up lanes in loops of three or four rounds, whose ends no processor foresees, and took twice as
 * long.
 *
 * Over-relaxation (Thibault, Chizat, Dossal, Papadakis 2017): an update by the 1.75th power of what plain Sinkhorn
 * would multiply by. 1.75, since that power takes two square roots and no logarithm. Three to six times fewer
 * iterations (measured at the paper's eps: 26, 119 and 285 instead of 110, 639 and 1632 for 20, 63 and 200 points).
 * Far from the solution it may run in circles (2 pairs of 780 did); so when the error has not fallen by a hundredth for
 * some checks, plain iterations take over, longer each time, which always converge. What was tried: coming down to the
 * paper's eps from 4 to 256 times that saves nothing once over-relaxed, at 63 points and at 540; powers of 1.8 and more
 * diverge now and then. */
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
#define MOST_DENSE 1e60  /* scalings beyond go into the potentials */
#define MOST_SPARSE 1e12 /* the same with a sparse kernel */
#define LEAST_EXPONENT (-100.0)
#define DENSE_SHARE 0.65   /* of runs above that, from which on a dense kernel is faster */
#define NOT_THERE (-1e300) /* potential of a pad: keeps it out of the kernel */

/* Everything of one side, padded to whole runs: pads have mass 1, bias 1 and no kernel, and so keep scaling 1. */
typedef struct side {
    double *masses, *bias, *potential, *scaling, *sums; // (n_padded)
    double *costs;              // (n of the other side, n_padded): from its cells to those of this side
    psh__scaling_matrix kernel; /* the same of the kernel: multiplied by the other's scaling it gives `sums` */
    size_t n, n_padded;
} side;

struct psh__sinkhorn_room {
    size_t n_max; /* padded, the diagonal included */
    const psh__scaling *kernels;
    side a, b;
    double *values; /* of a kernel, row by row */
    uint32_t *runs, *row_starts;
    double *numbers;
    uint32_t *indices;
};

static size_t padded(size_t n) {
    return (n + PSH__SCALING_RUN - 1) / PSH__SCALING_RUN * PSH__SCALING_RUN;
}

psh__sinkhorn_room *psh__sinkhorn_room_create(size_t n_max) {
    psh__sinkhorn_room *room = psh__calloc(1, sizeof *room);
    if (!room) return NULL;
    size_t n = padded(n_max + 1), n_entries = n * (n / PSH__SCALING_RUN);
    room->n_max = n, room->kernels = psh__scaling_kernels();
    if (n < ((size_t)1 << 17)) { /* entries have 32-bit numbers */
        room->numbers = psh__malloc(5 * n * n + 10 * n, sizeof *room->numbers);
        room->indices = psh__malloc(3 * n_entries + 3 * n + 3, sizeof *room->indices);
    }
    if (!room->numbers || !room->indices) {
        psh__sinkhorn_room_free(room);
        return NULL;
    }
    double *at = room->numbers; // the two kernels side by side: that is what the first caches have to hold
    uint32_t *index = room->indices;
    side *const sides[] = {&room->a, &room->b};
    for (int k = 0; k < 2; k++) {
        double **vectors[] = {&sides[k]->masses, &sides[k]->bias, &sides[k]->potential, &sides[k]->scaling,
                              &sides[k]->sums};
        for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++, at += n) *vectors[v] = at;
        sides[k]->kernel.rows = index, sides[k]->kernel.starts = index + n_entries, index += n_entries + n + 1;
    }
    room->a.kernel.values = at, room->b.kernel.values = at += n * n, at += n * n;
    room->a.costs = at, room->b.costs = at += n * n, at += n * n;
    room->values = at, room->runs = index, room->row_starts = index + n_entries;
    return room;
}

void psh__sinkhorn_room_free(psh__sinkhorn_room *room) {
    if (!room) return;
    psh__free(room->numbers);
    psh__free(room->indices);
    psh__free(room);
}

double *psh__sinkhorn_costs_to_b(psh__sinkhorn_room *room, size_t i, size_t n_b) {
    assert(i < room->n_max && n_b < room->n_max);
    return room->b.costs + i * padded(n_b + 1);
}

double *psh__sinkhorn_costs_to_a(psh__sinkhorn_room *room, size_t j, size_t n_a) {
    assert(j < room->n_max && n_a < room->n_max);
    return room->a.costs + j * padded(n_a + 1);
}

/* The diagonal is the last cell of each side; the caller has filled in the costs between the others. */
static void side_start(side *dst, const psh__sinkhorn_side *src, const psh__sinkhorn_side *other) {
    dst->n = src->n + 1, dst->n_padded = padded(dst->n);
    memcpy(dst->masses, src->masses, src->n * sizeof *dst->masses);
    dst->masses[src->n] = other->total;
    memset(dst->bias, 0, dst->n * sizeof *dst->bias);
    for (size_t i = dst->n; i < dst->n_padded; i++) dst->masses[i] = dst->bias[i] = 1, dst->potential[i] = NOT_THERE;
    for (size_t i = 0; i <= other->n; i++) {
        double *row = dst->costs + i * dst->n_padded;
        if (i == other->n) memcpy(row, src->to_diagonal, src->n * sizeof *row);
        row[src->n] = i < other->n ? other->to_diagonal[i] : 0;
        for (size_t j = dst->n; j < dst->n_padded; j++) row[j] = 0;
    }
}

/* From entries row by row to entries by runs of columns: a counting sort, rows rising within each run. */
static void sort_by_runs(const psh__sinkhorn_room *room, size_t n_rows, psh__scaling_matrix *dst) {
    size_t n_entries = room->row_starts[n_rows];
    uint32_t *starts = dst->starts;
    memset(starts, 0, (dst->n_runs + 1) * sizeof *starts);
    for (size_t e = 0; e < n_entries; e++) starts[room->runs[e] + 1]++;
    for (size_t run = 0; run < dst->n_runs; run++) starts[run + 1] += starts[run];
    for (size_t i = 0; i < n_rows; i++)
        for (size_t e = room->row_starts[i]; e < room->row_starts[i + 1]; e++) {
            size_t to = starts[room->runs[e]]++;
            dst->rows[to] = (uint32_t)i;
            memcpy(dst->values + to * PSH__SCALING_RUN, room->values + e * PSH__SCALING_RUN,
                   PSH__SCALING_RUN * sizeof *dst->values);
        }
    memmove(starts + 1, starts, dst->n_runs * sizeof *starts); // each stands at the end of its own now
    starts[0] = 0;
}

/* The kernel's entries row by row, one row for each cell of `other`; returns how many. */
static size_t compute_rows(const psh__sinkhorn_room *room, const side *of, const side *other, double regularisation,
                           double least, double *values) {
    size_t n_entries = 0;
    for (size_t i = 0; i < other->n; i++) {
        room->row_starts[i] = (uint32_t)n_entries;
        n_entries += room->kernels->kernel_row(other->potential[i], of->potential, of->costs + i * of->n_padded,
                                               1 / regularisation, least, of->n_padded,
                                               values + n_entries * PSH__SCALING_RUN, room->runs + n_entries);
    }
    room->row_starts[other->n] = (uint32_t)n_entries;
    return n_entries;
}

static void transpose(const psh__scaling_matrix *src, psh__scaling_matrix *dst) {
    size_t width = src->n_runs * PSH__SCALING_RUN, height = dst->n_runs * PSH__SCALING_RUN;
    for (size_t i = 0; i < height; i += PSH__SCALING_RUN)
        for (size_t j = 0; j < dst->n_rows; j++)
            for (size_t k = i; k < i + PSH__SCALING_RUN; k++)
                dst->values[j * height + k] = k < src->n_rows ? src->values[k * width + j] : 0;
}

static void shape_kernel(side *of, const side *other, bool is_dense) {
    of->kernel.is_dense = is_dense;
    of->kernel.n_rows = other->n, of->kernel.n_runs = of->n_padded / PSH__SCALING_RUN;
    for (size_t i = 0; i < of->n_padded; i++) of->scaling[i] = 1;
}

/* The kernels that give the sums of b and of a are one and the same transposed, but for entries that are left out. */
static void build_kernels(psh__sinkhorn_room *room, double regularisation) {
    side *a = &room->a, *b = &room->b;
    size_t n_all = a->n * (b->n_padded / PSH__SCALING_RUN);
    size_t n_entries = compute_rows(room, b, a, regularisation, LEAST_EXPONENT, room->values);
    bool is_dense = (double)n_entries > DENSE_SHARE * (double)n_all;
    shape_kernel(a, b, is_dense);
    shape_kernel(b, a, is_dense);
    if (is_dense) {
        compute_rows(room, b, a, regularisation, -INFINITY, b->kernel.values);
        transpose(&b->kernel, &a->kernel);
    } else {
        sort_by_runs(room, a->n, &b->kernel);
        compute_rows(room, a, b, regularisation, LEAST_EXPONENT, room->values);
        sort_by_runs(room, b->n, &a->kernel);
    }
}

/* The potentials at which every entry of the kernel is at most 1. */
static void start(psh__sinkhorn_room *room, const psh__sinkhorn_side *from_b, double regularisation) {
    side *a = &room->a, *b = &room->b;
    memcpy(b->potential, from_b->to_diagonal, from_b->n * sizeof *b->potential);
    b->potential[from_b->n] = 0;
    for (size_t i = 0; i < a->n; i++)
        a->potential[i] = room->kernels->least(b->costs + i * b->n_padded, b->potential, b->n_padded);
    build_kernels(room, regularisation);
}

static double side_error(const side *s) {
    double error = 0;
    for (size_t i = 0; i < s->n; i++) error += fabs(s->scaling[i] * s->sums[i] - s->masses[i]);
    return error;
}

static bool is_tame(const side *s) {
    double most = s->kernel.is_dense ? MOST_DENSE : MOST_SPARSE;
    for (size_t i = 0; i < s->n; i++)
        if (!(s->scaling[i] < most && s->scaling[i] > 1 / most)) return false;
    return true;
}

static void absorb(side *s, double regularisation) {
    for (size_t i = 0; i < s->n; i++) s->potential[i] += regularisation * log(s->scaling[i]);
}

/* One round of updates: rows, then columns. */
static void iterate(psh__sinkhorn_room *room, bool is_relaxed) {
    side *a = &room->a, *b = &room->b;
    const psh__scaling *k = room->kernels;
    k->multiply(&a->kernel, b->scaling, a->sums);
    k->scale(a->masses, a->sums, a->bias, is_relaxed, a->n_padded, a->scaling);
    k->multiply(&b->kernel, a->scaling, b->sums);
    k->scale(b->masses, b->sums, b->bias, is_relaxed, b->n_padded, b->scaling);
}

static double marginal_error(psh__sinkhorn_room *room) {
    side *a = &room->a, *b = &room->b;
    room->kernels->multiply(&a->kernel, b->scaling, a->sums);
    room->kernels->multiply(&b->kernel, a->scaling, b->sums);
    return side_error(a) + side_error(b);
}

/* The entry in columns run * PSH__SCALING_RUN .. of row i. */
static double entry_cost(const psh__sinkhorn_room *room, size_t run, size_t i, const double *values) {
    const side *b = &room->b;
    const double *costs = b->costs + i * b->n_padded + run * PSH__SCALING_RUN;
    double sum = 0;
    for (size_t k = 0; k < PSH__SCALING_RUN; k++) sum += values[k] * b->scaling[run * PSH__SCALING_RUN + k] * costs[k];
    return sum * room->a.scaling[i];
}

static double plan_cost(const psh__sinkhorn_room *room) {
    const psh__scaling_matrix *kernel = &room->b.kernel;
    double cost = 0;
    for (size_t run = 0; run < kernel->n_runs; run++)
        if (kernel->is_dense)
            for (size_t i = 0; i < kernel->n_rows; i++)
                cost += entry_cost(room, run, i, kernel->values + (i * kernel->n_runs + run) * PSH__SCALING_RUN);
        else
            for (size_t e = kernel->starts[run]; e < kernel->starts[run + 1]; e++)
                cost += entry_cost(room, run, kernel->rows[e], kernel->values + e * PSH__SCALING_RUN);
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
    assert(a->n >= 1 && b->n >= 1 && padded(a->n + 1) <= room->n_max && padded(b->n + 1) <= room->n_max);
    side_start(&room->a, a, b);
    side_start(&room->b, b, a);
    start(room, b, regularisation);
    mode of = {.least_error = INFINITY};
    for (dst->n_iterations = 0, dst->error = INFINITY; dst->n_iterations < max_iterations;) {
        unsigned n = max_iterations - dst->n_iterations;
        if (n > ITERATIONS_BETWEEN) n = ITERATIONS_BETWEEN;
        for (unsigned k = 0; k < n; k++) iterate(room, of.n_plain == 0);
        dst->n_iterations += n;
        dst->error = marginal_error(room) / (a->total + b->total);
        bool are_tame = is_tame(&room->a) && is_tame(&room->b);
        if (dst->error <= tolerance && are_tame) break;
        mode_next(&of, dst->error);
        if (!(dst->error < INFINITY))
            start(room, b, regularisation);
        else if (!are_tame) {
            absorb(&room->a, regularisation), absorb(&room->b, regularisation);
            build_kernels(room, regularisation);
        }
    }
    if (!(dst->error < INFINITY)) dst->error = INFINITY; // no numbers any more
    dst->cost = plan_cost(room);
}
