/* eigen.h : eigenvalues and leading eigenvectors of a symmetric matrix. */
#ifndef PSH_CLUSTER_EIGEN_H
#define PSH_CLUSTER_EIGEN_H

#include <stddef.h>

#include "persihash/status.h"

/* matrix : (n, n), symmetric, overwritten. values : (n), all of them, falling. vectors : (n_top, n), those of the n_top
 * greatest, of length 1. n_top <= n. PSH_ERR_MEMORY, PSH_ERR_NOT_CONVERGED. */
psh_status psh__eigen_top(double *matrix, size_t n, size_t n_top, double *values, double *vectors, psh_error *err);

#endif
