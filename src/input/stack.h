/* stack.h : an array of numbers as one item or several. */
#ifndef PSH_INPUT_STACK_H
#define PSH_INPUT_STACK_H

#include "base/array.h"
#include "input/image.h"
#include "input/shape.h"

/* What an array holds:
 *   images     (H, W), (N, H, W); volumes (D, H, W), (N, D, H, W) if asked for
 *   clouds     (n_points, n_axes), (N, n_points, n_axes)
 *   matrices   (n_points, n_points), (N, n_points, n_points), or one condensed as SciPy's pdist() gives it */
typedef struct psh__stack {
    psh__array array;   /* may borrow from the file's bytes */
    bool is_swapped;    /* its numbers are big-endian */
    bool is_single;     /* no axis N */
    psh_item_kind kind; /* IMAGE, CLOUD or MATRIX */
    size_t n_items;
    size_t shape[3]; /* of an item: D, H, W; or n_points, n_axes, 1; or the two sides, or the one axis, and 1 */
} psh__stack;

/* Takes the array over, also on failure. `kind` AUTO: images, but an array that looks like distances or points is
 * refused, since nobody should find out later. Errors: PSH_ERR_SHAPE (number of axes, sides of 0), PSH_ERR_FORMAT
 * (text; or could be several things), PSH_ERR_EMPTY (N = 0), PSH_ERR_PARAMETER (kind MESH). */
psh_status psh__stack_open(psh__array *array, bool is_swapped, psh_item_kind kind, bool is_volume, psh__stack *dst,
                           psh_error *err);
/* Whether arrays of so many axes are items of this kind at all. */
bool psh__stack_has_axes(psh_item_kind kind, bool is_volume, size_t n_axes);
/* dst is zeroed. Errors also: PSH_ERR_NOT_FINITE, PSH_ERR_DATA (no distances). Threads: several may read one stack. */
psh_status psh__stack_read(const psh__stack *stack, size_t i_item, psh_item *dst, psh_error *err);
void psh__stack_free(psh__stack *stack); /* zeroed struct is fine */

#endif
