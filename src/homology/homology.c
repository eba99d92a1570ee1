/* homology.c : any item through the complex that fits it.
 *
 *     image  -> cubical (default), lower star on the triangulated grid
 *     cloud  -> Vietoris-Rips
 *     matrix -> Vietoris-Rips
 *     mesh   -> lower star of its values
 *
 * The working memory of a complex is made when its first item comes. What a complex does not read must be at its
 * default: a threshold that a cubical complex would ignore is a mistake of whoever set it, not a wish fulfilled. */
#include "persihash/homology.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"

struct psh_homology {
    psh_cubical *cubical; /* each NULL until it is needed */
    psh_rips *rips;
    psh_lower_star *lower_star;
};

psh_status psh_homology_create(psh_homology **dst, psh_error *err) {
    assert(dst);
    *dst = psh__calloc(1, sizeof **dst);
    return *dst ? PSH_OK : psh__error_memory(err, "homology", sizeof **dst);
}

void psh_homology_free(psh_homology *homology) {
    if (!homology) return;
    psh_cubical_free(homology->cubical);
    psh_rips_free(homology->rips);
    psh_lower_star_free(homology->lower_star);
    psh__free(homology);
}

const char *psh_complex_name(psh_complex complex) {
    static const char *const names[] = {"auto", "cubical", "rips", "lower-star"};
    return complex >= PSH_COMPLEX_AUTO && complex <= PSH_COMPLEX_LOWER_STAR ? names[complex] : "?";
}

/* --- which complex ------------------------------------------------------------------------------------------------ */

static psh_status choose(psh_item_kind kind, psh_complex wanted, psh_complex *dst, psh_error *err) {
    static const struct {
        psh_complex usual, other; /* AUTO: no other */
        const char *hint;
    } choices[] = {
        [PSH_ITEM_IMAGE] = {PSH_COMPLEX_CUBICAL, PSH_COMPLEX_LOWER_STAR, "cubical or lower-star"},
        [PSH_ITEM_CLOUD] = {PSH_COMPLEX_RIPS, PSH_COMPLEX_AUTO, "rips"},
        [PSH_ITEM_MATRIX] = {PSH_COMPLEX_RIPS, PSH_COMPLEX_AUTO, "rips"},
        [PSH_ITEM_MESH] = {PSH_COMPLEX_LOWER_STAR, PSH_COMPLEX_AUTO, "lower-star, or sample it to a cloud for rips"},
    };
    assert(kind >= PSH_ITEM_IMAGE && kind <= PSH_ITEM_MESH);
    *dst = wanted == PSH_COMPLEX_AUTO ? choices[kind].usual : wanted;
    if (*dst == choices[kind].usual || *dst == choices[kind].other) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER, "the complex %s is not for items of kind %s; expected %s",
                      psh_complex_name(wanted), psh_item_kind_name(kind), choices[kind].hint);
}

/* Members that this complex does not read. */
static psh_status refuse_others(psh_item_kind kind, psh_complex complex, const psh_homology_params *params,
                                psh_error *err) {
    bool is_cubical = complex == PSH_COMPLEX_CUBICAL, is_rips = complex == PSH_COMPLEX_RIPS;
    const char *member = params->construction != PSH_CONSTRUCTION_T && !is_cubical          ? "construction V"
                         : params->is_periodic && !is_cubical                               ? "periodic"
                         : params->filtration == PSH_SUPERLEVEL && is_rips                  ? "superlevel"
                         : params->threshold != 0 && !is_rips                               ? "threshold"
                         : params->max_bytes != 0 && !is_rips                               ? "a limit of memory"
                         : params->metric != PSH_POINT_EUCLIDEAN && !is_rips                ? "a metric of points"
                         : params->metric != PSH_POINT_EUCLIDEAN && kind == PSH_ITEM_MATRIX ? "a metric of points"
                                                                                            : NULL;
    if (!member) return PSH_OK;
    return psh__error(err, PSH_ERR_PARAMETER, "%s is not for the complex %s of items of kind %s; leave it out", member,
                      psh_complex_name(complex), psh_item_kind_name(kind));
}

psh_status psh_homology_check(psh_item_kind kind, const psh_homology_params *params, psh_complex *dst, psh_error *err) {
    psh_homology_params p;
    psh_complex complex;
    psh__params_copy(&p, sizeof p, params);
    if (p.complex < PSH_COMPLEX_AUTO || p.complex > PSH_COMPLEX_LOWER_STAR)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "complex is %d; use PSH_COMPLEX_AUTO (0), _CUBICAL (1), _RIPS (2) or _LOWER_STAR (3)",
                          (int)p.complex);
    PSH_TRY(choose(kind, p.complex, &complex, err));
    PSH_TRY(refuse_others(kind, complex, &p, err));
    if (dst) *dst = complex;
    return PSH_OK;
}

/* --- computing ---------------------------------------------------------------------------------------------------- */

psh_status psh_homology_compute(psh_homology *homology, const psh_item *item, const psh_homology_params *params,
                                const psh_interval **intervals, size_t *n_intervals, size_t *n_essential,
                                psh_error *err) {
    psh_complex complex;
    assert(homology && item && intervals && n_intervals);
    PSH_TRY(psh_homology_check(item->kind, params, &complex, err));
    switch (complex) {
    case PSH_COMPLEX_RIPS:
        if (!homology->rips) PSH_TRY(psh_rips_create(&homology->rips, err));
        if (item->kind == PSH_ITEM_CLOUD)
            return psh_rips_compute_cloud(homology->rips, item->cloud, params, intervals, n_intervals, n_essential,
                                          err);
        return psh_rips_compute_matrix(homology->rips, item->matrix, params, intervals, n_intervals, n_essential, err);
    case PSH_COMPLEX_LOWER_STAR:
        if (!homology->lower_star) PSH_TRY(psh_lower_star_create(&homology->lower_star, err));
        if (item->kind == PSH_ITEM_MESH)
            return psh_lower_star_compute_mesh(homology->lower_star, item->mesh, params, intervals, n_intervals,
                                               n_essential, err);
        return psh_lower_star_compute_grid(homology->lower_star, item->image, params, intervals, n_intervals,
                                           n_essential, err);
    default:
        if (!homology->cubical) PSH_TRY(psh_cubical_create(&homology->cubical, err));
        return psh_cubical_compute(homology->cubical, item->image, params, intervals, n_intervals, n_essential, err);
    }
}
