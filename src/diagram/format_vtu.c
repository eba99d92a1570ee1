/* format_vtu.c : reading persistence diagrams of the Topology ToolKit (TTK), VTK's .vtu.
 *
 * A diagram is an UnstructuredGrid of lines: cell i is a pair, from its birth point (b, b, z) to its death point (b, d,
 * z). Arrays of the cells say the rest, in any order and type, among others that are not looked at:
 *
 *   PairType     homology dimension
 *   Birth        b; where it is missing (TTK before 2021) the points tell
 *   Death        d; or
 *   Persistence  d = b + Persistence. Arrays of float32 lose d's last bits in that sum, so the death point's y is taken
 *                where the points are those of the diagram, which is tested on all of them; else (after TTK's
 * projection into the domain, or a translation) the sum, rounded to the type of Birth IsFinite     0: an essential
 * class, d = inf, whatever the arrays above say; all are finite where it is missing PairIdentifier  -1: not a pair but
 * the diagonal, drawn as a cell; left out
 *
 * Several diagrams may stand in one file: "ID of Diagram" (of cells or points) tells them apart, in rising order, and
 * "ID of Cluster" is their label. Old versions of TTK list the pair of the global minimum and maximum twice, with two
 * types; both are kept, since that is what the file says. */
#include "diagram/format_vtu.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/vtk_xml.h"
#include "diagram/format.h"

#define VTK_LINE 3

typedef struct reader {
    psh__vtk vtk;
    psh_diagrams *set;
    size_t n_cells;
    int64_t *ends;     // (n_cells, 2) point numbers of each cell
    int64_t *pair_ids; // (n_cells), or NULL; so with all below
    int64_t *dims, *are_finite;
    double *births, *deaths, *persistences;
    double *points;    // (n_points, 3)
    int64_t *diagrams; // (n_cells) number of the diagram in the file; or NULL: all are one
    int64_t *clusters; // (n_cells)
    int64_t *labels;   // (n_labels) of our field data
    size_t n_labels;
    int64_t cluster;      /* of the one diagram, in TTK's field data; -1: not there */
    bool is_birth_narrow; /* float32 */
} reader;

static void reader_free(reader *file) {
    void *blocks[] = {file->ends,         file->pair_ids, file->dims,     file->are_finite, file->births, file->deaths,
                      file->persistences, file->points,   file->diagrams, file->clusters,   file->labels};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) psh__free(blocks[i]);
    psh__vtk_free(&file->vtk);
}

/* --- arrays ------------------------------------------------------------------------------------------------------- */

/* (n_tuples) of one component, as integers; n_tuples PSH__VTK_ANY_TUPLES: any, and *n_found says how many. */
static psh_status read_integers(const reader *file, const psh__vtk_array *array, size_t n_tuples, int64_t **dst,
                                size_t *n_found, psh_error *err) {
    psh__array values;
    PSH_TRY(psh__vtk_read(&file->vtk, array, &values, err));
    psh_status status;
    if (array->n_components != 1 || (n_tuples != PSH__VTK_ANY_TUPLES && values.n_items != n_tuples))
        status = psh__error(err, PSH_ERR_SHAPE, "array '%.60s': %zu values of %zu components; expected %zu of 1",
                            array->name, values.shape[0], array->n_components, n_tuples);
    else
        status = psh__array_to_i64(&values, array->name, dst, err);
    if (n_found) *n_found = values.n_items;
    psh__array_free(&values);
    return status;
}

/* Absent: *dst stays NULL. */
static psh_status read_cell_integers(const reader *file, const char *name, int64_t **dst, psh_error *err) {
    const psh__vtk_array *array = psh__vtk_find(&file->vtk, PSH__VTK_CELL_DATA, name);
    return array ? read_integers(file, array, file->n_cells, dst, NULL, err) : PSH_OK;
}

static psh_status read_doubles(const reader *file, const psh__vtk_array *array, size_t n_components, double **dst,
                               psh_error *err) {
    psh__array values;
    if (array->n_components != n_components)
        return psh__error(err, PSH_ERR_SHAPE, "array '%.60s': %zu components; expected %zu", array->name,
                          array->n_components, n_components);
    PSH_TRY(psh__vtk_read(&file->vtk, array, &values, err));
    psh_status status = psh__array_to_f64(&values, array->name, dst, err);
    psh__array_free(&values);
    return status;
}

static psh_status read_cell_doubles(const reader *file, const char *name, double **dst, psh_error *err) {
    const psh__vtk_array *array = psh__vtk_find(&file->vtk, PSH__VTK_CELL_DATA, name);
    return array ? read_doubles(file, array, 1, dst, err) : PSH_OK;
}

static psh_status read_cells(reader *file, psh_error *err) {
    psh_status status = PSH_OK;
    int64_t *offsets = NULL, *types = NULL;
    const psh__vtk *vtk = &file->vtk;
    const psh__vtk_array *ends = psh__vtk_find(vtk, PSH__VTK_CELLS, "connectivity");
    const psh__vtk_array *stops = psh__vtk_find(vtk, PSH__VTK_CELLS, "offsets");
    const psh__vtk_array *kinds = psh__vtk_find(vtk, PSH__VTK_CELLS, "types");
    if (file->n_cells == 0) return PSH_OK;
    if (!ends || !stops || !kinds)
        return psh__error(err, PSH_ERR_CORRUPT, "the cells lack connectivity, offsets or types");
    PSH_TRY_GOTO(read_integers(file, kinds, file->n_cells, &types, NULL, err));
    PSH_TRY_GOTO(read_integers(file, stops, file->n_cells, &offsets, NULL, err));
    for (size_t i = 0; i < file->n_cells; i++)
        if (types[i] != VTK_LINE || offsets[i] != (int64_t)(2 * i + 2)) {
            status =
                psh__error(err, PSH_ERR_FORMAT,
                           "cell %zu is of type %lld and ends at %lld; expected lines (type 3) of two points each, "
                           "the pairs of a diagram",
                           i, (long long)types[i], (long long)offsets[i]);
            goto done;
        }
    PSH_TRY_GOTO(read_integers(file, ends, 2 * file->n_cells, &file->ends, NULL, err));
    for (size_t i = 0; i < 2 * file->n_cells; i++)
        if (file->ends[i] < 0 || (uint64_t)file->ends[i] >= vtk->n_points) {
            status = psh__error(err, PSH_ERR_DATA, "cell %zu joins point %lld; there are %zu points", i / 2,
                                (long long)file->ends[i], vtk->n_points);
            goto done;
        }
done:
    psh__free(offsets);
    psh__free(types);
    return status;
}

/* An array of the cells, or of the points: then each cell has the value of its first point. Absent: NULL. */
static psh_status read_groups(const reader *file, const char *const *names, int64_t **dst, psh_error *err) {
    const psh__vtk_array *array = NULL;
    for (; *names && !array; names++) {
        array = psh__vtk_find(&file->vtk, PSH__VTK_CELL_DATA, *names);
        if (!array) array = psh__vtk_find(&file->vtk, PSH__VTK_POINT_DATA, *names);
    }
    if (!array) return PSH_OK;
    if (array->section == PSH__VTK_CELL_DATA) return read_integers(file, array, file->n_cells, dst, NULL, err);
    int64_t *values = NULL, *groups = NULL;
    PSH_TRY(read_integers(file, array, file->vtk.n_points, &values, NULL, err));
    if ((groups = psh__malloc(file->n_cells, sizeof *groups)))
        for (size_t i = 0; i < file->n_cells; i++) groups[i] = values[file->ends[2 * i]];
    psh__free(values);
    *dst = groups;
    return groups ? PSH_OK : psh__error_memory(err, array->name, file->n_cells * sizeof *groups);
}

/* TTK's clustering puts the cluster of a diagram into the field data, as a number of any type. */
static psh_status read_cluster(reader *file, const char *const *names, psh_error *err) {
    for (; *names; names++) {
        size_t n_found = 0;
        int64_t *values = NULL;
        const psh__vtk_array *array = psh__vtk_find(&file->vtk, PSH__VTK_FIELD_DATA, *names);
        if (!array) continue;
        psh_error fault; /* what is no integer is no cluster, and no fault */
        psh_status status = read_integers(file, array, PSH__VTK_ANY_TUPLES, &values, &n_found, &fault);
        if (status == PSH_ERR_MEMORY) {
            if (err) *err = fault;
            return status;
        }
        if (status == PSH_OK && n_found == 1) file->cluster = values[0];
        psh__free(values);
    }
    return PSH_OK;
}

/* Without them there is no birth or no death, or only a sum of float32. */
static bool must_use_points(const reader *file) {
    return !file->births || !(file->deaths || file->persistences);
}

static bool may_need_points(const reader *file) {
    return must_use_points(file) || (!file->deaths && file->is_birth_narrow);
}

static psh_status read_arrays(reader *file, psh_error *err) {
    static const char *const diagram_names[] = {PSH__VTU_DIAGRAM, "DiagramID", "DiagramId", NULL};
    static const char *const cluster_names[] = {PSH__VTU_CLUSTER, "ClusterID", "ClusterId", NULL};
    const psh__vtk_array *birth = psh__vtk_find(&file->vtk, PSH__VTK_CELL_DATA, PSH__VTU_BIRTH);
    const psh__vtk_array *points = psh__vtk_find(&file->vtk, PSH__VTK_POINTS, NULL);
    const psh__vtk_array *labels = psh__vtk_find(&file->vtk, PSH__VTK_FIELD_DATA, PSH__VTU_LABELS);
    file->is_birth_narrow = birth && birth->kind == 'f' && birth->item_bytes == sizeof(float);
    PSH_TRY(read_cells(file, err));
    PSH_TRY(read_cell_integers(file, PSH__VTU_PAIR_ID, &file->pair_ids, err));
    PSH_TRY(read_cell_integers(file, PSH__VTU_PAIR_TYPE, &file->dims, err));
    PSH_TRY(read_cell_integers(file, PSH__VTU_IS_FINITE, &file->are_finite, err));
    PSH_TRY(read_cell_doubles(file, PSH__VTU_BIRTH, &file->births, err));
    PSH_TRY(read_cell_doubles(file, PSH__VTU_DEATH, &file->deaths, err));
    if (!file->deaths) PSH_TRY(read_cell_doubles(file, PSH__VTU_PERSISTENCE, &file->persistences, err));
    PSH_TRY(read_groups(file, diagram_names, &file->diagrams, err));
    PSH_TRY(read_groups(file, cluster_names, &file->clusters, err));
    if (!file->diagrams && !file->clusters) PSH_TRY(read_cluster(file, cluster_names, err));
    if (points && may_need_points(file)) PSH_TRY(read_doubles(file, points, 3, &file->points, err));
    if (labels) PSH_TRY(read_integers(file, labels, PSH__VTK_ANY_TUPLES, &file->labels, &file->n_labels, err));
    return PSH_OK;
}

/* --- pairs -------------------------------------------------------------------------------------------------------- */

static bool is_diagonal(const reader *file, size_t i_cell) {
    return file->pair_ids ? file->pair_ids[i_cell] == -1 : file->dims[i_cell] == -1;
}

static double sum_of(const reader *file, size_t i_cell) {
    double death = file->births[i_cell] + file->persistences[i_cell];
    return file->is_birth_narrow ? (float)death : death;
}

static bool is_close(double a, double b, double scale) {
    return fabs(a - b) <= 4 * (double)FLT_EPSILON * scale;
}

/* Are the points of every cell (b, b) and (b, d)? Without a Birth array: (x, x) and (x, y) for any x and y. */
static bool are_points_canonical(const reader *file) {
    if (!file->points) return false;
    for (size_t i = 0; i < file->n_cells; i++) {
        if (is_diagonal(file, i)) continue;
        const double *from = file->points + 3 * file->ends[2 * i], *to = file->points + 3 * file->ends[2 * i + 1];
        if (!(from[0] == from[1] && from[0] == to[0])) return false;
        if (!file->births) continue;
        double birth = file->births[i], death = file->persistences ? sum_of(file, i) : to[1];
        double scale = fmax(fabs(birth), fabs(death));
        if (!is_close(from[0], birth, scale) || !is_close(to[1], death, scale)) return false;
    }
    return true;
}

/* Fills births and deaths from what there is. */
static psh_status complete_coordinates(reader *file, psh_error *err) {
    bool uses_points = may_need_points(file) && are_points_canonical(file);
    if (must_use_points(file) && !uses_points && file->n_cells)
        return psh__error(err, PSH_ERR_DATA,
                          "no cell arrays Birth and Persistence (or Death), and the points are not (birth, birth) and "
                          "(birth, death): the diagram was moved or projected; save it as it was computed");
    if (!file->births) {
        if (!(file->births = psh__calloc(file->n_cells, sizeof *file->births)))
            return psh__error_memory(err, "births", file->n_cells * sizeof *file->births);
        for (size_t i = 0; i < file->n_cells; i++) file->births[i] = file->points[3 * file->ends[2 * i]];
    }
    if (file->deaths) return PSH_OK;
    if (!(file->deaths = psh__malloc(file->n_cells, sizeof *file->deaths)))
        return psh__error_memory(err, "deaths", file->n_cells * sizeof *file->deaths);
    for (size_t i = 0; i < file->n_cells; i++)
        file->deaths[i] = uses_points ? file->points[3 * file->ends[2 * i + 1] + 1] : sum_of(file, i);
    return PSH_OK;
}

static psh_status add_pair(reader *file, size_t i_cell, size_t *n_open, psh_error *err) {
    bool is_essential = file->are_finite && !file->are_finite[i_cell];
    double birth = file->births[i_cell], death = is_essential ? INFINITY : file->deaths[i_cell];
    int64_t dim = file->dims[i_cell];
    psh_status status = PSH_OK;
    if (dim > INT32_MAX || dim < 0)
        status = psh__error(err, PSH_ERR_DATA, "PairType %lld; expected a homology dimension", (long long)dim);
    if (status == PSH_OK) status = psh__set_take_point(file->set, n_open, birth, death, (int32_t)dim, err);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "cell %zu", i_cell);
}

/* --- diagrams ----------------------------------------------------------------------------------------------------- */

/* Cells in the order of their diagrams, and within one in that of the file. */
typedef struct place {
    int64_t diagram;
    size_t i_cell;
} place;

static int compare_places(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->diagram != y->diagram) return x->diagram < y->diagram ? -1 : 1;
    return (x->i_cell > y->i_cell) - (x->i_cell < y->i_cell);
}

/* Our labels say how many diagrams there are, if the numbers in the file fit; else each number that occurs is one. */
static bool are_numbers_dense(const reader *file, const place *places) {
    return file->labels && (file->n_cells == 0 || (places[0].diagram >= 0 && file->n_labels > 0 &&
                                                   (uint64_t)places[file->n_cells - 1].diagram < file->n_labels));
}

/* A cluster that all pairs of a diagram share is its label. */
static int64_t label_of(const reader *file, const place *places, size_t n_places) {
    if (!file->diagrams && file->cluster >= 0) return file->cluster;
    if (!file->clusters || n_places == 0) return -1;
    int64_t label = file->clusters[places[0].i_cell];
    for (size_t i = 1; i < n_places; i++)
        if (file->clusters[places[i].i_cell] != label) return -1;
    return label < 0 ? -1 : label;
}

static psh_status add_diagram(reader *file, const place *places, size_t n_places, psh_error *err) {
    size_t n_open = 0, i_diagram = file->set->n_diagrams;
    for (size_t i = 0; i < n_places; i++)
        if (!is_diagonal(file, places[i].i_cell)) PSH_TRY(add_pair(file, places[i].i_cell, &n_open, err));
    int64_t label = i_diagram < file->n_labels ? file->labels[i_diagram] : label_of(file, places, n_places);
    if (label < -1)
        return psh__error(err, PSH_ERR_DATA, "array '%s': %lld; expected a class, or -1 for none", PSH__VTU_LABELS,
                          (long long)label);
    return psh__set_end_diagram(file->set, n_open, "", 0, label, err);
}

static psh_status add_diagrams(reader *file, psh_error *err) {
    psh_status status = PSH_OK;
    size_t n_cells = file->n_cells, n_diagrams = 0;
    bool is_sorted = true;
    place *places = psh__malloc(n_cells, sizeof *places);
    if (!places) return psh__error_memory(err, "the order of the pairs", n_cells * sizeof *places);
    for (size_t i = 0; i < n_cells; i++) {
        places[i] = (place){file->diagrams ? file->diagrams[i] : 0, i};
        is_sorted = is_sorted && (i == 0 || places[i - 1].diagram <= places[i].diagram);
    }
    if (!is_sorted) qsort(places, n_cells, sizeof *places, compare_places);
    bool is_dense = are_numbers_dense(file, places);
    if (!is_dense) file->n_labels = 0;
    for (size_t i = 0, next; i < n_cells; i = next) {
        for (next = i; next < n_cells && places[next].diagram == places[i].diagram;) next++;
        for (; is_dense && n_diagrams < (uint64_t)places[i].diagram; n_diagrams++)
            PSH_TRY_GOTO(add_diagram(file, NULL, 0, err));
        PSH_TRY_GOTO(add_diagram(file, places + i, next - i, err));
        n_diagrams++;
    }
    size_t n_expected = is_dense ? file->n_labels : !file->diagrams; /* no pair at all: one empty diagram */
    for (; n_diagrams < n_expected; n_diagrams++) PSH_TRY_GOTO(add_diagram(file, NULL, 0, err));
done:
    psh__free(places);
    return status;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* Texts of the field data, with a zero after each; *texts points into *block. */
typedef struct texts {
    psh__array block;
    const char **items; // (n_items)
    size_t n_items;
} texts;

static void texts_free(texts *words) {
    psh__free(words->items);
    psh__array_free(&words->block);
}

/* Absent: no items. */
static psh_status read_texts(const reader *file, const char *name, texts *dst, psh_error *err) {
    const psh__vtk_array *array = psh__vtk_find(&file->vtk, PSH__VTK_FIELD_DATA, name);
    *dst = (texts){0};
    if (!array || strcmp(array->type, "String") != 0) return PSH_OK;
    PSH_TRY(psh__vtk_read(&file->vtk, array, &dst->block, err));
    const char *at = dst->block.data, *end = at + dst->block.n_items;
    if (at < end && end[-1] != 0) {
        texts_free(dst);
        return psh__error(err, PSH_ERR_CORRUPT, "array '%s': its last text does not end", name);
    }
    size_t n_items = 0;
    for (const char *next = at; next < end; next += strlen(next) + 1) n_items++;
    if (!(dst->items = psh__malloc(n_items, sizeof *dst->items))) {
        texts_free(dst);
        return psh__error_memory(err, name, n_items * sizeof *dst->items);
    }
    for (; at < end; at += strlen(at) + 1) dst->items[dst->n_items++] = at;
    return PSH_OK;
}

/* Names that are not as many as the diagrams belong to another set: someone took pairs out. */
static psh_status take_names(reader *file, const texts *names, psh_error *err) {
    psh_diagrams *set = file->set;
    size_t n_bytes = 0;
    if (names->n_items != set->n_diagrams) return PSH_OK;
    for (size_t i = 0; i < names->n_items; i++) n_bytes += strlen(names->items[i]) + 1;
    PSH_TRY(psh__set_reserve(set, 0, 0, n_bytes, err));
    set->n_name_bytes = 0;
    for (size_t i = 0; i < names->n_items; i++) {
        size_t n = strlen(names->items[i]) + 1;
        set->names[i] = set->n_name_bytes;
        memcpy(set->name_text + set->n_name_bytes, names->items[i], n);
        set->n_name_bytes += n;
    }
    return PSH_OK;
}

static psh_status take_metadata(reader *file, const texts *text, psh_error *err) {
    psh_meta *meta;
    if (text->n_items != 1) return PSH_OK;
    psh_status status = psh_meta_read_text(text->items[0], &meta, err);
    if (status != PSH_OK) return psh__error_prefix(err, status, "array '%s'", PSH__VTU_METADATA);
    psh_meta_free(file->set->meta);
    file->set->meta = meta;
    return PSH_OK;
}

static psh_status read_names(reader *file, psh_error *err) {
    psh_status status = PSH_OK;
    texts names = {0}, classes = {0}, metadata = {0};
    PSH_TRY_GOTO(read_texts(file, PSH__VTU_NAMES, &names, err));
    PSH_TRY_GOTO(take_names(file, &names, err));
    PSH_TRY_GOTO(read_texts(file, PSH__VTU_LABEL_NAMES, &classes, err));
    if (classes.n_items) PSH_TRY_GOTO(psh_diagrams_set_label_names(file->set, classes.items, classes.n_items, err));
    PSH_TRY_GOTO(read_texts(file, PSH__VTU_METADATA, &metadata, err));
    PSH_TRY_GOTO(take_metadata(file, &metadata, err));
done:
    texts_free(&names);
    texts_free(&classes);
    texts_free(&metadata);
    return status;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static psh_status check_kind(const reader *file, psh_error *err) {
    char text[200];
    const psh__vtk *vtk = &file->vtk;
    if (strcmp(vtk->type, "UnstructuredGrid") != 0)
        return psh__error(
            err, PSH_ERR_FORMAT,
            "VTK file of type %s; a persistence diagram is an UnstructuredGrid; if this is a field, compute "
            "its diagram first",
            vtk->type);
    if (psh__vtk_find(vtk, PSH__VTK_CELL_DATA, PSH__VTU_PAIR_TYPE)) return PSH_OK;
    return psh__error(err, PSH_ERR_FORMAT, "no persistence diagram of TTK: no cell array '%s'; the cells have: %s",
                      PSH__VTU_PAIR_TYPE, psh__vtk_list(vtk, PSH__VTK_CELL_DATA, text, sizeof text));
}

static psh_status read_file(reader *file, const psh__bytes *bytes, psh_error *err) {
    PSH_TRY(psh__vtk_parse(bytes->data, bytes->n_bytes, &file->vtk, err));
    PSH_TRY(check_kind(file, err));
    file->n_cells = file->vtk.n_cells;
    PSH_TRY(read_arrays(file, err));
    PSH_TRY(complete_coordinates(file, err));
    PSH_TRY(add_diagrams(file, err));
    return read_names(file, err);
}

psh_status psh__diagrams_read_vtu(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    reader file = {.set = set, .cluster = -1};
    psh_status status = read_file(&file, bytes, err);
    reader_free(&file);
    return status == PSH_OK ? PSH_OK : psh__error_prefix(err, status, "%s", path);
}
