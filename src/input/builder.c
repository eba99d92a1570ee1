/* builder.c : a mesh, piece by piece. */
#include "input/builder.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/shape.h"

psh_status psh__builder_vertex(psh__builder *mesh, const double point[3], psh_error *err) {
    size_t n = 3 * mesh->n_vertices;
    if (!PSH_GROW(&mesh->vertices, &mesh->vertices_capacity, n + 3))
        return psh__error_memory(err, "vertices", 2 * n * sizeof *mesh->vertices);
    memcpy(mesh->vertices + n, point, 3 * sizeof *point);
    mesh->n_vertices++;
    return PSH_OK;
}

psh_status psh__builder_corner(psh__builder *mesh, int64_t i_vertex, psh_error *err) {
    if (i_vertex < 0 || i_vertex > UINT32_MAX)
        return psh__error(err, PSH_ERR_DATA, "a face has vertex %lld (from 0); there is none", (long long)i_vertex);
    uint32_t corner = (uint32_t)i_vertex;
    if (mesh->n_corners == 0) mesh->first = corner;
    if (mesh->n_corners >= 2) {
        size_t n = 3 * mesh->n_triangles;
        if (!PSH_GROW(&mesh->triangles, &mesh->triangles_capacity, n + 3))
            return psh__error_memory(err, "triangles", 2 * n * sizeof *mesh->triangles);
        mesh->triangles[n] = mesh->first, mesh->triangles[n + 1] = mesh->last, mesh->triangles[n + 2] = corner;
        mesh->n_triangles++;
    }
    mesh->last = corner;
    mesh->n_corners++;
    return PSH_OK;
}

psh_status psh__builder_close_polygon(psh__builder *mesh, psh_error *err) {
    size_t n_corners = mesh->n_corners;
    mesh->n_corners = 0;
    if (n_corners >= 3) return PSH_OK;
    return psh__error(err, PSH_ERR_DATA, "a face of %zu corners; expected at least 3", n_corners);
}

psh_status psh__builder_height(psh__builder *mesh, const char *field, psh_error *err) {
    if (!field) return PSH_OK;
    size_t axis = (size_t)(*field - 'x');
    if (axis > 2 || field[1])
        return psh__error(err, PSH_ERR_PARAMETER, "no field '%s'; the file has none but the coordinates x, y, z",
                          field);
    mesh->values = psh__malloc(mesh->n_vertices, sizeof *mesh->values);
    if (!mesh->values) return psh__error_memory(err, "a field", mesh->n_vertices * sizeof *mesh->values);
    for (size_t i = 0; i < mesh->n_vertices; i++) mesh->values[i] = mesh->vertices[3 * i + axis];
    return PSH_OK;
}

/* An array that nothing was put into is one of no items, not NULL. */
static bool fill_gaps(psh__builder *mesh) {
    if (!mesh->vertices) mesh->vertices = psh__malloc(0, 1);
    if (!mesh->triangles) mesh->triangles = psh__malloc(0, 1);
    return mesh->vertices && mesh->triangles;
}

psh_status psh__builder_finish(psh__builder *mesh, psh_item *dst, psh_error *err) {
    psh_status status;
    if (fill_gaps(mesh)) {
        status = psh__mesh_take(mesh->vertices, mesh->n_vertices, mesh->triangles, mesh->n_triangles, mesh->values,
                                &dst->mesh, err);
        dst->kind = PSH_ITEM_MESH;
        *mesh = (psh__builder){0};
    } else {
        status = psh__error_memory(err, "a mesh", 1);
        psh__builder_free(mesh);
    }
    return status;
}

void psh__builder_free(psh__builder *mesh) {
    psh__free(mesh->vertices);
    psh__free(mesh->triangles);
    psh__free(mesh->values);
    *mesh = (psh__builder){0};
}
