/* format_vtu_write.c : diagram sets as a .vtu that ParaView and TTK open.
 *
 * All diagrams lie in one UnstructuredGrid, one behind the other along z: first the pairs of all of them, pair i being
 * the line of points 2 i (b, b, z) and 2 i + 1 (b, d, z), then a cell for the diagonal of each diagram that has points,
 * from its least birth to its greatest; TTK expects them last. What the arrays mean stands in format_vtu.c. Values are
 * appended raw, float64, with 64-bit headers: so they come back bit for bit. The field data have what no pair carries:
 * labels, names, names of classes, metadata; and thereby diagrams without pairs.
 *
 * An essential class is drawn up to the greatest finite coordinate of the set, IsFinite 0. Vertices and their positions
 * are not known: vertices are numbered, and positions (Coordinates, whose presence tells TTK that the points are those
 * of a diagram) are zero. The types of the critical points follow from the dimension, on a surface if that is at most
 * 1, in a volume else. */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "diagram/format.h"
#include "diagram/format_vtu.h"

#define VTK_LINE 3
#define HEAD_ROOM 8192 /* the markup is a fixed text with some thirty numbers in it */

/* A cell is a pair, or the diagonal of a diagram. */
typedef struct cell {
    size_t from, to;            /* points that it joins */
    int32_t i_diagram, id, dim; /* id and dim -1: a diagonal */
    double birth, death, persistence;
    bool is_finite;
} cell;

typedef struct writer {
    const psh_diagrams *set;
    psh__file *file;
    char *metadata;                  /* JSON */
    int32_t *diagrams;               // (n_pairs) the diagram of each
    cell *diagonals;                 // (n_cells - n_pairs)
    size_t n_pairs, n_ends, n_cells; /* M pairs have 2 M ends */
    double top, spacing;             /* where essential classes end; from diagram to diagram along z */
    int32_t domain_dim;              /* 2 or 3 */
} writer;

static cell cell_at(const writer *out, size_t i) {
    if (i >= out->n_pairs) return out->diagonals[i - out->n_pairs];
    double birth = out->set->points[2 * i], death = out->set->points[2 * i + 1];
    cell pair = {.from = 2 * i, .to = 2 * i + 1, .dim = out->set->dims[i], .i_diagram = out->diagrams[i]};
    pair.id = (int32_t)(i - out->set->offsets[pair.i_diagram]);
    pair.is_finite = !isinf(death);
    pair.birth = birth, pair.death = pair.is_finite ? death : fmax(out->top, birth);
    pair.persistence = pair.death - birth;
    return pair;
}

/* From the least birth to the greatest. TTK gives it twice the greatest persistence, so that no threshold takes it
 * away, and birth 0. */
static cell diagonal_of(const writer *out, size_t i_diagram) {
    size_t start = out->set->offsets[i_diagram], stop = out->set->offsets[i_diagram + 1], least = start, most = start;
    cell diagonal = {.i_diagram = (int32_t)i_diagram, .id = -1, .dim = -1};
    for (size_t i = start; i < stop; i++) {
        cell pair = cell_at(out, i);
        if (pair.birth < out->set->points[2 * least]) least = i;
        if (pair.birth > out->set->points[2 * most]) most = i;
        diagonal.persistence = fmax(diagonal.persistence, 2 * pair.persistence);
    }
    diagonal.from = 2 * least, diagonal.to = 2 * most;
    return diagonal;
}

/* Sizes, the domain, the box that the diagrams lie in, and the cells. */
static psh_status prepare(writer *out, psh_error *err) {
    const psh_diagrams *set = out->set;
    double low = INFINITY, high = -INFINITY;
    size_t n_diagonals = 0;
    for (size_t i = 0; i < 2 * set->n_points; i++)
        if (isfinite(set->points[i])) low = fmin(low, set->points[i]), high = fmax(high, set->points[i]);
    out->top = high;
    out->spacing = high > low && isfinite(high - low) ? (high - low) / 4 : 1;
    out->domain_dim = 2;
    for (size_t i = 0; i < set->n_points; i++)
        if (set->dims[i] > 1) out->domain_dim = 3;
    for (size_t i = 0; i < set->n_diagrams; i++) n_diagonals += set->offsets[i] < set->offsets[i + 1];
    out->n_pairs = set->n_points, out->n_ends = 2 * set->n_points, out->n_cells = set->n_points + n_diagonals;
    out->diagrams = psh__malloc(out->n_pairs, sizeof *out->diagrams);
    out->diagonals = psh__malloc(n_diagonals, sizeof *out->diagonals);
    out->metadata = psh_meta_write_text(set->meta, 0);
    if (!out->diagrams || !out->diagonals || !out->metadata)
        return psh__error_memory(err, "the cells of a .vtu", out->n_cells * sizeof *out->diagrams);
    for (size_t i = 0, k = 0; i < set->n_diagrams; i++) {
        for (size_t j = set->offsets[i]; j < set->offsets[i + 1]; j++) out->diagrams[j] = (int32_t)i;
        if (set->offsets[i] < set->offsets[i + 1]) out->diagonals[k++] = diagonal_of(out, i);
    }
    return PSH_OK;
}

/* --- values of the arrays ----------------------------------------------------------------------------------------- */

static void fill_labels(const writer *out, void *values) {
    if (out->set->n_diagrams) memcpy(values, out->set->labels, out->set->n_diagrams * sizeof *out->set->labels);
}

static char *put_text(char *dst, const char *text) {
    size_t n = strlen(text) + 1;
    memcpy(dst, text, n);
    return dst + n;
}

static void fill_names(const writer *out, void *values) {
    char *dst = values;
    for (size_t i = 0; i < out->set->n_diagrams; i++) dst = put_text(dst, psh_diagrams_name(out->set, i));
}

static void fill_label_names(const writer *out, void *values) {
    char *dst = values;
    for (size_t i = 0; i < out->set->n_classes; i++) dst = put_text(dst, out->set->label_names[i]);
}

static void fill_metadata(const writer *out, void *values) {
    put_text(values, out->metadata);
}

static void fill_vertices(const writer *out, void *values) {
    for (size_t i = 0; i < out->n_ends; i++) ((int32_t *)values)[i] = (int32_t)i;
}

/* TTK's numbers: 0 minimum, 1 and 2 saddles, 3 maximum. A class of dimension k is born by a k-saddle (k = 0: a minimum)
 * and dies by a (k + 1)-saddle (k + 1 = the domain's dimension: a maximum). */
static void fill_critical_types(const writer *out, void *values) {
    int32_t *dst = values, last = out->domain_dim - 1;
    for (size_t i = 0; i < out->n_pairs; i++) {
        cell pair = cell_at(out, i);
        int32_t dim = pair.dim < last ? pair.dim : last;
        *dst++ = dim;
        *dst++ = dim == last || !pair.is_finite ? 3 : dim + 1;
    }
}

static void fill_coordinates(const writer *out, void *values) {
    memset(values, 0, 3 * out->n_ends * sizeof(float));
}

static void fill_points(const writer *out, void *values) {
    double *dst = values;
    for (size_t i = 0; i < out->n_pairs; i++, dst += 6) {
        cell pair = cell_at(out, i);
        double z = -pair.i_diagram * out->spacing;
        memcpy(dst, (double[]){pair.birth, pair.birth, z, pair.birth, pair.death, z}, 6 * sizeof *dst);
    }
}

/* One value a cell. */
#define FILL(what, type, value)                                                                                        \
    static void fill_##what(const writer *out, void *values) {                                                         \
        for (size_t i = 0; i < out->n_cells; i++) {                                                                    \
            cell now = cell_at(out, i);                                                                                \
            ((type *)values)[i] = (value);                                                                             \
        }                                                                                                              \
    }
FILL(pair_ids, int32_t, now.id)
FILL(pair_types, int32_t, now.dim)
FILL(persistences, double, now.persistence)
FILL(births, double, now.birth)
FILL(deaths, double, now.death)
FILL(are_finite, uint8_t, now.is_finite)
FILL(diagrams, int32_t, now.i_diagram)
FILL(clusters, int64_t, out->set->labels[now.i_diagram])

static void fill_connectivity(const writer *out, void *values) {
    int64_t *dst = values;
    for (size_t i = 0; i < out->n_cells; i++) {
        cell now = cell_at(out, i);
        *dst++ = (int64_t)now.from, *dst++ = (int64_t)now.to;
    }
}

static void fill_offsets(const writer *out, void *values) {
    for (size_t i = 0; i < out->n_cells; i++) ((int64_t *)values)[i] = (int64_t)(2 * i + 2);
}

static void fill_types(const writer *out, void *values) {
    memset(values, VTK_LINE, out->n_cells);
}

/* --- arrays ------------------------------------------------------------------------------------------------------- */

typedef struct array {
    const char *section, *name, *type; /* type: with the attributes that follow it */
    size_t n_bytes;
    void (*fill)(const writer *out, void *values);
} array;

#define MAX_ARRAYS 20

/* All arrays, section by section. Texts that are all empty are left out. */
static size_t list_arrays(const writer *out, array list[MAX_ARRAYS]) {
    const psh_diagrams *set = out->set;
    size_t n = 0, ends = out->n_ends, cells = out->n_cells, n_name_bytes = 0, n_class_bytes = 0;
    for (size_t i = 0; i < set->n_diagrams; i++) n_name_bytes += strlen(psh_diagrams_name(set, i)) + 1;
    for (size_t i = 0; i < set->n_classes; i++) n_class_bytes += strlen(set->label_names[i]) + 1;
    list[n++] = (array){"FieldData", PSH__VTU_LABELS, "Int64", 8 * set->n_diagrams, fill_labels};
    if (n_name_bytes > set->n_diagrams)
        list[n++] = (array){"FieldData", PSH__VTU_NAMES, "String", n_name_bytes, fill_names};
    if (set->n_classes)
        list[n++] = (array){"FieldData", PSH__VTU_LABEL_NAMES, "String", n_class_bytes, fill_label_names};
    if (strcmp(out->metadata, "{}") != 0)
        list[n++] = (array){"FieldData", PSH__VTU_METADATA, "String", strlen(out->metadata) + 1, fill_metadata};
    list[n++] = (array){"PointData", PSH__VTU_VERTEX, "Int32", 4 * ends, fill_vertices};
    list[n++] = (array){"PointData", PSH__VTU_CRITICAL_TYPE, "Int32", 4 * ends, fill_critical_types};
    list[n++] = (array){"PointData", PSH__VTU_COORDINATES, "Float32", 12 * ends, fill_coordinates};
    list[n++] = (array){"CellData", PSH__VTU_PAIR_ID, "Int32", 4 * cells, fill_pair_ids};
    list[n++] = (array){"CellData", PSH__VTU_PAIR_TYPE, "Int32", 4 * cells, fill_pair_types};
    list[n++] = (array){"CellData", PSH__VTU_PERSISTENCE, "Float64", 8 * cells, fill_persistences};
    list[n++] = (array){"CellData", PSH__VTU_BIRTH, "Float64", 8 * cells, fill_births};
    list[n++] = (array){"CellData", PSH__VTU_DEATH, "Float64", 8 * cells, fill_deaths};
    list[n++] = (array){"CellData", PSH__VTU_IS_FINITE, "UInt8", cells, fill_are_finite};
    list[n++] = (array){"CellData", PSH__VTU_DIAGRAM, "Int32", 4 * cells, fill_diagrams};
    if (set->n_labelled) list[n++] = (array){"CellData", PSH__VTU_CLUSTER, "Int64", 8 * cells, fill_clusters};
    list[n++] = (array){"Points", "Points", "Float64", 24 * ends, fill_points};
    list[n++] = (array){"Cells", "connectivity", "Int64", 16 * cells, fill_connectivity};
    list[n++] = (array){"Cells", "offsets", "Int64", 8 * cells, fill_offsets};
    list[n++] = (array){"Cells", "types", "UInt8", cells, fill_types};
    assert(n <= MAX_ARRAYS);
    return n;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

typedef struct text {
    char *chars;
    size_t n_chars;
} text;

static void put(text *dst, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(text *dst, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(dst->chars + dst->n_chars, HEAD_ROOM - dst->n_chars, format, arguments);
    va_end(arguments);
    assert(n >= 0 && dst->n_chars + (size_t)n < HEAD_ROOM);
    dst->n_chars += (size_t)n;
}

static void put_array(text *head, const writer *out, const array *now, size_t offset) {
    bool is_text = !strcmp(now->type, "String"), is_field = !strcmp(now->section, "FieldData");
    bool is_vector = !strcmp(now->name, PSH__VTU_COORDINATES) || !strcmp(now->name, "Points");
    put(head, "        <%s type=\"%s\" Name=\"%s\"", is_text ? "Array" : "DataArray", now->type, now->name);
    if (is_vector) put(head, " NumberOfComponents=\"3\"");
    if (is_field)
        put(head, " NumberOfTuples=\"%zu\"",
            now->fill == fill_metadata      ? 1
            : now->fill == fill_label_names ? out->set->n_classes
                                            : out->set->n_diagrams);
    put(head, " format=\"appended\" offset=\"%zu\"/>\n", offset);
}

static void put_head(text *head, const writer *out, const array *list, size_t n_arrays) {
    bool is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    put(head,
        "<?xml version=\"1.0\"?>\n<VTKFile type=\"UnstructuredGrid\" version=\"1.0\" byte_order=\"%s\" "
        "header_type=\"UInt64\">\n  <UnstructuredGrid>\n",
        is_big ? "BigEndian" : "LittleEndian");
    const char *section = NULL;
    for (size_t i = 0, offset = 0; i < n_arrays; i++) {
        if (!section || strcmp(section, list[i].section) != 0) {
            if (section) put(head, "      </%s>\n", section);
            if (section && !strcmp(section, "FieldData"))
                put(head, "    <Piece NumberOfPoints=\"%zu\" NumberOfCells=\"%zu\">\n", out->n_ends, out->n_cells);
            put(head, "      <%s>\n", section = list[i].section);
        }
        put_array(head, out, &list[i], offset);
        offset += sizeof(uint64_t) + list[i].n_bytes;
    }
    put(head, "      </%s>\n    </Piece>\n  </UnstructuredGrid>\n  <AppendedData encoding=\"raw\">\n_", section);
}

static psh_status write_array(const writer *out, const array *now, psh_error *err) {
    uint64_t n_bytes = now->n_bytes;
    void *values = psh__malloc(now->n_bytes, 1);
    if (!values) return psh__error_memory(err, now->name, now->n_bytes);
    now->fill(out, values);
    psh_status status = psh__file_write(out->file, &n_bytes, sizeof n_bytes, err);
    if (status == PSH_OK) status = psh__file_write(out->file, values, now->n_bytes, err);
    psh__free(values);
    return status;
}

static psh_status write_file(const writer *out, psh_error *err) {
    static const char tail[] = "\n  </AppendedData>\n</VTKFile>\n";
    char chars[HEAD_ROOM];
    text head = {.chars = chars};
    array list[MAX_ARRAYS];
    size_t n_arrays = list_arrays(out, list);
    put_head(&head, out, list, n_arrays);
    PSH_TRY(psh__file_write(out->file, head.chars, head.n_chars, err));
    for (size_t i = 0; i < n_arrays; i++) PSH_TRY(write_array(out, &list[i], err));
    return psh__file_write(out->file, tail, sizeof tail - 1, err);
}

psh_status psh__diagrams_write_vtu(const psh_diagrams *set, const char *path, psh_error *err) {
    psh__file file;
    psh_status status;
    writer out = {.set = set, .file = &file};
    if (set->n_points > INT32_MAX / 2 || set->n_diagrams > INT32_MAX)
        return psh__error(err, PSH_ERR_SHAPE,
                          "%s: %zu points in %zu diagrams; TTK numbers at most 2^30 pairs; write .npz, or fewer", path,
                          set->n_points, set->n_diagrams);
    status = prepare(&out, err);
    if (status == PSH_OK) status = psh__file_create(path, &file, err);
    if (status == PSH_OK) {
        status = write_file(&out, err);
        if (status == PSH_OK)
            status = psh__file_commit(&file, err);
        else
            psh__file_abort(&file);
    }
    psh_text_free(out.metadata);
    psh__free(out.diagrams);
    psh__free(out.diagonals);
    return status;
}
