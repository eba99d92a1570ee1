/* mesh.c : a surface of triangles, perhaps with a scalar field, made and asked. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/finite.h"
#include "input/shape.h"

#define MAX_VERTICES ((size_t)1 << 31)

static psh_status check_shape(size_t n_vertices, size_t n_triangles, psh_error *err) {
    size_t n_bytes;
    if (n_vertices >= MAX_VERTICES)
        return psh__error(err, PSH_ERR_SHAPE, "a mesh of %zu vertices; fewer than 2^31 are accepted", n_vertices);
    if (!psh__size_mul(n_triangles, 3 * sizeof(uint32_t), &n_bytes))
        return psh__error(err, PSH_ERR_SHAPE, "a mesh of %zu triangles is more than memory can address", n_triangles);
    return PSH_OK;
}

static psh_status check_content(const psh_mesh *mesh, psh_error *err) {
    size_t n_vertices = mesh->n_vertices, n_corners = 3 * mesh->n_triangles;
    size_t i = psh__first_not_finite_f64(mesh->vertices, 3 * n_vertices);
    if (i < 3 * n_vertices)
        return psh__error(err, PSH_ERR_NOT_FINITE, "the %c of vertex %zu (from 0) is %s", "xyz"[i % 3], i / 3,
                          isnan(mesh->vertices[i]) ? "NaN" : "infinite");
    for (i = 0; i < n_corners; i++)
        if (mesh->triangles[i] >= n_vertices)
            return psh__error(err, PSH_ERR_DATA, "triangle %zu (from 0) has vertex %u, but there are only %zu", i / 3,
                              mesh->triangles[i], n_vertices);
    i = mesh->values ? psh__first_not_finite_f64(mesh->values, n_vertices) : n_vertices;
    if (i < n_vertices)
        return psh__error(err, PSH_ERR_NOT_FINITE, "the field at vertex %zu (from 0) is %s", i,
                          isnan(mesh->values[i]) ? "NaN" : "infinite");
    return PSH_OK;
}

psh_status psh__mesh_take(double *vertices, size_t n_vertices, uint32_t *triangles, size_t n_triangles, double *values,
                          psh_mesh **dst, psh_error *err) {
    psh_mesh what = {.n_vertices = n_vertices,
                     .n_triangles = n_triangles,
                     .vertices = vertices,
                     .triangles = triangles,
                     .values = values};
    psh_mesh *mesh = NULL;
    psh_status status = check_shape(n_vertices, n_triangles, err);
    if (status == PSH_OK) status = check_content(&what, err);
    if (status == PSH_OK && !(mesh = psh__malloc(1, sizeof *mesh)))
        status = psh__error_memory(err, "a mesh", sizeof *mesh);
    if (status == PSH_OK) {
        *mesh = what;
        *dst = mesh;
    } else {
        psh__free(vertices);
        psh__free(triangles);
        psh__free(values);
    }
    return status;
}

/* *dst: NULL if src is. False: no memory. */
static bool copy_array(const void *src, size_t n_items, size_t item_bytes, void **dst) {
    *dst = src ? psh__malloc(n_items, item_bytes) : NULL;
    if (*dst && n_items) memcpy(*dst, src, n_items * item_bytes);
    return *dst || !src;
}

psh_status psh_mesh_create(const double *vertices, size_t n_vertices, const uint32_t *triangles, size_t n_triangles,
                           const double *values, psh_mesh **dst, psh_error *err) {
    assert((vertices || n_vertices == 0) && (triangles || n_triangles == 0) && dst);
    void *vertices_copy = NULL, *triangles_copy = NULL, *values_copy = NULL;
    PSH_TRY(check_shape(n_vertices, n_triangles, err));
    if (copy_array(vertices, n_vertices, 3 * sizeof *vertices, &vertices_copy) &&
        copy_array(triangles, n_triangles, 3 * sizeof *triangles, &triangles_copy) &&
        copy_array(values, n_vertices, sizeof *values, &values_copy))
        return psh__mesh_take(vertices_copy, n_vertices, triangles_copy, n_triangles, values_copy, dst, err);
    psh__free(vertices_copy);
    psh__free(triangles_copy);
    return psh__error_memory(err, "a mesh", n_vertices * 3 * sizeof *vertices + n_triangles * 3 * sizeof *triangles);
}

void psh_mesh_free(psh_mesh *mesh) {
    if (!mesh) return;
    psh__free(mesh->vertices);
    psh__free(mesh->triangles);
    psh__free(mesh->values);
    psh__free(mesh);
}

size_t psh_mesh_n_vertices(const psh_mesh *mesh) {
    return mesh->n_vertices;
}

size_t psh_mesh_n_triangles(const psh_mesh *mesh) {
    return mesh->n_triangles;
}

const double *psh_mesh_vertices(const psh_mesh *mesh) {
    return mesh->vertices;
}

const uint32_t *psh_mesh_triangles(const psh_mesh *mesh) {
    return mesh->triangles;
}

const double *psh_mesh_values(const psh_mesh *mesh) {
    return mesh->values;
}
