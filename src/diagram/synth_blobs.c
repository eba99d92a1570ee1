/* synth_blobs.c : diagrams from laws of points: clusters, and uniform ones.
 *
 * Blobs. A latent type is a list of 1 to 5 components; a component has a centre and a spread of births (or of deaths:
 * what ends at one level), a law and a scale of persistence, a mean number of points, a homology dimension. The types
 * of a set have nothing in common, or are all variations of the first. A diagram draws its type, moves every component
 * by a few latent normal variables (shared by all components, or each its own), and draws a Poisson number of points
 * of each. Discrete types are the set's classes. In a continuous family the types are corners instead, and a diagram
 * lies somewhere between them: its parameters are means of theirs, geometric ones of what is positive. */
#include <math.h>

#include "base/elementary.h"
#include "base/error.h"
#include "diagram/synth.h"

#define MOST_TYPES 6
#define MOST_COMPONENTS 5
#define GREATEST_RATIO 40 /* of a persistence to the scale of its law: one point must not dwarf all others */

typedef enum law { EXPONENTIAL, LOG_NORMAL, PARETO, UNIFORM, NORMAL, N_LAWS } law;

typedef struct component {
    double birth, log_spread, log_scale, log_count; // of births; of persistence; of the number of points
    law persistence;
    double shape; // of a Pareto law
    int32_t dim;
    bool is_hanging; // `birth` is the centre of deaths, from which persistences are taken off
} component;

typedef struct blobs {
    component types[MOST_TYPES][MOST_COMPONENTS];
    size_t n_types, n_components[MOST_TYPES];
    double wildness;    // standard deviation of the latent variables
    bool is_continuous; // between the types
    bool is_free;       // each component has latent variables of its own
    bool is_counted;    // numbers of points are Poisson, not fixed
} blobs;

/* Of a law of scale 1. */
static double draw_law(psh__random *rng, const component *c) {
    switch (c->persistence) {
    case EXPONENTIAL:
        return psh__random_exponential(rng);
    case LOG_NORMAL:
        return psh__exp(psh__random_normal(rng));
    case PARETO:
        return psh__random_pareto(rng, c->shape);
    case UNIFORM:
        return psh__random_between(rng, 0, 2);
    default:
        return fabs(1 + 0.25 * psh__random_normal(rng));
    }
}

static double draw_persistence(psh__random *rng, const component *c, double scale) {
    double x;
    do x = draw_law(rng, c);
    while (x > GREATEST_RATIO);
    return scale * x;
}

static component draw_component(psh__random *rng, double n_points, bool has_dims) {
    component c;
    c.birth = psh__random_between(rng, 0, 0.8);
    c.log_spread = psh__log(psh__random_log_between(rng, 0.005, 0.3));
    c.log_scale = psh__log(psh__random_log_between(rng, 0.005, 0.4));
    c.log_count = psh__log(n_points);
    c.persistence = (law)psh__random_below(rng, N_LAWS);
    c.shape = psh__random_between(rng, 1.2, 3);
    c.dim = has_dims ? (int32_t)psh__random_below(rng, 2) : 0;
    c.is_hanging = psh__random_chance(rng, 0.25);
    return c;
}

/* One type of about n_points points, divided among its components at random (evenly over all divisions). */
static void draw_type(psh__random *rng, double n_points, size_t n_components, bool has_dims, component *dst) {
    double weights[MOST_COMPONENTS], sum = 0;
    for (size_t k = 0; k < n_components; k++) sum += weights[k] = 0.01 + psh__random_exponential(rng);
    n_points *= psh__exp(0.5 * psh__random_normal(rng));
    for (size_t k = 0; k < n_components; k++) dst[k] = draw_component(rng, n_points * weights[k] / sum, has_dims);
}

/* src with all its numbers changed by about `spread`. */
static component varied(psh__random *rng, const component *src, double spread) {
    component c = *src;
    c.birth += 0.3 * spread * psh__random_normal(rng);
    c.log_spread += spread * psh__random_normal(rng);
    c.log_scale += spread * psh__random_normal(rng);
    c.log_count += spread * psh__random_normal(rng);
    return c;
}

static void draw_blobs(psh__random *rng, double n_points, bool has_dims, blobs *dst) {
    double spread = psh__random_chance(rng, 0.4) ? psh__random_log_between(rng, 0.03, 1) : 0;
    dst->n_types = 1 + psh__random_below(rng, MOST_TYPES);
    dst->wildness = psh__random_log_between(rng, 0.03, 0.6);
    dst->is_free = psh__random_chance(rng, 0.3);
    dst->is_counted = psh__random_chance(rng, 0.9);
    dst->is_continuous = dst->n_types > 1 && psh__random_chance(rng, 0.3);
    dst->n_components[0] = 1 + psh__random_below(rng, MOST_COMPONENTS);
    draw_type(rng, n_points, dst->n_components[0], has_dims, dst->types[0]);
    for (size_t t = 1; t < dst->n_types; t++) {
        bool is_alike = spread > 0 || dst->is_continuous;
        size_t n_components = is_alike ? dst->n_components[0] : 1 + psh__random_below(rng, MOST_COMPONENTS);
        dst->n_components[t] = n_components;
        if (spread == 0) draw_type(rng, n_points, n_components, has_dims, dst->types[t]);
        for (size_t k = 0; is_alike && k < n_components; k++) {
            const component *first = &dst->types[0][k];
            component *c = &dst->types[t][k];
            if (spread > 0) *c = varied(rng, first, spread);
            c->persistence = first->persistence, c->shape = first->shape; /* what has no mean */
            c->dim = first->dim, c->is_hanging = first->is_hanging;
        }
    }
}

/* A diagram's own components: those of its type, or between those of all. Returns its type, -1 if it lies between. */
static int64_t choose(psh__random *rng, const blobs *b, component *dst, size_t *n_components) {
    size_t type = psh__random_below(rng, b->n_types);
    *n_components = b->n_components[type];
    for (size_t k = 0; k < *n_components; k++) dst[k] = b->types[type][k];
    if (!b->is_continuous) return (int64_t)type;
    double weights[MOST_TYPES], sum = 0;
    for (size_t t = 0; t < b->n_types; t++) sum += weights[t] = psh__random_exponential(rng);
    for (size_t k = 0; k < *n_components; k++) {
        component *c = &dst[k];
        c->birth = c->log_spread = c->log_scale = c->log_count = 0;
        for (size_t t = 0; t < b->n_types; t++) {
            const component *corner = &b->types[t][k];
            double weight = weights[t] / sum;
            c->birth += weight * corner->birth;
            c->log_spread += weight * corner->log_spread;
            c->log_scale += weight * corner->log_scale;
            c->log_count += weight * corner->log_count;
        }
    }
    return -1;
}

static psh_status add_diagram(psh__synth *s, const blobs *b, psh_error *err) {
    psh__random *rng = &s->rng;
    component components[MOST_COMPONENTS];
    size_t n_components, n_open = 0;
    int64_t type = choose(rng, b, components, &n_components);
    double latent[3] = {0};
    for (size_t k = 0; k < n_components; k++) {
        const component *c = &components[k];
        for (int j = 0; j < 3 && (k == 0 || b->is_free); j++) latent[j] = b->wildness * psh__random_normal(rng);
        double mean = psh__exp(c->log_count + latent[0]);
        double birth = c->birth + 0.2 * b->wildness * latent[1], spread = psh__exp(c->log_spread);
        double scale = psh__exp(c->log_scale + latent[2]);
        if (mean > (double)s->max_points) mean = (double)s->max_points;
        uint64_t n_points = b->is_counted ? psh__random_poisson(rng, mean) : (uint64_t)(mean + 0.5);
        for (uint64_t i = 0; i < n_points; i++) {
            double x = birth + spread * psh__random_normal(rng), size = draw_persistence(rng, c, scale);
            if (c->is_hanging) x -= size;
            PSH_TRY(psh__set_add_point(s->set, &n_open, x, x + size, c->dim, err));
        }
    }
    return psh__set_end_diagram(s->set, n_open, "", 0, type, err);
}

psh_status psh__synth_blobs(psh__synth *s, psh_error *err) {
    blobs b;
    bool has_dims = psh__random_chance(&s->rng, 0.2), is_large = psh__random_chance(&s->rng, 0.03);
    double n_points = is_large ? psh__random_log_between(&s->rng, 300, 1500) : psh__random_log_between(&s->rng, 6, 300);
    draw_blobs(&s->rng, n_points, has_dims, &b);
    PSH_TRY(psh__synth_note(s, "n_points", n_points, err));
    PSH_TRY(psh__synth_note(s, "n_types", (double)b.n_types, err));
    PSH_TRY(psh__synth_note(s, "wildness", b.wildness, err));
    PSH_TRY(psh__synth_note(s, "is_continuous", b.is_continuous, err));
    for (size_t i = 0; i < s->n_diagrams; i++) PSH_TRY(add_diagram(s, &b, err));
    return PSH_OK;
}

/* --- uniform ------------------------------------------------------------------------------------------------------ */

/* The law of psh_diagrams_synth_uniform(), with numbers of points that may differ by a factor of two. */
psh_status psh__synth_uniform(psh__synth *s, psh_error *err) {
    psh__random *rng = &s->rng;
    double n_points = floor(psh__random_log_between(rng, 6, 200));
    bool is_ragged = psh__random_chance(rng, 0.5), has_dims = psh__random_chance(rng, 0.15);
    PSH_TRY(psh__synth_note(s, "n_points", n_points, err));
    PSH_TRY(psh__synth_note(s, "is_ragged", is_ragged, err));
    for (size_t i = 0; i < s->n_diagrams; i++) {
        size_t n = (size_t)(is_ragged ? n_points * psh__random_between(rng, 0.5, 1) : n_points), n_open = 0;
        while (n_open < n) {
            double birth = psh__random_unit(rng), death = psh__random_unit(rng);
            int32_t dim = has_dims ? (int32_t)psh__random_below(rng, 2) : 0;
            if (birth < death) PSH_TRY(psh__set_add_point(s->set, &n_open, birth, death, dim, err));
        }
        PSH_TRY(psh__set_end_diagram(s->set, n_open, "", 0, -1, err));
    }
    return PSH_OK;
}
