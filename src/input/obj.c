/* obj.c : OBJ, Wavefront's text format of meshes: its vertices and faces; everything else is passed over.
 *
 *     v x y z ...           a vertex; a weight or a colour behind it is passed over
 *     f i/t/n i//n i ...    a face by its vertices, from 1, or backwards from the last vertex so far: -1, -2, ...
 *
 * Polygons become fans of triangles. A \ at the end of a line joins it to the next. Lines and points (l, p) are not
 * part of a surface; curves and patches (curv, surf) are refused, since what they bound is not there without them. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "input/builder.h"
#include "input/readers.h"
#include "input/words.h"

/* A file is recognised by its first statement, one of these, and a vertex among the first. */
static const char *const first_words[] = {"v", "vn", "vt", "vp", "f", "o", "g", "s", "l", "p", "mtllib", "usemtl"};

static bool is_first_word(psh__span word) {
    for (size_t i = 0; i < sizeof first_words / sizeof *first_words; i++)
        if (psh__word_is(word, first_words[i])) return true;
    return false;
}

bool psh__obj_is(const psh__head *head) {
    if (!head->is_text) return false;
    psh__lines lines = psh__lines_of(head->bytes, head->n_bytes);
    psh__span line, word;
    for (bool is_first = true; psh__lines_next(&lines, &line); is_first = false) {
        psh__word_next(&line, &word);
        if (is_first && !is_first_word(word)) return false;
        if (psh__word_is(word, "v")) return psh__word_next(&line, &word) && psh__word_is_number(word);
    }
    return false;
}

/* The next word of the statement, which goes on in the next line after a \ at the end of one. */
static bool next_word(psh__lines *lines, psh__span *line, psh__span *word) {
    while (psh__word_next(line, word)) {
        if (line->at < line->end || word->end[-1] != '\\') return true;
        word->end--;
        psh__lines_next_any(lines, line); /* if there is none, `line` stays at its end */
        if (word->at < word->end) return true;
    }
    return false;
}

static psh_status take_vertex(psh__lines *lines, psh__span *line, psh__builder *mesh, psh_error *err) {
    double point[3];
    psh__span word;
    for (int axis = 0; axis < 3; axis++) {
        if (!next_word(lines, line, &word))
            return psh__error(err, PSH_ERR_CORRUPT, "line %zu ends too early; expected 3 coordinates", lines->i_line);
        PSH_TRY(psh__word_number(lines, word, "a coordinate", &point[axis], err));
    }
    while (next_word(lines, line, &word)) continue;
    return psh__builder_vertex(mesh, point, err);
}

/* "i", "i/t", "i//n" or "i/t/n": the vertex, from 0. */
static psh_status read_corner(const psh__lines *lines, psh__span word, size_t n_vertices, int64_t *dst,
                              psh_error *err) {
    const char *slash = memchr(word.at, '/', (size_t)(word.end - word.at));
    psh__span number = {word.at, slash ? slash : word.end};
    int64_t i;
    PSH_TRY(psh__word_integer(lines, number, "the number of a vertex", &i, err));
    *dst = i > 0 ? i - 1 : (int64_t)n_vertices + i;
    if (i != 0 && *dst >= 0) return PSH_OK;
    return psh__error(err, PSH_ERR_DATA, "a face has vertex %lld; %zu are there so far, counted from 1", (long long)i,
                      n_vertices);
}

static psh_status take_face(psh__lines *lines, psh__span *line, psh__builder *mesh, psh_error *err) {
    psh__span word;
    int64_t corner;
    while (next_word(lines, line, &word)) {
        PSH_TRY(read_corner(lines, word, mesh->n_vertices, &corner, err));
        PSH_TRY(psh__builder_corner(mesh, corner, err));
    }
    return psh__builder_close_polygon(mesh, err);
}

static psh_status take_statement(psh__lines *lines, psh__span *line, psh__builder *mesh, psh_error *err) {
    psh__span word;
    psh_status status = PSH_OK;
    size_t i_line = lines->i_line;
    if (!next_word(lines, line, &word)) return PSH_OK;
    if (psh__word_is(word, "v")) return take_vertex(lines, line, mesh, err);
    if (psh__word_is(word, "curv") || psh__word_is(word, "curv2") || psh__word_is(word, "surf"))
        return psh__error(err, PSH_ERR_UNSUPPORTED, "line %zu: OBJ with curves or patches; expected polygons", i_line);
    if (psh__word_is(word, "f")) {
        status = take_face(lines, line, mesh, err);
        if (status == PSH_ERR_DATA) status = psh__error_prefix(err, status, "line %zu", i_line);
    } else {
        while (next_word(lines, line, &word)) continue; /* to the end of the statement */
    }
    return status;
}

psh_status psh__obj_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    (void)i_item;
    psh__lines lines = psh__lines_of(file->content.data, file->content.n_bytes);
    psh__builder mesh = {0};
    psh__span line;
    psh_status status = PSH_OK;
    while (psh__lines_next(&lines, &line)) PSH_TRY_GOTO(take_statement(&lines, &line, &mesh, err));
    if (mesh.n_vertices == 0) {
        status = psh__error(err, PSH_ERR_CORRUPT, "OBJ without a vertex; the file is truncated or empty");
        goto done;
    }
    PSH_TRY_GOTO(psh__builder_height(&mesh, file->params->field, err));
    status = psh__builder_finish(&mesh, dst, err);
done:
    psh__builder_free(&mesh);
    return status;
}
