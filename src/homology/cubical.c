/* cubical.c : cubical persistence of an image or a volume: parameters in, intervals out.
 *
 *     check -> engine (cubical2d.c, cubical3d.c: pairs of integer keys) -> values -> intervals.c: thresholds, essential
 * policy, order */
#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "homology/cubical2d.h"
#include "homology/cubical3d.h"
#include "homology/intervals.h"
#include "homology/value_key.h"

#define DIMS_2D 3u  /* H0 and H1 */
#define DIMS_3D 15u /* H3: a periodic volume closes up */

struct psh_cubical {
    psh__cubical2d plane;
    psh__cubical3d space;
    psh__intervals intervals;
};

psh_status psh_cubical_create(psh_cubical **dst, psh_error *err) {
    *dst = psh__calloc(1, sizeof **dst);
    if (!*dst) return psh__error_memory(err, "cubical homology", sizeof **dst);
    psh__cubical2d_init(&(*dst)->plane);
    return PSH_OK;
}

void psh_cubical_free(psh_cubical *cubical) {
    if (!cubical) return;
    psh__cubical2d_free(&cubical->plane);
    psh__cubical3d_free(&cubical->space);
    psh__intervals_free(&cubical->intervals);
    psh__free(cubical);
}

/* How the keys of an image become values, and where intervals go. */
typedef struct result {
    psh__intervals *dst;
    const psh_homology_params *params;
    psh_dtype dtype;
    uint32_t all_dims;
} result;

static double value_of(const result *r, uint64_t key) {
    return psh__key_value(r->dtype, r->params->filtration == PSH_SUPERLEVEL, key);
}

/* Pairs of dimension `dim`, if it is asked for. */
static psh_status add_pairs(const result *r, int dim, const psh__pairs *pairs, psh_error *err) {
    if (!psh__intervals_wants(r->params, dim, r->all_dims)) return PSH_OK;
    PSH_TRY(psh__intervals_reserve(r->dst, pairs->n_items, err));
    for (size_t i = 0; i < pairs->n_items; i++)
        psh__intervals_add(r->dst, r->params, dim, value_of(r, pairs->items[i].key),
                           value_of(r, pairs->items[i].value));
    return PSH_OK;
}

static psh_status add_essential(const result *r, int dim, uint64_t key, psh_error *err) {
    if (!psh__intervals_wants(r->params, dim, r->all_dims)) return PSH_OK;
    PSH_TRY(psh__intervals_reserve(r->dst, 1, err));
    psh__intervals_add(r->dst, r->params, dim, value_of(r, key), INFINITY);
    return PSH_OK;
}

static psh_status compute_plane(psh_cubical *cubical, const psh_image *image, result *r, psh_error *err) {
    psh__cubical2d *plane = &cubical->plane;
    r->all_dims = DIMS_2D;
    PSH_TRY(psh__cubical2d_compute(plane, image, (psh__mesh2d)r->params->construction,
                                   r->params->filtration == PSH_SUPERLEVEL, psh__intervals_wants(r->params, 1, DIMS_2D),
                                   err));
    PSH_TRY(add_essential(r, 0, plane->least_key, err));
    for (int dim = 0; dim < 2; dim++) PSH_TRY(add_pairs(r, dim, &plane->pairs[dim], err));
    return PSH_OK;
}

/* A glued axis of one voxel is a circle on which nothing changes: K x circle has the intervals of K, and once more one
 * dimension higher (Kunneth). The engine need not know of it. */
static psh_status compute_space(psh_cubical *cubical, const psh_image *image, result *r, psh_error *err) {
    psh__cubical3d *space = &cubical->space;
    size_t shape[3];
    bool is_glued[3];
    int n_circles = 0;
    psh_image_shape(image, shape);
    for (int axis = 0; axis < 3; axis++) {
        bool is_wanted = r->params->is_periodic && (axis > 0 || shape[0] > 1);
        is_glued[axis] = is_wanted && shape[axis] > 1;
        n_circles += is_wanted && shape[axis] == 1;
    }
    r->all_dims = DIMS_3D;
    uint32_t mask = n_circles || !r->params->dims_mask ? DIMS_3D : r->params->dims_mask;
    PSH_TRY(psh__cubical3d_compute(space, image, r->params->construction, r->params->filtration == PSH_SUPERLEVEL,
                                   is_glued, mask, err));
    for (unsigned circles = 0; circles < 1u << n_circles; circles++) { /* every subset of them */
        int shift = __builtin_popcount(circles);
        for (int dim = 0; dim < 3; dim++) PSH_TRY(add_pairs(r, dim + shift, &space->m.pairs[dim], err));
        for (size_t i = 0; i < space->m.essential.n_items; i++)
            PSH_TRY(
                add_essential(r, (int)space->m.essential.items[i].value + shift, space->m.essential.items[i].key, err));
    }
    return PSH_OK;
}

psh_status psh_cubical_compute(psh_cubical *cubical, const psh_image *image, const psh_homology_params *params,
                               const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                               psh_error *err) {
    psh_homology_params p;
    psh__params_copy(&p, sizeof p, params);
    if (p.construction != PSH_CONSTRUCTION_T && p.construction != PSH_CONSTRUCTION_V)
        return psh__error(err, PSH_ERR_PARAMETER, "construction is %d; use PSH_CONSTRUCTION_T (0) or _V (1)",
                          (int)p.construction);
    PSH_TRY(psh__intervals_check(&p, err));
    psh__intervals *found = &cubical->intervals;
    result r = {.dst = found, .params = &p, .dtype = psh_image_dtype(image)};
    size_t shape[3];
    psh_image_shape(image, shape);
    psh__intervals_start(found);
    PSH_TRY(shape[0] > 1 || p.is_periodic ? compute_space(cubical, image, &r, err)
                                          : compute_plane(cubical, image, &r, err));
    PSH_TRY(psh__intervals_sort(found, err));
    *intervals = found->items;
    *n_intervals = found->n_items;
    if (n_essential) *n_essential = found->n_essential;
    return PSH_OK;
}
