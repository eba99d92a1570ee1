/* vtk_field.h : which of a VTK file's arrays is the scalar field. */
#ifndef PSH_INPUT_VTK_FIELD_H
#define PSH_INPUT_VTK_FIELD_H

#include "base/vtk_xml.h"

/* The array `name`; or for NULL the active scalars, or the only array of numbers with one component: of the points, and
 * if has_cells and the points have none, of the cells. *dst NULL: there is no array at all. Errors: PSH_ERR_PARAMETER,
 * with the list of what there is (no such array; it has several components; several arrays and none is active). */
psh_status psh__vtk_field(const psh__vtk *vtk, bool has_cells, const char *name, const psh__vtk_array **dst,
                          psh_error *err);

#endif
