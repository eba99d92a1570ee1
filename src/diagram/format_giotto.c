/* format_giotto.c : giotto-tda's arrays: (n_samples, n_features, 3) of birth, death, dim, the same number of rows for
 * every diagram.
 *
 * Diagrams have different numbers of points; giotto-tda fills up with points on the diagonal, which to it are no
 * points. So here too: rows with birth = death are padding, wherever they stand, and are not read. It keeps the points
 * of each dimension together, dimensions rising, with as many rows for each as the diagram with most points of it needs
 * (one at least), and pads with the least birth that the dimension has anywhere. That is what is written, in float64.
 * So the order of points changes (by dimension, otherwise as it was), and points on the diagonal do not come back.
 * Infinite deaths are kept; giotto-tda itself replaces them. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "diagram/npy_table.h"

#define MAX_DIMS 64

/* --- reading ------------------------------------------------------------------------------------------------------ */

static psh_status read_sample(const char *path, const double *rows, size_t n_rows, size_t i_sample, psh_diagrams *set,
                              psh_error *err) {
    size_t n_open = 0;
    for (size_t i = 0; i < n_rows; i++) {
        const double *row = rows + 3 * i;
        int32_t dim;
        if (row[0] == row[1] && isfinite(row[0])) continue;
        if (!psh__dim_from(row[2], &dim))
            return psh__error(err, PSH_ERR_DATA,
                              "%s: sample %zu, row %zu: dimension %g; expected birth, death and dimension 0, 1, 2, ...",
                              path, i_sample, i, row[2]);
        psh_status status = psh__set_take_point(set, &n_open, row[0], row[1], dim, err);
        if (status != PSH_OK) return psh__error_prefix(err, status, "%s: sample %zu, row %zu", path, i_sample, i);
    }
    return psh__set_end_diagram(set, n_open, "", 0, -1, err);
}

psh_status psh__diagrams_read_giotto(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err) {
    static const char expected[] = "(n_samples, n_features, 3): birth, death, dimension";
    size_t shape[PSH__ARRAY_MAX_AXES];
    double *rows = NULL;
    psh_status status = psh__npy_table(path, bytes, 3, expected, shape, &rows, err);
    if (status != PSH_OK) return status;
    if (shape[2] != 3 || (shape[1] == 0 && shape[0] > 0)) /* samples of nothing could be any number */
        status = psh__error(err, PSH_ERR_SHAPE, "%s: an array of %zu x %zu x %zu; expected %s", path, shape[0],
                            shape[1], shape[2], expected);
    for (size_t i = 0; status == PSH_OK && i < shape[0]; i++)
        status = read_sample(path, rows + 3 * shape[1] * i, shape[1], i, set, err);
    psh__free(rows);
    return status;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* The rows that each dimension has in every sample. */
typedef struct plan {
    size_t n_dims, n_rows; /* rows in all */
    struct block {
        int32_t dim;
        size_t n_rows, n_here; /* n_here: of the diagram at hand */
        double padding;
    } blocks[MAX_DIMS]; /* dims rising */
} plan;

static bool is_on_diagonal(const psh_diagrams *set, size_t i_point) {
    return set->points[2 * i_point] == set->points[2 * i_point + 1];
}

static struct block *block_of(plan *p, int32_t dim) {
    for (size_t i = 0; i < p->n_dims; i++)
        if (p->blocks[i].dim == dim) return &p->blocks[i];
    return NULL;
}

static psh_status add_block(plan *p, int32_t dim, double birth, struct block **dst, psh_error *err) {
    size_t at = p->n_dims;
    if (p->n_dims == MAX_DIMS)
        return psh__error(err, PSH_ERR_SHAPE, "more than %d homology dimensions; write .npz", MAX_DIMS);
    for (; at > 0 && p->blocks[at - 1].dim > dim; at--) p->blocks[at] = p->blocks[at - 1];
    p->blocks[at] = (struct block){.dim = dim, .n_rows = 1, .padding = birth};
    p->n_dims++;
    *dst = &p->blocks[at];
    return PSH_OK;
}

static psh_status make_plan(const psh_diagrams *set, plan *p, psh_error *err) {
    *p = (plan){0};
    for (size_t i = 0; i < set->n_diagrams; i++) {
        for (size_t k = 0; k < p->n_dims; k++) p->blocks[k].n_here = 0;
        for (size_t j = set->offsets[i]; j < set->offsets[i + 1]; j++) {
            double birth = set->points[2 * j];
            struct block *block = block_of(p, set->dims[j]);
            if (!block) PSH_TRY(add_block(p, set->dims[j], birth, &block, err));
            if (birth < block->padding) block->padding = birth;
            if (is_on_diagonal(set, j)) continue;
            if (++block->n_here > block->n_rows) block->n_rows = block->n_here;
        }
    }
    if (p->n_dims == 0) p->blocks[p->n_dims++] = (struct block){.n_rows = 1}; /* no points at all */
    for (size_t k = 0; k < p->n_dims; k++) p->n_rows += p->blocks[k].n_rows;
    return PSH_OK;
}

/* Diagram i as rows : (p->n_rows, 3). */
static void fill_sample(const psh_diagrams *set, plan *p, size_t i, double *rows) {
    size_t start = 0;
    for (size_t k = 0; k < p->n_dims; start += p->blocks[k++].n_rows) {
        const struct block *block = &p->blocks[k];
        size_t at = start;
        for (size_t j = set->offsets[i]; j < set->offsets[i + 1]; j++)
            if (set->dims[j] == block->dim && !is_on_diagonal(set, j)) {
                rows[3 * at] = set->points[2 * j], rows[3 * at + 1] = set->points[2 * j + 1];
                rows[3 * at++ + 2] = block->dim;
            }
        for (; at < start + block->n_rows; at++)
            rows[3 * at] = rows[3 * at + 1] = block->padding, rows[3 * at + 2] = block->dim;
    }
}

psh_status psh__giotto_lost(const psh_diagrams *set, psh__lost *lost, psh_error *err) {
    size_t n_on_diagonal = 0;
    for (size_t i = 0; i < set->n_points; i++) n_on_diagonal += is_on_diagonal(set, i);
    if (n_on_diagonal) psh__lost_add(lost, "points on the diagonal");
    return PSH_OK;
}

psh_status psh__diagrams_write_giotto(const psh_diagrams *set, const char *path, psh_error *err) {
    plan p;
    psh__file file;
    char head[256];
    PSH_TRY(make_plan(set, &p, err));
    size_t shape[3] = {set->n_diagrams, p.n_rows, 3}, n_bytes = p.n_rows * 3 * sizeof(double);
    double *rows = psh__malloc(p.n_rows, 3 * sizeof *rows);
    if (!rows) return psh__error_memory(err, "a diagram", n_bytes);
    psh_status status = psh__file_create(path, &file, err);
    if (status == PSH_OK) {
        status = psh__file_write(&file, head, psh__npy_header("<f8", shape, 3, head), err);
        for (size_t i = 0; status == PSH_OK && i < set->n_diagrams; i++) {
            fill_sample(set, &p, i, rows);
            status = psh__file_write(&file, rows, n_bytes, err);
        }
        if (status == PSH_OK)
            status = psh__file_commit(&file, err);
        else
            psh__file_abort(&file);
    }
    psh__free(rows);
    return status;
}
