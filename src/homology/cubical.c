/* cubical.c : cubical persistence of an image: parameters in, intervals out.
 *
 *     check -> engine (cubical2d.c: pairs of integer keys, sorted) -> values, thresholds, essential policy */
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "homology/cubical2d.h"
#include "homology/value_key.h"

struct psh_cubical {
    psh__cubical2d engine;
    psh_interval *intervals; /* (n_intervals) */
    size_t n_intervals, intervals_capacity;
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
    psh__free(cubical->intervals);
    psh__free(cubical);
}

static psh_status check_params(const psh_homology_params *params, psh_error *err) {
    if (params->construction != PSH_CONSTRUCTION_T && params->construction != PSH_CONSTRUCTION_V)
        return psh__error(err, PSH_ERR_PARAMETER, "construction is %d; use PSH_CONSTRUCTION_T (0) or _V (1)",
                          (int)params->construction);
    if (params->filtration != PSH_SUBLEVEL && params->filtration != PSH_SUPERLEVEL)
        return psh__error(err, PSH_ERR_PARAMETER, "filtration is %d; use PSH_SUBLEVEL (0) or PSH_SUPERLEVEL (1)",
                          (int)params->filtration);
    if (params->essential != PSH_ESSENTIAL_DROP && params->essential != PSH_ESSENTIAL_CLAMP &&
        params->essential != PSH_ESSENTIAL_KEEP)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "essential policy is %d; use PSH_ESSENTIAL_DROP (0), _CLAMP (1) or _KEEP (2)",
                          (int)params->essential);
    if (params->essential == PSH_ESSENTIAL_CLAMP && !isfinite(params->essential_value))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "essential classes clamped to %g; give a finite value, or keep them (PSH_ESSENTIAL_KEEP)",
                          params->essential_value);
    if (!(params->min_persistence >= 0))
        return psh__error(err, PSH_ERR_PARAMETER, "min_persistence is %g; it must be 0 or more",
                          params->min_persistence);
    return PSH_OK;
}

/* Appends unless too short. Room for it was made before. */
static void append(psh_cubical *cubical, psh_interval interval, double min_persistence) {
    if (interval.death - interval.birth > min_persistence) cubical->intervals[cubical->n_intervals++] = interval;
}

static bool comes_before(psh_interval a, psh_interval b) {
    return a.birth < b.birth || (a.birth == b.birth && a.death < b.death);
}

/* The one essential class, of H0: what the policy makes of it. False: it is left out. */
static bool essential_interval(const psh_homology_params *params, double birth, psh_interval *dst) {
    *dst = (psh_interval){.birth = birth, .dim = 0};
    dst->death = params->essential == PSH_ESSENTIAL_CLAMP ? params->essential_value : INFINITY;
    return params->essential == PSH_ESSENTIAL_KEEP || (params->essential == PSH_ESSENTIAL_CLAMP && dst->death > birth);
}

/* Keys become values, and stay sorted by (birth, death); `extra`, if not NULL, is put in its place among them. */
static void append_dimension(psh_cubical *cubical, int dim, psh_dtype dtype, const psh_homology_params *params,
                             const psh_interval *extra) {
    const psh__pairs *pairs = &cubical->engine.pairs[dim];
    bool is_superlevel = params->filtration == PSH_SUPERLEVEL;
    for (size_t i = 0; i < pairs->n_items; i++) {
        psh_interval interval = {.birth = psh__key_value(dtype, is_superlevel, pairs->items[i].key),
                                 .death = psh__key_value(dtype, is_superlevel, pairs->items[i].value),
                                 .dim = dim};
        if (extra && comes_before(*extra, interval)) append(cubical, *extra, params->min_persistence), extra = NULL;
        append(cubical, interval, params->min_persistence);
    }
    if (extra) append(cubical, *extra, params->min_persistence);
}

psh_status psh_cubical_compute(psh_cubical *cubical, const psh_image *image, const psh_homology_params *params,
                               const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                               psh_error *err) {
    psh_homology_params p;
    psh__params_copy(&p, sizeof p, params);
    PSH_TRY(check_params(&p, err));
    bool with_h0 = p.dims_mask == 0 || p.dims_mask & 1, with_h1 = p.dims_mask == 0 || p.dims_mask & 2;
    bool is_superlevel = p.filtration == PSH_SUPERLEVEL;
    psh__cubical2d *engine = &cubical->engine;
    PSH_TRY(psh__cubical2d_compute(engine, image, p.construction, is_superlevel, with_h1, err));

    size_t n_most = engine->pairs[0].n_items + engine->pairs[1].n_items + 1;
    if (!PSH_GROW(&cubical->intervals, &cubical->intervals_capacity, n_most))
        return psh__error_memory(err, "intervals", (unsigned long long)n_most * sizeof *cubical->intervals);
    psh_dtype dtype = psh_image_dtype(image);
    psh_interval essential;
    bool has_essential = essential_interval(&p, psh__key_value(dtype, is_superlevel, engine->least_key), &essential);
    cubical->n_intervals = 0;
    if (with_h0) append_dimension(cubical, 0, dtype, &p, has_essential ? &essential : NULL);
    if (with_h1) append_dimension(cubical, 1, dtype, &p, NULL);
    *intervals = cubical->intervals;
    *n_intervals = cubical->n_intervals;
    if (n_essential) *n_essential = with_h0 && !has_essential;
    return PSH_OK;
}
