/* off.c : OFF, Geomview's Object File Format as text, with the liberties that its files take.
 *
 *     [ST][C][N][4][n]OFF      after it, on this line or the next:
 *     [n_axes, after nOFF] n_vertices n_faces [n_edges]
 *     x y z ...                a vertex a line; what follows the coordinates (normal, colour, texture) is passed over
 *     k i1 ... ik ...          a face a line, vertices from 0; what follows (colour) is passed over
 *
 * Polygons become fans of triangles. nOFF without faces is a cloud in that many dimensions, as GUDHI writes it; of two
 * dimensions with faces, a mesh in the plane z = 0. Homogeneous coordinates (4) and binary files are refused. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/builder.h"
#include "input/readers.h"
#include "input/shape.h"
#include "input/words.h"

typedef struct header {
    bool is_homogeneous, has_axes;
    int64_t n_axes, n_vertices, n_faces;
} header;

/* Takes [ST][C][N][4][n]OFF off the line. Some programs write the counts right behind it: "OFF8 6 12". */
static bool take_keyword(psh__span *line, header *h) {
    const char *at = line->at, *end = line->end;
    *h = (header){.n_axes = 3};
    if (end - at > 2 && at[0] == 'S' && at[1] == 'T') at += 2;
    if (at < end && *at == 'C') at++;
    if (at < end && *at == 'N') at++;
    if (at < end && *at == '4') h->is_homogeneous = true, at++;
    if (at < end && *at == 'n') h->has_axes = true, at++;
    if (end - at < 3 || memcmp(at, "OFF", 3) != 0) return false;
    at += 3;
    if (at < end && !strchr(" \t0123456789", *at)) return false;
    line->at = at;
    return true;
}

bool psh__off_is(const psh__head *head) {
    header h;
    psh__span line;
    psh__lines lines = psh__lines_of(head->bytes, head->n_bytes);
    return psh__lines_next(&lines, &line) && take_keyword(&line, &h);
}

/* n_axes and the counts, wherever lines end between them. n_edges is passed over with the rest of its line. */
static psh_status take_counts(psh__lines *lines, psh__span *line, header *h, psh_error *err) {
    int64_t *const places[] = {&h->n_axes, &h->n_vertices, &h->n_faces};
    static const char *const names[] = {"the number of dimensions", "the number of vertices", "the number of faces"};
    for (int i = h->has_axes ? 0 : 1; i < 3; i++) {
        psh__span word;
        while (!psh__word_next(line, &word))
            if (!psh__lines_next(lines, line))
                return psh__error(err, PSH_ERR_CORRUPT, "OFF is truncated before %s", names[i]);
        if (psh__word_is(word, "BINARY"))
            return psh__error(err, PSH_ERR_UNSUPPORTED, "binary OFF; expected text; convert it, to PLY for example");
        PSH_TRY(psh__word_integer(lines, word, names[i], places[i], err));
        if (*places[i] < (i == 0 ? 1 : 0))
            return psh__error(err, PSH_ERR_CORRUPT, "line %zu: %s is %lld", lines->i_line, names[i],
                              (long long)*places[i]);
    }
    return PSH_OK;
}

/* A vertex takes a digit and a space a coordinate at least, a face "3 0 1 2": so many bytes must be there. */
static psh_status check_counts(const psh__lines *lines, const header *h, psh_error *err) {
    size_t n_left = (size_t)(lines->rest.end - lines->rest.at) + 1, need = 0, of_faces = 0;
    bool fits = psh__size_mul((size_t)h->n_axes, 2, &need) && psh__size_mul(need, (size_t)h->n_vertices, &need) &&
                psh__size_mul((size_t)h->n_faces, 8, &of_faces) && psh__size_add(need, of_faces, &need);
    if (fits && need <= n_left) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT,
                      "OFF is truncated: %lld vertices and %lld faces announced, %zu bytes are there",
                      (long long)h->n_vertices, (long long)h->n_faces, n_left - 1);
}

static psh_status next_line(psh__lines *lines, const char *what, int64_t i, int64_t n, psh__span *line,
                            psh_error *err) {
    if (psh__lines_next(lines, line)) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "OFF is truncated: %lld %s announced, %lld are there", (long long)n, what,
                      (long long)i);
}

static psh_status check_end(psh__lines *lines, psh_error *err) {
    if (psh__lines_end(lines)) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "line %zu: OFF goes on after the vertices and faces that it announced",
                      lines->i_line);
}

/* n_axes coordinates of each vertex, which are there: see check_counts(). */
static psh_status take_cloud(psh__lines *lines, const header *h, psh_item *dst, psh_error *err) {
    size_t n_points = (size_t)h->n_vertices, n_axes = (size_t)h->n_axes;
    double *points = psh__malloc(n_points, n_axes * sizeof *points);
    psh_status status = PSH_OK;
    psh__span line;
    if (!points) return psh__error_memory(err, "points", n_points * n_axes * sizeof *points);
    for (size_t i = 0; i < n_points; i++) {
        PSH_TRY_GOTO(next_line(lines, "points", (int64_t)i, h->n_vertices, &line, err));
        for (size_t axis = 0; axis < n_axes; axis++)
            PSH_TRY_GOTO(psh__line_number(lines, &line, "a coordinate", &points[i * n_axes + axis], err));
    }
    PSH_TRY_GOTO(check_end(lines, err));
    status = psh__cloud_take(points, n_points, n_axes, &dst->cloud, err);
    dst->kind = PSH_ITEM_CLOUD;
    points = NULL;
done:
    psh__free(points);
    return status;
}

static psh_status take_face(psh__lines *lines, psh__span *line, psh__builder *mesh, psh_error *err) {
    int64_t n_corners, corner;
    PSH_TRY(psh__line_integer(lines, line, "the number of a face's corners", &n_corners, err));
    for (int64_t i = 0; i < n_corners; i++) {
        PSH_TRY(psh__line_integer(lines, line, "the number of a vertex", &corner, err));
        PSH_TRY(psh__builder_corner(mesh, corner, err));
    }
    return psh__builder_close_polygon(mesh, err);
}

static psh_status take_mesh(psh__lines *lines, const header *h, const char *field, psh_item *dst, psh_error *err) {
    psh__builder mesh = {0};
    psh__span line;
    psh_status status = PSH_OK;
    for (int64_t i = 0; i < h->n_vertices; i++) {
        double point[3] = {0};
        PSH_TRY_GOTO(next_line(lines, "vertices", i, h->n_vertices, &line, err));
        for (int64_t axis = 0; axis < h->n_axes; axis++)
            PSH_TRY_GOTO(psh__line_number(lines, &line, "a coordinate", &point[axis], err));
        PSH_TRY_GOTO(psh__builder_vertex(&mesh, point, err));
    }
    for (int64_t i = 0; i < h->n_faces; i++) {
        PSH_TRY_GOTO(next_line(lines, "faces", i, h->n_faces, &line, err));
        status = take_face(lines, &line, &mesh, err);
        if (status == PSH_ERR_DATA) status = psh__error_prefix(err, status, "line %zu", lines->i_line);
        if (status != PSH_OK) goto done;
    }
    PSH_TRY_GOTO(check_end(lines, err));
    PSH_TRY_GOTO(psh__builder_height(&mesh, field, err));
    status = psh__builder_finish(&mesh, dst, err);
done:
    psh__builder_free(&mesh);
    return status;
}

psh_status psh__off_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    (void)i_item;
    psh__lines lines = psh__lines_of(file->content.data, file->content.n_bytes);
    psh__span line;
    header h;
    if (!psh__lines_next(&lines, &line) || !take_keyword(&line, &h))
        return psh__error(err, PSH_ERR_CORRUPT, "no OFF; expected it to start with OFF, COFF, NOFF or nOFF");
    if (h.is_homogeneous)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "OFF of homogeneous coordinates (4OFF); expected plain ones");
    PSH_TRY(take_counts(&lines, &line, &h, err));
    PSH_TRY(check_counts(&lines, &h, err));
    if (h.n_faces > 0 && h.n_axes > 3)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "a mesh in %lld dimensions; expected 2 or 3, or no faces",
                          (long long)h.n_axes);
    if (h.n_axes == 3 || h.n_faces > 0) return take_mesh(&lines, &h, file->params->field, dst, err);
    if (file->params->field)
        return psh__error(err, PSH_ERR_PARAMETER, "no field '%s'; these are points, not a mesh", file->params->field);
    return take_cloud(&lines, &h, dst, err);
}
