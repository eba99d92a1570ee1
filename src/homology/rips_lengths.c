/* rips_lengths.c : lengths between the points of an item, row by row.
 *
 * Clouds: coordinates are laid out axis by axis, so that a row of lengths is a loop over lanes. A length is computed
 * in one way wherever it is needed: axis after axis, then the root.
 *
 * Cosine: 1 - cos of the angle between x and y is half the squared distance of x / |x| and y / |y|, which is exactly 0
 * for equal points and never negative.
 *
 * Huge or tiny coordinates, whose squares would overflow or vanish, are scaled by a power of two, which is exact. */
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "homology/rips.h"

enum { LANES = 8 };

void psh__lengths_free(psh__lengths *lengths) {
    psh__free(lengths->axes);
    psh__free(lengths->row);
    psh__free(lengths->stored);
    psh__free(lengths->farthest);
}

static size_t round_up(size_t n, size_t multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

static psh_status check_n_points(size_t n_points, psh_error *err) {
    if (n_points >= PSH__NO_VERTEX)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "%zu points: at most 2^32 - 2 are supported; take a sample",
                          n_points);
    return PSH_OK;
}

psh_status psh__lengths_of_matrix(psh__lengths *lengths, const psh_matrix *matrix, psh_error *err) {
    lengths->n_points = psh_matrix_n_points(matrix);
    lengths->lower = psh_matrix_lower(matrix);
    lengths->listed = psh_matrix_edges(matrix);
    lengths->n_listed = psh_matrix_n_edges(matrix);
    lengths->is_listed = psh_matrix_is_sparse(matrix);
    lengths->exponent = 0;
    return check_n_points(lengths->n_points, err);
}

/* The power of two by which coordinates are divided so that squares neither overflow nor vanish; 0 for usual ones. */
static int scale_exponent(const double *values, size_t n_values) {
    double greatest = 0;
    for (size_t i = 0; i < n_values; i++) greatest = fmax(greatest, fabs(values[i]));
    int exponent;
    frexp(greatest, &exponent);
    return greatest > 0 && (exponent > 400 || exponent < -400) ? exponent : 0;
}

/* Unit vectors, for cosine. */
static psh_status normalise(psh__lengths *lengths, psh_error *err) {
    for (size_t i = 0; i < lengths->n_points; i++) {
        double *point = lengths->axes + i, greatest = 0, sum = 0;
        for (size_t k = 0; k < lengths->n_axes; k++) greatest = fmax(greatest, fabs(point[k * lengths->stride]));
        if (greatest == 0)
            return psh__error(err, PSH_ERR_DATA,
                              "point %zu lies at the origin, where the cosine distance has no meaning; remove it or "
                              "use another metric",
                              i);
        for (size_t k = 0; k < lengths->n_axes; k++) {
            double x = point[k * lengths->stride] /= greatest;
            sum += x * x;
        }
        double norm = sqrt(sum);
        for (size_t k = 0; k < lengths->n_axes; k++) point[k * lengths->stride] /= norm;
    }
    return PSH_OK;
}

psh_status psh__lengths_of_cloud(psh__lengths *lengths, const psh_cloud *cloud, psh_point_metric metric,
                                 psh__room *room, psh_error *err) {
    size_t n_points = psh_cloud_n_points(cloud), n_axes = psh_cloud_n_axes(cloud), n_values, n_pairs;
    const double *points = psh_cloud_points(cloud);
    PSH_TRY(check_n_points(n_points, err));
    lengths->n_points = n_points, lengths->n_axes = n_axes, lengths->stride = round_up(n_points, LANES);
    lengths->kernels = psh__rips_kernels_best();
    lengths->lower = NULL, lengths->is_listed = false, lengths->n_listed = 0, lengths->metric = metric;
    if (!psh__size_mul(n_axes, lengths->stride + 1, &n_values))
        return psh__error_memory(err, "the coordinates of a cloud", UINT64_MAX);
    PSH_ROOM(room, lengths, axes, n_values, "the coordinates of a cloud"); /* and one point, see psh__lengths_row() */
    bool is_cosine = metric == PSH_POINT_COSINE;
    lengths->exponent = is_cosine ? 0 : scale_exponent(points, n_points * n_axes);
    for (size_t k = 0; k < n_axes; k++) {
        double *axis = lengths->axes + k * lengths->stride;
        for (size_t i = 0; i < n_points; i++) axis[i] = points[i * n_axes + k];
        for (size_t i = n_points; i < lengths->stride; i++) axis[i] = 0;
        if (lengths->exponent)
            for (size_t i = 0; i < n_points; i++) axis[i] = ldexp(axis[i], -lengths->exponent);
    }
    if (is_cosine) PSH_TRY(normalise(lengths, err));
    lengths->points = lengths->axes;
    PSH_ROOM(room, lengths, row, lengths->stride, "a row of lengths");
    if (!psh__size_pairs(n_points, &n_pairs) || n_pairs > PSH__MAX_STORED_PAIRS) return PSH_OK;
    PSH_ROOM(room, lengths, stored, n_pairs + LANES, "lengths");
    for (size_t i = 1, n_done = 0; i < n_points; n_done += i++) { /* a row's last block spills into the next row */
        double *origin = lengths->axes + n_axes * lengths->stride;
        for (size_t k = 0; k < n_axes; k++) origin[k] = lengths->points[k * lengths->stride + i];
        lengths->kernels->lengths[metric](lengths->points, lengths->stride, n_axes, origin, i,
                                          lengths->stored + n_done);
    }
    lengths->lower = lengths->stored;
    return PSH_OK;
}

const double *psh__lengths_row(psh__lengths *lengths, size_t i_point) {
    if (lengths->lower) return lengths->lower + i_point * (i_point - 1) / 2;
    double *origin = lengths->axes + lengths->n_axes * lengths->stride;
    for (size_t k = 0; k < lengths->n_axes; k++) origin[k] = lengths->points[k * lengths->stride + i_point];
    lengths->kernels->lengths[lengths->metric](lengths->points, lengths->stride, lengths->n_axes, origin, i_point,
                                               lengths->row);
    return lengths->row;
}

/* Is the enclosing radius certain to be at least `threshold`? Half the distance of two points is a bound, where the
 * triangle inequality holds. */
static bool is_wide(psh__lengths *lengths, double threshold) {
    if (lengths->lower || lengths->metric == PSH_POINT_COSINE) return false;
    const double *row = psh__lengths_row(lengths, lengths->n_points - 1);
    for (size_t j = 0; j + 1 < lengths->n_points; j++)
        if (row[j] / 2 >= threshold) return true;
    return false;
}

psh_status psh__lengths_enclosing_radius(psh__lengths *lengths, double threshold, psh__room *room, double *dst,
                                         psh_error *err) {
    size_t n_points = lengths->n_points;
    *dst = threshold;
    if (lengths->is_listed || is_wide(lengths, threshold)) return PSH_OK;
    PSH_ROOM(room, lengths, farthest, n_points, "radii");
    double *farthest = lengths->farthest;
    farthest[0] = 0;
    for (size_t i = 1; i < n_points; i++) {
        const double *row = psh__lengths_row(lengths, i);
        double greatest = 0;
        for (size_t j = 0; j < i; j++) {
            farthest[j] = row[j] > farthest[j] ? row[j] : farthest[j];
            greatest = row[j] > greatest ? row[j] : greatest;
        }
        farthest[i] = greatest;
    }
    for (size_t i = 0; i < n_points; i++) *dst = fmin(*dst, farthest[i]);
    return PSH_OK;
}
