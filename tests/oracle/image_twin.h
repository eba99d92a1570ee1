/* image_twin.h : smoothing and scaling by their definitions, pixel by pixel. */
#ifndef PSH_ORACLE_IMAGE_TWIN_H
#define PSH_ORACLE_IMAGE_TWIN_H

#include <stddef.h>

/* (D, H, W) -> (D, H, W): the full sum over the (2 r + 1)^2 or, if D > 1, (2 r + 1)^3 neighbours, reflected. */
void twin_smooth(const double *src, const size_t shape[3], double sigma, double *dst);

/* One axis at a time, in long double; dst_shape as psh_image_scale() has it. */
void twin_scale(const double *src, const size_t shape[3], const size_t dst_shape[3], double *dst);

#endif
