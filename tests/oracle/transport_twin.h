/* transport_twin.h : Wasserstein distances the slow and obvious way, to hold the fast ones against. */
#ifndef PSH_ORACLE_TRANSPORT_TWIN_H
#define PSH_ORACLE_TRANSPORT_TWIN_H

#include <stddef.h>

#include "persihash/transport.h"

/* W_q of finite points a : (n_a, 2), b : (n_b, 2) by trying every partial matching; n_a <= 8. order INFINITY:
 * bottleneck. */
double twin_wasserstein_brute(const double *a, size_t n_a, const double *b, size_t n_b, double order,
                              psh_ground ground);
/* W_q by the textbook Hungarian method on the (n_a + n_b) square matrix with explicit diagonal points. O(n^3). */
double twin_wasserstein(const double *a, size_t n_a, const double *b, size_t n_b, double order, psh_ground ground);
/* Bottleneck by trying every distinct cost as a threshold, and Kuhn's matching for each step of a binary search. */
double twin_bottleneck(const double *a, size_t n_a, const double *b, size_t n_b, psh_ground ground);

#endif
