/* lower_star.c : scalar fields on triangulated domains: parameters in, intervals out.
 *
 *     check -> engine (lower_star_mesh.c; for images cubical2d.c with six neighbours) -> values -> intervals.c
 *
 * The grid of TTK: each square of four pixels is cut from its upper right to its lower left corner (its implicit
 * triangulation: triangles (x, y) (x + 1, y) (x, y + 1) and (x + 1, y) (x + 1, y + 1) (x, y + 1)), so that a pixel has
 * six neighbours. Among triangles the complement of a sublevel set hangs together by the same six neighbours, so the 2D
 * engine needs no more than its rings read that way. Volumes: lower_star3d.c. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "homology/cubical2d.h"
#include "homology/intervals.h"
#include "homology/lower_star3d.h"
#include "homology/lower_star_mesh.h"
#include "homology/value_key.h"

#define ALL_DIMS 7u /* H0, H1, H2 */

struct psh_lower_star {
    psh__cubical2d plane;
    psh__lower_star3d space;
    psh__mesh_stars stars;
    psh__intervals intervals;
};

psh_status psh_lower_star_create(psh_lower_star **dst, psh_error *err) {
    *dst = psh__calloc(1, sizeof **dst);
    if (!*dst) return psh__error_memory(err, "lower-star homology", sizeof **dst);
    psh__cubical2d_init(&(*dst)->plane);
    return PSH_OK;
}

void psh_lower_star_free(psh_lower_star *lower_star) {
    if (!lower_star) return;
    psh__cubical2d_free(&lower_star->plane);
    psh__lower_star3d_free(&lower_star->space);
    psh__mesh_stars_free(&lower_star->stars);
    psh__intervals_free(&lower_star->intervals);
    psh__free(lower_star);
}

static psh_status start(psh_lower_star *lower_star, const psh_homology_params *src, psh_homology_params *params,
                        psh_error *err) {
    psh__params_copy(params, sizeof *params, src);
    psh__intervals_start(&lower_star->intervals);
    return psh__intervals_check(params, err);
}

/* Pairs of dimension `dim`, if it is asked for; keys become values. */
static psh_status add_pairs(psh_lower_star *lower_star, const psh_homology_params *params, psh_dtype dtype, int dim,
                            const psh__pairs *pairs, psh_error *err) {
    bool is_superlevel = params->filtration == PSH_SUPERLEVEL;
    if (!psh__intervals_wants(params, dim, ALL_DIMS)) return PSH_OK;
    PSH_TRY(psh__intervals_reserve(&lower_star->intervals, pairs->n_items, err));
    for (size_t i = 0; i < pairs->n_items; i++)
        psh__intervals_add(&lower_star->intervals, params, dim,
                           psh__key_value(dtype, is_superlevel, pairs->items[i].key),
                           psh__key_value(dtype, is_superlevel, pairs->items[i].value));
    return PSH_OK;
}

static psh_status add_essential(psh_lower_star *lower_star, const psh_homology_params *params, psh_dtype dtype, int dim,
                                uint64_t key, psh_error *err) {
    if (!psh__intervals_wants(params, dim, ALL_DIMS)) return PSH_OK;
    PSH_TRY(psh__intervals_reserve(&lower_star->intervals, 1, err));
    psh__intervals_add(&lower_star->intervals, params, dim,
                       psh__key_value(dtype, params->filtration == PSH_SUPERLEVEL, key), INFINITY);
    return PSH_OK;
}

static psh_status finish(psh_lower_star *lower_star, const psh_interval **intervals, size_t *n_intervals,
                         size_t *n_essential, psh_error *err) {
    psh__intervals *found = &lower_star->intervals;
    PSH_TRY(psh__intervals_sort(found, err));
    *intervals = found->items;
    *n_intervals = found->n_items;
    if (n_essential) *n_essential = found->n_essential;
    return PSH_OK;
}

psh_status psh_lower_star_compute_mesh(psh_lower_star *lower_star, const psh_mesh *mesh,
                                       const psh_homology_params *params, const psh_interval **intervals,
                                       size_t *n_intervals, size_t *n_essential, psh_error *err) {
    psh_homology_params p;
    psh__mesh_stars *stars = &lower_star->stars;
    PSH_TRY(start(lower_star, params, &p, err));
    if (!psh_mesh_values(mesh) && psh_mesh_n_vertices(mesh) > 0)
        return psh__error(err, PSH_ERR_DATA,
                          "mesh of %zu vertices without a scalar field; name an array of its file, or x, y or z for "
                          "the height",
                          psh_mesh_n_vertices(mesh));
    PSH_TRY(psh__mesh_stars_compute(stars, mesh, p.filtration == PSH_SUPERLEVEL, err));
    for (int dim = 0; dim < 2; dim++) PSH_TRY(add_pairs(lower_star, &p, PSH_F64, dim, &stars->pairs[dim], err));
    for (size_t i = 0; i < stars->essential.n_items; i++) {
        psh__record class = stars->essential.items[i];
        PSH_TRY(add_essential(lower_star, &p, PSH_F64, (int)class.value, class.key, err));
    }
    return finish(lower_star, intervals, n_intervals, n_essential, err);
}

static psh_status compute_plane(psh_lower_star *lower_star, const psh_image *image, const psh_homology_params *params,
                                psh_error *err) {
    psh__cubical2d *plane = &lower_star->plane;
    psh_dtype dtype = psh_image_dtype(image);
    PSH_TRY(psh__cubical2d_compute(plane, image, PSH__MESH_TRIANGLES, params->filtration == PSH_SUPERLEVEL,
                                   psh__intervals_wants(params, 1, ALL_DIMS), err));
    PSH_TRY(add_essential(lower_star, params, dtype, 0, plane->least_key, err));
    for (int dim = 0; dim < 2; dim++) PSH_TRY(add_pairs(lower_star, params, dtype, dim, &plane->pairs[dim], err));
    return PSH_OK;
}

static psh_status compute_space(psh_lower_star *lower_star, const psh_image *image, const psh_homology_params *params,
                                psh_error *err) {
    psh__morse3d *m = &lower_star->space.m;
    psh_dtype dtype = psh_image_dtype(image);
    PSH_TRY(psh__lower_star3d_compute(&lower_star->space, image, params->filtration == PSH_SUPERLEVEL,
                                      params->dims_mask ? params->dims_mask : ALL_DIMS, err));
    for (int dim = 0; dim < 3; dim++) PSH_TRY(add_pairs(lower_star, params, dtype, dim, &m->pairs[dim], err));
    for (size_t i = 0; i < m->essential.n_items; i++)
        PSH_TRY(
            add_essential(lower_star, params, dtype, (int)m->essential.items[i].value, m->essential.items[i].key, err));
    return PSH_OK;
}

/* A volume that is flat in y or x is an image, and is cut like one. */
static psh_status compute_flat(psh_lower_star *lower_star, const psh_image *image, const size_t shape[3],
                               const psh_homology_params *params, psh_error *err) {
    psh_image *plane;
    PSH_TRY(psh_image_create(psh_image_dtype(image), (size_t[3]){1, shape[0], shape[1] * shape[2]},
                             psh_image_pixels(image), &plane, err));
    psh_status status = compute_plane(lower_star, plane, params, err);
    psh_image_free(plane);
    return status;
}

psh_status psh_lower_star_compute_grid(psh_lower_star *lower_star, const psh_image *image,
                                       const psh_homology_params *params, const psh_interval **intervals,
                                       size_t *n_intervals, size_t *n_essential, psh_error *err) {
    psh_homology_params p;
    size_t shape[3];
    PSH_TRY(start(lower_star, params, &p, err));
    if (p.is_periodic)
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "periodic grid of triangles: only cubical grids are glued; use the cubical complex");
    psh_image_shape(image, shape);
    if (shape[0] == 1)
        PSH_TRY(compute_plane(lower_star, image, &p, err));
    else if (shape[1] == 1 || shape[2] == 1)
        PSH_TRY(compute_flat(lower_star, image, shape, &p, err));
    else
        PSH_TRY(compute_space(lower_star, image, &p, err));
    return finish(lower_star, intervals, n_intervals, n_essential, err);
}
