/* image.h : the grid of values that readers fill and homology reads. */
#ifndef PSH_INPUT_IMAGE_H
#define PSH_INPUT_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/input.h"

/* Images above this are refused, whatever their file says: 2^31 pixels are 46,340 x 46,340. */
#define PSH__IMAGE_MAX_PIXELS ((size_t)1 << 31)

struct psh_image {
    psh_dtype dtype;
    size_t shape[3], n_pixels; /* D, H, W; their product */
    void *pixels;              /* (D, H, W), aligned to 64; in the same block as the struct */
};

static inline size_t psh__dtype_bytes(psh_dtype dtype) {
    static const uint8_t bytes[] = {[PSH_U8] = 1, [PSH_U16] = 2, [PSH_F32] = 4, [PSH_F64] = 8};
    return bytes[dtype];
}

/* The pixel count of a shape, checked. Errors: PSH_ERR_SHAPE for a side of 0 and for more than PSH__IMAGE_MAX_PIXELS.
 */
psh_status psh__image_count(const size_t shape[3], size_t *n_pixels, psh_error *err);

/* An image whose pixels are not set yet. Errors: those of psh__image_count(), PSH_ERR_MEMORY. */
psh_status psh__image_new(psh_dtype dtype, const size_t shape[3], psh_image **dst, psh_error *err);

/* PSH_ERR_NOT_FINITE, with the place of the first NaN or infinity, if there is one. `cause` ends the text. */
psh_status psh__image_check_finite(const psh_image *image, const char *cause, psh_error *err);

/* Pixels [start, start + n) as doubles. */
void psh__image_widen(const psh_image *image, size_t start, size_t n, double *dst);
/* n doubles into pixels [start, start + n): integer types are rounded to nearest, half to even. The values must lie
 * within the type's range, as averages of its values do (give or take rounding errors). */
void psh__image_round(const double *src, size_t n, psh_image *image, size_t start);

/* The parameters of psh_image_smooth() and psh_image_scale() alone: PSH_ERR_PARAMETER. */
psh_status psh__smooth_check(double sigma, psh_error *err);
psh_status psh__scale_check(double factor, psh_error *err);

#endif
