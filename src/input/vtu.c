/* vtu.c : VTK's unstructured grids and surfaces (.vtu, .vtp) as meshes of triangles with a field of their vertices.
 *
 * Triangles, quadrilaterals, pixels and polygons; what has more than three corners becomes a fan of triangles around
 * its first. Vertices as cells say nothing that the points do not, and are passed over. Lines, triangle strips and
 * cells with a volume are refused: leaving them out would change the homology. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/builder.h"
#include "input/readers.h"
#include "input/vtk_field.h"

enum {
    VERTEX = 1,
    POLY_VERTEX = 2,
    LINE = 3,
    POLY_LINE = 4,
    TRIANGLE = 5,
    STRIP = 6,
    POLYGON = 7,
    PIXEL = 8,
    QUAD = 9
};

bool psh__vtu_is(const psh__head *head) {
    return psh__vtk_is(head->bytes, head->n_bytes) && !psh__vtk_is_grid(head->bytes, head->n_bytes);
}

/* --- cells -------------------------------------------------------------------------------------------------------- */

typedef struct cells {
    int64_t *corners; // (n_corners) point numbers
    int64_t *stops;   // (n_cells) where the corners of each cell end
    int64_t *types;   // (n_cells), or NULL: polygons all
    size_t n_cells, n_corners;
} cells;

static void cells_free(cells *list) {
    psh__free(list->corners);
    psh__free(list->stops);
    psh__free(list->types);
}

/* Absent: no items. */
static psh_status read_integers(const psh__vtk *vtk, psh__vtk_section section, const char *name, int64_t **dst,
                                size_t *n_items, psh_error *err) {
    psh__array values;
    const psh__vtk_array *array = psh__vtk_find(vtk, section, name);
    *n_items = 0;
    if (!array) return PSH_OK;
    PSH_TRY(psh__vtk_read(vtk, array, &values, err));
    psh_status status = psh__array_to_i64(&values, name, dst, err);
    *n_items = values.n_items;
    psh__array_free(&values);
    return status;
}

static psh_status check_cells(const cells *list, psh_error *err) {
    int64_t start = 0;
    for (size_t i = 0; i < list->n_cells; start = list->stops[i++])
        if (list->stops[i] < start || (uint64_t)list->stops[i] > list->n_corners)
            return psh__error(err, PSH_ERR_DATA,
                              "cell %zu (from 0) ends at corner %lld, after %lld; there are %zu corners", i,
                              (long long)list->stops[i], (long long)start, list->n_corners);
    return PSH_OK;
}

static psh_status read_cells(const psh__vtk *vtk, cells *dst, psh_error *err) {
    bool is_surface = !strcmp(vtk->type, "PolyData");
    psh__vtk_section section = is_surface ? PSH__VTK_POLYS : PSH__VTK_CELLS;
    size_t n_types = 0;
    PSH_TRY(read_integers(vtk, section, "connectivity", &dst->corners, &dst->n_corners, err));
    PSH_TRY(read_integers(vtk, section, "offsets", &dst->stops, &dst->n_cells, err));
    if (!is_surface) PSH_TRY(read_integers(vtk, section, "types", &dst->types, &n_types, err));
    if (!is_surface && (dst->n_cells != vtk->n_cells || n_types != vtk->n_cells))
        return psh__error(err, PSH_ERR_CORRUPT, "%zu offsets and %zu types of cells; expected %zu", dst->n_cells,
                          n_types, vtk->n_cells);
    return check_cells(dst, err);
}

/* --- triangles ---------------------------------------------------------------------------------------------------- */

static psh_status refuse(int64_t type, size_t i_cell, psh_error *err) {
    return psh__error(err, PSH_ERR_UNSUPPORTED,
                      "cell %zu (from 0) is %s (VTK's type %lld); expected triangles, quadrilaterals or polygons; %s",
                      i_cell,
                      type == LINE || type == POLY_LINE ? "a line"
                      : type == STRIP                   ? "a strip of triangles"
                                                        : "no polygon",
                      (long long)type, type >= 10 ? "take the surface first" : "triangulate the surface first");
}

static psh_status add_cell(const cells *list, size_t i_cell, psh__builder *mesh, psh_error *err) {
    static const uint8_t in_order[4] = {0, 1, 2, 3}, of_pixel[4] = {0, 1, 3, 2};
    int64_t type = list->types ? list->types[i_cell] : POLYGON;
    size_t start = i_cell ? (size_t)list->stops[i_cell - 1] : 0, n = (size_t)list->stops[i_cell] - start;
    if (type == VERTEX || type == POLY_VERTEX) return PSH_OK;
    if (type != TRIANGLE && type != POLYGON && type != PIXEL && type != QUAD) return refuse(type, i_cell, err);
    size_t n_expected = type == TRIANGLE ? 3 : type == POLYGON ? n : 4;
    if (n != n_expected || n < 3)
        return psh__error(err, PSH_ERR_DATA, "cell %zu (from 0) has %zu corners; expected %s", i_cell, n,
                          type == TRIANGLE  ? "3"
                          : type == POLYGON ? "3 or more"
                                            : "4");
    const uint8_t *order = type == PIXEL ? of_pixel : in_order;
    for (size_t i = 0; i < n; i++)
        PSH_TRY(psh__builder_corner(mesh, list->corners[start + (n == 4 ? order[i] : i)], err));
    return psh__builder_close_polygon(mesh, err);
}

static psh_status add_triangles(const psh__vtk *vtk, psh__builder *mesh, psh_error *err) {
    cells list = {0};
    psh_status status = PSH_OK;
    if (vtk->n_strips) return refuse(STRIP, 0, err);
    if (vtk->n_lines) return refuse(LINE, 0, err);
    PSH_TRY_GOTO(read_cells(vtk, &list, err));
    for (size_t i = 0; i < list.n_cells; i++) PSH_TRY_GOTO(add_cell(&list, i, mesh, err));
done:
    cells_free(&list);
    return status;
}

/* --- vertices and field ------------------------------------------------------------------------------------------- */

static psh_status read_doubles(const psh__vtk *vtk, const psh__vtk_array *array, double **dst, psh_error *err) {
    psh__array values;
    PSH_TRY(psh__vtk_read(vtk, array, &values, err));
    psh_status status = psh__array_to_f64(&values, array->name, dst, err);
    psh__array_free(&values);
    return status;
}

static psh_status read_vertices(const psh__vtk *vtk, psh__builder *mesh, psh_error *err) {
    const psh__vtk_array *points = psh__vtk_find(vtk, PSH__VTK_POINTS, NULL);
    if (!points && vtk->n_points == 0) return PSH_OK;
    if (!points || points->n_components != 3)
        return psh__error(err, PSH_ERR_CORRUPT, "no array of points with three components");
    PSH_TRY(read_doubles(vtk, points, &mesh->vertices, err));
    mesh->n_vertices = vtk->n_points, mesh->vertices_capacity = 3 * vtk->n_points;
    return PSH_OK;
}

/* An array of that name comes before the height; a mesh that becomes a cloud needs no choice. */
static psh_status read_values(const psh__vtk *vtk, const psh_input_params *params, psh__builder *mesh, psh_error *err) {
    const char *name = params->field;
    const psh__vtk_array *field = NULL;
    bool is_height = name && strlen(name) == 1 && strchr("xyz", *name);
    bool is_cloud = params->kind == PSH_ITEM_CLOUD || params->n_samples > 0 || mesh->n_triangles == 0;
    if (is_height && !psh__vtk_find(vtk, PSH__VTK_POINT_DATA, name)) return psh__builder_height(mesh, name, err);
    if (!name && is_cloud) return PSH_OK;
    PSH_TRY(psh__vtk_field(vtk, false, name, &field, err));
    return field ? read_doubles(vtk, field, &mesh->values, err) : PSH_OK;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

/* A diagram among meshes is no mesh gone wrong. */
psh_status psh__vtu_open(psh__loaded *file, psh_error *err) {
    psh__vtk *vtk = psh__malloc(1, sizeof *vtk);
    if (!vtk) return psh__error_memory(err, "a VTK file", sizeof *vtk);
    psh_status status = psh__vtk_parse(file->content.data, file->content.n_bytes, vtk, err);
    if (status == PSH_OK && psh__vtk_find(vtk, PSH__VTK_CELL_DATA, "PairType")) {
        file->is_foreign = true;
        psh__vtk_free(vtk);
        status =
            psh__error(err, PSH_ERR_FORMAT,
                       "a persistence diagram of TTK (its cells have a PairType), which needs no homology; give it "
                       "to the other commands as it is");
    }
    if (status == PSH_OK)
        file->state = vtk;
    else
        psh__free(vtk);
    return status;
}

void psh__vtu_close(psh__loaded *file) {
    psh__vtk_free(file->state);
    psh__free(file->state);
}

psh_status psh__vtu_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    (void)i_item;
    const psh__vtk *vtk = file->state;
    psh__builder mesh = {0};
    psh_status status = read_vertices(vtk, &mesh, err);
    if (status == PSH_OK) status = add_triangles(vtk, &mesh, err);
    if (status == PSH_OK) status = read_values(vtk, file->params, &mesh, err);
    if (status == PSH_OK) status = psh__builder_finish(&mesh, dst, err);
    psh__builder_free(&mesh);
    return status;
}
