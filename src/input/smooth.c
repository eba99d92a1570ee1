/* smooth.c : Gaussian smoothing.
 *
 * Separable: along D (of volumes), then H, then W, each pass a weighted sum over 2 r + 1 values, r = [4 sigma + 1/2],
 * weights exp(-k^2 / (2 sigma^2)) divided by their sum, borders reflected (d c b a | a b c d | d c b a). Weights and
 * sums follow SciPy's gaussian_filter(float64, sigma, mode="reflect", truncate=4) operation by operation, so the
 * results agree with it bit for bit wherever exp() does (and after rounding to integers, in all that was tried).
 *
 * A ring of 2 r + 1 widened rows feeds the vertical sum, which writes one line; the line, with its borders, feeds the
 * horizontal sum; the result is rounded at once. At sigma 2 and 224 columns all of it (40 KB) stays in the first-level
 * cache, and no intermediate image exists. A volume goes through the same ring with planes in place of rows.
 *
 * Cost: 2 (r + 1) multiplications and 4 r additions a pixel. Memory: 2 r + 1 rows (planes for a volume).
 * All SIMD levels add in one order: same bytes everywhere. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/image.h"
#include "input/smooth.h"

#define SIGMA_MAX 1e4 /* keeps 2 r + 1 far from overflow; wider than that, the image is its mean */

static psh__smooth_sum *sum_for_this_cpu(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX512:
        return psh__smooth_sum_avx512;
    case PSH_SIMD_AVX2:
        return psh__smooth_sum_avx2;
#elif defined(__aarch64__)
    case PSH_SIMD_NEON:
        return psh__smooth_sum_neon;
#endif
    default:
        return psh__smooth_sum_scalar;
    }
}

void psh__smooth_sum_scalar(const double *const *rows, const double *weights, size_t radius, size_t n, double *dst) {
    for (size_t x = 0; x < n; x++) dst[x] = rows[radius][x] * weights[0];
    for (size_t k = radius; k > 0; k--)
        for (size_t x = 0; x < n; x++) dst[x] += (rows[radius - k][x] + rows[radius + k][x]) * weights[k];
}

/* (radius + 1) weights, the centre first. The exponential is taken in long double and then rounded, since libraries
 * differ in the last bit of exp(double); the sum is NumPy's: left to right below 8 terms, else eight partial sums,
 * in blocks of at most 128 terms split in halves. */
static double numpy_sum(const double *x, size_t n) {
    if (n > 128) {
        size_t half = n / 2 / 8 * 8;
        return numpy_sum(x, half) + numpy_sum(x + half, n - half);
    }
    double partial[8] = {0}, sum = 0;
    size_t i = 0;
    if (n >= 8) {
        for (; i < n / 8 * 8; i++) partial[i % 8] = i < 8 ? x[i] : partial[i % 8] + x[i];
        sum = ((partial[0] + partial[1]) + (partial[2] + partial[3])) +
              ((partial[4] + partial[5]) + (partial[6] + partial[7]));
    }
    for (; i < n; i++) sum += x[i];
    return sum;
}

static psh_status make_weights(double sigma, size_t radius, double **dst, psh_error *err) {
    double *weights = psh__malloc(2 * radius + 1, sizeof *weights);
    if (!weights) return psh__error_memory(err, "the weights of smoothing", (2 * radius + 1) * sizeof *weights);
    for (size_t i = 0; i <= 2 * radius; i++) {
        double k = (double)i - (double)radius;
        weights[i] = (double)expl((long double)(-0.5 / (sigma * sigma) * (k * k)));
    }
    double sum = numpy_sum(weights, 2 * radius + 1);
    for (size_t k = 0; k <= radius; k++) weights[k] = weights[radius + k] / sum;
    *dst = weights;
    return PSH_OK;
}

/* Index i of an axis that goes on for ever by reflection: ... 1 0 | 0 1 ... n-1 | n-1 n-2 ... */
static inline size_t reflect(ptrdiff_t i, size_t n) {
    if (i < 0) i = -1 - i;
    if (i < (ptrdiff_t)n) return (size_t)i;
    size_t phase = (size_t)i % (2 * n); /* NOLINT(clang-analyzer-core.DivideZero): no side of an image is 0 */
    return phase < n ? phase : 2 * n - 1 - phase;
}

/* The last 2 r + 1 lines (rows, planes) of an axis, or all of them if there are fewer; line y lies in slot
 * y % n_slots. Reflected lines are never farther from y than r, so the ring always holds them. */
typedef struct ring {
    double *lines;         /* (n_slots, stride) */
    const double **window; /* (2 r + 1) : the lines around the current one, reflected at the borders */
    size_t n_lines, n_slots, stride, n_loaded, radius;
} ring;

static size_t round_up(size_t n) {
    return (n + PSH__SMOOTH_BLOCK - 1) / PSH__SMOOTH_BLOCK * PSH__SMOOTH_BLOCK;
}

/* Zeroed, since sums run over the padding too. */
static psh_status ring_create(ring *r, size_t n_lines, size_t n_columns, size_t radius, psh_error *err) {
    *r = (ring){.n_lines = n_lines, .stride = round_up(n_columns), .radius = radius};
    r->n_slots = n_lines < 2 * radius + 1 ? n_lines : 2 * radius + 1;
    r->lines = psh__calloc(r->n_slots, r->stride * sizeof *r->lines);
    r->window = psh__malloc(2 * radius + 1, sizeof *r->window);
    if (!r->lines || !r->window) return psh__error_memory(err, "smoothing", r->n_slots * r->stride * sizeof *r->lines);
    return PSH_OK;
}

static void ring_free(ring *r) {
    psh__free(r->lines);
    psh__free(r->window);
}

/* Line y, wherever reflection puts it. */
static const double *ring_line(const ring *r, ptrdiff_t y) {
    return r->lines + reflect(y, r->n_lines) % r->n_slots * r->stride;
}

/* The window around line y, where y is 0 or one more than in the last call: the window then moves on by one line (to
 * make it anew took a sixth of the time of smoothing, in divisions). The lines in it must have been loaded. */
static void ring_look(ring *r, size_t y) {
    size_t last = 2 * r->radius;
    for (size_t j = 0; y == 0 && j < last; j++) r->window[j] = ring_line(r, (ptrdiff_t)j - (ptrdiff_t)r->radius);
    if (y > 0) memmove(r->window, r->window + 1, last * sizeof *r->window);
    r->window[last] = ring_line(r, (ptrdiff_t)(y + r->radius));
}

typedef struct smoother {
    psh__smooth_sum *sum;
    double *weights;
    size_t radius, height, width;
    ring rows;
    double *line, *smooth;  /* (radius + stride + radius), (stride) : the two passes' results */
    const double **shifted; /* (2 radius + 1) : line + j, what makes a horizontal pass out of a vertical one */
} smoother;

static psh_status smoother_create(smoother *s, size_t height, size_t width, double sigma, psh_error *err) {
    *s = (smoother){.sum = sum_for_this_cpu(), .radius = (size_t)(4 * sigma + 0.5), .height = height, .width = width};
    PSH_TRY(make_weights(sigma, s->radius, &s->weights, err));
    PSH_TRY(ring_create(&s->rows, height, width, s->radius, err));
    size_t line_bytes = (s->rows.stride + 2 * s->radius) * sizeof *s->line;
    s->line = psh__calloc(line_bytes, 1);
    s->smooth = psh__malloc(s->rows.stride, sizeof *s->smooth);
    s->shifted = psh__malloc(2 * s->radius + 1, sizeof *s->shifted);
    if (!s->line || !s->smooth || !s->shifted) return psh__error_memory(err, "smoothing", line_bytes);
    for (size_t j = 0; j <= 2 * s->radius; j++) s->shifted[j] = s->line + j;
    return PSH_OK;
}

static void smoother_free(smoother *s) {
    psh__free(s->weights);
    psh__free(s->line);
    psh__free(s->smooth);
    psh__free(s->shifted);
    ring_free(&s->rows);
}

/* Vertical and horizontal pass of one plane: of `plane` (H, W) doubles if not NULL, else of plane z of `src`. */
static void smooth_plane(smoother *s, const psh_image *src, const double *plane, size_t z, psh_image *dst) {
    size_t start = z * s->height * s->width, width = s->width, radius = s->radius;
    ring *rows = &s->rows;
    rows->n_loaded = 0;
    for (size_t y = 0; y < s->height; y++) {
        for (; rows->n_loaded < s->height && rows->n_loaded <= y + radius; rows->n_loaded++) {
            double *row = rows->lines + rows->n_loaded % rows->n_slots * rows->stride;
            if (plane)
                memcpy(row, plane + rows->n_loaded * width, width * sizeof *row);
            else
                psh__image_widen(src, start + rows->n_loaded * width, width, row);
        }
        ring_look(rows, y);
        double *line = s->line + radius;
        s->sum(rows->window, s->weights, radius, width, line);
        for (size_t k = 1; k <= radius; k++) {
            line[-(ptrdiff_t)k] = line[reflect(-(ptrdiff_t)k, width)];
            line[width + k - 1] = line[reflect((ptrdiff_t)(width + k - 1), width)];
        }
        s->sum(s->shifted, s->weights, radius, width, s->smooth);
        psh__image_round(s->smooth, width, dst, start + y * width);
    }
}

/* A volume: the pass along D writes one plane of doubles after another. */
static psh_status smooth_volume(smoother *s, const psh_image *src, psh_image *dst, psh_error *err) {
    size_t depth = src->shape[0], n_plane = s->height * s->width;
    ring planes;
    double *plane = NULL;
    psh_status status = ring_create(&planes, depth, n_plane, s->radius, err);
    if (status == PSH_OK) {
        plane = psh__malloc(planes.stride, sizeof *plane);
        if (!plane) status = psh__error_memory(err, "smoothing", planes.stride * sizeof *plane);
    }
    for (size_t z = 0; z < depth && status == PSH_OK; z++) {
        for (; planes.n_loaded < depth && planes.n_loaded <= z + s->radius; planes.n_loaded++)
            psh__image_widen(src, planes.n_loaded * n_plane, n_plane,
                             planes.lines + planes.n_loaded % planes.n_slots * planes.stride);
        ring_look(&planes, z);
        s->sum(planes.window, s->weights, s->radius, n_plane, plane);
        smooth_plane(s, src, plane, z, dst);
    }
    psh__free(plane);
    ring_free(&planes);
    return status;
}

psh_status psh__smooth_check(double sigma, psh_error *err) {
    if (sigma > 0 && sigma <= SIGMA_MAX) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER, "sigma of smoothing is %g; expected more than 0 and at most %g pixels",
                      sigma, SIGMA_MAX);
}

psh_status psh_image_smooth(const psh_image *src, double sigma, psh_image **dst, psh_error *err) {
    PSH_TRY(psh__smooth_check(sigma, err));
    smoother s;
    psh_image *image = NULL;
    psh_status status = smoother_create(&s, src->shape[1], src->shape[2], sigma, err);
    if (status != PSH_OK) goto done;
    PSH_TRY_GOTO(psh__image_new(src->dtype, src->shape, &image, err));
    if (src->shape[0] == 1)
        smooth_plane(&s, src, NULL, 0, image);
    else
        PSH_TRY_GOTO(smooth_volume(&s, src, image, err));
    PSH_TRY_GOTO(psh__image_check_finite(image, "smoothing overflowed; divide the values by a power of 2", err));
    *dst = image, image = NULL;
done:
    psh_image_free(image);
    smoother_free(&s);
    return status;
}
