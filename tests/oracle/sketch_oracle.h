/* sketch_oracle.h : slow, obvious twins of the sliced features, the questions of a sketch and the pursuit's sums. */
#ifndef PSH_SKETCH_ORACLE_H
#define PSH_SKETCH_ORACLE_H

#include <stddef.h>
#include <stdint.h>

/* Exact sliced Wasserstein distance of two diagrams : (n, 2) in the unit frame, over n_directions angles
 * (k + 1/2) pi / n - pi / 2: W1 on the line of A + projections of B and B + projections of A, by sorting. */
double oracle_sliced_distance(const double *a, size_t n_a, const double *b, size_t n_b, int n_directions);

/* Mean over [t0, t1] of F(t) = #{p : <p, theta> <= t} - #{pi(p) : <pi(p), theta> <= t}. */
double oracle_mean_feature(const double *points, size_t n_points, double cos, double sin, double t0, double t1);

/* The count of a soft line, in 1/256 points, point by point. line : cos, sin, position, width. */
int32_t oracle_count_near(const double *points, size_t n_points, double lo, double hi, const float line[4]);

/* Pearson's correlation over all pairs i < j of the Hamming distance of answers : (n_bits, n_items) in {0, 1} with
 * values : (n_items, stride). */
double oracle_pair_correlation(const uint8_t *answers, size_t n_bits, size_t n_items, const uint16_t *values,
                               size_t stride);

#endif
