/* pictures.h : thumbnails of images, packed into one PNG. */
#ifndef PSH_REPORT_PICTURES_H
#define PSH_REPORT_PICTURES_H

#include "report/gather.h"

/* One 8-bit grey PNG of equal cells, row after row of n_columns; thumbnail i lies at the upper left of cell i. */
typedef struct psh__sprite {
    uint8_t *png; /* (n_bytes) */
    size_t n_bytes;
    size_t cell_width, cell_height, n_columns;
    uint8_t *sides;        /* (n_pictures, 2) width and height of each */
    size_t least_shape[2]; /* least and greatest sides of the images themselves, (H, W) */
    size_t greatest_shape[2];
    bool is_stretched; /* some images were no 8-bit ones: their greys run from their least to their greatest value */
} psh__sprite;

/* rows : (n_rows), at least 1. Errors: those of psh_input_read(), PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. */
psh_status psh__sprite_create(const psh_input *input, const uint32_t *rows, size_t n_rows, int n_threads,
                              const psh_progress *progress, psh__sprite *dst, psh_error *err);
void psh__sprite_free(psh__sprite *sprite);

#endif
