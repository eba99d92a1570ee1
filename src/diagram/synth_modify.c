/* synth_modify.c : what is done to all diagrams of a mixed set, each with its probability, in this order.
 *
 * The probabilities are low: models that learnt from sets of which most were modified did worse on real ones than those
 * that learnt from plain sets (docs/math/synthetic.md). Some change coordinates where they lie; others, which change
 * the number of points, write a new set by a rule that says what becomes of diagram i. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "diagram/synth.h"

#define FEW 6.0 /* points a diagram, on average, are left where points are taken away */

typedef struct span {
    double lo, hi, extent; // of coordinates; extent = hi - lo, or 1 if that is 0
} span;

static span span_of(const double *points, size_t n_points) {
    span r;
    psh__synth_extent(points, n_points, &r.lo, &r.hi);
    r.extent = r.hi > r.lo ? r.hi - r.lo : 1;
    return r;
}

static span span_of_diagram(const psh_diagrams *set, size_t i) {
    return span_of(set->points + 2 * set->offsets[i], set->offsets[i + 1] - set->offsets[i]);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* *dst : the persistence that a `share` of the set's points do not reach. */
static psh_status size_at(const psh_diagrams *set, double share, double *dst, psh_error *err) {
    double *sizes = psh__malloc(set->n_points, sizeof *sizes);
    if (!sizes) return psh__error_memory(err, "persistences", set->n_points * sizeof *sizes);
    for (size_t i = 0; i < set->n_points; i++) sizes[i] = set->points[2 * i + 1] - set->points[2 * i];
    qsort(sizes, set->n_points, sizeof *sizes, by_value);
    *dst = sizes[(size_t)(share * (double)set->n_points)];
    psh__free(sizes);
    return PSH_OK;
}

/* --- rules: a set from a set ------------------------------------------------------------------------------------ */

/* Numbers that a modifier draws for the whole set. */
typedef struct draw {
    size_t i_other;
    double share, scale, centre;
} draw;

/* Adds the points of diagram i to `dst`; *label (that of i) may be changed. */
typedef psh_status (*rule)(psh__synth *s, const draw *d, size_t i, psh_diagrams *dst, size_t *n_open, int64_t *label,
                           psh_error *err);

static psh_status rebuild(psh__synth *s, rule add_points, const draw *d, psh_error *err) {
    psh_status status = PSH_OK;
    psh_diagrams *dst = NULL;
    PSH_TRY_GOTO(psh_diagrams_create(&dst, err));
    for (size_t i = 0; i < s->n_diagrams; i++) {
        size_t n_open = 0;
        int64_t label = s->set->labels[i];
        PSH_TRY_GOTO(add_points(s, d, i, dst, &n_open, &label, err));
        PSH_TRY_GOTO(psh__set_end_diagram(dst, n_open, "", 0, label, err));
    }
    psh_diagrams *src = s->set;
    s->set = dst, dst = src;
done:
    psh_diagrams_free(dst);
    return status;
}

/* The points of diagram i, each kept with probability `share` and moved by noise of deviation `noise`. Coordinates at
 * an end of the diagram's span stay: births of a Rips filtration's components, a field's level of rest. */
static psh_status add_shaken(psh__synth *s, size_t i, double share, double noise, psh_diagrams *dst, size_t *n_open,
                             psh_error *err) {
    const psh_diagrams *src = s->set;
    span r = span_of_diagram(src, i);
    for (size_t k = src->offsets[i]; k < src->offsets[i + 1]; k++) {
        double birth = src->points[2 * k], death = src->points[2 * k + 1];
        if (share < 1 && !psh__random_chance(&s->rng, share)) continue;
        if (noise > 0) {
            double by = noise * psh__random_normal(&s->rng), death_by = noise * psh__random_normal(&s->rng);
            if (birth > r.lo) birth += by;
            if (death < r.hi) death += death_by;
            if (death < birth) {
                double lower = death;
                death = birth, birth = lower;
            }
        }
        PSH_TRY(psh__set_add_point(dst, n_open, birth, death, src->dims[k], err));
    }
    return PSH_OK;
}

static psh_status thin(psh__synth *s, const draw *d, size_t i, psh_diagrams *dst, size_t *n_open, int64_t *label,
                       psh_error *err) {
    return add_shaken(s, i, psh__random_log_between(&s->rng, d->share, 1), 0, dst, n_open, err);
}

static psh_status simplify(psh__synth *s, const draw *d, size_t i, psh_diagrams *dst, size_t *n_open, int64_t *label,
                           psh_error *err) {
    const psh_diagrams *src = s->set;
    for (size_t k = src->offsets[i]; k < src->offsets[i + 1]; k++)
        if (src->points[2 * k + 1] - src->points[2 * k] >= d->scale)
            PSH_TRY(psh__set_add_point(dst, n_open, src->points[2 * k], src->points[2 * k + 1], src->dims[k], err));
    return PSH_OK;
}

static psh_status add_background(psh__synth *s, const draw *d, size_t i, psh_diagrams *dst, size_t *n_open,
                                 int64_t *label, psh_error *err) {
    PSH_TRY(add_shaken(s, d->i_other, 1, d->scale, dst, n_open, err));
    return add_shaken(s, i, d->share, 0, dst, n_open, err);
}

/* A Poisson number of short points, at most about as many as the diagram has: births as its own, or around a centre. */
static psh_status add_short(psh__synth *s, const draw *d, size_t i, psh_diagrams *dst, size_t *n_open, int64_t *label,
                            psh_error *err) {
    const psh_diagrams *src = s->set;
    size_t n_own = src->offsets[i + 1] - src->offsets[i];
    uint64_t n = psh__random_poisson(&s->rng, d->share * (2 + (double)n_own));
    span r = span_of_diagram(src, i);
    PSH_TRY(add_shaken(s, i, 1, 0, dst, n_open, err));
    for (uint64_t k = 0; k < n; k++) {
        double place = d->centre < 0 ? psh__random_unit(&s->rng) : d->centre + 0.1 * psh__random_normal(&s->rng);
        double birth = r.lo + r.extent * place;
        int32_t dim = n_own ? src->dims[src->offsets[i] + psh__random_below(&s->rng, n_own)] : 0;
        double size = d->scale * r.extent * psh__random_exponential(&s->rng);
        PSH_TRY(psh__set_add_point(dst, n_open, birth, birth + size, dim, err));
    }
    return PSH_OK;
}

/* A share of the diagrams become near-duplicates of others, each at a distance of its own. */
static psh_status duplicate(psh__synth *s, const draw *d, size_t i, psh_diagrams *dst, size_t *n_open, int64_t *label,
                            psh_error *err) {
    if (!psh__random_chance(&s->rng, d->share)) return add_shaken(s, i, 1, 0, dst, n_open, err);
    static const double shares[] = {1, 1, 0.9, 0.7};
    size_t other = psh__random_below(&s->rng, s->n_diagrams);
    double share = shares[psh__random_below(&s->rng, 4)];
    double noise = span_of_diagram(s->set, other).extent * psh__random_log_between(&s->rng, 1e-4, 0.1);
    *label = s->set->labels[other];
    return add_shaken(s, other, share, noise, dst, n_open, err);
}

/* A few diagrams get the points of two others on top. */
static psh_status unite(psh__synth *s, const draw *d, size_t i, psh_diagrams *dst, size_t *n_open, int64_t *label,
                        psh_error *err) {
    PSH_TRY(add_shaken(s, i, 1, 0, dst, n_open, err));
    if (!psh__random_chance(&s->rng, d->share)) return PSH_OK;
    for (int k = 0; k < 2; k++)
        PSH_TRY(add_shaken(s, psh__random_below(&s->rng, s->n_diagrams), 1, 0, dst, n_open, err));
    return PSH_OK;
}

/* --- in place ----------------------------------------------------------------------------------------------------- */

/* As a superlevel filtration would have them. */
static void mirror(psh_diagrams *set) {
    for (size_t i = 0; i < set->n_points; i++) {
        double birth = set->points[2 * i];
        set->points[2 * i] = -set->points[2 * i + 1], set->points[2 * i + 1] = -birth;
    }
}

/* x -> slope x + offset, rounded if asked for. */
static void map(psh_diagrams *set, double slope, double offset, bool rounds) {
    for (size_t i = 0; i < 2 * set->n_points; i++) {
        double x = slope * set->points[i] + offset;
        set->points[i] = rounds ? floor(x + 0.5) : x;
    }
}

/* --- the list ----------------------------------------------------------------------------------------------------- */

/* Names that are drawn are listed as JSON. */
static bool is_drawn(psh__synth *s, double probability, const char *name) {
    size_t n_chars = strlen(s->modifiers);
    if (!psh__random_chance(&s->rng, probability)) return false;
    snprintf(s->modifiers + n_chars, sizeof s->modifiers - n_chars, "%s\"%s\"", n_chars ? ", " : "", name);
    return true;
}

static double mean_points(const psh__synth *s) {
    return (double)s->set->n_points / (double)s->n_diagrams;
}

psh_status psh__synth_modify(psh__synth *s, psh_error *err) {
    psh__random *rng = &s->rng;
    draw d = {0};
    if (s->n_diagrams == 0) return PSH_OK;
    if (is_drawn(s, 0.08, "mirror")) mirror(s->set);
    if (mean_points(s) > 2 * FEW && is_drawn(s, 0.08, "thinned")) {
        d.share = fmax(psh__random_log_between(rng, 0.03, 0.3), FEW / mean_points(s));
        PSH_TRY(rebuild(s, thin, &d, err));
    }
    if (mean_points(s) > 2 * FEW && is_drawn(s, 0.06, "simplified")) {
        PSH_TRY(size_at(s->set, psh__random_between(rng, 0, 1 - FEW / mean_points(s)), &d.scale, err));
        PSH_TRY(rebuild(s, simplify, &d, err));
    }
    if (is_drawn(s, 0.08, "background")) {
        d.i_other = psh__random_below(rng, s->n_diagrams);
        d.share = psh__random_log_between(rng, 0.1, 1);
        d.scale = span_of_diagram(s->set, d.i_other).extent * psh__random_log_between(rng, 1e-4, 1e-2);
        PSH_TRY(rebuild(s, add_background, &d, err));
    }
    if (is_drawn(s, 0.06, "short")) {
        d.share = psh__random_log_between(rng, 0.1, 1.5);
        d.scale = psh__random_log_between(rng, 0.002, 0.03);
        d.centre = psh__random_chance(rng, 0.5) ? -1 : psh__random_unit(rng);
        PSH_TRY(rebuild(s, add_short, &d, err));
    }
    if (is_drawn(s, 0.15, "duplicates")) {
        d.share = psh__random_between(rng, 0.1, 0.6);
        PSH_TRY(rebuild(s, duplicate, &d, err));
    }
    if (is_drawn(s, 0.1, "outliers")) {
        d.share = (1 + (double)psh__random_below(rng, 4)) / (double)s->n_diagrams;
        PSH_TRY(rebuild(s, unite, &d, err));
    }
    if (is_drawn(s, 0.05, "rounded")) {
        span r = span_of(s->set->points, s->set->n_points);
        double slope = floor(psh__random_log_between(rng, 16, 257)) / r.extent;
        map(s->set, slope, -slope * r.lo, true);
        s->is_integral = true;
    } else if (s->is_integral)
        map(s->set, 1, 0, true);
    else if (is_drawn(s, 0.7, "scaled")) {
        double slope = psh__random_log_between(rng, 1e-3, 1e3);
        map(s->set, slope, slope * 2 * psh__random_normal(rng), false);
    }
    return PSH_OK;
}
