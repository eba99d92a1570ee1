/* pictures.h : thumbnails of images, packed into one PNG. */
#ifndef PSH_REPORT_PICTURES_H
#define PSH_REPORT_PICTURES_H

#include "report/gather.h"

/* One grey PNG (64 levels) of equal cells, row after row of n_columns; thumbnail i lies at the upper left of cell i. */
typedef struct psh__sprite {
    uint8_t *png; /* (n_bytes) */
    size_t n_bytes;
    size_t cell_width, cell_height, n_columns;
    uint8_t *sides;        /* (n_pictures, 2) width and height of each */
    size_t least_shape[2]; /* least and greatest sides of the images themselves, (H, W) */
    size_t greatest_shape[2];
    bool is_stretched; /* some images were no 8-bit ones: their greys run from their least to their greatest value */
} psh__sprite;

/* How many pictures of n_items a page has, and the greatest side of its thumbnails: `n_wanted` at most; 0: all if they
 * are small, else 2000. Looks at the first image. Errors: those of psh_input_read(). */
psh_status psh__sprite_plan(const psh_input *input, size_t n_items, size_t n_wanted, size_t *n_pictures, size_t *side,
                            psh_error *err);

/* rows : (n_rows), at least 1; side: see psh__sprite_plan(). Errors: those of psh_input_read(), PSH_ERR_MEMORY,
 * PSH_ERR_INTERRUPTED. */
psh_status psh__sprite_create(const psh_input *input, const uint32_t *rows, size_t n_rows, size_t side, int n_threads,
                              const psh_progress *progress, psh__sprite *dst, psh_error *err);
void psh__sprite_free(psh__sprite *sprite);

#endif
