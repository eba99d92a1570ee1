/* pdgan_image.c : diagrams as images for the networks.
 *
 * COUNTS is the paper's: points counted on 50 x 50 cells of the frame, reflected over the diagonal; the extra cell, the
 * number of points, is a second channel of the same value everywhere, in units of the set's mean number of points.
 * Counts are multiplied by (mean number of points of the training set) / (that of the set at hand): the sum over an
 * image is what it was in training, whatever the set. has_raw_counts switches the factor off.
 *
 * CENTRED is ours. In the frame each point and its mirror image count +1, and the cell of its projection to the
 * diagonal -2. Two diagrams' images then differ by what Wasserstein distance moves: a point near its projection nearly
 * vanishes, however many there are, where COUNTS is full of them. A binomial filter (1 4 6 4 1 along rows and columns:
 * a standard deviation of one cell) lets neighbouring cells overlap, so that points which moved by a cell are seen to
 * be near. The set's mean image is taken away, and the rest divided by its root-mean-square over all cells of the set:
 * the network sees numbers of the size that it was trained on and, in each set, what tells its diagrams apart. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "encoder/pdgan.h"

enum { SIDE = PSH__PDGAN_SIDE, CELLS = PSH__PDGAN_CELLS, MAX_SAMPLE = 1024 };

double psh__mean_points(const psh_diagrams *set, uint32_t dims_mask) {
    const int32_t *dims = psh_diagrams_dims(set);
    const double *points = psh_diagrams_points(set);
    size_t n = 0;
    for (size_t i = 0; i < psh_diagrams_n_points(set); i++)
        n += psh__wants_dim(dims_mask, dims[i]) && points[2 * i + 1] != INFINITY;
    return n ? (double)n / (double)psh_diagrams_count(set) : 1;
}

psh_status psh__pdgan_check(const psh_diagrams *set, uint32_t dims_mask, psh_error *err) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    for (size_t i = 0; i < psh_diagrams_count(set); i++)
        for (uint64_t k = offsets[i]; k < offsets[i + 1]; k++)
            if (psh_diagrams_points(set)[2 * k + 1] == INFINITY && psh__wants_dim(dims_mask, psh_diagrams_dims(set)[k]))
                return psh__model_refuse_infinite(set, i, err);
    return PSH_OK;
}

static size_t cell_of(double x) {
    x *= SIDE;
    if (!(x > 0)) return 0;
    return x < SIDE ? (size_t)x : SIDE - 1;
}

/* The cells of psh_histogram_compute(); with_projections: minus those of the projections, twice. Returns the number of
 * points. */
static size_t count_points(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, size_t i_diagram,
                           bool with_projections, float *counts) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    size_t n = 0;
    double lo, hi;
    psh_frame_bounds(frame, set, i_diagram, &lo, &hi);
    memset(counts, 0, CELLS * sizeof *counts);
    for (uint64_t i = offsets[i_diagram]; i < offsets[i_diagram + 1]; i++) {
        if (!psh__wants_dim(dims_mask, dims[i])) continue;
        double x = (points[2 * i] - lo) / (hi - lo), y = (points[2 * i + 1] - lo) / (hi - lo);
        size_t column = cell_of(x), row = cell_of(y), middle = cell_of((x + y) / 2);
        n++;
        if (with_projections && row == column) continue; /* its projection is in the same cell */
        counts[row * SIDE + column] += 1;
        if (row != column) counts[column * SIDE + row] += 1;
        if (with_projections) counts[middle * SIDE + middle] -= 2;
    }
    return n;
}

/* Along one axis: `step` from cell to cell, `other` from line to line. Beyond the border there is nothing. */
static void filter(const float *src, size_t step, size_t other, float *dst) {
    for (size_t line = 0; line < SIDE; line++) {
        float room[SIDE + 4] = {0};
        for (size_t i = 0; i < SIDE; i++) room[i + 2] = src[line * other + i * step];
        for (size_t i = 0; i < SIDE; i++)
            dst[line * other + i * step] =
                (room[i] + room[i + 4] + 4 * (room[i + 1] + room[i + 3]) + 6 * room[i + 2]) / 16;
    }
}

/* Multiples of 1/256: exact. */
static void draw_signed(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, size_t i_diagram,
                        float *image) {
    float rows[CELLS];
    count_points(set, frame, dims_mask, i_diagram, true, image);
    filter(image, 1, SIDE, rows);
    filter(rows, SIDE, 1, image);
}

void psh__pdgan_counts(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, size_t i_diagram,
                       float *counts) {
    count_points(set, frame, dims_mask, i_diagram, false, counts);
}

static void fill_counts(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask,
                        const psh__pdgan_input *input, size_t i_diagram, float *image) {
    float counts[CELLS];
    size_t n = count_points(set, frame, dims_mask, i_diagram, false, counts);
    float scale = (float)input->scale, number = (float)((double)n / input->mean_points);
    for (size_t i = 0; i < CELLS; i++) image[2 * i] = counts[i] * scale, image[2 * i + 1] = number;
}

void psh__pdgan_fill(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, const psh__pdgan_input *input,
                     size_t first, size_t n, float *dst) {
    for (size_t i = 0; i < n; i++) {
        if (input->kind == PSH_PDGAN_COUNTS) {
            fill_counts(set, frame, dims_mask, input, first + i, dst + i * CELLS * 2);
            continue;
        }
        float *image = dst + i * CELLS;
        draw_signed(set, frame, dims_mask, first + i, image);
        for (size_t k = 0; k < CELLS; k++)
            image[k] = (float)(((double)image[k] - (double)input->mean[k]) / input->unit);
    }
}

/* Sums of multiples of 2^-16, exact below 2^37. */
static void fit_centre(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, psh__pdgan_input *dst,
                       double *sums) {
    size_t n_all = psh_diagrams_count(set), n = n_all < MAX_SAMPLE ? n_all : MAX_SAMPLE;
    float image[CELLS];
    double squares = 0, of_mean = 0;
    memset(sums, 0, CELLS * sizeof *sums);
    for (size_t i = 0; i < n; i++) {
        draw_signed(set, frame, dims_mask, psh__pdgan_sample(n_all, n, i), image);
        for (size_t k = 0; k < CELLS; k++) {
            sums[k] += (double)image[k];
            squares += (double)image[k] * (double)image[k];
        }
    }
    for (size_t k = 0; k < CELLS; k++) {
        double mean = n ? sums[k] / (double)n : 0;
        dst->mean[k] = (float)mean;
        of_mean += mean * mean;
    }
    /* No two differ: what is left of a diagram is rounding, and stays small. */
    double variance = n ? squares / (double)n - of_mean : 0;
    dst->unit = variance > 1e-9 * squares / (double)(n + 1) ? sqrt(variance / CELLS) : 1;
}

size_t psh__pdgan_sample(size_t n_all, size_t n, size_t i) {
    return (size_t)((double)i * (double)n_all / (double)n);
}

psh_status psh__pdgan_fit(const psh_diagrams *set, const psh_frame *frame, uint32_t dims_mask, psh__pdgan_input *dst,
                          psh_error *err) {
    dst->mean_points = psh__mean_points(set, dims_mask);
    if (dst->kind == PSH_PDGAN_COUNTS) return PSH_OK;
    double *sums = psh__malloc(CELLS, sizeof *sums);
    if (!sums) return psh__error_memory(err, "a mean image", CELLS * sizeof *sums);
    fit_centre(set, frame, dims_mask, dst, sums);
    psh__free(sums);
    return PSH_OK;
}
