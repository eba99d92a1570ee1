/* kriging.c : what is known of some pairs of a sample, carried over to all others by alike diagrams.
 *
 * An estimate of W1 is wrong in much the same way for pairs (i, j) and (a, b) if i is like a and j like b. Let the
 * residues r of all pairs be a Gaussian process with the covariance
 *     cov(r_ij, r_ab) = K_ia K_jb + K_ib K_ja,    K_ia = exp(-|x_i - x_a|_1 / length),
 * x the slices of a diagram, so that |x_i - x_a|_1 is the sliced Wasserstein distance: the kernel of Laplace, which is
 * positive definite, and so is the product's symmetric form (pairwise kernels: Ben-Hur, Noble 2005). Given known
 * residues with noise, all others' means are K S K, S symmetric, 0 but on the known pairs, and there such that
 *     K S K + noise S = r:
 * regression kriging (Matheron 1963) on pairs. Nobody writes down the covariances of all pairs: K S K on the known ones
 * costs two products with K, one of them with the sparse S, and conjugate gradients (Hestenes, Stiefel 1952) need some
 * tens of these.
 *
 * What it is worth, and lengths and noises tried: docs/math/estimate.md, Calibration.
 *
 * Cost of an iteration, of p known pairs: 6 p n_known operations; of all residues: 2 n_known n_items^2. Memory: twice
 * n_known n_items floats, and twice n_known^2 while learning. */
#include "encoder/kriging.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/exp.h"
#include "encoder/dense.h"

enum { MOST_ITERATIONS = 60, LANES = PSH__DENSE_COLUMNS };
static const double length_in_means = 0.5, noise = 1, tolerance = 1e-3;
static const double farthest = 80; /* lengths: beyond, exp(-x) would soon be a denormal number */

static size_t whole_lanes(size_t n) {
    return (n + LANES - 1) / LANES * LANES;
}

void psh__kriging_free(psh__kriging *kriging) {
    psh__free(kriging->kernel);
    psh__free(kriging->loads);
    memset(kriging, 0, sizeof *kriging);
}

/* --- The kernel --------------------------------------------------------------------------------------------------- */

static double sum_lanes(const float *lanes) {
    double sum = 0;
    for (size_t k = 0; k < LANES; k++) sum += lanes[k];
    return sum;
}

/* n is a multiple of LANES, here and below. */
static double difference(const float *restrict a, const float *restrict b, size_t n) {
    float lanes[LANES] = {0};
    for (size_t i = 0; i < n; i += LANES)
        for (size_t k = 0; k < LANES; k++) lanes[k] += fabsf(a[i + k] - b[i + k]);
    return sum_lanes(lanes);
}

static double dot(const float *restrict a, const float *restrict b, size_t n) {
    float lanes[LANES] = {0};
    for (size_t i = 0; i < n; i += LANES)
        for (size_t k = 0; k < LANES; k++) lanes[k] += a[i + k] * b[i + k];
    return sum_lanes(lanes);
}

/* kernel : filled with differences of slices. Returns their mean over pairs of known items. */
static double measure(psh__kriging *kriging, const psh__features *features, int n_threads) {
    size_t n_known = kriging->n_known, n_features = features->n_dims * PSH__PATTERN_FEATURES;
    double sum = 0;
#pragma omp parallel for schedule(dynamic, 8) num_threads(psh_cpu_threads(n_threads))
    for (size_t a = 0; a < n_known; a++)
        for (size_t i = a + 1; i < kriging->n_items; i++) {
            const float *rows = features->rows;
            float d = (float)difference(rows + a * n_features, rows + i * n_features, n_features);
            kriging->kernel[a * kriging->stride + i] = d;
            if (i < n_known) kriging->kernel[i * kriging->stride + a] = d;
        }
    for (size_t a = 0; a < n_known; a++)
        for (size_t i = a + 1; i < n_known; i++) sum += kriging->kernel[a * kriging->stride + i];
    return sum / ((double)n_known * (double)(n_known - 1) / 2);
}

psh_status psh__kriging_create(const psh__features *features, size_t n_items, size_t n_known, int n_threads,
                               psh__kriging *dst, psh_error *err) {
    *dst = (psh__kriging){.n_items = n_items, .n_known = n_known, .stride = whole_lanes(n_items)};
    dst->kernel = psh__calloc(n_known, dst->stride * sizeof *dst->kernel);
    dst->loads = psh__calloc(n_known, dst->stride * sizeof *dst->loads);
    if (!dst->kernel || !dst->loads) {
        psh__kriging_free(dst);
        return psh__error_memory(err, "calibration", n_known * n_items * 2 * sizeof *dst->kernel);
    }
    double length = length_in_means * measure(dst, features, n_threads);
    double inverse = length > 0 ? 1 / length : 0;
#pragma omp parallel for schedule(static) num_threads(psh_cpu_threads(n_threads))
    for (size_t a = 0; a < n_known; a++) {
        float *row = dst->kernel + a * dst->stride;
        for (size_t i = 0; i < n_items; i++) row[i] = (float)psh__exp(-fmin(inverse * (double)row[i], farthest));
    }
    return PSH_OK;
}

/* --- Learning ----------------------------------------------------------------------------------------------------- */

/* A known pair as one of its items sees it. */
typedef struct link {
    uint32_t other, pair; /* place among the rows learnt from */
} link;

/* Conjugate gradients for the weights of the known pairs. */
typedef struct solver {
    const psh__kriging *kriging;
    int n_threads;
    const uint32_t *pairs, *rows;
    size_t n_rows, width; /* n_known, in whole lanes */
    size_t *starts;       // (n_known + 1) of an item's links
    link *links;          // (2 n_rows)
    float *part, *turned; // (width, width) S K of the known items, and its transpose; rows beyond n_known are 0
    double *weights, *rest, *direction, *image; // (n_rows)
} solver;

static void solver_free(solver *s) {
    psh__free(s->starts);
    psh__free(s->links);
    psh__free(s->part);
    psh__free(s->weights);
}

static psh_status solver_create(const psh__kriging *kriging, const uint32_t *pairs, const uint32_t *rows, size_t n_rows,
                                int n_threads, solver *s, psh_error *err) {
    size_t n_known = kriging->n_known, width = whole_lanes(n_known);
    *s = (solver){.kriging = kriging,
                  .n_threads = psh_cpu_threads(n_threads),
                  .pairs = pairs,
                  .rows = rows,
                  .n_rows = n_rows,
                  .width = width};
    s->starts = psh__calloc(n_known + 1, sizeof *s->starts);
    s->links = psh__malloc(n_rows, 2 * sizeof *s->links);
    s->part = psh__calloc(width, 2 * width * sizeof *s->part);
    s->weights = psh__calloc(n_rows, 4 * sizeof *s->weights);
    if (!s->starts || !s->links || !s->part || !s->weights) {
        solver_free(s);
        return psh__error_memory(err, "calibration", width * width * 2 * sizeof *s->part);
    }
    s->turned = s->part + width * width;
    s->rest = s->weights + n_rows, s->direction = s->rest + n_rows, s->image = s->direction + n_rows;
    return PSH_OK;
}

/* Links in the order of their items, each item's in the order of pairs. */
static void list_links(solver *s) {
    size_t n_known = s->kriging->n_known;
    for (size_t k = 0; k < s->n_rows; k++)
        for (size_t end = 0; end < 2; end++) s->starts[s->pairs[2 * s->rows[k] + end]]++;
    for (size_t a = 1; a <= n_known; a++) s->starts[a] += s->starts[a - 1];
    for (size_t k = s->n_rows; k-- > 0;)
        for (size_t end = 0; end < 2; end++) {
            const uint32_t *pair = s->pairs + 2 * (size_t)s->rows[k];
            s->links[--s->starts[pair[end]]] = (link){pair[1 - end], (uint32_t)k};
        }
}

/* dst (n_known, width) = S K, its first `width` columns, S of these weights of pairs; rows lie stride numbers apart. */
static void spread(const solver *s, const double *weights, size_t width, size_t stride, float *dst) {
    const psh__kriging *kriging = s->kriging;
#pragma omp parallel for schedule(dynamic, 8) num_threads(s->n_threads)
    for (size_t a = 0; a < kriging->n_known; a++) {
        float *restrict sums = dst + a * stride;
        memset(sums, 0, width * sizeof *sums);
        for (size_t l = s->starts[a]; l < s->starts[a + 1]; l++) {
            const float *restrict row = kriging->kernel + s->links[l].other * kriging->stride;
            float weight = (float)weights[s->links[l].pair];
            for (size_t i = 0; i < width; i++) sums[i] += weight * row[i];
        }
    }
}

/* image = K S K on the known pairs, and the noise. */
static void apply(solver *s, const double *weights, double *image) {
    const psh__kriging *kriging = s->kriging;
    spread(s, weights, s->width, s->width, s->part);
    psh__dense_transpose(s->part, s->width, s->width, s->turned);
#pragma omp parallel for schedule(static) num_threads(s->n_threads)
    for (size_t k = 0; k < s->n_rows; k++) {
        const uint32_t *pair = s->pairs + 2 * (size_t)s->rows[k];
        image[k] = dot(kriging->kernel + pair[0] * kriging->stride, s->turned + pair[1] * s->width, s->width) +
                   noise * weights[k];
    }
}

static double product(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static void solve(solver *s, const double *residues) {
    size_t n = s->n_rows;
    for (size_t k = 0; k < n; k++) s->rest[k] = s->direction[k] = residues[s->rows[k]];
    double square = product(s->rest, s->rest, n), enough = tolerance * tolerance * square;
    for (int i = 0; i < MOST_ITERATIONS && square > enough; i++) {
        apply(s, s->direction, s->image);
        double step = square / product(s->direction, s->image, n), before = square;
        for (size_t k = 0; k < n; k++) s->weights[k] += step * s->direction[k], s->rest[k] -= step * s->image[k];
        square = product(s->rest, s->rest, n);
        for (size_t k = 0; k < n; k++) s->direction[k] = s->rest[k] + square / before * s->direction[k];
    }
}

psh_status psh__kriging_learn(psh__kriging *kriging, const uint32_t *pairs, const double *residues,
                              const uint32_t *rows, size_t n_rows, int n_threads, psh_error *err) {
    solver s;
    PSH_TRY(solver_create(kriging, pairs, rows, n_rows, n_threads, &s, err));
    list_links(&s);
    solve(&s, residues);
    spread(&s, s.weights, kriging->stride, kriging->stride, kriging->loads);
    solver_free(&s);
    return PSH_OK;
}

/* --- Residues ----------------------------------------------------------------------------------------------------- */

double psh__kriging_at(const psh__kriging *kriging, size_t i, size_t j) {
    double sum = 0;
    for (size_t a = 0; a < kriging->n_known; a++)
        sum += (double)kriging->kernel[a * kriging->stride + i] * kriging->loads[a * kriging->stride + j];
    return sum;
}

void psh__kriging_rows(const psh__kriging *kriging, size_t first, size_t n_rows, size_t from, float *dst) {
    size_t stride = kriging->stride;
    psh__product sums = {n_rows,
                         stride - from,
                         kriging->n_known,
                         {kriging->kernel + first, 1, stride},
                         {kriging->loads + from, stride},
                         {dst + from, stride}};
    psh__dense_rows_get()(&sums);
}
