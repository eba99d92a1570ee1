/* scale.c : resampling by area average (smaller) or bilinear interpolation (larger).
 *
 * Along an axis of n pixels that becomes m:
 *   area     : new pixel i is the mean over [i n/m, (i+1) n/m), old pixel j covering [j, j+1);
 *   bilinear : new pixel i looks at (i + 1/2) n/m - 1/2, clamped to [0, n-1], and weighs its two neighbours.
 * Multiplied by m (area) or 2 m (bilinear) all these numbers are integers. The weights are kept as such, with one
 * common divisor an axis, so the sums of integer pixels are exact in double, and the one division at the end makes
 * them the correctly rounded result, ties included, the same on every machine.
 *
 * Cost: O(pixels read + pixels written), for each axis. Memory: one plane and one row of doubles. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/image.h"

#define FACTOR_MIN (1.0 / 64)
#define FACTOR_MAX 64.0

/* New pixel i is the sum of weights[starts[i] + t] * old[firsts[i] + t], t < starts[i+1] - starts[i], over divisor. */
typedef struct axis {
    size_t n_old, n_new;
    size_t *firsts, *starts; /* (n_new), (n_new + 1) */
    double *weights, divisor;
} axis;

/* n : m, the ratio in lowest terms, stands for n_old : n_new; a side that stays gives weights of 1 over 1. */
static void plan_area(axis *a, size_t n, size_t m) {
    size_t at = 0;
    for (size_t i = 0; i < a->n_new; i++) {
        a->firsts[i] = i * n / m, a->starts[i] = at;
        for (size_t j = a->firsts[i]; j * m < (i + 1) * n; j++) {
            size_t low = j * m > i * n ? j * m : i * n;
            size_t high = (j + 1) * m < (i + 1) * n ? (j + 1) * m : (i + 1) * n;
            a->weights[at++] = (double)(high - low);
        }
    }
    a->starts[a->n_new] = at, a->divisor = (double)n;
}

static void plan_bilinear(axis *a, size_t n, size_t m) {
    size_t at = 0, last = 2 * m * (a->n_old - 1);
    for (size_t i = 0; i < a->n_new; i++) {
        size_t place = (2 * i + 1) * n > m ? (2 * i + 1) * n - m : 0; /* times 2 m */
        if (place > last) place = last;
        size_t share = place % (2 * m);
        a->firsts[i] = place / (2 * m), a->starts[i] = at;
        a->weights[at++] = (double)(2 * m - share);
        if (share) a->weights[at++] = (double)share;
    }
    a->starts[a->n_new] = at, a->divisor = (double)(2 * m);
}

static size_t common_divisor(size_t a, size_t b) {
    while (b) {
        size_t rest = a % b;
        a = b, b = rest;
    }
    return a;
}

/* Sides are below 2^31 and at most 64 times larger afterwards, so the products above fit 64 bits. */
static psh_status axis_create(axis *a, size_t n_old, size_t n_new, psh_error *err) {
    bool is_smaller = n_new <= n_old;
    size_t n_weights = is_smaller ? n_old + n_new : 2 * n_new;
    *a = (axis){.n_old = n_old, .n_new = n_new};
    a->firsts = psh__malloc(n_new, sizeof *a->firsts);
    a->starts = psh__malloc(n_new + 1, sizeof *a->starts);
    a->weights = psh__malloc(n_weights, sizeof *a->weights);
    if (!a->firsts || !a->starts || !a->weights)
        return psh__error_memory(err, "scaling", n_weights * sizeof *a->weights);
    size_t common = common_divisor(n_old, n_new);
    if (is_smaller)
        plan_area(a, n_old / common, n_new / common);
    else
        plan_bilinear(a, n_old / common, n_new / common);
    return PSH_OK;
}

static void axis_free(axis *a) {
    psh__free(a->firsts);
    psh__free(a->starts);
    psh__free(a->weights);
}

/* dst (n_columns) : new line i of an axis, from lines that `src` gives by their index; `line` (n_columns) is working
 * memory. */
typedef struct lines {
    const psh_image *image; /* planes of an image, or */
    const double *plane;    /* rows of a plane */
    size_t n_columns;
} lines;

static void sum_lines(const axis *a, size_t i, const lines *src, double *line, double *dst) {
    memset(dst, 0, src->n_columns * sizeof *dst);
    for (size_t t = a->starts[i]; t < a->starts[i + 1]; t++) {
        size_t j = a->firsts[i] + t - a->starts[i];
        const double *old = line;
        double weight = a->weights[t];
        if (src->image)
            psh__image_widen(src->image, j * src->n_columns, src->n_columns, line);
        else
            old = src->plane + j * src->n_columns;
        for (size_t x = 0; x < src->n_columns; x++) dst[x] += weight * old[x];
    }
}

static void sum_columns(const axis *a, const double *row, double divisor, double *dst) {
    for (size_t i = 0; i < a->n_new; i++) {
        const double *old = row + a->firsts[i], *weights = a->weights + a->starts[i];
        size_t n_taps = a->starts[i + 1] - a->starts[i];
        double sum = 0;
        for (size_t t = 0; t < n_taps; t++) sum += weights[t] * old[t];
        dst[i] = sum / divisor;
    }
}

psh_status psh__scale_check(double factor, psh_error *err) {
    if (factor >= FACTOR_MIN && factor <= FACTOR_MAX) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER, "factor of scaling is %g; expected 1/64 to 64", factor);
}

/* Rounded half away from zero, at least 1; a 2D image stays one. */
static size_t new_side(size_t side, double factor) {
    double scaled = round((double)side * factor);
    return scaled < 1 ? 1 : (size_t)scaled;
}

psh_status psh_image_scale(const psh_image *src, double factor, psh_image **dst, psh_error *err) {
    PSH_TRY(psh__scale_check(factor, err));
    psh_status status;
    psh_image *image = NULL;
    axis axes[3] = {0};
    double *plane = NULL, *line = NULL, *row = NULL;
    size_t shape[3], n_plane = src->shape[1] * src->shape[2];
    for (int i = 0; i < 3; i++) shape[i] = i == 0 && src->shape[0] == 1 ? 1 : new_side(src->shape[i], factor);
    PSH_TRY_GOTO(psh__image_new(src->dtype, shape, &image, err));
    for (int i = 0; i < 3; i++) PSH_TRY_GOTO(axis_create(&axes[i], src->shape[i], shape[i], err));
    size_t n_line = n_plane > shape[2] ? n_plane : shape[2]; /* of a plane at first, of a new row later */
    plane = psh__malloc(n_plane, sizeof *plane);
    line = psh__malloc(n_line, sizeof *line);
    row = psh__malloc(src->shape[2], sizeof *row);
    if (!plane || !line || !row) {
        status = psh__error_memory(err, "scaling", n_line * sizeof *line);
        goto done;
    }
    double divisor = axes[0].divisor * axes[1].divisor * axes[2].divisor;
    lines planes = {.image = src, .n_columns = n_plane}, rows = {.plane = plane, .n_columns = src->shape[2]};
    for (size_t z = 0; z < shape[0]; z++) {
        sum_lines(&axes[0], z, &planes, line, plane);
        for (size_t y = 0; y < shape[1]; y++) {
            sum_lines(&axes[1], y, &rows, NULL, row);
            sum_columns(&axes[2], row, divisor, line);
            psh__image_round(line, shape[2], image, (z * shape[1] + y) * shape[2]);
        }
    }
    PSH_TRY_GOTO(psh__image_check_finite(image, "scaling overflowed; divide the values by a power of 2", err));
    *dst = image, image = NULL;
done:
    for (int i = 0; i < 3; i++) axis_free(&axes[i]);
    psh__free(plane);
    psh__free(line);
    psh__free(row);
    psh_image_free(image);
    return status;
}
