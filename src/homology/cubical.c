/* cubical.c : cubical persistence of an image: parameters in, intervals out.
 *
 *     check -> engine (cubical2d.c: pairs of integer keys, sorted) -> values -> intervals.c: thresholds, essential
 * policy, order */
#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "homology/cubical2d.h"
#include "homology/intervals.h"
#include "homology/value_key.h"

#define ALL_DIMS 3u /* H0 and H1 */

struct psh_cubical {
    psh__cubical2d engine;
    psh__intervals intervals;
};

psh_status psh_cubical_create(psh_cubical **dst, psh_error *err) {
    *dst = psh__calloc(1, sizeof **dst);
    if (!*dst) return psh__error_memory(err, "cubical homology", sizeof **dst);
    psh__cubical2d_init(&(*dst)->engine);
    return PSH_OK;
}

void psh_cubical_free(psh_cubical *cubical) {
    if (!cubical) return;
    psh__cubical2d_free(&cubical->engine);
    psh__intervals_free(&cubical->intervals);
    psh__free(cubical);
}

/* Keys become values, and stay sorted by (birth, death). Room for them was made before. */
static void add_dimension(psh_cubical *cubical, int dim, psh_dtype dtype, const psh_homology_params *params) {
    const psh__pairs *pairs = &cubical->engine.pairs[dim];
    bool is_superlevel = params->filtration == PSH_SUPERLEVEL;
    for (size_t i = 0; i < pairs->n_items; i++)
        psh__intervals_add(&cubical->intervals, params, dim, psh__key_value(dtype, is_superlevel, pairs->items[i].key),
                           psh__key_value(dtype, is_superlevel, pairs->items[i].value));
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
    bool with_h0 = psh__intervals_wants(&p, 0, ALL_DIMS), with_h1 = psh__intervals_wants(&p, 1, ALL_DIMS);
    bool is_superlevel = p.filtration == PSH_SUPERLEVEL;
    psh__cubical2d *engine = &cubical->engine;
    PSH_TRY(psh__cubical2d_compute(engine, image, p.construction, is_superlevel, with_h1, err));

    psh__intervals *found = &cubical->intervals;
    psh_dtype dtype = psh_image_dtype(image);
    psh__intervals_start(found);
    PSH_TRY(psh__intervals_reserve(found, engine->pairs[0].n_items + engine->pairs[1].n_items + 1, err));
    if (with_h0) {
        psh__intervals_add(found, &p, 0, psh__key_value(dtype, is_superlevel, engine->least_key), INFINITY);
        add_dimension(cubical, 0, dtype, &p);
    }
    if (with_h1) add_dimension(cubical, 1, dtype, &p);
    PSH_TRY(psh__intervals_sort(found, err));
    *intervals = found->items;
    *n_intervals = found->n_items;
    if (n_essential) *n_essential = found->n_essential;
    return PSH_OK;
}
