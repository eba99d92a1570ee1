/* rips.c : Vietoris-Rips persistence of a cloud or a matrix: parameters in, intervals out.
 *
 *     check -> lengths -> threshold -> memory estimated -> edges sorted -> graph -> sweep -> intervals */
#include <float.h>
#include <math.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "homology/intervals.h"
#include "homology/rips.h"

enum { DEFAULT_DIMS = 3 /* H0 and H1 */, ALL_DIMS = 7 };

struct psh_rips {
    psh__room room;
    psh__lengths lengths;
    psh__edges edges;
    psh__graph graph;
    psh__sweep sweep;
    psh__intervals intervals;
};

psh_status psh_rips_create(psh_rips **dst, psh_error *err) {
    *dst = psh__calloc(1, sizeof **dst);
    return *dst ? PSH_OK : psh__error_memory(err, "Rips persistence", sizeof **dst);
}

void psh_rips_free(psh_rips *rips) {
    if (!rips) return;
    psh__lengths_free(&rips->lengths);
    psh__edges_free(&rips->edges);
    psh__graph_free(&rips->graph);
    psh__sweep_free(&rips->sweep);
    psh__intervals_free(&rips->intervals);
    psh__free(rips);
}

static psh_status check_params(const psh_homology_params *params, psh_error *err) {
    PSH_TRY(psh__intervals_check(params, err));
    if (params->filtration != PSH_SUBLEVEL)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "superlevel sets of a Rips filtration: it has none; use PSH_SUBLEVEL (0)");
    if (params->dims_mask & ~(uint32_t)ALL_DIMS)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "dims_mask is %#x: Rips persistence is computed in dimensions 0, 1 and 2 (bits 1, 2, 4)",
                          (unsigned)params->dims_mask);
    if (!(params->threshold >= 0))
        return psh__error(err, PSH_ERR_PARAMETER, "threshold is %g; it must be 0 (the enclosing radius) or more",
                          params->threshold);
    if ((unsigned)params->metric > PSH_POINT_COSINE)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "metric is %d; use PSH_POINT_EUCLIDEAN (0), _MANHATTAN (1), _CHEBYSHEV (2) or _COSINE (3)",
                          (int)params->metric);
    return PSH_OK;
}

/* --- Memory ------------------------------------------------------------------------------------------------------ */

static uint64_t default_max_bytes(void) {
    long n_pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    return n_pages > 0 && page_bytes > 0 ? (uint64_t)n_pages / 4 * 3 * (uint64_t)page_bytes : UINT64_MAX;
}

/* Edges and their scratch; lengths where they are kept; a matrix of ranks and one of bits, or lists of neighbours. */
static uint64_t count_bytes(size_t n_points, uint64_t n_edges, bool is_dense) {
    double n = (double)n_points, e = (double)n_edges, n_pairs = n * (n - 1) / 2;
    double n_bytes = e * 2 * sizeof(psh__rips_edge) + n * 64 + 4096;
    if (n_pairs <= PSH__MAX_STORED_PAIRS) n_bytes += n_pairs * sizeof(double);
    n_bytes += is_dense ? (n + 16) * n * sizeof(uint32_t) + (n + 256) * n / 8 : e * 2 * sizeof(uint64_t);
    return n_bytes < 0x1p63 ? (uint64_t)n_bytes : (uint64_t)1 << 63;
}

uint64_t psh_rips_memory(size_t n_points, uint64_t n_edges) {
    return count_bytes(n_points, n_edges, psh__graph_is_dense(n_points, n_edges));
}

/* Which kind of graph fits; lists are slower, but smaller. */
static psh_status choose_graph(const psh_rips *rips, size_t n_edges, double threshold, bool *is_dense, psh_error *err) {
    size_t n_points = rips->lengths.n_points;
    *is_dense = psh__graph_is_dense(n_points, n_edges) && count_bytes(n_points, n_edges, true) <= rips->room.max_bytes;
    uint64_t n_bytes = count_bytes(n_points, n_edges, *is_dense);
    if (n_bytes <= rips->room.max_bytes) return PSH_OK;
    return psh__error(
        err, PSH_ERR_MEMORY,
        "Rips persistence of %zu points with %zu edges up to %g needs %.3g GB, the limit is %.3g GB; lower "
        "the threshold, take fewer points, or raise max_bytes",
        n_points, n_edges, ldexp(threshold, rips->lengths.exponent), 1e-9 * (double)n_bytes,
        1e-9 * (double)rips->room.max_bytes);
}

/* --- Results ----------------------------------------------------------------------------------------------------- */

static double length_of(const psh_rips *rips, uint32_t rank) {
    double length = psh__edge_length(rips->edges.items[rank]);
    return rips->lengths.exponent ? ldexp(length, rips->lengths.exponent) : length;
}

static double death_of(const psh_rips *rips, const psh__columns *columns, size_t i_birth) {
    uint32_t rank = columns->columns[i_birth].death;
    return rank == PSH__NO_RANK ? INFINITY : length_of(rips, rank);
}

static psh_status make_intervals(psh_rips *rips, const psh_homology_params *params, psh_error *err) {
    const psh__sweep *sweep = &rips->sweep;
    psh__intervals *intervals = &rips->intervals;
    size_t n_points = rips->lengths.n_points;
    psh__intervals_start(intervals);
    PSH_TRY(psh__intervals_reserve(intervals, n_points + sweep->loops.n_births + sweep->shells.n_births + 1, err));
    if (psh__intervals_wants(params, 0, DEFAULT_DIMS)) {
        for (size_t i = 0; i < sweep->n_joins; i++)
            psh__intervals_add(intervals, params, 0, 0, length_of(rips, sweep->joins[i]));
        for (size_t i = sweep->n_joins; i < n_points; i++) psh__intervals_add(intervals, params, 0, 0, INFINITY);
    }
    if (psh__intervals_wants(params, 1, DEFAULT_DIMS))
        for (size_t i = 0; i < sweep->loops.n_births; i++)
            psh__intervals_add(intervals, params, 1, length_of(rips, sweep->loop_births[i]),
                               death_of(rips, &sweep->loops, i));
    if (psh__intervals_wants(params, 2, DEFAULT_DIMS))
        for (size_t i = 0; i < sweep->shells.n_births; i++)
            psh__intervals_add(intervals, params, 2, length_of(rips, (uint32_t)(sweep->shell_births[i] >> 32)),
                               death_of(rips, &sweep->shells, i));
    return psh__intervals_sort(intervals, err);
}

/* From lengths to intervals. */
static psh_status compute(psh_rips *rips, const psh_homology_params *params, psh_error *err) {
    if (rips->lengths.n_points == 0) {
        psh__intervals_start(&rips->intervals);
        return PSH_OK;
    }
    double threshold = params->threshold > 0 ? ldexp(params->threshold, -rips->lengths.exponent) : DBL_MAX;
    threshold = fmin(threshold, DBL_MAX); /* infinite lengths are no edges */
    PSH_TRY(psh__lengths_enclosing_radius(&rips->lengths, threshold, &rips->room, &threshold, err));
    size_t n_edges = psh__edges_count(&rips->lengths, threshold);
    bool is_dense;
    PSH_TRY(choose_graph(rips, n_edges, threshold, &is_dense, err));
    PSH_TRY(psh__edges_sort(&rips->edges, &rips->lengths, threshold, n_edges, &rips->room, err));
    if (n_edges && !isfinite(length_of(rips, (uint32_t)n_edges - 1)))
        return psh__error(err, PSH_ERR_NOT_FINITE, "a distance between two points overflows; scale the points down");
    PSH_TRY(psh__graph_build(&rips->graph, rips->lengths.n_points, is_dense, &rips->edges, &rips->room, err));
    PSH_TRY(psh__sweep_run(&rips->sweep, &rips->graph, psh__intervals_wants(params, 1, DEFAULT_DIMS),
                           psh__intervals_wants(params, 2, DEFAULT_DIMS), &rips->room, err));
    return make_intervals(rips, params, err);
}

/* Exactly one of cloud and matrix. */
static psh_status compute_any(psh_rips *rips, const psh_cloud *cloud, const psh_matrix *matrix,
                              const psh_homology_params *params, const psh_interval **intervals, size_t *n_intervals,
                              size_t *n_essential, psh_error *err) {
    psh_homology_params p;
    psh__params_copy(&p, sizeof p, params);
    PSH_TRY(check_params(&p, err));
    rips->room.max_bytes = p.max_bytes ? p.max_bytes : default_max_bytes();
    PSH_TRY(cloud ? psh__lengths_of_cloud(&rips->lengths, cloud, p.metric, &rips->room, err)
                  : psh__lengths_of_matrix(&rips->lengths, matrix, err));
    PSH_TRY(compute(rips, &p, err));
    *intervals = rips->intervals.items;
    *n_intervals = rips->intervals.n_items;
    if (n_essential) *n_essential = rips->intervals.n_essential;
    return PSH_OK;
}

psh_status psh_rips_compute_cloud(psh_rips *rips, const psh_cloud *cloud, const psh_homology_params *params,
                                  const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                                  psh_error *err) {
    return compute_any(rips, cloud, NULL, params, intervals, n_intervals, n_essential, err);
}

psh_status psh_rips_compute_matrix(psh_rips *rips, const psh_matrix *matrix, const psh_homology_params *params,
                                   const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                                   psh_error *err) {
    return compute_any(rips, NULL, matrix, params, intervals, n_intervals, n_essential, err);
}
