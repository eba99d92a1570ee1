/* vtk_field.c : choosing the scalar field among the arrays of a VTK file. */
#include "input/vtk_field.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

static bool is_scalar(const psh__vtk_array *array) {
    return array->n_components == 1 && array->kind && strcmp(array->type, "String") != 0;
}

static void list_choices(const psh__vtk *vtk, bool has_cells, char *text, size_t room) {
    char points[160], cells[120];
    psh__vtk_list(vtk, PSH__VTK_POINT_DATA, points, sizeof points);
    psh__vtk_list(vtk, PSH__VTK_CELL_DATA, cells, sizeof cells);
    snprintf(text, room, has_cells ? "of the points: %s; of the cells: %s" : "of the points: %s", points, cells);
}

static psh_status choose_named(const psh__vtk *vtk, bool has_cells, const char *name, const psh__vtk_array **dst,
                               psh_error *err) {
    char choices[320];
    *dst = psh__vtk_find(vtk, PSH__VTK_POINT_DATA, name);
    if (!*dst && has_cells) *dst = psh__vtk_find(vtk, PSH__VTK_CELL_DATA, name);
    if (*dst && is_scalar(*dst)) return PSH_OK;
    list_choices(vtk, has_cells, choices, sizeof choices);
    if (!*dst) return psh__error(err, PSH_ERR_PARAMETER, "no field '%.60s'; there are, %s", name, choices);
    return psh__error(err, PSH_ERR_PARAMETER,
                      "field '%.60s' is %.20s of %zu components; expected numbers of one; there are, %s", name,
                      (*dst)->type, (*dst)->n_components, choices);
}

/* The active scalars if they are scalars, else the only array; *n_scalars arrays could be it. */
static const psh__vtk_array *choose_default(const psh__vtk *vtk, psh__vtk_section section, const char *active,
                                            size_t *n_arrays) {
    const psh__vtk_array *only = NULL, *named = active ? psh__vtk_find(vtk, section, active) : NULL;
    size_t n_scalars = 0;
    *n_arrays = 0;
    for (size_t i = 0; i < vtk->n_arrays; i++) {
        if (vtk->arrays[i].section != section) continue;
        ++*n_arrays;
        if (is_scalar(&vtk->arrays[i])) only = &vtk->arrays[i], n_scalars++;
    }
    if (named && is_scalar(named)) return named;
    return n_scalars == 1 && !named ? only : NULL;
}

psh_status psh__vtk_field(const psh__vtk *vtk, bool has_cells, const char *name, const psh__vtk_array **dst,
                          psh_error *err) {
    char choices[320];
    size_t n_arrays = 0, n_more = 0;
    if (name) return choose_named(vtk, has_cells, name, dst, err);
    *dst = choose_default(vtk, PSH__VTK_POINT_DATA, vtk->active_points, &n_arrays);
    if (!*dst && has_cells && n_arrays == 0) *dst = choose_default(vtk, PSH__VTK_CELL_DATA, vtk->active_cells, &n_more);
    if (*dst || n_arrays + n_more == 0) return PSH_OK;
    list_choices(vtk, has_cells, choices, sizeof choices);
    return psh__error(err, PSH_ERR_PARAMETER, "which field? Say --field NAME; there are, %s", choices);
}
