/* matrix.c : the distances between the points of one item, dense or as a list of edges.
 *
 * One form for one content, so that what follows need not think: -0 becomes 0; edges are sorted by (i, j), each once,
 * and one of infinite length is left out, since that is what a pair that is not listed means. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/shape.h"

/* --- dense -------------------------------------------------------------------------------------------------------- */

static psh_status check_pairs(size_t n_points, size_t *n_pairs, psh_error *err) {
    size_t n_bytes;
    if (!psh__size_pairs(n_points, n_pairs) || !psh__size_mul(*n_pairs, sizeof(double), &n_bytes))
        return psh__error(err, PSH_ERR_SHAPE, "the distances of %zu points are more than memory can address", n_points);
    return PSH_OK;
}

static psh_status fault_distance(double distance, size_t i, size_t j, psh_error *err) {
    if (isnan(distance)) return psh__error(err, PSH_ERR_NOT_FINITE, "the distance of points %zu and %zu is NaN", i, j);
    return psh__error(err, PSH_ERR_DATA, "the distance of points %zu and %zu is %g; expected 0 or more", i, j,
                      distance);
}

/* Row i holds the i pairs (i, 0) to (i, i-1). Adding 0 turns -0 into 0 and leaves all else as it is. */
static psh_status tidy_lower(double *lower, size_t n_points, psh_error *err) {
    for (size_t i = 1; i < n_points; lower += i, i++) {
        int n_bad = 0;
        for (size_t j = 0; j < i; j++) {
            n_bad += !(lower[j] >= 0);
            lower[j] += 0.0;
        }
        for (size_t j = 0; n_bad && j < i; j++)
            if (!(lower[j] >= 0)) return fault_distance(lower[j], i, j, err);
    }
    return PSH_OK;
}

/* --- sparse ------------------------------------------------------------------------------------------------------- */

static psh_status check_edge(const psh_edge *edge, size_t n_points, psh_error *err) {
    if (edge->i == edge->j)
        return psh__error(err, PSH_ERR_DATA, "an edge from point %u to itself; expected pairs i > j", edge->i);
    if (edge->i < edge->j) return psh__error(err, PSH_ERR_DATA, "an edge (%u, %u); expected i > j", edge->i, edge->j);
    if (edge->i >= n_points)
        return psh__error(err, PSH_ERR_DATA, "an edge (%u, %u), but there are only %zu points, numbered from 0",
                          edge->i, edge->j, n_points);
    return edge->distance >= 0 ? PSH_OK : fault_distance(edge->distance, edge->i, edge->j, err);
}

static uint64_t edge_key(const psh_edge *edge) {
    return (uint64_t)edge->i << 32 | edge->j;
}

static int compare_edges(const void *a, const void *b) {
    const psh_edge *x = a, *y = b;
    uint64_t key_x = edge_key(x), key_y = edge_key(y);
    if (key_x != key_y) return key_x < key_y ? -1 : 1;
    return (x->distance > y->distance) - (x->distance < y->distance);
}

static psh_status tidy_edges(psh_edge *edges, size_t *n_edges, size_t n_points, psh_error *err) {
    bool is_sorted = true;
    size_t n_kept = 0;
    for (size_t e = 0; e < *n_edges; e++) {
        PSH_TRY(check_edge(&edges[e], n_points, err));
        edges[e].distance += 0.0;
        is_sorted = is_sorted && (e == 0 || edge_key(&edges[e - 1]) < edge_key(&edges[e]));
    }
    if (!is_sorted) qsort(edges, *n_edges, sizeof *edges, compare_edges);
    for (size_t e = 0; e < *n_edges; e++) {
        if (e > 0 && edge_key(&edges[e - 1]) == edge_key(&edges[e])) {
            if (edges[e - 1].distance == edges[e].distance) continue;
            return psh__error(err, PSH_ERR_DATA, "the pair (%u, %u) has two distances, %g and %g; expected one",
                              edges[e].i, edges[e].j, edges[e - 1].distance, edges[e].distance);
        }
        if (edges[e].distance < INFINITY) edges[n_kept++] = edges[e];
    }
    *n_edges = n_kept;
    return PSH_OK;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

/* Takes over lower or edges. */
static psh_status finish(psh_matrix what, psh_status status, psh_matrix **dst, psh_error *err) {
    psh_matrix *matrix = NULL;
    if (status == PSH_OK && !(matrix = psh__malloc(1, sizeof *matrix)))
        status = psh__error_memory(err, "a distance matrix", sizeof *matrix);
    if (status != PSH_OK) {
        psh__free(what.lower);
        psh__free(what.edges);
        return status;
    }
    *matrix = what;
    *dst = matrix;
    return PSH_OK;
}

psh_status psh__matrix_take_dense(double *lower, size_t n_points, psh_matrix **dst, psh_error *err) {
    size_t n_pairs;
    psh_status status = check_pairs(n_points, &n_pairs, err);
    if (status == PSH_OK) status = tidy_lower(lower, n_points, err);
    return finish((psh_matrix){.n_points = n_points, .lower = lower}, status, dst, err);
}

psh_status psh__matrix_take_sparse(psh_edge *edges, size_t n_edges, size_t n_points, psh_matrix **dst, psh_error *err) {
    psh_status status = PSH_OK;
    if (n_points > (size_t)UINT32_MAX + 1)
        status = psh__error(err, PSH_ERR_SHAPE, "%zu points; at most 2^32 can be joined by edges", n_points);
    if (status == PSH_OK) status = tidy_edges(edges, &n_edges, n_points, err);
    return finish((psh_matrix){.n_points = n_points, .edges = edges, .n_edges = n_edges}, status, dst, err);
}

psh_status psh_matrix_create_dense(const double *lower, size_t n_points, psh_matrix **dst, psh_error *err) {
    assert((lower || n_points < 2) && dst);
    size_t n_pairs;
    PSH_TRY(check_pairs(n_points, &n_pairs, err));
    double *copy = psh__malloc(n_pairs, sizeof *copy);
    if (!copy) return psh__error_memory(err, "a distance matrix", n_pairs * sizeof *copy);
    if (n_pairs) memcpy(copy, lower, n_pairs * sizeof *copy);
    return psh__matrix_take_dense(copy, n_points, dst, err);
}

psh_status psh_matrix_create_sparse(const psh_edge *edges, size_t n_edges, size_t n_points, psh_matrix **dst,
                                    psh_error *err) {
    assert((edges || n_edges == 0) && dst);
    psh_edge *copy = psh__malloc(n_edges, sizeof *copy);
    if (!copy) return psh__error_memory(err, "a sparse distance matrix", n_edges * sizeof *copy);
    if (n_edges) memcpy(copy, edges, n_edges * sizeof *copy);
    return psh__matrix_take_sparse(copy, n_edges, n_points, dst, err);
}

void psh_matrix_free(psh_matrix *matrix) {
    if (!matrix) return;
    psh__free(matrix->lower);
    psh__free(matrix->edges);
    psh__free(matrix);
}

size_t psh_matrix_n_points(const psh_matrix *matrix) {
    return matrix->n_points;
}

bool psh_matrix_is_sparse(const psh_matrix *matrix) {
    return matrix->edges != NULL;
}

const double *psh_matrix_lower(const psh_matrix *matrix) {
    return matrix->lower;
}

const psh_edge *psh_matrix_edges(const psh_matrix *matrix) {
    return matrix->edges;
}

size_t psh_matrix_n_edges(const psh_matrix *matrix) {
    return matrix->n_edges;
}
