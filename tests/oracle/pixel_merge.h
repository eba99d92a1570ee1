/* pixel_merge.h : cubical persistence of a 2D image the slow way: every pixel sorted and joined to its neighbours. */
#ifndef PSH_ORACLE_PIXEL_MERGE_H
#define PSH_ORACLE_PIXEL_MERGE_H

#include "persihash/homology.h"

/* As boundary_matrix_intervals(), for images of any size. dst : (2 * height * width). Cost: O(pixels log pixels). */
size_t pixel_merge_intervals(const double *values, size_t height, size_t width, psh_construction construction,
                             psh_interval *dst);

#endif
