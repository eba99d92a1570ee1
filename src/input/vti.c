/* vti.c : VTK's grids (.vti; .vtr and .vts, whose spacing is not looked at) as images and volumes.
 *
 * A field of the points, or of the cells, x fastest: (D, H, W) = (z, y, x). Axes along which the grid has one layer are
 * dropped, so a slice of a volume is an image whichever way it lies. */
#include "base/error.h"
#include "input/readers.h"
#include "input/stack.h"
#include "input/vtk_field.h"

bool psh__vti_is(const psh__head *head) {
    return psh__vtk_is_grid(head->bytes, head->n_bytes);
}

/* The sides, slowest first, without those of one layer; at least two. */
static size_t shape_of(const psh__vtk *vtk, bool is_cells, size_t shape[3]) {
    size_t n_axes = 0;
    for (int i = 2; i >= 0; i--) {
        size_t side = vtk->sides[i];
        if (is_cells && side > 1) side--;
        if (side != 1) shape[n_axes++] = side;
    }
    while (n_axes < 2) {
        shape[1] = n_axes ? shape[0] : 1;
        shape[0] = 1;
        n_axes++;
    }
    return n_axes;
}

static psh_status read_field(const psh__vtk *vtk, const char *name, psh_item *dst, psh_error *err) {
    const psh__vtk_array *field = NULL;
    psh__array values;
    psh__stack stack;
    PSH_TRY(psh__vtk_field(vtk, true, name, &field, err));
    if (!field) return psh__error(err, PSH_ERR_EMPTY, "a grid without a field; expected an array of points or cells");
    PSH_TRY(psh__vtk_read(vtk, field, &values, err));
    values.n_axes = shape_of(vtk, field->section == PSH__VTK_CELL_DATA, values.shape);
    PSH_TRY(psh__stack_open(&values, false, PSH_ITEM_IMAGE, values.n_axes == 3, &stack, err));
    psh_status status = psh__stack_read(&stack, 0, dst, err);
    psh__stack_free(&stack);
    return status;
}

psh_status psh__vti_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    (void)i_item;
    psh__vtk vtk;
    PSH_TRY(psh__vtk_parse(file->content.data, file->content.n_bytes, &vtk, err));
    psh_status status = read_field(&vtk, file->params->field, dst, err);
    psh__vtk_free(&vtk);
    return status;
}
