/* builder.h : a mesh that a reader gathers piece by piece. */
#ifndef PSH_INPUT_BUILDER_H
#define PSH_INPUT_BUILDER_H

#include "input/format.h"

typedef struct psh__builder {
    double *vertices;    /* (n_vertices, 3) */
    uint32_t *triangles; /* (n_triangles, 3) */
    double *values;      /* (n_vertices) or NULL */
    size_t n_vertices, n_triangles;
    size_t vertices_capacity, triangles_capacity; /* in numbers */
    uint32_t first, last;                         /* corners of the polygon at hand */
    size_t n_corners;                             /* of it, so far */
} psh__builder;

psh_status psh__builder_vertex(psh__builder *mesh, const double point[3], psh_error *err);
/* A polygon, corner by corner, becomes a fan of triangles around its first. PSH_ERR_DATA for a number of a vertex that
 * cannot be; whether there is such a vertex is asked at the end. */
psh_status psh__builder_corner(psh__builder *mesh, int64_t i_vertex, psh_error *err);
/* PSH_ERR_DATA if it had fewer than three corners. */
psh_status psh__builder_close_polygon(psh__builder *mesh, psh_error *err);

/* The vertices' x, y or z as the field, if that is what `field` names (NULL: no field); else PSH_ERR_PARAMETER. */
psh_status psh__builder_height(psh__builder *mesh, const char *field, psh_error *err);

/* Takes all over into an item and leaves the builder empty, also on failure. */
psh_status psh__builder_finish(psh__builder *mesh, psh_item *dst, psh_error *err);
void psh__builder_free(psh__builder *mesh); /* zeroed struct is fine */

#endif
