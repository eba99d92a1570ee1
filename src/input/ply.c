/* ply.c : PLY, the Stanford format of meshes: text, or binary of either byte order.
 *
 *     ply
 *     format ascii 1.0 | binary_little_endian 1.0 | binary_big_endian 1.0
 *     element vertex 8
 *     property float x                         char uchar short ushort int uint float double, or int8 ... float64
 *     element face 6
 *     property list uchar int vertex_indices   a count, and so many items
 *     end_header
 *     the rows of all elements, one after another
 *
 * Of vertices x, y, z and one field are taken, of faces the list vertex_indices (or vertex_index): polygons become fans
 * of triangles. Everything else is passed over. The field is the property that was asked for by name, else the first
 * named quality, value, or scalar...: what MeshLab, VTK and CloudCompare write.
 *
 * Text and binary differ in how a number is taken, and in nothing else. Rows whose size does not vary and that nobody
 * asks for are skipped in one step, so that no count in a header costs more time than the bytes behind it. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "base/text.h"
#include "input/builder.h"
#include "input/readers.h"
#include "input/words.h"

/* --- the header --------------------------------------------------------------------------------------------------- */

typedef enum encoding { TEXT, LITTLE_ENDIAN_BYTES, BIG_ENDIAN_BYTES } encoding;

typedef struct type {
    char kind; /* 'i', 'u', 'f'; 0: none */
    uint8_t n_bytes;
} type;

typedef struct property {
    psh__span name;
    type of_count, of_item; /* of_count.kind 0: no list */
} property;

typedef struct element {
    psh__span name;
    size_t n_rows;
    size_t first, n_properties; /* in header.properties */
} element;

typedef struct header {
    encoding encoding;
    element *elements; // (n_elements)
    property *properties;
    size_t n_elements, elements_capacity, n_properties, properties_capacity;
} header;

static void free_header(header *h) {
    psh__free(h->elements);
    psh__free(h->properties);
}

static type read_type(psh__span word) {
    static const struct {
        const char *old_name, *name;
        type type;
    } types[] = {{"char", "int8", {'i', 1}},     {"uchar", "uint8", {'u', 1}},    {"short", "int16", {'i', 2}},
                 {"ushort", "uint16", {'u', 2}}, {"int", "int32", {'i', 4}},      {"uint", "uint32", {'u', 4}},
                 {"float", "float32", {'f', 4}}, {"double", "float64", {'f', 8}}, {"long", "int64", {'i', 8}},
                 {"ulong", "uint64", {'u', 8}}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (psh__word_is(word, types[i].old_name) || psh__word_is(word, types[i].name)) return types[i].type;
    return (type){0};
}

static psh_status take_element(const psh__lines *lines, psh__span *line, header *h, psh_error *err) {
    element fresh = {.first = h->n_properties};
    int64_t n_rows;
    if (!psh__word_next(line, &fresh.name))
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu: element without a name", lines->i_line);
    PSH_TRY(psh__line_integer(lines, line, "the number of rows", &n_rows, err));
    if (n_rows < 0)
        return psh__error(err, PSH_ERR_CORRUPT, "line %zu: element of %lld rows", lines->i_line, (long long)n_rows);
    fresh.n_rows = (size_t)n_rows;
    if (!PSH_GROW(&h->elements, &h->elements_capacity, h->n_elements + 1))
        return psh__error_memory(err, "a PLY header", h->n_elements * sizeof fresh);
    h->elements[h->n_elements++] = fresh;
    return PSH_OK;
}

static psh_status take_property(const psh__lines *lines, psh__span *line, header *h, psh_error *err) {
    property fresh = {0};
    psh__span word;
    bool is_good = h->n_elements > 0 && psh__word_next(line, &word), is_list = is_good && psh__word_is(word, "list");
    if (is_list) {
        is_good = psh__word_next(line, &word);
        fresh.of_count = is_good ? read_type(word) : (type){0};
        is_good = is_good && (fresh.of_count.kind == 'i' || fresh.of_count.kind == 'u') && psh__word_next(line, &word);
    }
    fresh.of_item = is_good ? read_type(word) : (type){0};
    is_good = is_good && fresh.of_item.kind && psh__word_next(line, &fresh.name);
    if (!is_good)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "line %zu: damaged property; expected 'property float x' or 'property list uchar int "
                          "vertex_indices' after an element",
                          lines->i_line);
    if (!PSH_GROW(&h->properties, &h->properties_capacity, h->n_properties + 1))
        return psh__error_memory(err, "a PLY header", h->n_properties * sizeof fresh);
    h->properties[h->n_properties++] = fresh;
    h->elements[h->n_elements - 1].n_properties++;
    return PSH_OK;
}

static psh_status take_format(const psh__lines *lines, psh__span *line, header *h, psh_error *err) {
    psh__span word, version;
    bool has_words = psh__word_next(line, &word) && psh__word_next(line, &version);
    if (has_words && psh__word_is(word, "ascii"))
        h->encoding = TEXT;
    else if (has_words && psh__word_is(word, "binary_little_endian"))
        h->encoding = LITTLE_ENDIAN_BYTES;
    else if (has_words && psh__word_is(word, "binary_big_endian"))
        h->encoding = BIG_ENDIAN_BYTES;
    else
        return psh__error(
            err, PSH_ERR_CORRUPT,
            "line %zu: damaged format; expected ascii, binary_little_endian or binary_big_endian, and 1.0",
            lines->i_line);
    return PSH_OK;
}

/* Leaves `lines` behind the header: for binary files at the first byte of data. */
static psh_status take_header(psh__lines *lines, header *h, psh_error *err) {
    psh__span line, word;
    bool has_format = false;
    if (!psh__lines_next(lines, &line) || !psh__word_is(line, "ply"))
        return psh__error(err, PSH_ERR_CORRUPT, "no PLY; expected it to start with a line 'ply'");
    while (psh__lines_next(lines, &line)) {
        psh__word_next(&line, &word);
        if (psh__word_is(word, "end_header")) {
            if (has_format) return PSH_OK;
            return psh__error(err, PSH_ERR_CORRUPT, "PLY header without a format");
        }
        if (psh__word_is(word, "format")) {
            has_format = true;
            PSH_TRY(take_format(lines, &line, h, err));
        } else if (psh__word_is(word, "element")) {
            PSH_TRY(take_element(lines, &line, h, err));
        } else if (psh__word_is(word, "property")) {
            PSH_TRY(take_property(lines, &line, h, err));
        } else if (!psh__word_is(word, "comment") && !psh__word_is(word, "obj_info")) {
            return psh__error(err, PSH_ERR_CORRUPT,
                              "line %zu: '%.*s' in the header; expected format, element, property or end_header",
                              lines->i_line, PSH__SHOW(word));
        }
    }
    return psh__error(err, PSH_ERR_CORRUPT, "PLY is truncated inside its header");
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

typedef struct cursor {
    encoding encoding;
    psh__lines lines;        /* text */
    psh__span line;          /* text: the rest of the line at hand */
    const uint8_t *at, *end; /* binary */
} cursor;

static psh_status fault_short(psh_error *err) {
    return psh__error(err, PSH_ERR_CORRUPT, "PLY is truncated: fewer rows are there than its header announces");
}

static psh_status next_word(cursor *c, psh__span *word, psh_error *err) {
    while (!psh__word_next(&c->line, word))
        if (!psh__lines_next(&c->lines, &c->line)) return fault_short(err);
    return PSH_OK;
}

static psh_status next_bits(cursor *c, size_t n_bytes, uint64_t *dst, psh_error *err) {
    if ((size_t)(c->end - c->at) < n_bytes) return fault_short(err);
    *dst = 0;
    for (size_t i = 0; i < n_bytes; i++)
        *dst |= (uint64_t)c->at[i] << 8 * (c->encoding == BIG_ENDIAN_BYTES ? n_bytes - 1 - i : i);
    c->at += n_bytes;
    return PSH_OK;
}

static int64_t sign_extended(uint64_t bits, size_t n_bytes) {
    return n_bytes == 1 ? (int8_t)bits : n_bytes == 2 ? (int16_t)bits : n_bytes == 4 ? (int32_t)bits : (int64_t)bits;
}

/* An integer; of a float type: PSH_ERR_UNSUPPORTED. */
static psh_status next_integer(cursor *c, type t, int64_t *dst, psh_error *err) {
    psh__span word;
    uint64_t bits = 0;
    if (c->encoding == TEXT) {
        PSH_TRY(next_word(c, &word, err));
        return psh__word_integer(&c->lines, word, "an integer", dst, err);
    }
    if (t.kind == 'f') return psh__error(err, PSH_ERR_UNSUPPORTED, "numbers of vertices as floats; expected integers");
    PSH_TRY(next_bits(c, t.n_bytes, &bits, err));
    *dst = t.kind == 'i' ? sign_extended(bits, t.n_bytes) : bits <= INT64_MAX ? (int64_t)bits : INT64_MAX;
    return PSH_OK;
}

static psh_status next_number(cursor *c, type t, double *dst, psh_error *err) {
    psh__span word;
    uint64_t bits = 0;
    float single;
    if (c->encoding == TEXT) {
        PSH_TRY(next_word(c, &word, err));
        return psh__word_number(&c->lines, word, "a number", dst, err);
    }
    PSH_TRY(next_bits(c, t.n_bytes, &bits, err));
    if (t.kind == 'f' && t.n_bytes == 4) {
        memcpy(&single, (const uint32_t[]){(uint32_t)bits}, sizeof single);
        *dst = single;
    } else if (t.kind == 'f') {
        memcpy(dst, &bits, sizeof bits);
    } else {
        *dst = t.kind == 'i' ? (double)sign_extended(bits, t.n_bytes) : (double)bits;
    }
    return PSH_OK;
}

static psh_status next_count(cursor *c, const property *list, int64_t *dst, psh_error *err) {
    PSH_TRY(next_integer(c, list->of_count, dst, err));
    if (*dst >= 0) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "a list of %lld items", (long long)*dst);
}

/* n items of one type. */
static psh_status skip(cursor *c, type t, size_t n, psh_error *err) {
    size_t n_bytes;
    psh__span word;
    if (c->encoding == TEXT) {
        for (size_t i = 0; i < n; i++) PSH_TRY(next_word(c, &word, err));
        return PSH_OK;
    }
    if (!psh__size_mul(n, t.n_bytes, &n_bytes) || n_bytes > (size_t)(c->end - c->at)) return fault_short(err);
    c->at += n_bytes;
    return PSH_OK;
}

static psh_status skip_property(cursor *c, const property *p, psh_error *err) {
    int64_t n_items = 1;
    if (p->of_count.kind) PSH_TRY(next_count(c, p, &n_items, err));
    return skip(c, p->of_item, (size_t)n_items, err);
}

/* --- elements ----------------------------------------------------------------------------------------------------- */

/* The least that the rows of an element take; *is_fixed: and the most. False: more than can be. */
static bool least_bytes(const header *h, const element *e, size_t *dst, bool *is_fixed) {
    size_t row_bytes = 0;
    *is_fixed = h->encoding != TEXT;
    for (size_t i = e->first; i < e->first + e->n_properties; i++) {
        const property *p = &h->properties[i];
        bool is_list = p->of_count.kind;
        row_bytes += h->encoding == TEXT ? 2 : is_list ? p->of_count.n_bytes : p->of_item.n_bytes;
        *is_fixed = *is_fixed && !is_list;
    }
    return psh__size_mul(e->n_rows, row_bytes, dst);
}

static psh_status check_size(const cursor *c, const header *h, const element *e, size_t *n_bytes, bool *is_fixed,
                             psh_error *err) {
    size_t n_left = c->encoding == TEXT ? (size_t)(c->lines.rest.end - c->line.at) + 1 : (size_t)(c->end - c->at);
    if (least_bytes(h, e, n_bytes, is_fixed) && *n_bytes <= n_left) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "PLY is truncated: element %.*s has %zu rows, but only %zu bytes are there",
                      PSH__SHOW(e->name), e->n_rows, n_left);
}

static psh_status skip_element(cursor *c, const header *h, const element *e, psh_error *err) {
    size_t n_bytes;
    bool is_fixed;
    PSH_TRY(check_size(c, h, e, &n_bytes, &is_fixed, err));
    if (is_fixed) {
        c->at += n_bytes;
        return PSH_OK;
    }
    for (size_t row = 0; e->n_properties > 0 && row < e->n_rows; row++)
        for (size_t i = 0; i < e->n_properties; i++) PSH_TRY(skip_property(c, &h->properties[e->first + i], err));
    return PSH_OK;
}

static bool is_plain(const property *p, const char *name) {
    return !p->of_count.kind && psh__word_is(p->name, name);
}

static bool is_field_by_default(const property *p) {
    size_t n_chars = (size_t)(p->name.end - p->name.at);
    return is_plain(p, "quality") || is_plain(p, "value") ||
           (!p->of_count.kind && n_chars >= 6 && !memcmp(p->name.at, "scalar", 6));
}

typedef struct columns {
    size_t axes[3], field; /* numbers of properties in their element; SIZE_MAX: none */
} columns;

static psh_status find_columns(const header *h, const element *e, const char *field, columns *dst, psh_error *err) {
    static const char *const axes[] = {"x", "y", "z"};
    *dst = (columns){{SIZE_MAX, SIZE_MAX, SIZE_MAX}, SIZE_MAX};
    for (size_t i = e->n_properties; i-- > 0;) { /* backwards: the first of a name wins */
        const property *p = &h->properties[e->first + i];
        for (int axis = 0; axis < 3; axis++)
            if (is_plain(p, axes[axis])) dst->axes[axis] = i;
        if (field ? is_plain(p, field) : is_field_by_default(p)) dst->field = i;
    }
    for (int axis = 0; axis < 3; axis++)
        if (dst->axes[axis] == SIZE_MAX)
            return psh__error(err, PSH_ERR_CORRUPT, "PLY vertices without the property %s", axes[axis]);
    if (!field || dst->field != SIZE_MAX) return PSH_OK;
    char names[160] = "";
    for (size_t i = 0, n = 0; i < e->n_properties && n < sizeof names; i++) {
        const property *p = &h->properties[e->first + i];
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%.*s", i ? ", " : "", PSH__SHOW(p->name));
    }
    return psh__error(err, PSH_ERR_PARAMETER, "no field '%s'; the vertices have %s", field, names);
}

static psh_status take_vertices(cursor *c, const header *h, const element *e, const char *field, psh__builder *mesh,
                                psh_error *err) {
    columns place;
    size_t n_bytes;
    bool is_fixed;
    PSH_TRY(find_columns(h, e, field, &place, err));
    PSH_TRY(check_size(c, h, e, &n_bytes, &is_fixed, err));
    if (place.field != SIZE_MAX && !(mesh->values = psh__malloc(e->n_rows, sizeof *mesh->values)))
        return psh__error_memory(err, "a field", e->n_rows * sizeof *mesh->values);
    for (size_t row = 0; row < e->n_rows; row++) {
        double point[3] = {0}, value;
        for (size_t i = 0; i < e->n_properties; i++) {
            const property *p = &h->properties[e->first + i];
            if (p->of_count.kind) {
                PSH_TRY(skip_property(c, p, err));
                continue;
            }
            PSH_TRY(next_number(c, p->of_item, &value, err));
            for (int axis = 0; axis < 3; axis++)
                if (i == place.axes[axis]) point[axis] = value;
            if (i == place.field) mesh->values[row] = value;
        }
        PSH_TRY(psh__builder_vertex(mesh, point, err));
    }
    return PSH_OK;
}

static bool is_corners(const property *p) {
    return p->of_count.kind && (psh__word_is(p->name, "vertex_indices") || psh__word_is(p->name, "vertex_index"));
}

static psh_status take_polygon(cursor *c, const property *p, psh__builder *mesh, psh_error *err) {
    int64_t n_corners, corner;
    PSH_TRY(next_count(c, p, &n_corners, err));
    for (int64_t i = 0; i < n_corners; i++) {
        PSH_TRY(next_integer(c, p->of_item, &corner, err));
        PSH_TRY(psh__builder_corner(mesh, corner, err));
    }
    return psh__builder_close_polygon(mesh, err);
}

static psh_status take_faces(cursor *c, const header *h, const element *e, psh__builder *mesh, psh_error *err) {
    size_t n_bytes, i_corners = SIZE_MAX;
    bool is_fixed;
    for (size_t i = e->n_properties; i-- > 0;)
        if (is_corners(&h->properties[e->first + i])) i_corners = i;
    if (i_corners == SIZE_MAX && e->n_rows > 0)
        return psh__error(err, PSH_ERR_CORRUPT, "PLY faces without the list vertex_indices");
    PSH_TRY(check_size(c, h, e, &n_bytes, &is_fixed, err));
    for (size_t row = 0; row < e->n_rows; row++)
        for (size_t i = 0; i < e->n_properties; i++) {
            const property *p = &h->properties[e->first + i];
            psh_status status = i == i_corners ? take_polygon(c, p, mesh, err) : skip_property(c, p, err);
            if (status == PSH_ERR_DATA) return psh__error_prefix(err, status, "face %zu (from 0)", row);
            if (status != PSH_OK) return status;
        }
    return PSH_OK;
}

static psh_status take_elements(cursor *c, const header *h, const char *field, psh__builder *mesh, psh_error *err) {
    bool has_vertices = false, has_faces = false, has_strips = false;
    for (size_t i = 0; i < h->n_elements; i++) {
        const element *e = &h->elements[i];
        if (psh__word_is(e->name, "vertex") && !has_vertices) {
            has_vertices = true;
            PSH_TRY(take_vertices(c, h, e, field, mesh, err));
        } else if (psh__word_is(e->name, "face") && !has_faces) {
            has_faces = true;
            PSH_TRY(take_faces(c, h, e, mesh, err));
        } else {
            has_strips = has_strips || psh__word_is(e->name, "tristrips");
            PSH_TRY(skip_element(c, h, e, err));
        }
    }
    if (!has_vertices) return psh__error(err, PSH_ERR_CORRUPT, "PLY without an element vertex");
    if (has_strips && !has_faces)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "PLY with triangle strips; expected faces; save it with them");
    return PSH_OK;
}

static psh_status check_end(cursor *c, psh_error *err) {
    psh__span word;
    bool is_end = c->encoding == TEXT ? !psh__word_next(&c->line, &word) && psh__lines_end(&c->lines) : c->at == c->end;
    if (is_end) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "PLY goes on after the rows that its header announces");
}

/* --- the format --------------------------------------------------------------------------------------------------- */

bool psh__ply_is(const psh__head *head) {
    return head->n_bytes >= 4 && !memcmp(head->bytes, "ply", 3) && (head->bytes[3] == '\n' || head->bytes[3] == '\r');
}

psh_status psh__ply_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    (void)i_item;
    const psh__content *content = &file->content;
    psh__builder mesh = {0};
    header h = {0};
    psh_status status;
    cursor c = {.lines = psh__lines_of(content->data, content->n_bytes)};
    PSH_TRY_GOTO(take_header(&c.lines, &h, err));
    c.encoding = h.encoding;
    c.line = (psh__span){c.lines.rest.at, c.lines.rest.at};
    c.at = (const uint8_t *)c.lines.rest.at, c.end = content->data + content->n_bytes;
    PSH_TRY_GOTO(take_elements(&c, &h, file->params->field, &mesh, err));
    PSH_TRY_GOTO(check_end(&c, err));
    status = psh__builder_finish(&mesh, dst, err);
done:
    psh__builder_free(&mesh);
    free_header(&h);
    return status;
}
