/* vtk_xml.h : VTK's XML files (.vti, .vtu, .vtp, .vtr, .vts): which arrays a file has, and their values.
 *
 * Parsing reads the markup alone: names, types, sizes and the place of each payload. Values are decoded array by array
 * when they are asked for. Read are ascii, base64 ("binary") and appended payloads (raw or base64), headers of 32 and
 * 64 bits, both byte orders, and the compressor vtkZLibDataCompressor. A file has one piece with points in it. */
#ifndef PSH_BASE_VTK_XML_H
#define PSH_BASE_VTK_XML_H

#include "base/array.h"

typedef enum psh__vtk_section {
    PSH__VTK_OTHER = 0, /* Verts, Lines, Strips, Coordinates... */
    PSH__VTK_POINT_DATA,
    PSH__VTK_CELL_DATA,
    PSH__VTK_FIELD_DATA,
    PSH__VTK_POINTS, /* one array of three components */
    PSH__VTK_CELLS,  /* connectivity, offsets, types */
    PSH__VTK_POLYS   /* connectivity, offsets */
} psh__vtk_section;

typedef enum psh__vtk_place { PSH__VTK_ASCII, PSH__VTK_BINARY, PSH__VTK_APPENDED } psh__vtk_place;

#define PSH__VTK_ANY_TUPLES SIZE_MAX /* only the payload tells how many */

typedef struct psh__vtk_array {
    psh__vtk_section section;
    char *name, *type;             /* "" for no name; "Float32", "String"... as the file has it */
    char kind;                     /* as in psh__array; 0: a type that is not read */
    size_t item_bytes;             /* 1 for a String, whose items are bytes: texts with a zero after each */
    size_t n_components, n_tuples; /* tuples: those of the points or cells that the array belongs to */
    psh__vtk_place place;
    size_t start, stop; /* of the file's bytes; appended: start is the offset, stop is not used */
} psh__vtk_array;

typedef struct psh__vtk {
    char *type;                         /* "ImageData"... */
    size_t sides[3];                    /* grids: points along x, y, z; else 0 */
    size_t n_points, n_cells;           /* of the piece */
    size_t n_lines, n_strips;           /* PolyData: so many of the cells are lines and triangle strips */
    char *active_points, *active_cells; /* names of the active scalars, or NULL */
    psh__vtk_array *arrays;             // (n_arrays)
    size_t n_arrays, arrays_room;
    /* How payloads are stored. */
    const uint8_t *bytes;     // (n_bytes) the file, borrowed
    size_t n_bytes, appended; /* appended: where appended data start; 0: there are none */
    size_t header_bytes;      /* 4 or 8 */
    bool is_big_endian, is_appended_base64;
    char *compressor; /* "" for none */
} psh__vtk;

/* `bytes` must outlive dst. Errors: PSH_ERR_FORMAT (no VTK file), PSH_ERR_CORRUPT with the line, PSH_ERR_UNSUPPORTED
 * (an index of other files such as .pvtu; several pieces; a document type), PSH_ERR_MEMORY. On failure nothing is left
 * to free. */
psh_status psh__vtk_parse(const uint8_t *bytes, size_t n_bytes, psh__vtk *dst, psh_error *err);
void psh__vtk_free(psh__vtk *vtk); /* zeroed struct is fine */

/* Does the file begin like XML with a VTKFile in its first bytes? */
bool psh__vtk_is(const uint8_t *bytes, size_t n_bytes);
/* And is it ImageData, a RectilinearGrid or a StructuredGrid? */
bool psh__vtk_is_grid(const uint8_t *bytes, size_t n_bytes);

/* The first array of that name; name NULL: of any. NULL if there is none. */
const psh__vtk_array *psh__vtk_find(const psh__vtk *vtk, psh__vtk_section section, const char *name);
/* "pressure (Float32), velocity (Float32 x 3)", cut to the room; "none" if there are none. Answers text. */
const char *psh__vtk_list(const psh__vtk *vtk, psh__vtk_section section, char *text, size_t room);

/* The values: (n_tuples) or, with several components, (n_tuples, n_components); borrowed from the file if they lie
 * there ready for use. Sizes are checked against the bytes there are before anything is allocated. Errors, with the
 * array's name: PSH_ERR_CORRUPT, PSH_ERR_UNSUPPORTED (type, compressor), PSH_ERR_MEMORY. */
psh_status psh__vtk_read(const psh__vtk *vtk, const psh__vtk_array *array, psh__array *dst, psh_error *err);

#endif
