/* vtk_xml.c : the markup of VTK's XML files, by expat.
 *
 * A file is <VTKFile type=T> <T> <FieldData/> <Piece> <PointData/> <CellData/> <Points/> <Cells/> </Piece> </T>
 * <AppendedData/> </VTKFile>. Only the sizes, and where each payload lies, are kept; vtk_data.c decodes payloads.
 *
 * Raw appended data are no XML, so expat is stopped at the start tag of AppendedData and never sees what follows. It is
 * fed a megabyte at a time, since its own buffer grows to what it is fed. Inline payloads are not gathered either:
 * their place in the file is noted from expat's byte positions, which is exact as long as a payload is plain
 * characters; references and sections of CDATA in one fail later, as what they are not: numbers or base64.
 *
 * A document type is refused, so there are no entities to expand. expat allocates through our allocator. */
#include "base/vtk_xml.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "base/text.h"

#define CHUNK_BYTES ((size_t)1 << 20)
#define HEAD_BYTES 4096          /* the outermost element begins within these */
#define MAX_COUNT (SIZE_MAX / 2) /* of anything: so no count is mistaken for PSH__VTK_ANY_TUPLES */
#define SHOWN 60                 /* characters of a name in an error text */

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- expat's memory ----------------------------------------------------------------------------------------------- */

/* realloc() of base/alloc.h wants the old size, which expat does not say: it stands before each block. */
#define SIZE_BYTES 64

static void *on_malloc(size_t n_bytes) {
    size_t total;
    if (!psh__size_add(n_bytes, SIZE_BYTES, &total)) return NULL;
    uint8_t *block = psh__malloc(total, 1);
    if (!block) return NULL;
    memcpy(block, &total, sizeof total);
    return block + SIZE_BYTES;
}

static void *on_realloc(void *ptr, size_t n_bytes) {
    size_t old, total;
    if (!ptr) return on_malloc(n_bytes);
    if (!psh__size_add(n_bytes, SIZE_BYTES, &total)) return NULL;
    uint8_t *block = (uint8_t *)ptr - SIZE_BYTES;
    memcpy(&old, block, sizeof old);
    block = psh__realloc(block, old, total, 1);
    if (!block) return NULL;
    memcpy(block, &total, sizeof total);
    return block + SIZE_BYTES;
}

static void on_free(void *ptr) {
    if (ptr) psh__free((uint8_t *)ptr - SIZE_BYTES);
}

/* --- what is known while parsing ---------------------------------------------------------------------------------- */

typedef struct job {
    XML_Parser parser;
    psh__vtk *vtk;
    psh_error *err;
    psh_status status;
    bool is_stopped; /* by a fault, or by AppendedData */
    bool is_root_seen, is_piece_seen, is_piece_ignored;
    psh__vtk_section section;
    const char *section_name; /* the element that `section` came from, NULL outside of any */
    psh__vtk_array *open;     /* the DataArray that we are in */
    psh__vtk_array ignored;   /* stands for all of an empty piece */
    size_t n_inside;          /* elements open inside it */
} job;

static void stop(job *j, psh_status status) {
    j->status = status;
    j->is_stopped = true;
    XML_StopParser(j->parser, XML_FALSE);
}

#define FAULT(j, status, ...) stop((j), psh__error((j)->err, (status), __VA_ARGS__))

static unsigned long line_of(const job *j) {
    return (unsigned long)XML_GetCurrentLineNumber(j->parser);
}

static const char *attribute(const XML_Char **attributes, const char *name) {
    for (; *attributes; attributes += 2)
        if (!strcmp(attributes[0], name)) return attributes[1];
    return NULL;
}

static bool read_size(const char *text, size_t *dst) {
    size_t value = 0, i = 0, n_chars = strlen(text);
    while (n_chars && is_blank((uint8_t)text[n_chars - 1])) n_chars--; /* VTK pads numbers that it fills in later */
    for (; i < n_chars && text[i] >= '0' && text[i] <= '9'; i++)
        if (!psh__size_mul(value, 10, &value) || !psh__size_add(value, (size_t)(text[i] - '0'), &value)) return false;
    *dst = value;
    return i > 0 && i == n_chars && value <= MAX_COUNT;
}

/* A size that may be absent; false after a fault. */
static bool read_attribute(job *j, const XML_Char **attributes, const char *name, size_t fallback, size_t *dst) {
    const char *text = attribute(attributes, name);
    *dst = fallback;
    if (!text || read_size(text, dst)) return true;
    FAULT(j, PSH_ERR_CORRUPT, "line %lu: %s=\"%.40s\"; expected a count", line_of(j), name, text);
    return false;
}

static bool copy_text(job *j, const char *text, char **dst) {
    psh__free(*dst);
    if ((*dst = psh__strdup(text ? text : ""))) return true;
    stop(j, psh__error_memory(j->err, "a VTK file", text ? strlen(text) : 0));
    return false;
}

/* --- elements ----------------------------------------------------------------------------------------------------- */

static bool is_known_type(const char *type) {
    static const char *const known[] = {"ImageData", "UnstructuredGrid", "PolyData", "RectilinearGrid",
                                        "StructuredGrid"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(type, known[i])) return true;
    return false;
}

static void open_root(job *j, const char *name, const XML_Char **attributes) {
    j->is_root_seen = true;
    if (strcmp(name, "VTKFile") != 0) {
        FAULT(j, PSH_ERR_FORMAT, "XML whose outermost element is <%.*s>; expected a VTK file, <VTKFile>", SHOWN, name);
        return;
    }
    const char *type = attribute(attributes, "type"), *order = attribute(attributes, "byte_order");
    const char *header = attribute(attributes, "header_type");
    if (!copy_text(j, type, &j->vtk->type)) return;
    if (!copy_text(j, attribute(attributes, "compressor"), &j->vtk->compressor)) return;
    type = j->vtk->type;
    if (!is_known_type(type)) {
        if (*type == 'P' || strstr(type, "DataSet") || strstr(type, "Collection"))
            FAULT(j, PSH_ERR_UNSUPPORTED,
                  "VTK file of type %.*s, an index of other files; give the pieces that it names", SHOWN, type);
        else
            FAULT(j, PSH_ERR_UNSUPPORTED, "VTK file of type '%.*s'; expected ImageData, UnstructuredGrid or PolyData",
                  SHOWN, type);
        return;
    }
    j->vtk->header_bytes = header && !strcmp(header, "UInt64") ? 8 : 4;
    j->vtk->is_big_endian = order && !strcmp(order, "BigEndian");
    if ((header && strcmp(header, "UInt64") && strcmp(header, "UInt32")) ||
        (order && strcmp(order, "BigEndian") && strcmp(order, "LittleEndian")))
        FAULT(j, PSH_ERR_CORRUPT,
              "line %lu: header_type '%.20s', byte_order '%.20s'; expected UInt32 or UInt64, "
              "LittleEndian or BigEndian",
              line_of(j), header ? header : "", order ? order : "");
}

/* "x0 x1 y0 y1 z0 z1" to the number of points along each axis. */
static bool read_extent(const char *text, size_t sides[3]) {
    int64_t bounds[6];
    for (int i = 0; i < 6; i++) {
        while (is_blank((uint8_t)*text)) text++;
        size_t n_chars = strcspn(text, " \t\r\n");
        if (!psh__integer_read(text, n_chars, &bounds[i])) return false;
        text += n_chars;
    }
    for (int i = 0; i < 3; i++) {
        int64_t side;
        if (__builtin_sub_overflow(bounds[2 * i + 1], bounds[2 * i], &side) || __builtin_add_overflow(side, 1, &side))
            return false;
        sides[i] = side < 0 ? 0 : (size_t)side;
    }
    return text[strspn(text, " \t\r\n")] == 0;
}

static bool count_grid(psh__vtk *vtk) {
    size_t n_points = 1, n_cells = 1;
    for (int i = 0; i < 3; i++) {
        size_t side = vtk->sides[i];
        if (!psh__size_mul(n_points, side, &n_points)) return false;
        if (!psh__size_mul(n_cells, side > 1 ? side - 1 : side, &n_cells)) return false;
    }
    vtk->n_points = n_points, vtk->n_cells = n_cells;
    return n_points <= MAX_COUNT;
}

static bool count_cells(job *j, const XML_Char **attributes) {
    static const char *const kinds[] = {"NumberOfVerts", "NumberOfLines", "NumberOfStrips", "NumberOfPolys"};
    psh__vtk *vtk = j->vtk;
    if (strcmp(vtk->type, "PolyData") != 0) return read_attribute(j, attributes, "NumberOfCells", 0, &vtk->n_cells);
    vtk->n_cells = 0;
    for (int i = 0; i < 4; i++) {
        size_t n_cells;
        if (!read_attribute(j, attributes, kinds[i], 0, &n_cells)) return false;
        if (i == 1) vtk->n_lines = n_cells;
        if (i == 2) vtk->n_strips = n_cells;
        if (psh__size_add(vtk->n_cells, n_cells, &vtk->n_cells) && vtk->n_cells <= MAX_COUNT) continue;
        FAULT(j, PSH_ERR_CORRUPT, "line %lu: more cells than 64 bits can count", line_of(j));
        return false;
    }
    return true;
}

static void free_array(psh__vtk_array *array) {
    psh__free(array->name);
    psh__free(array->type);
}

/* Parallel runs leave empty pieces beside the one with data: arrays of an empty one give way to those of the next. */
static void drop_piece(psh__vtk *vtk) {
    size_t n = 0;
    for (size_t i = 0; i < vtk->n_arrays; i++)
        if (vtk->arrays[i].section == PSH__VTK_FIELD_DATA)
            vtk->arrays[n++] = vtk->arrays[i];
        else
            free_array(&vtk->arrays[i]);
    vtk->n_arrays = n;
}

static void open_piece(job *j, const XML_Char **attributes) {
    psh__vtk *vtk = j->vtk, before = *vtk;
    const char *extent = attribute(attributes, "Extent");
    if (extent) {
        if (!read_extent(extent, vtk->sides) || !count_grid(vtk)) {
            FAULT(j, PSH_ERR_CORRUPT, "line %lu: Extent=\"%.60s\"; expected six integers, x0 x1 y0 y1 z0 z1",
                  line_of(j), extent);
            return;
        }
    } else if (!read_attribute(j, attributes, "NumberOfPoints", 0, &vtk->n_points) || !count_cells(j, attributes)) {
        return;
    }
    if (j->is_piece_seen && before.n_points > 0 && vtk->n_points > 0) {
        FAULT(j, PSH_ERR_UNSUPPORTED,
              "line %lu: a second piece with points in it; one is read; merge the pieces into one first", line_of(j));
        return;
    }
    if (j->is_piece_seen && before.n_points > 0) {
        *vtk = before;
        j->is_piece_ignored = true;
    } else if (j->is_piece_seen) {
        drop_piece(vtk);
    }
    j->is_piece_seen = true;
}

static const struct {
    const char *name;
    psh__vtk_section section;
} sections[] = {
    {"PointData", PSH__VTK_POINT_DATA}, {"CellData", PSH__VTK_CELL_DATA}, {"FieldData", PSH__VTK_FIELD_DATA},
    {"Points", PSH__VTK_POINTS},        {"Cells", PSH__VTK_CELLS},        {"Polys", PSH__VTK_POLYS},
    {"Verts", PSH__VTK_OTHER},          {"Lines", PSH__VTK_OTHER},        {"Strips", PSH__VTK_OTHER},
    {"Coordinates", PSH__VTK_OTHER},
};

static void open_section(job *j, const char *name, const XML_Char **attributes) {
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (strcmp(name, sections[i].name) != 0) continue;
        j->section = sections[i].section, j->section_name = sections[i].name;
        const char *active = attribute(attributes, "Scalars");
        if (!active || j->is_piece_ignored) return;
        if (j->section == PSH__VTK_POINT_DATA) copy_text(j, active, &j->vtk->active_points);
        if (j->section == PSH__VTK_CELL_DATA) copy_text(j, active, &j->vtk->active_cells);
    }
}

static void find_type(psh__vtk_array *array) {
    static const struct {
        const char *name;
        char kind;
        uint8_t item_bytes;
    } types[] = {{"Int8", 'i', 1},    {"UInt8", 'u', 1},   {"Int16", 'i', 2}, {"UInt16", 'u', 2},
                 {"Int32", 'i', 4},   {"UInt32", 'u', 4},  {"Int64", 'i', 8}, {"UInt64", 'u', 8},
                 {"Float32", 'f', 4}, {"Float64", 'f', 8}, {"String", 'u', 1}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(array->type, types[i].name)) array->kind = types[i].kind, array->item_bytes = types[i].item_bytes;
}

/* Where the values are, and how many. */
static bool read_layout(job *j, const XML_Char **attributes, psh__vtk_array *array) {
    const psh__vtk *vtk = j->vtk;
    const char *format = attribute(attributes, "format");
    size_t n_tuples;
    array->place = !format                       ? PSH__VTK_ASCII
                   : !strcmp(format, "appended") ? PSH__VTK_APPENDED
                   : !strcmp(format, "binary")   ? PSH__VTK_BINARY
                                                 : PSH__VTK_ASCII;
    bool is_appended = array->place == PSH__VTK_APPENDED;
    if (!read_attribute(j, attributes, "NumberOfTuples", PSH__VTK_ANY_TUPLES, &n_tuples) ||
        !read_attribute(j, attributes, "NumberOfComponents", 1, &array->n_components) ||
        (is_appended && !read_attribute(j, attributes, "offset", 0, &array->start)))
        return false;
    if (array->n_components == 0 || (format && array->place == PSH__VTK_ASCII && strcmp(format, "ascii") != 0) ||
        (is_appended && !attribute(attributes, "offset"))) {
        FAULT(j, PSH_ERR_CORRUPT,
              "line %lu: array '%.*s' of %zu components, format '%.20s'; expected at least one, and ascii, binary, or "
              "appended with an offset",
              line_of(j), SHOWN, array->name, array->n_components, format ? format : "ascii");
        return false;
    }
    bool is_text = !strcmp(array->type, "String");
    array->n_tuples = array->section == PSH__VTK_POINT_DATA || array->section == PSH__VTK_POINTS ? vtk->n_points
                      : array->section == PSH__VTK_CELL_DATA                                     ? vtk->n_cells
                      : array->section == PSH__VTK_FIELD_DATA                                    ? n_tuples
                                                                                                 : PSH__VTK_ANY_TUPLES;
    if (is_text) array->n_tuples = PSH__VTK_ANY_TUPLES, array->n_components = 1; /* tuples are texts, items are bytes */
    return true;
}

static void open_array(job *j, const XML_Char **attributes) {
    psh__vtk *vtk = j->vtk;
    if (j->is_piece_ignored) {
        j->open = &j->ignored;
        return;
    }
    if (!PSH_GROW(&vtk->arrays, &vtk->arrays_room, vtk->n_arrays + 1)) {
        stop(j, psh__error_memory(j->err, "the list of arrays", vtk->n_arrays * sizeof *vtk->arrays));
        return;
    }
    psh__vtk_array *array = &vtk->arrays[vtk->n_arrays++];
    *array = (psh__vtk_array){.section = j->section};
    if (!copy_text(j, attribute(attributes, "Name"), &array->name)) return;
    if (!copy_text(j, attribute(attributes, "type"), &array->type)) return;
    find_type(array);
    if (read_layout(j, attributes, array)) j->open = array;
}

static void open_appended(job *j, const XML_Char **attributes) {
    const char *encoding = attribute(attributes, "encoding");
    psh__vtk *vtk = j->vtk;
    size_t start = (size_t)XML_GetCurrentByteIndex(j->parser) + (size_t)XML_GetCurrentByteCount(j->parser);
    while (start < vtk->n_bytes && is_blank(vtk->bytes[start])) start++;
    vtk->is_appended_base64 = encoding && !strcmp(encoding, "base64");
    if (encoding && strcmp(encoding, "raw") != 0 && !vtk->is_appended_base64)
        FAULT(j, PSH_ERR_UNSUPPORTED, "line %lu: appended data encoded as '%.40s'; expected raw or base64", line_of(j),
              encoding);
    else if (start >= vtk->n_bytes || vtk->bytes[start] != '_')
        FAULT(j, PSH_ERR_CORRUPT, "line %lu: appended data do not begin with _", line_of(j));
    else
        vtk->appended = start + 1, stop(j, PSH_OK);
}

/* --- expat's calls ------------------------------------------------------------------------------------------------ */

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes) {
    job *j = user;
    if (j->is_stopped) return;
    if (j->open)
        j->n_inside++; /* InformationKey and the like */
    else if (!j->is_root_seen)
        open_root(j, name, attributes);
    else if (!strcmp(name, "AppendedData"))
        open_appended(j, attributes);
    else if (!strcmp(name, "Piece"))
        open_piece(j, attributes);
    else if (!strcmp(name, "DataArray") || !strcmp(name, "Array"))
        open_array(j, attributes);
    else
        open_section(j, name, attributes);
}

static void XMLCALL on_end(void *user, const XML_Char *name) {
    job *j = user;
    if (j->is_stopped) return;
    if (j->open && j->n_inside)
        j->n_inside--;
    else if (j->open)
        j->open = NULL;
    else if (j->section_name && !strcmp(name, j->section_name))
        j->section = PSH__VTK_OTHER, j->section_name = NULL;
    else if (!strcmp(name, "Piece"))
        j->is_piece_ignored = false;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int n_chars) {
    job *j = user;
    psh__vtk_array *array = j->open;
    if (j->is_stopped || !array || j->n_inside || array->place == PSH__VTK_APPENDED) return;
    int n_blank = 0;
    while (n_blank < n_chars && is_blank((uint8_t)text[n_blank])) n_blank++;
    if (n_blank == n_chars) return;
    size_t start = (size_t)XML_GetCurrentByteIndex(j->parser);
    if (!array->stop) array->start = start;
    array->stop = start + (size_t)XML_GetCurrentByteCount(j->parser);
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                               int has_subset) {
    job *j = user;
    (void)name, (void)system, (void)public, (void)has_subset;
    if (!j->is_stopped)
        FAULT(j, PSH_ERR_UNSUPPORTED, "line %lu: a document type (<!DOCTYPE>); VTK files have none; remove it",
              line_of(j));
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static psh_status feed(job *j) {
    const psh__vtk *vtk = j->vtk;
    for (size_t at = 0;;) {
        size_t n_bytes = vtk->n_bytes - at < CHUNK_BYTES ? vtk->n_bytes - at : CHUNK_BYTES;
        bool is_last = at + n_bytes == vtk->n_bytes;
        enum XML_Status result = XML_Parse(j->parser, (const char *)vtk->bytes + at, (int)n_bytes, is_last);
        if (j->is_stopped) return j->status;
        if (result != XML_STATUS_OK) {
            enum XML_Error fault = XML_GetErrorCode(j->parser);
            if (fault == XML_ERROR_NO_MEMORY) return psh__error_memory(j->err, "parsing XML", n_bytes);
            return psh__error(j->err, PSH_ERR_CORRUPT, "line %lu: %s; the file is damaged or truncated", line_of(j),
                              XML_ErrorString(fault));
        }
        if (is_last) return PSH_OK;
        at += n_bytes;
    }
}

psh_status psh__vtk_parse(const uint8_t *bytes, size_t n_bytes, psh__vtk *dst, psh_error *err) {
    static const XML_Memory_Handling_Suite memory = {on_malloc, on_realloc, on_free};
    *dst = (psh__vtk){.bytes = bytes, .n_bytes = n_bytes};
    job j = {.vtk = dst, .err = err};
    j.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (!j.parser) return psh__error_memory(err, "parsing XML", 0);
    XML_SetUserData(j.parser, &j);
    XML_SetElementHandler(j.parser, on_start, on_end);
    XML_SetCharacterDataHandler(j.parser, on_text);
    XML_SetStartDoctypeDeclHandler(j.parser, on_doctype);
    psh_status status = feed(&j);
    XML_ParserFree(j.parser);
    if (status == PSH_OK && !j.is_piece_seen)
        status = psh__error(err, PSH_ERR_CORRUPT, "VTK file without a <Piece>, so without data");
    if (status != PSH_OK) psh__vtk_free(dst);
    return status;
}

void psh__vtk_free(psh__vtk *vtk) {
    for (size_t i = 0; i < vtk->n_arrays; i++) free_array(&vtk->arrays[i]);
    psh__free(vtk->arrays);
    psh__free(vtk->type);
    psh__free(vtk->compressor);
    psh__free(vtk->active_points);
    psh__free(vtk->active_cells);
    *vtk = (psh__vtk){0};
}

/* Where <VTKFile begins among the first bytes, after what XML may have before it; n_bytes if nowhere. */
static size_t find_root(const uint8_t *bytes, size_t n_bytes) {
    static const char root[] = "<VTKFile";
    size_t n_seen = n_bytes < HEAD_BYTES ? n_bytes : HEAD_BYTES, at = 0;
    if (n_seen >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) at = 3;
    while (at < n_seen && is_blank(bytes[at])) at++;
    if (at == n_seen || bytes[at] != '<') return n_bytes;
    for (; at + sizeof root - 1 <= n_seen; at++)
        if (!memcmp(bytes + at, root, sizeof root - 1)) return at;
    return n_bytes;
}

bool psh__vtk_is(const uint8_t *bytes, size_t n_bytes) {
    return find_root(bytes, n_bytes) < n_bytes;
}

bool psh__vtk_is_grid(const uint8_t *bytes, size_t n_bytes) {
    static const char *const grids[] = {"ImageData", "RectilinearGrid", "StructuredGrid"};
    size_t at = find_root(bytes, n_bytes), n_seen = n_bytes < HEAD_BYTES ? n_bytes : HEAD_BYTES;
    for (; at + 6 < n_seen && bytes[at] != '>'; at++) {
        if (!is_blank(bytes[at]) || memcmp(bytes + at + 1, "type=", 5) != 0) continue;
        const char *type = (const char *)bytes + at + 7; /* after the quote */
        for (size_t i = 0; i < 3; i++) {
            size_t n = strlen(grids[i]);
            if (at + 7 + n < n_seen && !memcmp(type, grids[i], n) && type[n] == (char)bytes[at + 6]) return true;
        }
    }
    return false;
}

const psh__vtk_array *psh__vtk_find(const psh__vtk *vtk, psh__vtk_section section, const char *name) {
    for (size_t i = 0; i < vtk->n_arrays; i++)
        if (vtk->arrays[i].section == section && (!name || !strcmp(vtk->arrays[i].name, name))) return &vtk->arrays[i];
    return NULL;
}

const char *psh__vtk_list(const psh__vtk *vtk, psh__vtk_section section, char *text, size_t room) {
    size_t n_chars = (size_t)snprintf(text, room, "none");
    const char *separator = "";
    for (size_t i = 0, at = 0; i < vtk->n_arrays && at < room; i++) {
        const psh__vtk_array *array = &vtk->arrays[i];
        if (array->section != section) continue;
        char components[32] = "";
        if (array->n_components > 1) snprintf(components, sizeof components, " x %zu", array->n_components);
        n_chars = (size_t)snprintf(text + at, room - at, "%s%.*s (%.20s%s)", separator, SHOWN, array->name, array->type,
                                   components);
        at += n_chars, separator = ", ";
    }
    return text;
}
