/* perseus.h : the text format of Perseus for dense cubical grids, which GUDHI reads and writes too. */
#ifndef PSH_INPUT_PERSEUS_H
#define PSH_INPUT_PERSEUS_H

#include "input/image.h"

/* Does text begin like such a file (number of axes, sides, one value a line)? The first 512 bytes are enough. */
bool psh__perseus_matches(const uint8_t *head, size_t n_bytes);

/* psh__perseus_read() : the grid as (D, H, W) float64; the file's first axis, which runs fastest, is W. Errors: those
 * of readers.h with the line; PSH_ERR_UNSUPPORTED (other than 1 to 3 axes; a negative side, which is GUDHI's mark of a
 * periodic axis), PSH_ERR_NOT_FINITE. Threads: safe. */
psh_status psh__perseus_read(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);

#endif
